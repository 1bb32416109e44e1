"""What the stand-in refuses, as a gRPC status."""

from __future__ import annotations

import grpc


class StatusError(Exception):
    """Ends an RPC with this status code; hooks may raise it too, to stand for an outage.

    The real client retries UNAVAILABLE, and for reads also DEADLINE_EXCEEDED and INTERNAL, with real sleeps.
    """

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(f"{code.name}: {message}")
        self.code = code
        self.message = message


def invalid_argument(message: str) -> StatusError:
    """The request can never succeed."""
    return StatusError(grpc.StatusCode.INVALID_ARGUMENT, message)

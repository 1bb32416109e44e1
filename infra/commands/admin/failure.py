"""Why a command did not do what it was asked for."""

from __future__ import annotations


class Failure(Exception):
    """The message says in one line what is wrong and what to do. `status` is the exit status."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status

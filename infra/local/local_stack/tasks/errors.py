"""What the Cloud Tasks stand-in refuses, as an HTTP status with Google's status name."""

from __future__ import annotations


class TasksError(Exception):
    """Ends a request with this HTTP code."""

    def __init__(self, code: int, status: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.message = message


def invalid(message: str) -> TasksError:
    """The request can never succeed."""
    return TasksError(400, "INVALID_ARGUMENT", message)


def not_found(message: str) -> TasksError:
    """There is no such queue or task."""
    return TasksError(404, "NOT_FOUND", message)


def already_exists(message: str) -> TasksError:
    """The name is taken, or was until recently."""
    return TasksError(409, "ALREADY_EXISTS", message)

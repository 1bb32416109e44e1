"""What SugarCRM answers when it refuses: a status, a label to branch on, a text that nobody should
branch on.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any


class SugarError(Exception):
    """A refusal. `extra` is merged into the envelope at top level, as `record` is on a 409."""

    def __init__(
        self, status: int, label: str, message: str = "", extra: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message or label)
        self.status = status
        self.label = label
        self.message = message
        self.extra = extra or {}

    def envelope(self) -> dict[str, Any]:
        """The JSON body; an empty message is left out."""
        body: dict[str, Any] = {"error": self.label}
        if self.message:
            body["error_message"] = self.message
        return body | self.extra


def reason_phrase(status: int) -> str:
    """The text beside a status code, as in `200 OK`."""
    return HTTPStatus(status).phrase


def record_not_found(record_id: str, module: str) -> SugarError:
    """Missing, deleted or not visible: Sugar does not tell these apart."""
    return SugarError(404, "not_found", f"Could not find record: {record_id} in module: {module}")


def not_authorized(message: str = "") -> SugarError:
    """The caller's rights do not allow this module, record or field."""
    text = "You are not authorized to perform this action. Contact your administrator if you need access."
    return SugarError(403, "not_authorized", message or text)


def invalid_parameter(message: str) -> SugarError:
    """An argument that Sugar cannot use."""
    return SugarError(422, "invalid_parameter", message)


def missing_parameter(name: str) -> SugarError:
    """An argument that Sugar cannot do without."""
    return SugarError(422, "missing_parameter", f"Missing parameter: {name}")


def no_route(path: str) -> SugarError:
    """No endpoint has this path and verb."""
    return SugarError(
        404, "no_method", f"Could not find any route that accepted a path like: {path.lstrip('/')}"
    )


def database_failure() -> SugarError:
    """A failed SQL statement, for instance a deadlock; nothing was stored."""
    return SugarError(500, "db_error", "Database failure. Please refer to sugarcrm.log for details.")

"""The error answers of Google's servers, worded as the service words them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
STALE_PERSON_ETAG = (
    "Request person.etag is different than the current person.etag. "
    "Clear local cache and get the latest person."
)
STALE_SOURCE_ETAG = (
    "Request person.metadata.sources.etag is different than the current person.metadata.sources.etag. "
    "Clear local cache and get the latest person."
)
EXPIRED_SYNC_TOKEN = "Sync token is expired. Clear local cache and retry call without the sync token."

# google.rpc.Code by name, for the statuses inside batch answers.
RPC_CODES = {
    "INVALID_ARGUMENT": 3,
    "NOT_FOUND": 5,
    "ALREADY_EXISTS": 6,
    "PERMISSION_DENIED": 7,
    "RESOURCE_EXHAUSTED": 8,
    "FAILED_PRECONDITION": 9,
    "ABORTED": 10,
    "INTERNAL": 13,
    "UNAVAILABLE": 14,
    "UNAUTHENTICATED": 16,
}


class ApiError(Exception):
    """An error answer of the People API: HTTP code, message, google.rpc status name, optional details."""

    def __init__(self, code: int, message: str, status: str, details: list[Json] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.details = details

    def body(self) -> Json:
        """The whole JSON answer."""
        error: Json = {"code": self.code, "message": self.message, "status": self.status}
        if self.details:
            error["details"] = self.details
        return {"error": error}

    def rpc_status(self) -> Json:
        """The error as google.rpc.Status, as it sits inside the answer or the error details of a batch."""
        return {"code": RPC_CODES[self.status], "message": self.message}


class OAuthError(Exception):
    """An error answer of the token, revocation or user information endpoint."""

    def __init__(self, code: int, error: str, description: str = "") -> None:
        super().__init__(description or error)
        self.code = code
        self.error = error
        self.description = description

    def body(self) -> Json:
        """The whole JSON answer."""
        return {"error": self.error} | ({"error_description": self.description} if self.description else {})


def invalid(message: str = "Request contains an invalid argument.", field: str | None = None) -> ApiError:
    """400 INVALID_ARGUMENT; with `field` the violation is repeated in the details."""
    details = None
    if field is not None:
        violation = {"description": message} | ({"field": field} if field else {})
        details = [{"@type": BAD_REQUEST, "fieldViolations": [violation]}]
    return ApiError(400, message, "INVALID_ARGUMENT", details)


def failed_precondition(message: str) -> ApiError:
    """400 FAILED_PRECONDITION."""
    return ApiError(400, message, "FAILED_PRECONDITION")


def not_found() -> ApiError:
    """404 for a person or group that does not exist or was deleted."""
    return ApiError(404, "Requested entity was not found.", "NOT_FOUND")


def expired_sync_token(status: str) -> ApiError:
    """400 of a sync token past its life; reports disagree about `status`, so the caller chooses."""
    info = {"@type": ERROR_INFO, "reason": "EXPIRED_SYNC_TOKEN", "domain": "people.googleapis.com"}
    return ApiError(400, EXPIRED_SYNC_TOKEN, status, [info])


def unauthenticated(rpc: str, reason: str = "ACCESS_TOKEN_EXPIRED") -> ApiError:
    """401 for a missing, unknown or expired access token."""
    message = (
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or "
        "other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
    )
    if reason == "CREDENTIALS_MISSING":
        message = message.replace(
            "had invalid authentication credentials", "is missing required authentication credential"
        )
    return ApiError(401, message, "UNAUTHENTICATED", [_info(reason, rpc)])


def scope_insufficient(rpc: str) -> ApiError:
    """403 for a token without the scope that the method needs."""
    return ApiError(
        403,
        "Request had insufficient authentication scopes.",
        "PERMISSION_DENIED",
        [_info("ACCESS_TOKEN_SCOPE_INSUFFICIENT", rpc)],
    )


def service_disabled() -> ApiError:
    """403 where the People API is not enabled in the project."""
    info = {
        "@type": ERROR_INFO,
        "reason": "SERVICE_DISABLED",
        "domain": "googleapis.com",
        "metadata": {"service": "people.googleapis.com", "consumer": "projects/123"},
    }
    message = (
        "People API has not been used in project 123 before or it is disabled. Enable it by visiting "
        "https://console.developers.google.com/apis/api/people.googleapis.com/overview?project=123 "
        "then retry."
    )
    return ApiError(403, message, "PERMISSION_DENIED", [info])


def rate_limited(title: str, limit: str, metric: str) -> ApiError:
    """429 of a bucket counted per minute (or day) and user."""
    period = "day" if "PerDay" in limit else "minute"
    message = (
        f"Quota exceeded for quota metric '{title}' and limit '{title} per {period} per user' of service "
        "'people.googleapis.com' for consumer 'project_number:123'."
    )
    info = {
        "@type": ERROR_INFO,
        "reason": "RATE_LIMIT_EXCEEDED",
        "domain": "googleapis.com",
        "metadata": {
            "service": "people.googleapis.com",
            "quota_limit": limit,
            "quota_metric": f"people.googleapis.com/{metric}",
            "consumer": "projects/123",
        },
    }
    return ApiError(429, message, "RESOURCE_EXHAUSTED", [info])


def account_quota_exceeded() -> ApiError:
    """429 of the limits on one account, which can last for hours."""
    failure = {
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [{"subject": "QUOTA_EXCEEDED", "description": "FBS quota limit exceeded"}],
    }
    return ApiError(429, "Resource has been exhausted (e.g. check quota).", "RESOURCE_EXHAUSTED", [failure])


def internal() -> ApiError:
    """500, a normal transient of this service."""
    return ApiError(500, "Internal error encountered.", "INTERNAL")


def unavailable() -> ApiError:
    """503."""
    return ApiError(503, "The service is currently unavailable.", "UNAVAILABLE")


def _info(reason: str, rpc: str) -> Json:
    metadata = {"service": "people.googleapis.com", "method": f"google.people.v1.PeopleService.{rpc}"}
    return {"@type": ERROR_INFO, "reason": reason, "domain": "googleapis.com", "metadata": metadata}

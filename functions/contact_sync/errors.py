"""Our errors, split by what the caller must do.

    SyncError
    |- TransientForUser     this user waits: recorded, 200, one successor later
    |  |- RateLimited       a quota said so; retry_after may be known
    |  `- OutcomeUnknown    a write was sent and no answer came: read before writing again
    |- TransientForAll      a fault all users share (Sugar down, Firestore down): 503, the queue backs off
    |- UserMustAct          reconnect, grant, limit: the page says what; no retry
    |- OperatorMustAct      our configuration or the administrator's: alert, no retry storm
    |- SyncTokenExpired     Google's sync token cannot be used: list everything once
    `- ContactAtFault       only raised by calls for one contact; batches answer an Outcome per contact

Messages name the system and what it said, never contact data or tokens. Anything else that is raised is a bug of ours
and crashes loudly.
"""

from __future__ import annotations


class SyncError(Exception):
    """Base of all expected errors. `code` is a stable word for logs, tests and the page."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code
        self.message = message or code


class TransientForUser(SyncError):
    """This user has to wait; others need not."""

    def __init__(self, code: str, message: str = "", retry_after: float | None = None) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after
        """Seconds the other system asked us to wait, if it said."""


class RateLimited(TransientForUser):
    """A quota of this user is used up for now."""


class OutcomeUnknown(TransientForUser):
    """A write was sent and its answer was lost."""


class TransientForAll(SyncError):
    """A fault that all users share."""

    def __init__(self, code: str, message: str = "", retry_after: float | None = None) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after


class UserMustAct(SyncError):
    """Nothing works for this user until they do something.

    codes: `reconnect` (grant revoked or expired), `permission_missing` (contacts scope not granted),
    `sugar_user_missing` (no or inactive Sugar user), `sugar_access_denied`, `google_full` (25,000 contacts),
    `label_missing` (the chosen label was deleted).
    """


class OperatorMustAct(SyncError):
    """The deployment is misconfigured: wrong Sugar password, unregistered platform, People API disabled."""


class SyncTokenExpired(SyncError):
    """Google refused the sync token; the caller lists everything once."""


class ContactAtFault(SyncError):
    """One contact was refused for good. `field` names the field where the server said so."""

    def __init__(self, code: str, message: str = "", field: str | None = None) -> None:
        super().__init__(code, message)
        self.field = field

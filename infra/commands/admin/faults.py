"""What a fault looks like: a line for each thing that is wrong, with what to do, and the exit status."""

from __future__ import annotations

from dataclasses import dataclass

from google.api_core import exceptions as google
from google.auth.exceptions import GoogleAuthError, TransportError

from contact_sync.config import ConfigError
from contact_sync.errors import OperatorMustAct, SyncError
from contact_sync.store.write import Conflict

from .deployment import LOG
from .failure import Failure
from .login import CloudLog
from .screen import Screen

_TRY_AGAIN = "Repeat the command in a minute."
_OPERATOR = "Correct the configuration, then repeat the command."
_WHERE = "Name the right ones by --project and --database."


@dataclass(frozen=True)
class Fault:
    """What is said, and how the command ends."""

    lines: tuple[str, ...]
    status: int


def fault(error: Exception, place: str) -> Fault | None:
    """The fault that an exception stands for; None: a bug. `place` names the database and the project."""
    match error:
        case Failure():
            return Fault((str(error),), error.status)
        case ConfigError():
            return Fault(tuple(f"{one}; --help says what each command needs" for one in error.problems), 2)
        case SyncError():
            advice = _OPERATOR if isinstance(error, OperatorMustAct) else _TRY_AGAIN
            return Fault((f"{error.message.rstrip('.')}. {advice}",), 1)
        case Conflict():
            return Fault((f"Somebody changed the same at the same moment. {_TRY_AGAIN}",), 1)
        case TransportError():
            return Fault(("Google cannot be reached from this machine. Look at its network.",), 1)
        case GoogleAuthError():
            login = "gcloud auth application-default login"
            return Fault(
                (f"Google does not know who you are, or your login has expired. Sign in: {login}",), 2
            )
        case google.NotFound():
            return Fault((f"Google does not know {place}. {_WHERE}",), 2)
        case google.Forbidden():
            lacking = f"You lack a right to {place}, or there is no such project."
            return Fault((f"{lacking} --help says what each command uses; ask its owner for it.",), 2)
        case google.GoogleAPICallError():
            return Fault((f"Google refuses the call to {place} ({type(error).__name__}). {_WHERE}",), 2)
    return None


def tell_log(screen: Screen) -> None:
    """Send what was changed to the deployment's log."""
    for handler in LOG.handlers:
        if isinstance(handler, CloudLog):
            handler.complain = lambda reason: screen.warn(
                f"Done, and in system/audit; but the project's log did not take the line ({reason})."
            )
            handler.flush()

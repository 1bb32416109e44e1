"""Whether Sugar lets the sync work: each thing that the functions need of it, tried as they try it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal

from contact_sync.errors import OperatorMustAct, SyncError, UserMustAct
from contact_sync.services.sugar.faults import fault_of, lost_fault
from contact_sync.services.sugar.transport import Answer, Lost

from . import web_hooks
from .advice import advice
from .instance import Instance

Status = Literal["ok", "warning", "failed", "skipped"]

CLOCK_TOLERANCE: Final = timedelta(minutes=1)
"""The signed calls of our package may be five minutes off; clocks that are one minute apart drift further."""
_NEEDED: Final = ("access", "list", "view", "edit", "create")
_ENDING: Final = frozenset({"Sugar answers", "Service user signs in"})
"""Without these nothing that follows can be tried."""


@dataclass(frozen=True)
class Finding:
    """The result of one check, and what to do where it is not as it should be."""

    check: str
    status: Status
    message: str
    advice: str = ""


class _Doubt(Exception):
    """Not as it should be, though Sugar answered. `serious`: the sync cannot work like this."""

    def __init__(self, message: str, advice: str, serious: bool = True) -> None:
        super().__init__(message)
        self.advice = advice
        self.serious = serious


def run(instance: Instance, user_name: str | None) -> Iterator[Finding]:
    """All checks in order, each found when it is asked for. `user_name`: whom to act for; else anyone active."""
    checks: tuple[tuple[str, Callable[[], str]], ...] = (
        ("Sugar answers", lambda: _answers(instance)),
        ("Service user signs in", lambda: _signs_in(instance)),
        ("Service user is an administrator", lambda: _administers(instance)),
        ("Acting for a user", lambda: _acts_for(instance, user_name)),
        ("Contacts' fields", lambda: _fields(instance)),
        ("Clock", lambda: _clock(instance)),
        ("Web logic hooks", lambda: _hooks(instance)),
    )
    ended = False
    for name, check in checks:
        found = Finding(name, "skipped", "not tried") if ended else _finding(name, check)
        ended = ended or (found.status == "failed" and name in _ENDING)
        yield found


def _finding(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(name, "ok", check())
    except SyncError as error:
        return Finding(name, "failed", error.message, advice(error))
    except _Doubt as doubt:
        return Finding(name, "failed" if doubt.serious else "warning", str(doubt), doubt.advice)


def _answers(instance: Instance) -> str:
    """A public route: it needs a REST version that Sugar knows, and no login."""
    try:
        answer = instance.transport.send("GET", "metadata/public?type_filter=server_info", seconds=20)
    except Lost as lost:
        raise lost_fault(lost) from lost
    if answer.status == 404 or (answer.status == 200 and not answer.is_json):
        raise OperatorMustAct("sugar_url", "what answers at SUGAR_URL is not Sugar's REST interface")
    if answer.status != 200:
        raise fault_of(answer, "a public request")
    return f"{instance.config.url}, REST {instance.config.rest_version}"


def _signs_in(instance: Instance) -> str:
    instance.server.check()
    return f"as {instance.config.username} on the platform {instance.config.platform}"


def _administers(instance: Instance) -> str:
    user = _part(instance.caller.read("GET", "me"), "current_user")
    if user.get("type") != "admin":
        raise OperatorMustAct("sugar_service_rights", f"{instance.config.username} is no administrator")
    return str(user.get("user_name") or instance.config.username)


def _acts_for(instance: Instance, user_name: str | None) -> str:
    name = user_name or _someone(instance)
    token, _ = instance.server.sudo(name)
    try:
        answer = instance.transport.send("GET", "me", token)
    except Lost as lost:
        raise lost_fault(lost) from lost
    if answer.status != 200:
        raise fault_of(answer, "a user's request")
    # Sugar lists denials only: what is not there is allowed.
    denied = _part(answer.body, "current_user", "acl", "Contacts")
    missing = [right for right in _NEEDED if denied.get(right) == "no"]
    if missing:
        raise _Doubt(
            f"{name} may not {', '.join(missing)} contacts",
            "In Sugar, Admin > Role Management: give the role these rights on Contacts, unless that is meant.",
            serious=False,
        )
    return f"{name}, on the platform {instance.config.sudo_platform}"


def _part(body: Any, *path: str) -> dict[str, Any]:
    """What lies at the path; nothing where something on the way is missing. PHP writes an empty map as []."""
    for name in path:
        body = body.get(name) if isinstance(body, dict) else None
    return body if isinstance(body, dict) else {}


def _someone(instance: Instance) -> str:
    """An active user other than the service user."""
    wanted = {
        "filter": [{"status": {"$equals": "Active"}}],
        "fields": "user_name,status",
        "order_by": "user_name:asc",
        "max_num": 20,
    }
    users = Answer(200, instance.caller.read("POST", "Users/filter", wanted)).records()
    own = instance.config.username.casefold()
    names = [str(user.get("user_name") or "") for user in users if user.get("status") == "Active"]
    found = next((name for name in names if name and name.casefold() != own), None)
    if found is None:
        raise UserMustAct("sugar_user_missing", "Sugar shows no active user besides the service user")
    return found


def _fields(instance: Instance) -> str:
    lengths, _ = instance.server.schema(enums=True)
    if "last_name" not in lengths:
        raise _Doubt(
            "Sugar does not tell how long a last name may be",
            "Give the service user the right to read the Contacts module's fields.",
        )
    return f"{len(lengths)} lengths are known"


def _clock(instance: Instance) -> str:
    before = instance.now()
    there = instance.server.server_time()
    difference = there - (before + (instance.now() - before) / 2)
    seconds = round(abs(difference.total_seconds()))
    if abs(difference) > CLOCK_TOLERANCE:
        raise _Doubt(
            f"Sugar's clock is {seconds} s {'ahead of' if difference > timedelta() else 'behind'} this machine's",
            "Set the clock that is wrong (NTP). Calls signed by our package are refused beyond five minutes.",
            serious=False,
        )
    return f"{seconds} s apart"


def _hooks(instance: Instance) -> str:
    return f"readable; there are {len(web_hooks.read_all(instance.caller))}"

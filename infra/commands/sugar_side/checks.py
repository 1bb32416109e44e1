"""Whether Sugar lets the sync work: each thing that the functions need of it, tried as they try it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from contact_sync.errors import OperatorMustAct, SyncError
from contact_sync.services.sugar.faults import fault_of, lost_fault
from contact_sync.services.sugar.transport import Lost

from . import acting, addresses, web_hooks
from .acting import part
from .advice import advice, request
from .doubt import Doubt
from .instance import Instance

Status = Literal["ok", "warning", "failed", "skipped"]

CLOCK_TOLERANCE: Final = timedelta(minutes=1)
"""The signed calls of our package may be five minutes off; clocks that are one minute apart drift further."""
_OLDEST_VERSION: Final = (11, 12)
"""The oldest with every route that the sync and this command ask for: Sugar 11.0 and later have it."""
_NUMBERS: Final = re.compile(r"v(\d+)(?:_(\d+))?")
_ENDING: Final = frozenset({"Sugar answers", "Service user signs in"})
"""Without these nothing that follows can be tried."""


@dataclass(frozen=True)
class Finding:
    """The result of one check, and what to do where it is not as it should be."""

    check: str
    status: Status
    message: str
    advice: str = ""
    request: str = ""
    """What is asked of whoever runs this Sugar, where that is not the administrator themselves."""


def run(instance: Instance, user_name: str | None) -> Iterator[Finding]:
    """All checks in order, each found when it is asked for. `user_name`: whom to act for; else anyone active."""
    checks: tuple[tuple[str, Callable[[], str]], ...] = (
        ("Sugar answers", lambda: _answers(instance)),
        ("Service user signs in", lambda: _signs_in(instance)),
        ("Service user is an administrator", lambda: _administers(instance)),
        ("REST version", lambda: _version(instance)),
        ("Sessions from any address", lambda: addresses.check(instance)),
        ("Acting for a user", lambda: acting.check(instance, user_name)),
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
        return Finding(name, "failed", error.message, advice(error), request(error))
    except Doubt as doubt:
        status: Status = "failed" if doubt.serious else "warning"
        return Finding(name, status, str(doubt), doubt.advice, doubt.request)


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


def release(instance: Instance) -> str:
    """Sugar's own name and version; empty where it does not tell."""
    try:
        answer = instance.transport.send("GET", "metadata/public?type_filter=server_info", seconds=20)
    except Lost:
        return ""
    told = part(answer.body, "server_info")
    return " ".join(str(told.get(name) or "") for name in ("product_name", "flavor", "version")).strip()


def _version(instance: Instance) -> str:
    found = _NUMBERS.fullmatch(instance.config.rest_version)
    asked = (int(found[1]), int(found[2] or 0)) if found else (0, 0)
    if asked < _OLDEST_VERSION:
        raise Doubt(
            f"{instance.config.rest_version} lacks routes that the sync asks for",
            "Set SUGAR_REST_VERSION (the variable sugar_rest_version) to v11_12, which Sugar 11.0 and later know.",
            serious=False,
        )
    return f"{instance.config.rest_version}; {release(instance) or 'Sugar does not tell its release'}"


def _signs_in(instance: Instance) -> str:
    instance.server.check()
    return f"as {instance.config.username} on the platform {instance.config.platform}"


def _administers(instance: Instance) -> str:
    user = part(instance.caller.read("GET", "me"), "current_user")
    if user.get("type") != "admin":
        raise OperatorMustAct("sugar_service_rights", f"{instance.config.username} is no administrator")
    return str(user.get("user_name") or instance.config.username)


def _fields(instance: Instance) -> str:
    lengths, _ = instance.server.schema(enums=True)
    if "last_name" not in lengths:
        raise Doubt(
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
        raise Doubt(
            f"Sugar's clock is {seconds} s {'ahead of' if difference > timedelta() else 'behind'} this machine's",
            "Set the clock that is wrong (NTP). Calls signed by our package are refused beyond five minutes.",
            serious=False,
        )
    return f"{seconds} s apart"


def _hooks(instance: Instance) -> str:
    return f"readable; there are {len(web_hooks.read_all(instance.caller))}"

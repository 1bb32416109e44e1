"""Sugar says that a contact changed: wake the users whom it concerns.

Sugar's web logic hooks send neither signature nor secret, never repeat a call and ignore the answer, so the address
holds an unguessable token, and what arrives is a hint: it marks nothing, it only has a run look at the feeds. Our
package for Sugar calls the same route as `signed`, with a signature over time and body in place of the token.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from flask import Blueprint, request

from ..store import mappings, users
from ..store.records import User
from .site import Refusal, Site, site
from .waking import wake

log = logging.getLogger("contact_sync.web")

routes = Blueprint("hooks", __name__)

SIGNED = "signed"
"""Stands in the address where the call is signed."""
SIGNATURE_HEADER = "X-Contact-Sync-Signature"
REPLAY_WINDOW = timedelta(minutes=5)
"""How far the time of a signature may be from ours."""
LARGEST_HOOK = 4 << 20
"""A record with a long note is far larger than anything a browser sends."""
_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_SIGNATURE = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")


@routes.post("/hooks/sugar/<string(maxlength=200):token>")
def sugar(token: str) -> tuple[str, int]:
    """A record of Sugar was saved, deleted, related or unrelated."""
    here = site()
    request.max_content_length = LARGEST_HOOK
    if not _is_ours(here, token):
        raise Refusal(404, "not_found", "There is nothing at this address.")
    try:
        payload = json.loads(request.get_data())
    except (ValueError, RecursionError):
        payload = None
    if not isinstance(payload, dict):
        raise Refusal(400, "invalid_request", "The body must be the JSON of a web logic hook.")
    woken = _wake(here, set(_contacts(payload)), set(_sugar_users(payload)))
    log.info("hook", extra={"count": woken})
    return "", 204


def signature(secret: str, body: bytes, seconds: int) -> str:
    """The value of the signature header: the time in seconds since 1970, and the HMAC-SHA256 of "time.body"."""
    digest = hmac.new(secret.encode(), b"%d." % seconds + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


def _is_ours(here: Site, token: str) -> bool:
    secrets = here.config.hook_tokens
    if token != SIGNED:
        # Every token is compared, so that the time taken tells nothing.
        return any([hmac.compare_digest(token.encode(), known.encode()) for known in secrets])
    found = _SIGNATURE.fullmatch(request.headers.get(SIGNATURE_HEADER, ""))
    if found is None:
        return False
    at = int(found[1])
    if abs(here.engine.now().timestamp() - at) > REPLAY_WINDOW.total_seconds():
        return False
    given, body = request.headers[SIGNATURE_HEADER], request.get_data()
    return any([hmac.compare_digest(given, signature(known, body, at)) for known in secrets])


def _wake(here: Site, contacts: set[str], sugar_users: set[str]) -> int:
    """Wake each user concerned. Returns how many there are."""
    engine = here.engine
    concerned = {user for contact in contacts for user in mappings.users_with(engine.db, contact)}
    concerned |= {user for known in sugar_users for user in users.by_sugar_user(engine.db, known)}
    woken = [user for user in users.read_all(engine.db, sorted(concerned)) if _listens(here, user)]
    wake(engine, here.windows, woken)
    return len(woken)


def _listens(here: Site, user: User) -> bool:
    """Whether a change in Sugar may lead to anything now."""
    settings = here.engine.policy.apply(user.settings)
    able = user.connection == "connected" and not user.paused and here.engine.policy.disabled is None
    return able and settings.auto.enabled and settings.from_sugar.enabled


def _contacts(payload: Mapping[str, Any]) -> Iterator[str]:
    """Ids of the records that the hook is about. The three forms of payload name them in different places."""
    data = payload.get("data")
    yield from _ids(payload.get("id"), data.get("id") if isinstance(data, dict) else None)
    if payload.get("related_module") == "Contacts":
        yield from _ids(payload.get("related_id"))


def _sugar_users(payload: Mapping[str, Any]) -> Iterator[str]:
    """Ids of the Sugar users who own the record now, owned it before, or were related to it."""
    data = payload.get("data")
    if isinstance(data, dict):
        yield from _ids(data.get("assigned_user_id"))
    for kind in ("dataChanges", "stateChanges"):
        changes = payload.get(kind)
        change = changes.get("assigned_user_id") if isinstance(changes, dict) else None
        if isinstance(change, dict):
            yield from _ids(change.get("before"), change.get("after"))
    if payload.get("related_module") == "Users":
        yield from _ids(payload.get("related_id"))
    if payload.get("module") == "Users":
        yield from _ids(payload.get("id"))


def _ids(*values: Any) -> Iterator[str]:
    yield from (value for value in values if isinstance(value, str) and _ID.fullmatch(value))

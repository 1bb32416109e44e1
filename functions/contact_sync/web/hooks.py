"""Sugar says that a contact changed: wake the users whom it concerns.

Sugar's web logic hooks send neither signature nor secret, never repeat a call and ignore the answer, so the address
holds an unguessable token, and what arrives is a hint: nothing of its content is believed. A saved or deleted record is
found in the feeds. A relationship moves no date in Sugar, so its contact is marked to be read; the flag ("Sync to
Outlook") is a relationship with a user, and has the scope of that user listed. Our package for Sugar calls the same
route as `signed`, with a signature over time and body in place of the token.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Literal

from flask import Blueprint, request

from ..store import mappings, users
from ..store.records import User
from ..sync.related import mark_related
from .site import Refusal, Site, site
from .waking import side_by_side, wake

log = logging.getLogger("contact_sync.web")

routes = Blueprint("hooks", __name__)

SIGNED = "signed"
"""Stands in the address where the call is signed."""
SIGNATURE_HEADER = "X-Contact-Sync-Signature"
REPLAY_WINDOW = timedelta(minutes=5)
"""How far the time of a signature may be from ours."""
LARGEST_HOOK = 4 << 20
"""A record with a long note is far larger than anything a browser sends."""
RELATIONSHIPS = ("after_relationship_add", "after_relationship_delete")
FLAG = {"user_sync", "contacts_users"}
"""Sugar's names for "Sync to Outlook": the link of a contact with a user, and its relationship."""
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
    woken = _heed(here, payload)
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


def _heed(here: Site, payload: Mapping[str, Any]) -> int:
    """Mark what is to be read and wake each user concerned. Returns how many are woken."""
    engine, about = here.engine, _about(payload)
    sugar_users = set(_flag_owners(payload) if about == "flag" else _sugar_users(payload))
    concerned = {user for known in sugar_users for user in users.by_sugar_user(engine.db, known)}
    # Whose flag it is matters to nobody else who has the contact.
    contacts = set(_contacts(payload)) if about != "flag" else set()
    having: dict[str, list[str]] = {}
    for contact in sorted(contacts):
        for user_id in mappings.users_with(engine.db, contact):
            having.setdefault(user_id, []).append(contact)
    found = [
        user for user in users.read_all(engine.db, sorted(concerned | having.keys())) if _is_able(here, user)
    ]
    if about in ("relationship", "unknown"):
        marked = [user for user in found if user.id in having]
        side_by_side(lambda user: mark_related(engine, user, having[user.id]), marked)
    woken = [user for user in found if _listens(here, user)]
    listed = [user for user in woken if about in ("flag", "unknown") and _is_flagged(here, user)]
    others = [user for user in woken if user not in listed] if about != "flag" else []
    wake(engine, here.windows, listed, "flag")
    wake(engine, here.windows, others)
    return len(listed) + len(others)


def _is_able(here: Site, user: User) -> bool:
    """Whether anything is synced for the user now."""
    return user.connection == "connected" and not user.paused and here.engine.policy.disabled is None


def _listens(here: Site, user: User) -> bool:
    """Whether a change in Sugar may lead to anything by itself."""
    settings = here.engine.policy.apply(user.settings)
    return settings.auto.enabled and settings.from_sugar.enabled


def _is_flagged(here: Site, user: User) -> bool:
    """Whether a flag decides what the user syncs."""
    return here.engine.policy.apply(user.settings).sugar_scope == "flagged"


def _about(payload: Mapping[str, Any]) -> Literal["record", "flag", "relationship", "unknown"]:
    """What the hook is about. Sugar 12.0 names neither side of a relationship: it may be a flag."""
    if payload.get("event") not in RELATIONSHIPS:
        return "record"
    if payload.get("related_module") is None:
        return "unknown"
    names = {name for key in ("link", "relationship") if isinstance(name := payload.get(key), str)}
    with_user = "Users" in (payload.get("module"), payload.get("related_module"))
    return "flag" if with_user and (not names or names & FLAG) else "relationship"


def _flag_owners(payload: Mapping[str, Any]) -> Iterator[str]:
    """The Sugar user whose flag was set or taken away."""
    yield from _ids(payload.get("id" if payload.get("module") == "Users" else "related_id"))


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

"""The user's contacts as the sync knows them; link again and unlink."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from ..contacts.mapping import Mapping, State
from ..store import mappings
from .caller import caller, user_id
from .runs import run_soon
from .site import PAGE, Json, Refusal, query_value, site

routes = Blueprint("mappings", __name__)


@routes.get("/mappings")
def listed() -> Response:
    """Contacts in a state (default: linked), by name."""
    wanted = query_value("state") or State.LINKED.value
    if wanted not in list(State):
        states = ", ".join(State)
        raise Refusal(400, "invalid_request", f"The state must be one of {states}.")
    found, following = mappings.by_state(
        site().engine.db, user_id(), State(wanted), query_value("cursor"), PAGE
    )
    return jsonify({"items": [_shown(mapping) for mapping in found], "next": following})


@routes.post("/mappings/<string(maxlength=120):sugar_id>/link")
def link(sugar_id: str) -> Response:
    """Keep both sides of an unlinked contact in sync again."""
    from ..sync import resolve

    try:
        resolve.link_again(site().engine.db, user_id(), sugar_id)
    except resolve.Refused as refused:
        raise Refusal.of_decision(refused.status, str(refused)) from None
    run_soon(site(), caller().user)
    return _one(sugar_id)


@routes.post("/mappings/<string(maxlength=120):sugar_id>/unlink")
def unlink(sugar_id: str) -> Response:
    """Stop syncing a contact; both sides keep it."""
    from ..sync import resolve

    try:
        resolve.unlink(site().engine.db, user_id(), sugar_id)
    except resolve.Refused as refused:
        raise Refusal.of_decision(refused.status, str(refused)) from None
    return _one(sugar_id)


def _one(sugar_id: str) -> Response:
    return jsonify(_shown(mappings.get(site().engine.db, user_id(), [sugar_id])[sugar_id]))


def _shown(mapping: Mapping) -> Json:
    missing = mapping.missing
    return {
        "sugar_id": mapping.sugar_id,
        "google_id": mapping.google_id,
        "name": mapping.name,
        "state": mapping.state,
        "missing": {"side": missing.side, "at": missing.at} if missing else None,
        "created_side": mapping.created_side,
        "backlog": mapping.backlog,
        "due_at": mapping.due_at,
        "attempts": mapping.attempts,
    }

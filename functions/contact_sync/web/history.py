"""What the sync did, newest first."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from ..store import history
from ..store.records import Change, HistoryEntry
from .caller import user_id
from .site import PAGE, Json, query_value, site

routes = Blueprint("history", __name__)


@routes.get("/history")
def listed() -> Response:
    """Applied actions, of one contact (an id of either side) or one run if asked for."""
    contact = query_value("contact")
    found, following = history.page(
        site().engine.db,
        user_id(),
        contact=contact.removeprefix("people/") if contact else None,
        run=query_value("run"),
        cursor=query_value("cursor"),
        limit=PAGE,
    )
    return jsonify({"items": [_shown(entry) for entry in found], "next": following})


def _shown(entry: HistoryEntry) -> Json:
    return {
        "id": entry.id,
        "at": entry.at,
        "run": entry.run,
        "trigger": entry.trigger,
        "action": entry.action,
        "side": entry.side,
        "name": entry.name,
        "sugar_id": entry.sugar_id,
        "google_id": entry.google_id,
        "before": entry.before,
        "changes": [_change(change) for change in entry.changes],
    }


def _change(change: Change) -> Json:
    lost = {"lost": change.lost} if change.lost is not None else {}
    return {"field": change.field, "before": change.before, "after": change.after} | lost

"""How things stand: the function itself, the session, the connection, and the sync as a whole."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, session

from ..contacts.mapping import State
from ..contacts.side import Side
from ..store import backlog, google_index, mappings, system
from ..store.records import User
from .caller import caller
from .site import Json, site

routes = Blueprint("status", __name__)
public = Blueprint("public", __name__)


@public.get("/")
def home() -> Response:
    """What is here."""
    return jsonify(
        {
            "service": "Contact sync between SugarCRM and Google Contacts",
            "sign_in": "/sign-in",
            "grant": "/grant",
            "api": "/api/status",
        }
    )


@public.get("/health")
def health() -> Response:
    """The function is up; nothing outside is asked."""
    return jsonify({"status": "ok"})


@routes.get("/session")
def get_session() -> Response:
    """Who is signed in, and the value of the header X-CSRF-Token for a browser's unsafe requests."""
    return jsonify({"email": caller().user.email, "csrf_token": session.get("csrf")})


@routes.get("/status")
def get_status() -> Response:
    """Connection, counts, the run that works now, the last and the next one."""
    user, db, now = caller().user, site().engine.db, site().engine.now()
    lease = user.lease if user.lease and user.lease.until > now else None
    return jsonify(
        {
            "connection": _connection(user),
            "paused": system.pause(db) or ("Syncing is paused for you." if user.paused else None),
            "disabled": site().engine.policy.disabled,
            "creates_paused": user.creates_paused,
            "counts": {
                "linked": mappings.count(db, user.id, state=State.LINKED),
                "waiting": mappings.count_due(db, user.id, now) + google_index.count_due(db, user.id, now),
                "quarantined": backlog.count(db, user.id),
                "google_contacts": google_index.count(db, user.id),
            },
            "running": lease.run if lease else None,
            "last_run": user.last_run,
            "next_run": user.next_sync_at,
        }
    )


@routes.get("/connection")
def get_connection() -> Response:
    """The connection, and how many contacts ending it would concern."""
    user, db = caller().user, site().engine.db
    created = mappings.count(db, user.id, created_side=Side.GOOGLE)
    gone = mappings.count(db, user.id, created_side=Side.GOOGLE, state=State.GONE)
    counts = {
        "linked": mappings.count(db, user.id, state=State.LINKED),
        "created_in_google": created - gone,
        "google_contacts": google_index.count(db, user.id),
    }
    return jsonify({**_connection(user), "counts": counts})


def _connection(user: User) -> Json:
    return {
        "state": user.connection,
        "message": user.connection_message,
        "google_account": user.email,
        "sugar_user": user.sugar_user_name,
    }

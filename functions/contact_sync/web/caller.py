"""Who calls: a signed-in browser by its session cookie, or a program by a Google ID token of the same client."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from flask import g, request, session

from ..services.google_oauth import SignInRefused
from ..store import users
from ..store.records import User
from .site import Refusal, site

CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf_token"
"""The hidden field of a form that is sent without a script."""
SESSION_LIFE = timedelta(hours=12)
"""How long a browser stays signed in."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Caller:
    """The user who calls, as their document stood when the request began."""

    user: User
    updated_at: datetime


def begin_session(user_id: str, email: str) -> None:
    """Have the browser signed in as this user, and nothing else that an earlier session held."""
    session.clear()
    session["sub"], session["email"], session["csrf"] = user_id, email, site().new_secret()
    found, now = users.read(site().engine.db, user_id), site().engine.now()
    _lasts_from(max(now, found[0].sessions_from or now) if found else now)
    session.permanent = True


def signed_in() -> bool:
    """Whether this browser is signed in. A session that is over, or was ended on whatever machine, is forgotten."""
    if not session.get("sub"):
        return False
    over = site().engine.now().timestamp() > float(session.get("until", 0))
    found = None if over else users.read(site().engine.db, str(session["sub"]))
    if found is None or _began() < (found[0].sessions_from or _began()):
        session.clear()
        return False
    g.caller = Caller(*found)
    return True


def end_sessions(*, but_this: bool = False) -> None:
    """End every session of the caller, in whatever browser, those made of a copied cookie too. `but_this`: the browser
    that asks for it goes on in a new one."""
    now, here = site().engine.now(), session.get("sub") == user_id()
    # The clock of the instance that began this session may be ahead of ours.
    following = (max(now, _began()) if here else now) + timedelta(microseconds=1)
    site().engine.db.commit([users.update(user_id(), sessions_from=following)])
    if here and but_this:
        _lasts_from(following)
    elif here:
        session.clear()


def _lasts_from(began: datetime) -> None:
    # The cookie is signed afresh whenever something is remembered in it, so its own age says little.
    session["until"] = (began + SESSION_LIFE).timestamp()


def _began() -> datetime:
    return datetime.fromtimestamp(float(session["until"]), UTC) - SESSION_LIFE


def identify() -> None:
    """Find the caller, or refuse. Unsafe methods of a browser must carry the session's CSRF token."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if not scheme:
        if not signed_in():
            raise Refusal(401, "not_signed_in", "You are not signed in.", way="Open /sign-in.")
        admit()
        return
    found = users.read(site().engine.db, _by_token(scheme, token.strip()))
    if found is None:
        raise Refusal(401, "not_signed_in", "Sign in with a browser first.", way="Open /sign-in.")
    g.caller = Caller(*found)


def admit() -> None:
    """Refuse a browser that is signed in where its domain may not any more, or its unsafe request has no CSRF token."""
    if session.get("email", "").rpartition("@")[2].lower() not in site().config.allowed_domains:
        session.clear()
        raise Refusal(403, "domain_not_allowed", "Accounts of your domain may not sign in any more.")
    check_csrf()


def caller() -> Caller:
    """The caller of the current request."""
    return cast(Caller, g.caller)


def read_again() -> None:
    """See what became of the caller in this request."""
    found = users.read(site().engine.db, user_id())
    if found is not None:
        g.caller = Caller(*found)


def user_id() -> str:
    """The id of the caller, under which all their data is."""
    return caller().user.id


def check_csrf() -> None:
    """Refuse an unsafe request that a page of another site could have sent with our cookie."""
    expected = session.get("csrf", "")
    given = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD, "")
    if request.method in _SAFE or (expected and hmac.compare_digest(expected.encode(), given.encode())):
        return
    raise Refusal(
        403, "csrf", f"The header {CSRF_HEADER} is missing or wrong. GET /api/session gives its value."
    )


def _by_token(scheme: str, token: str) -> str:
    config = site().config
    if scheme.lower() != "bearer":
        raise Refusal(401, "invalid_token", "Authorization must be Bearer and a Google ID token.")
    try:
        identity = site().engine.oauth.verify_id_token(
            token, config.oauth_client_id, allowed_domains=config.allowed_domains
        )
    except SignInRefused as refused:
        status = 401 if refused.code == "invalid_token" else 403
        raise Refusal(status, refused.code, f"The ID token is not accepted: {refused.message}.") from None
    return identity.sub

"""Google sign-in, and the separate grant of the contacts scope.

Both go through Google's page with PKCE, state and nonce, which wait in the signed session cookie for the browser to
come back. A sign-in asks for nothing but who it is; access to the contacts is asked for when the user wants it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, request, session
from werkzeug.wrappers import Response

from ..errors import UserMustAct
from ..services.google_oauth import Grant, Identity, SignInRefused
from ..sync.load import CONTACTS_SCOPE
from . import account, caller
from .own_path import own_path
from .site import Refusal, site

routes = Blueprint("sign_in", __name__)

IDENTITY_SCOPES = ("openid", "email")
NEXT, LOST = "next", "lost"
"""Where the session of a stranger remembers the page to come back to, and that a form met the end of the one before."""
PATIENCE = timedelta(minutes=15)
"""How long the user may take on Google's page."""
_TO_GRANT, _TO_SIGN_IN = "Open /grant.", "Open /sign-in."
_REFUSED = {
    "email_not_verified": "Google has not verified the e-mail address of this account. Verify it, then sign in again.",
    "domain_not_allowed": "Accounts of this domain may not sign in here. Sign in with your company account.",
}


@routes.get("/sign-in")
def sign_in() -> Response:
    """Send the browser to Google to say who it is. `next` is the page of ours that it comes back to."""
    if "next" in request.args:
        session[NEXT] = own_path(request.args["next"])
    return _to_google("sign_in", IDENTITY_SCOPES, prompt="select_account")


@routes.get("/grant")
def grant() -> Response:
    """Send the signed-in browser to Google to grant access to the contacts."""
    caller.identify()
    if caller.caller().user.disconnecting is not None:
        raise Refusal(409, "disconnecting", account.DISCONNECTING)
    account.require_sugar_user(caller.caller().user)
    # Only asking for consent again brings a refresh token again.
    return _to_google("grant", (*IDENTITY_SCOPES, CONTACTS_SCOPE), caller.user_id(), prompt="consent")


@routes.get("/oauth/callback")
def callback() -> Response:
    """The browser comes back from Google."""
    pending = _pending()
    asked_for = str(pending["for"])
    if "error" in request.args:
        raise _declined(asked_for, request.args["error"])
    granted = _exchanged(request.args.get("code", ""), str(pending["verifier"]), asked_for)
    if asked_for == "grant":
        _accept_grant(granted, str(pending["nonce"]))
        return redirect(site().home)
    back, lost = session.get(NEXT), session.get(LOST)
    _accept_identity(_identity(granted, str(pending["nonce"])))
    if lost:
        flash("Your session had ended, so what you did last was not saved. Do it again.", "warning")
    return redirect(f"{site().config.web_url}{back or '/'}")


@routes.post("/sign-out")
def sign_out() -> Response | tuple[str, int]:
    """End every session of the user: whoever signs out on one machine may have forgotten another."""
    if caller.signed_in():
        caller.check_csrf()
        caller.end_sessions()
    return redirect(site().home, 303) if request.form else ("", 204)


def _to_google(asked_for: str, scopes: tuple[str, ...], hint: str | None = None, *, prompt: str) -> Response:
    here = site()
    verifier = here.new_secret()
    session["pending"] = {
        "for": asked_for,
        "state": here.new_secret(),
        "nonce": here.new_secret(),
        "verifier": verifier,
        "until": (here.engine.now() + PATIENCE).timestamp(),
    }
    session.permanent = True
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    return redirect(
        here.engine.oauth.authorization_url(
            here.callback,
            scopes,
            session["pending"]["state"],
            session["pending"]["nonce"],
            challenge,
            login_hint=hint,
            prompt=prompt,
        )
    )


def _pending() -> dict[str, Any]:
    """What this browser was sent to Google with, once."""
    pending = session.get("pending")
    state = request.args.get("state", "")
    if not pending or not hmac.compare_digest(str(pending["state"]).encode(), state.encode()):
        raise _start_again("This answer of Google does not belong to a sign-in that this browser began.")
    del session["pending"]
    if site().engine.now().timestamp() > float(pending["until"]):
        raise _start_again("Signing in took too long.")
    return dict(pending)


def _start_again(reason: str, asked_for: str = "sign_in") -> Refusal:
    if asked_for == "grant":
        return Refusal(400, "grant_again", f"{reason} Nothing was changed.", way=_TO_GRANT)
    return Refusal(400, "start_again", f"{reason} Please start again.", way=_TO_SIGN_IN)


def _declined(asked_for: str, error: str) -> Refusal:
    if error != "access_denied":
        return Refusal(
            403,
            "refused_by_google",
            "Google did not let this application sign you in or reach your contacts. Ask your Google Workspace "
            "administrator to allow it.",
        )
    if asked_for == "grant":
        return Refusal(
            403,
            "permission_missing",
            "You did not allow access to your Google contacts, so nothing can be synced.",
            way=_TO_GRANT,
        )
    return Refusal(403, "sign_in_cancelled", "You cancelled the sign-in on Google's page.", way=_TO_SIGN_IN)


def _exchanged(code: str, verifier: str, asked_for: str) -> Grant:
    here = site()
    if not code:
        raise _start_again("Google sent no answer that can be used.", asked_for)
    try:
        return here.engine.oauth.exchange(code, here.callback, verifier)
    except UserMustAct:
        raise _start_again("Google's answer was used already or is too old.", asked_for) from None


def _identity(granted: Grant, nonce: str) -> Identity:
    config = site().config
    try:
        return site().engine.oauth.verify_id_token(
            granted.id_token or "", config.oauth_client_id, nonce, config.allowed_domains
        )
    except SignInRefused as refused:
        if refused.code not in _REFUSED:
            raise _start_again("The sign-in could not be verified.") from None
        raise Refusal(403, refused.code, _REFUSED[refused.code]) from None


def _accept_identity(identity: Identity) -> None:
    account.sign_in(site(), identity)
    caller.begin_session(identity.sub, identity.email)


def _accept_grant(granted: Grant, nonce: str) -> None:
    caller.identify()
    user = caller.caller().user
    try:
        granted_by = _identity(granted, nonce).sub
    except Refusal as refused:
        if refused.code not in _REFUSED:
            raise
        granted_by = ""
    if granted_by != user.id:
        # What the other account granted is dropped, not revoked: it may be a user of this deployment itself.
        raise Refusal(
            403,
            "wrong_account",
            f"You are signed in as {user.email}, but allowed access to the contacts of another Google account. "
            "Nothing was changed. Choose the same account in both steps.",
            way=_TO_GRANT,
        )
    if CONTACTS_SCOPE not in granted.scopes:
        account.permission_missing(site(), user.id)
        raise Refusal(
            403,
            "permission_missing",
            "The box for your contacts was not ticked on Google's page, so nothing can be synced. Tick it this time.",
            way=_TO_GRANT,
        )
    account.connect(site(), user.id, granted)

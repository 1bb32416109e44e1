"""What a page says where something could not be done: in plain words, with the way on."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, request, session, url_for

from .page import by_htmx, render


@dataclass(frozen=True, slots=True)
class Way:
    """The one click that leads on."""

    endpoint: str
    words: str


_SIGN_IN = Way("sign_in.sign_in", "Sign in again")
WAYS = {
    "permission_missing": Way("sign_in.grant", "Grant access"),
    "grant_again": Way("sign_in.grant", "Start again"),
    "wrong_account": Way("sign_in.grant", "Choose the right account"),
    "reconnect": Way("sign_in.grant", "Connect again"),
    "disconnected": Way("sign_in.grant", "Connect"),
    "too_many": Way("home.page", "Choose fewer contacts"),
    "count_changed": Way("contacts.clean_up", "Look again"),
    "sugar_user_asked": Way("home.page", "To the question"),
    "sugar_user_missing": Way("home.page", "To the settings"),
    "disconnect_failed": Way("connect.disconnect", "Disconnect again"),
    "start_again": _SIGN_IN,
    "sign_in_cancelled": _SIGN_IN,
    "not_signed_in": _SIGN_IN,
    "email_not_verified": _SIGN_IN,
    "domain_not_allowed": Way("sign_in.sign_in", "Use another account"),
}
PLAIN = {
    "csrf": "This page is from before you signed in, so nothing was done. Open it again, then do it once more.",
}
"""What a person is told instead of a message that is meant for a program."""
TITLES = {
    400: "That did not work",
    401: "You are not signed in",
    403: "That is not allowed",
    404: "There is nothing here",
    409: "That is not possible now",
    412: "Changed in the meantime",
    429: "One thing at a time",
    503: "That does not work right now",
}

OWN_TITLES = {
    "permission_missing": "Access was not granted",
    "wrong_account": "That was another account",
    "sign_in_cancelled": "You are not signed in",
    "email_not_verified": "You are not signed in",
    "domain_not_allowed": "This account cannot be used here",
}
"""Errors of which more can be said than the status does."""


def wants_page() -> bool:
    """Whether the answer is for a person: everything but the API, unless a program asks."""
    if request.path.startswith(("/api/", "/hooks/")) or request.path in ("/health", "/openapi.json"):
        return False
    return by_htmx() or request.accept_mimetypes.best_match(("application/json", "text/html")) == "text/html"


def way_on(code: str) -> dict[str, str] | None:
    """The one click that leads on from an error, as a template shows it: address and words."""
    way = WAYS.get(code)
    return {"address": url_for(way.endpoint), "words": way.words} if way else None


def page(status: int, code: str, message: str) -> Response:
    """The page for an error."""
    answer = render(
        "error.html",
        status,
        title=OWN_TITLES.get(code) or TITLES.get(status, "Something went wrong"),
        message=PLAIN.get(code, message),
        way=way_on(code),
        email=session.get("email"),
    )
    return instead(answer)


def instead(answer: Response) -> Response:
    """Have a page shown whole, where htmx asked for a part of the page that is shown now."""
    if by_htmx():
        answer.headers["HX-Retarget"] = answer.headers["HX-Reselect"] = "#main"
        answer.headers["HX-Reswap"] = "outerHTML show:window:top"
    return answer

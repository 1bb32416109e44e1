"""The start page: the sign-in button for a stranger, the settings for a user."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from .. import caller
from .page import render
from .settings import settings_page

routes = Blueprint("home", __name__)


@routes.get("/")
def page() -> Response:
    """Sign in, or everything about the sync."""
    if not caller.signed_in():
        return render("welcome.html")
    caller.admit()
    return settings_page()

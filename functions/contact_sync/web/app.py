"""The Flask application of the web function: its routes, what every answer carries, and how errors read."""

from __future__ import annotations

import logging

from flask import Blueprint, Flask, Response, g, jsonify, session
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from .. import logs
from ..config import Config
from ..errors import (
    ContactAtFault,
    OperatorMustAct,
    RateLimited,
    SyncError,
    TransientForAll,
    TransientForUser,
    UserMustAct,
)
from ..store.paging import InvalidCursor
from ..sync.engine import Engine
from . import (
    backlog,
    caller,
    connection,
    history,
    hooks,
    inventory,
    labels,
    mappings,
    openapi,
    preview,
    runs,
    scope,
    settings,
    sign_in,
    status,
    why,
)
from .pages import backlog as backlog_pages
from .pages import connect as connect_pages
from .pages import contacts as contacts_pages
from .pages import errors, home, page
from .pages import history as history_pages
from .pages import preview as preview_pages
from .pages import settings as settings_pages
from .pages import statistics as statistics_pages
from .pages import sync as sync_pages
from .site import JsonDates, Refusal, Site, register, site

log = logging.getLogger("contact_sync.web")

LARGEST_BODY = 64 << 10
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
NOTHING = "default-src 'none'; frame-ancestors 'none'"
"""What an answer that is no page may load."""
OWN = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What a page may load: our own files, and the pictures within Pico's style sheet."""
PLAIN = {
    404: "There is nothing at this address.",
    405: "This address does not take this method.",
    413: "The body of the request is too large.",
}
RECONNECT = ("reconnect", "permission_missing")
TABS = (
    ("settings", "Settings", "home.page"),
    ("preview", "Preview", "preview.start"),
    ("history", "History", "history.page"),
    ("backlog", "Backlog", "backlog.page"),
    ("statistics", "Statistics", "statistics.page"),
)
"""The pages in the order of their tabs: name, title, endpoint."""
PAGES = (
    home,
    settings_pages,
    sync_pages,
    connect_pages,
    preview_pages,
    history_pages,
    backlog_pages,
    contacts_pages,
    statistics_pages,
)
PARTS = (
    status,
    connection,
    settings,
    runs,
    preview,
    history,
    backlog,
    mappings,
    scope,
    inventory,
    labels,
    why,
)


def create_app(config: Config, engine: Engine) -> Flask:
    """The application for one deployment."""
    here = Site(config, engine)
    app = Flask("contact_sync.web", static_folder=None)
    app.json = JsonDates(app)
    app.url_map.strict_slashes = False
    app.config.update(
        SECRET_KEY=config.session_key,
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        PERMANENT_SESSION_LIFETIME=caller.SESSION_LIFE,
        SESSION_COOKIE_NAME=here.cookie_name,
        SESSION_COOKIE_PATH=here.cookie_path,
        SESSION_COOKIE_SECURE=here.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
    )
    with app.app_context():
        register(here)
    app.register_blueprint(status.public)
    app.register_blueprint(openapi.routes(part.routes for part in PARTS))
    app.register_blueprint(hooks.routes)
    app.register_blueprint(sign_in.routes)
    api = Blueprint("api", __name__, url_prefix="/api")
    api.before_request(caller.identify)
    for part in PARTS:
        api.register_blueprint(part.routes.blueprint())
    app.register_blueprint(api)
    page.set_up(app)
    for part_of_pages in PAGES:
        app.register_blueprint(part_of_pages.routes)
    app.context_processor(lambda: {"tabs": TABS, "email": session.get("email"), "tab": None})
    app.after_request(_with_headers)
    app.register_error_handler(Exception, _failed)
    return app


def _with_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if site().secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    policy = OWN if response.mimetype == "text/html" else NOTHING
    response.headers.setdefault("Content-Security-Policy", policy)
    return response


def _failed(error: Exception) -> Response:
    """Any error as JSON, its line in the log with the user whom it met."""
    found = g.get("caller")
    with logs.context(user=found.user.id if found else None):
        return _answered(error)


def _answered(error: Exception) -> Response:
    """Messages of foreign exceptions stay out: they may quote what they failed on."""
    match error:
        case Refusal():
            response = _answer(error.status, error.code, error.message, error.way, **error.more)
            if error.status == 429:
                response.headers["Retry-After"] = "30"
            return response
        case InvalidCursor():
            return _answer(400, "invalid_cursor", "This cursor is not valid. Start with the first page.")
        case SyncError():
            return _sync_failed(error)
        case HTTPException():
            code = error.name.lower().replace(" ", "_")
            message = PLAIN.get(error.code or 500, error.name)
            response = _answer(error.code or 500, code, message)
            if isinstance(error, MethodNotAllowed):
                response.headers["Allow"] = ", ".join(error.valid_methods or ())
            return response
    log.error("a request failed", exc_info=error)
    return _answer(500, "internal", "Something went wrong on our side. It was logged; try again later.")


def _sync_failed(error: SyncError) -> Response:
    log.warning("a request could not be done", extra={"code": error.code})
    said = f"{error.message[:1].upper()}{error.message[1:].rstrip('.')}."
    match error:
        case UserMustAct():
            way = "Open /grant to connect again." if error.code in RECONNECT else ""
            return _answer(409, error.code, said, way)
        case ContactAtFault():
            return _answer(422, error.code, said)
        case OperatorMustAct():
            return _answer(502, error.code, f"{said} Your administrator has to repair this.")
        case TransientForUser() | TransientForAll():
            status_code = 429 if isinstance(error, RateLimited) else 503
            response = _answer(status_code, error.code, f"{said} Try again soon.")
            response.headers["Retry-After"] = str(int(error.retry_after or 5))
            return response
    raise error


def _answer(status_code: int, code: str, message: str, way: str = "", **more: object) -> Response:
    """An error. A page leads on by a button, so only a program is told the address of the way on."""
    if errors.wants_page():
        return errors.page(status_code, code, message)
    response = jsonify({**more, "error": {"code": code, "message": f"{message} {way}".strip()}})
    response.status_code = status_code
    if status_code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response

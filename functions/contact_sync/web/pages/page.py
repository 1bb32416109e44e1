"""What every page works with: who looks at it, how it is rendered, and where a form leads."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Flask, Response, flash, redirect, render_template, request, session, url_for
from markupsafe import Markup, escape
from werkzeug.wrappers import Response as BaseResponse

from ...contacts.mapping import State
from .. import caller
from ..own_path import own_path
from ..sign_in import LOST, NEXT
from ..site import Refusal, site
from . import words

STATIC = Path(__file__).parents[1] / "static"
TEMPLATES = Path(__file__).parents[1] / "templates"
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d) at (\d\d:\d\d) UTC")
"""A moment as sentences of the API tell it."""


def pages(name: str) -> Blueprint:
    """Pages of a signed-in user; anybody else is led to the page with the sign-in button."""
    blueprint = Blueprint(name, __name__)
    blueprint.before_request(_signed_in)
    return blueprint


def _signed_in() -> BaseResponse | None:
    if not caller.signed_in():
        _tell_that_it_is_over()
        session[NEXT] = here()
        return leave(url_for("home.page"))
    if request.headers.get("Authorization"):
        raise Refusal(400, "pages_are_for_browsers", "Programs use the addresses below /api.")
    caller.admit()
    return None


def _tell_that_it_is_over() -> None:
    """Say on the next page what became of the form or the poll that met the end of its session."""
    if request.method == "POST":
        session[LOST] = True
    if "_flashes" in session:
        return
    if request.method == "POST":
        flash("You are not signed in any more, so that was not done. Sign in, and do it again.", "warning")
    elif by_htmx():
        flash("You are not signed in any more. What was under way goes on without you.", "info")


def render(template: str, status: int = 200, **values: Any) -> Response:
    """A page, or a part of one."""
    return Response(render_template(template, **values), status, mimetype="text/html")


def by_htmx() -> bool:
    """Whether htmx asks, and so wants only the part of the page that it replaces."""
    return request.headers.get("HX-Request") == "true"


def leave(address: str) -> BaseResponse:
    """Lead the browser to another page, after a form or because it cannot stay."""
    if by_htmx():
        return Response(status=204, headers={"HX-Redirect": address})
    return redirect(address, 303)


def here() -> str:
    """The page that the person looks at, as a path of ours."""
    if by_htmx():
        address = request.headers.get("HX-Current-URL", "").removeprefix(site().config.web_url)
    elif request.method == "GET":
        query = request.query_string.decode("ascii", "replace")
        address = quote(request.path) + (f"?{query}" if query else "")
    else:
        address = request.form.get("page", "")
    return own_path(address.partition("#")[0]) or "/"


def number_in(text: str) -> int | None:
    """The whole number that a hidden field carries; None where it was tampered with."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None


def ticked(name: str) -> bool:
    """Whether a checkbox of the form was ticked."""
    return name in request.form


def static_address(name: str) -> str:
    """The address of a static file; it changes with the file, so that browsers may keep it for ever."""
    return url_for("static_files", name=name, v=_VERSIONS[name])


_VERSIONS = {
    path.name: sha256(path.read_bytes()).hexdigest()[:12]
    for path in sorted(STATIC.iterdir())
    if path.is_file()
}


def static_file(name: str) -> Response:
    """One of our own style sheets and scripts."""
    if name not in _VERSIONS:
        raise Refusal(404, "not_found", "There is nothing at this address.")
    kinds = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
    kind = kinds.get(Path(name).suffix, "text/plain")
    response = Response((STATIC / name).read_bytes(), mimetype=kind)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def set_up(app: Flask) -> None:
    """Templates, their filters and the static files."""
    app.template_folder = str(TEMPLATES)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals |= {
        "static": static_address,
        "sugar_link": sugar_link,
        "google_link": google_link,
        "csrf_token": lambda: session.get("csrf", ""),
        "here": here,
        "words": words,
        "State": State,
        "now": lambda: site().engine.now(),
    }
    app.jinja_env.filters |= {"iso": iso, "moment": moment, "number": number, "timed": timed}
    # Not /static: the functions framework answers that itself.
    app.add_url_rule("/assets/<name>", "static_files", static_file)


def sugar_link(sugar_id: str) -> str:
    """Where Sugar shows a record."""
    return f"{site().config.sugar_url}/#Contacts/{quote(sugar_id, safe='')}"


def google_link(google_id: str) -> str:
    """Where Google Contacts shows a contact."""
    return f"https://contacts.google.com/person/{quote(google_id, safe='')}"


def iso(at: datetime) -> str:
    """A moment for machines."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def moment(at: datetime) -> str:
    """A moment for people, in UTC; a script shows it in the reader's own time."""
    return f"{at.astimezone(UTC):%-d %b %Y, %H:%M} UTC"


def timed(text: str) -> Markup:
    """A sentence, its moments marked so that the script shows them in the reader's own time."""
    return Markup(_MOMENT.sub(r'<time datetime="\1T\2Z">\1 at \2 UTC</time>', str(escape(text))))


def number(value: int) -> str:
    """A count with its thousands set apart."""
    return f"{value:,}"

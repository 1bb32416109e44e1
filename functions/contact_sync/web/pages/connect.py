"""Who the user is in Sugar, another look at what keeps the connection from working, and its end."""

from __future__ import annotations

import msgspec
from flask import flash, request, url_for
from werkzeug.wrappers import Response

from .. import account, connection
from ..caller import caller, user_id
from ..connection import Disconnect, ThatIsMe
from ..site import Refusal, site
from .page import leave, number_in, pages, render

routes = pages("connect")


@routes.get("/disconnect")
def disconnect() -> Response:
    """What ending the connection would do, with the numbers; while it is being ended, the progress."""
    order = caller().user.disconnecting
    return _choice() if order is None else leave(url_for("sync.page", run=order.run))


@routes.post("/disconnect")
def end() -> Response:
    """End the connection as chosen, if the number that was confirmed still holds; or go on ending it."""
    if caller().user.disconnecting is not None:
        return leave(url_for("sync.page", run=connection.end(Disconnect(delete="none")).run))
    delete, count = request.form.get("delete", ""), request.form.get("count", "")
    chosen = {"delete": delete, "count": number_in(count)}
    if not delete:
        return _choice(Refusal(400, "not_chosen", "Choose what becomes of the contacts."))
    if delete == "none":
        chosen["count"] = None
    body = Disconnect.read(msgspec.json.encode(chosen))
    try:
        started = connection.end(body)
    except Refusal as refusal:
        if refusal.status != 409:
            raise
        return _choice(refusal)
    return leave(url_for("sync.page", run=started.run))


@routes.post("/that-is-me")
def that_is_me() -> Response:
    """The answer to the question who the user is in Sugar."""
    body = ThatIsMe.read(msgspec.json.encode({"sugar_user_id": request.form.get("sugar_user_id", "")}))
    try:
        connection.that_is_me(body)
    except Refusal as refusal:
        if refusal.status != 409:
            raise
        flash(refusal.message, "warning")
    return leave(url_for("home.page"))


@routes.post("/look-again")
def look() -> Response:
    """Look again whether what stopped the sync is cured."""
    account.try_again(site(), user_id())
    return leave(url_for("home.page", said="look"))


def _choice(refusal: Refusal | None = None) -> Response:
    return render(
        "disconnect.html",
        refusal.status if refusal else 200,
        tab="settings",
        refusal=refusal,
        connection=connection.get(),
    )

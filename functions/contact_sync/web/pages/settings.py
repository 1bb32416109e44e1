"""The settings page: one screen that saves itself on every change.

A form without a script sends all settings and comes back to the page; htmx sends the same form and replaces only what
follows from the answer, so that nothing the user is typing is touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from ...contacts.settings import leaves, nested
from ...errors import ContactAtFault, SyncError
from ...sync import schedule
from .. import caller, inventory, labels, settings, status
from ..connection import connection_of, question_of
from ..settings import READ_ONLY, GivenSettings, Settings
from ..site import Json, Refusal
from . import setting_words, sync
from .page import by_htmx, leave, number_in, pages, render, ticked

routes = pages("settings_page")

USABLE = ("connected", "reconnect", "sugar_access_denied", "too_many", "sugar_user_missing", "broken")
"""Connections with which the settings are shown; without one, granting access comes first."""
SAID = {
    "saved": "Your settings are saved.",
    "reset": "All settings are as they were at the beginning.",
    "look": "Checked again.",
}
"""What the page says after a form led back to it."""
INTERVAL = "auto.interval_minutes"
WRONG_INTERVAL = "Write a whole number of minutes from 1 to 1440."


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting that somebody changed elsewhere, or that the user wanted otherwise."""

    name: str
    wanted: str
    now: str


def settings_page(
    status_code: int = 200,
    *,
    held: Settings | None = None,
    values: Json | None = None,
    wrong: str = "",
    stale: Sequence[Difference] = (),
) -> Response:
    """The whole page. `values` are what the user sent where it was not saved, and `wrong` says why."""
    held = held or settings.get()
    how = status.get_status()
    usable = how.connection.state in USABLE and how.connection.sugar_user is not None
    return render(
        "settings.html",
        status_code,
        tab="settings",
        how=how,
        creates_paused=how.creates_paused,
        usable=usable,
        said=SAID.get(request.args.get("said", "")),
        wrong=wrong,
        stale=stale,
        exposed=_exposed(held) if usable else None,
        **(sync.latest() if usable else {}),
        **_form(held, values),
    )


@routes.post("/settings")
def save() -> BaseResponse:
    """Save the form, if nobody changed the settings since it was made."""
    before = settings.get()
    values = _sent(before)
    wrong = _wrong_interval(values)
    if wrong:
        return _not_saved(before, values, wrong)
    try:
        saved = settings.save(_body(values), _version())
    except Refusal as refusal:
        if refusal.status != 412:
            raise
        return _stale(refusal, values)
    return _saved(before, saved)


@routes.post("/settings/sharing")
def sharing() -> BaseResponse:
    """Whether private fields, shared so far without a question, stay in Google or go on being shared."""
    if request.form.get("private_fields") == "keep":
        settings.refuse_locked([path for path in settings.get().locked if path == "private_fields"])
        settings.keep_private()
    else:
        settings.keep_sharing()
    return leave(url_for("home.page", said="saved"))


@routes.post("/settings/reset")
def reset() -> BaseResponse:
    """All settings as for a new user."""
    settings.reset()
    return leave(url_for("home.page", said="reset"))


@routes.get("/settings/label")
def label() -> Response:
    """The user's labels: a part of the settings for htmx, a page of its own without it."""
    return _label(settings.get())


@routes.post("/settings/label")
def choose_label() -> BaseResponse:
    """Save another label, from the page of its own."""
    return _with_label(request.form.get("google_label") or None)


@routes.post("/settings/labels")
def create_label() -> BaseResponse:
    """Create a label, or find the one of this name, and save it as the one to use."""
    name = request.form.get("name", "").strip()
    held = settings.get()
    settings.refuse_locked([path for path in held.locked if path == "google_label"])
    if not name:
        return _label(held, 400, "Write the name of the label.")
    try:
        body = labels.NewLabel.read(msgspec.json.encode({"name": name}))
        created = labels.create(body)
    except ContactAtFault as refused:
        return _label(held, 422, f"Google does not take this name: {refused.message}.")
    except Refusal:
        return _label(held, 400, "A name has at most 200 characters.")
    return _with_label(created.id)


@routes.get("/settings/exposed")
def exposed() -> Response:
    """How many Google contacts the company will see with "Create Sugar records" on."""
    template = "parts/settings_exposed.html" if by_htmx() else "exposed.html"
    return render(template, tab="settings", exposed=inventory.state(), label=settings.get().google_label)


@routes.post("/settings/count")
def count() -> BaseResponse:
    """Count the contacts of both sides, without changing anything."""
    started = inventory.count()
    if by_htmx():
        return exposed()
    return leave(url_for("sync.page", run=started.run))


def _form(held: Settings, values: Json | None = None) -> dict[str, Any]:
    """What the form of the settings needs."""
    user = caller.caller().user
    return {
        "connection": connection_of(user),
        "question": question_of(user),
        "shares_unasked": settings.shares_unasked(user),
        "setting": setting_words,
        "value": values or _by_path(held),
        "locked": held.locked,
        "version": held.version,
        "label": held.google_label,
        "next_run": user.next_sync_at if user.connection == "connected" else None,
        "looks_again": user.next_sync_at if user.connection in schedule.CURED_OUTSIDE else None,
    }


def _exposed(held: Settings) -> inventory.Inventory | None:
    """How many contacts the company would see. With a label that is Google's to tell, and no page waits for it."""
    return inventory.state() if held.google_label is None else None


def _by_path(held: Settings) -> Json:
    plain = msgspec.to_builtins(held)
    return {path: value for path, value in leaves(plain) if path.partition(".")[0] not in READ_ONLY}


def _sent(held: Settings) -> Json:
    """What the form says; what is locked, or not in the form, stays as it is."""
    form, values = request.form, _by_path(held)
    for path, value in values.items():
        if path in held.locked:
            continue
        if path in setting_words.SWITCHES:
            values[path] = ticked(path)
        elif path == INTERVAL:
            values[path] = _number(form.get(path, str(value)))
        elif path == "google_label":
            values[path] = form.get(path, value) or None
        else:
            values[path] = form.get(path, value)
    if not values["auto.enabled"] and _wrong_interval(values):
        # Nobody sees the interval while syncing regularly is off.
        values[INTERVAL] = _by_path(held)[INTERVAL]
    return values


def _number(text: str) -> int | str:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else text


def _wrong_interval(values: Json) -> str:
    value = values[INTERVAL]
    return "" if isinstance(value, int) and 1 <= value <= 1440 else WRONG_INTERVAL


def _body(values: Json) -> Json:
    """The settings, checked as the API checks them."""
    given: GivenSettings = GivenSettings.read(msgspec.json.encode(nested(values)))
    return given.settings


def _version() -> int:
    version = number_in(request.form.get("version", ""))
    if version is None:
        raise Refusal(400, "invalid_settings", "Nothing was saved. Open the settings again.")
    return version


def _saved(before: Settings, saved: Settings) -> BaseResponse:
    if not by_htmx():
        return leave(url_for("home.page", said="saved"))
    return render("parts/settings_saved.html", **_changed(before, saved), **_form(saved))


def _changed(before: Settings, saved: Settings) -> dict[str, Any]:
    """What of the page follows from the settings just saved."""
    connected_before = caller.caller().user.connection
    caller.read_again()
    user = caller.caller().user
    about_exposed = before.google_label != saved.google_label or (
        saved.from_google.create and not before.from_google.create
    )
    return {
        "said": "Saved",
        "creates_paused": user.creates_paused,
        "about_connection": user.connection != connected_before or user.connection in schedule.CURED_OUTSIDE,
        "about_exposed": about_exposed,
        "exposed": _exposed(saved) if about_exposed else None,
    }


def _not_saved(held: Settings, values: Json, wrong: str) -> BaseResponse:
    if not by_htmx():
        return settings_page(400, held=held, values=values, wrong=wrong)
    return render("parts/settings_wrong.html", 400, wrong=wrong)


def _stale(refusal: Refusal, values: Json) -> BaseResponse:
    newer = msgspec.convert(refusal.more, Settings)
    now = _by_path(newer)
    differences = [
        Difference(name, setting_words.said(path, values[path]), setting_words.said(path, now[path]))
        for path, name in setting_words.NAMES.items()
        if values[path] != now[path]
    ]
    caller.read_again()
    if not by_htmx():
        return settings_page(412, held=newer, stale=differences)
    answer = render(
        "parts/settings_stale.html", 412, stale=differences, exposed=_exposed(newer), **_form(newer)
    )
    # The form is replaced as a whole: without this the page would jump to wherever.
    answer.headers["HX-Reswap"] = "innerHTML settle:0ms show:#differences:top"
    return answer


def _with_label(chosen: str | None) -> BaseResponse:
    before = settings.get()
    values = _by_path(before) | {"google_label": chosen}
    try:
        saved = settings.save(_body(values), _version())
    except Refusal as refusal:
        if refusal.status != 412:
            raise
        return _stale(refusal, values)
    if not by_htmx():
        return leave(url_for("home.page", said="saved"))
    return _label(saved, **_changed(before, saved))


def _label(held: Settings, status_code: int = 200, wrong: str = "", **more: Any) -> Response:
    found: Sequence[labels.LabelItem] = ()
    unread = ""
    try:
        found = labels.listed().items
    except SyncError as error:
        unread = error.code
    known = held.google_label is None or any(label.id == held.google_label for label in found)
    return render(
        "parts/settings_label.html" if by_htmx() else "label.html",
        status_code,
        tab="settings",
        within=by_htmx(),
        labels=found,
        unread=unread,
        missing=not known and not unread,
        wrong_label=wrong,
        **more,
        **_form(held),
    )

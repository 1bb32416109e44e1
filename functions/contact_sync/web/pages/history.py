"""The history: what was done, newest first, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from ...contacts import google_person, sugar_record
from ...contacts.normal_form import to_plain
from ...contacts.side import Side
from .. import history
from ..history import HistoryItem, HistoryQuery
from ..operation import LONGEST_ID, asked
from ..site import Refusal
from . import compare, errors
from .page import leave, pages, render

routes = pages("history")

_ENTRY = f"/history/<string(maxlength={LONGEST_ID}):entry>"
_UNDOABLE = ("create", "update", "merge", "delete")


@dataclass(frozen=True, slots=True)
class Only:
    """What the list is limited to: an id, and what a person calls it."""

    parameter: str
    title: str
    without: str
    """The list without this limit."""


@routes.get("/history")
def page() -> Response:
    """What was done, newest first; of one contact or of one run if asked for."""
    query = asked(HistoryQuery)
    found = history.listed(query)
    given = {name: value for name in ("contact", "run") if (value := getattr(query, name))}
    return render(
        "history.html",
        tab="history",
        items=found.items,
        next=found.next,
        given=given,
        only=[Only(name, _title(name, found.items), _without(name, given)) for name in given],
        first_page=query.cursor is None,
        undoable=undoable,
    )


@routes.get(_ENTRY)
def entry(entry: str) -> Response:
    """Everything about one action, with the record before."""
    return _entry(history.one(entry))


@routes.post(f"{_ENTRY}/undo")
def undo(entry: str) -> BaseResponse:
    """Have the undoing planned, to be looked at first. Where it is not possible, the entry says why."""
    on_both = request.form.get("sides") == "both"
    try:
        ordered = history.undo(entry, history.Undo(sides="both" if on_both else "written"))
    except Refusal as refusal:
        if refusal.status != 409:
            raise
        return _entry(history.one(entry), refusal)
    return leave(url_for("preview.page", preview=ordered.preview))


def undoable(item: HistoryItem) -> bool:
    """Whether an undo may be asked for."""
    return item.action in _UNDOABLE and (item.action == "create" or item.before is not None)


def _entry(item: HistoryItem, refusal: Refusal | None = None) -> Response:
    return render(
        "history_entry.html",
        refusal.status if refusal else 200,
        tab="history",
        item=item,
        before=compare.texts(_readable(item)),
        refusal=refusal,
        way=errors.way_on(refusal.code) if refusal else None,
        undoable=undoable,
    )


def _readable(item: HistoryItem) -> dict[str, object]:
    """The record before as a Contact: of a deletion it is kept as the side itself gave it."""
    before = item.before or {}
    if item.action != "delete":
        return before
    contact = sugar_record.read(before, None) if item.side is Side.SUGAR else google_person.read(before, None)
    return to_plain(contact)


def _title(parameter: str, items: list[HistoryItem]) -> str:
    """What the limit is called: the contact's newest name, or when the run was."""
    if not items:
        return ""
    return items[0].name if parameter == "contact" else items[0].trigger


def _without(name: str, given: dict[str, str]) -> str:
    others: dict[str, Any] = {other: value for other, value in given.items() if other != name}
    return url_for(".page", **others)

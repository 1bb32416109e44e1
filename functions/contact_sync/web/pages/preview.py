"""The preview: what a sync would do now, contact by contact, and the choice of what to carry out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Response, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from ...contacts.side import Side
from .. import preview as previews
from .. import runs
from ..operation import LONGEST_ID
from ..preview import Apply, PlannedItem, PreviewQuery, PreviewState
from ..site import Refusal, site
from . import compare, errors, sync, words
from .page import leave, pages, render

routes = pages("preview")

KEPT = timedelta(hours=1)
_PREVIEW = f"/preview/<string(maxlength={LONGEST_ID}):preview>"
_LAST = "preview"
"""Where the session remembers the preview that was asked for last."""


@dataclass(frozen=True, slots=True)
class Line:
    """One contact of the preview. `number` is its place in the whole, whatever groups it is shown in."""

    number: int
    item: PlannedItem
    ticked: bool

    @property
    def exposed(self) -> bool:
        """Whether the company will see a private value of this contact."""
        return any(change.exposed for change in self.item.changes)

    @property
    def sides(self) -> list[Side]:
        """The sides that change."""
        return [side for side in Side if self.item.before.get(side) != self.item.after.get(side)]

    @property
    def rows(self) -> list[compare.Row]:
        """Both records beside each other."""
        return _rows(self.item)

    @property
    def written(self) -> list[tuple[Side, list[str]]]:
        """The fields that change, by side."""
        sides = (
            (side, [change.field for change in self.item.changes if change.side == side]) for side in Side
        )
        return [(side, names) for side, names in sides if names]


@dataclass(frozen=True, slots=True)
class Group:
    """The contacts of one count."""

    kind: str
    lines: Sequence[Line]

    @property
    def ticked(self) -> int:
        """How many of them are ticked."""
        return sum(line.ticked for line in self.lines)


@routes.get("/preview")
def start() -> Response:
    """What a preview is, and the button that asks for one."""
    return render("preview.html", tab="preview", last=_last())


@routes.post("/preview")
def order() -> BaseResponse:
    """Have a preview planned."""
    ordered = previews.order().preview
    session[_LAST] = {"id": ordered, "at": site().engine.now().isoformat(timespec="seconds")}
    return leave(url_for(".page", preview=ordered))


@routes.get(_PREVIEW)
def page(preview: str) -> Response:
    """A preview: being planned, ready to choose from, or applied."""
    return _shown(preview)


@routes.post(f"{_PREVIEW}/choose")
def choose(preview: str) -> Response:
    """The same list with a whole group ticked or unticked: for browsers without a script."""
    group = request.form.get("tick") or request.form.get("untick") or ""
    _keep_ticks(preview)
    if "tick" in request.form:
        previews.choose(preview, on=group)
    else:
        previews.choose(preview, off=group)
    return _ready(preview, *_read(preview), opened=group)


@routes.post(f"{_PREVIEW}/apply")
def apply(preview: str) -> BaseResponse:
    """Carry out what is ticked."""
    state, _ = _read(preview)
    if state.applied is None:
        _keep_ticks(preview)
    return leave(url_for("sync.page", run=previews.apply(preview, Apply()).run))


def _keep_ticks(preview: str) -> None:
    """Keep what is ticked in the form, which names every box that is."""
    _, items = _read(preview)
    given = set(request.form.getlist("ticked"))
    known = {item.id for item in items}
    previews.choose(preview, on=known & given, off=known - given)


@routes.get(f"{_PREVIEW}/contacts/<string(maxlength={LONGEST_ID}):item>")
def contact(preview: str, item: str) -> Response:
    """Both records of one contact, before and after."""
    found = previews.one(preview, item)
    return render(
        "preview_contact.html",
        tab="preview",
        preview=preview,
        item=found,
        rows=_rows(found),
    )


@routes.errorhandler(Refusal)
def refused(refusal: Refusal) -> Response:
    """A preview that is over says so, with the way to a new one; everything else is said as everywhere."""
    if refusal.status != 404 or not request.view_args:
        return errors.page(refusal.status, refusal.code, refusal.message)
    return errors.instead(render("preview.html", 404, tab="preview", expired=True, last=None))


def _rows(item: PlannedItem) -> list[compare.Row]:
    exposed = [change.field for change in item.changes if change.exposed]
    return compare.rows(item.before, item.after, exposed)


def _last() -> dict[str, Any] | None:
    """The preview asked for last, while it lives."""
    last = session.get(_LAST)
    if not last:
        return None
    at = datetime.fromisoformat(last["at"])
    return {"id": last["id"], "at": at} if site().engine.now() - at < KEPT else None


def _read(preview: str) -> tuple[PreviewState, list[PlannedItem]]:
    """A preview with all its contacts by name: no more than a sync does at once."""
    state = previews.get(preview, PreviewQuery())
    items, following = list(state.items), state.next
    while following:
        more = previews.get(preview, PreviewQuery(cursor=following))
        items += more.items
        following = more.next
    return state, sorted(items, key=lambda item: (item.name.casefold(), item.id))


def _shown(preview: str) -> Response:
    state, items = _read(preview)
    if state.state == "planning":
        run = _run(preview)
        return render("preview.html", tab="preview", preview=preview, state=state, run=run, delay=_delay(run))
    return _ready(preview, state, items)


def _ready(preview: str, state: PreviewState, items: Sequence[PlannedItem], opened: str = "") -> Response:
    left_out = state.applied.left_out if state.applied else ()
    lines = [
        Line(number, item, item.ticked and item.id not in left_out)
        for number, item in enumerate(items, start=1)
    ]
    present = {kind for item in items for kind in item.kinds}
    kinds = [kind for kind in (*words.KINDS, *words.OTHER_KINDS) if kind in present]
    groups = [Group(kind, [line for line in lines if kind in line.item.kinds]) for kind in kinds]
    return render(
        "preview.html",
        tab="preview",
        preview=preview,
        state=state,
        lines=lines,
        groups=groups,
        first={line.number: next(kind for kind in kinds if kind in line.item.kinds) for line in lines},
        exposed=sum(line.exposed for line in lines),
        opened=opened,
        applying=_run(state.applied.run) if state.applied else None,
        left_out=words.left_out(len(left_out), regular=sync.regular()),
        way=errors.way_on(state.error) if state.error else None,
    )


def _run(run: str) -> runs.RunItem | None:
    """A run's progress, if it is known already."""
    try:
        return runs.one(run)
    except Refusal:
        return None


def _delay(run: runs.RunItem | None) -> int:
    """Seconds until the page asks again: the longer it takes, the longer."""
    if run is None:
        return 2
    passed = (site().engine.now() - run.started).total_seconds()
    return 1 if passed < 10 else 3 if passed < 60 else 10

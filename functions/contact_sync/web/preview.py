"""The preview: what the next run would do, contact by contact, and the order to carry it out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, cast

import msgspec
from msgspec import Meta

from ..contacts.side import Side
from ..store import previews
from ..store.records import Applied, PlannedAction, PlannedChange, PreviewRecord
from .caller import caller, user_id
from .operation import Answer, Asked, Operations, Sent
from .runs import Started, require_connection
from .site import PAGE, Cursor, Moment, Refusal, Text, refusals, site

routes = Operations("preview")

_WORDS = {"created": "create", "updated": "update", "deleted": "delete", "merged": "merge"}
"""What a history entry calls what a kind counts."""

PreviewStage = Literal["planning", "ready", "failed", "refused"]
"""`refused` is an undo that is not possible."""


class PreviewOrdered(Answer, frozen=True, kw_only=True):
    """The preview that is being made: GET /api/preview/{preview} follows it."""

    preview: str


class PreviewQuery(Asked, frozen=True, kw_only=True):
    """Which planned actions: of one kind, or all."""

    kind: Text | None = None
    cursor: Cursor | None = None


class Apply(Sent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is ticked in the preview is carried out, except these actions, by their ids."""

    leave_out: Annotated[list[Text], Meta(max_length=1000)] = msgspec.field(
        name="except", default_factory=list
    )


Actions = Annotated[list[Text], Meta(max_length=1000)]


class Ticks(Sent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Actions to tick or untick: by their ids, or all of a kind. What is named for both is unticked."""

    schema: ClassVar[Mapping[str, Any]] = {"minProperties": 1}

    tick: Actions | Text | msgspec.UnsetType = msgspec.UNSET
    untick: Actions | Text | msgspec.UnsetType = msgspec.UNSET


class PlannedFieldChange(Answer, frozen=True, kw_only=True):
    """One field of one side; `exposed` is a private value that the company would see."""

    side: Side
    field: str
    before: str
    after: str
    exposed: bool


class PlannedItem(Answer, frozen=True, kw_only=True):
    """What would be done about one contact, and whether it is ticked.

    `action` and `side` are those of a history entry: what is done, and the side that is written; null where none or
    both are. `kinds` are the counts it is part of. `before` and `after` are the whole contact on each side that has it.
    """

    id: str
    action: str
    side: Side | None
    kinds: list[str]
    ticked: bool
    name: str
    sugar_id: str | None
    google_id: str | None
    before: dict[Side, dict[str, Any]]
    after: dict[Side, dict[str, Any]]
    changes: list[PlannedFieldChange]
    message: str | None


class AppliedState(Answer, frozen=True, kw_only=True):
    """The run that carries the preview out, when that was ordered, and the actions that were left out, by their ids."""

    run: str
    at: Moment
    left_out: list[str]


class MovedItem(Answer, frozen=True, kw_only=True):
    """An action that was not carried out, because the contact is no longer as it was planned."""

    id: str
    name: str
    why: str


class PreviewState(Answer, frozen=True, kw_only=True):
    """A preview and a page of its actions.

    `counts` is by kind, `ticked` counts what would be carried out by applying it, `waiting` the contacts that are due
    beyond those planned here. `undo` is the history entry that it would undo, `sides` where: on the side that was
    written, or on both. `next` is the cursor of the next page.
    """

    preview: str
    state: PreviewStage
    error: str | None
    message: str | None
    at: Moment
    counts: dict[str, int]
    total: int
    ticked: int
    waiting: int
    undo: str | None
    sides: Literal["written", "both"] | None
    applied: AppliedState | None
    moved: list[MovedItem]
    items: list[PlannedItem]
    next: str | None


@routes.post("/preview", status=202, errors=(409, 429, 502))
def order() -> PreviewOrdered:
    """Plan what a sync would do now. Nothing is written to Sugar or Google."""
    from ..sync.orders import order_preview

    require_connection(site(), caller().user)
    with refusals():
        return PreviewOrdered(preview=order_preview(site().engine, user_id()))


@routes.get("/preview/{preview}")
def get(preview: str, query: PreviewQuery) -> PreviewState:
    """A preview, and its planned actions page by page. It is kept for an hour."""
    db, now = site().engine.db, site().engine.now()
    found = previews.get(db, user_id(), preview, now)
    if found is None:
        raise Refusal(404, "not_found", "There is no such preview; it is kept for an hour.")
    actions, following = previews.actions(
        db, user_id(), preview, now, kind=query.kind, cursor=query.cursor, limit=PAGE
    )
    return _shown(found, [_item(action) for action in actions], following)


@routes.get("/preview/{preview}/actions/{action}")
def one(preview: str, action: str) -> PlannedItem:
    """One planned action."""
    found = previews.action(site().engine.db, user_id(), preview, action, site().engine.now())
    if found is None:
        raise Refusal(404, "not_found", "There is no such preview; it is kept for an hour.")
    return _item(found)


@routes.patch("/preview/{preview}", errors=(409,))
def tick(preview: str, body: Ticks) -> PreviewState:
    """Tick or untick actions of a preview. The ticks are kept with it until it is applied."""
    if body.tick is msgspec.UNSET and body.untick is msgspec.UNSET:
        raise Refusal(400, "invalid_request", "The request does not fit: it names neither tick nor untick.")
    choose(preview, on=body.tick or (), off=body.untick or ())
    return get(preview, PreviewQuery())


def choose(preview: str, on: Collection[str] | str = (), off: Collection[str] | str = ()) -> None:
    """Tick and untick actions of a preview, by their ids or all of a kind."""
    from ..sync import ticks

    with refusals():
        ticks.tick(site().engine, user_id(), preview, on, off)


@routes.post("/preview/{preview}/apply", status=202, errors=(409, 429, 502))
def apply(preview: str, body: Apply) -> Started:
    """Carry out what is ticked in the preview, except what is named. What moved meanwhile is left out and listed."""
    from ..sync.orders import order_apply

    require_connection(site(), caller().user)
    with refusals():
        return Started(run=order_apply(site().engine, user_id(), preview, body.leave_out))


def _shown(preview: PreviewRecord, items: list[PlannedItem], following: str | None) -> PreviewState:
    return PreviewState(
        preview=preview.id,
        state=cast(PreviewStage, preview.state),
        error=preview.error,
        message=preview.message,
        at=preview.at,
        counts=dict(preview.counts),
        total=preview.total,
        ticked=preview.total - preview.unticked,
        waiting=preview.waiting,
        undo=preview.undo,
        sides=preview.sides if preview.undo else None,
        applied=_applied(preview.applied),
        moved=[MovedItem(id=moved.id, name=moved.name, why=moved.why) for moved in preview.moved],
        items=items,
        next=following,
    )


def _applied(applied: Applied | None) -> AppliedState | None:
    if applied is None:
        return None
    return AppliedState(run=applied.run, at=applied.at, left_out=list(applied.leave_out))


def _item(action: PlannedAction) -> PlannedItem:
    done, side = _told(action.kinds)
    return PlannedItem(
        id=action.id,
        action=done,
        side=side,
        kinds=list(action.kinds),
        ticked=action.ticked,
        name=action.name,
        sugar_id=action.sugar_id,
        google_id=action.google_id,
        before={side: dict(contact) for side, contact in action.before.items()},
        after={side: dict(contact) for side, contact in action.after.items()},
        changes=[_change(change) for change in action.changes],
        message=action.message,
    )


def _told(kinds: Sequence[str]) -> tuple[str, Side | None]:
    """What the history would tell of an action with these kinds: the word for it, and the side that is written."""
    written = [side for side in Side if any(kind.startswith(f"{side}_") for kind in kinds)]
    first = (
        "link" if kinds[0] == "merged" and not written else _WORDS.get(kinds[0].rpartition("_")[2], kinds[0])
    )
    return first, written[0] if len(written) == 1 else None


def _change(change: PlannedChange) -> PlannedFieldChange:
    return PlannedFieldChange(
        side=change.side,
        field=change.field,
        before=change.before,
        after=change.after,
        exposed=change.exposed,
    )

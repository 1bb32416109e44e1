"""The inventory: how many contacts there are, before anything is synced."""

from __future__ import annotations

from ..errors import SyncError
from ..store import google_index, runs
from ..store.records import User
from .caller import caller, user_id
from .google import people
from .operation import Answer, Operations
from .runs import Started, require_connection, shown
from .site import Moment, refusals, site

routes = Operations("inventory")

_RECENT = 10
"""Runs among which a count that is under way is looked for."""


class Inventory(Answer, frozen=True, kw_only=True):
    """Google's contacts in numbers, as they were last counted; null where they never were.

    `unlinked_in_google` counts the contacts that the company would see with "Create Sugar records" on: those without
    a Sugar record that the user did not leave alone. With a label chosen only contacts that carry it are created;
    `labelled` is Google's own number of these. `running` is a count under way.
    """

    counted_at: Moment | None
    google_contacts: int | None
    unlinked_in_google: int | None
    labelled: int | None
    running: str | None


@routes.get("/inventory")
def state() -> Inventory:
    """How many contacts were counted, and when."""
    user, db = caller().user, site().engine.db
    counted_at = user.cursors.full_at and (user.cursors.watermark or user.cursors.full_at)
    return Inventory(
        counted_at=counted_at,
        google_contacts=google_index.count(db, user.id) if counted_at else None,
        unlinked_in_google=_unlinked(user) if counted_at else None,
        labelled=_labelled(user),
        running=_running(user),
    )


@routes.post("/inventory", status=202, errors=(409, 429, 502))
def count() -> Started:
    """Count the contacts of both sides. Nothing is written to Sugar or Google."""
    from ..sync.orders import order_inventory

    require_connection(site(), caller().user)
    with refusals():
        return Started(run=order_inventory(site().engine, user_id()))


def _unlinked(user: User) -> int:
    return google_index.count(site().engine.db, user.id, mapping=None, left_alone=False)


def _labelled(user: User) -> int | None:
    """What Google counts under the chosen label; without an answer of Google the rest is shown all the same."""
    label = site().engine.policy.apply(user.settings).google_label
    if label is None or user.connection != "connected":
        return None
    try:
        labels = people(site(), user.id).labels()
    except SyncError:
        return None
    return next((found.count for found in labels if found.resource_name == label), None)


def _running(user: User) -> str | None:
    recent, _ = runs.page(site().engine.db, user.id, limit=_RECENT)
    ours = (shown(run) for run in recent if run.trigger == "inventory")
    return next((run.run for run in ours if run.finished is None and run.error is None), None)

"""What of a preview is to be carried out: its actions are ticked, one by one or by kind.

Ticks are kept with the actions until the preview is applied, so that a reload, another window and a program see the
same choice.
"""

from __future__ import annotations

from collections.abc import Collection

from ..errors import TransientForAll
from ..store import previews
from ..store.previews import Choosable
from ..store.write import Conflict
from .engine import Engine
from .resolve import Refused

Which = Collection[str] | str
"""Actions by their ids, or all of a kind."""

OVER = "There is no such preview, or its hour is over. Ask for a new one."
FOREIGN = "is not in this preview, so nothing was done."


def tick(engine: Engine, user_id: str, preview_id: str, on: Which = (), off: Which = ()) -> None:
    """Tick and untick actions of a preview that is not applied yet. Raises Refused."""
    for _ in engine.tries():
        found = previews.get(engine.db, user_id, preview_id, engine.now())
        if found is None:
            raise Refused(404, OVER)
        if found.state != "ready":
            raise Refused(409, found.message or "The preview is not ready yet.")
        if found.applied is not None:
            raise Refused(409, "This preview was applied already. Ask for a new one.")
        actions = previews.choosable(engine.db, user_id, preview_id)
        ticked = (ids_of(actions) - unticked(actions) | _named(actions, on)) - _named(actions, off)
        changes = [
            previews.tick(user_id, preview_id, action.id, action.id in ticked)
            for action in actions
            if action.ticked != (action.id in ticked)
        ]
        # With it the preview itself: what orders it meanwhile has read the ticks as they were.
        count = previews.patch(
            user_id, preview_id, if_updated_at=found.updated_at, unticked=len(actions) - len(ticked)
        )
        try:
            engine.db.commit([*changes, count])
        except Conflict:
            continue
        return
    raise TransientForAll("contention", "The preview keeps changing at this moment.")


def ids_of(actions: Collection[Choosable]) -> set[str]:
    """The ids of all of them."""
    return {action.id for action in actions}


def unticked(actions: Collection[Choosable]) -> set[str]:
    """The ids of those that are not to be carried out."""
    return {action.id for action in actions if not action.ticked}


def _named(actions: Collection[Choosable], which: Which) -> set[str]:
    if isinstance(which, str):
        return {action.id for action in actions if which in action.kinds}
    if not ids_of(actions).issuperset(which):
        raise Refused(409, f"What is to be ticked or unticked {FOREIGN}")
    return set(which)

"""The partner that a person chose for a contact, and why it cannot be had by then: it may be somebody else's, or gone.

The same is asked when the choice is made, and again when it is carried out: in between others may get it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..contacts.actions import Quarantine
from ..contacts.mapping import IndexEntry, State
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.match import Match, Verdict
from ..contacts.side import Side
from ..store import google_index, mappings
from ..store.database import Database

CHOSEN = {
    Side.SUGAR: "The record in Sugar that you chose",
    Side.GOOGLE: "The contact in Google that you chose",
}


@dataclass(frozen=True, slots=True)
class Lost:
    """Why the chosen partner cannot be had, in plain words; `gone`: it is not there at all."""

    why: str
    gone: bool = False


def partner_chosen_for(item: ContactMapping | IndexEntry | None) -> str | None:
    """The partner that a person chose for this contact, if they did."""
    directive = item.directive if item is not None else None
    return directive.partner if directive is not None and directive.kind == "link" else None


def lost(db: Database, user_id: str, side: Side, partner: str) -> Lost | None:
    """Why this record of `side` cannot be anybody's partner; None: it can."""
    if side is Side.SUGAR:
        return _in_sugar(mappings.get(db, user_id, [partner]).get(partner))
    entry = google_index.get(db, user_id, [partner]).get(partner)
    if entry is None:
        return gone(side)
    if entry.left_alone:
        return Lost(f"{CHOSEN[side]} is one that you decided to leave alone.")
    if entry.mapping is None:
        return None
    return _with(side, mappings.get(db, user_id, [entry.mapping]).get(entry.mapping))


def gone(side: Side) -> Lost:
    """There is no such record."""
    return Lost(f"{CHOSEN[side]} is not there any more.", gone=True)


def unseen() -> Lost:
    """The Sugar record is there, and not among those that the user syncs."""
    return Lost(f"{CHOSEN[Side.SUGAR]} is outside your scope.")


def back_to_the_backlog(why: str, match: Match) -> Quarantine:
    """What cannot be carried out is asked about again: never is another contact made instead."""
    cause = "duplicate" if match.verdict is Verdict.DUPLICATE else "ambiguous"
    return Quarantine(cause, why, partners=match.partners)


def _in_sugar(mapping: ContactMapping | None) -> Lost | None:
    if mapping is None or mapping.state is State.GONE:
        return gone(Side.SUGAR)
    match mapping.state:
        case State.NEW:
            return None
        case State.OUT_OF_SCOPE:
            return unseen()
        case State.CREATING:
            return Lost(f"{CHOSEN[Side.SUGAR]} is just being created in Google.")
        case State.UNLINKED:
            return Lost(
                f"{CHOSEN[Side.SUGAR]} is one that is not synced any more. Link that one again first."
            )
    return Lost(f"{CHOSEN[Side.SUGAR]} is linked with another contact in Google by now.")


def _with(side: Side, owner: ContactMapping | None) -> Lost:
    """It has an owner, which is told by name."""
    name = (owner.name if owner is not None else "") or "another contact"
    match owner.state if owner is not None else State.LINKED:
        case State.CREATING:
            return Lost(f"{CHOSEN[side]} is just being linked with {name}.")
        case State.UNLINKED:
            return Lost(f"{CHOSEN[side]} was linked with {name}, which is not synced any more.")
        case State.OUT_OF_SCOPE:
            return Lost(f"{CHOSEN[side]} is linked with {name}, which left your scope.")
        case State.GONE:
            return Lost(f"{CHOSEN[side]} was deleted together with {name}.")
    return Lost(f"{CHOSEN[side]} is linked with {name} by now.")

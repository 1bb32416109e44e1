"""What may be decided about a contact in the backlog, worded by what each button will really do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...contacts.settings import SyncSettings
from ...contacts.side import Side
from ..backlog import BacklogItem
from .words import SIDES

Verb = Literal["release", "keep"]

ORDER = (
    "mass_delete",
    "deleted_and_edited",
    "merged_in_google",
    "ambiguous",
    "duplicate",
    "no_name",
    "refused",
    "loop",
    "failing",
    "unreadable",
)
"""The causes in the order of the page: deletions first."""
DELETES = ("mass_delete", "deleted_and_edited", "merged_in_google")
"""Causes that ask about a deletion."""
EXPLAINED = {
    "mass_delete": "So many at once may be a mistake. Nothing was deleted; everything else goes on syncing.",
    "deleted_and_edited": "One side deleted the contact, the other changed it since. Only you know which counts.",
    "merged_in_google": "Two contacts became one in Google. Sugar still has both records; nothing was deleted.",
    "ambiguous": "More than one contact on the other side shares an address with it. Say which one it is.",
    "duplicate": "The other side has a contact with the same name and address. Creating it would make a second one.",
    "no_name": "Sugar needs a last name, and nothing in this contact can stand in for one. "
    "Give it a name in Google: it is synced again by itself.",
    "refused": "The other side does not take the change. Repair what the reason names: once the contact is "
    "edited, it is synced again by itself.",
    "loop": "We wrote a value and something changed it back, again and again. Find out what does, then try again.",
    "failing": "The other side failed each time. Often it helps to try again later.",
    "unreadable": "The sync itself stumbled over it. Whoever maintains the sync finds it in the log; it is tried again "
    "with every version of the sync, and every six days.",
}


@dataclass(frozen=True, slots=True)
class Button:
    """One decision: what is on its button, what it will do, and whether that deletes something."""

    words: str
    does: str
    deletes: bool = False
    by_run: bool = True
    """A sync has to carry it out; otherwise it is done once it is decided."""


Buttons = dict[Verb, Button]


def buttons(item: BacklogItem, settings: SyncSettings) -> Buttons:
    """The decisions about one contact. `settings` are those in force."""
    if item.cause in DELETES and item.deletes_on is not None:
        return _about_deletion(item.cause, item.deletes_on, settings)
    if item.cause in ("ambiguous", "duplicate"):
        return _about_likeness(Side.SUGAR if item.sugar_id else Side.GOOGLE, settings)
    if item.sugar_id and item.google_id:
        kept = Button("Keep both as they are", "Both sides keep what they have, and it is no longer synced.")
    else:
        only = SIDES[Side.SUGAR if item.sugar_id else Side.GOOGLE]
        kept = Button("Leave it alone", f"It stays in {only} only, and is not asked about again.")
    again = "Both sides are read again, and what is to be done is done."
    return {"release": Button("Try again", again), "keep": _at_once(kept)}


def for_group(side: Side, count: int, settings: SyncSettings) -> Buttons:
    """The two decisions about contacts that were deleted at once; `side` still has them."""
    here, there = SIDES[side], SIDES[side.other]
    them = f"these {count}" if count != 1 else "this one"
    stay = f"Nothing is deleted. They stay in {here}, and are no longer synced with {there}."
    keep = Button(f"Keep {'them all' if count != 1 else 'it'}", stay, by_run=False)
    if not settings.may("delete", side):
        return {"keep": keep}
    gone = f"They are deleted in {here} too. Each whole record is kept in the history."
    return {"release": Button(f"Delete {them} in {here}", gone, deletes=True), "keep": keep}


def for_all(cause: str, count: int, sides: set[Side], settings: SyncSettings) -> Buttons:
    """The decisions about all contacts of a cause. `sides` are those on which a release would delete."""
    if cause in DELETES:
        where = SIDES[next(iter(sides))] if len(sides) == 1 else "the side that still has them"
        own = " Each becomes a contact of its own, where creating is switched on in your settings."
        kept = "Nothing is deleted." + (own if cause == "deleted_and_edited" else "")
        keep = Button(f"Keep all {count}", kept)
        if not any(settings.may("delete", side) for side in sides or Side):
            return {"keep": keep}
        gone = "Where deleting is switched off in your settings, the contact stays and is no longer synced."
        return {"release": Button(f"Delete all {count} in {where}", gone, deletes=True), "keep": keep}
    again = Button(f"Try all {count} again", "Each is read again, and what is to be done is done.")
    if cause in ("ambiguous", "duplicate"):
        own = "Each becomes a new contact on the other side, where creating is switched on."
        return {"release": again, "keep": Button(f"Make all {count} contacts of their own", own)}
    alone = Button(f"Leave all {count} alone", "Both sides stay as they are, and they are no longer synced.")
    return {"release": again, "keep": _at_once(alone)}


def _about_deletion(cause: str, side: Side, settings: SyncSettings) -> Buttons:
    here, there = SIDES[side], SIDES[side.other]
    delete = Button(
        f"Delete it in {here} too", f"The whole record in {here} is kept in the history.", deletes=True
    )
    stays = Button(f"Keep it in {here}", f"It stays in {here}, and is no longer synced.", by_run=False)
    may_delete = settings.may("delete", side)
    if cause == "merged_in_google":
        both = "Sugar keeps both records; this one is no longer synced."
        stays = Button("Keep both as they are", both, by_run=False)
    elif cause == "deleted_and_edited" and settings.may("create", side.other):
        own = Button(
            "Make it a contact of its own", f"It stays in {here}, and is created in {there} once more."
        )
        off = f"Deleting in {here} is switched off in your settings: it stays there, and is no longer synced."
        return {"release": delete if may_delete else Button("Stop syncing it", off), "keep": own}
    elif cause == "deleted_and_edited":
        stays = Button(stays.words, stays.does)
    return {"release": delete, "keep": stays} if may_delete else {"keep": stays}


def _about_likeness(side: Side, settings: SyncSettings) -> Buttons:
    here, there = SIDES[side], SIDES[side.other]
    again = Button(
        "Try again", "Both sides are looked at again: for when you have changed one of the contacts."
    )
    if not settings.may("create", side.other):
        off = f"It stays in {here} only: creating contacts in {there} is switched off in your settings."
        return {"release": again, "keep": Button("Leave it for now", off)}
    label = ", if it carries your label" if side is Side.GOOGLE and settings.google_label else ""
    own = f"It is created in {there} as a new contact{label}, beside what looks like it."
    return {"release": again, "keep": Button("Make it a contact of its own", own)}


def _at_once(button: Button) -> Button:
    return Button(button.words, button.does, button.deletes, by_run=False)

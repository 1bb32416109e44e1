"""What to do about one contact: a total function of both sides, the mapping and the settings.

`plan` decides about a mapping, `place` about a record that has no partner yet. Neither raises, reads a clock or knows
how anything is carried out; the engine turns the returned Action into writes. Whether a deletion is sent is further
subject to the guard, which looks at the whole book.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from dataclasses import replace
from datetime import datetime, timedelta

from .actions import (
    Action,
    Become,
    Create,
    Delete,
    Forget,
    Nothing,
    Presence,
    Quarantine,
    Renew,
    SideView,
    Update,
    Wait,
)
from .contact import PRIVATE_FIELDS, Contact
from .mapping import Flip, Mapping, Missing, State
from .match import Match, Verdict
from .merge import Leave, May, Merged, Winner, edited, merge
from .normal_form import field_text, is_empty
from .settings import SyncSettings
from .side import Side
from .sugar_name import held_beside

LOOP_TIMES = 3
LOOP_WINDOW = timedelta(hours=24)


def plan(
    mapping: Mapping, views: MappingType[Side, SideView], settings: SyncSettings, now: datetime
) -> Action:
    """Decide about a mapping whose sides were read directly. A `new` mapping is decided by `place`."""
    sugar, google = views[Side.SUGAR], views[Side.GOOGLE]
    if any(view.presence is Presence.UNCONFIRMED for view in views.values()):
        return Wait("a record is not found, and nothing proves that it was deleted")
    match mapping.state:
        case State.LINKED:
            return _linked(mapping, views, settings, now)
        case State.UNLINKED:
            return _unlinked(mapping, views, settings, now)
        case State.OUT_OF_SCOPE:
            return _out_of_scope(mapping, views, settings, now)
        case State.NEW:
            return Nothing() if sugar.present else Forget()
        case State.GONE:
            if sugar.present:
                return Become(State.NEW, forget=Side.GOOGLE)
            return Renew(Side.SUGAR) if google.present else Nothing()
        case State.CREATING:
            return Wait("the outcome of a create is not known yet")


def place(
    side: Side,
    view: SideView,
    match: Match,
    partner: SideView | None,
    settings: SyncSettings,
    *,
    may_create: bool = True,
    own_contact: bool = False,
    mapping: Mapping | None = None,
) -> Action:
    """Decide about a record of `side` that has no partner yet.

    `partner` is the matched record where the verdict is LINK. `may_create` is what the settings alone do not say: the
    label, a pause. `own_contact`: a person decided that it becomes a contact of its own, whatever it looks like.
    """
    if not view.present or view.contact is None:
        return Forget()
    creates = settings.may("create", side.other) and may_create
    if not settings.anything:
        return Nothing()
    if not own_contact:
        match match.verdict:
            case Verdict.LINK if partner is not None and partner.present:
                return _merge(mapping, {side: view, side.other: partner}, None, settings, None, links=True)
            case Verdict.LINK:
                return Wait("the matching record cannot be read yet")
            case Verdict.AMBIGUOUS:
                return Quarantine("ambiguous", "Several contacts could be this one.", partners=match.partners)
            case Verdict.OUT_OF_SCOPE:
                return Nothing()
            case Verdict.DUPLICATE if creates:
                return Quarantine(
                    "duplicate",
                    "A contact with this name and address exists there already.",
                    partners=match.partners,
                )
            case _:
                pass
    return Create(side.other, content_for(side.other, view.contact, settings)) if creates else Nothing()


def content_for(side: Side, contact: Contact, settings: SyncSettings) -> Contact:
    """What of a contact may be created on `side`: private fields stay in Google if the user keeps them."""
    if side is Side.SUGAR and settings.private_fields == "keep":
        return replace(contact, **dict.fromkeys(PRIVATE_FIELDS))
    return contact


def merge_now(
    mapping: Mapping | None,
    views: MappingType[Side, SideView],
    base: Contact | None,
    settings: SyncSettings,
    *,
    writes: bool = True,
) -> Merged:
    """The merge of two present records under the settings; the time of each side's change comes from the mapping."""
    known = mapping if base is not None else None
    return merge(
        {side: views[side].contact or Contact() for side in Side},
        base,
        {side: views[side].holds for side in Side},
        _winner(mapping, views, settings),
        may_write(known, views, settings),
        held_beside(known.filled, known.held) if known else None,
        known.holds if known else (),
        writes=writes,
    )


def agreed_base(
    mapping: Mapping | None,
    views: MappingType[Side, SideView],
    base: Contact | None,
    settings: SyncSettings,
) -> tuple[Contact, MappingType[Side, Contact]]:
    """The base that two records agree on as they are now, and what each side holds where that is not the base. What
    differs keeps its old base: it is left standing, or still to be written."""
    merged = merge_now(mapping, views, base, settings, writes=False)
    return merged.base, merged.held


def may_write(mapping: Mapping | None, views: MappingType[Side, SideView], settings: SyncSettings) -> May:
    """Which fields of a side may be written. `mapping` is None for two records that are to be linked."""
    sugar = views[Side.SUGAR].contact or Contact()
    opened = still_open(mapping, sugar) if mapping is not None else ()
    private = (
        frozenset(PRIVATE_FIELDS).difference(opened) if settings.private_fields == "keep" else frozenset()
    )

    def may(side: Side, name: str) -> Leave:
        if not settings.may("update", side):
            return Leave.NOT_NOW
        kept = side is Side.SUGAR and name in private
        return Leave.NEVER if kept or name in views[side].denied else Leave.YES

    return may


def open_fields(mapping: Mapping) -> tuple[str, ...]:
    """The private fields that Google's edits may reach in Sugar, as far as is known."""
    if mapping.open is not None:
        return mapping.open
    # Linked before this was noted: what both sides agreed on was there.
    base = mapping.base or Contact()
    return tuple(name for name in PRIVATE_FIELDS if getattr(base, name) and not is_empty(getattr(base, name)))


def still_open(mapping: Mapping, sugar: Contact) -> tuple[str, ...]:
    """The private fields in which Sugar held a value when the two were linked, and has held one ever since."""
    return tuple(name for name in open_fields(mapping) if not is_empty(getattr(sugar, name)))


def flips_after(
    mapping: Mapping, merged: Merged, contacts: MappingType[Side, Contact], now: datetime
) -> dict[str, Flip]:
    """The mapping's memory of what we wrote, once these targets are written."""
    flips = {
        key: flip for key, flip in mapping.flips.items() if flip.times and now - flip.times[-1] < LOOP_WINDOW
    }
    for side in Side:
        for name in merged.fields_to_write(side):
            before = field_text(name, getattr(contacts[side], name))
            after = field_text(name, getattr(merged.targets[side], name))
            known = flips.get(f"{side}_{name}")
            same = known is not None and (known.before, known.after) == (before, after)
            times = tuple(at for at in known.times if now - at < LOOP_WINDOW) if known and same else ()
            flips[f"{side}_{name}"] = Flip(side, before, after, (*times, now))
    return flips


def _linked(
    mapping: Mapping, views: MappingType[Side, SideView], settings: SyncSettings, now: datetime
) -> Action:
    sugar, google = views[Side.SUGAR], views[Side.GOOGLE]
    if sugar.presence is Presence.HIDDEN:
        return Become(State.OUT_OF_SCOPE, forget=None if google.present else Side.GOOGLE)
    if not sugar.present and not google.present:
        return Become(State.GONE)
    if sugar.present and google.present:
        return _merge(mapping, views, mapping.base, settings, now) if settings.anything else Nothing()
    gone = Side.GOOGLE if sugar.present else Side.SUGAR
    missing = mapping.missing if mapping.missing and mapping.misses(gone) else Missing(gone, now, False)
    directive = mapping.directive.kind if mapping.directive else None
    if directive == "create":
        return Renew(gone) if settings.may("create", gone) else Become(State.UNLINKED, missing)
    released = directive == "delete"
    if not ((missing.delete_on or released) and settings.may("delete", gone.other)):
        return Become(State.UNLINKED, missing)
    if released:
        return Delete(gone.other, released=True)
    survivor = views[gone.other]
    held = mapping.held.get(gone.other)
    if edited(survivor.contact or Contact(), mapping.base, survivor.holds, held):
        there, here = ("Google", "Sugar") if gone is Side.GOOGLE else ("Sugar", "Google")
        return Quarantine("deleted_and_edited", f"Deleted in {there} while it was edited in {here}.")
    return Delete(gone.other)


def _unlinked(
    mapping: Mapping, views: MappingType[Side, SideView], settings: SyncSettings, now: datetime
) -> Action:
    present = [side for side in Side if views[side].present]
    hidden = views[Side.SUGAR].presence is Presence.HIDDEN
    if not present and not hidden:
        return Become(State.GONE)
    again = mapping.directive is not None and mapping.directive.kind == "link"
    if again and hidden:
        return Become(State.OUT_OF_SCOPE, forget=None if views[Side.GOOGLE].present else Side.GOOGLE)
    if len(present) == 2 and (again or mapping.missing is not None):
        return _merge(mapping, views, mapping.base, settings, now)
    if len(present) == 1 and again:
        return Renew(present[0].other)
    return Nothing()


def _out_of_scope(
    mapping: Mapping, views: MappingType[Side, SideView], settings: SyncSettings, now: datetime
) -> Action:
    sugar, google = views[Side.SUGAR], views[Side.GOOGLE]
    if sugar.presence is Presence.DELETED:
        return (
            Become(State.UNLINKED, Missing(Side.SUGAR, now, False)) if google.present else Become(State.GONE)
        )
    if google.presence is Presence.DELETED and not sugar.present:
        return Become(State.OUT_OF_SCOPE, forget=Side.GOOGLE)
    if not sugar.present:
        return Nothing()
    if not google.present:
        return Become(State.NEW, forget=Side.GOOGLE)
    return _merge(mapping, views, mapping.base, settings, now)


def _merge(
    mapping: Mapping | None,
    views: MappingType[Side, SideView],
    base: Contact | None,
    settings: SyncSettings,
    now: datetime | None,
    *,
    links: bool = False,
) -> Action:
    merged = merge_now(mapping, views, base, settings)
    if mapping is None or now is None:
        return Update(merged, links=links)
    contacts = {side: views[side].contact or Contact() for side in Side}
    flips = flips_after(mapping, merged, contacts, now)
    for key, flip in flips.items():
        if len(flip.times) > LOOP_TIMES and flip.times[-1] == now:
            name = key.split("_", 1)[1]
            return Quarantine(
                "loop",
                f"Something else keeps changing this field back: {flip.before!r} and {flip.after!r} alternate.",
                field=name,
            )
    return Update(merged, flips, links=mapping.state is not State.LINKED)


def _winner(mapping: Mapping | None, views: MappingType[Side, SideView], settings: SyncSettings) -> Winner:
    """The side that wins a conflict, field by field. `newest`: the later first sight of the value that a side holds
    now; equal seconds: Sugar."""
    if settings.conflict != "newest":
        policy = Side(settings.conflict)
        return lambda _name: policy

    def changed(side: Side, name: str) -> datetime | None:
        value = getattr(views[side].contact or Contact(), name)
        seen = mapping.seen.since(side, name, value) if mapping else None
        return seen or views[side].modified_at

    def newest(name: str) -> Side:
        sugar, google = changed(Side.SUGAR, name), changed(Side.GOOGLE, name)
        if sugar is None or google is None:
            return Side.SUGAR
        return Side.GOOGLE if google.replace(microsecond=0) > sugar.replace(microsecond=0) else Side.SUGAR

    return newest

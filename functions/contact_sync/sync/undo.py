"""Undo of one history entry: a change like any other, planned on fresh reads, refused where it would trample an edit.

An update or a merge: the fields get their previous values on the side that was written, as if a person had edited them
there; the base stays, so that the ordinary rules carry the edit on. A create: the record is deleted there again. A
deletion: it is created there again. What is undone on one side is never undone on the other by a deletion or a create.
"""

from __future__ import annotations

from dataclasses import replace

from ..contacts import google_person
from ..contacts.actions import Action, Become, Create, Delete, Presence, Update
from ..contacts.contact import ADDRESSES, FIELDS, Contact
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.mapping import Missing, State
from ..contacts.merge import Merged
from ..contacts.normal_form import display_name, field_text, from_plain, same
from ..contacts.side import Side
from ..store import history, mappings
from ..store.records import HistoryEntry, PreviewRecord
from .batch import NO_RECORD, Batch, Case
from .choice import Choice, Declined
from .gather import Gatherer
from .session import Session, read_sugar

UNREAD = "The contact could not be read just now. Try again in a moment."
NOT_LINKED = "This contact is not linked any more, so the change cannot be taken back."
IN_BACKLOG = "This contact waits for your decision in the backlog. Decide there first."
NAMES = {Side.SUGAR: "Sugar", Side.GOOGLE: "Google"}

INSTEAD = {
    "link": "Linking two contacts wrote nothing. Use Unlink to stop syncing them.",
    "unlinked": "Nothing was written then. Use Link again to sync this contact again.",
    "out_of_scope": "Nothing was written then. The contact is synced again once it is back in your scope.",
    "gone": "Nothing was written then: both records were deleted already.",
    "new": "Nothing was written then.",
}


def refusal(entry: HistoryEntry) -> str | None:
    """Why an entry of this kind can never be undone, and what to do instead; None: it may be."""
    if entry.side is None or entry.action not in ("update", "merge", "create", "delete"):
        return INSTEAD.get(entry.action, "Nothing was written then, so there is nothing to undo.")
    if entry.sugar_id is None:
        return "This was a second copy that had been made by mistake. It cannot be brought back."
    if entry.action != "create" and entry.before is None:
        return "The history does not hold what was there before."
    if entry.action != "delete" and not entry.changes:
        return "No field was changed then, so there is nothing to undo."
    return None


class Undo(Choice):
    """The one contact of a history entry that is to be undone."""

    def __init__(self, session: Session, preview: PreviewRecord) -> None:
        super().__init__(session)
        self._preview = preview
        self._given = False

    def next(self) -> Batch | None:
        """The contact with what takes the entry back. Raises Declined."""
        if self._given:
            return None
        self._given = True
        session = self.session
        entry = history.get(session.engine.db, session.user.id, self._preview.undo or "")
        why = "The history no longer holds this entry." if entry is None else refusal(entry)
        if entry is None or entry.side is None or why is not None:
            raise Declined(why or UNREAD)
        batch, case, mapping = self._read(entry)
        if entry.action == "create":
            case.action = self._uncreate(entry, entry.side, case, mapping)
        elif entry.action != "delete":
            case.action = self._unwrite(entry, entry.side, case, mapping)
        elif entry.side is Side.GOOGLE:
            case.action = self._back_in_google(entry, case, mapping)
        else:
            case = self._back_in_sugar(entry, case, mapping)
        case.trigger = "undo"
        batch.cases = [case]
        return batch

    def _read(self, entry: HistoryEntry) -> tuple[Batch, Case, ContactMapping]:
        session, sugar_id = self.session, entry.sugar_id or ""
        forgotten = ContactMapping(sugar_id, name=entry.name, state=State.GONE)
        known = mappings.get(session.engine.db, session.user.id, [sugar_id]).get(sugar_id, forgotten)
        if known.backlog is not None:
            raise Declined(IN_BACKLOG)
        company = _before(entry, known).company
        batch = Gatherer(session).gather([known], (), [company] if company else [])
        case = batch.cases[0]
        unread = case.unread is not None or case.due_again is not None or case.mapping is None
        if unread or any(view.presence is Presence.UNCONFIRMED for view in case.views.values()):
            raise Declined(UNREAD)
        return batch, case, case.mapping or known

    def _unwrite(self, entry: HistoryEntry, side: Side, case: Case, mapping: ContactMapping) -> Action:
        """The fields' previous values, where nobody changed them since."""
        _require_linked(case, mapping)
        present, before = case.contacts[side], _before(entry, mapping)
        values = {}
        for change in entry.changes:
            name, value = change.field, getattr(before, change.field)
            if name in case.views[side].denied:
                raise Declined(f"You may not change this field in {NAMES[side]}: {_words(name)}.")
            if not _shows(name, getattr(present, name), change.after):
                raise Declined(f"This field was changed again since then: {_words(name)}.")
            if value is None:
                raise Declined(f"The history does not hold the previous value of: {_words(name)}.")
            values[name] = value
        if self.session.settings.may("update", side.other):
            case.due_again = self.session.engine.now()
            case.note = f"The next sync takes it to {NAMES[side.other]}, like any other edit."
        else:
            case.note = f"It stays in {NAMES[side]} only: Update from {NAMES[side]} is off."
        return Update(Merged({side: Contact(**values)}, mapping.base or Contact()))

    def _uncreate(self, entry: HistoryEntry, side: Side, case: Case, mapping: ContactMapping) -> Action:
        """Delete what was created, as long as it is exactly that."""
        # An interrupted run of this undo left it unlinked already, and the record there.
        begun = mapping.state is State.UNLINKED and mapping.misses(side)
        _require_linked(case, replace(mapping, state=State.LINKED) if begun else mapping)
        created = {change.field: change.after for change in entry.changes}
        for name in FIELDS:
            value = getattr(case.contacts[side], name)
            if value is not None and not _shows(name, value, created.get(name, "")):
                raise Declined(f"The contact was edited since it was created: {_words(name)}.")
        case.note = (
            f"It stays in {NAMES[side.other]} and is not created again by itself; Link again brings it back."
        )
        then = Become(State.UNLINKED, Missing(side, self.session.engine.now(), False))
        return Delete(side, released=True, then=then)

    def _back_in_google(self, entry: HistoryEntry, case: Case, mapping: ContactMapping) -> Action:
        """Create the contact in Google again, under the mapping it had."""
        session, sugar = self.session, case.views[Side.SUGAR]
        settled = mapping.state in (State.GONE, State.OUT_OF_SCOPE)
        if not settled and not (mapping.state is State.UNLINKED and mapping.missing is not None):
            raise Declined(
                "The contact is synced, or was unlinked by you. Use Link again or Sync now instead."
            )
        if case.views[Side.GOOGLE].present or self._is_alive(entry.google_id):
            raise Declined("The contact is in Google already.")
        contact = _before(entry, mapping)
        then: Become | None = None
        case.note = "What the sync does not hold (labels, the photo) does not come back."
        if sugar.presence is Presence.HIDDEN:
            then = Become(State.OUT_OF_SCOPE)
        elif not sugar.present:
            then = Become(State.UNLINKED, Missing(Side.SUGAR, session.engine.now(), False))
            case.note += " The contact stays in Google only; Link again makes a new Sugar record of it."
        case.mapping = replace(
            ContactMapping(mapping.sugar_id),
            name=mapping.name or display_name(contact),
            match_keys=session.terms(contact),
            state=mapping.state,
            missing=then.missing if then else None,
            filled=mapping.filled,
            created_side=mapping.created_side,
            updated_at=mapping.updated_at,
        )
        case.person, case.views[Side.GOOGLE] = None, NO_RECORD
        return Create(Side.GOOGLE, contact, then)

    def _back_in_sugar(self, entry: HistoryEntry, case: Case, mapping: ContactMapping) -> Case:
        """Create the record in Sugar again, under the id that was chosen for it when the undo was ordered."""
        session, new_id = self.session, self._preview.new_id or ""
        if case.views[Side.SUGAR].presence is not Presence.DELETED:
            raise Declined("The contact is in Sugar already.")
        if case.views[Side.GOOGLE].present:
            raise Declined(
                "The contact is in Google still. Link it again: Sugar then gets a new record of it."
            )
        if new_id in mappings.get(session.engine.db, session.user.id, [new_id]):
            raise Declined("The contact was created in Sugar again already.")
        contact = _before(entry, mapping)
        then = Become(State.UNLINKED, Missing(Side.GOOGLE, session.engine.now(), False))
        fresh = ContactMapping(
            new_id,
            name=display_name(contact),
            match_keys=session.terms(contact),
            missing=then.missing,
        )
        note = "Sugar gets a new record of it. It stays in Sugar only; Link again creates it in Google, too."
        return Case(mapping=fresh, action=Create(Side.SUGAR, contact, then), note=note)

    def _is_alive(self, google_id: str | None) -> bool:
        """Whether Google still has the contact that was deleted."""
        if google_id is None:
            return False
        read = self.session.google.get([google_id])
        if google_id in read.failed:
            raise Declined(UNREAD)
        person = read.people.get(google_id)
        return person is not None and google_person.source_id(person) is not None


def _require_linked(case: Case, mapping: ContactMapping) -> None:
    if mapping.state is not State.LINKED or not all(view.present for view in case.views.values()):
        raise Declined(NOT_LINKED)


def _before(entry: HistoryEntry, mapping: ContactMapping) -> Contact:
    """What was there before: a Contact, or of a deletion the whole record as its side returned it."""
    if entry.before is None:
        return Contact()
    if entry.action != "delete":
        return from_plain(entry.before)
    if entry.side is Side.SUGAR:
        return read_sugar(entry.before, mapping)
    return google_person.read(entry.before, mapping.base)


def _shows(name: str, value: object, text: str) -> bool:
    """Whether a field holds what the history says of it."""
    if field_text(name, value) == text:
        return True
    if name in ADDRESSES:
        return False
    told = tuple(text.split(", ")) if name == "emails" and text else text or (() if name == "emails" else "")
    return same(name, value, told)


def _words(name: str) -> str:
    return name.replace("_", " ")

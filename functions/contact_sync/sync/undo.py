"""Undo of one history entry: planned on fresh reads, refused where it would trample an edit.

It is taken back on the side that was written, or on both, as the person chose; a person's word needs no switch.
An update or a merge: the fields get their previous values; on one side only, they rest until either side changes them.
A create: the record is deleted again. A deletion: it is created again. What is done on both sides is done one side
after the other, each as a step of its own that a crash does not lose.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from ..contacts import google_person
from ..contacts.actions import Action, Become, Create, Delete, Presence
from ..contacts.contact import FIELDS, PRIVATE_FIELDS, Contact
from ..contacts.field_words import field_words
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.mapping import Missing, State
from ..contacts.merge import edited
from ..contacts.normal_form import display_name, from_plain
from ..contacts.plan import still_open
from ..contacts.side import Side
from ..store import history, mappings
from ..store.records import HistoryEntry, PreviewRecord
from .batch import NO_RECORD, Batch, Case
from .choice import Choice, Declined
from .gather import Gatherer
from .session import Session, read_sugar
from .undo_fields import NAMES, shows, taken_back

Sides = Literal["written", "both"]
"""Where it is taken back."""

UNREAD = "The contact could not be read just now. Try again in a moment."
NOT_LINKED = "This contact is not linked any more, so the change cannot be taken back."
IN_BACKLOG = "This contact waits for your decision in the backlog. Decide there first."

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
        """The contact with what takes the entry back, once. Raises Declined."""
        if self._given:
            return None
        self._given = True
        return self.step()

    def step(self) -> Batch:
        """The contact with what takes the entry back, or is left of that. Raises Declined."""
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
        else:
            case = self._back(entry, case, mapping)
        case.trigger = "undo"
        batch.cases = [case]
        return batch

    @property
    def _on_both(self) -> bool:
        return self._preview.sides == "both"

    def _read(self, entry: HistoryEntry) -> tuple[Batch, Case, ContactMapping]:
        session, sugar_id = self.session, entry.sugar_id or ""
        forgotten = ContactMapping(sugar_id, name=entry.name, state=State.GONE)
        known = mappings.get(session.engine.db, session.user.id, [sugar_id]).get(sugar_id, forgotten)
        if known.backlog is not None:
            raise Declined(IN_BACKLOG)
        company = _before(entry, known).company
        batch = Gatherer(session).gather([known], (), [company] if company else [])
        case = batch.cases[0]
        unread = case.aside or case.unread is not None or case.due_again is not None or case.mapping is None
        if unread or any(view.presence is Presence.UNCONFIRMED for view in case.views.values()):
            raise Declined(UNREAD)
        return batch, case, case.mapping or known

    def _unwrite(self, entry: HistoryEntry, side: Side, case: Case, mapping: ContactMapping) -> Action:
        """The fields' previous values, where nobody changed them since."""
        _require_linked(case, mapping)
        # Whatever else is due for this contact stays so.
        case.due_again = mapping.due_at
        case.note, action = taken_back(
            entry, side, _before(entry, mapping), case, mapping, self.session.settings, on_both=self._on_both
        )
        return action

    def _uncreate(self, entry: HistoryEntry, side: Side, case: Case, mapping: ContactMapping) -> Action:
        """Delete what was created, as long as it is exactly that."""
        # An interrupted run of this undo, or an earlier one of one side, left it unlinked already.
        begun = mapping.state is State.UNLINKED and mapping.misses(side)
        alone = begun and self._on_both and not case.views[side].present and case.views[side.other].present
        if not alone:
            _require_linked(case, replace(mapping, state=State.LINKED) if begun else mapping)
        created = {change.field: change.after for change in entry.changes}
        for name in FIELDS:
            value = getattr(case.contacts[side], name)
            if value is not None and not shows(name, value, created.get(name, "")):
                raise Declined(f"The contact was edited since it was created: {field_words(name)}.")
        there, view = side.other, case.views[side.other]
        if self._on_both:
            held = mapping.held.get(there)
            if changed := edited(case.contacts[there], mapping.base, view.holds, held):
                raise Declined(f"The contact was edited since it was created: {field_words(*changed)}.")
            case.note = "It is deleted on both sides. The history keeps both records."
        else:
            case.note = (
                f"It stays in {NAMES[there]} and is not created again by itself; Link again brings it back."
            )
        if alone:
            return Delete(there, released=True)
        then = Become(State.UNLINKED, Missing(side, self.session.engine.now(), False))
        return Delete(side, released=True, then=then, also=self._on_both)

    def _back(self, entry: HistoryEntry, case: Case, mapping: ContactMapping) -> Case:
        """Create the record again that was deleted."""
        if entry.side is Side.SUGAR or (
            self._on_both and case.views[Side.SUGAR].presence is Presence.DELETED
        ):
            return self._back_in_sugar(entry, case, mapping)
        case.action = self._back_in_google(entry, case, mapping)
        return case

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
        """Create the record in Sugar again, under the id that was chosen for it when the undo was ordered; then in
        Google, where it is to be on both sides."""
        session, new_id = self.session, self._preview.new_id or ""
        if case.views[Side.SUGAR].presence is not Presence.DELETED:
            raise Declined("The contact is in Sugar already.")
        if case.views[Side.GOOGLE].present or (entry.side is Side.GOOGLE and self._is_alive(entry.google_id)):
            raise Declined(
                "The contact is in Google still. Link it again: Sugar then gets a new record of it."
            )
        contact = _before(entry, mapping)
        restored = mappings.get(session.engine.db, session.user.id, [new_id]).get(new_id)
        if restored is not None:
            return self._then_in_google(restored, contact)
        then = Become(State.UNLINKED, Missing(Side.GOOGLE, session.engine.now(), False))
        fresh = ContactMapping(
            new_id,
            name=display_name(contact),
            match_keys=session.terms(contact),
            missing=then.missing,
        )
        if self._on_both:
            note = "Sugar gets a new record of it. What the sync does not hold (labels, the photo) does not come back."
        else:
            note = (
                "Sugar gets a new record of it. It stays in Sugar only; Link again creates it in Google, too."
            )
        in_sugar = self._for_sugar(contact, mapping) if entry.side is Side.GOOGLE else contact
        action = Create(Side.SUGAR, in_sugar, then, also=contact if self._on_both else None)
        return Case(mapping=fresh, action=action, note=note)

    def _then_in_google(self, restored: ContactMapping, contact: Contact) -> Case:
        """The second step of what is to be on both sides, once Sugar has its record."""
        first_step_done = restored.state is State.UNLINKED and restored.misses(Side.GOOGLE)
        if not self._on_both or not first_step_done or restored.google_id is not None:
            raise Declined("The contact was created in Sugar again already.")
        case = Gatherer(self.session).gather([restored], ()).cases[0]
        if case.unread is not None or case.mapping is None or not case.views[Side.SUGAR].present:
            raise Declined(UNREAD)
        case.mapping = replace(case.mapping, missing=None)
        case.action = Create(Side.GOOGLE, contact)
        return case

    def _for_sugar(self, contact: Contact, mapping: ContactMapping) -> Contact:
        """What of Google's record may be in Sugar: private fields only where they were."""
        if self.session.settings.private_fields != "keep":
            return contact
        there = still_open(mapping, contact)
        return replace(contact, **{name: None for name in PRIVATE_FIELDS if name not in there})

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

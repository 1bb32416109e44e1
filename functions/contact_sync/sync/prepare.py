"""Turn actions into the writes that each side will be sent. Nothing leaves the process here."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..contacts import google_person, sugar_record
from ..contacts.actions import Create, Delete, Quarantine, Update
from ..contacts.mapping import Filled
from ..contacts.side import Side
from ..contacts.sugar_name import NoName
from ..services.google_people import Person, PersonUpdate
from ..services.sugar import SugarWrite
from .batch import Batch, Case
from .reservations import Reservations
from .session import Session


@dataclass(slots=True)
class Writes:
    """What goes out, with the case each write belongs to by the key its outcome will carry."""

    sugar: list[SugarWrite] = field(default_factory=list)
    google_deletes: list[str] = field(default_factory=list)
    google_updates: list[PersonUpdate] = field(default_factory=list)
    google_creates: list[tuple[str, Person]] = field(default_factory=list)
    cases: dict[Side, dict[str, Case]] = field(default_factory=lambda: {side: {} for side in Side})
    filled: dict[str, Filled | None] = field(default_factory=dict)
    """By Sugar id: the filler that stands in Sugar once the write is done."""
    new_ids: dict[str, str] = field(default_factory=dict)
    """By Google id: the Sugar id chosen for a record to be created of that contact."""
    reservations: Reservations | None = None
    """What is reserved of the records to be created in Sugar, once the batch is journalled."""

    def leave(self, case: Case) -> None:
        """Send nothing for this case."""
        for cases in self.cases.values():
            for key in [key for key, held in cases.items() if held is case]:
                del cases[key]
        self.sugar = [write for write in self.sugar if write.id in self.cases[Side.SUGAR]]
        google = self.cases[Side.GOOGLE]
        self.google_deletes = [key for key in self.google_deletes if key in google]
        self.google_updates = [update for update in self.google_updates if update.key in google]
        self.google_creates = [(key, person) for key, person in self.google_creates if key in google]


def prepare(session: Session, batch: Batch) -> Writes:
    """The writes of a batch. A contact that cannot be given a name for Sugar turns into a backlog entry."""
    writes = Writes()

    def step(case: Case) -> None:
        try:
            _prepare(session, batch, case, writes)
        except NoName:
            message = "Sugar needs a last name, and this contact has nothing that could stand in for it."
            case.action = Quarantine("no_name", message, "last_name")

    batch.each(step)
    for case in batch.cases:
        if case.aside:
            writes.leave(case)
    return writes


def _prepare(session: Session, batch: Batch, case: Case, writes: Writes) -> None:
    action = case.action
    if isinstance(action, Update):
        _prepare_update(session, batch, case, action, writes)
    elif isinstance(action, Create):
        _prepare_create(session, batch, case, action, writes)
    elif isinstance(action, Delete):
        _prepare_delete(case, action.side, writes)


def _prepare_update(session: Session, batch: Batch, case: Case, action: Update, writes: Writes) -> None:
    mapping, targets = case.mapping, action.merged.targets
    if mapping is None:
        return
    if Side.SUGAR in targets and case.record is not None:
        patch = sugar_record.patch(
            case.record,
            targets[Side.SUGAR],
            mapping.filled,
            session.schema,
            batch.accounts,
            case.views[Side.SUGAR].denied,
        )
        if patch.filled != mapping.filled:
            writes.filled[mapping.sugar_id] = patch.filled
        if patch.fields:
            write = SugarWrite("update", mapping.sugar_id, patch.fields, case.record.get("date_modified"))
            writes.sugar.append(write)
            writes.cases[Side.SUGAR][mapping.sugar_id] = case
    if Side.GOOGLE in targets and case.person is not None:
        fields = google_person.patch(case.person, targets[Side.GOOGLE], mapping.base)
        google_id = google_person.google_id(case.person)
        if fields:
            writes.google_updates.append(PersonUpdate(google_id, case.person, fields))
            writes.cases[Side.GOOGLE][google_id] = case


def _prepare_create(session: Session, batch: Batch, case: Case, action: Create, writes: Writes) -> None:
    if action.side is Side.GOOGLE and case.mapping is not None:
        person = google_person.new_person(
            action.contact, case.mapping.sugar_id, session.settings.google_label
        )
        writes.google_creates.append((case.mapping.sugar_id, person))
        writes.cases[Side.GOOGLE][case.mapping.sugar_id] = case
    else:
        denied = session.denied
        patch = sugar_record.patch(None, action.contact, None, session.schema, batch.accounts, denied)
        sugar_id = case.mapping.sugar_id if case.mapping is not None else session.engine.new_id()
        fields = {**patch.fields, "assigned_user_id": session.user.sugar_user_id}
        if session.settings.sugar_scope == "flagged":
            fields["sync_contact"] = True
        writes.sugar.append(SugarWrite("create", sugar_id, fields))
        writes.cases[Side.SUGAR][sugar_id] = case
        writes.filled[sugar_id] = patch.filled
        if case.entry is not None:
            writes.new_ids[case.entry.google_id] = sugar_id


def _prepare_delete(case: Case, side: Side, writes: Writes) -> None:
    if side is Side.GOOGLE and case.google_id is not None:
        writes.google_deletes.append(case.google_id)
        writes.cases[side][case.google_id] = case
    elif case.mapping is not None:
        writes.sugar.append(SugarWrite("delete", case.mapping.sugar_id, {}))
        writes.cases[side][case.mapping.sugar_id] = case

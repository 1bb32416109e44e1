"""One user with many contacts and a long past, written as a run writes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain

from contact_sync.contacts import normal_form
from contact_sync.contacts.contact import Address, Contact
from contact_sync.contacts.mapping import IndexEntry, Mapping, Missing, Seen, State
from contact_sync.contacts.side import Side
from contact_sync.store import backlog, google_index, history, mappings, previews, runs
from contact_sync.store.database import Database
from contact_sync.store.records import (
    BacklogEntry,
    Change,
    HistoryEntry,
    PlannedAction,
    PlannedChange,
    PreviewRecord,
    RunRecord,
)
from contact_sync.store.write import Write

MAPPINGS, BACKLOG, RUNS = 5_000, 200, 300
PREVIEW, PLANNED = "preview", 100
CAUSES = ("refused", "ambiguous", "duplicate", "no_name", "deleted_and_edited")
_ENTRIES_OF_A_RUN = 100
_BUSY_CONTACTS = 10


def run_id(number: int) -> str:
    """The id of a run."""
    return f"run-{number:04}"


def sugar_id(number: int) -> str:
    """The Sugar id of a contact."""
    return f"00000000-0000-4000-8000-{number:012}"


RUN = run_id(RUNS)
CONTACT = sugar_id(1)
"""A contact of whom more is told, in the shortest history, than fits on a page."""

ENTRY = history.entry_id(RUN, CONTACT, "update0")
"""The newest history entry."""


def fill(
    db: Database, user_id: str, now: datetime, *, contacts: int = MAPPINGS, waiting: int = BACKLOG
) -> None:
    """Write the contacts, most of them linked, `waiting` backlog entries about some, the runs, and a preview."""
    groups = chain(_contacts(user_id, now, contacts, waiting), _runs(user_id, now), _preview(user_id, now))
    for chunk in db.chunks(groups):
        db.commit(chunk)


def add_history(db: Database, user_id: str, now: datetime, start: int, stop: int) -> None:
    """Write the entries `start` to `stop`, counted from the newest: a longer history reaches further back.

    They are about a few contacts, so that there are many about each.
    """
    for chunk in db.chunks([_entry(user_id, now, number)] for number in range(start, stop)):
        db.commit(chunk)


def _contact(number: int) -> Contact:
    return Contact(
        first_name="Contact",
        last_name=f"No {number:05}",
        title="Head of Purchasing",
        company="Harbour Works",
        emails=(f"contact{number}@example.test", f"private{number}@mail.test"),
        phone_work=f"+49 30 5550 {number:05}",
        phone_mobile=f"+49 170 555 {number:05}",
        primary_address=Address("Am Hafen 1", "Hamburg", "", "20457", "Germany"),
        description="Met at the fair; wants the spring catalogue.",
    )


def _contacts(user_id: str, now: datetime, contacts: int, waiting: int) -> Iterator[Sequence[Write]]:
    step = max(1, contacts // max(1, waiting))
    left = waiting
    for number in range(1, contacts + 1):
        contact = _contact(number)
        google_id = f"c{number:019}"
        entry = f"entry-{number:05}" if left and number % step == 0 else None
        unlinked = number % 50 == 1
        mapping = Mapping(
            sugar_id(number),
            google_id,
            name=f"{contact.first_name} {contact.last_name}",
            match_keys=(f"a:{number:032x}",),
            state=State.UNLINKED if unlinked else State.LINKED,
            base=contact,
            seen=Seen(sugar_date="2026-03-02T09:00:00+00:00", google_etag=f"etag{number}"),
            missing=Missing(Side.GOOGLE, now, delete_on=False) if unlinked else None,
            created_side=Side.GOOGLE if number % 3 else None,
            backlog=entry,
        )
        writes = [
            mappings.put(user_id, mapping),
            google_index.put(
                user_id, IndexEntry(google_id, mapping.sugar_id, google_id, mapping.match_keys, entry)
            ),
        ]
        if entry:
            left -= 1
            writes.append(backlog.put(user_id, _waiting(entry, mapping, contact, now, number)))
        yield writes


def _waiting(entry: str, mapping: Mapping, contact: Contact, now: datetime, number: int) -> BacklogEntry:
    plain = normal_form.to_plain(contact)
    return BacklogEntry(
        entry,
        mapping.sugar_id,
        mapping.google_id,
        mapping.name,
        CAUSES[number % len(CAUSES)],
        "SugarCRM refused the value of this field.",
        now - timedelta(minutes=number),
        field="email",
        attempts=1,
        records={"sugar": plain, "google": plain},
    )


def _runs(user_id: str, now: datetime) -> Iterable[Sequence[Write]]:
    for number in range(1, RUNS + 1):
        at = now - timedelta(minutes=5 * (RUNS - number + 1))
        counts = {"google_updated": 60, "sugar_updated": 40}
        record = RunRecord(
            run_id(number), "schedule", at, at + timedelta(seconds=20), "done", 100, 100, counts=counts
        )
        yield [runs.put(user_id, record)]


def _preview(user_id: str, now: datetime) -> Iterable[Sequence[Write]]:
    expire_at = now + timedelta(hours=1)
    counts = {"google_updated": PLANNED}
    yield [
        previews.put(user_id, PreviewRecord(PREVIEW, "ready", now, expire_at, counts=counts, total=PLANNED))
    ]
    for number in range(1, PLANNED + 1):
        before = normal_form.to_plain(_contact(number))
        action = PlannedAction(
            sugar_id(number),
            "google_updated",
            ("google_updated",),
            f"Contact No {number:05}",
            f"{number:064x}",
            sugar_id(number),
            f"c{number:019}",
            before={Side.SUGAR: before | {"title": "Director"}, Side.GOOGLE: before},
            after={side: before | {"title": "Director"} for side in Side},
            changes=(PlannedChange(Side.GOOGLE, "title", "Head of Purchasing", "Director"),),
        )
        yield [previews.put_action(user_id, PREVIEW, action, expire_at)]


def _entry(user_id: str, now: datetime, number: int) -> Write:
    run = run_id(max(1, RUNS - number // _ENTRIES_OF_A_RUN))
    contact = number % _BUSY_CONTACTS + 1
    entry = HistoryEntry(
        history.entry_id(run, sugar_id(contact), f"update{number}"),
        now - timedelta(seconds=30 * number),
        run,
        "schedule",
        sugar_id(contact),
        f"c{contact:019}",
        f"Contact No {contact:05}",
        "update",
        Side.GOOGLE if number % 5 < 3 else Side.SUGAR,
        history.DONE,
        before=normal_form.to_plain(_contact(contact)),
        changes=(
            Change("phone_work", "+49 30 1", "+49 30 2"),
            Change("title", "Buyer", "Head of Purchasing"),
        ),
        expire_at=now + timedelta(days=90),
    )
    return history.put(user_id, entry)

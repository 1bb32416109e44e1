"""Fetch: read both sides of every chosen contact directly, Google first, then Sugar with all look-ups in one call.

What the feeds said only made these contacts due; from here on only these reads count.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..contacts.contact import Contact
from ..contacts.mapping import IndexEntry, State
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.match import Match, Party, Verdict
from ..contacts.normal_form import match_address
from ..contacts.side import Side
from ..services.google_people import Read
from ..services.outcome import Outcome, Status
from ..services.sugar import Fetched
from ..store import google_index, mappings
from .aside import STORED
from .batch import NO_RECORD, Batch, Case
from .chosen import gone, lost, partner_chosen_for, unseen
from .field import Field
from .intake_google import DUPLICATE, index_terms
from .session import Session, read_google, read_sugar
from .vanished import Vanished
from .views import Views


class Gatherer:
    """Turns chosen mappings and index entries into cases with both sides read."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.field = Field(session)
        self.batch = Batch()
        self.people = Read()
        self.vanished = Vanished(session)
        self.owners: dict[str, ContactMapping] = {}
        """By Sugar id: the mappings of chosen contacts that are not known as unlinked."""

    def gather(
        self,
        chosen: Iterable[ContactMapping],
        entries: Iterable[IndexEntry],
        companies: Collection[str] = (),
    ) -> Batch:
        """Read everything the batch needs; these `companies` are looked up, too."""
        batch = self.batch
        batch.cases = [Case(mapping=mapping) for mapping in chosen]
        batch.cases += self._entry_cases(entries, {case.key for case in batch.cases})
        for case in batch.cases:
            if any(item is not None and item.unreadable for item in (case.mapping, case.entry)):
                case.put_aside(STORED)
        self._load_field(batch)
        people = self.people = self._read_google(batch)
        self.vanished.follow(batch, people)
        self._place_linked(batch.cases)
        fetched = self._read_sugar(batch, people, companies)
        views = Views(self.session, people, fetched)
        views.show(batch)
        self._match(batch, fetched)
        batch.cases = _one_per_pair(batch.cases)
        batch.accounts, batch.read_at = views.accounts, fetched.read_at
        batch.each(lambda case: self._join_partner(case, views))
        return batch

    def linked(self, sugar_ids: Iterable[str]) -> list[ContactMapping]:
        """Those of these mappings that are linked."""
        field, wanted = self.field, set(sugar_ids)
        unknown = sorted(wanted - field.mappings.keys())
        if unknown:
            field.mappings.update(mappings.get(self.session.engine.db, self.session.user.id, unknown))
        found = (field.mappings[key] for key in sorted(wanted & field.mappings.keys()))
        return [mapping for mapping in found if mapping.state is State.LINKED]

    def _entry_cases(self, entries: Iterable[IndexEntry], chosen: Collection[str]) -> list[Case]:
        """Cases of Google contacts; one whose mapping was chosen, too, comes after that was decided."""
        held = [entry for entry in entries if entry.mapping not in chosen]
        owners = {entry.mapping for entry in held if entry.mapping is not None}
        self.owners = mappings.get(self.session.engine.db, self.session.user.id, sorted(owners))
        return [Case(entry=entry) for entry in held]

    def _load_field(self, batch: Batch) -> None:
        def add(case: Case) -> None:
            if case.mapping is not None:
                if case.mapping.state is State.NEW:
                    self.field.add_mapping(case.mapping)
            elif case.entry is not None and _unplaced(case.entry):
                self.field.add_entry(case.entry)

        batch.each(add)
        self.field.look_up(
            term
            for parties in self.field.parties.values()
            for party in list(parties.values())
            for term in party.terms
        )

    def _place_linked(self, cases: list[Case]) -> None:
        """A contact that a mapping of this batch has, or follows from now on, is nobody else's candidate."""
        for case in cases:
            google_id = case.mapping.google_id if case.mapping is not None else None
            if google_id is not None and google_id in self.field.parties[Side.GOOGLE]:
                self.field.placed(Side.GOOGLE, google_id)

    def _read_google(self, batch: Batch) -> Read:
        ids = self.vanished.candidates(case for case in batch.cases if not case.aside)

        def add(case: Case) -> None:
            if case.google_id is not None:
                ids.append(case.google_id)
            elif case.mapping is not None and case.mapping.state is State.NEW:
                ids.extend(self._partners(Side.SUGAR, case))
            if (
                case.entry is not None
                and case.entry.directive is not None
                and case.entry.directive.kind == DUPLICATE
            ):
                original = self._mapping_of_duplicate(case.entry)
                if original is not None and original.google_id is not None:
                    ids.append(original.google_id)

        batch.each(add)
        unique = list(dict.fromkeys(ids))
        return self.session.google.get(unique) if unique else Read()

    def _mapping_of_duplicate(self, entry: IndexEntry) -> ContactMapping | None:
        partner = entry.directive.partner if entry.directive else None
        if partner and partner not in self.field.mappings:
            found = mappings.get(self.session.engine.db, self.session.user.id, [partner])
            self.field.mappings.update(found)
        return self.field.mappings.get(partner or "")

    def _partners(self, side: Side, case: Case) -> list[str]:
        """Ids on the other side that may turn out to be the subject's partner."""
        match = self.field.match(side, case.key)
        partners = list(match.partners) if match.verdict is Verdict.LINK else []
        chosen = partner_chosen_for(case.mapping or case.entry)
        if chosen is not None:
            self._know(side.other, chosen)
            partners = [chosen, *(partner for partner in partners if partner != chosen)]
        return partners

    def _know(self, side: Side, key: str) -> None:
        """Have what is stored of a record, whoever it shares addresses with."""
        db, user_id = self.session.engine.db, self.session.user.id
        if side is Side.GOOGLE and key not in self.field.entries:
            for found in google_index.get(db, user_id, [key]).values():
                self.field.add_entry(found)
        elif side is Side.SUGAR and key not in self.field.mappings:
            for mapping in mappings.get(db, user_id, [key]).values():
                self.field.add_mapping(mapping)

    def _read_sugar(self, batch: Batch, people: Read, named: Collection[str]) -> Fetched:
        session = self.session
        ids: list[str] = []
        look_up: set[str] = set()
        companies: set[str | None] = set(named)
        names: set[tuple[str, str]] = set()

        def add(case: Case) -> None:
            person = people.people.get(case.google_id or "")
            if case.mapping is not None:
                ids.append(case.mapping.sugar_id)
                companies.add((case.mapping.base or Contact()).company)
                if case.mapping.google_id is None and case.mapping.state is State.NEW:
                    for partner in self._partners(Side.SUGAR, case):
                        companies.update(_companies(people.people.get(partner)))
            elif case.entry is not None and _unplaced(case.entry) and person is not None:
                self._sync_terms(case.entry, person)
                ids.extend(self._partners(Side.GOOGLE, case))
                contact = read_google(person, None)
                look_up.update({match_address(email) for email in contact.emails or ()} - {""})
                if not contact.emails and contact.last_name:
                    names.add((contact.first_name or "", contact.last_name))
            companies.update(_companies(person))

        batch.each(add)
        wanted = sorted(company for company in companies if company)
        if not (ids or look_up or names):
            return Fetched(read_at=session.engine.now())
        session.sugar.ask_rights()
        return session.sugar.fetch(list(dict.fromkeys(ids)), sorted(look_up), sorted(names), wanted)

    def _sync_terms(self, entry: IndexEntry, person: Mapping[str, Any]) -> None:
        party = self.field.refresh(Side.GOOGLE, entry.google_id, index_terms(self.session, person, None))
        self.field.look_up(party.terms)

    def _match(self, batch: Batch, fetched: Fetched) -> None:
        """Match every record without a partner, on what was read directly."""
        subjects = [case for case in batch.cases if not case.aside and _subject(case)]
        if not subjects:
            return
        self._add_candidates(fetched)

        def refresh(case: Case) -> None:
            if case.mapping is not None and case.record is not None:
                terms = self.session.terms(read_sugar(case.record, case.mapping))
                party = self.field.refresh(Side.SUGAR, case.key, terms)
                case.mapping = replace(case.mapping, match_keys=terms)
                self.field.look_up(party.terms)

        def find(case: Case) -> None:
            side = Side.SUGAR if case.mapping is not None else Side.GOOGLE
            case.match = self.field.match(side, case.key)
            chosen = partner_chosen_for(case.mapping or case.entry)
            if chosen is not None:
                self._match_chosen(case, side.other, chosen, fetched)

        batch.each(refresh, subjects)
        for google_id, person in self.people.people.items():
            if person is None and google_id not in self.people.moved:
                self.field.absent(google_id)
        batch.each(find, subjects)

    def _match_chosen(self, case: Case, side: Side, chosen: str, fetched: Fetched) -> None:
        """The word of a person stands above the evidence, as long as what they chose can be had."""
        session = self.session
        there = self.people.people if side is Side.GOOGLE else fetched.records
        why = lost(session.engine.db, session.user.id, side, chosen)
        if why is None and there.get(chosen) is not None:
            case.match = Match(Verdict.LINK, (chosen,))
        elif why is None and (chosen not in there or chosen in self.people.moved):
            case.unread = _unread(case, Status.TRANSIENT)
        elif why is None or why.gone:
            # Who is left is decided about as ever, but for making another one.
            left = case.match is not None and case.match.verdict is Verdict.LINK
            case.lost = None if left else why or gone(side)
        else:
            case.lost = why

    def _join_partner(self, case: Case, views: Views) -> None:
        """Put the matched record into the case. One that cannot be read is looked at by itself first; one that was
        not read in this round is read in the next."""
        if case.match is None or case.match.verdict is not Verdict.LINK or case.lost or case.unread:
            return
        partner = case.match.partners[0]
        if case.mapping is not None:
            entry = self.field.entries.get(partner) or IndexEntry(partner)
            person = views.people.people.get(partner)
            asked = partner in views.people.people or partner in views.people.failed
            if person is not None and entry.mapping is None:
                case.entry = entry
                views.present(case, person)
            else:
                case.partner = entry
        else:
            known = self.field.mappings.get(partner)
            record = views.fetched.records.get(partner)
            asked = partner in views.fetched.records or partner in views.fetched.failed
            view = views.of_record(record, known) if record is not None else NO_RECORD
            if known is not None and known.state is State.NEW and view.present:
                case.mapping, case.record, case.views[Side.SUGAR] = known, record, view
            elif record is not None and partner_chosen_for(case.entry) == partner:
                case.lost = unseen()
            else:
                case.partner = known
        if case.lost is None and not all(view.present for view in case.views.values()):
            case.unread = _unread(case, Status.TRANSIENT if asked else Status.CONFLICT)

    def _add_candidates(self, fetched: Fetched) -> None:
        """Sugar records found by address that the inventory does not know: outside the scope, not taken in yet,
        or alive again although their mapping is gone. None of them is linked from here; once in scope they find the
        contact by its keys."""
        unknown = [record["id"] for record in fetched.candidates if record["id"] not in self.field.mappings]
        if unknown:
            for mapping in mappings.get(self.session.engine.db, self.session.user.id, unknown).values():
                self.field.add_mapping(mapping)

        def add(record: Mapping[str, Any]) -> None:
            terms = self.session.terms(read_sugar(record, self.field.mappings.get(record["id"])))
            if record["id"] in self.field.parties[Side.SUGAR]:
                self.field.refresh(Side.SUGAR, record["id"], terms)
            else:
                self.field.put(Side.SUGAR, Party(record["id"], frozenset(terms), in_scope=False))

        # Who asked for it goes on without it: it is in the field already, or becomes a subject of its own.
        self.batch.barrier.each(fetched.candidates, add, lambda record: None)


def _unplaced(entry: IndexEntry) -> bool:
    special = entry.directive is not None and entry.directive.kind == DUPLICATE
    return entry.mapping is None and not special


def _subject(case: Case) -> bool:
    if case.mapping is not None:
        return case.mapping.state is State.NEW and case.views[Side.SUGAR].present
    return case.entry is not None and _unplaced(case.entry) and case.person is not None


def _companies(person: Mapping[str, Any] | None) -> set[str | None]:
    return {read_google(person, None).company} if person is not None else set()


def _one_per_pair(cases: list[Case]) -> list[Case]:
    """Every record in one case only, the others wait for the next round: what a person linked goes first, then the
    Sugar record stands for the pair."""

    def rank(case: Case) -> tuple[bool, bool]:
        return not _is_chosen(case), case.mapping is None

    taken: set[tuple[Side, str]] = set()
    kept: set[int] = set()
    for case in sorted(cases, key=rank):
        pair = _pair(case)
        if taken.isdisjoint(pair):
            taken |= pair
            kept.add(id(case))
    return [case for case in cases if id(case) in kept]


def _pair(case: Case) -> set[tuple[Side, str]]:
    """The records that a case is about."""
    pair = {Side.SUGAR: case.mapping.sugar_id if case.mapping else None, Side.GOOGLE: case.google_id}
    if case.match is not None and case.match.verdict is Verdict.LINK:
        pair[Side.SUGAR if case.mapping is None else Side.GOOGLE] = case.match.partners[0]
    return {(side, key) for side, key in pair.items() if key is not None}


def _unread(case: Case, status: Status) -> Outcome:
    return Outcome(case.key, status, reason="The matching contact could not be read.")


def _is_chosen(case: Case) -> bool:
    item = case.mapping or case.entry
    return item is not None and item.directive is not None and item.directive.kind == "link"

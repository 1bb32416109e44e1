"""What must hold after every step, and once everything has come to rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.sync.law_book import Book, Key, squeezed

from contact_sync.contacts.contact import FIELDS, Contact
from contact_sync.contacts.mapping import Mapping, State
from contact_sync.contacts.normal_form import same, to_plain
from contact_sync.contacts.settings import SyncSettings, Verb
from contact_sync.contacts.side import Side
from contact_sync.sync.guard import FEW
from contact_sync.sync.session import read_google, read_sugar
from local_stack.google.people import Write as GoogleWrite
from local_stack.sugar.records import Write as SugarWrite

SUGAR_VERBS: dict[str, Verb] = {"POST": "create", "PUT": "update", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class Sent:
    """One write on a contact that a side was sent."""

    side: Side
    verb: Verb
    key: str


@dataclass
class Laws:
    """Compares what was done with what is allowed. `step` begins a step, `check` judges it."""

    book: Book
    pairs: set[tuple[str, str]] = field(default_factory=set)
    """Sugar and Google ids that were ever linked."""
    made: set[str] = field(default_factory=set)
    """Google contacts that the sync made."""
    deletions: list[tuple[Side, datetime]] = field(default_factory=list)
    lost_in_run: set[Key] = field(default_factory=set)
    """Records that a run deleted while the user was changing things."""
    _counts: tuple[int, int] = (0, 0)
    _settings: SyncSettings = field(default_factory=SyncSettings)
    _outside: set[str] = field(default_factory=set)
    _outside_terms: set[str] = field(default_factory=set)
    """Match terms of every record that ever was outside."""
    _unnoticed: set[str] = field(default_factory=set)
    """Sugar records outside the scope of which the sync does not know that yet."""
    _records: dict[Side, dict[str, Any]] = field(default_factory=dict)
    """Both sides as they were when the step began."""
    _mappings: dict[str, Mapping] = field(default_factory=dict)

    def step(self) -> None:
        """Remember how things stand."""
        world = self.book.world
        self._counts = len(world.sugar.writes), len(world.google.writes)
        self._settings = world.user().settings
        self._records = {side: self.book.records(side) for side in Side}
        self._outside = self.outside()
        records = self._records[Side.SUGAR]
        for key in self._outside & records.keys():
            self._outside_terms.update(self._terms(read_sugar(records[key], None)))
        known = self._mappings
        self._unnoticed = {
            key for key in self._outside if key in known and known[key].state is not State.OUT_OF_SCOPE
        }

    def outside(self) -> set[str]:
        """Sugar records, live or not, that the user does not sync."""
        world = self.book.world
        if world.user().settings.sugar_scope == "all":
            return set()
        rows = world.sugar.db.tables["Contacts"].rows.values()
        return {row.id for row in rows if row.newest["assigned_user_id"] != world.first.sugar_user}

    def linked(self) -> dict[Key, bool]:
        """Which records the sync holds as linked and has nothing to do about."""
        found: dict[Key, bool] = {}
        for mapping in self._mappings.values():
            quiet = mapping.state is State.LINKED and mapping.missing is None and mapping.backlog is None
            if quiet and mapping.google_id and mapping.sugar_id not in self.outside():
                found[Side.SUGAR, mapping.sugar_id] = found[Side.GOOGLE, mapping.google_id] = True
        return found

    def check(self, *, released: bool = False) -> None:
        """Nothing forbidden was sent in this step. `released`: a person asked for deletions in it."""
        before = self._mappings
        self._one_mapping_each()
        now_outside, live = self.outside(), {side: set(self.book.live(side)) for side in Side}
        for sent in self._sent():
            if sent.verb == "create" and sent.side is Side.GOOGLE:
                self.made.add(sent.key)
            if sent.verb == "delete" and self._own_duplicate(sent):
                continue
            assert self._settings.may(sent.verb, sent.side), f"P9a: a forbidden {sent.verb} of {sent}"
            partners = self._partners(sent)
            sugar_ids = {sent.key} if sent.side is Side.SUGAR else partners
            if sent.verb == "delete":
                # Nobody can tell of a record that is deleted whether it had left the scope before, unnoticed.
                sugar_ids = sugar_ids - self._unnoticed
            stray = sugar_ids & self._outside & now_outside if sent.verb != "create" else set()
            assert not stray or sugar_ids - stray, f"E15: {sent} is outside the scope"
            if sent.verb == "delete":
                there = sent.side.other
                alive = partners and partners <= self._records[there].keys() & live[there]
                assert released or (partners and not alive), f"D5: {sent}, but {partners} is alive"
                assert released or not (edit := self._edited(sent, before)), f"P7: {sent} held {edit}"
                self.deletions.append((sent.side, self.book.world.clock.now()))
                self.lost_in_run.add((sent.side, sent.key))
        for side in Side:
            recent = sum(
                each is side and self.book.world.clock.now() - at < timedelta(hours=24)
                for each, at in self.deletions
            )
            assert released or recent <= FEW, f"E10: {recent} deletions on {side} within a day"

    def rested(self) -> None:
        """E1: with every switch on and nothing left to do, both sides are the same, and nobody is left out."""
        world = self.book.world
        records, people = (self.book.records(side) for side in Side)
        mappings, entries, outside = world.all_mappings(), world.all_entries(), self.outside()
        for mapping in mappings.values():
            if mapping.state is not State.LINKED or mapping.backlog is not None:
                continue
            assert mapping.sugar_id in records, f"E1: the Sugar record of {mapping} is not there"
            assert mapping.google_id in people, f"E1: the Google contact of {mapping} is not there"
            sugar = read_sugar(records[mapping.sugar_id], mapping)
            google = read_google(people[mapping.google_id], mapping)
            for name in FIELDS:
                one, other = getattr(sugar, name), getattr(google, name)
                assert same(name, one, other), f"E1: {name} is {one!r} in Sugar and {other!r} in Google"
                base = getattr(mapping.base, name)
                assert same(name, one, base), f"E1: {name} is {one!r}, the base has {base!r}"
        held = {item.backlog for item in (*mappings.values(), *entries.values())}
        orphans = {entry.id for entry in world.backlog()} - held
        assert not orphans, f"E1: nobody waits for {orphans}"
        for key in records.keys() - outside:
            known = mappings.get(key)
            assert known is not None, f"E1: the Sugar record {key} is unknown"
            placed = known.state in (State.LINKED, State.UNLINKED) or known.backlog is not None
            assert placed, f"E1: the Sugar record {key} was left out: {known}"
        for key in people:
            entry = entries.get(key)
            assert entry is not None, f"E1: the Google contact {key} is unknown"
            owner = mappings.get(entry.mapping or "")
            cared = owner is not None and owner.google_id == key and owner.state is not State.GONE
            excused = entry.backlog is not None or entry.left_alone or self._may_be_outside(key)
            assert cared or excused, f"E1: the Google contact {key} was left out: {entry}, {owner}"

    def kept(self) -> None:
        """H1, no duplicate, no resurrection."""
        held = squeezed([self.book.records(side) for side in Side])
        told = squeezed([asdict(entry) for entry in self.book.world.history()])
        asked = squeezed([asdict(entry) for entry in self.book.world.backlog()])
        for key, values in self.book.written.items():
            for name, value in values.items():
                if value.in_run is not None and key in self.lost_in_run:
                    continue
                text = squeezed(value.text)[1:-1]
                assert text in held + told + asked, f"H1: {name} {value.text!r} of {key} is lost"
        for side in Side:
            for tag, count in self.book.tag_counts(side).items():
                if tag and tag not in self.book.restored:
                    assert count == 1, f"E6: {tag} is on {side} {count} times"
                    assert (side, tag) not in self.book.buried, f"P9e: {tag} is back on {side}"

    def _one_mapping_each(self) -> None:
        mappings, entries = self.book.world.all_mappings(), self.book.world.all_entries()
        self._mappings = mappings
        held = Counter(mapping.google_id for mapping in mappings.values() if mapping.google_id)
        assert not [key for key, count in held.items() if count > 1], f"E8: in two mappings: {held}"
        self.pairs |= {
            (mapping.sugar_id, mapping.google_id) for mapping in mappings.values() if mapping.google_id
        }
        for entry in entries.values():
            owner = mappings.get(entry.mapping or "")
            assert owner is None or owner.google_id == entry.google_id, f"E8: {entry} points to {owner}"
        for mapping in mappings.values():
            entry = entries.get(mapping.google_id or "")
            assert entry is None or entry.mapping == mapping.sugar_id, f"E8: {mapping} claims {entry}"

    def _sent(self) -> Iterator[Sent]:
        sugar, google = self._counts
        world = self.book.world
        for write in world.sugar.writes[sugar:]:
            yield _to_sugar(write)
        for change in world.google.writes[google:]:
            yield _to_google(change)

    def _partners(self, sent: Sent) -> set[str]:
        """Records of the other side that the written one was ever linked with."""
        if sent.side is Side.SUGAR:
            return {google for sugar, google in self.pairs if sugar == sent.key}
        return {sugar for sugar, google in self.pairs if google == sent.key}

    def _edited(self, sent: Sent, before: dict[str, Mapping]) -> str | None:
        """A value that the user wrote into the deleted record and the sync had not agreed on before this step."""
        partners = self._partners(sent)
        keys = {sent.key} if sent.side is Side.SUGAR else partners
        agreed = squeezed([to_plain(before[key].base or Contact()) for key in keys & before.keys()])
        shown = squeezed(self._records[sent.side].get(sent.key, {}))
        for name, value in self.book.written.get((sent.side, sent.key), {}).items():
            text = squeezed(value.text)[1:-1]
            if name != "description" and value.in_run is None and text in shown and text not in agreed:
                return value.text
        return None

    def _own_duplicate(self, sent: Sent) -> bool:
        """A contact that the sync made and never linked: one create too many, taken back."""
        return sent.side is Side.GOOGLE and sent.key in self.made and not self._partners(sent)

    def _may_be_outside(self, key: str) -> bool:
        """Whether a Sugar record outside the scope shares an address with this Google contact. Where that record was
        deleted since, the next full intake finds out."""
        person = self.book.record(Side.GOOGLE, key)
        return not self._outside_terms.isdisjoint(self._terms(read_google(person, None)))

    def _terms(self, contact: Contact) -> tuple[str, ...]:
        world = self.book.world
        return world.engine.hashed_terms(world.first.sub, contact)


def _to_sugar(write: SugarWrite) -> Sent:
    return Sent(Side.SUGAR, SUGAR_VERBS[write.verb], write.id)


def _to_google(write: GoogleWrite) -> Sent:
    verbs: tuple[Verb, ...] = ("create", "update", "delete")
    verb = next(verb for verb in verbs if verb in write.method.lower())
    return Sent(Side.GOOGLE, verb, (write.resource_name or "").removeprefix("people/"))

"""Checks the end of a sync without asking the engine: both address books, record by record and field by field, beside
the documents that say what belongs together, and the outcome that every awkward contact was declared to have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..demo_data import LEFT_ALONE, LINKED
from .compare import Record, differences, field_count, values_held
from .loading import Books, Placed
from .outcome import Stored

WAITING = "not done"
_SETTLED = frozenset({LINKED, LEFT_ALONE, "unlinked", "out_of_scope"})
_VOLATILE = frozenset({"etag", "metadata", "clientData", "memberships", "resourceName", "photos"})


@dataclass(frozen=True)
class Verdict:
    """What was found: the linked pairs, how many fields they share, and everything that is wrong, a line each."""

    pairs: Mapping[str, str]
    """Google id by Sugar id."""
    fields: int
    problems: list[str] = field(default_factory=list)


def verify(
    books: Books, sugar: Mapping[str, Record], google: Mapping[str, Record], stored: Stored
) -> Verdict:
    """Compare what there is now (`sugar`, `google`: every record by id) with what there should be."""
    found = _Found(books, sugar, google, stored)
    problems = [*found.pairing(), *found.contents(), *found.accounting(), *found.due()]
    for placed in books.placed:
        problems += found.expected(placed)
    count = sum(field_count(sugar[sugar_id]) for sugar_id in found.pairs if sugar_id in sugar)
    return Verdict(found.pairs, count, problems)


class _Found:
    """Both address books after the sync, and the documents about them."""

    def __init__(
        self, books: Books, sugar: Mapping[str, Record], google: Mapping[str, Record], stored: Stored
    ) -> None:
        self.books = books
        self.sugar = sugar
        self.google = google
        self.stored = stored
        self.pairs = {
            key: str(mapping["google_id"])
            for key, mapping in stored.mappings.items()
            if mapping["state"] == LINKED and mapping.get("google_id")
        }
        self.by_google = {google_id: sugar_id for sugar_id, google_id in self.pairs.items()}

    def pairing(self) -> Iterator[str]:
        """Every linked pair is two live records, none of which is in another pair."""
        for sugar_id, google_id in self.pairs.items():
            if sugar_id not in self.sugar:
                yield f"A mapping is linked to the Sugar contact {sugar_id}, which is not there."
            if google_id not in self.google:
                yield f"{self._sugar_name(sugar_id)} is linked to {google_id}, which is not in Google."
            if self.stored.google_index.get(google_id, {}).get("mapping") != sugar_id:
                yield f"{self._sugar_name(sugar_id)}: the index of Google contacts names another partner."
        for google_id, count in Counter(self.pairs.values()).items():
            if count > 1:
                yield f"{self._google_name(google_id)} is linked {count} times."

    def contents(self) -> Iterator[str]:
        """Both records of a pair hold the same; a copy left its source as it was."""
        for sugar_id, google_id in self.pairs.items():
            if sugar_id not in self.sugar or google_id not in self.google:
                continue
            here, there = self.sugar[sugar_id], self.google[google_id]
            for difference in differences(here, there, self.books.companies):
                yield f"{self._sugar_name(sugar_id)}: {difference}."
            before_here, before_there = self.books.sugar.get(sugar_id), self.books.google.get(google_id)
            if (
                before_there is None
                and before_here is not None
                and _changed(before_here, here, "date_modified")
            ):
                yield f"{self._sugar_name(sugar_id)} was changed in Sugar, although it was only copied to Google."
            if before_here is None and before_there is not None and _changed(before_there, there):
                yield f"{self._google_name(google_id)} was changed in Google, although it was only copied to Sugar."
            for name in _remembered_wrongly(self.stored.mappings[sugar_id].get("base"), here, there):
                yield f"{self._sugar_name(sugar_id)}: what is remembered as {name} is on neither side."

    def accounting(self) -> Iterator[str]:
        """Every record of either side was there before or is the copy of one that was, and none has got lost."""
        for sugar_id in self.sugar:
            if sugar_id not in self.books.sugar and self.pairs.get(sugar_id) not in self.books.google:
                yield f"{self._sugar_name(sugar_id)} has appeared in Sugar out of nowhere."
        for google_id in self.google:
            if google_id not in self.books.google and self.by_google.get(google_id) not in self.books.sugar:
                yield f"{self._google_name(google_id)} has appeared in Google out of nowhere."
        for sugar_id in self.books.sugar.keys() - self.sugar.keys():
            yield f"The Sugar contact {sugar_id} is gone."
        for google_id in self.books.google.keys() - self.google.keys():
            yield f"The Google contact {google_id} is gone."

    def due(self) -> Iterator[str]:
        """Nothing waits for work."""
        now = datetime.now(UTC)
        documents = [*self.stored.mappings.values(), *self.stored.google_index.values()]
        waiting = sum(
            document.get("due_at") is not None and document["due_at"] <= now for document in documents
        )
        if waiting:
            yield f"Contacts that still wait to be synced: {waiting}."

    def expected(self, placed: Placed) -> Iterator[str]:
        """The records of a scene ended as declared, or at least explained."""
        scene = placed.scene
        outcomes = self._outcomes(placed)
        known_causes = {str(entry["cause"]) for entry in self.stored.backlog.values()}
        title = scene.title or self._title(placed)
        if scene.expect is None:
            for outcome in outcomes.keys() - _SETTLED - known_causes:
                yield f"{title}: {outcome}."
        elif outcomes != Counter(scene.expect):
            yield f"{title}: expected {_counted(scene.expect)}, found {_counted(outcomes)}."
        pair = next(self._pairs_of(placed), None)
        if pair is None:
            return
        for shows, record, side in (
            (scene.sugar_shows, self.sugar.get(pair[0], {}), "Sugar"),
            (scene.google_shows, self.google.get(pair[1], {}), "Google"),
        ):
            for path, value in shows.items():
                if _at(record, path) != value:
                    yield f"{title}: {side} shows {_at(record, path)!r} as {path}, not {value!r}."

    def _outcomes(self, placed: Placed) -> Counter[str]:
        """How the records of a scene ended: pairs count once, other records one by one."""
        outcomes: Counter[str] = Counter()
        outcomes[LINKED] = sum(1 for _ in self._pairs_of(placed))
        for sugar_id in placed.sugar_ids:
            if sugar_id not in self.pairs:
                outcomes[self._sugar_outcome(sugar_id)] += 1
        for google_id in placed.google_ids:
            if google_id not in self.by_google:
                outcomes[self._google_outcome(google_id)] += 1
        return +outcomes

    def _pairs_of(self, placed: Placed) -> Iterator[tuple[str, str]]:
        linked = dict.fromkeys(sugar_id for sugar_id in placed.sugar_ids if sugar_id in self.pairs)
        linked |= dict.fromkeys(self.by_google[each] for each in placed.google_ids if each in self.by_google)
        for sugar_id in linked:
            yield sugar_id, self.pairs[sugar_id]

    def _sugar_outcome(self, sugar_id: str) -> str:
        mapping = self.stored.mappings.get(sugar_id)
        if mapping is None:
            mine = self.sugar.get(sugar_id, {}).get("assigned_user_id") == self.books.user_id
            return WAITING if mine else LEFT_ALONE
        return self._cause(mapping) or (
            WAITING if mapping["state"] in ("new", "creating") else str(mapping["state"])
        )

    def _google_outcome(self, google_id: str) -> str:
        entry = self.stored.google_index.get(google_id)
        if entry is None:
            return WAITING
        if entry.get("mapping"):
            return self._sugar_outcome(entry["mapping"])
        if cause := self._cause(entry):
            return cause
        return LEFT_ALONE if entry.get("left_alone") or self._is_a_colleagues(google_id) else WAITING

    def _cause(self, document: Mapping[str, Any]) -> str | None:
        entry = self.stored.backlog.get(document.get("backlog") or "")
        return str(entry["cause"]) if entry else None

    def _is_a_colleagues(self, google_id: str) -> bool:
        """Whether a Sugar contact of somebody else has one of its addresses: then it stays the user's own affair."""
        addresses = {item["value"].casefold() for item in self.google[google_id].get("emailAddresses", ())}
        return any(
            item["email_address"].casefold() in addresses
            for record in self.sugar.values()
            if record["assigned_user_id"] != self.books.user_id
            for item in record["email"]
        )

    def _title(self, placed: Placed) -> str:
        return ", ".join(
            (*map(self._sugar_name, placed.sugar_ids), *map(self._google_name, placed.google_ids))
        )

    def _sugar_name(self, sugar_id: str) -> str:
        record = self.sugar.get(sugar_id, {})
        return f"{record.get('first_name', '')} {record.get('last_name', '')}".strip() or sugar_id

    def _google_name(self, google_id: str) -> str:
        return google_name(self.google.get(google_id, {})) or google_id


def google_name(person: Record) -> str:
    """What a Google contact is called, "" if nothing says so."""
    for field_name, key in (("names", "displayName"), ("organizations", "name"), ("emailAddresses", "value")):
        for item in person.get(field_name, ()):
            if item.get(key):
                return str(item[key])
    return ""


def _changed(before: Record, after: Record, *besides: str) -> bool:
    ignored = {*_VOLATILE, *besides}
    return any(before.get(key) != after.get(key) for key in (before.keys() | after.keys()) - ignored)


def _remembered_wrongly(base: Mapping[str, Any] | None, sugar: Record, person: Record) -> Iterator[str]:
    """The fields of a mapping's base, which is what both sides agreed on, that neither side has."""
    if base is None:
        yield "the contact"
        return
    held = values_held(sugar, person)
    for name, value in base.items():
        parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
        if not held.issuperset(parts):
            yield name


def _at(value: Any, path: str) -> Any:
    """What is at a path such as `names.0.familyName`; None where there is nothing."""
    for step in path.split("."):
        if isinstance(value, list):
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def _counted(outcomes: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(outcomes.items())) or "nothing"

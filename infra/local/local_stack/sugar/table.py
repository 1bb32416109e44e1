"""Records of one module, with the versions that slow commits and lagging lists need, ordered by
date_modified.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

Values = dict[str, Any]
"""One version of a record: id, deleted, dates as seconds of UTC, texts; a missing key is SQL's NULL. Never
changed
in place."""

Key = tuple[int, str, str]
KEPT_VERSIONS = 10


@dataclass
class Row:
    """A record's versions, oldest first, each with the moment from which others can see it."""

    id: str
    versions: list[tuple[float, Values]] = field(default_factory=list)

    @property
    def newest(self) -> Values:
        """The last version, committed or not."""
        return self.versions[-1][1]

    def at(self, moment: float) -> Values | None:
        """The version that a reader sees at `moment`; None before the first commit."""
        for committed, values in reversed(self.versions):
            if committed <= moment:
                return values
        return None


class Table:
    """All records of a module, deleted ones too. The index holds the newest version of each."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.owners: dict[str, set[str]] = {}
        self._order: list[Key] = []
        self._commits: list[tuple[float, str]] = []
        self._last_commit = 0.0

    def store(self, values: Values, committed: float) -> None:
        """Add a version of the record, or a new record."""
        row = self.rows.get(values["id"])
        if row is None:
            row = self.rows[values["id"]] = Row(values["id"])
        else:
            self._forget(row.newest)
            # A later writer waits for the row's lock, so nothing older is still uncommitted behind it.
            pending = min(committed, row.versions[-1][0])
            row.versions[-1] = (pending, row.newest)
        row.versions.append((committed, values))
        del row.versions[:-KEPT_VERSIONS]
        self._commits.append((committed, row.id))
        self._last_commit = max(self._last_commit, committed)
        insort(self._order, sort_key(values))
        self.owners.setdefault(values.get("assigned_user_id") or "", set()).add(row.id)

    def load(self, records: Iterable[Values], committed: float) -> None:
        """Add many new records at once."""
        for values in records:
            self.rows[values["id"]] = Row(values["id"], [(committed, values)])
            self._commits.append((committed, values["id"]))
            self._order.append(sort_key(values))
            self.owners.setdefault(values.get("assigned_user_id") or "", set()).add(values["id"])
        self._order.sort()
        self._last_commit = max(self._last_commit, committed)

    def remove(self, record_id: str) -> None:
        """Take the record out physically."""
        self._forget(self.rows.pop(record_id).newest)

    def read(self, record_id: str, moment: float) -> Values | None:
        """The record as a direct read sees it, deleted or not."""
        row = self.rows.get(record_id)
        return row.at(moment) if row else None

    def scan(
        self, cutoff: float, earliest: float, latest: float, only: set[str] | None, descending: bool
    ) -> Iterator[Values]:
        """Versions committed by `cutoff` in order of (date_modified, id).

        `earliest` and `latest` bound date_modified; `only`, if given, names the records worth a look.
        """
        unsettled = self._unsettled(cutoff)
        keys: Iterable[Key]
        if only is not None and len(only) * 4 < len(self._order):
            keys = sorted(sort_key(self.rows[i].newest) for i in only if i in self.rows)
        else:
            low = bisect_left(self._order, (earliest, "", ""))
            high = bisect_left(self._order, (latest + 1, "", ""))
            keys = self._order[low:high]
        if unsettled:
            old = [values for i in unsettled if (values := self.rows[i].at(cutoff)) is not None]
            settled = [key for key in keys if key[2] not in unsettled]
            keys = sorted([*settled, *map(sort_key, old)])
        for _, _, record_id in reversed(list(keys)) if descending else keys:
            values = self.rows[record_id].at(cutoff)
            if values is not None:
                yield values

    def _unsettled(self, cutoff: float) -> set[str]:
        """Records with a version that a reader at `cutoff` does not see yet."""
        if self._last_commit <= cutoff:
            return set()
        if len(self._commits) > 20_000:
            self._commits = [entry for entry in self._commits if entry[0] > cutoff - 3600]
        return {record_id for at, record_id in self._commits if at > cutoff and record_id in self.rows}

    def _forget(self, values: Values) -> None:
        key = sort_key(values)
        position = bisect_left(self._order, key)
        if position < len(self._order) and self._order[position] == key:
            del self._order[position]
        self.owners.get(values.get("assigned_user_id") or "", set()).discard(values["id"])


def sort_key(values: Values) -> Key:
    """Order by date_modified, then id in the collation's order (case-insensitive)."""
    return values["date_modified"], values["id"].upper(), values["id"]

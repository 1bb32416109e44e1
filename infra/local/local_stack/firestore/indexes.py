"""Indexes over one field of one collection."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import itemgetter

from .protos import Document
from .values import Key

_key_of = itemgetter(0)


class EqualityIndex:
    """Which documents hold a key: of the field itself, or of any element of an array field."""

    def __init__(self, keys_of: Callable[[Document], frozenset[Key]], documents: dict[str, Document]) -> None:
        self._keys_of = keys_of
        self._buckets: dict[Key, set[str]] = {}
        for document_id, document in documents.items():
            self.replace(document_id, None, document)

    def replace(self, document_id: str, old: Document | None, new: Document | None) -> None:
        """Follow one write."""
        before = self._keys_of(old) if old is not None else frozenset()
        after = self._keys_of(new) if new is not None else frozenset()
        for key in before - after:
            bucket = self._buckets[key]
            bucket.discard(document_id)
            if not bucket:
                del self._buckets[key]
        for key in after - before:
            self._buckets.setdefault(key, set()).add(document_id)

    def size(self, keys: Iterable[Key]) -> int:
        """An upper bound of how many documents hold one of the keys."""
        return sum(len(self._buckets.get(key, ())) for key in keys)

    def find(self, keys: Iterable[Key]) -> set[str]:
        """The documents that hold one of the keys."""
        return set().union(*(self._buckets.get(key, ()) for key in keys))


@dataclass(frozen=True)
class Bounds:
    """A stretch of an ordered index; None is open. A type's rank alone lies before all keys of that type."""

    low: Key | None = None
    low_included: bool = True
    high: Key | None = None
    high_included: bool = True


class OrderedIndex:
    """The documents that have the field, in the order of its value and then of their id."""

    def __init__(self, key_of: Callable[[Document], Key | None], documents: dict[str, Document]) -> None:
        self._key_of = key_of
        keyed = ((key_of(document), document_id) for document_id, document in documents.items())
        self._entries: list[tuple[Key, str]] = sorted((key, name) for key, name in keyed if key is not None)

    def replace(self, document_id: str, old: Document | None, new: Document | None) -> None:
        """Follow one write."""
        before = self._key_of(old) if old is not None else None
        after = self._key_of(new) if new is not None else None
        if before == after:
            return
        if before is not None:
            del self._entries[bisect_left(self._entries, (before, document_id))]
        if after is not None:
            insort(self._entries, (after, document_id))

    def stretch(self, bounds: Iterable[Bounds]) -> range:
        """The positions that lie within all the bounds."""
        start, stop = 0, len(self._entries)
        for bound in bounds:
            if bound.low is not None:
                side = bisect_left if bound.low_included else bisect_right
                start = max(start, side(self._entries, bound.low, key=_key_of))
            if bound.high is not None:
                side = bisect_right if bound.high_included else bisect_left
                stop = min(stop, side(self._entries, bound.high, key=_key_of))
        return range(start, max(start, stop))

    def at(self, position: int) -> str:
        """The id of the document at a position."""
        return self._entries[position][1]

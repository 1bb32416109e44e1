"""Documents in memory: databases, their collections, and each collection's indexes.

A stored document is never changed in place, only replaced, so a snapshot is a copy of dictionaries.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TypeAlias

from .fields import element_keys, field_key, field_keys
from .indexes import EqualityIndex, OrderedIndex
from .protos import Document

Snapshot: TypeAlias = dict[str, dict[str, Document]]


class Collection:
    """The documents of a collection by id. An index is built when a query first needs it, then kept up."""

    def __init__(self, documents: dict[str, Document] | None = None) -> None:
        self.documents: dict[str, Document] = {} if documents is None else documents
        self._values: dict[str, EqualityIndex] = {}
        self._elements: dict[str, EqualityIndex] = {}
        self._ordered: dict[str, OrderedIndex] = {}

    def replace(self, document_id: str, new: Document | None) -> None:
        """Store a document or, with None, remove it."""
        old = self.documents.get(document_id)
        if new is None:
            self.documents.pop(document_id, None)
        else:
            self.documents[document_id] = new
        for equality in self._values.values():
            equality.replace(document_id, old, new)
        for elements in self._elements.values():
            elements.replace(document_id, old, new)
        for ordered in self._ordered.values():
            ordered.replace(document_id, old, new)

    def by_value(self, path: str) -> EqualityIndex:
        """Who holds a value in the field."""
        if path not in self._values:
            self._values[path] = EqualityIndex(partial(field_keys, path=path), self.documents)
        return self._values[path]

    def by_element(self, path: str) -> EqualityIndex:
        """Who holds an element in the array field."""
        if path not in self._elements:
            self._elements[path] = EqualityIndex(partial(element_keys, path=path), self.documents)
        return self._elements[path]

    def in_order(self, path: str) -> OrderedIndex:
        """Who has the field, in its order."""
        if path not in self._ordered:
            self._ordered[path] = OrderedIndex(partial(field_key, path=path), self.documents)
        return self._ordered[path]


class Documents:
    """All documents of all databases, by their full names `projects/P/databases/D/documents/...`."""

    def __init__(self) -> None:
        self._collections: dict[str, Collection] = {}
        self._paths_by_id: dict[str, dict[str, None]] = {}

    def get(self, name: str) -> Document | None:
        """A document, or None."""
        path, _, document_id = name.rpartition("/")
        collection = self._collections.get(path)
        return None if collection is None else collection.documents.get(document_id)

    def replace(self, name: str, new: Document | None) -> None:
        """Store a document or, with None, remove it."""
        path, _, document_id = name.rpartition("/")
        collection = self._collections.get(path)
        if collection is None:
            if new is None:
                return
            collection = self._open(path, Collection())
        collection.replace(document_id, new)

    def collection(self, path: str) -> Collection:
        """The collection of this full path; an empty one where nothing was ever stored."""
        return self._collections.get(path) or Collection()

    def group(self, collection_id: str, ancestor: str) -> list[Collection]:
        """Every collection of this id below the ancestor, at any depth; all collections for an empty id."""
        paths = self._paths_by_id.get(collection_id, {}) if collection_id else self._collections
        prefix = ancestor + "/"
        return [self._collections[path] for path in paths if path.startswith(prefix)]

    def segments_below(self, path: str) -> set[str]:
        """The next path segment of everything stored below: the collections of a document, or the ids in a
        collection, those included that only exist as parents of other documents."""
        prefix = path + "/"
        length = len(prefix)
        found = set(self.collection(path).documents)
        for other, collection in self._collections.items():
            if other.startswith(prefix) and collection.documents:
                found.add(other[length:].split("/", 1)[0])
        return found

    def __iter__(self) -> Iterator[Document]:
        for collection in self._collections.values():
            yield from collection.documents.values()

    def snapshot(self) -> Snapshot:
        """All data as it is now."""
        return {path: dict(collection.documents) for path, collection in self._collections.items()}

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot, which may be used again."""
        self._collections.clear()
        self._paths_by_id.clear()
        for path, documents in snapshot.items():
            self._open(path, Collection(dict(documents)))

    def _open(self, path: str, collection: Collection) -> Collection:
        self._collections[path] = collection
        self._paths_by_id.setdefault(path.rpartition("/")[2], {})[path] = None
        return collection

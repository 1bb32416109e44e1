"""users/{google_sub}/mappings/{sugar_id}."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ..contacts import normal_form
from ..contacts.mapping import Mapping, State
from ..contacts.side import Side
from . import users
from .batches import read_all, with_any
from .database import Database, Document, Query
from .documents import (
    EVER,
    UNREADABLE,
    Unreadable,
    as_data,
    changed_data,
    document_id,
    from_data,
    record_id,
    salvaged,
)
from .paging import every, page
from .wire import DOCUMENT_ID
from .write import Kind, Write

_NULLS = ("backlog", "deletion_waits")
"""Queries ask for these to be null."""
_ABSENT_DUE = "absent.due_at"
_STANDING = ("state", "backlog", "due_at", "google_id", "missing.side", _ABSENT_DUE, "seen.times")
_LEFT_SCOPE = (("state", "==", State.OUT_OF_SCOPE.value), ("google_id", ">", ""))


def get(db: Database, user_id: str, sugar_ids: Iterable[str]) -> dict[str, Mapping]:
    """The mappings that exist, by Sugar id."""
    found = read_all(db, (_path(user_id, sugar_id) for sugar_id in sugar_ids))
    return {mapping.sugar_id: mapping for mapping in map(_mapping, found)}


def due(
    db: Database,
    user_id: str,
    now: datetime,
    limit: int,
    after: tuple[datetime, str] | None = None,
    states: Iterable[State] | None = None,
) -> list[Mapping]:
    """Mappings that wait for work, of any or of these states, longest due first; `after` is due_at and Sugar id of the
    last one seen."""
    of_states = (("state", "in", [state.value for state in states]),) if states is not None else ()
    query = Query(
        _collection(user_id),
        (*of_states, ("due_at", "<=", now)),
        order_by=("due_at", DOCUMENT_ID),
        limit=limit,
        start_after=(after[0], document_id(after[1])) if after else None,
    )
    return [_mapping(document) for document in db.query(query)]


def suspects(
    db: Database, user_id: str, now: datetime, limit: int, after: tuple[datetime, str] | None = None
) -> list[Mapping]:
    """Mappings that a listing did not show and no read has decided about yet, as `due` gives them."""
    query = Query(
        _collection(user_id),
        ((_ABSENT_DUE, "<=", now),),
        order_by=(_ABSENT_DUE, DOCUMENT_ID),
        limit=limit,
        start_after=(after[0], document_id(after[1])) if after else None,
    )
    return [_mapping(document) for document in db.query(query)]


def next_due(db: Database, user_id: str) -> datetime | None:
    """The earliest moment one of the mappings waits for work."""
    by_mark, by_listing = (
        Query(_collection(user_id), ((field, ">=", EVER),), order_by=(field,), limit=1, fields=(field,))
        for field in ("due_at", _ABSENT_DUE)
    )
    marked, doubted = db.queries([by_mark, by_listing])
    times = [document.data["due_at"] for document in marked]
    times += [document.data["absent"]["due_at"] for document in doubted]
    return min(times, default=None)


def count_due(db: Database, user_id: str, now: datetime) -> int:
    """How many mappings wait for work now; one that waits for two reasons counts twice."""
    return sum(db.count(_collection(user_id), ((name, "<=", now),)) for name in ("due_at", _ABSENT_DUE))


def with_keys(db: Database, user_id: str, keys: Iterable[str]) -> list[Mapping]:
    """The mappings that have any of these match keys."""
    return [
        _mapping(found)
        for found in with_any(db, _collection(user_id), "match_keys", "array_contains_any", keys)
    ]


def matching(db: Database, user_id: str, **equals: Any) -> list[Mapping]:
    """The mappings whose fields have these values."""
    query = Query(_collection(user_id), _conditions(equals), order_by=(DOCUMENT_ID,))
    return [_mapping(document) for document in every(db, query, page_size=500)]


def deletions_waiting(db: Database, user_id: str, side: Side) -> list[Mapping]:
    """The mappings with a deletion to carry out on `side`, those in the backlog left out."""
    return matching(db, user_id, deletion_waits=side, backlog=None)


def names_beginning(db: Database, user_id: str, text: str, limit: int) -> list[Mapping]:
    """The mappings of contacts whose name begins with exactly this text, by name."""
    last = text + "\uf8ff"
    where = (("name", ">=", text), ("name", "<=", last))
    query = Query(_collection(user_id), where, order_by=("name",), limit=limit)
    return [_mapping(document) for document in db.query(query)]


def by_state(
    db: Database, user_id: str, state: State | None, cursor: str | None, limit: int
) -> tuple[list[Mapping], str | None]:
    """A page of the mappings in a state, or in any, by name, and the next page's cursor."""
    where = _conditions({"state": state}) if state is not None else ()
    query = Query(_collection(user_id), where, order_by=("name", DOCUMENT_ID))
    documents, following = page(db, query, cursor, limit)
    return [_mapping(document) for document in documents], following


def that_chose(db: Database, user_id: str, google_id: str) -> list[Mapping]:
    """The mappings for which a person chose this Google contact, and no sync has linked it yet."""
    query = Query(_collection(user_id), _conditions({"directive.partner": google_id}))
    return [_mapping(document) for document in db.query(query)]


def matching_page(
    db: Database, user_id: str, cursor: str | None, limit: int, **equals: Any
) -> tuple[list[Mapping], str | None]:
    """A page of the mappings whose fields have these values, by id, and the next page's cursor."""
    query = Query(_collection(user_id), _conditions(equals), order_by=(DOCUMENT_ID,))
    documents, following = page(db, query, cursor, limit)
    return [_mapping(document) for document in documents], following


def left_scope(db: Database, user_id: str, limit: int, after: str | None = None) -> list[Mapping]:
    """Mappings that left the scope and still have a Google contact, by its id; `after` is the last one seen."""
    query = Query(
        _collection(user_id),
        _LEFT_SCOPE,
        order_by=("google_id",),
        limit=limit,
        start_after=(after,) if after else None,
    )
    return [_mapping(document) for document in db.query(query)]


def count_with_google(db: Database, user_id: str, state: State) -> int:
    """How many mappings in this state know a Google contact."""
    return db.count(_collection(user_id), (("state", "==", state.value), ("google_id", ">", "")))


@dataclass(frozen=True, slots=True)
class Standing:
    """How a mapping stands, without its contents."""

    state: State
    backlog: str | None
    due: bool
    """It waits for work, now or later."""
    missing: bool
    """One of its records is known to be missing."""
    differs: bool
    """A side was last seen with other content than the base."""
    absent: bool = False
    """A listing did not show it, and no read has decided since."""


def states(db: Database, user_id: str) -> dict[str, Standing]:
    """How every mapping stands, by Sugar id; without those out of scope that have no Google contact: nobody has any
    work with them."""
    inside = (("state", "in", [state.value for state in State if state is not State.OUT_OF_SCOPE]),)
    known = every(db, Query(_collection(user_id), inside, order_by=(DOCUMENT_ID,), fields=_STANDING))
    known += every(db, Query(_collection(user_id), _LEFT_SCOPE, order_by=("google_id",), fields=_STANDING))
    return {record_id(document.id): _standing(document.data) for document in known}


def count(db: Database, user_id: str, **equals: Any) -> int:
    """How many mappings have these values."""
    return db.count(_collection(user_id), _conditions(equals))


def count_absent(db: Database, user_id: str) -> int:
    """How many linked mappings may be deletions to carry out: a listing did not show them, and no read has decided
    since."""
    return count(db, user_id, **{"absent.delete_on": True}, state=State.LINKED)


def count_in_sugar(db: Database, user_id: str) -> int:
    """How many Sugar contacts are in the user's scope, by all that is known."""
    held = sum(count(db, user_id, state=state) for state in (State.NEW, State.LINKED, State.UNLINKED))
    missing = {"missing.side": Side.SUGAR}
    lost = sum(count(db, user_id, **missing, state=state) for state in (State.LINKED, State.UNLINKED))
    return held - lost


def created_in_google(db: Database, user_id: str) -> int:
    """How many contacts that the sync created in Google are there, by all that is known."""
    created = {"created_side": Side.GOOGLE}
    missing = {**created, "missing.side": Side.GOOGLE}
    return (
        count(db, user_id, **created)
        - count(db, user_id, **created, state=State.GONE)
        - count(db, user_id, **missing, state=State.LINKED)
        - count(db, user_id, **missing, state=State.UNLINKED)
    )


def users_with(db: Database, sugar_id: str) -> list[str]:
    """The ids of the users who have a mapping of this Sugar record."""
    query = Query("mappings", (("sugar_id", "==", sugar_id),), fields=(), everywhere=True)
    return [record_id(document.path.split("/")[1]) for document in db.query(query)]


def put(user_id: str, mapping: Mapping) -> Write:
    """The whole mapping, new or replaced. Raises Unreadable for one that was not read whole."""
    if mapping.unreadable:
        raise Unreadable("a mapping")
    data = as_data(mapping, without=("updated_at", "unreadable"), nulls=_NULLS)
    return Write(_path(user_id, mapping.sugar_id), Kind.SET, data)


def patch(user_id: str, sugar_id: str, **fields: Any) -> Write:
    """The named fields of a mapping that exists; None clears one."""
    return Write(_path(user_id, sugar_id), Kind.UPDATE, changed_data(Mapping, fields, nulls=_NULLS))


def remove(user_id: str, sugar_id: str) -> Write:
    """Forget the mapping."""
    return Write(_path(user_id, sugar_id), Kind.DELETE)


def _collection(user_id: str) -> str:
    return f"{users.path(user_id)}/mappings"


def _path(user_id: str, sugar_id: str) -> str:
    return f"{_collection(user_id)}/{document_id(sugar_id)}"


def _conditions(equals: dict[str, Any]) -> tuple[tuple[str, str, Any], ...]:
    return tuple((field, "==", value) for field, value in equals.items())


def _standing(data: dict[str, Any]) -> Standing:
    seen = data.get("seen") or {}
    return Standing(
        state=_state(data.get("state")),
        backlog=data.get("backlog"),
        due=data.get("due_at") is not None,
        missing=data.get("missing") is not None,
        differs=bool(seen.get("times")),
        absent=data.get("absent") is not None,
    )


def _state(text: Any) -> State:
    """A state; one that this version does not know is nobody's work."""
    try:
        return State(text)
    except ValueError:
        return State.GONE


def _mapping(document: Document) -> Mapping:
    try:
        return replace(_whole(document.data), updated_at=document.updated_at)
    except UNREADABLE:
        told = {"sugar_id": record_id(document.id), "state": _state(document.data.get("state"))}
        found = salvaged(Mapping, {**document.data, "base": None, "held": {}}, **told)
        return replace(found, updated_at=document.updated_at, unreadable=True)


def _whole(data: dict[str, Any]) -> Mapping:
    base, held = data.get("base"), data.get("held") or {}
    if not all(isinstance(contact, dict) for contact in (base or {}, *held.values())):
        raise TypeError("what should be a contact is none")
    rest = {name: value for name, value in data.items() if name not in ("base", "held")}
    return replace(
        from_data(Mapping, rest),
        base=normal_form.from_plain(base) if base is not None else None,
        held={Side(side): normal_form.from_plain(contact) for side, contact in held.items()},
    )

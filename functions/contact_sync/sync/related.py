"""Relationships of contacts changed in Sugar, which moves no date there: the contacts are read directly."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from ..contacts.mapping import Mapping, State
from ..store import mappings, users
from ..store.records import User
from ..store.write import Conflict
from .engine import Engine


def mark_related(engine: Engine, user: User, sugar_ids: Collection[str]) -> None:
    """Mark the user's mappings of these records due. What is due already, or rests, is left as it is: however many
    hooks tell of the same contact, it is written once and read once. Only where a run is under way it is marked again:
    the run may have read the contact before."""
    for _ in engine.tries():
        now, user_id = engine.now(), user.id
        at_work = user.lease is not None and user.lease.until > now
        known = mappings.get(engine.db, user_id, sugar_ids).values()
        marks = [
            replace(mappings.patch(user_id, mapping.sugar_id, due_at=now), if_updated_at=mapping.updated_at)
            for mapping in known
            if _may_matter(mapping) and (at_work or not _is_due(mapping, now))
        ]
        if not marks:
            return
        try:
            # A run that is under way notices the mark by the change of the user's document.
            engine.db.commit([*marks, users.update(user_id, pending=now)])
            return
        except Conflict:
            continue


def _may_matter(mapping: Mapping) -> bool:
    """Whether a direct read may lead to anything. New contacts are read before anything is done about them."""
    linked = mapping.state is State.LINKED or (
        mapping.state is State.OUT_OF_SCOPE and mapping.google_id is not None
    )
    failed = mapping.due_at is not None and mapping.attempts > 0
    return linked and mapping.backlog is None and not failed


def _is_due(mapping: Mapping, now: datetime) -> bool:
    return mapping.due_at is not None and mapping.due_at <= now

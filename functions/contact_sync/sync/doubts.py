"""Doubtful creates: what became of a create whose answer was lost, or whose run died.

The outcome comes first, whatever else happened to the contact. In Sugar the id was ours: a direct read tells; where the
user cannot read it, the service administrator's does, ten minutes later. In Google our mark tells: the feed shows a
contact that carries it (intake links it then). It is created again only when, ten minutes later, the mark is missing
both from the feed and from a listing by last modification.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..contacts import google_person
from ..contacts.actions import Action, Become, Forget, Presence, SideView, Wait
from ..contacts.mapping import IndexEntry, State
from ..contacts.side import Side
from .batch import Case
from .engine import ECHO_DELAY
from .session import Session, read_google

MOST_PAGES = 25
"""A Google account holds 25,000 contacts at most, listed a thousand a page."""


class Doubts:
    """Resolves creates of unknown outcome. The listing by last modification is read once, if at all."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._marked: dict[str, Mapping[str, Any]] | None = None

    def resolve(self, case: Case) -> Action | None:
        """None: it exists, and the case is linked now. Otherwise what to do: wait, or take the create back."""
        mapping = case.mapping
        if mapping is None:
            return Forget()
        now = self.session.engine.now()
        sent = mapping.created_at or now
        if mapping.created_side is Side.SUGAR:
            hidden = case.views[Side.SUGAR].presence is Presence.HIDDEN
            if case.record is not None or mapping.misses(Side.SUGAR) or hidden:
                case.mapping = replace(mapping, state=State.LINKED)
                return None
        else:
            person = self._find(mapping.sugar_id) if now - sent >= ECHO_DELAY else None
            if person is not None:
                google_id = google_person.google_id(person)
                case.mapping = replace(
                    mapping,
                    state=State.LINKED,
                    google_id=google_id,
                    google_source_id=google_person.source_id(person),
                )
                case.entry = IndexEntry(google_id, mapping.sugar_id, google_person.source_id(person))
                case.person = person
                case.views[Side.GOOGLE] = SideView(
                    Presence.PRESENT,
                    read_google(person, mapping),
                    google_person.modified_at(person),
                    google_person.reduce,
                )
                return None
        if now - sent < ECHO_DELAY:
            case.due_again = sent + ECHO_DELAY
            return Wait("the outcome of a create is not known yet")
        if mapping.created_side is Side.SUGAR:
            absent = case.views[Side.SUGAR].presence is Presence.DELETED
            return Forget() if absent else Wait("nobody could tell what became of a create")
        return Become(State.NEW, forget=Side.GOOGLE)

    def _find(self, mark: str) -> Mapping[str, Any] | None:
        if self._marked is None:
            self._marked = {}
            people = self.session.google.recently_changed(MOST_PAGES)
            for person in people:
                for found in google_person.marks(person):
                    self._marked.setdefault(found, person)
        return self._marked.get(mark)

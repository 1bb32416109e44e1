"""Why: what the sync knows about one contact, what comes next, and what keeps it from being synced.

Answered from what is stored alone; neither side is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from ..contacts.contact import Contact
from ..contacts.mapping import IndexEntry
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.normal_form import match_address, tidy
from ..store import backlog, google_index, history, mappings, system, users
from ..store.records import HistoryEntry
from .engine import Engine, addresses
from .reasons import Standing, about_entry, about_mapping, nothing_known

__all__ = ["Explanation", "nothing_known", "why"]

MOST = 20
"""So many contacts are explained at most."""
LATEST = 5
"""So many history entries are shown of each."""

_SUGAR_LINK = re.compile(r"#(?:bwc/)?Contacts/([^/?#\s]+)|[?&]record=([^&#\s]+)", re.IGNORECASE)
_GOOGLE_LINK = re.compile(r"(?:person|people)/(\w+)")


@dataclass(frozen=True, slots=True)
class Explanation:
    """One contact in plain words."""

    name: str
    """Empty for a Google contact that is linked with nothing: the store knows no names of those."""
    sugar_id: str | None
    google_id: str | None
    state: str
    """A mapping's state, or `google_only`."""
    sentences: tuple[str, ...]
    backlog: str | None = None
    """The id of its open backlog entry."""
    last: tuple[HistoryEntry, ...] = ()
    """The latest history entries, newest first."""


@dataclass(slots=True)
class _Found:
    """What a question may mean, each once, in the order found."""

    mappings: dict[str, ContactMapping] = field(default_factory=dict)
    entries: dict[str, IndexEntry] = field(default_factory=dict)
    """Google contacts without a mapping."""

    def items(self) -> list[ContactMapping | IndexEntry]:
        """All of them."""
        return [*self.mappings.values(), *self.entries.values()]


def why(engine: Engine, user_id: str, question: str) -> list[Explanation]:
    """What is known about the contacts that a question may mean; none: nobody knows such a contact.

    A question is an e-mail address, a link or an id of either side, or the beginning of a contact's name.
    """
    loaded = users.read(engine.db, user_id)
    asked = tidy(question)
    if loaded is None or not asked:
        return []
    found = _find(engine, user_id, asked)
    items = found.items()[:MOST]
    open_ids = [item.backlog for item in items if item.backlog is not None]
    entries = backlog.get(engine.db, user_id, open_ids) if open_ids else {}
    user = loaded[0]
    paused = engine.policy.disabled or system.pause(engine.db)
    standing = Standing(user, engine.policy.apply(user.settings), engine.now(), paused)
    explained = []
    for item in items:
        waiting = entries.get(item.backlog or "")
        if isinstance(item, ContactMapping):
            name, sugar_id, state = item.name, item.sugar_id, str(item.state)
            sentences = about_mapping(item, standing, waiting)
        else:
            name, sugar_id, state = "", None, "google_only"
            sentences = about_entry(item, standing, waiting)
        key = sugar_id or item.google_id or ""
        last, _ = history.page(engine.db, user_id, contact=key, limit=LATEST)
        explained.append(
            Explanation(name, sugar_id, item.google_id, state, sentences, item.backlog, tuple(last))
        )
    return explained


def _find(engine: Engine, user_id: str, asked: str) -> _Found:
    db, found = engine.db, _Found()
    google = _GOOGLE_LINK.search(asked)
    sugar = _SUGAR_LINK.search(asked)
    if google is not None:
        _add(engine, user_id, found, google_index.get(db, user_id, [google[1]]).values())
    elif sugar is not None:
        found.mappings |= mappings.get(db, user_id, [unquote(sugar[1] or sugar[2])])
    elif match_address(asked):
        terms = addresses(engine.hashed_terms(user_id, Contact(emails=(asked,))))
        found.mappings |= {one.sugar_id: one for one in mappings.with_keys(db, user_id, terms)}
        _add(engine, user_id, found, google_index.with_keys(db, user_id, terms))
    else:
        found.mappings |= mappings.get(db, user_id, [asked])
        _add(engine, user_id, found, google_index.get(db, user_id, [asked]).values())
        for spelling in dict.fromkeys((asked, asked.title(), asked.capitalize())):
            named = mappings.names_beginning(db, user_id, spelling, MOST)
            found.mappings |= {one.sugar_id: one for one in named}
    return found


def _add(engine: Engine, user_id: str, found: _Found, entries: Iterable[IndexEntry]) -> None:
    """Add Google contacts: a linked one stands for its mapping."""
    entries = list(entries)
    linked = {entry.mapping for entry in entries if entry.mapping} - found.mappings.keys()
    found.mappings |= mappings.get(engine.db, user_id, sorted(linked)) if linked else {}
    for entry in entries:
        if entry.mapping not in found.mappings:
            found.entries[entry.google_id] = entry

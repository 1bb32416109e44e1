"""The last name that Sugar requires: what stands in for it, and when the stand-in goes again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from .composed import without_marks
from .contact import Contact
from .mapping import Filled
from .normal_form import tidy
from .side import Side
from .sugar_schema import SugarSchema, clip

_BLANKS = re.compile(r"\s+")
_BETWEEN = " \t\n,;"
_LONGEST = 255
"""Characters of a last name that is taken apart; Sugar's has 100."""
_NAMES = frozenset({"first_name", "last_name"})
_LADDER = frozenset({"first_name", "company", "emails"})


class NoName(ValueError):
    """The contact has nothing that could stand in for its last name."""


class Shown(NamedTuple):
    """The two names as the record shows them, the filler included; None where they cannot be read."""

    first_name: str | None
    last_name: str | None


def read(first: str | None, last: str | None, filled: Filled | None) -> tuple[str | None, str | None]:
    """First and last name of the person, by what Sugar's two fields show beside a filler; unknown is None.

    A filler is no last name, in whatever case or accents it was typed anew. Where it is the first name, what was typed
    before or behind it is the last name: who finds "Ana" in the field for the last name makes "Ana Ruiz" of it.
    """
    if filled is None or not last:
        return first, last
    if filled.source != "first_name":
        return first, "" if _folded(last) == _folded(filled.value) else last
    if first:
        return first, "" if _folded(first) == _folded(last) == _folded(filled.value) else last
    given, rest = _apart(last, filled.value)
    return (given if first is not None else None, rest) if given else (first, rest)


def _apart(last: str, filler: str) -> tuple[str, str]:
    """The filler as it is spelled at one end of the text, "" if it is at none, and the rest."""
    if _folded(last) == _folded(filler):
        return last, ""
    if len(last) > _LONGEST:
        return "", last
    for cut in (match.start() for match in _BLANKS.finditer(last)):
        head, tail = last[:cut], last[cut:]
        if _folded(head) == _folded(filler):
            return head.strip(_BETWEEN), tail.strip(_BETWEEN)
        if _folded(tail) == _folded(filler):
            return tail.strip(_BETWEEN), head.strip(_BETWEEN)
    return "", last


def _folded(text: str) -> str:
    return without_marks(text.strip(_BETWEEN).casefold())


def held_beside(filled: Filled | None, held: Mapping[Side, Contact]) -> Mapping[Side, Contact]:
    """What the sides held of the base when it was agreed on. Where the first name stood in for a last name, Sugar's own
    first name was empty: that it still is, beside a last name that a person put there, is no edit of it."""
    if filled is None or filled.source != "first_name":
        return held
    return {**held, Side.SUGAR: replace(held.get(Side.SUGAR, Contact()), first_name="")}


@dataclass(frozen=True, slots=True)
class Change:
    """A record that reads as `current` is to hold `contact`; `fields` are the values to be written."""

    current: Contact
    contact: Contact
    fields: Mapping[str, Any]
    denied: frozenset[str]
    schema: SugarSchema
    create: bool

    def after(self, field: str) -> Any:
        """The value that Sugar's record has once it is written."""
        return self.fields.get(field, getattr(self.current, field))

    def meant(self, field: str) -> Any:
        """The value the contact has, whether Sugar can hold it or not."""
        value = getattr(self.contact, field)
        return getattr(self.current, field) if value is None else value


class Written(NamedTuple):
    """The name fields to send, the filler afterwards, and the Contact fields that could not be written."""

    fields: dict[str, Any]
    filled: Filled | None
    unwritten: frozenset[str] = frozenset()


def write(shown: Shown, change: Change, filled: Filled | None) -> Written:
    """How the two name fields change.

    The ladder for a missing last name is: first name (Sugar's first name then stays empty), company, mailbox
    of an address; NoName if all are empty. A filler that stands is kept until one of these changes. A record
    that Sugar keeps without a last name is left so.
    """
    first, last = change.after("first_name"), change.after("last_name")
    if last and last != tidy(shown.last_name or "") and not _NAMES & change.fields.keys():
        # A last name was typed to the filler: the field stays as that person left it.
        return Written({}, filled)
    stands = filled if shown.last_name and change.current.last_name == "" else None
    if last:
        return _send(shown, change, None, first_name=first, last_name=last)
    if last is None:
        return _send(shown, change, filled, first_name=first)
    if stands and not _LADDER & change.fields.keys():
        return Written({}, stands)
    if "last_name" in change.denied:
        if stands and stands.source == "first_name":
            return Written({}, stands, frozenset({"first_name"} & change.fields.keys()))
        return _send(shown, change, stands, first_name=first)
    if not (change.create or shown.last_name):
        return _send(shown, change, None, first_name=first)
    movable = not shown.first_name or "first_name" not in change.denied
    filler = _filler(first if movable else None, change, stands)
    kept = "" if filler.source == "first_name" else first
    return _send(shown, change, filler, first_name=kept, last_name=filler.value)


def _filler(first: str | None, change: Change, old: Filled | None) -> Filled:
    """The first rung that holds something.

    The old filler counts while its rung stands, so that neither the order of addresses nor a company that is
    no account, and so not in the record, changes the name.
    """
    company = change.meant("company")
    if old and old.source == "company" and "company" not in change.fields:
        company = company or old.value
    mailboxes = [local for email in change.meant("emails") or () if (local := tidy(email).rpartition("@")[0])]
    if old and old.source == "emails" and old.value in mailboxes:
        mailboxes = [old.value]
    mailbox = next(iter(mailboxes), None)
    for source, text in (("first_name", first), ("company", company), ("emails", mailbox)):
        if value := clip(tidy(text or ""), "last_name", change.schema):
            return Filled(source, value)
    raise NoName


def _send(shown: Shown, change: Change, filled: Filled | None, **names: str | None) -> Written:
    """The wanted names that the record does not show already; what cannot be read is not written either."""
    differing = {
        field: name
        for field, name in names.items()
        if name is not None and (now := getattr(shown, field)) is not None and tidy(now) != name
    }
    allowed = {field: name for field, name in differing.items() if field not in change.denied}
    return Written(allowed, filled, frozenset(differing.keys() - allowed.keys()))

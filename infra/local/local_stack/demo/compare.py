"""Whether a Sugar contact and a Google contact hold the same person, told from the two records alone.

This knows nothing of the code it checks: it has its own idea of which fields belong together and of what Sugar
cannot hold (length, unknown companies, invalid addresses, birthdays without a year, a missing last name).
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from ..sugar.addresses import read_items
from ..sugar.errors import SugarError
from ..sugar.fields import CONTACTS, DROPDOWNS

Record = dict[str, Any]

_PHONES = {
    "phone_work": {"work"},
    "phone_mobile": {"mobile"},
    "phone_home": {"home"},
    "phone_other": {"other", ""},
    "phone_fax": {"workFax"},
}
_ADDRESSES = {"primary_address": {"work"}, "alt_address": {"home", "other", ""}}
_PARTS = {"city": "city", "state": "region", "postalcode": "postalCode", "country": "country"}
_TAGS = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Difference:
    """A field on which the two sides do not agree."""

    field: str
    sugar: str
    google: str

    def __str__(self) -> str:
        return f"{self.field}: Sugar has {_short(self.sugar)}, Google has {_short(self.google)}"


def differences(sugar: Record, person: Record, companies: Collection[str]) -> list[Difference]:
    """The fields that differ; `companies` are the names of Sugar's accounts."""
    return [
        *_names(sugar, person),
        *_organization(sugar, person, companies),
        *_emails(sugar, person),
        *_phones(sugar, person),
        *_addresses(sugar, person),
        *_rest(sugar, person),
    ]


def field_count(sugar: Record) -> int:
    """How many of the fields that are kept the same a Sugar contact has."""
    single = ("salutation", "first_name", "last_name", "title", "department", "account_name", "birthdate")
    held = [*single, "description", "twitter", "facebook", *_PHONES, "email"]
    addresses = sum(any(sugar.get(f"{name}_{part}") for part in ("street", *_PARTS)) for name in _ADDRESSES)
    return sum(bool(sugar.get(name)) for name in held) + addresses


def values_held(sugar: Record, person: Record) -> set[str]:
    """Every text in two records, as either of them may be remembered."""
    held = set(map(_text, _leaves([sugar, person])))
    for item in person.get("addresses", ()):
        held.add(
            "\n".join(filter(None, (_text(item.get(key)) for key in ("streetAddress", "extendedAddress"))))
        )
    for item in person.get("birthdays", ()):
        date = item.get("date", {})
        year = f"{date['year']:04}" if date.get("year") else "-"
        held.add(f"{year}-{date.get('month', 0):02}-{date.get('day', 0):02}")
    return held


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner)
    elif isinstance(value, str):
        yield value


def _names(sugar: Record, person: Record) -> Iterator[Difference]:
    name = _first(person, "names")
    given, family = _text(name.get("givenName")), _text(name.get("familyName"))
    first, last = _text(sugar["first_name"]), _text(sugar["last_name"])
    shown, held = f"{first} {last}", f"{given} {family}"
    if family:
        if first != _fit("first_name", given) or last != _fit("last_name", family):
            yield Difference("name", shown, held)
    elif given:
        if first or last != _fit("last_name", given):
            yield Difference("name", shown, held)
    else:
        mailboxes = [_text(item["value"]).rpartition("@")[0] for item in person.get("emailAddresses", ())]
        fillers = [_text(_first(person, "organizations").get("name")), *mailboxes]
        if first or last not in [_fit("last_name", filler) for filler in fillers if filler]:
            yield Difference("name", shown, held)
    prefix, salutation = _text(name.get("honorificPrefix")), _text(sugar["salutation"])
    choices = {key.removesuffix(".") for key in DROPDOWNS["salutation_dom"]}
    left_out = not salutation and prefix.removesuffix(".") not in choices
    if salutation.removesuffix(".") != prefix.removesuffix(".") and not left_out:
        yield Difference("salutation", salutation, prefix)


def _organization(sugar: Record, person: Record, companies: Collection[str]) -> Iterator[Difference]:
    job = _first(person, "organizations")
    for field in ("title", "department"):
        there, here = _text(job.get(field)), _text(sugar[field])
        if here != _fit(field, there):
            yield Difference(field, here, there)
    known = {_loosely(company) for company in companies}
    company, account = _text(job.get("name")), _text(sugar["account_name"])
    if _loosely(account) != (_loosely(company) if _loosely(company) in known else ""):
        yield Difference("company", account, company)


def _emails(sugar: Record, person: Record) -> Iterator[Difference]:
    here = {_text(item["email_address"]).casefold() for item in sugar["email"]}
    there = {_text(item["value"]).casefold() for item in person.get("emailAddresses", ())}
    if here != set(filter(_is_address, there)):
        yield Difference("e-mail", ", ".join(sorted(here)), ", ".join(sorted(there)))


def _phones(sugar: Record, person: Record) -> Iterator[Difference]:
    items = person.get("phoneNumbers", ())
    for field, kinds in _PHONES.items():
        numbers = [_text(item["value"]) for item in items if item.get("type", "") in kinds]
        here = _text(sugar[field])
        if (here or numbers) and _digits(here) not in [_digits(_fit(field, number)) for number in numbers]:
            yield Difference(field, here, ", ".join(numbers))


def _addresses(sugar: Record, person: Record) -> Iterator[Difference]:
    for field, kinds in _ADDRESSES.items():
        there = [
            _google_address(field, item)
            for item in person.get("addresses", ())
            if item.get("type", "") in kinds
        ]
        here = (_text(sugar[f"{field}_street"]), *(_text(sugar[f"{field}_{part}"]) for part in _PARTS))
        if (any(here) or any(map(any, there))) and here not in there:
            yield Difference(field, _joined(here), " / ".join(map(_joined, there)))


def _google_address(field: str, item: Record) -> tuple[str, ...]:
    lines = [_text(item.get(key)) for key in ("streetAddress", "extendedAddress")]
    parts = {part: _text(item.get(key)) for part, key in _PARTS.items()}
    parts["country"] = parts["country"] or _text(item.get("countryCode"))
    street = "\n".join(filter(None, lines))
    if not street and not any(parts.values()):
        street = _text(item.get("formattedValue"))
    return _fit(f"{field}_street", street), *(_fit(f"{field}_{part}", text) for part, text in parts.items())


def _rest(sugar: Record, person: Record) -> Iterator[Difference]:
    date = _first(person, "birthdays").get("date", {})
    birthday = f"{date['year']:04}-{date['month']:02}-{date['day']:02}" if date.get("year") else ""
    if _text(sugar["birthdate"]) != birthday:
        yield Difference("birthday", _text(sugar["birthdate"]), birthday)
    biography = _first(person, "biographies")
    note, here = _text(biography.get("value")), _text(sugar["description"])
    if biography.get("contentType") == "TEXT_HTML":
        # Which blanks stand for a tag is a matter of taste, the words are not.
        note, here = (" ".join(text.split()) for text in (html.unescape(_TAGS.sub(" ", note)), here))
    if here != note:
        yield Difference("description", here, note)
    for field in ("twitter", "facebook"):
        clients = person.get("imClients", ())
        names = [_text(item["username"]) for item in clients if item.get("protocol", "").casefold() == field]
        if (sugar[field] or names) and _text(sugar[field]) not in names:
            yield Difference(field, _text(sugar[field]), ", ".join(names))


def _first(person: Record, field: str) -> Record:
    items = person.get(field) or [{}]
    return next((item for item in items if item.get("metadata", {}).get("primary")), items[0])


def _text(value: Any) -> str:
    return unicodedata.normalize("NFC", str(value or "").replace("\r\n", "\n")).strip()


def _fit(field: str, text: str) -> str:
    """As much of a text as Sugar's field takes."""
    return text[: CONTACTS[field].length].strip()


def _is_address(text: str) -> bool:
    try:
        return bool(read_items([{"email_address": text}]))
    except SugarError:
        return False


def _loosely(company: str) -> str:
    return " ".join(company.split()).casefold()


def _digits(number: str) -> str:
    """A phone number without its punctuation; words stay."""
    bare = re.sub(r"[\s()./·-]", "", number.replace("(0)", "")).casefold()
    return re.sub(r"(?:extension|ext|x|#)(\d+)$", r"x\1", re.sub(r"^00", "+", bare))


def _joined(parts: tuple[str, ...]) -> str:
    return ", ".join(filter(None, parts)).replace("\n", ", ")


def _short(text: str) -> str:
    return "nothing" if not text else repr(text if len(text) <= 60 else f"{text[:57]}...")

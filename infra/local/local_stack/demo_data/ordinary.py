"""People as they are in any address book: in Sugar only, in Google only, or in both with details on either side."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from .locales import COMPANIES, DEPARTMENTS, LOCALES, NOTES, TITLES, Locale
from .scene import Record, Scene, person, phones, work

_NO_LETTERS = re.compile(r"[^a-z]+")
_HOMES = ("sugar", "sugar", "google", "google", "both")


@dataclass(frozen=True)
class _Somebody:
    """One made-up person."""

    number: int
    locale: Locale
    first: str
    last: str
    email: str
    company: str
    title: str
    department: str
    note: str
    birthday: tuple[int, int, int]

    def digits(self, text: str) -> str:
        return text.replace("{n}", f"{self.number % 10_000:04}")


def people(count: int, seed: int = 7) -> Iterator[Scene]:
    """`count` people, the same ones every time."""
    draw = random.Random(seed)
    for number in range(1, count + 1):
        somebody = _somebody(number, draw)
        home = _HOMES[number % len(_HOMES)]
        sugar, google = _sugar(somebody), _google(somebody)
        if home == "sugar":
            yield Scene(f"{somebody.email}, in Sugar", sugar=(sugar,))
        elif home == "google":
            yield Scene(f"{somebody.email}, in Google", google=(google,))
        else:
            yield Scene(f"{somebody.email}, in both", (_sugar_half(sugar),), (_google_half(google),))


def _somebody(number: int, draw: random.Random) -> _Somebody:
    locale = LOCALES[number % len(LOCALES)]
    first, last = draw.choice(locale.first), draw.choice(locale.last)
    plain = unicodedata.normalize("NFKD", f"{first}.{last}").encode("ascii", "ignore").decode().lower()
    name = ".".join(filter(None, _NO_LETTERS.split(plain))) or locale.code.lower()
    return _Somebody(
        number=number,
        locale=locale,
        first=first,
        last=last,
        email=f"{name}.{number}@{draw.choice(('mail', 'post', 'work'))}.example",
        company=draw.choice(COMPANIES),
        title=draw.choice(TITLES),
        department=draw.choice(DEPARTMENTS),
        note=draw.choice(NOTES),
        birthday=(draw.randint(1940, 2004), draw.randint(1, 12), draw.randint(1, 28)),
    )


def _sugar(who: _Somebody) -> Record:
    year, month, day = who.birthday
    locale = who.locale
    record: Record = {
        "first_name": who.first,
        "last_name": who.last,
        "title": who.title,
        "department": who.department,
        "account_name": who.company,
        "email": [who.email],
        "phone_work": who.digits(locale.phone),
        "primary_address_street": who.digits(locale.street),
        "primary_address_city": locale.city,
        "primary_address_state": locale.region,
        "primary_address_postalcode": locale.postal_code,
        "primary_address_country": locale.country,
        "date_modified": f"2023-0{1 + who.number % 9}-1{who.number % 10}T08:30:00+00:00",
    }
    if who.number % 3 == 0:
        record |= {"phone_mobile": who.digits(locale.mobile), "description": who.note}
    if who.number % 4 == 0:
        record["birthdate"] = f"{year}-{month:02}-{day:02}"
    if who.number % 7 == 0:
        second = {"email_address": f"private.{who.number}@home.example", "opt_out": True}
        first = {"email_address": who.email, "primary_address": True}
        record |= {"email": [first, second]}
    return record


def _google(who: _Somebody) -> Record:
    year, month, day = who.birthday
    locale = who.locale
    fields: Record = {
        "organizations": work(who.company, who.title, who.department),
        "phoneNumbers": phones(mobile=who.digits(locale.mobile)),
    }
    if who.number % 2:
        fields["birthdays"] = [{"date": {"year": year, "month": month, "day": day}}]
        fields["biographies"] = [{"value": who.note, "contentType": "TEXT_PLAIN"}]
    if who.number % 3 == 0:
        parts = {
            "streetAddress": who.digits(locale.street),
            "city": locale.city,
            "region": locale.region,
            "postalCode": locale.postal_code,
            "country": locale.country,
        }
        fields["addresses"] = [{part: text for part, text in parts.items() if text} | {"type": "home"}]
    return person(who.first, who.last, who.email, **fields)


def _sugar_half(record: Record) -> Record:
    """What the company knows."""
    return {
        key: value for key, value in record.items() if key not in ("phone_mobile", "birthdate", "description")
    }


def _google_half(record: Record) -> Record:
    """What a friend knows; the company is in Sugar."""
    return {key: value for key, value in record.items() if key != "organizations"}

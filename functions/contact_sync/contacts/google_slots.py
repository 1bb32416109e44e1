"""The slots of a Google person: which items a Contact holds, and how one item is read and changed.

A slot is held by at most one item. Everything else in a list (a fourth phone, custom labels, other parts of
an item) is not the Contact's and is carried through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from . import birthday
from .contact import Address
from .json_values import as_map, as_text
from .normal_form import EMPTY, comparison_key, is_empty, same, tidy
from .note_text import plain_text

Item = Mapping[str, Any]
Values = Mapping[str, Any]
"""Contact field -> value."""

SINGLE = frozenset({"names", "birthdays", "biographies"})
"""Lists in which a contact has at most one item (People API documentation)."""

# What says nothing by itself: an item with only these holds nothing.
_LABELS = frozenset({"type", "current", "protocol", "contentType"})


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot in the person's list `items`, which holds the Contact's `fields`.

    `get` gives the values of an item, `put` the item with other values; a new item starts as `label`.
    """

    items: str
    fields: tuple[str, ...]
    get: Callable[[Item], dict[str, Any]]
    put: Callable[[Item, Values], dict[str, Any]]
    fits: Callable[[Item], bool] = lambda item: True
    label: Mapping[str, Any] = field(default_factory=dict)

    def owned(self, items: Iterable[Item], base: Values) -> Item | None:
        """The item that holds the slot: nearest to the base, else primary, else current, else smallest."""
        candidates = [(item, self.get(item)) for item in items if self.fits(item)]
        if self.items not in SINGLE:
            candidates = [each for each in candidates if not all(map(is_empty, each[1].values()))]
        nearest = min(candidates, key=lambda each: _rank(each[0], each[1], base), default=None)
        return nearest and nearest[0]

    def values(self, item: Item | None) -> dict[str, Any]:
        """The fields' values of an item, all empty without one."""
        return {name: getattr(EMPTY, name) for name in self.fields} if item is None else self.get(item)

    def changed(self, item: Item | None, values: Values) -> dict[str, Any] | None:
        """The item (None: a new one) with these values; None if nothing is left of it."""
        put = self.put(dict(self.label) if item is None else item, values)
        return put if put.keys() - _LABELS else None


def _rank(item: Item, values: Values, base: Values) -> tuple[int, int, bool, bool, str]:
    equal = [value for name, value in base.items() if value is not None and same(name, values[name], value)]
    telling = sum(not is_empty(value) for value in equal)
    keys = [None if value is None else comparison_key(name, value) for name, value in values.items()]
    return -telling, -len(equal), not is_primary(item), not item.get("current"), repr(keys)


def is_primary(item: Item) -> bool:
    """Whether Google says that this item is the first of its list."""
    return bool(as_map(item.get("metadata")).get("primary"))


def _text(item: Item, key: str) -> str | None:
    """A text of an item, tidy; None where it is no text."""
    text = as_text(item.get(key))
    return None if text is None else tidy(text)


def _plain(items: str, keys: Mapping[str, str], **options: Any) -> Slot:
    """A slot whose fields are texts of the item: Contact field -> the item's key."""

    def get(item: Item) -> dict[str, Any]:
        return {name: _text(item, key) for name, key in keys.items()}

    def put(item: Item, values: Values) -> dict[str, Any]:
        return _with(item, {keys[name]: value for name, value in values.items()})

    return Slot(items, tuple(keys), get, put, **options)


def _with(item: Item, parts: Mapping[str, Any]) -> dict[str, Any]:
    """The item with other parts; empty ones are left out."""
    return {key: value for key, value in {**item, **parts}.items() if value not in ("", None)}


def _typed(*types: str) -> Callable[[Item], bool]:
    return lambda item: as_text(item.get("type")) in types


def _phone(name: str, *types: str) -> Slot:
    return _plain("phoneNumbers", {name: "value"}, fits=_typed(*types), label={"type": types[0]})


def _messenger(name: str) -> Slot:
    return _plain(
        "imClients",
        {name: "username"},
        fits=lambda item: (as_text(item.get("protocol")) or "").casefold() == name,
        label={"protocol": name},
    )


_ADDRESS_KEYS = {"city": "city", "state": "region", "postal_code": "postalCode", "country": "country"}


def _postal(name: str, *types: str) -> Slot:
    def get(item: Item) -> dict[str, Any]:
        return {name: _address(item)}

    def put(item: Item, values: Values) -> dict[str, Any]:
        return _with_address(item, values[name])

    return Slot("addresses", (name,), get, put, _typed(*types), {"type": types[0]})


def _address(item: Item) -> Address:
    parts = {part: _text(item, key) or "" for part, key in _ADDRESS_KEYS.items()}
    if not parts["country"]:
        parts["country"] = _text(item, "countryCode") or ""
    lines = (_text(item, key) for key in ("streetAddress", "extendedAddress"))
    address = Address(street="\n".join(filter(None, lines)), **parts)
    if is_empty(address) and not item.get("poBox"):
        # An address that was never taken apart has only its formatted text.
        return replace(address, street=_text(item, "formattedValue") or "")
    return address


def _with_address(item: Item, address: Address) -> dict[str, Any]:
    """The item with the parts that differ from its own. What Google derived from a part goes with it."""
    now = _address(item)
    parts: dict[str, Any] = {"formattedValue": ""}
    for part, key in _ADDRESS_KEYS.items():
        if getattr(now, part) != getattr(address, part):
            parts[key] = getattr(address, part)
    if "country" in parts:
        parts["countryCode"] = ""
    if now.street != address.street:
        second = _text(item, "extendedAddress") or ""
        keeps = bool(second) and address.street.endswith("\n" + second)
        parts["streetAddress"] = address.street.removesuffix("\n" + second) if keeps else address.street
        if not keeps:
            parts["extendedAddress"] = ""
    return _with(item, parts)


def _birthday(item: Item) -> dict[str, Any]:
    date = as_map(item.get("date"))
    year, month, day = (date.get(part) or 0 for part in ("year", "month", "day"))
    # A birthday in words or without its day is there and cannot be read: unknown, not empty.
    if not all(isinstance(part, int) and 0 <= part <= 9999 for part in (year, month, day)):
        return {"birthday": None}
    return {"birthday": birthday.text_of(year, month, day) if month and day else None}


def _with_birthday(item: Item, values: Values) -> dict[str, Any]:
    date = birthday.parse(values["birthday"])
    if date is None:
        return {}
    parts = zip(("year", "month", "day"), date, strict=True)
    return {"date": {part: number for part, number in parts if number}}


def _note(item: Item) -> dict[str, Any]:
    text = _text(item, "value")
    is_html = item.get("contentType") == "TEXT_HTML"
    return {"description": plain_text(text) if text and is_html else text}


def _with_note(item: Item, values: Values) -> dict[str, Any]:
    return _with(item, {"value": values["description"], "contentType": "TEXT_PLAIN"})


SLOTS: tuple[Slot, ...] = (
    _plain("names", {"salutation": "honorificPrefix", "first_name": "givenName", "last_name": "familyName"}),
    _plain("organizations", {"company": "name", "title": "title", "department": "department"}),
    _phone("phone_work", "work"),
    _phone("phone_mobile", "mobile"),
    _phone("phone_home", "home"),
    _phone("phone_other", "other", ""),
    _phone("phone_fax", "workFax"),
    _postal("primary_address", "work"),
    _postal("alt_address", "home", "other", ""),
    Slot("birthdays", ("birthday",), _birthday, _with_birthday),
    Slot("biographies", ("description",), _note, _with_note),
    _messenger("twitter"),
    _messenger("facebook"),
)
"""All slots. An item without a type counts as `other`. E-mail addresses are a set and have none."""

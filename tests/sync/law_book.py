"""Both address books as their owner changes them, and what must not get lost of it.

Values come from tiny alphabets, so that coincidences happen, and from a counter, so that each can be followed to the
end. Records are addressed by side and number: the n-th live one in the order in which they appeared.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.world import World

from contact_sync.contacts.side import Side

NAMES = (("Ana", "Ruiz"), ("Ben", "Okafor"), ("", "Ruiz"))
EMAILS = ("ana@x.test", "ben@x.test", "both@x.test", "ANA@x.test ")
PHONES = ("+34 600 100 200", "+34600100200", "+34 611 222 333", "")
TITLES = ("Baker", "Cook", "", "fresh")
BOSS = "user-boss"
Key = tuple[Side, str]


@dataclass(slots=True)
class Value:
    """What a user wrote into a field of a record, and whether a run was under way."""

    text: str
    in_run: int | None = None


@dataclass
class Book:
    """The user's view of the world, and the memory of what the user did."""

    world: World
    order: dict[Side, list[str]] = field(default_factory=lambda: {side: [] for side in Side})
    written: dict[Key, dict[str, Value]] = field(default_factory=dict)
    """What has to be found at the end, by record and field."""
    tags: int = 0
    run: int | None = None
    """The run that is under way, if one is."""
    restored: set[str] = field(default_factory=set)
    """Tags of people of whom a record was taken out of the trash, or about whom a person decided."""
    buried: set[Key] = field(default_factory=set)
    """Tags of linked people whose record on that side the user deleted."""

    def live(self, side: Side) -> list[str]:
        """Ids of the live records of a side, the oldest first."""
        known = self.order[side]
        found = self.records(side)
        known += sorted(found.keys() - set(known))
        return [key for key in known if key in found]

    def dead(self, side: Side) -> list[str]:
        """Ids of the records that were deleted, by whomever."""
        live = set(self.live(side))
        return [key for key in self.order[side] if key not in live]

    def records(self, side: Side) -> dict[str, Mapping[str, Any]]:
        """Every live record of a side by id."""
        if side is Side.SUGAR:
            return {record["id"]: record for record in self.world.sugar_contacts()}
        return {
            contact["resourceName"].removeprefix("people/"): contact
            for contact in self.world.google_contacts()
        }

    def record(self, side: Side, key: str) -> Mapping[str, Any]:
        """One live record."""
        return self.records(side)[key]

    # What people do

    def create(self, side: Side, name: int, emails: list[int], phone: int) -> str:
        """A new contact, its tag in the description."""
        first, last = NAMES[name]
        tag = f"tag{self.tags}."
        self.tags += 1
        addresses = list(dict.fromkeys(EMAILS[email].strip() for email in emails))
        addresses = list({address.lower(): address for address in addresses}.values())
        if side is Side.SUGAR:
            key = self.world.add_sugar(
                first_name=first, last_name=last, email=addresses, phone_mobile=PHONES[phone], description=tag
            )
        else:
            phones = [{"value": PHONES[phone], "type": "mobile"}] if PHONES[phone] else []
            key = self.world.add_google(
                first,
                last,
                *addresses,
                phoneNumbers=phones,
                biographies=[{"value": tag, "contentType": "TEXT_PLAIN"}],
            )
        self.order[side].append(key)
        self._wrote(side, key, "description", tag)
        for address in addresses:
            self._wrote(side, key, address.lower(), address)
        if PHONES[phone]:
            self._wrote(side, key, "phone_mobile", PHONES[phone])
        return key

    def edit(self, side: Side, which: int, name: str, value: int) -> str | None:
        """Change one field of the `which`-th record; returns its id."""
        key = self._pick(self.live(side), which)
        if key is None:
            return None
        text = (PHONES if name.startswith("phone") else TITLES)[value]
        if text == "fresh":
            self.tags += 1
            text = f"fresh{self.tags}."
        if side is Side.SUGAR:
            self._before(side, key, name)
            self.world.sugar.edit_contact(key, **{name: text})
        elif name == "title":
            self._before(side, key, name)
            self.world.edit_google(key, organizations=[{"title": text}] if text else [])
        else:
            self._google_phone(key, name.removeprefix("phone_"), text)
        self._wrote(side, key, name, text)
        return key

    def rename(self, side: Side, which: int, name: int) -> None:
        """Give the `which`-th record another name of the alphabet."""
        key = self._pick(self.live(side), which)
        if key is None:
            return
        first, last = NAMES[name]
        if side is Side.SUGAR:
            self.world.sugar.edit_contact(key, first_name=first, last_name=last)
        else:
            self.world.edit_google(key, names=[{"givenName": first, "familyName": last}])

    def address(self, side: Side, which: int, email: int, *, add: bool) -> None:
        """Add an e-mail address to the `which`-th record, or remove it."""
        key = self._pick(self.live(side), which)
        if key is None:
            return
        address = EMAILS[email].strip()
        self._before(side, key, address.lower())
        record = self.record(side, key)
        name, value = ("email", "email_address") if side is Side.SUGAR else ("emailAddresses", "value")
        items = [item for item in record.get(name, ()) if item[value].lower() != address.lower()]
        if add:
            items.append({value: address})
        if side is Side.SUGAR:
            self.world.sugar.edit_contact(key, email=[item[value] for item in items])
        else:
            self.world.edit_google(key, emailAddresses=[{value: item[value]} for item in items])
        if add:
            self._wrote(side, key, address.lower(), address)

    def delete(self, side: Side, which: int, *, linked: Mapping[Key, bool]) -> None:
        """Delete the `which`-th record. `linked` says of which records the sync knows both sides."""
        key = self._pick(self.live(side), which)
        if key is None:
            return
        tag = self._tag(side, key)
        known = self.written.get((side, key), {})
        self.written[side, key] = {
            name: value for name, value in known.items() if not self._shows(side, key, value)
        }
        if linked.get((side, key)) and tag:
            self.buried.add((side, tag))
        if side is Side.SUGAR:
            self.world.sugar.delete_contact(key)
        else:
            self.world.delete_google(key)

    def restore(self, side: Side, which: int) -> None:
        """Take the `which`-th deleted record back."""
        key = self._pick(self.dead(side), which)
        if key is None:
            return
        if side is Side.SUGAR:
            self.world.sugar.restore_contact(key)
        else:
            self.world.google.restore_contact(self.world.first.sub, f"people/{key}")
        self.exempt(side, key)

    def reassign(self, which: int, *, away: bool) -> None:
        """Give a Sugar contact to the boss, or back."""
        key = self._pick(self.live(Side.SUGAR), which)
        if key is not None:
            owner = BOSS if away else self.world.first.sugar_user
            self.exempt(Side.SUGAR, key)
            self.world.sugar.edit_contact(key, assigned_user_id=owner)

    def exempt(self, side: Side, key: str) -> None:
        """A person's decision may bring this contact back, or make it two."""
        tag = self._tag(side, key)
        self.restored.add(tag)
        self.buried -= {(each, tag) for each in Side}

    # What has to be there at the end

    def tag_counts(self, side: Side) -> dict[str, int]:
        """How often each tag is there."""
        counts: dict[str, int] = {}
        for key in self.records(side):
            tag = self._tag(side, key)
            counts[tag] = counts.get(tag, 0) + 1
        return counts

    def _tag(self, side: Side, key: str) -> str:
        record = self.record(side, key)
        if side is Side.SUGAR:
            return str(record["description"])
        return str(record.get("biographies", [{}])[0].get("value", ""))

    def _google_phone(self, key: str, kind: str, text: str) -> None:
        self._before(Side.GOOGLE, key, f"phone_{kind}")
        items = self.record(Side.GOOGLE, key).get("phoneNumbers", [])
        kept = [{"value": item["value"], "type": item["type"]} for item in items if item.get("type") != kind]
        added = [{"value": text, "type": kind}] if text else []
        self.world.edit_google(key, phoneNumbers=[*kept, *added])

    def _before(self, side: Side, key: str, name: str) -> None:
        """The user replaces what the record shows; what it does not show (any more) stays to be found."""
        known = self.written.get((side, key), {})
        value = known.get(name)
        if value is None:
            return
        if self._shows(side, key, value):
            del known[name]
        else:
            known[f"{name} before {len(known)}"] = known.pop(name)

    def _shows(self, side: Side, key: str, value: Value) -> bool:
        return squeezed(value.text)[1:-1] in squeezed(self.record(side, key))

    def _wrote(self, side: Side, key: str, name: str, text: str) -> None:
        if text:
            self.written.setdefault((side, key), {})[name] = Value(text, self.run)

    @staticmethod
    def _pick(keys: list[str], which: int) -> str | None:
        return keys[which % len(keys)] if keys else None


def squeezed(value: Any) -> str:
    """All text in a value, without blanks and case, so that equal spellings are equal."""
    return "".join(json.dumps(value, default=str).lower().split())

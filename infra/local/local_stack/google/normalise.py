"""What Google makes of the fields it is given: derived values, types in words, emptiness, primary marks."""

from __future__ import annotations

import functools
import re
from typing import Any

import phonenumbers

from . import discovery
from .errors import Json, invalid
from .masks import SINGLE, words

# The sub-field without which an item of a field is nothing.
_ESSENTIAL: dict[str, tuple[str, ...]] = {
    "names": (
        *("displayName", "phoneticFullName", "phoneticGivenName", "phoneticMiddleName", "phoneticFamilyName"),
        *("phoneticHonorificPrefix", "phoneticHonorificSuffix"),
    ),
    "calendarUrls": ("url",),
    "events": ("date",),
    "birthdays": ("date", "text"),
    "imClients": ("username",),
    "relations": ("person",),
    "organizations": (
        *("name", "title", "department", "jobDescription", "startDate", "endDate", "phoneticName", "symbol"),
        *("domain", "location", "costCenter", "fullTimeEquivalentMillipercent"),
    ),
    "addresses": (
        *(
            "poBox",
            "streetAddress",
            "extendedAddress",
            "city",
            "region",
            "postalCode",
            "country",
            "countryCode",
        ),
        "formattedValue",
    ),
    "locations": ("value", "buildingId", "deskCode", "floor", "floorSection"),
}
_TYPED = words(
    """addresses calendarUrls emailAddresses events externalIds imClients miscKeywords organizations
    phoneNumbers relations sipAddresses urls"""
)
_PREDEFINED = words(
    """home work other mobile homeFax workFax otherFax pager workMobile workPager main googleVoice school blog
    profile homePage ftp reservations appInstallPage account customer loginId network organization spouse
    child mother father parent brother sister friend relative domesticPartner manager assistant referredBy
    partner
    anniversary availability"""
)
_PROTOCOLS = {
    "aim": "AIM",
    "msn": "MSN",
    "yahoo": "Yahoo",
    "skype": "Skype",
    "qq": "QQ",
    "googleTalk": "Google Talk",
    "icq": "ICQ",
    "jabber": "Jabber",
    "netMeeting": "NetMeeting",
}
_WORDS = re.compile(r"(?<!^)(?=[A-Z])")
_NAME_PARTS = ("honorificPrefix", "givenName", "middleName", "familyName")


def source_of(source_id: str) -> Json:
    """The source that every item of a contact names."""
    return {"type": "CONTACT", "id": source_id}


def stored_items(field: str, items: list[Json], source_id: str, region: str) -> list[Json]:
    """The items of a field as Google stores and returns them, without those that hold nothing.

    `region` is the account's country for phone numbers without a country code. Items of another source than
    the contact are not the contact's to hold and are left out. More than one item in a single field is a 400.
    """
    schema = discovery.item_schema(field)
    kept = []
    for item in items:
        source = (item.get("metadata") or {}).get("source") or {}
        if (source.get("type") or "CONTACT") != "CONTACT":
            continue
        skipped = discovery.read_only(schema)
        bare = {
            name: kept_value
            for name, value in item.items()
            if name not in skipped and name != "metadata" and (kept_value := _without_empty(value))
        }
        if field == "names":
            bare = _name(bare)
        if any(key in bare for key in _ESSENTIAL.get(field, ("value",))):
            kept.append(_derived(field, bare, region))
    if field in SINGLE and len(kept) > 1:
        raise invalid(f"Cannot have more than one person.{field} per source.")
    return [_with_metadata(field, item, source_id, first=index == 0) for index, item in enumerate(kept)]


def membership_items(groups: list[str], source_id: str) -> list[Json]:
    """The memberships field for a contact in these groups."""
    source = {"source": source_of(source_id)}
    return [
        {
            "metadata": source,
            "contactGroupMembership": {
                "contactGroupId": group.removeprefix("contactGroups/"),
                "contactGroupResourceName": group,
            },
        }
        for group in groups
    ]


def groups_of(memberships: list[Json]) -> list[str]:
    """The groups that memberships name, each once; memberships of a domain are passed over."""
    named: dict[str, None] = {}
    for item in memberships:
        membership = item.get("contactGroupMembership") or {}
        if membership:
            named[membership.get("contactGroupResourceName") or ""] = None
    return list(named)


@functools.lru_cache(maxsize=65536)
def canonical_phone(value: str, region: str) -> str | None:
    """The number in E.164, or None where it is no number of that region."""
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def type_in_words(kind: str) -> str:
    """A type as people read it: predefined ones in words, custom ones as they are."""
    if kind not in _PREDEFINED:
        return kind
    return " ".join(word[:1].upper() + word[1:] for word in _WORDS.split(kind))


def _derived(field: str, item: Json, region: str) -> Json:
    if field in _TYPED and "type" in item:
        item["formattedType"] = type_in_words(item["type"])
    if field == "phoneNumbers":
        canonical = canonical_phone(item["value"], region)
        if canonical:
            item["canonicalForm"] = canonical
    elif field == "addresses":
        item.setdefault("formattedValue", _formatted_address(item))
    elif field == "biographies":
        item.setdefault("contentType", "TEXT_PLAIN")
    elif field == "imClients" and "protocol" in item:
        item["formattedProtocol"] = _PROTOCOLS.get(item["protocol"], item["protocol"])
    elif field == "genders":
        item["formattedValue"] = item["value"][:1].upper() + item["value"][1:]
    elif field in ("birthdays", "events"):
        _check_date(field, item.get("date", {}))
    return item


def _name(item: Json) -> Json:
    parts = {key: value for key, value in item.items() if key != "unstructuredName"}
    if not parts and item.get("unstructuredName"):
        words = item["unstructuredName"].split()
        if len(words) > 1:
            parts = {"givenName": " ".join(words[:-1]), "familyName": words[-1]}
        elif words:
            parts = {"givenName": words[0]}
    if not parts:
        return {}
    prefix, given, middle, family = (parts.get(key, "") for key in _NAME_PARTS)
    suffix = f", {parts['honorificSuffix']}" if "honorificSuffix" in parts else ""
    before = " ".join(filter(None, (prefix, given, middle)))
    full = " ".join(filter(None, (before, family))) + suffix
    full = full.removeprefix(", ")
    last_first = (f"{family}, {before}" if family and before else full.removesuffix(suffix)) + suffix
    if full:
        parts |= {
            "displayName": full,
            "displayNameLastFirst": last_first.removeprefix(", "),
            "unstructuredName": full,
        }
    return parts


def _formatted_address(item: Json) -> str:
    town = " ".join(filter(None, (item.get("postalCode"), item.get("city"))))
    lines = (
        item.get("streetAddress"),
        item.get("extendedAddress"),
        item.get("poBox"),
        town,
        item.get("region"),
        item.get("country") or item.get("countryCode"),
    )
    return "\n".join(line for line in lines if line)


def _check_date(field: str, date: Json) -> None:
    limits = {"year": 9999, "month": 12, "day": 31}
    if any(not 0 <= date.get(part, 0) <= limit for part, limit in limits.items()):
        raise invalid(f"Invalid date in person.{field}.")


def _without_empty(value: Any) -> Any:
    """The value without empty parts: proto3 JSON leaves out empty text, zero, false and empty messages."""
    if isinstance(value, dict):
        return {key: kept for key, item in value.items() if (kept := _without_empty(item))}
    if isinstance(value, list):
        return [_without_empty(item) for item in value]
    return value


def _with_metadata(field: str, item: Json, source_id: str, first: bool) -> Json:
    metadata: Json = {"primary": True} if first else {}
    if field == "names":
        metadata["sourcePrimary"] = True
    metadata["source"] = source_of(source_id)
    return {"metadata": metadata, **item}

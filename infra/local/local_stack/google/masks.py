"""Field masks: which fields of a person or group a call reads or replaces."""

from __future__ import annotations

import re

from .errors import invalid


def words(text: str) -> frozenset[str]:
    """The words of a text as a set."""
    return frozenset(text.split())


READABLE = words(
    """addresses ageRanges biographies birthdays calendarUrls clientData coverPhotos emailAddresses events
    externalIds genders imClients interests locales locations memberships metadata miscKeywords names
    nicknames occupations organizations phoneNumbers photos relations sipAddresses skills urls userDefined"""
)
WRITABLE = READABLE - {"ageRanges", "coverPhotos", "metadata", "photos", "skills"}
SINGLE = frozenset({"biographies", "birthdays", "genders", "names"})
GROUP_READABLE = frozenset({"clientData", "groupType", "memberCount", "metadata", "name"})
GROUP_WRITABLE = frozenset({"clientData", "name"})
OTHER_CONTACTS = frozenset({"emailAddresses", "metadata", "names", "phoneNumbers", "photos"})

_WELL_FORMED = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")


def required(text: str | None, name: str, valid: frozenset[str], page: str = "people/get") -> frozenset[str]:
    """The paths of a required mask; missing, malformed or unknown ones are a 400."""
    paths = optional(text, name, valid, frozenset(), page)
    if not paths:
        raise invalid(f"{name} mask is required. Please specify one or more valid paths. {_documented(page)}")
    return paths


def optional(
    text: str | None, name: str, valid: frozenset[str], default: frozenset[str], page: str = "people/get"
) -> frozenset[str]:
    """The paths of a mask, `default` if there are none; text that is no mask is a 400 naming the field."""
    paths = [path.strip() for path in (text or "").split(",") if path.strip()]
    for path in paths:
        if not _WELL_FORMED.fullmatch(path):
            kind = "type.googleapis.com/google.protobuf.FieldMask"
            raise invalid(f"Invalid value at '{name}' ({kind}), \"{text}\"", name)
        if path not in valid:
            raise invalid(f'Invalid {name} mask path: "{path}". {_documented(page)}')
    return frozenset(paths) or default


def _documented(page: str) -> str:
    return f"Valid paths are documented at https://developers.google.com/people/api/rest/v1/{page}."

"""The fields of a Contact as a person calls them."""

from __future__ import annotations

_WORDS = {
    "emails": "e-mail addresses",
    "phone_work": "work phone",
    "phone_mobile": "mobile phone",
    "phone_home": "home phone",
    "phone_other": "other phone",
    "phone_fax": "fax",
    "alt_address": "other address",
    "description": "note",
    "twitter": "Twitter",
    "facebook": "Facebook",
    "memberships": "label",
}
"""Those whose name in the code does not say it."""


def field_words(*names: str) -> str:
    """These fields in words, within a sentence."""
    return ", ".join(_WORDS.get(name, name.replace("_", " ")) for name in names)

"""When two phone numbers are the same number, however they are written."""

from __future__ import annotations

import functools
import re
import unicodedata

import phonenumbers

from .composed import composed

_LONGEST = 100
"""Characters of a number, its extension and what is written around them; what is longer is text. No pattern below is
tried on more: to search a long text they would take the square of its length."""
_EXTENSION = re.compile(r"(?:;\s*ext=|[\s,;]*(?:extension|extn|ext|x|#)[.:]?)\s*(\d{1,9})$", re.IGNORECASE)
_INTERNATIONAL = re.compile(r"\+|00")
_NUMBER = re.compile(r"(?:\+\s*)?[\d\s()./\-‐–—·]*\d[\d\s()./\-‐–—·]*")

PhoneKey = tuple[str, str, str]


@functools.lru_cache(maxsize=4096)
def phone_key(value: str) -> PhoneKey:
    """Kind, digits and extension of a number; equal keys mean the same number.

    A leading `00` is a `+`; an international number loses its trunk prefix (`+44 (0)20` is `+44 20`). A
    national number is its digits: without knowing the country it never equals an international one. Text that
    is more than a number ("ask Bob") is compared as text, so that nothing a person wrote is taken for equal
    by accident.
    """
    shown = composed("NFKC", value)
    text = "".join(char for char in shown if unicodedata.category(char) != "Cf").strip()
    if len(text) > _LONGEST:
        return "text", text.casefold(), ""
    extension = ""
    number = text
    if match := _EXTENSION.search(text):
        extension, number = match.group(1), text[: match.start()]
    if not _NUMBER.fullmatch(number):
        return "text", text.casefold(), ""
    prefix = _INTERNATIONAL.match(number)
    if prefix is None:
        return "national", _digits(number), extension
    return "international", _international_digits(number[prefix.end() :]), extension


def _international_digits(number: str) -> str:
    """Country code and national number, as they are where the parser knows no such country."""
    try:
        parsed = phonenumbers.parse(f"+{number}")
    except phonenumbers.NumberParseException:
        return _digits(number)
    return f"{parsed.country_code}{phonenumbers.national_significant_number(parsed)}"


def _digits(number: str) -> str:
    return "".join(char for char in number if char.isdecimal())

"""The time for a text grows with its length, whoever wrote it: a few contacts must not take all the time of a run."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from contact_sync.contacts import google_person, match, note_text, sugar_record
from contact_sync.contacts.composed import composed
from contact_sync.contacts.mapping import Filled
from contact_sync.contacts.normal_form import full_name_key, same, tidy
from contact_sync.contacts.phone import phone_key

SHORT, LONG = 2_000, 16_000
MARK_BELOW, MARK_ABOVE = "\u0316", "\u0315"

TEXTS: dict[str, Callable[[int], str]] = {
    "letters": lambda n: "a" * n,
    "blanks inside": lambda n: "a" + " " * n + "b",
    "blanks and letters": lambda n: " a" * (n // 2),
    "blanks and semicolons": lambda n: "; " * (n // 2) + "a",
    "digits and a mark": lambda n: "1" * n + "!",
    "extensions": lambda n: "1 x" * (n // 3),
    "marks in disorder": lambda n: "a" + (MARK_ABOVE + MARK_BELOW) * (n // 2),
    "marks in two heaps": lambda n: "a" + MARK_ABOVE * (n // 2) + MARK_BELOW * (n // 2),
    "at signs": lambda n: "a@" * (n // 2),
    "angle brackets": lambda n: "<a> " * (n // 4) + "b",
    "unclosed brackets": lambda n: "<" * n,
    "open tags": lambda n: "<a " * (n // 3),
    "open comments": lambda n: "<!--" * (n // 4),
    "open quotes": lambda n: "<a '" * (n // 4) + ">",
    "blanks between tags": lambda n: "<b> </b>" * (n // 8),
    "lines": lambda n: "\r\n " * (n // 3) + "x",
    "entities": lambda n: "&#x" + "1" * n,
}


def google(field: str, **item: str) -> Callable[[str], Any]:
    return lambda text: google_person.read(
        {field: [{name: text if value == "" else value for name, value in item.items()}]}, None
    )


def sugar(field: str) -> Callable[[str], Any]:
    def read(text: str) -> None:
        match.terms(sugar_record.read({"last_name": "Ruiz", field: text}, None))

    return read


CALLS: dict[str, Callable[[str], Any]] = {
    "a number": phone_key.__wrapped__,
    "a note": note_text.plain_text,
    "Google's name": google("names", givenName="", familyName=""),
    "Google's address": google("emailAddresses", value=""),
    "Google's number": google("phoneNumbers", value="", type="work"),
    "Google's note": google("biographies", value="", contentType="TEXT_HTML"),
    "Sugar's name": sugar("last_name"),
    "Sugar's number": sugar("phone_work"),
    "Sugar's note": sugar("description"),
    "a filled name": lambda text: sugar_record.read({"last_name": text}, Filled("first_name", "Ana")),
}


def seconds(call: Callable[[str], Any], text: str) -> float:
    times = []
    for _ in range(2):
        began = time.process_time()
        call(text)
        times.append(time.process_time() - began)
    return min(times)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("call", CALLS)
def test_the_time_for_a_text_grows_with_its_length_and_not_with_its_square(call: str, text: str) -> None:
    short, long = (seconds(CALLS[call], TEXTS[text](size)) for size in (SHORT, LONG))
    # The square would be 64 times as much. What takes no time at all is not compared.
    assert long < 0.02 or long < 24 * short, (short, long)


def test_a_number_of_more_than_a_hundred_characters_is_text() -> None:
    number = "+49 (0)30 " + "1 " * 45
    assert phone_key(number[:100])[0] == "international"
    assert phone_key(number + "1") == ("text", (number + "1").casefold(), "")
    assert phone_key("1" * 101) == ("text", "1" * 101, "")
    # Eighteen letters each, taken apart.
    assert phone_key("\ufdfa" * 90)[0] == "text"
    assert same("phone_work", "1 " * 60, "1 " * 60)
    assert not same("phone_work", "1" * 101, "1" * 100 + " 1")


def test_a_note_in_html_is_read_as_far_as_sugar_could_hold_it() -> None:
    note = "<p>" + "x" * note_text.LARGEST
    assert note_text.plain_text(note) == "x" * (note_text.LARGEST - 3)
    assert note_text.plain_text("<b> </b>" * 9000) == ""


def test_a_text_with_more_marks_than_any_writing_has_stays_as_it_is() -> None:
    heap = "a" + (MARK_ABOVE + MARK_BELOW) * 600
    assert tidy(heap) == tidy(tidy(heap)) == heap
    ordinary = "e\u0301 " * 600
    assert composed("NFC", ordinary) == "\u00e9 " * 600
    assert full_name_key(sugar_record.read({"last_name": "E\u0301mile"}, None)) == "\u00e9mile"


def test_the_parts_of_a_filled_name_are_found_at_either_end() -> None:
    filled = Filled("first_name", "Ana")
    assert sugar_record.read({"first_name": "", "last_name": "Ana Ruiz"}, filled).last_name == "Ruiz"
    assert sugar_record.read({"first_name": "", "last_name": "Ana " + "x" * 300}, filled).last_name == (
        "Ana " + "x" * 300
    )

"""Google contacts from a CSV file as Google Contacts exports it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from local_stack.demo import csv_google
from local_stack.demo.csv_rows import BadFile

HEADER = (
    "First Name,Middle Name,Last Name,Phonetic First Name,Phonetic Middle Name,Phonetic Last Name,Name Prefix,"
    "Name Suffix,Nickname,File As,Organization Name,Organization Title,Organization Department,Birthday,Notes,Photo,"
    "Labels,E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Label,E-mail 2 - Value,Phone 1 - Label,Phone 1 - Value,"
    "Phone 2 - Label,Phone 2 - Value,Address 1 - Label,Address 1 - Formatted,Address 1 - Street,Address 1 - City,"
    "Address 1 - PO Box,Address 1 - Region,Address 1 - Postal Code,Address 1 - Country,Address 1 - Extended Address,"
    "Website 1 - Label,Website 1 - Value,Event 1 - Label,Event 1 - Value,Custom Field 1 - Label,"
    "Custom Field 1 - Value,Relation 1 - Label,Relation 1 - Value"
)


def read(tmp_path: Path, *rows: dict[str, str], header: str = HEADER) -> Any:
    columns = header.split(",")
    lines = [header]
    for row in rows:
        assert set(row) <= set(columns)
        lines.append(",".join('"' + row.get(column, "").replace('"', '""') + '"' for column in columns))
    path = tmp_path / "google.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return csv_google.read(path)


def only(tmp_path: Path, **row: str) -> dict[str, Any]:
    rows = read(tmp_path, {name.replace("__", " - ").replace("_", " "): cell for name, cell in row.items()})
    assert rows.problems == []
    record: dict[str, Any] = rows.records[0]
    return record


def test_name_company_birthday_and_notes(tmp_path: Path) -> None:
    row = {
        "First Name": "Ana",
        "Middle Name": "Belén",
        "Last Name": "Ruiz",
        "Name Prefix": "Dr.",
        "Nickname": "Anita",
        "Organization Name": "Acme",
        "Organization Title": "CTO",
        "Birthday": "1980-12-31",
        "Notes": "two\nlines",
    }
    assert read(tmp_path, row).records == [
        {
            "names": [
                {"givenName": "Ana", "middleName": "Belén", "familyName": "Ruiz", "honorificPrefix": "Dr."}
            ],
            "organizations": [{"name": "Acme", "title": "CTO"}],
            "nicknames": [{"value": "Anita"}],
            "biographies": [{"value": "two\nlines"}],
            "birthdays": [{"date": {"year": 1980, "month": 12, "day": 31}}],
            "labels": [],
        }
    ]


def test_a_birthday_without_a_year(tmp_path: Path) -> None:
    assert only(tmp_path, Birthday=" --02-29")["birthdays"] == [{"date": {"month": 2, "day": 29}}]


def test_several_values_of_one_label_share_a_cell(tmp_path: Path) -> None:
    row = {"Phone 1 - Label": "Mobile", "Phone 1 - Value": "+34 1 ::: +34 2", "Phone 2 - Value": "+34 3"}
    assert read(tmp_path, row).records[0]["phoneNumbers"] == [
        {"value": "+34 1", "type": "mobile"},
        {"value": "+34 2", "type": "mobile"},
        {"value": "+34 3"},
    ]


def test_the_primary_value_comes_first(tmp_path: Path) -> None:
    row = {
        "E-mail 1 - Label": "Home",
        "E-mail 1 - Value": "home@x.example",
        "E-mail 2 - Label": "* Work",
        "E-mail 2 - Value": "work@x.example",
        "Phone 1 - Value": "+34 1",
        "Phone 2 - Label": "* ",
        "Phone 2 - Value": "+34 2",
    }
    person = read(tmp_path, row).records[0]
    assert person["emailAddresses"] == [
        {"value": "work@x.example", "type": "work"},
        {"value": "home@x.example", "type": "home"},
    ]
    assert person["phoneNumbers"] == [{"value": "+34 2"}, {"value": "+34 1"}]


def test_labels_in_words_become_types_and_own_labels_stay(tmp_path: Path) -> None:
    row = {
        "Phone 1 - Label": "Work Fax",
        "Phone 1 - Value": "1",
        "Phone 2 - Label": "Boat",
        "Phone 2 - Value": "2",
    }
    kinds = [item["type"] for item in read(tmp_path, row).records[0]["phoneNumbers"]]
    assert kinds == ["workFax", "Boat"]


def test_an_address_in_parts(tmp_path: Path) -> None:
    row = {
        "Address 1 - Label": "Work",
        "Address 1 - Formatted": "1 High St\nYork",
        "Address 1 - Street": "1 High St",
        "Address 1 - City": "York",
        "Address 1 - Postal Code": "YO1",
        "Address 1 - Extended Address": "Flat 2",
    }
    assert read(tmp_path, row).records[0]["addresses"] == [
        {
            "formattedValue": "1 High St\nYork",
            "streetAddress": "1 High St",
            "city": "York",
            "postalCode": "YO1",
            "extendedAddress": "Flat 2",
            "type": "work",
        }
    ]


def test_what_sugar_never_sees_is_kept_for_google(tmp_path: Path) -> None:
    row = {
        "Website 1 - Label": "Blog",
        "Website 1 - Value": "https://ana.example",
        "Event 1 - Label": "Anniversary",
        "Event 1 - Value": "2010-05-01",
        "Custom Field 1 - Label": "Shoe size",
        "Custom Field 1 - Value": "38",
        "Relation 1 - Label": "Sister",
        "Relation 1 - Value": "Eva",
    }
    person = read(tmp_path, row).records[0]
    assert person["urls"] == [{"value": "https://ana.example", "type": "Blog"}]
    assert person["events"] == [{"date": {"year": 2010, "month": 5, "day": 1}, "type": "Anniversary"}]
    assert person["userDefined"] == [{"value": "38", "key": "Shoe size"}]
    assert person["relations"] == [{"person": "Eva", "type": "Sister"}]


def test_labels_of_the_contact(tmp_path: Path) -> None:
    person = only(tmp_path, First_Name="Ana", Labels="Customers ::: * myContacts ::: * starred")
    assert person["labels"] == ["Customers", "myContacts", "starred"]


def test_a_bad_row_is_named_by_its_number_and_the_others_are_read(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        {"First Name": "Ana"},
        {"First Name": "Ben", "Birthday": "31/12/1980"},
        {"Photo": "https://photos.example/1"},
        {"First Name": "Eva", "Event 1 - Value": "someday"},
        {"First Name": "Zoë"},
    )
    assert [record["names"][0]["givenName"] for record in rows.records] == ["Ana", "Zoë"]
    assert rows.problems == [
        "google.csv, row 3: Birthday '31/12/1980' is no date like 1980-12-31, or --12-31 without a year.",
        "google.csv, row 4: it holds nothing that Google could keep.",
        "google.csv, row 5: Event 1 'someday' is no date like 1980-12-31, or --12-31 without a year.",
    ]


@pytest.mark.parametrize(
    ("header", "complaint"),
    [
        ("Given Name,Family Name", "it is no Google CSV"),
        ("first_name,last_name", "it is no Google CSV"),
        ("First Name;Last Name", "separated by commas"),
        ("First Name,First Name", "a column is there twice"),
        ("First Name,Phone 1 - Wert", "unknown column 'Phone 1 - Wert'"),
        ("First Name,Last Nam", "unknown column 'Last Nam' (did you mean 'Last Name'?)"),
    ],
)
def test_another_header_is_refused(tmp_path: Path, header: str, complaint: str) -> None:
    with pytest.raises(BadFile) as refused:
        read(tmp_path, header=header)
    assert complaint in str(refused.value)

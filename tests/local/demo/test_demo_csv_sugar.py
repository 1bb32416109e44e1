"""Sugar contacts from a CSV file."""

from __future__ import annotations

from pathlib import Path

import pytest

from local_stack.demo import csv_sugar
from local_stack.demo.csv_rows import BadFile


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "contacts.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_columns_become_fields_and_blank_cells_none(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "first_name,last_name,account_name,email,birthdate,description\n"
        'Zoë,"O\'Hara, Jr.",Acme,zoe@x.example; zoe@home.example,1980-12-31,"two\nlines"\n'
        ",Solo,,,,\n",
    )
    rows = csv_sugar.read(path)
    assert rows.problems == []
    assert rows.records == [
        {
            "first_name": "Zoë",
            "last_name": "O'Hara, Jr.",
            "account_name": "Acme",
            "email": [{"email_address": "zoe@x.example"}, {"email_address": "zoe@home.example"}],
            "birthdate": "1980-12-31",
            "description": "two\nlines",
        },
        {"last_name": "Solo"},
    ]


def test_a_spreadsheets_byte_order_mark_and_line_ends_do_not_matter(tmp_path: Path) -> None:
    path = written(tmp_path, b"\xef\xbb\xbflast_name,title\r\nRuiz,CTO\r\n\r\n,\r\n")
    assert csv_sugar.read(path).records == [{"last_name": "Ruiz", "title": "CTO"}]


@pytest.mark.parametrize(
    ("cells", "complaint"),
    [
        ("Ana,,,,", "it has no last_name"),
        ("Ana,Ruiz,nonsense,,", "email 'nonsense' is no e-mail address"),
        ("Ana,Ruiz,,31.12.1980,", "birthdate '31.12.1980' is no date like 1980-12-31"),
        ("Ana,Ruiz,,1980-02-30,", "birthdate '1980-02-30' is no date"),
        ("Ana,Ruiz,,", "it has 4 cells, the header has 5"),
        ("Ana,Ruiz,,,,", "it has 6 cells"),
        ("Ana,Ruiz,,,taken", "the id 'taken' is there already"),
        ('Ana,Ru"iz,,,"x"y', "it is no CSV"),
    ],
)
def test_a_bad_row_is_named_by_its_number_and_the_others_are_read(
    tmp_path: Path, cells: str, complaint: str
) -> None:
    header = "first_name,last_name,email,birthdate,id"
    rows = csv_sugar.read(written(tmp_path, f"{header}\nBen,First,,,taken\n{cells}\nEva,Last,,,\n"))
    assert [record["last_name"] for record in rows.records] == ["First", "Last"]
    assert len(rows.problems) == 1
    assert rows.problems[0].startswith("contacts.csv, row 3: ")
    assert complaint in rows.problems[0]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "it is empty"),
        ("Ana,Ruiz\n", "must name Sugar's fields"),
        ("last_name;first_name\n", "separated by commas"),
        ("last_name,last_name\n", "a column is there twice"),
        ("last_name,phone_wrok\n", "unknown column 'phone_wrok' (did you mean 'phone_work'?)"),
        (b"last_name\nM\xfcller\n", "not in UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_name(
    tmp_path: Path, text: str | bytes, complaint: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(BadFile) as refused:
        csv_sugar.read(path)
    assert str(refused.value).startswith(str(path))
    assert complaint in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"nowhere\.csv: there is no such file"):
        csv_sugar.read(tmp_path / "nowhere.csv")

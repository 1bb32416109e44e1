"""The history as a file: whole, readable by spreadsheets, and harmless there."""

from __future__ import annotations

import csv
import io
import json
import time
from datetime import timedelta

import pytest
from tests.web.browser import Browser, Place

from contact_sync.contacts.side import Side
from contact_sync.errors import TransientForAll
from contact_sync.logs import JsonLines
from contact_sync.store import history
from contact_sync.store.database import Database, Document, Query
from contact_sync.store.records import Change, HistoryEntry
from contact_sync.web.streaming import EndedEarly


def told(place: Place, browser: Browser, number: int, *changes: Change, name: str = "Ana") -> None:
    """One entry; a higher number is a later one."""
    entry = HistoryEntry(
        id=f"h{number}",
        at=place.engine.now() + timedelta(seconds=number),
        run=f"r{number % 2}",
        trigger="manual",
        sugar_id=f"s{number}",
        google_id=None,
        name=name,
        action="update",
        side=Side.GOOGLE,
        state="done",
        changes=changes,
    )
    place.engine.db.commit([history.put(browser.sub, entry)])


def rows(browser: Browser, path: str = "/api/history.csv") -> list[dict[str, str]]:
    answer = browser.get(path)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"), newline="")))


def test_the_file_has_a_line_for_each_field_and_one_for_an_entry_without(place: Place, ada: Browser) -> None:
    told(place, ada, 1)
    told(place, ada, 2, Change("title", "", "Boss"), Change("company", "A", "B", lost="C"))
    at = (place.engine.now() + timedelta(seconds=2)).isoformat(timespec="seconds").replace("+00:00", "Z")
    head = {"at": at, "name": "Ana", "action": "update", "side": "google"}
    tail = {"trigger": "manual", "run": "r0", "sugar_id": "s2", "google_id": ""}
    first, second, third = rows(ada)
    assert first == {**head, "field": "title", "before": "", "after": "Boss", "lost": "", **tail}
    assert second == {**head, "field": "company", "before": "A", "after": "B", "lost": "C", **tail}
    assert (third["sugar_id"], third["field"]) == ("s1", "")


def test_the_file_is_one_that_spreadsheets_open(place: Place, ada: Browser) -> None:
    told(place, ada, 1, Change("description", "", 'a "b",\nc'), name="Zoë")
    answer = ada.get("/api/history.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename=contact-sync-history.csv"
    data = answer.get_data()
    assert data.startswith(
        b"\xef\xbb\xbfat,name,action,side,field,before,after,lost,trigger,run,sugar_id,google_id\r\n"
    )
    assert b'"a ""b"",\nc"' in data
    assert rows(ada)[0]["name"] == "Zoë"


@pytest.mark.parametrize("hostile", ["=1+1", "+49 30 1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_a_value_that_a_spreadsheet_would_compute_stays_text(
    place: Place, ada: Browser, hostile: str
) -> None:
    told(place, ada, 1, Change("title", hostile, hostile, lost=hostile), name=hostile)
    (row,) = rows(ada)
    (cell,) = {row[column] for column in ("name", "before", "after", "lost")}
    assert cell.startswith("'")
    assert cell.replace("'", "") == hostile


FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "＝1", ' "=1"', "  =1", "''=1")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_nothing_is_computed_by_a_spreadsheet_that_parts_by_something_else(
    place: Place, ada: Browser, delimiter: str
) -> None:
    number = 0
    for formula in FORMULAS:
        for begun in ("", "x;", "x\t", "x|", "x\n", "x\r\n", ";", ";;", '"', '";', ',";', "x\n\n", '"\n'):
            number += 1
            text = begun + formula + ';"' + formula + "\t" + formula + "\n" + formula
            told(place, ada, number, Change("description", text, formula, lost=text), name=text)
    lines = ada.get("/api/history.csv").get_data().decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter) for cell in row]
    assert len(cells) > number
    assert [cell for cell in cells if cell.strip(' "').startswith(("=", "+", "-", "@", "＝"))] == []


def test_what_is_no_formula_stays_as_it_is(place: Place, ada: Browser) -> None:
    harmless = "Tel; 5, a - b = c; it's 'x' (ext. 7)\nnext line; e.g. a@b.test"
    told(place, ada, 1, Change("description", harmless, "", lost=harmless), name="Ana-Maria")
    (row,) = rows(ada)
    assert (row["name"], row["before"], row["lost"]) == ("Ana-Maria", harmless, harmless)


@pytest.mark.parametrize("piece", [";", "\n", "\t ", " ", '"', "'", "; '", "=;"])
def test_a_long_cell_takes_no_more_than_its_length(place: Place, ada: Browser, piece: str) -> None:
    def seconds(size: int) -> float:
        told(place, ada, size, Change("description", piece * (size // len(piece)) + "x", ""))
        times = []
        for _ in range(3):
            began = time.process_time()
            ada.get(f"/api/history.csv?contact=s{size}")
            times.append(time.process_time() - began)
        return min(times)

    short, long = seconds(2_000), seconds(64_000)
    assert long < 0.3 or long < 64 * short


def test_all_pages_of_what_was_asked_for_are_in_the_file(place: Place, ada: Browser) -> None:
    for number in range(120):
        told(place, ada, number)
    assert [row["sugar_id"] for row in rows(ada)] == [f"s{number}" for number in reversed(range(120))]
    of_run = rows(ada, "/api/history.csv?run=r1")
    assert len(of_run) == 60 and {row["run"] for row in of_run} == {"r1"}
    assert [row["sugar_id"] for row in rows(ada, "/api/history.csv?contact=s7")] == ["s7"]


def test_an_empty_history_is_a_file_with_its_header_only(ada: Browser) -> None:
    assert rows(ada) == []


def test_each_page_is_read_when_it_is_sent(
    place: Place, ada: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(120):
        told(place, ada, number)
    asked: list[Query] = []
    query = Database.query

    def counted(self: Database, wanted: Query) -> list[Document]:
        asked.append(wanted)
        return query(self, wanted)

    monkeypatch.setattr(Database, "query", counted)
    answer = ada.get("/api/history.csv", buffered=False)
    pieces = answer.iter_encoded()
    next(pieces), next(pieces)
    assert len(asked) == 1
    list(pieces)
    assert len(asked) == 3


def test_a_history_that_cannot_be_read_is_an_error_and_no_empty_file(
    ada: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object) -> list[Document]:
        raise TransientForAll("firestore_unavailable", "Firestore answered Unavailable")

    monkeypatch.setattr(Database, "query", silent)
    assert ada.get("/api/history.csv").status_code == 503


def test_a_file_that_cannot_go_on_breaks_off_and_the_log_says_whose_it_was(
    place: Place, ada: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Ending it there would be a file that looks whole."""
    for number in range(60):
        told(place, ada, number)
    lines: list[str] = []
    monkeypatch.setattr(caplog.handler, "emit", lambda record: lines.append(JsonLines("p").format(record)))
    answer = ada.get("/api/history.csv", headers={"X-Cloud-Trace-Context": f"{'a' * 32}/1"}, buffered=False)
    pieces = answer.iter_encoded()
    next(pieces), next(pieces)

    def silent(*_: object) -> list[Document]:
        raise KeyError(ada.sub + "@corp.test")

    monkeypatch.setattr(Database, "query", silent)
    with pytest.raises(EndedEarly):
        list(pieces)
    (line,) = [json.loads(line) for line in lines]
    assert (line["severity"], line["message"], line["user"]) == ("ERROR", "an answer ended early", ada.sub)
    assert f"{ada.sub}@" not in lines[0]

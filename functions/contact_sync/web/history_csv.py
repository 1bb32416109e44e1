"""The history as a file for spreadsheets: RFC 4180, in UTF-8 with the byte order mark that Excel asks for."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import UTC
from itertools import chain

from flask import Response

from ..store.records import HistoryEntry
from .streaming import streamed

COLUMNS = (
    "at",
    "name",
    "action",
    "side",
    "field",
    "before",
    "after",
    "lost",
    "trigger",
    "run",
    "sugar_id",
    "google_id",
)
BYTE_ORDER_MARK = "\ufeff"
_FORMULA = re.compile(r"""(^|[;\t\r\n|])(?=(?:[^\S\t\r\n]|["'])*+[=+\-@＝＋－＠])""")
"""Where what a spreadsheet takes for a formula begins, whoever wrote it: a cell, or what becomes a cell or a row of its
own where a spreadsheet parts by something else than a comma, as half of Europe's by a semicolon."""
_BLANK = re.compile(r"[\t\r\n]")


def download(pages: Iterator[list[HistoryEntry]]) -> Response:
    """The file, sent page by page, so that no length of history needs more memory."""
    # What cannot be read at all is an error, and not an empty file.
    first = next(pages, [])
    written = _written(chain([first], pages))
    response = Response(streamed(written), mimetype="text/csv")
    response.headers["Content-Disposition"] = "attachment; filename=contact-sync-history.csv"
    return response


def _written(pages: Iterable[list[HistoryEntry]]) -> Iterator[str]:
    yield BYTE_ORDER_MARK + _lines([COLUMNS])
    for page in pages:
        yield _lines(row for entry in page for row in _rows(entry))


def _lines(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def _rows(entry: HistoryEntry) -> Iterator[tuple[str, ...]]:
    """One row for each field that changed; one for an entry without any."""
    at = entry.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    head = (at, entry.name, entry.action, str(entry.side or ""))
    tail = (entry.trigger, entry.run, entry.sugar_id or "", entry.google_id or "")
    fields = [(change.field, change.before, change.after, change.lost or "") for change in entry.changes]
    for field in fields or [("", "", "", "")]:
        yield (*head, *field, *tail)


def _harmless(cell: str) -> str:
    """The cell with an apostrophe, which makes text of what follows, wherever it could be computed."""
    quoted = _FORMULA.sub(r"\1'", cell)
    return f"'{quoted}" if _BLANK.match(quoted) else quoted

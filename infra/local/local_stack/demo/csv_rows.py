"""What both kinds of CSV file have in common: reading rows by number, and saying plainly what is wrong with them."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Record = dict[str, Any]


class BadFile(Exception):
    """The file as a whole cannot be used. The message names it."""


class BadRow(Exception):
    """One row cannot be used; the others can."""


@dataclass
class Rows:
    """What a file gave: a record per good row, and a line of text per bad one."""

    records: list[Record] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read(
    path: Path,
    check_header: Callable[[list[str]], str | None],
    convert: Callable[[Record], Record],
) -> Rows:
    """Read a CSV file in UTF-8, a `convert`ed record per row.

    `check_header` says what is wrong with the column names, None if they are right. Raises BadFile. Row 1 is the
    header, as in a spreadsheet; rows without any text are passed over.
    """
    rows = Rows()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, strict=True)
            header = [name.strip() for name in next(lines, [])]
            wrong = check_header(header) if header else "it is empty; its first row must name the columns"
            if wrong:
                raise BadFile(f"{path}: {wrong}.")
            for number, record in _numbered(lines, header, rows, path):
                try:
                    rows.records.append(convert(record))
                except BadRow as bad:
                    rows.problems.append(f"{path.name}, row {number}: {bad}.")
    except FileNotFoundError:
        raise BadFile(f"{path}: there is no such file.") from None
    except UnicodeDecodeError:
        raise BadFile(f"{path}: it is not in UTF-8. Save it as CSV UTF-8.") from None
    except OSError as error:
        raise BadFile(f"{path}: it cannot be read ({error.strerror}).") from None
    return rows


def unknown_columns(header: Collection[str], known: Collection[str]) -> str | None:
    """Which columns are unknown, with what was probably meant; None if all are known."""
    unknown = [name for name in header if name not in known]
    if not unknown:
        return None
    named = []
    for name in unknown[:5]:
        near = difflib.get_close_matches(name, known, n=1)
        named.append(f"{name!r}" + (f" (did you mean {near[0]!r}?)" if near else ""))
    more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
    return f"unknown column {', '.join(named)}{more}"


def _numbered(
    lines: Iterator[list[str]], header: list[str], rows: Rows, path: Path
) -> Iterator[tuple[int, Record]]:
    number = 1
    while True:
        number += 1
        try:
            cells = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            rows.problems.append(f"{path.name}, row {number}: it is no CSV ({error}).")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            rows.problems.append(
                f"{path.name}, row {number}: it has {len(cells)} cells, the header has {len(header)}."
            )
            continue
        yield number, dict(zip(header, cells, strict=True))

"""What happened, told in a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from .compare import Record
from .loading import Books
from .outcome import Stored
from .progress import Screen, seconds
from .verify import Verdict, google_name

_MOST = 20
CAUSES = {
    "ambiguous": "several contacts could be this one",
    "duplicate": "the other side has one of the same name and address already",
    "no_name": "nothing can serve as the last name that Sugar requires",
    "loop": "another program keeps changing it back",
    "mass_delete": "too many deletions at once",
    "deleted_and_edited": "deleted on one side, edited on the other",
    "merged_in_google": "merged into another contact in Google",
}


@dataclass(frozen=True)
class Sync:
    """One sync as it was seen from outside: calls to each side, and how long it took."""

    sugar_calls: int
    google_calls: int
    seconds: float


def show(
    screen: Screen,
    books: Books,
    sugar: Mapping[str, Record],
    google: Mapping[str, Record],
    stored: Stored,
    verdict: Verdict,
    sync: Sync,
) -> None:
    """Print both address books before and after, what was done, and what waits for a person."""
    changed = {
        "Sugar": _changed(books.sugar, sugar, "date_modified"),
        "Google": _changed(books.google, google, "etag", "metadata"),
    }
    screen.line()
    rows = (
        ("contacts before", len(books.sugar), len(books.google)),
        ("created", len(sugar.keys() - books.sugar.keys()), len(google.keys() - books.google.keys())),
        ("updated", changed["Sugar"], changed["Google"]),
        ("contacts after", len(sugar), len(google)),
        ("calls made", sync.sugar_calls, sync.google_calls),
    )
    screen.line(screen.bold(f"  {'':<16} {'Sugar':>8} {'Google':>8}"))
    for label, here, there in rows:
        screen.line(f"  {screen.dim(f'{label:<16}')} {here:>8} {there:>8}")
    screen.line()
    merged = sum(here in books.sugar and there in books.google for here, there in verdict.pairs.items())
    rate = f", {len(verdict.pairs) / sync.seconds:.0f} a second" if sync.seconds else ""
    screen.fact("linked", f"{len(verdict.pairs)} pairs in {seconds(sync.seconds)}{rate}")
    screen.fact("merged", f"{merged} of them, from a contact on either side")
    here, there = _left_alone(books, sugar, google, stored, verdict)
    if here or there:
        screen.fact(
            "left alone",
            f"{here} in Sugar, assigned to somebody else; {there} in Google, matching one of those",
        )
    _backlog(screen, google, stored)


def _left_alone(
    books: Books,
    sugar: Mapping[str, Record],
    google: Mapping[str, Record],
    stored: Stored,
    verdict: Verdict,
) -> tuple[int, int]:
    """How many contacts of either side have no partner and need none."""
    linked = set(verdict.pairs.values())
    alone = [google_id for google_id in google if google_id not in linked]
    here = sum(record["assigned_user_id"] != books.user_id for record in sugar.values())
    return here, sum(not stored.google_index.get(google_id, {}).get("backlog") for google_id in alone)


def _backlog(screen: Screen, google: Mapping[str, Record], stored: Stored) -> None:
    causes = Counter(str(entry["cause"]) for entry in stored.backlog.values())
    if not causes:
        screen.fact("backlog", "nothing waits for a person")
        return
    screen.fact("backlog", f"{sum(causes.values())} waiting for a person to decide")
    for cause, count in sorted(causes.items()):
        screen.line(f"    {screen.bold(cause)} {screen.dim(f'({count}): {CAUSES.get(cause, cause)}')}")
        entries = [entry for entry in stored.backlog.values() if entry["cause"] == cause]
        names = sorted(str(entry.get("name") or _name(google, entry.get("google_id"))) for entry in entries)
        more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
        screen.line(f"      {', '.join(names[:_MOST])}{more}")


def _name(google: Mapping[str, Record], google_id: str | None) -> str:
    """A Google contact is known to the sync by its id only; here its name may be shown."""
    person = google.get(google_id or "", {})
    numbers = [item["value"] for item in person.get("phoneNumbers", ())]
    return google_name(person) or next(iter(numbers), "") or "(no name)"


def _changed(before: Mapping[str, Record], after: Mapping[str, Record], *besides: str) -> int:
    """How many records hold something else than before."""

    def content(record: Record) -> Record:
        return {name: value for name, value in record.items() if name not in (*besides, "photos")}

    return sum(content(before[key]) != content(after[key]) for key in before.keys() & after.keys())

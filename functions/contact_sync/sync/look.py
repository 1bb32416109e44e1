"""The look: the first page of both change feeds at once, and whether anything in it is work.

An idle look costs one call to each side. What comes back unchanged against its mapping is no work: own writes return
in both feeds, and Sugar's feed is read with an overlap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from ..config_formats import QuietHours
from ..contacts import google_person
from ..contacts.settings import intake_relevant
from ..errors import SyncTokenExpired
from ..services.google_people import PeoplePage
from ..services.sugar import FeedPosition, Look
from ..store.records import Position, User
from .session import Session

OVERLAP = timedelta(minutes=10)
"""Sugar commits rows dated minutes in the past: the feed is read again from this much before the watermark."""
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
CYCLE = timedelta(days=6)
"""Each user has one moment in this time, by hash, at which the periodic full intake is due: however many begin to sync
on the same day, no hour gets more than its share. Google's sync token dies after seven days."""
LATEST_FULL_INTAKE = timedelta(days=6, hours=12)
"""Until then a full intake that could not begin at its moment waits for the end of quiet hours."""
LISTING_AGE = timedelta(days=1)
FLAGGED_LISTING_AGE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Need:
    """What this run has to take in beyond the feeds."""

    sugar_full: bool
    google_full: bool
    listing: bool
    keeps_token: bool
    """The full listing of Google was caused by a setting: it asks for no sync token and keeps the one there is."""

    @property
    def anything(self) -> bool:
        """Whether there is more to take in than the feeds."""
        return self.sugar_full or self.google_full or self.listing


@dataclass(frozen=True, slots=True)
class Looked:
    """Both first pages. `people` is None where the first page of the full listing is still to be read."""

    sugar: Look
    people: PeoplePage | None
    need: Need

    @property
    def complete(self) -> bool:
        """Whether the feeds ended with these pages."""
        people = self.people
        return (
            people is not None
            and people.next_page is None
            and self.sugar.changes.end
            and self.sugar.deletions.next_offset is None
        )


def needs(session: Session) -> Need:
    """What is due for this user besides the feeds."""
    user, now = session.user, session.engine.now()
    cursors = user.cursors
    in_force = cursors.in_force in (None, intake_relevant(session.settings))
    changed = cursors.settings_version < user.intake_version or not in_force
    old = _is_old(session, now)
    full = changed or old or session.trigger == "reconcile" or cursors.watermark is None
    unfinished = cursors.position is not None and cursors.position.full
    flagged = session.settings.sugar_scope == "flagged"
    age = FLAGGED_LISTING_AGE if flagged else LISTING_AGE
    asked = flagged and session.trigger in ("manual", "flag", "preview", "inventory")
    listing = asked or cursors.listed_at is None or now - cursors.listed_at > age
    return Need(
        sugar_full=full or unfinished,
        google_full=full or unfinished or cursors.sync_token is None,
        listing=full or listing,
        keeps_token=changed and not old and session.trigger != "reconcile" and cursors.sync_token is not None,
    )


def _is_old(session: Session, now: datetime) -> bool:
    """Whether the periodic full intake is due: at the user's moment, not in quiet hours, in time for the sync token."""
    cursors, quiet = session.user.cursors, session.engine.quiet_hours
    if cursors.full_at is None:
        return True
    began = min(cursors.full_at, cursors.token_at or cursors.full_at)
    waits = quiet is not None and quiet.contains(now.hour) and now - began < LATEST_FULL_INTAKE
    return now > full_intake_due(session.user.id, began, quiet) and not waits


def full_intake_due(user_id: str, began: datetime, quiet: QuietHours | None) -> datetime:
    """When the full intake after the one that began then is due: the user's next moment outside quiet hours."""
    first = quiet.end if quiet is not None else 0
    hours = (quiet.start - quiet.end) % 24 if quiet is not None else 24
    moments = CYCLE.days * hours * 3600
    day, second = divmod(int(sha256(user_id.encode()).hexdigest()[:12], 16) % moments, hours * 3600)
    moment = BEGINNING + timedelta(days=day, hours=first, seconds=second)
    return moment + ((began - moment) // CYCLE + 1) * CYCLE


def look(session: Session) -> Looked:
    """Read both first pages. A dead sync token turns into the need for a full listing of Google."""
    need = needs(session)
    user = session.user
    if need.anything or user.cursors.position is not None:
        session.recall()
    cursors = user.cursors
    since, position = sugar_start(user, need)
    deleted_since = (cursors.watermark or session.engine.now()) - OVERLAP

    def from_google() -> PeoplePage | None:
        if cursors.sync_token is None:
            return None
        try:
            return session.google.changes(cursors.sync_token, None)
        except SyncTokenExpired:
            return None

    sugar, people = session.engine.both(
        lambda: session.sugar.look(session.scope, since, position, deleted_since), from_google
    )
    if people is None and cursors.sync_token is not None:
        need = Need(need.sugar_full, True, need.listing, keeps_token=False)
    return Looked(sugar, people, need)


def resumable(user: User, need: Need) -> Position | None:
    """The unfinished pass that this run goes on with, if it is of the kind that is needed now."""
    position = user.cursors.position
    if position is None or position.full != need.sugar_full or position.version < user.intake_version:
        return None
    return position


def sugar_start(user: User, need: Need) -> tuple[datetime, FeedPosition | None]:
    """Where the pass over Sugar's feed begins or goes on: exactly at an unfinished position, else with the overlap."""
    position = resumable(user, need)
    watermark = user.cursors.watermark
    since = BEGINNING if need.sugar_full or watermark is None else watermark - OVERLAP
    return since, FeedPosition(position.date_modified, position.id) if position else None


def google_ids(people: Iterable[Mapping[str, Any]]) -> list[str]:
    """The ids of a page of persons, each once."""
    return list(dict.fromkeys(google_person.google_id(person) for person in people))

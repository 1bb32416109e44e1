"""What the documents hold, as values. The mapping and the index entry are the core's (`contacts.mapping`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from ..contacts.settings import SyncSettings
from ..contacts.side import Side

BROKEN = "broken"
"""How the connection of a user stands whose run crashed to the last attempt, or whose document cannot be read."""

CONNECTIONS = (
    *("connected", "disconnecting", "disconnected", "sugar_user_asked", "reconnect", "permission_missing"),
    *("sugar_user_missing", "sugar_access_denied", "too_many", BROKEN),
)
"""How the connection of a user may stand."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where an unfinished pass over Sugar's change feed stands: the next page begins after (date_modified, id)."""

    start: datetime
    """Server time read when the pass began; becomes the watermark when it ends."""
    date_modified: datetime
    id: str
    full: bool = False
    """The pass is a full intake: it began at the very first record."""
    version: int = 0
    """The settings version under which the pass began; a newer one that demands a full intake starts it over."""


@dataclass(frozen=True, slots=True)
class Cursors:
    """How far both feeds were taken in. A cursor may lag what is stored, never lead it."""

    watermark: datetime | None = None
    """Sugar's server time at the start of the last complete pass. None: nothing was taken in yet."""
    position: Position | None = None
    sync_token: str | None = None
    settings_version: int = 0
    """The settings version of the last complete full intake, or of a change that needed none."""
    full_at: datetime | None = None
    """When the last full intake was complete."""
    token_at: datetime | None = None
    """When the sync token's chain began (it dies seven days later)."""
    google_looks: int = 0
    """How many looks at all of Google's changes were complete; tells what was first seen together."""
    in_force: str | None = None
    """The settings in force at the last complete full intake: an administrator's policy changes no version."""
    listed_at: datetime | None = None
    """When the scope was last listed completely."""
    deletes_on: Mapping[Side, bool] = field(default_factory=dict)
    """The effective delete switches, by the side they delete on, at the last complete intake."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who works on this user."""

    id: str
    run: str
    until: datetime
    again: bool = False
    """Someone asked for a sync meanwhile: the holder has it follow."""
    orders: Mapping[str, str] = field(default_factory=dict)
    """The runs that were ordered and met this lease, with their triggers: they follow."""


@dataclass(frozen=True, slots=True)
class Disconnecting:
    """A disconnect that was ordered and has not ended."""

    run: str
    delete: Literal["created", "none"]
    """What is still to be deleted in Google: the contacts that the sync created there, or (by now) nothing."""
    connection: str
    """How the connection stood before."""
    total: int = 0
    """How many contacts were to be deleted when it was ordered."""
    deleted: int = 0
    stayed: int = 0
    """How many of them Google did not let go of."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the last full comparison of both sides with the stored pairs came to, and what was put right since."""

    at: datetime
    """When the comparison was complete."""
    equal: int
    """Pairs that are equal on both sides, but for what a side cannot hold."""
    repaired: int = 0
    """Pairs that differed then and were put right by the runs that followed."""
    orphaned: int = 0
    """Pairs of which a record was missing."""
    entered: int = 0
    """Records that were found in the scope and had no contact in Google yet, or had left the scope before."""
    left: int = 0
    """Records that were found to have left the scope."""
    waiting: int = 0
    """Pairs that still differ, or wait: for a run, for a decision, or because a switch is off."""


@dataclass(frozen=True, slots=True)
class SugarUser:
    """A user of Sugar, as shown to whom it may be."""

    id: str
    user_name: str
    full_name: str


@dataclass(frozen=True, slots=True)
class User:
    """users/{google_sub}. Written field by field by web and worker."""

    id: str
    email: str = ""
    sugar_user_id: str | None = None
    sugar_user_name: str | None = None
    """What that user was called when Sugar was last asked: names change, and change hands."""
    sugar_user_asked: SugarUser | None = None
    """The Sugar user who was found for somebody who has none, and of whom they have not said "that is me"."""
    settings: SyncSettings = field(default_factory=SyncSettings)
    settings_version: int = 1
    sharing_chosen: bool = False
    """Whether the user decided about `private_fields`; `share` was once what they had without being asked."""
    intake_version: int = 1
    """The newest settings version that demands a full intake."""
    connection: str = "disconnected"
    """One of CONNECTIONS."""
    connection_message: str = ""
    disconnecting: Disconnecting | None = None
    creates_paused: str | None = None
    """Why creates pause on the Google side (`google_full`, `label_missing`); None: they do not."""
    paused: bool = False
    cursors: Cursors = field(default_factory=Cursors)
    pending: datetime | None = None
    """A hint: the earliest due_at of this user's mappings and index entries."""
    lease: Lease | None = None
    deletions: Mapping[str, int] = field(default_factory=dict)
    """Deletions carried out, by "<side>/<hour>" with the hour as 2026-11-21T09."""
    next_sync_at: datetime | None = None
    synced_at: datetime | None = None
    """When the last sync began that came to its end: what was asked for before is done."""
    planned_run: str | None = None
    """A run whose history entries in state `planned` are not settled yet."""
    scope_count: int | None = None
    sugar_denied: tuple[str, ...] = ()
    """Contact fields that Sugar does not let this user write, read at every full intake."""
    last_run: Mapping[str, Any] | None = None
    """Summary of the last run that did something."""
    proof: Proof | None = None
    put_aside_by: str | None = None
    """The version of this program that last put contacts aside as unreadable: another one tries them again."""
    created_at: datetime | None = None
    sessions_from: datetime | None = None
    """Browsers that signed in before are signed out; None: none was yet."""
    unreadable: str = field(default="", compare=False)
    """Why the document could not be read; then this is what it still tells. Never written."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """users/{google_sub}/private/tokens in clear. Encrypted on the way to Firestore."""

    google_refresh: str | None = None
    google_access: str | None = None
    google_expires_at: datetime | None = None
    google_scopes: tuple[str, ...] = ()
    sugar_access: str | None = None
    sugar_expires_at: datetime | None = None
    sugar_user_id: str | None = None
    """Whose Sugar's token is, as Sugar said; None: nobody asked."""


@dataclass(frozen=True, slots=True)
class SugarMetadata:
    """system/sugar_metadata: what the instance's Contacts fields hold, and how much it takes or answers in one call."""

    lengths: Mapping[str, int]
    salutations: tuple[str, ...] | None = None
    """None: the instance keeps no list of them."""
    fetched_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    chunk: int = 25
    """Writes in a /bulk."""
    portions: Mapping[str, int] = field(default_factory=dict)
    """What a reading call asks for, by kind."""


@dataclass(frozen=True, slots=True)
class Listing:
    """users/{google_sub}/private/listing: a listing of the scope that goes on in the next run.

    It needs no single moment: what it says only has single records read.
    """

    good_until: datetime
    version: int
    """The `intake_version` under which it began."""
    ids: str = ""
    """The Sugar ids listed so far, one a line."""
    after: str | None = None
    """The id after which the listing goes on; None: from the beginning."""
    complete: bool = False
    asked: str = ""
    """The last id out of scope of which was asked whether it exists; "": none yet."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a history entry, as readable text."""

    field: str
    before: str
    after: str
    lost: str | None = None
    """The value that lost a conflict on this field."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """users/{google_sub}/history/{id}: one applied action."""

    id: str
    at: datetime
    run: str
    trigger: str
    sugar_id: str | None
    google_id: str | None
    name: str
    action: str
    side: Side | None
    state: str
    """planned or done."""
    before: Mapping[str, Any] | None = None
    """The whole record before the action, as the side returned it (deletions), or its Contact."""
    changes: tuple[Change, ...] = ()
    expire_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BacklogEntry:
    """users/{google_sub}/backlog/{id}: a contact that waits for a human, and why."""

    id: str
    sugar_id: str | None
    google_id: str | None
    name: str
    """Empty for a Google contact without a mapping: the page reads it live."""
    cause: str
    message: str
    since: datetime
    field: str | None = None
    group: str | None = None
    attempts: int = 0
    records: Mapping[str, Any] | None = None
    """Both sides' Contacts as last seen; None for a Google contact without a mapping."""
    partners: tuple[str, ...] = ()
    """The ids among which the user chooses (ambiguous), or the id this one looks like (duplicate, merged).

    After `match.TWIN` it is the id of a record of the entry's own side, which was synced first."""
    released: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One field of a planned action, as readable text."""

    side: Side
    field: str
    before: str
    after: str
    exposed: bool = False
    """A private value that the company will see."""


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """users/{google_sub}/previews/{id}/actions/{id}: what would be done about one contact."""

    id: str
    """The Sugar id, or the Google id of a contact without a mapping."""
    action: str
    """The first of `kinds`."""
    kinds: tuple[str, ...]
    """The words under which the action is counted."""
    name: str
    fingerprint: str
    """Of everything the action was decided on, and what it would write."""
    sugar_id: str | None = None
    google_id: str | None = None
    before: Mapping[Side, Mapping[str, Any]] = field(default_factory=dict)
    """The Contacts, of the sides that have one."""
    after: Mapping[Side, Mapping[str, Any]] = field(default_factory=dict)
    changes: tuple[PlannedChange, ...] = ()
    message: str | None = None
    """What a person should know about it, in plain words."""
    ticked: bool = True
    """Whether it is to be carried out when the preview is applied."""


@dataclass(frozen=True, slots=True)
class Applied:
    """The order to carry a preview out: the run that does, and the actions that the user left out."""

    run: str
    leave_out: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Moved:
    """An action that was ordered and not carried out, and why, in plain words."""

    id: str
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class PreviewRecord:
    """users/{google_sub}/previews/{id}: what a run would do, kept for an hour."""

    id: str
    state: str
    """planning, ready, failed, or refused (an undo that is not possible)."""
    at: datetime
    expire_at: datetime
    error: str | None = None
    """A stable word where planning failed."""
    message: str | None = None
    """What the user should know, in plain words."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Actions by kind."""
    total: int = 0
    unticked: int = 0
    """Actions that are not to be carried out."""
    waiting: int = 0
    """Contacts that are due beyond those planned here."""
    settings_version: int = 0
    undo: str | None = None
    """The history entry that this preview would undo."""
    sides: Literal["written", "both"] = "written"
    """Whether it would be taken back only where it was written, or on both sides."""
    new_id: str | None = None
    """The Sugar id for a record that an undo creates again: chosen once, so that it is created once."""
    applied: Applied | None = None
    begun: tuple[str, ...] = ()
    """Actions whose writes may have been sent: what they changed is no longer as planned because of them."""
    moved: tuple[Moved, ...] = ()
    updated_at: datetime | None = field(default=None, compare=False)
    """Update time of the document this was read from; not written."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """users/{google_sub}/runs/{id}: progress while it runs, summary when it ended."""

    id: str
    trigger: str
    started: datetime
    finished: datetime | None = None
    phase: str = "starting"
    done: int = 0
    total: int = 0
    waiting: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    error: str | None = None
    expire_at: datetime | None = None
    asked: datetime | None = None
    """When a person ordered it; `started` is when its last task began."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """system/audit/entries/{id}: a change that an administrator's command or a sign-in made."""

    id: str
    at: datetime
    who: str
    """The Google account that signed in, or who gave the command, as their machine names them."""
    user: str
    """The id of the user whom it concerns."""
    what: str
    """What was changed, in words."""

"""Strategies for the records that documents hold."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from contact_sync.contacts import mapping as core
from contact_sync.contacts import settings
from contact_sync.contacts.contact import FIELDS, Address, Contact
from contact_sync.contacts.side import Side
from contact_sync.store import records

moments = st.datetimes(datetime(2001, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC))
texts = st.text(max_size=12)
ids = st.text(min_size=1, max_size=12)
sides = st.sampled_from(Side)
counts = st.integers(0, 10**9)
keys = st.lists(texts, max_size=3).map(tuple)
field_names = st.sampled_from(FIELDS)
map_keys = st.text(min_size=1, max_size=8).filter(lambda key: not key.startswith("__") and key != "[]")


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


plain_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | texts
    | st.floats(allow_nan=False)
    | moments,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(map_keys, inner, max_size=3),
    max_leaves=8,
)
plain_maps = st.dictionaries(map_keys, plain_values, max_size=4)

addresses = st.builds(Address, *[texts] * len(fields(Address)))
contacts = st.builds(
    Contact,
    **{
        name: maybe(
            keys if name == "emails" else addresses if name.endswith("_address") else texts,
        )
        for name in FIELDS
    },
)

directives = st.builds(core.Directive, kind=texts, partner=maybe(ids))
mappings = st.builds(
    core.Mapping,
    sugar_id=ids,
    google_id=maybe(ids),
    google_source_id=maybe(ids),
    name=texts,
    match_keys=keys,
    state=st.sampled_from(core.State),
    base=maybe(contacts),
    held=st.dictionaries(sides, contacts, max_size=2),
    holds=st.lists(texts, max_size=2).map(tuple),
    open=maybe(st.lists(texts, max_size=2).map(tuple)),
    seen=st.builds(
        core.Seen,
        maybe(texts),
        maybe(texts),
        st.dictionaries(sides, st.dictionaries(map_keys, st.builds(core.Sight, texts, moments), max_size=2)),
        maybe(moments),
    ),
    missing=maybe(st.builds(core.Missing, sides, moments, st.booleans())),
    deletion_waits=maybe(sides),
    created_side=maybe(sides),
    created_at=maybe(moments),
    written_at=maybe(moments),
    filled=maybe(st.builds(core.Filled, field_names, texts)),
    flips=st.dictionaries(
        field_names,
        st.builds(core.Flip, sides, texts, texts, st.lists(moments, max_size=3).map(tuple)),
        max_size=2,
    ),
    backlog=maybe(ids),
    directive=maybe(directives),
    due_at=maybe(moments),
    attempts=counts,
    expire_at=maybe(moments),
)
index_entries = st.builds(
    core.IndexEntry,
    google_id=ids,
    mapping=maybe(ids),
    source_id=maybe(ids),
    match_keys=keys,
    backlog=maybe(ids),
    left_alone=st.booleans(),
    directive=maybe(directives),
    due_at=maybe(moments),
    attempts=counts,
)
sync_settings = st.builds(
    settings.SyncSettings,
    from_sugar=st.builds(
        settings.Direction, enabled=st.booleans(), create=st.booleans(), delete=st.booleans()
    ),
    from_google=st.builds(
        settings.Direction, enabled=st.booleans(), create=st.booleans(), update=st.booleans()
    ),
    auto=st.builds(settings.Auto, enabled=st.booleans(), interval_minutes=st.integers(1, 1440)),
    sugar_scope=st.sampled_from(["mine", "flagged", "all"]),
    google_label=maybe(texts),
)
cursors = st.builds(
    records.Cursors,
    watermark=maybe(moments),
    position=maybe(st.builds(records.Position, moments, moments, texts)),
    sync_token=maybe(texts),
    settings_version=counts,
    full_at=maybe(moments),
    token_at=maybe(moments),
    listed_at=maybe(moments),
    deletes_on=st.dictionaries(sides, st.booleans()),
)
users = st.builds(
    records.User,
    id=ids,
    email=texts,
    sugar_user_id=maybe(ids),
    sugar_user_name=maybe(texts),
    sugar_user_asked=maybe(st.builds(records.SugarUser, ids, texts, texts)),
    settings=sync_settings,
    settings_version=counts,
    intake_version=counts,
    connection=texts,
    connection_message=texts,
    creates_paused=maybe(texts),
    paused=st.booleans(),
    cursors=cursors,
    pending=maybe(moments),
    lease=maybe(st.builds(records.Lease, ids, ids, moments, st.booleans())),
    deletions=st.dictionaries(st.sampled_from(["sugar/2026-11-21T09", "google/2026-11-21T10"]), counts),
    next_sync_at=maybe(moments),
    planned_run=maybe(ids),
    scope_count=maybe(counts),
    last_run=maybe(plain_maps),
    created_at=maybe(moments),
)
history_entries = st.builds(
    records.HistoryEntry,
    id=ids,
    at=moments,
    run=ids,
    trigger=texts,
    sugar_id=maybe(ids),
    google_id=maybe(ids),
    name=texts,
    action=texts,
    side=maybe(sides),
    state=st.sampled_from(["planned", "done"]),
    before=maybe(plain_maps),
    changes=st.lists(st.builds(records.Change, field_names, texts, texts, maybe(texts)), max_size=2).map(
        tuple
    ),
    expire_at=maybe(moments),
)
backlog_entries = st.builds(
    records.BacklogEntry,
    id=ids,
    sugar_id=maybe(ids),
    google_id=maybe(ids),
    name=texts,
    cause=texts,
    message=texts,
    since=moments,
    field=maybe(field_names),
    group=maybe(ids),
    attempts=counts,
    records=maybe(plain_maps),
    partners=st.lists(ids, max_size=2).map(tuple),
    released=maybe(moments),
)
runs = st.builds(
    records.RunRecord,
    id=ids,
    trigger=texts,
    started=moments,
    finished=maybe(moments),
    phase=texts,
    done=counts,
    total=counts,
    waiting=counts,
    counts=st.dictionaries(map_keys, counts, max_size=3),
    error=maybe(texts),
    expire_at=maybe(moments),
)

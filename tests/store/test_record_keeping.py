"""History, backlog, runs, previews and what all users share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contact_sync.services.sugar import SharedSession
from contact_sync.store import backlog, history, previews, runs, system
from contact_sync.store.cipher import Cipher
from contact_sync.store.database import Database
from contact_sync.store.records import (
    BacklogEntry,
    HistoryEntry,
    PlannedAction,
    PreviewRecord,
    RunRecord,
    SugarMetadata,
)

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
Page = Callable[[str | None], tuple[list[Any], str | None]]


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def all_pages(page: Page) -> list[list[str]]:
    items, cursor = page(None)
    pages = [[item.id for item in items]]
    while cursor:
        items, cursor = page(cursor)
        pages.append([item.id for item in items])
    return pages


def entry(name: str, minutes: int = 0, **values: Any) -> HistoryEntry:
    known = {"run": "r1", "sugar_id": "s1", "google_id": None, "state": history.DONE} | values
    return HistoryEntry(
        id=name, at=at(minutes), trigger="manual", name="Ana", action="update", side=None, **known
    )


def waiting(name: str, minutes: int = 0, **values: Any) -> BacklogEntry:
    known = {"sugar_id": "s1", "google_id": None, "cause": "refused", "message": "No."} | values
    return BacklogEntry(id=name, name="Ana", since=at(minutes), **known)


def test_recording_an_action_again_writes_no_second_entry(db: Database) -> None:
    for _ in range(2):
        db.commit([history.put("u1", entry(history.entry_id("r1", "s1", "update")))])
    assert len(history.page(db, "u1", limit=10)[0]) == 1
    others = {history.entry_id(*parts) for parts in (("r2", "s1", "a"), ("r1", "s2", "a"), ("r1", "s1", "b"))}
    assert len(others) == 3


def test_history_shows_done_entries_newest_first_in_pages(db: Database) -> None:
    db.commit([history.put("u1", entry(f"h{minutes}", minutes)) for minutes in (1, 3, 2)])
    db.commit(
        [history.put("u1", entry("same-time", 3)), history.put("u1", entry("p", 9, state=history.PLANNED))]
    )
    assert all_pages(lambda cursor: history.page(db, "u1", cursor=cursor, limit=2)) == [
        ["same-time", "h3"],
        ["h2", "h1"],
    ]


def test_history_of_a_contact_is_found_by_either_id_and_of_a_run_by_its_id(db: Database) -> None:
    db.commit(
        [
            history.put("u1", entry("both", 3, sugar_id="s1", google_id="c1")),
            history.put("u1", entry("google", 2, sugar_id=None, google_id="c1", run="r2")),
            history.put("u1", entry("other", 1, sugar_id="s2", google_id=None)),
        ]
    )

    def found(**which: str) -> list[str]:
        return [item.id for item in history.page(db, "u1", limit=9, **which)[0]]

    assert found(contact="s1") == ["both"]
    assert found(contact="c1") == ["both", "google"]
    assert found(run="r1") == ["both", "other"]
    assert found(run="r1", contact="c1") == ["both"]


def test_planned_entries_of_a_run_are_settled_as_done_or_removed(db: Database) -> None:
    planned = [entry(f"h{number}", state=history.PLANNED) for number in range(3)]
    db.commit(
        [history.put("u1", item) for item in (*planned, entry("elsewhere", run="r2", state=history.PLANNED))]
    )
    assert history.planned(db, "u1", "r1") == planned
    db.commit([history.patch("u1", "h0", state=history.DONE), history.remove("u1", "h1")])
    assert history.planned(db, "u1", "r1") == [planned[2]]
    assert [item.id for item in history.page(db, "u1", limit=9)[0]] == ["h0"]


def test_the_ids_of_a_history_entry_cannot_be_patched_apart_from_what_it_is_found_by() -> None:
    with pytest.raises(ValueError, match="whole entry"):
        history.patch("u1", "h1", google_id="c1")


def test_backlog_is_paged_newest_first_by_cause_and_group(db: Database) -> None:
    db.commit(
        [
            backlog.put("u1", waiting("b1", 1)),
            backlog.put("u1", waiting("b2", 2, cause="mass_delete", group="g1")),
            backlog.put("u1", waiting("b3", 3)),
            backlog.put("u1", waiting("b4", 4, cause="mass_delete", group="g2")),
        ]
    )
    assert all_pages(lambda cursor: backlog.page(db, "u1", cursor=cursor, limit=3)) == [
        ["b4", "b3", "b2"],
        ["b1"],
    ]
    refused = all_pages(lambda cursor: backlog.page(db, "u1", cause="refused", cursor=cursor, limit=1))
    assert refused == [["b3"], ["b1"]]
    group = all_pages(
        lambda cursor: backlog.page(db, "u1", cause="mass_delete", group="g1", cursor=cursor, limit=9)
    )
    assert group == [["b2"]]
    assert [item.id for item in backlog.every_entry(db, "u1", group="g2")] == ["b4"]
    assert [item.id for item in backlog.every_entry(db, "u1", cause="refused")] == ["b1", "b3"]


def test_backlog_is_counted_by_cause_and_by_group(db: Database) -> None:
    assert backlog.causes(db, "u1") == []
    entries = [
        waiting("b1", 1),
        waiting("b2", 2, cause="mass_delete", group="g1", message="First?"),
        waiting("b3", 3),
        waiting("b4", 4, cause="mass_delete", group="g2", message="Second?"),
        waiting("b5", 5, cause="mass_delete", group="g2", message="Second?"),
        waiting("b6", 6, cause="loop"),
        waiting("b7", 7, cause="loop", group="g3", message="Third?"),
    ]
    db.commit([backlog.put("u1", entry) for entry in entries])
    assert backlog.causes(db, "u1") == [
        backlog.Cause("mass_delete", "g1", 1, "First?"),
        backlog.Cause("mass_delete", "g2", 2, "Second?"),
        backlog.Cause("loop", "g3", 1, "Third?"),
        backlog.Cause("loop", None, 1, None),
        backlog.Cause("refused", None, 2, None),
    ]


def test_backlog_entries_are_released_and_closed(db: Database) -> None:
    db.commit([backlog.put("u1", waiting("b1")), backlog.put("u1", waiting("b2"))])
    db.commit(
        [
            backlog.patch("u1", "b1", released=at(1)),
            backlog.patch("u1", "b1", attempts=2),
            backlog.close("u1", "b2"),
        ]
    )
    assert backlog.get(db, "u1", ["b1", "b2"]) == {"b1": waiting("b1", released=at(1), attempts=2)}


def test_runs_show_progress_and_are_paged_newest_first(db: Database) -> None:
    db.commit([runs.put("u1", RunRecord(f"r{number}", "schedule", at(number))) for number in range(3)])
    db.commit([runs.patch("u1", "r0", phase="done", counts={"create": 2}, finished=at(9), done=2)])
    finished = RunRecord("r0", "schedule", at(0), at(9), "done", done=2, counts={"create": 2})
    assert runs.get(db, "u1", "r0") == finished
    assert runs.get(db, "u1", "r9") is None
    assert all_pages(lambda cursor: runs.page(db, "u1", cursor=cursor, limit=2)) == [["r2", "r1"], ["r0"]]


def test_a_preview_and_its_actions_live_until_they_expire(db: Database) -> None:
    ends = at(60)
    actions = [PlannedAction(f"{number:05}", "create", ("create",), "x", "print") for number in range(3)]
    preview = PreviewRecord("p1", "planning", NOON, ends)
    writes = [previews.put_action("u1", "p1", action, ends) for action in actions]
    db.commit([previews.put("u1", preview), *writes])
    db.commit([previews.patch("u1", "p1", state="ready", counts={"create": 3})])
    held = previews.get(db, "u1", "p1", at(59))
    assert held == replace(preview, state="ready", counts={"create": 3})
    first, cursor = previews.actions(db, "u1", "p1", at(59), limit=2)
    rest, end = previews.actions(db, "u1", "p1", at(59), cursor=cursor, limit=2)
    assert first + rest == actions
    assert end is None
    assert previews.get(db, "u1", "p1", ends) is None
    assert previews.actions(db, "u1", "p1", ends, limit=2)[0] == []


def test_only_one_of_two_instances_replaces_the_shared_session(db: Database, cipher: Cipher) -> None:
    one, two = (system.SugarSessions(db, cipher, SharedSession) for _ in range(2))
    session = SharedSession("access-secret", "refresh-secret", NOON)
    assert one.load() == (None, None)
    assert one.save(session, None)
    assert not two.save(SharedSession("late", "late", NOON), None)
    held, version = two.load()
    assert held == session
    claim = SharedSession("access-secret", "", at(1))
    assert two.save(claim, version)
    assert not one.save(session, version)
    assert one.load()[0] == claim


def test_the_shared_session_is_encrypted_and_given_up_with_its_key(db: Database, cipher: Cipher) -> None:
    sessions = system.SugarSessions(db, cipher, SharedSession)
    sessions.save(SharedSession("access-secret", "refresh-secret", NOON), None)
    assert "secret" not in repr(db.get(["system/sugar_session"]))
    after_rotation = system.SugarSessions(db, Cipher([("k9", bytes(32))]), SharedSession)
    nothing, version = after_rotation.load()
    assert nothing is None
    fresh = SharedSession("new", "new", NOON)
    assert after_rotation.save(fresh, version)
    assert after_rotation.load()[0] == fresh


@pytest.mark.parametrize("salutations", [None, ("", "Mr.", "Dr.")])
def test_sugar_metadata_is_kept(db: Database, salutations: tuple[str, ...] | None) -> None:
    metadata = SugarMetadata({"last_name": 100}, salutations, NOON, chunk=12)
    assert system.load_metadata(db) is None
    system.save_metadata(db, metadata)
    assert system.load_metadata(db) == metadata
    assert system.pause(db) is None

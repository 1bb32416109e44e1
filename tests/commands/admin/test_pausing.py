"""Pause and resume, and the schedule after a change of POLICY."""

from __future__ import annotations

from tests.commands.admin.office import Office
from tests.world import Auto

from contact_sync.store import system


def regular(office: Office) -> None:
    office.world.set(auto=Auto(enabled=True))
    office.world.sync("schedule")


def test_a_paused_user_does_not_run_and_is_due_at_once_when_resumed(office: Office) -> None:
    regular(office)
    assert office("pause", office.jane.sub) == 0
    assert (office.user().paused, office.user().next_sync_at) == (True, None)
    assert office.world.sync("manual")["error"] == "paused"
    assert office("resume", "jane@corp.test") == 0
    assert (office.user().paused, office.user().next_sync_at) == (False, office.world.clock.now())


def test_resuming_someone_without_regular_sync_schedules_nothing(office: Office) -> None:
    office("pause", office.jane.sub)
    assert office.json("resume", office.jane.sub)["due_again"] == 0
    assert (office.user().paused, office.user().next_sync_at) == (False, None)


def test_pausing_twice_says_so(office: Office) -> None:
    office("pause", office.jane.sub)
    assert office.json("pause", office.jane.sub)["changed"] is False


def test_everyone_is_paused_with_a_reason_and_resumed(office: Office) -> None:
    regular(office)
    ben = office.world.add_person("ben")
    office("pause", ben.sub)
    assert office("pause", "--everyone", "--reason", "Sugar is being upgraded.") == 0
    assert system.pause(office.world.db) == "Sugar is being upgraded."
    assert office.json("users")["paused_for_everyone"] == "Sugar is being upgraded."
    office.world.clock.advance(minutes=5)
    assert office.world.sync("schedule")["error"] == "paused"
    assert office.json("resume", "--everyone") == {"resumed": "everyone", "due_again": 1}
    assert "ben@corp.test" in office.err
    assert system.pause(office.world.db) is None
    assert office.user().next_sync_at == office.world.clock.now()
    assert office.user(ben).paused


def test_resuming_one_while_everyone_is_paused_says_what_to_do(office: Office) -> None:
    office("pause", "--everyone")
    assert office("resume", office.jane.sub) == 0
    assert "resume --everyone" in office.err


def test_a_reason_is_for_everyone(office: Office) -> None:
    assert office("pause", office.jane.sub, "--reason", "x") == 2
    assert not office.user().paused


def test_a_policy_that_forces_regular_sync_makes_users_due(office: Office) -> None:
    off = office.world.add_person("ben")
    office.change(off, connection="reconnect")
    office.policy(**{"auto.enabled": True})
    assert office.json("policy", "--dry-run")["begin"] == [office.jane.sub]
    assert office.user().next_sync_at is None
    assert office.json("policy")["begin"] == [office.jane.sub]
    assert office.user().next_sync_at == office.world.clock.now()
    assert office.user(off).next_sync_at is None
    assert office.json("policy")["begin"] == []


def test_a_policy_that_forbids_regular_sync_takes_the_next_run_back(office: Office) -> None:
    regular(office)
    office.policy(**{"auto.enabled": False})
    assert office.json("policy")["end"] == [office.jane.sub]
    assert office.user().next_sync_at is None

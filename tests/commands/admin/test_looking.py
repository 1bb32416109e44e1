"""Lists and counts: users, one user, runs, the backlog."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.commands.admin.office import Office
from tests.world import Auto, link

from contact_sync.store import backlog
from contact_sync.store.records import BacklogEntry


def put_backlog(office: Office, sub: str, *causes: str, group: str | None = None) -> None:
    entries = [
        BacklogEntry(f"{cause}-{number}", None, "g", "", cause, "?", office.world.clock.now(), group=group)
        for number, cause in enumerate(causes)
    ]
    office.world.db.commit([backlog.put(sub, entry) for entry in entries])


def test_users_are_listed_with_their_numbers(office: Office) -> None:
    link(office.world)
    ben = office.world.add_person("ben")
    office.change(ben, connection="reconnect", connection_message="Connect again.")
    put_backlog(office, ben.sub, "refused", "no_name")
    assert office("users") == 0
    assert "2 users" in office.out
    rows = {row["email"]: row for row in office.json("users")["users"]}
    assert (rows["jane@corp.test"]["connection"], rows["jane@corp.test"]["linked"]) == ("connected", 1)
    assert rows["ben@corp.test"]["message"] == "Connect again."
    assert (rows["ben@corp.test"]["backlog"], rows["ben@corp.test"]["linked"]) == (2, 0)


def test_users_of_one_state_are_listed_alone(office: Office) -> None:
    ben = office.world.add_person("ben")
    office.change(ben, connection="reconnect")
    assert [row["id"] for row in office.json("users", "--state", "reconnect")["users"]] == [ben.sub]
    office("users", "--state", "reconnect")
    assert "1 of 2 users" in office.out


def test_a_deployment_without_users_has_an_empty_list(office: Office) -> None:
    office("erase", office.jane.sub, "--yes")
    assert office.json("users") == {"paused_for_everyone": None, "users": []}


@pytest.mark.parametrize("by", ["id", "e-mail"])
def test_one_user_is_shown_by_id_or_address(office: Office, by: str) -> None:
    link(office.world)
    shown = office.json("user", office.jane.sub if by == "id" else "jane@corp.test")
    assert (shown["id"], shown["sugar_user"], shown["mappings"]["linked"]) == (office.jane.sub, "jane", 1)
    assert office("user", office.jane.sub) == 0
    assert "1 linked" in office.out


def test_auto_is_shown_as_policy_has_it(office: Office) -> None:
    office.policy(**{"auto.enabled": True})
    assert office.json("users")["users"][0]["auto"] is True


def test_someone_unknown_is_said_in_one_line(office: Office) -> None:
    assert office("user", "nobody@corp.test") == 1
    assert office.err == "There is no user nobody@corp.test. `infra/admin users` lists all.\n"


def test_runs_are_listed_newest_first_up_to_the_limit(office: Office) -> None:
    link(office.world)
    office.world.sync("manual")
    every = office.json("runs", office.jane.sub)["runs"]
    assert len(every) > 1
    assert [run["started"] for run in every] == sorted((run["started"] for run in every), reverse=True)
    assert office.json("runs", office.jane.sub, "--limit", "1")["runs"] == every[:1]
    assert office("runs", office.jane.sub) == 0
    assert "google_created=1" in office.out


def test_the_backlog_is_counted_by_cause_over_all_users_or_one(office: Office) -> None:
    ben = office.world.add_person("ben")
    put_backlog(office, office.jane.sub, "refused", "refused")
    put_backlog(office, ben.sub, "refused")
    put_backlog(office, ben.sub, *["mass_delete"] * 5, group="g1")
    assert office.json("backlog")["causes"] == [
        {"cause": "mass_delete", "contacts": 5, "users": 1, "groups": 1},
        {"cause": "refused", "contacts": 3, "users": 2, "groups": 0},
    ]
    assert [cause["contacts"] for cause in office.json("backlog", "jane@corp.test")["causes"]] == [2]


def test_looking_needs_no_secret(office: Office) -> None:
    link(office.world)
    del office.shell["TOKEN_KEYS"]
    for command in (["users"], ["user", office.jane.sub], ["runs", office.jane.sub], ["backlog"]):
        assert office(*command) == 0
    assert office.secrets == []


def test_what_is_listed_holds_no_contact(office: Office) -> None:
    link(office.world, first="Secretname", email="secret@x.test")
    office.world.clock.advance(minutes=1)
    for command in (["users"], ["user", office.jane.sub], ["runs", office.jane.sub], ["backlog"]):
        assert "ecret" not in json_text(office, command)


def json_text(office: Office, command: list[str]) -> str:
    office(*command, "--json")
    return office.out


def test_the_next_run_is_shown(office: Office) -> None:
    office.world.set(auto=Auto(enabled=True, interval_minutes=5))
    office.world.sync("schedule")
    soon = office.world.clock.now() + timedelta(minutes=5)
    assert office.json("user", office.jane.sub)["next_run"] == soon.isoformat(timespec="seconds")

"""Reconcile one user: ordered, watched, and told in one sentence."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.commands.admin.office import Office

from contact_sync.store import users
from contact_sync.store.records import Lease

PAIRS = 4


@pytest.fixture
def apart(office: Office) -> Office:
    """Four pairs, one of which differs behind the feed's watermark."""
    world = office.world
    for number in range(PAIRS):
        world.add_sugar(first_name="Ada", last_name=f"No {number}", email=f"{number}@x.test")
    world.settle()
    world.clock.advance(hours=1)
    world.sugar.edit_contact(next(iter(world.all_mappings())), title="Chief")
    world.clock.advance(hours=1)
    world.db.commit([users.update(office.jane.sub, cursors__watermark=world.clock.now())])
    return office


def test_what_differs_is_put_right_and_the_proof_is_one_sentence(apart: Office) -> None:
    assert apart("reconcile", "jane@corp.test") == 0
    assert apart.out == "3 pairs equal, 1 repaired, 0 orphaned\n"
    assert [contact for contact in apart.world.google_contacts() if "organizations" in contact]
    assert apart("reconcile", apart.jane.sub) == 0
    assert apart.out == "4 pairs equal, 0 repaired, 0 orphaned\n"


def test_a_report_writes_nothing_and_says_what_would_be_repaired(apart: Office) -> None:
    before = apart.world.writes()
    found = apart.json("reconcile", apart.jane.sub, "--report-only", status=1)
    assert apart.world.writes() == before
    assert (found["proof"]["equal"], found["proof"]["waiting"], found["would"]) == (
        3,
        1,
        {"google_updated": 1},
    )
    assert found["actions"][0]["fields"] == ["google.title"]
    assert "Ada" not in apart.out
    assert apart("reconcile", apart.jane.sub, "--report-only") == 1
    assert "A reconcile would do: 1 google updated." in apart.out
    apart("reconcile", apart.jane.sub)
    assert apart("reconcile", apart.jane.sub, "--report-only") == 0
    assert "A reconcile would do: nothing." in apart.out


def test_a_user_with_a_run_under_way_is_reconciled_after_it(apart: Office) -> None:
    until = apart.world.clock.now() + timedelta(minutes=2)
    apart.change(apart.jane, lease=Lease("l", "r", until))
    assert apart("reconcile", apart.jane.sub) == 0
    assert "1 repaired" in apart.out


def test_who_may_not_sync_is_refused_with_the_reason(apart: Office) -> None:
    apart("pause", apart.jane.sub)
    assert apart("reconcile", apart.jane.sub) == 1
    assert f"infra/admin resume {apart.jane.sub}" in apart.err
    apart("pause", "--everyone", "--reason", "Upgrade.")
    assert apart("reconcile", apart.jane.sub) == 1
    assert "Upgrade." in apart.err
    apart("resume", "--everyone")
    apart("resume", apart.jane.sub)
    apart.change(apart.jane, connection="reconnect", connection_message="Connect again.")
    assert apart("reconcile", apart.jane.sub) == 1
    assert "Connect again." in apart.err
    assert apart.world.tasks == []


def test_a_run_that_fails_is_told(apart: Office) -> None:
    apart.world.google.revoke_grant(apart.jane.sub)
    assert apart("reconcile", apart.jane.sub) == 1
    assert apart.err == f"The run ended with reconnect. `infra/admin runs {apart.jane.sub}` tells more.\n"


def test_one_that_takes_too_long_is_left_to_itself(apart: Office) -> None:
    until = apart.world.clock.now() + timedelta(minutes=5)
    apart.change(apart.jane, lease=Lease("l", "r", until))
    assert apart("reconcile", apart.jane.sub, "--timeout", "1") == 1
    assert "goes on by itself" in apart.err

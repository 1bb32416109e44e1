"""Who may be synced is asked at each run: a domain that left ALLOWED_DOMAINS stops those who signed in before."""

from __future__ import annotations

import pytest
from tests.world import Auto, World


@pytest.fixture
def world() -> World:
    world = World()
    world.set(auto=Auto(enabled=True))
    world.add_sugar(first_name="Ana", last_name="Ruiz")
    return world


def test_a_user_of_another_domain_is_not_synced(world: World) -> None:
    elsewhere = world.make_engine(allowed_domains=("new.test", "other.test"))
    for trigger in ("schedule", "manual", "hook", "preview"):
        summary = world.sync(trigger, engine=elsewhere)
        assert (summary["phase"], summary["error"]) == ("stopped", "domain_not_allowed")
    assert world.google_names() == []
    assert world.calls() == (0, 0)


@pytest.mark.parametrize("domains", [("corp.test",), ("new.test", "corp.test")])
def test_a_user_of_an_allowed_domain_is_synced(world: World, domains: tuple[str, ...]) -> None:
    world.sync(engine=world.make_engine(allowed_domains=domains))
    assert world.google_names() == ["Ana Ruiz"]


def test_a_domain_that_comes_back_is_found_by_the_schedule(world: World) -> None:
    world.sync("schedule", engine=world.make_engine(allowed_domains=("new.test",)))
    again = world.user().next_sync_at
    assert again is not None and again > world.clock.now()
    assert world.user().connection == "connected"
    world.clock.time = again
    world.sync("schedule", engine=world.make_engine(allowed_domains=("corp.test",)))
    assert world.google_names() == ["Ana Ruiz"]


@pytest.mark.parametrize("email", ["ada@corp.test.evil.test", "ada@evilcorp.test", "corp.test", "", "ada@"])
def test_only_the_domain_itself_counts(world: World, email: str) -> None:
    from contact_sync.store import users

    world.db.commit([users.update(world.first.sub, email=email)])
    summary = world.sync(engine=world.make_engine(allowed_domains=("corp.test",)))
    assert summary["error"] == "domain_not_allowed"

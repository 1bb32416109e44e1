"""Preview: the same run, stopped before anything is written to either side or to any base."""

from __future__ import annotations

from tests.world import WITH_DELETES, World, link

from contact_sync.contacts.settings import SyncSettings
from contact_sync.store import previews


def preview(world: World, name: str = "p1") -> tuple[dict, list[dict]]:  # type: ignore[type-arg]
    world.sync("preview", run_id="run-p", preview=name)
    found = previews.get(world.db, world.first.sub, name, world.clock.now())
    assert found is not None
    actions, _ = previews.actions(world.db, world.first.sub, name, world.clock.now(), limit=200)
    return found, actions


def test_a_preview_of_a_first_sync_counts_and_lists_everything_and_writes_nothing() -> None:
    world = World()
    world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.add_google("Ben", "Okafor", "ben@x.test")
    world.add_sugar(first_name="Cy", last_name="Lee", email="cy@x.test", title="CTO")
    world.add_google("Cy", "Lee", "cy@x.test")
    found, actions = preview(world)
    assert found["state"] == "ready"
    assert found["counts"] == {"google_created": 1, "sugar_created": 1, "merged": 1, "google_updated": 1}
    assert {action["name"] for action in actions} == {"Ana Ruiz", "Ben Okafor", "Cy Lee"}
    assert world.writes() == 0
    assert all(mapping.base is None for mapping in world.all_mappings().values())


def test_a_preview_shows_both_records_before_and_after_and_the_changed_fields() -> None:
    world = World()
    sugar_id, _ = link(world)
    world.clock.advance(minutes=5)
    world.sugar.edit_contact(sugar_id, title="CTO")
    _, (action,) = preview(world)
    assert action["before"]["google"].get("title", "") == ""
    assert action["after"]["google"]["title"] == "CTO"
    assert [(one["side"], one["field"], one["before"], one["after"]) for one in action["changes"]] == [
        ("google", "title", "", "CTO")
    ]


def test_private_values_that_the_company_would_see_are_marked() -> None:
    world = World()
    world.add_google("Ben", "Okafor", "ben@x.test", biographies=[{"value": "owes me money"}])
    _, (action,) = preview(world)
    assert {one["field"] for one in action["changes"] if one["exposed"]} == {"description"}


def test_after_a_preview_the_sync_does_what_it_said() -> None:
    world = World()
    world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    preview(world)
    world.settle()
    assert world.google_names() == ["Ana Ruiz"]


def test_a_preview_shows_deletions_and_what_would_wait_for_a_human() -> None:
    world = World()
    world.set(**{name: getattr(WITH_DELETES, name) for name in ("from_sugar", "from_google")})
    sugar_id, _ = link(world)
    other, google_id = link(world, first="Bo", last="Dahl", email="bo@x.test")
    world.clock.advance(minutes=5)
    world.sugar.delete_contact(sugar_id)
    world.sugar.delete_contact(other)
    world.edit_google(google_id, organizations=[{"title": "Boss"}])
    found, _ = preview(world)
    assert found["counts"] == {"google_deleted": 1, "quarantined": 1}
    assert len(world.google_contacts()) == 2
    assert world.backlog() == []


def test_nothing_to_do_is_said() -> None:
    world = World()
    link(world)
    found, actions = preview(world)
    assert (found["state"], found["total"], actions) == ("ready", 0, [])


def test_a_preview_plans_under_the_settings_it_was_asked_with() -> None:
    world = World()
    world.set(**{name: getattr(SyncSettings(), name) for name in ("from_sugar", "from_google")})
    world.add_google("Ben", "Okafor", "ben@x.test")
    found, _ = preview(world)
    assert found["total"] == 0

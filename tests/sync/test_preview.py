"""Preview: the same run, stopped before anything is written to either side or to any base."""

from __future__ import annotations

import pytest
from tests.sync.ordering import deliver, preview, run, shown
from tests.world import WITH_DELETES, Crash, World, link, replace, switches

from contact_sync.contacts.settings import SyncSettings
from contact_sync.contacts.side import Side
from contact_sync.errors import TransientForAll
from contact_sync.store import users
from contact_sync.sync import orders
from contact_sync.sync.request import WorkerRequest
from contact_sync.sync.work import work


def book(world: World, size: int) -> None:
    for number in range(size):
        world.add_sugar(first_name="P", last_name=f"N{number:03}", email=f"p{number}@x.test")


def test_a_preview_of_a_first_sync_counts_and_lists_everything_and_writes_nothing() -> None:
    world = World()
    world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.add_google("Ben", "Okafor", "ben@x.test")
    world.add_sugar(first_name="Cy", last_name="Lee", email="cy@x.test", title="CTO")
    world.add_google("Cy", "Lee", "cy@x.test")
    found, actions = preview(world)
    assert (found.state, found.total, found.waiting) == ("ready", 3, 0)
    assert found.counts == {"google_created": 1, "sugar_created": 1, "merged": 1, "google_updated": 1}
    assert {action.name for action in actions} == {"Ana Ruiz", "Ben Okafor", "Cy Lee"}
    assert world.writes() == 0
    assert all(mapping.base is None for mapping in world.all_mappings().values())
    assert run(world, found.id).phase == "done"


def test_a_preview_shows_both_records_before_and_after_and_the_changed_fields() -> None:
    world = World()
    sugar_id, _ = link(world)
    world.clock.advance(minutes=5)
    world.sugar.edit_contact(sugar_id, title="CTO")
    _, (action,) = preview(world)
    assert action.before[Side.GOOGLE].get("title", "") == ""
    assert action.after[Side.GOOGLE]["title"] == "CTO"
    assert [(one.side, one.field, one.before, one.after) for one in action.changes] == [
        ("google", "title", "", "CTO")
    ]


def test_private_values_that_the_company_would_see_are_marked() -> None:
    world = World()
    world.add_google("Ben", "Okafor", "ben@x.test", biographies=[{"value": "owes me money"}])
    _, (action,) = preview(world)
    assert {one.field for one in action.changes if one.exposed} == {"description"}


def test_private_values_that_an_update_would_show_to_the_company_are_marked_unless_they_are_kept() -> None:
    world = World()
    _, google_id = link(world)
    world.clock.advance(minutes=5)
    world.edit_google(google_id, biographies=[{"value": "owes me money"}])
    _, (action,) = preview(world)
    assert [(one.side, one.field, one.exposed) for one in action.changes] == [("sugar", "description", True)]
    world.set(private_fields="keep")
    assert preview(world)[1] == []


def test_what_stands_in_for_a_missing_last_name_in_sugar_is_shown() -> None:
    world = World()
    world.add_google("Cher", "", "cher@x.test")
    _, (action,) = preview(world)
    assert action.after[Side.SUGAR]["last_name"] == "Cher"
    assert action.after[Side.SUGAR]["first_name"] == ""
    assert ("last_name", "Cher") in [(one.field, one.after) for one in action.changes]


def test_what_sugar_cannot_hold_is_not_promised() -> None:
    world = World()
    world.add_google("Ben", "Okafor", "ben@x.test", organizations=[{"name": "Nobody Inc", "title": "CTO"}])
    _, (action,) = preview(world)
    assert action.after[Side.SUGAR].get("company", "") == ""
    assert action.after[Side.SUGAR]["title"] == "CTO"


def test_a_contact_that_cannot_be_given_a_name_is_shown_as_waiting_for_a_human() -> None:
    world = World()
    world.add_google(phoneNumbers=[{"value": "+34 600 100 200", "type": "mobile"}])
    found, (action,) = preview(world)
    assert found.counts == {"quarantined": 1}
    assert "last name" in (action.message or "")


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
    assert found.counts == {"google_deleted": 1, "quarantined": 1}
    assert len(world.google_contacts()) == 2
    assert world.backlog() == []


def test_a_mass_deletion_is_shown_as_one_group_that_waits_for_a_human() -> None:
    world = World()
    world.set(**{name: getattr(WITH_DELETES, name) for name in ("from_sugar", "from_google")})
    book(world, 14)
    world.settle()
    world.clock.advance(minutes=5)
    for record in world.sugar_contacts()[:12]:
        world.sugar.delete_contact(record["id"])
    found, actions = preview(world)
    assert found.counts == {"quarantined": 12}
    assert {action.message for action in actions} == {
        "12 contacts were deleted in Sugar; none is deleted here unasked."
    }


def test_nothing_to_do_is_said() -> None:
    world = World()
    link(world)
    found, actions = preview(world)
    assert (found.state, found.total, actions) == ("ready", 0, [])


def test_a_preview_plans_under_the_settings_it_was_asked_with() -> None:
    world = World()
    world.set(**{name: getattr(SyncSettings(), name) for name in ("from_sugar", "from_google")})
    world.add_google("Ben", "Okafor", "ben@x.test")
    found, _ = preview(world)
    assert found.total == 0


def test_a_preview_holds_a_hundred_actions_and_says_how_many_more_are_due() -> None:
    world = World()
    book(world, 130)
    found, actions = preview(world)
    assert (found.total, len(actions), found.waiting) == (100, 100, 30)


def test_contacts_that_need_nothing_are_passed_over() -> None:
    """A full intake after a change of settings makes many contacts due that turn out to agree."""
    world = World()
    world.set(**switches(su=True, sc=True))
    book(world, 110)
    world.settle()
    world.clock.advance(minutes=5)
    for record in world.sugar_contacts():
        world.sugar.edit_contact(record["id"], title="CTO")
    for contact in world.google_contacts():
        world.edit_google(contact["resourceName"].removeprefix("people/"), organizations=[{"title": "CTO"}])
    world.clock.advance(minutes=5)
    world.add_sugar(first_name="New", last_name="One", email="new@x.test")
    found, actions = preview(world)
    assert [action.name for action in actions] == ["New One"]
    assert found.waiting == 0


def test_a_second_preview_lists_nothing_of_the_first() -> None:
    world = World()
    world.add_google("Ben", "Okafor", "ben@x.test")
    first, _ = preview(world)
    second, actions = preview(world)
    assert first.id != second.id
    assert [action.id for action in actions] == [action.id for action in shown(world, first.id)[1]]


# However its run ends, a preview does not stay "planning"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"paused": True}, "paused"),
        ({"connection": "reconnect"}, "reconnect"),
        ({"connection": "disconnected"}, "disconnected"),
    ],
)
def test_a_preview_of_a_user_who_may_not_sync_says_why(changes: dict[str, object], error: str) -> None:
    world = World()
    world.db.commit([users.update(world.first.sub, **changes)])
    found, _ = preview(world)
    assert (found.state, found.error) == ("failed", error)
    assert found.message
    assert run(world, found.id).error == error


def test_a_preview_that_finds_the_grant_revoked_says_so() -> None:
    world = World()
    link(world)
    world.google.revoke_grant(world.first.sub)
    world.clock.advance(hours=2)
    found, _ = preview(world)
    assert (found.state, found.error) == ("failed", "reconnect")
    assert "connected again" in (found.message or "")


def test_a_preview_whose_task_gives_up_is_failed() -> None:
    world = World()
    preview_id = orders.order_preview(world.engine, world.first.sub)
    world.sugar.faults.add("503 maintenance", times=None)
    with pytest.raises(TransientForAll):
        work(world.engine, WorkerRequest(**world.tasks.pop()[0]), last_attempt=True)
    found, _ = shown(world, preview_id)
    assert (found.state, bool(found.message)) == ("failed", True)
    assert run(world, preview_id).finished is not None


def test_a_preview_that_waits_for_another_run_is_made_after_it() -> None:
    world = World()
    world.add_google("Ben", "Okafor", "ben@x.test")
    with world.dying(Side.GOOGLE, 3, "before"), pytest.raises(Crash):
        world.sync()
    assert world.user().lease is not None
    waiting = [orders.order_preview(world.engine, world.first.sub) for _ in range(2)]
    deliver(world, only="preview")
    assert [shown(world, preview_id)[0].state for preview_id in waiting] == ["ready", "ready"]


def test_a_preview_that_died_is_made_when_its_task_comes_again() -> None:
    world = World()
    world.add_google("Ben", "Okafor", "ben@x.test")
    preview_id = orders.order_preview(world.engine, world.first.sub)
    task = world.tasks[0][0]
    with world.dying(Side.GOOGLE, 2, "after"), pytest.raises(Crash):
        work(world.engine, WorkerRequest(**task))
    assert shown(world, preview_id)[0].state == "planning"
    world.clock.advance(minutes=6)
    deliver(world, only="preview")
    assert shown(world, preview_id)[0].counts == {"sugar_created": 1}


def test_a_preview_that_runs_out_of_time_goes_on_as_itself() -> None:
    world = World()
    book(world, 5)
    preview_id = orders.order_preview(world.engine, world.first.sub)

    def slow(_request: object) -> None:
        world.clock.advance(seconds=130)

    world.sugar_transport.before = slow
    work(world.engine, WorkerRequest(**world.tasks.pop()[0]))
    assert shown(world, preview_id)[0].state == "planning"
    assert run(world, preview_id).finished is None
    world.sugar_transport.before = None
    deliver(world, only="preview")
    assert shown(world, preview_id)[0].total == 5


def test_a_preview_delivered_twice_is_made_once() -> None:
    world = World()
    world.add_google("Ben", "Okafor", "ben@x.test")
    preview_id = orders.order_preview(world.engine, world.first.sub)
    task = WorkerRequest(**world.tasks.pop()[0])
    work(world.engine, task)
    made = shown(world, preview_id)[0]
    world.clock.advance(minutes=1)
    work(world.engine, task)
    assert shown(world, preview_id)[0] == replace(made, updated_at=None)


def test_a_pair_to_be_linked_is_planned_once_however_late_its_other_half_is_due() -> None:
    world = World()
    book(world, 80)
    for number in range(60):
        world.add_google("P", f"N{number:03}", f"p{number}@x.test")
    found, actions = preview(world)
    assert (found.total, len(actions), found.waiting) == (80, 80, 0)

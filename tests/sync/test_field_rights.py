"""Fields that a user may not write or read in Sugar: learnt at once, both ways; such a field takes no part."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sync.situations import causes
from tests.world import World, link, switches

READ_ONLY = {"write": "no", "create": "no"}
HIDDEN = {"read": "no", "write": "no", "create": "no"}


def role(world: World, *, edit: str = "yes", **fields: dict[str, str]) -> None:
    """From now on Jane's role says this of the fields of contacts."""
    contacts: dict[str, Any] = {"fields": fields}
    world.sugar.edit_user(
        "user-jane", acl={"Contacts": contacts if edit == "yes" else contacts | {"edit": edit}}
    )


def edit(world: World, google_id: str, title: str, number: str) -> None:
    world.edit_google(
        google_id,
        organizations=[{"title": title}],
        phoneNumbers=[{"value": number, "type": "mobile"}],
    )


def shown(world: World, sugar_id: str) -> tuple[str, str]:
    record = world.sugar.contact(sugar_id)
    return record["title"], record["phone_mobile"]


def test_a_right_taken_away_leaves_out_that_field_only_and_at_once() -> None:
    world = World()
    sugar_id, google_id = link(world, phone_mobile="+31 6 1")
    world.settle()
    role(world, phone_mobile=READ_ONLY)
    edit(world, google_id, "CEO", "+31 6 2")
    world.sync()
    assert (shown(world, sugar_id), causes(world)) == (("CEO", "+31 6 1"), [])
    world.settle()
    assert (shown(world, sugar_id), causes(world)) == (("CEO", "+31 6 1"), [])
    assert world.google_contact(google_id)["phoneNumbers"][0]["value"] == "+31 6 2"


def test_a_right_given_back_is_used_by_the_next_run_also_for_what_was_left_standing() -> None:
    world = World()
    role(world, phone_mobile=READ_ONLY)
    sugar_id, google_id = link(world, phone_mobile="+31 6 1")
    edit(world, google_id, "CEO", "+31 6 2")
    world.settle()
    assert shown(world, sugar_id) == ("CEO", "+31 6 1")
    assert world.user().sugar_denied == ("phone_mobile",)
    role(world)
    world.sync()
    assert (shown(world, sugar_id), world.user().sugar_denied) == (("CEO", "+31 6 2"), ())
    world.settle()
    assert causes(world) == []


def test_an_edit_after_a_right_was_given_back_goes_at_once() -> None:
    world = World()
    role(world, phone_mobile=READ_ONLY)
    sugar_id, google_id = link(world, phone_mobile="+31 6 1")
    role(world)
    edit(world, google_id, "CEO", "+31 6 2")
    world.sync()
    assert shown(world, sugar_id) == ("CEO", "+31 6 2")


def test_a_create_leaves_out_what_the_user_may_not_write_and_follows_when_it_may() -> None:
    world = World()
    world.settle()
    role(world, phone_mobile=READ_ONLY)
    phones = [{"value": "+31 6 1", "type": "mobile"}]
    world.add_google("Eva", "Lund", "eva@x.test", phoneNumbers=phones, organizations=[{"title": "CEO"}])
    world.settle()
    [record] = world.sugar_contacts()
    assert (record["title"], record["phone_mobile"], causes(world)) == ("CEO", "", [])
    role(world)
    world.settle()
    assert world.sugar_contacts()[0]["phone_mobile"] == "+31 6 1"


@pytest.mark.parametrize("known", [False, True])
def test_a_right_about_one_record_concerns_that_record_only(known: bool) -> None:
    world = World()
    sugar_id, google_id = link(world, phone_mobile="+31 6 1")
    other, other_at_google = link(world, first="Ben", last="Okafor", email="b@x.test", phone_mobile="+31 6 1")
    world.sugar.restrict_contact(sugar_id, "user-jane", {"phone_mobile": READ_ONLY})
    if not known:
        hide_rights(world)
    for each in (google_id, other_at_google):
        edit(world, each, "CEO", "+31 6 2")
    world.settle()
    assert (shown(world, sugar_id), shown(world, other)) == (("CEO", "+31 6 1"), ("CEO", "+31 6 2"))
    assert causes(world) == []


def hide_rights(world: World) -> None:
    """Sugar tells of no right in advance: only its refusals do."""
    from tests.sync.test_barrier import Odd

    class Silent(Odd):
        def _changed(self, value: Any) -> Any:
            if isinstance(value, dict) and "_acl" in value:
                value = {**value, "_acl": {"fields": []}}
            if isinstance(value, dict) and "current_user" in value:
                value = {"current_user": {**value["current_user"], "acl": []}}
            return super()._changed(value)

    Silent(world, {})


@pytest.mark.parametrize(
    "fields", [("phone_mobile",), ("phone_mobile", "title"), ("title", "phone_mobile", "phone_work")]
)
def test_a_refusal_itself_teaches_and_the_others_go(fields: tuple[str, ...]) -> None:
    world = World()
    sugar_id, google_id = link(world, phone_mobile="+31 6 1", title="Boss", department="A")
    hide_rights(world)
    role(world, **dict.fromkeys(fields, READ_ONLY))
    world.edit_google(
        google_id,
        organizations=[{"title": "CEO", "department": "B"}],
        phoneNumbers=[{"value": "+31 6 2", "type": "mobile"}],
    )
    world.settle()
    assert causes(world) == []
    assert world.sugar.contact(sugar_id)["department"] == "B"
    assert shown(world, sugar_id) == ("Boss" if "title" in fields else "CEO", "+31 6 1")
    role(world)
    world.edit_google(google_id, organizations=[{"title": "CFO", "department": "B"}])
    world.settle()
    assert world.sugar.contact(sugar_id)["title"] == "CFO"


def test_an_update_of_nothing_but_a_refused_field_writes_nothing_and_tells_nothing() -> None:
    world = World()
    sugar_id, google_id = link(world, phone_mobile="+31 6 1")
    hide_rights(world)
    role(world, phone_mobile=READ_ONLY)
    before = world.history()
    world.edit_google(google_id, phoneNumbers=[{"value": "+31 6 2", "type": "mobile"}])
    world.settle()
    assert (causes(world), shown(world, sugar_id)) == ([], ("", "+31 6 1"))
    assert world.history() == before


def test_a_hundred_contacts_with_a_refused_field_come_to_rest() -> None:
    world = World()
    ids = [
        world.add_sugar(
            first_name="No", last_name=f"{number:03}", email=f"{number}@x.test", phone_mobile="+31 6 1"
        )
        for number in range(101)
    ]
    world.settle()
    role(world, phone_mobile=READ_ONLY)
    for each in ids:
        edit(world, world.mapping(each).google_id, "CEO", "+31 6 2")
    world.settle()
    assert (causes(world), {shown(world, each) for each in ids}) == ([], {("CEO", "+31 6 1")})


@pytest.mark.parametrize("field", ["phone_mobile", "email", "title", "description", "birthdate", "last_name"])
def test_a_field_that_is_readable_no_more_is_unknown_and_not_empty(field: str) -> None:
    world = World()
    sugar_id, google_id = link(
        world,
        phone_mobile="+31 6 1",
        title="Boss",
        description="note",
        birthdate="1980-01-02",
        department="A",
    )
    before = world.google_contact(google_id)
    role(world, **{field: HIDDEN})
    world.sugar.edit_contact(sugar_id, department="B")
    world.sync("reconcile")
    world.settle()
    after = world.google_contact(google_id)
    assert after["organizations"][0].pop("department") == "B"
    assert before["organizations"][0].pop("department") == "A"
    for name in ("names", "emailAddresses", "phoneNumbers", "biographies", "birthdays"):
        assert [content(item) for item in after[name]] == [content(item) for item in before[name]]
    assert (causes(world), world.user().connection) == ([], "connected")


def content(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != "metadata"}


def test_google_is_matched_no_more_where_addresses_are_hidden_and_the_sync_goes_on() -> None:
    world = World()
    world.set(**switches(su=True, gu=True, gc=True))
    role(world, email=HIDDEN)
    world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.add_google("Eva", "Lund", "eva@x.test")
    world.settle()
    assert world.user().connection == "connected"
    assert {"Eva Lund", "Ana Ruiz"} <= set(world.sugar_names())


def test_a_role_that_forbids_editing_writes_nothing_and_quarantines_nobody() -> None:
    world = World()
    sugar_id, google_id = link(world)
    role(world, edit="no")
    world.edit_google(google_id, organizations=[{"title": "CEO"}])
    world.settle()
    assert (causes(world), world.sugar.contact(sugar_id)["title"]) == ([], "")
    role(world)
    world.settle()
    assert world.sugar.contact(sugar_id)["title"] == "CEO"


@pytest.mark.parametrize("denied", [False, True])
def test_an_idle_run_makes_no_call_more_for_it(denied: bool) -> None:
    world = World()
    role(world, **({"phone_mobile": READ_ONLY} if denied else {}))
    link(world)
    world.forget_calls()
    asked: list[str] = []
    world.sugar_transport.before = lambda request, *_: asked.append(str(request.body))
    world.sync()
    assert world.calls() == (1, 1)
    assert any("/me" in body for body in asked) is denied

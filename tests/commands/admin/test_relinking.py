"""Which Sugar user someone is, changed by the administrator."""

from __future__ import annotations

from datetime import timedelta

from tests.commands.admin.office import Office
from tests.world import Auto, link

from contact_sync.contacts.mapping import State
from contact_sync.store import audit, tokens, users
from contact_sync.store.database import Query
from contact_sync.store.records import Lease, SugarUser


def test_another_sugar_user_takes_over_and_nothing_is_deleted(office: Office) -> None:
    world = office.world
    _, google_id = link(world)
    other = world.sugar.add_user("jdoe", id="user-jdoe", email="jane.doe@corp.test")
    world.sugar.add_contact(first_name="Bo", last_name="Bell", email="bo@x.test", assigned_user_id=other)
    world.set(auto=Auto(enabled=True))
    assert office("sugar-user", "jane@corp.test", "jane.doe@corp.test") == 0
    assert "is the Sugar user jdoe" in office.out and "before jane" in office.out
    user = office.user()
    assert (user.sugar_user_id, user.sugar_user_name) == ("user-jdoe", "jdoe")
    assert user.next_sync_at == world.clock.now()
    held = users.load(world.db, world.cipher, user.id).tokens
    assert (held.sugar_access, bool(held.google_refresh)) == (None, True)
    world.settle()
    assert world.google_names() == ["Ana Ruiz", "Bo Bell"]
    assert [mapping.state for mapping in world.all_mappings().values() if mapping.google_id == google_id] == [
        State.OUT_OF_SCOPE
    ]


def test_a_user_whom_sugar_did_not_know_is_connected_by_it(office: Office) -> None:
    office.change(office.jane, sugar_user_id=None, sugar_user_name=None, connection="sugar_user_missing")
    assert office("sugar-user", office.jane.sub, "jane@corp.test") == 0
    assert (office.user().connection, office.user().sugar_user_name) == ("connected", "jane")
    office.change(office.jane, sugar_user_id=None, connection="sugar_user_missing")
    office.world.db.commit([tokens.forget(office.jane.sub)])
    office("sugar-user", office.jane.sub, "jane@corp.test")
    assert office.user().connection == "permission_missing"


def test_an_address_that_no_active_user_has_changes_nothing(office: Office) -> None:
    before = office.user()
    assert office("sugar-user", office.jane.sub, "nobody@corp.test") == 1
    assert "No active Sugar user has" in office.err
    assert office.user() == before


def test_a_sugar_user_belongs_to_one_user_only(office: Office) -> None:
    ben = office.world.add_person("ben")
    assert office("sugar-user", ben.sub, "jane@corp.test") == 1
    assert office.jane.sub in office.err
    assert office.user(ben).sugar_user_name == "ben"


def test_during_a_run_the_administrator_is_told_to_wait(office: Office) -> None:
    office.world.sugar.add_user("jdoe", id="user-jdoe", email="jane.doe@corp.test")
    until = office.world.clock.now() + timedelta(minutes=3)
    office.change(office.jane, lease=Lease("l", "r", until))
    assert office("sugar-user", office.jane.sub, "jane.doe@corp.test") == 1
    assert "A run works for this user" in office.err
    assert office.user().sugar_user_name == "jane"


def test_a_renamed_user_is_known_by_the_id_and_gets_the_new_name(office: Office) -> None:
    world = office.world
    link(world)
    world.set(auto=Auto(enabled=True))
    world.sugar.edit_user("user-jane", user_name="jane.new")
    office.change(office.jane, connection="sugar_user_missing", connection_message="gone", next_sync_at=None)
    version = office.user().settings_version
    assert office.json("sugar-user", office.jane.sub, "jane@corp.test")["changed"] is True
    user = office.user()
    assert (user.sugar_user_id, user.sugar_user_name) == ("user-jane", "jane.new")
    assert (user.connection, user.next_sync_at) == ("connected", world.clock.now())
    assert user.settings_version == version
    office.change(office.jane, sugar_user_name="jane")
    office("sugar-user", office.jane.sub, "jane@corp.test")
    assert "is the Sugar user jane.new (jane), before jane." in office.out


def test_what_stopped_the_same_sugar_user_is_tried_again(office: Office) -> None:
    office.change(office.jane, connection="sugar_access_denied")
    assert office("sugar-user", office.jane.sub, "jane@corp.test") == 0
    assert "already; what stopped the sync is tried again" in office.out
    assert office.user().connection == "connected"


def test_whoever_was_asked_at_the_sign_in_is_answered_for(office: Office) -> None:
    asked = SugarUser("user-other", "other", "Other")
    fields = {"sugar_user_id": None, "sugar_user_name": None, "sugar_user_asked": asked}
    office.change(office.jane, connection="sugar_user_asked", **fields)
    assert office("sugar-user", office.jane.sub, "jane@corp.test") == 0
    user = office.user()
    assert (user.sugar_user_id, user.sugar_user_asked, user.connection) == ("user-jane", None, "connected")


def test_each_change_is_audited(office: Office) -> None:
    office.world.sugar.add_user("jdoe", id="user-jdoe", email="jane.doe@corp.test")
    for _ in range(2):
        office("sugar-user", office.jane.sub, "jane.doe@corp.test")
    [entry] = [found.data for found in office.world.db.query(Query(audit.COLLECTION))]
    assert (entry["who"], entry["user"]) == ("boss on desk", office.jane.sub)
    assert entry["what"] == (
        "sugar-user: jane@corp.test is the Sugar user jdoe (id user-jdoe), before jane (id user-jane)"
    )
    assert entry["expire_at"] == entry["at"] + timedelta(days=365)


def test_saying_the_same_again_changes_nothing(office: Office) -> None:
    before = office.user()
    assert office.json("sugar-user", office.jane.sub, "jane@corp.test")["changed"] is False
    assert office.user() == before

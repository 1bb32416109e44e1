"""Why: what the sync says about one contact, in every state it can be in."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sync.situations import NO_DELETES, everything_on, gone, linked, out_of_scope
from tests.sync.situations import unlinked_by_deletion as unlinked
from tests.world import Crash, World, switches

from contact_sync.config_formats import Policy
from contact_sync.contacts.mapping import Directive
from contact_sync.contacts.settings import Auto, SyncSettings
from contact_sync.contacts.side import Side
from contact_sync.store import google_index, users
from contact_sync.sync import resolve
from contact_sync.sync.disconnect import disconnect, order_disconnect
from contact_sync.sync.reasons import CAUSES
from contact_sync.sync.why import Explanation, nothing_known, why
from contact_sync.web.pages.words import CAUSES as SHOWN_CAUSES


def ask(world: World, question: str, **more: Any) -> list[Explanation]:
    world.forget_calls()
    found = why(world.engine, more.get("sub", world.first.sub), question)
    assert world.calls() == (0, 0)
    return found


def said(world: World, question: str) -> str:
    (one,) = ask(world, question)
    assert all(sentence[0].isupper() or sentence[0] == "“" for sentence in one.sentences)
    assert all(sentence[-1] in ".!" for sentence in one.sentences), one.sentences
    return " ".join(one.sentences)


# What a question may be


def test_a_linked_contact_is_found_by_every_kind_of_question() -> None:
    world, sugar_id, google_id = linked()
    questions = (
        "ana@x.test",
        " Ana.Ruiz <ANA+crm@X.test> ",
        sugar_id,
        f"https://crm.test/#Contacts/{sugar_id}",
        f"https://crm.test/#Contacts/{sugar_id}/edit",
        f"https://crm.test/index.php?module=Contacts&action=DetailView&record={sugar_id}",
        google_id,
        f"people/{google_id}",
        f"https://contacts.google.com/person/{google_id}",
        f"https://contacts.google.com/u/1/person/{google_id}?hl=de",
        "Ana Ruiz",
        "ana r",
        "Ana",
    )
    for question in questions:
        (one,) = ask(world, question)
        assert (one.name, one.sugar_id, one.google_id, one.state) == (
            "Ana Ruiz",
            sugar_id,
            google_id,
            "linked",
        ), question
        assert [entry.action for entry in one.last] == ["create"]


@pytest.mark.parametrize(
    "question", ["", "  ", "nobody@x.test", "c999", "https://crm.test/#Contacts/none", "Zoe"]
)
def test_of_an_unknown_contact_nothing_is_said(question: str) -> None:
    world, _, _ = linked()
    assert ask(world, question) == []
    assert "assigned to you" in nothing_known(SyncSettings())


def test_only_the_own_contacts_are_explained() -> None:
    world, sugar_id, _ = linked()
    other = world.add_person("joe")
    for question in ("ana@x.test", sugar_id, "Ana Ruiz"):
        assert ask(world, question, sub=other.sub) == []
    assert ask(world, "ana@x.test", sub="nobody") == []


def test_twenty_contacts_are_explained_at_most() -> None:
    world = everything_on(**switches())
    for number in range(25):
        world.add_sugar(first_name="Ana", last_name=f"{number:02}", email=f"a{number}@x.test")
    world.sync()
    assert len(ask(world, "Ana")) == 20


def test_several_contacts_with_one_address_are_all_explained() -> None:
    world = everything_on(**switches())
    for first in ("Ana", "Bo"):
        world.add_sugar(first_name=first, last_name="Ruiz", email="info@x.test")
    world.add_google("Cy", "Ruiz", "info@x.test")
    world.sync()
    assert sorted((one.name, one.state) for one in ask(world, "info@x.test")) == [
        ("", "google_only"),
        ("Ana Ruiz", "new"),
        ("Bo Ruiz", "new"),
    ]


def test_the_latest_five_history_entries_come_newest_first() -> None:
    world, sugar_id, _ = linked()
    for title in "abcdef":
        world.sugar.edit_contact(sugar_id, title=title)
        world.clock.advance(minutes=15)
        world.settle()
    (one,) = ask(world, sugar_id)
    assert [entry.changes[0].after for entry in one.last] == ["f", "e", "d", "c", "b"]


# The states


def test_linked_says_where_changes_go_and_who_created_it() -> None:
    world, sugar_id, _ = linked()
    text = said(world, sugar_id)
    assert "are linked." in text
    assert "The sync created it in Google." in text
    assert "What changes in Sugar goes to Google. What changes in Google goes to Sugar." in text
    assert "The sync last wrote it on 2026-03-02" in text


def test_linked_with_a_change_that_a_switch_keeps_back() -> None:
    world, sugar_id, google_id = linked()
    world.set(**switches(su=True, sc=True, gc=True))
    world.settle()
    world.edit_google(google_id, organizations=[{"title": "Boss"}])
    world.settle()
    text = said(world, sugar_id)
    assert "What changes in Google stays in Google: “Update Sugar records” is off." in text
    assert "It was changed in Google on 2026-03-02" in text
    world.set(**switches(su=True, sc=True))
    assert "“Update from Google” is off." in said(world, sugar_id)


def test_linked_with_private_and_denied_fields() -> None:
    world, sugar_id, _ = linked(everything_on(private_fields="keep"))
    world.db.commit([users.update(world.first.sub, sugar_denied=("phone_work",))])
    text = said(world, sugar_id)
    assert "birthday" in text
    assert "Sugar does not let you change these fields: work phone." in text


def test_linked_and_deleted_on_one_side_says_what_will_happen() -> None:
    world, sugar_id, _ = linked()
    world.sugar.delete_contact(sugar_id)
    world.sync("inventory")
    text = said(world, sugar_id)
    assert "It was deleted in Sugar, noticed on 2026-03-02" in text
    assert "It is to be deleted in Google as well" in text
    world.set(**NO_DELETES)
    assert "It stays in Google: “Delete Google contacts” is off." in said(world, sugar_id)


def test_unlinked_says_which_side_was_deleted_and_why_the_other_stays() -> None:
    for side, there, here in (("google", "Google", "Sugar"), ("sugar", "Sugar", "Google")):
        world, sugar_id, _ = unlinked(side)
        text = said(world, sugar_id)
        assert f"It was deleted in {there}" in text
        assert (
            f"It stays in {here}, because deleting there was off, or had only just been switched on." in text
        )
        assert "unless you link it again" in text


def test_unlinked_by_a_person() -> None:
    world, sugar_id, _ = linked()
    resolve.unlink(world.db, world.first.sub, sugar_id)
    assert "both sides stay as they are until it is linked again" in said(world, sugar_id)


def test_outside_of_the_scope() -> None:
    world, sugar_id, google_id = out_of_scope()
    text = said(world, sugar_id)
    assert "outside of what you sync: the contacts that are assigned to you" in text
    assert "Neither side is changed." in text
    world.delete_google(google_id)
    world.settle()
    assert "Its Google contact was deleted." in said(world, sugar_id)


def test_gone() -> None:
    world, sugar_id, _ = gone()
    text = said(world, sugar_id)
    assert "It was deleted on both sides" in text
    assert "remembers it until 2026-0" in text


def test_a_create_of_unknown_outcome() -> None:
    world = everything_on()
    sugar_id = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    with world.dying(Side.GOOGLE, 2, "before"), pytest.raises(Crash):
        world.sync()
    text = said(world, sugar_id)
    assert "It is being created in Google; whether that succeeded is not known yet" in text
    assert "It is looked at again on 2026-03-02" in text


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (switches(), "everything is switched off"),
        (switches(su=True), "It is not created in Google: “Create Google contacts” is off."),
        (switches(gu=True), "It is not created in Google: “Update from Sugar” is off."),
    ],
)
def test_a_sugar_contact_that_a_switch_keeps_out_of_google(settings: Any, reason: str) -> None:
    world = everything_on(**settings)
    world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.settle()
    text = said(world, "ana@x.test")
    assert "This Sugar contact has no Google contact yet." in text
    assert reason in text


@pytest.mark.parametrize(
    ("why_paused", "reason"),
    [("google_full", "as many contacts as Google allows"), ("label_missing", "label")],
)
def test_a_sugar_contact_that_waits_while_creating_pauses(why_paused: str, reason: str) -> None:
    world = everything_on()
    world.db.commit([users.update(world.first.sub, creates_paused=why_paused)])
    world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.sync()
    text = said(world, "ana@x.test")
    assert "Creating in Google pauses" in text
    assert reason in text


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (switches(), "everything is switched off"),
        (switches(su=True), "It is not created in Sugar: “Update from Google” is off."),
        (switches(gu=True), "It is not created in Sugar: “Create Sugar records” is off."),
        ({"google_label": "contactGroups/none"}, "Only Google contacts that carry your label"),
    ],
)
def test_a_google_contact_that_a_setting_keeps_out_of_sugar(settings: Any, reason: str) -> None:
    world = everything_on(**settings)
    google_id = world.add_google("Ben", "Okafor", "ben@x.test")
    world.settle()
    (one,) = ask(world, "ben@x.test")
    assert (one.name, one.sugar_id, one.google_id, one.state) == ("", None, google_id, "google_only")
    text = said(world, google_id)
    assert "in your Google contacts only" in text
    assert reason in text


def test_a_google_contact_whose_partner_is_outside_of_the_scope() -> None:
    world = everything_on()
    world.sugar.add_user("boss", id="user-boss")
    world.add_sugar(first_name="Ben", last_name="Okafor", email="ben@x.test", assigned_user_id="user-boss")
    google_id = world.add_google("Ben", "Okafor", "ben@x.test")
    world.settle()
    assert "a Sugar contact outside of what you sync may have its address" in said(world, google_id)


# What waits


def test_what_waits_for_the_next_sync_says_when_that_is() -> None:
    world = everything_on()
    world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.sync("inventory")
    assert "the next sync starts when you press “Sync Now”" in said(world, "ana@x.test")
    world.set(auto=Auto(enabled=True))
    world.db.commit([users.update(world.first.sub, next_sync_at=world.clock.now().replace(hour=23))])
    assert "The next sync starts on 2026-03-02 at 23:11 UTC." in said(world, "ana@x.test")


def test_what_waits_says_what_keeps_the_sync_from_running() -> None:
    world = everything_on()
    world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.sync("inventory")
    engine = world.engine
    world.engine = world.make_engine(policy=Policy(disabled="Maintenance until noon."))
    assert "switched off for everybody: Maintenance until noon." in said(world, "ana@x.test")
    world.engine = engine
    world.db.commit([users.update(world.first.sub, paused=True)])
    assert "paused for you" in said(world, "ana@x.test")
    broken = users.update(
        world.first.sub, paused=False, connection="reconnect", connection_message="Connect again."
    )
    world.db.commit([broken])
    assert said(world, "ana@x.test").endswith("Connect again.")


def test_failed_attempts_are_counted() -> None:
    world, sugar_id, _ = linked()
    world.sugar.edit_contact(sugar_id, title="CTO")
    world.clock.advance(minutes=5)
    world.google.faults.add("500", "updateContact", times=None)
    world.sync()
    text = said(world, sugar_id)
    assert "The last attempt failed. After 5 in a row it is put before you to decide." in text
    assert "It is looked at again on 2026-03-02" in text


def test_the_backlog_says_what_is_asked_and_what_can_be_done() -> None:
    world, sugar_id, google_id = linked()
    world.sugar.delete_contact(sugar_id)
    world.edit_google(google_id, organizations=[{"title": "Boss"}])
    world.settle()
    (one,) = ask(world, sugar_id)
    (entry,) = world.backlog()
    assert one.backlog == entry.id
    text = said(world, sugar_id)
    assert "It waits for your decision since 2026-03-02" in text
    assert "Deleted in Sugar while it was edited in Google. Release it to delete" in text


def test_a_google_contact_in_the_backlog() -> None:
    world = everything_on()
    world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.add_sugar(first_name="Bo", last_name="Ruiz", email="bo@x.test")
    google_id = world.add_google("Cy", "Ruiz", "ana@x.test", "bo@x.test")
    world.settle()
    text = said(world, google_id)
    assert "Several contacts could be this one. Choose the one it belongs to" in text
    assert "is not created" not in text


def test_every_cause_says_what_a_person_can_do() -> None:
    assert set(CAUSES) == set(SHOWN_CAUSES)


def test_a_decision_that_waits_for_the_next_sync() -> None:
    world, sugar_id, _ = linked()
    resolve.unlink(world.db, world.first.sub, sugar_id)
    resolve.link_again(world.db, world.first.sub, sugar_id)
    text = said(world, sugar_id)
    assert "You decided to link it. The next sync does so." in text
    assert "It is looked at first in the next sync." in text
    assert "1970" not in text


def test_a_contact_that_was_left_alone() -> None:
    world = everything_on(**switches())
    google_id = world.add_google("Ben", "Okafor", "ben@x.test")
    world.settle()
    world.db.commit([google_index.patch(world.first.sub, google_id, left_alone=True)])
    assert "It was decided to leave it alone" in said(world, google_id)


def test_a_second_copy_of_our_own() -> None:
    world, _, _ = linked()
    copy = world.add_google("Ana", "Ruiz", "copy@x.test")
    world.sync("inventory")
    marked = google_index.patch(world.first.sub, copy, directive=Directive("duplicate", "x"))
    world.db.commit([marked])
    assert "a second copy that the sync itself created" in said(world, copy)


def test_a_contact_deleted_by_a_disconnect_is_told_as_gone() -> None:
    world, sugar_id, _ = linked()
    run = order_disconnect(world.engine, world.first.sub, "created")
    disconnect(world.engine, world.first.sub, run)
    assert "or in Google when you disconnected" in said(world, sugar_id)
    (one,) = ask(world, sugar_id)
    assert [(entry.action, entry.trigger) for entry in one.last][0] == ("delete", "disconnect")

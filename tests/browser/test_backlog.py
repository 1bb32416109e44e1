"""Decisions about contacts that the sync left to a person: in a real browser, with real runs before and after."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from tests.browser.accessibility import axe
from tests.browser.system import System
from tests.browser.visitor import connected
from tests.browser.watch import Watch
from tests.world import WITH_DELETES, Person

from contact_sync.contacts.mapping import State

DELETES = {"from_sugar": WITH_DELETES.from_sugar, "from_google": WITH_DELETES.from_google}


def synced(page: Page, system: System) -> None:
    """Sync now, to the end."""
    token = page.request.get("/api/session").json()["csrf_token"]
    assert page.request.post("/api/sync", headers={"X-CSRF-Token": token}).status == 202
    system.settle()


def with_an_ambiguous_contact(
    page: Page, system: System, first: str = "Ana"
) -> tuple[Person, str, list[str]]:
    """A Sugar contact that could be either of two Google contacts: whose it is, its id, theirs."""
    jane = connected(page, system, **DELETES)
    world = system.world
    candidates = [
        world.add_google(given, "Ruiz", address, person=jane)
        for given, address in ((first, "ana@x.test"), ("Anna", "anna@x.test"))
    ]
    addresses = [
        {"email_address": address, "primary_address": primary}
        for address, primary in (("ana@x.test", True), ("anna@x.test", False))
    ]
    sugar_id = world.add_sugar(jane, first_name=first, last_name="Ruiz", email=addresses)
    synced(page, system)
    return jane, sugar_id, candidates


def with_deleted_contacts(page: Page, system: System, count: int) -> Person:
    """So many linked contacts, all deleted in Sugar."""
    jane = connected(page, system, contacts=count, **DELETES)
    synced(page, system)
    for record in system.world.sugar_contacts():
        system.world.sugar.delete_contact(record["id"])
    synced(page, system)
    return jane


def with_a_deleted_and_edited_contact(page: Page, system: System) -> Person:
    """A contact that was deleted in Sugar and edited in Google."""
    jane = connected(page, system, contacts=1, **DELETES)
    synced(page, system)
    (mapping,) = system.world.all_mappings(jane).values()
    system.world.sugar.delete_contact(mapping.sugar_id)
    system.world.edit_google(mapping.google_id, jane, names=[{"givenName": "Edited", "familyName": "Since"}])
    synced(page, system)
    return jane


def test_the_right_candidate_is_chosen_and_linked(page: Page, system: System) -> None:
    jane, sugar_id, candidates = with_an_ambiguous_contact(page, system)
    page.goto("/backlog")
    axe(page)
    question = page.get_by_role("article").filter(has_text="Which contact in Google is the same person?")
    question.get_by_role("radio", name="Anna Ruiz").check()
    question.get_by_role("button", name="This is the same person").click()
    expect(page.get_by_role("status").filter(has_text="The two will be linked.")).to_be_visible()
    axe(page)
    system.settle()
    assert system.world.mapping(sugar_id, jane).google_id == candidates[1]


def test_a_decision_is_answered_in_place_and_carried_out(page: Page, system: System) -> None:
    jane = with_a_deleted_and_edited_contact(page, system)
    page.goto("/backlog")
    page.get_by_text("Both records, as last seen").click()
    expect(page.get_by_role("columnheader", name="Sugar (deleted; what it held before)")).to_be_visible()
    axe(page)
    with system.held():
        page.get_by_role("button", name="Delete it in Google too").click()
        said = page.get_by_role("status").filter(has_text="A sync begins by itself in a moment")
        expect(said).to_be_focused()
        expect(page.get_by_role("article")).to_have_count(0)
        expect(page.get_by_role("link", name="Deleted on one side, edited on the other")).to_contain_text("0")
        axe(page)
    system.settle()
    assert system.world.google_contacts(jane) == []
    page.reload()
    expect(page.get_by_text("Nothing needs you.")).to_be_visible()
    axe(page)


def test_the_survivor_becomes_a_contact_of_its_own(page: Page, system: System) -> None:
    with_a_deleted_and_edited_contact(page, system)
    page.goto("/backlog")
    page.get_by_role("button", name="Make it a contact of its own").click()
    expect(page.get_by_role("status").filter(has_text="A sync begins by itself in a moment")).to_be_visible()
    system.settle()
    assert system.world.sugar_names() == ["Edited Since"]


def test_a_mass_deletion_is_kept_without_javascript(plain_page: Page, system: System) -> None:
    jane = with_deleted_contacts(plain_page, system, 12)
    plain_page.goto("/backlog")
    expect(plain_page.get_by_role("heading", name="12 contacts deleted in Sugar")).to_be_visible()
    plain_page.get_by_text("Their names").click()
    expect(plain_page.get_by_role("link", name="Contact No 012")).to_be_visible()
    plain_page.get_by_role("button", name="Keep them all").click()
    expect(plain_page.get_by_text("Decided about 12 contacts.")).to_be_visible()
    expect(plain_page.get_by_text("Nothing needs you.")).to_be_visible()
    system.settle()
    assert len(system.world.google_contacts(jane)) == 12
    assert {held.state for held in system.world.all_mappings(jane).values()} == {State.UNLINKED}


def test_a_mass_deletion_is_confirmed(page: Page, system: System) -> None:
    jane = with_deleted_contacts(page, system, 12)
    page.goto("/backlog")
    axe(page)
    page.get_by_role("button", name="Delete these 12 in Google").click()
    expect(page.get_by_text("Decided about 12 contacts.")).to_be_visible()
    system.settle()
    assert system.world.google_contacts(jane) == []


def test_what_was_decided_elsewhere_is_said_beside_the_button(
    page: Page, system: System, watch: Watch
) -> None:
    watch.allow(404)
    with_a_deleted_and_edited_contact(page, system)
    page.goto("/backlog")
    other = page.context.new_page()
    other.goto("/backlog")
    other.get_by_role("button", name="Delete it in Google too").click()
    expect(other.get_by_role("status").filter(has_text="A sync begins")).to_be_visible()
    page.get_by_role("button", name="Make it a contact of its own").click()
    expect(page.get_by_role("alert")).to_contain_text("perhaps it was decided already")
    expect(page.get_by_role("alert")).to_be_focused()


def test_a_contact_named_like_code_is_shown_as_text(page: Page, system: System) -> None:
    evil = "<script>document.title='ran'</script>"
    with_an_ambiguous_contact(page, system, first=evil)
    page.goto("/backlog")
    expect(page.get_by_role("heading", name=f"{evil} Ruiz").first).to_be_visible()
    assert page.title() != "ran"


def test_the_backlog_is_fit_for_every_view(any_page: Page, system: System) -> None:
    with_an_ambiguous_contact(any_page, system)
    for address in ("/backlog", "/backlog?cause=ambiguous"):
        any_page.goto(address)
        expect(any_page.get_by_role("article")).to_have_count(3)
        assert any_page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        axe(any_page)

"""A partner that a person chose, and who can be had no more: told at once, or asked about again, and never doubled."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.sync.situations import ALL_ON, causes
from tests.world import World, switches

from contact_sync.contacts.mapping import Directive, State
from contact_sync.store import backlog, google_index, mappings, users
from contact_sync.sync import resolve
from contact_sync.sync.resolve import FIRST


class Asked:
    """A Sugar contact that could be either of two in Google, and one in Google that could be either of two in Sugar."""

    def __init__(self) -> None:
        self.world = world = World()
        world.set(**ALL_ON)
        own = [{"value": "ana@x.test"}, {"value": "own@x.test"}]
        self.one = world.add_google("Ana", "Ruiz", emailAddresses=own)
        self.other = world.add_google("Ana", "Ruiz", "ana@x.test")
        self.sugar = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test", title="CTO")
        world.settle()
        assert set(causes(world)) == {"ambiguous"}

    @property
    def question(self) -> str:
        (entry,) = [entry for entry in self.world.backlog() if entry.sugar_id == self.sugar]
        return str(entry.id)

    def taken(self) -> None:
        """Another Sugar contact is linked with `one`, by an address that both alone have."""
        self.world.add_sugar(first_name="Ana", last_name="Rojas", email="own@x.test")
        self.world.settle()
        entry = self.world.entry(self.one)
        assert self.world.mapping(entry.mapping).state is State.LINKED

    def gone(self) -> None:
        self.world.delete_google(self.one)
        self.world.settle()
        assert self.world.entry(self.one) is None

    def left_alone(self) -> None:
        self.world.db.commit([google_index.patch(self.world.first.sub, self.one, left_alone=True)])

    def promised(self) -> None:
        """Somebody else's choice waits for the next sync."""
        world = self.world
        second = world.add_sugar(first_name="Bo", last_name="Berg", email="bo@x.test")
        world.settle()
        world.db.commit([mappings.patch(world.first.sub, second, directive=Directive("link", self.one))])

    def chosen_all_the_same(self, partner: str) -> None:
        """The choice as it stands where the partner was lost in the moment after it was looked at."""
        sub = self.world.first.sub
        directive = Directive("link", partner)
        writes = [
            mappings.patch(sub, self.sugar, directive=directive, due_at=FIRST, backlog=None),
            backlog.close(sub, self.question),
            users.update(sub, pending=FIRST),
        ]
        self.world.db.commit(writes)


LOSSES: dict[str, tuple[Callable[[Asked], None], str]] = {
    "linked": (Asked.taken, "The contact in Google that you chose is linked with Ana Rojas by now."),
    "left alone": (
        Asked.left_alone,
        "The contact in Google that you chose is one that you decided to leave alone.",
    ),
    "gone": (Asked.gone, "The contact in Google that you chose is not there any more."),
    "promised": (Asked.promised, "The contact in Google that you chose was chosen for Bo Berg before;"),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_choosing_who_cannot_be_had_is_refused_with_who_has_it(loss: str) -> None:
    asked = Asked()
    lose, said = LOSSES[loss]
    question = asked.question
    lose(asked)
    before = len(asked.world.google_contacts())
    with pytest.raises(resolve.Refused) as refused:
        resolve.choose(asked.world.db, asked.world.first.sub, question, asked.one)
    assert refused.value.status == 409
    assert str(refused.value).startswith(said) and str(refused.value).endswith("Nothing was decided.")
    assert asked.question == question
    asked.world.settle()
    assert len(asked.world.google_contacts()) == before


@pytest.mark.parametrize("loss", ["linked", "left alone"])
def test_a_choice_that_was_overtaken_goes_back_to_the_backlog_and_creates_nothing(loss: str) -> None:
    asked = Asked()
    lose, said = LOSSES[loss]
    lose(asked)
    world, before = asked.world, (len(asked.world.google_contacts()), len(asked.world.sugar_contacts()))
    asked.chosen_all_the_same(asked.one)
    world.settle()
    assert (len(world.google_contacts()), len(world.sugar_contacts())) == before
    (entry,) = [entry for entry in world.backlog() if entry.sugar_id == asked.sugar]
    assert (entry.cause, entry.message) == ("ambiguous", said)
    assert (world.mapping(asked.sugar).state, world.mapping(asked.sugar).directive) == (State.NEW, None)
    # What is left to choose can be chosen.
    assert asked.other in entry.partners
    resolve.choose(world.db, world.first.sub, entry.id, asked.other)
    world.settle()
    assert world.mapping(asked.sugar).google_id == asked.other


def test_a_choice_that_is_gone_and_leaves_nobody_creates_nothing() -> None:
    asked = Asked()
    world = asked.world
    question = asked.question
    world.delete_google(asked.other)
    world.settle()
    resolve.choose(world.db, world.first.sub, question, asked.one)
    world.delete_google(asked.one)
    world.settle()
    assert world.google_contacts() == []
    (entry,) = world.backlog()
    assert entry.message == "The contact in Google that you chose is not there any more."
    # To have it decided again is a new word: now it is a contact of its own like any other.
    resolve.release(world.db, world.first.sub, [entry.id])
    world.settle()
    assert world.google_names() == ["Ana Ruiz"]


def test_a_chosen_contact_that_cannot_be_read_just_now_is_waited_for() -> None:
    asked = Asked()
    world = asked.world
    resolve.choose(world.db, world.first.sub, asked.question, asked.one)
    world.google.faults.add("503", "people:batchGet", times=1)
    world.sync()
    assert len(world.google_contacts()) == 2
    world.settle()
    assert world.mapping(asked.sugar).google_id == asked.one
    assert len(world.google_contacts()) == 2


class AskedFromGoogle:
    """A Google contact that could be either of two in Sugar, which goes nowhere by itself."""

    def __init__(self) -> None:
        self.world = world = World()
        world.set(**switches(gu=True, gc=True))
        self.one = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
        self.other = world.add_sugar(first_name="Anna", last_name="Ruiz", email="anna@x.test")
        both = [{"value": "ana@x.test"}, {"value": "anna@x.test"}]
        self.google = world.add_google("Ana", "Ruiz", emailAddresses=both)
        world.settle()
        (self.entry,) = [entry for entry in world.backlog() if entry.google_id == self.google]

    def choose(self) -> None:
        resolve.choose(self.world.db, self.world.first.sub, self.entry.id, self.one)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (State.LINKED, "The record in Sugar that you chose is linked with another contact in Google by now."),
        (State.OUT_OF_SCOPE, "The record in Sugar that you chose is outside your scope."),
        (State.CREATING, "The record in Sugar that you chose is just being created in Google."),
        (State.UNLINKED, "The record in Sugar that you chose is one that is not synced any more."),
        (State.GONE, "The record in Sugar that you chose is not there any more."),
    ],
)
def test_choosing_a_record_that_cannot_be_had_is_refused(state: State, said: str) -> None:
    asked = AskedFromGoogle()
    asked.world.db.commit([mappings.patch(asked.world.first.sub, asked.one, state=state)])
    with pytest.raises(resolve.Refused) as refused:
        asked.choose()
    assert refused.value.status == 409 and str(refused.value).startswith(said)
    assert asked.entry.id in [entry.id for entry in asked.world.backlog()]


@pytest.mark.parametrize(
    ("loss", "said"), [("hidden", "is outside your scope"), ("deleted", "is not there any more")]
)
def test_a_record_that_left_before_the_sync_came_is_asked_about_again_and_not_made_again(
    loss: str, said: str
) -> None:
    asked = AskedFromGoogle()
    world = asked.world
    asked.choose()
    if loss == "hidden":
        world.sugar.add_user("boss", id="user-boss")
        world.sugar.edit_contact(asked.one, assigned_user_id="user-boss")
    else:
        world.sugar.delete_contact(asked.one)
    before = len(world.sugar_contacts())
    world.settle()
    assert len(world.sugar_contacts()) == before
    (waiting,) = [one for one in world.backlog() if one.google_id == asked.google]
    assert waiting.message == f"The record in Sugar that you chose {said}."
    assert world.entry(asked.google).mapping is None


def test_one_record_chosen_twice_is_linked_once_and_the_other_is_asked_about() -> None:
    asked = Asked()
    world = asked.world
    second = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test", title="CEO")
    world.settle()
    writes = [
        mappings.patch(world.first.sub, second, directive=Directive("link", asked.one), due_at=FIRST),
    ]
    resolve.choose(world.db, world.first.sub, asked.question, asked.one)
    world.db.commit(writes)
    world.settle()
    mapped = [world.mapping(key) for key in (asked.sugar, second)]
    assert [mapping.google_id for mapping in mapped].count(asked.one) == 1
    assert len(world.google_contacts()) == 2


# Keep, while creating pauses


def test_a_contact_of_its_own_that_cannot_be_created_now_is_asked_about_again() -> None:
    asked = Asked()
    world = asked.world
    question = asked.question
    world.db.commit([users.update(world.first.sub, creates_paused="google_full")])
    resolve.keep(world.db, world.first.sub, [question])
    world.sync()
    (entry,) = [entry for entry in world.backlog() if entry.sugar_id == asked.sugar]
    assert "Creating in Google pauses" in entry.message
    assert len(world.google_contacts()) == 2


# Link again, outside the scope


@pytest.mark.parametrize("google_is_there", [True, False])
def test_linking_again_what_is_outside_the_scope_waits_there(google_is_there: bool) -> None:
    world = World()
    world.set(**ALL_ON)
    sugar_id = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.settle()
    google_id = world.mapping(sugar_id).google_id
    resolve.unlink(world.db, world.first.sub, sugar_id)
    world.sugar.add_user("boss", id="user-boss")
    world.sugar.edit_contact(sugar_id, assigned_user_id="user-boss", title="CTO")
    if not google_is_there:
        world.delete_google(google_id)
    world.settle()
    resolve.link_again(world.db, world.first.sub, sugar_id)
    world.settle()
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.google_id) == (State.OUT_OF_SCOPE, google_id if google_is_there else None)
    world.sugar.edit_contact(sugar_id, assigned_user_id=world.first.sugar_user)
    world.settle()
    assert world.mapping(sugar_id).state is State.LINKED
    assert [contact.get("organizations", [{}])[0].get("title") for contact in world.google_contacts()] == [
        "CTO"
    ]

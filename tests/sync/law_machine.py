"""Random histories of one user's two address books: edits, settings, runs, crashes and faults in any order."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from tests.sync.law_book import BOSS, EMAILS, NAMES, PHONES, TITLES, Book
from tests.sync.law_checks import Laws
from tests.sync.situations import ALL_ON, LISTING
from tests.world import Crash, World

from contact_sync.contacts.settings import Direction
from contact_sync.contacts.side import Side
from contact_sync.errors import TransientForAll
from contact_sync.sync import resolve

SIDES = st.sampled_from(list(Side))
WHICH = st.integers(0, 3)
NAME = st.integers(0, len(NAMES) - 1)
EMAIL = st.integers(0, len(EMAILS) - 1)
VALUE = st.integers(0, min(len(PHONES), len(TITLES)) - 1)
FIELD = st.sampled_from(["title", "phone_mobile", "phone_work"])
CALL = st.integers(1, 9)
WHEN = st.sampled_from(["before", "after"])
FAULTS = ("500 afterwards", "502 html", "drop_before", "drop_after")
SUGAR_FAULTS = ("500 db_error", "503 maintenance", "429", *FAULTS)
GOOGLE_FAULTS = ("429 rate", "500", "503", *FAULTS)
CROWD = 13
"""Contacts enough for the guard against mass deletion."""
PERSON = st.tuples(st.sampled_from(["sugar", "google", "both"]), NAME, st.lists(EMAIL, max_size=2), VALUE)


class AddressBooks(RuleBasedStateMachine):
    """One user. Laws are judged after every step, and at the end once everything has come to rest."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.world.sugar.add_user("boss", id=BOSS)
        self.book = Book(self.world)
        self.laws = Laws(self.book)
        self.laws.step()

    @initialize(
        people=st.lists(PERSON, min_size=1, max_size=3),
        crowd=st.sampled_from([0, 0, 0, 0, 0, CROWD]),
        on=st.sampled_from(["all", "some"]),
        first=st.sampled_from([True, True, False]),
    )
    def base(self, people: list[Any], crowd: int, on: str, first: bool) -> None:
        """The base, few people of it linked already."""
        if on == "all":
            self.world.set(**ALL_ON, overflow="continue")
        self.laws.step()
        for where, name, emails, phone in people:
            for side in Side:
                if where in (side, "both"):
                    self.book.create(side, name, emails, phone)
        for number in range(crowd):
            self.world.add_sugar(first_name="Crowd", last_name=f"No {number}", email=f"{number}@crowd.test")
        if first or crowd:
            self._run()
        self._done()

    # What people do

    @rule(side=SIDES, name=NAME, emails=st.lists(EMAIL, max_size=2), phone=VALUE)
    def create(self, side: Side, name: int, emails: list[int], phone: int) -> None:
        self.book.create(side, name, emails, phone)
        self._done()

    @rule(side=SIDES, which=WHICH, field=FIELD, value=VALUE)
    def edit(self, side: Side, which: int, field: str, value: int) -> None:
        self.book.edit(side, which, field, value)
        self._done()

    @rule(side=SIDES, which=WHICH, name=NAME)
    def rename(self, side: Side, which: int, name: int) -> None:
        self.book.rename(side, which, name)
        self._done()

    @rule(side=SIDES, which=WHICH, email=EMAIL, add=st.booleans())
    def address(self, side: Side, which: int, email: int, add: bool) -> None:
        self.book.address(side, which, email, add=add)
        self._done()

    @rule(side=SIDES, which=WHICH, crowd=st.booleans())
    def delete(self, side: Side, which: int, crowd: bool) -> None:
        """Delete one record, or all of a crowd."""
        live = self.book.live(side)
        many = crowd and len(live) > CROWD / 2
        for number in range(len(live) if many else 1):
            self.book.delete(side, 0 if number else which, linked={} if many else self.laws.linked())
        self._done()

    @rule(side=SIDES, which=WHICH)
    def restore(self, side: Side, which: int) -> None:
        self.book.restore(side, which)
        self._done()

    @rule(which=WHICH, away=st.booleans())
    def reassign(self, which: int, away: bool) -> None:
        self.book.reassign(which, away=away)
        self._done()

    @rule(
        direction=st.sampled_from(["from_sugar", "from_google"]),
        verb=st.sampled_from(["update", "create", "delete"]),
        on=st.booleans(),
    )
    def toggle(self, direction: str, verb: str, on: bool) -> None:
        now = getattr(self.world.user().settings, direction)
        values = {each: getattr(now, each) and now.enabled for each in ("update", "create", "delete")}
        self.world.set(**{direction: Direction(enabled=True, **(values | {verb: on}))})
        self._done()

    @rule(conflict=st.sampled_from(["newest", "sugar", "google"]))
    def policy(self, conflict: str) -> None:
        self.world.set(conflict=conflict)
        self._done()

    @rule(private=st.sampled_from(["share", "keep"]))
    def privacy(self, private: str) -> None:
        self.world.set(private_fields=private)
        self._done()

    @rule(scope=st.sampled_from(["mine", "all"]))
    def scope(self, scope: str) -> None:
        for key in self.book.live(Side.SUGAR):
            self.book.exempt(Side.SUGAR, key)
        self.world.set(sugar_scope=scope)
        self._done()

    @rule(which=WHICH, how=st.sampled_from(["release", "keep", "unlink", "link"]))
    def decide(self, which: int, how: str) -> None:
        """The user decides about a backlog entry or a mapping."""
        db, sub = self.world.db, self.world.first.sub
        for side in Side:
            for key in self.book.live(side):
                self.book.exempt(side, key)
        waiting = sorted(entry.id for entry in self.world.backlog())
        known = sorted(self.world.all_mappings())
        with suppress(resolve.Refused):
            if how in ("release", "keep") and waiting:
                act = resolve.release if how == "release" else resolve.keep
                act(db, sub, [waiting[which % len(waiting)]])
            elif known and how in ("unlink", "link"):
                change = resolve.unlink if how == "unlink" else resolve.link_again
                change(db, sub, known[which % len(known)])
        self.released = True
        self._done()

    # What the sync does

    released = False
    """A person asked for deletions since the last run that could carry them out."""

    @rule(trigger=st.sampled_from(["schedule", "manual", "reconcile"]), after=st.sampled_from([0, 0, 6, 11]))
    def run(self, trigger: str, after: int) -> None:
        """A run, some minutes later."""
        self.world.clock.advance(minutes=after)
        self._run(trigger)
        self._done()

    @rule(twice=st.booleans())
    @precondition(lambda self: self.world.tasks)
    def deliver(self, twice: bool) -> None:
        """The queue delivers its oldest task, maybe twice."""
        payload, _, _ = self.world.tasks.pop(0)
        for _ in range(1 + twice):
            self._run(payload["trigger"], run_id=payload.get("run"), attempt=payload.get("attempt", 0))
        self._done()

    @rule(side=SIDES, k=CALL, when=WHEN)
    def run_that_dies(self, side: Side, k: int, when: str) -> None:
        with self.world.dying(side, k, when), suppress(Crash):
            self._run()
        self.world.engine = self.world.make_engine()
        self._done()

    @rule(k=CALL, when=WHEN)
    def run_that_dies_at_a_commit(self, k: int, when: str) -> None:
        setattr(self.world.firestore, f"{when}_commit", _at(k, _die))
        with suppress(Crash):
            self._run()
        setattr(self.world.firestore, f"{when}_commit", None)
        self.world.engine = self.world.make_engine()
        self._done()

    @rule(side=SIDES, k=CALL)
    def two_runs(self, side: Side, k: int) -> None:
        """A second run, of another process, in the middle of the first."""
        other = self.world.make_engine()
        self._during(side, k, lambda: self.world.sync(engine=other))

    @rule(side=SIDES, k=CALL, where=SIDES, which=WHICH, field=FIELD, value=VALUE)
    def edit_during_a_run(self, side: Side, k: int, where: Side, which: int, field: str, value: int) -> None:
        self._during(side, k, lambda: self.book.edit(where, which, field, value))

    @rule(side=SIDES, k=CALL, where=SIDES, which=WHICH)
    def delete_during_a_run(self, side: Side, k: int, where: Side, which: int) -> None:
        self._during(side, k, lambda: self.book.delete(where, which, linked={}))

    # What goes wrong

    @rule(kind=st.sampled_from(SUGAR_FAULTS), skip=st.integers(0, 6), times=st.integers(1, 4))
    def sugar_fails(self, kind: str, skip: int, times: int) -> None:
        self.world.sugar.faults.add(kind, skip=skip, times=times)

    @rule(kind=st.sampled_from(GOOGLE_FAULTS), after=st.integers(0, 4), times=st.integers(1, 4))
    def google_fails(self, kind: str, after: int, times: int) -> None:
        self.world.google.faults.add(kind, after=after, times=times)

    @rule()
    def sync_token_expires(self) -> None:
        self.world.google.faults.add("expired sync token", "syncToken=")

    @rule(sugar=st.sampled_from([0, 45, 500]), google=st.sampled_from([0, 45, 500]))
    def lag(self, sugar: int, google: int) -> None:
        self.world.sugar.feed_lag = sugar
        self.world.google.knobs.propagation_delay = google

    @rule(minutes=st.sampled_from([1, 6, 11, 25 * 60]))
    def wait(self, minutes: int) -> None:
        self.world.clock.advance(minutes=minutes)

    # The end

    def teardown(self) -> None:
        """Faults end, time passes, and the laws of a settled world are judged: as it is set, then with all on."""
        if sys.exc_info()[0] is not None:
            return
        self.world.sugar.faults.clear()
        self.world.google.faults.clear()
        self.world.sugar.feed_lag = self.world.google.knobs.propagation_delay = 0
        self._rest()
        self.world.set(**ALL_ON, overflow="continue", private_fields="share")
        self._rest()
        self.laws.rested()
        self.laws.kept()
        before = self.world.writes()
        self.world.sync()
        assert self.world.writes() == before, "E2: a run after a settled one writes"

    def _rest(self) -> None:
        """Let a day pass, so that the scope is listed, and settle."""
        self.world.clock.advance(hours=LISTING)
        self.laws.step()
        self.world.settle(most=20)
        self.laws.check(released=self.released)

    def _run(self, trigger: str = "manual", **more: Any) -> None:
        with suppress(TransientForAll):
            self.world.sync(trigger, **more)

    def _during(self, side: Side, k: int, act: Callable[[], object]) -> None:
        """A run with something happening just ahead of its k-th call to a side, seconds apart from the writes."""
        transport = self.world.sugar_transport if side is Side.SUGAR else self.world.google_transport

        def happen() -> None:
            self.world.clock.advance(seconds=2)
            self.book.run = 1
            with suppress(TransientForAll):
                act()
            self.book.run = None
            self.world.clock.advance(seconds=2)

        transport.before = _at(k, happen)
        self._run()
        transport.before = None
        self._done()

    def _done(self) -> None:
        """Judge the step; a second passes, and the next begins."""
        self.laws.check(released=self.released)
        self.world.clock.advance(seconds=1)
        self.laws.step()


def _at(k: int, act: Callable[[], object]) -> Callable[..., None]:
    """A hook that acts the k-th time it is called."""
    counter = itertools.count(1)

    def hook(*_args: object) -> None:
        if next(counter) == k:
            act()

    return hook


def _die() -> None:
    raise Crash

"""The demo step by step: fill both address books, sign in, sync, compare, and then stay for a look around."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from . import hooks, loading, look_around, newcomer, report, stack
from .loading import EMAIL, Books, Material
from .options import Options
from .outcome import stored
from .processes import Processes
from .progress import Screen
from .sign_in import BOTH_WAYS, Visitor
from .simulators import GoogleBook, SugarBook
from .stack import PROPAGATION_SECONDS, Stack
from .syncing import Scheduler, SyncFailed, sync_until_done
from .verify import Verdict, verify

_MOST_PROBLEMS = 25


@dataclass(frozen=True)
class System:
    """What runs, and the back doors of both simulators."""

    processes: Processes
    stack: Stack
    sugar: SugarBook
    google: GoogleBook


class Tour:
    """One demo, for the options given; `folder` takes its logs and cookies."""

    def __init__(self, wanted: Options, screen: Screen, folder: Path) -> None:
        self.wanted = wanted
        self.screen = screen
        self.folder = folder
        self.finished = False
        """Whether everything was shown, so that being stopped is a good end."""

    def run(self, processes: Processes, material: Material) -> int:
        """Show everything; returns the exit status. Without --once only a signal ends it."""
        system = self._start(processes)
        with Scheduler(system.stack.dispatcher.url, self.wanted.tick):
            books = self._fill(system, material)
            visitor = self._sign_in(system)
            verdict = self._sync(system, visitor, books)
            good = self._judge(verdict, books)
            if self.wanted.hooks:
                good = self._show_hooks(system, visitor, verdict) and good
            if not self.wanted.once:
                newcomer.add(system.sugar, system.stack.google.url)
                look_around.invite(self.screen, system.stack, system.google.sub, visitor, verdict.pairs)
                self.finished = good
                look_around.stay(self.screen, visitor, processes.check)
        return 0 if good else 1

    def _start(self, processes: Processes) -> System:
        screen = self.screen
        screen.line()
        screen.line(
            f"  {screen.bold('Contact sync between SugarCRM and Google Contacts, all on this machine')}"
        )
        screen.line()
        with screen.step("started", "starting seven processes") as said:
            running = stack.start(
                processes, firestore_emulator=self.wanted.firestore_emulator, hooks=self.wanted.hooks
            )
            said.append("simulators of Sugar and Google, Firestore, Cloud Tasks, three functions")
        return System(processes, running, SugarBook(running.sugar.url), GoogleBook(running.google.url))

    def _fill(self, system: System, material: Material) -> Books:
        with self.screen.step("address books", "filling both address books") as said:
            books = loading.fill(system.sugar, system.google, material, system.stack.sugar_password)
            said.append(f"{len(books.sugar)} contacts in Sugar, {len(books.google)} in Google")
        self.screen.fact("", material.words)
        for problem in material.problems:
            self.screen.fact("left out", problem)
        return books

    def _sign_in(self, system: System) -> Visitor:
        visitor = Visitor(system.stack.web.url, self.folder / "cookies.txt")
        with self.screen.step("signed in", "signing in and granting access") as said:
            system.google("auto_approve", email=EMAIL)
            state = visitor.sign_in()
            if state != "connected":
                raise SyncFailed(f"{EMAIL} signed in, but the connection is {state!r}.")
            said.append(f"as {EMAIL}, access to Google Contacts granted")
        # From now on whoever signs in by a browser sees the consent page.
        system.google("auto_approve", enabled=False)
        visitor.change_settings(**BOTH_WAYS)
        self.screen.fact(
            "settings", "create and update in both directions, delete nothing, contacts assigned to me"
        )
        return visitor

    def _sync(self, system: System, visitor: Visitor, books: Books) -> Verdict:
        """Sync, show what happened, compare both sides, and sync again."""
        screen, sugar, google = self.screen, system.sugar, system.google
        sugar.forget_calls()
        google.forget_calls()
        start = time.monotonic()
        sync_until_done(
            visitor, lambda done, total: screen.progress("syncing", done, total), system.processes.check
        )
        sync = report.Sync(sugar.calls(), google.calls(), time.monotonic() - start)
        sugar_now, google_now = loading.sugar_by_id(sugar), loading.google_by_id(google)
        documents = stored(system.stack, google.sub)
        verdict = verify(books, sugar_now, google_now, documents)
        report.show(screen, books, sugar_now, google_now, documents, verdict, sync)
        verdict.problems.extend(self._sync_again(system, visitor))
        return verdict

    def _sync_again(self, system: System, visitor: Visitor) -> list[str]:
        """Sync once more, when Google's feed shows what was written: nothing may change any more."""
        books: tuple[tuple[str, SugarBook | GoogleBook], ...] = (
            ("Sugar", system.sugar),
            ("Google", system.google),
        )
        before = [book.versions() for _, book in books]
        time.sleep(PROPAGATION_SECONDS)
        sync_until_done(visitor, lambda _done, _total: None, system.processes.check)
        return [
            f"A second sync has written to {side} again."
            for (side, book), versions in zip(books, before, strict=True)
            if book.versions() != versions
        ]

    def _show_hooks(self, system: System, visitor: Visitor, verdict: Verdict) -> bool:
        """Change contacts in Sugar while nothing but its hooks starts a sync; whether that was fast enough."""
        tour = hooks.HookTour(system.stack, system.sugar, system.google, system.processes.check)
        with self.screen.step("hooks", "creating the hooks in Sugar") as said:
            said.append(f"{tour.register().count('created')} created in Sugar by infra/sugar/register")
            tour.settle(visitor)
        with self.screen.step("changes", "changing contacts in Sugar") as said:
            changes = tour.changes(verdict.pairs)
            said.append(f"{len(changes)} contacts changed in Sugar, one after the other")
        return hooks.show(self.screen, changes, tour.starters(visitor))

    def _judge(self, verdict: Verdict, books: Books) -> bool:
        """Say whether everything is as it must be."""
        screen, problems = self.screen, verdict.problems
        if not problems:
            pairs = f"{len(verdict.pairs)} pairs hold the same on both sides, in all of their {verdict.fields} values"
            screen.fact("checked", screen.good(pairs))
            if any(placed.scene.expect for placed in books.placed):
                screen.fact("", screen.good("every awkward contact ended as it must"))
            screen.fact("", screen.good("a second sync changed nothing"))
            return True
        screen.fact("checked", screen.bad(f"{len(problems)} things are not as they must be:"))
        for problem in problems[:_MOST_PROBLEMS]:
            screen.line(f"    {problem}")
        if len(problems) > _MOST_PROBLEMS:
            screen.line(f"    and {len(problems) - _MOST_PROBLEMS} more")
        return False

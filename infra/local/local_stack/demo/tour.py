"""The demo step by step: fill both address books, sign in, sync, compare, and then stay for a look around."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

from . import loading, report, stack
from .loading import EMAIL, Books, Material
from .options import Options
from .outcome import stored
from .processes import Processes
from .progress import Screen, seconds
from .sign_in import BOTH_WAYS, Visitor
from .simulators import GoogleBook, SugarBook
from .stack import PROPAGATION_SECONDS, Stack
from .syncing import Scheduler, SyncFailed, news, sync_until_done
from .verify import verify

_MOST_PROBLEMS = 25


class Tour:
    """One demo, for the options given; `folder` takes its logs and cookies."""

    def __init__(self, wanted: Options, screen: Screen, folder: Path) -> None:
        self.wanted = wanted
        self.screen = screen
        self.folder = folder
        self.finished = False
        """Whether everything was shown, so that being stopped is a good end."""

    def run(self, processes: Processes, material: Material) -> int:
        """Show everything; returns the exit status."""
        screen = self.screen
        screen.line()
        screen.line(f"  {screen.bold('Contact sync between SugarCRM and Google Contacts, all on this machine')}")
        screen.line()
        with screen.step("started", "starting seven processes") as said:
            running = stack.start(processes, firestore_emulator=self.wanted.firestore_emulator)
            said.append("simulators of Sugar and Google, Firestore, Cloud Tasks, three functions")
        with Scheduler(running.dispatcher.url, self.wanted.tick):
            sugar, google = SugarBook(running.sugar.url), GoogleBook(running.google.url)
            books = self._fill(sugar, google, material, running)
            visitor = self._sign_in(running, google)
            good = self._sync(processes, running, visitor, books, sugar, google)
            if self.wanted.once:
                return 0 if good else 1
            self._stay(processes, running, visitor, google)

    def _fill(self, sugar: SugarBook, google: GoogleBook, material: Material, running: Stack) -> Books:
        with self.screen.step("address books", "filling both address books") as said:
            books = loading.fill(sugar, google, material, running.sugar_password)
            said.append(f"{len(books.sugar)} contacts in Sugar, {len(books.google)} in Google ({material.words})")
        for problem in material.problems:
            self.screen.fact("left out", problem)
        return books

    def _sign_in(self, running: Stack, google: GoogleBook) -> Visitor:
        visitor = Visitor(running.web.url, self.folder / "cookies.txt")
        with self.screen.step("signed in", "signing in and granting access") as said:
            google("auto_approve", email=EMAIL)
            state = visitor.sign_in()
            if state != "connected":
                raise SyncFailed(f"{EMAIL} signed in, but the connection is {state!r}.")
            said.append(f"as {EMAIL}, access to Google Contacts granted")
        visitor.change_settings(**BOTH_WAYS)
        self.screen.fact("settings", "create and update in both directions, delete nothing, contacts assigned to me")
        return visitor

    def _sync(
        self,
        processes: Processes,
        running: Stack,
        visitor: Visitor,
        books: Books,
        sugar: SugarBook,
        google: GoogleBook,
    ) -> bool:
        """Sync, show what happened, check it; whether all is as it must be."""
        screen = self.screen
        sugar.forget_calls()
        google.forget_calls()
        start = time.monotonic()
        sync_until_done(visitor, lambda done, total: screen.progress("syncing", done, total), processes.check)
        sync = report.Sync(sugar.calls(), google.calls(), time.monotonic() - start)
        sugar_now, google_now = loading.sugar_by_id(sugar), loading.google_by_id(google)
        documents = stored(running, google.sub)
        verdict = verify(books, sugar_now, google_now, documents)
        report.show(screen, books, sugar_now, google_now, documents, verdict, sync)
        problems = verdict.problems + self._sync_again(processes, visitor, sugar, google)
        if not problems:
            checked = f"{len(verdict.pairs)} pairs hold the same on both sides in all of their {verdict.fields} fields"
            screen.fact("checked", screen.good(checked))
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

    def _sync_again(
        self, processes: Processes, visitor: Visitor, sugar: SugarBook, google: GoogleBook
    ) -> list[str]:
        """Sync once more, when Google's feed shows what was written: nothing may change any more."""
        time.sleep(PROPAGATION_SECONDS)
        before = sugar.versions(), google.versions()
        sync_until_done(visitor, lambda _done, _total: None, processes.check)
        sides = zip(("Sugar", "Google"), before, (sugar.versions(), google.versions()), strict=True)
        return [f"A second sync has written to {side} again." for side, was, now in sides if was != now]

    def _stay(self, processes: Processes, running: Stack, visitor: Visitor, google: GoogleBook) -> None:
        """Keep syncing every minute, and say what each sync did, until a signal ends it."""
        visitor.change_settings(auto={"enabled": True, "interval_minutes": 1})
        self._say_where(running, visitor, google)
        seen = {str(run["run"]) for run in visitor.every("/api/runs")}
        self.finished = True
        while True:
            time.sleep(1.0)
            processes.check()
            for line in news(visitor, seen):
                self.screen.fact(f"{datetime.now():%H:%M:%S}", line)

    def _say_where(self, running: Stack, visitor: Visitor, google: GoogleBook) -> None:
        screen, web = self.screen, running.web.url
        curl = f"curl -s -b {visitor.cookies}"
        screen.line()
        screen.line(f"  {screen.bold('Look around')}: it goes on syncing every minute until Ctrl-C.")
        screen.fact("browser", f"{web}/sign-in signs you in as {EMAIL}")
        for path in ("status", "history", "backlog", "settings"):
            screen.fact("curl" if path == "status" else "", f"{curl} {web}/api/{path}")
        screen.fact("sync now", f"{curl} -X POST -H 'X-CSRF-Token: {visitor.csrf_token}' {web}/api/sync")
        screen.fact("all contacts", f"curl -s -d '{{}}' {running.sugar.url}/_control/contacts")
        account = json.dumps({"sub": google.sub})
        screen.fact("", f"curl -s -d '{account}' {running.google.url}/_control/contacts")
        for example in self._examples:
            screen.fact("edit one", example)
        screen.line()

"""A Sugar instance, the command in front of it, and what it printed."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from contact_sync.errors import OperatorMustAct
from local_stack.sugar import SugarSimulator
from local_stack.wsgi_transport import WSGITransport
from sugar_side.register import World, run

TOKEN = "n" * 40
OLD_TOKEN = "o" * 40
WEB_URL = "https://sync.corp.test"
URL = f"{WEB_URL}/hooks/sugar/{TOKEN}"


class Clock:
    """Moves only when someone waits."""

    def __init__(self) -> None:
        self.time = datetime(2026, 7, 27, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class Desk:
    """The administrator's place: variables set, Sugar within reach."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.sugar = SugarSimulator(now=self.clock, sleep=self.clock.sleep, platforms=("sync", "sync-user"))
        self.sugar.add_user("svc", "secret", admin=True)
        self.sugar.add_user("jane", email="jane@corp.test")
        self.environ = {
            "SUGAR_URL": "https://sugar.test/crm",
            "SUGAR_USERNAME": "svc",
            "SUGAR_PASSWORD": "secret",
            "SUGAR_PLATFORM": "sync",
            "SUGAR_SUDO_PLATFORM": "sync-user",
            "WEB_URL": WEB_URL,
            "HOOK_TOKENS": TOKEN,
        }
        self.secrets: dict[str, str] = {}
        self.wire: Any = WSGITransport(self.sugar)
        self.printed = ""
        self.ahead = timedelta()
        """How far this machine's clock is ahead of Sugar's."""

    def __call__(self, *arguments: str) -> int:
        """Run the command; what it prints is kept in `printed`."""
        out = io.StringIO()
        http = requests.Session()
        http.mount("https://", self.wire)
        world = World(
            self.environ, http, out, out, lambda: self.clock() + self.ahead, self.clock.sleep, self._secrets
        )
        status = run(arguments, world)
        self.printed = out.getvalue()
        return status

    def json(self, *arguments: str) -> Any:
        """What the command answers with --json."""
        self(*arguments, "--json")
        return json.loads(self.printed)

    def findings(self, *arguments: str) -> dict[str, str]:
        """The status of each check."""
        return {found["check"]: found["status"] for found in self.json("check", *arguments)["findings"]}

    def advice(self, *arguments: str) -> str:
        """What the first check that failed or warned tells to do."""
        found = self.json("check", *arguments)["findings"]
        return str(next(each["advice"] for each in found if each["status"] in ("failed", "warning")))

    def hooks(self) -> list[dict[str, Any]]:
        """The hooks in Sugar."""
        rows = self.sugar.db.tables["WebLogicHooks"].rows.values()
        return [row.newest for row in rows if not row.newest["deleted"]]

    def add_hook(self, **fields: str) -> None:
        """A hook that someone made in Sugar."""
        rest = "https://sugar.test/crm/rest/v11_12"
        http = requests.Session()
        http.mount("https://", WSGITransport(self.sugar))
        grant = {"grant_type": "password", "client_id": "sugar", "username": "svc", "password": "secret"}
        token = http.post(f"{rest}/oauth2/token", json=grant).json()["access_token"]
        usual = {"webhook_target_module": "Contacts", "trigger_event": "after_save", "request_method": "POST"}
        usual |= {"name": "Contact sync: after_save", "url": URL}
        answer = http.post(f"{rest}/WebLogicHooks", json=usual | fields, headers={"OAuth-Token": token})
        assert answer.status_code == 200

    def _secrets(self, project: str) -> Callable[[str], str]:
        def read(name: str) -> str:
            if f"{project}/{name}" not in self.secrets:
                raise OperatorMustAct("secret_missing", f"there is no secret {name}, or it has no version")
            return self.secrets[f"{project}/{name}"]

        return read

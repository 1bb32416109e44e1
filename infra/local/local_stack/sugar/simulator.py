"""The simulator as tests and the demo hold it: one SugarCRM instance, its REST API, and all that can go
wrong.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from .app import RestApp, StartResponse
from .clock import utc_now
from .control import Control
from .faults import FaultPlan
from .hooks import Deliver, WebLogicHooks
from .instance import Instance
from .records import Records, Write
from .related import RelatedRecords
from .routing import Router
from .sessions import Sessions
from .world import World


def _random_id() -> str:
    return str(uuid.uuid4())


class SugarSimulator(World):
    """A SugarCRM instance and its WSGI application; any path prefix before /rest is fine.

    `latency` is added to every outer call, `item_latency` to each item of a /bulk, `row_latency` to each row of a
    list (seconds, spent in `sleep`).
    `max_list_limit` caps page sizes without a word. `platforms` are registered beside the built-in ones.

    `calls` lists (verb, path below the version) of outer requests, `item_calls` of the items of /bulk,
    `writes` the
    writes on Contacts through REST. `faults` plans failures; `before_item(verb, path)` runs ahead of each
    /bulk item.
    """

    def __init__(
        self,
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], None] = time.sleep,
        latency: float = 0.0,
        max_list_limit: int | None = None,
        *,
        item_latency: float = 0.0,
        platforms: Iterable[str] = (),
        new_id: Callable[[], str] = _random_id,
    ) -> None:
        super().__init__(now, new_id)
        self.max_list_limit = max_list_limit
        self.writes: list[Write] = []
        self.faults = FaultPlan()
        self.sessions = Sessions(self.db, platforms, new_id)
        self.hooks = WebLogicHooks(self.db)
        router = Router()
        self._records = records = Records(self.db, lambda: self.max_list_limit, self.writes)
        for routes in (
            Instance(self.db, self.sessions),
            records,
            RelatedRecords(self.db, records, self.writes),
        ):
            routes.register(router)
        self._rest = RestApp(self.db, self.sessions, self.faults, router, sleep)
        self.lock = self._rest.lock
        self._control = Control(self)
        self.latency = latency
        self.item_latency = item_latency

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """The WSGI application: the REST API, and `/_control/` for other processes."""
        if environ.get("PATH_INFO", "").startswith("/_control/"):
            return self._control(environ, start_response)
        return self._rest(environ, start_response)

    @property
    def app(self) -> Callable[..., Iterable[bytes]]:
        """The WSGI callable."""
        return self

    @property
    def latency(self) -> float:
        """Seconds that every outer call takes beyond its work."""
        return self._rest.pace.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._rest.pace.latency = seconds

    @property
    def item_latency(self) -> float:
        """Seconds that each item of a /bulk takes beyond its work."""
        return self._rest.pace.item_latency

    @item_latency.setter
    def item_latency(self, seconds: float) -> None:
        self._rest.pace.item_latency = seconds

    @property
    def row_latency(self) -> float:
        """Seconds that each row of a list takes beyond its work."""
        return self._rest.pace.row_latency

    @row_latency.setter
    def row_latency(self, seconds: float) -> None:
        self._rest.pace.row_latency = seconds

    @property
    def feed_lag(self) -> float:
        """Seconds by which lists lag behind commits; a direct read never does."""
        return self.db.feed_lag

    @feed_lag.setter
    def feed_lag(self, seconds: float) -> None:
        self.db.feed_lag = seconds

    @property
    def any_version(self) -> bool:
        """Whether every API version is taken, as one 25.2 instance was seen to do."""
        return self._rest.any_version

    @any_version.setter
    def any_version(self, on: bool) -> None:
        self._rest.any_version = on

    @property
    def newest_version(self) -> tuple[int, int]:
        """The newest API version that this release knows."""
        return self._rest.newest_version

    @newest_version.setter
    def newest_version(self, version: Sequence[int]) -> None:
        major, minor = version
        self._rest.newest_version = (major, minor)

    @property
    def validate_ip(self) -> bool:
        """Whether a session is bound to the network of its first call (*Validate user IP address*)."""
        return self.sessions.validate_ip

    @validate_ip.setter
    def validate_ip(self, on: bool) -> None:
        self.sessions.validate_ip = on

    def forget_identity(self, user_id: str) -> None:
        """The identity service in front of Sugar does not know this user, though Sugar does."""
        self.sessions.strangers.add(user_id)

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Outer requests so far."""
        return self._rest.calls

    @property
    def item_calls(self) -> list[tuple[str, str]]:
        """Items of /bulk so far."""
        return self._rest.item_calls

    @property
    def before_item(self) -> Callable[[str, str], None] | None:
        """Called with verb and path ahead of each /bulk item."""
        return self._rest.before_item

    @before_item.setter
    def before_item(self, action: Callable[[str, str], None] | None) -> None:
        self._rest.before_item = action

    @property
    def on_saved(self) -> Callable[[str], None] | None:
        """What a workflow does with a contact that was just saved through REST, by its id, before the answer."""
        return self._records.on_saved

    @on_saved.setter
    def on_saved(self, action: Callable[[str], None] | None) -> None:
        self._records.on_saved = action

    @property
    def hold_abandoned(self) -> bool:
        """Whether what a /bulk had left to do when its caller hung up waits for `finish_abandoned`."""
        return self._rest.hold_abandoned

    @hold_abandoned.setter
    def hold_abandoned(self, on: bool) -> None:
        self._rest.hold_abandoned = on

    def finish_abandoned(self) -> int:
        """Do the work that callers hung up on; returns the number of /bulk items done."""
        work = self._rest.abandoned[:]
        self._rest.abandoned.clear()
        for step in work:
            step()
        return len(work)

    @property
    def platforms(self) -> set[str]:
        """Registered API platforms; add to it to register one."""
        return self.sessions.platforms

    @property
    def disable_unknown_platforms(self) -> bool:
        """Whether an unregistered platform is refused; Sugar's default since 8.x."""
        return self.sessions.disable_unknown_platforms

    @disable_unknown_platforms.setter
    def disable_unknown_platforms(self, on: bool) -> None:
        self.sessions.disable_unknown_platforms = on

    def expire_tokens(self) -> None:
        """Let all access tokens run out; refresh tokens stay good."""
        self.sessions.expire_access()

    def revoke_tokens(self) -> None:
        """Forget all sessions: only a password login helps."""
        self.sessions.revoke_all()

    def flush_hooks(self, deliver: Deliver | None = None, limit: int | None = None) -> int:
        """Run the cron that delivers queued web logic hooks, once each; returns how many.

        `deliver(method, url, headers, body)` stands in for the network; failures are dropped, as Sugar drops
        them.
        """
        return self.hooks.flush(deliver, limit)

    def forget_calls(self) -> None:
        """Start counting calls and writes anew."""
        self.calls.clear()
        self.item_calls.clear()
        self.writes.clear()

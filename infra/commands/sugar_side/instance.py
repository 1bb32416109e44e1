"""Sugar as this command reaches it: the functions' own adapter, with a session that nobody shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import requests

from contact_sync.services.sugar import SharedSession, SugarConfig, SugarServer
from contact_sync.services.sugar.calls import ServiceCaller
from contact_sync.services.sugar.session import ServiceSession
from contact_sync.services.sugar.transport import Transport


class OwnSession:
    """The session's store of a single process: it lasts as long as the command."""

    def __init__(self) -> None:
        self._session: SharedSession | None = None

    def load(self) -> tuple[SharedSession | None, object]:
        """The pair and its version, which is the pair itself."""
        return self._session, self._session

    def save(self, session: SharedSession, version: object) -> bool:
        """Replace the pair."""
        if version is not self._session:
            return False
        self._session = session
        return True


@dataclass(frozen=True)
class Instance:
    """One Sugar instance: its bare transport, the service user's calls, and what the functions ask of it."""

    config: SugarConfig
    transport: Transport
    caller: ServiceCaller
    server: SugarServer
    now: Callable[[], datetime]


def connect(
    config: SugarConfig,
    http: requests.Session,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
) -> Instance:
    """The instance; nothing is sent yet."""
    transport, sessions = Transport(config, http), OwnSession()
    caller = ServiceCaller(transport, ServiceSession(transport, sessions, now, sleep))
    return Instance(config, transport, caller, SugarServer(config, http, sessions, now, sleep), now)

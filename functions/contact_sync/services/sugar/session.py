"""The service administrator's session, shared by all instances of the deployment.

Sugar keeps one session per user and platform: a second password login ends the first. So instances share one
token pair in a store with compare-and-set. Whoever renews it first takes the refresh token out of the store
(it works only once); the others wait for the new pair. A claim that its owner never settles lapses, and the
pair is then dead anyway, so the password login that follows ends nobody's session.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Final, Protocol

from ...contacts.json_values import as_map
from ...errors import OperatorMustAct, SyncError, TransientForAll, TransientForUser
from ..exchange import lifetime
from .faults import fault_of, lost_fault
from .transport import Answer, Lost, Transport, token_in

RENEW_BEFORE: Final = timedelta(seconds=60)
CLAIM: Final = timedelta(seconds=40)
"""How long a renewal is left to one instance; longer than its two calls may take."""
LOGIN_PAUSE: Final = timedelta(seconds=60)
"""How long an instance leaves a refused password alone, lest Sugar locks the account."""
_TOKEN_SECONDS: Final = 10.0
_WAIT_SECONDS: Final = 0.5
_WAITS: Final = 60


@dataclass(frozen=True, slots=True)
class SharedSession:
    """A token pair. An empty `refresh` is a claim: one instance renews the pair, until `expires_at`."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: datetime


class SessionStore(Protocol):
    """Where the pair is kept. Versions are opaque; an absent pair has one too."""

    def load(self) -> tuple[SharedSession | None, object]:
        """The pair and its version."""
        ...

    def save(self, session: SharedSession, version: object) -> bool:
        """Replace the pair of that version. False: somebody else wrote first."""
        ...


class ServiceSession:
    """Answers the service user's access token and renews it, one renewal at a time among all instances."""

    def __init__(
        self,
        transport: Transport,
        store: SessionStore,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._transport = transport
        self._store = store
        self._now = now
        self._sleep = sleep
        self._lock = Lock()
        self._session: SharedSession | None = None
        self._refused: tuple[datetime, OperatorMustAct] | None = None

    def current(self) -> str:
        """The access token, good for another minute."""
        session = self._session
        return session.access if session and self._is_fresh(session) else self._obtain(rejected=None)

    def renew(self, rejected: str) -> str:
        """The access token after Sugar refused `rejected`: another instance's newer one, or a renewed one."""
        return self._obtain(rejected)

    def _is_fresh(self, session: SharedSession) -> bool:
        return bool(session.refresh) and session.expires_at - self._now() >= RENEW_BEFORE

    def _obtain(self, rejected: str | None) -> str:
        with self._lock:
            for _ in range(_WAITS):
                stored, version = self._store.load()
                if stored and self._is_fresh(stored) and stored.access != rejected:
                    self._session = stored
                    return stored.access
                if stored and not stored.refresh and stored.expires_at > self._now():
                    self._sleep(_WAIT_SECONDS)
                    continue
                renewed = self._claim_and_renew(stored, version)
                if renewed:
                    self._session = renewed
                    return renewed.access
        raise TransientForUser("sugar_session_busy", "another instance is renewing the Sugar session")

    def _claim_and_renew(self, stored: SharedSession | None, version: object) -> SharedSession | None:
        """The new pair; None if another instance was faster."""
        if not (stored and stored.refresh):
            self._heed_refused_login()
        claim = SharedSession("", "", self._now() + CLAIM)
        if not self._store.save(claim, version):
            return None
        _, version = self._store.load()
        try:
            renewed = self._renewed(stored)
        except SyncError:
            # The refresh token may still be good, as when Sugar is down; without one the next may log in.
            held_back = stored if stored and stored.refresh else replace(claim, expires_at=self._now())
            self._store.save(held_back, version)
            raise
        return renewed if self._store.save(renewed, version) else None

    def _renewed(self, stored: SharedSession | None) -> SharedSession:
        refreshed = self._refreshed(stored.refresh) if stored and stored.refresh else None
        return refreshed or self._logged_in()

    def _refreshed(self, refresh_token: str) -> SharedSession | None:
        """The next pair; None if the refresh token is refused or may be used up by a lost call."""
        try:
            answer = self._request({"grant_type": "refresh_token", "refresh_token": refresh_token})
        except Lost as lost:
            if lost.sent:
                return None
            raise lost_fault(lost) from lost
        if answer.is_json and answer.status in (400, 401):
            return None
        if answer.status != 200:
            raise _token_fault(answer)
        return self._session_of(answer)

    def _logged_in(self) -> SharedSession:
        self._heed_refused_login()
        config = self._transport.config
        grant = {"grant_type": "password", "username": config.username, "password": config.password}
        try:
            answer = self._request(grant)
        except Lost as lost:
            raise lost_fault(lost) from lost
        if answer.status == 200:
            return self._session_of(answer)
        fault = _token_fault(answer)
        if isinstance(fault, OperatorMustAct):
            self._refused = (self._now() + LOGIN_PAUSE, fault)
        raise fault

    def _request(self, grant: dict[str, str]) -> Answer:
        config = self._transport.config
        client = {"client_id": config.client_id, "client_secret": "", "platform": config.platform}
        return self._transport.send("POST", "oauth2/token", body=grant | client, seconds=_TOKEN_SECONDS)

    def _session_of(self, answer: Answer) -> SharedSession:
        body = answer.body
        try:
            ends = self._now() + lifetime(as_map(body).get("expires_in"))
            return SharedSession(token_in(body, "access_token"), token_in(body, "refresh_token"), ends)
        except ValueError as error:
            raise TransientForAll("sugar_down", "Sugar answered a login without tokens") from error

    def _heed_refused_login(self) -> None:
        if self._refused and self._refused[0] > self._now():
            raise self._refused[1]


def _token_fault(answer: Answer) -> SyncError:
    fault = fault_of(answer, "oauth2/token")
    if not answer.is_json or fault.code == "sugar_client_refused":
        return fault
    if answer.status in (401, 403):
        return OperatorMustAct("sugar_credentials", "Sugar refuses the service user's name and password")
    if answer.status == 422:
        return OperatorMustAct("sugar_platform", "Sugar refuses the platform: it must be registered there")
    if answer.status == 400:
        return OperatorMustAct("sugar_client", f"Sugar refuses the OAuth client: {answer.label}")
    return fault

"""The simulated Google as one object: what tests and the demo do to it, besides the HTTP it answers."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from . import discovery, view
from .account import Account
from .book import MY_CONTACTS, TRASH_LIFE, Contact
from .control import Control
from .errors import Json
from .faults import FaultPlan
from .grants import CONTACTS, EMAIL, Grants
from .http_app import Environ, HttpApp, StartResponse
from .knobs import Knobs
from .masks import READABLE, WRITABLE
from .oauth import Approval, OAuth
from .people import Write

DEFAULT_SCOPES = ("openid", EMAIL, CONTACTS)
_EVERYTHING = READABLE - {"photos"}


def _utc_now() -> datetime:
    return datetime.now(UTC)


class GoogleSimulator:
    """Google's People API and sign-in, in memory; the instance is the WSGI application.

    `now` and `sleep` are its only clock, `seed` makes identifiers and tokens repeatable; further keywords set
    knobs (`Knobs`). Methods that add, edit or delete contacts stand for a person in the Contacts web page:
    they leave no trace in `writes`, and the sync feed shows them after the propagation delay.
    """

    def __init__(
        self,
        now: Callable[[], datetime] = _utc_now,
        sleep: Callable[[float], None] = time.sleep,
        latency: float = 0.0,
        propagation_delay: float = 10.0,
        client_id: str = "local-client",
        client_secret: str = "local-secret",
        seed: int = 0,
        **knobs: Any,
    ) -> None:
        self.now = now
        self.client_id = client_id
        self.client_secret = client_secret
        self.knobs = Knobs(latency=latency, propagation_delay=propagation_delay, **knobs)
        self.faults = FaultPlan()
        self._random = random.Random(seed)
        self._accounts: dict[str, Account] = {}
        self.grants = Grants(client_id, self._accounts, self._random, self._clock, self.knobs)
        self._oauth = OAuth(self.grants, self._accounts, client_secret, self._clock, self.knobs)
        self._http = HttpApp(
            self._accounts,
            self._oauth,
            self.faults,
            self.knobs,
            now=self._clock,
            sleep=sleep,
            control=Control(self),
        )

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one HTTP request."""
        return self._http(environ, start_response)

    @property
    def app(self) -> Callable[[Environ, StartResponse], Iterable[bytes]]:
        """The WSGI application."""
        return self._http

    @property
    def writes(self) -> list[Write]:
        """Every change to a contact through the API, in order."""
        return self._http.writes

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Every request: HTTP method and path."""
        return self._http.calls

    # Accounts and grants

    def add_account(
        self, email: str, *, sub: str | None = None, hd: str | None = None, email_verified: bool = True
    ) -> str:
        """A new Google account; returns its `sub`. `hd` is its Workspace domain."""
        with self._http.lock:
            identity = sub or str(self._random.randrange(10**20, 2 * 10**20))
            self._accounts[identity] = Account(
                identity,
                email,
                hd,
                email_verified,
                random_source=self._random,
                now=self._clock,
                propagation=lambda: self.knobs.propagation_delay,
                region=lambda: self.knobs.region,
            )
            return identity

    def delete_account(self, sub: str) -> None:
        """An administrator of Workspace deletes the account; its address may be given to another."""
        with self._http.lock:
            del self._accounts[sub]

    def accounts(self) -> list[Json]:
        """Every account with its `sub` and `email`."""
        return [{"sub": account.sub, "email": account.email} for account in self._accounts.values()]

    def grant(self, sub: str, scopes: Sequence[str] = DEFAULT_SCOPES) -> str:
        """A refresh token, as if the user had just consented."""
        with self._http.lock:
            self._account(sub)
            return self.grants.issue_refresh_token(sub, tuple(scopes))

    def revoke_grant(self, sub: str) -> None:
        """The user removes the application in the account's security page."""
        with self._http.lock:
            self.grants.revoke_user(sub)

    def expire_access_tokens(self) -> None:
        """Every access token handed out so far is expired."""
        with self._http.lock:
            self.grants.expire_access_tokens()

    def auto_approve(
        self, email: str = "", *, untick_contacts: bool = False, deny: bool = False, enabled: bool = True
    ) -> None:
        """Answer consent pages unseen; `email` "" means the account of login_hint, or the only one."""
        self._oauth.approval = Approval(email, untick_contacts, deny) if enabled else None

    # Contacts, as a person edits them

    def add_contact(self, sub: str, person: Json, *, groups: Sequence[str] = ()) -> str:
        """A new contact in "My Contacts" and these groups; returns its resource name."""
        with self._http.lock:
            account = self._account(sub)
            contact, fields = account.prepare_create(discovery.check_person(person))
            snapshot = account.book.commit(contact, fields)
            if groups:
                account.groups.require(list(groups))
                joined = list(dict.fromkeys([MY_CONTACTS, *groups]))
                snapshot = account.book.commit(contact, account.with_groups(snapshot, joined))
            return snapshot.resource_name

    def load(self, sub: str, persons: Iterable[Json]) -> list[str]:
        """Many contacts at once, visible to listings at once; returns their resource names."""
        with self._http.lock:
            account = self._account(sub)
            names = []
            for person in persons:
                contact, fields = account.prepare_create(person)
                names.append(account.book.commit(contact, fields).resource_name)
            account.book.settle()
            return names

    def edit_contact(self, sub: str, resource_name: str, **fields: list[Json]) -> None:
        """Replace these fields of a contact; an empty list clears one."""
        with self._http.lock:
            account, contact = self._found(sub, resource_name)
            unknown = set(fields) - WRITABLE
            if unknown:
                raise ValueError(f"no such fields: {', '.join(sorted(unknown))}")
            person = discovery.check_person(dict(fields))
            account.book.commit(contact, account.prepare_update(contact, person, frozenset(fields)))

    def delete_contact(self, sub: str, resource_name: str) -> None:
        """Move a contact to the trash."""
        with self._http.lock:
            account, contact = self._found(sub, resource_name)
            account.book.commit(contact, contact.live.fields, deleted=True)

    def restore_contact(self, sub: str, resource_name: str) -> None:
        """Take a contact out of the trash, where it stays for 30 days; it keeps its resource name."""
        with self._http.lock:
            account = self._account(sub)
            contact = account.book.find(resource_name)
            if (
                contact is None
                or contact.trashed_at is None
                or self._clock() - contact.trashed_at > TRASH_LIFE
            ):
                raise LookupError(f"{resource_name} is not in the trash")
            account.book.commit(contact, contact.live.fields)

    def merge_contacts(self, sub: str, survivor: str, losers: Sequence[str]) -> None:
        """ "Merge duplicates": the survivor takes what the others have more, the others are deleted."""
        with self._http.lock:
            account, kept = self._found(sub, survivor)
            merged = [self._found(sub, loser)[1] for loser in losers]
            account.book.commit(kept, account.merged(kept.live, [contact.live for contact in merged]))
            for contact in merged:
                account.book.commit(contact, contact.live.fields, deleted=True)

    def rename_contact(
        self, sub: str, resource_name: str, *, tombstone: Callable[[], object] | None = None
    ) -> str:
        """Give a contact a new resource name, as when it is linked to a profile; the source id stays.

        With `tombstone` the former name is first reported as deleted and not found any more; then that is called, and
        only then the contact appears under its new name.
        """
        with self._http.lock:
            account, contact = self._found(sub, resource_name)
            if tombstone is not None:
                account.book.commit(account.book.new_contact(), {}, deleted=True, resource_name=resource_name)
        if tombstone is not None:
            tombstone()
        with self._http.lock:
            name = f"people/{self._random.randrange(10**20, 2 * 10**20)}"
            return account.book.commit(contact, contact.live.fields, resource_name=name).resource_name

    def touch_contact(self, sub: str, resource_name: str | None = None) -> None:
        """A change in the background: new etag, same content. Without a name every contact is touched."""
        with self._http.lock:
            account = self._account(sub)
            names = [resource_name] if resource_name else [s.resource_name for s in list(account.book.live())]
            for name in names:
                _, contact = self._found(sub, name)
                account.book.commit(contact, contact.live.fields)

    def add_group(self, sub: str, name: str) -> str:
        """A new label; returns its resource name."""
        with self._http.lock:
            return self._account(sub).groups.add(name).resource_name

    def settle(self, sub: str | None = None) -> None:
        """Let listings and the sync feed show every change made so far, of one account or all."""
        with self._http.lock:
            for account in [self._account(sub)] if sub else self._accounts.values():
                account.book.settle()

    # What there is

    def contact(self, sub: str, resource_name: str) -> Json | None:
        """A contact as people.get would show it with every field, or None."""
        contact = self._account(sub).book.find_live(resource_name)
        return view.person(contact.live, _EVERYTHING) if contact else None

    def contacts(self, sub: str) -> list[Json]:
        """Every contact as people.get would show it with every field."""
        with self._http.lock:
            return [view.person(snapshot, _EVERYTHING) for snapshot in self._account(sub).book.live()]

    def _account(self, sub: str) -> Account:
        try:
            return self._accounts[sub]
        except KeyError:
            raise LookupError(f"no account {sub}") from None

    def _found(self, sub: str, resource_name: str) -> tuple[Account, Contact]:
        account = self._account(sub)
        contact = account.book.find_live(resource_name)
        if contact is None:
            raise LookupError(f"no contact {resource_name}")
        return account, contact

    def _clock(self) -> datetime:
        return self.now()

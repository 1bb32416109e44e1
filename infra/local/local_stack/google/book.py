"""One account's contacts by version: what is live at once, and what listings show after a while."""

from __future__ import annotations

import base64
import random
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .errors import Json

TRASH_LIFE = timedelta(days=30)
MY_CONTACTS = "contactGroups/myContacts"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version of a contact. Its fields are never changed in place."""

    version: int
    source_id: str
    resource_name: str
    previous_names: tuple[str, ...]
    etag: str
    updated: str
    fields: Json
    deleted: bool = False


@dataclass(slots=True)
class Contact:
    """A contact: its versions, oldest first, as far back as a listing may still show them."""

    source_id: str
    history: list[Snapshot] = field(default_factory=list)
    trashed_at: datetime | None = None

    @property
    def live(self) -> Snapshot:
        """The newest version."""
        return self.history[-1]

    def as_of(self, version: int) -> Snapshot | None:
        """The newest version that is not newer than `version`."""
        for snapshot in reversed(self.history):
            if snapshot.version <= version:
                return snapshot
        return None


class AddressBook:
    """The contacts of one account.

    Every change gets the next version number and an entry in the log. A direct read sees it at once;
    listings, the sync feed and search see it `propagation()` seconds later, or as soon as `settle` is called.
    """

    def __init__(
        self, random_source: random.Random, now: Callable[[], datetime], propagation: Callable[[], float]
    ):
        self._random = random_source
        self._now = now
        self._propagation = propagation
        self.contacts: dict[str, Contact] = {}
        self._names: dict[str, str] = {}
        self._log: list[str] = []
        self._log_times: list[float] = []
        self._settled = 0
        self._listing: tuple[int, list[Snapshot]] = (0, [])

    def new_contact(self) -> Contact:
        """An empty contact with an identity of its own; it exists once its first version is committed."""
        source_id = ""
        while not source_id or source_id in self.contacts:
            source_id = f"{self._random.getrandbits(62) | (1 << 60):x}"
        return Contact(source_id)

    def find(self, resource_name: str) -> Contact | None:
        """The contact of a present or former resource name, deleted ones included."""
        source_id = self._names.get(resource_name)
        return self.contacts[source_id] if source_id else None

    def find_live(self, resource_name: str) -> Contact | None:
        """The contact of a present or former resource name, unless it is deleted."""
        contact = self.find(resource_name)
        return contact if contact and not contact.live.deleted else None

    def live(self) -> Iterable[Snapshot]:
        """Every contact that is not deleted, oldest first."""
        return (contact.live for contact in self.contacts.values() if not contact.live.deleted)

    def occupied(self) -> int:
        """How many contacts count against the account's limit: the trash counts for its 30 days."""
        oldest = self._now() - TRASH_LIFE
        return sum(
            not contact.live.deleted or (contact.trashed_at is not None and contact.trashed_at > oldest)
            for contact in self.contacts.values()
        )

    def commit(
        self, contact: Contact, fields: Json, *, deleted: bool = False, resource_name: str = ""
    ) -> Snapshot:
        """Add the next version of a contact; `resource_name` renames it."""
        now = self._now()
        last = contact.history[-1] if contact.history else None
        name = resource_name or (last.resource_name if last else f"people/c{int(contact.source_id, 16)}")
        previous = last.previous_names if last else ()
        if last and name != last.resource_name:
            previous = (*previous, last.resource_name)
        snapshot = Snapshot(
            version=len(self._log) + 1,
            source_id=contact.source_id,
            resource_name=name,
            previous_names=previous,
            etag=base64.b64encode(self._random.randbytes(8)).decode(),
            updated=now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            fields=fields,
            deleted=deleted,
        )
        contact.trashed_at = now if deleted else None
        horizon = self.visible_version()
        while len(contact.history) > 1 and contact.history[1].version <= horizon:
            contact.history.pop(0)
        contact.history.append(snapshot)
        self.contacts.setdefault(contact.source_id, contact)
        self._names[name] = contact.source_id
        self._log.append(contact.source_id)
        self._log_times.append(now.timestamp())
        return snapshot

    def settle(self) -> None:
        """Let listings show every change made so far."""
        self._settled = len(self._log)

    def visible_version(self) -> int:
        """The newest version that listings show by now."""
        horizon = self._now().timestamp() - self._propagation()
        # What was shown once stays shown, even if the delay is raised or the clock set back.
        self._settled = max(self._settled, bisect_right(self._log_times, horizon))
        return self._settled

    def listing(self) -> list[Snapshot]:
        """What a listing shows by now, least recently changed first."""
        version = self.visible_version()
        if self._listing[0] != version:
            seen = (contact.as_of(version) for contact in self.contacts.values())
            shown = sorted((s for s in seen if s and not s.deleted), key=lambda s: s.version)
            self._listing = (version, shown)
        return self._listing[1]

    def changes(self, after: int) -> list[Snapshot]:
        """The latest visible version of every contact changed after a version, deletions included."""
        version = self.visible_version()
        changed = (self.contacts[source_id].as_of(version) for source_id in set(self._log[after:version]))
        return sorted((s for s in changed if s and s.version > after), key=lambda s: s.version)

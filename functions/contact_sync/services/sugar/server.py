"""One Sugar instance, seen by the service administrator. One object per process."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

import requests

from ...errors import TransientForAll
from . import metadata, users
from .calls import Item, ServiceCaller
from .dates import moment
from .faults import item_fault_of
from .listing import Scope, deleted_ids, rows_among
from .paths import fits_item
from .portions import Portion, Portions
from .session import ServiceSession, SessionStore
from .transport import Answer, SugarConfig, Transport

_READS_AT_ONCE = 100


class SugarServer:
    """Holds the transport and the shared service session, and makes the calls that no user makes."""

    def __init__(
        self,
        config: SugarConfig,
        http: requests.Session,
        sessions: SessionStore,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self.transport = Transport(config, http)
        self.now = now
        self._caller = ServiceCaller(self.transport, ServiceSession(self.transport, sessions, now, sleep))

    def sudo(self, user_name: str) -> tuple[str, datetime]:
        """A token to act as that user and when it ends. Raises UserMustAct `sugar_user_missing`."""
        return users.sudo(self._caller, user_name, self.now)

    def user_name(self, user_id: str) -> str:
        """The name that the user of this id has now. Raises UserMustAct `sugar_user_missing`."""
        return users.name_of(self._caller, user_id)

    def find_users(self, email: str) -> list[dict[str, str]]:
        """Active users whose primary address this is: `id`, `user_name`, `status`, `full_name` of each."""
        return users.find(self._caller, email)

    def find_people(self, email: str) -> list[dict[str, str]]:
        """Those of `find_users` that somebody who signs in may be: no administrators, groups or portal users."""
        return users.find_people(self._caller, email)

    def still_there(
        self,
        ids: Collection[str],
        portions: Portions | None = None,
        ensure_time: Callable[[], None] = lambda: None,
    ) -> set[str]:
        """Those of the contacts that the administrator can read.

        A user's 404 says "deleted or not visible to you"; only this read tells which. Anything but a clear
        404 counts as there or raises, since a deletion may follow from the answer. `ensure_time` raises where
        no call may begin any more.
        """

        def ask(some: Sequence[str]) -> list[Answer]:
            ensure_time()
            return self._caller.read_bulk([Item(f"Contacts/{record_id}?fields=id") for record_id in some])

        portions = portions or Portions.fresh(self.now)
        wanted = [record_id for record_id in dict.fromkeys(ids) if fits_item(record_id)]
        there = self._not_deleted(set(ids).difference(wanted), portions.ids, ensure_time)
        for record_id, answer in portions.reads.each(wanted, ask):
            if answer.status in (200, 403):
                there.add(record_id)
            elif answer.status != 404 or answer.label != "not_found":
                raise item_fault_of(answer, "a contact's read")
        return there

    def _not_deleted(self, ids: Collection[str], rows: Portion, ensure_time: Callable[[], None]) -> set[str]:
        """Those of the ids, which cannot stand in a path, that Sugar does not list as deleted records. A list may lag:
        that a record is missing in one proves nothing."""
        return set(ids) - self._listed_as_deleted(ids, [], rows, ensure_time)

    def _listed_as_deleted(
        self,
        ids: Collection[str],
        conditions: list[dict[str, Any]],
        rows: Portion,
        ensure_time: Callable[[], None],
    ) -> set[str]:
        found, wanted = set[str](), list(ids)
        for start in range(0, len(wanted), _READS_AT_ONCE):
            ensure_time()
            among = {"id": {"$in": wanted[start : start + _READS_AT_ONCE]}}
            found |= deleted_ids(self._caller, rows, [among, *conditions])
        return found

    def deleted_within(
        self,
        scope: Scope,
        ids: Collection[str],
        portions: Portions | None = None,
        ensure_time: Callable[[], None] = lambda: None,
    ) -> set[str]:
        """Those of the deleted contacts that provably belonged to the scope until they were deleted.

        A deleted record keeps its owner; of a flag, and of a record that was pruned, nothing is left to tell.
        """
        if scope.kind == "all":
            return set(ids)
        if scope.kind == "flagged":
            return set()
        rows = (portions or Portions.fresh(self.now)).ids
        return self._listed_as_deleted(ids, scope.deleted_conditions(), rows, ensure_time)

    def listed(
        self, ids: Sequence[str], portions: Portions, ensure_time: Callable[[], None] = lambda: None
    ) -> set[str]:
        """Those of the contacts that a list shows: a cheap question about many. What it does not show is in doubt."""
        ensure_time()
        return {str(row["id"]) for row in rows_among(self._caller, portions.ids, "id", [], ids)}

    def schema(self, enums: bool) -> tuple[dict[str, int], tuple[str, ...] | None]:
        """Lengths of the Contacts fields in characters and, if `enums`, the salutations (None: no list)."""
        lengths = metadata.read_lengths(self._caller)
        return lengths, metadata.read_salutations(self._caller) if enums else None

    def server_time(self) -> datetime:
        """Sugar's clock, to the second, in UTC."""
        text = self._caller.read("GET", "ping/whattimeisit")
        try:
            return moment(text)
        except ValueError as error:
            raise TransientForAll("sugar_down", "Sugar did not tell the time") from error

    def check(self) -> None:
        """Raises what keeps the service user from working; returns if nothing does."""
        self._caller.read("GET", "ping")

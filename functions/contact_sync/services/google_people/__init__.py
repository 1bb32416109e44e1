"""Google Contacts of one user through the People API. The only room that imports `googleapiclient`.

Writes go out strictly one after another, as Google asks for one user's writes, and each exactly once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import requests

from ..outcome import Outcome
from . import creates, deletes, labels, reads, updates
from .calls import Calls
from .transport import AccessToken, Transport
from .values import Label, PeoplePage, Person, PersonUpdate, Read

__all__ = ["AccessToken", "GooglePeople", "Label", "PeoplePage", "Person", "PersonUpdate", "Read"]


class GooglePeople:
    """One user's contacts.

    Every method may raise `UserMustAct` ("reconnect", "permission_missing"), `OperatorMustAct` and, where no
    outcomes are returned, `TransientForUser` or `RateLimited`. `deadline` tells in seconds how long a call
    may still begin; a call lasts at most 50 s.
    """

    def __init__(
        self,
        http: requests.Session,
        endpoint: str,
        token: AccessToken,
        sleep: Callable[[float], None],
        deadline: Callable[[], float] | None = None,
    ) -> None:
        self._calls = Calls(endpoint, Transport(http, token, deadline), sleep)

    def changes(self, sync_token: str | None, page_token: str | None, want_token: bool = True) -> PeoplePage:
        """One page of the change feed, or of all contacts without `sync_token`.

        Later pages need the same `sync_token` and `want_token`. Raises SyncTokenExpired: list everything
        once.
        """
        return reads.list_changes(self._calls, sync_token, page_token, want_token)

    def recently_changed(self, pages: int = 1) -> list[dict[str, Any]]:
        """The contacts changed last, newest first, a thousand a page: a doubtful create shows there."""
        return reads.list_recently_changed(self._calls, pages)

    def get(self, ids: Iterable[str]) -> Read:
        """The contacts with these ids, read directly."""
        return reads.get_people(self._calls, ids)

    def create(self, items: Sequence[tuple[str, Person]]) -> list[Outcome]:
        """Create (key, person) pairs; each person carries its key as our mark.

        Outcomes: DONE with the person; REFUSED (field "memberships": the label is gone); FULL; TRANSIENT;
        UNKNOWN where an answer was lost, and then nothing is sent again.
        """
        return creates.create_people(self._calls, items)

    def update(self, items: Sequence[PersonUpdate]) -> list[Outcome]:
        """Replace fields of persons. Outcomes: DONE with the person; CONFLICT; GONE; REFUSED; TRANSIENT."""
        return updates.update_people(self._calls, items)

    def delete(self, ids: Sequence[str]) -> list[Outcome]:
        """Delete contacts. Outcomes: DONE, also for what was gone already; REFUSED; TRANSIENT."""
        return deletes.delete_people(self._calls, ids)

    def labels(self) -> list[Label]:
        """The labels the user made."""
        return labels.list_labels(self._calls)

    def create_label(self, name: str) -> Label:
        """The label of that name in any case, created if there is none."""
        return labels.create_label(self._calls, name)

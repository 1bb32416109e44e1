"""One delivery of the task that disconnects a user, under the lease. Every step can be repeated."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ..contacts.mapping import IndexEntry, State
from ..contacts.mapping import Mapping as ContactMapping
from ..errors import OperatorMustAct, SyncError, TransientForAll, TransientForUser, UserMustAct
from ..store import google_index, history, mappings, tokens
from ..store.records import Cursors, Disconnecting, User
from ..store.write import Write
from . import schedule
from .engine import Engine
from .intake_google import DUPLICATE
from .marks import guarded
from .progress import Progress
from .removal import Removal
from .session import Session
from .settle import settle
from .tokens import TokenBox

log = logging.getLogger("contact_sync.disconnect")

Summary = dict[str, Any]

UNDER_WAY = "Your Google account is being disconnected."
REVOKE_TRIES = 3
"""So often Google is asked to end the grant before the tokens are forgotten without its answer."""
NOT_REVOKED = (
    "Google did not confirm that the permission ended. Remove it in your Google account, under Security, "
    "Third-party connections."
)
EVER = datetime.max.replace(tzinfo=UTC)
_PAGE = 100


class DisconnectRun:
    """One delivery of the task, under the lease."""

    def __init__(self, session: Session, box: TokenBox, order: Disconnecting, attempt: int) -> None:
        self.session = session
        self.engine = session.engine
        self.user_id = session.user.id
        self.box = box
        self.order = order
        self.attempt = attempt
        self.progress = Progress(session, done=order.deleted, total=order.total)
        self.revoked = True
        if order.deleted:
            session.counts["google_deleted"] = order.deleted

    def go(self) -> Summary:
        """Every step can be repeated; each leaves less for the next delivery."""
        try:
            self._begin()
            if self.order.delete == "created":
                self._delete_created()
            self._nothing_due()
            self._revoke()
        except SyncError as error:
            return self._interrupted(error)
        return self._disconnected()

    def _begin(self) -> None:
        """Settle what an earlier run planned while Google can still be asked."""
        session = self.session
        if session.holder.user.planned_run not in (None, session.run):
            try:
                settle(session)
            except SyncError:
                self._tell_planned()
        session.holder.commit(
            [[self.progress.write("deleting" if self.order.delete == "created" else "revoking")]],
            connection="disconnecting",
            connection_message=UNDER_WAY,
            next_sync_at=None,
            planned_run=session.run,
        )

    def _tell_planned(self) -> None:
        """What a dead run planned and nobody can look up any more is told as done: rather a story too many than a
        value lost."""
        holder = self.session.holder
        left = history.planned(self.engine.db, self.user_id, holder.user.planned_run or "")
        holder.commit([[history.patch(self.user_id, entry.id, state=history.DONE)] for entry in left])

    def _delete_created(self) -> None:
        last = self.attempt >= schedule.MOST_ATTEMPTS
        removal = Removal(self.session, self.progress, self.order, last=last)
        try:
            removal.finish()
        finally:
            self.order = removal.order
        # From here on Google is not read any more: the grant may be gone when this is delivered again.
        self.order = replace(self.order, delete="none", stayed=len(removal.stayed))
        self.session.holder.commit([[self.progress.write("revoking")]], disconnecting=self.order)
        self.attempt = 0

    def _nothing_due(self) -> None:
        """Take back what waits for work; a full intake finds it again. What only the sync itself can clear up, a
        create of unknown outcome and its own duplicate, keeps waiting for that."""
        db, holder, user_id = self.engine.db, self.session.holder, self.user_id
        after: tuple[datetime, str] | None = None
        while page := mappings.due(db, user_id, EVER, _PAGE, after):
            holder.commit(
                [guarded(user_id, _at_rest(item))] for item in page if item.state is not State.CREATING
            )
            after = (page[-1].due_at or EVER, page[-1].sugar_id)
        after = None
        while entries := google_index.due(db, user_id, EVER, _PAGE, after):
            holder.commit(
                [guarded(user_id, replace(item, due_at=None, directive=None, attempts=0))]
                for item in entries
                if not _is_duplicate(item)
            )
            after = (entries[-1].due_at or EVER, entries[-1].google_id)

    def _revoke(self) -> None:
        """Give the grant back. That Google does not answer must not keep us in possession of the tokens."""
        token = self.box.tokens.google_refresh or self.box.tokens.google_access
        if not token:
            return
        self.session.ensure_time()
        try:
            self.engine.oauth.revoke(token)
        except UserMustAct:
            # The grant is over already.
            return
        except TransientForUser:
            if self.attempt + 1 < REVOKE_TRIES:
                raise
            self.revoked = False
        except OperatorMustAct as error:
            log.error("the deployment needs its operator", extra={"code": error.code})
            self.revoked = False

    def _disconnected(self) -> Summary:
        """The end: no tokens, nothing due, and the next connection begins with a full intake."""
        stayed, message, error = self.order.stayed, ["Your Google account is disconnected."], None
        if not self.revoked:
            error = "not_revoked"
            message.append(NOT_REVOKED)
        if stayed:
            error = "contacts_stayed"
            self.session.counts["google_stayed"] = stayed
            message.insert(1, f"{contacts(stayed)} could not be deleted and stayed in Google.")
        cursors = self.session.holder.user.cursors
        fields = {
            "connection": "disconnected",
            "connection_message": " ".join(message),
            "disconnecting": None,
            # Whether a contact is new is judged by what is stored, so that a full intake was made is remembered.
            "cursors": Cursors(full_at=cursors.full_at, google_looks=cursors.google_looks),
            "pending": None,
            "planned_run": None,
            "next_sync_at": None,
        }
        return self._release(lambda _user: fields, [tokens.forget(self.user_id)], error)

    def _interrupted(self, error: SyncError) -> Summary:
        """Something keeps the disconnect from its end: go on later, or give it up."""
        if isinstance(error, TransientForAll):
            self._wait(error.code)
            raise error
        if error.code == "out_of_time":
            summary = self._wait(None)
            enqueue(self.engine, self.user_id, self.order.run, f"after/{self.session.holder.lease.id}")
            return summary
        if isinstance(error, TransientForUser) and self.attempt < schedule.MOST_ATTEMPTS:
            summary = self._wait(error.code)
            wait = max(schedule.backoff(self.attempt + 1), timedelta(seconds=error.retry_after or 0))
            cause = f"after/{self.session.holder.lease.id}"
            enqueue(self.engine, self.user_id, self.order.run, cause, attempt=self.attempt + 1, wait=wait)
            return summary
        return self._given_up(error)

    def _wait(self, error: str | None) -> Summary:
        session = self.session
        session.holder.release([self.progress.write("queued", error=error)], lambda _user: {})
        return self.progress.summary(error) | {"phase": "waiting"}

    def _given_up(self, error: SyncError) -> Summary:
        """The user stays connected, as far as that is possible, and decides again. Deletions that the next intake
        finds may be of this run: nothing is deleted for them."""
        log.error("a disconnect was given up", extra={"code": error.code})
        db, run = self.engine.db, self.session.run
        left = mappings.created_in_google(db, self.user_id) + len(history.planned(db, self.user_id, run))
        self.session.counts["google_stayed"] = left
        message = f"{contacts(left)} created by the sync could not be deleted in Google."
        if isinstance(error, UserMustAct):
            connection = code = error.code
            message += " Connect again, then disconnect again; or disconnect without deleting."
        else:
            connection, code = self.order.connection, "disconnect_failed"
            message += " Disconnect again later, or disconnect without deleting."

        def fields(user: User) -> Mapping[str, Any]:
            settings = self.engine.policy.apply(user.settings)
            standing = replace(user, connection=connection)
            return {
                "connection": connection,
                "connection_message": message,
                "disconnecting": None,
                "cursors__settings_version": 0,
                "cursors__deletes_on": {},
                "next_sync_at": schedule.next_sync(settings, standing, self.engine.now()),
            }

        return self._release(fields, [], code)

    def _release(
        self, fields: Callable[[User], Mapping[str, Any]], writes: Sequence[Write], error: str | None
    ) -> Summary:
        summary = self.progress.summary(error)
        self.session.holder.release(
            [*writes, self.progress.write("done", finished=True, error=error)],
            lambda user: {**fields(user), "last_run": summary},
        )
        return summary


def enqueue(
    engine: Engine,
    user_id: str,
    run: str,
    cause: str,
    *,
    attempt: int = 0,
    wait: timedelta | None = None,
    urgent: bool = False,
) -> None:
    """One task that goes on with the disconnect; one per cause."""
    payload = {"user": user_id, "trigger": "disconnect", "run": run} | (
        {"attempt": attempt} if attempt else {}
    )
    name = schedule.successor_task("disconnect", user_id, f"{run}/{cause}")
    at = engine.now() + wait if wait is not None else None
    engine.enqueue(payload, name=name, at=at, urgent=urgent)


def contacts(count: int) -> str:
    """So many contacts, in words."""
    return "1 contact" if count == 1 else f"{count} contacts"


def _at_rest(mapping: ContactMapping) -> ContactMapping:
    """Not due. A deletion that was noted and not decided about is noted anew by the next full intake."""
    rested = replace(mapping, due_at=None, directive=None, attempts=0)
    if mapping.state is not State.LINKED:
        return rested
    return replace(rested, missing=None, deletion_waits=None)


def _is_duplicate(entry: IndexEntry) -> bool:
    return entry.directive is not None and entry.directive.kind == DUPLICATE

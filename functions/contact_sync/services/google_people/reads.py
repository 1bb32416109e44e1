"""Reading people: the change feed, the latest changes, and direct reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ...contacts.google_person import PERSON_FIELDS
from ...errors import ContactAtFault, SyncError, SyncTokenExpired, TransientForUser
from .calls import SOURCES, Calls, Json, listed, malformed, refused, token_in
from .faults import INVALID_ARGUMENT, NOT_FOUND, Rejected, element
from .values import PeoplePage, Read, contact_source, google_id, is_person, resource_name, tells_sources

PAGE_SIZE = 1000
GET_LIMIT = 200
READ_MASK = PERSON_FIELDS
"""The same for every call: what a sync token was made with must not change while it lives."""


def list_changes(
    calls: Calls, sync_token: str | None, page_token: str | None, want_token: bool
) -> PeoplePage:
    """One page of the feed since `sync_token`, or of all contacts without one."""
    request = calls.api.connections.list(
        resourceName="people/me",
        personFields=READ_MASK,
        sources=SOURCES,
        pageSize=PAGE_SIZE,
        requestSyncToken=True if want_token else None,
        syncToken=sync_token,
        pageToken=page_token,
    )
    try:
        answer = calls.read(request)
    except Rejected as rejected:
        if sync_token and rejected.fault.status in (400, 410):
            raise SyncTokenExpired("sync_token_expired", "Google no longer accepts the sync token") from None
        if page_token and rejected.fault.status == 400:
            raise TransientForUser("google_page_expired", "Google no longer accepts the page token") from None
        raise refused(rejected) from None
    page = PeoplePage(_persons(answer), token_in(answer, "nextPageToken"), token_in(answer, "nextSyncToken"))
    if want_token and not page.next_page and not page.next_sync_token:
        raise malformed("a page with neither a next page nor a sync token")
    return page


def list_recently_changed(calls: Calls, pages: int) -> list[dict[str, Any]]:
    """The contacts changed last, newest first, up to `pages` pages of a thousand."""
    found: list[dict[str, Any]] = []
    page_token = None
    for _ in range(pages):
        request = calls.api.connections.list(
            resourceName="people/me",
            personFields=READ_MASK,
            sources=SOURCES,
            pageSize=PAGE_SIZE,
            sortOrder="LAST_MODIFIED_DESCENDING",
            pageToken=page_token,
        )
        try:
            answer = calls.read(request)
        except Rejected as rejected:
            raise refused(rejected) from None
        found += _persons(answer)
        page_token = token_in(answer, "nextPageToken")
        if not page_token:
            break
    return found


def get_people(calls: Calls, ids: Iterable[str]) -> Read:
    """The contacts with these ids, read directly (never stale, unlike listings)."""
    found = Read()
    wanted = list(dict.fromkeys(ids))
    for start in range(0, len(wanted), GET_LIMIT):
        _get_some(calls, wanted[start : start + GET_LIMIT], found)
    return found


def _get_some(calls: Calls, ids: Sequence[str], found: Read) -> None:
    names = [resource_name(each) for each in ids]
    request = calls.api.people.getBatchGet(resourceNames=names, personFields=READ_MASK, sources=SOURCES)
    try:
        answer = calls.read(request)
    except Rejected as rejected:
        if len(ids) > 1:
            # One name that Google cannot read fails the call for all; halving finds it.
            middle = len(ids) // 2
            _get_some(calls, ids[:middle], found)
            _get_some(calls, ids[middle:], found)
        elif rejected.fault.status == 404:
            found.people[ids[0]] = None
        else:
            found.failed[ids[0]] = ContactAtFault("google_refused", rejected.fault.plain_reason)
        return
    by_id = {
        str(item.get("requestedResourceName", "")).removeprefix("people/"): item
        for item in listed(answer, "responses")
    }
    for each in ids:
        _take(each, by_id.get(each), found)


def _take(asked: str, item: Json | None, found: Read) -> None:
    if item is None:
        found.failed[asked] = malformed("no answer for one of the contacts")
        return
    person = item.get("person")
    fault = element(item.get("status"))
    if fault.status == NOT_FOUND or item.get("httpStatusCode") == 404:
        found.people[asked] = None
    elif fault.status:
        found.failed[asked] = _read_error(fault.status, fault.plain_reason)
    elif not is_person(person) or not tells_sources(person):
        found.failed[asked] = malformed("a contact without its name and sources")
    elif contact_source(person) is None:
        # What is left of a deleted contact that was linked to a public profile.
        found.people[asked] = None
    else:
        found.people[asked] = person
        actual = google_id(person)
        if actual != asked:
            found.moved[asked] = actual


def _read_error(code: int, reason: str) -> SyncError:
    if code == INVALID_ARGUMENT:
        return ContactAtFault("google_refused", reason)
    return TransientForUser("google_unavailable", "Google could not read one of the contacts")


def _persons(answer: Json) -> list[Json]:
    """The persons of a list. One without a name is nobody's."""
    return list(filter(is_person, listed(answer, "connections")))

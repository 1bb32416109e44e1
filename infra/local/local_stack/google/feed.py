"""Listings of contacts: pages, sync tokens and their expiry."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from . import errors, masks, view
from .account import Account
from .book import Snapshot
from .errors import Json

PAGE_LIMIT = 1000
_DEFAULT_PAGE = 100
# Real tokens are long; a client that puts one into a URL next to a long mask passes 2,048 characters.
_TOKEN_PADDING = 240
_ASCENDING = "LAST_MODIFIED_ASCENDING"


def connections(
    account: Account,
    query: Json,
    now: datetime,
    *,
    token_life: timedelta,
    expired_status: str,
    page_limit: int = PAGE_LIMIT,
) -> Json:
    """people.connections.list: a page of all contacts, or with a sync token of the changes since.

    The sync token is given with the last page, if asked for. It stands for what listings showed when the
    first page was read, and for the time of the full sync at the start of its chain, from which its life is
    counted.
    """
    mask = masks.required(query.get("personFields"), "personFields", masks.READABLE)
    order = query.get("sortOrder", _ASCENDING)
    sync = query.get("syncToken")
    wanted = bool(query.get("requestSyncToken"))
    if (sync or wanted) and order != _ASCENDING:
        raise errors.invalid("Sort order is not supported when sync is requested.")
    size = page_size(query.get("pageSize", 0), _DEFAULT_PAGE)
    fixed = digest(account.sub, sorted(mask), sorted(query.get("sources", [])), size, order)
    full_sync_at, since = now.timestamp(), 0
    if sync:
        token = opened(sync, "sync", fixed)
        full_sync_at, since = token["full"], token["version"]
        if now.timestamp() - full_sync_at > token_life.total_seconds():
            raise errors.expired_sync_token(expired_status)
    paging = digest(fixed, sync, wanted)
    start: Json = {"after": [], "version": account.book.visible_version(), "full": full_sync_at}
    page = query.get("pageToken")
    if page:
        start |= opened(page, "page", paging)
    items = account.book.changes(since) if sync else account.book.listing()
    if "READ_SOURCE_TYPE_CONTACT" not in query.get("sources", ["READ_SOURCE_TYPE_CONTACT"]):
        items = []
    ordered = [(_key(item, order), item) for item in items]
    if order != _ASCENDING:
        ordered.sort(key=lambda pair: pair[0])
    rest = [pair for pair in ordered if not start["after"] or pair[0] > start["after"]]
    size = min(size, page_limit)
    shown = rest[:size]
    result: Json = {}
    if shown:
        result["connections"] = [view.person(item, mask, listed=True, sync=bool(sync)) for _, item in shown]
    if len(rest) > size:
        result["nextPageToken"] = sealed("page", paging, start | {"after": shown[-1][0]})
    elif wanted:
        result["nextSyncToken"] = sealed("sync", fixed, {"version": start["version"], "full": start["full"]})
    if items:
        result |= {"totalPeople": len(items), "totalItems": len(items)}
    return result


def page_size(asked: int, default: int) -> int:
    """The page size for a requested one: 0 is the default, more than 1,000 is 1,000."""
    if asked < 0:
        raise errors.invalid("Page size must not be negative.")
    return min(asked or default, PAGE_LIMIT)


def _key(snapshot: Snapshot, order: str) -> list[Any]:
    if order == _ASCENDING:
        return [snapshot.version]
    if order == "LAST_MODIFIED_DESCENDING":
        return [-snapshot.version]
    name = (snapshot.fields.get("names") or [{}])[0]
    parts = ("givenName", "familyName") if order == "FIRST_NAME_ASCENDING" else ("familyName", "givenName")
    return [*(name.get(part, "").casefold() for part in parts), snapshot.source_id]


def digest(*parts: Any) -> str:
    """A fingerprint of the parameters that a token is bound to."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def sealed(kind: str, fixed: str, content: Json) -> str:
    """An opaque token."""
    raw = json.dumps({"kind": kind, "fixed": fixed, **content}).ljust(_TOKEN_PADDING)
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def opened(token: str, kind: str, fixed: str) -> Json:
    """What a token of ours holds; garbage, or another kind, user or set of parameters, is a plain 400."""
    try:
        content = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except ValueError:
        raise errors.invalid() from None
    if (
        not isinstance(content, dict)
        or content.pop("kind", None) != kind
        or content.pop("fixed", None) != fixed
    ):
        raise errors.invalid()
    return content

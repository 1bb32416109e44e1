"""The contactGroups.* methods."""

from __future__ import annotations

from . import errors, feed, masks, normalise
from .errors import Json
from .groups import OPEN_TO_MEMBERS, Group, shown
from .people import READ_LIMIT, Call

_MODIFY_LIMIT = 1000
_DEFAULT_PAGE = 30
_LISTED = masks.GROUP_READABLE - {"clientData"}
_WRITTEN = _LISTED - {"memberCount"}


def list_groups(call: Call) -> Json:
    """contactGroups.list: all groups, or with a sync token those changed since."""
    mask = _mask(call.query.get("groupFields"), "groupFields", "list")
    size = feed.page_size(call.query.get("pageSize", 0), _DEFAULT_PAGE)
    groups = call.account.groups
    fixed = feed.digest(call.account.sub, sorted(mask))
    now = call.now.timestamp()
    sync = call.query.get("syncToken")
    since, full = 0, now
    if sync:
        token = feed.opened(sync, "groups", fixed)
        since, full = token["version"], token["full"]
        if now - full > call.knobs.sync_token_lifetime.total_seconds():
            raise errors.expired_sync_token(call.knobs.expired_status)
        items = [group for group in groups.all.values() if group.version > since]
    else:
        items = [group for group in groups.all.values() if not group.deleted]
    paging = feed.digest(fixed, sync, size)
    start = 0
    if call.query.get("pageToken"):
        start = feed.opened(call.query["pageToken"], "groups page", paging)["start"]
    page = items[start : start + size]
    members = _members(call)
    result: Json = (
        {"contactGroups": [shown(g, mask, members.get(g.resource_name, [])) for g in page]} if page else {}
    )
    if items:
        result["totalItems"] = len(items)
    if start + size < len(items):
        result["nextPageToken"] = feed.sealed("groups page", paging, {"start": start + size})
    else:
        result["nextSyncToken"] = feed.sealed("groups", fixed, {"version": groups.version, "full": full})
    return result


def get_group(call: Call) -> Json:
    """contactGroups.get"""
    group = call.account.groups.find(f"contactGroups/{call.identifier}")
    mask = _mask(call.query.get("groupFields"), "groupFields", "get")
    return _with_members(call, group, mask)


def batch_get_groups(call: Call) -> Json:
    """contactGroups.batchGet"""
    names = call.query.get("resourceNames", [])
    if not 0 < len(names) <= READ_LIMIT:
        raise errors.invalid(f"Request must have between 1 and {READ_LIMIT} resource names.")
    mask = _mask(call.query.get("groupFields"), "groupFields", "batchGet")
    responses = []
    for name in names:
        response: Json = {"requestedResourceName": name, "status": {}}
        try:
            response["contactGroup"] = _with_members(call, call.account.groups.find(name), mask)
        except errors.ApiError as error:
            response["status"] = error.rpc_status()
        responses.append(response)
    return {"responses": responses}


def create_group(call: Call) -> Json:
    """contactGroups.create"""
    asked = call.body.get("contactGroup") or {}
    mask = _mask(call.body.get("readGroupFields"), "readGroupFields", "create", _WRITTEN)
    group = call.account.groups.add(asked.get("name") or "", asked.get("clientData"))
    return shown(group, mask, [])


def update_group(call: Call) -> Json:
    """contactGroups.update"""
    asked = call.body.get("contactGroup") or {}
    mask = _mask(call.body.get("readGroupFields"), "readGroupFields", "update", _WRITTEN)
    written = masks.optional(
        call.body.get("updateGroupFields"),
        "updateGroupFields",
        masks.GROUP_WRITABLE,
        frozenset({"name"}),
        "contactGroups/update",
    )
    group = call.account.groups.find(f"contactGroups/{call.identifier}")
    call.account.groups.change(
        group,
        asked.get("etag") or "",
        (asked.get("name") or "") if "name" in written else None,
        (asked.get("clientData") or []) if "clientData" in written else None,
    )
    return _with_members(call, group, mask)


def delete_group(call: Call) -> Json:
    """contactGroups.delete: its members leave it, or are deleted too if asked for."""
    group = call.account.groups.find(f"contactGroups/{call.identifier}")
    call.account.groups.delete(group)
    book = call.account.book
    for name in _members(call).get(group.resource_name, []):
        contact = call.live(name)
        if call.query.get("deleteContacts"):
            book.commit(contact, contact.live.fields, deleted=True)
        else:
            rest = [g for g in _groups_of(contact.live.fields) if g != group.resource_name]
            fields = call.account.with_groups(contact.live, rest or ["contactGroups/myContacts"])
            book.commit(contact, fields)
        call.record(name, ("memberships",))
    return {}


def modify_members(call: Call) -> Json:
    """contactGroups.members.modify; contacts that are missing or would lose their last group are named."""
    group = call.account.groups.find(f"contactGroups/{call.identifier}")
    adding = call.body.get("resourceNamesToAdd") or []
    removing = call.body.get("resourceNamesToRemove") or []
    if len(adding) + len(removing) > _MODIFY_LIMIT:
        raise errors.invalid(f"Request must have at most {_MODIFY_LIMIT} resource names.")
    if adding and group.system and group.resource_name not in OPEN_TO_MEMBERS:
        raise errors.invalid("Contacts cannot be added to this system contact group.")
    missing: list[str] = []
    last: list[str] = []
    for name in dict.fromkeys([*adding, *removing]):
        contact = call.account.book.find_live(name)
        if contact is None:
            missing.append(name)
            continue
        before = _groups_of(contact.live.fields)
        after = [g for g in before if g != group.resource_name or name not in removing]
        if name in adding and group.resource_name not in after:
            after.append(group.resource_name)
        if not after:
            last.append(name)
        elif after != before:
            call.account.book.commit(contact, call.account.with_groups(contact.live, after))
            call.record(name, ("memberships",))
    result: Json = {}
    if missing:
        result["notFoundResourceNames"] = missing
    if last:
        result["canNotRemoveLastContactGroupResourceNames"] = last
    return result


def _mask(text: str | None, name: str, page: str, default: frozenset[str] = _LISTED) -> frozenset[str]:
    return masks.optional(text, name, masks.GROUP_READABLE, default, f"contactGroups/{page}")


def _with_members(call: Call, group: Group, mask: frozenset[str]) -> Json:
    members = _members(call).get(group.resource_name, [])
    result = shown(group, mask, members)
    if limit := call.query.get("maxMembers", 0):
        result["memberResourceNames"] = members[:limit]
    return {name: value for name, value in result.items() if value}


def _members(call: Call) -> dict[str, list[str]]:
    members: dict[str, list[str]] = {}
    for snapshot in call.account.book.live():
        for item in snapshot.fields["memberships"]:
            group = item["contactGroupMembership"]["contactGroupResourceName"]
            members.setdefault(group, []).append(snapshot.resource_name)
    return members


def _groups_of(fields: Json) -> list[str]:
    return normalise.groups_of(fields["memberships"])

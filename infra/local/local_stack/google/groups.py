"""Contact groups (labels) of one account."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from .errors import ApiError, Json, invalid, not_found

_SYSTEM = {
    "myContacts": "My Contacts",
    "starred": "Starred",
    "friends": "Friends",
    "family": "Family",
    "coworkers": "Coworkers",
    "chatBuddies": "Chat contacts",
    "all": "All Contacts",
    "blocked": "Blocked",
}
OPEN_TO_MEMBERS = frozenset({"contactGroups/myContacts", "contactGroups/starred"})


@dataclass(slots=True)
class Group:
    """A contact group; `version` orders its last change among all changes to groups."""

    resource_name: str
    name: str
    formatted_name: str
    system: bool = False
    etag: str = ""
    updated: str = ""
    client_data: list[Json] = field(default_factory=list)
    version: int = 0
    deleted: bool = False


class GroupBook:
    """The groups of one account, with a version number for every change to one."""

    def __init__(self, random_source: random.Random, now: Callable[[], datetime]) -> None:
        self._random = random_source
        self._now = now
        self.version = 0
        self.all = {
            f"contactGroups/{key}": Group(f"contactGroups/{key}", key, shown, system=True)
            for key, shown in _SYSTEM.items()
        }

    def find(self, resource_name: str) -> Group:
        """The group of a resource name; 404 if there is none."""
        group = self.all.get(resource_name)
        if group is None or group.deleted:
            raise not_found()
        return group

    def require(self, resource_names: list[str]) -> None:
        """404 unless every group exists."""
        for name in resource_names:
            self.find(name)

    def add(self, name: str, client_data: list[Json] | None = None) -> Group:
        """A new group; 409 if the name is taken."""
        self._check_name(name)
        identifier = f"contactGroups/{self._random.getrandbits(63):x}"
        group = Group(identifier, name, name, client_data=client_data or [])
        self.all[identifier] = group
        self._touch(group)
        return group

    def change(self, group: Group, etag: str, name: str | None, client_data: list[Json] | None) -> None:
        """Replace name or client data; 409 if the etag is not the group's or the name is taken."""
        if group.system:
            raise invalid("System contact groups cannot be changed.")
        if etag != group.etag:
            raise ApiError(409, "Contact group etag is outdated", "ABORTED")
        if name is not None and name != group.name:
            self._check_name(name)
            group.name = group.formatted_name = name
        if client_data is not None:
            group.client_data = client_data
        self._touch(group)

    def delete(self, group: Group) -> None:
        """Delete a group of the user's."""
        if group.system:
            raise invalid("System contact groups cannot be deleted.")
        group.deleted = True
        self._touch(group)

    def _touch(self, group: Group) -> None:
        self.version += 1
        group.version = self.version
        group.etag = self._random.randbytes(8).hex()
        group.updated = self._now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def _check_name(self, name: str) -> None:
        if not name.strip():
            raise invalid("Contact group name is empty.")
        if any(
            name in (group.name, group.formatted_name) for group in self.all.values() if not group.deleted
        ):
            raise ApiError(409, "Contact group name already exists.", "ALREADY_EXISTS")


def shown(group: Group, mask: frozenset[str], members: list[str]) -> Json:
    """A group through a mask, without what is empty. System groups have neither etag nor time of change."""
    result: Json = {"resourceName": group.resource_name}
    if group.deleted:
        return result | {"metadata": {"deleted": True, "updateTime": group.updated}}
    if group.etag:
        result["etag"] = group.etag
    if "metadata" in mask and group.updated:
        result["metadata"] = {"updateTime": group.updated}
    if "groupType" in mask:
        result["groupType"] = "SYSTEM_CONTACT_GROUP" if group.system else "USER_CONTACT_GROUP"
    if "name" in mask:
        result |= {"name": group.name, "formattedName": group.formatted_name}
    if "memberCount" in mask and members:
        result["memberCount"] = len(members)
    if "clientData" in mask and group.client_data:
        result["clientData"] = group.client_data
    return result

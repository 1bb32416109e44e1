"""What a user may not do with contacts: read from `/me`, which lists denials only."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ...contacts.json_values import as_map
from ...errors import TransientForUser, UserMustAct


def denied_by(me: Any, fields: Collection[str]) -> frozenset[str]:
    """The fields that the user's role keeps from being written; all of them if it forbids editing.

    PHP writes an empty map as []. Raises UserMustAct where the role gives no access at all, and TransientForUser where
    the answer tells of no user.
    """
    user = as_map(me).get("current_user")
    if not isinstance(user, dict):
        raise TransientForUser("sugar_error", "Sugar does not say what the user may do")
    acl = as_map(as_map(user.get("acl")).get("Contacts"))
    if acl.get("access") == "no":
        raise UserMustAct("sugar_access_denied", "Sugar gives the user no access to contacts")
    if acl.get("edit") == "no":
        return frozenset(fields)
    return frozenset(
        name for name, denials in as_map(acl.get("fields")).items() if _forbids_writing(as_map(denials))
    )


def _forbids_writing(denials: Any) -> bool:
    return "no" in (denials.get("read"), denials.get("write"), denials.get("edit"), denials.get("license"))

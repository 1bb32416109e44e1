"""Whether the service user may act for a user, and whether that user may do what the sync does."""

from __future__ import annotations

from typing import Any, Final

from contact_sync.errors import UserMustAct
from contact_sync.services.sugar.faults import fault_of, lost_fault
from contact_sync.services.sugar.transport import Answer, Lost
from contact_sync.services.sugar.users import UNKNOWN_TO_IDENTITY

from .doubt import Doubt
from .instance import Instance

_NEEDED: Final = ("access", "list", "view", "edit", "create")
_TRIED: Final = 20
"""Users who are tried, one after the other, where none is named."""
_NAMED: Final = 10
"""Of those who are refused so many are named."""


def check(instance: Instance, user_name: str | None) -> str:
    """Act for the user of that name, else for the first active one who is not refused.

    Raises Doubt. A user whom SugarIdentity does not know is that user's trouble: the session is left as it is.
    """
    refused: list[str] = []
    for name in [user_name] if user_name else _people(instance):
        try:
            token, _ = instance.server.sudo(name)
        except UserMustAct as error:
            if error.message != UNKNOWN_TO_IDENTITY:
                raise
            refused.append(name)
            continue
        missing = _missing_rights(instance, token)
        if missing:
            raise Doubt(
                f"{name} may not {', '.join(missing)} contacts",
                "In Sugar, Admin > Role Management: give the role these rights on Contacts, unless that is meant.",
                serious=False,
            )
        if refused:
            raise _strangers(refused, f"{name} can be acted for; ", serious=False)
        return f"{name}, on the platform {instance.config.sudo_platform}"
    if not refused:
        raise UserMustAct("sugar_user_missing", "Sugar shows no active user besides the service user")
    raise _strangers(refused, "", serious=True)


def _strangers(names: list[str], before: str, *, serious: bool) -> Doubt:
    shown = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    return Doubt(
        f"{before}SugarIdentity does not know, or refuses: {shown}",
        "It concerns these users alone: they cannot sync until SugarIdentity knows them (active there, invitation "
        "accepted, the same user name as in Sugar).",
        serious=serious,
        request="Please have SugarIdentity know these users, who are active in Sugar and for whom "
        f"POST /oauth2/sudo/{{name}} answers 401 need_login: {shown}.",
    )


def _missing_rights(instance: Instance, token: str) -> list[str]:
    try:
        answer = instance.transport.send("GET", "me", token)
    except Lost as lost:
        raise lost_fault(lost) from lost
    if answer.status != 200:
        raise fault_of(answer, "a user's request")
    # Sugar lists denials only: what is not there is allowed.
    denied = part(answer.body, "current_user", "acl", "Contacts")
    return [right for right in _NEEDED if denied.get(right) == "no"]


def _people(instance: Instance) -> list[str]:
    """Active users other than the service user, by name. Raises UserMustAct where there is none."""
    wanted = {
        "filter": [{"status": {"$equals": "Active"}}],
        "fields": "user_name,status",
        "order_by": "user_name:asc",
        "max_num": _TRIED,
    }
    users = Answer(200, instance.caller.read("POST", "Users/filter", wanted)).records()
    own = instance.config.username.casefold()
    names = [str(user.get("user_name") or "") for user in users if user.get("status") == "Active"]
    return [name for name in names if name and name.casefold() != own]


def part(body: Any, *path: str) -> dict[str, Any]:
    """What lies at the path; nothing where something on the way is missing. PHP writes an empty map as []."""
    for name in path:
        body = body.get(name) if isinstance(body, dict) else None
    return body if isinstance(body, dict) else {}

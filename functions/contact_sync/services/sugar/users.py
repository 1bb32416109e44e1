"""Users: who has an e-mail address, and tokens to act as one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from ...contacts.json_values import as_map, as_maps
from ...errors import OperatorMustAct, SyncError, TransientForAll, TransientForUser, UserMustAct
from ..exchange import lifetime
from .calls import Caller
from .paths import segment
from .transport import Answer, token_in

UNKNOWN_TO_IDENTITY: Final = "Sugar's identity service does not know the user, or refuses them"
"""Why a user cannot be acted for whom Sugar itself shows as active: this user's trouble, and no one else's."""


def sudo(caller: Caller, user_name: str, now: Callable[[], datetime]) -> tuple[str, datetime]:
    """A token to act as that user, on the platform kept for such tokens, and when it ends.

    It comes without a refresh token; asking again ends the earlier one.
    """
    config = caller.config
    began = now()
    body = {"client_id": config.client_id, "platform": config.sudo_platform}
    answer = caller.ask("POST", f"oauth2/sudo/{segment(user_name)}", body)
    if answer.status != 200:
        raise _sudo_fault(caller, user_name, answer)
    try:
        lives = lifetime(as_map(answer.body).get("expires_in") or 3600)
        return token_in(answer.body, "access_token"), began + lives
    except ValueError:
        message = "Sugar answered a user's token request without a token"
        raise TransientForAll("sugar_down", message) from None


def name_of(caller: Caller, user_id: str) -> str:
    """The name that the active user of this id has now. Raises UserMustAct `sugar_user_missing`."""
    answer = caller.ask("GET", f"Users/{segment(user_id)}?fields=user_name,status")
    if answer.status == 404 and answer.label == "not_found":
        raise _missing()
    if answer.status != 200 or not isinstance(answer.body, dict):
        raise caller.fault(answer, "Users")
    if answer.body.get("status") != "Active" or not answer.body.get("user_name"):
        raise _missing()
    return str(answer.body["user_name"])


def find(caller: Caller, email: str) -> list[dict[str, str]]:
    """Active users whose primary address this is."""
    return [_shown(user) for user in _find(caller, email)]


def find_people(caller: Caller, email: str) -> list[dict[str, str]]:
    """Those of them who are ordinary people: no administrators, groups or portal users, and never our own account."""
    return [_shown(user) for user in _find(caller, email) if _is_person(user, caller.config.username)]


def _find(caller: Caller, email: str) -> list[dict[str, Any]]:
    address = {"email_addresses.email_address": {"$equals": email}}
    users = _filter(caller, [address, {"status": {"$equals": "Active"}}])
    found = [user for user in users if user.get("status") == "Active" and _has_primary(user, email)]
    return list({str(user["id"]): user for user in found}.values())


def _filter(caller: Caller, conditions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    fields = "user_name,full_name,status,email,is_admin,is_group,portal_only"
    body = {"filter": conditions, "fields": fields, "max_num": 20}
    return Answer(200, caller.read("POST", "Users/filter", body)).records()


def _shown(user: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(user.get(name) or "") for name in ("id", "user_name", "status", "full_name")}


def _is_person(user: Mapping[str, Any], service_user: str) -> bool:
    name = str(user.get("user_name") or "")
    special = any(
        user.get(flag) in (True, 1, "1", "true") for flag in ("is_admin", "is_group", "portal_only")
    )
    return bool(name) and name.casefold() != service_user.casefold() and not special


def _has_primary(user: Mapping[str, Any], email: str) -> bool:
    addresses = as_maps(user.get("email"))
    # A primary flag is true or "1" depending on the release; where none is set, the first address counts.
    flagged = [entry for entry in addresses if entry.get("primary_address") in (True, 1, "1")]
    primary = (flagged or addresses)[:1]
    return [str(entry.get("email_address")).casefold() for entry in primary] == [email.strip().casefold()]


def _sudo_fault(caller: Caller, user_name: str, answer: Answer) -> SyncError:
    if answer.status == 404 and answer.is_json:
        return _missing()
    if answer.status == 401:
        return UserMustAct("sugar_user_missing", UNKNOWN_TO_IDENTITY)
    if answer.status == 422:
        return OperatorMustAct("sugar_platform", "Sugar does not know the platform for user tokens")
    if answer.status == 403:
        return OperatorMustAct("sugar_service_rights", "Sugar does not let the service user act for others")
    if answer.status == 424:
        users = _filter(caller, [{"user_name": {"$equals": user_name}}])
        if not any(user.get("status") == "Active" for user in users):
            return _missing()
        return TransientForUser("sugar_error", "Sugar could not issue a token for the user")
    return caller.fault(answer, "oauth2/sudo")


def _missing() -> UserMustAct:
    return UserMustAct("sugar_user_missing", "Sugar has no such active user any more.")

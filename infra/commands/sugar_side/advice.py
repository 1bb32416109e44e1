"""What an administrator does about each fault of Sugar's, by its code."""

from __future__ import annotations

from typing import Final

from contact_sync.errors import SyncError

_AGAIN: Final = "Repeat the command in a minute."
_PLATFORMS: Final = (
    "In Sugar, Admin > Configure API Platforms: add SUGAR_PLATFORM and SUGAR_SUDO_PLATFORM as they are here."
)
_BY_CODE: Final = {
    "sugar_down": "Open SUGAR_URL in a browser. If Sugar works there, a firewall keeps this machine out.",
    "sugar_timeout": _AGAIN,
    "sugar_busy": _AGAIN,
    "sugar_error": _AGAIN,
    "sugar_outcome_unknown": "Repeat the command: it looks what is there and does only what is missing.",
    "sugar_version": "Set SUGAR_REST_VERSION to a version that this Sugar knows; v11_11 fits Sugar 10.3 and later.",
    "sugar_url": "Set SUGAR_URL to the address that Sugar itself shows after signing in, with its folder, if any.",
    "sugar_client_refused": "In Sugar's configuration, allow clients other than browsers (its list of User-Agents).",
    "sugar_credentials": "Correct SUGAR_USERNAME and SUGAR_PASSWORD. The user must be active and sign in with a "
    "password, not by single sign-on only; too many wrong attempts lock it.",
    "sugar_platform": _PLATFORMS,
    "sugar_client": "In Sugar, Admin > OAuth Keys: SUGAR_CLIENT_ID must be an OAuth 2.0 key for the client type "
    "Sugar User without a secret; `sugar` always exists.",
    "sugar_service_rights": "In Sugar, Admin > User Management: make the service user a System Administrator.",
    "sugar_session_refused": "Look whether another program signs in with the same user and SUGAR_PLATFORM.",
    "sugar_user_missing": "Name an active user of Sugar with --user, by the user name.",
}


def advice(error: SyncError) -> str:
    """What to do about the error; empty where only Sugar's own logs can tell."""
    return _BY_CODE.get(error.code, "")

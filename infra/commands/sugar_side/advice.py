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
    "sugar_version": "Set SUGAR_REST_VERSION to a version that this Sugar knows; v11_12 fits Sugar 11.0 and later.",
    "sugar_url": "Set SUGAR_URL to the address that Sugar itself shows after signing in, with its folder, if any.",
    "sugar_client_refused": "In Sugar's configuration, allow clients other than browsers (its list of User-Agents).",
    "sugar_credentials": "Correct SUGAR_USERNAME and SUGAR_PASSWORD. The user must be active and sign in with a "
    "password, not by single sign-on only; too many wrong attempts lock it.",
    "sugar_platform": _PLATFORMS,
    "sugar_client": "In Sugar, Admin > OAuth Keys: SUGAR_CLIENT_ID must be an OAuth 2.0 key for the client type "
    "Sugar User without a secret; `sugar` always exists.",
    "sugar_service_rights": "In Sugar, Admin > User Management: make the service user a System Administrator.",
    "sugar_session_refused": "Look whether another program signs in with the same user and SUGAR_PLATFORM, and whether "
    "Sugar binds sessions to an address (Admin > System Settings > Advanced, Validate user IP address).",
    "sugar_user_missing": "Name an active user of Sugar with --user, by the user name.",
}


_REQUESTS: Final = {
    "sugar_version": "Please tell which versions of the REST interface this Sugar answers; the sync needs v11_12 or "
    "later (Sugar 11.0).",
    "sugar_client_refused": "Please allow clients other than browsers (the list of allowed User-Agents): the answer is "
    "client_not_allowed.",
    "sugar_platform": "Please register both platforms (Admin > Configure API Platforms).",
    "sugar_service_rights": "Please make the user a System Administrator: the sync acts for users by "
    "POST /oauth2/sudo/{name}, which only administrators may.",
    "sugar_credentials": "Please let the user sign in with a password (grant_type=password at /oauth2/token), although "
    "others sign in by single sign-on; unlock it if wrong attempts have locked it.",
    "sugar_session_refused": "Please look why fresh sessions of this user are refused (401 right after a login): "
    "another program on the same platform, or sessions that are bound to an address.",
    "sugar_down": "Please look whether a firewall refuses calls from outside, or answers in Sugar's place.",
}


def request(error: SyncError) -> str:
    """What to ask of whoever runs this Sugar about the error; empty where they have no part in it."""
    return _REQUESTS.get(error.code, "")


def advice(error: SyncError) -> str:
    """What to do about the error; empty where only Sugar's own logs can tell."""
    return _BY_CODE.get(error.code, "")

"""Whether a session of Sugar's may be used from any address.

With *Validate user IP address* a session belongs to the network of its first call, and a call from elsewhere ends it.
Cloud Run's outgoing addresses change from call to call: the functions, which share one session, would end it for one
another and sign in again for nearly every call, until Sugar locks the user or blocks the address, and nothing but 401
is ever seen.
"""

from __future__ import annotations

from typing import Any, Final

from .doubt import Doubt
from .instance import Instance

_PATH: Final = "Administration/settings/validateIPAddress"
_WHERE: Final = "Admin > System Settings > Advanced, *Validate user IP address*"
_REQUEST: Final = (
    f"Please turn off {_WHERE} (verify_client_ip). The calls come from Google Cloud Run, whose addresses change: "
    "with the setting on each of them ends the session. Turning it off does not end anybody's session."
)
_ON: Final = frozenset({True, "1", "true", "on", "yes"})
_OFF: Final = frozenset({False, "0", "", "false", "off", "no"})


def check(instance: Instance) -> str:
    """That the setting is off. Raises Doubt where it is on, or where Sugar does not tell."""
    answer = instance.caller.ask("GET", _PATH)
    bound = _setting(answer.body) if answer.status == 200 and answer.is_json else None
    if bound is None:
        raise Doubt(
            f"whether sessions are bound to an address cannot be read ({answer.status} {answer.label}".rstrip()
            + ")",
            f"In Sugar, look at {_WHERE}: it must be off. On SugarCloud Sugar's support tells and turns it.",
            serious=False,
            request=f"Please tell whether {_WHERE} (verify_client_ip) is on; if so: {_REQUEST}",
        )
    if bound:
        raise Doubt(
            "sessions are bound to the address of their first call",
            f"In Sugar, {_WHERE}: turn it off (on SugarCloud Sugar's support does); or let the functions leave by one "
            "static address.",
            request=_REQUEST,
        )
    return "not bound to an address"


def _setting(body: Any) -> bool | None:
    """The answer's truth, alone or under a name; None where it says something else."""
    values = list(body.values()) if isinstance(body, dict) else [body]
    if len(values) != 1 or not isinstance(values[0], bool | int | str):
        return None
    value = values[0].strip().lower() if isinstance(values[0], str) else values[0]
    return True if value in _ON else False if value in _OFF else None

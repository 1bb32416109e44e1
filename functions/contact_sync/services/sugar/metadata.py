"""What this instance's Contacts fields hold. Instances are customized: lengths and lists are always read."""

from __future__ import annotations

from ...errors import TransientForUser
from .calls import Caller


def read_lengths(caller: Caller) -> dict[str, int]:
    """Field name -> longest text in characters. Sugar truncates what is longer without a word."""
    body = caller.read("GET", "metadata?type_filter=modules&module_filter=Contacts")
    try:
        fields = body["modules"]["Contacts"]["fields"]
        return {name: int(entry["len"]) for name, entry in fields.items() if _has_length(entry)}
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise TransientForUser("sugar_error", "Sugar answered without the definition of Contacts") from error


def read_salutations(caller: Caller) -> tuple[str, ...] | None:
    """The salutations Sugar offers, without the empty one; None if it keeps no list."""
    answer = caller.ask("GET", "Contacts/enum/salutation")
    if answer.status == 404 and answer.is_json:
        return None
    if answer.status != 200 or not answer.is_json:
        raise caller.fault(answer, "Contacts/enum")
    # PHP writes an empty map as [].
    return tuple(key for key in answer.body if key) if isinstance(answer.body, dict) else None


def _has_length(entry: object) -> bool:
    return isinstance(entry, dict) and str(entry.get("len", "")).isdecimal()

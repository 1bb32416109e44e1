"""Sugar's refusals as our errors, and its messages as text that may be shown.

Statuses and the `error` label decide; `error_message` is localized and changes between releases.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ...contacts.note_text import resolved
from ...errors import (
    ContactAtFault,
    OperatorMustAct,
    RateLimited,
    SyncError,
    TransientForAll,
    TransientForUser,
    UserMustAct,
)
from .transport import Answer, Lost

TIMEOUT: Final = "sugar_timeout"
"""The code of a read that took too long."""
_REASON_LENGTH = 300
_MESSAGE_LENGTH = 2000
"""Characters of a message that are looked at: searching one takes its time, and what is shown is at its beginning."""


def fault_of(answer: Answer, what: str) -> SyncError:
    """The error for an answer to a whole request other than 200. `what` names the call in the message."""
    said = f"Sugar answered {answer.status} {answer.label}".rstrip() + f" to {what}"
    status = answer.status
    if status == 429:
        return RateLimited("sugar_busy", said, answer.retry_after)
    if 300 <= status < 400:
        code = "sugar_version" if answer.label == "incorrect_version" else "sugar_url"
        return OperatorMustAct(code, said)
    if not answer.is_json or status >= 500 or status == 200:
        return TransientForAll("sugar_down", said, answer.retry_after)
    if status == 401:
        return TransientForUser("sugar_token_refused", said)
    if status == 403:
        if answer.label == "client_not_allowed":
            return OperatorMustAct("sugar_client_refused", said)
        return UserMustAct("sugar_access_denied", said)
    if status in (408, 413, 424):
        return TransientForUser("sugar_error", said)
    return OperatorMustAct("sugar_refused", said)


def item_fault_of(answer: Answer, what: str) -> SyncError:
    """The error for one item of a /bulk: a failure of this item says nothing about Sugar as a whole."""
    if answer.status >= 500 or answer.status < 300:
        said = f"Sugar answered {answer.status} {answer.label}".rstrip() + f" to {what}"
        return TransientForUser("sugar_error", said)
    return fault_of(answer, what)


def record_fault_of(answer: Answer) -> SyncError:
    """The error for reading one record by its id."""
    if answer.status == 403:
        return ContactAtFault("sugar_record_denied", "Sugar does not allow the user to read this record")
    return item_fault_of(answer, "a contact's read")


def lost_fault(lost: Lost) -> SyncError:
    """The error for a read whose answer never came."""
    if lost.timed_out:
        return TransientForUser(TIMEOUT, "Sugar took too long to answer")
    return TransientForAll("sugar_down", "Sugar cannot be reached")


def plain_reason(answer: Answer, sent: Mapping[str, Any]) -> str:
    """Sugar's reason in a line of plain text without e-mail addresses or any value that was sent."""
    said = answer.message[:_MESSAGE_LENGTH]
    text = resolved(re.sub(r"<[^<>]*>", " ", said)) or answer.label
    text = text or f"Sugar answered {answer.status or 'nothing that makes sense'}"
    for value in sorted(set(_values(sent)), key=len, reverse=True):
        text = _without(text, value, cut=len(answer.message) > len(said))
    text = re.sub(r"(?<![^\s\"'<>,;])[^\s\"'<>,;]+@[^\s\"'<>,;]+", "…", text)
    return " ".join(text.split())[:_REASON_LENGTH]


def _without(text: str, value: str, *, cut: bool) -> str:
    """The text without the value, nor the beginning of it with which a message that was `cut` may end."""
    if len(value) <= len(text):
        text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "…", text, flags=re.IGNORECASE)
    if not cut:
        return text
    low, begun = text.lower(), value[: len(text)].lower()
    rest = next((size for size in range(len(begun), 0, -1) if low.endswith(begun[:size])), 0)
    return text[: len(text) - rest]


def named_field(reason: str, names: Iterable[str]) -> str | None:
    """The field that the reason names, if it names one; `phone_mobile` rather than a word such as `title`."""
    ordered = sorted(names, key=lambda name: ("_" not in name, -len(name), name))
    return next((name for name in ordered if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", reason)), None)


def _values(sent: Any) -> Iterator[str]:
    if isinstance(sent, Mapping):
        for value in sent.values():
            yield from _values(value)
    elif isinstance(sent, list | tuple):
        for value in sent:
            yield from _values(value)
    elif isinstance(sent, str) and sent.strip():
        yield sent.strip()

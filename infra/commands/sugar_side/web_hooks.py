"""Sugar's web logic hooks for Contacts: which there should be, which there are, and how one becomes the other.

A hook is a record of the module WebLogicHooks that only administrators see: one event, one address of at most 255
characters. Sugar sends no secret along, so the address ends in one; it is shown nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from contact_sync.errors import OperatorMustAct, TransientForUser
from contact_sync.services.sugar.calls import Caller, Item
from contact_sync.services.sugar.faults import plain_reason
from contact_sync.services.sugar.transport import Answer

EVENTS: Final = ("after_save", "after_delete", "after_relationship_add", "after_relationship_delete")
LONGEST_URL: Final = 255
NAME: Final = "Contact sync"
_MODULE: Final = "Contacts"
_METHOD: Final = "POST"
_PAGE: Final = 100
_WRITE_SECONDS: Final = 30.0
_FIELDS: Final = "name,webhook_target_module,trigger_event,request_method,url"


@dataclass(frozen=True)
class Hook:
    """A hook as Sugar keeps it; `id` is empty until Sugar has it."""

    id: str
    name: str
    module: str
    event: str
    method: str
    url: str

    @property
    def shown_url(self) -> str:
        """The address without what follows the host: that may be a secret."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}/…"

    def fields(self) -> dict[str, str]:
        """What Sugar is sent to make it."""
        return {
            "name": self.name,
            "webhook_target_module": self.module,
            "trigger_event": self.event,
            "request_method": self.method,
            "url": self.url,
        }


@dataclass(frozen=True)
class Change:
    """What becomes of one hook. `why` is a text for people."""

    kind: Literal["keep", "create", "update", "remove"]
    hook: Hook
    why: str = ""


def address(web_url: str, token: str) -> str:
    """The address that the hooks call. Raises OperatorMustAct if Sugar cannot hold it."""
    found = f"{web_url}/hooks/sugar/{token}"
    if len(found) > LONGEST_URL:
        raise OperatorMustAct(
            "hook_url_too_long",
            f"the hooks' address has {len(found)} characters and Sugar holds {LONGEST_URL}: take a shorter token",
        )
    return found


def read_all(caller: Caller) -> list[Hook]:
    """Every web logic hook of the instance, other programs' too."""
    found: dict[str, Hook] = {}
    offset = 0
    while True:
        query = {"fields": _FIELDS, "order_by": "id:asc", "max_num": _PAGE, "offset": offset}
        answer = Answer(200, caller.read("POST", "WebLogicHooks/filter", query))
        found |= {hook.id: hook for hook in map(_hook, answer.records())}
        following = answer.next_offset()
        if following is None:
            return list(found.values())
        if following <= offset:
            raise TransientForUser("sugar_paging", "Sugar's list of web logic hooks does not advance")
        offset = following


def ours(hooks: Sequence[Hook], name: str) -> list[Hook]:
    """Those that this command made: their names begin with `name` and a colon."""
    return [hook for hook in hooks if hook.name.startswith(f"{name}:")]


def plan(existing: Sequence[Hook], name: str, url: str) -> list[Change]:
    """What makes of our hooks exactly one per event: right ones are kept, wrong ones corrected, others removed."""
    changes = []
    for event in EVENTS:
        wanted = Hook("", f"{name}: {event}", _MODULE, event, _METHOD, url)
        here = sorted((hook for hook in existing if hook.event == event), key=lambda hook: hook.id)
        right = [hook for hook in here if hook.fields() == wanted.fields()]
        if not here:
            changes.append(Change("create", wanted))
            continue
        kept = (right or here)[0]
        changes.append(Change("keep", kept) if right else _correction(kept, wanted))
        changes += [Change("remove", hook, "there is another one") for hook in here if hook is not kept]
    return changes + [
        Change("remove", hook, "its event is not needed") for hook in existing if hook.event not in EVENTS
    ]


def removal(existing: Sequence[Hook]) -> list[Change]:
    """What leaves none of our hooks."""
    return [Change("remove", hook) for hook in existing]


def carry_out(caller: Caller, changes: Sequence[Change]) -> None:
    """Make the changes in one call, which is sent once. Raises what Sugar said of the first that it refused."""
    made = [change for change in changes if change.kind != "keep"]
    if not made:
        return
    answers = caller.write_bulk([_item(change) for change in made], _WRITE_SECONDS)
    for change, answer in zip(made, answers, strict=True):
        gone = change.kind == "remove" and answer.status == 404
        if answer.status != 200 and not gone:
            secret = change.hook.url.rpartition("/")[2]
            reason = plain_reason(answer, {**change.hook.fields(), "": secret})
            raise OperatorMustAct(
                "hook_refused", f"Sugar refused to {change.kind} a web logic hook: {reason}"
            )


def _correction(found: Hook, wanted: Hook) -> Change:
    wrong = [name for name, value in wanted.fields().items() if found.fields()[name] != value]
    words = {"url": "address", "request_method": "method", "webhook_target_module": "module"}
    named = ", ".join(words.get(name, name) for name in wrong)
    return Change("update", replace(wanted, id=found.id), f"wrong {named}")


def _item(change: Change) -> Item:
    if change.kind == "create":
        return Item("WebLogicHooks", "POST", change.hook.fields())
    path = f"WebLogicHooks/{change.hook.id}"
    if change.kind == "update":
        return Item(path, "PUT", change.hook.fields())
    return Item(path, "DELETE")


def _hook(row: Mapping[str, Any]) -> Hook:
    names = ("id", "name", "webhook_target_module", "trigger_event", "request_method", "url")
    return Hook(*(str(row.get(name) or "") for name in names))

"""Preview: what a run would do, stored for an hour; nothing is written to either side or to any base.

Every action has a fingerprint of kind, both versions and base. Apply plans anew and carries out the actions whose
fingerprint still holds; what moved meanwhile is left out and listed.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

from ..contacts import google_person
from ..contacts.actions import Become, Create, Delete, Forget, Nothing, Quarantine, Update, Wait
from ..contacts.contact import FIELDS, PRIVATE_FIELDS, Contact
from ..contacts.normal_form import display_name, field_text, is_empty, to_plain
from ..contacts.side import Side
from ..store import previews
from ..store.write import Write
from .batch import Batch, Case
from .session import Session

KEPT = timedelta(hours=1)


class Preview:
    """Stores the plan of a batch under a preview id."""

    def __init__(self, session: Session, preview: str) -> None:
        self.session = session
        self.id = preview
        self.counts: dict[str, int] = {}

    def store(self, batch: Batch) -> None:
        """Write the planned actions. The contacts stay due."""
        expire_at = self.session.engine.now() + KEPT
        writes = []
        for case in batch.cases:
            if isinstance(case.action, Nothing | Wait | Forget):
                continue
            for kind in kinds(case):
                self.counts[kind] = self.counts.get(kind, 0) + 1
            writes.append(
                [previews.put_action(self.session.user.id, self.id, case.key, described(case), expire_at)]
            )
        self.session.holder.commit(writes)

    def finished(self, waiting: int, error: str | None) -> list[Write]:
        """The preview itself, once all its actions are stored."""
        now = self.session.engine.now()
        total = sum(self.counts.values())
        data = {
            "state": "failed" if error else "ready",
            "error": error,
            "at": now,
            "counts": self.counts,
            "total": total,
            "waiting": waiting,
            "settings_version": self.session.user.settings_version,
        }
        return [previews.put(self.session.user.id, self.id, data, now + KEPT)]


def kinds(case: Case) -> list[str]:
    """The words under which an action is counted."""
    action = case.action
    if isinstance(action, Update):
        written = [f"{side}_updated" for side in action.merged.targets]
        return ["merged", *written] if action.links else written or ["agreed"]
    if isinstance(action, Create):
        return [f"{action.side}_created"]
    if isinstance(action, Delete):
        return [f"{action.side}_deleted"]
    if isinstance(action, Quarantine):
        return ["quarantined"]
    if isinstance(action, Become):
        return [str(action.state)]
    return ["renewed"]


def fingerprint(case: Case) -> str:
    """What an action was decided on: its kind, both sides' versions, and the base."""
    mapping = case.mapping
    versions = [
        (case.record or {}).get("date_modified"),
        google_person.source_etag(case.person) if case.person else None,
        to_plain(mapping.base) if mapping and mapping.base else None,
    ]
    text = json.dumps([kinds(case), case.key, versions], sort_keys=True, default=str)
    return sha256(text.encode()).hexdigest()[:32]


def described(case: Case) -> dict[str, Any]:
    """An action as the preview shows it: both records before and after, and which fields change."""
    action, mapping = case.action, case.mapping
    before = case.contacts
    after: dict[Side, Contact | None] = {
        side: before[side] if case.views[side].present else None for side in Side
    }
    changes: list[dict[str, Any]] = []
    if isinstance(action, Update):
        for side, target in action.merged.targets.items():
            names = action.merged.fields_to_write(side)
            changes += [_change(side, name, before[side], target) for name in names]
            after[side] = replace(before[side], **{name: getattr(target, name) for name in names})
    elif isinstance(action, Create):
        after[action.side] = action.contact
        names = tuple(name for name in FIELDS if not is_empty(getattr(action.contact, name)))
        changes = [_change(action.side, name, Contact(), action.contact) for name in names]
    elif isinstance(action, Delete):
        after[action.side] = None
    name = mapping.name if mapping and mapping.name else display_name(before[Side.GOOGLE])
    return {
        "action": kinds(case)[0],
        "kinds": kinds(case),
        "name": name,
        "sugar_id": mapping.sugar_id if mapping else None,
        "google_id": case.google_id,
        "before": {str(side): to_plain(before[side]) for side in Side if case.views[side].present},
        "after": {str(side): to_plain(contact) for side, contact in after.items() if contact is not None},
        "changes": changes,
        "message": action.message if isinstance(action, Quarantine) else None,
        "fingerprint": fingerprint(case),
    }


def _change(side: Side, name: str, before: Contact, after: Contact) -> dict[str, Any]:
    """One field; `exposed`: a private value that the company will see."""
    return {
        "exposed": side is Side.SUGAR and name in PRIVATE_FIELDS and not is_empty(getattr(after, name)),
        "side": str(side),
        "field": name,
        "before": field_text(name, getattr(before, name)),
        "after": field_text(name, getattr(after, name)),
    }

"""What the sync has stored about a user, read straight from Firestore."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .stack import PROJECT, Stack

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Stored:
    """The documents of one user by their ids."""

    mappings: Mapping[str, Document]
    google_index: Mapping[str, Document]
    backlog: Mapping[str, Document]


def stored(stack: Stack, user_id: str) -> Stored:
    """Read everything with Google's own client, not with the code that wrote it."""
    os.environ["FIRESTORE_EMULATOR_HOST"] = stack.firestore.host
    from google.cloud import firestore

    user = firestore.Client(project=PROJECT).collection("users").document(user_id)

    def collection(name: str) -> dict[str, Document]:
        return {document.id: document.to_dict() or {} for document in user.collection(name).stream()}

    return Stored(collection("mappings"), collection("google_index"), collection("backlog"))

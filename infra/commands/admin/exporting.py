"""Export a user: everything stored about them as one JSON file, without the tokens."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, TextIO

from contact_sync.store import personal, users
from contact_sync.store.database import Document

from .deployment import Deployment
from .failure import Failure
from .people import find
from .screen import Screen, plain


def export(options: argparse.Namespace, deployment: Deployment, screen: Screen) -> int:
    """export: to a file that only its owner may read; one that is there is not replaced."""
    user, target = find(deployment, options.user), Path(options.to)
    try:
        opened = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Failure(f"{target} is there already. Name another file.", 2) from None
    except OSError as error:
        raise Failure(f"{target} cannot be written: {error.strerror}.", 2) from None
    written = 0
    try:
        with os.fdopen(opened, "w", encoding="utf-8") as file, screen.progress("Documents") as show:
            for written in _write(file, deployment, user.id):
                show(written)
    except BaseException:
        target.unlink()
        raise
    screen.json({"user": user.id, "documents": written, "file": str(target)})
    screen.line(f"{written:,} documents about {user.email} are in {target}, tokens left out.")
    return 0


def _write(file: TextIO, deployment: Deployment, user_id: str) -> Iterator[int]:
    """Write document by document; yields how many are written."""
    above = f"{users.path(user_id)}/"
    found, written = personal.documents(deployment.db, user_id), 0

    def collection(document: Document) -> str:
        return document.path.removeprefix(above).split("/")[0] if document.path.startswith(above) else "user"

    file.write(f'{{\n"exported_at": {_json(deployment.now())}')
    for name, documents in groupby(found, key=collection):
        file.write(f",\n{_json(name)}: [")
        for number, document in enumerate(documents):
            shown = {"path": document.path.removeprefix(above), **_without_token(document.data)}
            file.write(f"{',' if number else ''}\n{_json(shown)}")
            written += 1
            yield written
        file.write("\n]")
    file.write("\n}\n")


def _without_token(data: dict[str, Any]) -> dict[str, Any]:
    """A document's fields; of the cursors without the token by which Google tells of changes."""
    cursors = data.get("cursors")
    if not isinstance(cursors, dict):
        return data
    return {**data, "cursors": {name: at for name, at in cursors.items() if name != "sync_token"}}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=plain)

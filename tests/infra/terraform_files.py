"""What infra/*.tf says, as plain values. Expressions stay text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import hcl2

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"


@lru_cache(maxsize=1)
def _documents() -> tuple[Any, ...]:
    return tuple(_plain(hcl2.loads(path.read_text())) for path in sorted(INFRA.glob("*.tf")))


def _plain(value: Any) -> Any:
    """The parser leaves quotes around strings and labels, and adds keys of its own."""
    if isinstance(value, dict):
        return {_plain(key): _plain(inner) for key, inner in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1].replace('\\"', '"')
    return value


def local(name: str) -> Any:
    """The local value of that name."""
    (found,) = [
        block[name] for document in _documents() for block in document.get("locals", ()) if name in block
    ]
    return found


def resource(kind: str, name: str) -> Mapping[str, Any]:
    """The block of one resource."""
    (found,) = [body for (is_kind, is_name), body in resources() if (is_kind, is_name) == (kind, name)]
    return found


def resources() -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    """Every resource: its type and name, and its block."""
    for document in _documents():
        for block in document.get("resource", ()):
            for kind, named in block.items():
                for name, body in named.items():
                    yield (kind, name), body


def variables() -> dict[str, Mapping[str, Any]]:
    """Every variable's block, in the order of the file."""
    return {
        name: body
        for document in _documents()
        for block in document.get("variable", ())
        for name, body in block.items()
    }

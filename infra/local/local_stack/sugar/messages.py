"""Requests and answers on the wire: PHP's way of reading arguments and of writing JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any
from urllib.parse import parse_qsl

from .errors import SugarError, invalid_parameter, reason_phrase

Arguments = dict[str, Any]
MAX_DEPTH = 32

_ESCAPES = {"\\\\": "\\\\", "/": "\\/", '\\"': "\\u0022"} | {char: f"\\u{ord(char):04X}" for char in "'<>&"}
_ESCAPED = re.compile(r"""\\\\|\\"|[/'<>&]""")
_PART = re.compile(r"\[([^\]]*)\]")


def php_json(value: Any) -> bytes:
    """JSON with the escapes of PHP's json_encode as Sugar calls it."""
    text = json.dumps(value, separators=(",", ":"))
    return _ESCAPED.sub(lambda match: _ESCAPES[match.group()], text).encode("ascii")


def read_query(text: str) -> Arguments:
    """A query string or form; `a[0][b]=c` nests, and a nest counted from 0 is a list, as in PHP."""
    found: Arguments = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        head, bracket, _ = key.partition("[")
        names = [head, *(_PART.findall(key) if bracket else [])]
        place = found
        for name in names[:-1]:
            inner = place.get(name)
            if not isinstance(inner, dict):
                inner = place[name] = {}
            place = inner
        place[names[-1] or str(len(place))] = value
    return {key: _lists(value) for key, value in found.items()}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    entries = {key: _lists(entry) for key, entry in value.items()}
    if entries and list(entries) == [str(number) for number in range(len(entries))]:
        return list(entries.values())
    return entries


def read_json(text: str | bytes) -> Any:
    """A JSON body; 422 if it is malformed or nested deeper than 32."""
    try:
        value = json.loads(text)
    except ValueError:
        raise invalid_parameter("Invalid JSON payload") from None
    raw = text if isinstance(text, bytes) else text.encode()
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise invalid_parameter("Invalid JSON payload")
    return value


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


def read_body(body: bytes, content_type: str) -> Arguments:
    """The arguments in a body: JSON, or a form; without a content type by its look."""
    text = body.strip()
    if not text:
        return {}
    if "json" in content_type or (not content_type and text[:1] in b"{["):
        value = read_json(text)
    else:
        return read_query(text.decode("utf-8", "replace"))
    if isinstance(value, list):
        return {str(number): entry for number, entry in enumerate(value)}
    return value if isinstance(value, dict) else {}


@dataclass
class Request:
    """One call, outer or inside /bulk. `path` lies below the version and starts with a slash."""

    method: str
    path: str
    args: Arguments
    headers: Mapping[str, str] = field(default_factory=dict)
    version: tuple[int, int] = (10, 0)
    """Of the API, as the caller asked for it."""
    address: str = ""
    """Where the caller is, by IP."""

    def header(self, name: str) -> str | None:
        """A header by its name in any case."""
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), None)


@dataclass
class Answer:
    """What goes back: a status, the JSON contents, headers beyond the usual."""

    contents: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    max_age: int = 0
    raw: bytes | None = None

    @property
    def reason(self) -> str:
        """The text beside the status."""
        return reason_phrase(self.status)


def refused(error: SugarError) -> Answer:
    """The answer that stands for an error."""
    return Answer(
        error.envelope(), error.status, {"Content-Type": "application/json", "Cache-Control": "no-store"}
    )


def wire(answer: Answer, request: Request) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and body; a GET carries an ETag and answers 304 to the same one."""
    body = answer.raw if answer.raw is not None else php_json(answer.contents)
    headers = {"Content-Type": "application/json", **answer.headers}
    status = answer.status
    if request.method == "GET" and status == 200:
        tag = md5(body, usedforsecurity=False).hexdigest()
        headers |= {
            "ETag": tag,
            "Cache-Control": f"max-age={answer.max_age}, private",
            "Expires": "",
            "Pragma": "",
        }
        if (request.header("If-None-Match") or "").strip('"') == tag:
            status, body = 304, b""
    headers["Content-Length"] = str(len(body))
    return status, list(headers.items()), body

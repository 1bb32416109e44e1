"""The formats of configuration values. Each reads a text, or raises Malformed: what it must be instead."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from .contacts.settings import InvalidSettings, SyncSettings, from_plain, leaves, nested, to_plain

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_PATH = r"[a-z_]{1,40}(\.[a-z_]{1,40})?"
_POLICY = 'must be JSON such as {"forced": {"from_google.delete": false}, "disabled": null}'
_RESERVED_PLATFORMS = frozenset({"base", "mobile", "portal"})


class Malformed(ValueError):
    """What the value must be, to be read after the variable's name."""


@dataclass(frozen=True, slots=True)
class TokenKey:
    """One key of the ring that encrypts stored tokens: its id and 32 bytes."""

    id: str
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours of the day, in UTC, in which no reconcile starts: from `start` up to, not including, `end`."""

    start: int
    end: int

    def contains(self, hour: int) -> bool:
        """Whether `hour` (0..23) is quiet; a span may pass midnight."""
        if self.start < self.end:
            return self.start <= hour < self.end
        return hour >= self.start or hour < self.end


@dataclass(frozen=True, slots=True)
class Policy:
    """What the administrator decided for everyone: forced settings, and why nothing runs, or None.

    `forced` maps a setting's path ("from_google.delete") to its value. It may be given a whole group
    ({"from_google": {"delete": false}}), which is what it names and no more. Raises InvalidSettings that names what
    is no setting.
    """

    forced: Mapping[str, Any] = field(default_factory=dict)
    disabled: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "forced", _single(self.forced))

    def apply(self, settings: SyncSettings) -> SyncSettings:
        """The settings with the forced values."""
        return from_plain(nested({**dict(leaves(to_plain(settings))), **self.forced}))


def _single(forced: Mapping[str, Any]) -> dict[str, Any]:
    """Each forced setting by its own path. Raises InvalidSettings."""
    defaults = dict(leaves(to_plain(SyncSettings())))
    found: dict[str, Any] = {}
    problems = []
    for path, value in _named(forced, {path.partition(".")[0] for path in defaults if "." in path}):
        wrong = "is given twice" if path in found else _wrong(path, value, defaults)
        found[path] = value
        if wrong:
            problems.append(f"{path if re.fullmatch(_PATH, path) else repr(path)[:60]} {wrong}")
    if problems:
        raise InvalidSettings("; ".join(problems))
    return found


def _named(forced: Mapping[str, Any], groups: set[str]) -> Iterator[tuple[str, Any]]:
    for path, value in forced.items():
        if path in groups and isinstance(value, dict) and value:
            yield from ((f"{path}.{key}", inner) for key, inner in value.items())
        else:
            yield path, value


def _wrong(path: str, value: Any, defaults: Mapping[str, Any]) -> str:
    """What is wrong with a forced value; empty if nothing is."""
    if path not in defaults:
        group = any(known.startswith(f"{path}.") for known in defaults)
        return "must be an object of its settings" if group else "is no setting"
    if path == "google_label" and not re.fullmatch(
        r"contactGroups/[\w-]+", value if isinstance(value, str) else ""
    ):
        return "" if value is None else "must be null or a label's resource name, contactGroups/..."
    if isinstance(value, float):
        return "must be a whole number"
    try:
        from_plain(nested({**defaults, path: value}))
    except InvalidSettings as error:
        return f"does not fit: {str(error).partition(' - at ')[0]}"
    return ""


def text(raw: str) -> str:
    """Any text."""
    return raw


def address(raw: str) -> str:
    """An https address, plain http only on this machine; without the slash at the end."""
    try:
        parts = urlsplit(raw)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    if not host or not secure or parts.query or parts.fragment or parts.username:
        raise Malformed("must be an address such as https://host.example.com (http only on this machine)")
    return raw.rstrip("/")


def host_and_port(raw: str) -> str:
    """host:port"""
    host, _, port = raw.rpartition(":")
    if not host or "/" in host or not port.isdigit() or not 0 < int(port) < 65536:
        raise Malformed("must be host:port, such as 127.0.0.1:8080")
    return raw


def rest_version(raw: str) -> str:
    """Sugar's name of a REST API version."""
    return _matching(raw, r"v\d+(_\d+)?", "must be a version of Sugar's REST API such as v11_12")


def sugar_platform(raw: str) -> str:
    """A platform registered in Sugar for this program alone: sharing one would end other sessions."""
    wanted = "must be a Sugar platform of its own: up to 127 of a-z A-Z 0-9 - _, not base, mobile or portal"
    if raw.lower() in _RESERVED_PLATFORMS:
        raise Malformed(wanted)
    return _matching(raw, r"[A-Za-z0-9_-]{1,127}", wanted)


def queue_name(raw: str) -> str:
    """The full name of a Cloud Tasks queue."""
    wanted = "must be a full queue name: projects/PROJECT/locations/LOCATION/queues/QUEUE"
    return _matching(raw, r"projects/[^/\s]+/locations/[^/\s]+/queues/[A-Za-z0-9-]{1,100}", wanted)


def email_address(raw: str) -> str:
    """The address of a service account."""
    return _matching(raw, r"[^@\s,]+@[^@\s,]+\.[^@\s,]+", "must be the e-mail address of a service account")


def domains(raw: str) -> tuple[str, ...]:
    """Domain names, in lower case."""
    wanted = "must be domain names, comma separated, such as example.com,example.org"
    return tuple(_matching(each.lower(), r"[a-z0-9-]+(\.[a-z0-9-]+)+", wanted) for each in _list(raw, wanted))


def number(least: int, most: int) -> Callable[[str], int]:
    """A whole number from `least` to `most`."""

    def parse(raw: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", raw) or not least <= int(raw) <= most:
            raise Malformed(f"must be a whole number from {least} to {most}")
        return int(raw)

    return parse


def key_of_32_bytes(raw: str) -> bytes:
    """base64 of 32 bytes."""
    return _key(raw, "must be base64 of 32 bytes")


def token_keys(raw: str) -> tuple[TokenKey, ...]:
    """A key ring, newest first: `kid:base64 of 32 bytes`, comma separated."""
    wanted = "must be kid:base64 of 32 bytes, newest first, comma separated, each kid once"
    ring = []
    for each in _list(raw, wanted):
        name, _, encoded = each.partition(":")
        ring.append(TokenKey(_matching(name, r"[A-Za-z0-9_-]{1,32}", wanted), _key(encoded, wanted)))
    if len({key.id for key in ring}) < len(ring):
        raise Malformed(wanted)
    return tuple(ring)


def session_key(raw: str) -> str:
    """32 characters or more."""
    if len(raw) < 32:
        raise Malformed("must have 32 characters or more")
    return raw


def hook_tokens(raw: str) -> tuple[str, ...]:
    """URL-safe texts of 32 characters or more."""
    wanted = "must be texts of 32 or more of a-z A-Z 0-9 - _, comma separated"
    return tuple(_matching(each, r"[A-Za-z0-9_-]{32,}", wanted) for each in _list(raw, wanted))


def quiet_hours(raw: str) -> QuietHours:
    """Two hours of the day, such as 22-6."""
    found = re.fullmatch(r"(\d{1,2})-(\d{1,2})", raw)
    start, end = (int(found[1]), int(found[2])) if found else (0, 0)
    if start == end or max(start, end) > 23:
        raise Malformed("must be two different hours of the day from 0 to 23, such as 22-6")
    return QuietHours(start, end)


def policy(raw: str) -> Policy:
    """JSON: forced settings by path, and a reason where everything is disabled."""
    try:
        value = json.loads(raw, object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as error:
        raise error if isinstance(error, Malformed) else Malformed(_POLICY) from None
    if not isinstance(value, dict) or not set(value) <= {"forced", "disabled"}:
        raise Malformed(_POLICY)
    forced, disabled = value.get("forced", {}), value.get("disabled")
    if not isinstance(forced, dict):
        raise Malformed(f"{_POLICY}: forced is no object")
    if disabled is not None and not (isinstance(disabled, str) and disabled.strip()):
        raise Malformed(f"{_POLICY}: disabled is neither the reason, in words, nor null")
    try:
        return Policy(forced, disabled)
    except InvalidSettings as error:
        raise Malformed(f"must force what can be set: {error}") from None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object. Of two values for one name the parser would silently take the second."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Malformed(f"names {twice!r} twice")
    return found


def _list(raw: str, wanted: str) -> list[str]:
    values = [each.strip() for each in raw.split(",")]
    if not all(values):
        raise Malformed(wanted)
    return values


def _matching(raw: str, pattern: str, wanted: str) -> str:
    if not re.fullmatch(pattern, raw):
        raise Malformed(wanted)
    return raw


def _key(raw: str, wanted: str) -> bytes:
    try:
        key = base64.b64decode(raw.translate({ord("-"): "+", ord("_"): "/"}), validate=True)
    except ValueError:
        raise Malformed(wanted) from None
    if len(key) != 32:
        raise Malformed(wanted)
    return key

"""requirements.txt files in parts: what a lock pins, what an .in file asks for, and what that needs in turn."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Locked:
    """One package of a lock."""

    requirement: Requirement
    hashes: tuple[str, ...]

    @property
    def version(self) -> str | None:
        """The only version that fits; None: several would."""
        (*others, specifier) = self.requirement.specifier or [None]
        if others or specifier is None or specifier.operator != "==" or "*" in specifier.version:
            return None
        return specifier.version

    @property
    def needed_here(self) -> bool:
        """Whether this Python on this machine installs it."""
        return self.requirement.marker is None or self.requirement.marker.evaluate()


def lock(text: str) -> dict[str, Locked]:
    """The packages of a lock, by name. Whatever is no package with its hashes is refused."""
    found: dict[str, Locked] = {}
    for line in _lines(text.replace("\\\n", " ")):
        hashes = tuple(_HASH.findall(line))
        entry = Locked(Requirement(_HASH.sub("", line)), hashes)
        found[canonicalize_name(entry.requirement.name)] = entry
    return found


def asked_for(path: Path) -> list[Requirement]:
    """What an .in file asks for."""
    return [Requirement(line) for line in _lines(path.read_text())]


def problems(wanted: Iterable[Requirement], locked: Mapping[str, Locked]) -> list[str]:
    """Where a lock does not fit what is wanted, or what that needs in turn on this machine; nothing if it fits."""
    found = [f"{name} is not pinned" for name, entry in locked.items() if entry.version is None]
    found += [f"{name} has no hash" for name, entry in locked.items() if not entry.hashes]
    return found + list(_unmet(list(wanted), locked))


def _unmet(wanted: list[Requirement], locked: Mapping[str, Locked]) -> Iterator[str]:
    seen: set[tuple[str, str]] = set()
    while wanted:
        requirement = wanted.pop()
        name = canonicalize_name(requirement.name)
        entry = locked.get(name)
        if entry is None:
            yield f"{requirement} is not locked"
            continue
        if not requirement.specifier.contains(entry.version or "0", prereleases=True):
            yield f"{requirement} is wanted, {entry.version} is locked"
        for extra in requirement.extras or {""}:
            if (name, extra) not in seen:
                seen.add((name, extra))
                needs = map(Requirement, requires(name) or ())
                wanted += [
                    need for need in needs if need.marker is None or need.marker.evaluate({"extra": extra})
                ]


def _lines(text: str) -> list[str]:
    return [line for line in (re.sub(r"(^|\s)#.*", "", line).strip() for line in text.splitlines()) if line]

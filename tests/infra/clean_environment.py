"""A virtual environment that holds what a requirements.txt pins, what that needs in turn, and nothing else.

It is linked together from the packages that are installed here, so it takes seconds and no network. A package that the
requirements forget is missing in it, as it would be in the cloud.
"""

from __future__ import annotations

import sys
import venv
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def make(folder: Path, requirements: Path) -> Path:
    """Make the environment in `folder`; the path of its Python. Fails where a pin is not what is installed here."""
    venv.create(folder, symlinks=True)
    packages = folder / f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    for found in _closure(requirements):
        for file in found.files or ():
            link = packages / str(file)
            if ".." not in file.parts and not link.exists():
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(file.locate())
    return folder / "bin/python"


def _closure(requirements: Path) -> list[Distribution]:
    lines = [line.partition("#")[0].strip() for line in requirements.read_text().splitlines()]
    wanted = [Requirement(line) for line in lines if line]
    found: dict[tuple[str, frozenset[str]], Distribution] = {}
    while wanted:
        requirement = wanted.pop()
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key in found:
            continue
        found[key] = distribution(requirement.name)
        installed = found[key].version
        assert requirement.specifier.contains(installed, prereleases=True), (
            f"{requirement} is wanted, {installed} here"
        )
        for needed in map(Requirement, found[key].requires or ()):
            extras = requirement.extras or {""}
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                wanted.append(needed)
    return list(found.values())

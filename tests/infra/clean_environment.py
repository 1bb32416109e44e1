"""A virtual environment that holds what a requirements.txt locks, and nothing else.

It is linked together from the packages that are installed here, so it takes seconds and no network. A package that the
lock forgets is missing in it, as it would be in the cloud.
"""

from __future__ import annotations

import sys
import venv
from importlib.metadata import distribution
from pathlib import Path

from tests.infra import locks


def make(folder: Path, requirements: Path) -> Path:
    """Make the environment in `folder`; the path of its Python. Fails where a pin is not what is installed here."""
    venv.create(folder, symlinks=True)
    packages = folder / f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    for name, locked in locks.lock(requirements.read_text()).items():
        if not locked.needed_here:
            continue
        found = distribution(name)
        assert found.version == locked.version, f"{locked.requirement} is locked, {found.version} here"
        for file in found.files or ():
            link = packages / str(file)
            if ".." not in file.parts and not link.exists():
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(file.locate())
    return folder / "bin/python"

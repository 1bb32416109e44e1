"""The barrier: one contact never stops another.

Whatever is done for each of several contacts runs behind it. What nobody foresaw puts that contact aside and is logged
loudly; the others go on. When it meets more than ten of a batch, we are at fault and not they: then it crashes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from ..errors import SyncError
from ..store.documents import Unreadable
from ..store.write import Conflict
from .lease import LeaseLost

log = logging.getLogger("contact_sync.run")

MOST = 10
"""More contacts of one batch than this do not fail by themselves."""
_NOT_THE_CONTACTS = (SyncError, Conflict, LeaseLost, MemoryError)
"""What concerns the whole run, whichever contact met it."""

T = TypeVar("T")


class Barrier:
    """Counts the contacts of one batch, or of one page, that were put aside."""

    def __init__(self) -> None:
        self._failed = 0

    def each(self, items: Iterable[T], step: Callable[[T], object], put_aside: Callable[[T], object]) -> None:
        """Take this step for each; `put_aside` is called for one with which it failed."""
        for item in items:
            try:
                step(item)
            except _NOT_THE_CONTACTS:
                raise
            except Exception as error:
                # A document that an earlier or later version wrote is no fault of this one.
                self._failed += not isinstance(error, Unreadable)
                if self._failed > MOST:
                    raise
                log.error("a contact was put aside", exc_info=error, extra={"code": "unreadable"})
                put_aside(item)

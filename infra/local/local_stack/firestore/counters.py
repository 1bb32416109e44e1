"""How often which RPC was called, and how many documents it read and wrote."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace


@dataclass
class Count:
    """The calls of one RPC, refused ones included, and the documents they read (or missed) and wrote."""

    calls: int = 0
    read: int = 0
    written: int = 0


class Counters:
    """Counts by RPC name, such as `counters["Commit"].written`."""

    def __init__(self) -> None:
        self._counts: dict[str, Count] = {}

    def __getitem__(self, rpc: str) -> Count:
        return self._counts.setdefault(rpc, Count())

    def calls(self) -> dict[str, int]:
        """The RPCs that were called, and how often."""
        return {rpc: count.calls for rpc, count in self._counts.items() if count.calls}

    def total(self) -> Count:
        """All RPCs together."""
        total = Count()
        for count in self._counts.values():
            total = replace(
                total,
                calls=total.calls + count.calls,
                read=total.read + count.read,
                written=total.written + count.written,
            )
        return total

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Count nothing meanwhile: a test looks, or prepares something."""
        kept = {rpc: replace(count) for rpc, count in self._counts.items()}
        try:
            yield
        finally:
            self._counts = kept

    def reset(self) -> None:
        """Start again at zero."""
        self._counts.clear()

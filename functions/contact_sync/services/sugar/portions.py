"""How much is asked of Sugar in one call: as much as it answers in good time.

Sugar publishes neither a limit nor a latency, and all items of a /bulk share one PHP process and its time, so the
sizes follow what calls took. They concern the instance: whoever runs next may begin with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, TypeVar

from ...errors import TransientForUser
from .faults import TIMEOUT

QUICK_SECONDS: Final = 10.0
SLOW_SECONDS: Final = 25.0
"""Half of what a call may last (see exchange.LONGEST_SECONDS)."""

T = TypeVar("T")
A = TypeVar("A")


def adapted(size: int, done: int, seconds: float, largest: int, least: int = 1) -> int:
    """The size for the next call, after one that did so many in so many seconds."""
    if seconds > SLOW_SECONDS:
        return max(least, min(size, done // 2))
    if seconds < QUICK_SECONDS and done >= size:
        return min(largest, size * 2)
    return size


class Portion:
    """One kind of reading call: how many records it asks for."""

    def __init__(self, size: int, now: Callable[[], datetime], *, spread: bool = False) -> None:
        """`size` is what a quick Sugar is asked for. `spread`: much of a call's time may be the query's own, whatever
        it answers, so slowness alone makes it ask for a quarter at least."""
        self.size = size
        self.recall: Callable[[], None] = lambda: None
        """Asked where a call took too long: earlier runs may know better what to ask for."""
        self._largest = size
        self._least = size // 4 if spread else 1
        self._now = now

    def ask(self, call: Callable[[int], A], done: Callable[[A], int], most: int | None = None) -> A:
        """What `call` answers when asked for so many at once; where it takes too long it is asked for half.

        `done` counts what an answer holds. Raises what `call` raises, the timeout of a single record too.
        """
        while True:
            asked = self.size if most is None else min(self.size, most)
            began = self._now()
            try:
                answer = call(asked)
            except TransientForUser as error:
                if error.code != TIMEOUT or asked <= 1:
                    raise
                self.shrink(asked)
                continue
            seconds = (self._now() - began).total_seconds()
            full = done(answer) >= asked
            if full or self._least == 1:
                self.size = adapted(
                    self.size, done(answer), seconds, self._largest, min(self.size, self._least)
                )
            return answer

    def shrink(self, asked: int) -> None:
        """Ask for less from now on: so many took too long."""
        self.recall()
        self.size = max(1, min(self.size, asked // 2))

    def each(self, things: Sequence[T], call: Callable[[Sequence[T]], Sequence[A]]) -> Iterator[tuple[T, A]]:
        """Every thing with its answer, in order; `call` answers some of them."""
        done = 0
        while done < len(things):
            rest = things[done:]
            answers = self.ask(partial(_first, call, rest), len, len(rest))
            yield from zip(rest, answers, strict=False)
            done += len(answers)


def _first(call: Callable[[Sequence[T]], A], things: Sequence[T], count: int) -> A:
    return call(things[:count])


@dataclass(frozen=True, slots=True)
class Portions:
    """What one call reads of each kind."""

    reads: Portion
    """Single records and look-ups, as items of a /bulk."""
    rows: Portion
    """Rows of the change feed."""
    ids: Portion
    """Rows of a listing that holds ids only."""

    @classmethod
    def fresh(cls, now: Callable[[], datetime]) -> Portions:
        """What is asked of a Sugar that nothing is known of."""
        return cls(Portion(150, now), Portion(200, now, spread=True), Portion(500, now, spread=True))

    @property
    def sizes(self) -> dict[str, int]:
        """The present sizes, by kind."""
        return {kind: portion.size for kind, portion in self._by_kind.items()}

    def limit(self, sizes: Mapping[str, int]) -> None:
        """Ask for no more than this, to begin with."""
        for kind, portion in self._by_kind.items():
            portion.size = max(1, min(portion.size, sizes.get(kind, portion.size)))

    def on_timeout(self, recall: Callable[[], None]) -> None:
        """Have `recall` look up what earlier runs found out, once a call took too long."""
        for portion in self._by_kind.values():
            portion.recall = recall

    @property
    def _by_kind(self) -> dict[str, Portion]:
        return {"reads": self.reads, "rows": self.rows, "ids": self.ids}

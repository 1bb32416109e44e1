"""Being told to stop: Ctrl-C, a termination signal, a closed terminal."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """The demo was told to stop; no handler of errors may take it for one."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class Signals:
    """Turns signals into `Stopped`, raised in the main thread, except while they are held."""

    def __init__(self) -> None:
        self._arrived: int | None = None
        self._holds = 0
        for number in _SIGNALS:
            signal.signal(number, self._arrive)

    @contextmanager
    def held(self) -> Iterator[None]:
        """What happens inside happens whole: a signal that comes meanwhile is raised afterwards."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
        if self._arrived is not None and not self._holds:
            raise Stopped(self._arrived)

    def ignore(self) -> None:
        """From now on nothing interrupts: the end itself is under way."""
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)

    def _arrive(self, number: int, _frame: FrameType | None) -> None:
        self._arrived = number
        if not self._holds:
            raise Stopped(number)

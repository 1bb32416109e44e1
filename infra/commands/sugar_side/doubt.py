"""Something in Sugar that is not as it should be, though Sugar answered."""

from __future__ import annotations


class Doubt(Exception):
    """The message says what, `advice` what to do, `request` what to ask of whoever runs this Sugar.

    `serious`: the sync cannot work like this.
    """

    def __init__(self, message: str, advice: str, *, serious: bool = True, request: str = "") -> None:
        super().__init__(message)
        self.advice = advice
        self.serious = serious
        self.request = request

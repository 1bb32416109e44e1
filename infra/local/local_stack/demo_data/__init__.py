"""Two address books full of made-up people, the same ones every time: ordinary ones of many countries, and awkward
ones, each with the outcome that it must have.
"""

from __future__ import annotations

from .awkward import NAMES, VALUES
from .locales import COMPANIES
from .ordinary import people
from .overlaps import LOOK_ALIKES, SAME_PERSON
from .scene import COLLEAGUE, LEFT_ALONE, LINKED, Record, Scene

AWKWARD = (*NAMES, *VALUES, *SAME_PERSON, *LOOK_ALIKES)

__all__ = ["AWKWARD", "COLLEAGUE", "COMPANIES", "LEFT_ALONE", "LINKED", "Record", "Scene", "people", "scenes"]


def scenes(contacts: int) -> list[Scene]:
    """About `contacts` people; the awkward ones are always among them."""
    return [*AWKWARD, *people(max(0, contacts - len(AWKWARD)))]

"""A deployment, and someone who signed in to it and granted access."""

from __future__ import annotations

import pytest
from tests.web.browser import Browser, Place


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def ada(place: Place) -> Browser:
    place.person("ada")
    return place.signed_in("ada")

from __future__ import annotations

import pytest
from tests.commands.sugar.desk import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()

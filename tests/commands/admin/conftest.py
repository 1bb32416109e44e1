from __future__ import annotations

import pytest
from tests.commands.admin.office import Office


@pytest.fixture
def office() -> Office:
    return Office()

"""What all tests share: Hypothesis on a busy machine, and a path for the processes that tests start."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]
# Processes of the local stack find the packages as the tests themselves do.
os.environ["PYTHONPATH"] = os.pathsep.join(str(ROOT / part) for part in ("functions", "infra/local"))
# How long an example takes says something about the machine, not about the code.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")

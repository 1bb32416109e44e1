"""The kinds of run by what they were asked for."""

from __future__ import annotations

ORDERED = frozenset({"preview", "apply", "clean", "inventory"})
"""Runs that a person ordered for one purpose. Such a run keeps its id until it is over, whatever interrupts it, and no
sync follows by itself."""

ALIKE = frozenset({"schedule", "hook", "continue"})
"""Runs that do no more than any other sync does: where another was faster, such a one is not needed."""

AWAITED = ORDERED | {"manual", "hook", "flag"}
"""Runs for which a person waits: their tasks, and those that go on with them, are urgent."""

BULK = frozenset({"continue", "reconcile"})
"""Runs that are much work and for which nobody waits; first syncs are, too."""

WITH_OWN_WORK = ORDERED - {"inventory"}
"""Runs that have something to do whatever the look shows."""

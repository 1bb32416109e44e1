"""What one request costs in Firestore."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import requests

from local_stack.firestore import FirestoreStandIn


@dataclass(frozen=True)
class Cost:
    """Documents read, and calls made."""

    read: int
    calls: int


def cost(firestore: FirestoreStandIn, request: Callable[[], requests.Response]) -> Cost:
    """The cost of one request. Fails unless it is answered well."""
    firestore.counters.reset()
    answer = request()
    assert answer.status_code == 200, f"{answer.url}: {answer.status_code} {answer.text[:300]}"
    total = firestore.counters.total()
    return Cost(total.read, total.calls)

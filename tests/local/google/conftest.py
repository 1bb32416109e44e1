"""A simulated Google with one account, and a caller with an access token for it."""

from __future__ import annotations

import pytest
from tests.local.google.google_caller import Caller, Clock

from local_stack.google import GoogleSimulator


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def google(clock: Clock) -> GoogleSimulator:
    return GoogleSimulator(
        now=clock, sleep=lambda seconds: clock.forward(seconds=seconds), propagation_delay=0
    )


@pytest.fixture
def sub(google: GoogleSimulator) -> str:
    return google.add_account("owner@corp.test", hd="corp.test")


@pytest.fixture
def api(google: GoogleSimulator, sub: str) -> Caller:
    return Caller(google, sub)

"""The sync in numbers, its latest runs, and the answer to "why": what the sync knows and decided about a contact."""

from __future__ import annotations

from collections import Counter

from flask import Response

from ...store.records import Proof
from ...sync import proof
from .. import runs, status, why
from ..caller import caller
from ..operation import Asked, asked
from ..runs import RunItem, RunsQuery
from ..site import Text, site
from ..why import WhyAnswer, WhyQuery
from .page import pages, render

routes = pages("statistics")

SHOWN = 20
"""Runs that the page lists."""
ONLY_LOOK = ("preview", "inventory")
"""Runs that change nothing, whatever they count."""


class StatisticsQuery(Asked, frozen=True, kw_only=True):
    """What is asked about: an e-mail address, a name, or a link or id of either side."""

    q: Text | None = None


@routes.get("/statistics")
def page() -> Response:
    """Numbers, runs, and the answer to the question, if one was asked."""
    question = (asked(StatisticsQuery).q or "").strip()
    latest = runs.listed(RunsQuery()).items[:SHOWN]
    return render(
        "statistics.html",
        tab="statistics",
        how=status.get_status(),
        auto=site().engine.policy.apply(caller().user.settings).auto,
        runs=latest,
        last=next((run for run in latest if run.finished), None),
        proof=_proof(),
        proved=proof.sentence,
        totals=_totals(latest),
        question=question,
        answer=_answer(question),
        took=took,
        only_looks=ONLY_LOOK,
    )


def took(run: RunItem) -> str:
    """How long a run took, in words."""
    seconds = round((run.finished - run.started).total_seconds()) if run.finished else 0
    return f"{seconds} s" if seconds < 90 else f"{round(seconds / 60)} min"


def _proof() -> Proof | None:
    """What the last full check proved, once there were pairs to check."""
    found = caller().user.proof
    return found if found is not None and proof.compared(found) else None


def _answer(question: str) -> WhyAnswer | None:
    return why.ask(WhyQuery(q=question)) if question else None


def _totals(latest: list[RunItem]) -> dict[str, int]:
    """What these runs did, by kind."""
    totals: Counter[str] = Counter()
    for run in latest:
        if run.trigger not in ONLY_LOOK:
            totals.update(run.counts)
    return dict(totals)

"""Why: what the sync knows and decided about one contact."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from .caller import caller, user_id
from .history import HistoryItem
from .history import shown as shown_entry
from .operation import Answer, Asked, Operations
from .site import Text, site

routes = Operations("why")


class WhyQuery(Asked, frozen=True, kw_only=True):
    """An e-mail address, a link or id of either side, or the name of a linked contact."""

    q: Annotated[Text, Meta(pattern=r"\S")]


class WhyItem(Answer, frozen=True, kw_only=True):
    """One contact: what it is, what comes next and why, in sentences; its open backlog entry; the latest history."""

    name: str
    sugar_id: str | None
    google_id: str | None
    state: str
    sentences: list[str]
    backlog: str | None
    last: list[HistoryItem]


class WhyAnswer(Answer, frozen=True, kw_only=True):
    """The contacts that the question may mean; `message` says what it means where there are none."""

    items: list[WhyItem]
    message: str | None


@routes.get("/why")
def ask(query: WhyQuery) -> WhyAnswer:
    """Why a contact is synced, or is not."""
    from ..sync import why

    found = why.why(site().engine, user_id(), query.q)
    items = [
        WhyItem(
            name=one.name,
            sugar_id=one.sugar_id,
            google_id=one.google_id,
            state=str(one.state),
            sentences=list(one.sentences),
            backlog=one.backlog,
            last=[shown_entry(entry) for entry in one.last],
        )
        for one in found
    ]
    settings = site().engine.policy.apply(caller().user.settings)
    return WhyAnswer(items=items, message=None if items else why.nothing_known(settings))

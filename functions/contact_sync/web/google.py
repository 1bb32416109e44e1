"""The caller's Google Contacts, for what a page shows live. Imported late: Google's client library is large."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..sync.tokens import GoogleToken, TokenBox
from . import account
from .site import Site

if TYPE_CHECKING:
    from ..services.google_people import GooglePeople


def people(site: Site, user_id: str) -> GooglePeople:
    """The People adapter with this user's token."""
    from ..services.google_people import GooglePeople

    engine = site.engine
    loaded = account.load(site, user_id)
    box = TokenBox(engine, user_id, loaded.tokens, loaded.tokens_updated_at)
    return GooglePeople(engine.google_http, engine.people_endpoint, GoogleToken(box), engine.sleep)

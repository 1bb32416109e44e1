"""A second person, who has not signed in yet: to try the very first visit by hand. A third has no Sugar user."""

from __future__ import annotations

from .. import demo_data
from .loading import sugar_record
from .simulators import GoogleBook, SugarBook
from .stack import DOMAIN

EMAIL = f"noah@{DOMAIN}"
STRANGER = f"guest@{DOMAIN}"
_CONTACTS = 30


def add(sugar: SugarBook, google_url: str) -> None:
    """Make the accounts, and fill the newcomer's address books."""
    user_id = sugar("add_user", user_name="noah", email=EMAIL, first_name="Noah", last_name="New")
    google = GoogleBook(google_url)
    google.open(EMAIL, DOMAIN)
    scenes = list(demo_data.people(_CONTACTS, seed=11))
    named = {record.get("account_name", "") for scene in scenes for record in scene.sugar} - {""}
    accounts = {name: sugar("add_account", name=f"{name} (Noah)") for name in sorted(named)}
    sugar.load([sugar_record(record, user_id, accounts) for scene in scenes for record in scene.sugar])
    google.load([record for scene in scenes for record in scene.google])
    google("add_account", email=STRANGER, hd=DOMAIN)

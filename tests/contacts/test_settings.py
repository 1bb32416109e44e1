"""Settings of a user: defaults, masters, validation, and which changes make skipped contacts eligible."""

from __future__ import annotations

import itertools
from typing import Any, Literal

import msgspec
import pytest

from contact_sync.contacts.settings import (
    Auto,
    Direction,
    InvalidSettings,
    SyncSettings,
    from_plain,
    needs_full_intake,
    to_plain,
)
from contact_sync.contacts.side import Side

VERBS: tuple[Literal["update", "create", "delete"], ...] = ("update", "create", "delete")

DEFAULTS: dict[str, Any] = {
    "from_sugar": {"enabled": True, "update": True, "create": True, "delete": False},
    "from_google": {"enabled": False, "update": True, "create": False, "delete": False},
    "auto": {"enabled": False, "interval_minutes": 5},
    "sugar_scope": "mine",
    "google_label": None,
    "private_fields": "keep",
    "conflict": "newest",
    "overflow": "next_period",
}


def test_a_new_user_updates_and_creates_google_contacts_and_nothing_else() -> None:
    assert to_plain(SyncSettings()) == DEFAULTS
    allowed = {(verb, side) for verb in VERBS for side in Side if SyncSettings().may(verb, side)}
    assert allowed == {("update", Side.GOOGLE), ("create", Side.GOOGLE)}


def test_the_direction_is_named_after_its_source_and_writes_to_the_other_side() -> None:
    settings = SyncSettings()
    assert settings.direction_to(Side.GOOGLE) is settings.from_sugar
    assert settings.direction_to(Side.SUGAR) is settings.from_google


@pytest.mark.parametrize("switches", list(itertools.product((False, True), repeat=3)))
def test_a_master_that_is_off_equals_its_three_switches_off(switches: tuple[bool, bool, bool]) -> None:
    update, create, delete = switches
    for enabled in (False, True):
        direction = Direction(enabled=enabled, update=update, create=create, delete=delete)
        settings = SyncSettings(from_sugar=direction, from_google=direction)
        for side in Side:
            assert tuple(settings.may(verb, side) for verb in VERBS) == (
                switches if enabled else (False, False, False)
            )


def test_settings_survive_the_way_to_plain_data_and_back() -> None:
    settings = SyncSettings(
        from_google=Direction(enabled=True, create=True, delete=True),
        auto=Auto(enabled=True, interval_minutes=1440),
        sugar_scope="flagged",
        google_label="contactGroups/abc",
        private_fields="keep",
        conflict="google",
        overflow="continue",
    )
    assert from_plain(to_plain(settings)) == settings
    assert from_plain({}) == SyncSettings()


@pytest.mark.parametrize(
    ("plain", "named"),
    [
        ({"colour": "red"}, "colour"),
        ({"from_sugar": {"enabled": True, "create": True, "upsert": True}}, "upsert"),
        ({"from_sugar": {"enabled": "yes", "create": True}}, "from_sugar.enabled"),
        ({"from_google": {"enabled": 1, "create": True}}, "from_google.enabled"),
        ({"auto": {"interval_minutes": 0}}, "auto.interval_minutes"),
        ({"auto": {"interval_minutes": 1441}}, "auto.interval_minutes"),
        ({"auto": {"interval_minutes": 2.5}}, "auto.interval_minutes"),
        ({"sugar_scope": "everything"}, "sugar_scope"),
        ({"google_label": 7}, "google_label"),
        ({"private_fields": True}, "private_fields"),
        ({"conflict": "oldest"}, "conflict"),
        ({"overflow": None}, "overflow"),
    ],
)
def test_an_unknown_or_ill_typed_key_is_named(plain: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidSettings, match=named.replace(".", r"\.")):
        from_plain(plain)


@pytest.mark.parametrize("minutes", [1, 5, 1440])
def test_every_interval_from_a_minute_to_a_day_is_taken(minutes: int) -> None:
    assert from_plain({"auto": {"interval_minutes": minutes}}).auto.interval_minutes == minutes


@pytest.mark.parametrize(
    "change",
    [
        {"from_sugar": Direction(enabled=False, create=True)},
        {"from_sugar": Direction(enabled=True, create=True, delete=True)},
        {"from_google": Direction(enabled=True, create=False)},
        {"sugar_scope": "all"},
        {"google_label": "contactGroups/abc"},
        {"private_fields": "share"},
        {"conflict": "sugar"},
    ],
)
def test_what_decides_who_is_synced_how_takes_everything_in_again(change: dict[str, Any]) -> None:
    changed = msgspec.structs.replace(SyncSettings(), **change)
    assert needs_full_intake(SyncSettings(), changed)
    assert needs_full_intake(changed, SyncSettings())


@pytest.mark.parametrize(
    "change", [{"auto": Auto(enabled=True, interval_minutes=1)}, {"overflow": "continue"}]
)
def test_when_and_how_fast_to_sync_takes_nothing_in_again(change: dict[str, Any]) -> None:
    assert not needs_full_intake(SyncSettings(), msgspec.structs.replace(SyncSettings(), **change))
    assert not needs_full_intake(SyncSettings(), SyncSettings())

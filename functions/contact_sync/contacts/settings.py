"""What a user chose: directions and their switches, scope, label, policies. Names are the API's and Firestore's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import msgspec

from .side import Side

Verb = Literal["update", "create", "delete"]

VERBS: tuple[Verb, ...] = ("update", "create", "delete")


class Direction(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One direction: a master switch and what it may do on the side it writes to."""

    enabled: bool
    update: bool = True
    create: bool
    delete: bool = False


Interval = Annotated[int, msgspec.Meta(ge=1, le=1440)]
"""Minutes between two syncs."""


class Auto(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Sync regularly, every `interval_minutes` minutes."""

    enabled: bool = False
    interval_minutes: Interval = 5


class SyncSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All settings of one user. Their version is kept beside them, not in them."""

    from_sugar: Direction = Direction(enabled=True, create=True)
    from_google: Direction = Direction(enabled=False, create=False)
    auto: Auto = Auto()
    sugar_scope: Literal["mine", "flagged", "all"] = "mine"
    google_label: str | None = None
    private_fields: Literal["keep", "share"] = "keep"
    conflict: Literal["newest", "sugar", "google"] = "newest"
    overflow: Literal["next_period", "continue"] = "next_period"

    def direction_to(self, side: Side) -> Direction:
        """The direction that writes to `side`."""
        return self.from_google if side is Side.SUGAR else self.from_sugar

    def may(self, verb: Verb, side: Side) -> bool:
        """Whether `verb` may be done on `side`. A master that is off equals its three switches off."""
        direction = self.direction_to(side)
        return direction.enabled and bool(getattr(direction, verb))

    @property
    def anything(self) -> bool:
        """Whether any switch of any direction is on. If not, nothing is written, linked or asked."""
        return any(self.may(verb, side) for side in Side for verb in VERBS)


class InvalidSettings(ValueError):
    """Settings that cannot be used; the message names the key and what it must be."""


def from_plain(value: Mapping[str, Any]) -> SyncSettings:
    """Settings from JSON or Firestore data. Raises InvalidSettings naming the unknown or ill-typed key."""
    try:
        return msgspec.convert(value, SyncSettings)
    except msgspec.ValidationError as error:
        raise InvalidSettings(str(error)) from None


def to_plain(settings: SyncSettings) -> dict[str, Any]:
    """The settings as plain JSON data."""
    plain: dict[str, Any] = msgspec.to_builtins(settings)
    return plain


def leaves(plain: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every single setting of plain data by its path, as in "auto.enabled"."""
    for key, value in plain.items():
        if isinstance(value, dict) and value:
            yield from ((f"{key}.{name}", inner) for name, inner in value.items())
        else:
            yield key, value


def nested(single: Mapping[str, Any]) -> dict[str, Any]:
    """Single settings by their paths, as the plain data they are part of."""
    whole: dict[str, Any] = {}
    for path, value in single.items():
        group, _, key = path.rpartition(".")
        (whole.setdefault(group, {}) if group else whole)[key] = value
    return whole


def intake_relevant(settings: SyncSettings) -> str:
    """What of the settings decides which contacts are eligible, as one comparable text."""
    relevant = (
        settings.from_sugar,
        settings.from_google,
        settings.sugar_scope,
        settings.google_label,
        settings.private_fields,
        settings.conflict,
    )
    return msgspec.json.encode(relevant).decode()


def needs_full_intake(old: SyncSettings, new: SyncSettings) -> bool:
    """Whether a change of settings makes skipped contacts eligible, so that the next intake must see all of them."""
    return intake_relevant(old) != intake_relevant(new)

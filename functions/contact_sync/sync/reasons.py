"""Reasons: why a contact is where it is and what comes next, in sentences for people who do not know this program."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from ..contacts.field_words import field_words
from ..contacts.mapping import Directive, IndexEntry, Mapping, State
from ..contacts.settings import SyncSettings, Verb
from ..contacts.side import Side
from ..store.records import BacklogEntry, User
from .intake_google import DUPLICATE
from .marks import cause_of
from .retries import MOST_ATTEMPTS

SWITCHES: dict[tuple[Side, Verb], str] = {
    (Side.GOOGLE, "create"): "Create Google contacts",
    (Side.GOOGLE, "update"): "Update Google contacts",
    (Side.GOOGLE, "delete"): "Delete Google contacts",
    (Side.SUGAR, "create"): "Create Sugar records",
    (Side.SUGAR, "update"): "Update Sugar records",
    (Side.SUGAR, "delete"): "Delete Sugar records",
}
MASTERS = {Side.GOOGLE: "Update from Sugar", Side.SUGAR: "Update from Google"}
"""By the side that is written."""
NAMES = {Side.SUGAR: "Sugar", Side.GOOGLE: "Google"}
SCOPES = {
    "mine": "the contacts that are assigned to you",
    "flagged": "the contacts that you marked to be synced",
    "all": "all contacts that you can see",
}
PAUSES = {
    "google_full": "Creating in Google pauses: your account holds as many contacts as Google allows.",
    "label_missing": "Creating in Google pauses: the label for new contacts was deleted. Choose another one.",
}
CAUSES = {
    "ambiguous": "Choose the one it belongs to, or keep it as a contact of its own.",
    "duplicate": "Look at both; keep it as a contact of its own if they are different people.",
    "deleted_and_edited": "Release it to delete the other side as well, or keep it.",
    "merged_in_google": "Release it to delete the Sugar contact as well, or keep it.",
    "mass_delete": "Release the group to delete these contacts, or keep them.",
    "loop": "Find out what else changes it, then release it.",
    "refused": "Correct the contact and the sync tries again by itself, or release it.",
    "failing": "Release it to have it tried again.",
    "no_name": "Give it a name and the sync takes it up by itself.",
    "unreadable": "It is tried again with every version of the sync, and every six days; release it to try at once.",
}
"""What a person can do about a backlog entry."""
NOT_LISTED = "Sugar did not list it on {}. Whether it left what you sync or was deleted is found out next."
DIRECTIVES = {
    "again": "You asked to have it decided again.",
    "delete": "You confirmed the deletion.",
    "create": "You decided that it becomes a contact of its own.",
    "link": "You decided to link it.",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand for the user: the same for all contacts of one question."""

    user: User
    settings: SyncSettings
    """Those in force."""
    now: datetime
    paused: str | None = None
    """Why nobody is synced now."""


def about_mapping(mapping: Mapping, standing: Standing, entry: BacklogEntry | None) -> tuple[str, ...]:
    """A contact with a Sugar side."""
    described = {
        State.NEW: _new,
        State.CREATING: _creating,
        State.LINKED: _linked,
        State.UNLINKED: _unlinked,
        State.OUT_OF_SCOPE: _out_of_scope,
        State.GONE: _gone,
    }[mapping.state](mapping, standing)
    at_rest = mapping.due_at is None and mapping.backlog is None and mapping.absent is None
    lasting = _why_at_rest(mapping, standing) if at_rest else []
    written = [f"The sync last wrote it on {_time(mapping.written_at)}."] if mapping.written_at else []
    doubt = [NOT_LISTED.format(_time(mapping.absent.at))] if mapping.absent is not None else []
    return (*described, *doubt, *_waiting(entry, mapping), *lasting, *_next(mapping, standing), *written)


def about_entry(item: IndexEntry, standing: Standing, entry: BacklogEntry | None) -> tuple[str, ...]:
    """A Google contact without a mapping."""
    if item.directive is not None and item.directive.kind == DUPLICATE:
        said = ["This is a second copy that the sync itself created in Google. It will be deleted again."]
        return (*said, *_next(item, standing))
    said = ["This contact is in your Google contacts only."]
    if item.left_alone:
        said.append("It was decided to leave it alone, so it stays in Google only.")
        return tuple(said)
    if item.backlog is None and item.due_at is None:
        said += _not_created(Side.SUGAR, standing)
    return (*said, *_waiting(entry, item), *_next(item, standing))


def nothing_known(settings: SyncSettings) -> str:
    """What it means that nobody knows a contact."""
    said = [
        "The sync knows no such contact.",
        f"Of Sugar it looks at {SCOPES[settings.sugar_scope]}; a contact outside of that is not known.",
        "A Google contact is known by its e-mail addresses and its link, by name only once it is linked.",
        "A contact that was just added is known after the next sync.",
    ]
    return " ".join(said)


def _new(_mapping: Mapping, _standing: Standing) -> list[str]:
    return ["This Sugar contact has no Google contact yet."]


def _creating(mapping: Mapping, _standing: Standing) -> list[str]:
    side = NAMES[mapping.created_side or Side.GOOGLE]
    return [f"It is being created in {side}; whether that succeeded is not known yet and is found out first."]


def _linked(mapping: Mapping, standing: Standing) -> list[str]:
    said = ["The Sugar contact and the Google contact are linked."]
    if mapping.created_side is not None:
        said.append(f"The sync created it in {NAMES[mapping.created_side]}.")
    if mapping.holds:
        fields = field_words(*mapping.holds)
        said.append(
            f"You took a change back on one side: the two differ in this until you change either: {fields}."
        )
    missing = mapping.missing
    if missing is not None:
        other = missing.side.other
        said.append(f"It was deleted in {NAMES[missing.side]}, noticed on {_time(missing.at)}.")
        if missing.delete_on and standing.settings.may("delete", other):
            said.append(f"It is to be deleted in {NAMES[other]} as well, if it was not edited there since.")
        else:
            said.append(f"It stays in {NAMES[other]}: {_switched_off('delete', other, standing, 'was off')}")
    return said


def _unlinked(mapping: Mapping, _standing: Standing) -> list[str]:
    missing = mapping.missing
    if missing is None:
        if mapping.google_id is None:
            return ["It was decided that it stays in Sugar only. Link it again to have it synced."]
        return ["It was unlinked: both sides stay as they are until it is linked again."]
    there, here = NAMES[missing.side], NAMES[missing.side.other]
    off = "deleting there was off, or had only just been switched on"
    kept = off if not missing.delete_on else "it was decided to keep it"
    return [
        f"It was deleted in {there}, noticed on {_time(missing.at)}. It stays in {here}, because {kept}.",
        f"It is not created in {there} again, unless you link it again. If it comes back there by itself, it is "
        "linked again.",
    ]


def _out_of_scope(mapping: Mapping, standing: Standing) -> list[str]:
    said = [
        f"The Sugar contact is outside of what you sync: {SCOPES[standing.settings.sugar_scope]}. It may also be "
        "that you cannot see it any more.",
        "Neither side is changed. Once it belongs to it again, it is synced again.",
    ]
    if mapping.google_id is None:
        said.append("Its Google contact was deleted.")
    return said


def _gone(mapping: Mapping, _standing: Standing) -> list[str]:
    said = ["It was deleted on both sides, or in Google when you disconnected."]
    if mapping.expire_at is not None:
        said.append(
            f"The sync remembers it until {_time(mapping.expire_at)}, so that late news revive nothing."
        )
    return said


def _why_at_rest(mapping: Mapping, standing: Standing) -> list[str]:
    """Why nothing is done about a contact that is not due."""
    if mapping.state is State.NEW:
        return _not_created(Side.GOOGLE, standing)
    if mapping.state is not State.LINKED or mapping.missing is not None:
        return []
    said = []
    for side in Side:
        here, there = NAMES[side], NAMES[side.other]
        at = mapping.seen.changed_at(side)
        if standing.settings.may("update", side.other):
            said.append(f"What changes in {here} goes to {there}.")
        else:
            off = _switched_off("update", side.other, standing)
            said.append(f"What changes in {here} stays in {here}: {off}")
        if at is not None:
            said.append(f"It was changed in {here} on {_time(at)}, and differs since.")
    settings, denied = standing.settings, standing.user.sugar_denied
    if settings.may("update", Side.SUGAR) and settings.private_fields == "keep":
        said.append(
            "Description, birthday, home phone and home address go to Sugar only where it has held a value"
            " ever since the two were linked."
        )
    if settings.may("update", Side.SUGAR) and denied:
        names = field_words(*denied)
        said.append(f"Sugar does not let you change these fields: {names}.")
    return said


def _not_created(side: Side, standing: Standing) -> list[str]:
    """Why a contact without a partner is not created on `side`."""
    settings = standing.settings
    if not settings.anything:
        return ["Nothing is synced, because everything is switched off in your settings."]
    linked = "A contact with the same e-mail address there would still be linked with it."
    if not settings.may("create", side):
        return [f"It is not created in {NAMES[side]}: {_switched_off('create', side, standing)}", linked]
    paused = standing.user.creates_paused
    if side is Side.GOOGLE and paused is not None:
        return [PAUSES.get(paused, "Creating in Google pauses.")]
    if side is Side.SUGAR and settings.google_label is not None:
        return ["Only Google contacts that carry your label are created in Sugar. This one may not carry it."]
    if side is Side.SUGAR:
        return [
            "It was looked at and left as it is: a Sugar contact outside of what you sync may have its address."
        ]
    return ["It was looked at and left as it is. It is looked at again when it changes."]


def _switched_off(verb: Verb, side: Side, standing: Standing, otherwise: str = "is off") -> str:
    if not standing.settings.direction_to(side).enabled:
        return f"“{MASTERS[side]}” is off."
    is_off = not standing.settings.may(verb, side)
    return f"“{SWITCHES[side, verb]}” {'is off' if is_off else otherwise}."


def _waiting(entry: BacklogEntry | None, item: Mapping | IndexEntry) -> list[str]:
    """The backlog entry, and what a person can do about it."""
    if item.backlog is None:
        return []
    if entry is None:
        return ["It waits for your decision."]
    said = [f"It waits for your decision since {_time(entry.since)}: {entry.message}"]
    if entry.field is not None:
        said.append(f"This is about the field {entry.field.replace('_', ' ')}.")
    hint = CAUSES.get(cause_of(entry.id))
    return [*said, hint] if hint else said


def _next(item: Mapping | IndexEntry, standing: Standing) -> list[str]:
    """When it is looked at, and what keeps the next run from starting."""
    said = []
    if item.directive is not None:
        said += _decided(item.directive)
    if item.attempts:
        tries = "The last attempt" if item.attempts == 1 else f"The last {item.attempts} attempts"
        said.append(f"{tries} failed. After {MOST_ATTEMPTS} in a row it is put before you to decide.")
    if item.due_at is None:
        return said
    if item.due_at > standing.now:
        said.append(f"It is looked at again on {_time(item.due_at)}.")
    else:
        said.append(f"It waits for the next sync since {_time(item.due_at)}." if _dated(item) else NEXT)
    return said + _next_run(standing)


NEXT = "It is looked at first in the next sync."


def _dated(item: Mapping | IndexEntry) -> bool:
    """Whether the due time is one that happened: what a person released is due since ever."""
    return item.due_at is not None and item.due_at.year > 1970


def _decided(directive: Directive) -> list[str]:
    said = DIRECTIVES.get(directive.kind)
    return [f"{said} The next sync does so."] if said else []


def _next_run(standing: Standing) -> list[str]:
    user = standing.user
    if standing.paused is not None:
        return [f"Syncing is switched off for everybody: {standing.paused}"]
    if user.paused:
        return ["Syncing is paused for you. Ask your administrator."]
    if user.connection != "connected":
        return [user.connection_message or "Nothing is synced: your Google account is not connected."]
    if not standing.settings.auto.enabled:
        return ["“Sync regularly” is off: the next sync starts when you press “Sync Now”."]
    if user.next_sync_at is not None and user.next_sync_at > standing.now:
        return [f"The next sync starts on {_time(user.next_sync_at)}."]
    return []


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d at %H:%M} UTC"

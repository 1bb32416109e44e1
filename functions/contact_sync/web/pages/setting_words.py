"""The settings in words: what each is called, what it does, and what there is to choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a setting with several."""

    value: str
    words: str
    hint: str


NAMES = {
    "from_sugar.enabled": "Update from Sugar",
    "from_sugar.update": "Update Google contacts",
    "from_sugar.create": "Create Google contacts",
    "from_sugar.delete": "Delete Google contacts",
    "from_google.enabled": "Update from Google",
    "from_google.update": "Update Sugar records",
    "from_google.create": "Create Sugar records",
    "from_google.delete": "Delete Sugar records",
    "sugar_scope": "Which Sugar contacts",
    "google_label": "Google label",
    "private_fields": "Private details",
    "auto.enabled": "Sync regularly",
    "auto.interval_minutes": "Minutes between two syncs",
    "conflict": "When both sides changed the same field",
    "overflow": "When more than 100 contacts change",
}

HINTS = {
    "from_sugar.enabled": "What changes in Sugar goes to Google.",
    "from_sugar.update": "A change in Sugar changes the linked contact in Google.",
    "from_sugar.create": "A Sugar contact that is not in Google yet is created there.",
    "from_sugar.delete": "A contact that is deleted in Sugar is deleted in Google.",
    "from_google.enabled": "What changes in Google goes to Sugar.",
    "from_google.update": "A change in Google changes the linked record in Sugar.",
    "from_google.create": "A Google contact that is not in Sugar yet is created there, for your company to see.",
    "from_google.delete": "A contact that is deleted in Google is deleted in Sugar, for everyone in your company.",
    "google_label": "New contacts in Google get this label. With a label, only Google contacts that carry it are "
    "created in Sugar.",
    "auto.enabled": "Syncs by itself, even with this page closed.",
    "auto.interval_minutes": "From 1 minute to 1440 minutes, which is a day.",
}

WARNINGS = {
    "from_sugar.delete": "Deletes contacts in your Google account. Google keeps them in its trash for 30 days. Many "
    "deletions at once wait for your decision first. What is deleted in Sugar before the next sync stays in Google.",
    "from_google.delete": "Deletes records in Sugar that your whole company uses. Many deletions at once wait for "
    "your decision first. What is deleted in Google before the next sync stays in Sugar.",
}

CHOICES = {
    "sugar_scope": (
        Choice("mine", "Assigned to me", "Sugar contacts whose assigned user you are."),
        Choice("flagged", "Marked to sync", "Those for which you ticked “Sync to Outlook” in Sugar."),
        Choice("all", "All I may see", "Every contact that Sugar shows you."),
    ),
    "private_fields": (
        Choice(
            "keep",
            "Keep in Google",
            "Note, birthday, home phone and home address go to Sugar only where it has held one ever since they were"
            " linked.",
        ),
        Choice("share", "Share", "Everything that fits goes to Sugar."),
    ),
    "conflict": (
        Choice("newest", "The newest change wins", "What was changed last goes to the other side."),
        Choice("sugar", "Sugar wins", "The value in Sugar goes to Google."),
        Choice("google", "Google wins", "The value in Google goes to Sugar."),
    ),
    "overflow": (
        Choice(
            "next_period", "The rest waits", "A sync changes 100 contacts; the rest follows with the next."
        ),
        Choice("continue", "Go on at once", "The next 100 follow directly, until everything is done."),
    ),
}

SWITCHES = tuple(path for path in NAMES if path.startswith(("from_", "auto.enabled")))


def said(path: str, value: Any) -> str:
    """The value of a setting in words."""
    if path in SWITCHES:
        return "on" if value else "off"
    if path == "google_label":
        return "another label" if value else "no label"
    return next((choice.words for choice in CHOICES.get(path, ()) if choice.value == value), str(value))

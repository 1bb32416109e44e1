"""Filling both address books, from the demo data or from CSV files, and keeping track of what went where."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import demo_data
from ..demo_data import COLLEAGUE, Record, Scene
from . import csv_google, csv_sugar
from .simulators import GoogleBook, SugarBook
from .stack import DOMAIN, SERVICE_USER

EMAIL = f"dana@{DOMAIN}"
USER = "dana"
_SYSTEM_GROUPS = ("myContacts", "starred", "friends", "family", "coworkers", "chatBuddies", "all", "blocked")


@dataclass(frozen=True)
class Placed:
    """A scene, and the ids its records got."""

    scene: Scene
    sugar_ids: tuple[str, ...]
    google_ids: tuple[str, ...]


@dataclass(frozen=True)
class Material:
    """What is to be loaded, what could not be read, and what it is in words."""

    scenes: Sequence[Scene]
    companies: Sequence[str]
    words: str
    problems: Sequence[str] = ()


@dataclass(frozen=True)
class Books:
    """Both address books as they were filled."""

    user_id: str
    """Of the demo user in Sugar."""
    companies: Sequence[str]
    placed: Sequence[Placed]
    sugar: dict[str, Record] = field(default_factory=dict)
    google: dict[str, Record] = field(default_factory=dict)


def material(contacts: int, sugar_csv: Path | None, google_csv: Path | None) -> Material:
    """What the options ask for. Raises BadFile."""
    if sugar_csv is None and google_csv is None:
        scenes = demo_data.scenes(contacts)
        words = f"{len(scenes)} made-up people, {len(demo_data.AWKWARD)} of them awkward cases"
        return Material(scenes, demo_data.COMPANIES, words)
    scenes, problems, sources = [], [], []
    if sugar_csv:
        rows = csv_sugar.read(sugar_csv)
        scenes += [Scene("", sugar=(record,), expect=None) for record in rows.records]
        problems += rows.problems
        sources.append(f"{len(rows.records)} from {sugar_csv.name}")
    if google_csv:
        rows = csv_google.read(google_csv)
        scenes += [Scene("", google=(record,), expect=None) for record in rows.records]
        problems += rows.problems
        sources.append(f"{len(rows.records)} from {google_csv.name}")
    named = (record.get("account_name", "") for scene in scenes for record in scene.sugar)
    return Material(scenes, sorted(set(named) - {""}), ", ".join(sources), problems)


def fill(sugar: SugarBook, google: GoogleBook, wanted: Material, service_password: str) -> Books:
    """Make the users and accounts, and put every contact in its place."""
    sugar("add_user", user_name=SERVICE_USER, password=service_password, admin=True)
    user_id = sugar("add_user", user_name=USER, email=EMAIL, first_name="Dana", last_name="Demo")
    sugar("add_user", id=COLLEAGUE, user_name=COLLEAGUE, email=f"{COLLEAGUE}@{DOMAIN}")
    accounts = {name: sugar("add_account", name=name) for name in wanted.companies}
    google.open(EMAIL, DOMAIN)
    records = [sugar_record(record, user_id, accounts) for scene in wanted.scenes for record in scene.sugar]
    persons = _persons(google, [record for scene in wanted.scenes for record in scene.google])
    sugar_ids, names = iter(sugar.load(records)), iter(google.load(persons))
    placed = [
        Placed(
            scene,
            tuple(next(sugar_ids) for _ in scene.sugar),
            tuple(next(names).removeprefix("people/") for _ in scene.google),
        )
        for scene in wanted.scenes
    ]
    books = Books(user_id, wanted.companies, placed)
    books.sugar.update(sugar_by_id(sugar))
    books.google.update(google_by_id(google))
    return books


def sugar_by_id(sugar: SugarBook) -> dict[str, Record]:
    """Every Sugar contact by its id."""
    return {record["id"]: record for record in sugar.records()}


def google_by_id(google: GoogleBook) -> dict[str, Record]:
    """Every Google contact by its id, which is its resource name without "people/"."""
    return {person["resourceName"].removeprefix("people/"): person for person in google.records()}


def sugar_record(record: Record, user_id: str, accounts: dict[str, str]) -> Record:
    """The record as Sugar stores it: an owner, and the account's id instead of its name."""
    company = record.get("account_name")
    link = {"account_id": accounts[company]} if company else {}
    kept = {name: value for name, value in record.items() if name != "account_name"}
    return {"assigned_user_id": user_id, **kept, **link}


def _persons(google: GoogleBook, records: Iterable[Record]) -> list[Record]:
    """The persons with their labels as memberships; the labels are made where they are missing."""
    groups = {name.casefold(): f"contactGroups/{name}" for name in _SYSTEM_GROUPS}
    persons = []
    for record in copy.deepcopy(list(records)):
        names = {name.casefold(): name for name in record.pop(csv_google.LABELS, ())}
        for key, name in names.items():
            if key not in groups:
                groups[key] = google("add_group", sub=google.sub, name=name)
        if names:
            record["memberships"] = [_membership(groups[key]) for key in {"mycontacts": "", **names}]
        persons.append(record)
    return persons


def _membership(group: str) -> dict[str, Any]:
    return {"contactGroupMembership": {"contactGroupResourceName": group}}

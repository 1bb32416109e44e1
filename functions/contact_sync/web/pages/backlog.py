"""The backlog: contacts that need a decision, and the decisions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from ...contacts.contact import FIELDS
from ...contacts.normal_form import field_text, from_plain, same
from ...contacts.settings import SyncSettings
from ...contacts.side import Side
from .. import backlog
from ..backlog import BacklogItem, BacklogQuery, Cause, Choice, Selection
from ..caller import caller
from ..operation import LONGEST_ID, asked
from ..site import Refusal, site
from . import decisions, words
from .answers import back_to, refused, when
from .decisions import Button, Buttons, Verb
from .page import by_htmx, pages, render

routes = pages("backlog")

_ENTRY = f"/backlog/<string(maxlength={LONGEST_ID}):entry>"
_VERBS = "<any(release, keep):verb>"


@dataclass(frozen=True, slots=True)
class Line:
    """One field of both records."""

    field: str
    texts: dict[Side, str]
    differs: bool


@dataclass(frozen=True, slots=True)
class Question:
    """One contact that needs a decision."""

    item: BacklogItem
    buttons: Buttons
    lines: Sequence[Line]

    @property
    def partners_are_in(self) -> Side:
        """The side of the contacts among which the user chooses."""
        return Side.GOOGLE if self.item.sugar_id is not None else Side.SUGAR


@dataclass(frozen=True, slots=True)
class Group:
    """Contacts that were deleted at once; `shown` are those of this page."""

    cause: Cause
    buttons: Buttons
    shown: Sequence[BacklogItem]


@dataclass(slots=True)
class Section:
    """All contacts of one cause: how many there are, and those of this page."""

    cause: str
    count: int = 0
    sides: set[Side] = field(default_factory=set)
    groups: list[Group] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    buttons: Buttons = field(default_factory=dict)
    """About all of them at once; empty where that is no help."""

    @property
    def title(self) -> str:
        """The cause in words."""
        return words.cause(self.cause)

    @property
    def explained(self) -> str:
        """What it means."""
        return decisions.EXPLAINED.get(self.cause, "")

    @property
    def left(self) -> int:
        """How many of them this page does not show."""
        return self.count - len(self.questions) - sum(group.cause.count for group in self.groups)


@routes.get("/backlog")
def page() -> Response:
    """What needs a decision, by cause; of one cause or group if asked for."""
    query = asked(BacklogQuery)
    found, causes = backlog.listed(query), backlog.causes().items
    return render(
        "backlog.html",
        tab="backlog",
        sections=_sections(causes, found.items, query),
        all_sections=_sections(causes),
        total=sum(cause.count for cause in causes),
        query=query,
        next=found.next,
        **_place(),
    )


@routes.get(_ENTRY)
def entry(entry: str) -> Response:
    """One contact that needs a decision."""
    question = _question(backlog.one(entry))
    explained = decisions.EXPLAINED.get(question.item.cause, "")
    return render("backlog_entry.html", tab="backlog", question=question, explained=explained, **_place())


@routes.post(f"{_ENTRY}/{_VERBS}")
def decide(entry: str, verb: str) -> BaseResponse:
    """Decide about one contact. With a script the answer takes its place in the list."""
    try:
        item = backlog.one(entry)
        button = _as_said(decisions.buttons(item, _settings()), verb)
        (backlog.release if verb == "release" else backlog.keep)(entry)
    except Refusal as refusal:
        return refused(refusal, _list())
    said = _said(button)
    if not by_htmx():
        return back_to(_list(), said)
    section = next((one for one in _sections(backlog.causes().items) if one.cause == item.cause), None)
    return render("parts/backlog_decided.html", item=item, said=said, section=section, **_place())


@routes.post(f"{_ENTRY}/choose")
def choose(entry: str) -> BaseResponse:
    """Link a contact with the candidate that was ticked."""
    partner = request.form.get("partner")
    try:
        if not partner:
            raise Refusal(409, "nothing_chosen", "Choose first which contact it is.")
        backlog.choose(entry, Choice(partner=partner))
    except Refusal as refusal:
        return refused(refusal, _list())
    # Others that asked about the same contacts are decided again, too: the whole list may have changed.
    return back_to(_list(), f"The two will be linked. {when()}")


@routes.post(f"/backlog/{_VERBS}")
def decide_all(verb: str) -> BaseResponse:
    """Decide about all contacts of a cause or group, if they are still as many as the button said."""
    cause, group = request.form.get("cause"), request.form.get("group")
    try:
        button = _as_said(_buttons_for(cause, group), verb)
        wanted = Selection(group=group) if group else Selection(cause=cause)
        count = (backlog.release_all if verb == "release" else backlog.keep_all)(wanted).count
    except Refusal as refusal:
        return refused(refusal, _list())
    if not count:
        return back_to(url_for(".page"), "Nothing of it was left to decide.", "info")
    return back_to(url_for(".page"), f"Decided about {words.contacts(count)}. {_said(button)}")


def _sections(
    causes: Iterable[Cause], items: Iterable[BacklogItem] = (), query: BacklogQuery | None = None
) -> list[Section]:
    """The causes in the order of the page; only the one that was asked for, if any was."""
    settings = _settings()
    sections: dict[str, Section] = {}
    groups: dict[str | None, list[BacklogItem]] = {}
    for item in items:
        groups.setdefault(item.group, []).append(item)
    for cause in causes:
        if query and (query.cause not in (None, cause.cause) or query.group not in (None, cause.group)):
            continue
        section = sections.setdefault(cause.cause, Section(cause.cause))
        section.count += cause.count
        if cause.deletes_on is not None:
            section.sides.add(cause.deletes_on)
        if cause.group is not None and cause.deletes_on is not None:
            buttons = decisions.for_group(cause.deletes_on, cause.count, settings)
            section.groups.append(Group(cause, buttons, groups.get(cause.group, ())))
    for item in groups.get(None, ()):
        if item.cause in sections:
            sections[item.cause].questions.append(_question(item))
    for section in sections.values():
        if section.count > 1 and len(section.groups) != 1:
            section.buttons = decisions.for_all(section.cause, section.count, section.sides, settings)
    order = {cause: place for place, cause in enumerate(decisions.ORDER)}
    return sorted(sections.values(), key=lambda section: order.get(section.cause, len(order)))


def _buttons_for(cause: str | None, group: str | None) -> Buttons:
    """The buttons of a cause or group as they are now; none where nothing of it is left."""
    for section in _sections(backlog.causes().items):
        if group is None and section.cause == cause:
            return section.buttons
        for one in section.groups:
            if one.cause.group == group:
                return one.buttons
    return {}


def _as_said(buttons: Buttons, verb: str) -> Button:
    """The button that was pressed. Refused if it would not do any more what it said: settings or numbers changed."""
    button = buttons.get(cast(Verb, verb))
    if button is None or button.words != request.form.get("said"):
        raise Refusal(409, "changed", "This has changed in the meantime. Look at it again, then decide.")
    return button


def _question(item: BacklogItem) -> Question:
    return Question(item, decisions.buttons(item, _settings()), _lines(item))


def _lines(item: BacklogItem) -> list[Line]:
    """Both records as last seen, in the fields that hold something."""
    records = item.records or {}
    contacts = {side: from_plain(records.get(side) or {}) for side in Side}
    lines = []
    for name in FIELDS:
        values = {side: getattr(contacts[side], name) for side in Side}
        texts = {side: field_text(name, value) for side, value in values.items()}
        if any(texts.values()):
            known = all(value is not None for value in values.values())
            lines.append(Line(name, texts, known and not same(name, *values.values())))
    return lines


def _settings() -> SyncSettings:
    """The settings in force."""
    return site().engine.policy.apply(caller().user.settings)


def _place() -> dict[str, Any]:
    """Where in the list the person is, for the way back there."""
    return {"place": {name: value for name in ("cause", "group") if (value := request.args.get(name))}}


def _list() -> str:
    """The list that the form was on."""
    return url_for(".page", **_place()["place"])


def _said(button: Button) -> str:
    """What happens next, and when."""
    return when() if button.by_run else "It is remembered."

"""The user's contacts by how they stand: linked, no longer linked, outside the scope; link again, unlink, clean up."""

from __future__ import annotations

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from ...contacts.mapping import State
from ...contacts.settings import SyncSettings
from ...contacts.side import Side
from .. import mappings, scope, status
from ..caller import caller
from ..mappings import MappingItem, MappingsQuery
from ..operation import LONGEST_ID, asked
from ..scope import Clean
from ..site import Refusal, site
from .answers import back_to, refused, when
from .page import by_htmx, leave, number_in, pages, render
from .words import SIDES

routes = pages("contacts")

STATES = (State.LINKED, State.UNLINKED, State.OUT_OF_SCOPE)
"""The lists of this page."""
_CONTACT = f"/contacts/<string(maxlength={LONGEST_ID}):sugar_id>"


@routes.get("/contacts")
def page() -> Response:
    """Contacts in one state, by name; linked ones if not asked for others."""
    query = asked(MappingsQuery)
    state = query.state or State.LINKED
    found = mappings.listed(MappingsQuery(state=state, cursor=query.cursor))
    settings = _settings()
    return render(
        "contacts.html",
        state=state,
        states=STATES,
        counts=status.get_status().counts,
        items=found.items,
        next=found.next,
        in_google=scope.get().in_google if state is State.OUT_OF_SCOPE else 0,
        link_does=lambda item: link_does(item, settings),
    )


@routes.post(f"{_CONTACT}/link")
def link(sugar_id: str) -> BaseResponse:
    """Keep both sides of a contact in sync again."""
    try:
        item = mappings.link(sugar_id)
    except Refusal as refusal:
        return refused(refusal, url_for(".page", state=_state(State.UNLINKED)))
    alone = item.missing is not None or item.google_id is None
    said = link_does(item, _settings()) if alone else "It will be linked again."
    return _done(item, f"{said} {when()}", State.UNLINKED)


@routes.post(f"{_CONTACT}/unlink")
def unlink(sugar_id: str) -> BaseResponse:
    """Stop syncing a contact."""
    try:
        item = mappings.unlink(sugar_id)
    except Refusal as refusal:
        return refused(refusal, url_for(".page", state=_state(State.LINKED)))
    return _done(item, "It is no longer synced. Both sides keep it as it is.", State.LINKED)


@routes.get("/contacts/clean")
def clean_up() -> Response:
    """What removing the contacts that left the scope would delete in Google."""
    return _clean_up()


@routes.post("/contacts/clean")
def clean() -> BaseResponse:
    """Delete the contacts in Google that left the scope, if they are still as many."""
    count = number_in(request.form.get("count", ""))
    try:
        run = scope.clean(Clean(count=count or 0)).run
    except Refusal as refusal:
        return _clean_up(refusal)
    return leave(url_for("sync.page", run=run))


def link_does(item: MappingItem, settings: SyncSettings) -> str:
    """What linking a contact again will do."""
    gone = item.missing.side if item.missing else None if item.google_id else Side.GOOGLE
    if gone is None:
        return "Both sides are kept the same again. What differs is merged."
    was = f"It was deleted in {SIDES[gone]}" if item.missing else f"It is not in {SIDES[gone]}"
    record = "a new contact" if gone is Side.GOOGLE else "a new record"
    if settings.may("create", gone):
        label = " if it carries your label" if gone is Side.SUGAR and settings.google_label else ""
        return f"{was}; it is created there as {record}{label}."
    return (
        f"{was}, and creating there is switched off in your settings. "
        "It is linked only with a contact that has the same address."
    )


def _clean_up(refusal: Refusal | None = None) -> Response:
    listed = mappings.listed(MappingsQuery(state=State.OUT_OF_SCOPE)).items
    return render(
        "clean.html",
        refusal.status if refusal else 200,
        count=scope.get().in_google,
        items=[item for item in listed if item.google_id],
        refusal=refusal,
    )


def _done(item: MappingItem, said: str, listed: State) -> BaseResponse:
    """With a script the answer takes the contact's place in the list."""
    if by_htmx():
        return render("parts/contact_done.html", item=item, said=said)
    return back_to(url_for(".page", state=_state(listed)), said)


def _state(usual: State) -> State:
    """The list that the form was on."""
    given = request.args.get("state")
    return State(given) if given in STATES else usual


def _settings() -> SyncSettings:
    """The settings in force."""
    return site().engine.policy.apply(caller().user.settings)

"""Decide about every case of a batch: the pure core asked, with what only the engine knows around it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ..contacts import google_person
from ..contacts.actions import (
    Action,
    Become,
    Create,
    Delete,
    Forget,
    Nothing,
    Presence,
    Quarantine,
    Renew,
    Update,
    Wait,
)
from ..contacts.contact import FIELDS
from ..contacts.mapping import Missing, State
from ..contacts.match import TWIN, Match, Party, Verdict
from ..contacts.merge import edited
from ..contacts.normal_form import field_text, size
from ..contacts.plan import place, plan
from ..contacts.side import Side
from .batch import Batch, Case
from .chosen import back_to_the_backlog
from .doubts import Doubts
from .gather import Gatherer
from .intake_google import DUPLICATE
from .reasons import PAUSES
from .session import Session

LARGEST = 200_000
"""Bytes of text of one contact. Google takes 128 KB; a document that holds a contact several times, 1 MiB."""


class Decider:
    """Gives every case its action. Cases are decided in order: a planned create is there for the next one."""

    def __init__(self, session: Session, gatherer: Gatherer) -> None:
        self.session = session
        self.gatherer = gatherer
        self.doubts = Doubts(session)

    def decide(self, batch: Batch) -> None:
        """Set `action` on every case."""
        batch.each(self._decide)

    def _decide(self, case: Case) -> None:
        if case.due_again is not None or case.unread is not None:
            case.action = Wait("a record could not be read")
            return
        large = [side for side in Side if size(case.contacts[side]) > LARGEST]
        case.action = _too_large(case, large[0]) if large else self._about(case)

    def _about(self, case: Case) -> Action:
        mapping, settings = case.mapping, self.session.settings
        if mapping is None:
            return self._about_entry(case)
        if mapping.state is State.CREATING:
            resolved = self.doubts.resolve(case)
            if resolved is not None:
                return resolved
            mapping = case.mapping or mapping
        if mapping.state is State.NEW:
            return self._place(case, Side.SUGAR)
        merged = self._merged_in_google(case)
        if merged is not None:
            return merged
        now = self.session.engine.now()
        action = plan(mapping, case.views, settings, now)
        if isinstance(action, Renew) and mapping.state is State.LINKED and not self._may_renew(case, action):
            return Become(State.UNLINKED, mapping.missing or Missing(action.missing, now, False))
        return action

    def _about_entry(self, case: Case) -> Action:
        entry = case.entry
        if entry is None or case.person is None:
            return Forget()
        if entry.directive is not None and entry.directive.kind == DUPLICATE:
            if self._is_our_duplicate(case):
                return Delete(Side.GOOGLE, released=True)
            # Not ours after all: an ordinary contact, decided about in the next round.
            case.entry = replace(entry, directive=None)
            case.due_again = self.session.engine.now()
            return Wait("this contact is none of our duplicates")
        if entry.mapping is not None:
            owner = self.gatherer.owners.get(entry.mapping)
            if owner is not None:
                if owner.state is not State.GONE or owner.unreadable:
                    return Nothing()
                # Long after its mapping was gone it is alive: a contact of its own from now on.
                case.mapping = owner
                return Renew(Side.SUGAR)
            case.entry = replace(entry, mapping=None)
            case.due_again = self.session.engine.now()
            return Wait("this contact is alive again")
        return self._place(case, Side.GOOGLE)

    def _is_our_duplicate(self, case: Case) -> bool:
        """Whether a create that was sent twice left this contact: its mapping's own contact is alive elsewhere."""
        entry, contact = case.entry, case.views[Side.GOOGLE].contact
        if entry is None or contact is None or entry.directive is None:
            return False
        mapping = self.gatherer.field.mappings.get(entry.directive.partner or "")
        if (
            mapping is None
            or mapping.state is not State.LINKED
            or mapping.google_id in (None, entry.google_id)
        ):
            return False
        original = self.gatherer.people.people.get(mapping.google_id or "")
        alive = original is not None and google_person.source_id(original) is not None
        contact, held = google_person.read(case.person or {}, mapping.base), mapping.held.get(Side.GOOGLE)
        return alive and not edited(contact, mapping.base, lambda value: value, held)

    def _place(self, case: Case, side: Side) -> Action:
        """Decide about a record without a partner, and let later cases of the batch see the outcome."""
        field = self.gatherer.field
        view = case.views[side]
        item = case.mapping if side is Side.SUGAR else case.entry
        own = item is not None and item.directive is not None and item.directive.kind == "create"
        match = case.match or Match(Verdict.NONE)
        if view.present and match.verdict is not Verdict.LINK and case.match is not None:
            match = field.match(side, case.key)
        if view.present and (why := self._undone(case, side, match, own)) is not None:
            return back_to_the_backlog(why, match)
        leaving = self._leaving(side, match) if not own else None
        if leaving is not None:
            case.due_again = leaving
            return Wait("the contact that it doubles is reported deleted, and that comes first")
        partner = case.views[side.other] if case.views[side.other].present else None
        action = place(
            side,
            view,
            match,
            partner,
            self.session.settings,
            may_create=self.session.creates(side.other) and self._labelled(case, side),
            own_contact=own,
            mapping=case.mapping,
        )
        if isinstance(action, Create):
            key = case.key
            terms = field.parties[side][key].terms if key in field.parties[side] else frozenset()
            field.put(side.other, Party(TWIN + key, terms, placed=True))
            if key in field.parties[side]:
                field.placed(side, key)
        elif isinstance(action, Update):
            taken = {Side.SUGAR: case.mapping and case.mapping.sugar_id, Side.GOOGLE: case.google_id}
            for there, record_id in taken.items():
                if record_id is not None and record_id in field.parties[there]:
                    field.placed(there, record_id)
        return action

    def _undone(self, case: Case, side: Side, match: Match, own: bool) -> str | None:
        """Why what a person decided about this contact cannot be done; None: it can."""
        if case.lost is not None:
            return case.lost.why
        there, paused = side.other, self.session.user.creates_paused
        like = match.verdict in (Verdict.AMBIGUOUS, Verdict.DUPLICATE)
        if own and like and self.session.settings.may("create", there) and not self.session.creates(there):
            return PAUSES.get(paused or "", "Creating in Google pauses.")
        return None

    def _leaving(self, side: Side, match: Match) -> datetime | None:
        """When the deletion of a contact that this one doubles is decided; None: they all stay, as far as is known."""
        field = self.gatherer.field
        if match.verdict is not Verdict.DUPLICATE:
            return None
        doubles: set[str | None] = set(match.partners)
        if side is Side.SUGAR:
            doubles = {field.entries[key].mapping for key in match.partners if key in field.entries}
        linked = self.gatherer.linked(key for key in doubles if key is not None)
        return min((item.due_at for item in linked if item.missing and item.due_at), default=None)

    def _may_renew(self, case: Case, action: Renew) -> bool:
        """Whether the survivor of a deletion could become a contact of its own: the label may forbid it."""
        return action.missing is Side.GOOGLE or self._labelled(case, Side.GOOGLE)

    def _labelled(self, case: Case, side: Side) -> bool:
        label = self.session.settings.google_label
        if side is Side.SUGAR or label is None:
            return True
        return label in google_person.groups(case.person or {})

    def _merged_in_google(self, case: Case) -> Quarantine | None:
        """A linked contact vanished and lives on in another linked one: two were merged in Google."""
        mapping, merged = case.mapping, self.gatherer.vanished.merged.get(case.key)
        if mapping is None or merged is None:
            return None
        if mapping.state is not State.LINKED or case.views[Side.GOOGLE].presence is not Presence.DELETED:
            return None
        decided = mapping.directive is not None and mapping.directive.kind in ("delete", "create")
        if not case.views[Side.SUGAR].present or decided:
            return None
        return Quarantine(
            "merged_in_google",
            "This contact was merged into another one in Google; nothing was deleted in Sugar.",
            partners=(merged,),
        )


def _too_large(case: Case, side: Side) -> Quarantine:
    contact = case.contacts[side]
    largest = max(FIELDS, key=lambda name: len(field_text(name, getattr(contact, name))))
    kilobytes = f"{LARGEST // 1000} KB"
    return Quarantine(
        "refused", f"This contact holds more than {kilobytes} of text, and is not synced.", largest
    )

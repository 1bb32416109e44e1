"""One Google account: its contacts and groups, and the changes that the API or a person makes to them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import datetime

from . import errors, etags, normalise
from .book import MY_CONTACTS, AddressBook, Contact, Snapshot
from .errors import ApiError, Json
from .groups import GroupBook
from .masks import SINGLE, WRITABLE


class Account:
    """A Google account and everything in its address book."""

    def __init__(
        self,
        sub: str,
        email: str,
        hd: str | None,
        email_verified: bool,
        *,
        random_source: random.Random,
        now: Callable[[], datetime],
        propagation: Callable[[], float],
        region: Callable[[], str],
    ) -> None:
        self.sub = sub
        self.email = email
        self.hd = hd
        self.email_verified = email_verified
        self.book = AddressBook(random_source, now, propagation)
        self.groups = GroupBook(random_source, now)
        self._region = region

    def stored(self, person: Json, source_id: str) -> Json:
        """The writable fields of a person as they are stored; memberships default to the group myContacts."""
        fields = {}
        for name, items in person.items():
            if name in WRITABLE and name != "memberships" and items:
                kept = normalise.stored_items(name, items, source_id, self._region())
                if kept:
                    fields[name] = kept
        groups = normalise.groups_of(person.get("memberships") or [])
        self.groups.require(groups)
        fields["memberships"] = normalise.membership_items(groups or [MY_CONTACTS], source_id)
        return fields

    def prepare_create(self, person: Json) -> tuple[Contact, Json]:
        """A new contact and its fields, checked but not yet kept."""
        contact = self.book.new_contact()
        return contact, self.stored(person, contact.source_id)

    def prepare_update(self, contact: Contact, person: Json, mask: frozenset[str]) -> Json:
        """The fields of a contact with every masked one replaced, or cleared where the person has none."""
        fields = dict(contact.live.fields)
        for name in sorted(mask):
            items = person.get(name) or []
            if name == "memberships":
                groups = normalise.groups_of(items)
                if not groups:
                    raise errors.invalid("A contact must always have at least one contact group membership.")
                self.groups.require(groups)
                kept = normalise.membership_items(groups, contact.source_id)
            else:
                kept = normalise.stored_items(name, items, contact.source_id, self._region())
            fields.pop(name, None)
            if kept:
                fields[name] = kept
        return fields

    def with_groups(self, snapshot: Snapshot, groups: list[str]) -> Json:
        """The fields of a contact with its memberships replaced."""
        return snapshot.fields | {"memberships": normalise.membership_items(groups, snapshot.source_id)}

    def merged(self, survivor: Snapshot, losers: Iterable[Snapshot]) -> Json:
        """The survivor's fields with what the losers have more; single fields stay the survivor's."""
        fields = dict(survivor.fields)
        for loser in losers:
            for name, items in loser.fields.items():
                mine = fields.get(name, [])
                if name in SINGLE and mine:
                    continue
                seen = [_value(item) for item in mine]
                extra = [_value(item) for item in items if _value(item) not in seen]
                if name == "memberships":
                    groups = normalise.groups_of(mine + extra)
                    fields[name] = normalise.membership_items(groups, survivor.source_id)
                else:
                    fields[name] = normalise.stored_items(
                        name, seen + extra, survivor.source_id, self._region()
                    )
        return fields


def check_version(contact: Contact, person: Json, refuse_listed: bool = False) -> None:
    """Compare the version an update names with the live one: 400 if it names none or another one.

    Either the person etag or the etag of the contact source will do; where both are given both must match.
    """
    etag = person.get("etag")
    sources = (person.get("metadata") or {}).get("sources") or []
    source_etag = next(
        (s["etag"] for s in sources if (s.get("type") or "CONTACT") == "CONTACT" and s.get("etag")), None
    )
    if not etag and not source_etag:
        raise errors.invalid(
            "Request must set person.etag or person.metadata.sources.etag "
            "for the source that is being updated."
        )
    if etag:
        embedded, listed = etags.embedded_source_etag(etag)
        if embedded != contact.live.etag or (listed and refuse_listed):
            raise errors.failed_precondition(errors.STALE_PERSON_ETAG)
    if source_etag and source_etag.removeprefix("#") != contact.live.etag:
        raise errors.failed_precondition(errors.STALE_SOURCE_ETAG)


def over_the_limit() -> ApiError:
    """The error of a create beyond the account's limit of contacts."""
    return errors.failed_precondition("MY_CONTACTS_OVERFLOW_COUNT: the account holds too many contacts.")


def _value(item: Json) -> Json:
    return {key: value for key, value in item.items() if key != "metadata"}

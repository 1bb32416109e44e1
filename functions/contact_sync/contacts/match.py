"""Who on the other side is the same person.

Addresses are the evidence: e-mail addresses, or, for a contact without any, its full name with each phone number. An
address that several records of one side share is no evidence by itself; together with the full name it is a weaker
one. Two records are linked only if each is the other's one remaining candidate, so the order of arrival never matters.

The decision works on opaque terms, so that the index can hold them hashed:
    a:<address>            the record has this address
    n:<full name><address> the record has this address and this full name
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from .composed import without_marks
from .contact import PHONES, Contact
from .normal_form import comparison_key, full_name_key, match_address

ADDRESS = "a:"
NAMED = "n:"
TWIN = "new:"
"""Before a record's id: the one of the other side that is being created for that record."""

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Party:
    """One record of one side, as matching sees it."""

    id: str
    terms: frozenset[str]
    placed: bool = False
    """It already has a partner (or never gets one): it shares addresses, but is no candidate."""
    in_scope: bool = True
    """False only for a Sugar record that the user does not sync."""

    def terms_of(self, prefix: str) -> frozenset[str]:
        """The terms of one kind."""
        return frozenset(term for term in self.terms if term.startswith(prefix))


class Verdict(StrEnum):
    """What matching says about one record."""

    LINK = "link"
    AMBIGUOUS = "ambiguous"
    DUPLICATE = "duplicate"
    OUT_OF_SCOPE = "out_of_scope"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Match:
    """The verdict and the records of the other side it is about (one to link; those to choose from; the double)."""

    verdict: Verdict
    partners: tuple[str, ...] = ()


def terms(contact: Contact) -> tuple[str, ...]:
    """The clear terms of a contact; hash them before storing. Sorted, without repeats; none if it has no address."""
    name = full_name_key(contact)
    addresses = {match_address(email) for email in contact.emails or ()} - {""}
    if not addresses and name:
        phones = (getattr(contact, phone) for phone in PHONES)
        addresses = {f"{name}|{comparison_key('phone_work', phone)}" for phone in phones if phone}
    found = {ADDRESS + address for address in addresses}
    if name:
        found |= {f"{NAMED}{name}|{address}" for address in addresses}
    return tuple(sorted(found))


def same_name(one: Contact, other: Contact) -> bool:
    """Whether two contacts have the same name: the words of one are all among the other's, and at least two of them,
    or all of both. Case, accents, punctuation and order do not count. Contacts without a name have none in common."""
    words = sorted((_words(one), _words(other)), key=len)
    return words[0] <= words[1] and (len(words[0]) > 1 or (len(words[0]) == 1 and words[0] == words[1]))


def _words(contact: Contact) -> frozenset[str]:
    return frozenset(_WORD.findall(without_marks(full_name_key(contact))))


def match(subject: Party, own: Iterable[Party], other: Iterable[Party]) -> Match:
    """Find the subject's partner among `other`.

    `own` are the records of the subject's side and `other` those of the opposite side, as far as three steps of
    shared addresses from the subject: its candidates, their rivals, and what those would rather be linked with. The
    subject itself may be among `own`.
    """
    field = _Field(subject, tuple(own), tuple(other))
    candidates = field.mutual(subject, field.other, field.own)
    if len(candidates) == 1:
        partner = candidates[0]
        if len(field.mutual(partner, field.own, field.other)) > 1:
            return Match(Verdict.AMBIGUOUS, (partner.id,))
        if not (partner.in_scope and subject.in_scope):
            return Match(Verdict.OUT_OF_SCOPE, (partner.id,))
        return Match(Verdict.LINK, (partner.id,))
    if candidates:
        return Match(Verdict.AMBIGUOUS, tuple(sorted(_ids(candidates))))
    doubles = sorted(party.id for party in field.other if party.terms_of(NAMED) & subject.terms_of(NAMED))
    if doubles:
        return Match(Verdict.DUPLICATE, tuple(doubles))
    return Match(Verdict.NONE)


class _Field:
    """The records around one subject, with how many of each side hold an address."""

    def __init__(self, subject: Party, own: tuple[Party, ...], other: tuple[Party, ...]) -> None:
        self.own = (subject, *(party for party in own if party.id != subject.id))
        self.other = other
        holders_own = Counter(term for party in self.own for term in party.terms_of(ADDRESS))
        holders_other = Counter(term for party in other for term in party.terms_of(ADDRESS))
        self.evidence = {
            term for term, count in holders_own.items() if count == 1 and holders_other.get(term) == 1
        }

    def best(self, party: Party, opposite: tuple[Party, ...]) -> list[Party]:
        """Unplaced records of the opposite side by unshared addresses, else by a shared address plus full name."""
        free = [candidate for candidate in opposite if not candidate.placed]
        strong = [candidate for candidate in free if candidate.terms & party.terms & self.evidence]
        return strong or [
            candidate for candidate in free if candidate.terms_of(NAMED) & party.terms_of(NAMED)
        ]

    def mutual(self, party: Party, opposite: tuple[Party, ...], same: tuple[Party, ...]) -> list[Party]:
        """The best candidates that would choose this party, too: a link between others never changes these."""
        return [
            candidate
            for candidate in self.best(party, opposite)
            if party.id in _ids(self.best(candidate, same))
        ]


def _ids(parties: Iterable[Party]) -> set[str]:
    return {party.id for party in parties}

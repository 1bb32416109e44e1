"""Who on the other side is the same person: evidence, and that the order in which records are met never matters."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import pytest

from contact_sync.contacts.contact import Contact
from contact_sync.contacts.match import Match, Party, Verdict, match, same_name, terms
from contact_sync.contacts.side import Side


def party(key: str, contact: Contact, *, placed: bool = False, in_scope: bool = True) -> Party:
    return Party(key, frozenset(terms(contact)), placed, in_scope)


def person(key: str, *emails: str, first: str = "", last: str = "", placed: bool = False) -> Party:
    return party(key, Contact(first_name=first, last_name=last, emails=emails), placed=placed)


def verdict(subject: Party, own: Iterable[Party] = (), other: Iterable[Party] = ()) -> Match:
    return match(subject, own, other)


# Evidence


def test_one_common_address_links_whatever_the_names() -> None:
    subject = person("s1", "ana@x.test", first="Ana", last="Ruiz")
    other = person("g1", "ana@x.test", "second@x.test", first="A.", last="R.")
    assert verdict(subject, [], [other]) == Match(Verdict.LINK, ("g1",))


@pytest.mark.parametrize(
    "spelling",
    ["ANA@X.TEST", " ana@x.test ", "ana+crm@x.test", "Ana Ruiz <ana@x.test>", "Ana <Ana+Work@X.test>"],
)
def test_an_address_is_compared_without_case_blanks_tag_and_display_part(spelling: str) -> None:
    assert verdict(person("s1", spelling), [], [person("g1", "ana@x.test")]).verdict is Verdict.LINK


@pytest.mark.parametrize("text", ["", "  ", "@x.test", "ana@", "no address"])
def test_text_that_is_no_address_is_no_evidence(text: str) -> None:
    assert verdict(person("s1", text), [], [person("g1", text)]) == Match(Verdict.NONE)


def test_the_same_name_alone_is_no_evidence() -> None:
    subject = person("s1", "ana@x.test", first="Ana", last="Ruiz")
    assert verdict(subject, [], [person("g1", "other@x.test", first="Ana", last="Ruiz")]) == Match(
        Verdict.NONE
    )


def test_an_address_that_two_of_one_side_share_is_no_evidence() -> None:
    own = person("s2", "info@x.test", first="Ben", last="Okafor")
    subject = person("s1", "info@x.test", first="Ana", last="Ruiz")
    assert verdict(subject, [own], [person("g1", "info@x.test", last="Reception")]) == Match(Verdict.NONE)


def test_an_address_that_two_of_the_other_side_share_is_no_evidence() -> None:
    others = [person("g1", "info@x.test", last="One"), person("g2", "info@x.test", last="Two")]
    assert verdict(person("s1", "info@x.test", last="Three"), [], others) == Match(Verdict.NONE)


def test_a_shared_address_links_together_with_the_full_name() -> None:
    own = person("s2", "info@x.test", first="Ben", last="Okafor")
    subject = person("s1", "info@x.test", first="Ana", last="Ruiz")
    other = person("g1", "info@x.test", first="ana", last=" RUIZ")
    assert verdict(subject, [own], [other]) == Match(Verdict.LINK, ("g1",))


def test_an_unshared_address_counts_more_than_a_shared_one_with_the_name() -> None:
    own = person("s2", "info@x.test", last="Okafor")
    subject = person("s1", "info@x.test", "ana@x.test", last="Ruiz")
    others = [person("g1", "info@x.test", last="Ruiz"), person("g2", "ana@x.test", last="Other")]
    assert verdict(subject, [own], others) == Match(Verdict.LINK, ("g2",))


def test_a_linked_record_still_shares_its_address() -> None:
    own = person("s2", "info@x.test", last="Okafor", placed=True)
    other = person("g1", "info@x.test", last="Reception")
    assert verdict(person("s1", "info@x.test", last="Ruiz"), [own], [other]) == Match(Verdict.NONE)


# Several, doubles, scope


def test_two_candidates_are_ambiguous_and_named() -> None:
    subject = person("s1", "a@x.test", "b@x.test")
    others = [person("g2", "b@x.test"), person("g1", "a@x.test")]
    assert verdict(subject, [], others) == Match(Verdict.AMBIGUOUS, ("g1", "g2"))


def test_a_candidate_that_another_record_claims_is_ambiguous() -> None:
    other = person("g1", "a@x.test", "b@x.test")
    assert verdict(person("s1", "a@x.test"), [person("s2", "b@x.test")], [other]).verdict is Verdict.AMBIGUOUS


def test_a_linked_record_is_no_candidate() -> None:
    subject = person("s1", "a@x.test", last="Ruiz")
    assert verdict(subject, [], [person("g1", "a@x.test", last="Other", placed=True)]) == Match(Verdict.NONE)


def test_a_linked_record_with_the_same_name_and_address_is_a_duplicate() -> None:
    subject = person("s1", "a@x.test", last="Ruiz")
    assert verdict(subject, [], [person("g1", "a@x.test", last="Ruiz", placed=True)]) == Match(
        Verdict.DUPLICATE, ("g1",)
    )


def test_a_candidate_outside_the_scope_is_neither_linked_nor_doubled() -> None:
    outside = party("s1", Contact(last_name="Ruiz", emails=("a@x.test",)), in_scope=False)
    assert verdict(person("g1", "a@x.test", last="Ruiz"), [], [outside]) == Match(
        Verdict.OUT_OF_SCOPE, ("s1",)
    )


def test_nobody_has_the_address() -> None:
    assert verdict(person("s1", "a@x.test"), [], [person("g1", "b@x.test")]) == Match(Verdict.NONE)


# Contacts without an e-mail address


def phoned(key: str, first: str, last: str, **phones: str) -> Party:
    return party(key, Contact(first_name=first, last_name=last, emails=(), **phones))


def test_without_any_address_name_and_phone_stand_for_it() -> None:
    subject = phoned("s1", "Ana", "Ruiz", phone_work="+34 600 100 200")
    other = phoned("g1", "ana", "ruiz", phone_mobile="0034-600-100-200")
    assert verdict(subject, [], [other]) == Match(Verdict.LINK, ("g1",))


def test_a_phone_without_the_name_is_no_evidence() -> None:
    subject = phoned("s1", "Ana", "Ruiz", phone_work="+34 600 100 200")
    assert verdict(subject, [], [phoned("g1", "Ben", "Ruiz", phone_work="+34600100200")]) == Match(
        Verdict.NONE
    )
    assert terms(Contact(first_name="", last_name="", emails=(), phone_work="+34600100200")) == ()


def test_with_an_address_the_phone_does_not_count() -> None:
    subject = party(
        "s1", Contact(first_name="Ana", last_name="Ruiz", emails=("a@x.test",), phone_work="+34600100200")
    )
    assert verdict(subject, [], [phoned("g1", "Ana", "Ruiz", phone_work="+34600100200")]) == Match(
        Verdict.NONE
    )


def test_terms_do_not_depend_on_the_order_of_addresses() -> None:
    one = Contact(last_name="Ruiz", emails=("a@x.test", "b@x.test"))
    other = Contact(last_name="Ruiz", emails=("b@x.test", "A+x@x.test", "a@x.test"))
    assert terms(one) == terms(other)


# P10: linked if and only if exactly one candidate remains on each side, in whatever order they are met

KINDS = tuple(
    Contact(last_name=name, emails=emails)
    for name in ("X", "Y")
    for emails in (("a@x.test",), ("b@x.test",), ("a@x.test", "b@x.test"))
)
Links = frozenset[tuple[str, str]]


def small_worlds(most: int) -> Iterator[dict[Side, tuple[Party, ...]]]:
    """Every pair of small books over two names and two addresses."""
    books = [
        book for size in range(1, most + 1) for book in itertools.combinations_with_replacement(KINDS, size)
    ]
    for sugar, google in itertools.product(books, repeat=2):
        yield {
            side: tuple(party(f"{side}{number}", contact) for number, contact in enumerate(book))
            for side, book in ((Side.SUGAR, sugar), (Side.GOOGLE, google))
        }


def partners(world: Mapping[Side, tuple[Party, ...]], links: Links) -> dict[str, str]:
    """What each unlinked record would be linked with, once these links are made."""
    linked = {key for pair in links for key in pair}
    books = {side: [replace(one, placed=one.id in linked) for one in book] for side, book in world.items()}
    found = {}
    for side, book in books.items():
        for one in book:
            if not one.placed:
                answer = match(one, book, books[side.other])
                if answer.verdict is Verdict.LINK:
                    found[one.id] = answer.partners[0]
    return found


def outcomes(world: Mapping[Side, tuple[Party, ...]]) -> set[Links]:
    """The links at the end of every order in which the records can be processed, each once."""
    known: dict[Links, dict[str, str]] = {}
    everyone = frozenset(one.id for book in world.values() for one in book)
    ends: set[Links] = set()
    seen: set[tuple[frozenset[str], Links]] = set()
    todo: list[tuple[frozenset[str], Links]] = [(everyone, frozenset())]
    while todo:
        waiting, links = todo.pop()
        if not waiting:
            ends.add(links)
            continue
        if links not in known:
            known[links] = partners(world, links)
        for key in waiting:
            partner = known[links].get(key)
            pair = (key, partner) if partner and key.startswith("sugar") else (partner, key)
            more = links | {pair} if partner else links  # type: ignore[operator]
            state = (waiting - {key} - ({partner} if partner else set()), more)
            if state not in seen:
                seen.add(state)
                todo.append(state)
    return ends


def test_the_order_in_which_records_are_processed_never_changes_the_links() -> None:
    differing = [world for world in small_worlds(3) if len(outcomes(world)) != 1]
    assert not differing, f"{len(differing)} worlds, the first: {differing[0]}"


def test_two_records_choose_each_other_or_neither_links() -> None:
    for world in small_worlds(3):
        found = partners(world, frozenset())
        assert all(found.get(partner) == key for key, partner in found.items()), world


def test_what_is_far_away_in_the_book_does_not_change_a_verdict() -> None:
    """A verdict needs only the records within three steps of shared addresses: that is what the engine looks up."""
    chain = [
        Contact(last_name="X", emails=emails)
        for emails in (
            ("a@x.test",),
            ("a@x.test", "b@x.test"),
            ("b@x.test", "c@x.test"),
            ("c@x.test", "d@x.test"),
        )
    ]
    ends = [Contact(last_name="X", emails=(address,)) for address in ("b@x.test", "d@x.test", "e@x.test")]
    for size in range(1, 4):
        for sugar in itertools.combinations(chain + ends, size):
            for google in itertools.combinations(chain + ends, 2):
                own = [party(f"s{number}", contact) for number, contact in enumerate(sugar)]
                other = [party(f"g{number}", contact) for number, contact in enumerate(google)]
                near = within(own[0], [*own, *other], 3)
                assert match(own[0], own, other) == match(
                    own[0], [one for one in own if one in near], [one for one in other if one in near]
                )


def within(subject: Party, everyone: list[Party], steps: int) -> list[Party]:
    held = {term for term in subject.terms if term.startswith("a:")}
    for _ in range(steps):
        found = [one for one in everyone if one.terms & held]
        held = {term for one in found for term in one.terms if term.startswith("a:")}
    return found


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("Ana", "Ruiz"), ("Ana", "Ruiz"), True),
        (("ANA", "Ruiz"), ("Ruíz,", "ana"), True),
        (("Ana", "Ruiz"), ("Ana María", "Ruiz Gil"), True),
        (("", "Ana Ruiz"), ("Ana", "Ruiz"), True),
        (("Ana", ""), ("", "Ana"), True),
        (("Ana", ""), ("Ana", "Ruiz"), False),
        (("Ana", "Ruiz"), ("Anna", "Ruiz"), False),
        (("Ana", "Ruiz"), ("Ana", "Gil"), False),
        (("", ""), ("", ""), False),
        (("", ""), ("Ana", "Ruiz"), False),
        ((None, None), ("Ana", "Ruiz"), False),
    ],
)
def test_a_name_is_the_same_by_its_words(
    one: tuple[str | None, str | None], other: tuple[str | None, str | None], same: bool
) -> None:
    left, right = (Contact(first_name=first, last_name=last) for first, last in (one, other))
    assert same_name(left, right) is same_name(right, left) is same

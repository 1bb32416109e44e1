"""Contacts that are in both address books, or look like one another, and what must come of it."""

from __future__ import annotations

from .scene import COLLEAGUE, LEFT_ALONE, LINKED, Record, Scene, person, phones, work

_LONG_AGO = "2023-01-05T10:00:00+00:00"


def _contact(first: str, last: str, *emails: str, **fields: str) -> Record:
    """A Sugar contact."""
    return {
        "first_name": first,
        "last_name": last,
        "email": list(emails),
        "date_modified": _LONG_AGO,
        **fields,
    }


SAME_PERSON = (
    Scene(
        "the same on both sides already",
        sugar=(_contact("Sam", "Same", "sam@same.example", phone_mobile="+44 7700 900101"),),
        google=(person("Sam", "Same", "sam@same.example", phoneNumbers=phones(mobile="+44 7700 900101")),),
    ),
    Scene(
        "each side knows another half",
        sugar=(_contact("Hal", "Half", "hal@half.example", phone_work="+44 20 7946 0102", title="Buyer"),),
        google=(person("Hal", "Half", "hal@half.example", phoneNumbers=phones(mobile="+44 7700 900102")),),
        sugar_shows={"phone_work": "+44 20 7946 0102", "phone_mobile": "+44 7700 900102"},
        google_shows={"organizations.0.title": "Buyer"},
    ),
    Scene(
        "both sides differ: the later edit wins, here Google's",
        sugar=(_contact("Connie", "Conflict", "connie@differ.example", title="Assistant"),),
        google=(
            person("Connie", "Conflict", "connie@differ.example", organizations=[{"title": "Director"}]),
        ),
        sugar_shows={"title": "Director"},
        google_shows={"organizations.0.title": "Director"},
    ),
    Scene(
        "an address with a tag, and another one",
        sugar=(_contact("Tara", "Tagged", "tara+crm@tags.example"),),
        google=(person("Tara", "Tagged", "tara@tags.example", "tara@home.example"),),
        sugar_shows={"email.2.primary_address": False},
    ),
    Scene(
        "an address in capitals",
        sugar=(_contact("Cap", "Itals", "CAP.ITALS@LOUD.EXAMPLE"),),
        google=(person("Cap", "Itals", "cap.itals@loud.example"),),
    ),
    Scene(
        "a number instead of an address, written differently",
        sugar=(_contact("Tom", "Twin", phone_mobile="+44 7700 900103"),),
        google=(
            person("Tom", "Twin", phoneNumbers=phones(mobile="0044 (0)7700-900103")),
            person("Tom", "Twin", phoneNumbers=phones(mobile="+44 7700 900104")),
        ),
        expect={LINKED: 2},
    ),
    Scene(
        "another spelling of the company",
        sugar=(_contact("Corin", "Corporate", "corin@corp-mail.example", account_name="Harbour Café"),),
        google=(
            person(
                "Corin", "Corporate", "corin@corp-mail.example", organizations=work("harbour café", "Waiter")
            ),
        ),
        sugar_shows={"account_name": "Harbour Café", "title": "Waiter"},
    ),
)

LOOK_ALIKES = (
    Scene(
        "one mailbox for a whole shop",
        sugar=(
            _contact("Ina", "Infodesk", "info@shop.example"),
            _contact("Ole", "Infodesk", "info@shop.example"),
        ),
        google=(
            person("Ina", "Infodesk", "info@shop.example"),
            person("Ole", "Infodesk", "info@shop.example"),
            person("Front", "Desk", "info@shop.example"),
        ),
        expect={LINKED: 3},
    ),
    Scene(
        "one contact that could be either of two",
        sugar=(_contact("Kim", "Lee", "kim.lee@one.example"), _contact("K.", "Lee", "kim@two.example")),
        google=(person("Kim", "Lee", "kim.lee@one.example", "kim@two.example"),),
        expect={"ambiguous": 3},
    ),
    Scene(
        "entered twice in Sugar",
        sugar=(
            _contact("Dora", "Double", "dora@twice.example"),
            _contact("Dora", "Double", "dora@twice.example"),
        ),
        expect={LINKED: 1, "duplicate": 1},
    ),
    Scene(
        "entered twice in Google",
        google=(
            person("Doug", "Double", "doug@twice.example"),
            person("Doug", "Double", "doug@twice.example"),
        ),
        expect={LINKED: 1, "duplicate": 1},
    ),
    Scene(
        "the same name, but somebody else",
        sugar=(_contact("John", "Smith", "john.smith@brewery.example"),),
        google=(person("John", "Smith", "john.smith@bakery.example"),),
        expect={LINKED: 2},
    ),
    Scene(
        "a contact of a colleague",
        sugar=(_contact("Cole", "League", "cole@league.example", assigned_user_id=COLLEAGUE),),
        expect={LEFT_ALONE: 1},
    ),
    Scene(
        "a colleague's contact whom the user knows, too",
        sugar=(_contact("Mutual", "Friend", "mutual@friend.example", assigned_user_id=COLLEAGUE),),
        google=(person("Mutual", "Friend", "mutual@friend.example"),),
        expect={LEFT_ALONE: 2},
    ),
)

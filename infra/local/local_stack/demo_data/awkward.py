"""Contacts that sync products stumble over, each with the outcome it must have: names and values."""

from __future__ import annotations

from .scene import Scene, person, phones, work

LONG_TITLE = "Senior Executive Vice President " * 5
LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff" * 4
LONG_NOTE = "A note that somebody kept adding to, line by line.\n" * 120

NAMES = (
    Scene(
        "a first name only",
        google=(person("Cher", "", "cher@stage.example"),),
        sugar_shows={"first_name": "", "last_name": "Cher"},
        google_shows={"names.0.givenName": "Cher", "names.0.familyName": None},
    ),
    Scene(
        "a company only",
        google=(person(organizations=work("Harbour Café"), phoneNumbers=phones(work="+44 20 7946 0001")),),
        sugar_shows={"first_name": "", "last_name": "Harbour Café", "account_name": "Harbour Café"},
        google_shows={"names": None},
    ),
    Scene(
        "an e-mail address only",
        google=(person("", "", "press.office@paper.example"),),
        sugar_shows={"first_name": "", "last_name": "press.office"},
        google_shows={"names": None},
    ),
    Scene(
        "no name at all: only a number",
        google=(person(phoneNumbers=phones(mobile="+44 7700 900002")),),
        expect={"no_name": 1},
    ),
    Scene(
        "no name at all: only a birthday",
        google=(person(birthdays=[{"date": {"year": 1999, "month": 12, "day": 31}}]),),
        expect={"no_name": 1},
    ),
    Scene(
        "a name that is a script, in Google",
        google=(person("<script>alert(1)</script>", "O'Tables; DROP", "script@evil.example"),),
        sugar_shows={"first_name": "<script>alert(1)</script>", "last_name": "O'Tables; DROP"},
    ),
    Scene(
        "a name that is HTML, in Sugar",
        sugar=(
            {
                "first_name": "<b>Bobby</b>",
                "last_name": "{{7*7}} &amp; Sons",
                "email": ["bobby@evil.example"],
            },
        ),
        google_shows={"names.0.givenName": "<b>Bobby</b>", "names.0.familyName": "{{7*7}} &amp; Sons"},
    ),
    Scene(
        "emoji in a name",
        google=(person("Zoë 🌸", "👩‍👩‍👧 Starr", "zoe@flower.example"),),
        sugar_shows={"first_name": "Zoë 🌸", "last_name": "👩‍👩‍👧 Starr"},
    ),
    Scene(
        "two directions of writing in one name",
        sugar=({"first_name": "Omar عمر", "last_name": "الشريف Sharif", "email": ["omar@film.example"]},),
        google_shows={"names.0.givenName": "Omar عمر", "names.0.familyName": "الشريف Sharif"},
    ),
    Scene(
        "letters composed in two ways",
        sugar=({"first_name": "Ame\u0301lie", "last_name": "Cafe\u0301", "email": ["amelie@paris.example"]},),
        google=(person("Amélie", "Café", "amelie@paris.example"),),
    ),
    Scene(
        "a name longer than Sugar holds",
        google=(person("Hubert Blaine", LONG_NAME, "hubert@names.example"),),
        sugar_shows={"last_name": LONG_NAME[:100]},
        google_shows={"names.0.familyName": LONG_NAME},
    ),
    Scene(
        "middle name, suffix and nickname, which Sugar has no place for",
        google=(
            person(
                emailAddresses=[{"value": "martin@dream.example", "type": "home"}],
                names=[
                    {
                        "honorificPrefix": "Dr",
                        "givenName": "Martin",
                        "middleName": "Luther",
                        "familyName": "Kingsley",
                        "honorificSuffix": "Jr.",
                    }
                ],
                nicknames=[{"value": "Marty"}],
                relations=[{"person": "Coretta", "type": "spouse"}],
            ),
        ),
        sugar_shows={"salutation": "Dr.", "first_name": "Martin", "last_name": "Kingsley"},
        google_shows={
            "names.0.middleName": "Luther",
            "names.0.honorificSuffix": "Jr.",
            "nicknames.0.value": "Marty",
        },
    ),
    Scene(
        "a salutation that is not in Sugar's list",
        google=(
            person(
                names=[{"honorificPrefix": "Señora", "givenName": "Pilar", "familyName": "Ruano"}],
                emailAddresses=[{"value": "pilar@teatro.example"}],
            ),
        ),
        sugar_shows={"salutation": ""},
        google_shows={"names.0.honorificPrefix": "Señora"},
    ),
)

VALUES = (
    Scene(
        "a title and a note beyond all measure",
        google=(
            person(
                *("Lorna", "Longfellow", "lorna@long.example"),
                organizations=[{"title": LONG_TITLE.strip()}],
                biographies=[{"value": LONG_NOTE.strip(), "contentType": "TEXT_PLAIN"}],
            ),
        ),
        sugar_shows={"title": LONG_TITLE[:100].rstrip(), "description": LONG_NOTE.strip()},
        google_shows={"organizations.0.title": LONG_TITLE.strip()},
    ),
    Scene(
        "a birthday without its year",
        google=(person("Leap", "Day", "leap@day.example", birthdays=[{"date": {"month": 2, "day": 29}}]),),
        sugar_shows={"birthdate": ""},
        google_shows={"birthdays.0.date": {"month": 2, "day": 29}},
    ),
    Scene(
        "an address that is none",
        google=(person("Ivan", "Invalid", "call me maybe", "ivan@valid.example"),),
        sugar_shows={"email.0.email_address": "ivan@valid.example", "email.1": None},
        google_shows={
            "emailAddresses.0.value": "call me maybe",
            "emailAddresses.1.value": "ivan@valid.example",
        },
    ),
    Scene(
        "a company that Sugar does not know",
        google=(
            person(
                "Nora", "Newcorp", "nora@new.example", organizations=work("Nobody Knows Us plc", "Founder")
            ),
        ),
        sugar_shows={"account_name": "", "title": "Founder"},
        google_shows={"organizations.0.name": "Nobody Knows Us plc"},
    ),
    Scene(
        "a known company, spelled carelessly",
        google=(person("Carl", "Careless", "carl@port.example", organizations=work("HARBOUR  café")),),
        sugar_shows={"account_name": "Harbour Café"},
        google_shows={"organizations.0.name": "HARBOUR  café"},
    ),
    Scene(
        "a note in HTML",
        google=(
            person(
                *("Hilda", "Hypertext", "hilda@web.example"),
                biographies=[
                    {"value": "<p>One &amp; <b>two</b></p><p>three</p>", "contentType": "TEXT_HTML"}
                ],
            ),
        ),
        sugar_shows={"description": "One & two\n\nthree"},
    ),
    Scene(
        "four mobile numbers and labels of one's own",
        google=(
            person(
                *("Fiona", "Fourphones", "fiona@boats.example"),
                phoneNumbers=[
                    {"value": "+44 7700 900011", "type": "mobile"},
                    {"value": "+44 7700 900012", "type": "mobile"},
                    {"value": "+44 7700 900013", "type": "Boat"},
                    {"value": "+44 20 7946 0014", "type": "workFax"},
                ],
            ),
        ),
        sugar_shows={"phone_mobile": "+44 7700 900011", "phone_fax": "+44 20 7946 0014", "phone_other": ""},
        google_shows={"phoneNumbers.1.value": "+44 7700 900012", "phoneNumbers.2.type": "Boat"},
    ),
    Scene(
        "a number with an extension, and one in words",
        google=(
            person(
                *("Exeter", "Extension", "ext@phones.example"),
                phoneNumbers=phones(work="+44 (0)20 7946 0021 ext. 345", other="ask Bob"),
            ),
        ),
        sugar_shows={"phone_work": "+44 (0)20 7946 0021 ext. 345", "phone_other": "ask Bob"},
    ),
    Scene(
        "a street of three lines",
        sugar=(
            {
                "first_name": "Stella",
                "last_name": "Streets",
                "email": ["stella@maps.example"],
                "primary_address_street": "c/o Porter\n2nd floor\n17 Long Lane",
                "primary_address_city": "York",
                "alt_address_street": "1 Short Lane",
                "alt_address_country": "UK",
            },
        ),
        google_shows={"addresses.0.streetAddress": "c/o Porter\n2nd floor\n17 Long Lane"},
    ),
    Scene(
        "three private addresses and a post box",
        google=(
            person(
                *("Petra", "Postbox", "petra@maps.example"),
                addresses=[
                    {"type": "home", "streetAddress": "1 First St", "city": "Ulm", "countryCode": "DE"},
                    {"type": "home", "streetAddress": "2 Second St", "city": "Ulm", "countryCode": "DE"},
                    {
                        "type": "work",
                        "streetAddress": "3 Third St",
                        "extendedAddress": "Hall C",
                        "poBox": "77",
                    },
                ],
            ),
        ),
        sugar_shows={"alt_address_street": "1 First St", "primary_address_street": "3 Third St\nHall C"},
        google_shows={"addresses.1.streetAddress": "2 Second St", "addresses.2.poBox": "77"},
    ),
    Scene(
        "an address that must not be written to",
        sugar=(
            {
                "first_name": "Otto",
                "last_name": "Optout",
                "email": [
                    {"email_address": "otto@no.example", "primary_address": True, "opt_out": True},
                    {"email_address": "bounced@no.example", "invalid_email": True},
                ],
            },
        ),
        sugar_shows={"email.0.opt_out": True, "email.1.invalid_email": True},
        google_shows={"emailAddresses.1.value": "bounced@no.example"},
    ),
    Scene(
        "accounts of messengers, and data of another app",
        google=(
            person(
                *("Tilda", "Tweets", "tilda@social.example"),
                imClients=[
                    {"protocol": "twitter", "username": "@tilda"},
                    {"protocol": "facebook", "username": "tilda.tweets"},
                    {"protocol": "skype", "username": "tilda-skype"},
                ],
                clientData=[{"key": "other-app", "value": "42"}],
                userDefined=[{"key": "Shoe size", "value": "38"}],
            ),
        ),
        sugar_shows={"twitter": "@tilda", "facebook": "tilda.tweets"},
        google_shows={"imClients.2.username": "tilda-skype", "userDefined.0.value": "38"},
    ),
)

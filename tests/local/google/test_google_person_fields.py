from __future__ import annotations

import pytest


def source(person: dict) -> dict:
    return person["metadata"]["sources"][0]


def test_a_created_contact_is_shown_as_google_shows_it(api, google):
    google.knobs.region = "NL"
    person = api.create(
        {
            "names": [
                {
                    "honorificPrefix": "Dr.",
                    "givenName": "Ada",
                    "middleName": "Byron",
                    "familyName": "Lovelace",
                    "displayName": "ignored",
                }
            ],
            "phoneNumbers": [{"value": "06 12345678"}, {"value": "extension 5", "type": "colleague"}],
            "addresses": [
                {
                    "type": "work",
                    "streetAddress": "Keizersgracht 1",
                    "postalCode": "1015 CJ",
                    "city": "Amsterdam",
                    "country": "Netherlands",
                    "countryCode": "NL",
                }
            ],
        },
        "names,phoneNumbers,addresses,memberships,metadata",
    )
    identifier = source(person)["id"]
    first = {"primary": True, "source": {"type": "CONTACT", "id": identifier}}
    later = {"source": {"type": "CONTACT", "id": identifier}}
    assert person == {
        "resourceName": f"people/c{int(identifier, 16)}",
        "etag": person["etag"],
        "metadata": {
            "objectType": "PERSON",
            "sources": [
                {
                    "type": "CONTACT",
                    "id": identifier,
                    "etag": source(person)["etag"],
                    "updateTime": "2026-07-27T12:00:00.000000Z",
                }
            ],
        },
        "names": [
            {
                "metadata": first | {"sourcePrimary": True},
                "honorificPrefix": "Dr.",
                "givenName": "Ada",
                "middleName": "Byron",
                "familyName": "Lovelace",
                "displayName": "Dr. Ada Byron Lovelace",
                "displayNameLastFirst": "Lovelace, Dr. Ada Byron",
                "unstructuredName": "Dr. Ada Byron Lovelace",
            }
        ],
        "phoneNumbers": [
            {"metadata": first, "value": "06 12345678", "canonicalForm": "+31612345678"},
            {"metadata": later, "value": "extension 5", "type": "colleague", "formattedType": "colleague"},
        ],
        "addresses": [
            {
                "metadata": first,
                "type": "work",
                "formattedType": "Work",
                "streetAddress": "Keizersgracht 1",
                "postalCode": "1015 CJ",
                "city": "Amsterdam",
                "country": "Netherlands",
                "countryCode": "NL",
                "formattedValue": "Keizersgracht 1\n1015 CJ Amsterdam\nNetherlands",
            }
        ],
        "memberships": [
            {
                "metadata": later,
                "contactGroupMembership": {
                    "contactGroupId": "myContacts",
                    "contactGroupResourceName": "contactGroups/myContacts",
                },
            }
        ],
    }
    assert int(identifier, 16) < 2**63
    assert api.get(person["resourceName"])["names"] == person["names"]


@pytest.mark.parametrize(
    ("sent", "display", "last_first"),
    [
        ({"givenName": "Ada"}, "Ada", "Ada"),
        ({"familyName": "Lovelace"}, "Lovelace", "Lovelace"),
        ({"unstructuredName": "Ada Byron Lovelace"}, "Ada Byron Lovelace", "Lovelace, Ada Byron"),
        ({"givenName": "Ada", "unstructuredName": "Somebody Else"}, "Ada", "Ada"),
        (
            {"givenName": "Ada", "familyName": "King", "honorificSuffix": "PhD"},
            "Ada King, PhD",
            "King, Ada, PhD",
        ),
    ],
)
def test_names_are_put_together_from_their_parts(api, sent, display, last_first):
    (name,) = api.create({"names": [sent]})["names"]
    assert (name["displayName"], name["displayNameLastFirst"]) == (display, last_first)
    assert name["unstructuredName"] == display


def test_items_without_a_value_are_dropped_and_text_is_kept_as_sent(api):
    person = api.create(
        {
            "names": [{"givenName": "", "familyName": ""}],
            "emailAddresses": [
                {"value": ""},
                {"type": "home"},
                {"value": " Ada@Example.test ", "metadata": None},
            ],
            "phoneNumbers": [],
            "organizations": [{"type": "work", "current": False}],
            "birthdays": [{"date": {"year": 0, "month": 12, "day": 10}}],
            "biographies": [{"value": "Wrote the first program"}],
            "userDefined": [{"key": "k", "value": ""}],
            "genders": [{"value": "female"}],
            "imClients": [{"username": "ada", "protocol": "googleTalk", "type": "home"}],
        },
        "names,emailAddresses,phoneNumbers,organizations,birthdays,biographies,userDefined,genders,imClients",
    )
    assert [item["value"] for item in person["emailAddresses"]] == [" Ada@Example.test "]
    assert person["emailAddresses"][0]["metadata"]["primary"] is True
    assert person["birthdays"][0]["date"] == {"month": 12, "day": 10}
    assert "text" not in person["birthdays"][0]
    assert person["biographies"][0]["contentType"] == "TEXT_PLAIN"
    assert person["genders"][0]["formattedValue"] == "Female"
    assert person["imClients"][0]["formattedProtocol"] == "Google Talk"
    assert not {"names", "phoneNumbers", "organizations", "userDefined"} & set(person)


@pytest.mark.parametrize("field", ["names", "biographies", "birthdays", "genders"])
def test_a_second_item_in_a_single_field_is_refused(api, field):
    item = {"names": {"givenName": "A"}, "birthdays": {"text": "today"}}.get(field, {"value": "x"})
    error = api.error("POST", "people:createContact", {field: [item, item]})
    assert error["message"] == f"Cannot have more than one person.{field} per source."


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"foo": 1}, "Invalid JSON payload received. Unknown name \"foo\" at 'person': Cannot find field."),
        (
            {"names": [{"surname": "x"}]},
            "Invalid JSON payload received. "
            "Unknown name \"surname\" at 'person.names[0]': Cannot find field.",
        ),
        (
            {"emailAddresses": [{"value": 5}]},
            "Invalid value at 'person.email_addresses[0].value' (TYPE_STRING), 5",
        ),
        (
            {"names": {"givenName": "x"}},
            'Invalid value at \'person.names\' (repeated field), {"givenName": "x"}',
        ),
        (
            {"birthdays": [{"date": {"year": "x"}}]},
            "Invalid value at 'person.birthdays[0].date.year' (TYPE_INT32), \"x\"",
        ),
        (
            {"biographies": [{"value": "x", "contentType": "HTML"}]},
            "Invalid value at 'person.biographies[0].content_type' (TYPE_ENUM), \"HTML\"",
        ),
        ({"birthdays": [{"date": {"month": 13}}]}, "Invalid date in person.birthdays."),
    ],
)
def test_a_body_that_does_not_fit_its_schema_is_refused(api, google, body, message):
    error = api.error("POST", "people:createContact", body)
    assert (error["message"], error["status"]) == (message, "INVALID_ARGUMENT")
    assert google.contacts(api.sub) == []


@pytest.mark.parametrize(
    ("region", "value", "canonical"),
    [
        ("US", "(202) 456-1111", "+12024561111"),
        ("NL", "020 123 4567", "+31201234567"),
        ("US", "+31 20 123 4567", "+31201234567"),
        ("US", "06 12345678", None),
        ("US", "ask at the desk", None),
    ],
)
def test_numbers_have_a_canonical_form_if_they_are_numbers_of_the_account_s_country(
    api, google, region, value, canonical
):
    google.knobs.region = region
    (phone,) = api.create({"phoneNumbers": [{"value": value}]}, "phoneNumbers")["phoneNumbers"]
    assert (phone["value"], phone.get("canonicalForm")) == (value, canonical)

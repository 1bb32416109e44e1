"""Terraform creates just the indexes that the store's queries need, and exempts just the fields that need none."""

from __future__ import annotations

from tests.infra.terraform_files import local, resource

from contact_sync.store import indexes


def fields_of(by_collection: dict[str, list[str]]) -> set[indexes.Field]:
    return {indexes.Field(collection, name) for collection, names in by_collection.items() for name in names}


def test_every_composite_index_of_the_store_is_created_and_no_other() -> None:
    created = [
        indexes.Index(
            entry["collection"],
            tuple((name, order) for name, order in (field.split(" ") for field in entry["fields"])),
        )
        for entry in local("composite_indexes")
    ]
    assert set(created) == set(indexes.COMPOSITE)
    assert len(created) == len(set(created))


def test_every_field_without_index_is_exempt_and_no_other() -> None:
    assert fields_of(local("not_indexed")) == set(indexes.NOT_INDEXED)


def test_expiring_collections_have_a_time_to_live_and_no_other() -> None:
    assert {indexes.Field(name, "expire_at") for name in local("expiring")} == set(indexes.EXPIRING)


def test_a_field_that_expires_documents_is_an_exempt_one() -> None:
    """The time to live is set by the resource that exempts the field: elsewhere it would be lost."""
    assert fields_of({name: ["expire_at"] for name in local("expiring")}) <= fields_of(local("not_indexed"))


def test_fields_asked_for_across_users_keep_their_automatic_indexes_beside_the_wide_one() -> None:
    assert fields_of(local("across_users")) == set(indexes.ACROSS_USERS)
    assert {(kept["order"], kept["array_config"]) for kept in local("automatic")} == {
        ("ASCENDING", None),
        ("DESCENDING", None),
        (None, "CONTAINS"),
    }


def test_a_field_is_configured_by_one_resource_only() -> None:
    assert fields_of(local("across_users")) & fields_of(local("not_indexed")) == set()


def test_the_database_can_neither_be_lost_nor_left_open() -> None:
    database = resource("google_firestore_database", "this")
    assert database["delete_protection_state"] == "DELETE_PROTECTION_ENABLED"
    assert database["point_in_time_recovery_enablement"] == "POINT_IN_TIME_RECOVERY_ENABLED"
    assert database["deletion_policy"] == "ABANDON"

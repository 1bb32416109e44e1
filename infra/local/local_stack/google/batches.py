"""The batch methods on contacts: all or nothing, with the guilty items named in the details of the error."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from . import errors, masks, view
from .book import Contact
from .errors import ApiError, Json
from .people import Call, read_mask

_WRITE_LIMIT = 200
_DELETE_LIMIT = 500
_DETAILS = "type.googleapis.com/google.people.v1.Batch{kind}ContactsErrorDetails"

_Key = TypeVar("_Key", int, str)


def batch_create(call: Call) -> Json:
    """people.batchCreateContacts; without a readMask the answer is empty and names nobody."""
    entries = call.body.get("contacts") or []
    _check_size(len(entries), _WRITE_LIMIT)
    shown = call.body.get("readMask")
    mask = read_mask(shown, "readMask")
    account = call.account

    def prepare(index: int) -> tuple[Contact, Json]:
        return account.prepare_create(entries[index].get("contactPerson") or {})

    prepared = _prepare_all(call, "Create", range(len(entries)), prepare)
    call.check_room(len(prepared))
    created = []
    for index, (contact, fields) in prepared.items():
        snapshot = account.book.commit(contact, fields)
        call.record(snapshot.resource_name, tuple(sorted(entries[index].get("contactPerson") or {})))
        created.append(view.person_response(snapshot.resource_name, view.person(snapshot, mask)))
    return {"createdPeople": created} if shown else {}


def batch_update(call: Call) -> Json:
    """people.batchUpdateContacts: one mask for all persons, each masked field replaced or cleared."""
    persons = call.body.get("contacts") or {}
    _check_size(len(persons), _WRITE_LIMIT)
    mask = masks.required(
        call.body.get("updateMask"), "updateMask", masks.WRITABLE, "people/batchUpdateContacts"
    )
    shown = call.body.get("readMask")
    shown_mask = read_mask(shown, "readMask")
    account = call.account

    def prepare(name: str) -> tuple[Contact, Json]:
        contact = call.live(name)
        call.check_version(contact, persons[name])
        return contact, account.prepare_update(contact, persons[name], mask)

    prepared = _prepare_all(call, "Update", persons, prepare)
    results = {}
    for name, (contact, fields) in prepared.items():
        snapshot = account.book.commit(contact, fields)
        call.record(snapshot.resource_name, tuple(sorted(mask)))
        results[name] = view.person_response(name, view.person(snapshot, shown_mask))
    return {"updateResult": results} if shown else {}


def batch_delete(call: Call) -> Json:
    """people.batchDeleteContacts: one missing name is a 404 and nothing is deleted."""
    names = call.body.get("resourceNames") or []
    _check_size(len(names), _DELETE_LIMIT)
    contacts = {contact.source_id: contact for contact in [call.live(name) for name in names]}
    for contact in contacts.values():
        call.account.book.commit(contact, contact.live.fields, deleted=True)
        call.record(contact.live.resource_name)
    return {}


def _prepare_all(
    call: Call, kind: str, keys: Iterable[_Key], prepare: Callable[[_Key], tuple[Contact, Json]]
) -> dict[_Key, tuple[Contact, Json]]:
    """Check every item before the first is written; the error of the call is that of its first bad item."""
    prepared: dict[_Key, tuple[Contact, Json]] = {}
    failed: dict[str, ApiError] = {}
    for key in keys:
        try:
            prepared[key] = prepare(key)
        except ApiError as error:
            failed[str(key)] = error
    if failed:
        first = next(iter(failed.values()))
        reasons = {key: error.rpc_status() for key, error in failed.items()}
        details = {"@type": _DETAILS.format(kind=kind), "contactErrors": reasons}
        raise ApiError(first.code, first.message, first.status, None if call.without_details else [details])
    return prepared


def _check_size(count: int, limit: int) -> None:
    if not 0 < count <= limit:
        raise errors.invalid(f"Request must have between 1 and {limit} contacts.")

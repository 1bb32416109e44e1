"""The people.* methods on single contacts and their listings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from . import errors, feed, masks, view
from .account import Account, check_version, over_the_limit
from .book import Contact
from .errors import Json
from .knobs import Knobs

READ_LIMIT = 200
_SEARCH_LIMIT = 30
_SEARCHED = (
    ("names", ("displayName", "givenName", "familyName")),
    ("nicknames", ("value",)),
    ("emailAddresses", ("value",)),
    ("phoneNumbers", ("value", "canonicalForm")),
    ("organizations", ("name", "title")),
)


class Write(NamedTuple):
    """One contact changed through the API: whose, by which method, which contact, which fields were named."""

    sub: str
    method: str
    resource_name: str | None
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Call:
    """One authorised call: who, which method, its checked parameters, the settings it runs under."""

    account: Account
    method: str
    identifier: str
    query: Json
    body: Json
    now: datetime
    knobs: Knobs
    stale_etag: bool
    without_details: bool
    wrote: Callable[[Write], None]

    def record(self, resource_name: str | None, fields: tuple[str, ...] = ()) -> None:
        """Note a change to a contact."""
        name = self.method.removeprefix("people.")
        self.wrote(Write(self.account.sub, name, resource_name, fields))

    def live(self, resource_name: str) -> Contact:
        """The contact of a resource name; 404 if there is none or it is deleted."""
        contact = self.account.book.find_live(resource_name)
        if contact is None:
            raise errors.not_found()
        return contact

    def check_version(self, contact: Contact, person: Json) -> None:
        """400 unless the update names the live version; always 400 while a stale etag is injected."""
        check_version(contact, person, self.knobs.reject_list_etags)
        if self.stale_etag:
            raise errors.failed_precondition(errors.STALE_PERSON_ETAG)

    def check_room(self, count: int = 1) -> None:
        """400 if the account cannot hold `count` contacts more."""
        if self.account.book.occupied() + count > self.knobs.contact_cap:
            raise over_the_limit()


def read_mask(text: str | None, name: str = "personFields") -> frozenset[str]:
    """The fields to answer a mutation with: all of them if none are named."""
    return masks.optional(text, name, masks.READABLE, masks.READABLE)


def list_connections(call: Call) -> Json:
    """people.connections.list"""
    if call.identifier != "me":
        raise errors.invalid('Resource name must be "people/me".')
    return feed.connections(
        call.account,
        call.query,
        call.now,
        token_life=call.knobs.sync_token_lifetime,
        expired_status=call.knobs.expired_status,
        page_limit=call.knobs.page_limit,
    )


def get(call: Call) -> Json:
    """people.get"""
    mask = masks.required(call.query.get("personFields"), "personFields", masks.READABLE)
    if call.identifier in ("me", call.account.sub):
        return _own_profile(call.account, mask)
    return view.person(call.live(f"people/{call.identifier}").live, mask)


def batch_get(call: Call) -> Json:
    """people.getBatchGet: found and missing persons in the order of the request."""
    names = call.query.get("resourceNames", [])
    if not 0 < len(names) <= READ_LIMIT:
        raise errors.invalid(f"Request must have between 1 and {READ_LIMIT} resource names.")
    mask = masks.required(call.query.get("personFields"), "personFields", masks.READABLE)
    responses: list[Json] = []
    for name in names:
        contact = call.account.book.find_live(name)
        if contact:
            responses.append(view.person_response(name, view.person(contact.live, mask)))
        else:
            status = errors.not_found().rpc_status()
            responses.append({"httpStatusCode": 404, "requestedResourceName": name, "status": status})
    return {"responses": responses}


def create(call: Call) -> Json:
    """people.createContact"""
    mask = read_mask(call.query.get("personFields"))
    contact, fields = call.account.prepare_create(call.body)
    call.check_room()
    snapshot = call.account.book.commit(contact, fields)
    call.record(snapshot.resource_name, tuple(sorted(call.body)))
    return view.person(snapshot, mask)


def update(call: Call) -> Json:
    """people.updateContact"""
    mask = masks.required(
        call.query.get("updatePersonFields"), "updatePersonFields", masks.WRITABLE, "people/updateContact"
    )
    shown = read_mask(call.query.get("personFields"))
    contact = call.live(f"people/{call.identifier}")
    call.check_version(contact, call.body)
    snapshot = call.account.book.commit(contact, call.account.prepare_update(contact, call.body, mask))
    call.record(snapshot.resource_name, tuple(sorted(mask)))
    return view.person(snapshot, shown)


def delete(call: Call) -> Json:
    """people.deleteContact: into the trash, whatever the version."""
    contact = call.live(f"people/{call.identifier}")
    call.account.book.commit(contact, contact.live.fields, deleted=True)
    call.record(contact.live.resource_name)
    return {}


def update_photo(call: Call) -> Json:
    """people.updateContactPhoto"""
    if not call.body.get("photoBytes"):
        raise errors.invalid("photoBytes is required.")
    contact = call.live(f"people/{call.identifier}")
    source = {"type": "CONTACT", "id": contact.source_id}
    url = f"https://lh3.googleusercontent.com/contacts/{contact.source_id}=s100"
    photo = {"metadata": {"primary": True, "source": source}, "url": url}
    return _changed_photo(
        call, contact, contact.live.fields | {"photos": [photo]}, call.body.get("personFields")
    )


def delete_photo(call: Call) -> Json:
    """people.deleteContactPhoto"""
    contact = call.live(f"people/{call.identifier}")
    fields = {name: items for name, items in contact.live.fields.items() if name != "photos"}
    return _changed_photo(call, contact, fields, call.query.get("personFields"))


def search(call: Call) -> Json:
    """people.searchContacts: contacts with a word that begins with the query; an empty one finds nothing."""
    mask = masks.required(call.query.get("readMask"), "readMask", masks.READABLE, "people/searchContacts")
    wanted = call.query.get("query", "").casefold().strip()
    size = min(feed.page_size(call.query.get("pageSize", 0), 10), _SEARCH_LIMIT)
    found = [
        s for s in call.account.book.listing() if any(_begins(text, wanted) for text in _texts(s.fields))
    ]
    results = [{"person": view.person(snapshot, mask)} for snapshot in found[:size]] if wanted else []
    return {"results": results} if results else {}


def list_other_contacts(call: Call) -> Json:
    """otherContacts.list and search: this account has met nobody it does not know."""
    mask = masks.required(call.query.get("readMask"), "readMask", masks.READABLE, "otherContacts/list")
    for field in sorted(mask - masks.OTHER_CONTACTS):
        raise errors.invalid(f"Request field '{field}' not allowed for other contacts read requests")
    if not call.query.get("requestSyncToken"):
        return {}
    return {"nextSyncToken": feed.sealed("other", feed.digest(call.account.sub), {})}


def directory(call: Call) -> Json:
    """Directory listings exist only in Workspace domains."""
    raise errors.failed_precondition("Must be a G Suite domain user.")


def _changed_photo(call: Call, contact: Contact, fields: Json, shown: str | None) -> Json:
    snapshot = call.account.book.commit(contact, fields)
    call.record(snapshot.resource_name, ("photos",))
    return {"person": view.person(snapshot, read_mask(shown))} if shown else {}


def _own_profile(account: Account, mask: frozenset[str]) -> Json:
    source = {"type": "ACCOUNT", "id": account.sub}
    profile: Json = {"resourceName": f"people/{account.sub}", "etag": "%EgMBLjcaBAECBQc="}
    if "metadata" in mask:
        profile["metadata"] = {"sources": [source], "objectType": "PERSON"}
    if "emailAddresses" in mask:
        metadata = {"primary": True, "verified": account.email_verified, "source": source}
        profile["emailAddresses"] = [{"metadata": metadata, "value": account.email}]
    return profile


def _texts(fields: Json) -> list[str]:
    return [
        str(item.get(key, "")) for name, keys in _SEARCHED for item in fields.get(name, []) for key in keys
    ]


def _begins(text: str, wanted: str) -> bool:
    folded = text.casefold()
    return folded.startswith(wanted) or any(word.startswith(wanted) for word in folded.split())

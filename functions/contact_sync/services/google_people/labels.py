"""The user's labels: contact groups they made, not Google's own such as "starred"."""

from __future__ import annotations

from ...errors import ContactAtFault, OutcomeUnknown, TransientForUser
from .calls import Calls, Json, listed, refused, token_in
from .faults import Rejected
from .values import Label

PAGE_SIZE = 1000
FIELDS = "name,groupType,memberCount"


def list_labels(calls: Calls) -> list[Label]:
    """All labels, as Google orders them."""
    found: list[Label] = []
    page_token = None
    while True:
        request = calls.api.groups.list(pageSize=PAGE_SIZE, groupFields=FIELDS, pageToken=page_token)
        try:
            answer = calls.read(request)
        except Rejected as rejected:
            raise refused(rejected) from None
        groups = listed(answer, "contactGroups")
        found += [_label(group) for group in groups if group.get("groupType") == "USER_CONTACT_GROUP"]
        page_token = token_in(answer, "nextPageToken")
        if not page_token:
            return found


def create_label(calls: Calls, name: str) -> Label:
    """The label of that name in any case, created if there is none.

    Raises ContactAtFault("label_refused") for a name Google does not take.
    """
    existing = _named(calls, name)
    if existing:
        return existing
    request = calls.api.groups.create(body={"contactGroup": {"name": name}, "readGroupFields": FIELDS})
    try:
        return _label(calls.write(request))
    except OutcomeUnknown as lost:
        created = _named(calls, name)
        if created is None:
            raise TransientForUser(lost.code, lost.message) from None
        return created
    except Rejected as rejected:
        created = _named(calls, name) if rejected.fault.status == 409 else None
        if created is None:
            raise ContactAtFault("label_refused", rejected.fault.plain_reason, field="name") from None
        return created


def _named(calls: Calls, name: str) -> Label | None:
    wanted = name.strip().casefold()
    return next((label for label in list_labels(calls) if label.name.strip().casefold() == wanted), None)


def _label(group: Json) -> Label:
    count = group.get("memberCount")
    return Label(
        str(group.get("resourceName", "")), str(group.get("name", "")), count if isinstance(count, int) else 0
    )

"""A contact as the API shows it through a field mask."""

from __future__ import annotations

from .book import Snapshot
from .errors import Json
from .etags import person_etag
from .normalise import source_of

_LISTED_ITEMS = 100
_CUT_IN_LISTS = ("emailAddresses", "phoneNumbers")
_TOMBSTONE_TIME = "1970-01-01T00:00:00Z"
_MONOGRAM = "https://lh3.googleusercontent.com/cm/monogram=s100"


def person(snapshot: Snapshot, mask: frozenset[str], *, listed: bool = False, sync: bool = False) -> Json:
    """The person of a version.

    A listing cuts e-mail addresses and phone numbers to 100; only a call with a sync token shows former
    resource names and deletions. A deleted person has no fields but a placeholder photo, and no time of
    deletion.
    """
    shown: Json = {
        "resourceName": snapshot.resource_name,
        "etag": person_etag(snapshot.etag, mask, listed),
    }
    if "metadata" in mask:
        shown["metadata"] = _metadata(snapshot, sync)
    if snapshot.deleted:
        if "photos" in mask:
            shown["photos"] = [_monogram(snapshot)]
        return shown
    for field, items in snapshot.fields.items():
        if field in mask:
            cut = listed and field in _CUT_IN_LISTS and len(items) > _LISTED_ITEMS
            shown[field] = items[:_LISTED_ITEMS] if cut else items
    if "photos" in mask and "photos" not in shown:
        shown["photos"] = [_monogram(snapshot)]
    return shown


def person_response(requested: str, shown: Json) -> Json:
    """A found person inside the answer of a batch."""
    return {"httpStatusCode": 200, "person": shown, "requestedResourceName": requested, "status": {}}


def _metadata(snapshot: Snapshot, sync: bool) -> Json:
    source = source_of(snapshot.source_id) | {
        "etag": f"#{snapshot.etag}",
        "updateTime": _TOMBSTONE_TIME if snapshot.deleted else snapshot.updated,
    }
    metadata: Json = {"sources": [source], "objectType": "PERSON"}
    if sync and snapshot.previous_names:
        metadata["previousResourceNames"] = list(snapshot.previous_names)
    if snapshot.deleted:
        metadata["deleted"] = True
    return metadata


def _monogram(snapshot: Snapshot) -> Json:
    return {
        "metadata": {"primary": True, "source": source_of(snapshot.source_id)},
        "url": _MONOGRAM,
        "default": True,
    }

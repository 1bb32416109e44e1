"""Names and ids in the path of a request. That of an item of a /bulk and that of a real request are not read alike.

The web server decodes the path of a real request. Nobody decodes that of an item: Sugar cuts it out of the `url` (PHP's
`parse_url`) and takes it as it stands, so that an encoded id is another id.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

_SPLITS: Final = re.compile(r"[/?#\x00-\x1f\x7f]|:\d*$")
"""What would end the path, change in it, or make `parse_url` take its end for a port."""
_ROUTES: Final = frozenset({"filter", "count", "duplicatecheck"})
"""Words that Sugar takes for an endpoint where a record's id could stand."""


def segment(text: str) -> str:
    """`text` as one segment of the path of a real request."""
    return quote(text, safe="")


def fits_item(record_id: str) -> bool:
    """Whether the id can stand, as it is, in the path of a /bulk item."""
    return not _SPLITS.search(record_id) and record_id.casefold() not in _ROUTES


def fits_request(record_id: str) -> bool:
    """Whether the id can stand, encoded, in the path of a real request. Web servers refuse an encoded slash, and
    everybody on the way resolves dots."""
    return "/" not in record_id and record_id not in (".", "..") and record_id.casefold() not in _ROUTES

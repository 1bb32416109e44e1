"""Which addresses lead to a page of ours: where somebody who had to sign in may be brought back to."""

from __future__ import annotations

from urllib.parse import unquote

from flask import current_app, request
from werkzeug.exceptions import HTTPException

LONGEST = 500
"""It waits in the session cookie while the person is with Google, and a browser keeps no cookie above 4 KB."""
_PAGES = f"{__package__}.pages"


def own_path(text: str) -> str | None:
    """The path, with its query, if a page of ours answers it; None for everything else.

    That a path begins with a slash says little: browsers take `//host` and `/\\host` for other hosts.
    """
    path = text.partition("?")[0]
    plain = all("!" <= character <= "~" and character != "\\" for character in text)
    if not plain or not path.startswith("/") or len(text) > LONGEST:
        return None
    adapter = current_app.create_url_adapter(request)
    try:
        endpoint, _ = adapter.match(unquote(path), method="GET") if adapter else ("", {})
    except HTTPException:
        return None
    blueprint = current_app.blueprints.get(endpoint.rpartition(".")[0])
    return text if blueprint is not None and blueprint.import_name.startswith(_PAGES) else None

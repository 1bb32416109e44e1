"""What is asked of whoever runs this Sugar, as a text that can be sent as it is. It holds no secret."""

from __future__ import annotations

from collections.abc import Sequence

from contact_sync.services.sugar import SugarConfig


def block(config: SugarConfig, sugar: str, requests: Sequence[str]) -> str:
    """The text; empty where nothing is to be asked. `sugar`: the release, where it is known."""
    if not requests:
        return ""
    lines = [
        f"A contact sync of ours uses the REST interface of {config.url}{f' ({sugar})' if sugar else ''}: version "
        f"{config.rest_version}, user {config.username}, platforms {config.platform} and {config.sudo_platform}, from "
        "Google Cloud Run. It needs the following:",
        *(f"{number}. {request}" for number, request in enumerate(requests, 1)),
    ]
    return "\n".join(lines)

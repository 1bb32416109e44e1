"""Answers that are made while they are sent."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextvars import copy_context

from .. import logs
from .caller import user_id

log = logging.getLogger("contact_sync.web")


class EndedEarly(Exception):
    """The rest of an answer could not be made. What it was is in the log."""


def streamed(pieces: Iterator[str]) -> Iterator[str]:
    """The pieces, each made in the context of the request that they answer, and nothing of it left behind.

    A server asks for them when that context is gone. Flask's own `stream_with_context` would keep it open: under the
    functions framework two applications lie within each other, and what the inner one keeps open is in the way of the
    outer one, for whoever is served next on that thread, too.
    """
    user, context = user_id(), copy_context()

    def sent() -> Iterator[str]:
        while True:
            try:
                piece = context.run(next, pieces, None)
            except Exception as error:
                context.run(_log, user, error)
                # The status is sent; only a broken connection can tell that this is not all.
                raise EndedEarly from None
            if piece is None:
                return
            yield piece

    return sent()


def _log(user: str, error: Exception) -> None:
    with logs.context(user=user):
        log.error("an answer ended early", exc_info=error)

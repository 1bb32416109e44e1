"""Which handler answers a path: literal parts before variables, as Sugar scores its routes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .messages import Answer, Request
from .rights import Rights
from .sessions import Session


@dataclass
class Call:
    """A routed request with its caller. `args` holds the path's variables too, which win over query
    and body.
    """

    request: Request
    args: dict[str, Any]
    session: Session | None
    rights: Rights | None

    @property
    def caller(self) -> Rights:
        """The rights of the signed-in user; only public routes lack one."""
        if self.rights is None:
            raise RuntimeError("a public route has no caller")
        return self.rights


Handler = Callable[[Call], Any]
"""Gives the JSON contents, or an Answer where status or headers matter."""


@dataclass(frozen=True)
class Route:
    """A verb and a path such as `/Contacts/:record`; `public` ones need no token."""

    method: str
    parts: tuple[str, ...]
    handler: Handler
    public: bool = False

    def variables(self, path: tuple[str, ...]) -> dict[str, str] | None:
        """The path's variables, or None if it is another path."""
        if len(path) != len(self.parts):
            return None
        found: dict[str, str] = {}
        for part, given in zip(self.parts, path, strict=True):
            if part.startswith(":"):
                found[part[1:]] = given
            elif part != given:
                return None
        return found


class Router:
    """Routes by verb; the most literal match wins."""

    def __init__(self) -> None:
        self._routes: dict[tuple[str, int], list[Route]] = {}

    def add(self, methods: str, path: str, handler: Handler, *, public: bool = False) -> None:
        """Register a handler for space-separated verbs."""
        parts = tuple(part for part in path.split("/") if part)
        for method in methods.split():
            routes = self._routes.setdefault((method, len(parts)), [])
            routes.append(Route(method, parts, handler, public))
            routes.sort(key=lambda route: [part.startswith(":") for part in route.parts])

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route of a call; doubled and trailing slashes do not count."""
        parts = tuple(part for part in path.split("/") if part)
        for route in self._routes.get((method, len(parts)), ()):
            variables = route.variables(parts)
            if variables is not None:
                return route, variables
        return None


def as_answer(result: Any) -> Answer:
    """A handler's result as an answer."""
    return result if isinstance(result, Answer) else Answer(result)

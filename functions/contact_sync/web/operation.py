"""Operations: what the JSON API offers, each a plain function of typed values.

The types say everything: the query string and the body are decoded as the structs that the function takes, the answer
is encoded from the struct that it returns, and the OpenAPI document is made from the same. Pages call the functions
directly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar, get_type_hints

import msgspec
from flask import Blueprint, Response, request

from .site import Refusal

F = TypeVar("F", bound=Callable[..., Any])
LONGEST_ID = 160
"""A history entry's id holds those of its run and its contact, and what was done when."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, as a function."""

    method: str
    path: str
    """Below /api, with parameters in braces, as in "/runs/{run}"."""
    function: Callable[..., Any]
    status: int
    query: type[msgspec.Struct] | None
    body: type[Sent] | None
    answer: Any
    content: str
    """The media type of the answer."""
    errors: tuple[int, ...]
    """Statuses of errors beside those that every operation of its kind can answer."""
    if_match: bool
    """Whether If-Match is heeded."""

    @property
    def rule(self) -> str:
        """The path as Flask writes it."""
        return self.path.replace("{", f"<string(maxlength={LONGEST_ID}):").replace("}", ">")

    def __call__(self, **path: str) -> Response:
        """Answer the current request."""
        values: dict[str, Any] = dict(path)
        if self.query is not None:
            values["query"] = _parameters(self.query, request.args)
        if self.body is not None:
            values["body"] = self.body.read(request.get_data())
        result = self.function(**values)
        if isinstance(result, Response):
            return result
        response = Response(msgspec.json.encode(result), self.status, mimetype=self.content)
        if isinstance(result, Versioned):
            response.set_etag(str(result.version))
        return response


@dataclass(slots=True)
class Operations:
    """The operations of one module, in the order they were written."""

    name: str
    listed: list[Operation] = field(default_factory=list)

    def get(self, path: str, **more: Any) -> Callable[[F], F]:
        """Offer a function at GET."""
        return self._offer("GET", path, **more)

    def post(self, path: str, **more: Any) -> Callable[[F], F]:
        """Offer a function at POST."""
        return self._offer("POST", path, **more)

    def patch(self, path: str, **more: Any) -> Callable[[F], F]:
        """Offer a function at PATCH."""
        return self._offer("PATCH", path, **more)

    def put(self, path: str, **more: Any) -> Callable[[F], F]:
        """Offer a function at PUT."""
        return self._offer("PUT", path, **more)

    def delete(self, path: str, **more: Any) -> Callable[[F], F]:
        """Offer a function at DELETE."""
        return self._offer("DELETE", path, **more)

    def _offer(
        self,
        method: str,
        path: str,
        *,
        status: int = 200,
        content: str = "application/json",
        errors: tuple[int, ...] = (),
        if_match: bool = False,
    ) -> Callable[[F], F]:
        def offer(function: F) -> F:
            hints = get_type_hints(function, include_extras=True)
            self.listed.append(
                Operation(
                    method,
                    path,
                    function,
                    status,
                    hints.get("query"),
                    hints.get("body"),
                    hints["return"],
                    content,
                    errors,
                    if_match,
                )
            )
            return function

        return offer

    def blueprint(self) -> Blueprint:
        """The routes of all operations."""
        routes = Blueprint(self.name, __name__)
        for operation in self.listed:
            endpoint = operation.function.__name__
            routes.add_url_rule(operation.rule, endpoint, operation.__call__, methods=[operation.method])
        return routes

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.listed)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What an operation answers."""


class Versioned(Answer, frozen=True, kw_only=True):
    """An answer whose version is its ETag."""

    version: int


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Parameters of an address."""


class Sent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a request."""

    schema: ClassVar[Mapping[str, Any]] = {}
    """What the types cannot say of it, as JSON Schema."""
    optional: ClassVar[bool] = False
    """Whether it may be missing."""

    @classmethod
    def read(cls, data: bytes) -> Any:
        """The body as one of these. Refused with the key that is wrong."""
        try:
            return msgspec.convert(from_json(data or b"{}" if cls.optional else data), cls)
        except msgspec.ValidationError as error:
            raise Refusal(400, "invalid_request", f"The request does not fit: {error}.") from None
        except ValueError:
            raise Refusal(400, "invalid_request", "The body of the request must be JSON.") from None


def from_json(data: bytes) -> Any:
    """The value that a body holds; a whole number may be written as 5.0. Raises ValueError where it is no JSON."""
    try:
        return _JSON.decode(data)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _number(text: str) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() else value


_JSON = msgspec.json.Decoder(float_hook=_number)


def asked(kind: type[msgspec.Struct]) -> Any:
    """The parameters of the address of a page; its forms send empty what was not filled in."""
    return _parameters(kind, {name: value for name, value in request.args.items() if value.strip()})


def _parameters(kind: type[msgspec.Struct], given: Mapping[str, str]) -> Any:
    try:
        return msgspec.convert(dict(given.items()), kind, strict=False)
    except msgspec.ValidationError as error:
        raise Refusal(400, "invalid_request", f"The address does not fit: {error}.") from None

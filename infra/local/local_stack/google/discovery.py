"""Google's own description of the People API: routes, scopes, parameters, checks of what a client sends.

The document is the static one that google-api-python-client ships; it is read once, when first needed.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import googleapiclient

from .errors import ApiError, Json, invalid

_DOCUMENT = "discovery_cache/documents/people.v1.json"
_SNAKE = re.compile(r"(?<!^)(?=[A-Z])")
# Bodies that are one field of the request; every other body is the whole request, without prefix in messages.
_BODY_FIELDS = {"Person": "person"}


@dataclass(frozen=True)
class Method:
    """One method of the API."""

    name: str
    http: str
    path: re.Pattern[str]
    query: Mapping[str, Json]
    body: str | None
    scopes: frozenset[str]

    @property
    def rpc(self) -> str:
        """The gRPC name, as error details carry it."""
        return _RPC_NAMES.get(self.name, self.name[:1].upper() + self.name[1:])


_RPC_NAMES = {
    "people.get": "GetPerson",
    "people.getBatchGet": "GetPeople",
    "people.createContact": "CreateContact",
    "people.batchCreateContacts": "BatchCreateContacts",
    "people.updateContact": "UpdateContact",
    "people.batchUpdateContacts": "BatchUpdateContacts",
    "people.deleteContact": "DeleteContact",
    "people.batchDeleteContacts": "BatchDeleteContacts",
    "people.updateContactPhoto": "UpdateContactPhoto",
    "people.deleteContactPhoto": "DeleteContactPhoto",
    "people.searchContacts": "SearchContacts",
    "people.connections.list": "ListConnections",
    "contactGroups.list": "ListContactGroups",
    "contactGroups.batchGet": "BatchGetContactGroups",
    "contactGroups.get": "GetContactGroup",
    "contactGroups.create": "CreateContactGroup",
    "contactGroups.update": "UpdateContactGroup",
    "contactGroups.delete": "DeleteContactGroup",
    "contactGroups.members.modify": "ModifyContactGroupMembers",
    "otherContacts.list": "ListOtherContacts",
    "otherContacts.search": "SearchOtherContacts",
}


@functools.cache
def document() -> Json:
    """The discovery document."""
    path = Path(googleapiclient.__file__).parent / _DOCUMENT
    loaded: Json = json.loads(path.read_text(encoding="utf-8"))
    return loaded


@functools.cache
def methods() -> tuple[Method, ...]:
    """Every method of the API."""
    return tuple(_methods(document()))


@functools.cache
def read_only(schema: str) -> frozenset[str]:
    """Names of the properties of a schema that only the server sets."""
    properties = document()["schemas"][schema]["properties"]
    return frozenset(name for name, prop in properties.items() if prop.get("readOnly"))


@functools.cache
def item_schema(field: str) -> str:
    """Schema name of the items of a Person field."""
    reference: str = document()["schemas"]["Person"]["properties"][field]["items"]["$ref"]
    return reference


def find(http: str, path: str) -> tuple[Method, str] | None:
    """The method that serves a request, and the identifier in its path ("" if it has none)."""
    for method in methods():
        if method.http == http and (match := method.path.fullmatch(path)):
            return method, match.group(1) if match.groups() else ""
    return None


def check_query(method: Method, query: Mapping[str, list[str]]) -> Json:
    """The typed query parameters of a call; unknown names and ill-typed values are a 400."""
    values: Json = {}
    for name, texts in query.items():
        known = method.query.get(name)
        if known is None:
            if name in document()["parameters"]:
                continue
            raise invalid(
                f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter. '
                f"Field '{name}' could not be found in request message.",
                "",
            )
        typed = [_query_value(name, known, text) for text in texts]
        values[name] = typed if known.get("repeated") else typed[-1]
    return values


def check_body(method: Method, body: Any) -> Json:
    """The JSON body of a call, checked against its schema; unknown names and wrong types are a 400."""
    if method.body is None:
        return {}
    return _checked(method.body, body, _BODY_FIELDS.get(method.body, ""))


def check_person(person: Any) -> Json:
    """A Person from elsewhere than a request, checked by the same schema."""
    return _checked("Person", person, "person")


def _checked(schema: str, value: Any, root: str) -> Json:
    if not isinstance(value, dict):
        raise invalid("Invalid JSON payload received. Expected an object.", root)
    try:
        _check_object(schema, value)
    except _Misfit as misfit:
        raise misfit.told(root) from None
    return value


def _methods(node: Json) -> Iterator[Method]:
    for method in node.get("methods", {}).values():
        pattern = "".join(
            "([^/:]+)" if part.startswith("{") else re.escape(part)
            for part in re.split(r"(\{[^}]+\})", method.get("flatPath", method["path"]))
        )
        yield Method(
            name=method["id"].removeprefix("people."),
            http=method["httpMethod"],
            path=re.compile("/" + pattern),
            query={name: p for name, p in method["parameters"].items() if p["location"] == "query"},
            body=method.get("request", {}).get("$ref"),
            scopes=frozenset(method["scopes"]),
        )
    for resource in node.get("resources", {}).values():
        yield from _methods(resource)


def _query_value(name: str, known: Json, text: str) -> Any:
    kind = known["type"]
    if kind == "integer":
        try:
            return int(text)
        except ValueError:
            raise invalid(
                f"Invalid value at '{_snake(name)}' (TYPE_INT32), \"{text}\"", _snake(name)
            ) from None
    if kind == "boolean":
        if text.lower() not in ("true", "false", "1", "0", ""):
            raise _ill_typed(name, "TYPE_BOOL", text)
        return text.lower() in ("true", "1", "")
    if "enum" in known and text not in known["enum"]:
        raise _ill_typed(name, "TYPE_ENUM", text)
    return text


def _ill_typed(name: str, kind: str, text: str) -> ApiError:
    return invalid(f"Invalid value at '{_snake(name)}' ({kind}), \"{text}\"", _snake(name))


class _Misfit(Exception):
    """A value that does not fit; its place is put together on the way out: what fits costs nothing."""

    def __init__(self, kind: str, value: Any) -> None:
        super().__init__(kind)
        self.kind = kind
        self.value = value
        self.place: list[str] = []

    def told(self, root: str) -> ApiError:
        """The error for a client."""
        where = ".".join(filter(None, (root, "".join(reversed(self.place)).removeprefix("."))))
        if self.kind:
            return invalid(f"Invalid value at '{where}' ({self.kind}), {json.dumps(self.value)}", where)
        at = f" at '{where}'" if where else ""
        text = f'Invalid JSON payload received. Unknown name "{self.value}"{at}: Cannot find field.'
        return invalid(text, where)


@functools.cache
def _properties(schema: str) -> Json:
    properties: Json = document()["schemas"][schema]["properties"]
    return properties


def _check_object(schema: str, value: Json) -> None:
    properties = _properties(schema)
    for name, item in value.items():
        known = properties.get(name)
        if known is None:
            raise _Misfit("", name)
        if item is not None:
            try:
                _check_value(known, item)
            except _Misfit as misfit:
                misfit.place.append(f".{_snake(name)}")
                raise


def _check_value(known: Json, value: Any) -> None:
    reference = known.get("$ref")
    if reference:
        if not isinstance(value, dict):
            raise _Misfit(f"type.googleapis.com/google.people.v1.{reference}", value)
        _check_object(reference, value)
        return
    kind = known["type"]
    if kind == "string":
        if not isinstance(value, str):
            raise _Misfit("TYPE_STRING", value)
        if "enum" in known and value not in known["enum"]:
            raise _Misfit("TYPE_ENUM", value)
    elif kind == "array":
        if not isinstance(value, list):
            raise _Misfit("repeated field", value)
        _check_each(known["items"], enumerate(value), "[{}]")
    elif kind == "object":
        if not isinstance(value, dict):
            raise _Misfit("map", value)
        _check_each(known["additionalProperties"], value.items(), '["{}"]')
    elif kind == "boolean":
        if not isinstance(value, bool):
            raise _Misfit("TYPE_BOOL", value)
    elif isinstance(value, bool) or not isinstance(value, int):
        raise _Misfit("TYPE_INT32", value)


def _check_each(known: Json, items: Iterable[tuple[Any, Any]], place: str) -> None:
    for key, item in items:
        try:
            _check_value(known, item)
        except _Misfit as misfit:
            misfit.place.append(place.format(key))
            raise


@functools.cache
def _snake(name: str) -> str:
    return _SNAKE.sub("_", name).lower()

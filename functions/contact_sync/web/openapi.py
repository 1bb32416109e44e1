"""The OpenAPI document of the JSON API, made from the operations themselves, so that it cannot lag them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from functools import cache
from http import HTTPStatus
from typing import Any

import msgspec
from flask import Blueprint, Response

from .caller import CSRF_HEADER
from .operation import LONGEST_ID, Answer, Operation, Operations, Versioned
from .settings import Settings
from .site import Json, Site, site

VERSION = "1.0"
JSON = "application/json"
ABOUT = """\
What the pages of the contact sync use, for programs. Everybody reaches their own data only; what belongs to somebody
else is answered like what is not there.

**Signing in.** A person signs in with a browser: `GET /sign-in` leads to Google and back (to the page of ours that
`next` names, if it does), `GET /grant` asks Google for access to the contacts, `POST /sign-out` ends the session. The
session cookie then serves the API too; requests other than GET carry the header `X-CSRF-Token` with the value that
`GET /api/session` answers. A program sends a Google ID token instead, `Authorization: Bearer ...`, that Google issued
to this deployment's own OAuth client for a user who has signed in with a browser before. It needs no CSRF token.

**Lists** answer `items` and `next`: the `cursor` of the next page, or null.

**Errors** answer `error` with a `code` that stays the same and a `message` for people, which says the way out.
"""
MEANS = {
    400: "The request does not fit; the message says where.",
    401: "Nobody is signed in, or the ID token does not hold.",
    403: "Not allowed: the CSRF token is missing or wrong, or accounts of this domain may not sign in.",
    404: "There is no such thing.",
    409: "Not possible as things stand; the message says what to do.",
    412: "The settings were changed meanwhile. The answer holds the newer ones; nothing was saved.",
    413: "The body is too large.",
    422: "Google refuses it.",
    428: "Neither If-Match nor version says which settings are replaced.",
    429: "Google asks to wait, or several orders still wait for their turn.",
    500: "Something went wrong on our side.",
    502: "Something that the administrator has to repair.",
    503: "Something does not answer right now.",
}
RETRY = (429, 503)
"""Errors that say in Retry-After when to try again."""
SAFE_CALLER: tuple[Json, ...] = ({"idToken": []}, {"session": []})
UNSAFE_CALLER: tuple[Json, ...] = ({"idToken": []}, {"session": [], "csrf": []})


class ErrorDetail(Answer, frozen=True, kw_only=True):
    """What went wrong: a code that stays the same, and a message for people."""

    code: str
    message: str


class Error(Answer, frozen=True, kw_only=True):
    """Why a request was not done."""

    error: ErrorDetail


class SettingsError(Error, frozen=True, kw_only=True, omit_defaults=True):
    """Why settings were not saved; `keys` are those that do not fit, by path, as in "auto.enabled"."""

    keys: list[str] = []


class StaleSettings(Settings, frozen=True, kw_only=True):
    """The settings in force, and why those that were sent were not saved."""

    error: ErrorDetail


def routes(parts: Iterable[Operations]) -> Blueprint:
    """The route of the document; the document is made when it is first asked for."""
    blueprint = Blueprint("openapi", __name__)
    operations = tuple(parts)

    @cache
    def encoded() -> bytes:
        return msgspec.json.encode(document(operations, site()))

    def openapi() -> Response:
        response = Response(encoded(), mimetype=JSON)
        response.headers["Cache-Control"] = "public, max-age=300"
        return response

    blueprint.add_url_rule("/openapi.json", view_func=openapi)
    return blueprint


def document(parts: Iterable[Operations], here: Site) -> Json:
    """The whole document, for one deployment."""
    listed = [(part.name, operation) for part in parts for operation in part]
    kinds = {kind for _, operation in listed for kind in _structs(operation)}
    _, components = msgspec.json.schema_components(
        sorted(kinds | {Error, SettingsError, StaleSettings}, key=lambda kind: kind.__name__),
        ref_template="#/components/schemas/{name}",
    )
    for _, operation in listed:
        if operation.body is not None:
            components[operation.body.__name__].update(operation.body.schema)
    paths: dict[str, Json] = {}
    for name, operation in listed:
        path = paths.setdefault(f"/api{operation.path}", {})
        path[operation.method.lower()] = _described(name, operation, components)
    asked = {operation.query.__name__ for _, operation in listed if operation.query}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Contact sync", "version": VERSION, "description": ABOUT.strip()},
        "servers": [{"url": here.config.web_url}],
        "paths": paths,
        "components": {
            "schemas": {name: _clean(found) for name, found in components.items() if name not in asked},
            "securitySchemes": {
                "idToken": {"type": "http", "scheme": "bearer", "bearerFormat": "Google ID token"},
                "session": {"type": "apiKey", "in": "cookie", "name": here.cookie_name},
                "csrf": {"type": "apiKey", "in": "header", "name": CSRF_HEADER},
            },
        },
    }


def _structs(operation: Operation) -> Iterator[type[msgspec.Struct]]:
    kinds = (operation.query, operation.body, operation.answer)
    return (kind for kind in kinds if isinstance(kind, type) and issubclass(kind, msgspec.Struct))


def _described(part: str, operation: Operation, components: Json) -> Json:
    summary, _, rest = re.sub(r"\.(\s|$)", "\n", inspect.getdoc(operation.function) or "", count=1).partition(
        "\n"
    )
    described: Json = {
        "operationId": f"{part}_{operation.function.__name__}",
        "summary": summary,
        "tags": [part],
        "parameters": [*_parameters(operation, components)],
        "responses": {str(operation.status): _answered(operation)}
        | {str(status): _failed(operation, status) for status in sorted(_statuses(operation))},
        "security": SAFE_CALLER if operation.method == "GET" else UNSAFE_CALLER,
    }
    if rest.strip():
        described["description"] = rest.strip()
    if operation.body is not None:
        described["requestBody"] = {
            "required": not operation.body.optional,
            "content": _content(operation.body),
        }
    return described


def _parameters(operation: Operation, components: Json) -> Iterator[Json]:
    for name in re.findall(r"{(\w+)}", operation.path):
        schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_ID}
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    if operation.query is not None:
        known = components[operation.query.__name__]
        for name, found in known["properties"].items():
            required = name in known.get("required", ())
            yield {"name": name, "in": "query", "required": required, "schema": _given(found)}
    if operation.if_match:
        yield {
            "name": "If-Match",
            "in": "header",
            "required": False,
            "description": "The ETag of the settings that are replaced.",
            "schema": {"type": "string"},
        }


def _given(schema: Json) -> Json:
    """The schema of a parameter that is there: in an address nothing is null."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    return dict(kinds[0]) if len(kinds) == 1 else schema


def _statuses(operation: Operation) -> set[int]:
    """The errors that an operation can answer."""
    statuses = {401, 403, 500, 503, *operation.errors}
    if operation.body is not None:
        statuses |= {400, 413}
    if operation.query is not None:
        statuses.add(400)
    if "{" in operation.path:
        statuses.add(404)
    return statuses


def _answered(operation: Operation) -> Json:
    answered: Json = {"description": HTTPStatus(operation.status).phrase}
    if operation.content == JSON:
        answered["content"] = _content(operation.answer)
        answered["description"] = inspect.getdoc(operation.answer) or answered["description"]
    else:
        answered["content"] = {operation.content: {"schema": {"type": "string"}}}
    if issubclass(operation.answer, Versioned):
        answered["headers"] = {"ETag": _header("The version, for If-Match.")}
    return answered


def _failed(operation: Operation, status: int) -> Json:
    kinds: dict[int, type[Answer]] = {400: SettingsError, 403: SettingsError, 412: StaleSettings}
    kind = kinds.get(status, Error) if operation.if_match else Error
    failed: Json = {"description": MEANS[status], "content": _content(kind)}
    if status in RETRY:
        failed["headers"] = {"Retry-After": _header("Seconds to wait.")}
    return failed


def _header(description: str) -> Json:
    return {"description": description, "required": True, "schema": {"type": "string"}}


def _content(kind: type) -> Json:
    return {JSON: {"schema": {"$ref": f"#/components/schemas/{kind.__name__}"}}}


def _clean(schema: Any) -> Any:
    """A schema with its descriptions as they read: docstrings carry the indentation of the code."""
    if isinstance(schema, list):
        return [_clean(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: inspect.cleandoc(part) if key == "description" and isinstance(part, str) else _clean(part)
        for key, part in schema.items()
    }

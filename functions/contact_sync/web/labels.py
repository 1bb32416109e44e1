"""The user's Google labels, one of which new contacts may carry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from flask import Blueprint, Response, jsonify

from .caller import user_id
from .google import people
from .site import Json, body, site

if TYPE_CHECKING:
    from ..services.google_people import Label

routes = Blueprint("labels", __name__)


class NewLabel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The name of a label that is to be there."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"\S")]


@routes.get("/labels")
def listed() -> Response:
    """All labels the user made."""
    return jsonify({"items": [_shown(label) for label in people(site(), user_id()).labels()], "next": None})


@routes.post("/labels")
def create() -> tuple[Response, int]:
    """A label of this name: the existing one, in whatever case it is written, or a new one."""
    name = body(NewLabel).name.strip()
    return jsonify(_shown(people(site(), user_id()).create_label(name))), 201


def _shown(label: Label) -> Json:
    """`id` is the value of the setting google_label."""
    return {"id": label.resource_name, "name": label.name, "contacts": label.count}

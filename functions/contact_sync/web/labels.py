"""The user's Google labels, one of which new contacts may carry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from .caller import user_id
from .google import people
from .operation import Answer, Operations, Sent
from .site import site

if TYPE_CHECKING:
    from ..services.google_people import Label

routes = Operations("labels")


class NewLabel(Sent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The name of a label that is to be there."""

    name: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]


class LabelItem(Answer, frozen=True, kw_only=True):
    """A label. `id` is the value of the setting google_label."""

    id: str
    name: str
    contacts: int | None


class LabelsPage(Answer, frozen=True, kw_only=True):
    """All labels; `next` is always null."""

    items: list[LabelItem]
    next: str | None


@routes.get("/labels", errors=(409, 429, 502))
def listed() -> LabelsPage:
    """All labels the user made."""
    return LabelsPage(items=[_shown(label) for label in people(site(), user_id()).labels()], next=None)


@routes.post("/labels", status=201, errors=(409, 422, 429, 502))
def create(body: NewLabel) -> LabelItem:
    """A label of this name: the existing one, in whatever case it is written, or a new one."""
    return _shown(people(site(), user_id()).create_label(body.name.strip()))


def _shown(label: Label) -> LabelItem:
    return LabelItem(id=label.resource_name, name=label.name, contacts=label.count)

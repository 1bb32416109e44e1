"""What the form of a list answers: beside its button with a script, else above the list that it leads back to."""

from __future__ import annotations

from flask import flash
from werkzeug.wrappers import Response as BaseResponse

from ..caller import caller
from ..runs import require_connection
from ..site import Refusal, site
from .page import by_htmx, leave, render

SOON = "A sync begins by itself in a moment and sees to it."


def back_to(address: str, said: str, kind: str = "good") -> BaseResponse:
    """Lead to a list, and say there what became of it. `kind` is a notice's: info, good, warning or bad."""
    flash(said, kind)
    return leave(address)


def refused(refusal: Refusal, address: str) -> BaseResponse:
    """What could not be done, and why."""
    if not by_htmx():
        return back_to(address, refusal.message, "warning")
    answer = render("parts/refused.html", refusal.status, message=refusal.message)
    answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "next .refused", "innerHTML"
    return answer


def when() -> str:
    """When a decision will be carried out: a sync follows it, unless none is possible now."""
    try:
        require_connection(site(), caller().user)
    except Refusal as refusal:
        return f"The next sync sees to it. {refusal.message}"
    return SOON

"""Finds what a model says about an error: its shape, its code on the wire, its status and whose fault it is.

A room raises `ServiceError(code)` with the error's shape name or its wire code; both lead to the same `Fault`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from haar.catalog.models import ServiceModel
    from haar.errors import ServiceError

__all__ = ["Fault", "fault_of"]


class Fault(NamedTuple):
    """An error as it goes over the wire.

    `shape` is the modelled shape's name, or the code itself when `modelled` is false; `code` is the wire code of the
    query protocols; `message_member` is how the model spells the message ("" when it has none).
    """

    shape: str
    code: str
    status: int
    is_sender: bool
    message_member: str
    modelled: bool


@lru_cache(maxsize=256)
def _table(model: ServiceModel) -> dict[str, Fault]:
    found: dict[str, Fault] = {}
    by_code: dict[str, Fault] = {}
    for name, shape in model.shapes.items():
        if not (shape.get("exception") or "error" in shape):
            continue
        error: dict[str, Any] = shape.get("error", {})
        is_sender = not shape.get("fault") and error.get("senderFault", True) is not False
        status = int(error.get("httpStatusCode", 0)) or (500 if not is_sender else 400)
        if status >= 500:
            is_sender = False
        members = shape.get("members", {})
        message = next((member for member in members if member.lower() == "message"), "")
        wire = members.get(message, {}).get("locationName", message) if message else ""
        code = str(error.get("code") or name)
        fault = Fault(name, code, status, is_sender, wire, True)
        found[name] = fault
        by_code.setdefault(code, fault)
    for code, fault in by_code.items():
        found.setdefault(code, fault)
    return found


def fault_of(model: ServiceModel | None, error: ServiceError) -> Fault:
    """The fault behind an error; what the raiser says about status and side wins over the model."""
    known = _table(model).get(error.code) if model is not None else None
    if known is None:
        status = error.status or (500 if error.fault in ("server", "Receiver") else 400)
        return Fault(error.code, error.code, status, status < 500, "", False)
    if error.status and error.status != known.status:
        return known._replace(status=error.status, is_sender=error.status < 500)
    return known

"""Idempotency tokens: the same request again gets the first answer; another request under the same token is refused.

Which member carries the token is in the model (`idempotencyToken`). Answers are kept for a day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from haar.errors import ServiceError
from haar.record import Record, key

if TYPE_CHECKING:
    from haar.kit.call import Call

_DAY = 86_400.0


class Answered(Record, expires="until"):
    """The first answer given under a token."""

    account: str = key()
    region: str = key()
    operation: str = key()
    token: str = key()
    digest: bytes
    reply: bytes
    until: float


def _digest(request: Mapping[str, Any]) -> bytes:
    return hashlib.blake2b(msgspec.msgpack.encode(request, order="sorted"), digest_size=16).digest()


def seen(call: Call, operation: str, token: str, request: Mapping[str, Any]) -> dict[str, Any] | None:
    """The reply already given under this token; None for a new one. Raises IdempotentParameterMismatch."""
    row = call.tx.get(Answered, call.account, call.region, operation, token)
    if row is None or row.until <= call.now:
        return None
    if row.digest != _digest(request):
        message = "The request uses the same client token as a previous, but non-identical request."
        raise ServiceError("IdempotentParameterMismatch", message)
    reply: dict[str, Any] = msgspec.msgpack.decode(row.reply)
    return reply


def remember(call: Call, operation: str, token: str, request: Mapping[str, Any], reply: Mapping[str, Any]) -> None:
    """Keep the answer for the next request under the same token."""
    call.tx.put(
        Answered(
            account=call.account,
            region=call.region,
            operation=operation,
            token=token,
            digest=_digest(request),
            reply=msgspec.msgpack.encode(reply),
            until=call.now + _DAY,
        )
    )

"""Resource-based policies of tables and their streams. Indexes are covered by the policy of their table.

Source: DynamoDB Developer Guide, rbac-considerations.html; API Reference, API_PutResourcePolicy.html.
"""

from __future__ import annotations

from typing import Any

from haar.kit import Call, ServiceError, replace
from haar.services.dynamodb.particulars import Stream, particulars
from haar.services.dynamodb.resources import Table
from haar.services.dynamodb.service import dynamodb, invalid

__all__ = ["NO_POLICY", "check", "find", "put", "revision_of", "write"]

POLICY_BYTES_MAX = 20 * 1024
#: The ExpectedRevisionId that stands for there being no policy yet.
NO_POLICY = "NO_POLICY"


def check(call: Call, text: str) -> None:
    """Refuse a document that is no policy for a table. Raises ValidationException."""
    if len(text.encode()) > POLICY_BYTES_MAX:
        raise dynamodb.error("LimitExceededException", f"The policy is larger than {POLICY_BYTES_MAX} bytes.")
    try:
        call.ports.policies.validate(text, "resource")
    except ServiceError as error:
        raise invalid(f"Invalid policy document: {error.message}") from error


def find(call: Call, arn: str) -> Table | Stream | None:
    """The table or stream of an ARN; None when there is none."""
    place = Stream.key_of(arn)
    if place is not None:
        return call.tx.get(Stream, *place)
    place = Table.key_of(arn)
    return call.tx.get(Table, *place) if place is not None else None


def revision_of(call: Call, target: Table | Stream) -> str:
    """The revision of a table's or stream's policy; "" without one."""
    if not target.policy:
        return ""
    return target.policy_revision if isinstance(target, Stream) else particulars(call, target).policy_revision


def write(call: Call, target: Table | Stream, text: str) -> str:
    """Keep a policy, or none (""); the answer is its revision."""
    revision = str(int.from_bytes(call.ports.ids.bytes(6), "big")) if text else ""
    if isinstance(target, Stream):
        call.tx.put(replace(target, policy=text, policy_revision=revision))
    else:
        call.tx.put(replace(particulars(call, target), policy_revision=revision, policy_changed_at=call.now))
        call.tx.put(replace(target, policy=text))
    return revision


def put(call: Call, table: Table, text: str) -> Table:
    """Give a table that is being made its policy; the caller must be let do that."""
    check(call, text)
    call.ports.guard.authorize(call, "dynamodb:PutResourcePolicy", [(table.arn, table)], None, {})
    write(call, table, text)
    found: Any = call.tx.get(Table, *table.key)
    return found  # type: ignore[no-any-return]

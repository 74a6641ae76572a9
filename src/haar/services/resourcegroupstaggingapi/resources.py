"""Every taggable resource of an account and region, in one order.

The order is that of the kinds' tables, then of the keys: a page begins exactly behind the last one, whatever came
and went in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from haar.kit import Call, Service
from haar.kit.resource import heading

#: Where resources of global services are seen.
HOME = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}

Kind = Any


def kinds(call: Call) -> list[tuple[str, Service[Any], Kind]]:
    """(table, service, kind) of every taggable kind that is seen from the call's region, in order."""
    is_home = call.region == HOME[call.partition]
    services = [call.ports.room(name) for name in call.ports.rooms()]
    every = ((kind.__table__, service, kind) for service in services for kind in service.taggable)
    return sorted((one for one in every if is_home or one[2].__regional__), key=lambda one: one[0])


def tagged(call: Call, after: Sequence[Any] | None = None) -> Iterator[Any]:
    """Every resource that has tags, behind a place [table, *key]."""
    for table, _, kind in kinds(call):
        if after is not None and table < after[0]:
            continue
        behind = tuple(after[1:]) if after is not None and table == after[0] else None
        for row in call.tx.range(kind, *heading(kind, call.account, call.region), after=behind):
            if row.tags and _is_here(call, row):
                yield row


def place(row: Any) -> list[Any]:
    """Where a resource stands in the order."""
    return [row.__table__, *row.key]


def find(call: Call, arn: str) -> tuple[Service[Any], Kind, Any] | None:
    """The service, kind and row of an ARN; None when the account has no such resource in this region."""
    for _, service, kind in kinds(call):
        key = kind.key_of(arn)
        row = call.tx.get(kind, *key) if key is not None else None
        if row is not None and row.arn == arn and _is_here(call, row):
            return service, kind, row
    return None


def _is_here(call: Call, row: Any) -> bool:
    return row.account == call.account and getattr(row, "region", call.region) == call.region


def is_of(row: Any, kind_filter: str) -> bool:
    """Whether a resource is of a type such as `sqs`, `sqs:queue`, `iam:instance-profile`."""
    service, _, wanted = kind_filter.partition(":")
    parts = row.arn.split(":", 5)
    if service != parts[2]:
        return False
    if not wanted:
        return True
    written = parts[5].replace(":", "/").partition("/")
    # an ARN such as a queue's has a name only: its type is the kind's own
    return wanted == (written[0] if written[1] else type(row).__name__.lower())


def has(tags: Mapping[str, str], filters: Sequence[Mapping[str, Any]]) -> bool:
    """Whether tags satisfy every filter: the key is there, with one of the values if values are given."""
    for one in filters:
        value = tags.get(one.get("Key", ""))
        if value is None or (one.get("Values") and value not in one["Values"]):
            return False
    return True

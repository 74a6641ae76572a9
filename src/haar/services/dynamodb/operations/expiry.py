"""The time to live of a table's items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.kit import Call
from haar.services.dynamodb.changing import in_use
from haar.services.dynamodb.expiry import disable, enable
from haar.services.dynamodb.particulars import particulars
from haar.services.dynamodb.replicas import mirror
from haar.services.dynamodb.resources import Table
from haar.services.dynamodb.service import dynamodb, invalid

if TYPE_CHECKING:
    from haar.shapes import dynamodb as api

#: For how long a change of a time to live keeps the next one off.
_REST_SECONDS = 3600.0


@dynamodb.operation
def describe_time_to_live(call: Call, table: Table, request: api.DescribeTimeToLiveInput) -> Any:
    status = particulars(call, table).ttl_status or "DISABLED"
    return {"TimeToLiveDescription": {"TimeToLiveStatus": status, "AttributeName": table.ttl_attribute or None}}


@dynamodb.operation
def update_time_to_live(call: Call, table: Table, request: api.UpdateTimeToLiveInput) -> Any:
    wanted = request["TimeToLiveSpecification"]
    if table.status != "ACTIVE":
        raise in_use(table)
    attribute = wanted["AttributeName"]
    kept = particulars(call, table)
    if kept.ttl_changed_at and call.now < kept.ttl_changed_at + _REST_SECONDS:
        raise invalid("Time to live has been modified multiple times within a fixed interval")
    if wanted["Enabled"]:
        if table.ttl_attribute:
            raise invalid("TimeToLive is already enabled")
        changed = enable(call, table, attribute)
    else:
        if not table.ttl_attribute:
            raise invalid("TimeToLive is already disabled")
        if attribute != table.ttl_attribute:
            raise invalid(
                f"TimeToLive is active on a different AttributeName: current AttributeName is {table.ttl_attribute}"
            )
        changed = disable(call, table)
    mirror(call, table, changed)
    return {"TimeToLiveSpecification": wanted}

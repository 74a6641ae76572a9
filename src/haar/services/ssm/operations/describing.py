"""Describing parameters: everything but their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page
from haar.services.ssm.filters import bounds, check_describing_filters, matches
from haar.services.ssm.operations.reading import policies_shown
from haar.services.ssm.resources import Parameter, Shared
from haar.services.ssm.service import invalid, ssm
from haar.services.ssm.throttle import count_call

if TYPE_CHECKING:
    from haar.shapes import ssm as api


@ssm.operation
def describe_parameters(call: Call, request: api.DescribeParametersRequest) -> Page[api.ParameterMetadata]:
    count_call(call)
    older, filters = request.get("Filters"), request.get("ParameterFilters")
    if older and filters:
        raise invalid("You can use either Filters or ParameterFilters in a single request.")
    # of the older filters, that of names always meant their beginning
    wanted: list[dict[str, Any]] = [
        {"Key": one["Key"], "Option": "BeginsWith" if one["Key"] == "Name" else "Equals", "Values": one["Values"]}
        for one in older or []
    ] or [{**one} for one in filters or []]
    check_describing_filters(wanted)
    place = (call.account, call.region)
    if request.get("Shared"):
        rows = (call.tx.get(Parameter, one.owner, one.region, one.name) for one in call.tx.range(Shared, *place))
        shared = [row for row in rows if row is not None and matches(row, wanted)]
        return Page([_described(row, row.arn) for row in shared], mark=lambda one: one["ARN"])
    return Page.of(
        call.tx,
        Parameter,
        *place,
        show=lambda row: _described(row, row.name),
        where=lambda row: matches(row, wanted),
        **bounds(wanted),
    )


def _described(parameter: Parameter, name: str) -> api.ParameterMetadata:
    content = parameter.content
    shown: api.ParameterMetadata = {
        "Name": name,
        "ARN": parameter.arn,
        "Type": content.type,
        "LastModifiedDate": content.changed_at,
        "LastModifiedUser": content.changed_by,
        "Version": content.version,
        "Tier": content.tier,
        "Policies": policies_shown(content),
        "DataType": content.data_type,
    }
    if content.key_id:
        shown["KeyId"] = content.key_id
    if content.description:
        shown["Description"] = content.description
    if content.pattern:
        shown["AllowedPattern"] = content.pattern
    return shown

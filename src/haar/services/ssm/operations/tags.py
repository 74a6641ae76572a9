"""Tags of parameters. Systems Manager has one set of operations for all its kinds, of which there is one here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, as_list, replace, tagging, tags_in
from haar.services.ssm.resources import Parameter
from haar.services.ssm.service import TAGS_MAX, ssm
from haar.services.ssm.throttle import count_call

if TYPE_CHECKING:
    from haar.kit.call import ServiceClient
    from haar.shapes import ssm as api


def _named(call: Call, request: Mapping[str, Any]) -> tuple[str, Parameter | None]:
    name = request["ResourceId"]
    row = call.get(Parameter, name) if request["ResourceType"] == "Parameter" else None
    return Parameter.arn_for(call.account, call.region, name), row


def _load(call: Call, request: Any) -> Parameter:
    row = _named(call, request)[1]
    if row is None:
        raise ssm.error(
            "InvalidResourceId", "The resource ID is not valid. Verify that you entered the correct ID and try again."
        )
    return row


def _check(tags: Mapping[str, str]) -> None:
    tagging.check(tags, limit=TAGS_MAX, too_many="TooManyTagsError")


def checked_tags(call: Call, request: Mapping[str, Any], arn: str) -> dict[str, str]:
    """The tags of the parameter that is to have an ARN: sound, and allowed by the caller's own policies."""
    tags = tags_in(request)
    if not tags:
        return {}
    call.ports.guard.authorize(call, "ssm:AddTagsToResource", [(arn, None)], ssm.bound(call.operation), dict(request))
    _check(tags)
    return tags


@ssm.operation(resource=lambda call, request: [_named(call, request)])
def add_tags_to_resource(call: Call, request: api.AddTagsToResourceRequest) -> api.AddTagsToResourceResult:
    count_call(call)
    parameter = _load(call, request)
    tags = {**parameter.tags, **(tags_in(request) or {})}
    _check(tags)
    call.tx.put(replace(parameter, tags=tags))
    return {}


@ssm.operation(resource=lambda call, request: [_named(call, request)])
def remove_tags_from_resource(
    call: Call, request: api.RemoveTagsFromResourceRequest
) -> api.RemoveTagsFromResourceResult:
    count_call(call)
    parameter, gone = _load(call, request), {*request["TagKeys"]}
    tags = {name: value for name, value in parameter.tags.items() if name not in gone}
    call.tx.put(replace(parameter, tags=tags))
    return {}


@ssm.operation(resource=lambda call, request: [_named(call, request)])
def list_tags_for_resource(call: Call, request: api.ListTagsForResourceRequest) -> api.ListTagsForResourceResult:
    count_call(call)
    return {"TagList": as_list(_load(call, request).tags)}  # type: ignore[typeddict-item]


@ssm.retags(Parameter)
def _retag(ssm: ServiceClient, parameter: Parameter, tags: Mapping[str, str]) -> None:
    """Give a parameter exactly these tags, by the operations above."""
    named = {"ResourceType": "Parameter", "ResourceId": parameter.name}
    gone = [name for name in parameter.tags if name not in tags]
    new = {name: value for name, value in tags.items() if parameter.tags.get(name) != value}
    if gone:
        ssm.remove_tags_from_resource(**named, TagKeys=gone)
    if new:
        ssm.add_tags_to_resource(**named, Tags=as_list(new))

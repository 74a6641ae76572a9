"""Resource-based policies of tables and streams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call
from haar.services.dynamodb import policies
from haar.services.dynamodb.particulars import Stream
from haar.services.dynamodb.resources import Table
from haar.services.dynamodb.service import dynamodb

if TYPE_CHECKING:
    from haar.shapes import dynamodb as api


def _target(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Any]]:
    arn = request["ResourceArn"]
    return [(arn, policies.find(call, arn))]


def _found(call: Call, request: Mapping[str, Any]) -> Table | Stream:
    found = policies.find(call, request["ResourceArn"])
    if found is None:
        raise dynamodb.error(
            "ResourceNotFoundException",
            f"Requested resource not found: ResourceArn: {request['ResourceArn']} not found",
        )
    return found


def _check_revision(call: Call, found: Table | Stream, expected: str | None) -> None:
    if expected is None:
        return
    revision = policies.revision_of(call, found) or policies.NO_POLICY
    if revision != expected:
        raise dynamodb.error(
            "PolicyNotFoundException",
            f"Resource-based policy not found for the provided ResourceArn: Requested update could not be "
            f"completed because the revision is not {expected}",
        )


@dynamodb.operation(resource=_target)
def delete_resource_policy(call: Call, request: api.DeleteResourcePolicyInput) -> Any:
    found = _found(call, request)
    _check_revision(call, found, request.get("ExpectedRevisionId"))
    revision = policies.revision_of(call, found)
    if not revision:
        return {}
    policies.write(call, found, "")
    return {"RevisionId": revision}


@dynamodb.operation(resource=_target)
def get_resource_policy(call: Call, request: api.GetResourcePolicyInput) -> Any:
    found = _found(call, request)
    if not found.policy:
        raise dynamodb.error(
            "PolicyNotFoundException",
            f"Resource-based policy not found for the provided ResourceArn: {request['ResourceArn']}",
        )
    return {"Policy": found.policy, "RevisionId": policies.revision_of(call, found)}


@dynamodb.operation(resource=_target)
def put_resource_policy(call: Call, request: api.PutResourcePolicyInput) -> Any:
    found = _found(call, request)
    _check_revision(call, found, request.get("ExpectedRevisionId"))
    policies.check(call, request["Policy"])
    return {"RevisionId": policies.write(call, found, request["Policy"])}

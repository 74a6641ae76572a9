"""Trails: CreateTrail, UpdateTrail, DeleteTrail, GetTrail, DescribeTrails, ListTrails.

Source: AWS CloudTrail API Reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page, Refused, as_dict, replace
from haar.kit.tagging import check as check_tags
from haar.services.cloudtrail import delivery, door, find, keys, names
from haar.services.cloudtrail.administration import ensure_possible
from haar.services.cloudtrail.resources import Trail
from haar.services.cloudtrail.service import TAGS, TRAILS_IN_A_REGION, cloudtrail

if TYPE_CHECKING:
    from haar.shapes import cloudtrail as api

_TO_MANY_PLACES = "trails deliver to S3 alone: SNS topics and CloudWatch Logs groups are refused"


def _made(call: Call, request: Mapping[str, Any]) -> list[tuple[str, find.Seen]]:
    """The ARN that a trail is going to have."""
    return [(Trail.arn_for(call.account, call.region, request["Name"]), find.Seen(call.account))]


@cloudtrail.operation(resource=_made, partial=_TO_MANY_PLACES)
def create_trail(call: Call, request: api.CreateTrailRequest) -> api.CreateTrailResponse:
    name = request["Name"]
    if name.startswith("arn:"):
        raise cloudtrail.error("InvalidTrailNameException", f"Trail name cannot be an ARN: {name}")
    names.check(name)
    tags = given_tags(request.get("TagsList", []))
    owner, organization = call.account, None
    if request.get("IsOrganizationTrail"):
        view = ensure_possible(call)
        owner, organization = view.management_account, view.id
    trail = Trail(
        account=owner, region=call.region, name=name, bucket=request["S3BucketName"], organization=organization,
        tags=tags, created_at=call.now,
    )  # fmt: skip
    here = [one for one in find.visible(call) if find.covers(one, call.region)]
    if call.tx.get(Trail, *trail.key) is not None or any(one.name == name for one in here):
        raise cloudtrail.error("TrailAlreadyExistsException", f"Trail {name} already exists for customer: {owner}")
    if len(here) >= TRAILS_IN_A_REGION:
        message = f"User: {owner} already has {TRAILS_IN_A_REGION} trails in {call.region}."
        raise cloudtrail.error("MaximumNumberOfTrailsExceededException", message)
    made = call.tx.put(_changed(call, trail, request))
    return _settings(made)  # type: ignore[return-value]


@cloudtrail.operation(resource=find.named("Name"), partial=_TO_MANY_PLACES)
def update_trail(call: Call, request: api.UpdateTrailRequest) -> api.UpdateTrailResponse:
    trail = find.changeable(call, request["Name"])
    wanted = request.get("IsOrganizationTrail")
    if wanted and trail.organization is None:
        view = ensure_possible(call)
        if view.management_account != trail.account:
            message = "Only a trail of the management account can become an organization trail."
            raise cloudtrail.error("NotOrganizationMasterAccountException", message)
        trail = replace(trail, organization=view.id)
    elif wanted is False:
        trail = replace(trail, organization=None)
    return _settings(call.tx.put(_changed(call, trail, request)))  # type: ignore[return-value]


@cloudtrail.operation(resource=find.named("Name"))
def delete_trail(call: Call, request: api.DeleteTrailRequest) -> api.DeleteTrailResponse:
    trail = find.changeable(call, request["Name"])
    delivery.forget(call, trail)
    call.tx.delete(trail)
    return {}


@cloudtrail.operation(resource=find.named("Name"))
def get_trail(call: Call, request: api.GetTrailRequest) -> api.GetTrailResponse:
    return {"Trail": _shown(find.readable(call, request["Name"]))}  # type: ignore[typeddict-item]


@cloudtrail.operation
def describe_trails(call: Call, request: api.DescribeTrailsRequest) -> api.DescribeTrailsResponse:
    wanted, shadows = request.get("trailNameList") or [], request.get("includeShadowTrails", True)
    for one in wanted:
        find.check(one)
    found = [trail for trail in find.visible(call) if _is_described(call, trail, wanted)]
    if not shadows:
        found = [trail for trail in found if trail.region == call.region and trail.account == call.account]
    shown: list[Any] = [_shown(trail) for trail in found]
    return {"trailList": shown}


def _is_described(call: Call, trail: Trail, wanted: list[str]) -> bool:
    if trail.arn in wanted:
        return True
    return find.covers(trail, call.region) and (not wanted or trail.name in wanted)


@cloudtrail.operation
def list_trails(call: Call, request: api.ListTrailsRequest) -> Page[api.TrailInfo]:
    shown: list[api.TrailInfo] = [
        {"TrailARN": trail.arn, "Name": trail.name, "HomeRegion": trail.region} for trail in find.visible(call)
    ]
    return Page(sorted(shown, key=lambda one: one["TrailARN"]), mark=lambda one: one["TrailARN"])


# -- settings ------------------------------------------------------------------------------------------------------


def _changed(call: Call, trail: Trail, request: Mapping[str, Any]) -> Trail:
    """The trail with the settings of a request, after a look whether it can deliver."""
    for member in ("SnsTopicName", "CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn"):
        if request.get(member):
            raise Refused("cloudtrail", call.operation, f"{member}: {_TO_MANY_PLACES}.")
    multi_region = request.get("IsMultiRegionTrail", trail.multi_region)
    global_events = request.get("IncludeGlobalServiceEvents", trail.global_events)
    if multi_region and not global_events:
        message = "Multi-Region trail must include global service events."
        raise cloudtrail.error("InvalidParameterCombinationException", message)
    prefix = request.get("S3KeyPrefix", trail.prefix)
    names.check_prefix(prefix)
    validated = request.get("EnableLogFileValidation", trail.validated_from is not None)
    changed = replace(
        trail,
        bucket=request.get("S3BucketName") or trail.bucket,
        prefix=prefix.rstrip("/"),
        multi_region=multi_region,
        global_events=global_events,
        recursive=request.get("RecursiveLogging", trail.recursive),
        validated_from=(trail.validated_from or call.now) if validated else None,
    )
    if "KmsKeyId" in request:
        given = request["KmsKeyId"]
        changed = replace(changed, kms_key=door.key_arn(call, changed, given) if given else "")
    door.check(call, changed)
    if validated:
        keys.current(call, trail.region)
    return changed


def given_tags(listed: Any) -> dict[str, str]:
    """The tags of a request. Raises InvalidTagParameterException, TagsLimitExceededException."""
    tags = as_dict(listed)
    if len(tags) != len(listed):
        raise cloudtrail.error("InvalidTagParameterException", "A tag key can be given only once.")
    check_tags(tags, limit=TAGS, too_many="TagsLimitExceededException", invalid="InvalidTagParameterException")
    return tags


# -- showing -------------------------------------------------------------------------------------------------------


def _settings(trail: Trail) -> dict[str, Any]:
    return {
        "Name": trail.name,
        "S3BucketName": trail.bucket,
        "S3KeyPrefix": trail.prefix or None,
        "IncludeGlobalServiceEvents": trail.global_events,
        "IsMultiRegionTrail": trail.multi_region,
        "TrailARN": trail.arn,
        "LogFileValidationEnabled": trail.validated_from is not None,
        "KmsKeyId": trail.kms_key or None,
        "IsOrganizationTrail": trail.organization is not None,
        "RecursiveLogging": trail.recursive,
    }


def _shown(trail: Trail) -> dict[str, Any]:
    return {
        **_settings(trail),
        "HomeRegion": trail.region,
        "HasCustomEventSelectors": bool(trail.basic or trail.advanced),
        "HasInsightSelectors": bool(trail.insights),
    }

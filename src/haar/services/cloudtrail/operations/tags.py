"""Tags of trails: AddTags, RemoveTags, ListTags.

Source: AWS CloudTrail API Reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page, as_dict, as_list, replace
from haar.kit.tagging import check as check_tags
from haar.services.cloudtrail import find
from haar.services.cloudtrail.operations.trails import given_tags
from haar.services.cloudtrail.resources import Trail
from haar.services.cloudtrail.service import LISTED_AT_ONCE, TAGS, cloudtrail

if TYPE_CHECKING:
    from haar.shapes import cloudtrail as api

#: What else of CloudTrail's takes tags.
_OTHERS = ("eventdatastore/", "channel/", "dashboard/")


def _listed(call: Call, request: Mapping[str, Any]) -> list[tuple[str, find.Seen]]:
    return [find.seen(call, one) for one in request["ResourceIdList"]] or [("*", find.Seen(call.account))]


def _one(call: Call, request: Mapping[str, Any]) -> list[tuple[str, find.Seen]]:
    return [find.seen(call, request["ResourceId"])]


@cloudtrail.operation(resource=_one)
def add_tags(call: Call, request: api.AddTagsRequest) -> api.AddTagsResponse:
    trail = _trail(call, request["ResourceId"], change=True)
    tags = {**trail.tags, **given_tags(request["TagsList"])}
    check_tags(tags, limit=TAGS, too_many="TagsLimitExceededException", invalid="InvalidTagParameterException")
    call.tx.put(replace(trail, tags=tags))
    return {}


@cloudtrail.operation(resource=_one)
def remove_tags(call: Call, request: api.RemoveTagsRequest) -> api.RemoveTagsResponse:
    trail = _trail(call, request["ResourceId"], change=True)
    gone = as_dict(request["TagsList"])
    call.tx.put(replace(trail, tags={name: value for name, value in trail.tags.items() if name not in gone}))
    return {}


@cloudtrail.operation(resource=_listed)
def list_tags(call: Call, request: api.ListTagsRequest) -> Page[api.ResourceTag]:
    given = request["ResourceIdList"]
    if not 1 <= len(given) <= LISTED_AT_ONCE:
        message = f"Between 1 and {LISTED_AT_ONCE} resources can be listed at once."
        raise cloudtrail.error("ValidationException", message)  # type: ignore[arg-type]
    shown: list[Any] = [
        {"ResourceId": trail.arn, "TagsList": as_list(trail.tags)}
        for trail in (_trail(call, one) for one in sorted(set(given)))
    ]
    return Page(shown, mark=lambda one: one["ResourceId"])


def _named(arn: str) -> str:
    """The ARN, if it is a trail's. Raises CloudTrailARNInvalidException, ResourceTypeNotSupportedException."""
    if Trail.key_of(arn) is not None:
        return arn
    if arn.startswith("arn:") and arn.rpartition(":")[2].startswith(_OTHERS):
        raise cloudtrail.error("ResourceNotFoundException", f"Resource not found: {arn}")
    raise cloudtrail.error("CloudTrailARNInvalidException", f"Invalid trail ARN: {arn}")


def _trail(call: Call, arn: str, *, change: bool = False) -> Trail:
    look = find.changeable if change else find.readable
    try:
        return look(call, _named(arn))
    except Exception as error:
        if getattr(error, "code", "") == "TrailNotFoundException":
            raise cloudtrail.error("ResourceNotFoundException", f"Resource not found: {arn}") from None
        raise

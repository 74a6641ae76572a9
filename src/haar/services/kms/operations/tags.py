"""Tags of keys, which KMS writes as TagKey and TagValue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page, replace, tagging, tags_in
from haar.services.kms.resources import Key
from haar.services.kms.service import TAGS_MAX, in_state, kms

if TYPE_CHECKING:
    from haar.kit.service import Operation
    from haar.shapes import kms as api

kms.tagging(Key)


def _check(tags: Mapping[str, str]) -> None:
    tagging.check(tags, limit=TAGS_MAX, too_many="LimitExceededException", invalid="TagException")


def checked_tags(call: Call, request: Mapping[str, Any], operation: Operation, arn: str) -> dict[str, str]:
    """The tags of the key that is to have an ARN: sound, and allowed by the caller's own policies."""
    tags = tags_in(request)
    if not tags:
        return {}
    call.ports.guard.authorize(call, "kms:TagResource", [(arn, None)], operation, dict(request))
    if len(tags) < len(request["Tags"]):
        raise kms.error("TagException", "Duplicate tag keys")
    _check(tags)
    return tags


@kms.operation
def list_resource_tags(call: Call, key: Key, request: api.ListResourceTagsRequest) -> Page[dict[str, str]]:
    shown = [{"TagKey": name, "TagValue": key.tags[name]} for name in sorted(key.tags)]
    return Page(shown, mark=lambda tag: tag["TagKey"])


@kms.operation
def tag_resource(call: Call, key: Key, request: api.TagResourceRequest) -> None:
    in_state(call, key, "PendingDeletion", "PendingReplicaDeletion")
    tags = {**key.tags, **(tags_in(request) or {})}
    _check(tags)
    call.tx.put(replace(key, tags=tags))


@kms.operation
def untag_resource(call: Call, key: Key, request: api.UntagResourceRequest) -> None:
    in_state(call, key, "PendingDeletion", "PendingReplicaDeletion")
    gone = {*request["TagKeys"]}
    call.tx.put(replace(key, tags={name: value for name, value in key.tags.items() if name not in gone}))

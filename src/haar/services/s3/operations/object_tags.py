"""The tags of an object: got, put, deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, as_list, replace
from haar.services.s3 import object_tags, presented, reading, shelf
from haar.services.s3.authority import on_object
from haar.services.s3.resources import Bucket
from haar.services.s3.service import s3

if TYPE_CHECKING:
    from haar.shapes import s3 as api


def _action(verb: str) -> Callable[[Call, Mapping[str, Any]], str]:
    def action(call: Call, request: Mapping[str, Any]) -> str:
        return f"s3:{verb}Object{'' if request.get('VersionId') is None else 'Version'}Tagging"

    return action


@s3.operation(action=_action("Get"), resource=on_object, data_event=True)
def get_object_tagging(call: Call, bucket: Bucket, request: api.GetObjectTaggingRequest) -> api.GetObjectTaggingOutput:
    version = reading.wanted(call, bucket, request)
    reply: Any = {"TagSet": as_list(version.tags), **presented.version_id_of(bucket, version)}
    return reply  # type: ignore[no-any-return]


@s3.operation(action=_action("Put"), resource=on_object, data_event=True)
def put_object_tagging(call: Call, bucket: Bucket, request: api.PutObjectTaggingRequest) -> api.PutObjectTaggingOutput:
    tags = object_tags.checked((one["Key"], one["Value"]) for one in request["Tagging"]["TagSet"])
    return _retag(call, bucket, request, tags, "ObjectTagging:Put")  # type: ignore[return-value]


@s3.operation(action=_action("Delete"), resource=on_object, data_event=True)
def delete_object_tagging(
    call: Call, bucket: Bucket, request: api.DeleteObjectTaggingRequest
) -> api.DeleteObjectTaggingOutput:
    return _retag(call, bucket, request, {}, "ObjectTagging:Delete")  # type: ignore[return-value]


def _retag(call: Call, bucket: Bucket, request: Mapping[str, Any], tags: dict[str, str], event: str) -> dict[str, str]:
    version = shelf.update(call, replace(reading.wanted(call, bucket, request), tags=tags))
    for listener in shelf.after_change:
        listener(call, bucket, event, version)
    return presented.version_id_of(bucket, version)

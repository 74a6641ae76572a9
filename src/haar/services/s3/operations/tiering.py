"""Configurations of Intelligent-Tiering: which objects may go to the archive tiers, and after how long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.kit import Call, ServiceError
from haar.services.s3 import configurations, lifecycle, tiering
from haar.services.s3.authority import on_bucket
from haar.services.s3.resources import Bucket
from haar.services.s3.service import malformed_xml, s3

if TYPE_CHECKING:
    from haar.shapes import s3 as api

_PUT = "s3:PutIntelligentTieringConfiguration"
_GET = "s3:GetIntelligentTieringConfiguration"
_LEAST_DAYS = {"ARCHIVE_ACCESS": 90, "DEEP_ARCHIVE_ACCESS": 180}
_DAYS_MAX = 730


@s3.operation(action=_PUT, resource=on_bucket, enums=False)
def put_bucket_intelligent_tiering_configuration(
    call: Call, bucket: Bucket, request: api.PutBucketIntelligentTieringConfigurationRequest
) -> None:
    given: Any = request["IntelligentTieringConfiguration"]
    _check(given)
    configurations.put(call, bucket, tiering.KIND, request["Id"], given)
    lifecycle.schedule(call, bucket.name)


@s3.operation(action=_GET, resource=on_bucket)
def get_bucket_intelligent_tiering_configuration(
    call: Call, bucket: Bucket, request: api.GetBucketIntelligentTieringConfigurationRequest
) -> api.GetBucketIntelligentTieringConfigurationOutput:
    found: Any = configurations.wanted(call, bucket, tiering.KIND, request["Id"])
    return {"IntelligentTieringConfiguration": found}


@s3.operation(action=_PUT, resource=on_bucket)
def delete_bucket_intelligent_tiering_configuration(
    call: Call, bucket: Bucket, request: api.DeleteBucketIntelligentTieringConfigurationRequest
) -> None:
    configurations.delete(call, bucket, tiering.KIND, request["Id"])


@s3.operation(action=_GET, resource=on_bucket)
def list_bucket_intelligent_tiering_configurations(
    call: Call, bucket: Bucket, request: api.ListBucketIntelligentTieringConfigurationsRequest
) -> api.ListBucketIntelligentTieringConfigurationsOutput:
    found: Any = configurations.page(call, bucket, tiering.KIND, request, "IntelligentTieringConfigurationList")
    return found  # type: ignore[no-any-return]


def _check(given: Any) -> None:
    if given.get("Status") not in ("Enabled", "Disabled") or not given.get("Tierings"):
        raise malformed_xml()
    configurations.check_filter(given.get("Filter"))
    seen = set()
    for one in given["Tierings"]:
        tier, days = one["AccessTier"], one["Days"]
        least = _LEAST_DAYS.get(tier)
        if least is None or tier in seen:
            raise malformed_xml()
        seen.add(tier)
        if not least <= days <= _DAYS_MAX:
            text = f"'Days' for AccessTier '{tier}' must be between {least} and {_DAYS_MAX}"
            raise ServiceError("InvalidArgument", text, status=400)
    days_of = {one["AccessTier"]: one["Days"] for one in given["Tierings"]}
    if len(days_of) == 2 and days_of["ARCHIVE_ACCESS"] >= days_of["DEEP_ARCHIVE_ACCESS"]:
        text = "'Days' for AccessTier 'DEEP_ARCHIVE_ACCESS' must be greater than for 'ARCHIVE_ACCESS'"
        raise ServiceError("InvalidArgument", text, status=400)

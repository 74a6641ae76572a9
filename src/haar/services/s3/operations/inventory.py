"""Inventory, metrics and analytics: configurations of which a bucket can have a thousand each.

Inventories are really written; metrics and analytics are kept, and nothing is measured by them yet.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from haar.kit import Call, Refused, ServiceError
from haar.services.s3 import configurations, inventories
from haar.services.s3.authority import on_bucket
from haar.services.s3.resources import Bucket
from haar.services.s3.service import malformed_xml, s3

if TYPE_CHECKING:
    from haar.shapes import s3 as api

_ARN: Final = re.compile(r"arn:aws[a-z-]*:s3:::([a-z0-9][a-z0-9.-]+)")
_NOT_MEASURED: Final = "the configuration is kept; nothing is measured by it"

s3.refuses(
    "S3 Metadata keeps its tables in S3 Tables, which is not there.",
    "CreateBucketMetadataConfiguration", "CreateBucketMetadataTableConfiguration",
    "DeleteBucketMetadataConfiguration", "DeleteBucketMetadataTableConfiguration",
    "GetBucketMetadataConfiguration", "GetBucketMetadataTableConfiguration",
    "UpdateBucketMetadataAnnotationTableConfiguration", "UpdateBucketMetadataInventoryTableConfiguration",
    "UpdateBucketMetadataJournalTableConfiguration",
)  # fmt: skip


# --- inventory -------------------------------------------------------------------------------------------------------

_PUT_INVENTORY: Final = "s3:PutInventoryConfiguration"
_GET_INVENTORY: Final = "s3:GetInventoryConfiguration"


@s3.operation(action=_PUT_INVENTORY, resource=on_bucket, enums=False, partial="the format ORC is refused")
def put_bucket_inventory_configuration(
    call: Call, bucket: Bucket, request: api.PutBucketInventoryConfigurationRequest
) -> None:
    given: Any = request["InventoryConfiguration"]
    _check_inventory(call, bucket, given)
    configurations.put(call, bucket, inventories.KIND, request["Id"], given)
    if given["IsEnabled"]:
        inventories.schedule(call, bucket, given)


@s3.operation(action=_GET_INVENTORY, resource=on_bucket)
def get_bucket_inventory_configuration(
    call: Call, bucket: Bucket, request: api.GetBucketInventoryConfigurationRequest
) -> api.GetBucketInventoryConfigurationOutput:
    found: Any = configurations.wanted(call, bucket, inventories.KIND, request["Id"])
    return {"InventoryConfiguration": found}


@s3.operation(action=_PUT_INVENTORY, resource=on_bucket)
def delete_bucket_inventory_configuration(
    call: Call, bucket: Bucket, request: api.DeleteBucketInventoryConfigurationRequest
) -> None:
    configurations.delete(call, bucket, inventories.KIND, request["Id"])


@s3.operation(action=_GET_INVENTORY, resource=on_bucket)
def list_bucket_inventory_configurations(
    call: Call, bucket: Bucket, request: api.ListBucketInventoryConfigurationsRequest
) -> api.ListBucketInventoryConfigurationsOutput:
    found: Any = configurations.page(call, bucket, inventories.KIND, request, "InventoryConfigurationList")
    return found  # type: ignore[no-any-return]


def _check_inventory(call: Call, bucket: Bucket, given: Any) -> None:
    destination = given["Destination"]["S3BucketDestination"]
    if given.get("IncludedObjectVersions") not in ("All", "Current"):
        raise malformed_xml()
    if given["Schedule"].get("Frequency") not in ("Daily", "Weekly"):
        raise malformed_xml()
    if destination.get("Format") not in ("CSV", "ORC", "Parquet"):
        raise malformed_xml()
    known = s3.model.shapes["InventoryOptionalField"]["enum"]
    fields = given.get("OptionalFields") or ()
    if any(name not in known for name in fields):
        raise malformed_xml()
    for name in fields:
        if name not in inventories.FIELDS:
            raise Refused("s3", "PutBucketInventoryConfiguration", f"The field {name} is not built.")
    if destination["Format"] == "ORC":
        raise Refused("s3", "PutBucketInventoryConfiguration", "Reports in ORC are not built; CSV and Parquet are.")
    if destination["Format"] == "Parquet" and not inventories.has_parquet():
        raise Refused("s3", "PutBucketInventoryConfiguration", "Reports in Parquet need the package pyarrow.")
    match = _ARN.fullmatch(destination["Bucket"])
    if match is None:
        raise ServiceError("InvalidArgument", "Invalid bucket ARN", status=400)
    target = call.tx.get(Bucket, match[1])
    if target is None:
        raise ServiceError("InvalidS3DestinationBucket", "Destination bucket does not exist.", status=400)
    if target.region != bucket.region:
        text = "Destination bucket must be in the same AWS Region as the source bucket."
        raise ServiceError("InvalidS3DestinationBucket", text, status=400)


# --- metrics ---------------------------------------------------------------------------------------------------------

_PUT_METRICS: Final = "s3:PutMetricsConfiguration"
_GET_METRICS: Final = "s3:GetMetricsConfiguration"
_METRICS: Final = "metrics"


@s3.operation(action=_PUT_METRICS, resource=on_bucket, partial=_NOT_MEASURED)
def put_bucket_metrics_configuration(
    call: Call, bucket: Bucket, request: api.PutBucketMetricsConfigurationRequest
) -> None:
    given: Any = request["MetricsConfiguration"]
    configurations.check_filter(given.get("Filter"))
    configurations.put(call, bucket, _METRICS, request["Id"], given)


@s3.operation(action=_GET_METRICS, resource=on_bucket)
def get_bucket_metrics_configuration(
    call: Call, bucket: Bucket, request: api.GetBucketMetricsConfigurationRequest
) -> api.GetBucketMetricsConfigurationOutput:
    found: Any = configurations.wanted(call, bucket, _METRICS, request["Id"])
    return {"MetricsConfiguration": found}


@s3.operation(action=_PUT_METRICS, resource=on_bucket)
def delete_bucket_metrics_configuration(
    call: Call, bucket: Bucket, request: api.DeleteBucketMetricsConfigurationRequest
) -> None:
    configurations.delete(call, bucket, _METRICS, request["Id"])


@s3.operation(action=_GET_METRICS, resource=on_bucket)
def list_bucket_metrics_configurations(
    call: Call, bucket: Bucket, request: api.ListBucketMetricsConfigurationsRequest
) -> api.ListBucketMetricsConfigurationsOutput:
    found: Any = configurations.page(call, bucket, _METRICS, request, "MetricsConfigurationList")
    return found  # type: ignore[no-any-return]


# --- analytics -------------------------------------------------------------------------------------------------------

_PUT_ANALYTICS: Final = "s3:PutAnalyticsConfiguration"
_GET_ANALYTICS: Final = "s3:GetAnalyticsConfiguration"
_ANALYTICS: Final = "analytics"


@s3.operation(action=_PUT_ANALYTICS, resource=on_bucket, partial=_NOT_MEASURED)
def put_bucket_analytics_configuration(
    call: Call, bucket: Bucket, request: api.PutBucketAnalyticsConfigurationRequest
) -> None:
    given: Any = request["AnalyticsConfiguration"]
    configurations.check_filter(given.get("Filter"))
    configurations.put(call, bucket, _ANALYTICS, request["Id"], given)


@s3.operation(action=_GET_ANALYTICS, resource=on_bucket)
def get_bucket_analytics_configuration(
    call: Call, bucket: Bucket, request: api.GetBucketAnalyticsConfigurationRequest
) -> api.GetBucketAnalyticsConfigurationOutput:
    found: Any = configurations.wanted(call, bucket, _ANALYTICS, request["Id"])
    return {"AnalyticsConfiguration": found}


@s3.operation(action=_PUT_ANALYTICS, resource=on_bucket)
def delete_bucket_analytics_configuration(
    call: Call, bucket: Bucket, request: api.DeleteBucketAnalyticsConfigurationRequest
) -> None:
    configurations.delete(call, bucket, _ANALYTICS, request["Id"])


@s3.operation(action=_GET_ANALYTICS, resource=on_bucket)
def list_bucket_analytics_configurations(
    call: Call, bucket: Bucket, request: api.ListBucketAnalyticsConfigurationsRequest
) -> api.ListBucketAnalyticsConfigurationsOutput:
    found: Any = configurations.page(call, bucket, _ANALYTICS, request, "AnalyticsConfigurationList")
    return found  # type: ignore[no-any-return]

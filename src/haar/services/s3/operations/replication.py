"""Replication configurations: which ones S3 keeps.

Source: Amazon S3 API Reference, API_PutBucketReplication.html; User Guide, replication-add-config.html.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from haar.kit import Call, ServiceError, replace
from haar.services.s3 import configurations, replication
from haar.services.s3.authority import on_bucket
from haar.services.s3.lifecycle_rules import Chosen
from haar.services.s3.resources import Bucket
from haar.services.s3.service import malformed_xml, s3
from haar.services.s3.storage_classes import CLASSES

if TYPE_CHECKING:
    from haar.shapes import s3 as api

_WORD: Final = "replication"
_RULES_MAX: Final = 1000
_ID_CHARS_MAX: Final = 255
_ROLE: Final = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/.+")
_BUCKET: Final = re.compile(r"arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9.-]+")
_SCHEMA: Final = (
    "{} must be specified for this version of Cross Region Replication configuration schema. "
    "Please refer to S3 Developer Guide for more information."
)
_TIME_MINUTES: Final = 15


@s3.operation(
    action="s3:PutReplicationConfiguration", resource=on_bucket, enums=False,
    partial="replication time and metrics are kept, and not measured; replicas' own changes do not go back",
)  # fmt: skip
def put_bucket_replication(call: Call, bucket: Bucket, request: api.PutBucketReplicationRequest) -> None:
    if bucket.versioning != "Enabled":
        raise _request("Versioning must be 'Enabled' on the bucket to apply a replication configuration")
    given: Any = request["ReplicationConfiguration"]
    _check_role(call, given.get("Role") or "", request)
    rules = given.get("Rules") or []
    if not 1 <= len(rules) <= _RULES_MAX:
        raise malformed_xml()
    kept = [{**rule, "ID": rule.get("ID") or call.ports.ids.token(48)} for rule in rules]
    if len({rule["ID"] for rule in kept}) < len(kept):
        raise _argument("Rule Id must be unique")
    for rule in kept:
        _check(call, bucket, rule)
    priorities = [rule["Priority"] for rule in kept if rule.get("Priority") is not None]
    if len(set(priorities)) < len(priorities):
        raise _request("Rule priority must be unique")
    configuration = {"Role": given["Role"], "Rules": kept}
    call.tx.put(replace(bucket, configs={**bucket.configs, _WORD: configuration}))


@s3.operation(action="s3:GetReplicationConfiguration", resource=on_bucket)
def get_bucket_replication(call: Call, bucket: Bucket, request: Any) -> api.GetBucketReplicationOutput:
    found = bucket.configs.get(_WORD)
    if found is None:
        text = "The replication configuration was not found"
        members = {"BucketName": bucket.name}
        raise ServiceError("ReplicationConfigurationNotFoundError", text, status=404, members=members)
    return {"ReplicationConfiguration": found}


@s3.operation(action="s3:PutReplicationConfiguration", resource=on_bucket)
def delete_bucket_replication(call: Call, bucket: Bucket, request: Any) -> None:
    if _WORD in bucket.configs:
        call.tx.put(replace(bucket, configs={word: one for word, one in bucket.configs.items() if word != _WORD}))


@s3.condition("iam:PassedToService")
def _passed_to(call: Call, request: Any, target: Any) -> str | None:
    return "s3.amazonaws.com" if call.operation == "PutBucketReplication" else None


def _check_role(call: Call, arn: str, request: Any) -> None:
    """The role must be one that the caller may hand over (`iam:PassRole`), of the caller's own account."""
    match = _ROLE.fullmatch(arn)
    if match is None:
        raise _argument("Invalid Role ARN")
    if match[1] != call.principal.account:
        raise ServiceError("AccessDenied", "Cross-account pass role is not allowed.", status=403)
    call.ports.guard.authorize(call, "iam:PassRole", [(arn, None)], s3.bound(call.operation), request)


def _check(call: Call, bucket: Bucket, rule: Mapping[str, Any]) -> None:
    if len(rule["ID"]) > _ID_CHARS_MAX:
        raise _argument(f"ID length should not exceed allowed limit of {_ID_CHARS_MAX}")
    if rule.get("Status") not in ("Enabled", "Disabled") or ("Filter" in rule) == ("Prefix" in rule):
        raise malformed_xml()
    markers = (rule.get("DeleteMarkerReplication") or {}).get("Status")
    if "Filter" in rule:
        configurations.check_filter(rule["Filter"])
        if rule.get("Priority") is None:
            raise _request(_SCHEMA.format("Priority"))
        if markers is None:
            raise _request(_SCHEMA.format("DeleteMarkerReplication"))
    if markers not in (None, "Enabled", "Disabled"):
        raise malformed_xml()
    if markers == "Enabled" and Chosen(rule).tags:
        text = "Delete marker replication is not supported if any Tag filter is specified. "
        raise _request(text + "Please refer to S3 Developer Guide for more information.")
    if (rule.get("ExistingObjectReplication") or {}).get("Status") == "Enabled":
        raise _request("Existing object replication is not supported.")
    _check_destination(call, bucket, rule)
    _check_keys(rule)


def _check_destination(call: Call, bucket: Bucket, rule: Mapping[str, Any]) -> None:
    given = rule["Destination"]
    if not _BUCKET.fullmatch(given["Bucket"]):
        raise _argument("Invalid bucket ARN")
    target = replication.destination_of(call, rule)
    if target is None:
        raise _request("Destination bucket must exist.")
    if target.name == bucket.name:
        raise _request("Destination bucket cannot be the same as the source bucket.")
    if target.versioning != "Enabled":
        raise _request("Destination bucket must have versioning enabled.")
    if bucket.object_lock and not target.object_lock:
        raise _request("Destination bucket must have Object Lock enabled.")
    if given.get("StorageClass") and given["StorageClass"] not in CLASSES:
        raise malformed_xml()
    if given.get("AccessControlTranslation") and not given.get("Account"):
        raise _request("Account must be specified when using Access Control Translation.")
    timed = given.get("ReplicationTime") or {}
    if timed and (timed.get("Time") or {}).get("Minutes") != _TIME_MINUTES:
        raise _argument(f"The Minutes of ReplicationTime must be {_TIME_MINUTES}")
    if timed.get("Status") == "Enabled" and (given.get("Metrics") or {}).get("Status") != "Enabled":
        raise _request("Replication destination must contain both ReplicationTime and Metrics or neither.")


def _check_keys(rule: Mapping[str, Any]) -> None:
    criteria = rule.get("SourceSelectionCriteria") or {}
    wants_keys = (criteria.get("SseKmsEncryptedObjects") or {}).get("Status") == "Enabled"
    named = (rule["Destination"].get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID")
    if wants_keys and not named:
        raise _request("ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is enabled.")
    if named and not wants_keys:
        raise _request("SseKmsEncryptedObjects must be specified if EncryptionConfiguration is present.")


def _argument(text: str) -> ServiceError:
    return ServiceError("InvalidArgument", text, status=400)


def _request(text: str) -> ServiceError:
    return ServiceError("InvalidRequest", text, status=400)

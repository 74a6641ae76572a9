"""The default encryption of a bucket, and the encryption of an object that is there already."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from haar.kit import Call, ServiceError, replace
from haar.services.s3 import encryption, locking, presented, reading, shelf
from haar.services.s3.authority import on_bucket, on_object
from haar.services.s3.resources import Bucket, Version
from haar.services.s3.service import access_denied, malformed_xml, s3

if TYPE_CHECKING:
    from haar.shapes import s3 as api

_ALGORITHMS: Final = ("AES256", encryption.KMS, encryption.DUAL)
_KEY_ARN: Final = re.compile(r"arn:aws[-a-z0-9]*:kms:[-a-z0-9]+:(\d{12}):key/[A-Za-z0-9-]+")


# --- buckets ---------------------------------------------------------------------------------------------------------


@s3.operation(action="s3:GetEncryptionConfiguration", resource=on_bucket)
def get_bucket_encryption(call: Call, bucket: Bucket, request: Any) -> api.GetBucketEncryptionOutput:
    return {"ServerSideEncryptionConfiguration": {"Rules": [encryption.rule_of(bucket)]}}  # type: ignore[list-item]


@s3.operation(action="s3:PutEncryptionConfiguration", resource=on_bucket, enums=False)
def put_bucket_encryption(call: Call, bucket: Bucket, request: api.PutBucketEncryptionRequest) -> None:
    """The KMS key is not looked for: AWS does not, either."""
    rules: list[Any] = request["ServerSideEncryptionConfiguration"].get("Rules") or []
    if len(rules) != 1:
        raise malformed_xml()
    [rule] = rules
    default = rule.get("ApplyServerSideEncryptionByDefault")
    blocked = (rule.get("BlockedEncryptionTypes") or {}).get("EncryptionType") or []
    if default is None and not blocked:
        raise malformed_xml()
    if default is not None:
        _check_default(default)
    if any(one not in ("NONE", "SSE-C") for one in blocked) or len(set(blocked)) > 1:
        raise malformed_xml()
    standing = encryption.rule_of(bucket)
    kept = {
        "ApplyServerSideEncryptionByDefault": default or {"SSEAlgorithm": "AES256"},
        "BucketKeyEnabled": bool(rule.get("BucketKeyEnabled")),
        # what a request does not say about blocked types stays as it is
        "BlockedEncryptionTypes": {"EncryptionType": blocked[:1]} if blocked else standing["BlockedEncryptionTypes"],
    }
    call.tx.put(replace(bucket, configs={**bucket.configs, "encryption": {"Rules": [kept]}}))


def _check_default(default: dict[str, Any]) -> None:
    algorithm = default.get("SSEAlgorithm")
    if algorithm not in _ALGORITHMS:
        raise malformed_xml()
    if algorithm == "AES256" and "KMSMasterKeyID" in default:
        words = "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse"
        raise ServiceError(
            "InvalidArgument", words, status=400, members={"ArgumentName": "ApplyServerSideEncryptionByDefault"}
        )


@s3.operation(action="s3:PutEncryptionConfiguration", resource=on_bucket)
def delete_bucket_encryption(call: Call, bucket: Bucket, request: Any) -> None:
    """Back to S3's own keys; which types are blocked stays as it is."""
    blocked = encryption.rule_of(bucket)["BlockedEncryptionTypes"]
    configs = {name: value for name, value in bucket.configs.items() if name != "encryption"}
    if blocked != encryption.DEFAULT_RULE["BlockedEncryptionTypes"]:
        configs["encryption"] = {"Rules": [{**encryption.DEFAULT_RULE, "BlockedEncryptionTypes": blocked}]}
    call.tx.put(replace(bucket, configs=configs))


# --- objects ---------------------------------------------------------------------------------------------------------


@s3.operation(resource=on_object, data_event=True)
def update_object_encryption(
    call: Call, bucket: Bucket, request: api.UpdateObjectEncryptionRequest
) -> api.UpdateObjectEncryptionResponse:
    """Seals the content's key anew, and copies no bytes; everything else of the object stays, its ETag too."""
    wanted: dict[str, Any] | None = request["ObjectEncryption"].get("SSEKMS")  # type: ignore[assignment]
    if wanted is None:
        raise _invalid_request(
            "Requests that modify an object encryption configuration require a valid new encryption type. Valid values "
            "are SSEKMS. Modify the request to specify SSE-KMS for the updated encryption type, and then try again."
        )
    named = wanted["KMSKeyArn"]
    match = _KEY_ARN.fullmatch(named)
    if match is None:
        raise _invalid_request(
            "Requests that modify an object's encryption type to SSE-KMS require a valid AWS KMS key Amazon Resource "
            "Name (ARN). Confirm that you have a correctly formatted KMS key ARN in your request, and then try again."
        )
    version = reading.wanted(call, bucket, request)
    _refuse_unfit(call, version)
    if match[1] != bucket.account:
        raise access_denied(
            "The AWS KMS key in the request must be owned by the same account as the bucket. Modify the request to "
            "specify a KMS key from the same account, and then try again."
        )
    opened = encryption.opening(call, bucket, version.name, version.encryption, request)
    renewed, seal = encryption.under_kms(
        call, bucket, version.name, named, encryption.KMS, {}, bucket_key=bool(wanted.get("BucketKeyEnabled"))
    )
    about = version.about.encode()
    content = [kept.resealed(opened, about, seal, about) for kept in version.content]
    shelf.update(call, replace(version, encryption=renewed, content=content))
    return presented.request_charged(bucket, request)  # type: ignore[return-value]


def _refuse_unfit(call: Call, version: Version) -> None:
    if version.encryption.kind not in ("AES256", encryption.KMS):
        raise _invalid_request(
            "The UpdateObjectEncryption operation doesn't support source objects with the encryption type DSSE-KMS or "
            "SSE-C. Only source objects encrypted with SSE-S3 or SSE-KMS are supported."
        )
    if locking.is_locked(version, call.now):
        raise access_denied(
            "The encryption type for the specified object can't be updated because that object is protected by S3 "
            "Object Lock. If the object has a governance-mode retention period or a legal hold, you must first remove "
            "the Object Lock status on the object before you issue your UpdateObjectEncryption request. You can't use "
            "the UpdateObjectEncryption operation with objects that have an Object Lock compliance mode retention "
            "period applied to them."
        )


def _invalid_request(text: str) -> ServiceError:
    return ServiceError("InvalidRequest", text, status=400)

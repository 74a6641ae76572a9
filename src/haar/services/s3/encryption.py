"""What an object is encrypted with, and the seal that opens it again.

| kind | the key of an object |
|---|---|
| `AES256` (SSE-S3) | S3's own |
| `aws:kms` (SSE-KMS) | a data key of KMS, its own or a Bucket Key |
| `aws:kms:dsse` (DSSE-KMS) | a data key of KMS, and around that S3's own: two layers on the key of the content |
| `SSE-C` | the customer's, who brings it along each time |

Every object is encrypted at rest: with S3's own key unless the request or the bucket says otherwise. New buckets take
no customers' keys until `PutBucketEncryption` unblocks them, as is AWS's rule since April 2026.

Docs: Amazon S3 User Guide, serv-side-encryption.html, default-bucket-encryption.html,
blocking-unblocking-s3-c-encryption-gpb.html.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, Protocol

from haar.services.s3 import customer_keys, kms_keys
from haar.services.s3.customer_keys import CUSTOMER
from haar.services.s3.resources import Bucket, Encryption, object_arn
from haar.services.s3.seals import SALT_BYTES, Doubled, KeySeal
from haar.services.s3.service import access_denied, invalid_argument

if TYPE_CHECKING:
    from haar.kit import Call
    from haar.kit.sealing import Seal

__all__ = [
    "DUAL",
    "KMS",
    "PLAIN",
    "chosen",
    "etag_of",
    "is_customer_blocked",
    "opening",
    "rule_of",
    "shown",
    "under_kms",
]

PLAIN = Encryption()
KMS: Final = "aws:kms"
DUAL: Final = "aws:kms:dsse"
#: What `bucket.configs["encryption"]` is for a bucket that nobody configured.
DEFAULT_RULE: Final[Mapping[str, Any]] = {
    "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
    "BucketKeyEnabled": False,
    "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
}
_HEADER: Final = "x-amz-server-side-encryption"
_KMS_MEMBERS: Final = frozenset(("SSEKMSKeyId", "SSEKMSEncryptionContext"))
_MEMBERS: Final = _KMS_MEMBERS | customer_keys.MEMBERS | {"ServerSideEncryption", "BucketKeyEnabled"}


class Hashed(Protocol):
    """Content that knows its digests: a `Body`, or what a copy copies."""

    def digest(self, algorithm: str) -> bytes:
        """A checksum by its name in `haar.kit.checksums`."""
        ...


# --- writing ---------------------------------------------------------------------------------------------------------


def chosen(call: Call, bucket: Bucket, name: str, request: Mapping[str, Any]) -> tuple[Encryption, Seal]:
    """How a request wants a new object encrypted, and the seal to keep its content with.

    Raises InvalidArgument, InvalidEncryptionAlgorithmError, AccessDenied, and what `kms_keys.made` raises.
    """
    if "encryption" not in bucket.configs and _MEMBERS.isdisjoint(request):
        return PLAIN, call.ports.sealer
    kind = request.get("ServerSideEncryption")
    if not customer_keys.MEMBERS.isdisjoint(request):
        if kind is not None:
            words = (
                "Server Side Encryption with Customer provided key is incompatible with the encryption method specified"
            )
            raise invalid_argument(words, _HEADER, kind)
        found = customer_keys.for_writing(request)
        assert found is not None, "one of its members is there"
        _refuse_blocked(call, bucket, name)
        return _with_customer_key(call, *found)
    rule = rule_of(bucket)
    default = rule["ApplyServerSideEncryptionByDefault"]
    if kind is None:
        if "SSEKMSKeyId" in request:
            raise _needs_kms(request["SSEKMSKeyId"])
        kind, named = default["SSEAlgorithm"], default.get("KMSMasterKeyID")
    else:
        # docs: API_PutObject.html: without a key of its own it is the AWS managed one, not the bucket's default
        named = request.get("SSEKMSKeyId")
        if kind not in ("AES256", KMS, DUAL):
            raise invalid_argument("The encryption method specified is not supported", _HEADER, kind)
    if kind == "AES256":
        if request.get("SSEKMSKeyId"):
            raise _needs_kms(request["SSEKMSKeyId"])
        return PLAIN, call.ports.sealer
    context = _context_in(request.get("SSEKMSEncryptionContext"))
    wants_bucket_key = request.get("BucketKeyEnabled")
    if wants_bucket_key is None:
        wants_bucket_key = rule.get("BucketKeyEnabled", False)
    return under_kms(call, bucket, name, named or kms_keys.MANAGED, kind, context, bucket_key=bool(wants_bucket_key))


def under_kms(
    call: Call, bucket: Bucket, name: str, named: str, kind: str, context: dict[str, str], *, bucket_key: bool
) -> tuple[Encryption, Seal]:
    """An encryption under a KMS key, and its seal. Raises what `kms_keys.made` raises."""
    bucket_key = bucket_key and kind == KMS  # docs: bucket-key.html: not for DSSE-KMS
    whole = _whole_context(bucket, name, context, bucket_key)
    key = kms_keys.made(call, bucket, named, whole, for_bucket=bucket_key)
    salt = call.ports.ids.bytes(SALT_BYTES)
    encryption = Encryption(
        kind=kind, key_id=key.key_id, context=context, bucket_key=bucket_key, wrapped=key.wrapped, salt=salt
    )
    return encryption, _sealing(call, kind, key.plain, salt)


def _with_customer_key(call: Call, key: bytes, md5: str) -> tuple[Encryption, Seal]:
    salt = call.ports.ids.bytes(SALT_BYTES)
    check = customer_keys.check_of(key, salt)
    encryption = Encryption(kind=CUSTOMER, customer_md5=md5, check=check, salt=salt)
    return encryption, KeySeal(key, salt, call.ports.ids.bytes)


def _sealing(call: Call, kind: str, data_key: bytes, salt: bytes) -> Seal:
    seal = KeySeal(data_key, salt, call.ports.ids.bytes)
    return Doubled(seal, call.ports.sealer) if kind == DUAL else seal


def _whole_context(bucket: Bucket, name: str, context: Mapping[str, str], bucket_key: bool) -> dict[str, str]:
    return {**context, "aws:s3:arn": bucket.arn if bucket_key else object_arn(bucket, name)}


def _context_in(header: str | None) -> dict[str, str]:
    """The encryption context that a client adds. Raises InvalidArgument."""
    if not header:
        return {}
    try:
        found = json.loads(base64.b64decode(header, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        words = (
            f"The header '{_HEADER}-context' shall be Base64-encoded UTF-8 string holding JSON which represents a "
            "string-string map"
        )
        raise invalid_argument(words, f"{_HEADER}-context", header)
    return found


def _needs_kms(named: str) -> Exception:
    words = f"Server Side Encryption with AWS KMS managed key requires HTTP header {_HEADER} : aws:kms"
    return invalid_argument(words, _HEADER, named)


# --- what a bucket says ----------------------------------------------------------------------------------------------


def rule_of(bucket: Bucket) -> Mapping[str, Any]:
    """The encryption rule of a bucket, in the model's shape."""
    found = bucket.configs.get("encryption")
    return found["Rules"][0] if found else DEFAULT_RULE


def is_customer_blocked(bucket: Bucket) -> bool:
    """Whether the bucket takes no new objects that are encrypted with customers' keys."""
    return "SSE-C" in rule_of(bucket)["BlockedEncryptionTypes"]["EncryptionType"]


def _refuse_blocked(call: Call, bucket: Bucket, name: str) -> None:
    if is_customer_blocked(bucket):
        raise access_denied(
            f"User: {call.principal.arn} is not authorized to perform: s3:{call.operation} on resource: "
            f'"{object_arn(bucket, name)}" because this bucket has blocked upload requests that specify Server Side '
            "Encryption with Customer provided keys (SSE-C). Please specify a different server-side encryption type"
        )


# --- reading ---------------------------------------------------------------------------------------------------------


def opening(call: Call, bucket: Bucket, name: str, encryption: Encryption, request: Mapping[str, Any]) -> Seal:
    """The seal that opens an object's content, for a reader who may; also the one to keep a further part with.

    A request that says nothing of the content gets S3's own seal, which opens nothing of KMS's: S3 asks KMS when it
    has to decrypt, and not for a HEAD. Raises InvalidRequest, AccessDenied, and what `kms_keys.opened` raises.
    """
    if encryption.kind == CUSTOMER:
        key = customer_keys.matching(encryption, request)
        if "UploadId" in request:
            _refuse_blocked(call, bucket, name)
        return KeySeal(key, encryption.salt, call.ports.ids.bytes)
    customer_keys.refuse(request)
    if encryption.kind == "AES256":
        return call.ports.sealer
    kms_keys.refuse_strangers(call)
    if not _asks_for_content(call, request):
        return call.ports.sealer
    is_bucket_key = encryption.bucket_key
    context = _whole_context(bucket, name, encryption.context, is_bucket_key)
    data_key = kms_keys.opened(call, bucket, encryption.wrapped, encryption.key_id, context, for_bucket=is_bucket_key)
    return _sealing(call, encryption.kind, data_key, encryption.salt)


def _asks_for_content(call: Call, request: Mapping[str, Any]) -> bool:
    """Whether something that is kept encrypted is asked for: the bytes, or a checksum of them."""
    if call.operation == "HeadObject":
        return (request.get("ChecksumMode") or "").upper() == "ENABLED"
    if call.operation == "GetObjectAttributes":
        return "Checksum" in request["ObjectAttributes"]
    return True


# --- telling ---------------------------------------------------------------------------------------------------------


def shown(encryption: Encryption) -> dict[str, Any]:
    """What answers say of it, in the model's members; each answer has those of them that its shape knows."""
    kind = encryption.kind
    if kind == "AES256":
        return {"ServerSideEncryption": "AES256"}
    if kind == CUSTOMER:
        return {"SSECustomerAlgorithm": "AES256", "SSECustomerKeyMD5": encryption.customer_md5}
    found: dict[str, Any] = {"ServerSideEncryption": kind, "SSEKMSKeyId": encryption.key_id}
    if encryption.bucket_key:
        found["BucketKeyEnabled"] = True
    if encryption.context:
        text = json.dumps(encryption.context, separators=(",", ":"), ensure_ascii=False)
        found["SSEKMSEncryptionContext"] = base64.b64encode(text.encode()).decode()
    return found


def etag_of(encryption: Encryption, body: Hashed) -> str:
    """The ETag of an object that came in one piece, without its quotation marks.

    Its MD5; under a KMS or customer's key something else, different for the same content each time.
    """
    digest = body.digest("MD5")
    if encryption.kind == "AES256":
        return digest.hex()
    return blake2b(digest, key=encryption.salt, digest_size=16).hexdigest()

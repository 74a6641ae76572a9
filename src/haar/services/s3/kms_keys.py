"""Data keys of KMS: asked for as the caller, once for every object, or once in a while for a whole bucket.

S3 asks KMS in the caller's own name and through its own door, so the key's policy decides about the caller, and KMS
writes each use into the trail. The encryption context is the ARN of the object, with a Bucket Key that of the bucket,
and whatever the client adds.

A Bucket Key serves one caller for five minutes, first to write and then, asked for again, to read. Until then nothing
that happens to the KMS key is noticed, as with AWS, which does not say for how long it keeps one.

Source: Amazon S3 User Guide, UsingKMSEncryption.html, bucket-key.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, NamedTuple

from haar.kit import Call, ServiceError
from haar.services.s3.resources import Bucket, BucketKey
from haar.services.s3.service import access_denied, invalid_argument

if TYPE_CHECKING:
    from haar.kit.call import ServiceClient

__all__ = ["MANAGED", "DataKey", "made", "opened", "refuse_strangers"]

#: The key that AWS keeps for S3 in every account.
MANAGED: Final = "alias/aws/s3"
_BUCKET_KEY_SECONDS: Final = 300


class DataKey(NamedTuple):
    """A data key, as it encrypts and as KMS wrapped it, and the ARN of the KMS key."""

    plain: bytes
    wrapped: bytes
    key_id: str


def made(call: Call, bucket: Bucket, named: str, context: Mapping[str, str], *, for_bucket: bool) -> DataKey:
    """A data key to encrypt with. `named` is an id, an ARN or an alias of a KMS key in the bucket's region.

    Raises AccessDenied, InvalidArgument (not signed with Version 4), KMS.NotFoundException, KMS.DisabledException,
    KMS.KMSInvalidStateException, KMS.InvalidKeyUsageException.
    """
    use = _use("write", named.encode(), *(text.encode() for pair in sorted(context.items()) for text in pair))
    if for_bucket and (found := _remembered(call, bucket, use)) is not None:
        return found
    try:
        reply = _kms(call, bucket).generate_data_key(KeyId=named, KeySpec="AES_256", EncryptionContext=dict(context))
    except ServiceError as error:
        raise _as_s3_says(error) from None
    key = DataKey(reply["Plaintext"], reply["CiphertextBlob"], reply["KeyId"])
    if for_bucket:
        _remember(call, bucket, use, key)
    return key


def opened(
    call: Call, bucket: Bucket, wrapped: bytes, key_id: str, context: Mapping[str, str], *, for_bucket: bool
) -> bytes:
    """A wrapped data key again. Raises the same."""
    use = _use("read", wrapped)
    if for_bucket and (found := _remembered(call, bucket, use)) is not None:
        return found.plain
    try:
        reply = _kms(call, bucket).decrypt(CiphertextBlob=wrapped, KeyId=key_id, EncryptionContext=dict(context))
    except ServiceError as error:
        raise _as_s3_says(error) from None
    plain: bytes = reply["Plaintext"]
    if for_bucket:
        _remember(call, bucket, use, DataKey(plain, wrapped, key_id))
    return plain


def refuse_strangers(call: Call) -> None:
    """Refuse what is not signed, or with Version 2, as presigned URLs can be. Raises InvalidArgument."""
    if call.principal.kind == "anonymous" or "AWSAccessKeyId=" in call.origin.presigned:
        words = "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4."
        raise invalid_argument(words, "Authorization", "null")


def _kms(call: Call, bucket: Bucket) -> ServiceClient:
    refuse_strangers(call)
    return call.aws(
        "kms",
        account=call.principal.account or bucket.account,
        region=bucket.region,
        invoked_by="s3.amazonaws.com",
        context=call.origin.context,
    )


def _as_s3_says(error: ServiceError) -> ServiceError:
    if error.code in ("AccessDeniedException", "AccessDenied"):
        return access_denied(error.message)
    return ServiceError(f"KMS.{error.code}", error.message, status=400)


# --- Bucket Keys -----------------------------------------------------------------------------------------------------


def _use(direction: str, *what: bytes) -> str:
    digest = blake2b(digest_size=16)
    for one in what:
        digest.update(len(one).to_bytes(4, "big") + one)
    return f"{direction} {digest.hexdigest()}"


def _remembered(call: Call, bucket: Bucket, use: str) -> DataKey | None:
    found = call.tx.get(BucketKey, bucket.name, call.principal.arn, use)
    if found is None or found.until <= call.now:
        return None
    plain = call.ports.sealer.open(found.sealed, f"{bucket.name} {use}".encode())
    return DataKey(plain, found.wrapped, found.key_id)


def _remember(call: Call, bucket: Bucket, use: str, key: DataKey) -> None:
    call.tx.put(
        BucketKey(
            bucket=bucket.name, principal=call.principal.arn, use=use, key_id=key.key_id, wrapped=key.wrapped,
            sealed=call.ports.sealer.seal(key.plain, f"{bucket.name} {use}".encode()),
            until=call.now + _BUCKET_KEY_SECONDS,
        )
    )  # fmt: skip

"""What S3 remembers: buckets, every version of every object, what a listing shows, uploads that are not complete."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import msgspec

from haar.kit import Index, Kept, Record, UniqueResource, keeps, key
from haar.kit.resource import partition_of

#: What Block Public Access says of a new bucket (docs: access-control-block-public-access.html; since April 2023).
BLOCK_ALL = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


class Bucket(
    UniqueResource,
    hot=True,
    arn="arn:{partition}:s3:::{name}",
    missing=("NoSuchBucket", "The specified bucket does not exist"),
    cloudformation="AWS::S3::Bucket",
):
    """A bucket, and every configuration it has one of, each in the shape of the model (None: not set)."""

    name: str = key()
    #: "" (never), "Enabled" or "Suspended"
    versioning: str = ""
    mfa_delete: bool = False
    object_lock: bool = False
    ownership: str = "BucketOwnerEnforced"
    public_access_block: dict[str, bool] | None = None
    policy: str | None = None
    #: Grants in the model's shape; None: the owner alone
    acl: list[dict[str, Any]] | None = None
    #: whether keys of this bucket must say which account they expect; the payer is "BucketOwner" or "Requester"
    payer: str = "BucketOwner"
    accelerate: str = ""
    #: the one-of-a-kind configurations by the operation's word: "cors", "website", "lifecycle", "replication",
    #: "encryption", "notification", "logging", "object_lock", ...
    configs: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def arn(self) -> str:
        """The ARN of the bucket, which names neither its account nor its region."""
        return f"arn:{partition_of(self.region)}:s3:::{self.name}"


by_account = Index(Bucket, "account")


class Encryption(msgspec.Struct, frozen=True, omit_defaults=True):
    """How content is encrypted: S3's own key, a KMS key, twice with KMS (DSSE), or a key that the customer keeps.

    `wrapped` is the data key as KMS encrypted it; `check` tells a right customer key from a wrong one.
    """

    #: "AES256", "aws:kms", "aws:kms:dsse" or "SSE-C"
    kind: str = "AES256"
    key_id: str = ""
    context: dict[str, str] = {}
    bucket_key: bool = False
    wrapped: bytes = b""
    customer_md5: str = ""
    check: bytes = b""
    #: what makes the object's own key out of the data key or the customer's
    salt: bytes = b""


class BucketKey(Record, expires="until"):
    """A data key of KMS that serves many objects of a bucket for a while, and one principal only."""

    bucket: str = key()
    principal: str = key()
    #: "write" or "read", and which one
    use: str = key()
    #: the KMS key's ARN
    key_id: str = ""
    wrapped: bytes = b""
    sealed: bytes = b""
    until: float = 0.0


class PartOf(msgspec.Struct, frozen=True, omit_defaults=True):
    """A part of an object that was uploaded in parts."""

    number: int
    size: int
    checksums: dict[str, str] = {}


class Version(Record):
    """One version of an object, or a delete marker. The newest of a key has the smallest `order`."""

    bucket: str = key()
    name: str = key()
    #: 0 for the first version of a key, one less for each that follows; an unversioned object always has 0
    order: int = key()
    #: what clients call it; "null" where the bucket kept no versions at that time
    version_id: str = "null"
    marker: bool = False
    #: last modified, a virtual instant in whole seconds as HTTP has it
    at: float = 0.0
    #: the account that owns it
    owner: str = ""
    size: int = 0
    #: without its quotation marks
    etag: str = ""
    storage_class: str = "STANDARD"
    #: x-amz-meta-*, without that
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    #: CacheControl, ContentDisposition, ContentEncoding, ContentLanguage, ContentType, Expires,
    #: WebsiteRedirectLocation as the model names them, each as it was sent
    headers: dict[str, Any] = msgspec.field(default_factory=dict)
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    acl: list[dict[str, Any]] | None = None
    #: algorithm -> base64; of a multipart object with the number of parts behind a dash when COMPOSITE
    checksums: dict[str, str] = msgspec.field(default_factory=dict)
    checksum_type: str = "FULL_OBJECT"
    parts: list[PartOf] = msgspec.field(default_factory=list)
    #: one for each part; empty for a delete marker
    content: list[Kept] = msgspec.field(default_factory=list)
    encryption: Encryption = Encryption()
    #: what the content's seal is bound to: the place it was first written for (a copy has its own)
    about: str = ""
    #: "GOVERNANCE" or "COMPLIANCE"
    lock_mode: str = ""
    retain_until: float = 0.0
    legal_hold: bool = False
    #: whether a legal hold was ever set or lifted
    legal_hold_given: bool = False
    #: "", "PENDING", "COMPLETED", "FAILED" or "REPLICA"
    replication: str = ""
    #: when a restored copy of an archived object goes away; `restoring_until`: when it will be there
    restored_until: float = 0.0
    restoring_until: float = 0.0
    #: for INTELLIGENT_TIERING: the last GET, and the tier it is in ("" is frequent access)
    accessed_at: float = 0.0
    tier: str = ""
    #: since when it is not the newest version any more
    noncurrent_at: float | None = None

    @property
    def null_bucket(self) -> str | None:
        """The bucket, of a null version that is not where `get(Version, bucket, name, 0)` finds it."""
        return self.bucket if self.version_id == "null" and self.order else None

    @property
    def replica_bucket(self) -> str | None:
        """The bucket, of a version that came from elsewhere and has its id from there."""
        return self.bucket if self.replication == "REPLICA" else None

    @property
    def arn(self) -> str:
        """The ARN of the object; versions have none of their own."""
        return f"arn:aws:s3:::{self.bucket}/{self.name}"


null_versions = Index(Version, "null_bucket", "name")
replica_versions = Index(Version, "replica_bucket", "name", "version_id")
keeps(Version, "content")


class Current(Record):
    """What a listing shows of a key whose newest version is no delete marker."""

    bucket: str = key()
    name: str = key()
    order: int = 0
    at: float = 0.0
    size: int = 0
    owner: str = ""
    storage_class: str = "STANDARD"
    #: what stands behind <Key> in a listing, as XML
    tail: str = ""


class Upload(Record):
    """A multipart upload that is neither completed nor aborted. Its fields are those of the version it will become."""

    bucket: str = key()
    name: str = key()
    id: str = key()
    at: float = 0.0
    owner: str = ""
    #: the principal's ARN and display name
    initiator: str = ""
    storage_class: str = "STANDARD"
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    headers: dict[str, Any] = msgspec.field(default_factory=dict)
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    acl: list[dict[str, Any]] | None = None
    checksum_algorithm: str = ""
    checksum_type: str = ""
    encryption: Encryption = Encryption()
    lock_mode: str = ""
    retain_until: float = 0.0
    legal_hold: bool = False
    #: whether a legal hold was ever set or lifted
    legal_hold_given: bool = False
    #: whether the object of this key went away since the upload began
    removed_meanwhile: bool = False


class Part(Record):
    """A part that was uploaded."""

    bucket: str = key()
    upload: str = key()
    number: int = key()
    at: float = 0.0
    size: int = 0
    etag: str = ""
    checksums: dict[str, str] = msgspec.field(default_factory=dict)
    content: Kept | None = None
    about: str = ""


keeps(Part, "content")


class Configuration(Record):
    """A configuration of which a bucket can have several, by its id: inventory, metrics, analytics, tiering."""

    bucket: str = key()
    #: "inventory", "metrics", "analytics", "intelligent-tiering"
    kind: str = key()
    id: str = key()
    body: dict[str, Any] = msgspec.field(default_factory=dict)


#: Who uploads without a signature (docs: acl-overview.html).
ANONYMOUS_ID = "65a011a29cdf8ec533ec3d1ccaae921c"
_ACCOUNT_BYTES = 5


def canonical_id(account: str) -> str:
    """The canonical user id of an account: 64 hexadecimal digits, always the same (docs: finding-canonical-user-id)."""
    if not account.isdecimal():
        return ANONYMOUS_ID
    tail = hashlib.sha256(b"haar canonical user " + account.encode()).digest()[_ACCOUNT_BYTES:]
    return (_masked(int(account).to_bytes(_ACCOUNT_BYTES, "big"), tail) + tail).hex()


def account_of(canonical: str) -> str | None:
    """The account behind a canonical user id, which no index has to keep; None for what is nobody's id."""
    try:
        raw = bytes.fromhex(canonical)
    except ValueError:
        return None
    if len(raw) != 32:
        return None
    account = f"{int.from_bytes(_masked(raw[:_ACCOUNT_BYTES], raw[_ACCOUNT_BYTES:]), 'big'):012d}"
    return account if canonical_id(account) == canonical.lower() else None


def _masked(part: bytes, tail: bytes) -> bytes:
    mask = hashlib.blake2b(tail, digest_size=_ACCOUNT_BYTES).digest()
    return bytes(a ^ b for a, b in zip(part, mask, strict=True))


def owner_of(account: str) -> dict[str, str]:
    """An Owner in the model's shape."""
    return {"ID": canonical_id(account)}


def object_arn(bucket: Bucket | str, name: str, region: str = "") -> str:
    """The ARN of an object, there or not."""
    if isinstance(bucket, Bucket):
        return f"arn:{partition_of(bucket.region)}:s3:::{bucket.name}/{name}"
    return f"arn:{partition_of(region)}:s3:::{bucket}/{name}"


_ORDER_BYTES = 5


def new_version_id(order: int, random_bytes: bytes) -> str:
    """An opaque version id (32 characters) that says where the version is, so that it needs no index.

    `random_bytes` are 19.
    """
    place = (-order).to_bytes(_ORDER_BYTES, "big")
    mask = hashlib.blake2b(random_bytes, digest_size=_ORDER_BYTES).digest()
    hidden = bytes(a ^ b for a, b in zip(place, mask, strict=True))
    return base64.b64encode(hidden + random_bytes, b"._").decode()


def order_in(version_id: str) -> int | None:
    """The order inside a version id; None for what was never one."""
    try:
        raw = base64.b64decode(version_id, b"._", validate=True)
    except ValueError:
        return None
    if len(raw) != _ORDER_BYTES + 19:
        return None
    mask = hashlib.blake2b(raw[_ORDER_BYTES:], digest_size=_ORDER_BYTES).digest()
    return -int.from_bytes(bytes(a ^ b for a, b in zip(raw[:_ORDER_BYTES], mask, strict=True)), "big")

"""Access control lists: their grammar, the canned ones, whom an upload belongs to, and what grants allow.

A bucket or object whose `acl` is None is its owner's alone. Where ownership is `BucketOwnerEnforced` (the default),
ACLs are neither taken nor looked at.

Source: Amazon S3 User Guide, acl-overview.html and about-object-ownership.html.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from haar.kit import ServiceError
from haar.services.s3 import public
from haar.services.s3.resources import ANONYMOUS_ID, Bucket, Version, account_of, canonical_id, object_arn, owner_of
from haar.services.s3.service import invalid_argument

if TYPE_CHECKING:
    from haar.kit import Call

__all__ = ["canned", "on_put", "public_denied", "shown", "statements", "wanted"]

ENFORCED: Final = "BucketOwnerEnforced"
LOG_DELIVERY: Final = "http://acs.amazonaws.com/groups/s3/LogDelivery"
#: Who reads the images of machines (docs: acl-overview.html, `aws-exec-read`).
EC2_ID: Final = "6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c"
_GROUPS: Final = frozenset((public.ALL_USERS, public.AUTHENTICATED_USERS, LOG_DELIVERY))
GRANTS_MAX: Final = 100

PERMISSIONS: Final = {
    "GrantFullControl": "FULL_CONTROL", "GrantRead": "READ", "GrantReadACP": "READ_ACP", "GrantWrite": "WRITE",
    "GrantWriteACP": "WRITE_ACP",
}  # fmt: skip
_SAYING: Final = frozenset(("ACL", *PERMISSIONS))
_HEADERS: Final = {
    "GrantFullControl": "x-amz-grant-full-control", "GrantRead": "x-amz-grant-read",
    "GrantReadACP": "x-amz-grant-read-acp", "GrantWrite": "x-amz-grant-write", "GrantWriteACP": "x-amz-grant-write-acp",
}  # fmt: skip

#: Canned ACLs: (group or role of the grantee, permission), besides the owner's own FULL_CONTROL.
_CANNED: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "private": (),
    "public-read": ((public.ALL_USERS, "READ"),),
    "public-read-write": ((public.ALL_USERS, "READ"), (public.ALL_USERS, "WRITE")),
    "authenticated-read": ((public.AUTHENTICATED_USERS, "READ"),),
    "aws-exec-read": (("ec2", "READ"),),
    "bucket-owner-read": (("bucket owner", "READ"),),
    "bucket-owner-full-control": (("bucket owner", "FULL_CONTROL"),),
    "log-delivery-write": ((LOG_DELIVERY, "WRITE"), (LOG_DELIVERY, "READ_ACP")),
}

#: What a grant on a bucket, and one on an object, lets its grantee do (docs: acl-overview.html, the mapping table).
_ON_BUCKET: Final = {
    "READ": ("s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"),
    "WRITE": ("s3:PutObject",),
    "READ_ACP": ("s3:GetBucketAcl",),
    "WRITE_ACP": ("s3:PutBucketAcl",),
}
_ON_OBJECT: Final = {
    "READ": ("s3:GetObject", "s3:GetObjectVersion"),
    "WRITE": (),
    "READ_ACP": ("s3:GetObjectAcl", "s3:GetObjectVersionAcl"),
    "WRITE_ACP": ("s3:PutObjectAcl", "s3:PutObjectVersionAcl"),
}

_TABLES: Final = {
    "bucket": _ON_BUCKET,
    "own object": {**_ON_BUCKET, "WRITE": ("s3:DeleteObject",)},
    "new object": {**_ON_BUCKET, "WRITE": ("s3:PutObject", "s3:PutObjectAcl", "s3:PutObjectVersionAcl")},
    "object": _ON_OBJECT,
}

Grant = dict[str, Any]


def not_supported() -> ServiceError:
    """AccessControlListNotSupported: ACLs are off in this bucket."""
    return ServiceError("AccessControlListNotSupported", "The bucket does not allow ACLs", status=400)


def canned(name: str, owner: str, bucket_owner: str, *, for_object: bool) -> list[Grant] | None:
    """The grants of a canned ACL; None for the owner alone. Raises InvalidArgument for a name there is not."""
    found = _CANNED.get(name)
    only_buckets = name == "log-delivery-write"
    only_objects = name in ("bucket-owner-read", "bucket-owner-full-control", "aws-exec-read")
    if found is None or (for_object and only_buckets) or (not for_object and only_objects):
        raise invalid_argument("", "x-amz-acl", name)
    grants = [_to(canonical_id(owner), "FULL_CONTROL")]
    for grantee, permission in found:
        if grantee == "ec2":
            grants.append(_to(EC2_ID, permission))
        elif grantee != "bucket owner":
            grants.append({"Grantee": {"Type": "Group", "URI": grantee}, "Permission": permission})
        elif bucket_owner != owner:
            grants.append(_to(canonical_id(bucket_owner), permission))
    return grants if len(grants) > 1 else None


def shown(owner: str, acl: list[Grant] | None) -> dict[str, Any]:
    """An ACL in the model's shape."""
    return {"Owner": owner_of(owner), "Grants": acl if acl is not None else [_to(canonical_id(owner), "FULL_CONTROL")]}


def wanted(request: Mapping[str, Any], owner: str, bucket_owner: str, *, for_object: bool) -> list[Grant] | None:
    """The ACL that a request carries in a canned name, in grant headers or in its body.

    None: the owner alone. Raises InvalidRequest, InvalidArgument, MalformedACLError, UnresolvableGrantByEmailAddress.
    """
    body = request.get("AccessControlPolicy")
    headers = [name for name in PERMISSIONS if request.get(name)]
    if request.get("ACL") and headers:
        raise ServiceError("InvalidRequest", "Specifying both Canned ACLs and Header Grants is not allowed", status=400)
    if body is not None and (request.get("ACL") or headers):
        raise ServiceError("UnexpectedContent", "This request does not support content", status=400)
    if request.get("ACL"):
        return canned(request["ACL"], owner, bucket_owner, for_object=for_object)
    if headers:
        return [
            {"Grantee": grantee, "Permission": PERMISSIONS[name]}
            for name in headers
            for grantee in _grantees(_HEADERS[name], request[name])
        ]
    return _from_body(body, owner) if body is not None else None


def says_something(request: Mapping[str, Any]) -> bool:
    """Whether a request carries an ACL in its headers at all."""
    return not _SAYING.isdisjoint(request) and any(request.get(member) for member in _SAYING)


def on_put(call: Call, bucket: Bucket, request: Mapping[str, Any]) -> dict[str, Any]:
    """Whose a new object is, and its ACL: the fields `owner` and `acl` of a Version (or an Upload).

    Raises AccessControlListNotSupported, AccessDenied where Block Public Access says so, and what `wanted` raises.
    """
    if bucket.ownership == ENFORCED:
        if says_something(request) and not _is_owners(request, bucket):
            raise not_supported()
        return {"owner": bucket.account, "acl": None}
    writer = bucket.account if call.principal.kind == "service" else call.principal.account
    if bucket.ownership == "BucketOwnerPreferred" and _is_owners(request, bucket):
        return {"owner": bucket.account, "acl": None}
    acl = wanted(request, writer, bucket.account, for_object=True)
    if public.is_public_acl(acl):
        public_denied(call, bucket, "s3:PutObject", object_arn(bucket, request["Key"]))
    return {"owner": writer, "acl": acl}


def public_denied(call: Call, bucket: Bucket, action: str, arn: str) -> None:
    """Raise AccessDenied where Block Public Access prevents public ACLs."""
    if "BlockPublicAcls" in public.block_of(call, bucket):
        raise public.prevented(call, action, arn, "access control lists (ACLs)", "BlockPublicAcls")


def _is_owners(request: Mapping[str, Any], bucket: Bucket) -> bool:
    """Whether the ACL of a request says the same as `bucket-owner-full-control`."""
    if request.get("ACL"):
        return bool(request["ACL"] == "bucket-owner-full-control")
    if any(request.get(name) for name in PERMISSIONS if name != "GrantFullControl"):
        return False
    given = request.get("GrantFullControl")
    if not given:
        return False
    return _grantees(_HEADERS["GrantFullControl"], given) == [_user(canonical_id(bucket.account))]


# --- reading -------------------------------------------------------------------------------------------------------


def _user(canonical: str) -> dict[str, str]:
    return {"Type": "CanonicalUser", "ID": canonical}


def _to(canonical: str, permission: str) -> Grant:
    return {"Grantee": _user(canonical), "Permission": permission}


def _grantees(header: str, text: str) -> list[dict[str, str]]:
    found = []
    for part in text.split(","):
        kind, equals, value = part.strip().partition("=")
        value = value.strip().strip('"')
        if not equals or not value:
            raise invalid_argument("Argument format not recognized", header, text)
        found.append(_grantee(kind.strip().lower(), value))
    return found


def _grantee(kind: str, value: str) -> dict[str, str]:
    if kind == "id":
        if account_of(value) is None and value not in (ANONYMOUS_ID, EC2_ID):
            raise invalid_argument("Invalid id", "CanonicalUser/ID", value)
        return _user(value)
    if kind == "uri":
        if value not in _GROUPS:
            raise invalid_argument("Invalid group uri", "Group/URI", value)
        return {"Type": "Group", "URI": value}
    if kind == "emailaddress":
        # AWS has not taken e-mail addresses since October 2025
        text = "The e-mail address you provided does not match any account on record."
        raise ServiceError("UnresolvableGrantByEmailAddress", text, status=400, members={"EmailAddress": value})
    raise invalid_argument("Argument format not recognized", "x-amz-grant", kind)


def _from_body(body: Mapping[str, Any], owner: str) -> list[Grant] | None:
    given = body.get("Grants") or []
    if not (body.get("Owner") or {}).get("ID") or len(given) > GRANTS_MAX:
        raise _malformed()
    if body["Owner"]["ID"] != canonical_id(owner):
        raise ServiceError("AccessDenied", "Access Denied", status=403)
    grants = []
    for one in given:
        grantee = one.get("Grantee") or {}
        named = next((word for word in ("ID", "URI", "EmailAddress") if grantee.get(word)), None)
        if named is None or not one.get("Permission"):
            raise _malformed()
        grants.append({"Grantee": _grantee(named.lower(), grantee[named]), "Permission": one["Permission"]})
    return None if grants == [_to(canonical_id(owner), "FULL_CONTROL")] else grants


def _malformed() -> ServiceError:
    text = "The XML you provided was not well-formed or did not validate against our published schema"
    return ServiceError("MalformedACLError", text, status=400)


# --- deciding ------------------------------------------------------------------------------------------------------


def statements(
    bucket: Bucket, version: Version | None, caller: str, *, ignores_public: bool, on: str = "bucket"
) -> tuple[str, ...]:
    """Policy statements (JSON) that allow what the ACLs of a bucket and of an object grant to a caller's account.

    `on` says what a grant on the bucket is held against: "bucket", "new object" (who may write into a bucket may say
    who reads what is written), or "own object" (and take it away again).
    """
    found: list[str] = []
    if bucket.acl is not None:
        found += _granted(json.dumps(bucket.acl), on, caller, ignores_public)
    if version is not None and version.acl is not None:
        found += _granted(json.dumps(version.acl), "object", caller, ignores_public)
    return tuple(found)


@lru_cache(maxsize=4096)
def _granted(acl: str, on: str, caller: str, ignores_public: bool) -> tuple[str, ...]:
    return tuple(
        json.dumps({"Effect": "Allow", "Principal": principal, "Action": actions, **condition})
        for principal, condition, actions in _allowances(json.loads(acl), on, caller, ignores_public)
    )


def _allowances(
    acl: list[Grant], on: str, caller: str, ignores_public: bool
) -> Iterator[tuple[Any, dict[str, Any], list[str]]]:
    table: Mapping[str, tuple[str, ...]] = _TABLES[on]
    for grant in acl:
        permission = grant["Permission"]
        names = [*table] if permission == "FULL_CONTROL" else [permission]
        actions = [action for name in names for action in table[name]]
        grantee = grant["Grantee"]
        group = grantee.get("URI")
        if not actions or (group in public.PUBLIC_GROUPS and ignores_public):
            continue
        if group == public.ALL_USERS:
            yield "*", {}, actions
        elif group == public.AUTHENTICATED_USERS:
            yield "*", {"Condition": {"Null": {"aws:PrincipalAccount": "false"}}}, actions
        elif group == LOG_DELIVERY:
            yield {"Service": "logging.s3.amazonaws.com"}, {}, actions
        elif caller and grantee.get("ID") == canonical_id(caller):
            yield {"AWS": caller}, {}, actions

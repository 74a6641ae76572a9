"""Buckets: made, found, listed, deleted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page, Record, Refused, ServiceError, replace
from haar.services.s3 import access_points, acls, bucket_tags, public
from haar.services.s3.authority import on_bucket
from haar.services.s3.resources import (
    BLOCK_ALL,
    Bucket,
    Configuration,
    Current,
    Part,
    Upload,
    Version,
    by_account,
    owner_of,
)
from haar.services.s3.service import invalid_argument, s3

if TYPE_CHECKING:
    from haar.shapes import s3 as api

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
#: A name in the namespace of one account and region ends so (docs: gpbucketnamespaces.html).
_REGIONAL = re.compile(r".+-(\d{12})-([a-z]{2}(?:-[a-z]+)+-\d)-an")
_HOST_REGION = re.compile(r"(?:^|[.-])s3[.-](?:dualstack\.)?[a-z]{2}(?:-[a-z]+)+-\d\.")
BUCKETS = s3.quota("L-DC2B2D3D", "General purpose buckets", 10_000, adjustable=True, is_global=True)
#: A page of ListBuckets is as large as the request allows.
BUCKETS_PAGE_MAX = 10_000
s3.page_sizes["list_buckets"] = BUCKETS_PAGE_MAX


def is_bucket_name(name: str) -> bool:
    """Whether a new bucket may be called so (docs: bucketnamingrules.html)."""
    return bool(
        _NAME.fullmatch(name)
        and not _ADDRESS.fullmatch(name)
        and ".." not in name
        and not name.startswith(("xn--", "sthree-", "amzn-s3-demo-"))
        and not name.endswith(("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"))
    )


def _arn_to_be(call: Call, request: Any) -> str:
    return f"arn:{call.partition}:s3:::{request['Bucket']}"


@s3.operation(action="s3:CreateBucket", resource=_arn_to_be, enums=False)
def create_bucket(call: Call, request: api.CreateBucketRequest) -> api.CreateBucketOutput:
    name = request["Bucket"]
    given: Any = request.get("CreateBucketConfiguration") or {}
    if given.get("Location") or given.get("Bucket"):
        raise Refused("s3", "CreateBucket", "Directory buckets are not built.")
    constraint = given.get("LocationConstraint") or ""
    region = _region_for(call, constraint)
    _check_name(call, name, region, request.get("BucketNamespace") or "global")
    tags = bucket_tags.read(given.get("Tags") or [])
    ownership = request.get("ObjectOwnership") or acls.ENFORCED
    if ownership not in (acls.ENFORCED, "BucketOwnerPreferred", "ObjectWriter"):
        raise invalid_argument(
            f"Invalid x-amz-object-ownership header: {ownership}", "x-amz-object-ownership", ownership
        )
    _ask_for_more(call, request, bool(tags))
    taken = call.tx.get(Bucket, name)
    if taken is not None:
        return _again(call, taken, region)
    count = call.tx.count(by_account, call.account) + 1
    BUCKETS.check(call, count, "TooManyBuckets", "You have attempted to create more buckets than allowed")
    bucket = Bucket(
        name=name, account=call.account, region=region, created_at=call.now, tags=tags,
        public_access_block=dict(BLOCK_ALL), object_lock=bool(request.get("ObjectLockEnabledForBucket")),
        versioning="Enabled" if request.get("ObjectLockEnabledForBucket") else "",
        ownership=ownership, configs={"location": "EU"} if constraint == "EU" else {},
    )  # fmt: skip
    call.tx.put(replace(bucket, acl=_first_acl(request, bucket)))
    # the endpoint of another region names the bucket's own host (docs: API_CreateBucket.html)
    location = f"/{name}" if region == "us-east-1" or region == call.region else f"http://{name}.s3.amazonaws.com/"
    return {"Location": location, "BucketArn": bucket.arn}


def _region_for(call: Call, constraint: str) -> str:
    """The region that a request wants its bucket in. Raises what S3 says of one it cannot have."""
    if constraint:
        known = s3.model.shapes["BucketLocationConstraint"]["enum"]
        if constraint not in known:
            text = "The specified location-constraint is not valid"
            raise s3.error("InvalidLocationConstraint", text, status=400, members={"LocationConstraint": constraint})
    region = "eu-west-1" if constraint == "EU" else constraint or "us-east-1"
    # the endpoint of us-east-1 is also the one for everywhere, unless the host names the region
    is_global = call.region == "us-east-1" and not _HOST_REGION.search(call.origin.host)
    if region != call.region and not is_global:
        text = (
            f"The {constraint or 'unspecified'} location constraint is incompatible for the region specific endpoint "
            "this request was sent to."
        )
        raise s3.error("IllegalLocationConstraintException", text, status=400)
    return region


def _check_name(call: Call, name: str, region: str, namespace: str) -> None:
    if namespace not in ("global", "account-regional"):
        raise invalid_argument("Invalid x-amz-bucket-namespace header", "x-amz-bucket-namespace", namespace)
    match = _REGIONAL.fullmatch(name)
    is_own = match is not None and match.groups() == (call.account, region)
    if not is_bucket_name(name) or (is_own if namespace == "global" else not is_own):
        text = "The specified bucket is not valid."
        raise s3.error("InvalidBucketName", text, status=400, members={"BucketName": name})
    if match is not None and not is_own:
        # what ends like this belongs to that account, whether it has made it or not
        raise _taken(name)


def _ask_for_more(call: Call, request: api.CreateBucketRequest, has_tags: bool) -> None:
    """The permissions besides s3:CreateBucket that parts of a request take (docs: API_CreateBucket.html)."""
    more = []
    if request.get("ObjectLockEnabledForBucket"):
        more += ["s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning"]
    if acls.says_something(request) and request.get("ACL") != "private":
        more.append("s3:PutBucketAcl")
    if request.get("ObjectOwnership"):
        more.append("s3:PutBucketOwnershipControls")
    if has_tags:
        more.append("s3:TagResource")
    for action in more:
        arn = _arn_to_be(call, request)
        call.ports.guard.authorize(call, action, [(arn, None)], s3.bound("CreateBucket"), dict(request))


def _first_acl(request: api.CreateBucketRequest, bucket: Bucket) -> list[dict[str, Any]] | None:
    if not acls.says_something(request) or request.get("ACL") == "private":
        return None
    acl = acls.wanted(request, bucket.account, bucket.account, for_object=False)
    if bucket.ownership == acls.ENFORCED:
        text = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
        raise s3.error("InvalidBucketAclWithObjectOwnership", text, status=400)
    if public.is_public_acl(acl):
        text = "Bucket cannot have public ACLs set with BlockPublicAccess enabled"
        raise s3.error("InvalidBucketAclWithBlockPublicAccessError", text, status=400)
    return acl


def _taken(name: str) -> ServiceError:
    text = (
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
        "Please select a different name and try again."
    )
    return s3.error("BucketAlreadyExists", text, status=409, members={"BucketName": name})


def _again(call: Call, taken: Bucket, region: str) -> api.CreateBucketOutput:
    if taken.account != call.account:
        raise _taken(taken.name)
    if taken.region != "us-east-1" or region != "us-east-1":
        text = "Your previous request to create the named bucket succeeded and you already own it."
        raise s3.error("BucketAlreadyOwnedByYou", text, status=409, members={"BucketName": taken.name})
    # in us-east-1 AWS answers 200 and takes the bucket's ACL back (docs: API_CreateBucket.html)
    if taken.acl is not None:
        call.tx.put(replace(taken, acl=None))
    return {"Location": f"/{taken.name}", "BucketArn": taken.arn}


@s3.operation(resource=on_bucket)
def delete_bucket(call: Call, bucket: Bucket, request: api.DeleteBucketRequest) -> None:
    members = {"BucketName": bucket.name}
    if call.tx.any(access_points.by_bucket, bucket.name):
        text = "The bucket you tried to delete has access points attached. Delete all access points and retry."
        raise s3.error("BucketHasAccessPointsAttached", text, status=400, members=members)
    if call.tx.any(Version, bucket.name):
        text = "The bucket you tried to delete is not empty"
        if bucket.versioning:
            text += ". You must delete all versions in the bucket."
        raise s3.error("BucketNotEmpty", text, status=409, members=members)
    call.tx.delete(bucket)


def _before_heading(call: Call, request: Any) -> list[tuple[str, Any]]:
    """As `on_bucket`; but a denial of HeadBucket still says where the bucket is."""
    pairs = on_bucket(call, request)
    bucket = call.tx.get(Bucket, request["Bucket"])
    if bucket is not None:
        try:
            call.ports.guard.authorize(call, "s3:ListBucket", pairs, s3.bound("HeadBucket"), request)
        except ServiceError as error:
            headers = {**error.headers, "x-amz-bucket-region": bucket.region}
            raise s3.error(error.code, error.message, status=error.status, headers=headers) from None
    return pairs


@s3.operation(action="s3:ListBucket", resource=_before_heading)
def head_bucket(call: Call, bucket: Bucket, request: api.HeadBucketRequest) -> api.HeadBucketOutput:
    is_alias = request["Bucket"].endswith(access_points.ALIAS_END)
    return {"BucketRegion": bucket.region, "BucketArn": bucket.arn, "AccessPointAlias": is_alias}


@s3.operation(resource=on_bucket)
def get_bucket_location(call: Call, bucket: Bucket, request: Any) -> api.GetBucketLocationOutput:
    region = bucket.configs.get("location") or bucket.region
    return {"LocationConstraint": None if region == "us-east-1" else region}  # type: ignore[typeddict-item]


@s3.operation(action="s3:ListAllMyBuckets", resource=lambda call, request: "*")
def list_buckets(call: Call, request: api.ListBucketsRequest) -> Page[Any]:
    prefix, region = request.get("Prefix") or "", request.get("BucketRegion")
    limit = request.get("MaxBuckets")
    if limit is not None and not 1 <= limit <= BUCKETS_PAGE_MAX:
        raise invalid_argument(f"max-buckets must be between 1 and {BUCKETS_PAGE_MAX}", "max-buckets", limit)
    with_region = any(request.get(word) is not None for word in ("Prefix", "BucketRegion", "MaxBuckets"))

    def show(bucket: Bucket) -> Any:
        shown = {"Name": bucket.name, "CreationDate": bucket.created_at, "BucketArn": bucket.arn}
        return {**shown, "BucketRegion": bucket.region} if with_region else shown

    return Page.of(
        call.tx, by_account, call.account, show=show,
        where=lambda bucket: bucket.name.startswith(prefix) and region in (None, bucket.region),
        extra={"Owner": owner_of(call.account), "Prefix": prefix or None},
    )  # fmt: skip


_INSIDE: tuple[type[Record], ...] = (Version, Current, Upload, Configuration)


@s3.on_change(Bucket)
def _gone(tx: Any, old: Bucket | None, new: Bucket | None) -> None:
    """With a bucket goes what is in it; only a whole account's end finds objects here."""
    if new is not None or old is None:
        return
    for kind in (*_INSIDE, Part):
        for row in list(tx.range(kind, old.name)):
            tx.delete(row)

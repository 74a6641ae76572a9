"""The operations. What they keep is S3's: its port `access_points` reads and writes it in the same transaction."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page, Service, ServiceError, as_dict, as_list, replace

if TYPE_CHECKING:
    from haar.shapes import s3control as api

#: Codes of S3's own, which the model of S3 Control does not have.
_CODES = (
    "AccessDenied", "AccessPointAlreadyOwnedByYou", "InvalidNextToken", "InvalidRequest", "InvalidTag",
    "NoSuchAccessPoint", "NoSuchAccessPointPolicy", "NoSuchBucket", "NoSuchResource", "TooManyAccessPoints",
    "TooManyTags",
)  # fmt: skip
s3control: Service[str] = Service("s3control", iam_prefix="s3", bad_token="InvalidNextToken", also_raises=_CODES)

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,48}[a-z0-9]")
_BUCKET_ARN = re.compile(r"arn:aws[a-z-]*:s3:::([^/]+)")
_POINT_ARN = re.compile(r"arn:aws[a-z-]*:s3:([a-z0-9-]+):(\d{12}):accesspoint/([a-z0-9-]+)")
_ALIAS_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_ALIAS_CHARS = 34
_SETTINGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_MISSING = "The specified accesspoint does not exist"
TAGS_MAX = 50
POINTS_PAGE_MAX = 1000
POINTS = s3control.quota("L-FAABEEBA", "Access Points", 10_000, adjustable=True)

s3control.refuses(
    "Access grants need IAM Identity Center, which is not built.",
    "AssociateAccessGrantsIdentityCenter", "CreateAccessGrant", "CreateAccessGrantsInstance",
    "CreateAccessGrantsLocation", "DeleteAccessGrant", "DeleteAccessGrantsInstance",
    "DeleteAccessGrantsInstanceResourcePolicy", "DeleteAccessGrantsLocation", "DissociateAccessGrantsIdentityCenter",
    "GetAccessGrant", "GetAccessGrantsInstance", "GetAccessGrantsInstanceForPrefix",
    "GetAccessGrantsInstanceResourcePolicy", "GetAccessGrantsLocation", "GetDataAccess", "ListAccessGrants",
    "ListAccessGrantsInstances", "ListAccessGrantsLocations", "ListCallerAccessGrants",
    "PutAccessGrantsInstanceResourcePolicy", "UpdateAccessGrantsLocation",
)  # fmt: skip
s3control.refuses(
    "Object Lambda access points need Lambda, which is not built.",
    "CreateAccessPointForObjectLambda", "DeleteAccessPointForObjectLambda", "DeleteAccessPointPolicyForObjectLambda",
    "GetAccessPointConfigurationForObjectLambda", "GetAccessPointForObjectLambda",
    "GetAccessPointPolicyForObjectLambda", "GetAccessPointPolicyStatusForObjectLambda",
    "ListAccessPointsForObjectLambda", "PutAccessPointConfigurationForObjectLambda",
    "PutAccessPointPolicyForObjectLambda",
)  # fmt: skip
s3control.refuses(
    "Multi-Region access points need signatures for many regions (SigV4A), which are not checked yet.",
    "CreateMultiRegionAccessPoint", "DeleteMultiRegionAccessPoint", "DescribeMultiRegionAccessPointOperation",
    "GetMultiRegionAccessPoint", "GetMultiRegionAccessPointPolicy", "GetMultiRegionAccessPointPolicyStatus",
    "GetMultiRegionAccessPointRoutes", "ListMultiRegionAccessPoints", "PutMultiRegionAccessPointPolicy",
    "SubmitMultiRegionAccessPointRoutes",
)  # fmt: skip
s3control.refuses(
    "Batch Operations are not built; call the operation for each object.",
    "CreateJob", "DeleteJobTagging", "DescribeJob", "GetJobTagging", "ListJobs", "PutJobTagging", "UpdateJobPriority",
    "UpdateJobStatus",
)  # fmt: skip
s3control.refuses(
    "Storage Lens needs metering, which is not built.",
    "CreateStorageLensGroup", "DeleteStorageLensConfiguration", "DeleteStorageLensConfigurationTagging",
    "DeleteStorageLensGroup", "GetStorageLensConfiguration", "GetStorageLensConfigurationTagging",
    "GetStorageLensGroup", "ListStorageLensConfigurations", "ListStorageLensGroups", "PutStorageLensConfiguration",
    "PutStorageLensConfigurationTagging", "UpdateStorageLensGroup",
)  # fmt: skip
s3control.refuses(
    "Buckets on Outposts need an Outpost; for other buckets this operation is S3's own.",
    "CreateBucket", "DeleteBucket", "DeleteBucketLifecycleConfiguration", "DeleteBucketPolicy",
    "DeleteBucketReplication", "DeleteBucketTagging", "GetBucket", "GetBucketLifecycleConfiguration",
    "GetBucketPolicy", "GetBucketReplication", "GetBucketTagging", "GetBucketVersioning", "ListRegionalBuckets",
    "PutBucketLifecycleConfiguration", "PutBucketPolicy", "PutBucketReplication", "PutBucketTagging",
    "PutBucketVersioning",
)  # fmt: skip
s3control.refuses(
    "Only access points of directory buckets have a scope, and directory buckets are not built.",
    "DeleteAccessPointScope", "GetAccessPointScope", "ListAccessPointsForDirectoryBuckets", "PutAccessPointScope",
)  # fmt: skip


def _points(call: Call) -> Any:
    return call.ports.port("access_points")


def _account(call: Call, request: Any) -> str:
    """The account of a request, which must be the caller's. Raises AccessDenied."""
    account: str = request["AccountId"]
    if account != call.principal.account:
        raise s3control.error("AccessDenied", "Access Denied", status=403)
    return account


# --- Block Public Access of an account -------------------------------------------------------------------------------


@s3control.operation(action="s3:GetAccountPublicAccessBlock", resource=lambda call, request: "*")
def get_public_access_block(call: Call, request: Any) -> api.GetPublicAccessBlockOutput:
    settings = _points(call).block(call, _account(call, request))
    if settings is None:
        text = "The public access block configuration was not found"
        members = {"AccountId": request["AccountId"]}
        raise s3control.error("NoSuchPublicAccessBlockConfiguration", text, status=404, members=members)
    return {"PublicAccessBlockConfiguration": settings}


@s3control.operation(action="s3:PutAccountPublicAccessBlock", resource=lambda call, request: "*")
def put_public_access_block(call: Call, request: api.PutPublicAccessBlockRequest) -> None:
    _points(call).put_block(call, _account(call, request), _settings(request["PublicAccessBlockConfiguration"]))


@s3control.operation(action="s3:PutAccountPublicAccessBlock", resource=lambda call, request: "*")
def delete_public_access_block(call: Call, request: Any) -> None:
    _points(call).put_block(call, _account(call, request), None)


def _settings(given: Any) -> dict[str, bool]:
    return {name: bool((given or {}).get(name)) for name in _SETTINGS}


# --- access points ---------------------------------------------------------------------------------------------------


def _on_point(call: Call, request: Any) -> list[tuple[str, Any]]:
    """The access point of a request, there or not."""
    name = request["Name"]
    arn = f"arn:{call.partition}:s3:{call.region}:{request['AccountId']}:accesspoint/{name}"
    _note(call, arn, "AWS::S3::AccessPoint")
    return [(arn, _points(call).get(call, request["AccountId"], name))]


def _note(call: Call, arn: str, kind: str) -> None:
    """Put what a call acts on into its audit row; the kinds are S3's, so the kit does not know them here."""
    if (arn, kind) not in call.resources:
        call.resources.append((arn, kind))


def _there(call: Call, request: Any) -> Any:
    point = _points(call).get(call, request["AccountId"], request["Name"])
    if point is None:
        members = {"AccessPointName": request["Name"]}
        raise s3control.error("NoSuchAccessPoint", _MISSING, status=404, members=members)
    return point


@s3control.operation(resource=_on_point)
def create_access_point(call: Call, request: api.CreateAccessPointRequest) -> api.CreateAccessPointResult:
    account, name, points = _account(call, request), request["Name"], _points(call)
    if not _NAME.fullmatch(name) or name.endswith(("-s3alias", "--ol-s3", "--xa-s3")) or name.startswith("xn--"):
        raise s3control.error("InvalidRequest", f"The access point name is not valid: {name}", status=400)
    bucket = points.bucket(call, request["Bucket"])
    owner = request.get("BucketAccountId") or account
    if bucket is None or bucket.region != call.region:
        members = {"BucketName": request["Bucket"]}
        raise s3control.error("NoSuchBucket", "The specified bucket does not exist", status=404, members=members)
    if bucket.account != owner:
        # somebody else's bucket takes its owner's account, so that nobody binds to one by mistake
        raise s3control.error("AccessDenied", "Access Denied", status=403)
    if points.get(call, account, name) is not None:
        text = "Your previous request to create the named accesspoint succeeded and you already own it."
        raise s3control.error("AccessPointAlreadyOwnedByYou", text, status=409)
    count = sum(1 for _ in points.of_account(call, account)) + 1
    POINTS.check(call, count, "TooManyAccessPoints", "You have attempted to create more access points than allowed")
    tags = _checked_tags(as_dict(request.get("Tags") or []))
    if tags:
        (arn, _), *_ = _on_point(call, request)
        operation = s3control.bound("CreateAccessPoint")
        call.ports.guard.authorize(call, "s3:TagResource", [(arn, None)], operation, dict(request))
    digits = call.ports.ids.bytes(_ALIAS_CHARS)
    tail = "".join(_ALIAS_LETTERS[byte % len(_ALIAS_LETTERS)] for byte in digits)
    given: Any = request.get("PublicAccessBlockConfiguration")
    network: Any = request.get("VpcConfiguration") or {}
    vpc = network.get("VpcId") or ""
    point = points.put(
        call, account=account, region=call.region, name=name, bucket=bucket.name, bucket_account=bucket.account,
        # an alias has at most 63 characters, the name's beginning among them
        alias=f"{name[:19]}-{tail}-s3alias", vpc=vpc, tags=tags, created_at=call.now,
        public_access_block=_settings(given if given is not None else dict.fromkeys(_SETTINGS, True)),
    )  # fmt: skip
    return {"AccessPointArn": point.arn, "Alias": point.alias}


@s3control.operation(resource=lambda call, request: "*")
def get_access_point(call: Call, request: Any) -> api.GetAccessPointResult:
    _account(call, request)
    point = _there(call, request)
    region = f"{call.region}.amazonaws.com"
    network: Any = {"VpcId": point.vpc} if point.vpc else None
    return {
        "Name": point.name, "Bucket": point.bucket, "BucketAccountId": point.bucket_account,
        "NetworkOrigin": "VPC" if point.vpc else "Internet",
        "VpcConfiguration": network,
        "PublicAccessBlockConfiguration": point.public_access_block, "CreationDate": point.created_at,
        "Alias": point.alias, "AccessPointArn": point.arn,
        "Endpoints": {
            "ipv4": f"s3-accesspoint.{region}", "dualstack": f"s3-accesspoint.dualstack.{region}",
            "fips": f"s3-accesspoint-fips.{region}", "fips_dualstack": f"s3-accesspoint-fips.dualstack.{region}",
        },
    }  # fmt: skip


@s3control.operation(resource=_on_point)
def delete_access_point(call: Call, request: Any) -> None:
    _account(call, request)
    call.tx.delete(_there(call, request))


@s3control.operation(resource=lambda call, request: "*")
def list_access_points(call: Call, request: api.ListAccessPointsRequest) -> api.ListAccessPointsResult:
    account = _account(call, request)
    found = _points(call).of_account(call, account, request.get("Bucket") or "")

    def show(point: Any) -> dict[str, Any]:
        return {
            "Name": point.name, "NetworkOrigin": "VPC" if point.vpc else "Internet",
            "VpcConfiguration": {"VpcId": point.vpc} if point.vpc else None, "Bucket": point.bucket,
            "AccessPointArn": point.arn, "Alias": point.alias, "BucketAccountId": point.bucket_account,
        }  # fmt: skip

    page = Page((show(point) for point in found), mark=lambda shown: shown["Name"])
    token = request.get("NextToken")
    items, mark = page.cut(_name_in(token) if token else None, request.get("MaxResults") or POINTS_PAGE_MAX)
    return {"AccessPointList": items, "NextToken": b64encode(mark.encode()).decode() if mark else None}  # type: ignore[typeddict-item]


def _name_in(token: str) -> str:
    try:
        return b64decode(token, validate=True).decode()
    except ValueError:
        raise s3control.error("InvalidNextToken", "The continuation token provided is incorrect", status=400) from None


# --- policies of access points ---------------------------------------------------------------------------------------


@s3control.operation(resource=_on_point)
def get_access_point_policy(call: Call, request: Any) -> api.GetAccessPointPolicyResult:
    _account(call, request)
    return {"Policy": _policy_of(_there(call, request))}


@s3control.operation(resource=_on_point)
def put_access_point_policy(call: Call, request: api.PutAccessPointPolicyRequest) -> None:
    _account(call, request)
    point, points = _there(call, request), _points(call)
    text = request["Policy"]
    is_public = points.check_policy(call, text, point)
    blocked = _settings(points.block(call, point.account))["BlockPublicPolicy"]
    if is_public and (blocked or point.public_access_block.get("BlockPublicPolicy")):
        raise s3control.error("AccessDenied", "Access Denied", status=403)
    call.tx.put(replace(point, policy=text))


@s3control.operation(resource=_on_point)
def delete_access_point_policy(call: Call, request: Any) -> None:
    _account(call, request)
    call.tx.put(replace(_there(call, request), policy=None))


@s3control.operation(resource=_on_point)
def get_access_point_policy_status(call: Call, request: Any) -> api.GetAccessPointPolicyStatusResult:
    _account(call, request)
    text = _policy_of(_there(call, request))
    return {"PolicyStatus": {"IsPublic": _points(call).is_public(text)}}


def _policy_of(point: Any) -> str:
    if point.policy is None:
        text = "The specified accesspoint does not have a policy"
        members = {"AccessPointName": point.name}
        raise s3control.error("NoSuchAccessPointPolicy", text, status=404, members=members)
    policy: str = point.policy
    return policy


# --- tags of buckets and access points -------------------------------------------------------------------------------


def _on_tagged(call: Call, request: Any) -> list[tuple[str, Any]]:
    kind = "AWS::S3::Bucket" if _BUCKET_ARN.fullmatch(request["ResourceArn"]) else "AWS::S3::AccessPoint"
    _note(call, request["ResourceArn"], kind)
    return [(request["ResourceArn"], _tagged(call, request))]


def _tagged(call: Call, request: Any) -> Any:
    """The bucket or access point of an ARN; None for one that is not there."""
    arn = request["ResourceArn"]
    match = _BUCKET_ARN.fullmatch(arn)
    if match is not None:
        return _points(call).bucket(call, match[1])
    match = _POINT_ARN.fullmatch(arn)
    return _points(call).get(call, match[2], match[3]) if match is not None and match[1] == call.region else None


def _to_tag(call: Call, request: Any) -> Any:
    account, found = _account(call, request), _tagged(call, request)
    if found is None or found.account != account:
        raise _not_there(request["ResourceArn"])
    return found


def _not_there(arn: str) -> ServiceError:
    return s3control.error("NoSuchResource", f"The specified resource does not exist: {arn}", status=404)


@s3control.operation(resource=_on_tagged)
def tag_resource(call: Call, request: api.TagResourceRequest) -> None:
    found = _to_tag(call, request)
    call.tx.put(replace(found, tags=_checked_tags({**found.tags, **as_dict(request["Tags"])})))


@s3control.operation(resource=_on_tagged)
def untag_resource(call: Call, request: api.UntagResourceRequest) -> None:
    found = _to_tag(call, request)
    gone = set(request["TagKeys"])
    call.tx.put(replace(found, tags={name: value for name, value in found.tags.items() if name not in gone}))


@s3control.operation(resource=_on_tagged)
def list_tags_for_resource(call: Call, request: Any) -> api.ListTagsForResourceResult:
    return {"Tags": as_list(_to_tag(call, request).tags)}  # type: ignore[typeddict-item]


def _checked_tags(tags: dict[str, str]) -> dict[str, str]:
    if any(name.lower().startswith("aws:") for name in tags):
        raise s3control.error("InvalidTag", "System tags cannot be added/updated by requester", status=400)
    if len(tags) > TAGS_MAX:
        raise s3control.error("TooManyTags", f"A resource has up to {TAGS_MAX} tags", status=400)
    return tags

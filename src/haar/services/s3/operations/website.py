"""Web sites: the configuration of a bucket, and its pages under a host of their own.

A page is read by nobody in particular, through the same door as any anonymous GetObject: only what a bucket policy or
an ACL opens to the world is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.kit import Call, ServiceError, Stream, replace
from haar.kit.identity import ANONYMOUS
from haar.services.s3 import website
from haar.services.s3.authority import on_bucket
from haar.services.s3.resources import Bucket
from haar.services.s3.service import s3

if TYPE_CHECKING:
    from haar.shapes import s3 as api

#: What a browser may ask for besides the page itself.
_PASSED_ON = ("IfMatch", "IfNoneMatch", "IfModifiedSince", "IfUnmodifiedSince", "Range")


@s3.operation(resource=on_bucket)
def get_bucket_website(call: Call, bucket: Bucket, request: Any) -> api.GetBucketWebsiteOutput:
    configuration = bucket.configs.get("website")
    if configuration is None:
        raise _not_a_site(bucket.name)
    return dict(configuration)  # type: ignore[return-value]


@s3.operation(resource=on_bucket, enums=False)
def put_bucket_website(call: Call, bucket: Bucket, request: api.PutBucketWebsiteRequest) -> None:
    configuration = request["WebsiteConfiguration"]
    website.check(configuration)
    call.tx.put(replace(bucket, configs={**bucket.configs, "website": dict(configuration)}))


@s3.operation(resource=on_bucket)
def delete_bucket_website(call: Call, bucket: Bucket, request: Any) -> None:
    configs = {word: value for word, value in bucket.configs.items() if word != "website"}
    call.tx.put(replace(bucket, configs=configs))


def _not_a_site(name: str) -> ServiceError:
    text = "The specified bucket does not have a website configuration"
    return s3.error("NoSuchWebsiteConfiguration", text, status=404, members={"BucketName": name})


# --- pages -----------------------------------------------------------------------------------------------------------


@s3.operation(action="s3:GetObject", open=True, anonymous=True, read_only=True)
def get_website_page(call: Call, request: Any) -> dict[str, Any]:
    name = request.get("Key") or ""
    try:
        bucket = _site(call, request)
    except ServiceError as error:
        return _failed(call, [(error, name)], error.status)
    configuration = bucket.configs["website"]
    host = call.origin.host
    everything = configuration.get("RedirectAllRequestsTo")
    if everything is not None:
        return _moved(301, website.address(everything, name, everything["HostName"]))
    rules = configuration.get("RoutingRules") or ()
    rule = website.rule_for(rules, name)
    if rule is not None:
        return _moved(*website.target(rule, name, host))
    index = configuration["IndexDocument"]["Suffix"]
    wanted = name + index if not name or name.endswith("/") else name
    try:
        return _found(_read(call, bucket, wanted, {word: request[word] for word in _PASSED_ON if word in request}))
    except ServiceError as error:
        if error.status == 304:
            raise
        failure = error
    if wanted == name and _is_there(call, bucket, f"{name}/{index}"):
        return _moved(302, website.address({}, f"{name}/", host))
    rule = website.rule_for(rules, name, failure.status)
    if rule is not None:
        return _moved(*website.target(rule, name, host))
    return _error_page(call, bucket, failure, wanted)


def _site(call: Call, request: Any) -> Bucket:
    bucket = call.tx.get(Bucket, request["Bucket"])
    if bucket is None:
        members = {"BucketName": request["Bucket"]}
        raise s3.error(*Bucket.missing(request["Bucket"]), status=404, members=members)
    if "website" not in bucket.configs:
        raise _not_a_site(bucket.name)
    if request["Method"] not in ("GET", "HEAD"):
        text = "The specified method is not allowed against this resource."
        members = {"Method": request["Method"], "ResourceType": "OBJECT"}
        raise s3.error("MethodNotAllowed", text, status=405, members=members)
    return bucket


def _read(call: Call, bucket: Bucket, name: str, more: dict[str, Any]) -> dict[str, Any]:
    return call.aws("s3", principal=ANONYMOUS, region=bucket.region).get_object(Bucket=bucket.name, Key=name, **more)


def _is_there(call: Call, bucket: Bucket, name: str) -> bool:
    try:
        call.aws("s3", principal=ANONYMOUS, region=bucket.region).head_object(Bucket=bucket.name, Key=name)
    except ServiceError:
        return False
    return True


def _found(reply: dict[str, Any]) -> dict[str, Any]:
    location = reply.get("WebsiteRedirectLocation")
    if not location:
        return reply
    _let_go(reply)
    return _moved(301, location)


def _let_go(reply: dict[str, Any]) -> None:
    if isinstance(reply.get("Body"), Stream):
        reply["Body"].end()


def _moved(status: int, location: str) -> dict[str, Any]:
    return {"Body": b"", "$status": status, "$headers": [("Location", location)]}


def _error_page(call: Call, bucket: Bucket, failure: ServiceError, name: str) -> dict[str, Any]:
    document = bucket.configs["website"].get("ErrorDocument")
    # the error document stands for what is wrong with the request, not for what is wrong with S3
    if document is None or not 400 <= failure.status < 500:
        return _failed(call, [(failure, name)], failure.status)
    try:
        reply = _read(call, bucket, document["Key"], {})
    except ServiceError as error:
        return _failed(call, [(failure, name), (error, document["Key"])], failure.status)
    location = reply.get("WebsiteRedirectLocation")
    if location:
        _let_go(reply)
        return _moved(301, location)
    return {**reply, "$status": failure.status}


def _failed(call: Call, errors: list[tuple[ServiceError, str]], status: int) -> dict[str, Any]:
    first = errors[0][0]
    headers = [("x-amz-error-code", first.code), ("x-amz-error-message", first.message)]
    if first.code == "NoSuchKey":
        headers.append(("x-amz-error-detail-Key", errors[0][1]))
    body = website.page(errors, status, call.request_id)
    return {"Body": body, "ContentType": "text/html; charset=utf-8", "$status": status, "$headers": headers}

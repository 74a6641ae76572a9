"""Server access logs: a line for each request to a bucket, gathered and delivered to another bucket every hour.

`watch` asks to hear of the answer to a request, so that refusals are in the log with their status. The lines wait in
the store; the first of them sets a timer, which puts them into an object of the target bucket. That is done by
`logging.s3.amazonaws.com` through S3's own door, so the target's policy (or its ACL) decides. What cannot be delivered
is tried again every hour for a day.

Source: Amazon S3 User Guide, ServerLogs.html and LogFormat.html.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote

from haar.kit import Call, Record, ServiceError, Task, key
from haar.services.s3 import notices, shelf
from haar.services.s3.resources import Bucket, Version, canonical_id
from haar.services.s3.service import s3
from haar.services.s3.storage_classes import DAY, HOUR

if TYPE_CHECKING:
    from haar.wire.http import HttpReply, HttpRequest

__all__ = ["DELIVERY", "key_of", "operation_of", "watch"]

#: Who puts log objects into a target bucket.
DELIVERY: Final = "logging.s3.amazonaws.com"
#: Lines in one object.
BATCH: Final = 10_000
_CODE: Final = re.compile(rb"<Code>([A-Za-z0-9.]+)</Code>")
#: What HEAD, which has no body, fails with.
_BARE: Final = {
    400: "BadRequest",
    403: "AccessDenied",
    404: "NoSuchKey",
    405: "MethodNotAllowed",
    412: "PreconditionFailed",
}


class Line(Record):
    """A line that is not yet delivered."""

    bucket: str = key()
    at: float = key()
    id: str = key()
    text: str


class Deliver(Task):
    """Put the lines of a bucket into its target."""

    bucket: str


# --- hearing ---------------------------------------------------------------------------------------------------------


def watch(call: Call, bucket: Bucket) -> None:
    """Have the answer to a request written down for a bucket that logs."""
    if call.origin.host:  # calls from inside have no answer over HTTP
        name = bucket.name

        def witness(call: Call, labels: Mapping[str, str], http: HttpRequest, reply: HttpReply) -> None:
            found = call.tx.get(Bucket, name)
            if found is not None and "logging" in found.configs:
                _keep(call, found, _line(call, found, labels, http, reply))

        call.witness = witness


def _keep(call: Call, bucket: Bucket, text: str) -> None:
    if not call.tx.any(Line, bucket.name):
        call.later(call.now + HOUR, Deliver(bucket=bucket.name))
    call.tx.put(Line(bucket=bucket.name, at=call.started, id=call.new_id(), text=text))


def _lifecycle(call: Call, bucket: Bucket, event: str, version: Version) -> None:
    """What lifecycle does is in the log as well."""
    if "logging" not in bucket.configs or not event.startswith("Lifecycle"):
        return
    operation = _OF_LIFECYCLE.get(event) or f"S3.TRANSITION_{_INITIALS.get(version.storage_class, '')}.OBJECT"
    fields = [
        canonical_id(bucket.account), bucket.name, _time(call.now), "-", "AmazonS3", call.request_id, operation,
        quote(version.name, safe="/"), '"-"', "-", "-", "-", str(version.size), "-", "-", '"-"', '"-"',
        version.version_id if bucket.versioning else "-", *["-"] * 8,
    ]  # fmt: skip
    _keep(call, bucket, " ".join(fields))


_OF_LIFECYCLE: Final = {
    "LifecycleExpiration:Delete": "S3.EXPIRE.OBJECT",
    "LifecycleExpiration:DeleteMarkerCreated": "S3.CREATE.DELETEMARKER",
}
_INITIALS: Final = {
    "STANDARD_IA": "SIA", "ONEZONE_IA": "ZIA", "INTELLIGENT_TIERING": "INT", "GLACIER_IR": "GIR", "GLACIER": "",
    "DEEP_ARCHIVE": "GDA",
}  # fmt: skip
shelf.after_change.append(_lifecycle)


# --- a line ----------------------------------------------------------------------------------------------------------


def _line(call: Call, bucket: Bucket, labels: Mapping[str, str], http: HttpRequest, reply: HttpReply) -> str:
    headers = {name.lower(): value for name, value in reply.headers}
    query = dict(parse_qsl(http.query, keep_blank_values=True))
    sent = _sent(http, reply)
    name = labels.get("Key")
    uri = f"{http.method} {http.path}{'?' + http.query if http.query else ''} HTTP/1.1"
    milliseconds = str(max(int((call.now - call.started) * 1000), 0))
    signature, how = _signature(http, query)
    fields = [
        canonical_id(bucket.account),
        bucket.name,
        _time(call.started),
        http.client or "-",
        _requester(call),
        call.request_id,
        operation_of(http.method, call.operation),
        quote(name, safe="/") if name else "-",
        _quoted(uri),
        str(reply.status),
        _error(reply),
        str(sent) if sent else "-",
        _object_size(http, reply.status, headers),
        milliseconds,
        milliseconds if sent else "-",
        _quoted(http.headers.get("referer")),
        _quoted(http.headers.get("user-agent")),
        query.get("versionId") or "-",
        headers.get("x-amz-id-2", "-"),
        signature,
        "-",  # no cipher suite: the door is on the machine itself
        how,
        http.headers.get("host") or "-",
        "-",
        "-",
        "-",
        bucket.region,
    ]
    return " ".join(fields)


def _time(at: float) -> str:
    return time.strftime("[%d/%b/%Y:%H:%M:%S +0000]", time.gmtime(at))


def _quoted(text: str | None) -> str:
    return '"' + text.replace('"', "%22") + '"' if text else '"-"'


def _requester(call: Call) -> str:
    principal = call.principal
    if principal.kind == "anonymous":
        return "-"
    return canonical_id(principal.account) if principal.kind == "root" else principal.arn or principal.name


def _sent(http: HttpRequest, reply: HttpReply) -> int:
    if http.method == "HEAD":
        return 0
    return len(reply.body)


def _error(reply: HttpReply) -> str:
    if reply.status < 300:
        return "-"
    found = _CODE.search(reply.body) if isinstance(reply.body, bytes) else None
    if found is not None:
        return found[1].decode()
    return _BARE.get(reply.status, "-")


def _object_size(http: HttpRequest, status: int, headers: Mapping[str, str]) -> str:
    if status >= 400:
        return "-"
    if http.method == "PUT":
        return http.headers.get("x-amz-decoded-content-length") or http.headers.get("content-length") or "-"
    if http.method in ("GET", "HEAD") and "etag" in headers:
        return headers.get("content-range", "").rpartition("/")[2] or headers.get("content-length", "-")
    return "-"


def _signature(http: HttpRequest, query: Mapping[str, str]) -> tuple[str, str]:
    """Version of the signature, and where it was."""
    header = http.headers.get("authorization", "")
    if header:
        return ("SigV4" if header.startswith("AWS4") else "SigV2"), "AuthHeader"
    if "X-Amz-Algorithm" in query:
        return "SigV4", "QueryString"
    return ("SigV2", "QueryString") if "AWSAccessKeyId" in query else ("-", "-")


#: What the log calls the thing that an operation is about, where that does not follow from its name.
_RESOURCES: Final = {
    "PutObject": "OBJECT", "GetObject": "OBJECT", "HeadObject": "OBJECT", "DeleteObject": "OBJECT",
    "GetObjectAttributes": "OBJECT_ATTRIBUTES", "RestoreObject": "RESTORE",
    "CreateMultipartUpload": "UPLOADS", "ListMultipartUploads": "UPLOADS", "UploadPart": "PART",
    "CompleteMultipartUpload": "UPLOAD", "AbortMultipartUpload": "UPLOAD", "ListParts": "UPLOAD",
    "DeleteObjects": "MULTI_OBJECT_DELETE", "ListObjects": "BUCKET", "ListObjectsV2": "BUCKET",
    "ListObjectVersions": "BUCKETVERSIONS", "CreateBucket": "BUCKET", "HeadBucket": "BUCKET", "DeleteBucket": "BUCKET",
    "GetBucketPolicy": "BUCKETPOLICY", "PutBucketPolicy": "BUCKETPOLICY", "DeleteBucketPolicy": "BUCKETPOLICY",
    "GetBucketLogging": "LOGGING_STATUS", "PutBucketLogging": "LOGGING_STATUS",
    "GetObjectAcl": "ACL", "PutObjectAcl": "ACL",
    "GetBucketLifecycleConfiguration": "LIFECYCLE", "PutBucketLifecycleConfiguration": "LIFECYCLE",
    "GetBucketNotificationConfiguration": "NOTIFICATION", "PutBucketNotificationConfiguration": "NOTIFICATION",
}  # fmt: skip
_COPIES: Final = {"CopyObject": "REST.COPY.OBJECT", "UploadPartCopy": "REST.COPY.PART"}
_VERB: Final = re.compile(r"(?:Put|Get|Delete|List|Create|Head|Post|Update)(?:Bucket)?(?=[A-Z])")
_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def operation_of(method: str, operation: str) -> str:
    """An operation as the log names it: `REST.GET.OBJECT`."""
    if operation in _COPIES:
        return _COPIES[operation]
    if operation.startswith(("Website", "GetWebsite", "HeadWebsite")):
        return f"WEBSITE.{method}.OBJECT"
    resource = _RESOURCES.get(operation) or _WORDS.sub("_", _VERB.sub("", operation, count=1)).upper()
    return f"REST.{method}.{resource}"


# --- delivering ------------------------------------------------------------------------------------------------------


def key_of(given: Mapping[str, Any], bucket: Bucket, at: float, day: float, unique: str) -> str:
    """The key of a log object that is delivered at an instant, with lines of a day (its midnight)."""
    moment = time.strftime("%Y-%m-%d-%H-%M-%S", time.gmtime(at))
    prefix: str = given.get("TargetPrefix") or ""
    parted = (given.get("TargetObjectKeyFormat") or {}).get("PartitionedPrefix")
    if parted is None:
        return f"{prefix}{moment}-{unique}"
    if parted.get("PartitionDateSource") == "EventTime":
        at, moment = day, time.strftime("%Y-%m-%d-00-00-00", time.gmtime(day))
    date = time.strftime("%Y/%m/%d", time.gmtime(at))
    return f"{prefix}{bucket.account}/{bucket.region}/{bucket.name}/{date}/{moment}-{unique}"


@s3.task(Deliver)
def deliver(call: Call, task: Deliver) -> None:
    bucket = call.tx.get(Bucket, task.bucket)
    lines = list(call.tx.range(Line, task.bucket, limit=BATCH))
    given = bucket.configs.get("logging") if bucket is not None else None
    if bucket is None or given is None:
        for line in lines:
            call.tx.delete(line)
        if len(lines) == BATCH:
            call.emit(task)
        return
    days: dict[float, list[Line]] = {}
    for line in lines:
        days.setdefault(line.at // DAY * DAY, []).append(line)
    for day, some in days.items():
        text = "".join(f"{line.text}\n" for line in some)
        is_there = _put(call, bucket, given, key_of(given, bucket, call.now, day, call.ports.ids.hex(16).upper()), text)
        for line in some:
            if is_there or line.at < call.now - DAY:
                call.tx.delete(line)
    if call.tx.any(Line, bucket.name):
        more = len(lines) == BATCH and not call.tx.any(Line, bucket.name, stop=lines[-1].at)
        call.later(call.now if more else call.now + HOUR, task)


def _put(call: Call, bucket: Bucket, given: Mapping[str, Any], name: str, text: str) -> bool:
    """Put a log object; whether that was allowed."""
    target = call.tx.get(Bucket, given["TargetBucket"])
    if target is None:
        return False
    door = notices.acting_for(
        call, bucket, "s3", account=target.account, region=target.region, name=DELIVERY
    )  # fmt: skip
    try:
        door.put_object(Bucket=target.name, Key=name, Body=text.encode(), ContentType="text/plain", **_grants(given))
    except ServiceError:
        return False
    return True


_HEADERS: Final = {"FULL_CONTROL": "GrantFullControl", "READ": "GrantRead", "WRITE": ""}


def _grants(given: Mapping[str, Any]) -> dict[str, str]:
    """The target grants of a configuration as headers."""
    found: dict[str, list[str]] = {}
    for one in given.get("TargetGrants") or ():
        grantee = one.get("Grantee") or {}
        word = f'uri="{grantee["URI"]}"' if grantee.get("URI") else f'id="{grantee.get("ID", "")}"'
        header = _HEADERS.get(one.get("Permission") or "", "")
        if header:
            found.setdefault(header, []).append(word)
    return {header: ", ".join(words) for header, words in found.items()}


@s3.on_change(Bucket)
def _gone(tx: Any, old: Bucket | None, new: Bucket | None) -> None:
    if new is None and old is not None:
        for line in list(tx.range(Line, old.name)):
            tx.delete(line)

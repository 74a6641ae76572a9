"""Signature Version 2 of S3: what boto3 still makes of `generate_presigned_url` unless it is told otherwise.

Only S3 takes it, in the query (`AWSAccessKeyId`, `Signature`, `Expires`) or in the header (`AWS key:signature`).
Such a URL says when it ends and not when it was made, so its life is counted on the real clock.
Source: Amazon S3 User Guide, RESTAuthentication.html.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl

from haar.auth.sigv4 import SKEW_SECONDS
from haar.errors import ServiceError

if TYPE_CHECKING:
    from haar.wire.http import HttpRequest

__all__ = ["Claim", "check", "is_one", "read"]

#: Query parameters that are part of the resource and so of what is signed.
_SUBRESOURCES = frozenset(
    (
        "abac", "accelerate", "acl", "analytics", "annotation", "attributes", "cors", "delete", "encryption",
        "intelligent-tiering", "inventory", "legal-hold", "lifecycle", "location", "logging",
        "metadataAnnotationTable", "metadataConfiguration",
        "metadataInventoryTable", "metadataJournalTable", "metadataTable", "metrics", "notification", "object-lock",
        "ownershipControls", "partNumber", "policy", "policyStatus", "publicAccessBlock", "renameObject", "replication",
        "requestPayment", "response-cache-control", "response-content-disposition", "response-content-encoding",
        "response-content-language", "response-content-type", "response-expires", "restore", "retention", "select",
        "select-type", "session", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning", "versions",
        "website",
    )
)  # fmt: skip


class Claim(NamedTuple):
    """What a request says about itself; nothing is proven before `check` returns. `ends` is real seconds."""

    access_key: str
    signature: str
    token: str
    ends: float | None
    date: str


def is_one(http: HttpRequest) -> bool:
    """Whether a request is signed in this way; a quick look."""
    authorization = http.headers.get("authorization")
    if authorization is not None:
        return authorization.startswith("AWS ")
    return "AWSAccessKeyId=" in http.query and "Signature=" in http.query


def read(http: HttpRequest) -> Claim:
    """What a request that `is_one` claims. Raises ServiceError AccessDenied, InvalidArgument."""
    headers = http.headers
    authorization = headers.get("authorization")
    if authorization is not None:
        access_key, colon, signature = authorization[4:].strip().partition(":")
        if not colon:
            text = "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature"
            raise ServiceError("InvalidArgument", text, status=400)
        date = "" if "x-amz-date" in headers else headers.get("date", "")
        return Claim(access_key, signature, headers.get("x-amz-security-token", ""), None, date)
    query = dict(parse_qsl(http.query, keep_blank_values=True))
    expires = query.get("Expires", "")
    if not (expires.isascii() and expires.isdigit() and len(expires) < 16):
        text = f"Invalid date (should be seconds since epoch): {expires}" if expires else _INCOMPLETE
        raise ServiceError("AccessDenied", text, status=403)
    token = query.get("x-amz-security-token", "")
    return Claim(query["AWSAccessKeyId"], query["Signature"], token, float(expires), expires)


_INCOMPLETE = "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"


def check(claim: Claim, http: HttpRequest, secret: str, *, bucket: str, now_real: float) -> None:
    """Return when the claim is proven, or raise ServiceError. `bucket` is the one in the host, "" for a path."""
    if claim.ends is not None:
        if now_real >= claim.ends:
            members = {"Expires": _iso(claim.ends), "ServerTime": _iso(now_real)}
            raise ServiceError("AccessDenied", "Request has expired", status=403, members=members)
    else:
        _check_date(http, now_real)
    resource = (f"/{bucket}" if bucket else "") + http.path
    given = claim.signature.encode("utf-8", "replace")
    proven = hmac.compare_digest(_signed(claim, http, secret, resource).encode(), given)
    if not proven and resource.count("/") == 1:
        # boto signs a bucket with a slash behind it whatever it then asks for, and S3 takes that
        proven = hmac.compare_digest(_signed(claim, http, secret, f"{resource}/").encode(), given)
    if not proven:
        text = "The request signature we calculated does not match the signature you provided."
        raise ServiceError("SignatureDoesNotMatch", f"{text} Check your key and signing method.", status=403)


def _signed(claim: Claim, http: HttpRequest, secret: str, resource: str) -> str:
    headers = http.headers
    query = parse_qsl(http.query, keep_blank_values=True)
    amz = {name: " ".join(value.split()) for name, value in headers.items() if name.startswith("x-amz-")}
    if claim.ends is not None:
        said = {name.lower(): value for name, value in query if name.lower().startswith("x-amz-")}
        for name, value in said.items():
            # another one that is sent as a header is signed with it, or it could be put in the signed one's place
            amz[name] = value if amz.get(name, value) == value else f"{value},{amz[name]}"
    lines = "".join(f"{name}:{amz[name]}\n" for name in sorted(amz))
    parts = [name if not value else f"{name}={value}" for name, value in sorted(query) if name in _SUBRESOURCES]
    text = (
        f"{http.method}\n{headers.get('content-md5', '')}\n{headers.get('content-type', '')}\n{claim.date}\n"
        f"{lines}{resource}{'?' + '&'.join(parts) if parts else ''}"
    )
    return b64encode(hmac.digest(secret.encode(), text.encode(), "sha1")).decode()


def _check_date(http: HttpRequest, now_real: float) -> None:
    text = http.headers.get("x-amz-date") or http.headers.get("date", "")
    try:
        sent = parsedate_to_datetime(text).timestamp()
    except ValueError:
        message = "AWS authentication requires a valid Date or x-amz-date header"
        raise ServiceError("AccessDenied", message, status=403) from None
    if abs(now_real - sent) > SKEW_SECONDS:
        message = "The difference between the request time and the current time is too large."
        raise ServiceError("RequestTimeTooSkewed", message, status=403)


def _iso(seconds: float) -> str:
    from haar.wire.text import iso_seconds

    return iso_seconds(seconds)

"""POST: an upload from a form in a browser."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from haar.kit import Body, Call
from haar.kit.identity import ANONYMOUS
from haar.services.s3 import authority, posting
from haar.services.s3.resources import Bucket
from haar.services.s3.service import invalid_argument, s3
from haar.wire.xml_shapes import escape, parse_document

#: Members of a PutObject that a form does not carry, or carries in another way.
_OTHERWISE = frozenset(("Body", "Bucket", "Key", "Metadata", "ContentLength", "ContentMD5", "ACL", "Tagging"))
_STATUSES = {"200": 200, "201": 201, "204": 204}


def _known(call: Call, request: Any) -> list[tuple[str, Any]]:
    """The bucket, which must be there before a form is received; what is decided on stands in the form."""
    bucket = authority.bucket_named(call, request["Bucket"])
    return [(bucket.arn, bucket)]


@s3.operation(action="s3:PutObject", open=True, anonymous=True, resource=_known, body_length=posting.length_allowed)
def post_object(call: Call, request: Any) -> dict[str, Any]:
    bucket = authority.bucket_named(call, request["Bucket"])
    form = posting.read(call, request.get("ContentType") or "", request.get("Body") or Body.EMPTY)
    try:
        return _posted(call, bucket, request, form)
    except BaseException:
        form.file.drop()  # should this be run again, the file is read again
        raise


def _posted(call: Call, bucket: Bucket, request: Any, form: posting.Form) -> dict[str, Any]:
    fields = form.fields
    principal = ANONYMOUS
    if "policy" in fields or "x-amz-signature" in fields or "signature" in fields:
        if "policy" not in fields:
            text = "Bucket POST must contain a field named 'policy'."
            raise invalid_argument(f"{text}  If it is specified, please check the order of the fields.", "policy", "")
        headers = {"host": call.origin.host}
        if request.get("Origin"):
            headers["origin"] = request["Origin"]
        if request.get("SecFetchSite"):
            headers["sec-fetch-site"] = request["SecFetchSite"]
        principal, signed_at = call.ports.proofs.posted(call.tx, fields, headers, bucket.region)
        posting.check(form, bucket.name, _now_of_signer(call, signed_at))
    put = call.aws("s3", principal=principal, region=bucket.region, context={"s3:authType": "POST"}).put_object
    reply = put(Bucket=request["Bucket"], Key=fields["key"], Body=form.file, **_members(fields))
    return _answer(call, bucket.name, fields, reply)


def _now_of_signer(call: Call, signed_at: float | None) -> float:
    """The present instant on the signer's clock, by which the policy ends: it goes on as the cloud's clock does."""
    clock = call.ports.clock
    return clock.real() if signed_at is None else signed_at + call.now - clock.virtual(signed_at)


@cache
def _headers() -> dict[str, str]:
    """The members of PutObject by the lower-case name of their header, as far as they are text."""
    model = s3.model
    members = model.shapes["PutObjectRequest"]["members"]
    return {
        described["locationName"].lower(): member
        for member, described in members.items()
        if described.get("location") == "header"
        and member not in _OTHERWISE
        and model.shapes[described["shape"]]["type"] == "string"
    }


def _members(fields: dict[str, str]) -> dict[str, Any]:
    """What a form says of its object, as PutObject takes it."""
    known = _headers()
    found: dict[str, Any] = {known[name]: value for name, value in fields.items() if name in known}
    metadata = {name[11:]: value for name, value in fields.items() if name.startswith("x-amz-meta-")}
    if metadata:
        found["Metadata"] = metadata
    if fields.get("acl"):
        found["ACL"] = fields["acl"]
    if fields.get("content-md5"):
        found["ContentMD5"] = fields["content-md5"]
    if fields.get("tagging"):
        found["Tagging"] = _tags(fields["tagging"])
    return found


def _tags(document: str) -> str:
    """The tags of a form, which it writes as XML, as the header of a PUT writes them."""
    try:
        root = parse_document(document.encode())
        pairs = [
            (tag.findtext("{*}Key") or "", tag.findtext("{*}Value") or "") for tag in root.iterfind("{*}TagSet/{*}Tag")
        ]
    except (ValueError, RecursionError):
        text = "The XML you provided was not well-formed or did not validate against our published schema"
        raise s3.error("MalformedXML", text, status=400) from None
    return urlencode(pairs, quote_via=quote)


def _answer(call: Call, bucket: str, fields: dict[str, str], reply: dict[str, Any]) -> dict[str, Any]:
    name, etag = fields["key"], reply["ETag"]
    location = f"http://{call.origin.host}/{bucket}/{quote(name, safe='')}"
    if call.origin.host.startswith(f"{bucket}."):
        location = f"http://{call.origin.host}/{quote(name, safe='')}"
    headers = [("ETag", etag), ("Location", location)]
    if reply.get("VersionId"):
        headers.append(("x-amz-version-id", reply["VersionId"]))
    if reply.get("ServerSideEncryption"):
        headers.append(("x-amz-server-side-encryption", reply["ServerSideEncryption"]))
    elsewhere = fields.get("success_action_redirect") or fields.get("redirect")
    if elsewhere and urlsplit(elsewhere).scheme in ("http", "https"):
        query = urlencode({"bucket": bucket, "key": name, "etag": etag}, quote_via=quote)
        headers[1] = ("Location", f"{elsewhere}{'&' if '?' in elsewhere else '?'}{query}")
        return {"Body": b"", "$status": 303, "$headers": headers}
    # what is none of the three is taken as if it were not there
    status = _STATUSES.get(fields.get("success_action_status", ""), 204)
    if status != 201:
        return {"Body": b"", "$status": status, "$headers": headers}
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<PostResponse><Location>{escape(location)}</Location><Bucket>{escape(bucket)}</Bucket>"
        f"<Key>{escape(name)}</Key><ETag>{escape(etag)}</ETag></PostResponse>"
    )
    return {"Body": body.encode(), "$status": 201, "$headers": [*headers, ("Content-Type", "application/xml")]}

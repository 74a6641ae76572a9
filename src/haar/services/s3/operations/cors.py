"""Cross-origin resource sharing: the rules of a bucket, and what a browser asks before it lets a page in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.kit import Call, replace
from haar.services.s3 import cors
from haar.services.s3.authority import on_bucket
from haar.services.s3.resources import Bucket
from haar.services.s3.service import malformed_xml, s3

if TYPE_CHECKING:
    from haar.shapes import s3 as api


@s3.operation(action="s3:GetBucketCORS", resource=on_bucket)
def get_bucket_cors(call: Call, bucket: Bucket, request: Any) -> api.GetBucketCorsOutput:
    rules = bucket.configs.get("cors")
    if not rules:
        text = "The CORS configuration does not exist"
        raise s3.error("NoSuchCORSConfiguration", text, status=404, members={"BucketName": bucket.name})
    return {"CORSRules": rules}


@s3.operation(action="s3:PutBucketCORS", resource=on_bucket)
def put_bucket_cors(call: Call, bucket: Bucket, request: api.PutBucketCorsRequest) -> None:
    rules = list(request["CORSConfiguration"].get("CORSRules") or [])
    if not rules:
        raise malformed_xml()
    if len(rules) > cors.RULES_MAX:
        raise s3.error("InvalidRequest", f"The number of CORS rules should not exceed {cors.RULES_MAX}.", status=400)
    for rule in rules:
        _check(rule)
    call.tx.put(replace(bucket, configs={**bucket.configs, "cors": rules}))


@s3.operation(action="s3:PutBucketCORS", resource=on_bucket)
def delete_bucket_cors(call: Call, bucket: Bucket, request: Any) -> None:
    configs = {word: value for word, value in bucket.configs.items() if word != "cors"}
    call.tx.put(replace(bucket, configs=configs))


def _check(rule: Any) -> None:
    for method in rule["AllowedMethods"]:
        if method not in cors.METHODS:
            text = f"Found unsupported HTTP method in CORS config. Unsupported method is {method}"
            raise s3.error("InvalidRequest", text, status=400)
    for word, member in (("AllowedOrigin", "AllowedOrigins"), ("AllowedHeader", "AllowedHeaders")):
        for value in rule.get(member) or ():
            if value.count("*") > 1:
                text = f'{word} "{value}" can not have more than one wildcard.'
                raise s3.error("InvalidRequest", text, status=400)
    for header in rule.get("ExposeHeaders") or ():
        if "*" in header:
            text = f'ExposeHeader "{header}" contains wildcard. We currently do not support wildcard for ExposeHeader.'
            raise s3.error("InvalidRequest", text, status=400)
    if not rule["AllowedMethods"] or not rule["AllowedOrigins"] or len(rule.get("ID") or "") > 255:
        raise malformed_xml()


# --- the preflight request of a browser ------------------------------------------------------------------------------


@s3.operation(action="s3:GetObject", open=True, anonymous=True)
def preflight_bucket(call: Call, request: Any) -> dict[str, Any]:
    return _preflight(call, request, "BUCKET")


@s3.operation(action="s3:GetObject", open=True, anonymous=True)
def preflight_object(call: Call, request: Any) -> dict[str, Any]:
    return _preflight(call, request, "OBJECT")


def _preflight(call: Call, request: Any, kind: str) -> dict[str, Any]:
    origin, method = request.get("Origin"), request.get("RequestMethod")
    if not origin:
        text = "Insufficient information. Origin request header needed."
        raise s3.error("BadRequest", text, status=400)
    if not method or method not in cors.METHODS:
        text = f"Invalid Access-Control-Request-Method: {method or 'null'}"
        raise s3.error("BadRequest", text, status=400)
    headers = [part.strip() for part in (request.get("RequestHeaders") or "").split(",") if part.strip()]
    bucket = call.tx.get(Bucket, request["Bucket"])
    rules = bucket.configs.get("cors") if bucket is not None else None
    if not rules:
        raise _forbidden("CORSResponse: CORS is not enabled for this bucket.", method, kind)
    rule = cors.rule_for(rules, origin, method, headers)
    if rule is None:
        text = (
            "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request "
            "method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the "
            "resource's CORS spec."
        )
        raise _forbidden(text, method, kind)
    return {"$headers": cors.answer(rule, origin, headers)}


def _forbidden(text: str, method: str, kind: str) -> Exception:
    return s3.error("AccessForbidden", text, status=403, members={"Method": method, "ResourceType": kind})

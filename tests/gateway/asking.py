"""Requests to the control API as the tests write them."""

from __future__ import annotations

import hmac
import json
import time
from hashlib import sha256
from typing import Any

from haar.auth.sigv4 import signing_key
from haar.cloud import Cloud
from haar.gateway import control
from haar.kit.wait import Wait
from haar.wire.http import HttpReply, HttpRequest

Answer = tuple[int, dict[str, Any]]


def get(cloud: Cloud, path: str, **headers: str) -> Answer:
    """`GET /_haar/<path>`; a header's underscores are hyphens."""
    target, _, query = path.partition("?")
    return send(cloud, "GET", target, query, b"", {"host": "127.0.0.1:4566", **_named(headers)})


def post(cloud: Cloud, path: str, body: Any = None, **headers: str) -> Answer:
    """`POST /_haar/<path>` with a JSON body."""
    raw = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    plain = {"host": "127.0.0.1:4566", "content-type": "application/json"}
    return send(cloud, "POST", path, "", raw, {**plain, **_named(headers)})


def send(cloud: Cloud, method: str, path: str, query: str, body: bytes, headers: dict[str, str]) -> Answer:
    """One request: the status, and what the JSON says."""
    reply = handle(cloud, HttpRequest(method, f"/_haar/{path}", query, headers, body))
    return reply.status, json.loads(reply.body)


def handle(cloud: Cloud, http: HttpRequest) -> HttpReply:
    """The answer at once: where an exchange would wait, what there is now."""
    exchange = control.Exchange(cloud, http)
    try:
        return exchange.run()
    except Wait:
        exchange.started = float("-inf")  # every wait that began then is over
        return exchange.run()


def code(answer: Answer) -> tuple[int, str]:
    """The status and error code of a refusal."""
    return answer[0], answer[1]["error"]["code"]


def signed(
    access_key: str,
    secret: str,
    method: str,
    path: str,
    body: bytes = b"",
    *,
    service: str = "haar",
    host: str = "example.com:4566",
    kind: str = "application/json",
) -> dict[str, str]:
    """Headers with a signature as AWS's documentation describes it, made without botocore."""
    at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    headers = {"content-type": kind, "host": host, "x-amz-date": at}
    names = ";".join(headers)
    canonical = [method, path, "", *[f"{name}:{value}" for name, value in headers.items()], "", names]
    hashed = sha256("\n".join([*canonical, sha256(body).hexdigest()]).encode()).hexdigest()
    scope = f"{at[:8]}/eu-west-1/{service}/aws4_request"
    key = signing_key(secret, at[:8], "eu-west-1", service)
    proof = hmac.digest(key, f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashed}".encode(), "sha256").hex()
    claim = f"Credential={access_key}/{scope}, SignedHeaders={names}, Signature={proof}"
    return headers | {"authorization": f"AWS4-HMAC-SHA256 {claim}"}


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}

"""Requests signed by hand: what no client library would send, or not yet."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from haar.wire.http import HttpRequest
from tests.clients.people import Keys

__all__ = ["ROOT", "aws_json", "form", "signed"]

#: The root user of the development account.
ROOT = Keys("test", "test")


def signed(
    service: str, body: bytes, extra: dict[str, str], *, keys: Keys = ROOT, method: str = "POST",
    url: str = "http://haar.localhost:4566/", auth: type[SigV4Auth] = SigV4Auth,
) -> HttpRequest:  # fmt: skip
    """A signed request as it arrives; `auth` is one of botocore's signers."""
    request = AWSRequest(method, url, headers=extra, data=body)
    auth(Credentials(keys.access_key, keys.secret_key, keys.token), service, "us-east-1").add_auth(request)
    fields = {name.lower(): str(value) for name, value in request.headers.items()}
    parts = urlsplit(request.url)
    fields.setdefault("host", parts.netloc)
    return HttpRequest(method, parts.path, parts.query, fields, body, "127.0.0.1", parts.scheme)


def form(service: str, text: str, *, keys: Keys = ROOT) -> HttpRequest:
    """A request of the query protocol: `form("iam", "Action=ListUsers&Version=2010-05-08")`."""
    return signed(service, text.encode(), {"Content-Type": "application/x-www-form-urlencoded"}, keys=keys)


def aws_json(service: str, target: str, value: dict[str, Any], *, keys: Keys = ROOT) -> HttpRequest:
    """A request of an AWS JSON protocol: `aws_json("sqs", "AmazonSQS.ListQueues", {})`."""
    extra = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.0"}
    return signed(service, json.dumps(value).encode(), extra, keys=keys)

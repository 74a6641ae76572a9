"""Requests as bytes, made and signed by botocore.

A request that depends on an answer (a receipt handle) is signed anew in some ten microseconds: a `Template` takes
botocore's request apart once, proves that it comes to the very signature botocore came to, and then signs other
bodies by itself.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.session import Session

REGION = "us-east-1"

#: What botocore adds and a server does not need; the rest of the load would be the client's.
_LEFT_OUT = frozenset(("user-agent", "amz-sdk-invocation-id", "amz-sdk-request", "content-length", "host", "expect"))


class Credentials:
    """An access key, and what it is good for."""

    __slots__ = ("access_key", "secret_key")

    def __init__(self, access_key: str, secret_key: str) -> None:
        self.access_key = access_key
        self.secret_key = secret_key


class _Caught(Exception):
    """Carries a signed request out of botocore before it is sent."""

    def __init__(self, request: Any) -> None:
        super().__init__("caught")
        self.request = request


class Signer:
    """Makes requests to one endpoint on behalf of one access key."""

    def __init__(self, endpoint: str, credentials: Credentials) -> None:
        self.endpoint = endpoint
        self.credentials = credentials
        self._session = Session()
        self._session.set_credentials(credentials.access_key, credentials.secret_key)
        self.port = urlsplit(endpoint).port or 80
        self._clients: dict[str, Any] = {}
        self._catching: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """A client that sends, for preparing what a case needs."""
        if service not in self._clients:
            self._clients[service] = self._new(service)
        return self._clients[service]

    def signed(self, service: str, operation: str, **members: Any) -> Any:
        """The request botocore would send."""
        client = self._catching.get(service)
        if client is None:
            client = self._catching[service] = self._new(service)

            def catch(request: Any, **_: Any) -> None:
                raise _Caught(request)

            client.meta.events.register("before-send", catch)
        try:
            getattr(client, operation)(**members)
        except _Caught as caught:
            return caught.request
        raise AssertionError("botocore sent nothing")

    def request(self, service: str, operation: str, **members: Any) -> bytes:
        """The same, as it goes over the wire."""
        return as_bytes(self.signed(service, operation, **members))

    def template(self, service: str, operation: str, **members: Any) -> Template:
        """The same, to be sent with other bodies."""
        return Template(self.signed(service, operation, **members), self.credentials.secret_key)

    def form(self, service: str, body: str) -> bytes:
        """A request in the query protocol, for services whose model speaks another one by now."""
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        request = AWSRequest(
            "POST", f"{self.endpoint}/", data=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
        )
        SigV4Auth(self._session.get_credentials(), service, REGION).add_auth(request)
        return as_bytes(request.prepare())

    def _new(self, service: str) -> Any:
        config = Config(
            retries={"max_attempts": 1, "mode": "standard"}, inject_host_prefix=False, read_timeout=60,
            s3={"addressing_style": "path"},
        )  # fmt: skip
        return self._session.create_client(service, region_name=REGION, endpoint_url=self.endpoint, config=config)


def as_bytes(request: Any) -> bytes:
    """A prepared request as it goes over the wire."""
    return _head(request) + _length(body := _body(request)) + body


def _head(request: Any, without: frozenset[str] = frozenset()) -> bytes:
    url = urlsplit(request.url)
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    lines = [f"{request.method} {target} HTTP/1.1", f"Host: {url.netloc}"]
    for name, value in request.headers.items():
        if name.lower() not in _LEFT_OUT | without:
            lines.append(f"{name}: {_text(value)}")
    return ("\r\n".join(lines) + "\r\n").encode("latin-1")


def _length(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n" % len(body)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _body(request: Any) -> bytes:
    body = request.body
    if hasattr(body, "read"):
        body.seek(0)
        body = body.read()
    return body.encode() if isinstance(body, str) else bytes(body or b"")


class Template:
    """A signed request whose body can be another one."""

    def __init__(self, request: Any, secret_key: str) -> None:
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        headers["host"] = urlsplit(request.url).netloc
        given = headers["authorization"]
        self._prefix, _, signature = given.partition("Signature=")
        parts = dict(part.strip().split("=", 1) for part in self._prefix.partition(" ")[2].split(",") if "=" in part)
        date, region, service = parts["Credential"].split("/")[1:4]
        key = b"AWS4" + secret_key.encode()
        for word in (date, region, service, "aws4_request"):
            key = hmac.digest(key, word.encode(), "sha256")
        self._key = key
        url = urlsplit(request.url)
        signed = parts["SignedHeaders"]
        lines = "".join(f"{name}:{headers[name]}\n" for name in signed.split(";"))
        self._canonical = f"{request.method}\n{url.path or '/'}\n{url.query}\n{lines}\n{signed}\n"
        self._to_sign = f"AWS4-HMAC-SHA256\n{headers['x-amz-date']}\n{date}/{region}/{service}/aws4_request\n"
        self._head = _head(request, frozenset(("authorization",))) + b"Authorization: " + self._prefix.encode()
        assert self._signature(_body(request)) == signature, "our signature is not botocore's"

    def with_body(self, body: bytes) -> bytes:
        """The request with another body, signed."""
        return self._head + b"Signature=" + self._signature(body).encode() + b"\r\n" + _length(body) + body

    def _signature(self, body: bytes) -> str:
        canonical = self._canonical + hashlib.sha256(body).hexdigest()
        text = self._to_sign + hashlib.sha256(canonical.encode()).hexdigest()
        return hmac.digest(self._key, text.encode(), "sha256").hex()

"""boto3 clients that talk to a cloud in the same process: no port, no socket, everything else real."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from haar.wire.http import HttpRequest, Stream

if TYPE_CHECKING:
    from haar.cloud import Cloud

#: What the requests are addressed to; nothing is looked up and nothing leaves the process.
ENDPOINT = "http://haar.localhost:4566"


class _Raw:
    """The body of a reply, as botocore reads it: piece by piece where it is a stream."""

    def __init__(self, body: bytes | Stream) -> None:
        self._stream = body if isinstance(body, Stream) else None
        self._pieces = body.pieces() if isinstance(body, Stream) else iter((body,))
        self._ahead = b""

    def read(self, amount: int | None = None) -> bytes:
        while amount is None or len(self._ahead) < amount:
            piece = next(self._pieces, None)
            if piece is None:
                self.close()
                break
            self._ahead += piece
        size = len(self._ahead) if amount is None else amount
        taken, self._ahead = self._ahead[:size], self._ahead[size:]
        return taken

    def stream(self, *_: Any, **__: Any) -> Any:
        while piece := self.read(_READ):
            yield piece

    def close(self) -> None:
        if self._stream is not None:
            self._stream.end()


_READ = 256 * 1024

_session: Any = None


def client(
    cloud: Cloud,
    service: str,
    *,
    access_key: str | None,
    secret_key: str | None,
    token: str | None,
    region: str,
    **options: Any,
) -> Any:
    """A boto3 client of a service. `access_key=None` makes an anonymous one. `source_ip` sets the caller's address."""
    import boto3
    from botocore import UNSIGNED
    from botocore.awsrequest import AWSResponse
    from botocore.config import Config

    source_ip = options.pop("source_ip", "127.0.0.1")
    config = Config(retries={"max_attempts": 0}, parameter_validation=options.pop("parameter_validation", True))
    if access_key is None:
        config = config.merge(Config(signature_version=UNSIGNED))
    if "config" in options:
        config = config.merge(options.pop("config"))
    global _session
    if _session is None:
        _session = boto3.session.Session()
    made = _session.client(
        service, aws_access_key_id=access_key, aws_secret_access_key=secret_key, aws_session_token=token,
        region_name=region, endpoint_url=options.pop("endpoint_url", ENDPOINT), config=config, **options,
    )  # fmt: skip

    def send(request: Any, **_: Any) -> Any:
        reply = cloud.handle(as_http(request, source_ip))
        return AWSResponse(request.url, reply.status, _headers(reply.headers), _Raw(reply.body))

    made.meta.events.register("before-send.*.*", send)
    return made


def as_http(request: Any, client_ip: str) -> HttpRequest:
    """A prepared botocore request as it would arrive over the wire."""
    url = urlsplit(request.url)
    headers = {}
    for name, value in request.headers.items():
        headers[name.lower()] = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    headers.setdefault("host", url.netloc)
    body = request.body or b""
    if hasattr(body, "read"):
        body = body.read()
    raw = body.encode() if isinstance(body, str) else bytes(body)
    return HttpRequest(request.method, url.path or "/", url.query, headers, raw, client_ip, url.scheme)


def _headers(pairs: list[tuple[str, str]]) -> Any:
    from botocore.compat import HTTPHeaders

    headers = HTTPHeaders()
    for name, value in pairs:
        headers[name] = value
    return headers

"""Which service, which operation, which protocol: read from the request alone.

The order of evidence:

1. the signature's scope (`Authorization` header, or `X-Amz-Credential` in the query): service and region;
2. `X-Amz-Target` (AWS JSON), or `smithy-protocol` with its path (RPC CBOR): service and operation;
3. the host: `sqs.eu-west-1.amazonaws.com`, `sqs.localhost`, and the virtual hosts of S3 buckets;
4. `Action` and `Version` in the form or the query (query and ec2), else method and path (REST).

A service spoken in several protocols is answered in the one the request speaks. What leads nowhere raises
`Unroutable`, a ServiceError that also says in which protocol to answer.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from haar.catalog import models
from haar.catalog.services import QUERY_TOO, index
from haar.errors import ServiceError
from haar.wire import compression, presigned
from haar.wire.codec import Codec, codec
from haar.wire.forms import plain
from haar.wire.http import HttpRequest
from haar.wire.rest_routes import Found, decoded, routes_of

if TYPE_CHECKING:
    from haar.catalog.models import ServiceModel

__all__ = ["Plan", "Routed", "Unroutable", "bucket_in_host", "route", "scope_of"]


class Unroutable(ServiceError):
    """No operation is meant by this request. `protocol` and `service` say how and for whom to answer ("" unknown)."""

    def __init__(self, protocol: str, service: str, code: str, message: str = "", *, status: int = 400) -> None:
        super().__init__(code, message, status=status)
        self.protocol = protocol
        self.service = service


class Plan:
    """An operation in a protocol: what all requests that mean it share."""

    __slots__ = ("made", "model", "operation", "protocol", "service")

    def __init__(self, model: ServiceModel, operation: str, protocol: str) -> None:
        self.service = model.name
        self.operation = operation
        self.protocol = protocol
        self.model = model
        #: the codec, once it is made
        self.made: Codec | None = None

    @property
    def codec(self) -> Codec:
        """What reads and writes it; made at its first use."""
        found = self.made
        if found is None:
            found = self.made = codec(self.model, self.operation, self.protocol)
        return found


class Routed:
    """A request that is known to mean an operation. `labels` are the decoded pieces of a REST path."""

    __slots__ = ("http", "labels", "operation", "plan", "protocol", "region", "service")

    def __init__(self, plan: Plan, http: HttpRequest, region: str | None, labels: dict[str, str]) -> None:
        self.plan = plan
        self.service = plan.service
        self.operation = plan.operation
        self.protocol = plan.protocol
        self.http = http
        self.region = region
        self.labels = labels

    @property
    def model(self) -> ServiceModel:
        """The service's model."""
        return self.plan.model

    @property
    def codec(self) -> Codec:
        """What reads this request and writes its answer."""
        plan = self.plan
        return plan.made or plan.codec

    def __repr__(self) -> str:
        return f"<Routed {self.service}.{self.operation} {self.protocol} {self.region}>"


_NO_LABELS: dict[str, str] = {}
_plans: dict[tuple[str, str, str], Plan] = {}
_by_target: dict[str, Plan] = {}
_by_rpc_path: dict[str, Plan] = {}
_by_route: dict[tuple[str, str], Plan] = {}
_by_action: dict[tuple[str, bytes, bytes], Plan] = {}
#: Authorization headers without their signatures -> service and region.
_scopes: dict[str, tuple[str, str | None]] = {}
_SCOPES_MAX = 4096
#: Nothing is proven when one is remembered, so nobody may fill the memory with long ones.
_PREFIX_MAX = 1024
_SIGNATURE_LENGTH = 64


def scope_of(http: HttpRequest) -> tuple[str, str | None]:
    """(service, region) of the signature's credential scope; ("", None) for an unsigned request."""
    authorization = http.headers.get("authorization")
    if authorization is not None:
        # all but the signature is the same all day
        known = authorization[:-_SIGNATURE_LENGTH]
        scope = _scopes.get(known)
        if scope is not None:
            return scope
        start = authorization.find("Credential=")
        if start < 0:
            return ("s3" if authorization.startswith("AWS ") else ""), None  # version 2: S3 alone still takes it
        end = authorization.find(",", start)
        credential = authorization[start + 11 : end if end >= 0 else None]
        if 0 <= end < len(known) <= _PREFIX_MAX:
            if len(_scopes) >= _SCOPES_MAX:
                _scopes.clear()
            scope = _scopes[known] = _read_scope(credential)
            return scope
    else:
        start = http.query.find("X-Amz-Credential=")
        if start < 0:
            return "", None
        end = http.query.find("&", start)
        credential = unquote(http.query[start + 17 : end if end >= 0 else None])
    return _read_scope(credential)


def _read_scope(credential: str) -> tuple[str, str | None]:
    parts = credential.strip().split("/")
    if len(parts) == 5:
        return parts[3], parts[2] or None
    # SigV4a leaves the region out: key/date/service/aws4_request
    return (parts[2], None) if len(parts) == 4 else ("", None)


def route(http: HttpRequest) -> Routed:
    """The operation a request means. Raises Unroutable."""
    headers = http.headers
    service, region = scope_of(http)
    target = headers.get("x-amz-target")
    if target is not None:
        plan = _by_target.get(target)
        if plan is not None and region is not None:
            return Routed(plan, http, region, _NO_LABELS)
        if plan is None:
            plan = _find_target(target, http)
        return Routed(plan, http, region or _host(http)[1], _NO_LABELS)
    if headers.get("smithy-protocol") == "rpc-v2-cbor":
        plan = _by_rpc_path.get(http.path) or _find_rpc(http.path)
        return Routed(plan, http, region or _host(http)[1], _NO_LABELS)
    prefix = ""
    if service not in _KNOWN_QUERY_SCOPES or region is None:
        host_service, host_region, prefix = _host(http)
        if host_service == _WEBSITE:
            return _website(http, host_region, prefix)
        service = service or host_service
        if not service and "x-amz-glacier-version" in headers:
            service = "glacier"  # its clients always say so, and its paths look like those of buckets
        region = region or host_region
    return _route_by_content(http, service, region, prefix)


# --- AWS JSON and RPC CBOR --------------------------------------------------------------------------------------------


def _plan(service: str, operation: str, protocol: str) -> Plan:
    key = (service, operation, protocol)
    plan = _plans.get(key)
    if plan is None:
        plan = _plans[key] = Plan(models.model(service), operation, protocol)
    return plan


def _find_target(target: str, http: HttpRequest) -> Plan:
    prefix, _, operation = target.rpartition(".")
    candidates = index().by_target_prefix.get(prefix, ())
    holders = [name for name in candidates if operation in models.model(name).operations]
    if not holders:
        raise Unroutable("json", candidates[0] if candidates else "", "UnknownOperationException")
    if len(holders) == 1:
        plan = _by_target[target] = _plan(holders[0], operation, "json")
        return plan
    named = _host(http)[0]
    return _plan(named if named in holders else holders[0], operation, "json")


_RPC_PATH = re.compile(r"/service/([^/]+)/operation/([^/]+)/?$")


def _find_rpc(path: str) -> Plan:
    match = _RPC_PATH.search(path)
    protocol = "smithy-rpc-v2-cbor"
    if match is None:
        raise Unroutable(protocol, "", "UnknownOperationException", status=404)
    named, operation = unquote(match[1]), unquote(match[2])
    known = index()
    # a Smithy service name may come with its namespace
    short = named.rpartition(".")[2]
    candidates = known.by_target_prefix.get(short) or known.by_service_id.get(short) or ()
    for service in candidates:
        if operation in models.model(service).operations:
            plan = _plan(service, operation, protocol)
            if len(path) < 256:
                _by_rpc_path[match[0]] = plan
            return plan
    raise Unroutable(protocol, candidates[0] if candidates else "", "UnknownOperationException", status=404)


# --- the host ---------------------------------------------------------------------------------------------------------

_SUFFIXES = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".localhost.localstack.cloud", ".localhost")
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d")
#: Host labels that are no endpoint prefix of any model.
_HOST_LABELS = {
    "queue": "sqs", "s3-accesspoint": "s3", "s3-global": "s3", "s3-external-1": "s3", "s3-accelerate": "s3",
    "s3-website": "s3-website",
}  # fmt: skip
#: Every path of S3 Control begins so.
_S3_CONTROL_PATH = "/v20180820/"
#: Buckets as web sites: no API, so nothing in a request but its host and path counts.
_WEBSITE = "s3-website"
#: Names of the whole endpoint, `haar.localhost`, which are no buckets'.
_OWN_NAMES = frozenset(("", "haar", "localhost"))
_hosts: dict[str, tuple[str, str | None, str]] = {}
_HOSTS_MAX = 4096


def _host(http: HttpRequest) -> tuple[str, str | None, str]:
    """(service, region, what stands before them) of the request's host; the last is a bucket for S3."""
    host = http.headers.get("host", "")
    found = _hosts.get(host)
    if found is None:
        found = _read_host(host)
        if len(host) > 255:  # no name is longer; nobody may fill the memory with what is none
            return found
        if len(_hosts) >= _HOSTS_MAX:
            _hosts.clear()
        _hosts[host] = found
    return found


def bucket_in_host(http: HttpRequest) -> str:
    """What stands before the service in the request's host: a bucket, in a request that S3 answers; "" for none."""
    return _host(http)[2]


def _read_host(host: str) -> tuple[str, str | None, str]:
    name = host.lower()
    if not name.startswith("["):
        name = name.partition(":")[0]
    suffix = next((suffix for suffix in _SUFFIXES if name.endswith(suffix)), "")
    if not suffix:
        return "", None, ""
    labels = name[: -len(suffix)].split(".")
    region: str | None = None
    if len(labels) > 1 and _REGION.fullmatch(labels[-1]):
        region = labels.pop()
    if len(labels) > 1 and labels[-1] == "dualstack":
        labels.pop()
    known = index().by_endpoint_prefix
    for start in range(len(labels)):
        text = ".".join(labels[start:]).removesuffix("-fips")
        service = _HOST_LABELS.get(text) or (known[text][0] if text in known else "")
        if not service and text.startswith("s3-") and _REGION.fullmatch(text[3:]):
            service, region = "s3", text[3:]
        elif not service and text.startswith("s3-website-") and _REGION.fullmatch(text[11:]):
            service, region = _WEBSITE, text[11:]
        if service:
            front = labels[:start]
            if front and region is None and _REGION.fullmatch(front[-1]):
                region = front.pop()  # eu-west-1.queue.amazonaws.com
            return service, region, ".".join(front)
    if len(labels) > 1 and labels[-1] in _OWN_NAMES:
        labels.pop()  # bucket.haar.localhost
    rest = ".".join(labels)
    return "", region, "" if rest in _OWN_NAMES else rest


# --- query, ec2 and REST ----------------------------------------------------------------------------------------------

#: how nearly every form begins
_FIRST = re.compile(rb"Action=([^&]*)&Version=([^&]*)")
_ACTION = re.compile(rb"(?:^|&)Action=([^&]*)")
_VERSION = re.compile(rb"(?:^|&)Version=([^&]*)")
_QUEUE_PATH = re.compile(r"/\d{12}/[^/]+/?$")
#: Scopes whose host adds nothing once the region is known; filled as they are met.
_KNOWN_QUERY_SCOPES: set[str] = set()
_REST = frozenset(("rest-json", "rest-xml"))


#: Scopes that are no service of their own.
_SCOPES = {"s3express": "s3", "s3-object-lambda": "s3", "s3-outposts": "s3control"}


class _Candidates(NamedTuple):
    """The services a name may mean, and which of them are REST."""

    names: tuple[str, ...]
    rest: tuple[str, ...]
    speak_query: bool


@lru_cache(maxsize=1024)
def _candidates(service: str) -> _Candidates:
    names = _named(service) if service else ()
    rest = tuple(name for name in names if _REST & set(index().services[name].protocols))
    return _Candidates(names, rest, not names or any(map(_query_protocol, names)))


def _named(service: str) -> tuple[str, ...]:
    known = index()
    service = _SCOPES.get(service, service)
    names = known.by_signing_name.get(service) or known.by_endpoint_prefix.get(service) or ()
    return names or ((service,) if service in known.services else ())


def _query_protocol(service: str) -> str:
    protocols = index().services[service].protocols
    if "query" in protocols or service in QUERY_TOO:
        return "query"
    return "ec2" if "ec2" in protocols else ""


def _route_by_content(http: HttpRequest, service: str, region: str | None, prefix: str) -> Routed:
    candidates, rest, speak_query = _candidates(service)
    if speak_query:
        action, version = _action(http)
        if action is not None:
            plan = _by_action.get((service, action, version))
            if plan is None:
                plan = _find_action(http, service, candidates, action, version)
            return Routed(plan, http, region, _NO_LABELS)
    if not candidates and http.path.strip("/"):
        # unsigned, and nothing but a path: an anonymous reader of a bucket, or who forgot to sign for S3 Control
        rest = ("s3", "s3control") if "x-amz-account-id" in http.headers else ("s3",)
    routed = _route_rest(http, rest, region, prefix) if rest else None
    if routed is not None:
        if service == "s3express" and routed.operation == "ListBuckets":
            # the one pair of S3 operations that only the scope tells apart
            return Routed(_plan("s3", "ListDirectoryBuckets", "rest-xml"), http, region, _NO_LABELS)
        return routed
    if not candidates and not rest:
        raise Unroutable("json", "", "UnknownOperationException", status=404)
    first = candidates[0] if candidates else rest[0]
    if first in rest:
        if first == "s3":
            text = "The specified method is not allowed against this resource."
            raise Unroutable("rest-xml", first, "MethodNotAllowed", text, status=405)
        raise Unroutable(_rest_protocol(first), first, "UnknownOperationException", status=404)
    protocol = _query_protocol(first)
    if protocol and index().services[first].protocols[0] in ("query", "ec2"):
        raise Unroutable(protocol, first, "MissingAction", "The request must contain the parameter Action.")
    raise Unroutable("json", first, "UnknownOperationException")


def _website(http: HttpRequest, region: str | None, bucket: str) -> Routed:
    """A page of a bucket's web site, whatever the method; the operation answers for all of them."""
    labels = {"Bucket": bucket, "Key": decoded(http.path.removeprefix("/")), "Method": http.method}
    return Routed(_plan("s3", "GetWebsitePage", "rest-xml"), http, region, labels)


def _action(http: HttpRequest) -> tuple[bytes | None, bytes]:
    """(Action, Version) as they stand in the form or the query, still encoded."""
    is_query = http.method == "POST" and not http.headers.get("content-type", "").startswith("multipart/")
    if is_query and (first := _FIRST.match(http.body)) is not None:
        action, version = first.groups()
        return action, version
    for text in (_form(http) if is_query else b"", http.query.encode("utf-8", "replace")):
        if text and (match := _ACTION.search(text)) is not None:
            version = _VERSION.search(text)
            return match[1], version[1] if version else b""
    return None, b""


def _form(http: HttpRequest) -> bytes:
    """The body, out of its compression; a damaged one names no action."""
    body: bytes = http.body
    if body[:2] != compression.MAGIC:
        return body
    try:
        return compression.opened(bytes(body))
    except ServiceError:
        return b""


def _find_action(
    http: HttpRequest, service: str, candidates: tuple[str, ...], raw_action: bytes, raw_version: bytes
) -> Plan:
    action = unquote(raw_action.decode("ascii", "replace"))
    version = unquote(raw_version.decode("ascii", "replace"))
    known = index()
    if not candidates:
        candidates = known.by_query_version.get(version, ())
        if not version and _QUEUE_PATH.fullmatch(http.path):
            candidates = ("sqs",)
    speaking = [name for name in candidates if _query_protocol(name)]
    # elb and elbv2 share everything but their version
    speaking.sort(key=lambda name: known.services[name].api_version != version)
    for name in speaking:
        if action in models.model(name).operations:
            plan = _plan(name, action, _query_protocol(name))
            # only what AWS itself names is remembered: nobody can make this table grow
            is_exact = len(speaking) == 1 and raw_version == known.services[name].api_version.encode()
            if is_exact and (not service or service in known.by_signing_name):
                _by_action[service, raw_action, raw_version] = plan
                _KNOWN_QUERY_SCOPES.add(service)
            return plan
    first = speaking[0] if speaking else ""
    protocol = _query_protocol(first) if first else "query"
    shown = action if len(action) <= 128 else action[:128]
    raise Unroutable(protocol, first, "InvalidAction", f"The action {shown} is not valid for this web service.")


def _route_rest(http: HttpRequest, names: tuple[str, ...], region: str | None, prefix: str) -> Routed | None:
    query = _parameters(http.query) if http.query else {}
    best: tuple[Found, str] | None = None
    try:
        for name in names:
            path = http.path
            if name == "s3control" and not path.startswith(_S3_CONTROL_PATH):
                continue  # nearly every request of their common signing name is for an object
            if prefix and name == "s3":
                path = f"/{prefix}{path}"  # a bucket in the host is a bucket in the path
            headers = http.headers
            if name == "s3" and "Signature=" in http.query:
                headers = {**presigned.headers_in(http), **headers}
            found = routes_of(models.model(name)).find(http.method, path, query, headers)
            if found is not None and (best is None or found.rank > best[0].rank):
                best = found, name
    except ServiceError as error:
        raise Unroutable(_rest_protocol(names[0]), names[0], error.code, error.message, status=400) from None
    if best is None:
        return None
    found, name = best
    plan = _by_route.get((name, found.operation))
    if plan is None:
        plan = _by_route[name, found.operation] = _plan(name, found.operation, _rest_protocol(name))
    return Routed(plan, http, region, found.labels)


def _parameters(query: str) -> dict[str, str]:
    """The parameters of a query string, decoded; of several with one name the last. What is no UTF-8 is made some."""
    found: dict[str, str] = {}
    for part in query.split("&"):
        if part:
            name, _, value = part.partition("=")
            found[_decoded(name)] = _decoded(value)
    return found


def _decoded(text: str) -> str:
    if "%" not in text and "+" not in text:
        return text
    try:
        return plain(text)
    except ServiceError:
        return unquote(text.replace("+", " "))


def _rest_protocol(service: str) -> str:
    protocols = index().services[service].protocols
    return next(protocol for protocol in protocols if protocol in _REST)

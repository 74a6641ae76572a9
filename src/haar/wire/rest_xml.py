"""The rest-xml protocol: the URI says what, the body is XML (S3, Route 53, CloudFront).

https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NoReturn

from haar.errors import ServiceError
from haar.wire import rest
from haar.wire import text as texts
from haar.wire.faults import Fault, fault_of
from haar.wire.http import HttpReply, HttpRequest
from haar.wire.xml_shapes import (
    Dialect,
    escape,
    extra_members,
    local_name,
    namespace_of,
    parse_document,
    parser,
    renderer,
)

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from haar.catalog.models import ServiceModel
    from haar.wire.eventstream import EventShapes

__all__ = ["RestXmlCodec", "make"]

_DIALECT = Dialect(item="member", name="rest")
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_XML = ("Content-Type", "application/xml")
_EVENTS = ("Content-Type", "application/vnd.amazon.eventstream")
_MALFORMED = "The XML you provided was not well-formed or did not validate against our published schema"

# S3 calls the root of these answers otherwise than their shape, and the models do not say how
# (Amazon S3 API Reference, "Response Syntax" of each operation).
_S3_ROOTS = {
    "CreateMultipartUpload": "InitiateMultipartUploadResult",
    "CompleteMultipartUpload": "CompleteMultipartUploadResult",
    "CreateSession": "CreateSessionResult",
    "DeleteObjects": "DeleteResult",
    "GetBucketAccelerateConfiguration": "AccelerateConfiguration",
    "GetBucketAcl": "AccessControlPolicy",
    "GetBucketCors": "CORSConfiguration",
    "GetBucketLifecycle": "LifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "LifecycleConfiguration",
    "GetBucketLocation": "LocationConstraint",
    "GetBucketLogging": "BucketLoggingStatus",
    "GetBucketNotification": "NotificationConfiguration",
    "GetBucketNotificationConfiguration": "NotificationConfiguration",
    "GetBucketRequestPayment": "RequestPaymentConfiguration",
    "GetBucketTagging": "Tagging",
    "GetBucketVersioning": "VersioningConfiguration",
    "GetBucketWebsite": "WebsiteConfiguration",
    "GetObjectAcl": "AccessControlPolicy",
    "GetObjectAttributes": "GetObjectAttributesResponse",
    "GetObjectTagging": "Tagging",
    "ListBucketAnalyticsConfigurations": "ListBucketAnalyticsConfigurationResult",
    "ListBucketInventoryConfigurations": "ListInventoryConfigurationsResult",
    "ListBucketMetricsConfigurations": "ListMetricsConfigurationsResult",
    "ListBuckets": "ListAllMyBucketsResult",
    "ListDirectoryBuckets": "ListAllMyDirectoryBucketsResult",
    "ListMultipartUploads": "ListMultipartUploadsResult",
    "ListObjectVersions": "ListVersionsResult",
    "ListObjects": "ListBucketResult",
    "ListObjectsV2": "ListBucketResult",
    "ListParts": "ListPartsResult",
}


def _host_id(request_id: str) -> str:
    """S3's second request id: opaque, and here the same for the same request."""
    return b2a_base64(blake2b(request_id.encode(), digest_size=57).digest(), newline=False).decode()


class RestXmlCodec:
    """Reads and writes one operation of a rest-xml service."""

    __slots__ = (
        "_bind",
        "_events_out",
        "_failures",
        "_head",
        "_in",
        "_is_head",
        "_is_s3",
        "_model",
        "_operation",
        "_out",
        "_out_headers",
        "_parse",
        "_render",
        "_root_in",
        "_status",
        "_tail",
    )

    def __init__(self, model: ServiceModel, operation: str) -> None:
        declared = model.operations[operation]
        self._model = model
        self._operation = operation
        self._is_s3 = model.name == "s3"
        self._is_head = declared["http"].get("method") == "HEAD"
        self._status = int(declared["http"].get("responseCode", 200))
        self._in: rest.Layout | None = None
        self._out: rest.Layout | None = None
        self._parse: Callable[[Element], dict[str, Any]] | None = None
        self._render: Callable[[Mapping[str, Any]], str] | None = None
        self._events_out: EventShapes | None = None
        self._failures: dict[str, Callable[[Any], str]] = {}
        self._root_in = ""
        if "input" in declared:
            shape = declared["input"]["shape"]
            place = self._in = rest.layout(model, shape)
            self._bind = rest.bind_request(model, operation, self._unreadable)
            readers = texts.readers(self._misfit)
            if place.payload_kind == "structure":
                traits = place.payload_traits
                self._root_in = str(traits.get("locationName", traits["shape"]))
                self._parse = parser(model, traits["shape"], readers)
            elif not place.payload and place.body:
                self._root_in = str(declared["input"].get("locationName", ""))
                self._parse = parser(model, shape, readers, place.body, f"body/{operation}")
        root = ""
        if "output" in declared:
            shape = declared["output"]["shape"]
            place = self._out = rest.layout(model, shape)
            self._out_headers = rest.bind_reply(model, shape) if place.has_bindings else None
            if place.payload_kind == "eventstream":
                from haar.wire.eventstream import EventShapes  # few operations stream events

                self._events_out = EventShapes(model, place.payload_traits["shape"], "xml")
            elif place.payload_kind == "structure":
                traits = place.payload_traits
                root = str(traits.get("locationName", traits["shape"]))
                self._render = renderer(model, traits["shape"], _DIALECT)
            elif not place.payload and place.body:
                named = declared["output"].get("locationName", shape)
                root = str(_S3_ROOTS.get(operation, named) if self._is_s3 else named)
                self._render = renderer(model, shape, _DIALECT, place.body, f"body/{operation}")
        namespace = namespace_of(model)
        self._head = _DECLARATION + (f'<{root} xmlns="{namespace}">' if namespace else f"<{root}>")
        self._tail = f"</{root}>"

    # --- what does not fit

    def _unreadable(self, text: str, wanted: str) -> NoReturn:
        code = "InvalidArgument" if self._is_s3 else "InvalidInput"
        raise ServiceError(code, f"Value '{text}' can not be read as {wanted}", status=400, fault="sender")

    def _misfit(self, text: str, wanted: str) -> NoReturn:
        raise self._malformed(f"Value '{text}' can not be read as {wanted}")

    def _malformed(self, why: str) -> ServiceError:
        if self._is_s3 or "MalformedXML" in self._model.shapes:
            return ServiceError("MalformedXML", _MALFORMED, status=400, fault="sender")
        if self._model.name == "cloudfront":
            return ServiceError("MalformedInput", why, status=400, fault="sender")
        return ServiceError("InvalidInput", why, status=400, fault="sender")

    # --- reading and writing

    def parse(self, http: HttpRequest, labels: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The request; `labels` are the decoded parts of the path. Raises ServiceError, for S3 MalformedXML."""
        place = self._in
        if place is None:
            return {}
        request: dict[str, Any] = {}
        body = http.body
        if place.payload_kind == "blob":
            if body:
                request[place.payload] = body
        elif place.payload_kind == "string":
            if body:
                try:
                    request[place.payload] = body.decode()
                except UnicodeDecodeError:
                    raise self._malformed("The body is not valid UTF-8") from None
        elif self._parse is not None and body:
            try:
                root = parse_document(body)
                if self._root_in and local_name(root.tag) != self._root_in:
                    raise ValueError(f"the root element is not {self._root_in}")
                value = self._parse(root)
            except (ValueError, RecursionError) as error:
                raise self._malformed(str(error)) from None
            if place.payload:
                request[place.payload] = value
            else:
                request = value
        if place.has_bindings:
            self._bind(http, labels or {}, request)
        return request

    def _ids(self, request_id: str) -> list[tuple[str, str]]:
        if self._is_s3:
            return [("x-amz-request-id", request_id), ("x-amz-id-2", _host_id(request_id))]
        return [("x-amzn-RequestId", request_id)]

    def render(self, reply: Mapping[str, Any] | None, request_id: str) -> HttpReply:
        """The answer to a request."""
        headers = self._ids(request_id)
        place = self._out
        if place is None:
            return HttpReply(self._status, headers, b"")
        reply = reply or {}
        status = self._status
        if place.status_member:
            status = int(reply.get(place.status_member) or status)
        if self._out_headers is not None:
            self._out_headers(reply, headers)
        if rest.STATUS in reply:
            status = int(reply[rest.STATUS])
        if rest.HEADERS in reply:
            headers.extend(reply[rest.HEADERS])
        body: Any = b""
        if self._render is not None:
            value = reply.get(place.payload) if place.payload else reply
            if value is not None:
                body = self._document(value)
                _default(headers, _XML)
        elif self._events_out is not None:
            body = self._events_out.stream(reply.get(place.payload) or ())
            _default(headers, _EVENTS)
        elif place.payload:
            body = reply.get(place.payload, b"")
            if type(body) is str:
                body = body.encode()
        return HttpReply(status, headers, body)

    def _document(self, value: Mapping[str, Any]) -> bytes:
        assert self._render is not None
        if self._is_s3 and self._operation == "GetBucketLocation":
            # the one answer whose root is itself the value
            inside = escape(value.get("LocationConstraint") or "")
        else:
            inside = self._render(value)
        return f"{self._head}{inside}{self._tail}".encode("utf-8", "replace")

    def render_error(self, error: ServiceError, request_id: str) -> HttpReply:
        """The answer to a request that failed; the answer to HEAD has no body, so its code is lost."""
        fault = fault_of(self._model, error)
        headers = [*self._ids(request_id), _XML, *error.headers.items()]
        if self._is_head or fault.status == 304:
            return HttpReply(fault.status, headers, b"")
        extra = extra_members(self._model, fault, error.members, self._failure(fault))
        code, message = escape(fault.code), escape(error.message)
        if self._is_s3:
            body = (
                f"{_DECLARATION}<Error><Code>{code}</Code><Message>{message}</Message>{extra}"
                f"<RequestId>{request_id}</RequestId><HostId>{_host_id(request_id)}</HostId></Error>"
            )
        else:
            namespace = namespace_of(self._model)
            attribute = f' xmlns="{namespace}"' if namespace else ""
            body = (
                f"{_DECLARATION}<ErrorResponse{attribute}><Error>"
                f"<Type>{'Sender' if fault.is_sender else 'Receiver'}</Type><Code>{code}</Code>"
                f"<Message>{message}</Message>{extra}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
            )
        return HttpReply(fault.status, headers, body.encode("utf-8", "replace"))

    def _failure(self, fault: Fault) -> Callable[[Any], str] | None:
        if not fault.modelled:
            return None
        if fault.shape not in self._failures:
            self._failures[fault.shape] = renderer(self._model, fault.shape, _DIALECT)
        return self._failures[fault.shape]


def _default(headers: list[tuple[str, str]], header: tuple[str, str]) -> None:
    """Add a header unless the operation has set it."""
    lower = header[0].lower()
    for name, _ in headers:
        if name.lower() == lower:
            return
    headers.append(header)


def make(model: ServiceModel, operation: str) -> RestXmlCodec:
    """The codec of an operation."""
    return RestXmlCodec(model, operation)

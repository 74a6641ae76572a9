"""The path of a request: route, authenticate, parse, then one transaction that locates, authorizes, runs and records.

Read `Attempt.run` aloud: it is the whole story. Each step returns a more complete value.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from haar.auth.codes import spoken
from haar.auth.principal import Authenticator
from haar.errors import Conflict, HaarError, Refused, ServiceError, StoreFull
from haar.gateway.upload import Upload
from haar.kit.aside import Aside
from haar.kit.audit import request_id
from haar.kit.body import Body
from haar.kit.call import Call, Origin
from haar.kit.perform import admit, perform, record
from haar.kit.wait import Wait
from haar.wire.codec import render_bare_error
from haar.wire.http import Stream
from haar.wire.router import Plan, Routed, Unroutable, route

if TYPE_CHECKING:
    from collections.abc import Callable

    from haar.kit.aside import Begin
    from haar.kit.identity import Principal
    from haar.kit.ports import Ports
    from haar.kit.service import Operation
    from haar.store.transaction import Transaction
    from haar.testing.recorder import Recorder
    from haar.wire.http import HttpReply, HttpRequest

log = logging.getLogger("haar.gateway")

#: How often an operation is run again because another node changed what it read.
CONFLICTS_MAX = 50
#: CloudTrail keeps so much of a user agent (docs: cloudtrail-event-reference-record-contents.html).
AGENT_CHARS_MAX = 1024


class Gateway:
    """Takes requests in, whatever carried them here."""

    def __init__(self, ports: Ports) -> None:
        self.ports = ports
        self.authenticate = Authenticator(ports)
        #: notes (service, operation, status) of every answer, for the coverage page
        self.recorder: Recorder | None = None
        #: has work done beside the loop; None without a loop
        self.begin_work: Begin | None = None
        #: what has been asked for so far: a request's plan -> the room's operation
        self.operations: dict[Plan, Operation] = {}

    def attempt(self, http: HttpRequest) -> Attempt:
        """A request, ready to be run."""
        return Attempt(self, http)


class Attempt:
    """One request. `run` may be called again after a Wait: the caller's identity and parsed request are kept."""

    __slots__ = (
        "aside",
        "call",
        "gateway",
        "http",
        "operation",
        "origin",
        "principal",
        "request",
        "request_id",
        "routed",
        "started",
    )

    def __init__(self, gateway: Gateway, http: HttpRequest) -> None:
        self.gateway = gateway
        self.http = http
        ports = gateway.ports
        self.started = ports.clock.now()
        self.request_id = request_id(ports.ids.bits(74), self.started)
        self.routed: Routed | None = None
        self.principal: Principal | None = None
        self.request: dict[str, Any] | None = None
        self.operation: Operation | None = None
        self.origin: Origin | None = None
        self.call: Call | None = None
        self.aside: Aside | None = None

    def run(self) -> HttpReply:
        """The answer. Raises Wait when the operation is to be run again later; never anything else."""
        try:
            for _ in range(CONFLICTS_MAX):
                try:
                    reply = self._once()
                    break
                except Conflict:
                    continue
            else:
                reply = self._refuse(_BUSY)
        except Wait:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, it has an answer
            reply = self._said(error)
        if self.operation is not None and self.operation.body_member:
            self._drop_body(self.operation)
        if "origin" in self.http.headers:
            self._dress(reply)
        if self.call is not None and self.call.witness is not None:
            self._testify(self.call, reply)
        recorder = self.gateway.recorder
        if recorder is not None and self.routed is not None:
            recorder.note(self.routed.service, self.routed.operation, reply.status)
        return reply

    def _drop_body(self, operation: Operation) -> None:
        """Remove what came in and was not kept: the call was refused, or made something else of it."""
        body = self.http.body if self.request is None else self.request.get(operation.body_member)
        if body.__class__ is Body:
            body.drop_unless_kept(self.gateway.ports.store)

    def _testify(self, call: Call, reply: HttpReply) -> None:
        """Tell whoever asked to hear of the answer, whatever it is."""
        assert call.witness is not None and self.routed is not None
        try:
            with self.gateway.ports.store.transaction() as tx:
                call.tx = tx
                call.witness(call, self.routed.labels, self.http, reply)
        except HaarError:
            log.warning("what request %s was answered could not be written down", self.request_id)

    def _dress(self, reply: HttpReply) -> None:
        """Add what a room says to a browser with any answer: whether the page may read it."""
        routed = self.routed
        if routed is None:
            return
        ports = self.gateway.ports
        try:
            room = ports.room(routed.service)
        except Refused:
            return
        if room.dresser is not None:
            with ports.store.transaction(write=False) as tx:
                reply.headers.extend(room.dresser(tx, self.http, routed.labels))

    def receive(self) -> Upload | None:
        """What takes in a large body still to come, once its head has been authenticated and authorized.

        None for an operation that does not stream: it wants its body whole. Raises ServiceError for what is refused
        before a byte of it is read.
        """
        http = self.http
        try:
            routed = route(http)
        except Unroutable:
            return None  # what is meant may stand in the body
        if not routed.codec.streams:
            return None
        headers = http.headers
        is_chunked = headers.get("x-amz-content-sha256", "").startswith("STREAMING-")
        self.routed = routed
        http.body = None
        tx = self.gateway.ports.store.begin()
        try:
            call, operation = self._begun(tx, routed)
            request = self._parsed(operation, routed)
            length = headers.get("x-amz-decoded-content-length" if is_chunked else "content-length", "")
            if operation.body_length is not None:
                operation.body_length(int(length) if length.isascii() and length.isdigit() else None)
            admit(call, operation, request)
            decoder = self.gateway.authenticate.decoder(tx, http) if is_chunked else None
            check = self.gateway.authenticate.checked_by(http)
        finally:
            tx.abort()
        return Upload(http, self.gateway.ports.blobs, decoder, check)

    def answer_to(self, error: BaseException) -> HttpReply:
        """The answer to a request that failed before it could be run."""
        reply = self._said(error)
        if self.call is not None and self.call.witness is not None:
            self._testify(self.call, reply)
        return reply

    def _said(self, error: BaseException) -> HttpReply:
        """A failure of any kind as an answer; what is nobody's refusal is Haar's own failure, and goes into the log."""
        if isinstance(error, ServiceError):
            return self._refuse(error)
        if isinstance(error, StoreFull):
            return self.lost(error)
        log.error("request %s failed", self.request_id, exc_info=error)
        return self._broken(f"Haar failed at this request; its log has the details under {self.request_id}.")

    def done_aside(self, name: str, work: Callable[[], Any], now: float) -> Any:
        """Have real work of the operation done beside the loop. Raises Wait until it is."""
        if self.aside is None:
            begin = self.gateway.begin_work
            assert begin is not None
            self.aside = Aside(self.request_id, begin)
        return self.aside(name, work, now)

    def lost(self, error: StoreFull) -> HttpReply:
        """The answer when the store has no room for what the operation wrote."""
        if self.operation is not None and self.operation.body_member:
            self._drop_body(self.operation)
        return self._broken(f"The disk under the store is full: {error}")

    def _broken(self, why: str) -> HttpReply:
        error = ServiceError("InternalFailure", why, status=500, fault="server")
        return self._refuse(error if self.routed is None else _spoken(error, self.routed), audit=False)

    def _once(self) -> HttpReply:
        routed = self.routed
        if routed is None:
            routed = self.routed = route(self.http)
        tx = self.gateway.ports.store.begin()
        reply: dict[str, Any] = {}
        try:
            call, operation = self._begun(tx, routed)
            request = self.request
            if request is None:
                request = self._parsed(operation, routed)
                if operation.body_member:
                    request[operation.body_member] = Body.of(self.http.body)
                self.request = request
            reply = perform(call, operation, request)
            rendered: HttpReply = routed.codec.render(reply, self.request_id)
            tx.commit()
        except BaseException:
            tx.abort()
            for member in reply.values():
                if member.__class__ is Stream:
                    member.end()  # it will be sent to nobody
            raise
        return rendered

    def _begun(self, tx: Transaction, routed: Routed) -> tuple[Call, Operation]:
        """The call, by whoever signed it, and the operation it is of."""
        ports = self.gateway.ports
        if self.principal is None:
            self._authenticate(tx, routed)
        principal = self.principal
        assert principal is not None
        assert self.origin is not None
        call = self.call = Call(
            ports, tx, principal, service=routed.service, operation=routed.operation,
            region=routed.region or ports.config.region, origin=self.origin, started=self.started,
            request_id=self.request_id, aside=self.done_aside if self.gateway.begin_work is not None else None,
        )  # fmt: skip
        operation = self.operation
        if operation is None:
            operation = self.operation = self._operation(call, routed)
        if operation.service.is_global:
            call.region = ports.config.region if call.partition != "aws" else "us-east-1"
        if principal.kind == "anonymous" and not operation.admits_anonymous:
            raise _spoken(_UNSIGNED, routed)
        return call, operation

    def _parsed(self, operation: Operation, routed: Routed) -> dict[str, Any]:
        """The request, checked against the model."""
        codec = routed.codec
        room = operation.service
        body = self.http.body
        if body and room.check_body is not None and not operation.body_member:
            room.check_body(operation.name, self.http.headers, body)
        request = codec.parse(self.http, routed.labels)
        codec.validate(request, code=room.validation_error or None, enums=operation.enums, words=room.pattern_words)
        return request

    def _authenticate(self, tx: Transaction, routed: Routed) -> None:
        http = self.http
        headers = http.headers
        self.origin = Origin(
            http.client, headers.get("user-agent", "")[:AGENT_CHARS_MAX], secure=http.scheme == "https",
            host=headers.get("host", ""), path=http.path, referer=headers.get("referer", ""),
            presigned="" if "authorization" in headers else http.query,
        )  # fmt: skip
        try:
            self.principal = self.gateway.authenticate(tx, http, routed.service, routed.region or "")
            if http.body is not None and headers.get("x-amz-content-sha256", "").startswith("STREAMING-"):
                http.body = self.gateway.authenticate.unchunked(tx, http)
        except ServiceError as error:
            raise _spoken(error, routed) from None

    def _operation(self, call: Call, routed: Routed) -> Operation:
        """The room's operation. What is not built is authorized first: a caller who may not do it learns just that."""
        known = self.gateway.operations
        found = known.get(routed.plan)
        if found is not None:
            return found
        try:
            found = known[routed.plan] = call.ports.room(routed.service).bound(routed.operation)
            return found
        except Refused:
            if call.principal.kind == "anonymous":
                raise _spoken(_UNSIGNED, routed) from None
            action = f"{routed.model.signing_name}:{routed.operation}"
            call.ports.guard.authorize(call, action, [("*", None)], None, {})
            raise

    def _refuse(self, error: ServiceError, *, audit: bool = True) -> HttpReply:
        routed = self.routed
        if routed is None:
            guess = "json" if "x-amz-target" in self.http.headers else "query"
            protocol = error.protocol if isinstance(error, Unroutable) else guess
            return render_bare_error(protocol, error, self.request_id)
        if audit and self.principal is not None and self.principal.account:
            self._audit(error)
        try:
            reply: HttpReply = routed.codec.render_error(error, self.request_id)
        except Exception:
            log.exception("the error of request %s could not be said in its own protocol", self.request_id)
            return render_bare_error(routed.protocol, error, self.request_id)
        return reply

    def _audit(self, error: ServiceError) -> None:
        """The failed call's own row, in a transaction of its own: the operation's was rolled back."""
        call = self.call
        if call is None:
            return
        try:
            with self.gateway.ports.store.transaction() as tx:
                call.tx = tx
                record(call, self.operation, self.request, None, error)
        except HaarError:
            log.warning("the audit row of %s could not be written", self.request_id)


_BUSY = ServiceError(
    "ServiceUnavailable", "Too many nodes change the same rows; try again.", status=503, fault="server"
)
_UNSIGNED = ServiceError("MissingAuthenticationToken", "Request is missing Authentication Token", status=403)


def _spoken(error: ServiceError, routed: Routed) -> ServiceError:
    """A refusal of the door itself, in the words of the request's protocol."""
    code, message, status = spoken(error.code, routed.protocol, routed.service)
    query = spoken(error.code, "query", routed.service)
    if "awsQueryCompatible" in routed.model.metadata:
        # formerly query services kept their statuses when they learned json: SQS still answers 403 here
        status = query.status
    return ServiceError(
        code,
        message or error.message,
        status=status or error.status,
        members=error.members,
        query_code=error.query_code or query.code,
        fault=error.fault,
    )

"""A call: who asks, in which account and region, inside which transaction.

An operation asks its `Call` for everything it may not ask the world: time, ids, other services, work for later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from haar.kit.audit import request_id
from haar.kit.identity import Principal
from haar.kit.resource import GlobalResource, Resource, UniqueResource, heading, partition_of
from haar.kit.timer import Reconcile, Task, Timer, pack

if TYPE_CHECKING:
    from haar.kit.ports import Ports
    from haar.record import Record
    from haar.store.transaction import Transaction
    from haar.wire.http import HttpReply, HttpRequest

T = TypeVar("T")
K = TypeVar("K", bound="Resource | GlobalResource | UniqueResource")


class Origin:
    """Where a call came from: the parts of the HTTP request that policies and the audit trail ask about."""

    __slots__ = ("agent", "context", "host", "invoked_by", "path", "presigned", "referer", "secure", "source_ip")

    def __init__(
        self,
        source_ip: str = "",
        agent: str = "",
        *,
        secure: bool = False,
        invoked_by: str = "",
        context: Mapping[str, Any] | None = None,
        host: str = "",
        path: str = "",
        referer: str = "",
        presigned: str = "",
    ) -> None:
        self.source_ip = source_ip
        self.agent = agent
        #: the page that a browser came from, where it said so
        self.referer = referer
        self.secure = secure
        #: the query that carries the signature of a presigned request
        self.presigned = presigned
        #: the host the client addressed (with its port) and the path, for services whose answers or requests use
        #: them; empty for a call from inside
        self.host = host
        self.path = path
        #: the service that makes the call on somebody's behalf, such as `organizations.amazonaws.com`
        self.invoked_by = invoked_by
        #: further condition keys, such as `aws:SourceArn` of a service principal
        self.context = context or {}


class Call:
    """One attempt at one operation."""

    __slots__ = (
        "_aside",
        "account",
        "decision",
        "now",
        "operation",
        "origin",
        "ports",
        "principal",
        "region",
        "request_id",
        "resources",
        "service",
        "started",
        "tx",
        "witness",
    )

    def __init__(
        self,
        ports: Ports,
        tx: Transaction,
        principal: Principal,
        *,
        service: str,
        operation: str,
        region: str,
        origin: Origin,
        started: float | None = None,
        request_id: str = "",
        account: str = "",
        aside: Callable[[str, Callable[[], Any], float], Any] | None = None,
    ) -> None:
        self.ports = ports
        self._aside = aside
        #: The open transaction: get, put, delete, range.
        self.tx = tx
        self.principal = principal
        self.service = service
        self.operation = operation
        #: The account and region the call acts in.
        self.account = account or principal.account
        self.region = region
        self.origin = origin
        #: The virtual instant of this attempt, and of the first one.
        self.now = ports.clock.now()
        self.started = self.now if started is None else started
        self.request_id = request_id or new_request_id(ports, self.started)
        #: (ARN, resource type) pairs the call acted on, for the audit trail.
        self.resources: list[tuple[str, str]] = []
        #: Why the call was denied, if it was.
        self.decision = ""
        #: Is told of the answer to the request, refusals too, in a transaction of its own: (call, labels, http, reply).
        self.witness: Callable[[Call, Mapping[str, str], HttpRequest, HttpReply], None] | None = None

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn` or `aws-us-gov`."""
        return partition_of(self.region)

    def new_id(self) -> str:
        """A new UUID."""
        return self.ports.ids.uuid()

    def get(self, kind: type[K], *own: Any, account: str = "") -> K | None:
        """The resource of the caller's account (and region) with these own key fields, or None."""
        head = heading(kind, account or self.account, self.region)
        return self.tx.get(kind, *head, *own)

    def load(self, kind: type[K], *own: Any, account: str = "") -> K:
        """The same, raising the kind's own not-found error."""
        found = self.get(kind, *own, account=account)
        if found is None:
            head = heading(kind, account or self.account, self.region)
            raise self.error(*kind.missing(*head, *own))
        return found

    def aside(self, name: str, work: Callable[[], T]) -> T:
        """Do what takes long beside the loop: see `haar.kit.aside`. Names tell works of one operation apart."""
        if self._aside is None:
            return work()
        found: T = self._aside(f"{self.service}:{self.operation}:{name}", work, self.now)
        return found

    def error(self, code: str, message: str = "", **options: Any) -> Exception:
        """An error of this service; see `haar.errors.ServiceError` for the options."""
        from haar.errors import ServiceError

        return ServiceError(code, message, **options)

    def later(self, when: float, task: Task) -> str:
        """Do a task at a virtual instant, in a transaction of its own. The answer is the timer's id."""
        return self._schedule(when, task)

    def emit(self, task: Task) -> str:
        """Let something leave this operation (a delivery, an event): done after commit, tried until it succeeds."""
        return self._schedule(self.now, task)

    def reconcile(self, record: Record, when: float | None = None) -> None:
        """Have the reconciler of a record's kind look at it, at once or at an instant."""
        self._schedule(self.now if when is None else when, Reconcile(of=record.__table__, row=list(record.key)))

    def cancel(self, when: float, timer_id: str) -> None:
        """Take back something scheduled with `later`."""
        self.tx.delete(Timer, when, timer_id)

    def _schedule(self, when: float, task: Task) -> str:
        timer_id = self.ports.ids.uuid()
        self.tx.put(
            Timer(
                at=when,
                id=timer_id,
                table=task.__table__,
                payload=pack(task),
                account=self.account,
                region=self.region,
            )
        )
        return timer_id

    def aws(
        self,
        service: str,
        *,
        principal: Principal | None = None,
        account: str = "",
        region: str = "",
        invoked_by: str = "",
        context: Mapping[str, Any] | None = None,
    ) -> ServiceClient:
        """Another service, through its own door: authorized, audited, in this same transaction.

        `principal` defaults to the caller. `call.aws("iam").get_role(RoleName=...)`.
        """
        origin = Origin(
            self.origin.source_ip,
            self.origin.agent,
            secure=self.origin.secure,
            invoked_by=invoked_by or self.origin.invoked_by,
            context=context,
            referer=self.origin.referer,
        )
        return ServiceClient(self, service, principal or self.principal, account, region or self.region, origin)


class ServiceClient:
    """Calls operations of one service from inside another operation."""

    def __init__(
        self, call: Call, service: str, principal: Principal, account: str, region: str, origin: Origin
    ) -> None:
        self._parts = (call, service, principal, account, region, origin)

    def __getattr__(self, snake: str) -> Callable[..., dict[str, Any]]:
        from haar.kit.perform import perform

        call, service, principal, account, region, origin = self._parts
        operation = call.ports.room(service).bound(snake=snake)

        def ask(**request: Any) -> dict[str, Any]:
            inner = Call(
                call.ports,
                call.tx,
                principal,
                service=service,
                operation=operation.name,
                region=region,
                origin=origin,
                account=account,
                aside=call._aside,
            )
            operation.validate(request, enums=operation.enums)
            return perform(inner, operation, request)

        return ask


def new_request_id(ports: Ports, at: float) -> str:
    """A fresh request id for a call that begins at a virtual instant."""
    return request_id(ports.ids.bits(74), at)


def root_of(account: str, partition: str = "aws") -> Principal:
    """The root user of an account, as services use it for work they do inside that account."""
    return Principal(kind="root", account=account, arn=f"arn:{partition}:iam::{account}:root", id=account, name="root")

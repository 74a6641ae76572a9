"""A room declares itself: which operations it has, what they act on, how it speaks.

::

    sqs: Service[api.ErrorCode] = Service("sqs")


    @sqs.names("QueueUrl", Queue)
    def queue_at(call, url): ...  # member value -> primary key


    @sqs.operation
    def delete_queue(call: Call, queue: Queue, request: api.DeleteQueueRequest) -> None:
        call.tx.delete(queue)

The parameter `queue: Queue` is the declaration that the operation acts on a queue: the kit finds the input
member that names one, loads it, authorizes on its ARN, and answers the kind's not-found error.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from haar.errors import Refused, ServiceError
from haar.kit.audit import is_read_only
from haar.kit.page import Paging
from haar.kit.quota import Quota
from haar.kit.resource import GlobalResource, Resource, UniqueResource
from haar.record import Record, on_change

if TYPE_CHECKING:
    from haar.catalog.models import ServiceModel
    from haar.kit.call import Call, ServiceClient
    from haar.kit.timer import Task
    from haar.store.transaction import Transaction
    from haar.wire.http import HttpRequest

E = TypeVar("E", bound=str)
F = TypeVar("F", bound=Callable[..., Any])
Kind = type[Resource] | type[GlobalResource] | type[UniqueResource]
#: (call, value of the naming member or None when it is absent) -> primary key, or the resource itself, or None
Namer = Callable[["Call", Any], "tuple[Any, ...] | Record | None"]


class Operation:
    """One API operation: the function a room wrote, and what was declared about it."""

    __slots__ = (
        "action",
        "admits_anonymous",
        "anonymous",
        "body_length",
        "body_member",
        "creates",
        "data_event",
        "enums",
        "function",
        "keeps_reply",
        "member_of",
        "name",
        "open",
        "paging",
        "partial",
        "read_only",
        "redact",
        "resource",
        "service",
        "snake",
        "targets",
        "token_member",
        "validate",
    )

    def __init__(self, service: Service[Any], function: Callable[..., Any], **declared: Any) -> None:
        self.service = service
        self.function = function
        self.snake = function.__name__.rstrip("_")
        self.name = ""
        self.action: str | Callable[[Call, Mapping[str, Any]], str] | None = declared.get("action")
        self.resource: Callable[[Call, Any], Any] | None = declared.get("resource")
        self.creates: Kind | None = declared.get("creates")
        self.open: bool = declared.get("open", False)
        self.anonymous: bool = declared.get("anonymous", False)
        self.data_event: bool = declared.get("data_event", False)
        self.redact: tuple[str, ...] = declared.get("redact", ())
        self.partial: str = declared.get("partial", "")
        self.keeps_reply: bool = declared.get("keeps_reply", False)
        self.body_length: Callable[[int | None], None] | None = declared.get("body_length")
        self.enums: bool = declared.get("enums", True)
        self.read_only: bool | None = declared.get("read_only")
        self.targets: tuple[Kind, ...] = _targets(function)

    def bind(self, model: ServiceModel) -> None:
        """Complete the declaration from the service's model; done on the operation's first call."""
        from haar.wire.validate import Validator

        service = self.service
        name = model.snake.get(self.snake)
        assert name, f"{service.name} has no operation {self.snake}: is the name the API's, in snake case?"
        described = model.operations[name]
        shape = model.shapes[described["input"]["shape"]] if "input" in described else {}
        members = shape.get("members", {})
        #: the member that is a `Body`, "" for an operation that does not stream
        self.body_member: str = shape.get("payload", "")
        if self.body_member:
            reference = members[self.body_member]
            streaming = reference.get("streaming") or model.shapes[reference["shape"]].get("streaming")
            self.body_member = self.body_member if streaming else ""
        self.member_of: list[tuple[str, Namer, Kind]] = []
        wanted = (self.creates,) if self.creates and not self.targets else self.targets
        for kind in wanted:
            found = next(((m, fn) for m, fn in service.namers.get(kind, {}).items() if m in members), None)
            assert found, f"{service.name}:{name}: no member of {list(members)} is declared to name a {kind.__name__}"
            self.member_of.append((found[0], found[1], kind))
        self.token_member: str = next((m for m, ref in members.items() if ref.get("idempotencyToken")), "")
        paging = model.paginators.get(name)
        size = service.page_sizes.get(self.snake, service.page_size)
        self.paging: Paging | None = None
        if paging:
            self.paging = Paging.of(
                f"{service.name}:{name}", paging, default=size, bad_token=service.bad_token, most=service.page_max
            )
        #: the model's constraints, for calls from inside; the gateway uses the check of the request's protocol
        self.validate = Validator(model, name, model.protocol)
        if self.read_only is None:
            self.read_only = is_read_only(name)
        if self.action is None:
            self.action = f"{service.iam_prefix or model.signing_name}:{name}"
        #: whether an unsigned request can be let in: by the operation's own rule, or by a resource policy
        # (a kind declared `signed=True` has a policy, and its service still takes no unsigned request)
        self.admits_anonymous = self.anonymous or any(
            hasattr(kind, "policy") and not kind.__declared__.get("signed") for kind in self.targets
        )
        self.name = name


class Service(Generic[E]):
    """One AWS service. Its room creates one and hangs everything on it.

    * `name`: botocore's name of the service.
    * `iam_prefix`: the prefix of its IAM actions, where it is not the signing name.
    * `validation_error`: the error code of a broken model constraint, where it is not the protocol's default.
    * `pattern_words`: the service's own sentences for broken patterns of its model, `{member}` standing for the member.
    * `also_raises`: error codes AWS answers and the model does not list.
    * `page_size`: items on a page when the request names no limit; `page_max`: on the largest page, if larger.
    * `check_body`: (operation, headers, body) of a request that does not stream; raises when the last two do not fit.
    * `encoded_denials`: denials carry an encoded authorization message, as EC2's do.
    """

    def __init__(
        self,
        name: str,
        *,
        iam_prefix: str = "",
        validation_error: str = "",
        pattern_words: Mapping[str, str] | None = None,
        also_raises: tuple[str, ...] | list[str] = (),
        page_size: int | None = 1000,
        page_max: int | None = None,
        bad_token: str = "InvalidNextToken",
        encoded_denials: bool = False,
        is_global: bool = False,
        check_body: Callable[[str, Mapping[str, str], bytes], None] | None = None,
    ) -> None:
        self.name = name
        self.check_body = check_body
        self.iam_prefix = iam_prefix
        self.validation_error = validation_error
        self.pattern_words = pattern_words or {}
        self.also_raises = tuple(also_raises)
        self.page_size = page_size
        self.page_max = page_max
        self.page_sizes: dict[str, int] = {}
        self.bad_token = bad_token
        self.encoded_denials = encoded_denials
        self.is_global = is_global
        #: operations by snake-case name
        self.operations: dict[str, Operation] = {}
        #: kind -> member -> namer
        self.namers: dict[Kind, dict[str, Namer]] = {}
        #: task table -> (kind, handler)
        self.tasks: dict[str, tuple[type[Task], Callable[[Call, Any], None]]] = {}
        #: record table -> (kind, reconciler)
        self.reconcilers: dict[str, tuple[type[Record], Callable[[Call, Any], float | None]]] = {}
        #: condition key -> how to find its value in a call
        self.conditions: dict[str, Callable[[Call, Mapping[str, Any], Any], Any]] = {}
        #: what answers to a browser's requests are given besides
        self.dresser: Callable[[Transaction, HttpRequest, Mapping[str, str]], list[tuple[str, str]]] | None = None
        #: removes the rows of an account that do not begin with it
        self.forgetter: Callable[[Transaction, str], None] | None = None
        self.quotas: list[Quota] = []
        self.provides: dict[str, Any] = {}
        #: operations that the room does not write, folded (`createtrail`) -> why
        self.refused: dict[str, str] = {}
        #: tagged kinds: kind -> resource type for tagging APIs
        self.taggable: list[Kind] = []
        #: kind -> how its tags are changed where the service has no operation that adds or removes some
        self.retaggers: dict[Kind, Callable[[ServiceClient, Any, Mapping[str, str]], None]] = {}
        self._bound: dict[str, Operation] = {}

    # -- declarations ------------------------------------------------------------------------------------------

    @overload
    def operation(self, function: F, /) -> F: ...
    @overload
    def operation(
        self,
        *,
        action: str | Callable[[Call, Mapping[str, Any]], str] | None = None,
        resource: Callable[[Call, Any], Any] | None = None,
        creates: Kind | None = None,
        open: bool = False,
        anonymous: bool = False,
        data_event: bool = False,
        redact: tuple[str, ...] = (),
        partial: str = "",
        read_only: bool | None = None,
        enums: bool = True,
        keeps_reply: bool = False,
        body_length: Callable[[int | None], None] | None = None,
    ) -> Callable[[F], F]: ...
    def operation(self, function: Any = None, /, **declared: Any) -> Any:  # type: ignore[misc]
        """Register a function as the operation of its name.

        * `action`: the IAM action, where it is not the operation's name (`"sqs:SendMessage"` for SendMessageBatch).
        * `resource`: (call, request) -> ARN, or a list of ARNs or of (ARN, record) pairs, where no parameter says it.
        * `creates`: the kind that the operation creates: authorized on the ARN it is going to have.
        * `open`: needs no permission (GetCallerIdentity). `anonymous`: needs no signature either.
        * `data_event`: a CloudTrail data event. `redact`: members the audit trail must not keep; a member of a member
          is `"Credentials.SecretAccessKey"`. `keeps_reply`: the trail has the reply though the operation only reads.
        * `body_length`: is told the announced length of a streaming body (None: not announced) before the body is
          read, and raises for one that is too long.
        * `partial`: what is missing, for the coverage page.
        """

        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            operation = Operation(self, function, **declared)
            assert operation.snake not in self.operations, f"{self.name}:{operation.snake} is written twice"
            self.operations[operation.snake] = operation
            return function

        return register(function) if function is not None else register

    def names(self, member: str, kind: Kind) -> Callable[[F], F]:
        """Declare how the value of an input member names a resource of a kind: (call, value) -> primary key."""

        def register(function: F) -> F:
            self.namers.setdefault(kind, {})[member] = function
            return function

        return register

    def named(self, **kinds: Kind) -> None:
        """Declare members whose value is the one own key field: `iam.named(UserName=User, RoleName=Role)`."""
        for member, kind in kinds.items():
            if issubclass(kind, Resource):
                self.namers.setdefault(kind, {})[member] = lambda call, value: (call.account, call.region, value)
            elif issubclass(kind, GlobalResource):
                self.namers.setdefault(kind, {})[member] = lambda call, value: (call.account, value)
            else:
                self.namers.setdefault(kind, {})[member] = lambda call, value: (value,)

    def refuses(self, reason: str, *operations: str) -> None:
        """Declare why operations are not written: a full sentence, said to whoever calls one and on the coverage page.

        Names are the API's or in snake case: `cloudtrail.refuses("A trail needs S3.", "CreateTrail")`.
        """
        assert operations, "refuses takes the names of operations after the reason"
        for name in operations:
            folded = _folded(name)
            assert folded not in self.refused, f"{self.name}:{name} is refused twice"
            self.refused[folded] = reason

    def reason(self, name: str) -> str:
        """Why an operation, by either of its names, is not written; empty when the room does not say."""
        return self.refused.get(_folded(name), "")

    def task(self, kind: type[Task]) -> Callable[[F], F]:
        """Register what to do when a task of a kind is due: (call, task) -> None, a transaction of its own."""

        def register(function: F) -> F:
            self.tasks[kind.__table__] = (kind, function)
            return function

        return register

    def reconciles(self, kind: type[Record]) -> Callable[[F], F]:
        """Register a reconciler: (call, row) -> None when done, or the instant to look again. One bounded step each."""

        def register(function: F) -> F:
            self.reconcilers[kind.__table__] = (kind, function)
            return function

        return register

    def condition(self, name: str) -> Callable[[F], F]:
        """Register a condition key of this service: (call, request, target) -> value, list of values, or None.

        A name that ends in a slash stands for a family of keys, such as `s3:ExistingObjectTag/`: the function then
        answers all of them, as a dict.
        """

        def register(function: F) -> F:
            self.conditions[name.lower()] = function
            return function

        return register

    def retags(self, kind: Kind) -> Callable[[F], F]:
        """Make a kind taggable whose service only replaces all tags at once: (the service, row, all its new tags)."""

        def register(function: F) -> F:
            self.taggable.append(kind)
            self.retaggers[kind] = function
            return function

        return register

    def dresses(self, function: F) -> F:
        """Register what a request with an `Origin` header adds to its answer, an error's too (CORS).

        (transaction to read in, http, labels of the path) -> headers. It authorizes nothing.
        """
        self.dresser = function
        return function

    def forgets(self, function: F) -> F:
        """Register what removes an account's rows of kinds whose first key is not the account.

        (transaction, account); it is called when everything of the account is forgotten, before its other rows go.
        """
        self.forgetter = function
        return function

    def quota(
        self,
        code: str,
        name: str,
        default: float,
        *,
        unit: str = "None",
        adjustable: bool = False,
        is_global: bool = False,
    ) -> Quota:
        """Declare a limit under its Service Quotas code and name."""
        quota = Quota(self.name, code, name, default, unit, adjustable, is_global)
        self.quotas.append(quota)
        return quota

    def provide(self, port: str, implementation: Any) -> None:
        """Offer the implementation of a port (`haar.kit.ports`)."""
        self.provides[port] = implementation

    def tagging(
        self,
        kind: Kind,
        *,
        tag: str = "",
        untag: str = "",
        list: str = "",  # noqa: A002 (the word of the declaration)
        limit: int = 50,
        too_many: str = "",
        invalid: str = "",
    ) -> None:
        """Derive a kind's tag operations (`None` of them where a name is empty) and its place in the tagging APIs."""
        from haar.kit.tagging import derive

        self.taggable.append(kind)
        derive(self, kind, tag=tag, untag=untag, list=list, limit=limit, too_many=too_many, invalid=invalid)

    def on_change(self, kind: type[Record]) -> Callable[[F], F]:
        """`haar.record.on_change`, for rooms."""
        return on_change(kind)  # type: ignore[return-value]

    def error(self, code: E, message: str = "", **options: Any) -> ServiceError:
        """An error of this service. Options: `status`, `members` (of the error shape), `headers`."""
        return ServiceError(code, message, **options)

    # -- use ---------------------------------------------------------------------------------------------------

    @property
    def model(self) -> ServiceModel:
        """The service's model."""
        from haar.catalog.models import model

        return model(self.name)

    def bound(self, name: str = "", *, snake: str = "") -> Operation:
        """The operation of an API name (or of a snake-case one), complete. Raises Refused when it is not built."""
        found = self._bound.get(name or snake)
        if found is not None:
            return found
        model = self.model
        if snake:
            name = model.snake.get(snake, snake)
        else:
            snake = next((s for s, camel in model.snake.items() if camel == name), "")
        operation = self.operations.get(snake)
        if operation is None:
            raise Refused(self.name, name, self.reason(name))
        if not operation.name:
            operation.bind(model)
        self._bound[name] = self._bound[snake] = operation
        return operation


def _folded(name: str) -> str:
    """One spelling for the API's name of an operation and its name in snake case."""
    return name.replace("_", "").lower()


def _targets(function: Callable[..., Any]) -> tuple[Kind, ...]:
    """The resource kinds among a function's parameters, in order."""
    kinds: list[Kind] = []
    scope = vars(sys.modules[function.__module__]) if function.__module__ in sys.modules else {}
    for name, parameter in inspect.signature(function).parameters.items():
        if name in ("call", "request"):
            continue
        annotation = parameter.annotation
        if isinstance(annotation, str):
            annotation = scope.get(annotation) or function.__globals__.get(annotation)
        assert isinstance(annotation, type) and issubclass(annotation, Resource | GlobalResource | UniqueResource), (
            f"{function.__module__}.{function.__name__}: parameter {name} must be annotated with a Resource kind"
        )
        kinds.append(annotation)
    return tuple(kinds)

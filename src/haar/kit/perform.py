"""What surrounds every operation: find what it acts on, ask whether it may, run it, cut the page, keep a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from haar.errors import ServiceError
from haar.kit import tokens
from haar.kit.audit import Event
from haar.kit.body import Body
from haar.kit.page import Page
from haar.kit.resource import arn_pattern
from haar.record import RECORDS, Record

if TYPE_CHECKING:
    from haar.kit.call import Call
    from haar.kit.service import Operation

_HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"


def perform(call: Call, operation: Operation, request: dict[str, Any]) -> dict[str, Any]:
    """Run one operation in the call's open transaction and return its reply.

    Raises ServiceError for what AWS would refuse, and Wait when the operation wants to be run again later.
    """
    if operation.body_member:
        given = request.get(operation.body_member)
        if given is not None and given.__class__ is not Body:
            request = {**request, operation.body_member: Body.of(given)}
    targets = admit(call, operation, request)
    token_member = operation.token_member
    if token_member:
        reply = _once(call, operation, targets, request)
    else:
        reply = finish(operation, request, operation.function(call, *targets, request))
    record(call, operation, request, reply)
    return reply


def admit(call: Call, operation: Operation, request: dict[str, Any]) -> list[Any]:
    """Locate what the operation acts on and authorize it; the targets, in the order of the function's parameters.

    A caller who may not act does not learn whether the target exists: the decision comes first, on the ARN the
    request itself gives.
    """
    targets: list[Any] = []
    missing: tuple[Any, ...] | None = None
    pairs: list[tuple[str, Any]] = []
    resources = call.resources
    for member, namer, kind in operation.member_of:
        place = namer(call, request.get(member))
        if place is None:
            continue
        if isinstance(place, Record):
            found: Any = place
            arn = found.arn
        else:
            found = None if operation.creates is kind and not operation.targets else call.tx.get(kind, *place)
            arn = found.arn if found is not None else kind.arn_for(*place)
            if found is None and missing is None and operation.targets:
                missing = (kind, place)
        targets.append(found)
        pairs.append((arn, found))
        resources.append((arn, kind.__declared__.get("cloudformation", kind.__table__)))
    if operation.resource is not None:
        pairs = _pairs(operation.resource(call, request))
        for pair in pairs:
            one = _kept(call.service, pair[0])
            if one is not None and one not in resources:
                resources.append(one)
    if not operation.open:
        action = operation.action
        assert action is not None
        if not isinstance(action, str):
            action = action(call, request)
        # of several targets the first is what the operation acts on; the others are only named
        asked = pairs[:1] if operation.resource is None else pairs
        call.ports.guard.authorize(call, action, asked, operation, request)
    if missing is not None:
        kind, place = missing
        raise ServiceError(*kind.missing(*place))
    return targets if operation.targets else []


def finish(operation: Operation, request: Mapping[str, Any], outcome: Any) -> dict[str, Any]:
    """Turn what the function returned into the reply: pages are cut, nothing becomes the empty reply."""
    if outcome is None:
        return {}
    if isinstance(outcome, Page):
        assert operation.paging is not None, f"{operation.name} returns a Page, but there is no paginator for it"
        return operation.paging.cut(outcome, request)
    reply: dict[str, Any] = outcome
    return reply


def record(
    call: Call,
    operation: Operation | None,
    request: dict[str, Any] | None,
    reply: dict[str, Any] | None,
    error: ServiceError | None = None,
) -> None:
    """Write the call's audit row."""
    principal = call.principal
    origin = call.origin
    read_only = bool(operation.read_only) if operation else False
    redact = operation.redact if operation else ()
    if operation is not None and operation.body_member and request and operation.body_member in request:
        request = {name: value for name, value in request.items() if name != operation.body_member}
    if redact and request:
        request = _hide(request, redact)
    if operation is not None and (read_only or operation.data_event) and not operation.keeps_reply:
        reply = None
    if redact and reply:
        reply = _hide(reply, redact)
    call.tx.add(
        Event(
            account=call.account, region=call.region, at=call.started, id=call.request_id,
            service=call.service, operation=call.operation,
            principal_kind=principal.kind, principal_arn=principal.arn, principal_id=principal.id,
            principal_account=principal.account, user=principal.session_name or principal.name, issuer=principal.issuer,
            access_key=principal.access_key, session_issued_at=principal.issued_at, mfa=principal.mfa_at is not None,
            source_ip=origin.source_ip, agent=origin.agent, invoked_by=origin.invoked_by,
            read_only=read_only, data=bool(operation and operation.data_event),
            request=request, response=reply, resources=call.resources,
            error=(error.query_code or error.code) if error else "",
            message=error.message if error else "", decision=call.decision,
        )
    )  # fmt: skip


def _hide(members: dict[str, Any], redact: tuple[str, ...]) -> dict[str, Any]:
    """Members without what the audit trail must not keep; `Credentials.SecretAccessKey` is a member of a member."""
    hidden = dict(members)
    for name in redact:
        if name in hidden:
            hidden[name] = _HIDDEN
        elif "." in name:
            outer, _, inner = name.partition(".")
            value = hidden.get(outer)
            if isinstance(value, dict):
                hidden[outer] = _hide(value, (inner,))
    return hidden


def _once(call: Call, operation: Operation, targets: list[Any], request: dict[str, Any]) -> dict[str, Any]:
    member = operation.token_member
    token = request.get(member)
    if not token:
        return finish(operation, request, operation.function(call, *targets, request))
    rest = {name: value for name, value in request.items() if name != member}
    name = f"{call.service}:{operation.name}"
    reply = tokens.seen(call, name, token, rest)
    if reply is None:
        reply = finish(operation, request, operation.function(call, *targets, request))
        tokens.remember(call, name, token, rest, reply)
    return reply


def _kept(service: str, arn: str) -> tuple[str, str] | None:
    """(ARN, type) of what a `resource=` rule named, if it is a thing the service keeps and no pattern of many."""
    if "*" not in arn:
        for matches, name in _kinds(service):
            if matches(arn) is not None:
                return arn, name
    return None


@cache
def _kinds(service: str) -> list[tuple[Callable[[str], object], str]]:
    """What tells the ARNs of a room's kinds of resources, and what each is called in the audit trail.

    All are known once one of the room's operations runs.
    """
    room = service.replace("-", "_") + "."
    kinds = [kind for table, kind in RECORDS.items() if table.startswith(room) and "arn" in kind.__declared__]
    return [(arn_pattern(kind).fullmatch, kind.__declared__.get("cloudformation", kind.__table__)) for kind in kinds]


def _pairs(found: Any) -> list[tuple[str, Any]]:
    if found.__class__ is list and len(found) == 1 and found[0].__class__ is tuple:
        return list(found)
    if isinstance(found, str):
        return [(found, None)]
    if isinstance(found, Record):
        return [(found.arn, found)]  # type: ignore[attr-defined]
    return [one if isinstance(one, tuple) else _pairs(one)[0] for one in found]

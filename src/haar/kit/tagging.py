"""Tags: declared once on a kind, derived into its three operations and into the tagging APIs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from haar.errors import ServiceError
from haar.kit.page import Page
from haar.record import replace

if TYPE_CHECKING:
    from haar.kit.call import Call
    from haar.kit.service import Kind, Service

#: Docs: AWS Tagging Best Practices, tag naming limits and requirements.
KEY_LENGTH_MAX = 128
VALUE_LENGTH_MAX = 256


def tags_in(request: Mapping[str, Any]) -> dict[str, str] | None:
    """The tags a request carries, whichever way its model writes them; None when it carries none."""
    given = request.get("Tags", request.get("tags", request.get("TagList", request.get("TagsList"))))
    return None if given is None else as_dict(given)


def as_dict(given: Any) -> dict[str, str]:
    """Tags as a plain dict, from a map or from a list of Key and Value pairs."""
    if isinstance(given, Mapping):
        return dict(given)
    pairs: Iterable[Mapping[str, str]] = given
    return {_one(pair, "Key", "key", "TagKey"): _one(pair, "Value", "value", "TagValue") for pair in pairs}


def as_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as a list of Key and Value pairs, in the order of their keys."""
    return [{"Key": name, "Value": tags[name]} for name in sorted(tags)]


def check(tags: Mapping[str, str], *, limit: int = 50, too_many: str = "", invalid: str = "") -> None:
    """Refuse tags that AWS would refuse: reserved prefix, too long, too many."""
    for name, value in tags.items():
        if name.lower().startswith("aws:"):
            message = f"Tag keys beginning with aws: are reserved for AWS: {name}"
            raise ServiceError(invalid or "ValidationException", message)
        if not 1 <= len(name) <= KEY_LENGTH_MAX or len(value) > VALUE_LENGTH_MAX:
            raise ServiceError(
                invalid or "ValidationException",
                f"A tag key has 1 to {KEY_LENGTH_MAX} characters and a tag value up to {VALUE_LENGTH_MAX}: {name}",
            )
    if len(tags) > limit:
        message = f"A resource can have up to {limit} tags, and this one would have {len(tags)}."
        raise ServiceError(too_many or "TooManyTagsException", message)


def derive(
    service: Service[Any],
    kind: Kind,
    *,
    tag: str,
    untag: str,
    list: str,  # noqa: A002 (the word of the declaration)
    limit: int,
    too_many: str,
    invalid: str,
) -> None:
    """Make the tag, untag and list operations of a kind."""
    from haar.catalog.models import snake_case

    def tag_resource(call: Call, target: Any, request: Mapping[str, Any]) -> None:
        tags = {**target.tags, **(tags_in(request) or {})}
        check(tags, limit=limit, too_many=too_many, invalid=invalid)
        call.tx.put(replace(target, tags=tags))

    def untag_resource(call: Call, target: Any, request: Mapping[str, Any]) -> None:
        gone = {*request.get("TagKeys", request.get("tagKeys", ()))}
        call.tx.put(replace(target, tags={name: value for name, value in target.tags.items() if name not in gone}))

    def list_tags(call: Call, target: Any, request: Mapping[str, Any]) -> Any:
        model = service.model
        operation = service.bound(snake=snake_case(list))
        output = model.shapes[model.operations[operation.name]["output"]["shape"]]["members"]
        member, described = next((name, ref) for name, ref in output.items() if "tag" in name.lower())
        if model.shapes[described["shape"]]["type"] == "map":
            return {member: dict(target.tags)}
        if operation.paging is not None:
            return Page(as_list(target.tags), mark=lambda pair: pair["Key"])
        return {member: as_list(target.tags)}

    for name, function in ((tag, tag_resource), (untag, untag_resource), (list, list_tags)):
        if name:
            function.__name__ = snake_case(name)
            function.__annotations__ = {"target": kind}
            service.operation(function)


def _one(pair: Mapping[str, str], *names: str) -> str:
    return next((pair[name] for name in names if name in pair), "")


def retag(
    call: Call,
    service: Service[Any],
    kind: Kind,
    target: Any,
    *,
    tags: Mapping[str, str] | None = None,
    gone: Iterable[str] | None = None,
    invoked_by: str = "",
) -> None:
    """Add tags to a resource or take some away, through its own service's operation: authorized, checked, audited.

    Raises what the operation raises, and Refused when the service has no such operation for the kind.
    """
    from haar.errors import Refused
    from haar.kit.call import Call, Origin
    from haar.kit.perform import record

    own = service.retaggers.get(kind)
    if own is not None:
        kept = {name: value for name, value in target.tags.items() if name not in set(gone or ())}
        own(call.aws(service.name, invoked_by=invoked_by), target, {**kept, **(tags or {})})
        return
    verb = "tag_" if gone is None else "untag_"
    verbs = (verb, "add_tags_" if gone is None else "remove_tags_")
    snake = next((s for s, one in service.operations.items() if s.startswith(verbs) and one.targets == (kind,)), None)
    general = f"{verb}resource"
    if snake is None and general not in service.operations:
        raise Refused(service.name, f"{verb}{kind.__name__}")
    operation = service.bound(snake=snake or general)
    described = service.model.operations[operation.name]["input"]["shape"]
    members = service.model.shapes[described]["members"]
    request: dict[str, Any]
    if gone is not None:
        member = next(name for name in members if name.lower() == "tagkeys")
        request = {member: list(gone)}
    else:
        member = next(name for name in members if name.lower() in ("tags", "taglist"))
        request = {member: _in_shape(service, members[member]["shape"], tags or {})}
    if snake is None:
        # one operation for all kinds: its other member names the resource, by its ARN or by its id
        (naming,) = (name for name in members if name != member)
        request[naming] = target.arn if naming.lower().endswith("arn") else target.id
        getattr(call.aws(service.name, invoked_by=invoked_by), general)(**request)
        return
    origin = call.origin
    inner = Call(
        call.ports,
        call.tx,
        call.principal,
        service=service.name,
        operation=operation.name,
        region=call.region,
        origin=Origin(origin.source_ip, origin.agent, secure=origin.secure, invoked_by=invoked_by),
        account=call.account,
    )
    inner.resources.append((target.arn, kind.__declared__.get("cloudformation", kind.__table__)))
    action = operation.action
    assert action is not None
    name = action if isinstance(action, str) else action(inner, request)
    call.ports.guard.authorize(inner, name, [(target.arn, target)], operation, request)
    operation.function(inner, target, request)
    record(inner, operation, request, {})


def _in_shape(service: Service[Any], shape: str, tags: Mapping[str, str]) -> Any:
    """Tags the way a service's model writes them: a map, or a list of pairs with its own member names."""
    model = service.model
    described = model.shapes[shape]
    if described["type"] == "map":
        return dict(tags)
    pair = model.shapes[described["member"]["shape"]]["members"]
    name, value = (next(one for one in pair if one.lower().endswith(word)) for word in ("key", "value"))
    return [{name: tag, value: tags[tag]} for tag in tags]

"""Making, changing and deleting parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from haar.kit import Call, Refused, replace
from haar.services.ssm import due, secure
from haar.services.ssm.operations.settings import default_tier
from haar.services.ssm.operations.tags import checked_tags
from haar.services.ssm.places import asked
from haar.services.ssm.resources import Content, Held, Parameter, Version
from haar.services.ssm.rules import check_name, check_value, policies_in, rescheduled
from haar.services.ssm.service import (
    ADVANCED_PARAMETERS,
    ARN_LENGTH_MAX,
    STANDARD_PARAMETERS,
    VALUE_BYTES_MAX,
    VERSIONS_MAX,
    invalid,
    ssm,
)
from haar.services.ssm.throttle import count_call

if TYPE_CHECKING:
    from haar.shapes import ssm as api

_EXISTS: Final = (
    "The parameter already exists. To overwrite this value, set the overwrite option in the request to true."
)
_TAGS_AND_OVERWRITE: Final = (
    "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove "
    "overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource."
)
_NO_WAY_BACK: Final = (
    "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier "
    "to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a standard "
    "parameter."
)
_OTHER_TYPE: Final = (
    "Parameter Store doesn't support changing a parameter type in a hierarchy. For example, you can't change a "
    "parameter from a String type to a SecureString type. You must create a new, unique parameter."
)
_TOO_MANY: Final = (
    "Parameter limit exceeded: an account has up to {limit} parameters of this tier in a Region. "
    "Delete some, and try again."
)


def _written(call: Call, request: Any) -> tuple[str, Parameter | None]:
    place = (call.account, call.region, request["Name"])
    return Parameter.arn_for(*place), call.tx.get(Parameter, *place)


@ssm.operation(
    resource=lambda call, request: [_written(call, request)],
    redact=("Value",),
    partial="Policies that notify send no event yet; an aws:ec2:image is checked by the form of its id alone.",
)
def put_parameter(call: Call, request: api.PutParameterRequest) -> api.PutParameterResult:
    count_call(call)
    name, tags = request["Name"], request.get("Tags")
    check_name(name)
    arn, old = _written(call, request)
    if len(arn) > ARN_LENGTH_MAX:
        raise invalid(f"The name of a parameter, with its ARN, has up to {ARN_LENGTH_MAX} characters: {arn}")
    if tags and request.get("Overwrite"):
        raise invalid(_TAGS_AND_OVERWRITE)
    if old is not None and not request.get("Overwrite"):
        raise ssm.error("ParameterAlreadyExists", _EXISTS)
    before = old.content if old is not None else None
    content = _content(call, request, arn, before)
    parameter = (
        Parameter(
            account=call.account,
            region=call.region,
            name=name,
            content=content,
            tags=checked_tags(call, request, arn),
            created_at=call.now,
        )
        if old is None
        else replace(old, content=content)
    )
    _check_room(call, content.tier, before)
    _drop_oldest(call, parameter)
    call.tx.put(parameter)
    place = (call.account, call.region, name, content.version)
    call.tx.put(Version(account=place[0], region=place[1], name=place[2], number=place[3], content=content))
    due.schedule(call, parameter)
    return {"Version": content.version, "Tier": content.tier}


def _content(call: Call, request: Any, arn: str, before: Content | None) -> Content:
    """The next version: what the request says, and what it leaves unsaid from the version before."""
    kind = request.get("Type") or (before.type if before else "")
    if not kind:
        raise invalid("A parameter type is required when you create a parameter.")
    if before is not None and kind != before.type:
        raise ssm.error("HierarchyTypeMismatchException", _OTHER_TYPE)
    if request.get("KeyId") and kind != "SecureString":
        raise invalid("KeyId is required for SecureString type parameter only.")
    data_type = _data_type(request, before)
    pattern = request.get("AllowedPattern", before.pattern if before else "")
    value = request["Value"]
    if "Policies" in request:
        policies = policies_in(request["Policies"], call.now)
    else:
        policies = rescheduled(before.policies, call.now) if before else []
    tier = _tier(call, request, before, needs_more=len(value.encode()) > VALUE_BYTES_MAX["Standard"] or bool(policies))
    if policies and tier == "Standard":
        raise invalid("Parameter policies are available to parameters of the advanced-parameter tier only.")
    check_value(value, kind=kind, tier=tier, pattern=pattern, data_type=data_type)
    key_id = ""
    if kind == "SecureString":
        key_id = request.get("KeyId") or (before.key_id if before else secure.MANAGED)
        value = secure.sealed(call, arn, value, key_id, tier)
    return Content(
        version=before.version + 1 if before else 1,
        type=kind,
        value=value,
        changed_at=call.now,
        changed_by=call.principal.arn,
        tier=tier,
        key_id=key_id,
        description=request.get("Description", before.description if before else ""),
        pattern=pattern,
        data_type=data_type,
        policies=policies,
    )


def _data_type(request: Any, before: Content | None) -> str:
    data_type: str = request.get("DataType") or (before.data_type if before else "text")
    if data_type == "aws:ssm:integration":
        raise Refused("ssm", "PutParameter", "Webhook integrations of Automation are not built.")
    if data_type not in ("text", "aws:ec2:image"):
        raise invalid(f"The following data type is not supported: {data_type} (Data type names are all lowercase.)")
    return data_type


def _tier(call: Call, request: Any, before: Content | None, *, needs_more: bool) -> str:
    """Standard or Advanced: as asked for, by the account's setting, or as small as will do."""
    wanted: str = request.get("Tier") or ""
    advanced = before is not None and before.tier == "Advanced"
    if wanted == "Standard" and advanced:
        raise invalid(_NO_WAY_BACK)
    wanted = wanted or ("Advanced" if advanced else default_tier(call))
    if wanted != "Intelligent-Tiering":
        return wanted
    if advanced or needs_more:
        return "Advanced"
    full = before is None and _held(call, "Standard") >= STANDARD_PARAMETERS.value(call)
    return "Advanced" if full else "Standard"


def _held(call: Call, tier: str) -> int:
    held = call.tx.get(Held, call.account, call.region, tier)
    return held.count if held else 0


def _check_room(call: Call, tier: str, before: Content | None) -> None:
    if before is None or before.tier != tier:
        limit = STANDARD_PARAMETERS if tier == "Standard" else ADVANCED_PARAMETERS
        limit.check(call, _held(call, tier) + 1, "ParameterLimitExceeded", _TOO_MANY)


def _drop_oldest(call: Call, parameter: Parameter) -> None:
    """Make room for one version more. Raises ParameterMaxVersionLimitExceeded when the oldest has a label."""
    newest = parameter.content.version
    if newest <= VERSIONS_MAX:
        return
    place = (parameter.account, parameter.region, parameter.name)
    oldest = next(call.tx.range(Version, *place, limit=1), None)
    if oldest is None or newest - oldest.number < VERSIONS_MAX:
        return
    if oldest.number in parameter.labels.values():
        raise ssm.error(
            "ParameterMaxVersionLimitExceeded",
            f"You attempted to create a new version of {parameter.name} by calling the PutParameter API with the "
            f"overwrite flag. Version {oldest.number}, the oldest version, can't be deleted because it has a label "
            "associated with it. Move the label to another version of the parameter, and try again.",
        )
    call.tx.delete(oldest)


@ssm.operation
def delete_parameter(
    call: Call, parameter: Parameter, request: api.DeleteParameterRequest
) -> api.DeleteParameterResult:
    count_call(call)
    due.delete(call, parameter)
    return {}


@ssm.operation(resource=lambda call, request: [asked(call, name) for name in request["Names"]])
def delete_parameters(call: Call, request: api.DeleteParametersRequest) -> api.DeleteParametersResult:
    count_call(call)
    found: dict[str, Parameter | None] = {name: call.get(Parameter, name) for name in request["Names"]}
    for parameter in found.values():
        if parameter is not None:
            due.delete(call, parameter)
    return {
        "DeletedParameters": [name for name, parameter in found.items() if parameter is not None],
        "InvalidParameters": [name for name, parameter in found.items() if parameter is None],
    }

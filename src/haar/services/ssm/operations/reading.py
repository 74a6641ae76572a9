"""Reading parameters: one, several, all below a path, all versions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from haar.kit import Call, Page, ServiceError
from haar.services.ssm import secure
from haar.services.ssm.filters import check_path_filters, label_among, matches_path
from haar.services.ssm.paths import Below
from haar.services.ssm.places import REFERENCE, asked, load, refuse_published, selected
from haar.services.ssm.resources import Content, Parameter, Version
from haar.services.ssm.rules import check_path, split
from haar.services.ssm.service import invalid, ssm
from haar.services.ssm.throttle import count_call

if TYPE_CHECKING:
    from haar.shapes import ssm as api

_ABSENT: Final = frozenset(("ParameterNotFound", "ParameterVersionNotFound"))


@ssm.operation
def get_parameter(call: Call, parameter: Parameter, request: api.GetParameterRequest) -> api.GetParameterResult:
    count_call(call)
    return {"Parameter": _read(call, parameter, request["Name"], decrypt=request.get("WithDecryption", False))}


@ssm.operation(resource=lambda call, request: [asked(call, name) for name in request["Names"]])
def get_parameters(call: Call, request: api.GetParametersRequest) -> api.GetParametersResult:
    count_call(call)
    decrypt = request.get("WithDecryption", False)
    found: list[api.Parameter] = []
    wrong: list[str] = []
    for name in dict.fromkeys(request["Names"]):
        try:
            found.append(_read(call, load(call, name), name, decrypt=decrypt))
        except ServiceError as error:
            if error.code not in _ABSENT:
                raise
            wrong.append(name)
    return {"Parameters": found, "InvalidParameters": wrong}


@ssm.operation(resource=lambda call, request: Parameter.arn_for(call.account, call.region, request["Path"].rstrip("/")))
def get_parameters_by_path(call: Call, request: api.GetParametersByPathRequest) -> Page[Any]:
    count_call(call)
    path, filters = check_path(request["Path"]), request.get("ParameterFilters") or []
    refuse_published(call, path)
    check_path_filters(filters)
    decrypt = request.get("WithDecryption", False)

    def show(parameter: Parameter) -> api.Parameter:
        label = label_among(parameter, filters)
        content = selected(call, parameter, f":{label}") if label else parameter.content
        return _shown(call, parameter, content, decrypt=decrypt)

    return Below(
        call,
        path,
        recursive=request.get("Recursive", False),
        where=lambda parameter: matches_path(parameter, filters),
        show=show,
    )


@ssm.operation
def get_parameter_history(
    call: Call, parameter: Parameter, request: api.GetParameterHistoryRequest
) -> Page[api.ParameterHistory]:
    count_call(call)
    decrypt = request.get("WithDecryption", False)
    labels: dict[int, list[str]] = {}
    for label, number in sorted(parameter.labels.items()):
        labels.setdefault(number, []).append(label)

    def show(version: Version) -> api.ParameterHistory:
        content = version.content
        shown: api.ParameterHistory = {
            "Name": parameter.name,
            "Type": content.type,
            "LastModifiedDate": content.changed_at,
            "LastModifiedUser": content.changed_by,
            "Value": _value(call, parameter, content, decrypt=decrypt),
            "Version": content.version,
            "Labels": labels.get(content.version, []),
            "Tier": content.tier,
            "Policies": policies_shown(content),
            "DataType": content.data_type,
        }
        return _with_options(shown, content)

    place = (parameter.account, parameter.region, parameter.name)
    return Page.of(call.tx, Version, *place, show=show)


# -- how they are shown --------------------------------------------------------------------------------------------


def policies_shown(content: Content) -> list[api.ParameterInlinePolicy]:
    """The policies of a version, as replies show them."""
    return [{"PolicyText": one.text, "PolicyType": one.kind, "PolicyStatus": one.status} for one in content.policies]


def _with_options(shown: api.ParameterHistory, content: Content) -> api.ParameterHistory:
    if content.key_id:
        shown["KeyId"] = content.key_id
    if content.description:
        shown["Description"] = content.description
    if content.pattern:
        shown["AllowedPattern"] = content.pattern
    return shown


def _read(call: Call, parameter: Parameter, name: str, *, decrypt: bool) -> api.Parameter:
    """A parameter as somebody asked for it by name, selector or ARN."""
    content, selector = parameter.content, ""
    if ":" in name:
        selector = split(name)[1]
    if content.version == 0:
        return _secret(call, parameter, selector, decrypt=decrypt)
    if selector:
        content = selected(call, parameter, selector)
    shown = _shown(call, parameter, content, decrypt=decrypt)
    if selector:
        shown["Selector"] = selector
    if parameter.account != call.account:
        shown["Name"] = shown["ARN"]
    return shown


def _shown(call: Call, parameter: Parameter, content: Content, *, decrypt: bool) -> api.Parameter:
    return {
        "Name": parameter.name,
        "Type": content.type,
        "Value": content.value if content.type != "SecureString" else _value(call, parameter, content, decrypt=decrypt),
        "Version": content.version,
        "LastModifiedDate": content.changed_at,
        "ARN": parameter.arn,
        "DataType": content.data_type,
    }


def _value(call: Call, parameter: Parameter, content: Content, *, decrypt: bool) -> str:
    if decrypt and content.type == "SecureString":
        return secure.opened(call, parameter.arn, content)
    return content.value


def _secret(call: Call, parameter: Parameter, selector: str, *, decrypt: bool) -> api.Parameter:
    """A secret of Secrets Manager, read as the caller; the selector is a version's id or stage.

    Source: Systems Manager User Guide, integration-ps-secretsmanager.html.
    """
    if not decrypt:
        raise invalid("WithDecryption flag must be True for retrieving a Secret Manager secret.")
    wanted: dict[str, Any] = {"SecretId": parameter.name[len(REFERENCE) :]}
    if selector:
        wanted["VersionId" if len(selector) == 37 else "VersionStage"] = selector[1:]
    try:
        secret = call.aws("secretsmanager", invoked_by="ssm.amazonaws.com").get_secret_value(**wanted)
    except ServiceError as error:
        if error.code != "ResourceNotFoundException":
            raise
        raise ssm.error(
            "ParameterNotFound",
            "An error occurred (ParameterNotFound) when referencing Secrets Manager: "
            f"Secret {parameter.name} not found.",
        ) from None
    shown: api.Parameter = {
        "Name": parameter.name,
        "Type": "SecureString",
        "Value": secret.get("SecretString", ""),
        "Version": 0,
        "SourceResult": json.dumps({member: _plain(value) for member, value in secret.items()}),
        "LastModifiedDate": secret.get("CreatedDate", call.now),
        "ARN": parameter.arn,
        "DataType": "text",
    }
    if selector:
        shown["Selector"] = selector
    return shown


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    return value

"""The service, its condition keys, and how it says no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Service, ServiceError

if TYPE_CHECKING:
    from haar.shapes import sts as api

    ErrorCode = api.ErrorCode
else:
    ErrorCode = str

sts: Service[ErrorCode | str] = Service(
    "sts",
    also_raises=("AccessDenied", "ExpiredToken", "InvalidClientTokenId", "InvalidParameterValue", "ValidationError"),
)


def denied(message: str) -> ServiceError:
    """AccessDenied, in given words."""
    return sts.error("AccessDenied", message, status=403)


def invalid(message: str) -> ServiceError:
    """ValidationError, in given words."""
    return sts.error("ValidationError", message, status=400)


# -- condition keys --------------------------------------------------------------------------------------------
# Docs: Service Authorization Reference, list_awssecuritytokenservice.html; IAM User Guide,
# reference_policies_iam-condition-keys.html.


def _member(name: str) -> Any:
    return lambda call, request, target: request.get(name)


sts.condition("sts:ExternalId")(_member("ExternalId"))
sts.condition("sts:RoleSessionName")(_member("RoleSessionName"))
sts.condition("sts:SourceIdentity")(_member("SourceIdentity"))
sts.condition("sts:DurationSeconds")(_member("DurationSeconds"))
sts.condition("sts:SigningAlgorithm")(_member("SigningAlgorithm"))


@sts.condition("sts:IdentityTokenAudience")
def _audience(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    return tuple(request.get("Audience", ())) or None


@sts.condition("sts:TransitiveTagKeys")
def _transitive_keys(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    return tuple(request.get("TransitiveTagKeys", ())) or None


@sts.condition("sts:TaskPolicyArn")
def _task_policy(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    return (request.get("TaskPolicyArn") or {}).get("arn")


@sts.condition("sts:AWSServiceName")
def _service_name(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    return call.principal.name if call.principal.kind == "service" else None

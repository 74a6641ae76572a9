"""Mobile push: applications of push services, and the devices they are on. Messages go to the local outbox."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from haar.kit import Call, Page, replace
from haar.services.sns.addresses import everything
from haar.services.sns.resources import PlatformApplication, PlatformEndpoint, by_token
from haar.services.sns.service import invalid, sns

if TYPE_CHECKING:
    from haar.shapes import sns as api

_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,256}")
_PLATFORMS: Final = (
    "ADM", "APNS", "APNS_SANDBOX", "APNS_VOIP", "APNS_VOIP_SANDBOX", "BAIDU", "GCM", "MACOS", "MACOS_SANDBOX", "MPNS",
    "WNS",
)  # fmt: skip
_APPLICATION: Final = frozenset(
    (
        "PlatformCredential", "PlatformPrincipal", "EventEndpointCreated", "EventEndpointDeleted",
        "EventEndpointUpdated", "EventDeliveryFailure", "SuccessFeedbackRoleArn", "FailureFeedbackRoleArn",
        "SuccessFeedbackSampleRate", "ApplePlatformTeamID", "ApplePlatformBundleID",
    )
)  # fmt: skip
#: What is never shown again.
_SECRET: Final = ("PlatformCredential", "PlatformPrincipal")
_ENDPOINT: Final = frozenset(("CustomUserData", "Enabled", "Token"))
_USER_DATA_BYTES_MAX: Final = 2048


@sns.operation(resource=everything, redact=("Attributes",))
def create_platform_application(
    call: Call, request: api.CreatePlatformApplicationInput
) -> api.CreatePlatformApplicationResponse:
    platform, name, given = request["Platform"], request["Name"], dict(request["Attributes"])
    if platform not in _PLATFORMS:
        raise invalid(f"Platform Reason: {platform} is not supported")
    if not _NAME.fullmatch(name):
        raise invalid("Name Reason: must be 1 to 256 letters, digits, underscores, hyphens and periods")
    if not given.get("PlatformCredential"):
        raise invalid("Attributes Reason: missing required attribute PlatformCredential")
    _check(given)
    existing = call.get(PlatformApplication, platform, name)
    application = existing or PlatformApplication(
        account=call.account, region=call.region, platform=platform, name=name, created_at=call.now
    )
    application = call.tx.put(replace(application, attributes={**application.attributes, **given}))
    return {"PlatformApplicationArn": application.arn}


def _check(given: dict[str, str]) -> None:
    unknown = next((name for name in given if name not in _APPLICATION), None)
    if unknown is not None:
        raise invalid(f"Attributes Reason: Invalid attribute name: {unknown}")


@sns.operation(resource=everything)
def get_platform_application_attributes(
    call: Call, application: PlatformApplication, request: api.GetPlatformApplicationAttributesInput
) -> api.GetPlatformApplicationAttributesResponse:
    return {"Attributes": _shown(application)}


def _shown(application: PlatformApplication) -> dict[str, str]:
    kept = {name: value for name, value in application.attributes.items() if name not in _SECRET}
    return {"Enabled": "true", **kept}


@sns.operation(resource=everything, redact=("Attributes",))
def set_platform_application_attributes(
    call: Call, application: PlatformApplication, request: api.SetPlatformApplicationAttributesInput
) -> None:
    given = dict(request["Attributes"])
    _check(given)
    call.tx.put(replace(application, attributes={**application.attributes, **given}))


@sns.operation(resource=everything)
def list_platform_applications(call: Call, request: api.ListPlatformApplicationsInput) -> Page[dict[str, Any]]:
    return Page.of(
        call.tx, PlatformApplication, call.account, call.region,
        show=lambda one: {"PlatformApplicationArn": one.arn, "Attributes": _shown(one)},
    )  # fmt: skip


@sns.operation(resource=everything)
def delete_platform_application(call: Call, request: api.DeletePlatformApplicationInput) -> None:
    place = PlatformApplication.key_of(request["PlatformApplicationArn"])
    if place is None or place[:2] != (call.account, call.region):
        raise invalid("PlatformApplicationArn")
    for endpoint in list(call.tx.range(PlatformEndpoint, *place)):
        call.tx.delete(endpoint)
    call.tx.delete(PlatformApplication, *place)


@sns.operation(resource=everything, redact=("Token",))
def create_platform_endpoint(
    call: Call, application: PlatformApplication, request: api.CreatePlatformEndpointInput
) -> api.CreateEndpointResponse:
    token = request["Token"]
    given = {"Enabled": "true", **(request.get("Attributes") or {})}
    if request.get("CustomUserData"):
        given["CustomUserData"] = request["CustomUserData"]
    _check_endpoint(given)
    if not token or given.get("Token", token) != token:
        raise invalid("Token")
    place = (application.account, application.region, application.platform, application.name)
    existing = next(iter(call.tx.range(by_token, *place, token, limit=1)), None)
    kept = {name: value for name, value in given.items() if name != "Token"}
    if existing is not None:
        if existing.attributes != kept:
            raise invalid(
                f"Token Reason: Endpoint {existing.arn} already exists with the same Token, but different attributes."
            )
        return {"EndpointArn": existing.arn}
    endpoint = PlatformEndpoint(
        account=application.account, region=application.region, platform=application.platform, name=application.name,
        id=call.new_id(), token=token, attributes=kept, created_at=call.now,
    )  # fmt: skip
    call.tx.put(endpoint)
    return {"EndpointArn": endpoint.arn}


def _check_endpoint(given: dict[str, str]) -> None:
    unknown = next((name for name in given if name not in _ENDPOINT), None)
    if unknown is not None:
        raise invalid(f"Attributes Reason: Invalid attribute name: {unknown}")
    if given.get("Enabled", "true").lower() not in ("true", "false"):
        raise invalid("Attributes Reason: Invalid value for attribute Enabled")
    if len(given.get("CustomUserData", "").encode()) > _USER_DATA_BYTES_MAX:
        raise invalid("CustomUserData Reason: must be at most 2048 bytes long in UTF-8 encoding")


@sns.operation(resource=everything)
def get_endpoint_attributes(
    call: Call, endpoint: PlatformEndpoint, request: api.GetEndpointAttributesInput
) -> api.GetEndpointAttributesResponse:
    return {"Attributes": _shown_endpoint(endpoint)}


def _shown_endpoint(endpoint: PlatformEndpoint) -> dict[str, str]:
    return {**endpoint.attributes, "Token": endpoint.token}


@sns.operation(resource=everything, redact=("Attributes",))
def set_endpoint_attributes(call: Call, endpoint: PlatformEndpoint, request: api.SetEndpointAttributesInput) -> None:
    given = dict(request["Attributes"])
    _check_endpoint(given)
    token = given.pop("Token", endpoint.token)
    if "Enabled" in given:
        given["Enabled"] = given["Enabled"].lower()
    call.tx.put(replace(endpoint, token=token, attributes={**endpoint.attributes, **given}))


@sns.operation(resource=everything)
def delete_endpoint(call: Call, request: api.DeleteEndpointInput) -> None:
    place = PlatformEndpoint.key_of(request["EndpointArn"])
    if place is None or place[:2] != (call.account, call.region):
        raise invalid("EndpointArn")
    call.tx.delete(PlatformEndpoint, *place)


@sns.operation(resource=everything)
def list_endpoints_by_platform_application(
    call: Call, application: PlatformApplication, request: api.ListEndpointsByPlatformApplicationInput
) -> Page[dict[str, Any]]:
    place = (application.account, application.region, application.platform, application.name)
    return Page.of(
        call.tx, PlatformEndpoint, *place,
        show=lambda one: {"EndpointArn": one.arn, "Attributes": _shown_endpoint(one)},
    )  # fmt: skip

"""Service-specific credentials: a name and password, or an API key, that is good for one service.

Sources: IAM API Reference, API_CreateServiceSpecificCredential.html; IAM User Guide,
id_credentials_service-specific-creds.html and id_credentials_api_keys_for_aws_services.html.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page, replace
from haar.services.iam import holding
from haar.services.iam.identities import user_by_id
from haar.services.iam.resources import ServiceSpecificCredential, User
from haar.services.iam.service import iam

if TYPE_CHECKING:
    from haar.shapes import iam as api

#: Services that take a name and password, and those that take an API key with its prefix.
PASSWORDS = frozenset({"codecommit.amazonaws.com", "cassandra.amazonaws.com"})
API_KEYS = {"bedrock.amazonaws.com": "ABSK", "logs.amazonaws.com": "ACWL"}
#: Docs: API_CreateServiceSpecificCredential.html.
PER_SERVICE_AND_USER = 2
_DAY = 86_400.0
_SECRETS = ("ServiceSpecificCredential.ServicePassword", "ServiceSpecificCredential.ServiceCredentialSecret")


@iam.operation(redact=_SECRETS)
def create_service_specific_credential(
    call: Call, user: User, request: api.CreateServiceSpecificCredentialRequest
) -> api.CreateServiceSpecificCredentialResponse:
    service, days = request["ServiceName"], request.get("CredentialAgeDays")
    _ensure_supported(service)
    if days is not None and service not in API_KEYS:
        raise iam.error("ValidationError", f"CredentialAgeDays is not valid for {service}.", status=400)
    mine = [row for row in call.tx.range(ServiceSpecificCredential, call.account, user.id) if row.service == service]
    if len(mine) >= PER_SERVICE_AND_USER:
        raise iam.error(
            "LimitExceeded", f"Cannot exceed quota for ServiceSpecificCredentialsPerUser: {PER_SERVICE_AND_USER}"
        )
    taken = {row.service_user_name or row.alias for row in mine}
    first, second = f"{user.name}-at-{call.account}", f"{user.name}+1-at-{call.account}"
    name, alias = second if first in taken else first, ""
    if service in API_KEYS:
        name, alias = "", name
    row = ServiceSpecificCredential(
        account=call.account,
        user=user.id,
        id=call.ports.ids.unique("ACCA"),
        service=service,
        service_user_name=name,
        secret=_secret(call, service, alias),
        alias=alias,
        created_at=call.now,
        expires_at=None if days is None else call.now + days * _DAY,
    )
    call.tx.put(row)
    return {"ServiceSpecificCredential": _shown(call, user, row, secret=True)}  # type: ignore[typeddict-item]


@iam.operation(resource=holding.acting_on)
def list_service_specific_credentials(
    call: Call, request: api.ListServiceSpecificCredentialsRequest
) -> api.ListServiceSpecificCredentialsResponse:
    service = request.get("ServiceName")
    if service is not None:
        _ensure_supported(service)
    prefix: tuple[str, ...] = (call.account,)
    if request.get("AllUsers"):
        if request.get("UserName"):
            raise iam.error("ValidationError", "UserName cannot be given together with AllUsers.", status=400)
    else:
        user = holding.acting_user(call, request)
        prefix = (call.account, call.account if user is None else user.id)

    rows = (row for row in call.tx.range(ServiceSpecificCredential, *prefix) if service in (None, row.service))
    page: Page[ServiceSpecificCredential] = Page(rows, mark=lambda row: f"{row.user}/{row.id}")
    # there is no paginator in the model, so the page is cut here
    found, marker = page.cut(request.get("Marker"), request.get("MaxItems", 100))
    owners = {row.user: user_by_id(call.tx, row.user) for row in found}
    shown = [_shown(call, owner, row) for row in found if (owner := owners[row.user]) is not None]
    reply: dict[str, Any] = {"ServiceSpecificCredentials": shown, "IsTruncated": marker is not None, "Marker": marker}
    return reply  # type: ignore[return-value]


@iam.operation(resource=holding.acting_on, redact=_SECRETS)
def reset_service_specific_credential(
    call: Call, request: api.ResetServiceSpecificCredentialRequest
) -> api.ResetServiceSpecificCredentialResponse:
    user, row = _credential(call, request)
    row = replace(row, secret=_secret(call, row.service, row.alias))
    call.tx.put(row)
    return {"ServiceSpecificCredential": _shown(call, user, row, secret=True)}  # type: ignore[typeddict-item]


@iam.operation(resource=holding.acting_on)
def update_service_specific_credential(call: Call, request: api.UpdateServiceSpecificCredentialRequest) -> None:
    _, row = _credential(call, request)
    if request["Status"] not in ("Active", "Inactive"):
        raise iam.error("InvalidInput", "A credential can be made Active or Inactive.")
    call.tx.put(replace(row, active=request["Status"] == "Active"))


@iam.operation(resource=holding.acting_on)
def delete_service_specific_credential(call: Call, request: api.DeleteServiceSpecificCredentialRequest) -> None:
    call.tx.delete(_credential(call, request)[1])


def _ensure_supported(service: str) -> None:
    if service not in PASSWORDS and service not in API_KEYS:
        raise iam.error(
            "NotSupportedService", f"No such service {service} is supported for Service Specific Credentials"
        )


def _credential(call: Call, request: Any) -> tuple[User, ServiceSpecificCredential]:
    wanted = request["ServiceSpecificCredentialId"]
    user = holding.acting_user(call, request)
    row = call.tx.get(ServiceSpecificCredential, call.account, user.id, wanted) if user is not None else None
    if user is None or row is None:
        raise iam.error("NoSuchEntity", f"No such credential {wanted} exists")
    return user, row


def _secret(call: Call, service: str, alias: str) -> str:
    ids = call.ports.ids
    if service in API_KEYS:
        # an API key carries its own name, so that it can be looked up
        return API_KEYS[service] + base64.b64encode(f"{alias}:{ids.token(44)}".encode()).decode()
    return base64.b64encode(ids.bytes(32)).decode()


def _shown(call: Call, user: User, row: ServiceSpecificCredential, *, secret: bool = False) -> dict[str, Any]:
    expired = row.expires_at is not None and row.expires_at <= call.now
    shown: dict[str, Any] = {
        "UserName": user.name,
        "Status": "Expired" if expired else "Active" if row.active else "Inactive",
        "ServiceUserName": row.service_user_name or None,
        "ServiceCredentialAlias": row.alias or None,
        "CreateDate": row.created_at,
        "ExpirationDate": row.expires_at,
        "ServiceSpecificCredentialId": row.id,
        "ServiceName": row.service,
    }
    if secret:
        shown["ServiceCredentialSecret" if row.alias else "ServicePassword"] = row.secret
    return shown

"""Reading quotas, raising them, and their tags.

Source: Service Quotas API Reference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page, Quota, Record, Service, ServiceError, replace
from haar.kit.quota import QuotaValue
from haar.services.service_quotas.resources import AppliedQuota, Decide, QuotaRequest

if TYPE_CHECKING:
    from haar.shapes import service_quotas as api

    ErrorCode = api.ErrorCode
else:
    ErrorCode = str

quotas: Service[ErrorCode] = Service(
    "service-quotas", page_size=100, page_max=100, bad_token="InvalidPaginationTokenException"
)

#: How long a request is pending, in virtual seconds. Ours: AWS takes minutes to days.
PENDING_SECONDS = 300.0
#: Where the quotas of global services are.
HOME = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


# -- what there is -----------------------------------------------------------------------------------------------


def _is_here(call: Call, quota: Quota) -> bool:
    return not quota.is_global or call.region == HOME[call.partition]


def _declared(call: Call, service: str) -> list[Quota]:
    """A service's quotas that are seen from the call's region, by code. NoSuchResourceException for no service."""
    found: list[Quota] = []
    if service in call.ports.rooms():
        found = sorted(call.ports.room(service).quotas, key=lambda quota: quota.code)
    if not found:
        raise _none("The request failed because the specified service does not exist.")
    return [quota for quota in found if _is_here(call, quota)]


def _find(call: Call, service: str, code: str) -> Quota:
    for quota in _declared(call, service):
        if quota.code == code:
            return quota
    raise _none("The request failed because the specified quota does not exist.")


def _none(message: str) -> ServiceError:
    return quotas.error("NoSuchResourceException", message)


def _full_name(call: Call, service: str) -> str:
    metadata = call.ports.room(service).model.metadata
    return str(metadata.get("serviceFullName") or service)


def _show(call: Call, quota: Quota, *, applied: bool) -> api.ServiceQuota:
    account = call.account if applied else ""
    return {
        "ServiceCode": quota.service,
        "ServiceName": _full_name(call, quota.service),
        "QuotaArn": f"arn:{call.partition}:servicequotas:{call.region}:{account}:{quota.service}/{quota.code}",
        "QuotaCode": quota.code,
        "QuotaName": quota.name,
        "Value": quota.value(call) if applied else quota.default,
        "Unit": quota.unit,
        "Adjustable": quota.adjustable,
        "GlobalQuota": quota.is_global,
        "QuotaAppliedAtLevel": "ACCOUNT",
    }


@quotas.operation
def list_services(call: Call, request: api.ListServicesRequest) -> Page[Any]:
    names = [name for name in call.ports.rooms() if call.ports.room(name).quotas]
    return Page(
        ({"ServiceCode": name, "ServiceName": _full_name(call, name)} for name in names),
        mark=lambda service: service["ServiceCode"],
    )


@quotas.operation
def list_service_quotas(call: Call, request: api.ListServiceQuotasRequest) -> Page[Any]:
    found = _declared(call, request["ServiceCode"])
    code = request.get("QuotaCode")
    if code is not None:
        found = [_find(call, request["ServiceCode"], code)]
    if request.get("QuotaAppliedAtLevel") == "RESOURCE":
        found = []
    return Page((_show(call, quota, applied=True) for quota in found), mark=lambda quota: quota["QuotaCode"])


@quotas.operation
def get_service_quota(call: Call, request: api.GetServiceQuotaRequest) -> api.GetServiceQuotaResponse:
    quota = _find(call, request["ServiceCode"], request["QuotaCode"])
    return {"Quota": _show(call, quota, applied=True)}


@quotas.operation
def list_aws_default_service_quotas(call: Call, request: api.ListAWSDefaultServiceQuotasRequest) -> Page[Any]:
    found = _declared(call, request["ServiceCode"])
    return Page((_show(call, quota, applied=False) for quota in found), mark=lambda quota: quota["QuotaCode"])


@quotas.operation
def get_aws_default_service_quota(
    call: Call, request: api.GetAWSDefaultServiceQuotaRequest
) -> api.GetAWSDefaultServiceQuotaResponse:
    quota = _find(call, request["ServiceCode"], request["QuotaCode"])
    return {"Quota": _show(call, quota, applied=False)}


# -- raising -----------------------------------------------------------------------------------------------------


@quotas.operation(
    resource=lambda call, request: AppliedQuota.arn_for(
        call.account, call.region, request["ServiceCode"], request["QuotaCode"]
    )
)
def request_service_quota_increase(
    call: Call, request: api.RequestServiceQuotaIncreaseRequest
) -> api.RequestServiceQuotaIncreaseResponse:
    quota = _find(call, request["ServiceCode"], request["QuotaCode"])
    desired = request["DesiredValue"]
    if not quota.adjustable:
        raise quotas.error("IllegalArgumentException", f"Quota {quota.code} is not adjustable.")
    if request.get("ContextId") is not None:
        raise quotas.error("IllegalArgumentException", f"Quota {quota.code} has no resource-level values.")
    if desired <= quota.value(call):
        message = "You must provide a quota value greater than the current quota value."
        raise quotas.error("IllegalArgumentException", message)
    if any(row.status == "PENDING" for row in _requests(call, quota.service, quota.code)):
        message = "Only one open service quota increase request is allowed per quota."
        raise quotas.error("ResourceAlreadyExistsException", message)
    row = call.tx.put(
        QuotaRequest(
            account=call.account,
            region=call.region,
            id=call.ports.ids.hex(32) + call.ports.ids.token(8),
            service=quota.service,
            code=quota.code,
            desired=desired,
            requester=json.dumps({"accountId": call.account, "callerArn": call.principal.arn}),
            created_at=call.now,
            updated_at=call.now,
        )
    )
    call.later(call.now + PENDING_SECONDS, Decide(id=row.id))
    return {"RequestedQuota": _show_request(call, row)}


@quotas.task(Decide)
def _decide(call: Call, task: Decide) -> None:
    row: QuotaRequest | None = call.tx.get(QuotaRequest, call.account, call.region, task.id)
    if row is None or row.status != "PENDING":
        return
    quota = _find(call, row.service, row.code)
    region = "" if quota.is_global else call.region
    call.tx.put(QuotaValue(account=call.account, region=region, service=row.service, code=row.code, value=row.desired))
    call.tx.put(replace(row, status="APPROVED", updated_at=call.now))


def _requests(call: Call, service: str | None = None, code: str | None = None) -> Iterator[QuotaRequest]:
    for row in call.tx.range(QuotaRequest, call.account, call.region):
        if service in (None, row.service) and code in (None, row.code):
            yield row


def _show_request(call: Call, row: QuotaRequest) -> api.RequestedServiceQuotaChange:
    quota = _find(call, row.service, row.code)
    return {
        "Id": row.id,
        "ServiceCode": row.service,
        "ServiceName": _full_name(call, row.service),
        "QuotaCode": row.code,
        "QuotaName": quota.name,
        "DesiredValue": row.desired,
        "Status": row.status,
        "Created": row.created_at,
        "LastUpdated": row.updated_at,
        "Requester": row.requester,
        "QuotaArn": AppliedQuota.arn_for(row.account, row.region, row.service, row.code),
        "GlobalQuota": quota.is_global,
        "Unit": quota.unit,
        "QuotaRequestedAtLevel": "ACCOUNT",
    }


@quotas.operation
def get_requested_service_quota_change(
    call: Call, request: api.GetRequestedServiceQuotaChangeRequest
) -> api.GetRequestedServiceQuotaChangeResponse:
    row: QuotaRequest | None = call.tx.get(QuotaRequest, call.account, call.region, request["RequestId"])
    if row is None:
        raise _none("The request failed because the specified request does not exist.")
    return {"RequestedQuota": _show_request(call, row)}


def _history(call: Call, request: Any, service: str | None, code: str | None) -> Page[Any]:
    status = request.get("Status")
    rows = [row for row in _requests(call, service, code) if status in (None, row.status)]
    if request.get("QuotaRequestedAtLevel") == "RESOURCE":
        rows = []
    return Page((_show_request(call, row) for row in rows), mark=lambda row: row["Id"])


@quotas.operation
def list_requested_service_quota_change_history(
    call: Call, request: api.ListRequestedServiceQuotaChangeHistoryRequest
) -> Page[Any]:
    service = request.get("ServiceCode")
    if service is not None:
        _declared(call, service)
    return _history(call, request, service, None)


@quotas.operation
def list_requested_service_quota_change_history_by_quota(
    call: Call, request: api.ListRequestedServiceQuotaChangeHistoryByQuotaRequest
) -> Page[Any]:
    quota = _find(call, request["ServiceCode"], request["QuotaCode"])
    return _history(call, request, quota.service, quota.code)


# -- tags --------------------------------------------------------------------------------------------------------


@quotas.names("ResourceARN", AppliedQuota)
def quota_at(call: Call, arn: str) -> Record:
    """The quota of an ARN: it exists when it is declared, whether it has tags or not."""
    place = AppliedQuota.key_of(arn)
    if place is None or place[0] != call.account or place[1] != call.region:
        raise _none("The specified resource does not exist.")
    _find(call, place[2], place[3])
    stored: AppliedQuota | None = call.tx.get(AppliedQuota, *place)
    return stored or AppliedQuota(
        account=place[0], region=place[1], service=place[2], code=place[3], created_at=call.now
    )


quotas.tagging(
    AppliedQuota,
    tag="TagResource",
    untag="UntagResource",
    list="ListTagsForResource",
    too_many="TooManyTagsException",
    invalid="IllegalArgumentException",
)

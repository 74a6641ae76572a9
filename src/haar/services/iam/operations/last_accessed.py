"""When services were last used: by a user, by whoever has a role, a group or a policy, and in an organization.

The data are the calls this cloud really answered, to a quarter of an hour. A report is complete as soon as it is
asked for, and shows what was known at that moment.
Sources: IAM User Guide, access_policies_last-accessed.html; IAM API Reference,
API_GenerateServiceLastAccessedDetails.html, API_GenerateOrganizationsAccessReport.html.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page, Source, root_of
from haar.services.iam import granted
from haar.services.iam.holders import documents_of, holder_at
from haar.services.iam.identities import default_text, policy_of, role_by_id, user_by_id
from haar.services.iam.organization import view_of
from haar.services.iam.resources import (
    AccessJob,
    Attachment,
    Group,
    Membership,
    Role,
    ServiceAccess,
    User,
    attachments_by_policy,
)
from haar.services.iam.service import iam

if TYPE_CHECKING:
    from haar.shapes import iam as api

_PAGE = 100
#: How far back AWS tracks: 400 days (access_policies_last-accessed.html).
TRACKED_SECONDS = 400 * 86_400.0


# -- whom a report is about ------------------------------------------------------------------------------------


def _sources(call: Call, arn: str) -> list[Source]:
    """The permissions policies of a user (groups included), group, role or policy. Raises NoSuchEntity."""
    tx = call.tx
    holder = holder_at(call, arn)
    if holder is not None:
        return [*documents_of(call, holder)]
    policy = policy_of(tx, arn)
    text = default_text(tx, arn)
    if policy is not None and text is not None and policy.account in ("aws", call.account):
        return [Source(name=arn, text=text)]
    raise iam.error("NoSuchEntity", f"ARN {arn} does not exist.")


def _entities(call: Call, arn: str) -> list[str]:
    """The ids of the users and roles that a report on an ARN counts."""
    tx = call.tx
    holder = holder_at(call, arn)
    if holder is not None:
        return _members(call, holder.id) if isinstance(holder, Group) else [holder.id]
    found: dict[str, None] = {}
    attachment: Attachment
    for attachment in tx.range(attachments_by_policy, arn, call.account):
        if attachment.holder.startswith("AGPA"):
            found |= dict.fromkeys(_members(call, attachment.holder))
        else:
            found[attachment.holder] = None
    return list(found)


def _members(call: Call, group: str) -> list[str]:
    return [member.user for member in call.tx.range(Membership, call.account, group)]


def _entity(call: Call, entity: str) -> User | Role | None:
    return role_by_id(call.tx, entity) if entity.startswith("AROA") else user_by_id(call.tx, entity)


# -- one entity's report ---------------------------------------------------------------------------------------


@iam.operation(resource=lambda call, request: request["Arn"])
def generate_service_last_accessed_details(
    call: Call, request: api.GenerateServiceLastAccessedDetailsRequest
) -> api.GenerateServiceLastAccessedDetailsResponse:
    arn = request["Arn"]
    detailed = request.get("Granularity", "SERVICE_LEVEL") == "ACTION_LEVEL"
    reachable = granted.services(source.text for source in _sources(call, arn))
    entities = _entities(call, arn)
    uses: dict[str, list[ServiceAccess]] = {}
    since = call.now - TRACKED_SECONDS
    for entity in entities:
        for use in call.tx.range(ServiceAccess, call.account, entity):
            if use.at >= since:
                uses.setdefault(use.service, []).append(use)
    found = [_service(call, namespace, uses.get(namespace, []), detailed) for namespace in sorted(reachable)]
    last = {
        namespace: {use.entity: use.at for use in uses[namespace] if not use.action}
        for namespace in uses
        if namespace in reachable
    }
    job = AccessJob(
        account=call.account,
        id=call.new_id(),
        of=arn,
        granularity=request.get("Granularity", "SERVICE_LEVEL"),
        created_at=call.now,
        ready_at=call.now,
        found=json.dumps({"services": found, "entities": entities, "last": last, "by": _asker(call)}).encode(),
    )
    call.tx.put(job)
    return {"JobId": job.id}


def _service(call: Call, namespace: str, uses: list[ServiceAccess], detailed: bool) -> dict[str, Any]:
    whole = [use for use in uses if not use.action]
    shown: dict[str, Any] = {
        "ServiceName": granted.name_of(namespace),
        "ServiceNamespace": namespace,
        "TotalAuthenticatedEntities": len(whole),
    }
    if whole:
        latest = max(whole, key=lambda use: use.at)
        by = _entity(call, latest.entity)
        shown |= {
            "LastAuthenticated": latest.at,
            "LastAuthenticatedEntity": by.arn if by else None,
            "LastAuthenticatedRegion": latest.region,
        }
    if detailed:
        tracked: dict[str, ServiceAccess] = {}
        for use in uses:
            if use.action and (use.action not in tracked or use.at > tracked[use.action].at):
                tracked[use.action] = use
        shown["TrackedActionsLastAccessed"] = [
            {
                "ActionName": name,
                "LastAccessedEntity": by.arn if (by := _entity(call, use.entity)) else None,
                "LastAccessedTime": use.at,
                "LastAccessedRegion": use.region,
            }
            for name, use in sorted(tracked.items())
        ]
    return shown


# AWS decides on the job alone, and a job belongs to whoever asked for it.
@iam.operation
def get_service_last_accessed_details(
    call: Call, request: api.GetServiceLastAccessedDetailsRequest
) -> api.GetServiceLastAccessedDetailsResponse:
    job, found = _job(call, request["JobId"])
    services, marker = Page(found["services"], mark=_namespace).cut(
        request.get("Marker"), request.get("MaxItems", _PAGE)
    )
    shown: dict[str, Any] = {
        **_status(job),
        "JobType": job.granularity,
        "ServicesLastAccessed": services,
        "IsTruncated": marker is not None,
        "Marker": marker,
    }
    return shown  # type: ignore[return-value]


@iam.operation
def get_service_last_accessed_details_with_entities(
    call: Call, request: api.GetServiceLastAccessedDetailsWithEntitiesRequest
) -> api.GetServiceLastAccessedDetailsWithEntitiesResponse:
    job, found = _job(call, request["JobId"])
    namespace = request["ServiceNamespace"]
    if namespace not in [service["ServiceNamespace"] for service in found["services"]]:
        raise iam.error("NoSuchEntity", f"Service {namespace} is not in the report {job.id}.")
    last: Mapping[str, float] = found["last"].get(namespace, {})
    page: Page[str] = Page(sorted(found["entities"]))
    entities, marker = page.cut(request.get("Marker"), request.get("MaxItems", _PAGE))
    shown: dict[str, Any] = {
        **_status(job),
        "EntityDetailsList": [
            {"EntityInfo": _info(row), "LastAuthenticated": last.get(row.id)}
            for entity in entities
            if (row := _entity(call, entity)) is not None
        ],
        "IsTruncated": marker is not None,
        "Marker": marker,
    }
    return shown  # type: ignore[return-value]


def _info(row: User | Role) -> dict[str, str]:
    kind = "USER" if isinstance(row, User) else "ROLE"
    return {"Arn": row.arn, "Name": row.name, "Type": kind, "Id": row.id, "Path": row.path}


def _namespace(service: Mapping[str, Any]) -> str:
    return str(service["ServiceNamespace"])


def _status(job: AccessJob) -> dict[str, Any]:
    return {"JobStatus": "COMPLETED", "JobCreationDate": job.created_at, "JobCompletionDate": job.ready_at}


def _asker(call: Call) -> str:
    return call.principal.issuer or call.principal.arn


def _job(call: Call, wanted: str, *, organizations: bool = False) -> tuple[AccessJob, dict[str, Any]]:
    row = call.tx.get(AccessJob, call.account, wanted)
    found: dict[str, Any] = json.loads(row.found) if row is not None else {}
    if row is None or row.organizations != organizations or found["by"] != _asker(call):
        raise iam.error("NoSuchEntity", f"Job {wanted} cannot be found.")
    return row, found


# -- which policy it was ---------------------------------------------------------------------------------------


@iam.operation(resource=lambda call, request: request["Arn"])
def list_policies_granting_service_access(
    call: Call, request: api.ListPoliciesGrantingServiceAccessRequest
) -> api.ListPoliciesGrantingServiceAccessResponse:
    arn = request["Arn"]
    if ":policy/" in arn:
        raise iam.error("InvalidInput", "The ARN must be that of a user, group or role.", status=400)
    reached = [(source, granted.services((source.text,))) for source in _sources(call, arn)]
    page: Page[str] = Page(sorted(set(request["ServiceNamespaces"])))
    namespaces, marker = page.cut(request.get("Marker"), _PAGE)
    shown: dict[str, Any] = {
        "PoliciesGrantingServiceAccess": [
            {
                "ServiceNamespace": namespace,
                "Policies": [_granting(source) for source, reachable in reached if namespace in reachable],
            }
            for namespace in namespaces
        ],
        "IsTruncated": marker is not None,
        "Marker": marker,
    }
    return shown  # type: ignore[return-value]


def _granting(source: Source) -> dict[str, str]:
    if source.owner:
        kind, _, name = source.owner.partition("/")
        return {
            "PolicyName": source.name.removeprefix("inline:"),
            "PolicyType": "INLINE",
            "EntityType": kind.upper(),
            "EntityName": name,
        }
    return {"PolicyName": source.name.rsplit("/", 1)[1], "PolicyType": "MANAGED", "PolicyArn": source.name}


# -- an organization's report ----------------------------------------------------------------------------------

_SORT = {
    "SERVICE_NAMESPACE_ASCENDING": (lambda service: service["ServiceNamespace"], False),
    "SERVICE_NAMESPACE_DESCENDING": (lambda service: service["ServiceNamespace"], True),
    "LAST_AUTHENTICATED_TIME_ASCENDING": (lambda service: service.get("LastAuthenticatedTime", 0.0), False),
    "LAST_AUTHENTICATED_TIME_DESCENDING": (lambda service: service.get("LastAuthenticatedTime", 0.0), True),
}


@iam.operation(
    resource=lambda call, request: (
        f"arn:{call.partition}:iam::{call.account}:access-report/{request['EntityPath'].strip('/')}"
    )
)
def generate_organizations_access_report(
    call: Call, request: api.GenerateOrganizationsAccessReportRequest
) -> api.GenerateOrganizationsAccessReportResponse:
    view = view_of(call, call.account)
    if view is None or view.management_account != call.account:
        raise iam.error(
            "AccessDenied", "Only the management account of an organization can ask for this report.", status=403
        )
    entity, policy = request["EntityPath"].strip("/"), request.get("OrganizationsPolicyId", "")
    inside = call.aws("organizations", principal=root_of(call.account), invoked_by="iam.amazonaws.com")
    limit = [inside.describe_policy(PolicyId=policy)["Policy"]["Content"]] if policy else None
    reachable: set[str] = set()
    services: dict[str, dict[str, Any]] = {}
    for account, scps in _accounts(call, inside, entity):
        allowed = granted.services(limit) if limit is not None else _within(scps)
        reachable |= allowed
        _add_account(
            call, services, account, f"{entity}/{account}" if not entity.endswith(account) else entity, allowed
        )
    found = [
        services.get(namespace)
        or {"ServiceName": granted.name_of(namespace), "ServiceNamespace": namespace, "TotalAuthenticatedEntities": 0}
        for namespace in sorted(reachable)
    ]
    job = AccessJob(
        account=call.account,
        id=call.new_id(),
        of=entity,
        organizations=True,
        policy=policy,
        created_at=call.now,
        ready_at=call.now,
        found=json.dumps({"services": found, "by": _asker(call)}).encode(),
    )
    call.tx.put(job)
    return {"JobId": job.id}


def _accounts(call: Call, inside: Any, entity: str) -> Iterable[tuple[str, tuple[tuple[Source, ...], ...]]]:
    """The accounts at or below an entity path, with the service control policies in force for each."""
    found, token = False, None
    while True:
        answer = inside.list_accounts(**({"NextToken": token} if token else {}))
        for account in answer["Accounts"]:
            view = view_of(call, account["Id"])
            if view is not None and f"{view.path.strip('/')}/{account['Id']}/".startswith(f"{entity}/"):
                found = True
                yield account["Id"], view.scps
        token = answer.get("NextToken")
        if not token:
            break
    if not found:
        raise iam.error("ValidationError", f"The entity path {entity} does not exist or has no accounts.", status=400)


def _within(scps: tuple[tuple[Source, ...], ...]) -> set[str]:
    """The services that every level of service control policies lets through."""
    reachable = granted.services(('{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}',))
    for level in scps:
        reachable &= granted.services(source.text for source in level)
    return reachable


def _add_account(call: Call, services: dict[str, dict[str, Any]], account: str, path: str, allowed: set[str]) -> None:
    for use in call.tx.range(ServiceAccess, account):
        if use.action or use.service not in allowed or use.at < call.now - TRACKED_SECONDS:
            continue
        shown = services.setdefault(
            use.service,
            {
                "ServiceName": granted.name_of(use.service),
                "ServiceNamespace": use.service,
                "TotalAuthenticatedEntities": 0,
            },
        )
        shown["TotalAuthenticatedEntities"] += 1
        if use.at > shown.get("LastAuthenticatedTime", 0.0):
            shown |= {"Region": use.region, "EntityPath": path, "LastAuthenticatedTime": use.at}


@iam.operation
def get_organizations_access_report(
    call: Call, request: api.GetOrganizationsAccessReportRequest
) -> api.GetOrganizationsAccessReportResponse:
    job, found = _job(call, request["JobId"], organizations=True)
    order, falling = _SORT[request.get("SortKey", "SERVICE_NAMESPACE_ASCENDING")]
    services: list[Any] = sorted(found["services"], key=order, reverse=falling)
    places: Page[int] = Page(range(len(services)))
    try:
        after = int(request["Marker"]) if "Marker" in request else None
    except ValueError:
        raise iam.error(
            "ValidationError", "The pagination token is not valid for this operation.", status=400
        ) from None
    page, marker = places.cut(after, request.get("MaxItems", _PAGE))
    unused = sum(1 for service in services if "LastAuthenticatedTime" not in service)
    shown: dict[str, Any] = {
        **_status(job),
        "NumberOfServicesAccessible": len(services),
        "NumberOfServicesNotAccessed": unused,
        "AccessDetails": [services[place] for place in page],
        "IsTruncated": marker is not None,
        "Marker": None if marker is None else str(marker),
    }
    return shown  # type: ignore[return-value]

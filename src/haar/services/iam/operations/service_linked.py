"""Roles that services make for themselves. Only the service can change one, and deleting one is a task.

Sources: IAM User Guide, using-service-linked-roles.html; IAM API Reference, API_CreateServiceLinkedRole.html,
API_DeleteServiceLinkedRole.html.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Task, replace
from haar.services.iam import describe, service_linked, trust
from haar.services.iam.identities import role_by_id
from haar.services.iam.organization import view_of
from haar.services.iam.resources import Attachment, Role, RoleDeletion, RoleUse, roles_folded, tally
from haar.services.iam.service import ROLES, iam

if TYPE_CHECKING:
    from haar.shapes import iam as api


class DeleteLinked(Task):
    """Carry out a DeleteServiceLinkedRole."""

    account: str
    deletion: str
    role: str


def _role_target(call: Call, request: Any) -> str:
    place = service_linked.place(request["AWSServiceName"], request.get("CustomSuffix", ""))
    path, name = place or (f"/aws-service-role/{request['AWSServiceName']}/", "*")
    return Role.arn_for(call.account, name, path=path)


@iam.operation(resource=_role_target, partial="no permissions policy of the service's hangs on the role")
def create_service_linked_role(
    call: Call, request: api.CreateServiceLinkedRoleRequest
) -> api.CreateServiceLinkedRoleResponse:
    service, suffix = request["AWSServiceName"], request.get("CustomSuffix", "")
    place = service_linked.place(service, suffix)
    if place is None:
        raise iam.error("InvalidInput", f"Service role creation is not supported for {service}.")
    linked = service_linked.LINKED[service]
    if suffix and not linked.suffix:
        raise iam.error("InvalidInput", f"Custom suffix is not allowed for {service}")
    path, name = place
    if next(call.tx.range(roles_folded, call.account, name.lower(), limit=1), None) is not None:
        message = f"Service role name {name} has been taken in this account, please try a different suffix."
        raise iam.error("InvalidInput", message)
    ROLES.check(
        call,
        tally(call.tx, call.account, "Role") + 1,
        "LimitExceeded",
        "Cannot exceed quota for RolesPerAccount: {limit}",
    )
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))
    role = Role(
        account=call.account,
        name=name,
        path=path,
        id=call.ports.ids.unique("AROA"),
        trust=document,
        description=request.get("Description"),
        linked_to=service,
        created_at=call.now,
    )
    trust.refer(call, call.tx.put(role), trust.check(call, document))
    return {"Role": describe.role(role)}


@iam.operation
def delete_service_linked_role(
    call: Call, role: Role, request: api.DeleteServiceLinkedRoleRequest
) -> api.DeleteServiceLinkedRoleResponse:
    if not role.linked_to:
        raise iam.error("InvalidInput", f"The role {role.name} is not a service-linked role.", status=400)
    waiting = next(
        (
            row
            for row in call.tx.range(RoleDeletion, call.account)
            if row.role == role.id and row.status == "NOT_STARTED"
        ),
        None,
    )
    if waiting is not None:
        return {"DeletionTaskId": waiting.id}
    deletion = RoleDeletion(
        account=call.account, id=f"task{role.path}{role.name}/{call.new_id()}", role=role.id, status="NOT_STARTED"
    )
    call.tx.put(deletion)
    call.emit(DeleteLinked(account=call.account, deletion=deletion.id, role=role.id))
    return {"DeletionTaskId": deletion.id}


@iam.task(DeleteLinked)
def delete_linked(call: Call, task: DeleteLinked) -> None:
    """The service is asked whether it still needs the role; then the role goes."""
    row = call.tx.get(RoleDeletion, task.account, task.deletion)
    role = role_by_id(call.tx, task.role)
    if row is None:
        return
    needed = _needed(call, role) if role is not None else ""
    if role is None or needed:
        call.tx.put(replace(row, status="FAILED" if needed else "SUCCEEDED", reason=needed))
        return
    for attachment in list(call.tx.range(Attachment, role.account, role.id)):
        call.tx.delete(attachment)
    trust.forget(call, role)
    call.tx.delete(role)
    call.tx.delete(RoleUse, role.account, role.id)
    trust.renamed(call, role.id, role.arn, role.id)
    call.tx.put(replace(row, status="SUCCEEDED"))


def _needed(call: Call, role: Role) -> str:
    """Why the role cannot go: the service uses it. Empty when it does not."""
    if role.linked_to == "organizations.amazonaws.com":
        view = view_of(call, role.account)
        if view is not None:
            return f"The account is a member of the organization {view.id}."
    return ""


def _task_target(call: Call, request: Any) -> str:
    # task/aws-service-role/SERVICE/ROLE/UUID
    _, _, rest = request["DeletionTaskId"].partition("/")
    return f"arn:{call.partition}:iam::{call.account}:role/{rest.rpartition('/')[0]}"


@iam.operation(resource=_task_target)
def get_service_linked_role_deletion_status(
    call: Call, request: api.GetServiceLinkedRoleDeletionStatusRequest
) -> api.GetServiceLinkedRoleDeletionStatusResponse:
    row = call.tx.get(RoleDeletion, call.account, request["DeletionTaskId"])
    if row is None:
        raise iam.error("NoSuchEntity", f"Deletion task {request['DeletionTaskId']} cannot be found.")
    shown: dict[str, Any] = {"Status": row.status}
    if row.reason:
        shown["Reason"] = {"Reason": row.reason}
    return shown  # type: ignore[return-value]

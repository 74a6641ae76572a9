"""How accounts come into an organization and leave it, whichever operation has it done."""

from __future__ import annotations

import json

from haar.kit import Call, ServiceError, root_of
from haar.services.organizations import managed, tree
from haar.services.organizations.holders import holder
from haar.services.organizations.resources import (
    Account,
    Attachment,
    Delegation,
    Handshake,
    Organization,
    Root,
    Serial,
    handshakes_waiting,
)
from haar.services.organizations.service import ACCOUNTS, DAY, WAIT_DAYS, constraint, organizations

PRINCIPAL = "organizations.amazonaws.com"
_ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
TOO_MANY = "You have exceeded the allowed number of AWS accounts."


def counted(call: Call, organization: Organization) -> int:
    """The accounts that count toward the quota: members of any state, and invitations that wait for an answer."""
    head = (organization.account, organization.id)
    return call.tx.count(Account, *head) + call.tx.count(handshakes_waiting, "INVITE", *head)


def join(
    call: Call, organization: Organization, number: str, method: str, tags: dict[str, str] | None = None
) -> Account:
    """Make an account a member, directly under the root, with the policies every account has."""
    who = holder(call.tx, number)
    account = call.tx.put(
        Account(
            account=organization.account, organization=organization.id, id=number, name=who.name, email=who.email,
            parent=organization.root, method=method, joined_at=call.now, tags=tags or {}, created_at=call.now,
        )
    )  # fmt: skip
    call.tx.put(who)
    attach_first(call, account)
    return account


def leave(call: Call, account: Account) -> None:
    """End a membership: policies are detached, tags of the account in the organization are gone."""
    head = (account.account, account.organization)
    for attachment in list(call.tx.range(Attachment, *head, account.id)):
        call.tx.delete(attachment)
    for delegation in list(call.tx.range(Delegation, *head, account.id)):
        call.tx.delete(delegation)
    for handshake in list(call.tx.range(handshakes_waiting, "APPROVE_ALL_FEATURES", *head, account.id)):
        call.tx.delete(Handshake, *handshake.key)
    call.tx.delete(account)


def ensure_may_leave(call: Call, organization: Organization, account: Account) -> None:
    """Refuse what AWS would refuse of an account that is to leave its organization."""
    if account.id == organization.account:
        raise organizations.error(
            "MasterCannotLeaveOrganizationException",
            "You can't remove a management account from an organization. If you want the management account to become "
            "a member account in another organization, you must first delete the current organization of the "
            "management account.",
        )
    if next(call.tx.range(Delegation, account.account, account.organization, account.id, limit=1), None) is not None:
        raise constraint(
            "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG",
            "You attempted to remove an account that is registered as a delegated administrator for a service "
            "integrated with your organization.",
        )
    if account.method == "CREATED" and call.now < account.joined_at + WAIT_DAYS * DAY:
        raise constraint(
            "WAIT_PERIOD_ACTIVE",
            f"You must wait at least {WAIT_DAYS} days after the account was created before it can be removed.",
        )


def attach_first(call: Call, node: tree.Node, only: str = "") -> None:
    """Attach the policies that everything in an organization has while their types are enabled."""
    head = (node.account, node.organization)
    top = tree.lineage(call.tx, node)[0]
    assert isinstance(top, Root), f"{node.arn} hangs on nothing"
    for kind, policy in managed.FIRST.items():
        if kind in top.policy_types and only in ("", kind):
            attach(call, head, node.id, kind, policy.id)


def attach(call: Call, head: tuple[str, str], target: str, kind: str, policy: str) -> None:
    """Attach a policy behind those that are attached already."""
    serial = call.tx.get(Serial, head[0])
    number = serial.value + 1 if serial is not None else 1
    call.tx.put(Serial(account=head[0], value=number))
    call.tx.put(
        Attachment(account=head[0], organization=head[1], target=target, type=kind, policy=policy, serial=number)
    )


# -- what an account gets in IAM -----------------------------------------------------------------------------------


def make_access_role(call: Call, organization: Organization, number: str, role: str) -> None:
    """The role by which the management account administers an account that it has created."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{organization.account}:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    iam = call.aws("iam", principal=root_of(number), account=number, invoked_by=PRINCIPAL)
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))
    iam.attach_role_policy(RoleName=role, PolicyArn=_ADMINISTRATOR)


def link_role(call: Call, account: str) -> None:
    """The service-linked role of Organizations in an account: made on the caller's own permission, once."""
    principal = call.principal if call.principal.account == account else root_of(account)
    iam = call.aws("iam", principal=principal, account=account, invoked_by=PRINCIPAL)
    try:
        iam.create_service_linked_role(AWSServiceName=PRINCIPAL)
    except ServiceError as error:
        if error.code == "AccessDenied":
            raise organizations.error(
                "AccessDeniedForDependencyException",
                "The operation that you attempted requires you to have the iam:CreateServiceLinkedRole permission, so "
                "that Organizations can create the required service-linked role.",
                members={"Reason": "ACCESS_DENIED_DURING_CREATE_SERVICE_LINKED_ROLE"},
            ) from None
        if error.code != "InvalidInput":  # the role of an earlier membership is still there
            raise


def ensure_room(call: Call, organization: Organization, more: int = 1) -> None:
    """Refuse when the organization would have more accounts than it may."""
    if counted(call, organization) + more > ACCOUNTS.value(call):
        raise constraint("ACCOUNT_NUMBER_LIMIT_EXCEEDED", TOO_MANY)

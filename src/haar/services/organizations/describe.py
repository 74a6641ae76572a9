"""Records as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.kit import Call
from haar.services.organizations import tree
from haar.services.organizations.holders import holder
from haar.services.organizations.resources import (
    Account,
    AccountRequest,
    Handshake,
    Organization,
    Policy,
    Root,
    Unit,
)

if TYPE_CHECKING:
    from haar.shapes import organizations as api

#: `Status` knows fewer words than `State`: what State calls CLOSED it calls SUSPENDED.
_STATUS = {"CLOSED": "SUSPENDED", "PENDING_ACTIVATION": "ACTIVE"}


def organization(call: Call, row: Organization) -> api.Organization:
    """An Organization. AvailablePolicyTypes is what AWS calls deprecated: it always says the same."""
    manager = call.tx.get(Account, row.account, row.id, row.account)
    assert manager is not None, f"{row.arn} has no management account"
    types: list[api.PolicyTypeSummary] = [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]
    return {
        "Id": row.id,
        "Arn": row.arn,
        "FeatureSet": row.features,
        "MasterAccountArn": manager.arn,
        "MasterAccountId": manager.id,
        "MasterAccountEmail": manager.email,
        "AvailablePolicyTypes": types if row.features == "ALL" else [],
    }


def account(call: Call, row: Account) -> api.Account:
    """An Account."""
    return {
        "Id": row.id,
        "Arn": row.arn,
        "Email": row.email,
        "Name": row.name,
        "Status": _STATUS.get(row.state, row.state),
        "State": row.state,
        "Paths": [tree.path(call.tx, row)],
        "JoinedMethod": row.method,
        "JoinedTimestamp": row.joined_at,
    }


def request(row: AccountRequest) -> api.CreateAccountStatus:
    """A CreateAccountStatus."""
    shown: api.CreateAccountStatus = {
        "Id": row.id,
        "AccountName": row.name,
        "State": row.state,
        "RequestedTimestamp": row.requested_at,
    }
    if row.completed_at is not None:
        shown["CompletedTimestamp"] = row.completed_at
    if row.made is not None:
        shown["AccountId"] = row.made
    if row.failure is not None:
        shown["FailureReason"] = row.failure
    return shown


def root(row: Root) -> api.Root:
    """A Root."""
    types: list[api.PolicyTypeSummary] = [{"Type": kind, "Status": "ENABLED"} for kind in row.policy_types]
    return {"Id": row.id, "Arn": row.arn, "Name": "Root", "PolicyTypes": types}


def unit(call: Call, row: Unit) -> api.OrganizationalUnit:
    """An OrganizationalUnit."""
    return {"Id": row.id, "Arn": row.arn, "Name": row.name, "Path": tree.path(call.tx, row)}


def policy_summary(row: Policy) -> api.PolicySummary:
    """A PolicySummary."""
    return {
        "Id": row.id,
        "Arn": row.arn,
        "Name": row.name,
        "Description": row.description,
        "Type": row.type,
        "AwsManaged": row.by_aws,
    }


def policy(row: Policy) -> api.Policy:
    """A Policy."""
    return {"PolicySummary": policy_summary(row), "Content": row.content}


def target(node: tree.Node) -> api.PolicyTargetSummary:
    """A PolicyTargetSummary."""
    kind = {Root: "ROOT", Unit: "ORGANIZATIONAL_UNIT", Account: "ACCOUNT"}[type(node)]
    return {
        "TargetId": node.id,
        "Arn": node.arn,
        "Name": "Root" if isinstance(node, Root) else node.name,
        "Type": kind,
    }


def handshake(call: Call, row: Handshake) -> api.Handshake:
    """A Handshake."""
    parties: list[api.HandshakeParty] = [{"Id": row.organization, "Type": "ORGANIZATION"}]
    if row.to:
        parties.append({"Id": row.to, "Type": row.to_type})
    return {
        "Id": row.id,
        "Arn": row.arn,
        "Parties": parties,
        "State": row.state,
        "RequestedTimestamp": row.requested_at,
        "ExpirationTimestamp": row.expires_at,
        "Action": row.action,
        "Resources": _about(call, row),
    }


def _about(call: Call, row: Handshake) -> list[api.HandshakeResource]:
    email, name = row.sender
    inner: list[api.HandshakeResource] = [
        {"Type": "MASTER_EMAIL", "Value": email},
        {"Type": "MASTER_NAME", "Value": name},
        {"Type": "ORGANIZATION_FEATURE_SET", "Value": row.offer},
    ]
    found: list[api.HandshakeResource] = [{"Type": "ORGANIZATION", "Value": row.organization}]
    if row.action != "ENABLE_ALL_FEATURES":
        found[0]["Resources"] = inner
    if row.to:
        found.append({"Type": row.to_type, "Value": row.to})
        if row.to_type == "ACCOUNT" and row.action == "INVITE":
            found.append({"Type": "EMAIL", "Value": holder(call.tx, row.to).email})
    if row.transfer:
        found.append({"Type": "RESPONSIBILITY_TRANSFER", "Value": row.transfer})
    if row.parent:
        found.append({"Type": "PARENT_HANDSHAKE", "Value": row.parent})
    if row.notes:
        found.append({"Type": "NOTES", "Value": row.notes})
    return found

"""How the room's records look in replies, each as AWS shows it when asked for one, and when listing many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from haar.kit import Call, as_list
from haar.services.iam.identities import role_by_id
from haar.services.iam.resources import (
    AccessKey,
    Group,
    InstanceProfile,
    Policy,
    PolicyVersion,
    Role,
    RoleUse,
    User,
    roles_by_boundary,
    tally,
    users_by_boundary,
)

if TYPE_CHECKING:
    from haar.shapes import iam as api


def encoded(text: str) -> str:
    """A policy document as IAM sends it: percent-encoded (RFC 3986)."""
    return quote(text, safe="")


def boundary(arn: str | None) -> api.AttachedPermissionsBoundary | None:
    """The permissions boundary of a user or role; None when there is none."""
    return None if arn is None else {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}


def user(row: User, *, listed: bool = False) -> api.User:
    """A user; lists show neither tags nor boundary."""
    shown: dict[str, Any] = {
        "Path": row.path,
        "UserName": row.name,
        "UserId": row.id,
        "Arn": row.arn,
        "CreateDate": row.created_at,
        "PasswordLastUsed": row.password_used_at,
    }
    if not listed:
        shown["PermissionsBoundary"] = boundary(row.boundary)
        shown["Tags"] = as_list(row.tags) if row.tags else None
    return shown  # type: ignore[return-value]


def group(row: Group) -> api.Group:
    """A group."""
    shown: dict[str, Any] = {
        "Path": row.path,
        "GroupName": row.name,
        "GroupId": row.id,
        "Arn": row.arn,
        "CreateDate": row.created_at,
    }
    return shown  # type: ignore[return-value]


def role(row: Role, *, call: Call | None = None, listed: bool = False) -> api.Role:
    """A role. With a call its last use is shown; lists show neither that nor tags nor boundary."""
    shown: dict[str, Any] = {
        "Path": row.path,
        "RoleName": row.name,
        "RoleId": row.id,
        "Arn": row.arn,
        "CreateDate": row.created_at,
        "AssumeRolePolicyDocument": encoded(row.trust),
        "Description": row.description,
        "MaxSessionDuration": row.max_session_seconds,
    }
    if not listed:
        shown["PermissionsBoundary"] = boundary(row.boundary)
        shown["Tags"] = as_list(row.tags) if row.tags else None
    if call is not None:
        use = call.tx.get(RoleUse, row.account, row.id)
        shown["RoleLastUsed"] = {"LastUsedDate": use.at, "Region": use.region} if use else {}
    return shown  # type: ignore[return-value]


def instance_profile(call: Call, row: InstanceProfile, *, listed: bool = False) -> api.InstanceProfile:
    """An instance profile with the role in it."""
    inside = role_by_id(call.tx, row.role) if row.role else None
    shown: dict[str, Any] = {
        "Path": row.path,
        "InstanceProfileName": row.name,
        "InstanceProfileId": row.id,
        "Arn": row.arn,
        "CreateDate": row.created_at,
        "Roles": [role(inside, listed=True)] if inside else [],
    }
    if not listed:
        shown["Tags"] = as_list(row.tags) if row.tags else None
    return shown  # type: ignore[return-value]


def policy(call: Call, row: Policy, *, listed: bool = False) -> api.Policy:
    """A managed policy, with how often the caller's account uses it; lists show neither tags nor description."""
    shown: dict[str, Any] = {
        "PolicyName": row.name,
        "PolicyId": row.id,
        "Arn": row.arn,
        "Path": row.path,
        "DefaultVersionId": f"v{row.default_version}",
        "AttachmentCount": attachments(call, row),
        "PermissionsBoundaryUsageCount": boundary_uses(call, row),
        "IsAttachable": True,
        "CreateDate": row.created_at,
        "UpdateDate": row.updated_at,
    }
    if not listed:
        shown["Description"] = row.description
        shown["Tags"] = as_list(row.tags)
    return shown  # type: ignore[return-value]


def attachments(call: Call, row: Policy) -> int:
    """To how many users, groups and roles of the caller's account a managed policy is attached."""
    return tally(call.tx, call.account, f"attached/{row.arn}")


def boundary_uses(call: Call, row: Policy) -> int:
    """For how many users and roles of the caller's account a managed policy is the boundary."""
    return call.tx.count(users_by_boundary, row.arn, call.account) + call.tx.count(
        roles_by_boundary, row.arn, call.account
    )


def version(row: Policy, number: int, created_at: float, text: str | None) -> api.PolicyVersion:
    """A version of a managed policy; with its document unless listed."""
    shown: dict[str, Any] = {
        "Document": None if text is None else encoded(text),
        "VersionId": f"v{number}",
        "IsDefaultVersion": number == row.default_version,
        "CreateDate": created_at,
    }
    return shown  # type: ignore[return-value]


def stored_version(row: Policy, stored: PolicyVersion, *, listed: bool = False) -> api.PolicyVersion:
    """A version as it is stored."""
    return version(row, stored.number, stored.created_at, None if listed else stored.text)


def access_key(row: AccessKey, user_name: str | None) -> api.AccessKeyMetadata:
    """An access key without its secret."""
    shown: dict[str, Any] = {
        "UserName": user_name,
        "AccessKeyId": row.id,
        "Status": "Active" if row.active else "Inactive",
        "CreateDate": row.created_at,
    }
    return shown  # type: ignore[return-value]

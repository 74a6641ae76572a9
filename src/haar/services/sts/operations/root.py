"""AssumeRoot: a member account's root user for one task, from the organization's management account.

The tasks are AWS's own; their policies are written here in our words. A session can do its task and nothing else.
Source: STS API Reference, API_AssumeRoot.html; IAM User Guide, id_root-user-privileged-task.html and
security-iam-awsmanpol.html (the policies of path `root-task/`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, epoch, root_of
from haar.services.sts.service import denied, invalid, sts
from haar.services.sts.sessions import credentials

if TYPE_CHECKING:
    from haar.kit.ports import OrganizationView
    from haar.shapes import sts as api

SECONDS_MAX = 900
_PREFIX = ":iam::aws:policy/root-task/"

#: What each task may do, by the name of its policy.
TASKS: Mapping[str, tuple[str, ...]] = {
    "IAMAuditRootUserCredentials": (
        "iam:GetAccountSummary", "iam:GetAccessKeyLastUsed", "iam:GetLoginProfile", "iam:GetUser",
        "iam:ListAccessKeys", "iam:ListMFADevices", "iam:ListSigningCertificates",
    ),
    "IAMCreateRootUserPassword": ("iam:CreateLoginProfile", "iam:GetLoginProfile"),
    "IAMDeleteRootUserCredentials": (
        "iam:DeactivateMFADevice", "iam:DeleteAccessKey", "iam:DeleteLoginProfile", "iam:DeleteSigningCertificate",
        "iam:DeleteVirtualMFADevice", "iam:GetAccessKeyLastUsed", "iam:GetAccountSummary", "iam:GetLoginProfile",
        "iam:GetUser", "iam:ListAccessKeys", "iam:ListMFADevices", "iam:ListSigningCertificates",
    ),
    "S3UnlockBucketPolicy": (
        "s3:DeleteBucketPolicy", "s3:GetBucketPolicy", "s3:ListAllMyBuckets", "s3:PutBucketPolicy",
    ),
    "SQSUnlockQueuePolicy": (
        "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueues", "sqs:SetQueueAttributes",
    ),
}  # fmt: skip


def _target(request: Mapping[str, Any]) -> str:
    """The account of an account number or of a root user's ARN."""
    wanted: str = request["TargetPrincipal"]
    if wanted.isdecimal() and len(wanted) == 12:
        return wanted
    parts = wanted.split(":", 5)
    if len(parts) == 6 and parts[2] == "iam" and parts[5] == "root":
        return parts[4]
    raise invalid(f"{wanted} is invalid")


class _Member:
    """The member account's root user, as something for the caller's own account to decide on.

    The member account does not have to agree: being in the organization is enough.
    """

    def __init__(self, account: str) -> None:
        self.account = account


def _asked(call: Call, request: Mapping[str, Any]) -> list[tuple[str, _Member]]:
    if call.principal.kind == "root":
        raise denied("AssumeRoot may not be called by root accounts.")
    return [(_root(call, request), _Member(call.account))]


def _root(call: Call, request: Mapping[str, Any]) -> str:
    return f"arn:{call.partition}:iam::{_target(request)}:root"


def _view(call: Call, account: str) -> OrganizationView | None:
    if not epoch(call.tx, "organizations"):
        return None
    found: OrganizationView | None = call.ports.port("organizations").view(call.tx, account)
    return found


def _is_administrator(call: Call, management: str) -> bool:
    """Whether the caller's account is the management account or its delegated administrator for IAM."""
    if call.account == management:
        return True
    organizations = call.aws("organizations", principal=root_of(management), account=management)
    listed = organizations.list_delegated_administrators(ServicePrincipal="iam.amazonaws.com")
    return any(account["Id"] == call.account for account in listed["DelegatedAdministrators"])


@sts.operation(resource=_asked, read_only=True, keeps_reply=True, redact=("Credentials.SecretAccessKey",))
def assume_root(call: Call, request: api.AssumeRootRequest) -> api.AssumeRootResponse:
    arn = _root(call, request)
    account, name = _target(request), request["TaskPolicyArn"].get("arn", "")
    task = TASKS.get(name.partition(_PREFIX)[2])
    if task is None:
        raise invalid(f"{name} is not a task policy.")
    seconds = request.get("DurationSeconds", SECONDS_MAX)
    ours, theirs = _view(call, call.account), _view(call, account)
    if ours is None or theirs is None or ours.id != theirs.id or account == ours.management_account:
        raise denied("The target principal is not a member account of your organization.")
    if not _is_administrator(call, ours.management_account):
        raise denied("Only the management account or a delegated administrator for IAM can call AssumeRoot.")
    if "RootSessions" not in call.ports.port("identities").root_features(call.tx, ours.management_account):
        raise denied("Privileged root sessions are not enabled in your organization.")
    statement = {"Effect": "Allow", "Action": list(task), "Resource": "*"}
    source_identity = call.principal.source_identity
    reply = credentials(
        call,
        request,
        seconds,
        kind="user",
        account=account,
        arn=arn,
        issuer=arn,
        id=account,
        name="root",
        policies=(json.dumps({"Version": "2012-10-17", "Statement": [statement]}),),
        source_identity=source_identity,
    )
    if source_identity:
        reply["SourceIdentity"] = source_identity
    return reply  # type: ignore[return-value]

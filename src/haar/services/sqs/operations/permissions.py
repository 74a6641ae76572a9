"""AddPermission and RemovePermission: the queue policy, one statement at a time."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from haar.kit import Call, replace
from haar.services.sqs.resources import Queue
from haar.services.sqs.service import invalid, needed, sqs

if TYPE_CHECKING:
    from haar.shapes import sqs as api

_LABEL = re.compile(r"[A-Za-z0-9_-]{1,80}")
_ACCOUNT = re.compile(r"\d{12}")
#: What can be shared by AddPermission (docs: API reference, AddPermission, Actions).
_SHARED = frozenset(
    (
        "*",
        "SendMessage",
        "ReceiveMessage",
        "DeleteMessage",
        "ChangeMessageVisibility",
        "GetQueueAttributes",
        "GetQueueUrl",
    )
)
# docs: API reference, AddPermission: at most seven actions; quotas-policies.html: 20 statements, 50 principals
_ACTIONS_MAX = 7
_STATEMENTS_MAX = 20
_PRINCIPALS_MAX = 50


@sqs.operation
def add_permission(call: Call, queue: Queue, request: api.AddPermissionRequest) -> None:
    label: str = needed(request, "Label")
    accounts: list[str] = needed(request, "AWSAccountIds")
    actions: list[str] = needed(request, "Actions")
    if not _LABEL.fullmatch(label):
        raise invalid(
            label, "Label", "It can only include alphanumeric characters, hyphens and underscores. 1 to 80 in length."
        )
    if not accounts:
        raise sqs.error("MissingParameter", "The request must contain the parameter PrincipalId.")
    if not actions:
        raise sqs.error("MissingParameter", "The request must contain the parameter Actions.")
    if len(actions) > _ACTIONS_MAX:
        raise sqs.error("OverLimit", f"{len(actions)} Actions were found, maximum allowed is {_ACTIONS_MAX}.")
    if len(accounts) > _PRINCIPALS_MAX:
        raise sqs.error("OverLimit", f"{len(accounts)} Principals were found, maximum allowed is {_PRINCIPALS_MAX}.")
    for action in actions:
        if action not in _SHARED:
            raise invalid(f"SQS:{action}", "ActionName", "Only the queue owner is allowed to invoke this action.")
    for account in accounts:
        if not _ACCOUNT.fullmatch(account):
            raise invalid(str(accounts), "PrincipalId", "Unable to verify.")
    policy = _policy_of(queue)
    statements = policy["Statement"]
    if any(statement.get("Sid") == label for statement in statements):
        raise invalid(label, "Label", "Already exists.")
    if len(statements) >= _STATEMENTS_MAX:
        raise sqs.error("OverLimit", f"A queue policy can have up to {_STATEMENTS_MAX} statements.")
    roots = [f"arn:{queue.partition}:iam::{account}:root" for account in accounts]
    spelled = [f"SQS:{action}" for action in actions]
    statements.append(
        {
            "Sid": label,
            "Effect": "Allow",
            "Principal": {"AWS": roots[0] if len(roots) == 1 else roots},
            "Action": spelled[0] if len(spelled) == 1 else spelled,
            "Resource": queue.arn,
        }
    )
    _keep(call, queue, policy)


@sqs.operation
def remove_permission(call: Call, queue: Queue, request: api.RemovePermissionRequest) -> None:
    label: str = needed(request, "Label")
    policy = _policy_of(queue)
    left = [statement for statement in policy["Statement"] if statement.get("Sid") != label]
    if len(left) == len(policy["Statement"]):
        raise invalid(label, "Label", "can't find label on existing policy.")
    _keep(call, queue, {**policy, "Statement": left} if left else None)


def _policy_of(queue: Queue) -> dict[str, Any]:
    """The queue's policy, its statements as a list; a new one where there is none."""
    if not queue.policy:
        return {"Version": "2008-10-17", "Id": f"{queue.arn}/SQSDefaultPolicy", "Statement": []}
    policy: dict[str, Any] = json.loads(queue.policy)
    statements = policy["Statement"]
    return {**policy, "Statement": list(statements) if isinstance(statements, list) else [statements]}


def _keep(call: Call, queue: Queue, policy: dict[str, Any] | None) -> None:
    text = json.dumps(policy, separators=(",", ":")) if policy else ""
    call.tx.put(replace(queue, policy=text, changed_at=call.now))

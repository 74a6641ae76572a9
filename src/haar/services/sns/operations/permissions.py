"""AddPermission and RemovePermission: the topic policy, one statement at a time."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from haar.kit import Call, replace
from haar.services.sns.attributes import OWN_ACTIONS
from haar.services.sns.resources import Topic
from haar.services.sns.service import invalid, sns

if TYPE_CHECKING:
    from haar.shapes import sns as api

_LABEL = re.compile(r"[A-Za-z0-9_-]{1,80}")
_ACCOUNT = re.compile(r"\d{12}")


@sns.operation
def add_permission(call: Call, topic: Topic, request: api.AddPermissionInput) -> None:
    label, accounts, actions = request["Label"], request["AWSAccountId"], request["ActionName"]
    if not _LABEL.fullmatch(label):
        raise invalid("Label")
    if not actions:
        raise invalid("Policy statement action out of service scope!")
    for action in actions:
        if action.lower() not in OWN_ACTIONS:
            raise invalid("Policy statement action out of service scope!")
    for account in accounts:
        if not _ACCOUNT.fullmatch(account):
            raise invalid("Policy Error: null")
    policy = _policy_of(topic)
    if any(statement.get("Sid") == label for statement in policy["Statement"]):
        raise invalid("Statement already exists")
    roots = [f"arn:{topic.partition}:iam::{account}:root" for account in accounts]
    spelled = [f"SNS:{action}" for action in actions]
    policy["Statement"].append(
        {
            "Sid": label,
            "Effect": "Allow",
            "Principal": {"AWS": roots[0] if len(roots) == 1 else roots},
            "Action": spelled[0] if len(spelled) == 1 else spelled,
            "Resource": topic.arn,
        }
    )
    _keep(call, topic, policy)


@sns.operation
def remove_permission(call: Call, topic: Topic, request: api.RemovePermissionInput) -> None:
    policy = _policy_of(topic)
    policy["Statement"] = [one for one in policy["Statement"] if one.get("Sid") != request["Label"]]
    _keep(call, topic, policy)


def _policy_of(topic: Topic) -> dict[str, Any]:
    policy: dict[str, Any] = json.loads(topic.policy)
    statements = policy["Statement"]
    return {**policy, "Statement": list(statements) if isinstance(statements, list) else [statements]}


def _keep(call: Call, topic: Topic, policy: dict[str, Any]) -> None:
    call.tx.put(replace(topic, policy=json.dumps(policy, separators=(",", ":"))))

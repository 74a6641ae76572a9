"""AWS managed keys: one per service and account, made when the service first needs it.

Everybody in the account may use such a key, but only through its service; nobody may change it. It rotates by
itself, once a year.

Source: KMS Developer Guide, concepts.html#aws-managed-key, and the policies of the keys in an account.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from haar.kit import Call, Task
from haar.services.kms import materials
from haar.services.kms.resources import Alias, Key, Rotate
from haar.services.kms.rules import AWS_SERVICES, DAY

__all__ = ["create", "default_policy", "may_appear"]

_ROTATION_DAYS = 365
_USES = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey")


def may_appear(call: Call, service: str) -> bool:
    """Whether the key of a service, named as in its alias, comes into being at this call."""
    if service not in AWS_SERVICES:
        return False
    if call.operation == "DescribeKey":
        return True
    return call.origin.invoked_by.partition(".")[0] in (service, AWS_SERVICES[service])


def create(call: Call, service: str) -> Key:
    """The key of a service in the caller's account and region, with its alias."""
    via = f"{AWS_SERVICES[service]}.{call.region}.amazonaws.com"
    key = Key(
        account=call.account,
        region=call.region,
        id=call.new_id(),
        policy=_policy(call, service, via),
        description=f"Default key that protects my {service} data when no other key is defined",
        owner=service,
        rotation_days=_ROTATION_DAYS,
        rotates_at=call.now + _ROTATION_DAYS * DAY,
        created_at=call.now,
        material=1,
    )
    materials.make(call, key, 1)
    task: Task = Rotate(account=key.account, region=key.region, id=key.id, at=key.rotates_at)
    call.later(key.rotates_at, task)
    call.tx.put(key)
    name = f"aws/{service}"
    call.tx.put(
        Alias(
            account=key.account, region=key.region, name=name, target=key.id, created_at=call.now, changed_at=call.now
        )
    )
    return key


def default_policy(call: Call) -> str:
    """The policy of a key that is made without one: it leaves everything to the account's own policies."""
    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{call.partition}:iam::{call.account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return _text("key-default-1", statement)


def _policy(call: Call, service: str, via: str) -> str:
    through = {
        "Sid": f"Allow access through {service} for all principals in the account that are authorized to use {service}",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": list(_USES),
        "Resource": "*",
        "Condition": {"StringEquals": {"kms:CallerAccount": call.account, "kms:ViaService": via}},
    }
    looking = {
        "Sid": "Allow direct access to key metadata to the account",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{call.partition}:iam::{call.account}:root"},
        "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
        "Resource": "*",
    }
    return _text(f"auto-{service}-1", through, looking)


def _text(name: str, *statements: Mapping[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Id": name, "Statement": list(statements)}, indent=2)

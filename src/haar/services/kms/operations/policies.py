"""Key policies: every key has one, and its name is `default`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page, replace
from haar.services.kms import policies
from haar.services.kms.resources import Key
from haar.services.kms.service import kms

if TYPE_CHECKING:
    from haar.shapes import kms as api

_NAME = "default"


def _check_name(request: Mapping[str, Any]) -> None:
    if request.get("PolicyName", _NAME) != _NAME:
        raise kms.error("NotFoundException", "No such policy exists")


@kms.operation
def get_key_policy(call: Call, key: Key, request: api.GetKeyPolicyRequest) -> api.GetKeyPolicyResponse:
    _check_name(request)
    return {"Policy": key.policy, "PolicyName": _NAME}


@kms.operation
def list_key_policies(call: Call, key: Key, request: api.ListKeyPoliciesRequest) -> Page[str]:
    return Page([_NAME])


@kms.operation
def put_key_policy(call: Call, key: Key, request: api.PutKeyPolicyRequest) -> None:
    _check_name(request)
    bypass = bool(request.get("BypassPolicyLockoutSafetyCheck"))
    call.tx.put(replace(key, policy=policies.check(call, request["Policy"], key.arn, bypass=bypass)))

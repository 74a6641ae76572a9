"""Effective management policies: what all that is attached above an account comes to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from haar.kit import Call
from haar.services.organizations import inheritance, tree
from haar.services.organizations.resources import Account
from haar.services.organizations.seats import NO_SEAT, Seat, administers, here, members
from haar.services.organizations.service import organizations
from haar.services.organizations.view import attached

if TYPE_CHECKING:
    from haar.shapes import organizations as api


@organizations.operation(resource=members)
def describe_effective_policy(
    call: Call, request: api.DescribeEffectivePolicyRequest
) -> api.DescribeEffectivePolicyResponse:
    place, kind = here(call), request["PolicyType"]
    account = _account(call, place, request.get("TargetId", call.account))
    merged, changed_at = _effective(call, account, kind)
    if merged is None:
        raise organizations.error(
            "EffectivePolicyNotFoundException",
            "If you ran this action on the management account, this policy type is not enabled. If you ran the action "
            "on a member account, the account doesn't have an effective policy of this type.",
        )
    return {
        "EffectivePolicy": {
            "PolicyContent": json.dumps(merged, separators=(",", ":")),
            "LastUpdatedTimestamp": changed_at,
            "TargetId": account.id,
            "PolicyType": kind,
        }
    }


def _account(call: Call, place: Seat, name: str) -> Account:
    """The account asked about: every account may ask about itself, those who read the organization about all."""
    if name != call.account and not (place.manages or administers(call, place)):
        raise organizations.error("AccessDeniedException", NO_SEAT)
    found = call.tx.get(Account, *place.head, name) if name.isdecimal() else None
    if found is None:
        raise organizations.error("TargetNotFoundException", "You specified a target that doesn't exist.")
    return found


def _effective(call: Call, account: Account, kind: str) -> tuple[object, float]:
    """The merged document, None when there is none, and when the youngest of its sources was made or changed."""
    line = tree.lineage(call.tx, account)
    levels = [attached(call.tx, node, kind) for node in line]
    changed_at = max((policy.changed_at for level in levels for policy in level), default=0.0)
    return inheritance.merge([[policy.content for policy in level] for level in levels]), changed_at

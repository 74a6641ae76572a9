"""Where policies are attached: roots, units and accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.kit import Call, Page
from haar.services.organizations import describe, joining, managed, tree
from haar.services.organizations.operations.policies import NOT_ENABLED
from haar.services.organizations.resources import Attachment, Policy, Root, attachments_by_policy
from haar.services.organizations.seats import Seat, here, policy_managers, readers
from haar.services.organizations.service import POLICY_TYPES, SCP, constraint, invalid, organizations
from haar.services.organizations.view import attached

if TYPE_CHECKING:
    from haar.shapes import organizations as api


@organizations.operation(resource=policy_managers)
def attach_policy(call: Call, policy: Policy, request: api.AttachPolicyRequest) -> None:
    place = here(call)
    node = tree.target(call, place, request["TargetId"])
    _ensure_enabled(call, place, policy)
    if call.tx.get(Attachment, *place.head, node.id, policy.type, policy.id) is not None:
        raise organizations.error(
            "DuplicatePolicyAttachmentException", "A policy is already attached to the specified target."
        )
    count = call.tx.count(Attachment, *place.head, node.id, policy.type)
    if count + 1 > POLICY_TYPES[policy.type].per_target:
        raise constraint(
            "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
            "You have attached the maximum number of policies to the specified target.",
        )
    joining.attach(call, place.head, node.id, policy.type, policy.id)


@organizations.operation(resource=policy_managers)
def detach_policy(call: Call, policy: Policy, request: api.DetachPolicyRequest) -> None:
    place = here(call)
    node = tree.target(call, place, request["TargetId"])
    _ensure_enabled(call, place, policy)
    row = call.tx.get(Attachment, *place.head, node.id, policy.type, policy.id)
    if row is None:
        raise organizations.error(
            "PolicyNotAttachedException", "The policy isn't attached to the specified target in the specified root."
        )
    if policy is managed.RESOURCE_FULL_ACCESS:
        raise invalid("NON_DETACHABLE_POLICY", "You can't detach this AWS Managed Policy.")
    if policy.type == SCP and call.tx.count(Attachment, *place.head, node.id, SCP) == 1:
        raise constraint(
            "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
            "You cannot remove the last policy attached to the specified target. You must have at least one attached "
            "at all times.",
        )
    call.tx.delete(row)


@organizations.operation(resource=readers)
def list_policies_for_target(call: Call, request: api.ListPoliciesForTargetRequest) -> Page[api.PolicySummary]:
    """The policies attached to the target itself, not those it inherits."""
    node = tree.target(call, here(call), request["TargetId"])
    rows = sorted(attached(call.tx, node, request["Filter"]), key=lambda row: row.id)
    return Page((describe.policy_summary(row) for row in rows), mark=lambda shown: shown["Id"])


@organizations.operation(resource=readers)
def list_targets_for_policy(
    call: Call, policy: Policy, request: api.ListTargetsForPolicyRequest
) -> Page[api.PolicyTargetSummary]:
    place = here(call)

    def show(row: Attachment) -> api.PolicyTargetSummary:
        return describe.target(tree.target(call, place, row.target))

    return Page.of(call.tx, attachments_by_policy, *place.head, policy.id, show=show)


def _ensure_enabled(call: Call, place: Seat, policy: Policy) -> None:
    root = call.tx.get(Root, *place.head, place.organization.root)
    assert root is not None, f"{place.organization.arn} has no root"
    if policy.type not in root.policy_types:
        raise organizations.error("PolicyTypeNotEnabledException", NOT_ENABLED)

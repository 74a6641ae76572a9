"""What the guard is asked is what IAM's reference knows: the action, and resources of the kinds the action acts on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from haar.catalog import actions
from haar.kit import GlobalResource, Resource
from haar.kit.service import Operation
from haar.record import RECORDS
from tests.conformance.rooms import OPERATIONS, id_of

REFERENCE = "https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html"
pytestmark = pytest.mark.documented(REFERENCE)

#: Actions that the guard asks on something their page does not list, and why.
ODD: Mapping[str, str] = {
    "iam:ListGroups": "AWS's own denials name the path that is listed, and policies are written for it",
    "iam:ListInstanceProfiles": "likewise",
    "iam:ListRoles": "likewise",
    "iam:ListUsers": "likewise",
    "sqs:ListQueues": "likewise: they name what all queues' ARNs begin with",
    "iam:GetMFADevice": "without a user name the caller's own device is meant, and root's owner is root",
    "sns:Publish": "a text message goes to a telephone, which is no resource: policies allow it on *",
    "servicequotas:ListTagsForResource": "asked on the quota's ARN, which a policy for * covers as well",
    "servicequotas:TagResource": "likewise",
    "servicequotas:UntagResource": "likewise",
}
#: Actions that are newer than the reference at hand, and where AWS names them.
NEWER: Mapping[str, str] = {"kms:GetKeyLastUsage": "API reference of GetKeyLastUsage, required permissions"}
#: Operations without an action of their own: those of what is inside them are asked for.
MADE_OF_OTHERS = (
    "dynamodb:BatchExecuteStatement", "dynamodb:ExecuteStatement", "dynamodb:ExecuteTransaction",
    "dynamodb:TransactGetItems", "dynamodb:TransactWriteItems",
)  # fmt: skip
KINDS = [
    kind for kind in RECORDS.values() if issubclass(kind, Resource | GlobalResource) and "arn" in kind.__declared__
]


def formats(prefix: str) -> dict[str, re.Pattern[str]]:
    """How the reference writes the ARNs of a service's resource types."""
    known = actions.service(prefix)
    return {name: _pattern(one.arn) for name, one in known.resources.items()} if known else {}


def _pattern(arn: str) -> re.Pattern[str]:
    pieces = re.split(r"\$\{\w+\}", arn)
    return re.compile(".*".join(re.escape(piece) for piece in pieces))


def fits(action: str, arn: str) -> bool:
    """Whether an action knows a resource of this ARN, or knows none and is asked on none."""
    found = actions.find(action)
    assert found is not None, f"the reference has no action {action}"
    types = formats(action.partition(":")[0])
    if arn == "*":
        return not any(required for _, required in found.resources)
    return any(types[name].fullmatch(arn) for name, _ in found.resources if name in types)


# a computed action is checked by what a life asks
@pytest.mark.parametrize("operation", [one for one in OPERATIONS if isinstance(one.action, str)], ids=id_of)
def test_the_action_of_an_operation_is_in_the_reference(operation: Operation) -> None:
    assert isinstance(operation.action, str)
    made_of_others = operation.open and operation.action in MADE_OF_OTHERS
    assert (actions.find(operation.action) is None) is (operation.action in NEWER or made_of_others)


@pytest.mark.parametrize("operation", OPERATIONS, ids=id_of)
def test_an_operation_is_asked_on_what_its_actions_act_on(life: Any, operation: Operation) -> None:
    asked = [(a, arn) for s, name, a, arn in life.asked if (s, name) == (operation.service.name, operation.name)]
    assert asked or operation.open
    known = [(action, arn) for action, arn in asked if action not in ODD and action not in NEWER]
    assert not [(action, arn) for action, arn in known if not fits(action, arn)]


@pytest.mark.parametrize("action", ODD)
def test_an_exception_is_still_one(life: Any, action: str) -> None:
    assert any(not fits(action, arn) for _, _, asked, arn in life.asked if asked == action)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__table__)
def test_the_arns_of_a_kind_are_those_the_reference_writes(life: Any, kind: type[Resource]) -> None:
    with life.cloud.store.transaction(write=False) as tx:
        arns = [row.arn for row in tx.range(kind)]
    assert arns, "a new kind has its place in tests/conformance/life"
    known = formats(arns[0].split(":")[2]).values()
    assert not [arn for arn in arns if not any(pattern.fullmatch(arn) for pattern in known)]

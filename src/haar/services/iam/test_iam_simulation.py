"""The simulator decides as the door does, and says which statements it was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from haar import Cloud

API = "https://docs.aws.amazon.com/IAM/latest/APIReference/"
ANN = "arn:aws:iam::000000000000:user/ann"


def policy(*statements: dict[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def allow(*actions: str, **more: Any) -> dict[str, Any]:
    """A statement that allows."""
    return {"Effect": "Allow", "Action": actions, "Resource": "*", **more}


def deny(*actions: str, **more: Any) -> dict[str, Any]:
    """A statement that denies."""
    return {**allow(*actions, **more), "Effect": "Deny"}


def ann(cloud: Cloud, *statements: dict[str, Any]) -> Any:
    """The IAM client, once the user ann has an inline policy."""
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=policy(*statements))
    return iam


def decisions(answer: Any) -> dict[str, str]:
    """Action -> decision."""
    return {one["EvalActionName"]: one["EvalDecision"] for one in answer["EvaluationResults"]}


# -- SimulatePrincipalPolicy -----------------------------------------------------------------------------------


@pytest.mark.fact("IAMEVAL-002")
def test_an_explicit_deny_beats_an_allow_in_the_simulator(cloud: Cloud) -> None:
    iam = ann(cloud, deny("s3:DeleteObject"))
    iam.attach_user_policy(UserName="ann", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    answer = iam.simulate_principal_policy(PolicySourceArn=ANN, ActionNames=["s3:DeleteObject", "s3:GetObject"])
    assert decisions(answer) == {"s3:DeleteObject": "explicitDeny", "s3:GetObject": "allowed"}


@pytest.mark.documented(API + "API_SimulatePrincipalPolicy.html")
def test_what_nothing_allows_is_denied_implicitly(cloud: Cloud) -> None:
    iam = ann(cloud, allow("sqs:SendMessage"))
    answer = iam.simulate_principal_policy(PolicySourceArn=ANN, ActionNames=["sqs:SendMessage", "sqs:DeleteQueue"])
    assert decisions(answer) == {"sqs:SendMessage": "allowed", "sqs:DeleteQueue": "implicitDeny"}


@pytest.mark.documented(API + "API_Statement.html")
def test_the_statement_that_decided_is_shown_with_its_place(cloud: Cloud) -> None:
    iam = ann(cloud, allow("sqs:SendMessage"))
    (result,) = iam.simulate_principal_policy(PolicySourceArn=ANN, ActionNames=["sqs:SendMessage"])["EvaluationResults"]
    (matched,) = result["MatchedStatements"]
    assert (matched["SourcePolicyId"], matched["SourcePolicyType"]) == ("own", "user")
    assert matched["StartPosition"]["Line"] == 1


@pytest.mark.documented(API + "API_SimulatePrincipalPolicy.html")
def test_policies_of_groups_count_for_a_user(cloud: Cloud) -> None:
    iam = ann(cloud, deny("ec2:*"))
    iam.create_group(GroupName="staff")
    iam.put_group_policy(GroupName="staff", PolicyName="g", PolicyDocument=policy(allow("sqs:*")))
    iam.add_user_to_group(GroupName="staff", UserName="ann")
    answer = iam.simulate_principal_policy(PolicySourceArn=ANN, ActionNames=["sqs:SendMessage"])
    assert decisions(answer) == {"sqs:SendMessage": "allowed"}


@pytest.mark.documented(API + "API_SimulatePrincipalPolicy.html")
@pytest.mark.parametrize("kind", ["group", "role"])
def test_groups_and_roles_can_be_simulated(cloud: Cloud, kind: str) -> None:
    iam = cloud.client("iam")
    trust = policy({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
    iam.create_group(GroupName="staff")
    iam.create_role(RoleName="staff", AssumeRolePolicyDocument=trust)
    iam.put_group_policy(GroupName="staff", PolicyName="p", PolicyDocument=policy(allow("sqs:*")))
    iam.put_role_policy(RoleName="staff", PolicyName="p", PolicyDocument=policy(allow("sqs:*")))
    arn = f"arn:aws:iam::000000000000:{kind}/staff"
    answer = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["sqs:SendMessage", "s3:GetObject"])
    assert decisions(answer) == {"sqs:SendMessage": "allowed", "s3:GetObject": "implicitDeny"}


@pytest.mark.fact("IAMBND-001")
def test_a_boundary_limits_in_the_simulator_too(cloud: Cloud) -> None:
    iam = ann(cloud, allow("*"))
    boundary = iam.create_policy(PolicyName="b", PolicyDocument=policy(allow("s3:*")))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName="ann", PermissionsBoundary=boundary)
    answer = iam.simulate_principal_policy(PolicySourceArn=ANN, ActionNames=["s3:GetObject", "ec2:DescribeInstances"])
    assert decisions(answer) == {"s3:GetObject": "allowed", "ec2:DescribeInstances": "implicitDeny"}
    details = [one["PermissionsBoundaryDecisionDetail"] for one in answer["EvaluationResults"]]
    assert [one["AllowedByPermissionsBoundary"] for one in details] == [True, False]


@pytest.mark.documented(API + "API_SimulatePrincipalPolicy.html")
def test_a_boundary_of_the_request_takes_the_place_of_the_users(cloud: Cloud) -> None:
    iam = ann(cloud, allow("*"))
    boundary = iam.create_policy(PolicyName="b", PolicyDocument=policy(allow("s3:*")))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName="ann", PermissionsBoundary=boundary)
    answer = iam.simulate_principal_policy(
        PolicySourceArn=ANN,
        ActionNames=["ec2:DescribeInstances"],
        PermissionsBoundaryPolicyInputList=[policy(allow("ec2:*"))],
    )
    assert decisions(answer) == {"ec2:DescribeInstances": "allowed"}


@pytest.mark.documented(API + "API_SimulatePrincipalPolicy.html")
def test_further_policies_can_be_tried(cloud: Cloud) -> None:
    iam = ann(cloud, allow("sqs:*"))
    answer = iam.simulate_principal_policy(
        PolicySourceArn=ANN, ActionNames=["sqs:SendMessage"], PolicyInputList=[policy(deny("sqs:SendMessage"))]
    )
    assert decisions(answer) == {"sqs:SendMessage": "explicitDeny"}


@pytest.mark.documented(API + "API_SimulatePrincipalPolicy.html")
@pytest.mark.parametrize(
    "left_out",
    [
        {"PolicyType": "inline"},
        {"InlinePolicyIdentifier": {"PolicyName": "own", "AttachmentType": "user", "AttachmentName": "ann"}},
    ],
)
def test_policies_can_be_left_out(cloud: Cloud, left_out: dict[str, Any]) -> None:
    iam = ann(cloud, allow("sqs:*"))
    answer = iam.simulate_principal_policy(
        PolicySourceArn=ANN, ActionNames=["sqs:SendMessage"], PolicyExclusionList=[left_out]
    )
    assert decisions(answer) == {"sqs:SendMessage": "implicitDeny"}


@pytest.mark.documented(API + "API_SimulatePrincipalPolicy.html")
def test_nobody_cannot_be_simulated(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.simulate_principal_policy(PolicySourceArn=ANN, ActionNames=["sqs:SendMessage"])


# -- SimulateCustomPolicy --------------------------------------------------------------------------------------


@pytest.mark.fact("IAMEVAL-008")
def test_conditions_are_decided_on_the_context_of_the_request(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    inside = allow("s3:GetObject", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})

    def decide(address: str) -> str:
        entry = {"ContextKeyName": "aws:SourceIp", "ContextKeyType": "ip", "ContextKeyValues": [address]}
        answer = iam.simulate_custom_policy(
            PolicyInputList=[policy(inside)], ActionNames=["s3:GetObject"], ContextEntries=[entry]
        )
        return str(answer["EvaluationResults"][0]["EvalDecision"])

    assert (decide("10.1.2.3"), decide("192.0.2.1")) == ("allowed", "implicitDeny")


@pytest.mark.documented(API + "API_EvaluationResult.html")
def test_a_condition_key_that_is_not_given_is_named(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    (result,) = iam.simulate_custom_policy(
        PolicyInputList=[policy(allow("s3:GetObject", Condition={"StringEquals": {"s3:prefix": "a"}}))],
        ActionNames=["s3:GetObject"],
    )["EvaluationResults"]
    assert result["MissingContextValues"] == ["s3:prefix"]


@pytest.mark.documented(API + "API_SimulateCustomPolicy.html")
def test_each_resource_has_a_decision_of_its_own(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    mine, other = "arn:aws:s3:::mine/a", "arn:aws:s3:::other/a"
    (result,) = iam.simulate_custom_policy(
        PolicyInputList=[policy(allow("s3:GetObject", Resource="arn:aws:s3:::mine/*"))],
        ActionNames=["s3:GetObject"],
        ResourceArns=[mine, other],
    )["EvaluationResults"]
    found = {one["EvalResourceName"]: one["EvalResourceDecision"] for one in result["ResourceSpecificResults"]}
    assert found == {mine: "allowed", other: "implicitDeny"}


@pytest.mark.documented(API + "API_SimulateCustomPolicy.html")
def test_every_level_of_organization_policies_must_allow(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    answer = iam.simulate_custom_policy(
        PolicyInputList=[policy(allow("*"))],
        OrderedOrganizationPolicyInputList=[
            {"ServiceControlPolicyInputList": [policy(allow("*"))]},
            {"ServiceControlPolicyInputList": [policy(allow("sqs:*"))]},
        ],
        ActionNames=["sqs:SendMessage", "s3:GetObject"],
    )
    assert decisions(answer) == {"sqs:SendMessage": "allowed", "s3:GetObject": "implicitDeny"}
    details = [one["OrganizationsDecisionDetail"] for one in answer["EvaluationResults"]]
    assert [one["AllowedByOrganizations"] for one in details] == [True, False]


@pytest.mark.documented(API + "API_SimulateCustomPolicy.html")
def test_a_resource_of_another_account_needs_both_sides(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    arn = "arn:aws:sqs:us-east-1:111111111111:q"
    grant = {"Effect": "Allow", "Principal": {"AWS": ANN}, "Action": "sqs:SendMessage", "Resource": arn}

    def decide(identity: str, **more: str) -> str:
        answer = iam.simulate_custom_policy(
            PolicyInputList=[identity],
            ActionNames=["sqs:SendMessage"],
            ResourceArns=[arn],
            ResourceOwner="arn:aws:iam::111111111111:root",
            CallerArn=ANN,
            **more,
        )
        return str(answer["EvaluationResults"][0]["EvalDecision"])

    both = policy(grant)
    assert decide(policy(allow("sqs:*")), ResourcePolicy=both) == "allowed"
    assert decide(policy(allow("s3:*")), ResourcePolicy=both) == "implicitDeny"
    assert decide(policy(allow("sqs:*"))) == "implicitDeny"


@pytest.mark.documented(API + "API_SimulateCustomPolicy.html")
def test_a_resource_policy_needs_a_caller_to_be_about(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    grant = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    with pytest.raises(iam.exceptions.InvalidInputException, match="CallerArn"):
        iam.simulate_custom_policy(
            PolicyInputList=[policy(allow("sqs:*"))],
            ActionNames=["sqs:SendMessage"],
            ResourceArns=["arn:aws:sqs:us-east-1:000000000000:q"],
            ResourcePolicy=policy(grant),
        )


@pytest.mark.documented(API + "API_SimulateCustomPolicy.html")
@pytest.mark.parametrize(("document", "action"), [("{}", "sqs:SendMessage"), (policy(allow("*")), "SendMessage")])
def test_what_is_no_policy_or_no_action_is_refused(cloud: Cloud, document: str, action: str) -> None:
    iam = cloud.client("iam")
    with pytest.raises(iam.exceptions.InvalidInputException):
        iam.simulate_custom_policy(PolicyInputList=[document], ActionNames=[action])


@pytest.mark.documented(API + "API_SimulateCustomPolicy.html")
def test_results_come_in_pages(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    pages = iam.get_paginator("simulate_custom_policy").paginate(
        PolicyInputList=[policy(allow("*"))],
        ActionNames=[f"sqs:Action{number}" for number in range(5)],
        PaginationConfig={"PageSize": 2},
    )
    assert [len(page["EvaluationResults"]) for page in pages] == [2, 2, 1]


# -- context keys ----------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_GetContextKeysForCustomPolicy.html")
def test_the_keys_that_policies_read_are_listed(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    document = policy(allow("s3:*", Condition={"StringEquals": {"s3:prefix": "${aws:username}"}}))
    keys = iam.get_context_keys_for_custom_policy(PolicyInputList=[document])["ContextKeyNames"]
    assert keys == ["aws:username", "s3:prefix"]


@pytest.mark.documented(API + "API_GetContextKeysForPrincipalPolicy.html")
def test_the_keys_that_a_users_policies_read_are_listed(cloud: Cloud) -> None:
    iam = ann(cloud, allow("s3:*", Condition={"Bool": {"aws:SecureTransport": "true"}}))
    keys = iam.get_context_keys_for_principal_policy(PolicySourceArn=ANN)["ContextKeyNames"]
    assert keys == ["aws:SecureTransport"]

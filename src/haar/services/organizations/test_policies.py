"""Policies are written, attached, counted, and merged into effective ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

API = "https://docs.aws.amazon.com/organizations/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/organizations/latest/userguide/"
Refused = Callable[..., tuple[str, str]]
SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
DENY = {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}


def text(statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


@pytest.mark.documented(API + "API_CreatePolicy.html")
def test_a_policy_is_kept_as_it_was_written(company: Any) -> None:
    made = company.api.create_policy(
        Content=text(DENY), Description="no queues", Name="quiet", Type=SCP, Tags=[{"Key": "a", "Value": "1"}]
    )["Policy"]
    summary = made["PolicySummary"]
    assert summary["Arn"] == (
        f"arn:aws:organizations::000000000000:policy/{company.id}/service_control_policy/{summary['Id']}"
    )
    assert (summary["Name"], summary["Description"], summary["AwsManaged"]) == ("quiet", "no queues", False)
    assert company.api.describe_policy(PolicyId=summary["Id"])["Policy"] == made
    assert made["Content"] == text(DENY)
    assert company.api.list_tags_for_resource(ResourceId=summary["Id"])["Tags"] == [{"Key": "a", "Value": "1"}]


@pytest.mark.documented(API + "API_UpdatePolicy.html")
def test_a_policy_is_changed_in_place(company: Any) -> None:
    policy = company.policy(DENY)
    company.api.update_policy(PolicyId=policy, Name="other", Content=text({**DENY, "Action": "sns:*"}))
    shown = company.api.describe_policy(PolicyId=policy)["Policy"]
    assert shown["PolicySummary"]["Name"] == "other"
    assert "sns" in shown["Content"]


@pytest.mark.documented(API + "API_CreatePolicy.html")
def test_two_policies_of_a_type_have_different_names(company: Any, refused: Refused) -> None:
    company.policy(DENY, name="a")
    other = company.policy(DENY, name="b")
    given = {"Content": text(DENY), "Description": "", "Name": "a", "Type": SCP}
    assert refused(company.api.create_policy, **given)[0] == "DuplicatePolicyException"
    assert refused(company.api.update_policy, PolicyId=other, Name="a")[0] == "DuplicatePolicyException"


@pytest.mark.documented(API + "API_CreatePolicy.html")
def test_a_document_follows_the_rules_of_its_type(company: Any, refused: Refused) -> None:
    def answer(kind: str, content: str) -> tuple[str, str]:
        return refused(company.api.create_policy, Content=content, Description="", Name="x", Type=kind)

    malformed = (
        "MalformedPolicyDocumentException",
        "The provided policy document does not meet the requirements of the specified policy type.",
    )
    assert answer(SCP, "{}") == malformed
    assert answer(SCP, text({**DENY, "Principal": "*"})) == malformed
    assert answer(RCP, text({**DENY, "Effect": "Allow", "Principal": "*"})) == malformed
    assert answer("TAG_POLICY", text(DENY)) == malformed
    assert answer("TAG_POLICY", '{"tags":{"a":{"tag_key":"A"}}}') == malformed
    assert answer("TAG_POLICY", '{"tags":{"a":{"tag_value":{"@@append":"A"}}}}') == malformed


@pytest.mark.documented(GUIDE + "orgs_reference_limits.html")
def test_a_service_control_policy_has_10240_characters(company: Any, refused: Refused) -> None:
    longest = text({**DENY, "Sid": "x" * (10_240 - len(text({**DENY, "Sid": ""})))})
    assert company.api.create_policy(Content=longest, Description="", Name="a", Type=SCP)
    given = {"Content": longest + " ", "Description": "", "Name": "b", "Type": SCP}
    assert refused(company.api.create_policy, **given) == (
        "ConstraintViolationException",
        "POLICY_CONTENT_LIMIT_EXCEEDED",
    )


@pytest.mark.documented(API + "API_DeletePolicy.html")
def test_an_attached_policy_cannot_be_deleted(company: Any, refused: Refused) -> None:
    company.enable()
    policy = company.attach(DENY, company.root)
    assert refused(company.api.delete_policy, PolicyId=policy)[0] == "PolicyInUseException"
    company.api.detach_policy(PolicyId=policy, TargetId=company.root)
    company.api.delete_policy(PolicyId=policy)
    assert refused(company.api.describe_policy, PolicyId=policy)[0] == "PolicyNotFoundException"


@pytest.mark.documented(GUIDE + "orgs_manage_policies_scps.html")
def test_what_aws_wrote_is_in_every_list_and_cannot_be_changed(company: Any, refused: Refused) -> None:
    listed = company.api.list_policies(Filter=SCP)["Policies"]
    assert [(one["Id"], one["AwsManaged"]) for one in listed] == [("p-FullAWSAccess", True)]
    assert [one["Id"] for one in company.api.list_policies(Filter=RCP)["Policies"]] == ["p-RCPFullAWSAccess"]
    assert company.api.list_policies(Filter="TAG_POLICY")["Policies"] == []
    shown = company.api.describe_policy(PolicyId="p-FullAWSAccess")["Policy"]["PolicySummary"]
    assert shown["Arn"] == "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"
    immutable = ("InvalidInputException", "IMMUTABLE_POLICY")
    assert refused(company.api.delete_policy, PolicyId="p-FullAWSAccess") == immutable
    assert refused(company.api.update_policy, PolicyId="p-FullAWSAccess", Name="x") == immutable


# -- types -------------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_EnablePolicyType.html")
def test_a_type_is_enabled_once_and_disabled_once(company: Any, refused: Refused) -> None:
    given = {"RootId": company.root, "PolicyType": SCP}
    enabled = company.api.enable_policy_type(**given)["Root"]
    assert enabled["PolicyTypes"] == [{"Type": SCP, "Status": "ENABLED"}]
    assert refused(company.api.enable_policy_type, **given)[0] == "PolicyTypeAlreadyEnabledException"
    assert company.api.disable_policy_type(**given)["Root"]["PolicyTypes"] == []
    assert refused(company.api.disable_policy_type, **given)[0] == "PolicyTypeNotEnabledException"
    elsewhere = {"RootId": "r-zzzz", "PolicyType": SCP}
    assert refused(company.api.enable_policy_type, **elsewhere)[0] == "RootNotFoundException"


@pytest.mark.documented(GUIDE + "orgs_manage_policies_scps.html")
def test_full_access_is_attached_to_everything_while_the_type_is_enabled(company: Any) -> None:
    before = company.account("before")
    company.enable()
    after, unit = company.account("after"), company.unit()
    listed = company.api.list_targets_for_policy(PolicyId="p-FullAWSAccess")["Targets"]
    assert {one["TargetId"] for one in listed} == {company.root, unit, before, after, "000000000000"}
    assert {one["Type"] for one in listed} == {"ROOT", "ORGANIZATIONAL_UNIT", "ACCOUNT"}


@pytest.mark.documented(API + "API_DisablePolicyType.html")
def test_disabling_a_type_detaches_its_policies_for_good(company: Any) -> None:
    company.enable()
    policy = company.attach(DENY, company.root)
    company.api.disable_policy_type(RootId=company.root, PolicyType=SCP)
    company.enable()
    attached = company.api.list_policies_for_target(TargetId=company.root, Filter=SCP)["Policies"]
    assert [one["Id"] for one in attached] == ["p-FullAWSAccess"]
    assert company.api.list_targets_for_policy(PolicyId=policy)["Targets"] == []


# -- attaching ---------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_AttachPolicy.html")
def test_a_policy_of_a_type_that_is_not_enabled_cannot_be_attached(company: Any, refused: Refused) -> None:
    policy = company.policy(DENY)
    given = {"PolicyId": policy, "TargetId": company.root}
    assert refused(company.api.attach_policy, **given) == (
        "PolicyTypeNotEnabledException",
        "This operation can be performed only for enabled policy types.",
    )


@pytest.mark.documented(API + "API_AttachPolicy.html")
def test_a_policy_is_attached_once_and_detached_once(company: Any, refused: Refused) -> None:
    company.enable()
    given = {"PolicyId": company.attach(DENY, company.root), "TargetId": company.root}
    assert refused(company.api.attach_policy, **given)[0] == "DuplicatePolicyAttachmentException"
    company.api.detach_policy(**given)
    assert refused(company.api.detach_policy, **given)[0] == "PolicyNotAttachedException"


@pytest.mark.documented(API + "API_AttachPolicy.html")
def test_what_is_not_there_cannot_be_attached(company: Any, refused: Refused) -> None:
    company.enable()
    attach, policy = company.api.attach_policy, company.policy(DENY)
    assert refused(attach, PolicyId=policy, TargetId="999999999999")[0] == "TargetNotFoundException"
    assert refused(attach, PolicyId=policy, TargetId="ou-abcd-12345678")[0] == "TargetNotFoundException"
    assert refused(attach, PolicyId="p-12345678", TargetId=company.root)[0] == "PolicyNotFoundException"


@pytest.mark.documented(API + "API_DetachPolicy.html")
def test_one_service_control_policy_stays_on_everything(company: Any, refused: Refused) -> None:
    company.enable()
    given = {"PolicyId": "p-FullAWSAccess", "TargetId": company.root}
    assert refused(company.api.detach_policy, **given) == (
        "ConstraintViolationException",
        "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
    )
    company.attach(DENY, company.root)
    company.api.detach_policy(**given)


@pytest.mark.documented(GUIDE + "orgs_reference_limits.html")
def test_ten_service_control_policies_are_on_one_target(company: Any, refused: Refused) -> None:
    company.enable()
    for number in range(9):
        company.attach(DENY, company.root, name=str(number))
    given = {"PolicyId": company.policy(DENY, name="more"), "TargetId": company.root}
    assert refused(company.api.attach_policy, **given) == (
        "ConstraintViolationException",
        "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
    )


@pytest.mark.documented(GUIDE + "orgs_manage_policies_rcps.html")
def test_the_resource_policy_of_aws_stays_on_everything(company: Any, refused: Refused) -> None:
    company.enable(RCP)
    given = {"PolicyId": "p-RCPFullAWSAccess", "TargetId": company.root}
    assert refused(company.api.detach_policy, **given) == ("InvalidInputException", "NON_DETACHABLE_POLICY")


@pytest.mark.documented("https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html")
def test_who_may_attach_can_depend_on_the_type_of_the_policy(company: Any, refused: Refused) -> None:
    keys = company.user("000000000000", allows="organizations:Describe*")
    statement = {
        "Effect": "Allow",
        "Action": "organizations:AttachPolicy",
        "Resource": "*",
        "Condition": {"StringEquals": {"organizations:PolicyType": "TAG_POLICY"}},
    }
    company.cloud.client("iam").put_user_policy(UserName="user", PolicyName="tags", PolicyDocument=text(statement))
    api = company.cloud.client("organizations", **keys)
    company.enable()
    company.enable("TAG_POLICY")
    control = company.policy(DENY)
    tagging = company.policy({"tags": {"a": {"tag_key": {"@@assign": "A"}}}}, "TAG_POLICY", "tagging")
    assert refused(api.attach_policy, PolicyId=control, TargetId=company.root)[0] == "AccessDeniedException"
    api.attach_policy(PolicyId=tagging, TargetId=company.root)


# -- effective policies ------------------------------------------------------------------------------------------


def effective(company: Any, account: str, kind: str = "TAG_POLICY") -> Any:
    shown = company.api.describe_effective_policy(PolicyType=kind, TargetId=account)["EffectivePolicy"]
    return json.loads(shown["PolicyContent"])


def costs(**values: Any) -> Any:
    return {"tags": {"costcenter": {"tag_key": {"@@assign": "CostCenter"}, "tag_value": values}}}


@pytest.mark.documented(GUIDE + "inheritance-examples.html")
def test_lower_policies_overwrite_add_to_and_take_from_higher_ones(company: Any) -> None:
    company.enable("TAG_POLICY")
    low, unit = company.account("low"), company.unit()
    plain = company.account("plain")
    company.move(low, unit)
    company.attach(costs(**{"@@assign": ["Development", "Support"]}), company.root, "TAG_POLICY", "a")
    company.attach(costs(**{"@@append": ["Marketing"]}), unit, "TAG_POLICY", "c")
    company.attach(costs(**{"@@remove": ["Development", "Marketing"]}), low, "TAG_POLICY", "d")
    company.attach(costs(**{"@@assign": ["Sandbox"]}), plain, "TAG_POLICY", "b")
    assert effective(company, low)["tags"]["costcenter"] == {"tag_key": "CostCenter", "tag_value": ["Support"]}
    assert effective(company, plain)["tags"]["costcenter"]["tag_value"] == ["Sandbox"]


@pytest.mark.documented(GUIDE + "inheritance-examples.html")
def test_a_higher_policy_restricts_what_lower_ones_may_do(company: Any) -> None:
    company.enable("TAG_POLICY")
    account = company.account()
    control = "@@operators_allowed_for_child_policies"
    project = {
        "tag_key": {control: ["@@none"], "@@assign": "Project"},
        "tag_value": {control: ["@@append"], "@@assign": ["Maintenance"]},
    }
    lower = {"tag_key": {"@@assign": "PROJECT"}, "tag_value": {"@@append": ["Research"], "@@remove": ["Maintenance"]}}
    company.attach({"tags": {"project": project}}, company.root, "TAG_POLICY", "e")
    company.attach({"tags": {"project": lower}}, account, "TAG_POLICY", "f")
    merged = effective(company, account)["tags"]["project"]
    assert merged == {"tag_key": "Project", "tag_value": ["Maintenance", "Research"]}


@pytest.mark.documented(GUIDE + "inheritance-examples.html")
def test_of_policies_on_one_level_the_intersection_of_operators_is_allowed(company: Any) -> None:
    company.enable("TAG_POLICY")
    account = company.account()
    control = "@@operators_allowed_for_child_policies"
    first = {"tag_value": {control: ["@@append"], "@@assign": ["Maintenance"]}}
    second = {"tag_value": {control: ["@@append", "@@remove"]}}
    company.attach({"tags": {"project": first}}, company.root, "TAG_POLICY", "g")
    company.attach({"tags": {"project": second}}, company.root, "TAG_POLICY", "h")
    lower = {"tag_value": {"@@remove": ["Maintenance"]}}
    company.attach({"tags": {"project": lower}}, account, "TAG_POLICY", "i")
    assert effective(company, account)["tags"]["project"]["tag_value"] == ["Maintenance"]


@pytest.mark.documented(GUIDE + "inheritance-examples.html")
def test_of_policies_on_one_level_the_first_attached_assigns(company: Any) -> None:
    company.enable("TAG_POLICY")
    for name in ("PROJECT", "project"):
        company.attach({"tags": {"p": {"tag_key": {"@@assign": name}}}}, company.root, "TAG_POLICY", name)
    assert effective(company, "000000000000")["tags"]["p"]["tag_key"] == "PROJECT"


@pytest.mark.documented(GUIDE + "orgs_manage_policies_ai-opt-out_syntax.html")
def test_a_closed_group_takes_no_further_settings(company: Any) -> None:
    company.enable("AISERVICES_OPT_OUT_POLICY")
    account, control = company.account(), "@@operators_allowed_for_child_policies"
    out, inside = {"opt_out_policy": {"@@assign": "optOut"}}, {"opt_out_policy": {"@@assign": "optIn"}}
    company.attach({"services": {control: ["@@none"], "default": out}}, company.root, "AISERVICES_OPT_OUT_POLICY", "a")
    company.attach({"services": {"rekognition": inside}}, account, "AISERVICES_OPT_OUT_POLICY", "b")
    merged = effective(company, account, "AISERVICES_OPT_OUT_POLICY")
    assert merged == {"services": {"default": {"opt_out_policy": "optOut"}}}


@pytest.mark.documented(API + "API_DescribeEffectivePolicy.html")
def test_a_member_sees_its_own_effective_policy_and_no_other(company: Any, refused: Refused) -> None:
    company.enable("TAG_POLICY")
    account = company.account()
    member = company.of("organizations", account)
    code, _ = refused(member.describe_effective_policy, PolicyType="TAG_POLICY")
    assert code == "EffectivePolicyNotFoundException"
    company.attach(costs(**{"@@assign": ["x"]}), company.root, "TAG_POLICY")
    assert member.describe_effective_policy(PolicyType="TAG_POLICY")["EffectivePolicy"]["TargetId"] == account
    other = {"PolicyType": "TAG_POLICY", "TargetId": "000000000000"}
    assert refused(member.describe_effective_policy, **other)[0] == "AccessDeniedException"
    gone = {"PolicyType": "TAG_POLICY", "TargetId": "999999999999"}
    assert refused(company.api.describe_effective_policy, **gone)[0] == "TargetNotFoundException"

"""Managed policies, their versions and who uses them; AWS's own policies; what a document may say."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from haar.catalog import actions
from haar.errors import ServiceError
from haar.services.iam import managed
from haar.services.iam.managed.register import entries

API = "https://docs.aws.amazon.com/IAM/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
QUOTAS = GUIDE + "reference_iam-quotas.html"
READ_QUEUES = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:Get*","Resource":"*"}]}'
SEND = READ_QUEUES.replace("Get*", "SendMessage")
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


@pytest.mark.documented(API + "API_CreatePolicy.html")
def test_a_policy_begins_with_version_one(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    policy = iam.create_policy(PolicyName="p", Path="/x/", PolicyDocument=READ_QUEUES, Description="d")["Policy"]
    shown = iam.get_policy(PolicyArn=policy["Arn"])["Policy"]
    assert (policy["Arn"], policy["DefaultVersionId"]) == ("arn:aws:iam::000000000000:policy/x/p", "v1")
    assert (shown["PolicyId"][:4], shown["Description"], shown["AttachmentCount"]) == ("ANPA", "d", 0)


@pytest.mark.documented(API + "API_CreatePolicy.html")
def test_two_policies_cannot_have_one_name_under_different_paths(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_policy(PolicyName="p", PolicyDocument=READ_QUEUES)
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException, match="A policy called p already exists"):
        iam.create_policy(PolicyName="p", Path="/x/", PolicyDocument=READ_QUEUES)


@pytest.mark.documented(API + "API_GetPolicy.html")
def test_a_missing_policy_is_named_in_the_error(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    arn = "arn:aws:iam::000000000000:policy/none"
    with pytest.raises(iam.exceptions.NoSuchEntityException, match=rf"Policy {arn} was not found."):
        iam.get_policy(PolicyArn=arn)


@pytest.mark.documented(API + "API_CreatePolicyVersion.html")
def test_a_new_version_becomes_the_default_when_asked_to(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    arn = iam.create_policy(PolicyName="p", PolicyDocument=READ_QUEUES)["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=SEND, SetAsDefault=True)
    version = iam.get_policy_version(PolicyArn=arn, VersionId="v2")["PolicyVersion"]
    assert version["IsDefaultVersion"] is True
    assert version["Document"]["Statement"][0]["Action"] == "sqs:SendMessage"


@pytest.mark.documented(API + "API_ListPolicyVersions.html")
def test_versions_are_listed_newest_first(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    arn = iam.create_policy(PolicyName="p", PolicyDocument=READ_QUEUES)["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=SEND)
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert [(version["VersionId"], version["IsDefaultVersion"]) for version in versions] == [
        ("v2", False),
        ("v1", True),
    ]


@pytest.mark.documented(QUOTAS)
def test_a_policy_has_at_most_five_versions(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    arn = iam.create_policy(PolicyName="p", PolicyDocument=READ_QUEUES)["Policy"]["Arn"]
    [iam.create_policy_version(PolicyArn=arn, PolicyDocument=SEND) for _ in range(4)]
    with pytest.raises(iam.exceptions.LimitExceededException, match=r"A managed policy can have up to 5 versions."):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=SEND)


@pytest.mark.documented(GUIDE + "access_policies_managed-versioning.html")
def test_the_number_of_a_deleted_version_is_not_given_again(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    arn = iam.create_policy(PolicyName="p", PolicyDocument=READ_QUEUES)["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=SEND)
    iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    assert iam.create_policy_version(PolicyArn=arn, PolicyDocument=SEND)["PolicyVersion"]["VersionId"] == "v3"


@pytest.mark.documented(API + "API_DeletePolicyVersion.html")
def test_the_default_version_cannot_be_deleted(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    arn = iam.create_policy(PolicyName="p", PolicyDocument=READ_QUEUES)["Policy"]["Arn"]
    with pytest.raises(iam.exceptions.DeleteConflictException, match=r"Cannot delete the default version of a policy."):
        iam.delete_policy_version(PolicyArn=arn, VersionId="v1")


@pytest.mark.documented(API + "API_DeletePolicy.html")
def test_an_attached_policy_stays(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    arn = iam.create_policy(PolicyName="p", PolicyDocument=READ_QUEUES)["Policy"]["Arn"]
    iam.create_user(UserName="bob")
    iam.attach_user_policy(UserName="bob", PolicyArn=arn)
    with pytest.raises(iam.exceptions.DeleteConflictException, match=r"Cannot delete a policy attached to entities."):
        iam.delete_policy(PolicyArn=arn)


@pytest.mark.documented(API + "API_DeletePolicy.html")
def test_a_policy_with_further_versions_stays(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    arn = iam.create_policy(PolicyName="p", PolicyDocument=READ_QUEUES)["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=SEND)
    with pytest.raises(iam.exceptions.DeleteConflictException, match=r"This policy has more than one version."):
        iam.delete_policy(PolicyArn=arn)


@pytest.mark.documented(API + "API_DeletePolicy.html")
def test_an_unused_policy_goes(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    arn = iam.create_policy(PolicyName="p", PolicyDocument=READ_QUEUES)["Policy"]["Arn"]
    iam.delete_policy(PolicyArn=arn)
    assert iam.list_policies(Scope="Local")["Policies"] == []


@pytest.mark.documented(QUOTAS)
def test_a_managed_policy_has_at_most_6144_characters_without_white_space(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_policy(PolicyName="spacious", PolicyDocument=READ_QUEUES + " " * 7000)
    with pytest.raises(iam.exceptions.LimitExceededException, match="Cannot exceed quota for PolicySize: 6144"):
        iam.create_policy(PolicyName="long", PolicyDocument=READ_QUEUES.replace("Get", "G" * 6100))


@pytest.mark.documented(API + "API_TagPolicy.html")
def test_tags_of_a_policy_are_added_and_taken_away(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    tags = [{"Key": "a", "Value": "1"}]
    arn = iam.create_policy(PolicyName="p", PolicyDocument=READ_QUEUES, Tags=tags)["Policy"]["Arn"]
    iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "b", "Value": "2"}])
    iam.untag_policy(PolicyArn=arn, TagKeys=["a"])
    assert iam.list_policy_tags(PolicyArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]


# -- lists -----------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_ListPolicies.html")
def test_only_attached_policies_are_listed_when_asked_for(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_policy(PolicyName="loose", PolicyDocument=READ_QUEUES)
    arn = iam.create_policy(PolicyName="worn", PolicyDocument=READ_QUEUES)["Policy"]["Arn"]
    iam.create_user(UserName="bob")
    iam.attach_user_policy(UserName="bob", PolicyArn=arn)
    iam.attach_user_policy(UserName="bob", PolicyArn=READ_ONLY)
    listed = iam.list_policies(OnlyAttached=True)["Policies"]
    assert [(policy["PolicyName"], policy["AttachmentCount"]) for policy in listed] == [
        ("worn", 1),
        ("ReadOnlyAccess", 1),
    ]


@pytest.mark.documented(API + "API_ListPolicies.html")
def test_policies_that_serve_as_boundaries_are_listed_when_asked_for(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob", PermissionsBoundary=READ_ONLY)
    listed = iam.list_policies(PolicyUsageFilter="PermissionsBoundary")["Policies"]
    assert [(policy["PolicyName"], policy["PermissionsBoundaryUsageCount"]) for policy in listed] == [
        ("ReadOnlyAccess", 1)
    ]


@pytest.mark.documented(API + "API_ListPolicies.html")
def test_policies_are_listed_by_path_over_several_pages(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    pages = list(iam.get_paginator("list_policies").paginate(Scope="AWS", PathPrefix="/job-function/", MaxItems=3))
    names = [policy["PolicyName"] for page in pages for policy in page["Policies"]]
    assert len(pages) > 1 and "ViewOnlyAccess" in names and len(set(names)) == len(names)


@pytest.mark.documented(API + "API_ListEntitiesForPolicy.html")
def test_a_policy_knows_who_holds_it(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    iam.create_group(GroupName="devs")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=READ_QUEUES.replace("sqs:Get*", "sts:AssumeRole").replace(
        '"Resource":"*"', '"Principal":{"Service":"ec2.amazonaws.com"}'))  # fmt: skip
    iam.attach_user_policy(UserName="bob", PolicyArn=READ_ONLY)
    iam.attach_group_policy(GroupName="devs", PolicyArn=READ_ONLY)
    iam.attach_role_policy(RoleName="r", PolicyArn=READ_ONLY)
    holders = iam.list_entities_for_policy(PolicyArn=READ_ONLY)
    roles = iam.list_entities_for_policy(PolicyArn=READ_ONLY, EntityFilter="Role")
    assert [holders["PolicyUsers"][0]["UserName"], holders["PolicyGroups"][0]["GroupName"]] == ["bob", "devs"]
    assert (roles["PolicyRoles"][0]["RoleName"], roles["PolicyUsers"]) == ("r", [])


@pytest.mark.documented(API + "API_ListEntitiesForPolicy.html")
def test_the_holders_of_a_policy_come_in_pages(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    [iam.create_user(UserName=name, PermissionsBoundary=READ_ONLY) for name in ("ann", "bob", "cid")]
    pages = list(iam.get_paginator("list_entities_for_policy").paginate(PolicyArn=READ_ONLY, MaxItems=2))
    names = [user["UserName"] for page in pages for user in page["PolicyUsers"]]
    assert (len(pages), sorted(names)) == (2, ["ann", "bob", "cid"])


# -- AWS's own -------------------------------------------------------------------------------------------------


@pytest.mark.fact("IAM-011")
def test_the_scope_of_a_list_tells_the_policies_of_aws_from_ones_own(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    own = iam.create_policy(PolicyName="p", PolicyDocument=READ_QUEUES)["Policy"]["Arn"]
    theirs = {policy["Arn"] for policy in iam.list_policies(Scope="AWS", MaxItems=1000)["Policies"]}
    assert [policy["Arn"] for policy in iam.list_policies(Scope="Local")["Policies"]] == [own]
    assert all(arn.startswith("arn:aws:iam::aws:policy/") for arn in theirs)
    assert "arn:aws:iam::aws:policy/AdministratorAccess" in theirs


@pytest.mark.fact("IAM-011")
def test_a_policy_of_aws_cannot_be_given_another_version(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    with pytest.raises(ClientError, match=r"AccessDenied.*Policy is outside your own account"):
        iam.create_policy_version(PolicyArn=READ_ONLY, PolicyDocument=READ_QUEUES)


@pytest.mark.ours
def test_a_policy_of_aws_names_the_actions_of_its_access_levels(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    arn = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"
    default = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    version = iam.get_policy_version(PolicyArn=arn, VersionId=default)["PolicyVersion"]
    assert "sqs:Get*" in version["Document"]["Statement"][0]["Action"]
    assert "sqs:SendMessage" not in version["Document"]["Statement"][0]["Action"]


@pytest.mark.ours
def test_every_policy_of_aws_is_a_document_that_could_be_stored(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    arns = [policy["Arn"] for policy in iam.list_policies(Scope="AWS", MaxItems=1000)["Policies"]]
    refused = [arn for arn in arns if not _is_sound(cloud, managed.text(arn))]
    assert len(arns) > 150 and refused == []


@pytest.mark.ours
def test_every_action_of_a_policy_of_aws_is_in_the_reference(cloud: Cloud) -> None:
    named = {
        action
        for entry in entries().values()
        for statement in entry.statements
        for action in statement.get("Action", ())
        if "(" not in action and "*" not in action
    }
    assert [action for action in sorted(named) if actions.find(action) is None] == []


# -- documents -------------------------------------------------------------------------------------------------


@pytest.mark.fact("IAM-012")
def test_a_document_that_is_not_json_is_refused(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    with pytest.raises(iam.exceptions.MalformedPolicyDocumentException):
        iam.create_policy(PolicyName="p", PolicyDocument="Version: 2012-10-17")


@pytest.mark.fact("IAM-012")
def test_a_document_without_a_statement_is_refused(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    with pytest.raises(iam.exceptions.MalformedPolicyDocumentException):
        iam.create_policy(PolicyName="p", PolicyDocument='{"Version":"2012-10-17"}')


@pytest.mark.fact("IAMEVAL-004")
def test_an_identity_policy_names_no_principal(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=READ_QUEUES)
    named = READ_QUEUES.replace('"Resource"', '"Principal":"*","Resource"')
    with pytest.raises(iam.exceptions.MalformedPolicyDocumentException, match="should not specify a principal"):
        iam.put_user_policy(UserName="bob", PolicyName="q", PolicyDocument=named)


@pytest.mark.documented(API + "API_SetDefaultPolicyVersion.html")
def test_an_earlier_version_is_made_the_default_again(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    arn = iam.create_policy(PolicyName="p", PolicyDocument=READ_QUEUES)["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=SEND, SetAsDefault=True)
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v1"


def _is_sound(cloud: Cloud, document: str) -> bool:
    try:
        cloud.ports.policies.validate(document, "identity")
    except ServiceError:
        return False
    return True

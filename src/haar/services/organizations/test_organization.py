"""An organization is founded, seen from inside, and dissolved; services and member accounts are trusted with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from haar import Cloud

API = "https://docs.aws.amazon.com/organizations/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/organizations/latest/userguide/"
Refused = Callable[..., tuple[str, str]]


@pytest.mark.documented(API + "API_CreateOrganization.html")
def test_a_new_organization_is_managed_by_the_account_that_made_it(cloud: Cloud) -> None:
    api = cloud.client("organizations")
    made = api.create_organization()["Organization"]
    assert made["MasterAccountId"] == "000000000000"
    assert made["FeatureSet"] == "ALL"
    assert made["Arn"] == f"arn:aws:organizations::000000000000:organization/{made['Id']}"
    assert made["MasterAccountArn"] == f"arn:aws:organizations::000000000000:account/{made['Id']}/000000000000"
    assert api.describe_organization()["Organization"] == made


@pytest.mark.documented(API + "API_CreateOrganization.html")
def test_an_account_is_in_one_organization_at_most(company: Any, refused: Refused) -> None:
    assert refused(company.api.create_organization)[0] == "AlreadyInOrganizationException"


@pytest.mark.documented(GUIDE + "orgs_integrate_services-using_slrs.html")
def test_a_new_organization_has_its_service_linked_role(company: Any) -> None:
    role = company.cloud.client("iam").get_role(RoleName="AWSServiceRoleForOrganizations")["Role"]
    assert role["Path"] == "/aws-service-role/organizations.amazonaws.com/"


@pytest.mark.documented(API + "API_CreateOrganization.html")
def test_who_may_not_make_the_service_linked_role_cannot_make_an_organization(cloud: Cloud, refused: Refused) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="u")
    statement = {"Effect": "Allow", "Action": "organizations:*", "Resource": "*"}
    iam.put_user_policy(
        UserName="u", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement})
    )
    key = iam.create_access_key(UserName="u")["AccessKey"]
    api = cloud.client("organizations", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])
    assert refused(api.create_organization) == (
        "AccessDeniedForDependencyException",
        "ACCESS_DENIED_DURING_CREATE_SERVICE_LINKED_ROLE",
    )


@pytest.mark.documented(API + "API_DescribeOrganization.html")
def test_an_account_outside_any_organization_is_told_so(cloud: Cloud, refused: Refused) -> None:
    api = cloud.client("organizations")
    assert refused(api.describe_organization) == (
        "AWSOrganizationsNotInUseException",
        "Your account is not a member of an organization.",
    )
    assert refused(api.list_accounts)[0] == "AWSOrganizationsNotInUseException"
    assert refused(api.describe_account, AccountId="111111111111")[0] == "AWSOrganizationsNotInUseException"


@pytest.mark.documented(API + "API_DescribeOrganization.html")
def test_every_member_sees_the_organization(company: Any) -> None:
    member = company.of("organizations", company.account())
    assert member.describe_organization()["Organization"]["Id"] == company.id


@pytest.mark.documented(API + "API_ListAccounts.html")
def test_a_member_account_does_not_see_the_others(company: Any, refused: Refused) -> None:
    member = company.of("organizations", company.account())
    assert refused(member.list_accounts) == (
        "AccessDeniedException",
        "You don't have permissions to access this resource.",
    )


@pytest.mark.documented(API + "API_ListAccounts.html")
def test_a_user_of_the_management_account_needs_permission(company: Any, refused: Refused) -> None:
    keys = company.user("000000000000", allows="organizations:ListRoots")
    api = company.cloud.client("organizations", **keys)
    assert api.list_roots()["Roots"]
    code, message = refused(api.list_accounts)
    assert code == "AccessDeniedException"
    assert "is not authorized to perform: organizations:ListAccounts" in message


@pytest.mark.documented(API + "API_DeleteOrganization.html")
def test_an_organization_with_members_cannot_be_deleted(company: Any, refused: Refused) -> None:
    company.account()
    assert refused(company.api.delete_organization)[0] == "OrganizationNotEmptyException"


@pytest.mark.documented(API + "API_DeleteOrganization.html")
def test_an_empty_organization_is_gone_when_deleted(company: Any, refused: Refused) -> None:
    company.api.delete_organization()
    assert refused(company.api.describe_organization)[0] == "AWSOrganizationsNotInUseException"
    assert company.api.create_organization()["Organization"]["Id"] != company.id


@pytest.mark.documented(API + "API_ListRoots.html")
def test_a_new_root_has_no_policy_type_enabled(company: Any) -> None:
    (root,) = company.api.list_roots()["Roots"]
    assert root["Name"] == "Root"
    assert root["PolicyTypes"] == []
    assert root["Arn"] == f"arn:aws:organizations::000000000000:root/{company.id}/{company.root}"


# -- all features ------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_CreateOrganization.html")
def test_an_organization_for_billing_alone_has_no_policies(payer: Any, refused: Refused) -> None:
    assert payer.api.describe_organization()["Organization"]["AvailablePolicyTypes"] == []
    code, _ = refused(payer.api.enable_policy_type, RootId=payer.root, PolicyType="SERVICE_CONTROL_POLICY")
    assert code == "PolicyTypeNotAvailableForOrganizationException"


@pytest.mark.documented(API + "API_EnableAllFeatures.html")
def test_with_created_accounts_alone_all_features_are_enabled_at_once(payer: Any) -> None:
    payer.account()
    asked = payer.api.enable_all_features()["Handshake"]
    assert (asked["Action"], asked["State"]) == ("ENABLE_ALL_FEATURES", "OPEN")
    payer.api.accept_handshake(HandshakeId=asked["Id"])
    assert payer.api.describe_organization()["Organization"]["FeatureSet"] == "ALL"


@pytest.mark.documented(API + "API_EnableAllFeatures.html")
def test_every_invited_account_has_to_agree_to_all_features(payer: Any, refused: Refused) -> None:
    invited = payer.of("organizations", "222222222222")
    invitation = payer.api.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": "222222222222"})
    invited.accept_handshake(HandshakeId=invitation["Handshake"]["Id"])
    whole = payer.api.enable_all_features()["Handshake"]
    assert whole["State"] == "REQUESTED"
    assert refused(payer.api.accept_handshake, HandshakeId=whole["Id"])[0] == "InvalidHandshakeTransitionException"
    (asked,) = invited.list_handshakes_for_account(Filter={"ActionType": "APPROVE_ALL_FEATURES"})["Handshakes"]
    assert {"Type": "PARENT_HANDSHAKE", "Value": whole["Id"]} in asked["Resources"]
    invited.accept_handshake(HandshakeId=asked["Id"])
    payer.api.accept_handshake(HandshakeId=whole["Id"])
    assert payer.api.describe_organization()["Organization"]["FeatureSet"] == "ALL"


@pytest.mark.documented(API + "API_EnableAllFeatures.html")
def test_all_features_are_enabled_once(company: Any, refused: Refused) -> None:
    assert refused(company.api.enable_all_features) == (
        "HandshakeConstraintViolationException",
        "ORGANIZATION_ALREADY_HAS_ALL_FEATURES",
    )


@pytest.mark.documented(API + "API_EnableAllFeatures.html")
def test_nobody_is_invited_while_all_features_are_being_enabled(payer: Any, refused: Refused) -> None:
    payer.api.enable_all_features()
    assert refused(payer.api.enable_all_features) == (
        "HandshakeConstraintViolationException",
        "ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION",
    )
    target = {"Type": "ACCOUNT", "Id": "222222222222"}
    assert refused(payer.api.invite_account_to_organization, Target=target) == (
        "HandshakeConstraintViolationException",
        "INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES",
    )


# -- trusted access and delegated administrators -----------------------------------------------------------------


@pytest.mark.documented(API + "API_EnableAWSServiceAccess.html")
def test_a_service_is_trusted_until_it_is_not(company: Any) -> None:
    company.api.enable_aws_service_access(ServicePrincipal="config.amazonaws.com")
    listed = company.api.list_aws_service_access_for_organization()["EnabledServicePrincipals"]
    assert [one["ServicePrincipal"] for one in listed] == ["config.amazonaws.com"]
    company.api.disable_aws_service_access(ServicePrincipal="config.amazonaws.com")
    assert company.api.list_aws_service_access_for_organization()["EnabledServicePrincipals"] == []


@pytest.mark.documented(API + "API_EnableAWSServiceAccess.html")
def test_only_services_are_trusted(company: Any, refused: Refused) -> None:
    assert refused(company.api.enable_aws_service_access, ServicePrincipal="example.com") == (
        "InvalidInputException",
        "UNRECOGNIZED_SERVICE_PRINCIPAL",
    )


@pytest.mark.documented(API + "API_EnableAWSServiceAccess.html")
def test_trusted_access_needs_all_features(payer: Any, refused: Refused) -> None:
    assert refused(payer.api.enable_aws_service_access, ServicePrincipal="config.amazonaws.com") == (
        "ConstraintViolationException",
        "ORGANIZATION_NOT_IN_ALL_FEATURES_MODE",
    )


@pytest.mark.documented(API + "API_RegisterDelegatedAdministrator.html")
def test_a_delegated_administrator_reads_the_organization_and_changes_nothing(company: Any, refused: Refused) -> None:
    account = company.account()
    company.api.enable_aws_service_access(ServicePrincipal="config.amazonaws.com")
    company.api.register_delegated_administrator(AccountId=account, ServicePrincipal="config.amazonaws.com")
    member = company.of("organizations", account)
    assert {one["Id"] for one in member.list_accounts()["Accounts"]} == {"000000000000", account}
    assert member.describe_account(AccountId="000000000000")["Account"]["Id"] == "000000000000"
    code, _ = refused(member.create_organizational_unit, ParentId=company.root, Name="mine")
    assert code == "AccessDeniedException"


@pytest.mark.documented(API + "API_ListDelegatedAdministrators.html")
def test_delegated_administrators_are_listed_by_service(company: Any) -> None:
    account = company.account()
    company.api.enable_aws_service_access(ServicePrincipal="config.amazonaws.com")
    company.api.register_delegated_administrator(AccountId=account, ServicePrincipal="config.amazonaws.com")
    (listed,) = company.api.list_delegated_administrators()["DelegatedAdministrators"]
    assert (listed["Id"], listed["State"]) == (account, "ACTIVE")
    others = company.api.list_delegated_administrators(ServicePrincipal="guardduty.amazonaws.com")
    assert others["DelegatedAdministrators"] == []
    (service,) = company.api.list_delegated_services_for_account(AccountId=account)["DelegatedServices"]
    assert service["ServicePrincipal"] == "config.amazonaws.com"


@pytest.mark.documented(API + "API_RegisterDelegatedAdministrator.html")
def test_a_service_is_trusted_before_it_gets_an_administrator(company: Any, refused: Refused) -> None:
    register = company.api.register_delegated_administrator
    account = company.account()
    assert refused(register, AccountId=account, ServicePrincipal="config.amazonaws.com") == (
        "ConstraintViolationException",
        "SERVICE_ACCESS_NOT_ENABLED",
    )


@pytest.mark.documented(API + "API_RegisterDelegatedAdministrator.html")
def test_the_management_account_is_no_delegated_administrator(company: Any, refused: Refused) -> None:
    register = company.api.register_delegated_administrator
    assert refused(register, AccountId="000000000000", ServicePrincipal="config.amazonaws.com") == (
        "ConstraintViolationException",
        "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR",
    )


@pytest.mark.documented(API + "API_DeregisterDelegatedAdministrator.html")
def test_an_administrator_is_registered_once_and_deregistered_once(company: Any, refused: Refused) -> None:
    given = {"AccountId": company.account(), "ServicePrincipal": "config.amazonaws.com"}
    company.api.enable_aws_service_access(ServicePrincipal="config.amazonaws.com")
    company.api.register_delegated_administrator(**given)
    again = refused(company.api.register_delegated_administrator, **given)
    assert again[0] == "AccountAlreadyRegisteredException"
    company.api.deregister_delegated_administrator(**given)
    assert refused(company.api.deregister_delegated_administrator, **given)[0] == "AccountNotRegisteredException"
    listing = refused(company.api.list_delegated_services_for_account, AccountId=given["AccountId"])
    assert listing[0] == "AccountNotRegisteredException"


# -- the resource policy -----------------------------------------------------------------------------------------


def delegation(account: str, *actions: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": list(actions),
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.documented(GUIDE + "orgs_delegate_policies.html")
def test_a_resource_policy_lets_a_member_manage_policies(company: Any, refused: Refused) -> None:
    account = company.account()
    member = company.of("organizations", account)
    company.api.put_resource_policy(
        Content=delegation(account, "organizations:CreatePolicy", "organizations:ListPolicies")
    )
    made = member.create_policy(
        Name="tags", Description="", Type="TAG_POLICY", Content='{"tags":{"a":{"tag_key":{"@@assign":"A"}}}}'
    )["Policy"]["PolicySummary"]
    assert made["Arn"].startswith(f"arn:aws:organizations::000000000000:policy/{company.id}/tag_policy/p-")
    assert refused(member.delete_policy, PolicyId=made["Id"])[0] == "AccessDeniedException"


@pytest.mark.documented(API + "API_PutResourcePolicy.html")
def test_the_resource_policy_is_kept_until_deleted(company: Any, refused: Refused) -> None:
    text = delegation(company.account(), "organizations:ListRoots")
    put = company.api.put_resource_policy(Content=text)["ResourcePolicy"]
    assert company.api.describe_resource_policy()["ResourcePolicy"] == put
    assert put["Content"] == text
    company.api.delete_resource_policy()
    assert refused(company.api.describe_resource_policy)[0] == "ResourcePolicyNotFoundException"
    assert refused(company.api.delete_resource_policy)[0] == "ResourcePolicyNotFoundException"


@pytest.mark.documented(API + "API_PutResourcePolicy.html")
def test_what_cannot_be_delegated_is_refused(company: Any, refused: Refused) -> None:
    account = company.account()
    put = company.api.put_resource_policy
    assert refused(put, Content=delegation(account, "organizations:CloseAccount")) == (
        "InvalidInputException",
        "UNSUPPORTED_ACTION_IN_RESOURCE_POLICY",
    )
    assert refused(put, Content=delegation("999999999999", "organizations:ListRoots")) == (
        "InvalidInputException",
        "INVALID_PRINCIPAL",
    )
    assert refused(put, Content="{}") == ("InvalidInputException", "INVALID_RESOURCE_POLICY_JSON")


# -- tags --------------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_TagResource.html")
def test_tags_are_kept_on_anything_in_the_organization(company: Any) -> None:
    unit = company.unit()
    company.api.tag_resource(ResourceId=unit, Tags=[{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}])
    company.api.tag_resource(ResourceId=company.root, Tags=[{"Key": "r", "Value": ""}])
    company.api.untag_resource(ResourceId=unit, TagKeys=["b"])
    assert company.api.list_tags_for_resource(ResourceId=unit)["Tags"] == [{"Key": "a", "Value": "1"}]
    assert company.api.list_tags_for_resource(ResourceId=company.root)["Tags"] == [{"Key": "r", "Value": ""}]


@pytest.mark.documented(API + "API_TagResource.html")
def test_tags_have_their_rules(company: Any, refused: Refused) -> None:
    tag, account = company.api.tag_resource, "000000000000"
    assert refused(tag, ResourceId="ou-abcd-12345678", Tags=[])[0] == "TargetNotFoundException"
    twice = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
    assert refused(tag, ResourceId=account, Tags=twice) == ("InvalidInputException", "DUPLICATE_TAG_KEY")
    system = [{"Key": "aws:a", "Value": "1"}]
    assert refused(tag, ResourceId=account, Tags=system) == ("InvalidInputException", "INVALID_SYSTEM_TAGS_PARAMETER")
    many = [{"Key": str(number), "Value": ""} for number in range(51)]
    assert refused(tag, ResourceId=account, Tags=many) == ("ConstraintViolationException", "MAX_TAG_LIMIT_EXCEEDED")


@pytest.mark.documented("https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html")
def test_a_tag_of_an_account_decides_who_may_close_it(company: Any, refused: Refused) -> None:
    account = company.account()
    iam = company.cloud.client("iam")
    keys = company.user("000000000000", allows="organizations:Describe*")
    statement = {
        "Effect": "Allow",
        "Action": "organizations:CloseAccount",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/stage": "test"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    iam.put_user_policy(UserName="user", PolicyName="close", PolicyDocument=document)
    api = company.cloud.client("organizations", **keys)
    assert refused(api.close_account, AccountId=account)[0] == "AccessDeniedException"
    company.api.tag_resource(ResourceId=account, Tags=[{"Key": "stage", "Value": "test"}])
    api.close_account(AccountId=account)
    assert api.describe_account(AccountId=account)["Account"]["State"] == "PENDING_CLOSURE"


@pytest.mark.documented(API + "API_CreateAccount.html")
def test_who_creates_something_with_tags_needs_permission_to_tag(company: Any, refused: Refused) -> None:
    keys = company.user("000000000000", allows="organizations:CreateOrganizationalUnit")
    api = company.cloud.client("organizations", **keys)
    given = {"ParentId": company.root, "Tags": [{"Key": "a", "Value": "1"}]}
    code, message = refused(api.create_organizational_unit, Name="tagged", **given)
    assert code == "AccessDeniedException"
    assert "organizations:TagResource" in message
    assert api.create_organizational_unit(Name="plain", ParentId=company.root)["OrganizationalUnit"]["Id"]


@pytest.mark.documented(API + "API_TagResource.html")
def test_policies_of_aws_have_no_tags(company: Any, refused: Refused) -> None:
    given = {"ResourceId": "p-FullAWSAccess", "Tags": [{"Key": "a", "Value": "1"}]}
    assert refused(company.api.tag_resource, **given) == ("InvalidInputException", "TARGET_NOT_SUPPORTED")
    assert company.api.list_tags_for_resource(ResourceId="p-FullAWSAccess")["Tags"] == []


@pytest.mark.documented(API + "API_PutResourcePolicy.html")
def test_a_resource_policy_gets_its_tags_when_it_is_new(company: Any, refused: Refused) -> None:
    given = {"Content": delegation(company.account(), "organizations:ListRoots"), "Tags": [{"Key": "a", "Value": "1"}]}
    made = company.api.put_resource_policy(**given)["ResourcePolicy"]["ResourcePolicySummary"]
    assert made["Arn"] == f"arn:aws:organizations::000000000000:resourcepolicy/{company.id}/{made['Id']}"
    assert company.api.list_tags_for_resource(ResourceId=made["Id"])["Tags"] == [{"Key": "a", "Value": "1"}]
    assert refused(company.api.put_resource_policy, **given)[0] == "InvalidInputException"


@pytest.mark.documented(GUIDE + "orgs_delegate_policies.html")
def test_a_user_of_a_delegated_account_needs_permission_of_both_sides(company: Any, refused: Refused) -> None:
    account = company.account()
    company.api.put_resource_policy(
        Content=delegation(account, "organizations:ListRoots", "organizations:ListPolicies")
    )
    keys = company.user(account, allows="organizations:ListRoots")
    user = company.cloud.client("organizations", **keys)
    assert user.list_roots()["Roots"][0]["Id"] == company.root
    assert refused(user.list_policies, Filter="SERVICE_CONTROL_POLICY")[0] == "AccessDeniedException"


@pytest.mark.documented(API + "API_ListAccountsWithInvalidEffectivePolicy.html")
def test_the_validation_of_effective_policies_is_refused(company: Any, refused: Refused) -> None:
    given = {"PolicyType": "TAG_POLICY"}
    assert refused(company.api.list_accounts_with_invalid_effective_policy, **given)[0] == "NotImplemented"
    listing = company.api.list_effective_policy_validation_errors
    assert refused(listing, AccountId="000000000000", **given)[0] == "NotImplemented"

"""What IAM knows of an organization: root access from its middle, policies of accounts, reports over them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from haar import Cloud

API = "https://docs.aws.amazon.com/IAM/latest/APIReference/"
ROOT_ACCESS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-enable-root-access.html"


def organization(cloud: Cloud, *, trusted: bool = True) -> tuple[Any, str]:
    """The management account's IAM client, and the id of its new organization."""
    organizations = cloud.client("organizations")
    made = organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]
    if trusted:
        organizations.enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")
    return cloud.client("iam"), made


def member(cloud: Cloud) -> tuple[str, Any]:
    """A new member account's number, and an IAM client of its root user."""
    organizations = cloud.client("organizations")
    organizations.create_account(Email="dev@example.com", AccountName="dev")
    cloud.advance(hours=1)
    account = next(one["Id"] for one in organizations.list_accounts()["Accounts"] if one["Name"] == "dev")
    return account, cloud.client("iam", access_key=account)


# -- centralized root access -----------------------------------------------------------------------------------


@pytest.mark.documented(ROOT_ACCESS)
def test_features_are_switched_on_and_off_one_by_one(cloud: Cloud) -> None:
    iam, made = organization(cloud)
    answer = iam.enable_organizations_root_credentials_management()
    assert (answer["OrganizationId"], answer["EnabledFeatures"]) == (made, ["RootCredentialsManagement"])
    iam.enable_organizations_root_sessions()
    assert iam.list_organizations_features()["EnabledFeatures"] == ["RootCredentialsManagement", "RootSessions"]
    iam.disable_organizations_root_credentials_management()
    assert iam.disable_organizations_root_sessions()["EnabledFeatures"] == []


@pytest.mark.documented(API + "API_ListOrganizationsFeatures.html")
def test_an_account_without_an_organization_has_no_features(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    with pytest.raises(iam.exceptions.OrganizationNotFoundException):
        iam.list_organizations_features()


@pytest.mark.documented(ROOT_ACCESS)
def test_trusted_access_for_iam_comes_first(cloud: Cloud) -> None:
    iam, _ = organization(cloud, trusted=False)
    with pytest.raises(iam.exceptions.ServiceAccessNotEnabledException):
        iam.enable_organizations_root_sessions()


@pytest.mark.documented(API + "API_EnableOrganizationsRootSessions.html")
def test_a_member_account_does_not_decide_about_root_access(cloud: Cloud) -> None:
    organization(cloud)
    _, iam = member(cloud)
    with pytest.raises(iam.exceptions.AccountNotManagementOrDelegatedAdministratorException):
        iam.enable_organizations_root_sessions()


# -- service-linked roles --------------------------------------------------------------------------------------


@pytest.mark.documented("https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services.html")
def test_the_role_of_organizations_stays_as_long_as_the_account_is_a_member(cloud: Cloud) -> None:
    organization(cloud)
    _, iam = member(cloud)
    task = iam.delete_service_linked_role(RoleName="AWSServiceRoleForOrganizations")["DeletionTaskId"]
    status = iam.get_service_linked_role_deletion_status(DeletionTaskId=task)
    assert (status["Status"], "member of the organization" in status["Reason"]["Reason"]) == ("FAILED", True)


# -- policies and reports --------------------------------------------------------------------------------------


def _limited(cloud: Cloud, account: str) -> str:
    """Let an account use SQS and IAM alone; the path of the organization's root."""
    organizations = cloud.client("organizations")
    (root,) = organizations.list_roots()["Roots"]
    organizations.enable_policy_type(RootId=root["Id"], PolicyType="SERVICE_CONTROL_POLICY")
    content = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["sqs:*", "iam:*"], "Resource": "*"}],
    }
    policy = organizations.create_policy(
        Name="narrow", Description="", Type="SERVICE_CONTROL_POLICY", Content=json.dumps(content)
    )["Policy"]["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=policy, TargetId=account)
    organizations.detach_policy(PolicyId="p-FullAWSAccess", TargetId=account)
    return f"{organizations.describe_organization()['Organization']['Id']}/{root['Id']}"


@pytest.mark.documented(API + "API_SimulatePrincipalPolicy.html")
def test_the_simulator_obeys_the_policies_of_the_organization(cloud: Cloud) -> None:
    organization(cloud)
    account, iam = member(cloud)
    _limited(cloud, account)
    iam.create_user(UserName="ann")
    iam.attach_user_policy(UserName="ann", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    arn = f"arn:aws:iam::{account}:user/ann"
    results = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["sqs:SendMessage", "s3:GetObject"])[
        "EvaluationResults"
    ]
    assert [one["EvalDecision"] for one in results] == ["allowed", "implicitDeny"]
    assert [one["OrganizationsDecisionDetail"]["AllowedByOrganizations"] for one in results] == [True, False]


@pytest.mark.documented(API + "API_GetOrganizationsAccessReport.html")
def test_a_report_over_an_organization_tells_which_account_used_what(cloud: Cloud) -> None:
    iam, _ = organization(cloud)
    account, inside = member(cloud)
    entity = f"{_limited(cloud, account)}/{account}"
    inside.create_user(UserName="ann")
    inside.attach_user_policy(UserName="ann", PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    key = inside.create_access_key(UserName="ann")["AccessKey"]
    cloud.client("iam", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"]).list_users()
    job = iam.generate_organizations_access_report(EntityPath=entity)["JobId"]
    report = iam.get_organizations_access_report(JobId=job, SortKey="LAST_AUTHENTICATED_TIME_DESCENDING")
    assert (report["NumberOfServicesAccessible"], report["NumberOfServicesNotAccessed"]) == (2, 1)
    first, second = report["AccessDetails"]
    assert (first["ServiceNamespace"], first["EntityPath"], first["TotalAuthenticatedEntities"]) == ("iam", entity, 1)
    assert (second["ServiceNamespace"], "LastAuthenticatedTime" in second) == ("sqs", False)


@pytest.mark.documented(API + "API_GenerateOrganizationsAccessReport.html")
def test_only_the_management_account_asks_for_such_a_report(cloud: Cloud) -> None:
    organization(cloud)
    _, iam = member(cloud)
    with pytest.raises(iam.exceptions.ClientError, match="AccessDenied"):
        iam.generate_organizations_access_report(EntityPath="o-abcdefghij/r-abcd")

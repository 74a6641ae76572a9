"""Trails of an organization: whose calls they record, who sees them and who may change them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from haar import Cloud
from haar.services.cloudtrail.conftest import ACCOUNT, Desk

API = "https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/"
CREATING = GUIDE + "creating-trail-organization.html"
DELEGATED = GUIDE + "cloudtrail-delegated-administrator.html"
PRINCIPAL = "cloudtrail.amazonaws.com"
Refused = Callable[..., str]


class Company(Desk):
    """The management account of an organization, with one member and the bucket `logs`."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.organizations = self.of("organizations")
        self.id: str = self.organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]
        self.organizations.enable_aws_service_access(ServicePrincipal=PRINCIPAL)
        asked = self.organizations.create_account(AccountName="member", Email="member@example.com")
        cloud.advance(seconds=5)
        done = self.organizations.describe_create_account_status(
            CreateAccountRequestId=asked["CreateAccountStatus"]["Id"]
        )
        self.member = Desk(cloud, done["CreateAccountStatus"]["AccountId"])
        self.s3.create_bucket(Bucket="logs")
        self.admit("logs", f"AWSLogs/{ACCOUNT}", f"AWSLogs/{self.id}")

    def everywhere(self, name: str = "trail") -> str:
        """The ARN of a trail of the whole organization."""
        return self.trail(name, IsOrganizationTrail=True, IsMultiRegionTrail=True)


@pytest.fixture
def company(cloud: Cloud) -> Company:
    """An organization whose trails may be made."""
    return Company(cloud)


@pytest.mark.documented(CREATING)
def test_the_calls_of_all_accounts_are_delivered_each_in_its_folder(company: Company) -> None:
    company.everywhere()
    company.of("sqs").create_queue(QueueName="ours")
    company.member.of("sqs", "eu-west-1").create_queue(QueueName="theirs")
    company.cloud.client("sqs", access_key="999988887777").create_queue(QueueName="strangers")
    company.cloud.advance(minutes=15)
    member = company.member.account
    assert "CreateQueue" in company.names(f"AWSLogs/{company.id}/{ACCOUNT}/CloudTrail/us-east-1/")
    assert company.names(f"AWSLogs/{company.id}/{member}/CloudTrail/eu-west-1/") == ["CreateQueue"]
    assert company.files("999988887777") == []


@pytest.mark.documented(CREATING)
def test_members_see_the_trail_and_cannot_change_it(company: Company, refused: Refused) -> None:
    arn = company.everywhere()
    member = company.member.api
    (shown,) = member.describe_trails()["trailList"]
    assert (shown["TrailARN"], shown["IsOrganizationTrail"]) == (arn, True)
    assert member.describe_trails(includeShadowTrails=False)["trailList"] == []
    assert member.get_trail_status(Name=arn)["IsLogging"] is True
    assert refused(member.get_trail_status, Name="trail") == "TrailNotFoundException"
    assert refused(member.stop_logging, Name=arn) == "NotOrganizationMasterAccountException"
    assert refused(member.delete_trail, Name=arn) == "NotOrganizationMasterAccountException"


@pytest.mark.documented(CREATING)
def test_an_account_that_leaves_is_recorded_no_longer(company: Company) -> None:
    number = company.member.account
    company.cloud.advance(days=5)  # a new account has to stay for some days
    company.everywhere()
    company.member.of("sqs").create_queue(QueueName="inside")
    company.cloud.advance(minutes=15)
    company.organizations.remove_account_from_organization(AccountId=number)
    company.member.of("sqs").create_queue(QueueName="outside")
    company.cloud.advance(minutes=15)
    folder = f"AWSLogs/{company.id}/{number}/CloudTrail/"
    made = [one for one in company.records(folder) if one["eventName"] == "CreateQueue"]
    assert [one["requestParameters"]["queueName"] for one in made] == ["inside"]


@pytest.mark.documented(API + "API_CreateTrail.html")
def test_only_the_management_account_makes_one(company: Company, refused: Refused) -> None:
    member = company.member
    member.bucket("theirs")
    code = refused(member.api.create_trail, Name="trail", S3BucketName="theirs", IsOrganizationTrail=True)
    assert code == "NotOrganizationMasterAccountException"


@pytest.mark.documented(API + "API_CreateTrail.html")
def test_without_an_organization_there_is_none(desk: Desk, refused: Refused) -> None:
    code = refused(desk.api.create_trail, Name="trail", S3BucketName="logs", IsOrganizationTrail=True)
    assert code == "OrganizationsNotInUseException"


@pytest.mark.documented(API + "API_CreateTrail.html")
def test_trusted_access_comes_first(company: Company, refused: Refused) -> None:
    company.organizations.disable_aws_service_access(ServicePrincipal=PRINCIPAL)
    code = refused(company.api.create_trail, Name="trail", S3BucketName="logs", IsOrganizationTrail=True)
    assert code == "CloudTrailAccessNotEnabledException"


@pytest.mark.documented(CREATING)
def test_the_bucket_must_let_the_organizations_files_in(company: Company, refused: Refused) -> None:
    company.admit("logs", f"AWSLogs/{ACCOUNT}")
    code = refused(company.api.create_trail, Name="trail", S3BucketName="logs", IsOrganizationTrail=True)
    assert code == "InsufficientS3BucketPolicyException"


@pytest.mark.documented(GUIDE + "using-service-linked-roles-create-slr-for-org-trails.html")
def test_a_service_linked_role_is_made(company: Company) -> None:
    company.everywhere()
    role = company.of("iam").get_role(RoleName="AWSServiceRoleForCloudTrail")["Role"]
    assert role["Path"] == f"/aws-service-role/{PRINCIPAL}/"


@pytest.mark.documented(API + "API_UpdateTrail.html")
def test_a_trail_becomes_the_organizations_and_one_accounts_again(company: Company) -> None:
    company.trail(IsMultiRegionTrail=True)
    company.api.update_trail(Name="trail", IsOrganizationTrail=True)
    assert len(company.member.api.describe_trails()["trailList"]) == 1
    company.api.update_trail(Name="trail", IsOrganizationTrail=False)
    assert company.member.api.describe_trails()["trailList"] == []


# -- delegated administrators ------------------------------------------------------------------------------------


@pytest.mark.documented(DELEGATED)
def test_a_delegated_administrator_makes_trails_of_the_management_account(company: Company) -> None:
    company.api.register_organization_delegated_admin(MemberAccountId=company.member.account)
    deputy = company.member.api
    arn = deputy.create_trail(Name="trail", S3BucketName="logs", IsOrganizationTrail=True)["TrailARN"]
    assert arn == f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/trail"
    deputy.start_logging(Name=arn)
    assert company.api.get_trail_status(Name="trail")["IsLogging"] is True
    deputy.delete_trail(Name=arn)
    assert company.api.describe_trails()["trailList"] == []


@pytest.mark.documented(API + "API_DeregisterOrganizationDelegatedAdmin.html")
def test_a_former_administrator_may_no_longer(company: Company, refused: Refused) -> None:
    number = company.member.account
    arn = company.everywhere()
    company.api.register_organization_delegated_admin(MemberAccountId=number)
    company.api.deregister_organization_delegated_admin(DelegatedAdminAccountId=number)
    assert refused(company.member.api.stop_logging, Name=arn) == "NotOrganizationMasterAccountException"
    code = refused(company.api.deregister_organization_delegated_admin, DelegatedAdminAccountId=number)
    assert code == "AccountNotRegisteredException"


@pytest.mark.documented(API + "API_RegisterOrganizationDelegatedAdmin.html")
def test_an_administrator_is_registered_once_and_is_a_member(company: Company, refused: Refused) -> None:
    register = company.api.register_organization_delegated_admin
    register(MemberAccountId=company.member.account)
    assert refused(register, MemberAccountId=company.member.account) == "AccountRegisteredException"
    assert refused(register, MemberAccountId="999988887777") == "AccountNotFoundException"
    assert refused(register, MemberAccountId=ACCOUNT) == "CannotDelegateManagementAccountException"
    code = refused(company.member.api.register_organization_delegated_admin, MemberAccountId=ACCOUNT)
    assert code == "NotOrganizationManagementAccountException"

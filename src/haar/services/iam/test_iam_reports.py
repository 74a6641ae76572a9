"""Credential reports and last-accessed data: what this cloud really saw, on the virtual clock."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Any

import pytest

from haar import Cloud

API = "https://docs.aws.amazon.com/IAM/latest/APIReference/"
REPORT = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html"
ACCESSED = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html"
USERS = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:List*","sqs:*"],"Resource":"*"}]}'


def report(cloud: Cloud) -> dict[str, dict[str, str]]:
    """A new credential report: its rows by user."""
    iam = cloud.client("iam")
    iam.generate_credential_report()
    cloud.advance(minutes=1)
    return _rows(iam)


def _rows(iam: Any) -> dict[str, dict[str, str]]:
    text = iam.get_credential_report()["Content"].decode()
    return {row["user"]: row for row in csv.DictReader(io.StringIO(text))}


def user(cloud: Cloud, name: str = "ann", document: str = USERS) -> Any:
    """An IAM client of a new user with a policy."""
    iam = cloud.client("iam")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return cloud.client("iam", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])


# -- the credential report -------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_GenerateCredentialReport.html")
def test_a_report_is_started_then_in_progress_then_complete(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    states = [iam.generate_credential_report()["State"], iam.generate_credential_report()["State"]]
    cloud.advance(minutes=1)
    states.append(iam.generate_credential_report()["State"])
    assert states == ["STARTED", "INPROGRESS", "COMPLETE"]


@pytest.mark.documented(API + "API_GetCredentialReport.html")
def test_a_report_that_nobody_asked_for_is_not_there(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    with pytest.raises(iam.exceptions.CredentialReportNotPresentException) as caught:
        iam.get_credential_report()
    assert caught.value.response["Error"]["Code"] == "ReportNotPresent"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 410


@pytest.mark.documented(API + "API_GetCredentialReport.html")
def test_a_report_in_the_making_is_not_ready(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.generate_credential_report()
    with pytest.raises(iam.exceptions.CredentialReportNotReadyException):
        iam.get_credential_report()


@pytest.mark.documented(REPORT)
def test_a_report_is_good_for_four_hours(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    report(cloud)
    cloud.advance(hours=4)
    with pytest.raises(iam.exceptions.CredentialReportExpiredException):
        iam.get_credential_report()
    assert iam.generate_credential_report()["State"] == "STARTED"


@pytest.mark.documented(REPORT)
def test_the_root_user_comes_first(cloud: Cloud) -> None:
    user(cloud)
    rows = report(cloud)
    assert list(rows) == ["<root_account>", "ann"]
    assert rows["<root_account>"]["arn"] == "arn:aws:iam::000000000000:root"
    assert rows["<root_account>"]["password_enabled"] == "not_supported"


@pytest.mark.documented(REPORT)
def test_a_row_says_when_a_key_was_used_and_for_what(cloud: Cloud) -> None:
    user(cloud).list_users()
    row = report(cloud)["ann"]
    assert (row["access_key_1_active"], row["access_key_2_active"]) == ("true", "false")
    assert (row["access_key_1_last_used_service"], row["access_key_1_last_used_region"]) == ("iam", "us-east-1")
    assert datetime.fromisoformat(row["access_key_1_last_used_date"]).tzinfo is not None
    assert row["access_key_2_last_rotated"] == "N/A"


@pytest.mark.documented(REPORT)
def test_a_user_without_a_password_has_none_to_rotate(cloud: Cloud) -> None:
    user(cloud)
    row = report(cloud)["ann"]
    assert (row["password_enabled"], row["password_last_changed"], row["mfa_active"]) == ("false", "N/A", "false")


@pytest.mark.fact("IAM-013")
def test_a_password_past_its_age_shows_in_the_report(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.update_account_password_policy(MaxPasswordAge=90)
    iam.create_user(UserName="ann")
    iam.create_login_profile(UserName="ann", Password="Quite-long-1-password")
    cloud.advance(days=91)
    row = report(cloud)["ann"]
    changed, due = (datetime.fromisoformat(row[name]) for name in ("password_last_changed", "password_next_rotation"))
    assert (due - changed).days == 90
    assert due.timestamp() < cloud.clock.now()


# -- last accessed ---------------------------------------------------------------------------------------------


def _accessed(cloud: Cloud, arn: str, granularity: str = "SERVICE_LEVEL") -> dict[str, Any]:
    iam = cloud.client("iam")
    job = iam.generate_service_last_accessed_details(Arn=arn, Granularity=granularity)["JobId"]
    answer = iam.get_service_last_accessed_details(JobId=job)
    assert answer["JobStatus"] == "COMPLETED"
    return {service["ServiceNamespace"]: service for service in answer["ServicesLastAccessed"]}


@pytest.mark.documented(API + "API_GetServiceLastAccessedDetails.html")
def test_services_a_user_may_reach_are_listed_with_their_last_use(cloud: Cloud) -> None:
    user(cloud).list_users()
    arn = "arn:aws:iam::000000000000:user/ann"
    services = _accessed(cloud, arn)
    assert sorted(services) == ["iam", "sqs"]
    assert services["iam"]["LastAuthenticatedEntity"] == arn
    assert services["iam"]["TotalAuthenticatedEntities"] == 1
    assert "LastAuthenticated" not in services["sqs"]
    assert services["sqs"]["ServiceName"] == "Amazon SQS"


@pytest.mark.documented(ACCESSED)
def test_actions_are_listed_where_they_are_asked_for(cloud: Cloud) -> None:
    user(cloud).list_users()
    services = _accessed(cloud, "arn:aws:iam::000000000000:user/ann", "ACTION_LEVEL")
    (action,) = services["iam"]["TrackedActionsLastAccessed"]
    assert action["ActionName"] == "ListUsers"


@pytest.mark.documented(API + "API_GetServiceLastAccessedDetailsWithEntities.html")
def test_a_policys_report_names_who_used_it(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    arn = iam.create_policy(PolicyName="see", PolicyDocument=USERS)["Policy"]["Arn"]
    ann = user(cloud)
    user(cloud, "bob")
    iam.create_group(GroupName="staff")
    iam.add_user_to_group(GroupName="staff", UserName="bob")
    iam.attach_group_policy(GroupName="staff", PolicyArn=arn)
    iam.attach_user_policy(UserName="ann", PolicyArn=arn)
    ann.list_users()
    job = iam.generate_service_last_accessed_details(Arn=arn)["JobId"]
    found = iam.get_service_last_accessed_details_with_entities(JobId=job, ServiceNamespace="iam")["EntityDetailsList"]
    used = {one["EntityInfo"]["Name"]: "LastAuthenticated" in one for one in found}
    assert used == {"ann": True, "bob": False}


@pytest.mark.documented(API + "API_GetServiceLastAccessedDetails.html")
def test_a_job_belongs_to_who_asked_for_it(cloud: Cloud) -> None:
    everything = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}'
    ann = user(cloud, document=everything)
    iam = cloud.client("iam")
    job = iam.generate_service_last_accessed_details(Arn="arn:aws:iam::000000000000:user/ann")["JobId"]
    with pytest.raises(ann.exceptions.NoSuchEntityException):
        ann.get_service_last_accessed_details(JobId=job)


@pytest.mark.documented(API + "API_GenerateServiceLastAccessedDetails.html")
def test_a_report_on_nobody_is_refused(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.generate_service_last_accessed_details(Arn="arn:aws:iam::000000000000:user/nobody")


@pytest.mark.documented(API + "API_GetServiceLastAccessedDetails.html")
def test_services_of_a_report_come_in_pages(cloud: Cloud) -> None:
    user(cloud)
    iam = cloud.client("iam")
    job = iam.generate_service_last_accessed_details(Arn="arn:aws:iam::000000000000:user/ann")["JobId"]
    first = iam.get_service_last_accessed_details(JobId=job, MaxItems=1)
    second = iam.get_service_last_accessed_details(JobId=job, MaxItems=1, Marker=first["Marker"])
    names = [one["ServiceNamespace"] for page in (first, second) for one in page["ServicesLastAccessed"]]
    assert (names, second["IsTruncated"]) == (["iam", "sqs"], False)


@pytest.mark.documented(API + "API_ListPoliciesGrantingServiceAccess.html")
def test_policies_that_grant_a_service_are_named(cloud: Cloud) -> None:
    user(cloud)
    iam = cloud.client("iam")
    iam.attach_user_policy(UserName="ann", PolicyArn="arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess")
    answer = iam.list_policies_granting_service_access(
        Arn="arn:aws:iam::000000000000:user/ann", ServiceNamespaces=["sqs", "iam", "s3"]
    )["PoliciesGrantingServiceAccess"]
    found = {entry["ServiceNamespace"]: [policy["PolicyName"] for policy in entry["Policies"]] for entry in answer}
    assert found == {"iam": ["own"], "s3": [], "sqs": ["own", "AmazonSQSReadOnlyAccess"]}

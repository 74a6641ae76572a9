"""Roles that services make for themselves."""

from __future__ import annotations

from typing import Any

import pytest

from haar import Cloud

API = "https://docs.aws.amazon.com/IAM/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html"


def made(cloud: Cloud, service: str = "autoscaling.amazonaws.com", **options: str) -> tuple[Any, dict[str, Any]]:
    """The IAM client and a new service-linked role."""
    iam = cloud.client("iam")
    return iam, iam.create_service_linked_role(AWSServiceName=service, **options)["Role"]


@pytest.mark.documented(API + "API_CreateServiceLinkedRole.html")
def test_name_path_and_trust_follow_from_the_service(cloud: Cloud) -> None:
    iam, role = made(cloud, Description="scales")
    assert role["Arn"] == (
        "arn:aws:iam::000000000000:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    )
    (statement,) = iam.get_role(RoleName=role["RoleName"])["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "autoscaling.amazonaws.com"}
    assert role["Description"] == "scales"


@pytest.mark.documented(API + "API_CreateServiceLinkedRole.html")
def test_some_services_take_a_suffix(cloud: Cloud) -> None:
    iam, role = made(cloud, CustomSuffix="blue")
    assert role["RoleName"] == "AWSServiceRoleForAutoScaling_blue"
    with pytest.raises(iam.exceptions.InvalidInputException, match="Custom suffix is not allowed"):
        made(cloud, "rds.amazonaws.com", CustomSuffix="blue")


@pytest.mark.documented(API + "API_CreateServiceLinkedRole.html")
def test_a_second_role_of_the_name_is_refused(cloud: Cloud) -> None:
    iam, _ = made(cloud)
    with pytest.raises(iam.exceptions.InvalidInputException, match="has been taken in this account"):
        made(cloud)


@pytest.mark.documented(API + "API_CreateServiceLinkedRole.html")
def test_other_services_make_no_role(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    with pytest.raises(iam.exceptions.InvalidInputException):
        made(cloud, "nothing.amazonaws.com")


@pytest.mark.documented(GUIDE)
def test_only_the_service_changes_its_role(cloud: Cloud) -> None:
    iam, role = made(cloud)
    with pytest.raises(iam.exceptions.UnmodifiableEntityException, match="only modifiable by AWS"):
        iam.delete_role(RoleName=role["RoleName"])
    with pytest.raises(iam.exceptions.UnmodifiableEntityException):
        iam.attach_role_policy(RoleName=role["RoleName"], PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")


@pytest.mark.documented(API + "API_DeleteServiceLinkedRole.html")
def test_deleting_one_is_a_task_whose_status_can_be_asked(cloud: Cloud) -> None:
    iam, role = made(cloud)
    task = iam.delete_service_linked_role(RoleName=role["RoleName"])["DeletionTaskId"]
    assert task.startswith("task/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling/")
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName=role["RoleName"])


@pytest.mark.documented(API + "API_DeleteServiceLinkedRole.html")
def test_an_ordinary_role_is_not_deleted_so(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    trust = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},'
        '"Action":"sts:AssumeRole"}]}'
    )
    iam.create_role(RoleName="mine", AssumeRolePolicyDocument=trust)
    with pytest.raises(iam.exceptions.ClientError, match="InvalidInput"):
        iam.delete_service_linked_role(RoleName="mine")


@pytest.mark.documented(API + "API_GetServiceLinkedRoleDeletionStatus.html")
def test_a_deletion_that_never_was_is_not_found(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_service_linked_role_deletion_status(DeletionTaskId="task/aws-service-role/x/y/z")

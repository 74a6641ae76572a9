"""Service-specific credentials: one service, one secret, shown once."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from haar import Cloud

API = "https://docs.aws.amazon.com/IAM/latest/APIReference/"
GIT = "codecommit.amazonaws.com"


def made(cloud: Cloud, service: str = GIT, **options: Any) -> tuple[Any, dict[str, Any]]:
    """The IAM client and a new credential of the new user ann."""
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    created = iam.create_service_specific_credential(UserName="ann", ServiceName=service, **options)
    return iam, created["ServiceSpecificCredential"]


@pytest.mark.documented(API + "API_ServiceSpecificCredential.html")
def test_the_name_is_made_of_user_and_account(cloud: Cloud) -> None:
    _, credential = made(cloud)
    assert credential["ServiceUserName"] == "ann-at-000000000000"
    assert credential["ServicePassword"]
    assert credential["ServiceSpecificCredentialId"].startswith("ACCA")


@pytest.mark.documented(API + "API_CreateServiceSpecificCredential.html")
def test_the_password_is_shown_once(cloud: Cloud) -> None:
    iam, _ = made(cloud)
    (listed,) = iam.list_service_specific_credentials(UserName="ann")["ServiceSpecificCredentials"]
    assert "ServicePassword" not in listed


@pytest.mark.documented(API + "API_CreateServiceSpecificCredential.html")
def test_a_user_has_two_credentials_of_a_service_at_most(cloud: Cloud) -> None:
    iam, _ = made(cloud)
    second = iam.create_service_specific_credential(UserName="ann", ServiceName=GIT)["ServiceSpecificCredential"]
    assert second["ServiceUserName"] == "ann+1-at-000000000000"
    with pytest.raises(iam.exceptions.LimitExceededException):
        iam.create_service_specific_credential(UserName="ann", ServiceName=GIT)


@pytest.mark.documented(API + "API_CreateServiceSpecificCredential.html")
def test_other_services_have_no_such_credentials(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    with pytest.raises(iam.exceptions.ServiceNotSupportedException):
        made(cloud, "s3.amazonaws.com")


@pytest.mark.documented(API + "API_ServiceSpecificCredential.html")
def test_an_api_key_ends_on_the_virtual_clock(cloud: Cloud) -> None:
    iam, credential = made(cloud, "bedrock.amazonaws.com", CredentialAgeDays=30)
    secret = credential["ServiceCredentialSecret"]
    assert base64.b64decode(secret.removeprefix("ABSK")).decode().startswith(credential["ServiceCredentialAlias"])
    cloud.advance(days=30)
    (listed,) = iam.list_service_specific_credentials(UserName="ann")["ServiceSpecificCredentials"]
    assert listed["Status"] == "Expired"


@pytest.mark.documented(API + "API_CreateServiceSpecificCredential.html")
def test_a_password_has_no_age(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    with pytest.raises(iam.exceptions.ClientError, match="ValidationError"):
        made(cloud, CredentialAgeDays=30)


@pytest.mark.documented(API + "API_ResetServiceSpecificCredential.html")
def test_a_reset_gives_a_new_password(cloud: Cloud) -> None:
    iam, credential = made(cloud)
    reset = iam.reset_service_specific_credential(
        UserName="ann", ServiceSpecificCredentialId=credential["ServiceSpecificCredentialId"]
    )["ServiceSpecificCredential"]
    assert reset["ServicePassword"] != credential["ServicePassword"]
    assert reset["ServiceUserName"] == credential["ServiceUserName"]


@pytest.mark.documented(API + "API_UpdateServiceSpecificCredential.html")
def test_a_credential_is_switched_off_and_deleted(cloud: Cloud) -> None:
    iam, credential = made(cloud)
    place = {"UserName": "ann", "ServiceSpecificCredentialId": credential["ServiceSpecificCredentialId"]}
    iam.update_service_specific_credential(**place, Status="Inactive")
    (listed,) = iam.list_service_specific_credentials(UserName="ann")["ServiceSpecificCredentials"]
    assert listed["Status"] == "Inactive"
    iam.delete_service_specific_credential(**place)
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.delete_service_specific_credential(**place)


@pytest.mark.documented(API + "API_ListServiceSpecificCredentials.html")
def test_credentials_of_all_users_are_listed_in_pages(cloud: Cloud) -> None:
    iam, _ = made(cloud)
    iam.create_user(UserName="bob")
    iam.create_service_specific_credential(UserName="bob", ServiceName=GIT)
    first = iam.list_service_specific_credentials(AllUsers=True, MaxItems=1)
    assert first["IsTruncated"]
    second = iam.list_service_specific_credentials(AllUsers=True, MaxItems=1, Marker=first["Marker"])
    found = first["ServiceSpecificCredentials"] + second["ServiceSpecificCredentials"]
    assert sorted(one["UserName"] for one in found) == ["ann", "bob"]
    assert not second["IsTruncated"]


@pytest.mark.ours
def test_the_audit_trail_does_not_keep_the_password(cloud: Cloud) -> None:
    from haar.kit.audit import Event

    _, credential = made(cloud)
    with cloud.store.transaction() as tx:
        events = repr(list(tx.range(Event, "000000000000")))
    assert credential["ServiceSpecificCredentialId"] in events
    assert credential["ServicePassword"] not in events

"""Access keys: shown once, two at most, good until they are switched off."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from haar import Cloud

API = "https://docs.aws.amazon.com/IAM/latest/APIReference/"


@pytest.mark.fact("IAM-004")
def test_a_new_user_has_no_access_key(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    assert iam.list_access_keys(UserName="bob")["AccessKeyMetadata"] == []


@pytest.mark.fact("IAM-003")
def test_a_key_pair_signs_requests(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    iam.attach_user_policy(UserName="bob", PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    bob = cloud.client("iam", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])
    assert (len(key["AccessKeyId"]), key["AccessKeyId"][:4], len(key["SecretAccessKey"])) == (20, "AKIA", 40)
    assert bob.get_user()["User"]["UserName"] == "bob"


@pytest.mark.fact("IAM-003")
def test_a_wrong_secret_gives_signature_does_not_match(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    bob = cloud.client("iam", access_key=key["AccessKeyId"], secret_key="wrong")
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        bob.get_user()


@pytest.mark.fact("IAM-003")
def test_an_unknown_key_gives_invalid_client_token_id(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        cloud.client("iam", access_key="AKIAAAAAAAAAAAAAAAAA", secret_key="x").get_user()


@pytest.mark.fact("IAM-005")
def test_the_secret_is_seen_only_when_it_is_made(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    listed = iam.list_access_keys(UserName="bob")
    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    assert key["SecretAccessKey"] not in str(listed) + str(used)


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html")
def test_a_user_has_at_most_two_access_keys(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    iam.create_access_key(UserName="bob")
    iam.create_access_key(UserName="bob")
    with pytest.raises(iam.exceptions.LimitExceededException, match="Cannot exceed quota for AccessKeysPerUser: 2"):
        iam.create_access_key(UserName="bob")


@pytest.mark.documented(API + "API_UpdateAccessKey.html")
def test_an_inactive_key_stops_at_once_and_works_again_when_active(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    iam.attach_user_policy(UserName="bob", PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    bob = cloud.client("iam", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])
    bob.get_user()
    iam.update_access_key(UserName="bob", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        bob.get_user()
    iam.update_access_key(UserName="bob", AccessKeyId=key["AccessKeyId"], Status="Active")
    assert bob.get_user()["User"]["UserName"] == "bob"


@pytest.mark.documented(API + "API_DeleteAccessKey.html")
def test_a_deleted_key_stops_at_once(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    iam.attach_user_policy(UserName="bob", PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    bob = cloud.client("iam", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])
    bob.get_user()
    iam.delete_access_key(UserName="bob", AccessKeyId=key["AccessKeyId"])
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        bob.get_user()


@pytest.mark.documented(API + "API_DeleteAccessKey.html")
def test_a_key_of_somebody_else_cannot_be_found(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    iam.create_user(UserName="bob")
    key = iam.create_access_key(UserName="bob")["AccessKey"]["AccessKeyId"]
    with pytest.raises(iam.exceptions.NoSuchEntityException, match=rf"The Access Key with id {key} cannot be found."):
        iam.delete_access_key(UserName="ann", AccessKeyId=key)


@pytest.mark.documented(API + "API_CreateAccessKey.html")
def test_a_user_makes_a_key_without_naming_itself(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    iam.attach_user_policy(UserName="bob", PolicyArn="arn:aws:iam::aws:policy/IAMFullAccess")
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    bob = cloud.client("iam", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])
    assert bob.create_access_key()["AccessKey"]["UserName"] == "bob"


@pytest.mark.documented(API + "API_CreateAccessKey.html")
def test_the_root_user_has_access_keys_too(cloud: Cloud) -> None:
    key = cloud.client("iam").create_access_key()["AccessKey"]
    root = cloud.client("iam", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])
    assert root.get_user()["User"]["Arn"] == "arn:aws:iam::000000000000:root"
    assert root.get_account_summary()["SummaryMap"]["AccountAccessKeysPresent"] == 1


@pytest.mark.documented(API + "API_GetAccessKeyLastUsed.html")
def test_a_key_that_was_never_used_says_so(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    key = iam.create_access_key(UserName="bob")["AccessKey"]["AccessKeyId"]
    used = iam.get_access_key_last_used(AccessKeyId=key)
    assert used["UserName"] == "bob"
    assert used["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}


@pytest.mark.documented(API + "API_GetAccessKeyLastUsed.html")
def test_the_last_use_of_a_key_names_service_and_region(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    iam.attach_user_policy(UserName="bob", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    cloud.advance(days=3)
    pair = {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}
    cloud.client("sqs", region="eu-west-1", **pair).list_queues()
    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
    assert (used["ServiceName"], used["Region"]) == ("sqs", "eu-west-1")
    assert cloud.clock.now() - used["LastUsedDate"].timestamp() < 900

"""Vaults: names, lists, inventories in numbers, deletion, tags, notifications, whose they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from haar import Cloud

GUIDE = "https://docs.aws.amazon.com/amazonglacier/latest/dev/"
ARN = "arn:aws:glacier:us-east-1:000000000000:vaults/"
TOPIC = "arn:aws:sns:us-east-1:000000000000:done"
Refused = Callable[..., tuple[str, str]]
Put = Callable[..., str]


# -- making and describing -----------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "api-vault-put.html")
def test_a_new_vault_is_at_a_place_with_its_account_and_name(glacier: Any) -> None:
    assert glacier.create_vault(vaultName="films")["location"] == "/000000000000/vaults/films"


@pytest.mark.documented(GUIDE + "api-vault-put.html")
def test_making_a_vault_again_changes_nothing(cloud: Cloud, glacier: Any, vault: str) -> None:
    before = glacier.describe_vault(vaultName=vault)["CreationDate"]
    cloud.advance(days=1)
    glacier.create_vault(vaultName=vault)
    assert glacier.describe_vault(vaultName=vault)["CreationDate"] == before


@pytest.mark.documented(GUIDE + "api-vault-put.html")
@pytest.mark.parametrize("name", ["a b", "ü", "x" * 256, "a:b"])
def test_a_vault_name_has_letters_digits_and_three_signs(glacier: Any, refused: Refused, name: str) -> None:
    assert refused(glacier.create_vault, vaultName=name)[0] == "InvalidParameterValueException"


@pytest.mark.documented(GUIDE + "api-vault-put.html")
def test_a_vault_name_may_have_255_characters(glacier: Any) -> None:
    name = "aZ09_-." + "x" * 248
    glacier.create_vault(vaultName=name)
    assert glacier.describe_vault(vaultName=name)["VaultName"] == name


@pytest.mark.documented(GUIDE + "api-vault-get.html")
def test_a_vault_without_inventory_shows_no_date(glacier: Any, vault: str, put: Put) -> None:
    put(b"x" * 100)
    shown = glacier.describe_vault(vaultName=vault)
    assert shown["VaultARN"] == ARN + vault
    assert "LastInventoryDate" not in shown
    assert (shown["NumberOfArchives"], shown["SizeInBytes"]) == (0, 0)


@pytest.mark.documented(GUIDE + "api-error-responses.html")
def test_a_vault_that_is_not_there_is_named_by_its_arn(glacier: Any, refused: Refused) -> None:
    told = refused(glacier.describe_vault, vaultName="none")
    assert told == ("ResourceNotFoundException", f"Vault not found for ARN: {ARN}none")


@pytest.mark.documented(GUIDE + "api-error-responses.html")
def test_an_error_says_whose_fault_it_is(glacier: Any, vault: str) -> None:
    with pytest.raises(glacier.exceptions.InvalidParameterValueException) as caught:
        glacier.list_jobs(vaultName=vault, statuscode="finished")
    said = caught.value.response
    assert said["Error"]["Message"] == "The job status code is not valid: finished"
    assert (said["code"], said["type"]) == ("InvalidParameterValueException", "Client")


@pytest.mark.documented(GUIDE + "amazon-glacier-data-model.html")
def test_a_vault_is_in_one_region(cloud: Cloud, vault: str, refused: Refused) -> None:
    elsewhere = cloud.client("glacier", region="eu-west-1")
    assert refused(elsewhere.describe_vault, vaultName=vault)[0] == "ResourceNotFoundException"


# -- inventories in numbers ----------------------------------------------------------------------------------------


@pytest.mark.fact("GLA-001")
def test_a_vault_takes_archive_after_archive(cloud: Cloud, glacier: Any, vault: str, put: Put) -> None:
    for number in range(1, 4):
        put(b"x" * 1000)
        cloud.advance(days=1)
        shown = glacier.describe_vault(vaultName=vault)
        assert shown["NumberOfArchives"] == number
        # every archive counts 32 KiB more than its bytes
        assert shown["SizeInBytes"] == number * (1000 + 32 * 1024)


@pytest.mark.documented(GUIDE + "api-initiate-job-post.html")
def test_an_inventory_is_taken_about_a_day_after_the_first_upload(
    cloud: Cloud, glacier: Any, vault: str, put: Put
) -> None:
    put()
    cloud.advance(hours=23)
    assert "LastInventoryDate" not in glacier.describe_vault(vaultName=vault)
    cloud.advance(hours=2)
    assert "LastInventoryDate" in glacier.describe_vault(vaultName=vault)


@pytest.mark.documented(GUIDE + "api-initiate-job-post.html")
def test_no_new_inventory_is_taken_where_nothing_changed(cloud: Cloud, glacier: Any, vault: str, put: Put) -> None:
    put()
    cloud.advance(days=2)
    before = glacier.describe_vault(vaultName=vault)
    cloud.advance(days=30)
    after = glacier.describe_vault(vaultName=vault)
    assert after["LastInventoryDate"] == before["LastInventoryDate"]


@pytest.mark.documented(GUIDE + "api-vault-get.html")
def test_the_numbers_are_those_of_the_last_inventory(cloud: Cloud, glacier: Any, vault: str, put: Put) -> None:
    first = put()
    cloud.advance(days=1)
    put()
    assert glacier.describe_vault(vaultName=vault)["NumberOfArchives"] == 1
    glacier.delete_archive(vaultName=vault, archiveId=first)
    cloud.advance(days=1)
    assert glacier.describe_vault(vaultName=vault)["NumberOfArchives"] == 1
    put()
    cloud.advance(days=1)
    assert glacier.describe_vault(vaultName=vault)["NumberOfArchives"] == 2


# -- deleting ------------------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "api-vault-delete.html")
def test_a_vault_that_was_never_used_can_be_deleted(glacier: Any, vault: str, refused: Refused) -> None:
    glacier.delete_vault(vaultName=vault)
    assert refused(glacier.describe_vault, vaultName=vault)[0] == "ResourceNotFoundException"


@pytest.mark.documented(GUIDE + "api-vault-delete.html")
def test_deleting_a_vault_again_is_no_error(glacier: Any, vault: str) -> None:
    glacier.delete_vault(vaultName=vault)
    assert glacier.delete_vault(vaultName=vault)["ResponseMetadata"]["HTTPStatusCode"] == 204


@pytest.mark.documented(GUIDE + "api-vault-delete.html")
def test_a_vault_with_archives_cannot_be_deleted(
    cloud: Cloud, glacier: Any, vault: str, put: Put, refused: Refused
) -> None:
    put()
    cloud.advance(days=2)
    told = refused(glacier.delete_vault, vaultName=vault)
    assert told == ("InvalidParameterValueException", f"Vault not empty or recently written to: {ARN}{vault}")


@pytest.mark.documented(GUIDE + "api-vault-delete.html")
def test_an_emptied_vault_can_be_deleted_after_its_next_inventory(
    cloud: Cloud, glacier: Any, vault: str, put: Put, refused: Refused
) -> None:
    archive = put()
    glacier.delete_archive(vaultName=vault, archiveId=archive)
    assert refused(glacier.delete_vault, vaultName=vault)[0] == "InvalidParameterValueException"
    cloud.advance(days=1)
    glacier.delete_vault(vaultName=vault)
    assert glacier.list_vaults()["VaultList"] == []


@pytest.mark.ours
def test_a_vault_never_sees_what_its_namesake_had(cloud: Cloud, glacier: Any, vault: str, put: Put) -> None:
    upload = glacier.initiate_multipart_upload(vaultName=vault, partSize="1048576")["uploadId"]
    glacier.upload_multipart_part(vaultName=vault, uploadId=upload, range="bytes 0-2/*", body=b"abc")
    glacier.add_tags_to_vault(vaultName=vault, Tags={"a": "b"})
    glacier.delete_vault(vaultName=vault)
    glacier.create_vault(vaultName=vault)
    assert glacier.list_multipart_uploads(vaultName=vault)["UploadsList"] == []
    assert glacier.list_tags_for_vault(vaultName=vault)["Tags"] == {}


# -- lists ---------------------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "api-vaults-get.html")
def test_vaults_are_listed_ten_at_a_time_in_the_order_of_their_names(glacier: Any) -> None:
    for number in range(12):
        glacier.create_vault(vaultName=f"v{number:02}")
    first = glacier.list_vaults()
    assert [one["VaultName"] for one in first["VaultList"]] == [f"v{number:02}" for number in range(10)]
    assert first["Marker"] == ARN + "v10"
    rest = glacier.list_vaults(marker=first["Marker"])
    assert [one["VaultName"] for one in rest["VaultList"]] == ["v10", "v11"]
    assert "Marker" not in rest


@pytest.mark.documented(GUIDE + "api-vaults-get.html")
@pytest.mark.parametrize("wrong", [{"limit": "0"}, {"limit": "many"}, {"limit": "1001"}, {"marker": "nowhere"}])
def test_a_page_has_a_size_and_begins_somewhere(glacier: Any, refused: Refused, wrong: dict[str, str]) -> None:
    assert refused(glacier.list_vaults, **wrong)[0] == "InvalidParameterValueException"


@pytest.mark.documented(GUIDE + "api-vault-put.html")
def test_an_account_has_up_to_a_thousand_vaults_in_a_region(glacier: Any, refused: Refused) -> None:
    for number in range(1000):
        glacier.create_vault(vaultName=f"v{number}")
    assert refused(glacier.create_vault, vaultName="more")[0] == "LimitExceededException"
    glacier.create_vault(vaultName="v0")


# -- whose ---------------------------------------------------------------------------------------------------------


@pytest.mark.fact("GLA-011")
def test_only_its_owner_reaches_a_vault_until_a_policy_lets_others_in(
    cloud: Cloud, glacier: Any, vault: str, refused: Refused
) -> None:
    stranger = cloud.client("glacier", access_key="111111111111")
    theirs = {"accountId": "000000000000", "vaultName": vault}
    assert refused(stranger.describe_vault, **theirs)[0] == "AccessDeniedException"
    assert refused(stranger.describe_vault, vaultName=vault)[0] == "ResourceNotFoundException"
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "111111111111"},
        "Action": ["glacier:DescribeVault", "glacier:UploadArchive"],
        "Resource": ARN + vault,
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    glacier.set_vault_access_policy(vaultName=vault, policy={"Policy": json.dumps(policy)})
    assert stranger.describe_vault(**theirs)["VaultARN"] == ARN + vault
    assert stranger.upload_archive(**theirs, body=b"x")["location"].startswith("/000000000000/vaults/films/archives/")
    assert refused(stranger.list_jobs, **theirs)[0] == "AccessDeniedException"


@pytest.mark.documented(GUIDE + "api-common-request-headers.html")
def test_an_unsigned_request_is_known_by_the_version_that_it_names(cloud: Cloud, refused: Refused) -> None:
    nobody = cloud.client("glacier", access_key=None)
    # its path is also one of an object in a bucket
    assert refused(nobody.list_vaults)[0] == "MissingAuthenticationTokenException"
    assert refused(nobody.describe_vault, vaultName="films")[0] == "AccessDeniedException"


@pytest.mark.documented(GUIDE + "api-vaults-get.html")
def test_the_account_in_the_path_must_be_ones_own_for_lists(cloud: Cloud, glacier: Any, refused: Refused) -> None:
    assert refused(glacier.list_vaults, accountId="111111111111")[0] == "AccessDeniedException"
    assert glacier.list_vaults(accountId="000000000000")["VaultList"] == []


@pytest.mark.documented(GUIDE + "api-vault-put.html")
def test_nobody_makes_vaults_for_others(glacier: Any, refused: Refused) -> None:
    assert refused(glacier.create_vault, accountId="111111111111", vaultName="x")[0] == "AccessDeniedException"


@pytest.mark.documented(GUIDE + "access-control-identity-based.html")
def test_a_user_does_what_its_policy_allows_on_tagged_vaults(
    cloud: Cloud, glacier: Any, vault: str, refused: Refused
) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    statement = {
        "Effect": "Allow",
        "Action": "glacier:DescribeVault",
        "Resource": "*",
        "Condition": {"StringEquals": {"glacier:ResourceTag/level": "open"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=document)
    pair = iam.create_access_key(UserName="ann")["AccessKey"]
    ann = cloud.client("glacier", access_key=pair["AccessKeyId"], secret_key=pair["SecretAccessKey"])
    assert refused(ann.describe_vault, vaultName=vault)[0] == "AccessDeniedException"
    glacier.add_tags_to_vault(vaultName=vault, Tags={"level": "open"})
    assert ann.describe_vault(vaultName=vault)["VaultName"] == vault


# -- tags ----------------------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "api-AddTagsToVault.html")
def test_tags_are_added_overwritten_and_removed(glacier: Any, vault: str) -> None:
    glacier.add_tags_to_vault(vaultName=vault, Tags={"a": "1", "b": ""})
    glacier.add_tags_to_vault(vaultName=vault, Tags={"a": "2"})
    assert glacier.list_tags_for_vault(vaultName=vault)["Tags"] == {"a": "2", "b": ""}
    glacier.remove_tags_from_vault(vaultName=vault, TagKeys=["a", "none"])
    assert glacier.list_tags_for_vault(vaultName=vault)["Tags"] == {"b": ""}


@pytest.mark.documented(GUIDE + "api-AddTagsToVault.html")
def test_a_vault_has_up_to_fifty_tags(glacier: Any, vault: str, refused: Refused) -> None:
    glacier.add_tags_to_vault(vaultName=vault, Tags={f"k{number}": "" for number in range(50)})
    told = refused(glacier.add_tags_to_vault, vaultName=vault, Tags={"more": ""})
    assert told[0] == "LimitExceededException"


# -- notifications -------------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "api-vault-notifications-put.html")
def test_notifications_are_set_read_and_deleted(glacier: Any, vault: str, refused: Refused) -> None:
    told = refused(glacier.get_vault_notifications, vaultName=vault)
    assert told == ("ResourceNotFoundException", f"No notification configuration is set for vault: {ARN}{vault}")
    config = {"SNSTopic": TOPIC, "Events": ["InventoryRetrievalCompleted", "ArchiveRetrievalCompleted"]}
    glacier.set_vault_notifications(vaultName=vault, vaultNotificationConfig=config)
    assert glacier.get_vault_notifications(vaultName=vault)["vaultNotificationConfig"] == config
    glacier.delete_vault_notifications(vaultName=vault)
    assert refused(glacier.get_vault_notifications, vaultName=vault)[0] == "ResourceNotFoundException"


@pytest.mark.documented(GUIDE + "api-vault-notifications-put.html")
@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"SNSTopic": "done", "Events": ["ArchiveRetrievalCompleted"]}, "InvalidParameterValueException"),
        ({"SNSTopic": TOPIC, "Events": ["ArchiveUploaded"]}, "InvalidParameterValueException"),
        ({"SNSTopic": TOPIC}, "MissingParameterValueException"),
        ({"Events": ["ArchiveRetrievalCompleted"]}, "MissingParameterValueException"),
        ({}, "MissingParameterValueException"),
    ],
)
def test_notifications_name_a_topic_and_known_events(
    glacier: Any, vault: str, refused: Refused, config: dict[str, Any], code: str
) -> None:
    assert refused(glacier.set_vault_notifications, vaultName=vault, vaultNotificationConfig=config)[0] == code

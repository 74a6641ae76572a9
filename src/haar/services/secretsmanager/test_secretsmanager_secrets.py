"""Secrets themselves: names and ARNs, creation, change, tags, deletion and restoration."""

from __future__ import annotations

import re
from typing import Any

import pytest

from haar import Cloud
from haar.services.secretsmanager.resources import Secret, Tally, Version

API = "https://docs.aws.amazon.com/secretsmanager/latest/apireference/"
GUIDE = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/"
CREATE = API + "API_CreateSecret.html"
DELETE = API + "API_DeleteSecret.html"
UPDATE = API + "API_UpdateSecret.html"
TOKEN = "11111111-2222-3333-4444-555555555555"
DAY = 86_400


def rows(cloud: Cloud, kind: Any) -> list[Any]:
    with cloud.store.transaction(write=False) as tx:
        return list(tx.range(kind))


# -- creation ------------------------------------------------------------------------------------------------------


@pytest.mark.documented(CREATE)
def test_the_arn_of_a_secret_ends_in_six_random_characters(secret: Any) -> None:
    assert re.fullmatch(r"arn:aws:secretsmanager:us-east-1:000000000000:secret:prod/db-[A-Za-z0-9]{6}", secret["ARN"])


@pytest.mark.documented(GUIDE + "troubleshoot.html")
def test_a_secret_that_is_made_again_has_another_arn(api: Any, secret: Any) -> None:
    api.delete_secret(SecretId="prod/db", ForceDeleteWithoutRecovery=True)
    assert api.create_secret(Name="prod/db")["ARN"] != secret["ARN"]


@pytest.mark.documented(CREATE)
def test_the_token_of_the_request_is_the_id_of_the_first_version(api: Any) -> None:
    made = api.create_secret(Name="a", SecretString="x", ClientRequestToken=TOKEN)
    assert made["VersionId"] == TOKEN
    assert api.describe_secret(SecretId="a")["VersionIdsToStages"] == {TOKEN: ["AWSCURRENT"]}


@pytest.mark.documented(CREATE)
def test_a_secret_without_a_value_has_no_version(api: Any, refused: Any) -> None:
    assert "VersionId" not in api.create_secret(Name="a")
    code, message = refused(api.get_secret_value, SecretId="a")
    assert (code, message[-10:]) == ("ResourceNotFoundException", "AWSCURRENT")


@pytest.mark.documented(CREATE)
def test_the_same_request_again_makes_nothing_new(api: Any) -> None:
    first = api.create_secret(Name="a", SecretString="x", ClientRequestToken=TOKEN)
    again = api.create_secret(Name="a", SecretString="x", ClientRequestToken=TOKEN)
    assert (again["ARN"], again["VersionId"]) == (first["ARN"], TOKEN)


@pytest.mark.parametrize("other", [{"SecretString": "y"}, {"SecretBinary": b"x"}, {"ClientRequestToken": TOKEN[::-1]}])
@pytest.mark.documented(CREATE)
def test_a_name_that_is_taken_is_refused(api: Any, refused: Any, other: dict[str, Any]) -> None:
    given: dict[str, Any] = {"Name": "a", "SecretString": "x", "ClientRequestToken": TOKEN}
    api.create_secret(**given)
    given.update(other)
    if "SecretBinary" in other:
        del given["SecretString"]
    expected = "The operation failed because the secret a already exists."
    assert refused(api.create_secret, **given) == ("ResourceExistsException", expected)


@pytest.mark.documented(CREATE)
def test_a_name_is_free_in_every_other_region_and_account(cloud: Cloud, secret: Any) -> None:
    there = cloud.client("secretsmanager", region="eu-west-1").create_secret(Name="prod/db")
    theirs = cloud.client("secretsmanager", access_key="111111111111").create_secret(Name="prod/db")
    assert len({secret["ARN"][:-7], there["ARN"][:-7], theirs["ARN"][:-7]}) == 3


@pytest.mark.parametrize("name", ["a b", "a:b", "a*", "ä"])
@pytest.mark.documented(CREATE)
def test_a_name_has_letters_digits_and_a_few_signs(api: Any, refused: Any, name: str) -> None:
    code, message = refused(api.create_secret, Name=name)
    assert (code, "-/_+=.@!" in message) == ("ValidationException", True)


@pytest.mark.documented(CREATE)
def test_text_and_bytes_at_once_are_refused(api: Any, refused: Any) -> None:
    assert refused(api.create_secret, Name="a", SecretString="x", SecretBinary=b"x")[0] == "InvalidParameterException"


@pytest.mark.documented(GUIDE + "reference_limits.html")
def test_a_value_has_up_to_64_kibibytes(api: Any, refused: Any) -> None:
    assert api.create_secret(Name="full", SecretString="x" * 65_536)["VersionId"]
    assert refused(api.create_secret, Name="a", SecretString="é" * 32_769)[0] == "InvalidParameterException"


@pytest.mark.documented(API + "API_PutSecretValue.html")
def test_a_raw_request_brings_its_own_token(cloud: Cloud, refused: Any) -> None:
    api = cloud.client("secretsmanager")
    api.meta.events.register("before-call.secretsmanager.*", _without_token)
    assert refused(api.create_secret, Name="a", SecretString="x")[0] == "InvalidRequestException"


def _without_token(params: Any, **_: Any) -> None:
    body = re.sub(rb',? ?"ClientRequestToken": ?"[^"]*"', b"", params["body"])
    params["body"] = body
    params["headers"].pop("Content-Length", None)


@pytest.mark.ours
def test_secrets_of_other_services_are_refused(api: Any, refused: Any) -> None:
    assert refused(api.create_secret, Name="a", Type="SalesforceClientSecret")[0] == "NotImplemented"


@pytest.mark.ours
def test_rotation_is_refused_and_says_why(api: Any, refused: Any, secret: Any) -> None:
    code, message = refused(api.rotate_secret, SecretId="prod/db")
    assert (code, "Lambda" in message) == ("NotImplemented", True)


@pytest.mark.ours
def test_secrets_are_counted_as_they_come_and_go(cloud: Cloud, api: Any, secret: Any) -> None:
    api.create_secret(Name="a", AddReplicaRegions=[{"Region": "eu-west-1"}])
    api.put_secret_value(SecretId="a", SecretString="x")
    counted = {row.region: row.secrets for row in rows(cloud, Tally)}
    assert counted == {"us-east-1": 2, "eu-west-1": 1}
    api.remove_regions_from_replication(SecretId="a", RemoveReplicaRegions=["eu-west-1"])
    api.delete_secret(SecretId="a", ForceDeleteWithoutRecovery=True)
    assert {row.region: row.secrets for row in rows(cloud, Tally)} == {"us-east-1": 1, "eu-west-1": 0}


# -- names ---------------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_GetSecretValue.html")
def test_a_secret_is_found_by_name_by_arn_and_by_partial_arn(api: Any, secret: Any) -> None:
    found = {api.describe_secret(SecretId=one)["ARN"] for one in ("prod/db", secret["ARN"], secret["ARN"][:-7])}
    assert found == {secret["ARN"]}


@pytest.mark.documented(GUIDE + "troubleshoot.html")
def test_a_name_that_ends_like_an_arn_is_found_by_its_own_partial_arn(api: Any) -> None:
    made = api.create_secret(Name="app-abcdef")
    assert api.describe_secret(SecretId=made["ARN"][:-7])["Name"] == "app-abcdef"


@pytest.mark.documented(API + "API_DescribeSecret.html")
def test_the_arn_of_an_earlier_secret_does_not_name_its_namesake(api: Any, refused: Any, secret: Any) -> None:
    api.delete_secret(SecretId="prod/db", ForceDeleteWithoutRecovery=True)
    api.create_secret(Name="prod/db")
    assert refused(api.describe_secret, SecretId=secret["ARN"])[0] == "ResourceNotFoundException"


@pytest.mark.documented(API + "API_DescribeSecret.html")
def test_a_secret_that_is_not_there_is_not_found(api: Any, refused: Any) -> None:
    expected = ("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    assert refused(api.describe_secret, SecretId="none") == expected


@pytest.mark.ours
def test_a_secret_of_another_region_is_not_found_by_its_arn(cloud: Cloud, refused: Any, secret: Any) -> None:
    elsewhere = cloud.client("secretsmanager", region="eu-west-1")
    assert refused(elsewhere.describe_secret, SecretId=secret["ARN"])[0] == "ResourceNotFoundException"


@pytest.mark.parametrize("given", ["arn:aws:sqs:us-east-1:000000000000:q", "no good"])
@pytest.mark.ours
def test_what_names_no_secret_is_refused(api: Any, refused: Any, given: str) -> None:
    assert refused(api.describe_secret, SecretId=given)[0] == "ValidationException"


# -- change --------------------------------------------------------------------------------------------------------


@pytest.mark.documented(UPDATE)
def test_a_description_is_changed_without_a_new_version(cloud: Cloud, api: Any, secret: Any) -> None:
    before = api.describe_secret(SecretId="prod/db")
    cloud.advance(60)
    assert "VersionId" not in api.update_secret(SecretId="prod/db", Description="the database")
    after = api.describe_secret(SecretId="prod/db")
    assert (after["Description"], after["VersionIdsToStages"]) == ("the database", before["VersionIdsToStages"])
    assert after["LastChangedDate"] > before["LastChangedDate"] == before["CreatedDate"] == after["CreatedDate"]


@pytest.mark.documented(UPDATE)
def test_an_updated_value_is_a_new_version(api: Any, secret: Any) -> None:
    new = api.update_secret(SecretId="prod/db", SecretString="second")["VersionId"]
    stages = api.describe_secret(SecretId="prod/db")["VersionIdsToStages"]
    assert stages == {new: ["AWSCURRENT"], secret["VersionId"]: ["AWSPREVIOUS"]}


@pytest.mark.documented(API + "API_TagResource.html")
def test_tags_are_added_replaced_and_taken_away(api: Any) -> None:
    api.create_secret(Name="a", Tags=[{"Key": "x", "Value": "1"}, {"Key": "y", "Value": "1"}])
    api.tag_resource(SecretId="a", Tags=[{"Key": "x", "Value": "2"}, {"Key": "z", "Value": "3"}])
    api.untag_resource(SecretId="a", TagKeys=["y", "none"])
    tags = api.describe_secret(SecretId="a")["Tags"]
    assert tags == [{"Key": "x", "Value": "2"}, {"Key": "z", "Value": "3"}]


@pytest.mark.parametrize("tags", [[{"Key": "aws:x", "Value": ""}], [{"Key": f"k{n}", "Value": ""} for n in range(51)]])
@pytest.mark.documented(API + "API_TagResource.html")
def test_reserved_tags_and_too_many_tags_are_refused(api: Any, refused: Any, secret: Any, tags: Any) -> None:
    assert refused(api.tag_resource, SecretId="prod/db", Tags=tags)[0] == "InvalidParameterException"


# -- deletion ------------------------------------------------------------------------------------------------------


@pytest.mark.documented(DELETE)
def test_a_secret_is_deleted_after_thirty_days(cloud: Cloud, api: Any, refused: Any, secret: Any) -> None:
    at = api.delete_secret(SecretId="prod/db")["DeletionDate"]
    assert abs(at.timestamp() - cloud.clock.now() - 30 * DAY) < 1
    cloud.advance(30 * DAY - 60)
    assert api.describe_secret(SecretId="prod/db")["DeletedDate"] == at
    cloud.advance(120)
    assert refused(api.describe_secret, SecretId="prod/db")[0] == "ResourceNotFoundException"
    assert rows(cloud, Secret) == rows(cloud, Version) == []


@pytest.mark.documented(DELETE)
def test_a_recovery_window_can_be_a_week(cloud: Cloud, api: Any, refused: Any, secret: Any) -> None:
    api.delete_secret(SecretId="prod/db", RecoveryWindowInDays=7)
    cloud.advance(days=6)
    api.describe_secret(SecretId="prod/db")
    cloud.advance(days=1, hours=1)
    assert refused(api.describe_secret, SecretId="prod/db")[0] == "ResourceNotFoundException"


@pytest.mark.parametrize("days", [0, 6, 31])
@pytest.mark.documented(DELETE)
def test_other_recovery_windows_are_refused(api: Any, refused: Any, secret: Any, days: int) -> None:
    expected = "RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."
    asked = {"SecretId": "prod/db", "RecoveryWindowInDays": days}
    assert refused(api.delete_secret, **asked) == ("InvalidParameterException", expected)


@pytest.mark.documented(DELETE)
def test_a_window_and_none_at_once_are_refused(api: Any, refused: Any, secret: Any) -> None:
    asked = {"SecretId": "prod/db", "RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": True}
    assert refused(api.delete_secret, **asked)[0] == "InvalidParameterException"


@pytest.mark.documented(DELETE)
def test_a_secret_is_deleted_at_once_by_force(cloud: Cloud, api: Any, secret: Any) -> None:
    api.delete_secret(SecretId="prod/db", ForceDeleteWithoutRecovery=True)
    assert rows(cloud, Secret) == rows(cloud, Version) == []


@pytest.mark.documented(DELETE)
def test_what_is_not_there_is_deleted_by_force_without_an_error(api: Any, refused: Any) -> None:
    assert api.delete_secret(SecretId="none", ForceDeleteWithoutRecovery=True)["Name"] == "none"
    assert refused(api.delete_secret, SecretId="none")[0] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("get_secret_value", {}),
        ("put_secret_value", {"SecretString": "x"}),
        ("update_secret", {"Description": "x"}),
        ("tag_resource", {"Tags": []}),
        ("untag_resource", {"TagKeys": []}),
        ("update_secret_version_stage", {"VersionStage": "x", "MoveToVersionId": TOKEN}),
        ("put_resource_policy", {"ResourcePolicy": "{}"}),
        ("replicate_secret_to_regions", {"AddReplicaRegions": [{"Region": "eu-west-1"}]}),
        ("delete_secret", {}),
    ],
)
@pytest.mark.documented(DELETE)
def test_a_secret_that_is_to_be_deleted_is_not_used(
    api: Any, refused: Any, secret: Any, operation: str, request_: dict[str, Any]
) -> None:
    api.delete_secret(SecretId="prod/db")
    code, message = refused(getattr(api, operation), SecretId="prod/db", **request_)
    assert (code, "for deletion." in message) == ("InvalidRequestException", True)


@pytest.mark.documented(DELETE)
def test_the_name_of_a_secret_that_is_to_be_deleted_is_not_free(api: Any, refused: Any, secret: Any) -> None:
    api.delete_secret(SecretId="prod/db")
    code, message = refused(api.create_secret, Name="prod/db")
    assert (code, "already scheduled for deletion" in message) == ("InvalidRequestException", True)


@pytest.mark.documented(API + "API_RestoreSecret.html")
def test_a_restored_secret_is_as_before_and_stays(cloud: Cloud, api: Any, secret: Any) -> None:
    api.delete_secret(SecretId="prod/db", RecoveryWindowInDays=7)
    cloud.advance(days=5)
    assert api.restore_secret(SecretId="prod/db")["ARN"] == secret["ARN"]
    cloud.advance(days=60)
    assert api.get_secret_value(SecretId="prod/db")["SecretString"] == "first"
    assert "DeletedDate" not in api.describe_secret(SecretId="prod/db")


@pytest.mark.ours
def test_a_secret_deleted_again_after_it_was_restored_has_a_window_of_its_own(cloud: Cloud, api: Any) -> None:
    api.create_secret(Name="a")
    api.delete_secret(SecretId="a", RecoveryWindowInDays=7)
    api.restore_secret(SecretId="a")
    cloud.advance(days=3)
    api.delete_secret(SecretId="a", RecoveryWindowInDays=7)
    cloud.advance(days=5)
    assert api.describe_secret(SecretId="a")["DeletedDate"]
    cloud.advance(days=3)
    assert rows(cloud, Secret) == []

"""Values of secrets: versions, staging labels, tokens, passwords, and what is written of them elsewhere."""

from __future__ import annotations

import string
from typing import Any

import msgspec
import pytest

from haar import Cloud
from haar.kit.audit import Event
from haar.services.secretsmanager.resources import Version

API = "https://docs.aws.amazon.com/secretsmanager/latest/apireference/"
GUIDE = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/"
PUT = API + "API_PutSecretValue.html"
GET = API + "API_GetSecretValue.html"
STAGE = API + "API_UpdateSecretVersionStage.html"
PASSWORD = API + "API_GetRandomPassword.html"
BATCH = API + "API_BatchGetSecretValue.html"
TOKEN = "11111111-2222-3333-4444-555555555555"


def rows(cloud: Cloud, kind: Any) -> list[Any]:
    with cloud.store.transaction(write=False) as tx:
        return list(tx.range(kind))


def stages(api: Any, name: str = "prod/db") -> dict[str, list[str]]:
    found: dict[str, list[str]] = api.describe_secret(SecretId=name)["VersionIdsToStages"]
    return found


# -- writing -------------------------------------------------------------------------------------------------------


@pytest.mark.documented(PUT)
def test_a_new_value_becomes_current_and_the_former_previous(api: Any, secret: Any) -> None:
    put = api.put_secret_value(SecretId="prod/db", SecretString="second")
    assert put["VersionStages"] == ["AWSCURRENT"]
    assert stages(api) == {put["VersionId"]: ["AWSCURRENT"], secret["VersionId"]: ["AWSPREVIOUS"]}


@pytest.mark.documented(PUT)
def test_of_three_values_the_first_has_no_label(api: Any, secret: Any) -> None:
    api.put_secret_value(SecretId="prod/db", SecretString="second")
    api.put_secret_value(SecretId="prod/db", SecretString="third")
    assert secret["VersionId"] not in stages(api)
    found = api.get_secret_value(SecretId="prod/db", VersionId=secret["VersionId"])
    assert (found["SecretString"], "VersionStages" in found) == ("first", False)


@pytest.mark.documented(PUT)
def test_a_pending_value_does_not_change_what_is_current(api: Any, secret: Any) -> None:
    api.put_secret_value(SecretId="prod/db", SecretString="second", VersionStages=["AWSPENDING"])
    assert api.get_secret_value(SecretId="prod/db")["SecretString"] == "first"
    assert api.get_secret_value(SecretId="prod/db", VersionStage="AWSPENDING")["SecretString"] == "second"


@pytest.mark.documented(PUT)
def test_the_first_value_is_current_whatever_its_labels(api: Any) -> None:
    api.create_secret(Name="a")
    put = api.put_secret_value(SecretId="a", SecretString="x", VersionStages=["blue"])
    assert sorted(put["VersionStages"]) == ["AWSCURRENT", "blue"]


@pytest.mark.documented(PUT)
def test_the_same_value_under_the_same_token_is_one_version(cloud: Cloud, api: Any, secret: Any) -> None:
    given = {"SecretId": "prod/db", "SecretString": "second", "ClientRequestToken": TOKEN}
    assert api.put_secret_value(**given)["VersionId"] == api.put_secret_value(**given)["VersionId"] == TOKEN
    assert len(rows(cloud, Version)) == 2


@pytest.mark.parametrize("operation", ["put_secret_value", "update_secret"])
@pytest.mark.documented(PUT)
def test_another_value_under_the_same_token_is_refused(api: Any, refused: Any, secret: Any, operation: str) -> None:
    api.put_secret_value(SecretId="prod/db", SecretString="second", ClientRequestToken=TOKEN)
    given = {"SecretId": "prod/db", "SecretString": "third", "ClientRequestToken": TOKEN}
    code, message = refused(getattr(api, operation), **given)
    assert (code, TOKEN in message) == ("ResourceExistsException", True)


@pytest.mark.documented(PUT)
def test_a_new_value_must_be_given(api: Any, refused: Any, secret: Any) -> None:
    expected = ("InvalidRequestException", "You must provide either SecretString or SecretBinary.")
    assert refused(api.put_secret_value, SecretId="prod/db") == expected


@pytest.mark.documented(GUIDE + "reference_limits.html")
def test_the_versions_of_a_secret_have_up_to_twenty_labels(api: Any, refused: Any, secret: Any) -> None:
    labels = [f"l{n}" for n in range(18)]
    api.put_secret_value(SecretId="prod/db", SecretString="x", VersionStages=["AWSCURRENT", *labels])
    move = {"SecretId": "prod/db", "MoveToVersionId": secret["VersionId"], "VersionStage": "one-more"}
    assert refused(api.update_secret_version_stage, **move)[0] == "LimitExceededException"


@pytest.mark.documented(GUIDE + "reference_limits.html")
def test_versions_beyond_a_hundred_stay_for_a_day(cloud: Cloud, api: Any) -> None:
    api.create_secret(Name="a", SecretString="0")
    for n in range(1, 105):
        api.put_secret_value(SecretId="a", SecretString=str(n))
    assert len(rows(cloud, Version)) == 105
    cloud.advance(days=1, seconds=1)
    api.put_secret_value(SecretId="a", SecretString="last")
    kept = {version["VersionId"] for version in api.list_secret_version_ids(SecretId="a")["Versions"]}
    assert len(rows(cloud, Version)) == 100
    assert kept == set(stages(api, "a"))


@pytest.mark.documented(GUIDE + "reference_limits.html")
def test_labelled_versions_are_kept_however_old(cloud: Cloud, api: Any) -> None:
    old = api.create_secret(Name="a", SecretString="0")["VersionId"]
    api.update_secret_version_stage(SecretId="a", VersionStage="gold", MoveToVersionId=old)
    for n in range(1, 102):
        api.put_secret_value(SecretId="a", SecretString=str(n))
    cloud.advance(days=2)
    api.put_secret_value(SecretId="a", SecretString="last")
    assert api.get_secret_value(SecretId="a", VersionStage="gold")["SecretString"] == "0"


# -- reading -------------------------------------------------------------------------------------------------------


@pytest.mark.documented(GET)
def test_a_value_comes_back_with_its_version(api: Any, secret: Any) -> None:
    found = api.get_secret_value(SecretId="prod/db")
    assert (found["ARN"], found["Name"], found["VersionId"]) == (secret["ARN"], "prod/db", secret["VersionId"])
    assert (found["SecretString"], found["VersionStages"]) == ("first", ["AWSCURRENT"])
    assert "SecretBinary" not in found


@pytest.mark.documented(GET)
def test_bytes_come_back_as_bytes(api: Any) -> None:
    api.create_secret(Name="a", SecretBinary=b"\x00\xff")
    found = api.get_secret_value(SecretId="a")
    assert (found["SecretBinary"], "SecretString" in found) == (b"\x00\xff", False)


@pytest.mark.documented(GET)
def test_a_version_that_is_not_there_is_not_found(api: Any, refused: Any, secret: Any) -> None:
    code, message = refused(api.get_secret_value, SecretId="prod/db", VersionId=TOKEN)
    expected = f"Secrets Manager can't find the specified secret value for VersionId: {TOKEN}"
    assert (code, message) == ("ResourceNotFoundException", expected)


@pytest.mark.documented(GET)
def test_a_label_that_is_not_there_is_not_found(api: Any, refused: Any, secret: Any) -> None:
    code, message = refused(api.get_secret_value, SecretId="prod/db", VersionStage="AWSPENDING")
    expected = "Secrets Manager can't find the specified secret value for staging label: AWSPENDING"
    assert (code, message) == ("ResourceNotFoundException", expected)


@pytest.mark.documented(GET)
def test_a_version_and_a_label_must_belong_together(api: Any, refused: Any, secret: Any) -> None:
    asked = {"SecretId": "prod/db", "VersionId": secret["VersionId"]}
    assert api.get_secret_value(**asked, VersionStage="AWSCURRENT")["SecretString"] == "first"
    assert refused(api.get_secret_value, **asked, VersionStage="AWSPREVIOUS")[0] == "InvalidRequestException"


@pytest.mark.documented(API + "API_DescribeSecret.html")
def test_the_day_of_the_last_access_is_on_record(cloud: Cloud, api: Any, secret: Any) -> None:
    assert "LastAccessedDate" not in api.describe_secret(SecretId="prod/db")
    api.get_secret_value(SecretId="prod/db")
    first = api.describe_secret(SecretId="prod/db")["LastAccessedDate"].timestamp()
    assert (first % 86_400, first) == (0, cloud.clock.now() // 86_400 * 86_400)
    cloud.advance(days=2)
    api.get_secret_value(SecretId="prod/db")
    assert api.describe_secret(SecretId="prod/db")["LastAccessedDate"].timestamp() == first + 2 * 86_400


@pytest.mark.documented(API + "API_ListSecretVersionIds.html")
def test_versions_are_listed_with_deprecated_ones_on_request(api: Any, secret: Any) -> None:
    for value in ("second", "third"):
        api.put_secret_value(SecretId="prod/db", SecretString=value)
    assert len(api.list_secret_version_ids(SecretId="prod/db")["Versions"]) == 2
    every = api.list_secret_version_ids(SecretId="prod/db", IncludeDeprecated=True)["Versions"]
    assert {one["VersionId"]: one.get("VersionStages") for one in every}[secret["VersionId"]] is None
    assert [one["KmsKeyIds"] for one in every] == [["DefaultEncryptionKey"]] * 3


@pytest.mark.documented(API + "API_ListSecretVersionIds.html")
def test_versions_are_listed_page_by_page(cloud: Cloud, api: Any, refused: Any, secret: Any) -> None:
    cloud.advance(1)
    new = api.put_secret_value(SecretId="prod/db", SecretString="second")["VersionId"]
    first = api.list_secret_version_ids(SecretId="prod/db", MaxResults=1)
    second = api.list_secret_version_ids(SecretId="prod/db", MaxResults=1, NextToken=first["NextToken"])
    seen = [page["Versions"][0]["VersionId"] for page in (first, second)]
    assert (seen, "NextToken" in second) == ([secret["VersionId"], new], False)
    asked = {"SecretId": "prod/db", "NextToken": "made up"}
    assert refused(api.list_secret_version_ids, **asked)[0] == "InvalidNextTokenException"


# -- labels --------------------------------------------------------------------------------------------------------


@pytest.fixture
def second(api: Any, secret: Any) -> str:
    """The id of the second, current version."""
    made: str = api.put_secret_value(SecretId="prod/db", SecretString="second")["VersionId"]
    return made


@pytest.mark.documented(STAGE)
def test_a_former_value_becomes_current_again(api: Any, secret: Any, second: str) -> None:
    api.update_secret_version_stage(
        SecretId="prod/db", VersionStage="AWSCURRENT", RemoveFromVersionId=second, MoveToVersionId=secret["VersionId"]
    )
    assert stages(api) == {secret["VersionId"]: ["AWSCURRENT"], second: ["AWSPREVIOUS"]}


@pytest.mark.documented(STAGE)
def test_where_a_label_is_must_be_said_to_move_it(api: Any, refused: Any, secret: Any, second: str) -> None:
    asked = {"SecretId": "prod/db", "VersionStage": "AWSCURRENT", "MoveToVersionId": secret["VersionId"]}
    code, message = refused(api.update_secret_version_stage, **asked)
    assert (code, second in message) == ("InvalidParameterException", True)


@pytest.mark.documented(STAGE)
def test_a_label_is_taken_away(api: Any, secret: Any, second: str) -> None:
    asked = {"SecretId": "prod/db", "VersionStage": "blue"}
    api.update_secret_version_stage(**asked, MoveToVersionId=second)
    assert stages(api)[second] == ["AWSCURRENT", "blue"]
    api.update_secret_version_stage(**asked, RemoveFromVersionId=second)
    assert stages(api)[second] == ["AWSCURRENT"]


@pytest.mark.documented(STAGE)
def test_there_is_always_a_current_value(api: Any, refused: Any, secret: Any) -> None:
    asked = {"SecretId": "prod/db", "VersionStage": "AWSCURRENT", "RemoveFromVersionId": secret["VersionId"]}
    assert refused(api.update_secret_version_stage, **asked)[0] == "InvalidParameterException"


@pytest.mark.documented(STAGE)
def test_a_label_is_moved_to_versions_that_are_there(api: Any, refused: Any, secret: Any) -> None:
    asked = {"SecretId": "prod/db", "VersionStage": "blue", "MoveToVersionId": TOKEN}
    assert refused(api.update_secret_version_stage, **asked)[0] == "ResourceNotFoundException"


@pytest.mark.documented(STAGE)
def test_a_label_is_taken_only_from_where_it_is(api: Any, refused: Any, secret: Any) -> None:
    asked = {"SecretId": "prod/db", "VersionStage": "blue", "RemoveFromVersionId": secret["VersionId"]}
    assert refused(api.update_secret_version_stage, **asked)[0] == "InvalidParameterException"


# -- many at once --------------------------------------------------------------------------------------------------


@pytest.mark.documented(BATCH)
def test_many_values_are_read_at_once_and_what_fails_is_said(api: Any, secret: Any) -> None:
    api.create_secret(Name="b", SecretString="b")
    found = api.batch_get_secret_value(SecretIdList=["prod/db", "none", "b"])
    assert [one["SecretString"] for one in found["SecretValues"]] == ["first", "b"]
    assert [(one["SecretId"], one["ErrorCode"]) for one in found["Errors"]] == [("none", "ResourceNotFoundException")]


@pytest.mark.documented(BATCH)
def test_values_are_read_by_filter_page_by_page(cloud: Cloud, api: Any, secret: Any) -> None:
    for name in ("app/a", "app/b"):
        cloud.advance(1)
        api.create_secret(Name=name, SecretString=name)
    asked = {"Filters": [{"Key": "name", "Values": ["app/"]}], "MaxResults": 1}
    first = api.batch_get_secret_value(**asked)
    second = api.batch_get_secret_value(**asked, NextToken=first["NextToken"])
    seen = [page["SecretValues"][0]["SecretString"] for page in (first, second)]
    assert (seen, "NextToken" in second) == (["app/a", "app/b"], False)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"SecretIdList": ["a"], "Filters": [{"Key": "name", "Values": ["a"]}]},
        {"SecretIdList": ["a"], "MaxResults": 2},
    ],
)
@pytest.mark.documented(BATCH)
def test_a_batch_has_names_or_filters(api: Any, refused: Any, asked: dict[str, Any]) -> None:
    assert refused(api.batch_get_secret_value, **asked)[0] == "InvalidParameterException"


@pytest.mark.documented(BATCH)
def test_a_batch_needs_the_permission_for_every_secret(user: Any, secret: Any, api: Any) -> None:
    api.create_secret(Name="b", SecretString="b")
    ann = user("ann", "secretsmanager:BatchGetSecretValue")
    found = ann.batch_get_secret_value(SecretIdList=["prod/db", "b"])
    assert found["SecretValues"] == []
    assert {one["ErrorCode"] for one in found["Errors"]} == {"AccessDeniedException"}


@pytest.mark.documented(BATCH)
def test_a_batch_by_filter_needs_the_permission_to_list(user: Any, refused: Any, secret: Any) -> None:
    ann = user("ann", "secretsmanager:BatchGetSecretValue", "secretsmanager:GetSecretValue")
    code, message = refused(ann.batch_get_secret_value, Filters=[{"Key": "name", "Values": ["prod"]}])
    assert (code, "secretsmanager:ListSecrets" in message) == ("AccessDeniedException", True)


# -- passwords -----------------------------------------------------------------------------------------------------


@pytest.mark.documented(PASSWORD)
def test_a_password_has_32_characters_of_all_four_kinds(api: Any) -> None:
    made = api.get_random_password()["RandomPassword"]
    assert len(made) == 32
    kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits, string.punctuation)
    assert all(set(made) & set(kind) for kind in kinds)
    assert made != api.get_random_password()["RandomPassword"]


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ({"ExcludePunctuation": True}, string.ascii_letters + string.digits),
        ({"ExcludePunctuation": True, "ExcludeNumbers": True}, string.ascii_letters),
        ({"ExcludeLowercase": True, "ExcludeUppercase": True, "ExcludePunctuation": True}, string.digits),
        ({"ExcludePunctuation": True, "ExcludeNumbers": True, "ExcludeCharacters": "aeiouAEIOU"}, string.ascii_letters),
    ],
)
@pytest.mark.documented(PASSWORD)
def test_characters_are_excluded(api: Any, asked: dict[str, Any], allowed: str) -> None:
    made = api.get_random_password(PasswordLength=500, **asked)["RandomPassword"]
    assert len(made) == 500
    assert set(made) <= set(allowed) - set(asked.get("ExcludeCharacters", ""))


@pytest.mark.documented(PASSWORD)
def test_the_shortest_password_has_one_of_each_kind(api: Any, refused: Any) -> None:
    made = api.get_random_password(PasswordLength=5, IncludeSpace=True)["RandomPassword"]
    assert (len(made), made.count(" ")) == (5, 1)
    assert refused(api.get_random_password, PasswordLength=3)[0] == "InvalidParameterException"
    assert len(api.get_random_password(PasswordLength=1, RequireEachIncludedType=False)["RandomPassword"]) == 1


@pytest.mark.documented(PASSWORD)
def test_a_password_of_nothing_is_refused(api: Any, refused: Any) -> None:
    asked = {"ExcludeLowercase": True, "ExcludeUppercase": True, "ExcludePunctuation": True, "ExcludeNumbers": True}
    assert refused(api.get_random_password, **asked)[0] == "InvalidRequestException"
    assert refused(api.get_random_password, ExcludeCharacters=string.digits)[0] == "InvalidRequestException"


# -- what is on record ---------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "monitoring-cloudtrail.html")
def test_values_and_passwords_are_not_on_record(cloud: Cloud, api: Any) -> None:
    api.create_secret(Name="a", SecretString="word-of-somebody")
    api.put_secret_value(SecretId="a", SecretBinary=b"word-of-somebody")
    api.update_secret(SecretId="a", SecretString="word-of-somebody else")
    api.get_secret_value(SecretId="a")
    api.batch_get_secret_value(SecretIdList=["a"])
    password = api.get_random_password(ExcludePunctuation=True)["RandomPassword"]
    kept = msgspec.json.encode(rows(cloud, Event), enc_hook=str).decode()
    assert [one for one in ("of-somebody", "d29yZC1vZi1zb21lYm9keQ", password) if one in kept] == []
    assert "GetSecretValue" in kept


# -- from elsewhere ------------------------------------------------------------------------------------------------


@pytest.mark.fact("SM-002")
def test_a_parameter_refers_to_a_secret(cloud: Cloud, secret: Any) -> None:
    ssm = cloud.client("ssm")
    name = "/aws/reference/secretsmanager/prod/db"
    parameter = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    assert (parameter["Value"], parameter["Type"]) == ("first", "SecureString")

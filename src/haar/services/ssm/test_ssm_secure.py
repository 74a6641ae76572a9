"""SecureString parameters: what is encrypted, under which key, and who may decrypt it."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import pytest

from haar import Cloud
from haar.record import RECORDS

KMS = "https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html"
ARN = "arn:aws:ssm:us-east-1:000000000000:parameter"

Put = Callable[..., Any]
Refused = Callable[..., tuple[str, str]]


def user(cloud: Cloud, *actions: str) -> Any:
    """A client of a user who may do these things and nothing else."""
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=policy)
    keys = iam.create_access_key(UserName="ann")["AccessKey"]
    return cloud.client("ssm", access_key=keys["AccessKeyId"], secret_key=keys["SecretAccessKey"])


@pytest.mark.fact("SSM-001")
def test_a_secure_string_is_ciphertext_until_it_is_decrypted(ssm: Any, put: Put) -> None:
    put("/secret", "swordfish", Type="SecureString")
    put("/plain", "open")
    sealed = ssm.get_parameter(Name="/secret")["Parameter"]["Value"]
    assert b"swordfish" not in b64decode(sealed)
    assert ssm.get_parameter(Name="/secret", WithDecryption=True)["Parameter"]["Value"] == "swordfish"
    assert ssm.get_parameter(Name="/plain", WithDecryption=True)["Parameter"]["Value"] == "open"


@pytest.mark.ours
def test_no_row_of_the_store_has_a_secure_value_in_plain(cloud: Cloud, put: Put) -> None:
    put("/secret", "swordfish", Type="SecureString")
    put("/secret", "swordfish" * 900, Type="SecureString", Tier="Advanced")
    with cloud.store.transaction(write=False) as tx:
        rows = [repr(row) for kind in list(RECORDS.values()) for row in tx.range(kind)]
    assert any("/secret" in row for row in rows)
    assert not any("swordfish" in row for row in rows)


@pytest.mark.documented(KMS)
def test_what_a_standard_secure_string_shows_is_what_kms_decrypts_for_its_arn(cloud: Cloud, put: Put, ssm: Any) -> None:
    key = cloud.client("kms").create_key()["KeyMetadata"]["KeyId"]
    put("/secret", "swordfish", Type="SecureString", KeyId=key)
    blob = b64decode(ssm.get_parameter(Name="/secret")["Parameter"]["Value"])
    context = {"PARAMETER_ARN": f"{ARN}/secret"}
    assert cloud.client("kms").decrypt(CiphertextBlob=blob, EncryptionContext=context)["Plaintext"] == b"swordfish"


@pytest.mark.documented(KMS)
def test_an_advanced_secure_string_has_eight_kilobytes(ssm: Any, put: Put) -> None:
    put("/secret", "s" * 8192, Type="SecureString", Tier="Advanced")
    (found,) = ssm.get_parameters_by_path(Path="/", WithDecryption=True)["Parameters"]
    assert found["Value"] == "s" * 8192


@pytest.mark.documented(KMS)
def test_every_version_is_decrypted_with_the_key_it_was_written_under(cloud: Cloud, ssm: Any, put: Put) -> None:
    key = cloud.client("kms").create_key()["KeyMetadata"]["KeyId"]
    put("/secret", "one", Type="SecureString")
    put("/secret", "two", Type="SecureString", KeyId=key)
    put("/secret", "three", Type="SecureString")
    history = ssm.get_parameter_history(Name="/secret", WithDecryption=True)["Parameters"]
    shown = [(one["Value"], one["KeyId"]) for one in history]
    assert shown == [("one", "alias/aws/ssm"), ("two", key), ("three", key)]


@pytest.mark.documented(KMS)
def test_who_may_not_use_the_key_may_not_decrypt(cloud: Cloud, put: Put, refused: Refused) -> None:
    key = cloud.client("kms").create_key()["KeyMetadata"]["KeyId"]
    put("/secret", "swordfish", Type="SecureString", KeyId=key)
    ann = user(cloud, "ssm:GetParameter")
    assert ann.get_parameter(Name="/secret")["Parameter"]["Type"] == "SecureString"
    code, message = refused(ann.get_parameter, Name="/secret", WithDecryption=True)
    assert (code, "kms:Decrypt" in message) == ("AccessDeniedException", True)


@pytest.mark.documented(KMS)
def test_the_managed_key_serves_everybody_in_the_account_through_parameter_store(cloud: Cloud, put: Put) -> None:
    put("/secret", "swordfish", Type="SecureString")
    ann = user(cloud, "ssm:GetParameter")
    assert ann.get_parameter(Name="/secret", WithDecryption=True)["Parameter"]["Value"] == "swordfish"


@pytest.mark.documented(KMS)
def test_a_key_that_cannot_be_used_is_an_invalid_key_id(cloud: Cloud, ssm: Any, put: Put, refused: Refused) -> None:
    kms = cloud.client("kms")
    assert refused(put, "/x", Type="SecureString", KeyId="alias/nobody")[0] == "InvalidKeyId"
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    put("/secret", "swordfish", Type="SecureString", KeyId=key)
    kms.disable_key(KeyId=key)
    assert refused(ssm.get_parameter, Name="/secret", WithDecryption=True)[0] == "InvalidKeyId"


@pytest.mark.documented("https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html")
def test_a_key_is_for_secure_strings_only(put: Put, refused: Refused) -> None:
    assert refused(put, "/x", KeyId="alias/aws/ssm")[0] == "ValidationException"


@pytest.mark.documented(KMS)
def test_the_trail_shows_that_kms_was_asked_for_the_parameter(cloud: Cloud, ssm: Any, put: Put) -> None:
    put("/secret", "swordfish", Type="SecureString")
    ssm.get_parameter(Name="/secret", WithDecryption=True)
    events = cloud.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "Decrypt"}]
    )["Events"]
    told = json.loads(events[0]["CloudTrailEvent"])
    assert told["requestParameters"]["encryptionContext"] == {"PARAMETER_ARN": f"{ARN}/secret"}
    assert told["userIdentity"]["invokedBy"] == "ssm.amazonaws.com"


# -- secrets of Secrets Manager ----------------------------------------------------------------------------------------


REFERENCE = "/aws/reference/secretsmanager/"
SECRETS = "https://docs.aws.amazon.com/systems-manager/latest/userguide/integration-ps-secretsmanager.html"


@pytest.mark.fact("SM-002")
def test_a_parameter_name_can_mean_a_secret(cloud: Cloud, ssm: Any, refused: Refused) -> None:
    cloud.client("secretsmanager").create_secret(Name="app/db", SecretString="swordfish")
    found = ssm.get_parameter(Name=f"{REFERENCE}app/db", WithDecryption=True)["Parameter"]
    assert (found["Type"], found["Value"], found["Version"]) == ("SecureString", "swordfish", 0)
    assert json.loads(found["SourceResult"])["Name"] == "app/db"
    assert refused(ssm.get_parameter, Name=f"{REFERENCE}app/db")[0] == "ValidationException"


@pytest.mark.documented(SECRETS)
def test_a_secret_is_read_in_a_version_by_stage_or_id(cloud: Cloud, ssm: Any) -> None:
    secrets = cloud.client("secretsmanager")
    first = secrets.create_secret(Name="db", SecretString="one")["VersionId"]
    secrets.put_secret_value(SecretId="db", SecretString="two")
    names = [f"{REFERENCE}db{selector}" for selector in ("", ":AWSPREVIOUS", f":{first}")]
    found = ssm.get_parameters(Names=names, WithDecryption=True)["Parameters"]
    assert [one["Value"] for one in found] == ["two", "one", "one"]


@pytest.mark.documented(SECRETS)
def test_who_may_not_read_the_secret_does_not_read_it_by_reference(cloud: Cloud, refused: Refused) -> None:
    cloud.client("secretsmanager").create_secret(Name="db", SecretString="swordfish")
    ann = user(cloud, "ssm:GetParameter")
    code, message = refused(ann.get_parameter, Name=f"{REFERENCE}db", WithDecryption=True)
    assert (code, "secretsmanager:GetSecretValue" in message) == ("AccessDeniedException", True)


@pytest.mark.ours
def test_a_reference_to_a_secret_is_nothing_that_is_labelled_or_deleted(ssm: Any, refused: Refused) -> None:
    assert refused(ssm.label_parameter_version, Name=f"{REFERENCE}db", Labels=["x"])[0] == "ParameterNotFound"
    assert refused(ssm.delete_parameter, Name=f"{REFERENCE}db")[0] == "ParameterNotFound"
    assert ssm.describe_parameters()["Parameters"] == []

"""Who may read a secret: resource policies, KMS keys, condition keys, other accounts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from haar import Cloud
from haar.kit.audit import Event
from haar.record import encode
from haar.services.secretsmanager.resources import Version

API = "https://docs.aws.amazon.com/secretsmanager/latest/apireference/"
GUIDE = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/"
KEYS = GUIDE + "security-encryption.html"
POLICIES = GUIDE + "auth-and-access_resource-policies.html"
CROSS = GUIDE + "auth-and-access_examples_cross.html"
PUT = API + "API_PutResourcePolicy.html"
VALIDATE = API + "API_ValidateResourcePolicy.html"
REFERENCE = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html"
GET = "secretsmanager:GetSecretValue"
ACCOUNT, FRIEND = "000000000000", "111111111111"


def rows(cloud: Cloud, kind: Any) -> list[Any]:
    with cloud.store.transaction(write=False) as tx:
        return list(tx.range(kind))


def document(principal: Any, *, effect: str = "Allow", action: str = GET, **more: Any) -> str:
    """A resource policy with one statement."""
    statement = {"Effect": effect, "Principal": principal, "Action": action, "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def key(kms: Any) -> str:
    """The ARN of a customer's key, that account 111111111111 may decrypt with."""
    own = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:*", "Resource": "*"}
    friend = {"Effect": "Allow", "Principal": {"AWS": FRIEND}, "Action": "kms:Decrypt", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [own, friend]})
    made: str = kms.create_key(Policy=policy)["KeyMetadata"]["Arn"]
    return made


@pytest.fixture
def sealed(api: Any, key: str) -> Any:
    """A secret under the customer's key."""
    return api.create_secret(Name="sealed", SecretString="treasure", KmsKeyId=key)


# -- identity policies ---------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "auth-and-access_iam-policies.html")
def test_a_user_reads_what_a_policy_allows_by_name_and_any_ending(user: Any, refused: Any, secret: Any) -> None:
    ann = user("ann", GET, Resource=f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:prod/db-??????")
    assert ann.get_secret_value(SecretId="prod/db")["SecretString"] == "first"
    assert refused(ann.describe_secret, SecretId="prod/db")[0] == "AccessDeniedException"


@pytest.mark.documented(GUIDE + "auth-and-access_iam-policies.html")
def test_who_may_not_read_does_not_learn_what_there_is(user: Any, refused: Any, secret: Any) -> None:
    ann = user("ann")
    for name in ("prod/db", "none"):
        code, message = refused(ann.get_secret_value, SecretId=name)
        assert (code, f"perform: {GET} on resource" in message) == ("AccessDeniedException", True)


@pytest.mark.documented(GUIDE + "auth-and-access_iam-policies.html")
def test_a_user_makes_secrets_of_some_names(user: Any, refused: Any) -> None:
    ann = user(
        "ann", "secretsmanager:CreateSecret", Resource=f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:dev/*"
    )
    assert ann.create_secret(Name="dev/a", SecretString="x")["ARN"]
    assert refused(ann.create_secret, Name="prod/a")[0] == "AccessDeniedException"


@pytest.mark.parametrize(
    ("condition", "good", "bad"),
    [
        ({"StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}}, {"VersionStage": "AWSCURRENT"}, {}),
        ({"StringEquals": {"secretsmanager:ResourceTag/team": "blue"}}, {}, {"SecretId": "prod/db"}),
        ({"StringLike": {"secretsmanager:SecretId": "arn:*:secret:tagged-*"}}, {}, {"SecretId": "prod/db"}),
        ({"Null": {"secretsmanager:VersionId": "true"}}, {}, {"VersionId": "1" * 32}),
    ],
)
@pytest.mark.documented(REFERENCE)
def test_condition_keys_of_reading(
    api: Any, user: Any, refused: Any, secret: Any, condition: Any, good: dict[str, str], bad: dict[str, str]
) -> None:
    api.create_secret(Name="tagged", SecretString="x", Tags=[{"Key": "team", "Value": "blue"}])
    ann = user("ann", GET, Condition=condition)
    assert ann.get_secret_value(**{"SecretId": "tagged", **good})["SecretString"] == "x"
    assert refused(ann.get_secret_value, **{"SecretId": "tagged", **bad})[0] == "AccessDeniedException"


@pytest.mark.documented(REFERENCE)
def test_a_policy_can_ask_for_a_recovery_window(user: Any, refused: Any, secret: Any) -> None:
    condition = {"NumericGreaterThanEquals": {"secretsmanager:RecoveryWindowInDays": "14"}}
    ann = user("ann", "secretsmanager:DeleteSecret", Condition=condition)
    asked = {"SecretId": "prod/db", "RecoveryWindowInDays": 7}
    assert refused(ann.delete_secret, **asked)[0] == "AccessDeniedException"
    assert ann.delete_secret(SecretId="prod/db", RecoveryWindowInDays=14)["DeletionDate"]


@pytest.mark.documented(REFERENCE)
def test_a_policy_can_ask_for_a_kms_key(user: Any, refused: Any, key: str) -> None:
    condition = {"ArnEquals": {"secretsmanager:KmsKeyArn": key}}
    ann = user("ann", "secretsmanager:CreateSecret", Condition=condition)
    assert refused(ann.create_secret, Name="a")[0] == "AccessDeniedException"
    # the key itself is another question, and nobody lets this user use it
    code, message = refused(ann.create_secret, Name="a", KmsKeyId=key.rpartition("/")[2], SecretString="x")
    assert (code, message) == ("AccessDeniedException", "Access to KMS is not allowed")


# -- resource policies ---------------------------------------------------------------------------------------------


@pytest.mark.documented(PUT)
def test_a_policy_is_put_shown_and_deleted(api: Any, secret: Any) -> None:
    text = document({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    api.put_resource_policy(SecretId="prod/db", ResourcePolicy=text)
    assert api.get_resource_policy(SecretId="prod/db")["ResourcePolicy"] == text
    api.delete_resource_policy(SecretId="prod/db")
    assert "ResourcePolicy" not in api.get_resource_policy(SecretId="prod/db")


@pytest.mark.documented(POLICIES)
def test_a_policy_lets_in_a_user_who_has_no_other(api: Any, user: Any, refused: Any, secret: Any) -> None:
    ann = user("ann")
    assert refused(ann.get_secret_value, SecretId="prod/db")[0] == "AccessDeniedException"
    api.put_resource_policy(SecretId="prod/db", ResourcePolicy=document({"AWS": f"arn:aws:iam::{ACCOUNT}:user/ann"}))
    assert ann.get_secret_value(SecretId="prod/db")["SecretString"] == "first"


@pytest.mark.documented(POLICIES)
def test_a_policy_keeps_out_whom_other_policies_let_in(api: Any, user: Any, refused: Any, secret: Any) -> None:
    ann = user("ann", "secretsmanager:*")
    denial = document({"AWS": f"arn:aws:iam::{ACCOUNT}:user/ann"}, effect="Deny")
    api.put_resource_policy(SecretId="prod/db", ResourcePolicy=denial)
    assert refused(ann.get_secret_value, SecretId="prod/db")[0] == "AccessDeniedException"


@pytest.mark.parametrize("text", ["{", "{}", document({"AWS": f"arn:aws:iam::{ACCOUNT}:user/nobody"})])
@pytest.mark.documented(PUT)
def test_what_is_no_policy_is_refused(api: Any, refused: Any, secret: Any, text: str) -> None:
    asked = {"SecretId": "prod/db", "ResourcePolicy": text}
    assert refused(api.put_resource_policy, **asked)[0] == "MalformedPolicyDocumentException"


FIXED = {"StringEquals": {"aws:PrincipalAccount": FRIEND}}


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}])
@pytest.mark.documented(PUT)
def test_a_public_policy_is_refused_on_request(api: Any, refused: Any, secret: Any, principal: Any) -> None:
    asked = {"SecretId": "prod/db", "ResourcePolicy": document(principal)}
    assert refused(api.put_resource_policy, **asked, BlockPublicPolicy=True)[0] == "PublicPolicyException"
    assert api.put_resource_policy(**asked)["Name"] == "prod/db"


@pytest.mark.documented(PUT)
def test_a_policy_for_all_of_one_account_is_not_public(api: Any, secret: Any) -> None:
    asked = {"SecretId": "prod/db", "ResourcePolicy": document("*", Condition=FIXED)}
    assert api.put_resource_policy(**asked, BlockPublicPolicy=True)["Name"] == "prod/db"


@pytest.mark.documented(VALIDATE)
def test_a_sound_policy_is_found_sound(api: Any, secret: Any) -> None:
    text = document({"AWS": f"arn:aws:iam::{FRIEND}:root"})
    for asked in ({"SecretId": "prod/db"}, {}):
        found = api.validate_resource_policy(**asked, ResourcePolicy=text)
        assert (found["PolicyValidationPassed"], found["ValidationErrors"]) == (True, [])


@pytest.mark.parametrize(
    "text",
    [document("*"), document({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, effect="Deny", action="secretsmanager:*")],
    ids=["public", "lockout"],
)
@pytest.mark.documented(VALIDATE)
def test_what_is_wrong_with_a_policy_is_said(api: Any, secret: Any, text: str) -> None:
    found = api.validate_resource_policy(SecretId="prod/db", ResourcePolicy=text)
    assert (found["PolicyValidationPassed"], len(found["ValidationErrors"])) == (False, 1)


@pytest.mark.documented(VALIDATE)
def test_what_is_no_policy_is_not_validated(api: Any, refused: Any, secret: Any) -> None:
    assert refused(api.validate_resource_policy, ResourcePolicy="{")[0] == "MalformedPolicyDocumentException"
    asked = {"SecretId": "none", "ResourcePolicy": document("*")}
    assert refused(api.validate_resource_policy, **asked)[0] == "ResourceNotFoundException"


@pytest.mark.ours
def test_policies_with_names_are_refused(api: Any, refused: Any, secret: Any) -> None:
    assert refused(api.get_resource_policy, SecretId="prod/db", PolicyName="a")[0] == "NotImplemented"


# -- other accounts ------------------------------------------------------------------------------------------------


@pytest.fixture
def friend(cloud: Cloud) -> Any:
    """Root of another account."""
    return cloud.client("secretsmanager", access_key=FRIEND)


@pytest.mark.documented(CROSS)
def test_another_account_reads_with_the_policies_of_secret_and_key(api: Any, friend: Any, sealed: Any) -> None:
    api.put_resource_policy(SecretId="sealed", ResourcePolicy=document({"AWS": f"arn:aws:iam::{FRIEND}:root"}))
    assert friend.get_secret_value(SecretId=sealed["ARN"])["SecretString"] == "treasure"


@pytest.mark.documented(CROSS)
def test_another_account_is_not_let_in_without_a_policy(friend: Any, refused: Any, sealed: Any) -> None:
    assert refused(friend.get_secret_value, SecretId=sealed["ARN"])[0] == "AccessDeniedException"


@pytest.mark.documented(CROSS)
def test_nobody_of_another_account_reads_under_the_key_that_aws_keeps(
    api: Any, friend: Any, refused: Any, secret: Any
) -> None:
    api.put_resource_policy(SecretId="prod/db", ResourcePolicy=document({"AWS": f"arn:aws:iam::{FRIEND}:root"}))
    code, message = refused(friend.get_secret_value, SecretId=secret["ARN"])
    assert (code, "default KMS service key" in message) == ("InvalidRequestException", True)


@pytest.mark.documented(GUIDE + "auth-and-access.html")
def test_nobody_reads_without_a_signature(cloud: Cloud, api: Any, refused: Any, secret: Any) -> None:
    api.put_resource_policy(SecretId="prod/db", ResourcePolicy=document("*"))
    stranger = cloud.client("secretsmanager", access_key=None)
    assert refused(stranger.get_secret_value, SecretId=secret["ARN"])[0] == "MissingAuthenticationTokenException"


# -- keys ----------------------------------------------------------------------------------------------------------


@pytest.mark.documented(KEYS)
def test_a_value_is_not_in_the_store(cloud: Cloud, api: Any) -> None:
    api.create_secret(Name="a", SecretString="word-of-somebody")
    (version,) = rows(cloud, Version)
    assert b"word-of-somebody" not in encode(version)


@pytest.mark.documented(KEYS)
def test_the_key_that_aws_keeps_is_made_and_not_shown(api: Any, kms: Any, secret: Any) -> None:
    assert "alias/aws/secretsmanager" in [one["AliasName"] for one in kms.list_aliases()["Aliases"]]
    assert "KmsKeyId" not in api.describe_secret(SecretId="prod/db")


@pytest.mark.documented(KEYS)
def test_a_user_needs_no_permission_on_the_key_that_aws_keeps(user: Any, secret: Any) -> None:
    assert user("ann", GET).get_secret_value(SecretId="prod/db")["SecretString"] == "first"


@pytest.mark.documented(KEYS)
def test_a_user_needs_to_decrypt_with_a_customers_key(api: Any, user: Any, refused: Any, sealed: Any, key: str) -> None:
    assert refused(user("ann", GET).get_secret_value, SecretId="sealed") == (
        "AccessDeniedException",
        "Access to KMS is not allowed",
    )
    assert user("bob", GET, "kms:Decrypt").get_secret_value(SecretId="sealed")["SecretString"] == "treasure"
    assert api.describe_secret(SecretId="sealed")["KmsKeyId"] == key


@pytest.mark.documented(KEYS)
def test_the_key_sees_the_secret_and_the_version(user: Any, refused: Any, sealed: Any) -> None:
    context = {
        "kms:EncryptionContext:SecretARN": sealed["ARN"],
        "kms:EncryptionContext:SecretVersionId": sealed["VersionId"],
        "kms:ViaService": "secretsmanager.us-east-1.amazonaws.com",
    }
    ann = user("ann", GET, "kms:Decrypt", Condition={"StringEqualsIfExists": context})
    assert ann.get_secret_value(SecretId="sealed")["SecretString"] == "treasure"
    other = {**context, "kms:EncryptionContext:SecretVersionId": "another"}
    bob = user("bob", GET, "kms:Decrypt", Condition={"StringEqualsIfExists": other})
    assert refused(bob.get_secret_value, SecretId="sealed")[0] == "AccessDeniedException"


@pytest.mark.documented(KEYS)
def test_every_reading_asks_the_key(cloud: Cloud, api: Any, sealed: Any) -> None:
    for _ in range(3):
        api.get_secret_value(SecretId="sealed")
    reads = [one for one in rows(cloud, Event) if (one.service, one.operation) == ("kms", "Decrypt")]
    context = {"SecretARN": sealed["ARN"], "SecretVersionId": sealed["VersionId"]}
    assert [one.request["EncryptionContext"] for one in reads].count(context) == 3


@pytest.mark.documented(KEYS)
def test_the_right_to_use_a_key_is_tried_when_a_secret_is_made(user: Any, refused: Any, key: str) -> None:
    ann = user("ann", "secretsmanager:CreateSecret", "kms:GenerateDataKey")
    assert refused(ann.create_secret, Name="a", KmsKeyId=key)[0] == "AccessDeniedException"
    bob = user("bob", "secretsmanager:CreateSecret", "kms:GenerateDataKey", "kms:Decrypt")
    assert bob.create_secret(Name="a", KmsKeyId=key)["ARN"]


@pytest.mark.parametrize("named", ["alias/none", "12345678-1234-1234-1234-123456789012"])
@pytest.mark.documented(API + "API_CreateSecret.html")
def test_a_key_that_is_not_there_is_refused(api: Any, refused: Any, named: str) -> None:
    assert refused(api.create_secret, Name="a", SecretString="x", KmsKeyId=named)[0] == "EncryptionFailure"


@pytest.mark.documented(API + "API_GetSecretValue.html")
def test_nothing_is_read_while_the_key_is_disabled(api: Any, kms: Any, refused: Any, sealed: Any, key: str) -> None:
    kms.disable_key(KeyId=key)
    assert refused(api.get_secret_value, SecretId="sealed")[0] == "DecryptionFailure"
    assert refused(api.put_secret_value, SecretId="sealed", SecretString="x")[0] == "EncryptionFailure"
    kms.enable_key(KeyId=key)
    assert api.get_secret_value(SecretId="sealed")["SecretString"] == "treasure"


@pytest.mark.documented(GUIDE + "manage_update-encryption-key.html")
def test_with_another_key_the_values_in_use_open_with_either(
    cloud: Cloud, api: Any, kms: Any, refused: Any, sealed: Any, key: str
) -> None:
    new = kms.create_key()["KeyMetadata"]["Arn"]
    api.update_secret(SecretId="sealed", KmsKeyId=new)
    (version,) = api.list_secret_version_ids(SecretId="sealed")["Versions"]
    assert version["KmsKeyIds"] == [new, key]
    kms.disable_key(KeyId=key)
    assert api.get_secret_value(SecretId="sealed")["SecretString"] == "treasure"
    kms.enable_key(KeyId=key)
    kms.disable_key(KeyId=new)
    assert api.get_secret_value(SecretId="sealed")["SecretString"] == "treasure"
    kms.disable_key(KeyId=key)
    assert refused(api.get_secret_value, SecretId="sealed")[0] == "DecryptionFailure"


@pytest.mark.documented(GUIDE + "manage_update-encryption-key.html")
def test_the_next_value_is_under_the_new_key_alone(api: Any, kms: Any, sealed: Any) -> None:
    new = kms.create_key()["KeyMetadata"]["Arn"]
    made = api.update_secret(SecretId="sealed", KmsKeyId=new, SecretString="more")["VersionId"]
    listed = {one["VersionId"]: one["KmsKeyIds"] for one in api.list_secret_version_ids(SecretId="sealed")["Versions"]}
    assert listed[made] == [new]


@pytest.mark.documented(GUIDE + "manage_update-encryption-key.html")
def test_a_secret_goes_back_to_the_key_that_aws_keeps(api: Any, kms: Any, sealed: Any, key: str) -> None:
    api.update_secret(SecretId="sealed", KmsKeyId="")
    kms.disable_key(KeyId=key)
    assert api.get_secret_value(SecretId="sealed")["SecretString"] == "treasure"
    assert "KmsKeyId" not in api.describe_secret(SecretId="sealed")

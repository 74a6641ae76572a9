"""Who may: key policies before all, the account's own policies where the key leaves it to them, conditions."""

from __future__ import annotations

import json
from typing import Any

import pytest

API = "https://docs.aws.amazon.com/kms/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/kms/latest/developerguide/"
ACCOUNT = "000000000000"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
STRANGER = "111111111111"


def policy(*statements: dict[str, Any]) -> str:
    """A key policy; statements allow everything on the key unless they say otherwise."""
    whole = [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"} | one for one in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": whole})


def of(*names: str) -> dict[str, Any]:
    """A Principal element's members."""
    return {"Principal": {"AWS": list(names)}}


def person(name: str) -> str:
    """A user's ARN."""
    return f"arn:aws:iam::{ACCOUNT}:user/{name}"


@pytest.mark.documented(GUIDE + "key-policy-default.html")
def test_the_default_policy_leaves_it_to_the_account(kms: Any, key: str) -> None:
    shown = kms.get_key_policy(KeyId=key)
    assert shown["PolicyName"] == "default" and kms.list_key_policies(KeyId=key)["PolicyNames"] == ["default"]
    assert json.loads(shown["Policy"]) == {
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [
            {
                "Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": {"AWS": ROOT},
                "Action": "kms:*", "Resource": "*",
            }
        ],
    }  # fmt: skip


@pytest.mark.documented(GUIDE + "key-policy-default.html")
def test_with_the_default_policy_identity_policies_decide(kms: Any, key: str, user: Any, refused: Any) -> None:
    ann, bob = user("ann", "kms:Encrypt"), user("bob")
    assert ann.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    words = (
        f"User: {person('bob')} is not authorized to perform: kms:Encrypt on resource: "
        f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{key} because no identity-based policy allows the kms:Encrypt action"
    )
    assert refused(bob.encrypt, KeyId=key, Plaintext=b"x") == ("AccessDeniedException", words)


@pytest.mark.fact("KMS-008")
def test_without_the_account_in_the_key_policy_identity_policies_do_nothing(kms: Any, user: Any, refused: Any) -> None:
    ann, bob = user("ann"), user("bob", "*")
    text = policy(of(person("ann")))
    key = kms.create_key(Policy=text, BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"]["KeyId"]
    assert ann.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    code, words = refused(bob.encrypt, KeyId=key, Plaintext=b"x")
    assert code == "AccessDeniedException" and "because no resource-based policy allows the kms:Encrypt action" in words
    assert refused(kms.encrypt, KeyId=key, Plaintext=b"x")[0] == "AccessDeniedException"
    assert refused(kms.describe_key, KeyId=key)[0] == "AccessDeniedException"


@pytest.mark.documented(GUIDE + "key-policy-overview.html")
def test_a_key_policy_lets_a_user_in_without_any_other_policy(kms: Any, user: Any, refused: Any) -> None:
    ann = user("ann")
    text = policy(of(ROOT), of(person("ann")) | {"Action": ["kms:Encrypt"]})
    key = kms.create_key(Policy=text)["KeyMetadata"]["KeyId"]
    blob = ann.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert refused(ann.decrypt, CiphertextBlob=blob)[0] == "AccessDeniedException"


@pytest.mark.documented(GUIDE + "policy-evaluation.html")
def test_a_denial_in_the_key_policy_wins(kms: Any, user: Any, refused: Any) -> None:
    ann = user("ann", "kms:*")
    text = policy(of(ROOT), of(person("ann")) | {"Effect": "Deny", "Action": "kms:Decrypt"})
    key = kms.create_key(Policy=text)["KeyMetadata"]["KeyId"]
    blob = ann.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    code, words = refused(ann.decrypt, CiphertextBlob=blob)
    assert code == "AccessDeniedException" and words.endswith("with an explicit deny in a resource-based policy")


@pytest.mark.documented(GUIDE + "key-policy-modifying-external-accounts.html")
def test_another_account_needs_the_key_policy_and_its_own(cloud: Any, kms: Any, refused: Any) -> None:
    text = policy(of(ROOT), of(f"arn:aws:iam::{STRANGER}:root") | {"Action": ["kms:Encrypt", "kms:Decrypt"]})
    arn = kms.create_key(Policy=text)["KeyMetadata"]["Arn"]
    friend = cloud.client("kms", access_key=STRANGER)
    blob = friend.encrypt(KeyId=arn, Plaintext=b"x")["CiphertextBlob"]
    assert friend.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert refused(friend.describe_key, KeyId=arn)[0] == "AccessDeniedException"
    iam = cloud.client("iam", access_key=STRANGER)
    iam.create_user(UserName="eve")
    pair = iam.create_access_key(UserName="eve")["AccessKey"]
    eve = cloud.client("kms", access_key=pair["AccessKeyId"], secret_key=pair["SecretAccessKey"])
    assert refused(eve.decrypt, CiphertextBlob=blob)[0] == "AccessDeniedException"


@pytest.mark.documented(API + "API_DisableKey.html")
def test_some_operations_stay_in_the_keys_account_whatever_its_policy_says(cloud: Any, kms: Any, refused: Any) -> None:
    arn = kms.create_key(Policy=policy(of(ROOT), of("*")))["KeyMetadata"]["Arn"]
    friend = cloud.client("kms", access_key=STRANGER)
    assert friend.describe_key(KeyId=arn)["KeyMetadata"]["Arn"] == arn
    assert refused(friend.disable_key, KeyId=arn)[0] == "AccessDeniedException"
    assert refused(friend.put_key_policy, KeyId=arn, Policy=policy(of("*")))[0] == "AccessDeniedException"


@pytest.mark.documented(GUIDE + "key-policy-default.html")
def test_nobody_locks_themselves_out_by_accident(kms: Any, key: str, user: Any, refused: Any) -> None:
    user("ann")
    text = policy(of(person("ann")))
    words = "The new key policy will not allow you to update the key policy in the future."
    assert refused(kms.put_key_policy, KeyId=key, Policy=text) == ("MalformedPolicyDocumentException", words)
    assert refused(kms.create_key, Policy=text) == ("MalformedPolicyDocumentException", words)
    kms.put_key_policy(KeyId=key, Policy=text, BypassPolicyLockoutSafetyCheck=True)
    assert refused(kms.get_key_policy, KeyId=key)[0] == "AccessDeniedException"


@pytest.mark.documented(API + "API_PutKeyPolicy.html")
def test_principals_of_a_key_policy_exist(kms: Any, key: str, refused: Any) -> None:
    words = "Policy contains a statement with one or more invalid principals."
    for name in (person("nobody"), f"arn:aws:iam::{ACCOUNT}:role/nobody", "not an arn"):
        asked = {"KeyId": key, "Policy": policy(of(ROOT), of(name))}
        assert refused(kms.put_key_policy, **asked) == ("MalformedPolicyDocumentException", words)


@pytest.mark.documented(API + "API_PutKeyPolicy.html")
def test_nonsense_is_no_policy(kms: Any, key: str, refused: Any) -> None:
    assert refused(kms.put_key_policy, KeyId=key, Policy="{")[0] == "MalformedPolicyDocumentException"


@pytest.mark.documented(GUIDE + "resource-limits.html")
def test_a_key_policy_has_up_to_32_kilobytes(kms: Any, key: str, refused: Any) -> None:
    asked = {"KeyId": key, "Policy": policy(of(ROOT)) + " " * 32_768}
    assert refused(kms.put_key_policy, **asked)[0] == "LimitExceededException"


@pytest.mark.documented(GUIDE + "conditions-kms.html")
def test_conditions_see_the_encryption_context(kms: Any, user: Any, refused: Any) -> None:
    ann = user("ann", "kms:Encrypt", Condition={"StringEquals": {"kms:EncryptionContext:AppName": "till"}})
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    assert ann.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"AppName": "till", "b": "c"})["CiphertextBlob"]
    assert refused(ann.encrypt, KeyId=key, Plaintext=b"x")[0] == "AccessDeniedException"
    wrong = {"KeyId": key, "Plaintext": b"x", "EncryptionContext": {"AppName": "shelf"}}
    assert refused(ann.encrypt, **wrong)[0] == "AccessDeniedException"


@pytest.mark.documented(GUIDE + "conditions-kms.html")
def test_an_encryption_context_key_may_have_colons(kms: Any, key: str, user: Any) -> None:
    ann = user("ann", "kms:Encrypt", Condition={"StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::b*"}})
    assert ann.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"aws:s3:arn": "arn:aws:s3:::box"})


@pytest.mark.documented(GUIDE + "conditions-kms.html")
def test_conditions_see_the_names_in_the_encryption_context(kms: Any, key: str, user: Any, refused: Any) -> None:
    ann = user("ann", "kms:Encrypt", Condition={"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": ["box"]}})
    assert ann.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"box": "1"})
    assert refused(ann.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext={"bag": "1"})[0] == "AccessDeniedException"


@pytest.mark.documented(GUIDE + "conditions-kms.html")
def test_conditions_see_what_kind_of_key_it_is(kms: Any, key: str, user: Any, refused: Any) -> None:
    wanted = {"kms:KeySpec": "SYMMETRIC_DEFAULT", "kms:KeyUsage": "ENCRYPT_DECRYPT", "kms:KeyOrigin": "AWS_KMS"}
    ann = user("ann", "kms:DescribeKey", "kms:CreateKey", Condition={"StringEquals": wanted})
    assert ann.describe_key(KeyId=key) and ann.create_key()
    other = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
    assert refused(ann.describe_key, KeyId=other)[0] == "AccessDeniedException"
    assert refused(ann.create_key, Origin="EXTERNAL")[0] == "AccessDeniedException"


@pytest.mark.documented(GUIDE + "alias-authorization.html")
def test_conditions_see_aliases(kms: Any, key: str, user: Any, refused: Any) -> None:
    ann = user("ann", "kms:Encrypt", Condition={"StringEquals": {"kms:RequestAlias": "alias/mine"}})
    bob = user("bob", "kms:Encrypt", Condition={"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/m*"}})
    assert refused(bob.encrypt, KeyId=key, Plaintext=b"x")[0] == "AccessDeniedException"
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    assert ann.encrypt(KeyId="alias/mine", Plaintext=b"x") and bob.encrypt(KeyId=key, Plaintext=b"x")
    assert refused(ann.encrypt, KeyId=key, Plaintext=b"x")[0] == "AccessDeniedException"


@pytest.mark.documented(GUIDE + "conditions-kms.html")
def test_conditions_see_multi_region_keys(kms: Any, user: Any, refused: Any) -> None:
    ann = user("ann", "kms:CreateKey", Condition={"Bool": {"kms:MultiRegion": "false"}})
    assert ann.create_key()
    assert refused(ann.create_key, MultiRegion=True)[0] == "AccessDeniedException"


@pytest.mark.documented(GUIDE + "tag-authorization.html")
def test_conditions_see_tags(kms: Any, user: Any, refused: Any) -> None:
    ann = user("ann", "kms:Encrypt", Condition={"StringEquals": {"aws:ResourceTag/team": "blue"}})
    blue = kms.create_key(Tags=[{"TagKey": "team", "TagValue": "blue"}])["KeyMetadata"]["KeyId"]
    red = kms.create_key(Tags=[{"TagKey": "team", "TagValue": "red"}])["KeyMetadata"]["KeyId"]
    assert ann.encrypt(KeyId=blue, Plaintext=b"x")
    assert refused(ann.encrypt, KeyId=red, Plaintext=b"x")[0] == "AccessDeniedException"


@pytest.mark.documented(API + "API_CreateKey.html")
def test_tags_of_a_new_key_need_their_own_permission(user: Any, refused: Any) -> None:
    ann = user("ann", "kms:CreateKey")
    assert ann.create_key()
    code, words = refused(ann.create_key, Tags=[{"TagKey": "a", "TagValue": "b"}])
    assert code == "AccessDeniedException" and "kms:TagResource" in words


@pytest.mark.documented(API + "API_ReEncrypt.html")
def test_reencrypting_needs_a_permission_on_each_key(kms: Any, user: Any, refused: Any) -> None:
    ann = user("ann")
    source = kms.create_key(Policy=policy(of(ROOT), of(person("ann")) | {"Action": "kms:ReEncryptFrom"}))
    target = kms.create_key(Policy=policy(of(ROOT), of(person("ann")) | {"Action": "kms:ReEncryptTo"}))
    one, other = source["KeyMetadata"]["KeyId"], target["KeyMetadata"]["KeyId"]
    blob = kms.encrypt(KeyId=one, Plaintext=b"x")["CiphertextBlob"]
    made = ann.re_encrypt(CiphertextBlob=blob, DestinationKeyId=other)["CiphertextBlob"]
    assert "kms:ReEncryptFrom" in refused(ann.re_encrypt, CiphertextBlob=made, DestinationKeyId=other)[1]
    assert "kms:ReEncryptTo" in refused(ann.re_encrypt, CiphertextBlob=blob, DestinationKeyId=one)[1]


@pytest.mark.documented(GUIDE + "conditions-kms.html")
def test_the_two_contexts_of_reencrypting_are_seen_apart(kms: Any, key: str, user: Any, refused: Any) -> None:
    ann = user("ann", "kms:ReEncrypt*", Condition={"StringEquals": {"kms:EncryptionContext:a": "1"}})
    blob = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "1"})["CiphertextBlob"]
    asked = {"CiphertextBlob": blob, "SourceEncryptionContext": {"a": "1"}, "DestinationKeyId": key}
    assert "kms:ReEncryptTo" in refused(ann.re_encrypt, **asked)[1]
    assert ann.re_encrypt(DestinationEncryptionContext={"a": "1"}, **asked)["CiphertextBlob"]


@pytest.mark.documented(GUIDE + "policy-evaluation.html")
def test_a_role_session_is_let_in_by_its_role(cloud: Any, kms: Any, refused: Any) -> None:
    iam = cloud.client("iam")
    trust = json.dumps(
        {"Version": "2012-10-17",
         "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}]}
    )  # fmt: skip
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.create_user(UserName="ann")
    allow = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:*","Resource":"*"}]}'
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=allow)
    pair = iam.create_access_key(UserName="ann")["AccessKey"]
    sts = cloud.client("sts", access_key=pair["AccessKeyId"], secret_key=pair["SecretAccessKey"])
    key = kms.create_key(Policy=policy(of(ROOT), of(role) | {"Action": "kms:Encrypt"}))["KeyMetadata"]["KeyId"]
    given = sts.assume_role(RoleArn=role, RoleSessionName="shift")["Credentials"]
    worker = cloud.client(
        "kms", access_key=given["AccessKeyId"], secret_key=given["SecretAccessKey"], token=given["SessionToken"]
    )
    assert worker.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert refused(worker.describe_key, KeyId=key)[0] == "AccessDeniedException"


@pytest.mark.ours
def test_nobody_unsigned_gets_in(cloud: Any, kms: Any, refused: Any) -> None:
    arn = kms.create_key(Policy=policy(of(ROOT), of("*")))["KeyMetadata"]["Arn"]
    nobody = cloud.client("kms", access_key=None)
    assert refused(nobody.encrypt, KeyId=arn, Plaintext=b"x")[0].startswith("MissingAuthenticationToken")

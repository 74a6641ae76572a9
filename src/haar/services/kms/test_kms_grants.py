"""Grants: permissions beside the key policy, given and taken back one by one."""

from __future__ import annotations

import json
from typing import Any

import pytest

API = "https://docs.aws.amazon.com/kms/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/kms/latest/developerguide/"
ACCOUNT = "000000000000"
KEYS = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/"
STRANGER = "111111111111"


def person(name: str) -> str:
    """A user's ARN."""
    return f"arn:aws:iam::{ACCOUNT}:user/{name}"


@pytest.mark.documented(GUIDE + "grants.html")
def test_a_grant_lets_in_whom_no_policy_lets_in(kms: Any, key: str, user: Any, refused: Any) -> None:
    ann, bob = user("ann"), user("bob")
    assert refused(ann.encrypt, KeyId=key, Plaintext=b"x")[0] == "AccessDeniedException"
    kms.create_grant(KeyId=key, GranteePrincipal=person("ann"), Operations=["Encrypt"])
    blob = ann.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert refused(ann.decrypt, CiphertextBlob=blob)[0] == "AccessDeniedException"
    assert refused(bob.encrypt, KeyId=key, Plaintext=b"x")[0] == "AccessDeniedException"


@pytest.mark.documented(GUIDE + "grants.html")
def test_a_revoked_grant_lets_nobody_in(kms: Any, key: str, user: Any, refused: Any) -> None:
    ann = user("ann")
    grant = kms.create_grant(KeyId=key, GranteePrincipal=person("ann"), Operations=["Encrypt"])["GrantId"]
    assert ann.encrypt(KeyId=key, Plaintext=b"x")
    kms.revoke_grant(KeyId=key, GrantId=grant)
    assert refused(ann.encrypt, KeyId=key, Plaintext=b"x")[0] == "AccessDeniedException"
    assert kms.list_grants(KeyId=key)["Grants"] == []


@pytest.mark.documented(GUIDE + "policy-evaluation.html")
def test_a_denial_wins_over_a_grant(cloud: Any, kms: Any, key: str, user: Any, refused: Any) -> None:
    ann = user("ann", "kms:Encrypt", Effect="Deny")
    kms.create_grant(KeyId=key, GranteePrincipal=person("ann"), Operations=["Encrypt"])
    code, words = refused(ann.encrypt, KeyId=key, Plaintext=b"x")
    assert code == "AccessDeniedException" and words.endswith("with an explicit deny in an identity-based policy")


@pytest.mark.documented(GUIDE + "grants.html")
def test_a_grant_holds_also_where_the_key_policy_leaves_nothing_to_the_account(
    kms: Any, user: Any, refused: Any
) -> None:
    ann, bob = user("ann"), user("bob", "*")
    statement = {"Effect": "Allow", "Principal": {"AWS": person("bob")}, "Action": "kms:*", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    key = kms.create_key(Policy=text, BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"]["KeyId"]
    bob.create_grant(KeyId=key, GranteePrincipal=person("ann"), Operations=["Encrypt"])
    assert ann.encrypt(KeyId=key, Plaintext=b"x")
    assert refused(kms.encrypt, KeyId=key, Plaintext=b"x")[0] == "AccessDeniedException"


@pytest.mark.documented(GUIDE + "create-grant-overview.html")
def test_a_grant_can_want_a_part_of_the_encryption_context(kms: Any, key: str, user: Any, refused: Any) -> None:
    ann = user("ann")
    constraints = {"EncryptionContextSubset": {"Department": "IT"}}
    kms.create_grant(KeyId=key, GranteePrincipal=person("ann"), Operations=["Encrypt"], Constraints=constraints)
    assert ann.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"Department": "IT", "more": "1"})
    assert refused(ann.encrypt, KeyId=key, Plaintext=b"x")[0] == "AccessDeniedException"
    other = {"KeyId": key, "Plaintext": b"x", "EncryptionContext": {"department": "IT"}}
    assert refused(ann.encrypt, **other)[0] == "AccessDeniedException"


@pytest.mark.documented(GUIDE + "create-grant-overview.html")
def test_a_grant_can_want_exactly_an_encryption_context(kms: Any, key: str, user: Any, refused: Any) -> None:
    ann = user("ann")
    constraints = {"EncryptionContextEquals": {"Department": "IT"}}
    operations = ["Encrypt", "DescribeKey"]
    kms.create_grant(KeyId=key, GranteePrincipal=person("ann"), Operations=operations, Constraints=constraints)
    assert ann.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"Department": "IT"})
    more = {"KeyId": key, "Plaintext": b"x", "EncryptionContext": {"Department": "IT", "more": "1"}}
    assert refused(ann.encrypt, **more)[0] == "AccessDeniedException"
    assert ann.describe_key(KeyId=key)["KeyMetadata"]["KeyId"] == key


@pytest.mark.documented(API + "API_CreateGrant.html")
def test_a_name_makes_a_repeated_request_the_same_grant(kms: Any, key: str, user: Any) -> None:
    user("ann")
    asked = {"KeyId": key, "GranteePrincipal": person("ann"), "Operations": ["Encrypt"]}
    once, again = kms.create_grant(Name="mine", **asked), kms.create_grant(Name="mine", **asked)
    assert once["GrantId"] == again["GrantId"] and once["GrantToken"] != again["GrantToken"]
    assert kms.create_grant(**asked)["GrantId"] != kms.create_grant(**asked)["GrantId"]
    assert len(kms.list_grants(KeyId=key)["Grants"]) == 3


@pytest.mark.documented(API + "API_ListGrants.html")
def test_grants_are_listed_with_what_they_give(kms: Any, key: str, user: Any) -> None:
    user("ann"), user("bob")
    kms.create_grant(KeyId=key, GranteePrincipal=person("ann"), Operations=["Encrypt"], Name="first")
    kms.create_grant(KeyId=key, GranteePrincipal=person("bob"), Operations=["Decrypt"])
    (shown,) = kms.list_grants(KeyId=key, GranteePrincipal=person("ann"))["Grants"]
    assert (shown["KeyId"], shown["Name"], shown["Operations"]) == (KEYS + key, "first", ["Encrypt"])
    assert shown["IssuingAccount"] == f"arn:aws:iam::{ACCOUNT}:root"
    assert [one["GrantId"] for one in kms.list_grants(KeyId=key, GrantId=shown["GrantId"])["Grants"]] == [
        shown["GrantId"]
    ]
    pages = list(kms.get_paginator("list_grants").paginate(KeyId=key, PaginationConfig={"PageSize": 1}))
    assert [len(page["Grants"]) for page in pages] == [1, 1]


@pytest.mark.documented(API + "API_CreateGrant.html")
def test_a_grantee_exists(kms: Any, key: str, refused: Any) -> None:
    asked = {"KeyId": key, "GranteePrincipal": person("nobody"), "Operations": ["Encrypt"]}
    assert refused(kms.create_grant, **asked) == ("InvalidArnException", "ARN does not refer to a valid principal")


@pytest.mark.documented(API + "API_CreateGrant.html")
def test_a_grant_allows_only_what_the_key_can_do(kms: Any, key: str, user: Any, refused: Any) -> None:
    user("ann")
    asked = {"KeyId": key, "GranteePrincipal": person("ann"), "Operations": ["Sign"]}
    assert refused(kms.create_grant, **asked)[0] == "ValidationException"


@pytest.mark.documented(GUIDE + "grants.html")
def test_a_grantee_passes_on_no_more_than_it_has(kms: Any, key: str, user: Any, refused: Any) -> None:
    ann, bob = user("ann"), user("bob")
    kms.create_grant(KeyId=key, GranteePrincipal=person("ann"), Operations=["CreateGrant", "Encrypt"])
    asked = {"KeyId": key, "GranteePrincipal": person("bob")}
    assert refused(ann.create_grant, Operations=["Decrypt"], **asked)[0] == "AccessDeniedException"
    ann.create_grant(Operations=["Encrypt"], **asked)
    assert bob.encrypt(KeyId=key, Plaintext=b"x")


@pytest.mark.documented(GUIDE + "create-grant-overview.html")
def test_a_grantee_passes_on_its_constraints(kms: Any, key: str, user: Any, refused: Any) -> None:
    ann, _ = user("ann"), user("bob")
    kms.create_grant(
        KeyId=key, GranteePrincipal=person("ann"), Operations=["CreateGrant", "Encrypt"],
        Constraints={"EncryptionContextSubset": {"a": "1"}},
    )  # fmt: skip
    asked = {"KeyId": key, "GranteePrincipal": person("bob"), "Operations": ["Encrypt"]}
    assert refused(ann.create_grant, **asked)[0] == "AccessDeniedException"
    assert ann.create_grant(Constraints={"EncryptionContextEquals": {"a": "1", "b": "2"}}, **asked)["GrantId"]


@pytest.mark.documented(GUIDE + "grant-delete.html")
def test_a_grant_is_retired_by_its_retiring_principal(kms: Any, key: str, user: Any, refused: Any) -> None:
    ann, bob = user("ann"), user("bob")
    made = kms.create_grant(
        KeyId=key, GranteePrincipal=person("ann"), RetiringPrincipal=person("bob"), Operations=["Encrypt"]
    )
    named = {"KeyId": KEYS + key, "GrantId": made["GrantId"]}
    assert refused(ann.retire_grant, **named)[0] == "AccessDeniedException"
    bob.retire_grant(**named)
    assert refused(ann.encrypt, KeyId=key, Plaintext=b"x")[0] == "AccessDeniedException"


@pytest.mark.documented(GUIDE + "grant-delete.html")
def test_a_grantee_retires_its_grant_if_it_says_so(kms: Any, key: str, user: Any) -> None:
    ann = user("ann")
    made = kms.create_grant(KeyId=key, GranteePrincipal=person("ann"), Operations=["Encrypt", "RetireGrant"])
    ann.retire_grant(GrantToken=made["GrantToken"])
    assert kms.list_grants(KeyId=key)["Grants"] == []


@pytest.mark.documented(GUIDE + "grant-delete.html")
def test_the_account_retires_what_was_granted_in_it(kms: Any, key: str, user: Any) -> None:
    user("ann")
    made = kms.create_grant(KeyId=key, GranteePrincipal=person("ann"), Operations=["Encrypt"])
    kms.retire_grant(KeyId=KEYS + key, GrantId=made["GrantId"])
    assert kms.list_grants(KeyId=key)["Grants"] == []


@pytest.mark.documented(API + "API_ListRetirableGrants.html")
def test_retirable_grants_are_listed(kms: Any, key: str, user: Any) -> None:
    user("ann"), user("bob")
    made = kms.create_grant(
        KeyId=key, GranteePrincipal=person("ann"), RetiringPrincipal=person("bob"), Operations=["Encrypt"]
    )
    (shown,) = kms.list_retirable_grants(RetiringPrincipal=person("bob"))["Grants"]
    assert shown["GrantId"] == made["GrantId"]
    assert kms.list_retirable_grants(RetiringPrincipal=person("ann"))["Grants"] == []


@pytest.mark.documented(API + "API_RevokeGrant.html")
def test_a_grant_that_is_not_there_is_not_found(kms: Any, key: str, refused: Any) -> None:
    words = ("NotFoundException", f"Grant ID {'0' * 64} not found")
    assert refused(kms.revoke_grant, KeyId=key, GrantId="0" * 64) == words
    assert refused(kms.retire_grant, KeyId=KEYS + key, GrantId="0" * 64) == words


@pytest.mark.documented(GUIDE + "grant-manage.html")
def test_grant_tokens_are_accepted_and_forged_ones_refused(kms: Any, key: str, user: Any, refused: Any) -> None:
    ann = user("ann")
    made = kms.create_grant(KeyId=key, GranteePrincipal=person("ann"), Operations=["Encrypt"])
    assert ann.encrypt(KeyId=key, Plaintext=b"x", GrantTokens=[made["GrantToken"]])
    asked = {"KeyId": key, "Plaintext": b"x", "GrantTokens": ["AQpAM2Rhforged"]}
    assert refused(ann.encrypt, **asked)[0] == "InvalidGrantTokenException"


@pytest.mark.documented(GUIDE + "grants.html")
def test_a_grant_to_another_account_needs_its_own_policies_too(cloud: Any, kms: Any, key: str, refused: Any) -> None:
    kms.create_grant(KeyId=key, GranteePrincipal=f"arn:aws:iam::{STRANGER}:root", Operations=["Encrypt"])
    friend = cloud.client("kms", access_key=STRANGER)
    assert friend.encrypt(KeyId=KEYS + key, Plaintext=b"x")
    iam = cloud.client("iam", access_key=STRANGER)
    iam.create_user(UserName="eve")
    pair = iam.create_access_key(UserName="eve")["AccessKey"]
    eve = cloud.client("kms", access_key=pair["AccessKeyId"], secret_key=pair["SecretAccessKey"])
    assert refused(eve.encrypt, KeyId=KEYS + key, Plaintext=b"x")[0] == "AccessDeniedException"


@pytest.mark.documented(GUIDE + "conditions-kms.html")
def test_conditions_see_what_a_grant_would_give(kms: Any, key: str, user: Any, refused: Any) -> None:
    allowed = {"ForAllValues:StringEquals": {"kms:GrantOperations": ["Encrypt", "Decrypt"]}}
    ann = user("ann", "kms:CreateGrant", Condition=allowed)
    asked = {"KeyId": key, "GranteePrincipal": person("ann")}
    assert ann.create_grant(Operations=["Encrypt"], **asked)["GrantId"]
    assert refused(ann.create_grant, Operations=["Encrypt", "DescribeKey"], **asked)[0] == "AccessDeniedException"


@pytest.mark.documented(GUIDE + "conditions-kms.html")
def test_conditions_see_whether_a_service_asks_for_a_grant(kms: Any, key: str, user: Any, refused: Any) -> None:
    ann = user("ann", "kms:CreateGrant", Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}})
    asked = {"KeyId": key, "GranteePrincipal": person("ann"), "Operations": ["Encrypt"]}
    assert refused(ann.create_grant, **asked)[0] == "AccessDeniedException"


@pytest.mark.documented(API + "API_CreateGrant.html")
def test_a_service_is_granted_for_a_resource_only(kms: Any, key: str, refused: Any) -> None:
    asked = {"KeyId": key, "GranteeServicePrincipal": "s3.amazonaws.com", "Operations": ["Encrypt"]}
    assert refused(kms.create_grant, **asked)[0] == "ValidationException"
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:box"
    more = {"Constraints": {"SourceArn": arn}, "RetiringServicePrincipal": "s3.amazonaws.com"}
    kms.create_grant(**asked, **more)
    (shown,) = kms.list_grants(KeyId=key, GranteeServicePrincipal="s3.amazonaws.com")["Grants"]
    assert shown["Constraints"] == {"SourceArn": arn} and "GranteePrincipal" not in shown


@pytest.mark.documented(GUIDE + "key-state.html")
def test_a_disabled_key_grants_nothing(kms: Any, key: str, user: Any, refused: Any) -> None:
    user("ann")
    kms.disable_key(KeyId=key)
    asked = {"KeyId": key, "GranteePrincipal": person("ann"), "Operations": ["Encrypt"]}
    assert refused(kms.create_grant, **asked)[0] == "DisabledException"

"""Log files that are protected: encrypted with a KMS key, and kept by the bucket from those who would delete them."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest

from haar.services.cloudtrail.conftest import ACCOUNT, Desk

GUIDE = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/"
KEYS = GUIDE + "create-kms-key-policy-for-cloudtrail.html"
PRINCIPAL = "cloudtrail.amazonaws.com"
Refused = Callable[..., str]


def key(desk: Desk, *, encrypts: bool = True) -> str:
    """The ARN of a new key whose policy is the one that AWS documents for trails."""
    owner = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    service = {"Effect": "Allow", "Principal": {"Service": PRINCIPAL}, "Resource": "*"}
    statements: list[dict[str, Any]] = [owner, {**service, "Action": "kms:DescribeKey"}]
    if encrypts:
        context = {"kms:EncryptionContext:aws:cloudtrail:arn": f"arn:aws:cloudtrail:*:{ACCOUNT}:trail/*"}
        statements.append(
            {**service, "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Condition": {"StringLike": context}}
        )
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    made: str = desk.of("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]
    return made


def user(desk: Desk, *actions: str) -> Any:
    """S3, for a user who may do these actions on everything."""
    iam = desk.of("iam")
    iam.create_user(UserName="alice")
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="alice", PolicyName="may", PolicyDocument=document)
    made = iam.create_access_key(UserName="alice")["AccessKey"]
    return desk.cloud.client("s3", access_key=made["AccessKeyId"], secret_key=made["SecretAccessKey"])


@pytest.mark.fact("CT-005")
def test_files_are_encrypted_with_the_trails_key(desk: Desk, refused: Refused) -> None:
    arn = key(desk)
    desk.trail(KmsKeyId=arn, EnableLogFileValidation=True)
    desk.cloud.advance(minutes=65)
    found = desk.s3.head_object(Bucket="logs", Key=desk.files()[0])
    digest = desk.s3.head_object(Bucket="logs", Key=desk.files("/CloudTrail-Digest/")[0])
    assert (found["ServerSideEncryption"], found["SSEKMSKeyId"]) == ("aws:kms", arn)
    assert digest["SSEKMSKeyId"] == arn
    reader = user(desk, "s3:GetObject")
    assert refused(reader.get_object, Bucket="logs", Key=desk.files()[0]) == "AccessDenied"


@pytest.mark.documented(KEYS)
def test_who_may_decrypt_reads_the_files(desk: Desk) -> None:
    desk.trail(KmsKeyId=key(desk))
    desk.cloud.advance(minutes=15)
    reader = user(desk, "s3:GetObject", "kms:Decrypt")
    assert reader.get_object(Bucket="logs", Key=desk.files()[0])["ServerSideEncryption"] == "aws:kms"


@pytest.mark.documented(KEYS)
def test_a_key_is_named_by_its_alias_and_shown_by_its_arn(desk: Desk) -> None:
    arn = key(desk)
    desk.of("kms").create_alias(AliasName="alias/audit", TargetKeyId=arn)
    made = desk.api.create_trail(Name="trail", S3BucketName="logs", KmsKeyId="alias/audit")
    assert made["KmsKeyId"] == arn
    desk.api.update_trail(Name="trail", KmsKeyId="")
    assert "KmsKeyId" not in desk.api.get_trail(Name="trail")["Trail"]


@pytest.mark.documented(KEYS)
def test_a_key_must_let_cloudtrail_encrypt(desk: Desk, refused: Refused) -> None:
    closed = key(desk, encrypts=False)
    code = refused(desk.api.create_trail, Name="trail", S3BucketName="logs", KmsKeyId=closed)
    assert code == "InsufficientEncryptionPolicyException"


@pytest.mark.documented(KEYS)
def test_a_key_must_be_there_and_enabled(desk: Desk, refused: Refused) -> None:
    gone = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-4333-8444-555555555555"
    code = refused(desk.api.create_trail, Name="trail", S3BucketName="logs", KmsKeyId=gone)
    assert code == "KmsKeyNotFoundException"
    disabled = key(desk)
    desk.of("kms").disable_key(KeyId=disabled)
    code = refused(desk.api.create_trail, Name="trail", S3BucketName="logs", KmsKeyId=disabled)
    assert code == "KmsException"


@pytest.mark.documented(KEYS)
def test_what_a_disabled_key_stops_is_delivered_later(desk: Desk) -> None:
    arn = key(desk)
    desk.trail(KmsKeyId=arn)
    desk.of("iam").create_user(UserName="alice")
    desk.of("kms").disable_key(KeyId=arn)
    desk.cloud.advance(minutes=15)
    assert desk.api.get_trail_status(Name="trail")["LatestDeliveryError"]
    desk.of("kms").enable_key(KeyId=arn)
    desk.cloud.advance(minutes=15)
    assert "CreateUser" in desk.names()


# -- MFA delete --------------------------------------------------------------------------------------------------


def keeper(desk: Desk) -> tuple[Any, str, bytes]:
    """S3, for the root user with an MFA device; the device's serial number and its seed."""
    iam = desk.of("iam")
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    serial, seed = made["SerialNumber"], base64.b32decode(made["Base32StringSeed"])
    first, second = (code(desk, seed, steps) for steps in (-1, 0))
    iam.enable_mfa_device(UserName="root", SerialNumber=serial, AuthenticationCode1=first, AuthenticationCode2=second)
    desk.cloud.advance(minutes=1)
    return desk.s3, serial, seed


def code(desk: Desk, seed: bytes, steps: int = 0) -> str:
    """What the device shows now, or some steps of thirty seconds away (RFC 6238)."""
    step = int(desk.cloud.clock.now() // 30) + steps
    digest = hmac.digest(seed, step.to_bytes(8, "big"), "sha1")
    place = digest[-1] & 15
    return f"{(int.from_bytes(digest[place : place + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


@pytest.mark.fact("CT-006")
def test_with_mfa_delete_a_log_file_is_not_deleted_without_a_code(desk: Desk, refused: Refused) -> None:
    s3, serial, seed = keeper(desk)
    s3.put_bucket_versioning(
        Bucket="logs", VersioningConfiguration={"Status": "Enabled", "MFADelete": "Enabled"},
        MFA=f"{serial} {code(desk, seed)}",
    )  # fmt: skip
    desk.trail()
    desk.cloud.advance(minutes=15)
    name = desk.files()[0]
    version = desk.s3.head_object(Bucket="logs", Key=name)["VersionId"]
    assert refused(s3.delete_object, Bucket="logs", Key=name, VersionId=version) == "AccessDenied"
    s3.delete_object(Bucket="logs", Key=name, VersionId=version, MFA=f"{serial} {code(desk, seed)}")
    assert name not in desk.files()


@pytest.mark.documented(GUIDE + "best-practices-security.html")
def test_a_bucket_policy_keeps_files_from_being_deleted(desk: Desk, refused: Refused) -> None:
    nobody = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject*", "Resource": "arn:aws:s3:::logs/*"}
    desk.admit("logs", f"AWSLogs/{ACCOUNT}", more=[nobody])
    desk.trail()
    desk.cloud.advance(minutes=15)
    writer = user(desk, "s3:*")
    assert refused(writer.delete_object, Bucket="logs", Key=desk.files()[0]) == "AccessDenied"

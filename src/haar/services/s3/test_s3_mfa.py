"""MFA Delete: who turns it on, and what takes a code then."""

from __future__ import annotations

import base64
import hmac
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud

MFA = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiFactorAuthenticationDelete.html"
DELETE_MANY = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"
STEP = 30
ON = {"Status": "Enabled", "MFADelete": "Enabled"}


def code(seed: bytes, at: float) -> str:
    """What an authenticator app shows: RFC 6238 with SHA-1, steps of 30 seconds, six digits."""
    digest = hmac.digest(base64.b32decode(seed), int(at // STEP).to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 15
    return f"{(int.from_bytes(digest[offset : offset + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


class Root:
    """The root user of the account with a device of its own; codes are good once, so each comes from a later step."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.s3 = cloud.client("s3")
        iam = cloud.client("iam")
        device = iam.create_virtual_mfa_device(VirtualMFADeviceName="root")["VirtualMFADevice"]
        self.serial, self.seed = device["SerialNumber"], device["Base32StringSeed"]
        now = cloud.clock.now()
        iam.enable_mfa_device(
            UserName="root", SerialNumber=self.serial, AuthenticationCode1=code(self.seed, now - STEP),
            AuthenticationCode2=code(self.seed, now),
        )  # fmt: skip

    def proof(self) -> str:
        """The header of a request: serial number and code."""
        self.cloud.advance(minutes=5)
        return f"{self.serial} {code(self.seed, self.cloud.clock.now())}"


@pytest.fixture
def root(cloud: Cloud) -> Root:
    """A root user with a device, and a bucket `vault` under MFA Delete with one version of `k`."""
    made = Root(cloud)
    made.s3.create_bucket(Bucket="vault")
    made.s3.put_bucket_versioning(Bucket="vault", VersioningConfiguration=ON, MFA=made.proof())
    made.s3.put_object(Bucket="vault", Key="k", Body=b"precious")
    return made


def version_of(root: Root) -> str:
    return str(root.s3.list_object_versions(Bucket="vault")["Versions"][0]["VersionId"])


def remove(root: Root, **more: Any) -> Any:
    return root.s3.delete_object(Bucket="vault", Key="k", VersionId=version_of(root), **more)


def denied(error: pytest.ExceptionInfo[ClientError]) -> str:
    assert error.value.response["Error"]["Code"] == "AccessDenied"
    return str(error.value.response["Error"]["Message"])


@pytest.mark.documented(MFA)
def test_the_bucket_says_that_it_is_on(root: Root) -> None:
    reply = root.s3.get_bucket_versioning(Bucket="vault")
    assert (reply["Status"], reply["MFADelete"]) == ("Enabled", "Enabled")


@pytest.mark.fact("S3MFA-002")
def test_a_version_is_not_removed_without_a_code(root: Root) -> None:
    with pytest.raises(ClientError) as refused:
        remove(root)
    assert denied(refused) == "Mfa Authentication must be used for this request"


@pytest.mark.fact("S3MFA-002")
def test_a_version_is_removed_with_the_right_code(root: Root) -> None:
    remove(root, MFA=root.proof())
    assert "Versions" not in root.s3.list_object_versions(Bucket="vault")


@pytest.mark.fact("S3MFA-002")
def test_a_simple_delete_writes_its_marker_without_a_code(root: Root) -> None:
    assert root.s3.delete_object(Bucket="vault", Key="k")["DeleteMarker"] is True


@pytest.mark.documented(MFA)
def test_a_marker_is_not_removed_without_a_code(root: Root) -> None:
    marker = root.s3.delete_object(Bucket="vault", Key="k")["VersionId"]
    with pytest.raises(ClientError) as refused:
        root.s3.delete_object(Bucket="vault", Key="k", VersionId=marker)
    denied(refused)


@pytest.mark.documented(MFA)
@pytest.mark.parametrize("proof", ["{serial} 000000x", "{serial}", "arn:aws:iam::000000000000:mfa/other {code}", "x"])
def test_a_wrong_proof_removes_nothing(root: Root, proof: str) -> None:
    serial, _, right = root.proof().rpartition(" ")
    with pytest.raises(ClientError) as refused:
        remove(root, MFA=proof.format(serial=serial, code=right))
    denied(refused)
    assert version_of(root)


@pytest.mark.documented(MFA)
def test_a_code_is_good_once(root: Root) -> None:
    proof = root.proof()
    remove(root, MFA=proof)
    root.s3.put_object(Bucket="vault", Key="k", Body=b"again")
    with pytest.raises(ClientError) as refused:
        remove(root, MFA=proof)
    denied(refused)


@pytest.mark.documented(DELETE_MANY)
def test_one_code_removes_many_versions_at_once(root: Root) -> None:
    root.s3.put_object(Bucket="vault", Key="k", Body=b"more")
    every = [
        {"Key": "k", "VersionId": one["VersionId"]} for one in root.s3.list_object_versions(Bucket="vault")["Versions"]
    ]
    reply = root.s3.delete_objects(Bucket="vault", Delete={"Objects": every}, MFA=root.proof())
    assert len(reply["Deleted"]) == 2 and "Errors" not in reply


@pytest.mark.documented(DELETE_MANY)
def test_a_list_with_a_version_fails_whole_without_a_code(root: Root) -> None:
    wanted = {"Objects": [{"Key": "other"}, {"Key": "k", "VersionId": version_of(root)}]}
    with pytest.raises(ClientError) as refused:
        root.s3.delete_objects(Bucket="vault", Delete=wanted)
    denied(refused)
    assert "DeleteMarkers" not in root.s3.list_object_versions(Bucket="vault")


@pytest.mark.documented(DELETE_MANY)
def test_a_list_with_a_wrong_code_fails_whole_though_it_needs_none(root: Root) -> None:
    with pytest.raises(ClientError) as refused:
        root.s3.delete_objects(Bucket="vault", Delete={"Objects": [{"Key": "k"}]}, MFA=f"{root.serial} 000000x")
    denied(refused)
    assert "DeleteMarkers" not in root.s3.list_object_versions(Bucket="vault")


@pytest.mark.fact("S3MFA-003")
def test_the_bucket_itself_is_deleted_without_a_code(root: Root) -> None:
    remove(root, MFA=root.proof())
    root.s3.delete_bucket(Bucket="vault")
    assert root.s3.list_buckets()["Buckets"] == []


@pytest.mark.fact("S3MFA-004")
def test_an_administrator_cannot_turn_it_on(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="admin")
    iam.attach_user_policy(UserName="admin", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    key = iam.create_access_key(UserName="admin")["AccessKey"]
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="admin")["VirtualMFADevice"]
    serial, seed = device["SerialNumber"], device["Base32StringSeed"]
    now = cloud.clock.now()
    iam.enable_mfa_device(
        UserName="admin", SerialNumber=serial, AuthenticationCode1=code(seed, now - STEP),
        AuthenticationCode2=code(seed, now),
    )  # fmt: skip
    s3 = cloud.client("s3", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])
    s3.create_bucket(Bucket="own")
    cloud.advance(minutes=5)
    with pytest.raises(ClientError) as refused:
        s3.put_bucket_versioning(
            Bucket="own", VersioningConfiguration=ON, MFA=f"{serial} {code(seed, cloud.clock.now())}"
        )
    assert denied(refused) == "This operation may only be performed by the bucket owner"
    assert "MFADelete" not in s3.get_bucket_versioning(Bucket="own")


@pytest.mark.fact("S3MFA-004")
def test_root_cannot_turn_it_on_without_a_code(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="own")
    with pytest.raises(ClientError) as refused:
        s3.put_bucket_versioning(Bucket="own", VersioningConfiguration=ON)
    denied(refused)


@pytest.mark.documented(MFA)
def test_versioning_is_not_suspended_without_a_code(root: Root) -> None:
    with pytest.raises(ClientError) as refused:
        root.s3.put_bucket_versioning(Bucket="vault", VersioningConfiguration={"Status": "Suspended"})
    denied(refused)
    root.s3.put_bucket_versioning(Bucket="vault", VersioningConfiguration={"Status": "Suspended"}, MFA=root.proof())
    assert root.s3.get_bucket_versioning(Bucket="vault")["Status"] == "Suspended"


@pytest.mark.documented(MFA)
def test_it_is_turned_off_with_a_code_and_removes_without_one_then(root: Root) -> None:
    off = {"Status": "Enabled", "MFADelete": "Disabled"}
    root.s3.put_bucket_versioning(Bucket="vault", VersioningConfiguration=off, MFA=root.proof())
    assert root.s3.get_bucket_versioning(Bucket="vault")["MFADelete"] == "Disabled"
    remove(root)


@pytest.mark.documented(MFA)
def test_saying_that_it_is_off_where_it_never_was_on_takes_no_code(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="own")
    off = {"Status": "Enabled", "MFADelete": "Disabled"}
    s3.put_bucket_versioning(Bucket="own", VersioningConfiguration=off)
    assert "MFADelete" not in s3.get_bucket_versioning(Bucket="own")


@pytest.mark.documented(MFA)
def test_it_is_not_turned_on_where_lifecycle_removes_by_itself(cloud: Cloud) -> None:
    root = Root(cloud)
    root.s3.create_bucket(Bucket="own")
    rule = {"ID": "old", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}
    root.s3.put_bucket_lifecycle_configuration(Bucket="own", LifecycleConfiguration={"Rules": [rule]})
    with pytest.raises(ClientError, match="InvalidBucketState"):
        root.s3.put_bucket_versioning(Bucket="own", VersioningConfiguration=ON, MFA=root.proof())

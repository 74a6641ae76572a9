"""Encryption with S3's own keys, with those of KMS and twice: what is kept, what is shown, who may."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from haar import Cloud
from haar.kit import replace
from haar.kit.audit import Event
from haar.kit.sealing import SealBroken
from haar.services.s3.resources import Version
from haar.services.s3.seals import Doubled, KeySeal
from haar.wire.http import HttpRequest

GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
API = "https://docs.aws.amazon.com/AmazonS3/latest/API/"
KMS_GUIDE = GUIDE + "UsingKMSEncryption.html"
BUCKET_KEY = GUIDE + "bucket-key.html"
ERRORS = API + "ErrorResponses.html"
MIB = 1024 * 1024


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """A client, and a bucket called `vault`."""
    client = cloud.client("s3")
    client.create_bucket(Bucket="vault")
    return client


@pytest.fixture
def key(cloud: Cloud) -> str:
    """The ARN of a KMS key of the same account."""
    made: str = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    return made


@pytest.fixture
def person(cloud: Cloud) -> Callable[..., Any]:
    """An S3 client of a new user who is allowed some actions on everything."""
    iam = cloud.client("iam")

    def made(name: str, *actions: str) -> Any:
        iam.create_user(UserName=name)
        allow(cloud, name, *actions)
        pair = iam.create_access_key(UserName=name)["AccessKey"]
        return cloud.client("s3", access_key=pair["AccessKeyId"], secret_key=pair["SecretAccessKey"])

    return made


def allow(cloud: Cloud, name: str, *actions: str) -> None:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    cloud.client("iam").put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)


def refused(function: Callable[..., Any], **arguments: Any) -> tuple[int, str, str]:
    """Call something that is to be refused: status, code and message."""
    with pytest.raises(ClientError) as caught:
        function(**arguments)
    response: Any = caught.value.response
    error = response["Error"]
    return response["ResponseMetadata"]["HTTPStatusCode"], error["Code"], error["Message"]


def put(s3: Any, name: str = "k", body: bytes = b"secret", **more: Any) -> Any:
    return s3.put_object(Bucket="vault", Key=name, Body=body, **more)


def read(s3: Any, name: str = "k", **more: Any) -> bytes:
    return bytes(s3.get_object(Bucket="vault", Key=name, **more)["Body"].read())


def asked_of_kms(cloud: Cloud, *, of: str) -> list[Event]:
    """The calls of an operation of KMS, as the trail has them."""
    with cloud.store.transaction(write=False) as tx:
        return [one for one in tx.range(Event) if one.service == "kms" and one.operation == of]


def kept(cloud: Cloud, name: str = "k") -> Version:
    with cloud.store.transaction(write=False) as tx:
        found = tx.get(Version, "vault", name, 0)
    assert found is not None
    return found


def by_default(s3: Any, algorithm: str, **more: Any) -> None:
    """Configure the bucket's default encryption; `BucketKeyEnabled` is the rule's, other words the default's."""
    rule = {"BucketKeyEnabled": more.pop("BucketKeyEnabled")} if "BucketKeyEnabled" in more else {}
    default = {"SSEAlgorithm": algorithm, **more}
    s3.put_bucket_encryption(
        Bucket="vault",
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": default, **rule}]},
    )


# --- S3's own keys ---------------------------------------------------------------------------------------------------


@pytest.mark.fact("S3ENC-001")
def test_equal_objects_lie_there_as_different_bytes(cloud: Cloud, s3: Any) -> None:
    put(s3, "one")
    put(s3, "two")
    one, two = kept(cloud, "one").content[0].sealed, kept(cloud, "two").content[0].sealed
    assert one != two
    assert b"secret" not in one + two
    assert s3.head_object(Bucket="vault", Key="one")["ServerSideEncryption"] == "AES256"


@pytest.mark.fact("S3ENC-001")
def test_large_equal_objects_have_keys_of_their_own(cloud: Cloud, s3: Any) -> None:
    put(s3, "one", b"x" * MIB)
    put(s3, "two", b"x" * MIB)
    one, two = kept(cloud, "one").content[0], kept(cloud, "two").content[0]
    opened = [cloud.ports.sealer.open(each.sealed, about) for each, about in ((one, b"vault/one"), (two, b"vault/two"))]
    assert one.blob != two.blob and opened[0] != opened[1]


@pytest.mark.fact("S3ENC-005")
def test_what_a_client_encrypted_comes_back_as_it_was_sent(s3: Any) -> None:
    ciphertext = bytes(range(256))
    put(s3, body=ciphertext, Metadata={"x-amz-key-v2": "wrapped"})
    assert read(s3) == ciphertext


@pytest.mark.documented(API + "API_PutObject.html")
def test_a_method_that_is_none_is_refused(cloud: Cloud, s3: Any) -> None:
    loose = cloud.client("s3", parameter_validation=False)
    status, code, message = refused(put, s3=loose, ServerSideEncryption="aes256")
    assert (status, code, message) == (400, "InvalidArgument", "The encryption method specified is not supported")


# --- KMS: what is asked, and who may ---------------------------------------------------------------------------------


@pytest.mark.fact("S3ENC-006")
def test_an_upload_asks_kms_for_one_data_key(cloud: Cloud, s3: Any, key: str) -> None:
    put(s3, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    [event] = asked_of_kms(cloud, of="GenerateDataKey")
    assert (event.request or {})["EncryptionContext"] == {"aws:s3:arn": "arn:aws:s3:::vault/k"}
    assert event.invoked_by == "s3.amazonaws.com"


@pytest.mark.fact("S3ENC-007")
def test_a_download_asks_kms_for_one_decryption(cloud: Cloud, s3: Any, key: str) -> None:
    put(s3, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    assert asked_of_kms(cloud, of="Decrypt") == []
    assert read(s3) == b"secret"
    assert len(asked_of_kms(cloud, of="Decrypt")) == 1


@pytest.mark.fact("S3ENC-003")
def test_the_trail_shows_the_use_of_the_key(cloud: Cloud, s3: Any, key: str) -> None:
    put(s3, ServerSideEncryption="aws:kms", SSEKMSKeyId=key, BucketKeyEnabled=True)
    read(s3)
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "Decrypt"}]
    cloud.advance(minutes=20)
    [event] = cloud.client("cloudtrail").lookup_events(LookupAttributes=wanted)["Events"]
    said = json.loads(event["CloudTrailEvent"])
    assert said["requestParameters"]["encryptionContext"] == {"aws:s3:arn": "arn:aws:s3:::vault"}
    assert said["sourceIPAddress"] == "s3.amazonaws.com"


@pytest.mark.fact("S3ENC-002")
def test_reading_needs_leave_for_the_key_too(cloud: Cloud, s3: Any, key: str, person: Callable[..., Any]) -> None:
    put(s3, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    ana = person("ana", "s3:GetObject")
    status, code, message = refused(ana.get_object, Bucket="vault", Key="k")
    assert (status, code) == (403, "AccessDenied")
    assert "is not authorized to perform: kms:Decrypt" in message
    allow(cloud, "ana", "s3:GetObject", "kms:Decrypt")
    assert read(ana) == b"secret"


@pytest.mark.documented(KMS_GUIDE)
def test_writing_needs_leave_to_make_data_keys(s3: Any, key: str, person: Callable[..., Any]) -> None:
    ana = person("ana", "s3:PutObject", "kms:Decrypt")
    _, code, message = refused(put, s3=ana, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    assert code == "AccessDenied" and "kms:GenerateDataKey" in message


@pytest.mark.documented(API + "API_HeadObject.html")
def test_a_head_does_not_ask_kms(cloud: Cloud, s3: Any, key: str, person: Callable[..., Any]) -> None:
    put(s3, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    ana = person("ana", "s3:GetObject")
    assert ana.head_object(Bucket="vault", Key="k")["SSEKMSKeyId"] == key
    assert asked_of_kms(cloud, of="Decrypt") == []


@pytest.mark.documented(KMS_GUIDE)
def test_an_unsigned_reader_gets_nothing_that_kms_keeps(cloud: Cloud, s3: Any, key: str) -> None:
    put(s3, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    s3.delete_public_access_block(Bucket="vault")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::vault/*"}
    s3.put_bucket_policy(Bucket="vault", Policy=json.dumps({"Version": "2012-10-17", "Statement": statement}))
    stranger = cloud.client("s3", access_key=None)
    status, code, message = refused(stranger.get_object, Bucket="vault", Key="k")
    assert (status, code) == (400, "InvalidArgument")
    assert message.endswith("with AWS KMS managed keys require AWS Signature Version 4.")


@pytest.mark.documented(KMS_GUIDE)
def test_a_presigned_url_of_signature_version_2_gets_nothing_that_kms_keeps(cloud: Cloud, s3: Any) -> None:
    put(s3, ServerSideEncryption="aws:kms")
    assert b"require AWS Signature Version 4." in fetched(cloud, "s3")[1]
    assert fetched(cloud, "s3v4") == (200, b"secret")


def fetched(cloud: Cloud, version: str) -> tuple[int, bytes]:
    """The object through a presigned URL: status and body."""
    signer = cloud.client("s3", config=Config(signature_version=version))
    url = urlsplit(signer.generate_presigned_url("get_object", {"Bucket": "vault", "Key": "k"}))
    reply = cloud.handle(HttpRequest("GET", url.path, url.query, {"host": url.netloc}))
    return reply.status, reply.body


# --- KMS: which key --------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_PutObject.html")
def test_without_a_key_it_is_the_one_that_aws_manages(cloud: Cloud, s3: Any) -> None:
    named = put(s3, ServerSideEncryption="aws:kms")["SSEKMSKeyId"]
    described = cloud.client("kms").describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert (named, described["KeyManager"]) == (described["Arn"], "AWS")
    assert read(s3) == b"secret"


@pytest.mark.documented(API + "API_PutObject.html")
def test_a_key_is_named_by_id_or_alias_and_shown_by_its_arn(cloud: Cloud, s3: Any, key: str) -> None:
    cloud.client("kms").create_alias(AliasName="alias/box", TargetKeyId=key)
    by_alias = put(s3, "a", ServerSideEncryption="aws:kms", SSEKMSKeyId="alias/box")
    by_id = put(s3, "b", ServerSideEncryption="aws:kms", SSEKMSKeyId=key.rpartition("/")[2])
    assert by_alias["SSEKMSKeyId"] == by_id["SSEKMSKeyId"] == key
    assert s3.head_object(Bucket="vault", Key="a")["SSEKMSKeyId"] == key


@pytest.mark.documented(KMS_GUIDE)
def test_a_key_of_another_account_is_used_by_its_arn(cloud: Cloud, s3: Any) -> None:
    other = cloud.client("kms", access_key="111111111111", secret_key="test")
    mine = {"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "kms:*", "Resource": "*"}
    theirs = {**mine, "Principal": {"AWS": "111111111111"}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [mine, theirs]})
    foreign = other.create_key(Policy=policy)["KeyMetadata"]["Arn"]
    put(s3, ServerSideEncryption="aws:kms", SSEKMSKeyId=foreign)
    assert read(s3) == b"secret"
    _, code, message = refused(put, s3=s3, ServerSideEncryption="aws:kms", SSEKMSKeyId=foreign.rpartition("/")[2])
    assert code == "KMS.NotFoundException" and message.endswith("does not exist")


@pytest.mark.documented(ERRORS)
def test_a_key_that_is_no_key_is_not_found(s3: Any) -> None:
    said = refused(put, s3=s3, ServerSideEncryption="aws:kms", SSEKMSKeyId="fake-key-id")
    assert said == (400, "KMS.NotFoundException", "Invalid keyId 'fake-key-id'")


@pytest.mark.documented(ERRORS)
def test_a_key_of_another_region_is_not_found(cloud: Cloud, s3: Any) -> None:
    far = cloud.client("kms", region="us-west-2").create_key()["KeyMetadata"]["Arn"]
    said = refused(put, s3=s3, ServerSideEncryption="aws:kms", SSEKMSKeyId=far)
    assert said == (400, "KMS.NotFoundException", "Invalid arn us-west-2")


@pytest.mark.documented(KMS_GUIDE)
def test_the_key_is_one_of_the_buckets_region(cloud: Cloud) -> None:
    there = cloud.client("s3", region="eu-west-1")
    there.create_bucket(Bucket="vault", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert put(there, ServerSideEncryption="aws:kms")["SSEKMSKeyId"].startswith("arn:aws:kms:eu-west-1:000000000000:")
    assert read(there) == b"secret"


@pytest.mark.documented(ERRORS)
def test_a_disabled_key_neither_writes_nor_reads(cloud: Cloud, s3: Any, key: str) -> None:
    put(s3, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    cloud.client("kms").disable_key(KeyId=key)
    expected = (400, "KMS.DisabledException", f"{key} is disabled.")
    assert refused(put, s3=s3, ServerSideEncryption="aws:kms", SSEKMSKeyId=key) == expected
    assert refused(s3.get_object, Bucket="vault", Key="k") == expected


@pytest.mark.documented(ERRORS)
def test_a_key_that_is_going_away_reads_nothing_any_more(cloud: Cloud, s3: Any, key: str) -> None:
    put(s3, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    cloud.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    said = refused(s3.get_object, Bucket="vault", Key="k")
    assert said == (400, "KMS.KMSInvalidStateException", f"{key} is pending deletion.")


@pytest.mark.documented(API + "API_ServerSideEncryptionByDefault.html")
def test_an_asymmetric_key_does_not_encrypt_objects(cloud: Cloud, s3: Any) -> None:
    rsa = cloud.client("kms").create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["Arn"]
    status, code, _ = refused(put, s3=s3, ServerSideEncryption="aws:kms", SSEKMSKeyId=rsa)
    assert (status, code) == (400, "KMS.InvalidKeyUsageException")


@pytest.mark.documented(API + "API_PutObject.html")
def test_a_key_without_the_method_is_refused(s3: Any, key: str) -> None:
    expected = (
        400,
        "InvalidArgument",
        "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
    )
    assert refused(put, s3=s3, SSEKMSKeyId=key) == expected
    assert refused(put, s3=s3, SSEKMSKeyId=key, ServerSideEncryption="AES256") == expected


@pytest.mark.documented("https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html")
def test_an_object_opens_after_its_key_was_rotated(cloud: Cloud, s3: Any, key: str) -> None:
    put(s3, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    kms = cloud.client("kms")
    kms.enable_key_rotation(KeyId=key)
    cloud.advance(days=366)
    assert len(kms.list_key_rotations(KeyId=key)["Rotations"]) == 1
    assert read(s3) == b"secret"


# --- the encryption context ------------------------------------------------------------------------------------------


def encoded(context: Any) -> str:
    return base64.b64encode(json.dumps(context).encode()).decode()


@pytest.mark.documented(KMS_GUIDE)
def test_a_client_adds_to_the_encryption_context(cloud: Cloud, s3: Any, key: str) -> None:
    more = encoded({"team": "grün"})
    reply = put(s3, ServerSideEncryption="aws:kms", SSEKMSKeyId=key, SSEKMSEncryptionContext=more)
    assert json.loads(base64.b64decode(reply["SSEKMSEncryptionContext"])) == {"team": "grün"}
    assert read(s3) == b"secret"
    [event] = asked_of_kms(cloud, of="Decrypt")
    assert (event.request or {})["EncryptionContext"] == {"team": "grün", "aws:s3:arn": "arn:aws:s3:::vault/k"}


@pytest.mark.documented(API + "API_PutObject.html")
@pytest.mark.parametrize("header", ["no base64!", encoded(["a"]), encoded({"a": 1}), base64.b64encode(b"{").decode()])
def test_a_context_that_is_none_is_refused(s3: Any, header: str) -> None:
    status, code, message = refused(put, s3=s3, ServerSideEncryption="aws:kms", SSEKMSEncryptionContext=header)
    assert (status, code) == (400, "InvalidArgument")
    assert message.startswith("The header 'x-amz-server-side-encryption-context' shall be Base64-encoded")


@pytest.mark.documented("https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html")
def test_a_key_policy_sees_the_object_and_the_service(cloud: Cloud, s3: Any, person: Callable[..., Any]) -> None:
    statement = {
        "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*",
        "Condition": {"StringLike": {
            "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::vault/open/*",
            "kms:ViaService": "s3.us-east-1.amazonaws.com",
        }},
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    key = cloud.client("kms").create_key(Policy=policy, BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"]["Arn"]
    ana = person("ana", "s3:PutObject", "s3:GetObject")
    put(ana, "open/a", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    assert read(ana, "open/a") == b"secret"
    assert refused(put, s3=ana, name="shut/a", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)[1] == "AccessDenied"


# --- Bucket Keys -----------------------------------------------------------------------------------------------------


@pytest.mark.documented(BUCKET_KEY)
def test_a_bucket_key_serves_many_objects_and_asks_kms_once(cloud: Cloud, s3: Any, key: str) -> None:
    by_default(s3, "aws:kms", KMSMasterKeyID=key, BucketKeyEnabled=True)
    first = put(s3, "a")
    put(s3, "b")
    assert first["BucketKeyEnabled"] is True
    assert (read(s3, "a"), read(s3, "b")) == (b"secret", b"secret")
    [made], [opened] = asked_of_kms(cloud, of="GenerateDataKey"), asked_of_kms(cloud, of="Decrypt")
    context = {"aws:s3:arn": "arn:aws:s3:::vault"}
    assert (made.request or {})["EncryptionContext"] == (opened.request or {})["EncryptionContext"] == context


@pytest.mark.documented(BUCKET_KEY)
def test_a_bucket_key_lasts_for_a_while_only(cloud: Cloud, s3: Any, key: str) -> None:
    put(s3, "a", ServerSideEncryption="aws:kms", SSEKMSKeyId=key, BucketKeyEnabled=True)
    cloud.client("kms").disable_key(KeyId=key)
    put(s3, "b", ServerSideEncryption="aws:kms", SSEKMSKeyId=key, BucketKeyEnabled=True)
    cloud.advance(minutes=6)
    more = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key, "BucketKeyEnabled": True}
    assert refused(put, s3=s3, name="c", **more)[1] == "KMS.DisabledException"


@pytest.mark.documented(BUCKET_KEY)
def test_a_bucket_key_of_one_caller_opens_nothing_for_another(s3: Any, key: str, person: Callable[..., Any]) -> None:
    put(s3, ServerSideEncryption="aws:kms", SSEKMSKeyId=key, BucketKeyEnabled=True)
    assert read(s3) == b"secret"
    ana = person("ana", "s3:GetObject")
    assert refused(ana.get_object, Bucket="vault", Key="k")[1] == "AccessDenied"


@pytest.mark.documented(BUCKET_KEY)
def test_a_bucket_key_to_write_with_does_not_read(s3: Any, key: str, person: Callable[..., Any]) -> None:
    ana = person("ana", "s3:PutObject", "s3:GetObject", "kms:GenerateDataKey")
    put(ana, ServerSideEncryption="aws:kms", SSEKMSKeyId=key, BucketKeyEnabled=True)
    assert refused(ana.get_object, Bucket="vault", Key="k")[1] == "AccessDenied"


@pytest.mark.documented(BUCKET_KEY)
def test_a_request_overrides_what_the_bucket_says_of_bucket_keys(s3: Any, key: str) -> None:
    by_default(s3, "aws:kms", KMSMasterKeyID=key, BucketKeyEnabled=True)
    assert "BucketKeyEnabled" not in put(s3, "a", BucketKeyEnabled=False)
    assert put(s3, "b", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)["BucketKeyEnabled"] is True
    assert s3.head_object(Bucket="vault", Key="b")["BucketKeyEnabled"] is True


@pytest.mark.ours
def test_objects_under_one_bucket_key_have_keys_of_their_own(cloud: Cloud, s3: Any, key: str) -> None:
    put(s3, "a", ServerSideEncryption="aws:kms", SSEKMSKeyId=key, BucketKeyEnabled=True)
    put(s3, "b", ServerSideEncryption="aws:kms", SSEKMSKeyId=key, BucketKeyEnabled=True)
    one, two = kept(cloud, "a").encryption, kept(cloud, "b").encryption
    assert one.wrapped == two.wrapped and one.salt != two.salt


# --- twice -----------------------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "UsingDSSEncryption.html")
def test_an_object_is_encrypted_twice(cloud: Cloud, s3: Any, key: str) -> None:
    reply = put(s3, ServerSideEncryption="aws:kms:dsse", SSEKMSKeyId=key, BucketKeyEnabled=True)
    assert (reply["ServerSideEncryption"], reply.get("BucketKeyEnabled")) == ("aws:kms:dsse", None)
    assert read(s3) == b"secret"
    layer = cloud.ports.sealer.open(kept(cloud).content[0].sealed, b"vault/k")
    assert b"secret" not in layer


@pytest.mark.documented(GUIDE + "UsingDSSEncryption.html")
def test_what_is_encrypted_twice_does_not_open_without_kms(cloud: Cloud, s3: Any, key: str) -> None:
    put(s3, body=b"x" * MIB, ServerSideEncryption="aws:kms:dsse", SSEKMSKeyId=key)
    assert read(s3) == b"x" * MIB
    cloud.client("kms").disable_key(KeyId=key)
    assert refused(s3.get_object, Bucket="vault", Key="k")[1] == "KMS.DisabledException"


@pytest.mark.ours
@pytest.mark.parametrize("changed", [{"data_key": b"K" * 32}, {"salt": b"S" * 16}, {"about": b"elsewhere"}])
def test_a_seal_opens_with_the_same_key_salt_and_subject_alone(changed: dict[str, bytes]) -> None:
    right = {"data_key": b"k" * 32, "salt": b"s" * 16, "about": b"here"}
    sealed = KeySeal(right["data_key"], right["salt"], os.urandom).seal(b"secret", right["about"])
    wrong = right | changed
    with pytest.raises(SealBroken):
        KeySeal(wrong["data_key"], wrong["salt"], os.urandom).open(sealed, wrong["about"])


@pytest.mark.ours
def test_neither_of_two_layers_opens_alone() -> None:
    inner, outer = (KeySeal(key * 32, b"s" * 16, os.urandom) for key in (b"i", b"o"))
    sealed = Doubled(inner, outer).seal(b"secret")
    assert Doubled(inner, outer).open(sealed) == b"secret"
    assert outer.open(sealed) != b"secret"
    with pytest.raises(SealBroken):
        inner.open(sealed)


# --- ETags -----------------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_Object.html")
@pytest.mark.parametrize("kind", ["aws:kms", "aws:kms:dsse"])
def test_under_kms_an_etag_is_no_md5_and_never_the_same(s3: Any, kind: str) -> None:
    plain = put(s3, "plain")["ETag"]
    one, two = (put(s3, name, ServerSideEncryption=kind)["ETag"] for name in ("one", "two"))
    assert len({plain, one, two}) == 3
    assert len(one) == len(plain) == 34
    assert s3.head_object(Bucket="vault", Key="one")["ETag"] == one


# --- what a bucket does by default -----------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "default-bucket-encryption.html")
def test_a_new_bucket_encrypts_with_s3s_own_keys(s3: Any) -> None:
    found = s3.get_bucket_encryption(Bucket="vault")["ServerSideEncryptionConfiguration"]
    assert found == {
        "Rules": [
            {
                "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
                "BucketKeyEnabled": False,
                "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
            }
        ]
    }


@pytest.mark.documented(API + "API_PutBucketEncryption.html")
def test_a_bucket_encrypts_as_it_was_told(s3: Any, key: str) -> None:
    by_default(s3, "aws:kms", KMSMasterKeyID=key.rpartition("/")[2])
    [rule] = s3.get_bucket_encryption(Bucket="vault")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key.rpartition("/")[2],
    }  # fmt: skip
    assert put(s3)["SSEKMSKeyId"] == key
    assert put(s3, "plain", ServerSideEncryption="AES256")["ServerSideEncryption"] == "AES256"


@pytest.mark.documented(API + "API_PutObject.html")
def test_a_request_for_kms_without_a_key_does_not_get_the_buckets(s3: Any, key: str) -> None:
    by_default(s3, "aws:kms", KMSMasterKeyID=key)
    assert put(s3, ServerSideEncryption="aws:kms")["SSEKMSKeyId"] != key


@pytest.mark.documented(API + "API_PutBucketEncryption.html")
def test_a_key_that_is_not_there_is_noticed_at_the_first_object(s3: Any) -> None:
    by_default(s3, "aws:kms", KMSMasterKeyID="aws/s3")
    status, code, message = refused(put, s3=s3)
    assert (status, code, message) == (400, "KMS.NotFoundException", "Invalid keyId 'aws/s3'")


@pytest.mark.documented(API + "API_DeleteBucketEncryption.html")
def test_a_deleted_configuration_leaves_s3s_own_keys(s3: Any, key: str) -> None:
    by_default(s3, "aws:kms", KMSMasterKeyID=key)
    s3.delete_bucket_encryption(Bucket="vault")
    assert s3.delete_bucket_encryption(Bucket="vault")["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert put(s3)["ServerSideEncryption"] == "AES256"
    [rule] = s3.get_bucket_encryption(Bucket="vault")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


@pytest.mark.documented(API + "API_PutBucketEncryption.html")
def test_a_configuration_changes_no_object_that_is_there(s3: Any, key: str) -> None:
    put(s3)
    by_default(s3, "aws:kms", KMSMasterKeyID=key)
    assert s3.head_object(Bucket="vault", Key="k")["ServerSideEncryption"] == "AES256"
    assert read(s3) == b"secret"


RULE: dict[str, Any] = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}


@pytest.mark.documented(API + "API_PutBucketEncryption.html")
@pytest.mark.parametrize(
    "rules", [[RULE, RULE], [{}], [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "rot13"}}]]
)
def test_a_configuration_has_one_rule_that_says_something(cloud: Cloud, s3: Any, rules: list[Any]) -> None:
    loose = cloud.client("s3", parameter_validation=False)
    configuration = {"Rules": rules}
    said = refused(loose.put_bucket_encryption, Bucket="vault", ServerSideEncryptionConfiguration=configuration)
    assert said[:2] == (400, "MalformedXML")


@pytest.mark.documented(API + "API_ServerSideEncryptionByDefault.html")
def test_s3s_own_key_is_not_one_of_kms(s3: Any, key: str) -> None:
    status, code, message = refused(by_default, s3=s3, algorithm="AES256", KMSMasterKeyID=key)
    assert (status, code) == (400, "InvalidArgument")
    assert message == "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse"


@pytest.mark.documented(API + "API_GetBucketEncryption.html")
def test_the_configuration_has_permissions_of_its_own(s3: Any, person: Callable[..., Any]) -> None:
    ana = person("ana", "s3:GetEncryptionConfiguration")
    assert ana.get_bucket_encryption(Bucket="vault")["ServerSideEncryptionConfiguration"]["Rules"]
    _, code, message = refused(ana.delete_bucket_encryption, Bucket="vault")
    assert code == "AccessDenied" and "s3:PutEncryptionConfiguration" in message


# --- copies and uploads in parts -------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_CopyObject.html")
def test_a_copy_is_encrypted_as_the_copy_asks(cloud: Cloud, s3: Any, key: str) -> None:
    put(s3, body=b"x" * MIB)
    copied = s3.copy_object(
        Bucket="vault", Key="copy", CopySource="vault/k", ServerSideEncryption="aws:kms", SSEKMSKeyId=key
    )
    assert (copied["ServerSideEncryption"], copied["SSEKMSKeyId"]) == ("aws:kms", key)
    assert read(s3, "copy") == b"x" * MIB
    assert kept(cloud, "copy").content[0].blob == kept(cloud, "k").content[0].blob


@pytest.mark.documented(API + "API_CopyObject.html")
def test_a_copy_does_not_inherit_the_encryption_of_its_source(s3: Any, key: str) -> None:
    put(s3, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    copied = s3.copy_object(Bucket="vault", Key="copy", CopySource="vault/k")
    assert copied["ServerSideEncryption"] == "AES256"
    assert copied["CopyObjectResult"]["ETag"] == put(s3, "plain")["ETag"]
    assert read(s3, "copy") == b"secret"


@pytest.mark.documented(API + "API_CopyObject.html")
def test_a_copy_needs_leave_for_the_key_of_its_source(
    cloud: Cloud, s3: Any, key: str, person: Callable[..., Any]
) -> None:
    put(s3, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    ana = person("ana", "s3:GetObject", "s3:PutObject")
    assert refused(ana.copy_object, Bucket="vault", Key="copy", CopySource="vault/k")[1] == "AccessDenied"
    allow(cloud, "ana", "s3:GetObject", "s3:PutObject", "kms:Decrypt")
    ana.copy_object(Bucket="vault", Key="copy", CopySource="vault/k")
    assert read(ana, "copy") == b"secret"


@pytest.mark.documented(GUIDE + "mpuoverview.html")
def test_parts_are_encrypted_alike(cloud: Cloud, s3: Any, key: str) -> None:
    upload = s3.create_multipart_upload(Bucket="vault", Key="k", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    assert upload["SSEKMSKeyId"] == key
    bodies = [b"a" * (5 * MIB), b"b" * 10]
    parts = []
    for number, body in enumerate(bodies, 1):
        part = s3.upload_part(
            Bucket="vault", Key="k", UploadId=upload["UploadId"], PartNumber=number, Body=body
        )  # fmt: skip
        assert part["SSEKMSKeyId"] == key
        parts.append({"PartNumber": number, "ETag": part["ETag"]})
    done = s3.complete_multipart_upload(
        Bucket="vault", Key="k", UploadId=upload["UploadId"], MultipartUpload={"Parts": parts}
    )
    assert done["SSEKMSKeyId"] == key
    assert read(s3) == b"".join(bodies)
    assert len(asked_of_kms(cloud, of="GenerateDataKey")) == 1


@pytest.mark.documented(GUIDE + "mpuoverview.html")
def test_a_part_needs_leave_to_decrypt(s3: Any, key: str, person: Callable[..., Any]) -> None:
    ana = person("ana", "s3:PutObject", "kms:GenerateDataKey")
    upload = ana.create_multipart_upload(Bucket="vault", Key="k", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    part = {"Bucket": "vault", "Key": "k", "UploadId": upload["UploadId"], "PartNumber": 1, "Body": b"x"}
    assert refused(ana.upload_part, **part)[1] == "AccessDenied"


@pytest.mark.documented(API + "API_UploadPartCopy.html")
def test_a_part_is_copied_out_of_an_object_under_kms(s3: Any, key: str) -> None:
    put(s3, "source", b"0123456789", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    upload = s3.create_multipart_upload(Bucket="vault", Key="k", ServerSideEncryption="aws:kms:dsse")["UploadId"]
    copied = s3.upload_part_copy(
        Bucket="vault", Key="k", UploadId=upload, PartNumber=1, CopySource="vault/source", CopySourceRange="bytes=2-5"
    )
    parts = [{"PartNumber": 1, "ETag": copied["CopyPartResult"]["ETag"]}]
    s3.complete_multipart_upload(Bucket="vault", Key="k", UploadId=upload, MultipartUpload={"Parts": parts})
    assert read(s3) == b"2345"


# --- an object that is there already ---------------------------------------------------------------------------------


def under(key: str, **more: Any) -> dict[str, Any]:
    return {"SSEKMS": {"KMSKeyArn": key, **more}}


@pytest.mark.documented(API + "API_UpdateObjectEncryption.html")
def test_an_object_comes_under_a_kms_key_and_stays_as_it_is(cloud: Cloud, s3: Any, key: str) -> None:
    before = put(s3, body=b"x" * MIB)["ETag"]
    blob = kept(cloud).content[0].blob
    s3.update_object_encryption(Bucket="vault", Key="k", ObjectEncryption=under(key, BucketKeyEnabled=True))
    head = s3.head_object(Bucket="vault", Key="k")
    assert (head["ETag"], head["SSEKMSKeyId"], head["BucketKeyEnabled"]) == (before, key, True)
    assert read(s3) == b"x" * MIB and kept(cloud).content[0].blob == blob
    cloud.advance(minutes=6)
    cloud.client("kms").disable_key(KeyId=key)
    assert refused(s3.get_object, Bucket="vault", Key="k")[1] == "KMS.DisabledException"


@pytest.mark.documented(API + "API_UpdateObjectEncryption.html")
def test_an_object_moves_from_one_kms_key_to_another(cloud: Cloud, s3: Any, key: str) -> None:
    kms = cloud.client("kms")
    old = kms.create_key()["KeyMetadata"]["Arn"]
    put(s3, ServerSideEncryption="aws:kms", SSEKMSKeyId=old)
    s3.update_object_encryption(Bucket="vault", Key="k", ObjectEncryption=under(key))
    kms.disable_key(KeyId=old)
    assert read(s3) == b"secret"


@pytest.mark.documented(API + "API_UpdateObjectEncryption.html")
def test_an_object_under_two_layers_stays_there(s3: Any, key: str) -> None:
    put(s3, ServerSideEncryption="aws:kms:dsse")
    status, code, message = refused(s3.update_object_encryption, Bucket="vault", Key="k", ObjectEncryption=under(key))
    assert (status, code) == (400, "InvalidRequest")
    assert "doesn't support source objects with the encryption type DSSE-KMS or SSE-C" in message


@pytest.mark.documented(API + "API_UpdateObjectEncryption.html")
def test_the_new_key_is_the_bucket_owners(cloud: Cloud, s3: Any) -> None:
    put(s3)
    foreign = cloud.client("kms", access_key="111111111111", secret_key="test").create_key()["KeyMetadata"]["Arn"]
    status, code, message = refused(
        s3.update_object_encryption, Bucket="vault", Key="k", ObjectEncryption=under(foreign)
    )
    assert (status, code) == (403, "AccessDenied")
    assert message.startswith("The AWS KMS key in the request must be owned by the same account as the bucket.")


@pytest.mark.documented(API + "API_UpdateObjectEncryption.html")
def test_an_object_under_legal_hold_keeps_its_encryption(cloud: Cloud, s3: Any, key: str) -> None:
    put(s3)
    with cloud.store.transaction() as tx:
        tx.put(replace(kept(cloud), legal_hold=True))
    status, code, message = refused(s3.update_object_encryption, Bucket="vault", Key="k", ObjectEncryption=under(key))
    assert (status, code) == (403, "AccessDenied")
    assert "protected by S3 Object Lock" in message

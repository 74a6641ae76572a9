"""Bucket policies: what is stored as one, whom they let in, what they can ask."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from haar import Cloud
from haar.services.s3.resources import canonical_id
from haar.wire.http import HttpRequest

PUT = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html"
KEYS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html"
SIGNED = "https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html"
PRINCIPALS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/security_iam_service-with-iam.html"
OTHER = "111111111111"
ARN = "arn:aws:s3:::house"


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """A client, and a bucket with an object that any policy may be written for."""
    client = cloud.client("s3")
    client.create_bucket(Bucket="house")
    client.delete_public_access_block(Bucket="house")
    client.put_object(Bucket="house", Key="room/chair", Body=b"wood", Tagging="kind=seat")
    return client


def policy(*statements: dict[str, Any]) -> str:
    whole = [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{ARN}/*", **s} for s in statements
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": whole})


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


def other(cloud: Cloud) -> Any:
    return cloud.client("s3", access_key=OTHER, secret_key="test")


def person(cloud: Cloud, *statements: dict[str, Any], **options: Any) -> Any:
    """The client of a user with an identity policy."""
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    if statements:
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    return cloud.client("s3", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"], **options)


# --- what is stored --------------------------------------------------------------------------------------------------


@pytest.mark.documented(PUT)
def test_a_policy_is_kept_as_it_was_written(s3: Any) -> None:
    text = policy({})
    s3.put_bucket_policy(Bucket="house", Policy=text)
    assert s3.get_bucket_policy(Bucket="house")["Policy"] == text
    s3.delete_bucket_policy(Bucket="house")
    with pytest.raises(ClientError) as caught:
        s3.get_bucket_policy(Bucket="house")
    assert code(caught) == "NoSuchBucketPolicy"


BROKEN = [
    ("no json", "Policies must be valid JSON and the first byte must be '{'"),
    (json.dumps({"Version": "2012-10-17"}), "Missing required field Statement"),
    (json.dumps({"Version": "2020-01-01", "Statement": []}), "The policy must contain a valid version string"),
    (policy({"Effect": "Maybe"}), "Invalid effect: Maybe"),
    (policy({"Color": "blue"}), "Unknown field Color"),
    (policy({"Principal": {"AWS": "arn:aws:iam::000000000000:user/nobody"}}), "Invalid principal in policy"),
    (policy({"Principal": {"AWS": "arn:aws:iam::000000000000:role/nobody"}}), "Invalid principal in policy"),
    (policy({"Principal": {"CanonicalUser": "f" * 64}}), "Invalid principal in policy"),
    (policy({"Action": "s3:EatObject"}), "Policy has invalid action"),
    (policy({"Action": "sqs:SendMessage"}), "Policy has invalid action"),
    (policy({"Resource": "arn:aws:s3:::garden/*"}), "Policy has invalid resource"),
    (policy({"Resource": ARN}), "Action does not apply to any resource(s) in statement"),
    (policy({"Action": "s3:ListBucket"}), "Action does not apply to any resource(s) in statement"),
    (policy({"Condition": {"StringEquals": {"s3:color": "blue"}}}), "Policy has an invalid condition key"),
]


@pytest.mark.documented(PUT)
@pytest.mark.parametrize(("text", "words"), BROKEN)
def test_a_policy_that_is_unsound_is_refused_with_what_is_wrong(s3: Any, text: str, words: str) -> None:
    with pytest.raises(ClientError) as caught:
        s3.put_bucket_policy(Bucket="house", Policy=text)
    assert (code(caught), caught.value.response["Error"]["Message"]) == ("MalformedPolicy", words)


@pytest.mark.documented(PUT)
@pytest.mark.parametrize("field", ["Effect", "Principal", "Action", "Resource"])
def test_a_statement_must_be_whole(s3: Any, field: str) -> None:
    document = json.loads(policy({}))
    del document["Statement"][0][field]
    with pytest.raises(ClientError) as caught:
        s3.put_bucket_policy(Bucket="house", Policy=json.dumps(document))
    assert caught.value.response["Error"]["Message"] == f"Missing required field {field}"


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html")
def test_a_policy_of_more_than_20_kilobytes_is_refused(s3: Any) -> None:
    with pytest.raises(ClientError) as caught:
        s3.put_bucket_policy(Bucket="house", Policy=policy({"Sid": "x" * 20_480}))
    assert code(caught) == "PolicyTooLarge"


@pytest.mark.documented(PRINCIPALS)
def test_a_canonical_user_becomes_the_account_it_stands_for(s3: Any) -> None:
    s3.put_bucket_policy(Bucket="house", Policy=policy({"Principal": {"CanonicalUser": canonical_id(OTHER)}}))
    kept = json.loads(s3.get_bucket_policy(Bucket="house")["Policy"])
    assert kept["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::{OTHER}:root"}


@pytest.mark.documented(PUT)
def test_another_account_may_not_change_a_policy_whatever_that_allows(cloud: Cloud, s3: Any) -> None:
    statement = {"Principal": {"AWS": OTHER}, "Action": "s3:*BucketPolicy", "Resource": ARN}
    s3.put_bucket_policy(Bucket="house", Policy=policy(statement))
    with pytest.raises(ClientError) as caught:
        other(cloud).get_bucket_policy(Bucket="house")
    assert code(caught) == "MethodNotAllowed"


@pytest.mark.documented(PUT)
def test_root_can_take_back_a_policy_that_shuts_everybody_out(s3: Any) -> None:
    statement = {"Effect": "Deny", "Action": "s3:*", "Resource": [ARN, f"{ARN}/*"]}
    s3.put_bucket_policy(Bucket="house", Policy=policy(statement))
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket="house", Key="room/chair")
    assert code(caught) == "AccessDenied"
    s3.delete_bucket_policy(Bucket="house")
    assert s3.get_object(Bucket="house", Key="room/chair")["Body"].read() == b"wood"


# --- whom it lets in -------------------------------------------------------------------------------------------------


@pytest.mark.documented(PRINCIPALS)
def test_a_policy_lets_another_account_in(cloud: Cloud, s3: Any) -> None:
    s3.put_bucket_policy(Bucket="house", Policy=policy({"Principal": {"AWS": OTHER}}))
    assert other(cloud).get_object(Bucket="house", Key="room/chair")["Body"].read() == b"wood"


@pytest.mark.documented(PRINCIPALS)
def test_a_policy_lets_a_user_of_the_account_in_who_has_no_other(cloud: Cloud, s3: Any) -> None:
    ann = person(cloud)
    statement = {"Principal": {"AWS": "arn:aws:iam::000000000000:user/ann"}}
    s3.put_bucket_policy(Bucket="house", Policy=policy(statement))
    assert ann.get_object(Bucket="house", Key="room/chair")["Body"].read() == b"wood"


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html")
def test_a_denial_is_explained_within_the_account_only(cloud: Cloud, s3: Any) -> None:
    with pytest.raises(ClientError) as caught:
        person(cloud).get_object(Bucket="house", Key="room/chair")
    assert "because no identity-based policy allows the s3:GetObject action" in str(caught.value)
    with pytest.raises(ClientError) as caught:
        other(cloud).get_object(Bucket="house", Key="room/chair")
    assert caught.value.response["Error"]["Message"] == "Access Denied"


@pytest.mark.fact("S3ENC-010")
def test_a_policy_can_insist_on_https(cloud: Cloud, s3: Any) -> None:
    statement = {
        "Effect": "Deny", "Action": "s3:*", "Resource": [ARN, f"{ARN}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }  # fmt: skip
    s3.put_bucket_policy(Bucket="house", Policy=policy(statement))
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket="house", Key="room/chair")
    assert code(caught) == "AccessDenied"
    secure = cloud.client("s3", endpoint_url="https://haar.localhost:4566")
    assert secure.get_object(Bucket="house", Key="room/chair")["ResponseMetadata"]["HTTPStatusCode"] == 200


# --- what it can ask -------------------------------------------------------------------------------------------------


@pytest.mark.documented(KEYS)
def test_a_listing_can_be_limited_to_a_prefix(cloud: Cloud, s3: Any) -> None:
    condition = {"StringLike": {"s3:prefix": "room/*"}}
    ann = person(cloud, {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": ARN, "Condition": condition})
    assert ann.list_objects_v2(Bucket="house", Prefix="room/")["KeyCount"] == 1
    with pytest.raises(ClientError) as caught:
        ann.list_objects_v2(Bucket="house")
    assert code(caught) == "AccessDenied"


@pytest.mark.documented(KEYS)
def test_a_listing_can_be_limited_in_length(cloud: Cloud, s3: Any) -> None:
    condition = {"NumericLessThanEquals": {"s3:max-keys": "10"}}
    ann = person(cloud, {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": ARN, "Condition": condition})
    assert ann.list_objects_v2(Bucket="house", MaxKeys=10)["KeyCount"] == 1
    with pytest.raises(ClientError) as caught:
        ann.list_objects_v2(Bucket="house", MaxKeys=11)
    assert code(caught) == "AccessDenied"


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-and-policies.html")
def test_an_object_can_be_read_for_its_tags(cloud: Cloud, s3: Any) -> None:
    s3.put_object(Bucket="house", Key="table", Body=b"wood")
    condition = {"StringEquals": {"s3:ExistingObjectTag/kind": "seat"}}
    ann = person(cloud, {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": condition})
    assert ann.get_object(Bucket="house", Key="room/chair")["Body"].read() == b"wood"
    with pytest.raises(ClientError) as caught:
        ann.get_object(Bucket="house", Key="table")
    assert code(caught) == "AccessDenied"


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-and-policies.html")
def test_an_upload_can_be_made_to_carry_tags(cloud: Cloud, s3: Any) -> None:
    condition = {"StringEquals": {"s3:RequestObjectTag/kind": "seat"}}
    allowed = {"Effect": "Allow", "Action": ["s3:PutObject", "s3:PutObjectTagging"], "Resource": "*"}
    ann = person(cloud, {**allowed, "Condition": condition})
    ann.put_object(Bucket="house", Key="stool", Body=b"x", Tagging="kind=seat")
    with pytest.raises(ClientError) as caught:
        ann.put_object(Bucket="house", Key="stool", Body=b"x", Tagging="kind=bed")
    assert code(caught) == "AccessDenied"


@pytest.mark.documented(KEYS)
def test_an_upload_can_be_made_to_name_its_storage_class(cloud: Cloud, s3: Any) -> None:
    condition = {"StringEquals": {"s3:x-amz-storage-class": "STANDARD_IA"}}
    ann = person(cloud, {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*", "Condition": condition})
    ann.put_object(Bucket="house", Key="k", Body=b"x", StorageClass="STANDARD_IA")
    with pytest.raises(ClientError) as caught:
        ann.put_object(Bucket="house", Key="k", Body=b"x")
    assert code(caught) == "AccessDenied"


@pytest.mark.documented(KEYS)
def test_a_bucket_can_be_kept_in_a_region(cloud: Cloud) -> None:
    condition = {"StringEquals": {"s3:LocationConstraint": "eu-west-1"}}
    ann = person(cloud, {"Effect": "Allow", "Action": "s3:CreateBucket", "Resource": "*", "Condition": condition})
    ann.create_bucket(Bucket="ours", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    with pytest.raises(ClientError) as caught:
        ann.create_bucket(Bucket="ours-too", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    assert code(caught) == "AccessDenied"


@pytest.mark.documented(SIGNED)
def test_presigned_requests_can_be_told_apart(cloud: Cloud, s3: Any) -> None:
    statement = {"Effect": "Deny", "Condition": {"StringEquals": {"s3:authType": "REST-QUERY-STRING"}}}
    s3.put_bucket_policy(Bucket="house", Policy=policy(statement))
    assert s3.get_object(Bucket="house", Key="room/chair")["Body"].read() == b"wood"
    assert fetch(cloud, presigned(cloud)) == 403


@pytest.mark.documented(SIGNED)
def test_a_signature_can_be_too_old_though_its_url_is_good(cloud: Cloud, s3: Any) -> None:
    statement = {"Effect": "Deny", "Condition": {"NumericGreaterThan": {"s3:signatureAge": "600000"}}}
    s3.put_bucket_policy(Bucket="house", Policy=policy(statement))
    url = presigned(cloud)
    assert fetch(cloud, url) == 200
    cloud.advance(seconds=700)
    assert fetch(cloud, url) == 403


# --- presigned -------------------------------------------------------------------------------------------------------


def presigned(cloud: Cloud, seconds: int = 3600) -> str:
    client = cloud.client("s3", config=Config(signature_version="s3v4"))
    params = {"Bucket": "house", "Key": "room/chair"}
    return str(client.generate_presigned_url("get_object", Params=params, ExpiresIn=seconds))


def fetch(cloud: Cloud, url: str) -> int:
    return ask(cloud, url)[0]


def ask(cloud: Cloud, url: str) -> tuple[int, bytes]:
    host, _, rest = url.removeprefix("http://").partition("/")
    path, _, query = rest.partition("?")
    reply = cloud.handle(HttpRequest("GET", f"/{path}", query, {"host": host}))
    return reply.status, bytes(reply.body)


@pytest.mark.fact("S3PRE-001")
def test_a_presigned_url_has_the_rights_of_who_made_it(cloud: Cloud, s3: Any) -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    ann = person(cloud, statement, config=Config(signature_version="s3v4"))
    url = ann.generate_presigned_url("get_object", Params={"Bucket": "house", "Key": "room/chair"})
    assert ask(cloud, url) == (200, b"wood")
    document = json.dumps({"Version": "2012-10-17", "Statement": {**statement, "Effect": "Deny"}})
    cloud.client("iam").put_user_policy(UserName="ann", PolicyName="no", PolicyDocument=document)
    assert fetch(cloud, url) == 403


@pytest.mark.fact("S3PRE-002")
def test_a_presigned_url_ends(cloud: Cloud, s3: Any) -> None:
    url = presigned(cloud, 60)
    cloud.advance(seconds=61)
    status, body = ask(cloud, url)
    assert status == 403
    assert b"<Code>AccessDenied</Code><Message>Request has expired</Message>" in body


@pytest.mark.fact("S3PRE-003")
@pytest.mark.parametrize(("seconds", "status"), [(1, 200), (604_800, 200), (604_801, 400)])
def test_a_presigned_url_lives_from_a_second_to_a_week(cloud: Cloud, s3: Any, seconds: int, status: int) -> None:
    assert fetch(cloud, presigned(cloud, seconds)) == status


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/userguide/PresignedUrlUploadObject.html")
def test_an_upload_can_be_presigned(cloud: Cloud, s3: Any) -> None:
    client = cloud.client("s3", config=Config(signature_version="s3v4"))
    url = client.generate_presigned_url("put_object", Params={"Bucket": "house", "Key": "stool"})
    path, _, query = url.removeprefix("http://haar.localhost:4566").partition("?")
    reply = cloud.handle(HttpRequest("PUT", path, query, {"host": "haar.localhost:4566"}, b"oak"))
    assert reply.status == 200
    assert s3.get_object(Bucket="house", Key="stool")["Body"].read() == b"oak"


@pytest.mark.fact("S3PRE-005")
def test_requests_to_other_services_can_be_presigned_too(cloud: Cloud) -> None:
    url = cloud.client("sts").generate_presigned_url("get_caller_identity", HttpMethod="GET")
    status, body = ask(cloud, url)
    assert status == 200
    assert b"arn:aws:iam::000000000000:root" in body

"""Keys that customers keep themselves: needed each time, kept nowhere, and blocked until a bucket allows them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from haar.kit.audit import Event
from haar.services.s3.resources import Version

GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
API = "https://docs.aws.amazon.com/AmazonS3/latest/API/"
CUSTOMER = GUIDE + "ServerSideEncryptionCustomerKeys.html"
SPECIFY = GUIDE + "specifying-s3-c-encryption.html"
BLOCK = GUIDE + "blocking-unblocking-s3-c-encryption-gpb.html"
MIB = 1024 * 1024
KEY, OTHER = b"k" * 32, b"j" * 32


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """A client, and a bucket called `vault` that takes customers' keys."""
    client = cloud.client("s3")
    client.create_bucket(Bucket="vault")
    unblock(client, "vault")
    return client


def unblock(s3: Any, bucket: str, kind: str = "NONE") -> None:
    rules = [{"BlockedEncryptionTypes": {"EncryptionType": [kind]}}]
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})


def refused(function: Callable[..., Any], **arguments: Any) -> tuple[int, str, str]:
    """Call something that is to be refused: status, code and message."""
    with pytest.raises(ClientError) as caught:
        function(**arguments)
    response: Any = caught.value.response
    error = response["Error"]
    return response["ResponseMetadata"]["HTTPStatusCode"], error["Code"], error["Message"]


def sse(key: bytes | str = KEY, prefix: str = "") -> dict[str, Any]:
    return {f"{prefix}SSECustomerAlgorithm": "AES256", f"{prefix}SSECustomerKey": key}


def md5(key: bytes = KEY) -> str:
    return base64.b64encode(hashlib.md5(key).digest()).decode()


def put(s3: Any, name: str = "k", body: bytes = b"secret", **more: Any) -> Any:
    return s3.put_object(Bucket="vault", Key=name, Body=body, **more)


def read(s3: Any, name: str = "k", **more: Any) -> bytes:
    return bytes(s3.get_object(Bucket="vault", Key=name, **more)["Body"].read())


NEEDED = (
    "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve "
    "the object."
)
WRONG = "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key."


# --- reading and writing ---------------------------------------------------------------------------------------------


@pytest.mark.fact("S3ENC-004")
def test_the_key_comes_with_every_request(s3: Any) -> None:
    put(s3, **sse())
    assert refused(s3.get_object, Bucket="vault", Key="k") == (400, "InvalidRequest", NEEDED)
    assert refused(s3.get_object, Bucket="vault", Key="k", **sse(OTHER)) == (403, "AccessDenied", WRONG)
    assert read(s3, **sse()) == b"secret"


@pytest.mark.documented(API + "API_PutObject.html")
def test_answers_name_the_key_by_its_md5(s3: Any) -> None:
    made = put(s3, **sse())
    head = s3.head_object(Bucket="vault", Key="k", **sse())
    got = s3.get_object(Bucket="vault", Key="k", **sse())
    assert {one["SSECustomerAlgorithm"] for one in (made, head, got)} == {"AES256"}
    assert {one["SSECustomerKeyMD5"] for one in (made, head, got)} == {md5()}
    assert not any("ServerSideEncryption" in one for one in (made, head, got))


@pytest.mark.documented(API + "API_HeadObject.html")
def test_a_head_needs_the_key_too(s3: Any) -> None:
    put(s3, **sse())
    assert refused(s3.head_object, Bucket="vault", Key="k")[0] == 400
    assert refused(s3.head_object, Bucket="vault", Key="k", **sse(OTHER))[0] == 403
    assert s3.head_object(Bucket="vault", Key="k", **sse())["ContentLength"] == 6


@pytest.mark.documented(API + "API_GetObjectAttributes.html")
def test_attributes_need_the_key_too(s3: Any) -> None:
    put(s3, **sse())
    asked = {"Bucket": "vault", "Key": "k", "ObjectAttributes": ["ObjectSize"]}
    assert refused(s3.get_object_attributes, **asked) == (400, "InvalidRequest", NEEDED)
    # botocore does not encode the key for this operation
    key = {**sse(base64.b64encode(KEY).decode()), "SSECustomerKeyMD5": md5()}
    assert s3.get_object_attributes(**asked, **key)["ObjectSize"] == 6


@pytest.mark.documented(CUSTOMER)
def test_each_version_has_a_key_of_its_own(s3: Any) -> None:
    s3.put_bucket_versioning(Bucket="vault", VersioningConfiguration={"Status": "Enabled"})
    first = put(s3, body=b"one", **sse())["VersionId"]
    put(s3, body=b"two", **sse(OTHER))
    assert read(s3, **sse(OTHER)) == b"two"
    assert read(s3, VersionId=first, **sse()) == b"one"
    assert refused(s3.get_object, Bucket="vault", Key="k", VersionId=first, **sse(OTHER))[:2] == (403, "AccessDenied")


@pytest.mark.documented(CUSTOMER)
def test_a_large_object_opens_with_its_key_alone(s3: Any) -> None:
    put(s3, body=bytes(range(256)) * 8192, **sse())
    assert read(s3, Range="bytes=256-511", **sse()) == bytes(range(256))
    assert refused(s3.get_object, Bucket="vault", Key="k", **sse(OTHER))[1] == "AccessDenied"


@pytest.mark.documented(API + "API_Object.html")
def test_the_etag_is_no_md5_and_never_the_same(s3: Any) -> None:
    one, two = put(s3, "one", **sse())["ETag"], put(s3, "two", **sse())["ETag"]
    assert len({one, two, f'"{hashlib.md5(b"secret").hexdigest()}"'}) == 3


@pytest.mark.documented(API + "API_DeleteObject.html")
def test_deleting_needs_no_key(s3: Any) -> None:
    put(s3, **sse())
    s3.delete_object(Bucket="vault", Key="k")
    assert refused(s3.get_object, Bucket="vault", Key="k", **sse())[1] == "NoSuchKey"


@pytest.mark.documented(API + "API_GetObject.html")
def test_a_key_for_an_object_that_has_none_is_refused(s3: Any) -> None:
    put(s3)
    expected = (400, "InvalidRequest", "The encryption parameters are not applicable to this object.")
    assert refused(s3.get_object, Bucket="vault", Key="k", **sse()) == expected


# --- what is kept ----------------------------------------------------------------------------------------------------


@pytest.mark.documented(SPECIFY)
def test_of_a_key_only_a_salted_digest_is_kept(cloud: Cloud, s3: Any) -> None:
    put(s3, "one", **sse())
    put(s3, "two", **sse())
    with cloud.store.transaction(write=False) as tx:
        one, two = list(tx.range(Version))
    assert one.encryption.check != two.encryption.check
    assert KEY not in repr((one, two)).encode()


@pytest.mark.ours
def test_the_trail_keeps_no_key(cloud: Cloud, s3: Any) -> None:
    put(s3, **sse())
    read(s3, **sse())
    s3.copy_object(Bucket="vault", Key="c", CopySource="vault/k", **sse(OTHER), **sse(prefix="CopySource"))
    upload = s3.create_multipart_upload(Bucket="vault", Key="m", **sse())["UploadId"]
    s3.upload_part(Bucket="vault", Key="m", UploadId=upload, PartNumber=1, Body=b"x", **sse())
    with cloud.store.transaction(write=False) as tx:
        events = [one for one in tx.range(Event) if one.service == "s3"]
    assert len(events) >= 6
    for secret in (KEY, OTHER, base64.b64encode(KEY), base64.b64encode(OTHER)):
        assert secret.decode() not in repr([one.request for one in events])


@pytest.mark.ours
def test_every_operation_that_takes_a_key_hides_it() -> None:
    from haar.services.s3 import s3 as room

    shapes, described = room.model.shapes, room.model.operations
    names = {operation.snake: room.model.snake.get(operation.snake) for operation in room.operations.values()}
    inputs = {snake: shapes[described[name]["input"]["shape"]]["members"] for snake, name in names.items() if name}
    taking = [room.operations[snake] for snake, members in inputs.items() if "SSECustomerKey" in members]
    assert len(taking) > 8
    assert all("SSECustomerKey" in operation.redact for operation in taking)


# --- wrong headers ---------------------------------------------------------------------------------------------------

WORDS = "Requests specifying Server Side Encryption with Customer provided keys must provide"


@pytest.mark.documented(SPECIFY)
@pytest.mark.parametrize(
    ("headers", "code", "message"),
    [
        (
            {"SSECustomerAlgorithm": "AES128", "SSECustomerKey": KEY},
            "InvalidEncryptionAlgorithmError",
            "The Encryption request you specified is not valid. Supported value: AES256.",
        ),
        ({"SSECustomerKey": KEY}, "InvalidArgument", f"{WORDS} a valid encryption algorithm."),
        ({"SSECustomerAlgorithm": "AES256"}, "InvalidArgument", f"{WORDS} an appropriate secret key."),
        (
            {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"short"},
            "InvalidArgument",
            "The secret key was invalid for the specified algorithm.",
        ),
        (
            {**sse(base64.b64encode(KEY).decode()), "SSECustomerKeyMD5": md5(OTHER)},
            "InvalidArgument",
            "The calculated MD5 hash of the key did not match the hash that was provided.",
        ),
        (
            {**sse(), "ServerSideEncryption": "AES256"},
            "InvalidArgument",
            "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
        ),
    ],
)  # fmt: skip
def test_headers_that_do_not_belong_together_are_refused(
    s3: Any, headers: dict[str, Any], code: str, message: str
) -> None:
    assert refused(put, s3=s3, **headers) == (400, code, message)


# --- blocked ---------------------------------------------------------------------------------------------------------


@pytest.mark.documented(BLOCK)
def test_a_new_bucket_takes_no_customers_keys(s3: Any) -> None:
    s3.create_bucket(Bucket="fresh")
    status, code, message = refused(s3.put_object, Bucket="fresh", Key="k", Body=b"x", **sse())
    assert (status, code) == (403, "AccessDenied")
    assert message == (
        "User: arn:aws:iam::000000000000:root is not authorized to perform: s3:PutObject on resource: "
        '"arn:aws:s3:::fresh/k" because this bucket has blocked upload requests that specify Server Side Encryption '
        "with Customer provided keys (SSE-C). Please specify a different server-side encryption type"
    )


@pytest.mark.documented(BLOCK)
def test_what_was_written_before_the_block_is_still_read(s3: Any) -> None:
    put(s3, **sse())
    unblock(s3, "vault", "SSE-C")
    assert read(s3, **sse()) == b"secret"
    assert refused(put, s3=s3, **sse())[:2] == (403, "AccessDenied")
    copying = {"Bucket": "vault", "Key": "c", "CopySource": "vault/k", **sse(prefix="CopySource")}
    assert refused(s3.copy_object, **copying, **sse())[:2] == (403, "AccessDenied")
    s3.copy_object(**copying)
    assert read(s3, "c") == b"secret"


@pytest.mark.documented(BLOCK)
def test_a_configuration_that_does_not_speak_of_blocking_leaves_it_as_it_is(s3: Any) -> None:
    rules = [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
    s3.put_bucket_encryption(Bucket="vault", ServerSideEncryptionConfiguration={"Rules": rules})
    [rule] = s3.get_bucket_encryption(Bucket="vault")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["BlockedEncryptionTypes"] == {"EncryptionType": ["NONE"]}
    assert put(s3, **sse())["SSECustomerAlgorithm"] == "AES256"


@pytest.mark.ours
def test_deleting_the_configuration_leaves_the_block_as_it_is(s3: Any) -> None:
    s3.delete_bucket_encryption(Bucket="vault")
    assert put(s3, **sse())["SSECustomerAlgorithm"] == "AES256"


@pytest.mark.documented(API + "API_BlockedEncryptionTypes.html")
@pytest.mark.parametrize("kinds", [["SSE-KMS"], ["NONE", "SSE-C"]])
def test_only_customers_keys_can_be_blocked(cloud: Cloud, s3: Any, kinds: list[str]) -> None:
    loose = cloud.client("s3", parameter_validation=False)
    configuration = {"Rules": [{"BlockedEncryptionTypes": {"EncryptionType": kinds}}]}
    said = refused(loose.put_bucket_encryption, Bucket="vault", ServerSideEncryptionConfiguration=configuration)
    assert said[:2] == (400, "MalformedXML")


# --- copies and uploads in parts -------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_CopyObject.html")
def test_a_copy_needs_the_key_of_its_source(s3: Any) -> None:
    put(s3, body=b"x" * MIB, **sse())
    copying = {"Bucket": "vault", "Key": "c", "CopySource": "vault/k"}
    assert refused(s3.copy_object, **copying) == (400, "InvalidRequest", NEEDED)
    assert refused(s3.copy_object, **copying, **sse(OTHER, "CopySource")) == (403, "AccessDenied", WRONG)
    copied = s3.copy_object(**copying, **sse(prefix="CopySource"))
    assert copied["CopyObjectResult"]["ETag"] == f'"{hashlib.md5(b"x" * MIB).hexdigest()}"'
    assert read(s3, "c") == b"x" * MIB


@pytest.mark.documented(API + "API_CopyObject.html")
def test_a_copy_gets_another_key(s3: Any) -> None:
    put(s3, **sse())
    copied = s3.copy_object(
        Bucket="vault", Key="c", CopySource="vault/k", **sse(OTHER), **sse(prefix="CopySource")
    )  # fmt: skip
    assert copied["SSECustomerKeyMD5"] == md5(OTHER)
    assert read(s3, "c", **sse(OTHER)) == b"secret"
    assert read(s3, **sse()) == b"secret"


@pytest.mark.documented(API + "API_UploadPart.html")
def test_every_part_comes_with_the_key(s3: Any) -> None:
    upload = s3.create_multipart_upload(Bucket="vault", Key="k", **sse())
    assert upload["SSECustomerKeyMD5"] == md5()
    part = {"Bucket": "vault", "Key": "k", "UploadId": upload["UploadId"], "PartNumber": 1, "Body": b"x" * 100}
    needed = (
        "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate "
        "encryption parameters."
    )
    assert refused(s3.upload_part, **part) == (400, "InvalidRequest", needed)
    wrong = "The provided encryption parameters did not match the ones used originally."
    assert refused(s3.upload_part, **part, **sse(OTHER)) == (400, "InvalidRequest", wrong)
    parts = [{"PartNumber": 1, "ETag": s3.upload_part(**part, **sse())["ETag"]}]
    s3.complete_multipart_upload(
        Bucket="vault", Key="k", UploadId=upload["UploadId"], MultipartUpload={"Parts": parts}
    )  # fmt: skip
    assert read(s3, **sse()) == b"x" * 100
    assert refused(s3.get_object, Bucket="vault", Key="k") == (400, "InvalidRequest", NEEDED)


@pytest.mark.documented(API + "API_UploadPart.html")
def test_a_part_of_an_upload_without_a_key_comes_without_one(s3: Any) -> None:
    upload = s3.create_multipart_upload(Bucket="vault", Key="k")["UploadId"]
    said = refused(s3.upload_part, Bucket="vault", Key="k", UploadId=upload, PartNumber=1, Body=b"x", **sse())
    assert said[:2] == (400, "InvalidRequest")
    assert said[2].startswith("The multipart upload initiate requested encryption.")


@pytest.mark.documented(API + "API_UploadPartCopy.html")
def test_a_part_is_copied_with_two_keys(s3: Any) -> None:
    put(s3, "source", b"0123456789", **sse(OTHER))
    upload = s3.create_multipart_upload(Bucket="vault", Key="k", **sse())["UploadId"]
    copied = s3.upload_part_copy(
        Bucket="vault", Key="k", UploadId=upload, PartNumber=1, CopySource="vault/source", CopySourceRange="bytes=2-5",
        **sse(), **sse(OTHER, "CopySource"),
    )  # fmt: skip
    parts = [{"PartNumber": 1, "ETag": copied["CopyPartResult"]["ETag"]}]
    s3.complete_multipart_upload(Bucket="vault", Key="k", UploadId=upload, MultipartUpload={"Parts": parts})
    assert read(s3, **sse()) == b"2345"


@pytest.mark.documented(API + "API_UpdateObjectEncryption.html")
def test_an_object_with_a_customers_key_stays_so(cloud: Cloud, s3: Any) -> None:
    put(s3, **sse())
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    wanted = {"SSEKMS": {"KMSKeyArn": key}}
    said = refused(s3.update_object_encryption, Bucket="vault", Key="k", ObjectEncryption=wanted)
    assert said[:2] == (400, "InvalidRequest")

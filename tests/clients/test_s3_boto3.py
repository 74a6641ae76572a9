"""boto3 at S3: the transfer manager with its threads, its C twin, the resources, both ways to address a bucket."""

from __future__ import annotations

import io
import socket
import sys
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from boto3.exceptions import S3UploadFailedError
from boto3.s3.transfer import TransferConfig
from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.clients.process import Haar
from tests.clients.terminal import Terminal, noise

pytestmark = pytest.mark.ours

MIB = 1024 * 1024
LARGE = 33_000_000
IN_PARTS = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB, max_concurrency=8)


class Stream(io.RawIOBase):
    """A pipe: it is read once, from its beginning to its end."""

    def __init__(self, content: bytes, breaks_after: int = -1) -> None:
        self._content = io.BytesIO(content)
        self._breaks_after = breaks_after

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if 0 <= self._breaks_after <= self._content.tell():
            raise OSError("the pipe broke")
        return self._content.read(size)


class Counted:
    """Called with the bytes of every piece, from many threads."""

    def __init__(self) -> None:
        self.total = 0
        self._lock = Lock()

    def __call__(self, size: int) -> None:
        with self._lock:
            self.total += size


def session(account: str) -> Session:
    return Session(aws_access_key_id=account, aws_secret_access_key="test", region_name="us-east-1")


@pytest.fixture
def s3(haar: Haar, request: pytest.FixtureRequest) -> Any:
    made = haar.client("s3", access_key="666666666661")
    made.create_bucket(Bucket="boto")
    yield made
    bucket = session("666666666661").resource("s3", endpoint_url=haar.url).Bucket("boto")
    bucket.objects.delete()
    bucket.delete()


def test_a_file_goes_up_and_comes_down_by_many_threads(s3: Any, tmp_path: Path) -> None:
    content, sent, received = noise(LARGE), Counted(), Counted()
    (tmp_path / "up").write_bytes(content)
    extra = {"Metadata": {"from": "boto3"}, "ContentType": "application/x-noise", "ChecksumAlgorithm": "SHA256"}
    s3.upload_file(str(tmp_path / "up"), "boto", "k", ExtraArgs=extra, Callback=sent, Config=IN_PARTS)
    head = s3.head_object(Bucket="boto", Key="k", ChecksumMode="ENABLED")
    assert head["ETag"].endswith('-7"') and head["ChecksumSHA256"].endswith("-7")
    assert (head["Metadata"], head["ContentType"]) == ({"from": "boto3"}, "application/x-noise")
    s3.download_file("boto", "k", str(tmp_path / "down"), Callback=received, Config=IN_PARTS)
    assert (tmp_path / "down").read_bytes() == content
    assert (sent.total, received.total) == (LARGE, LARGE)


def test_a_pipe_is_uploaded_and_a_pipe_takes_a_download(s3: Any) -> None:
    content = noise(LARGE)
    s3.upload_fileobj(Stream(content), "boto", "k", Config=IN_PARTS)
    taken = io.BytesIO()
    s3.download_fileobj("boto", "k", taken, Config=IN_PARTS)
    assert taken.getvalue() == content


def test_a_large_object_is_copied_in_parts(s3: Any) -> None:
    content = noise(LARGE)
    s3.upload_fileobj(io.BytesIO(content), "boto", "k", Config=IN_PARTS)
    s3.copy({"Bucket": "boto", "Key": "k"}, "boto", "copy", Config=IN_PARTS)
    copy = s3.get_object(Bucket="boto", Key="copy")
    assert copy["ETag"].endswith('-7"')
    assert copy["Body"].read() == content


def test_an_upload_that_breaks_leaves_no_parts(s3: Any) -> None:
    with pytest.raises(OSError, match="the pipe broke"):
        s3.upload_fileobj(Stream(noise(LARGE), breaks_after=12 * MIB), "boto", "k", Config=IN_PARTS)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="boto")
    assert "Contents" not in s3.list_objects_v2(Bucket="boto")


def test_an_upload_that_is_refused_says_why(s3: Any, tmp_path: Path) -> None:
    (tmp_path / "up").write_bytes(noise(LARGE))
    with pytest.raises(S3UploadFailedError, match="NoSuchBucket"):
        s3.upload_file(str(tmp_path / "up"), "elsewhere", "k", Config=IN_PARTS)


IN_C = """
import os, sys
from awscrt.auth import AwsCredentialsProvider
from botocore.session import Session
from s3transfer.crt import BotocoreCRTRequestSerializer, CRTTransferManager, create_s3_crt_client

provider = AwsCredentialsProvider.new_static(os.environ["AWS_ACCESS_KEY_ID"], "test")
client = create_s3_crt_client("us-east-1", crt_credentials_provider=provider, use_ssl=False, part_size=5 * 1024 ** 2)
asking = BotocoreCRTRequestSerializer(Session(), {"region_name": "us-east-1", "endpoint_url": sys.argv[1]})
with CRTTransferManager(client, asking) as manager:
    manager.upload("up", "boto", "k").result()
    manager.download("boto", "k", "down").result()
"""


def test_the_transfer_manager_in_c_does_the_same(haar: Haar, s3: Any, tmp_path: Path) -> None:
    # it is what version 2 of the AWS CLI sends with; a process has one, so it gets a process of its own
    terminal = Terminal(tmp_path, AWS_ACCESS_KEY_ID="666666666661", AWS_SECRET_ACCESS_KEY="test")
    (tmp_path / "up").write_bytes(noise(LARGE))
    terminal(sys.executable, "-c", IN_C, haar.url)
    assert (tmp_path / "down").read_bytes() == noise(LARGE)
    assert s3.head_object(Bucket="boto", Key="k")["ETag"].endswith('-7"')


def test_buckets_and_objects_are_resources(haar: Haar, s3: Any) -> None:
    bucket = session("666666666661").resource("s3", endpoint_url=haar.url).Bucket("boto")
    for number in range(12):
        bucket.put_object(Key=f"{number % 3}/{number:02}", Body=b"x" * number)
    assert [found.size for found in bucket.objects.filter(Prefix="1/").page_size(2)] == [1, 4, 7, 10]
    one = bucket.Object("2/11")
    assert one.get(Range="bytes=-3")["Body"].read() == b"xxx"
    one.copy_from(CopySource="boto/0/00", Metadata={"a": "b"}, MetadataDirective="REPLACE")
    one.reload()
    assert (one.content_length, one.metadata) == (0, {"a": "b"})
    bucket.objects.filter(Prefix="0/").delete()
    assert {found.key[0] for found in bucket.objects.all()} == {"1", "2"}


@pytest.fixture
def names_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """`*.localhost` is this machine (RFC 6761), which not every resolver knows."""
    look_up = socket.getaddrinfo

    def here(host: Any, *rest: Any, **options: Any) -> Any:
        return look_up("127.0.0.1" if str(host).endswith(".localhost") else host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", here)


@pytest.mark.usefixtures("names_of_this_machine")
@pytest.mark.parametrize("style", ["virtual", "path"])
@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_bucket_is_in_the_host_or_in_the_path(haar: Haar, style: str, version: str) -> None:
    config = Config(s3={"addressing_style": style}, signature_version=version, retries={"total_max_attempts": 1})
    s3 = session("666666666662").client("s3", endpoint_url=f"http://s3.localhost:{haar.port}", config=config)
    bucket = f"boto-{style}-{version}"
    s3.create_bucket(Bucket=bucket)
    s3.upload_fileobj(io.BytesIO(noise(LARGE)), bucket, "a b/ü", Config=IN_PARTS)
    assert s3.get_object(Bucket=bucket, Key="a b/ü", Range="bytes=100-199")["Body"].read() == noise(LARGE)[100:200]
    assert [found["Key"] for found in s3.list_objects_v2(Bucket=bucket, Prefix="a b")["Contents"]] == ["a b/ü"]
    address = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a b/ü"}).partition("/")[2]
    host, _, path = address.lstrip("/").partition("/")
    status, body = haar.http("GET", f"/{path}", headers={"host": host, "range": "bytes=0-9"})
    assert (status, body) == (206, noise(LARGE)[:10])


def test_a_user_sees_what_policies_let_it_see(haar: Haar, s3: Any) -> None:
    s3.put_object(Bucket="boto", Key="k", Body=b"x")
    stranger = haar.client("s3", access_key="666666666663")
    with pytest.raises(ClientError, match="AccessDenied"):
        stranger.get_object(Bucket="boto", Key="k")
    with pytest.raises(ClientError, match="403"):
        stranger.head_object(Bucket="boto", Key="k")
    wrong = haar.client("s3", access_key="666666666661", secret_key="wrong")
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        wrong.get_object(Bucket="boto", Key="k")


def test_a_body_that_is_not_read_to_its_end_harms_nobody(s3: Any) -> None:
    s3.put_object(Bucket="boto", Key="k", Body=noise(LARGE))
    body = s3.get_object(Bucket="boto", Key="k")["Body"]
    assert body.read(1000) == noise(LARGE)[:1000]
    body.close()
    assert s3.get_object(Bucket="boto", Key="k")["Body"].read() == noise(LARGE)


def test_a_client_of_the_wrong_region_finds_the_bucket(haar: Haar) -> None:
    there = haar.client("s3", access_key="666666666664", region="eu-west-1")
    there.create_bucket(Bucket="boto-eu", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    there.put_object(Bucket="boto-eu", Key="k", Body=b"x")
    far = haar.client("s3", access_key="666666666664", region="us-west-2", attempts=3)
    assert far.get_object(Bucket="boto-eu", Key="k")["Body"].read() == b"x"


def test_a_disabled_key_of_kms_opens_nothing(haar: Haar, s3: Any) -> None:
    kms = haar.client("kms", access_key="666666666661")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    extra = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    s3.upload_fileobj(io.BytesIO(noise(LARGE)), "boto", "k", ExtraArgs=extra, Config=IN_PARTS)
    assert s3.get_object(Bucket="boto", Key="k")["Body"].read() == noise(LARGE)
    kms.disable_key(KeyId=key)
    with pytest.raises(ClientError, match=r"KMS\.DisabledException"):
        s3.get_object(Bucket="boto", Key="k")


def test_objects_under_kms_outlive_a_crash(tmp_path: Path) -> None:
    with Haar("--data", str(tmp_path / "data")) as haar:
        s3 = haar.client("s3")
        s3.create_bucket(Bucket="lasting")
        s3.put_object(Bucket="lasting", Key="small", Body=b"small", ServerSideEncryption="aws:kms")
        s3.put_object(Bucket="lasting", Key="large", Body=noise(LARGE), ServerSideEncryption="aws:kms:dsse")
        haar.kill()
        haar.start()
        s3 = haar.client("s3")
        assert s3.get_object(Bucket="lasting", Key="small")["Body"].read() == b"small"
        assert s3.get_object(Bucket="lasting", Key="large")["Body"].read() == noise(LARGE)

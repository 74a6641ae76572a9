"""Large bodies over a real port: in and out without being held, refused before they are read, cut off cleanly."""

from __future__ import annotations

import hashlib
import http.client
import io
import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.utils import calculate_tree_hash

from haar import Cloud
from haar.testing.server import Running

pytestmark = pytest.mark.ours

LARGE = 5_000_000


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with Running(Cloud(store=str(tmp_path / "data"), port=0)) as running:
        yield running


@pytest.fixture
def s3(running: Running) -> Any:
    made = running.client("s3", config=Config(retries={"max_attempts": 0}))
    made.create_bucket(Bucket="streams")
    return made


def blobs(running: Running) -> list[str]:
    return running.call(running.cloud.ports.blobs.names)


def incoming(running: Running) -> list[str]:
    folder = running.cloud.files.folder
    assert folder is not None
    return [path.name for path in (folder / "blobs").glob(".incoming-*")]


def raw(running: Running, text: bytes, more: bytes = b"") -> bytes:
    """What the server answers to bytes, until it closes the connection."""
    place = urlsplit(running.url)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=10) as connection:
        connection.sendall(text)
        if more:
            try:
                for _ in range(64):
                    connection.sendall(more)
            except OSError:
                pass
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


def test_a_large_body_comes_back_as_it_was_sent(s3: Any) -> None:
    content = os.urandom(LARGE)
    assert s3.put_object(Bucket="streams", Key="k", Body=content)["ETag"] == f'"{hashlib.md5(content).hexdigest()}"'
    assert s3.get_object(Bucket="streams", Key="k")["Body"].read() == content


def test_an_unsigned_payload_with_a_trailing_checksum_comes_back(running: Running) -> None:
    config = Config(retries={"max_attempts": 0}, s3={"payload_signing_enabled": False})
    s3 = running.client("s3", config=config)
    s3.create_bucket(Bucket="streams")
    content = os.urandom(LARGE)
    for algorithm in ("CRC32", "SHA256", "CRC32C", "CRC64NVME"):
        s3.put_object(Bucket="streams", Key=algorithm, Body=content, ChecksumAlgorithm=algorithm)
        assert s3.get_object(Bucket="streams", Key=algorithm)["Body"].read() == content


def test_many_bodies_on_one_connection_follow_each_other(s3: Any) -> None:
    for number in range(4):
        content = os.urandom(LARGE + number)
        s3.put_object(Bucket="streams", Key=str(number), Body=content)
        s3.put_object(Bucket="streams", Key="small", Body=b"small")
        assert s3.get_object(Bucket="streams", Key=str(number))["Body"].read() == content
        assert s3.get_object(Bucket="streams", Key="small")["Body"].read() == b"small"


def test_a_body_that_is_not_what_was_signed_is_refused_and_not_kept(running: Running, s3: Any) -> None:
    signed = AWSRequest("PUT", f"{running.url}/streams/k", data=b"y" * LARGE)
    S3SigV4Auth(Credentials("test", "test"), "s3", "us-east-1").add_auth(signed)
    place = urlsplit(running.url)
    with closing(http.client.HTTPConnection(place.hostname or "", place.port)) as connection:
        connection.request("PUT", "/streams/k", body=b"z" * LARGE, headers=dict(signed.headers))
        with connection.getresponse() as answer:
            assert answer.status == 400
            assert b"XAmzContentSHA256Mismatch" in answer.read()
    assert blobs(running) == []
    assert incoming(running) == []


def test_a_large_body_for_nobody_is_refused_before_it_is_read(running: Running, s3: Any) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        s3.put_object(Bucket="elsewhere", Key="k", Body=bytes(LARGE))
    assert incoming(running) == []
    head = b"PUT /elsewhere/k HTTP/1.1\r\nHost: s3.localhost\r\nContent-Length: 100000000\r\n\r\n"
    assert b"NoSuchBucket" in raw(running, head)


def test_the_refusal_arrives_though_the_client_goes_on_sending(running: Running, s3: Any) -> None:
    head = b"PUT /elsewhere/k HTTP/1.1\r\nHost: s3.localhost\r\nContent-Length: 100000000\r\n\r\n"
    answer = raw(running, head, bytes(65536))
    assert answer.startswith(b"HTTP/1.1 404")
    assert answer.count(b"HTTP/1.1") == 1


def test_a_client_that_goes_away_leaves_nothing_behind(running: Running, s3: Any) -> None:
    url = urlsplit(s3.generate_presigned_url("put_object", {"Bucket": "streams", "Key": "k"}))
    head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: {LARGE}\r\n\r\n"
    with socket.create_connection((url.hostname or "", url.port or 0), timeout=10) as connection:
        connection.sendall(head.encode() + bytes(LARGE // 2))
        while not incoming(running):
            pass
    while incoming(running):
        pass
    assert blobs(running) == []
    assert "Contents" not in s3.list_objects_v2(Bucket="streams")


def test_a_client_that_stops_listening_does_not_hold_up_others(running: Running, s3: Any) -> None:
    s3.put_object(Bucket="streams", Key="k", Body=bytes(30_000_000))
    body = s3.get_object(Bucket="streams", Key="k")["Body"]
    assert len(body.read(10)) == 10
    other = running.client("s3")
    assert other.list_objects_v2(Bucket="streams")["KeyCount"] == 1
    assert len(body.read()) == 30_000_000 - 10


def test_an_object_that_is_deleted_while_it_is_sent_is_sent_to_its_end(running: Running, s3: Any) -> None:
    content = os.urandom(30_000_000)
    s3.put_object(Bucket="streams", Key="k", Body=content)
    body = s3.get_object(Bucket="streams", Key="k")["Body"]
    first = body.read(10)
    running.client("s3").delete_object(Bucket="streams", Key="k")
    assert running.call(running.cloud.sweep) == 1
    assert first + body.read() == content


def test_the_head_of_a_large_object_says_its_length_and_sends_nothing(running: Running, s3: Any) -> None:
    s3.put_object(Bucket="streams", Key="k", Body=bytes(LARGE))
    assert s3.head_object(Bucket="streams", Key="k")["ContentLength"] == LARGE
    url = urlsplit(s3.generate_presigned_url("head_object", {"Bucket": "streams", "Key": "k"}))
    head = f"HEAD {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nConnection: close\r\n\r\n"
    answer = raw(running, head.encode())
    assert f"content-length: {LARGE}".encode() in answer.lower()
    assert answer.endswith(b"\r\n\r\n")


def test_a_message_behind_a_large_body_waits_for_its_answer(running: Running, s3: Any) -> None:
    put = urlsplit(s3.generate_presigned_url("put_object", {"Bucket": "streams", "Key": "k"}))
    get = urlsplit(s3.generate_presigned_url("get_object", {"Bucket": "streams", "Key": "k"}))
    head = f"PUT {put.path}?{put.query} HTTP/1.1\r\nHost: {put.netloc}\r\nContent-Length: {LARGE}\r\n\r\n"
    then = f"GET {get.path}?{get.query} HTTP/1.1\r\nHost: {get.netloc}\r\n"
    answer = raw(running, head.encode() + b"a" * LARGE + f"{then}\r\n{then}Connection: close\r\n\r\n".encode())
    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert answer.count(b"a" * LARGE) == 2


def test_a_long_copy_does_not_hold_up_others_and_ends_as_it_should(running: Running, s3: Any) -> None:
    content = os.urandom(40_000_000)
    s3.put_object(Bucket="streams", Key="k", Body=content)
    upload = s3.create_multipart_upload(Bucket="streams", Key="copy")["UploadId"]
    place = {"Bucket": "streams", "Key": "copy", "UploadId": upload}
    source = {"Bucket": "streams", "Key": "k"}
    part = s3.upload_part_copy(**place, PartNumber=1, CopySource=source, CopySourceRange="bytes=1-39999999")
    etag = part["CopyPartResult"]["ETag"]
    assert etag == f'"{hashlib.md5(content[1:]).hexdigest()}"'
    s3.complete_multipart_upload(**place, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
    assert s3.get_object(Bucket="streams", Key="copy")["Body"].read() == content[1:]


def test_the_tree_hash_of_an_archive_is_computed_on_its_way_in(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[object] = []
    monkeypatch.setattr(running.cloud.ports.blobs, "read", lambda *asked: read.append(asked))
    glacier, content = running.client("glacier"), os.urandom(LARGE)
    glacier.create_vault(vaultName="films")
    told = glacier.upload_archive(vaultName="films", body=content)["checksum"]
    assert told == calculate_tree_hash(io.BytesIO(content))
    with pytest.raises(ClientError, match="Checksum mismatch"):
        glacier.upload_archive(vaultName="films", body=content, checksum="0" * 64)
    assert read == []


def test_a_body_whose_call_is_refused_at_its_end_is_not_kept(running: Running, s3: Any) -> None:
    s3.put_object(Bucket="streams", Key="k", Body=b"")
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket="streams", Key="k", Body=bytes(LARGE), IfNoneMatch="*")
    assert error.value.response["Error"]["Code"] == "PreconditionFailed"
    assert blobs(running) == []


@pytest.mark.parametrize(("limit", "status", "kept"), [(2 * LARGE, 204, 1), (LARGE - 1, 400, 0)])
def test_of_a_form_only_the_file_is_kept(running: Running, s3: Any, limit: int, status: int, kept: int) -> None:
    made = s3.generate_presigned_post("streams", "k", Conditions=[["content-length-range", 0, limit]])
    parts = [
        f'--xx\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in made["fields"].items()
    ]
    head = "".join(parts) + '--xx\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    place = urlsplit(running.url)
    with closing(http.client.HTTPConnection(place.hostname or "", place.port)) as connection:
        body = head.encode() + bytes(LARGE) + b"\r\n--xx--\r\n"
        headers = {"Content-Type": "multipart/form-data; boundary=xx", "Host": "s3.localhost"}
        connection.request("POST", "/streams", body, headers)
        assert connection.getresponse().status == status
    assert len(blobs(running)) == kept

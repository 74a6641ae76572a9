"""The AWS CLI with S3, a whole session: `s3 mb, cp, sync, mv, rm, presign, website, rb`, and `s3api`."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.clients.process import Haar
from tests.clients.programs import run, surroundings

pytestmark = pytest.mark.ours

AWS = str(Path(sys.executable).with_name("aws"))
MIB = 1024 * 1024

Shell = Callable[..., str]


@pytest.fixture
def aws(haar: Haar, tmp_path: Path, request: pytest.FixtureRequest) -> Shell:
    """Run `aws words...`, in an account of the test's own; what it printed."""
    account = f"{int(hashlib.md5(request.node.name.encode()).hexdigest(), 16) % 10**11 + 10**11:012}"
    environment = surroundings(
        tmp_path, AWS_ENDPOINT_URL=haar.url, AWS_ACCESS_KEY_ID=account, AWS_SECRET_ACCESS_KEY="test",
        AWS_DEFAULT_REGION="eu-west-1", AWS_MAX_ATTEMPTS="1", AWS_PAGER="",
    )  # fmt: skip

    def call(*words: str, fails: bool = False) -> str:
        return run([AWS, *words], environment, fails=fails)

    return call


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def made_tree(folder: Path) -> Path:
    for name, body in {"a.txt": b"one", "sub/b.txt": b"two", "sub/deep/ü c.bin": bytes(range(256))}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return folder


def fetched(url: str, host: str = "") -> tuple[int, bytes]:
    request = Request(url, headers={"Host": host} if host else {})
    try:
        with urlopen(request, timeout=60) as reply:
            return reply.status, reply.read()
    except HTTPError as error:
        return error.code, error.read()


def test_a_file_goes_up_and_comes_down(aws: Shell, tmp_path: Path) -> None:
    aws("s3", "mb", "s3://cli-one")
    here, back = tmp_path / "greeting.txt", tmp_path / "back"
    here.write_bytes(b"hello\n")
    aws("s3", "cp", str(here), "s3://cli-one/")
    assert "6 greeting.txt" in aws("s3", "ls", "s3://cli-one")
    aws("s3", "cp", "s3://cli-one/greeting.txt", str(back))
    assert back.read_bytes() == b"hello\n"
    assert aws("s3", "cp", "s3://cli-one/greeting.txt", "-") == "hello\n"
    head = json.loads(aws("s3api", "head-object", "--bucket", "cli-one", "--key", "greeting.txt"))
    assert head["ContentType"] == "text/plain"


def test_a_large_file_goes_up_in_parts_and_comes_down_in_ranges(aws: Shell, tmp_path: Path) -> None:
    here, back = tmp_path / "here", tmp_path / "back"
    here.write_bytes(bytes(range(256)) * (20 * MIB // 256) + b"tail")
    aws("s3", "mb", "s3://cli-large")
    aws("s3", "cp", str(here), "s3://cli-large/big")
    head = json.loads(aws("s3api", "head-object", "--bucket", "cli-large", "--key", "big"))
    assert head["ContentLength"] == 20 * MIB + 4 and head["ETag"].endswith('-3"')
    aws("s3", "cp", "s3://cli-large/big", str(back))
    assert back.read_bytes() == here.read_bytes()
    aws("s3", "cp", "s3://cli-large/big", "s3://cli-large/copy")
    attributes = ["s3api", "get-object-attributes", "--bucket", "cli-large", "--object-attributes", "ObjectSize"]
    assert json.loads(aws(*attributes, "--key", "copy"))["ObjectSize"] == 20 * MIB + 4


def test_a_folder_is_kept_in_step(aws: Shell, tmp_path: Path) -> None:
    here, back = made_tree(tmp_path / "here"), tmp_path / "back"
    aws("s3", "mb", "s3://cli-sync")
    assert aws("s3", "sync", str(here), "s3://cli-sync/x").count("upload:") == 3
    assert "upload:" not in aws("s3", "sync", str(here), "s3://cli-sync/x")
    aws("s3", "sync", "s3://cli-sync/x", str(back))
    assert tree(back) == tree(here)
    (here / "a.txt").unlink()
    assert "delete: s3://cli-sync/x/a.txt" in aws("s3", "sync", str(here), "s3://cli-sync/x", "--delete")
    aws("s3", "mb", "s3://cli-sync-two")
    aws("s3", "sync", "s3://cli-sync", "s3://cli-sync-two")
    listed = aws("s3", "ls", "s3://cli-sync-two", "--recursive", "--summarize")
    assert "x/sub/deep/ü c.bin" in listed and "Total Objects: 2" in listed and "Total Size: 259" in listed
    assert "PRE sub/" in aws("s3", "ls", "s3://cli-sync-two/x/")


def test_objects_are_moved_and_removed(aws: Shell, tmp_path: Path) -> None:
    here = made_tree(tmp_path / "here")
    aws("s3", "mb", "s3://cli-move")
    aws("s3", "cp", str(here), "s3://cli-move", "--recursive", "--exclude", "*.bin")
    aws("s3", "mv", "s3://cli-move/a.txt", "s3://cli-move/z.txt")
    aws("s3", "mv", "s3://cli-move/sub", "s3://cli-move/bus", "--recursive")
    names = json.loads(aws("s3api", "list-objects-v2", "--bucket", "cli-move", "--query", "Contents[].Key"))
    assert names == ["bus/b.txt", "z.txt"]
    aws("s3", "rm", "s3://cli-move/z.txt")
    assert "BucketNotEmpty" in aws("s3", "rb", "s3://cli-move", fails=True)
    aws("s3", "rm", "s3://cli-move", "--recursive")
    aws("s3", "rb", "s3://cli-move")
    assert "NoSuchBucket" in aws("s3", "ls", "s3://cli-move", fails=True)


def test_a_full_bucket_goes_by_force(aws: Shell, tmp_path: Path) -> None:
    aws("s3", "mb", "s3://cli-force")
    aws("s3", "cp", str(made_tree(tmp_path / "here")), "s3://cli-force", "--recursive")
    aws("s3", "rb", "s3://cli-force", "--force")
    assert "cli-force" not in aws("s3", "ls")


def test_a_presigned_url_needs_no_keys(aws: Shell, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.write_bytes(b"for you")
    aws("s3", "mb", "s3://cli-presign")
    aws("s3", "cp", str(here), "s3://cli-presign/a b+c.txt")
    url = aws("s3", "presign", "s3://cli-presign/a b+c.txt", "--expires-in", "60").strip()
    assert fetched(url) == (200, b"for you")
    assert fetched(url.replace("X-Amz-Signature=", "X-Amz-Signature=0"))[0] == 403


def test_a_website_is_served(haar: Haar, aws: Shell, tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("<h1>home</h1>")
    (site / "oops.html").write_text("<h1>oops</h1>")
    aws("s3", "mb", "s3://cli-website")
    aws("s3", "website", "s3://cli-website", "--index-document", "index.html", "--error-document", "oops.html")
    aws("s3api", "delete-public-access-block", "--bucket", "cli-website")
    statement = {
        "Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": ["arn:aws:s3:::cli-website", "arn:aws:s3:::cli-website/*"],
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    aws("s3api", "put-bucket-policy", "--bucket", "cli-website", "--policy", policy)
    aws("s3", "sync", str(site), "s3://cli-website")
    host = f"cli-website.s3-website.eu-west-1.localhost:{haar.port}"
    assert fetched(haar.url + "/", host) == (200, b"<h1>home</h1>")
    assert fetched(haar.url + "/nowhere", host) == (404, b"<h1>oops</h1>")


def test_a_kms_key_encrypts_and_its_absence_is_noticed(aws: Shell, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.write_bytes(b"secret")
    aws("s3", "mb", "s3://cli-kms")
    key = json.loads(aws("kms", "create-key"))["KeyMetadata"]["Arn"]
    aws("s3", "cp", str(here), "s3://cli-kms/k", "--sse", "aws:kms", "--sse-kms-key-id", key)
    assert json.loads(aws("s3api", "head-object", "--bucket", "cli-kms", "--key", "k"))["SSEKMSKeyId"] == key
    assert aws("s3", "cp", "s3://cli-kms/k", "-") == "secret"
    aws("kms", "disable-key", "--key-id", key)
    assert "KMS.DisabledException" in aws("s3", "cp", "s3://cli-kms/k", "-", fails=True)


def test_a_customers_key_comes_from_a_file(aws: Shell, tmp_path: Path) -> None:
    here, key = tmp_path / "here", tmp_path / "key"
    here.write_bytes(b"x" * (9 * MIB))
    key.write_bytes(bytes(range(32)))
    aws("s3", "mb", "s3://cli-sse-c")
    rules = {"Rules": [{"BlockedEncryptionTypes": {"EncryptionType": ["NONE"]}}]}
    aws(
        "s3api", "put-bucket-encryption", "--bucket", "cli-sse-c", "--server-side-encryption-configuration",
        json.dumps(rules),
    )  # fmt: skip
    ours = ["--sse-c", "AES256", "--sse-c-key", f"fileb://{key}"]
    aws("s3", "cp", str(here), "s3://cli-sse-c/k", *ours)
    aws("s3", "cp", "s3://cli-sse-c/k", str(tmp_path / "back"), *ours)
    assert (tmp_path / "back").read_bytes() == here.read_bytes()
    assert "400" in aws("s3", "cp", "s3://cli-sse-c/k", "-", fails=True)


def test_versions_and_tags_through_s3api(aws: Shell, tmp_path: Path) -> None:
    def api(*words: str) -> Any:
        said = aws("s3api", words[0], "--bucket", "cli-api", *words[1:])
        return json.loads(said) if said else None

    body = tmp_path / "body"
    aws("s3api", "create-bucket", "--bucket", "cli-api", "--create-bucket-configuration", "LocationConstraint=eu-west-1")
    assert api("get-bucket-location") == {"LocationConstraint": "eu-west-1"}
    api("put-bucket-versioning", "--versioning-configuration", "Status=Enabled")
    ids = []
    for text in ("one", "two"):
        body.write_text(text)
        ids.append(api("put-object", "--key", "k", "--body", str(body), "--metadata", "by=me")["VersionId"])
    api("put-object-tagging", "--key", "k", "--tagging", "TagSet=[{Key=team,Value=blue}]")
    assert api("get-object-tagging", "--key", "k")["TagSet"] == [{"Key": "team", "Value": "blue"}]
    got = api("get-object", "--key", "k", "--version-id", ids[0], str(tmp_path / "old"))
    assert ((tmp_path / "old").read_text(), got["Metadata"]) == ("one", {"by": "me"})
    api("delete-object", "--key", "k")
    versions = api("list-object-versions")
    assert [one["VersionId"] for one in versions["Versions"]] == ids[::-1]
    assert versions["DeleteMarkers"][0]["IsLatest"] is True

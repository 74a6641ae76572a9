"""The AWS CLI at S3: `aws s3` and `aws s3api`, as people type them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.clients.process import Haar
from tests.clients.terminal import Terminal, noise, tree

pytestmark = pytest.mark.ours

AWS = Path(sys.executable).with_name("aws")
#: above the CLI's threshold of 8 MiB, so it is sent in three parts and received in three ranges
LARGE = 20_000_000
KEY = "customer-key-with-32-characters!"


class Cli:
    """`aws` as the root user of an account, in a folder."""

    def __init__(self, haar: Haar, folder: Path, account: str, region: str = "us-east-1") -> None:
        self.terminal = Terminal(
            folder, AWS_ENDPOINT_URL=haar.url, AWS_ACCESS_KEY_ID=account, AWS_SECRET_ACCESS_KEY="test",
            AWS_DEFAULT_REGION=region, AWS_MAX_ATTEMPTS="1",
        )  # fmt: skip

    def s3(self, command: str, *more: str, said: bytes = b"") -> bytes:
        """`aws s3 ...`, which must succeed; what it printed."""
        return self.terminal(AWS, "s3", *command.split(), *more, said=said)

    def api(self, command: str, *more: str) -> Any:
        """`aws s3api ...`, which must succeed; what it printed, read as JSON."""
        printed = self.terminal(AWS, "s3api", *command.split(), *more)
        return json.loads(printed) if printed.strip() else None

    def refused(self, command: str) -> str:
        """`aws ...`, which must fail; the complaint."""
        return self.terminal.refused(AWS, *command.split())


def lines(printed: bytes) -> list[str]:
    """What was printed, without the progress that was printed over."""
    whole = [line.strip() for line in printed.decode().replace("\r", "\n").splitlines()]
    return [line for line in whole if line and not line.startswith("Completed ")]


def test_a_large_file_goes_in_parts_and_comes_back_in_ranges(haar: Haar, tmp_path: Path) -> None:
    aws = Cli(haar, tmp_path, "444444444461")
    content = noise(LARGE)
    (tmp_path / "large").write_bytes(content)
    assert lines(aws.s3("mb s3://cli-parts")) == ["make_bucket: cli-parts"]
    aws.s3("cp large s3://cli-parts/large --storage-class STANDARD_IA --metadata from=cli")
    head = aws.api("head-object --bucket cli-parts --key large")
    assert head["ETag"].endswith('-3"')
    assert (head["StorageClass"], head["Metadata"], head["ContentLength"]) == ("STANDARD_IA", {"from": "cli"}, LARGE)
    aws.s3("cp s3://cli-parts/large back")
    assert (tmp_path / "back").read_bytes() == content
    aws.s3("cp s3://cli-parts/large s3://cli-parts/copy")
    aws.s3("cp s3://cli-parts/copy copied")
    assert (tmp_path / "copied").read_bytes() == content


def test_a_folder_is_kept_in_step_both_ways(haar: Haar, tmp_path: Path) -> None:
    aws = Cli(haar, tmp_path, "444444444462")
    here = tmp_path / "here"
    (here / "deep er").mkdir(parents=True)
    (here / "a.txt").write_text("a")
    (here / "deep er" / "ü+#%.txt").write_text("b")
    aws.s3("mb s3://cli-sync")
    assert len(lines(aws.s3("sync here s3://cli-sync/there"))) == 2
    assert lines(aws.s3("sync here s3://cli-sync/there")) == []
    (here / "a.txt").write_text("longer")
    (here / "deep er" / "ü+#%.txt").unlink()
    (here / "new.txt").write_text("c")
    aws.s3("sync here s3://cli-sync/there --delete")
    aws.s3("sync s3://cli-sync/there back")
    assert tree(tmp_path / "back") == {"a.txt": b"longer", "new.txt": b"c"}
    listed = aws.s3("ls s3://cli-sync --recursive").decode().split()
    assert listed[2::4] == ["6", "1"]
    assert listed[3::4] == ["there/a.txt", "there/new.txt"]


def test_pipes_are_read_and_written(haar: Haar, tmp_path: Path) -> None:
    aws = Cli(haar, tmp_path, "444444444463")
    content = noise(LARGE)
    aws.s3("mb s3://cli-pipes")
    aws.s3("cp - s3://cli-pipes/large", said=content)
    assert aws.s3("cp s3://cli-pipes/large -") == content
    aws.s3("cp - s3://cli-pipes/small --sse", said=b"small")
    assert aws.s3("cp s3://cli-pipes/small -") == b"small"


def test_objects_are_moved_removed_and_their_bucket_with_them(haar: Haar, tmp_path: Path) -> None:
    aws = Cli(haar, tmp_path, "444444444464")
    (tmp_path / "file").write_text("x")
    aws.s3("mb s3://cli-move")
    aws.s3("mv file s3://cli-move/a/1")
    assert not (tmp_path / "file").exists()
    aws.s3("mv s3://cli-move/a/1 s3://cli-move/b/2")
    assert lines(aws.s3("ls s3://cli-move")) == ["PRE b/"]
    assert lines(aws.s3("rm s3://cli-move/b/2")) == ["delete: s3://cli-move/b/2"]
    assert aws.terminal.run(AWS, "s3", "ls", "s3://cli-move").stdout == b""
    aws.s3("cp - s3://cli-move/left", said=b"x")
    assert "BucketNotEmpty" in aws.refused("s3 rb s3://cli-move")
    aws.s3("rb s3://cli-move --force")
    assert aws.s3("ls") == b""
    assert "NoSuchBucket" in aws.refused("s3 ls s3://cli-move")


@pytest.mark.parametrize(("region", "account"), [("us-east-1", "444444444465"), ("eu-west-1", "444444444466")])
def test_a_presigned_address_opens_an_object(haar: Haar, tmp_path: Path, region: str, account: str) -> None:
    aws = Cli(haar, tmp_path, account, region)
    bucket = f"cli-presign-{region}"
    aws.s3(f"mb s3://{bucket}")
    aws.s3(f"cp - s3://{bucket}/k", said=b"for anybody who has the address")
    address = aws.s3(f"presign s3://{bucket}/k --expires-in 600").decode().strip()
    assert haar.http("GET", address.removeprefix(haar.url)) == (200, b"for anybody who has the address")
    assert haar.http("GET", address.removeprefix(haar.url) + "0")[0] == 403
    assert haar.http("GET", f"/{bucket}/k")[0] == 403


def test_a_bucket_becomes_a_web_site(haar: Haar, tmp_path: Path) -> None:
    aws = Cli(haar, tmp_path, "444444444467")
    aws.s3("mb s3://cli-site")
    aws.s3("cp - s3://cli-site/index.html --content-type text/html", said=b"<h1>hello</h1>")
    aws.s3("cp - s3://cli-site/sorry.html", said=b"<h1>sorry</h1>")
    aws.s3("website s3://cli-site --index-document index.html --error-document sorry.html")
    aws.api("delete-public-access-block --bucket cli-site")
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::cli-site/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [everybody]})
    aws.api("put-bucket-policy --bucket cli-site --policy", policy)
    host = {"host": f"cli-site.s3-website-us-east-1.localhost:{haar.port}"}
    assert haar.http("GET", "/", headers=host) == (200, b"<h1>hello</h1>")
    status, body = haar.http("GET", "/nothing", headers=host)
    assert status in (403, 404) and body == b"<h1>sorry</h1>"


def test_content_is_encrypted_with_the_key_that_was_asked_for(haar: Haar, tmp_path: Path) -> None:
    aws = Cli(haar, tmp_path, "444444444468")
    content = noise(LARGE)
    (tmp_path / "large").write_bytes(content)
    (tmp_path / "key").write_text(KEY)
    aws.s3("mb s3://cli-keys")
    aws.s3("cp large s3://cli-keys/kms --sse aws:kms")
    head = aws.api("head-object --bucket cli-keys --key kms")
    assert head["ServerSideEncryption"] == "aws:kms"
    assert head["SSEKMSKeyId"].startswith("arn:aws:kms:us-east-1:444444444468:key/")
    assert aws.s3("cp s3://cli-keys/kms -") == content
    unblocked = {"BlockedEncryptionTypes": {"EncryptionType": ["NONE"]}}
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, **unblocked}
    aws.api(
        "put-bucket-encryption --bucket cli-keys --server-side-encryption-configuration",
        json.dumps({"Rules": [default]}),
    )
    aws.s3("cp large s3://cli-keys/own --sse-c AES256 --sse-c-key fileb://key")
    assert aws.s3("cp s3://cli-keys/own - --sse-c AES256 --sse-c-key fileb://key") == content
    assert "(400)" in aws.refused("s3 cp s3://cli-keys/own nowhere")


def test_versions_are_kept_listed_and_deleted(haar: Haar, tmp_path: Path) -> None:
    aws = Cli(haar, tmp_path, "444444444469")
    aws.s3("mb s3://cli-versions")
    aws.api("put-bucket-versioning --bucket cli-versions --versioning-configuration Status=Enabled")
    aws.s3("cp - s3://cli-versions/k", said=b"first")
    aws.s3("cp - s3://cli-versions/k", said=b"second")
    aws.api("delete-object --bucket cli-versions --key k")
    listed = aws.api("list-object-versions --bucket cli-versions --prefix k")
    assert [marker["IsLatest"] for marker in listed["DeleteMarkers"]] == [True]
    newer, older = [version["VersionId"] for version in listed["Versions"]]
    aws.api(f"get-object --bucket cli-versions --key k --version-id {older} --range bytes=1-3 found")
    assert (tmp_path / "found").read_bytes() == b"irs"
    said = aws.refused("s3api get-object --bucket cli-versions --key k found")
    assert "An error occurred (NoSuchKey) when calling the GetObject operation" in said
    wanted = {"Objects": [{"Key": "k", "VersionId": newer}, {"Key": "k", "VersionId": older}]}
    gone = aws.api("delete-objects --bucket cli-versions --delete", json.dumps(wanted))
    assert len(gone["Deleted"]) == 2


def test_a_bucket_of_another_region_is_found(haar: Haar, tmp_path: Path) -> None:
    there = Cli(haar, tmp_path, "444444444470", "eu-central-1")
    there.s3("mb s3://cli-region")
    there.s3("cp - s3://cli-region/k", said=b"over there")
    here = Cli(haar, tmp_path, "444444444470", "us-east-1")
    assert here.api("get-bucket-location --bucket cli-region")["LocationConstraint"] == "eu-central-1"
    assert here.s3("cp s3://cli-region/k -") == b"over there"

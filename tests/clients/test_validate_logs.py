"""`aws cloudtrail validate-logs`: the AWS CLI checks what a trail delivered, and sees who meddled with it."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.clients.process import Haar
from tests.clients.test_aws_cli import Shell

pytestmark = pytest.mark.documented(
    "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-cli.html"
)
PRINCIPAL = "cloudtrail.amazonaws.com"


class Archive:
    """A trail that recorded for three hours, and the bucket with its files."""

    def __init__(self, haar: Haar, home: Path, account: str) -> None:
        self.haar = haar
        self.aws = Shell(haar, home, account)
        self.bucket = f"trail-of-{account}"
        self.s3 = haar.client("s3", access_key=account)
        self.s3.create_bucket(Bucket=self.bucket)
        service = {"Effect": "Allow", "Principal": {"Service": PRINCIPAL}}
        said = [
            {**service, "Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{self.bucket}"},
            {**service, "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{self.bucket}/*"},
        ]
        document = json.dumps({"Version": "2012-10-17", "Statement": said})
        self.s3.put_bucket_policy(Bucket=self.bucket, Policy=document)
        made = self.aws(
            f"cloudtrail create-trail --name trail --s3-bucket-name {self.bucket} --s3-key-prefix audit "
            "--enable-log-file-validation --is-multi-region-trail"
        )
        self.arn = made["TrailARN"]
        self.aws("cloudtrail start-logging --name trail")
        self.start = self.now()
        for hour in range(3):
            self.aws(f"iam create-user --user-name user{hour}")
            haar.control("POST", "clock", {"advance": "+1h"})
        haar.control("POST", "clock", {"advance": "+10m"})

    def now(self) -> datetime:
        """The cloud's time."""
        return datetime.fromisoformat(self.haar.control("GET", "clock")["now"])

    def files(self, part: str) -> list[str]:
        """The keys of files, in order."""
        listed = self.s3.list_objects_v2(Bucket=self.bucket)["Contents"]
        return [one["Key"] for one in listed if part in one["Key"] and not one["Key"].endswith("/")]

    def validated(self) -> tuple[int, str]:
        """What `validate-logs` says: its exit code and its words."""
        instants = (self.start - timedelta(minutes=1), self.now())
        start, end = (instant.strftime("%Y-%m-%dT%H:%M:%SZ") for instant in instants)
        done = self.aws.run(
            f"cloudtrail validate-logs --trail-arn {self.arn} --start-time {start} --end-time {end} --verbose"
        )
        return done.returncode, done.stdout + done.stderr

    def rewrite(self, key: str, change: Any) -> None:
        """Put something else in a file's place, with the metadata that it had."""
        found = self.s3.get_object(Bucket=self.bucket, Key=key)
        self.s3.put_object(
            Bucket=self.bucket, Key=key, Body=change(found["Body"].read()), Metadata=found["Metadata"]
        )  # fmt: skip


def other(body: bytes) -> bytes:
    """The packed text with one letter changed."""
    return gzip.compress(gzip.decompress(body).replace(b"user", b"ruse", 1).replace(b"SHA-256", b"SHA-265", 1))


def test_what_was_delivered_is_valid(haar: Haar, tmp_path: Path) -> None:
    archive = Archive(haar, tmp_path, "444444444451")
    code, said = archive.validated()
    assert code == 0, said
    assert "3/3 digest files valid" in said
    assert f"{len(archive.files('/CloudTrail/us-east-1/'))} log files valid" in said
    assert "INVALID" not in said


def test_a_log_file_that_was_changed_is_found(haar: Haar, tmp_path: Path) -> None:
    archive = Archive(haar, tmp_path, "444444444452")
    key = archive.files("/CloudTrail/us-east-1/")[0]
    archive.rewrite(key, other)
    code, said = archive.validated()
    assert code == 1
    assert f"s3://{archive.bucket}/{key}\tINVALID: hash value doesn't match" in said


def test_a_log_file_that_was_deleted_is_found(haar: Haar, tmp_path: Path) -> None:
    archive = Archive(haar, tmp_path, "444444444453")
    key = archive.files("/CloudTrail/us-east-1/")[0]
    archive.s3.delete_object(Bucket=archive.bucket, Key=key)
    code, said = archive.validated()
    assert code == 1
    assert f"s3://{archive.bucket}/{key}\tINVALID: not found" in said


def test_a_digest_that_was_changed_is_found(haar: Haar, tmp_path: Path) -> None:
    archive = Archive(haar, tmp_path, "444444444454")
    key = archive.files("/CloudTrail-Digest/us-east-1/")[1]
    archive.rewrite(key, other)
    code, said = archive.validated()
    assert code == 1
    assert f"s3://{archive.bucket}/{key}\tINVALID: signature verification failed" in said


def test_a_digest_that_was_deleted_is_found(haar: Haar, tmp_path: Path) -> None:
    archive = Archive(haar, tmp_path, "444444444455")
    key = archive.files("/CloudTrail-Digest/us-east-1/")[1]
    archive.s3.delete_object(Bucket=archive.bucket, Key=key)
    code, said = archive.validated()
    assert code == 1
    assert f"s3://{archive.bucket}/{key}\tINVALID: not found" in said

"""What the tests of trails start from: a bucket that lets CloudTrail in, and short ways to see what it got."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from haar import Cloud

ACCOUNT = "000000000000"


class Desk:
    """One account's CloudTrail, and a bucket of its own for what trails deliver."""

    def __init__(self, cloud: Cloud, account: str = ACCOUNT) -> None:
        self.cloud = cloud
        self.account = account
        self.api = self.of("cloudtrail")
        self.s3 = self.of("s3")

    def of(self, service: str, region: str = "us-east-1") -> Any:
        """A client of the account's root user."""
        return self.cloud.client(service, access_key="test" if self.account == ACCOUNT else self.account, region=region)

    def bucket(self, name: str = "logs", *, folder: str = "", more: list[dict[str, Any]] | None = None) -> str:
        """A bucket whose policy is the one that AWS documents for trails; `folder` comes before `AWSLogs/`."""
        self.s3.create_bucket(Bucket=name)
        self.admit(name, folder or f"AWSLogs/{self.account}", more=more)
        return name

    def admit(self, bucket: str, *folders: str, more: list[dict[str, Any]] | None = None) -> None:
        """Let CloudTrail write into some folders of a bucket."""
        service = {"Service": "cloudtrail.amazonaws.com"}
        statements: list[dict[str, Any]] = [
            {"Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{bucket}"}
        ]
        statements += [
            {
                "Effect": "Allow",
                "Principal": service,
                "Action": "s3:PutObject",
                "Resource": f"arn:aws:s3:::{bucket}/{folder}/*",
                "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
            }
            for folder in folders
        ]
        document = {"Version": "2012-10-17", "Statement": statements + (more or [])}
        self.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(document))

    def trail(self, name: str = "trail", bucket: str = "logs", **options: Any) -> str:
        """The ARN of a new trail that logs."""
        made = self.api.create_trail(Name=name, S3BucketName=bucket, **options)["TrailARN"]
        self.api.start_logging(Name=name)
        return str(made)

    def files(self, part: str = "/CloudTrail/", bucket: str = "logs") -> list[str]:
        """The files in a bucket with some text in their keys; folders are no files."""
        listed = self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        return [one["Key"] for one in listed if part in one["Key"] and not one["Key"].endswith("/")]

    def read(self, key: str, bucket: str = "logs") -> dict[str, Any]:
        """What is in a file."""
        body = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        text: dict[str, Any] = json.loads(gzip.decompress(body))
        return text

    def records(self, part: str = "/CloudTrail/", bucket: str = "logs") -> list[dict[str, Any]]:
        """Every record in the log files with some text in their keys."""
        return [record for key in self.files(part, bucket) for record in self.read(key, bucket)["Records"]]

    def names(self, part: str = "/CloudTrail/", bucket: str = "logs") -> list[str]:
        """What calls were delivered, without CloudTrail's and S3's own."""
        own = ("cloudtrail.amazonaws.com", "s3.amazonaws.com")
        return sorted(one["eventName"] for one in self.records(part, bucket) if one["eventSource"] not in own)


@pytest.fixture
def desk(cloud: Cloud) -> Desk:
    """The desk of account 000000000000, with the bucket `logs`."""
    made = Desk(cloud)
    made.bucket()
    return made


@pytest.fixture
def refused(cloud: Cloud) -> Callable[..., str]:
    """Call something that is to be refused: the error's code."""
    client_error = cloud.client("cloudtrail").exceptions.ClientError

    def call(function: Callable[..., Any], **arguments: Any) -> str:
        with pytest.raises(client_error) as caught:
            function(**arguments)
        return str(caught.value.response["Error"]["Code"])

    return call

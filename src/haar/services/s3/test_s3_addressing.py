"""How buckets are addressed: paths, hosts, regions."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from haar import Cloud
from haar.wire.http import HttpReply, HttpRequest

HOSTS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html"
REDIRECTS = "https://docs.aws.amazon.com/AmazonS3/latest/API/Redirects.html"
ACCELERATE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/transfer-acceleration-getting-started.html"
EU: Any = {"LocationConstraint": "eu-west-1"}
OPEN = (
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject",'
    '"Resource":"arn:aws:s3:::my.house/*"}}'
)


@pytest.fixture
def eu(cloud: Cloud) -> Any:
    """A client of eu-west-1, and a bucket there that everybody may read."""
    client = cloud.client("s3", region="eu-west-1")
    client.create_bucket(Bucket="my.house", CreateBucketConfiguration=EU)
    client.delete_public_access_block(Bucket="my.house")
    client.put_bucket_policy(Bucket="my.house", Policy=OPEN)
    client.put_object(Bucket="my.house", Key="a b/c", Body=b"x")
    return client


def get(cloud: Cloud, host: str, path: str) -> HttpReply:
    return cloud.handle(HttpRequest("GET", path, "", {"host": host}))


HOSTED = [
    ("s3.localhost:4566", "/my.house/a%20b/c"),
    ("localhost:4566", "/my.house/a%20b/c"),
    ("127.0.0.1:4566", "/my.house/a%20b/c"),
    ("my.house.s3.localhost:4566", "/a%20b/c"),
    ("my.house.haar.localhost:4566", "/a%20b/c"),
    ("my.house.s3.eu-west-1.localhost:4566", "/a%20b/c"),
    ("my.house.s3.amazonaws.com", "/a%20b/c"),
    ("my.house.s3-eu-west-1.amazonaws.com", "/a%20b/c"),
    ("my.house.s3.dualstack.eu-west-1.amazonaws.com", "/a%20b/c"),
    ("s3.eu-west-1.amazonaws.com", "/my.house/a%20b/c"),
]


@pytest.mark.fact("S3-006")
@pytest.mark.parametrize(("host", "path"), HOSTED)
def test_a_bucket_is_in_the_path_or_in_the_host(cloud: Cloud, eu: Any, host: str, path: str) -> None:
    reply = get(cloud, host, path)
    assert (reply.status, reply.body) == (200, b"x")


@pytest.mark.fact("S3-006")
def test_boto3_puts_a_bucket_into_the_host_when_asked_to(cloud: Cloud) -> None:
    virtual = cloud.client("s3", config=Config(s3={"addressing_style": "virtual"}))
    virtual.create_bucket(Bucket="house")
    virtual.put_object(Bucket="house", Key="k", Body=b"x")
    assert virtual.get_object(Bucket="house", Key="k")["Body"].read() == b"x"


@pytest.mark.fact("S3-013")
def test_boto3_finds_a_bucket_in_another_region(cloud: Cloud, eu: Any) -> None:
    assert cloud.client("s3").get_object(Bucket="my.house", Key="a b/c")["Body"].read() == b"x"


@pytest.mark.fact("S3-013")
def test_a_request_to_the_wrong_region_is_told_the_right_one(cloud: Cloud, eu: Any) -> None:
    seen = answers(cloud, cloud.client("s3", region="us-west-2"))
    assert (seen[0].status, b"<Code>PermanentRedirect</Code>" in seen[0].body) == (301, True)
    assert b"<Endpoint>my.house.s3.eu-west-1.localhost:4566</Endpoint>" in seen[0].body
    assert dict(seen[0].headers)["x-amz-bucket-region"] == "eu-west-1"


@pytest.mark.fact("S3-013")
def test_a_request_signed_for_the_wrong_region_is_told_so(cloud: Cloud, eu: Any) -> None:
    endpoint = "http://s3.eu-west-1.localhost:4566"
    seen = answers(cloud, cloud.client("s3", region="us-west-2", endpoint_url=endpoint))
    assert (seen[0].status, b"<Code>AuthorizationHeaderMalformed</Code>" in seen[0].body) == (400, True)
    assert b"<Region>eu-west-1</Region>" in seen[0].body


def answers(cloud: Cloud, client: Any) -> list[HttpReply]:
    """Everything that was answered to a client until it had the object."""
    seen: list[HttpReply] = []
    handle = cloud.handle

    def watched(http: HttpRequest) -> HttpReply:
        seen.append(handle(http))
        return seen[-1]

    cloud.handle = watched  # type: ignore[method-assign]
    assert client.get_object(Bucket="my.house", Key="a b/c")["Body"].read() == b"x"
    return seen


@pytest.mark.documented(REDIRECTS)
def test_an_unsigned_request_to_the_endpoint_of_another_region_is_redirected(cloud: Cloud, eu: Any) -> None:
    reply = get(cloud, "s3.us-west-2.localhost:4566", "/my.house/a%20b/c")
    assert (reply.status, b"<Code>PermanentRedirect</Code>" in reply.body) == (301, True)


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html")
def test_where_a_bucket_is_can_be_asked_of_us_east_1(cloud: Cloud, eu: Any) -> None:
    assert cloud.client("s3").get_bucket_location(Bucket="my.house")["LocationConstraint"] == "eu-west-1"


@pytest.mark.documented(ACCELERATE)
def test_the_accelerated_endpoint_is_for_buckets_that_asked_for_it(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="house")
    s3.put_object(Bucket="house", Key="k", Body=b"x")
    fast = cloud.client(
        "s3", endpoint_url="http://s3-accelerate.localhost:4566", config=Config(s3={"addressing_style": "virtual"})
    )
    with pytest.raises(ClientError) as caught:
        fast.get_object(Bucket="house", Key="k")
    assert caught.value.response["Error"]["Message"] == "S3 Transfer Acceleration is not configured on this bucket"
    s3.put_bucket_accelerate_configuration(Bucket="house", AccelerateConfiguration={"Status": "Enabled"})
    assert fast.get_object(Bucket="house", Key="k")["Body"].read() == b"x"

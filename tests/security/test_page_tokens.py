"""A pagination token that somebody made up leads neither to another account's rows nor to a failure."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError

from haar import Cloud

pytestmark = pytest.mark.ours


def forged(operation: str, mark: Any) -> str:
    """A token with the right check value, which is no secret."""
    body = msgspec.msgpack.encode(mark)
    check = hashlib.blake2b(body, digest_size=4, key=operation.encode()).digest()
    return base64.b32encode(check + body).decode().rstrip("=")


@pytest.mark.parametrize("mark", [["111111111111"], ["0"], ["111111111111", "a"], ["", ""]], ids=str)
def test_a_token_that_points_into_another_account_shows_ones_own(cloud: Cloud, mark: Any) -> None:
    cloud.client("iam", access_key="111111111111").create_user(UserName="theirs")
    iam = cloud.client("iam", access_key="222222222222")
    iam.create_user(UserName="mine")
    users = iam.list_users(Marker=forged("iam:ListUsers", mark))["Users"]
    assert [user["UserName"] for user in users] == ["mine"]


@pytest.mark.parametrize("mark", [[1e12, "~"], [0.0, ""], ["x"]], ids=str)
def test_no_token_shows_the_events_of_another_account(cloud: Cloud, mark: Any) -> None:
    cloud.client("iam", access_key="111111111111").create_user(UserName="theirs")
    trail = cloud.client("cloudtrail", access_key="222222222222")
    events = trail.lookup_events(NextToken=forged("cloudtrail:LookupEvents", mark))["Events"]
    assert {json.loads(event["CloudTrailEvent"])["recipientAccountId"] for event in events} <= {"222222222222"}


@pytest.mark.parametrize("mark", [5, {"a": 1}, [[]], [{}], True, [["x"], 1]], ids=str)
@pytest.mark.parametrize(
    ("service", "operation", "member", "code"),
    [
        ("iam", "list_users", "Marker", "ValidationError"),
        ("iam", "list_policies", "Marker", "ValidationError"),
        ("resourcegroupstaggingapi", "get_resources", "PaginationToken", "InvalidParameterException"),
    ],
)
def test_a_token_of_another_form_is_refused(
    cloud: Cloud, service: str, operation: str, member: str, code: str, mark: Any
) -> None:
    cloud.client("iam").create_user(UserName="u", Tags=[{"Key": "k", "Value": "v"}])
    client = cloud.client(service)
    name = "".join(word.capitalize() for word in operation.split("_"))
    try:
        getattr(client, operation)(**{member: forged(f"{service}:{name}", mark)})
    except ClientError as error:
        assert error.response["Error"]["Code"] == code  # noqa: PT017 (or it is taken for a mark, and shows nothing new)

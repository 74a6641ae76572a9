"""IAM says in its own sentences what is wrong with a name or a path."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud

NAMES = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html"
ONLY = "It must contain only alphanumeric characters and/or the following: +=,.@_-"
SLASHES = "It must begin and end with / and contain only alphanumeric characters and/or / characters."


def refusal(cloud: Cloud, operation: str, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        getattr(cloud.client("iam"), operation)(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.mark.documented(NAMES)
@pytest.mark.parametrize(
    ("operation", "member"), [("create_user", "UserName"), ("create_group", "GroupName"), ("get_role", "RoleName")]
)
def test_a_name_with_a_blank_is_refused_in_iams_own_words(cloud: Cloud, operation: str, member: str) -> None:
    spelled = member[0].lower() + member[1:]
    said = f"The specified value for {spelled} is invalid. {ONLY}"
    assert refusal(cloud, operation, **{member: "a b"}) == ("ValidationError", said)


@pytest.mark.documented(NAMES)
def test_a_path_without_slashes_is_refused_in_iams_own_words(cloud: Cloud) -> None:
    said = f"The specified value for path is invalid. {SLASHES}"
    assert refusal(cloud, "create_user", UserName="kim", Path="team") == ("ValidationError", said)


@pytest.mark.documented(NAMES)
def test_a_name_that_is_too_long_is_refused_in_the_shared_words(cloud: Cloud) -> None:
    name = "a" * 65
    said = (
        f"1 validation error detected: Value '{name}' at 'userName' failed to satisfy constraint: "
        "Member must have length less than or equal to 64"
    )
    assert refusal(cloud, "create_user", UserName=name) == ("ValidationError", said)


@pytest.mark.documented(NAMES)
def test_several_problems_are_counted(cloud: Cloud) -> None:
    name = "a " * 40
    code, message = refusal(cloud, "create_user", UserName=name)
    assert (code, message.split(":")[0]) == ("ValidationError", "2 validation errors detected")
    assert message.endswith(f"; The specified value for userName is invalid. {ONLY}")

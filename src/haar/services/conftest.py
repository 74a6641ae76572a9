"""What the tests of several rooms share."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from haar import Cloud


@pytest.fixture
def refused(cloud: Cloud) -> Callable[..., tuple[str, str]]:
    """Call something that is to be refused: the error's code and message."""
    client_error = cloud.client("sts").exceptions.ClientError

    def call(function: Callable[..., Any], *given: Any, **arguments: Any) -> tuple[str, str]:
        with pytest.raises(client_error) as caught:
            function(*given, **arguments)
        error = caught.value.response["Error"]
        return error["Code"], error.get("Message", "")

    return call


@pytest.fixture
def allowed(cloud: Cloud) -> Callable[..., Any]:
    """A service's client for a new user, who is allowed the given actions (on everything) by an inline policy."""
    iam = cloud.client("iam")

    def made(service: str, name: str, *actions: str, **statement: Any) -> Any:
        iam.create_user(UserName=name)
        if actions:
            allowing = {"Effect": "Allow", "Action": list(actions), "Resource": "*"} | statement
            document = json.dumps({"Version": "2012-10-17", "Statement": [allowing]})
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
        pair = iam.create_access_key(UserName=name)["AccessKey"]
        return cloud.client(service, access_key=pair["AccessKeyId"], secret_key=pair["SecretAccessKey"])

    return made

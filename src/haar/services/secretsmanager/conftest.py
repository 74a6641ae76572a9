"""What the tests of this room share: clients, a secret, and people who may do less than root."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from haar import Cloud

ACCOUNT = "000000000000"


@pytest.fixture
def api(cloud: Cloud) -> Any:
    """A client of the root user."""
    return cloud.client("secretsmanager")


@pytest.fixture
def kms(cloud: Cloud) -> Any:
    """A KMS client of the root user."""
    return cloud.client("kms")


@pytest.fixture
def secret(api: Any) -> Any:
    """A secret with one value, as CreateSecret answers it."""
    return api.create_secret(Name="prod/db", SecretString="first")


@pytest.fixture
def refused(cloud: Cloud) -> Callable[..., tuple[str, str]]:
    """Call something that is to be refused: the error's code and message."""
    client_error = cloud.client("secretsmanager").exceptions.ClientError

    def call(function: Callable[..., Any], **arguments: Any) -> tuple[str, str]:
        with pytest.raises(client_error) as caught:
            function(**arguments)
        error = caught.value.response["Error"]
        return error["Code"], error.get("Message", "")

    return call


@pytest.fixture
def user(cloud: Cloud) -> Callable[..., Any]:
    """A client of a new user, who is allowed the given actions (on everything) by an inline policy."""
    iam = cloud.client("iam")

    def made(name: str, *actions: str, **statement: Any) -> Any:
        iam.create_user(UserName=name)
        if actions:
            allowed = {"Effect": "Allow", "Action": list(actions), "Resource": "*"} | statement
            document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
        pair = iam.create_access_key(UserName=name)["AccessKey"]
        return cloud.client("secretsmanager", access_key=pair["AccessKeyId"], secret_key=pair["SecretAccessKey"])

    return made

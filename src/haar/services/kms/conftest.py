"""What the tests of this room share: a client, a key, and people who may do less than root."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from haar.kit import Call, Origin, root_of

if TYPE_CHECKING:
    from haar import Cloud


@pytest.fixture
def kms(cloud: Cloud) -> Any:
    """A client of the root user."""
    return cloud.client("kms")


@pytest.fixture
def key(kms: Any) -> str:
    """The id of a symmetric key."""
    made: str = kms.create_key()["KeyMetadata"]["KeyId"]
    return made


@pytest.fixture
def refused(cloud: Cloud) -> Callable[..., tuple[str, str]]:
    """Call something that is to be refused: the error's code and message."""
    client_error = cloud.client("kms").exceptions.ClientError

    def call(function: Callable[..., Any], **arguments: Any) -> tuple[str, str]:
        with pytest.raises(client_error) as caught:
            function(**arguments)
        error = caught.value.response["Error"]
        return error["Code"], error.get("Message", "")

    return call


@pytest.fixture
def user(cloud: Cloud) -> Callable[..., Any]:
    """A KMS client of a new user, who is allowed the given actions (on everything) by an inline policy."""
    iam = cloud.client("iam")

    def made(name: str, *actions: str, **statement: Any) -> Any:
        iam.create_user(UserName=name)
        if actions:
            allowed = {"Effect": "Allow", "Action": list(actions), "Resource": "*"} | statement
            document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
        pair = iam.create_access_key(UserName=name)["AccessKey"]
        return cloud.client("kms", access_key=pair["AccessKeyId"], secret_key=pair["SecretAccessKey"])

    return made


@pytest.fixture
def through(cloud: Cloud) -> Callable[..., Any]:
    """Call KMS as a service does from inside one of its own operations, for the root user of an account."""

    def ask(host: str, operation: str, account: str = "000000000000", **request: Any) -> Any:
        with cloud.store.transaction() as tx:
            call = Call(
                cloud.ports, tx, root_of(account), service="s3", operation="PutObject", region="us-east-1",
                origin=Origin("127.0.0.1"),
            )  # fmt: skip
            return getattr(call.aws("kms", invoked_by=host), operation)(**request)

    return ask

"""What the tests of this room share: a client, a key, and people who may do less than root."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
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
def user(allowed: Callable[..., Any]) -> Callable[..., Any]:
    """A client of a new user, who is allowed the given actions (on everything) by an inline policy."""
    return partial(allowed, "kms")


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

"""What the tests of this room share: clients, a secret, and people who may do less than root."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
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
def user(allowed: Callable[..., Any]) -> Callable[..., Any]:
    """A client of a new user, who is allowed the given actions (on everything) by an inline policy."""
    return partial(allowed, "secretsmanager")

"""What the tests of this room share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from haar import Cloud


@pytest.fixture
def ssm(cloud: Cloud) -> Any:
    """A client of the root user."""
    return cloud.client("ssm")


@pytest.fixture
def put(ssm: Any) -> Callable[..., Any]:
    """Put a parameter, of type String unless it says otherwise; one with the same name is overwritten."""

    def call(name: str, value: str = "v", **options: Any) -> Any:
        options = {"Type": "String", "Overwrite": "Tags" not in options, **options}
        return ssm.put_parameter(Name=name, Value=value, **options)

    return call

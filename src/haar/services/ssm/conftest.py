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


@pytest.fixture
def refused(cloud: Cloud) -> Callable[..., tuple[str, str]]:
    """Call something that is to be refused: the error's code and message."""
    client_error = cloud.client("ssm").exceptions.ClientError

    def call(function: Callable[..., Any], *given: Any, **arguments: Any) -> tuple[str, str]:
        with pytest.raises(client_error) as caught:
            function(*given, **arguments)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    return call

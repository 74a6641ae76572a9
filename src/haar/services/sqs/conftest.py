"""What the tests of this room share: a client, and queues to try it on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from haar import Cloud


@pytest.fixture
def sqs(cloud: Cloud) -> Any:
    """A client of the root user."""
    return cloud.client("sqs")


@pytest.fixture
def queue(cloud: Cloud) -> str:
    """The URL of a standard queue."""
    url: str = cloud.client("sqs").create_queue(QueueName="jobs")["QueueUrl"]
    return url


@pytest.fixture
def fifo(cloud: Cloud) -> str:
    """The URL of a FIFO queue that deduplicates by content."""
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url: str = cloud.client("sqs").create_queue(QueueName="jobs.fifo", Attributes=attributes)["QueueUrl"]
    return url


@pytest.fixture
def refused(cloud: Cloud) -> Callable[..., tuple[str, str]]:
    """Call something that is to be refused: the error's code and message."""
    client_error = cloud.client("sqs").exceptions.ClientError

    def call(function: Callable[..., Any], **arguments: Any) -> tuple[str, str]:
        with pytest.raises(client_error) as caught:
            function(**arguments)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    return call

"""What the tests of this room share: a client, and queues to try it on."""

from __future__ import annotations

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

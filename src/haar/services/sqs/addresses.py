"""Queue URLs: which queue one names, and which one a client is given.

A queue's URL has the host that the client itself used, so that it leads back here whatever that host was. Only its
last two parts, account and name, are read.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from haar.kit import Call, ServiceError
from haar.services.sqs.resources import Queue
from haar.services.sqs.service import sqs

_ACCOUNT = re.compile(r"\d{12}")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")

#: What an account does with its own queues alone, whatever a queue policy says
#: (docs: SQS Developer Guide, sqs-overview-of-managing-access.html and the notes of each operation's reference).
OWNER_ONLY = frozenset(
    (
        "AddPermission", "DeleteQueue", "ListQueueTags", "RemovePermission", "SetQueueAttributes",
        "TagQueue", "UntagQueue",
    )
)  # fmt: skip


def url_of(call: Call, queue: Queue) -> str:
    """The URL of a queue, for this caller."""
    origin = call.origin
    if not origin.host:
        return f"https://sqs.{queue.region}.amazonaws.com/{queue.account}/{queue.name}"
    return f"http{'s' if origin.secure else ''}://{origin.host}/{queue.account}/{queue.name}"


@sqs.names("QueueUrl", Queue)
def queue_at(call: Call, url: str | None) -> tuple[Any, ...]:
    """The key of the queue that a URL names; without one, the path of the request is the queue's."""
    address = url or call.origin.path
    named = _named(address)
    if named is None:
        raise sqs.error("InvalidAddress", f"The address {address or '/'} is not valid for this endpoint.")
    account, name = named
    if account != call.account and call.operation in OWNER_ONLY:
        raise forbidden(address)
    return account, call.region, name


@lru_cache(maxsize=1024)
def _named(address: str) -> tuple[str, str] | None:
    """The account and name at the end of an address; None where there are none."""
    parts = address.rsplit("/", 2)
    if len(parts) != 3 or not _ACCOUNT.fullmatch(parts[1]) or not _NAME.fullmatch(parts[2]):
        return None
    return parts[1], parts[2]


sqs.named(QueueName=Queue)


def forbidden(resource: str) -> ServiceError:
    """What only the owner may do, asked by somebody else."""
    return sqs.error("AccessDenied", f"Access to the resource {resource} is denied.", status=403)

"""How many calls a second a FIFO queue serves, where the cloud enforces AWS's rates (`limits="aws"`).

Without high throughput: 300 calls a second of each API action, batches counting as one. With it
(`FifoThroughputLimit` = perMessageGroupId): as many for each message group
(docs: SQS Developer Guide, quotas-messages.html and high-throughput-fifo.html).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from haar.kit import Call
from haar.services.sqs.resources import Queue, Rate
from haar.services.sqs.service import FIFO_CALLS_PER_SECOND, sqs


def count_call(call: Call, queue: Queue, action: str, messages: Iterable[Mapping[str, Any]] = ()) -> None:
    """Count one call, with the messages it sends. Raises RequestThrottled for one too many.

    Calls of standard queues are not limited.
    """
    if not queue.fifo or call.ports.config.limits != "aws":
        return
    if queue.throughput_limit == "perMessageGroupId":
        for group in dict.fromkeys(message.get("MessageGroupId") or "" for message in messages):
            _count(call, queue, f"{action}/{group}")
    else:
        _count(call, queue, action)


def _count(call: Call, queue: Queue, action: str) -> None:
    second = int(call.now)
    rate = call.tx.get(Rate, queue.serial, action)
    calls = rate.calls + 1 if rate is not None and rate.second == second else 1
    if calls > FIFO_CALLS_PER_SECOND:
        raise sqs.error("RequestThrottled", "The request was denied due to request throttling.")
    call.tx.put(Rate(queue=queue.serial, action=action, second=second, calls=calls))

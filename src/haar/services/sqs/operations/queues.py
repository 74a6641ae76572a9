"""Operations on queues."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page, partition_of, replace
from haar.kit.tagging import check as check_tags
from haar.services.sqs import attributes, rules, shelf
from haar.services.sqs.addresses import url_of
from haar.services.sqs.resources import Deleted, Queue, by_dead_letter
from haar.services.sqs.service import NAME_REST_SECONDS, PURGE_SECONDS, needed, paged, sqs

if TYPE_CHECKING:
    from haar.shapes import sqs as api

#: What a tag is refused with.
_BAD_TAG = "InvalidParameterValue"

sqs.tagging(Queue, tag="TagQueue", untag="UntagQueue", list="ListQueueTags", too_many=_BAD_TAG, invalid=_BAD_TAG)


@sqs.operation(creates=Queue, enums=False)
def create_queue(call: Call, request: api.CreateQueueRequest) -> api.CreateQueueResult:
    name: str = needed(request, "QueueName")
    given = request.get("Attributes") or {}
    fifo = _wants_fifo(name, given)
    existing = call.get(Queue, name)
    if existing is not None:
        different = attributes.differing(call, existing, given)
        if different:
            raise sqs.error(
                "QueueAlreadyExists",
                f"A queue already exists with the same name and a different value for attribute {different}",
            )
        return {"QueueUrl": url_of(call, existing)}
    deleted = call.tx.get(Deleted, call.account, call.region, name)
    if deleted is not None and deleted.until > call.now:
        raise sqs.error(
            "AWS.SimpleQueueService.QueueDeletedRecently",
            "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
        )
    tags = dict(request.get("tags") or {})
    check_tags(tags, too_many=_BAD_TAG, invalid=_BAD_TAG)
    bare = Queue(
        account=call.account, region=call.region, name=name, serial=call.ports.ids.hex(16), fifo=fifo, tags=tags,
        created_at=call.now, changed_at=call.now,
    )  # fmt: skip
    queue = attributes.changed(call, bare, {name: text for name, text in given.items() if name != "FifoQueue"})
    call.tx.put(queue)
    return {"QueueUrl": url_of(call, queue)}


def _wants_fifo(name: str, given: Mapping[str, str]) -> bool:
    """Whether a FIFO queue is wanted; refuses a name that does not fit."""
    fifo = given.get("FifoQueue")
    if fifo is None or fifo == "false":
        if not rules.QUEUE_NAME.fullmatch(name):
            raise sqs.error(
                "InvalidParameterValue",
                "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
            )
        if fifo == "false":
            raise sqs.error("InvalidAttributeName", "Unknown Attribute FifoQueue.")
        return False
    if fifo != "true":
        raise sqs.error("InvalidAttributeValue", "Invalid value for the parameter FifoQueue.")
    if not rules.FIFO_NAME.fullmatch(name):
        raise sqs.error(
            "InvalidParameterValue",
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, "
            "must end with .fifo suffix and be 1 to 80 in length.",
        )
    return True


def _named_queue(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Queue | None]]:
    account = request.get("QueueOwnerAWSAccountId") or call.account
    name = request.get("QueueName") or ""
    arn = f"arn:{partition_of(call.region)}:sqs:{call.region}:{account}:{name}"
    return [(arn, call.tx.get(Queue, account, call.region, name))]


@sqs.operation(resource=_named_queue)
def get_queue_url(call: Call, request: api.GetQueueUrlRequest) -> api.GetQueueUrlResult:
    name = needed(request, "QueueName")
    queue = call.load(Queue, name, account=request.get("QueueOwnerAWSAccountId") or "")
    return {"QueueUrl": url_of(call, queue)}


def _every_queue(call: Call, request: object) -> str:
    # AWS authorizes a listing on a queue without a name: `arn:aws:sqs:REGION:ACCOUNT:` is what its denials say
    return f"arn:{call.partition}:sqs:{call.region}:{call.account}:"


@sqs.operation(resource=_every_queue)
def list_queues(call: Call, request: api.ListQueuesRequest) -> dict[str, Any]:
    prefix = request.get("QueueNamePrefix") or None
    page = Page.of(call.tx, Queue, call.account, call.region, starts=prefix, show=lambda queue: url_of(call, queue))
    return paged(call, page, request)


@sqs.operation(enums=False)
def get_queue_attributes(
    call: Call, queue: Queue, request: api.GetQueueAttributesRequest
) -> api.GetQueueAttributesResult:
    found = attributes.shown(call, queue, request.get("AttributeNames") or ())
    return {"Attributes": found} if found else {}


@sqs.operation(enums=False)
def set_queue_attributes(call: Call, queue: Queue, request: api.SetQueueAttributesRequest) -> None:
    new = attributes.changed(call, queue, needed(request, "Attributes"))
    new = call.tx.put(replace(new, changed_at=call.now))
    if new.retention_seconds != queue.retention_seconds:
        new = shelf.reschedule(call, new)
    if new.fifo and new.delay_seconds != queue.delay_seconds:
        shelf.delay_again(call, new, queue.delay_seconds)


@sqs.operation
def purge_queue(call: Call, queue: Queue, request: api.PurgeQueueRequest) -> None:
    if queue.purged_at and call.now < queue.purged_at + PURGE_SECONDS:
        raise sqs.error(
            "AWS.SimpleQueueService.PurgeQueueInProgress",
            f"Only one PurgeQueue operation on {queue.name} is allowed every 60 seconds.",
        )
    shelf.empty(call.tx, queue)
    call.tx.put(replace(queue, purged_at=call.now))


@sqs.operation
def delete_queue(call: Call, queue: Queue, request: api.DeleteQueueRequest) -> None:
    call.tx.delete(queue)
    call.tx.put(
        Deleted(account=queue.account, region=queue.region, name=queue.name, until=call.now + NAME_REST_SECONDS)
    )


@sqs.operation
def list_dead_letter_source_queues(
    call: Call, queue: Queue, request: api.ListDeadLetterSourceQueuesRequest
) -> dict[str, Any]:
    page = Page.of(call.tx, by_dead_letter, queue.arn, show=lambda source: url_of(call, source))
    # unlike ListQueues, the answer always has its (small-lettered) member
    return {"queueUrls": [], **paged(call, page, request)}

"""Message move tasks: messages going back from a dead-letter queue, on the clock.

A task moves what can be received from the queue, oldest first, in steps of a second each, and ends when nothing
is left. Messages that are in flight or delayed stay. A message that has been moved is a new message: new id, new
moment of sending, new retention (docs: API reference, StartMessageMoveTask). Encrypted messages are opened, and
sealed for the queue they come to, as whoever began the task; where KMS refuses that, the task fails.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, ServiceError, replace, root_of
from haar.services.sqs import encryption, shelf
from haar.services.sqs.addresses import forbidden
from haar.services.sqs.resources import Message, MoveOn, MoveTask, Queue, by_dead_letter
from haar.services.sqs.service import invalid, needed, sqs, within

if TYPE_CHECKING:
    from haar.shapes import sqs as api

#: The most messages a second a task may be asked to move; a task without a limit of its own moves as many.
_PER_SECOND_MAX = 500
_LISTED_MAX = 10
_TASK_GONE = "Task does not exist."


def _source(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Queue | None]]:
    """The queue that SourceArn names."""
    arn = request.get("SourceArn") or "*"
    place = Queue.key_of(arn)
    return [(arn, call.tx.get(Queue, *place) if place else None)]


def _task_source(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Queue | None]]:
    """The queue of the task that TaskHandle names."""
    return _source(call, {"SourceArn": _open(request.get("TaskHandle") or "")[1]})


def _load_source(call: Call, request: Mapping[str, Any]) -> Queue:
    """SourceArn's queue. Raises MissingParameter, InvalidParameterValue, ResourceNotFoundException."""
    arn: str = needed(request, "SourceArn")
    place = Queue.key_of(arn)
    if place is None:
        raise invalid(arn, "SourceArn", "It is not the ARN of a queue.")
    if place[0] != call.account:
        raise forbidden(arn)
    queue = call.tx.get(Queue, *place) if place[1] == call.region else None
    if queue is None:
        raise sqs.error(
            "ResourceNotFoundException", "The resource that you specified for the SourceArn parameter doesn't exist."
        )
    return queue


@sqs.operation(resource=_source)
def start_message_move_task(call: Call, request: api.StartMessageMoveTaskRequest) -> api.StartMessageMoveTaskResult:
    source = _load_source(call, request)
    per_second = within(
        request,
        "MaxNumberOfMessagesPerSecond",
        1,
        _PER_SECOND_MAX,
        f"Must be between 1 and {_PER_SECOND_MAX}, if provided.",
    )
    if next(call.tx.range(by_dead_letter, source.arn, limit=1), None) is None:
        raise sqs.error("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
    destination = request.get("DestinationArn") or ""
    authorize = call.ports.guard.authorize
    for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
        authorize(call, f"sqs:{action}", [(source.arn, source)], None, {})
    if destination:
        target = _load_destination(call, source, destination)
        authorize(call, "sqs:SendMessage", [(target.arn, target)], None, {})
    latest = next(call.tx.range(MoveTask, call.account, call.region, source.arn, reverse=True, limit=1), None)
    if latest is not None and latest.status in ("RUNNING", "CANCELLING"):
        raise sqs.error(
            "AWS.SimpleQueueService.UnsupportedOperation",
            "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
        )
    task = call.tx.put(
        MoveTask(
            account=call.account, region=call.region, source=source.arn, started_at=call.now, id=call.new_id(),
            destination=destination, per_second=per_second or 0, to_move=shelf.visible(call, source),
            principal=call.principal,
        )
    )  # fmt: skip
    _go_on(call, task, call.now)
    return {"TaskHandle": _handle(task)}


def _load_destination(call: Call, source: Queue, arn: str) -> Queue:
    place = Queue.key_of(arn)
    if place is None:
        raise invalid(arn, "DestinationArn", "It is not the ARN of a queue.")
    if arn == source.arn:
        raise sqs.error("InvalidParameterValue", "Source queue arn and destination queue arn cannot be the same.")
    target = call.tx.get(Queue, *place) if place[:2] == (source.account, source.region) else None
    if target is None:
        raise sqs.error(
            "ResourceNotFoundException",
            "The resource that you specified for the DestinationArn parameter doesn't exist.",
        )
    if target.fifo != source.fifo:
        raise sqs.error("InvalidParameterValue", "Source queue and destination queue must be of the same type.")
    return target


@sqs.operation(resource=_task_source)
def cancel_message_move_task(call: Call, request: api.CancelMessageMoveTaskRequest) -> api.CancelMessageMoveTaskResult:
    task_id, source = _open(needed(request, "TaskHandle"))
    place = Queue.key_of(source)
    if place is not None and place[0] != call.account:
        raise forbidden(source)
    task = _find(call, source, task_id)
    if task is None:
        raise sqs.error("ResourceNotFoundException", _TASK_GONE)
    if task.status != "RUNNING":
        raise sqs.error("AWS.SimpleQueueService.UnsupportedOperation", "Only active tasks can be cancelled.")
    call.tx.put(replace(task, status="CANCELLED"))
    return {"ApproximateNumberOfMessagesMoved": task.moved}


@sqs.operation(resource=_source)
def list_message_move_tasks(call: Call, request: api.ListMessageMoveTasksRequest) -> api.ListMessageMoveTasksResult:
    source = _load_source(call, request)
    limit = within(request, "MaxResults", 1, _LISTED_MAX, f"Must be between 1 and {_LISTED_MAX}, if provided.")
    tasks = call.tx.range(MoveTask, call.account, call.region, source.arn, reverse=True, limit=limit or 1)
    found = [_describe(task) for task in tasks]
    return {"Results": found} if found else {}


def _describe(task: MoveTask) -> api.ListMessageMoveTasksResultEntry:
    shown: api.ListMessageMoveTasksResultEntry = {
        "Status": task.status,
        "SourceArn": task.source,
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.to_move,
        "StartedTimestamp": int(task.started_at * 1000),
    }
    if task.status == "RUNNING":
        shown["TaskHandle"] = _handle(task)  # only what runs can be cancelled
    if task.destination:
        shown["DestinationArn"] = task.destination
    if task.per_second:
        shown["MaxNumberOfMessagesPerSecond"] = task.per_second
    if task.failure:
        shown["FailureReason"] = task.failure
    return shown


# -- moving ----------------------------------------------------------------------------------------------------------


def _go_on(call: Call, task: MoveTask, when: float) -> None:
    call.later(
        when,
        MoveOn(account=task.account, region=task.region, source=task.source, started_at=task.started_at, id=task.id),
    )


@sqs.task(MoveOn)
def move_on(call: Call, due: MoveOn) -> None:
    """Move one second's messages."""
    task = call.tx.get(MoveTask, due.account, due.region, due.source, due.started_at, due.id)
    if task is None or task.status != "RUNNING":
        return
    source = call.tx.get(Queue, *(Queue.key_of(task.source) or ()))
    if source is None:
        return
    step = task.per_second or _PER_SECOND_MAX
    moved = 0
    while moved < step:
        # a FIFO queue gives a group's messages in order, and those behind the first only when it is gone
        batch = shelf.ready(call, source, min(step - moved, 100))
        if not batch:
            call.tx.put(replace(task, moved=task.moved + moved, status="COMPLETED"))
            return
        for message in batch:
            target = _target(call, task, message)
            if isinstance(target, str):
                call.tx.put(replace(task, moved=task.moved + moved, status="FAILED", failure=target))
                return
            try:
                _move(call, task, source, target, message)
            except ServiceError as error:
                call.tx.put(replace(task, moved=task.moved + moved, status="FAILED", failure=error.code))
                return
            moved += 1
    _go_on(call, call.tx.put(replace(task, moved=task.moved + moved)), call.now + 1.0)


def _target(call: Call, task: MoveTask, message: Message) -> Queue | str:
    """The queue a message goes to, or why it can go nowhere."""
    arn = task.destination or message.dead_letter_source
    if not arn:
        return "CouldNotDetermineMessageSource"
    queue = call.tx.get(Queue, *(Queue.key_of(arn) or ()))
    return queue if queue is not None else "AWS.SimpleQueueService.NonExistentQueue"


def _move(call: Call, task: MoveTask, source: Queue, target: Queue, message: Message) -> None:
    """Send a message on. Raises ServiceError where KMS does not open or seal it."""
    if message.sealed is not None or target.kms_key:
        # a task of an earlier release does not say who began it
        message = encryption.resealed(call, source, target, message, task.principal or root_of(task.account))
    message_id = call.new_id()
    sequence = shelf.next_sequence(call, target) if target.fifo else ""
    shelf.remove(call, message)
    shelf.put(
        call.tx,
        replace(
            message, queue=target.serial, place=sequence or shelf.place_of(call.now, message_id), id=message_id,
            sequence=sequence, sent_at=call.now, visible_at=call.now + target.delay_seconds, receives=0,
            receives_before=0, received_at=0.0, first_received_at=0.0, dead_letter_source="",
        ),
    )  # fmt: skip
    shelf.keep_until_retention(call, target, call.now)


# -- handles ---------------------------------------------------------------------------------------------------------


def _handle(task: MoveTask) -> str:
    return b64encode(json.dumps({"taskId": task.id, "sourceArn": task.source}).encode()).decode()


def _open(handle: str) -> tuple[str, str]:
    """(task id, source ARN) of a handle. Raises ServiceError for what is not one."""
    if not handle:
        return "", ""
    try:
        said = json.loads(b64decode(handle.encode(), validate=True))
        return str(said["taskId"]), str(said["sourceArn"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise invalid(handle, "TaskHandle", "It is not the handle of a message move task.") from None


def _find(call: Call, source: str, task_id: str) -> MoveTask | None:
    tasks = call.tx.range(MoveTask, call.account, call.region, source, reverse=True)
    return next((task for task in tasks if task.id == task_id), None)

"""The attributes of a queue: which there are, what each accepts, how each is shown.

Docs: API reference, CreateQueue, SetQueueAttributes and GetQueueAttributes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from haar.kit import Call, ServiceError, replace
from haar.services.sqs import shelf
from haar.services.sqs.resources import Queue
from haar.services.sqs.service import BODY_BYTES_MAX, VISIBILITY_SECONDS_MAX, invalid, sqs

RECEIVES_MAX = 1000
REDRIVE_SOURCES_MAX = 10
_PERMISSIONS = ("allowAll", "denyAll", "byQueue")
_KMS_KEY = re.compile(r"[A-Za-z0-9:/_-]{1,2048}")

#: (lowest, highest, field of Queue) of the attributes that are numbers
_NUMBERS: dict[str, tuple[int, int, str]] = {
    "DelaySeconds": (0, 900, "delay_seconds"),
    "MaximumMessageSize": (1024, BODY_BYTES_MAX, "body_bytes_max"),
    "MessageRetentionPeriod": (60, 1_209_600, "retention_seconds"),
    "ReceiveMessageWaitTimeSeconds": (0, 20, "wait_seconds"),
    "VisibilityTimeout": (0, VISIBILITY_SECONDS_MAX, "visibility_seconds"),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400, "kms_reuse_seconds"),
}
#: (the values there are, field of Queue) of the attributes that only FIFO queues have
_CHOICES: dict[str, tuple[tuple[str, ...], str]] = {
    "DeduplicationScope": (("messageGroup", "queue"), "deduplication_scope"),
    "FifoThroughputLimit": (("perQueue", "perMessageGroupId"), "throughput_limit"),
}


def changed(call: Call, queue: Queue, given: Mapping[str, str]) -> Queue:
    """The queue with attributes set. Raises InvalidAttributeName, InvalidAttributeValue, InvalidParameterValue."""
    fields: dict[str, Any] = {}
    for name, text in given.items():
        fields.update(_read(call, queue, name, text))
    new: Queue = replace(queue, **fields)
    if given.get("KmsMasterKeyId") and given.get("SqsManagedSseEnabled") == "true":
        raise _value(
            "You can use one type of server-side encryption (SSE) at one time. "
            "You can either enable KMS SSE or SQS SSE."
        )
    if new.throughput_limit == "perMessageGroupId" and new.deduplication_scope != "messageGroup":
        raise _value(
            "The perMessageGroupId value for FifoThroughputLimit is allowed only when "
            "the value for DeduplicationScope is messageGroup."
        )
    return new


def _read(call: Call, queue: Queue, name: str, text: str) -> dict[str, Any]:
    """The fields that one attribute sets."""
    if name in _NUMBERS:
        low, high, field = _NUMBERS[name]
        if not re.fullmatch(r"\d{1,9}", text) or not low <= int(text) <= high:
            raise _value(f"Invalid value for the parameter {name}.")
        return {field: int(text)}
    if name in _CHOICES or name == "ContentBasedDeduplication":
        return _read_fifo(queue, name, text)
    read = _READERS.get(name)
    if read is None:
        raise _name(name)
    return read(call, queue, text)


def _read_fifo(queue: Queue, name: str, text: str) -> dict[str, Any]:
    if not queue.fifo:
        if name == "ContentBasedDeduplication":
            raise _name(name)
        raise sqs.error("InvalidAttributeName", f"You can specify the {name} only when FifoQueue is set to true.")
    if name == "ContentBasedDeduplication":
        return {"deduplicates_content": _boolean(name, text)}
    choices, field = _CHOICES[name]
    if text not in choices:
        raise _value(f"Invalid value for the parameter {name}.")
    return {field: text}


def _policy(call: Call, queue: Queue, text: str) -> dict[str, Any]:
    if text:
        try:
            call.ports.policies.validate(text, "resource")
        except ServiceError as error:
            raise _value(f"Invalid value for the parameter Policy. {error.message}".rstrip()) from error
    return {"policy": text}


def _kms_key(call: Call, queue: Queue, text: str) -> dict[str, Any]:
    if text and not _KMS_KEY.fullmatch(text):
        raise _value("Invalid value for the parameter KmsMasterKeyId.")
    return {"kms_key": text, "sse": not text and queue.sse}


def _sse(call: Call, queue: Queue, text: str) -> dict[str, Any]:
    enabled = _boolean("SqsManagedSseEnabled", text)
    return {"sse": enabled, "kms_key": ""} if enabled else {"sse": False}


def _redrive(call: Call, queue: Queue, text: str) -> dict[str, Any]:
    if not text:
        return {"dead_letter": None, "receives_max": 0}

    def bad(reason: str) -> ServiceError:
        return invalid(text, "RedrivePolicy", reason)

    policy = _object(text)
    if policy is None:
        raise bad("Redrive policy is not a valid JSON map.")
    for member in ("maxReceiveCount", "deadLetterTargetArn"):
        if policy.get(member) in (None, ""):
            raise bad(f"Redrive policy does not contain mandatory attribute: {member}.")
    unknown = policy.keys() - {"maxReceiveCount", "deadLetterTargetArn"}
    if unknown:
        raise bad(
            "Only following attributes are supported: [deadLetterTargetArn, maxReceiveCount]; "
            f"not {', '.join(sorted(unknown))}."
        )
    count = policy["maxReceiveCount"]
    if isinstance(count, bool) or not re.fullmatch(r"\d{1,9}", str(count)) or not 1 <= int(count) <= RECEIVES_MAX:
        raise bad(
            f"Invalid value for maxReceiveCount: {count}, valid values are from 1 to {RECEIVES_MAX} both inclusive."
        )
    arn = str(policy["deadLetterTargetArn"])
    place = Queue.key_of(arn)
    if place is None:
        raise bad("Dead letter target is not a valid ARN.")
    if place[:2] != (queue.account, queue.region):
        raise bad("Dead letter target owner and region should be the same as the source's.")
    if arn == queue.arn:
        raise bad("Dead letter target should be different from the source.")
    target = call.tx.get(Queue, *place)
    if target is None:
        raise bad("Dead letter target does not exist.")
    if target.fifo != queue.fifo:
        raise bad("Dead-letter queue must be same type of queue as the source.")
    if not admits(target, queue):
        raise bad("Dead letter target's redrive allow policy does not allow this source queue.")
    return {"dead_letter": arn, "receives_max": int(count)}


def _redrive_allow(call: Call, queue: Queue, text: str) -> dict[str, Any]:
    if not text:
        return {"redrive_permission": "", "redrive_sources": ()}

    def bad(reason: str) -> ServiceError:
        return invalid(text, "RedriveAllowPolicy", reason)

    policy = _object(text)
    if policy is None:
        raise bad("Redrive allow policy is not a valid JSON map.")
    permission = policy.get("redrivePermission")
    sources = policy.get("sourceQueueArns")
    if permission not in _PERMISSIONS:
        raise bad(f"redrivePermission must be one of {', '.join(_PERMISSIONS)}.")
    if permission != "byQueue":
        if sources:
            raise bad("sourceQueueArns can be specified only when redrivePermission is byQueue.")
        return {"redrive_permission": permission, "redrive_sources": ()}
    if not isinstance(sources, list) or not 1 <= len(sources) <= REDRIVE_SOURCES_MAX:
        raise bad(f"sourceQueueArns must name 1 to {REDRIVE_SOURCES_MAX} queues when redrivePermission is byQueue.")
    if not all(isinstance(arn, str) and Queue.key_of(arn) for arn in sources):
        raise bad("sourceQueueArns must be ARNs of queues.")
    return {"redrive_permission": permission, "redrive_sources": tuple(sources)}


_READERS: dict[str, Callable[[Call, Queue, str], dict[str, Any]]] = {
    "Policy": _policy,
    "RedrivePolicy": _redrive,
    "RedriveAllowPolicy": _redrive_allow,
    "KmsMasterKeyId": _kms_key,
    "SqsManagedSseEnabled": _sse,
}


def admits(target: Queue, source: Queue) -> bool:
    """Whether a dead-letter queue lets a queue use it."""
    if target.redrive_permission == "denyAll":
        return False
    return target.redrive_permission != "byQueue" or source.arn in target.redrive_sources


# -- showing -------------------------------------------------------------------------------------------------------

Shower = Callable[[Call, Queue], str]

_ALWAYS: dict[str, Shower] = {
    "QueueArn": lambda call, queue: queue.arn,
    "ApproximateNumberOfMessages": lambda call, queue: str(shelf.visible(call, queue)),
    "ApproximateNumberOfMessagesNotVisible": lambda call, queue: str(shelf.in_flight(call, queue)),
    "ApproximateNumberOfMessagesDelayed": lambda call, queue: str(shelf.delayed(call, queue)),
    "CreatedTimestamp": lambda call, queue: str(int(queue.created_at)),
    "LastModifiedTimestamp": lambda call, queue: str(int(queue.changed_at)),
    "VisibilityTimeout": lambda call, queue: str(queue.visibility_seconds),
    "MaximumMessageSize": lambda call, queue: str(queue.body_bytes_max),
    "MessageRetentionPeriod": lambda call, queue: str(queue.retention_seconds),
    "DelaySeconds": lambda call, queue: str(queue.delay_seconds),
    "ReceiveMessageWaitTimeSeconds": lambda call, queue: str(queue.wait_seconds),
    "SqsManagedSseEnabled": lambda call, queue: _word(queue.sse),
}
_WHEN_SET: dict[str, tuple[Callable[[Queue], Any], Shower]] = {
    "Policy": (lambda queue: queue.policy, lambda call, queue: queue.policy),
    "RedrivePolicy": (lambda queue: queue.dead_letter, lambda call, queue: _show_redrive(queue)),
    "RedriveAllowPolicy": (lambda queue: queue.redrive_permission, lambda call, queue: _show_redrive_allow(queue)),
    "KmsMasterKeyId": (lambda queue: queue.kms_key, lambda call, queue: queue.kms_key),
    "KmsDataKeyReusePeriodSeconds": (lambda queue: queue.kms_key, lambda call, queue: str(queue.kms_reuse_seconds)),
    "FifoQueue": (lambda queue: queue.fifo, lambda call, queue: "true"),
    "ContentBasedDeduplication": (lambda queue: queue.fifo, lambda call, queue: _word(queue.deduplicates_content)),
    "DeduplicationScope": (lambda queue: queue.fifo, lambda call, queue: queue.deduplication_scope),
    "FifoThroughputLimit": (lambda queue: queue.fifo, lambda call, queue: queue.throughput_limit),
}


def shown(call: Call, queue: Queue, names: Iterable[str]) -> dict[str, str]:
    """The attributes asked for; those that are not set are left out. Raises InvalidAttributeName."""
    wanted = [*names]
    for name in wanted:
        if name != "All" and name not in _ALWAYS and name not in _WHEN_SET:
            raise _name(name)
    if "All" in wanted:
        wanted = [*_ALWAYS, *_WHEN_SET]
    found = {}
    for name in wanted:
        show = _ALWAYS.get(name)
        if show is None:
            is_set, show = _WHEN_SET[name]
            if not is_set(queue):
                continue
        found[name] = show(call, queue)
    return found


def differing(call: Call, queue: Queue, given: Mapping[str, str]) -> str:
    """The first attribute that would have another value on a queue made with these; "" when there is none."""
    wanted = changed(call, queue, {name: text for name, text in given.items() if name != "FifoQueue"})
    if "FifoQueue" in given and not queue.fifo:
        return "FifoQueue"
    now, then = shown(call, queue, ["All"]), shown(call, wanted, ["All"])
    return next((name for name in given if now.get(name) != then.get(name)), "")


def _show_redrive(queue: Queue) -> str:
    return json.dumps(
        {"deadLetterTargetArn": queue.dead_letter, "maxReceiveCount": queue.receives_max}, separators=(",", ":")
    )


def _show_redrive_allow(queue: Queue) -> str:
    policy: dict[str, Any] = {"redrivePermission": queue.redrive_permission}
    if queue.redrive_sources:
        policy["sourceQueueArns"] = queue.redrive_sources
    return json.dumps(policy, separators=(",", ":"))


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _boolean(name: str, text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise _value(f"Invalid value for the parameter {name}.")
    return text.lower() == "true"


def _word(value: bool) -> str:
    return "true" if value else "false"


def _name(name: str) -> ServiceError:
    return sqs.error("InvalidAttributeName", f"Unknown Attribute {name}.")


def _value(message: str) -> ServiceError:
    return sqs.error("InvalidAttributeValue", message)

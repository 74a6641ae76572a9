"""Event notifications: what happened to an object, told to a queue.

Whatever changes an object is heard through `shelf.after_change`. If the bucket's configuration wants to know, the
message goes into the outbox, and from there through SQS's own door: the sender is `s3.amazonaws.com` on behalf of the
bucket, so the queue's policy decides. What cannot be delivered is tried again for an hour, then given up.

Source: Amazon S3 User Guide, EventNotifications.html and notification-content-structure.html (version 2.5).
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote_plus

from haar.kit import Call, Origin, Principal, Record, Refused, ServiceError, Task, key
from haar.kit.call import ServiceClient
from haar.services.s3 import shelf
from haar.services.s3.resources import Bucket, Version
from haar.services.s3.service import s3
from haar.services.s3.storage_classes import CLASSES
from haar.wire.text import iso_millis

__all__ = ["NAME", "PRINCIPAL", "acting_for", "greeting", "send", "tell"]

NAME: Final = "s3.amazonaws.com"
PRINCIPAL: Final = Principal(kind="service", account="", arn="", id=NAME, name=NAME)
RECORD_VERSION: Final = "2.5"
#: Seconds between attempts: doubled each time. After so many a message is given up: a little more than an hour.
_PAUSE_SECONDS: Final = 1.0
_ATTEMPTS_MAX: Final = 12
#: Events that say how many bytes there are.
_SIZED: Final = ("ObjectCreated:", "ObjectRestore:", "LifecycleTransition", "IntelligentTiering", "Replication:")


class Tally(Record):
    """How many events a bucket has told, so that they can be put in order."""

    bucket: str = key()
    count: int = 0


class Notify(Task):
    """A message on its way to a destination (an ARN)."""

    bucket: str
    account: str
    to: str
    message: str
    attempts: int = 0


def acting_for(
    call: Call, bucket: Bucket, service: str, *, account: str, region: str, name: str = NAME
) -> ServiceClient:
    """Another service, asked by S3 itself on behalf of a bucket: policies of resources decide.

    They see `aws:SourceArn` and `aws:SourceAccount`, and that nobody listens on the way.
    """
    principal = PRINCIPAL if name == NAME else Principal(kind="service", account="", arn="", id=name, name=name)
    context: Mapping[str, Any] = {"aws:SourceArn": bucket.arn, "aws:SourceAccount": bucket.account}
    return ServiceClient(
        call, service, principal, account, region, Origin(secure=True, invoked_by=name, context=context)
    )


# --- hearing ---------------------------------------------------------------------------------------------------------


def tell(
    call: Call, bucket: Bucket, event: str, version: Version, more: Mapping[str, Any] | None = None
) -> None:  # fmt: skip
    """Tell those who want to know of an event, such as `ObjectCreated:Put`; `more` is what only this event says."""
    given = bucket.configs.get("notification")
    if given is None:
        return
    for kind, member in _DESTINATIONS.items():
        for one in given.get(kind) or ():
            if _wants(one, event, version.name):
                record = _record(call, bucket, event, version, one["Id"])
                message = json.dumps({"Records": [{**record, **(more or {})}]})
                call.emit(Notify(bucket=bucket.name, account=bucket.account, to=one[member], message=message))


#: kind of configuration -> the member that names its destination
_DESTINATIONS: Final = {
    "QueueConfigurations": "QueueArn",
    "TopicConfigurations": "TopicArn",
    "LambdaFunctionConfigurations": "LambdaFunctionArn",
}
shelf.after_change.append(tell)


def _wants(given: Mapping[str, Any], event: str, name: str) -> bool:
    family = event.partition(":")[0]
    if not any(one in (f"s3:{event}", f"s3:{family}:*") for one in given["Events"]):
        return False
    rules = ((given.get("Filter") or {}).get("Key") or {}).get("FilterRules") or ()
    for rule in rules:
        value = rule.get("Value") or ""
        if not (name.startswith(value) if rule["Name"] == "Prefix" else name.endswith(value)):
            return False
    return True


def _record(call: Call, bucket: Bucket, event: str, version: Version, configuration: str) -> dict[str, Any]:
    by_itself = not call.origin.source_ip
    principal = call.principal
    described: dict[str, Any] = {"key": quote_plus(version.name)}
    if event.startswith(_SIZED):
        described["size"] = version.size
    if not event.endswith("Removed:Delete"):
        described["eTag"] = hashlib.md5(b"", usedforsecurity=False).hexdigest() if version.marker else version.etag
    if bucket.versioning:
        described["versionId"] = version.version_id
    described["sequencer"] = _sequencer(call, bucket)
    return {
        "eventVersion": RECORD_VERSION,
        "eventSource": "aws:s3",
        "awsRegion": bucket.region,
        "eventTime": iso_millis(call.now),
        "eventName": event,
        "userIdentity": {"principalId": NAME if by_itself else f"AWS:{principal.id or 'ANONYMOUS'}"},
        "requestParameters": {"sourceIPAddress": NAME if by_itself else call.origin.source_ip},
        "responseElements": {"x-amz-request-id": call.request_id, "x-amz-id-2": _host_id(call.request_id)},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration,
            "bucket": {
                "name": bucket.name,
                "ownerIdentity": {"principalId": _customer_id(bucket.account)},
                "arn": bucket.arn,
            },
            "object": described,
        },
        **_more(event, version),
    }


def _more(event: str, version: Version) -> dict[str, Any]:
    """What only some events say."""
    if event == "ObjectRestore:Completed" and version.restored_until:
        data = {
            "lifecycleRestorationExpiryTime": iso_millis(version.restored_until),
            "lifecycleRestoreStorageClass": version.storage_class,
        }
        return {"glacierEventData": {"restoreEventData": data}}
    if event == "LifecycleTransition" and version.storage_class in CLASSES:
        return {"lifecycleEventData": {"transitionEventData": {"destinationStorageClass": version.storage_class}}}
    if event == "IntelligentTiering":
        return {"intelligentTieringEventData": {"destinationAccessTier": version.tier}}
    return {}


def _sequencer(call: Call, bucket: Bucket) -> str:
    """Hexadecimal digits that grow with every event of a bucket."""
    known = call.tx.get(Tally, bucket.name)
    count = known.count + 1 if known is not None else 1
    call.tx.put(Tally(bucket=bucket.name, count=count))
    return f"{int(call.now) & 0xFFFFFFFFFF:010X}{count & 0xFFFFFFFF:08X}"


@s3.on_change(Bucket)
def _gone(tx: Any, old: Bucket | None, new: Bucket | None) -> None:
    if new is None and old is not None:
        tx.delete(Tally, old.name)


def _host_id(request_id: str) -> str:
    return base64.b64encode(hashlib.blake2b(request_id.encode(), digest_size=57).digest()).decode()


def _customer_id(account: str) -> str:
    """The customer id of an account: fourteen letters and digits, always the same."""
    return "A" + base64.b32encode(hashlib.sha256(b"haar customer " + account.encode()).digest()).decode()[:13]


# --- telling ---------------------------------------------------------------------------------------------------------


def greeting(call: Call, bucket: Bucket) -> str:
    """What a destination is sent when it is configured."""
    told = {
        "Service": "Amazon S3", "Event": "s3:TestEvent", "Time": iso_millis(call.now), "Bucket": bucket.name,
        "RequestId": call.request_id, "HostId": _host_id(call.request_id),
    }  # fmt: skip
    return json.dumps(told)


def send(call: Call, bucket: Bucket, to: str, message: str) -> None:
    """Hand a message to a destination, through its own door. Raises what that service says, or Refused."""
    service, region, account, name = (
        to.split(":", 5)[2:6] if to.count(":") == 5 else ("lambda", *to.split(":")[3:5], to)
    )
    door = acting_for(call, bucket, service, account=account, region=region)
    if service == "sqs":
        door.send_message(QueueUrl=f"https://sqs.{region}.amazonaws.com/{account}/{name}", MessageBody=message)
    elif service == "sns":
        door.publish(TopicArn=to, Message=message, Subject="Amazon S3 Notification")
    else:
        door.invoke(FunctionName=to, InvocationType="Event", Payload=message.encode())


@s3.task(Notify)
def notify(call: Call, task: Notify) -> None:
    bucket = call.tx.get(Bucket, task.bucket)
    if bucket is None or bucket.account != task.account:
        return
    try:
        send(call, bucket, task.to, task.message)
    except Refused:
        return  # the destination's service is not there (any more)
    except ServiceError:
        # a queue that is gone, or whose policy says no: perhaps it comes back
        if task.attempts < _ATTEMPTS_MAX:
            again = Notify(
                bucket=task.bucket, account=task.account, to=task.to, message=task.message, attempts=task.attempts + 1
            )
            call.later(call.now + _PAUSE_SECONDS * 2**task.attempts, again)

"""Notification configurations: which destinations are told of which events.

A destination is asked before it is kept: it must be there, and its policy must let S3 in.

Source: Amazon S3 API Reference, API_PutBucketNotificationConfiguration.html; User Guide,
notification-how-to-filtering.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

from haar.kit import Call, Refused, ServiceError, replace
from haar.services.s3 import notices
from haar.services.s3.authority import on_bucket
from haar.services.s3.resources import Bucket
from haar.services.s3.service import malformed_xml, s3

if TYPE_CHECKING:
    from haar.shapes import s3 as api

_WORD: Final = "notification"
_EACH_MAX: Final = 100
_FILTER_BYTES_MAX: Final = 1024
#: kind of configuration -> (member of the destination, its service, what S3 calls it)
_KINDS: Final = {
    "QueueConfigurations": ("QueueArn", "sqs", "queue"),
    "TopicConfigurations": ("TopicArn", "sns", "topic"),
    "LambdaFunctionConfigurations": ("LambdaFunctionArn", "lambda", "Lambda function"),
}


@s3.operation(
    action="s3:PutBucketNotification", resource=on_bucket, enums=False,
    partial="nothing is sent to EventBridge; topics and functions are refused while SNS and Lambda are not there",
)  # fmt: skip
def put_bucket_notification_configuration(
    call: Call, bucket: Bucket, request: api.PutBucketNotificationConfigurationRequest
) -> None:
    given: Any = request.get("NotificationConfiguration") or {}
    _keep(call, bucket, given, skip=bool(request.get("SkipDestinationValidation")))


@s3.operation(action="s3:GetBucketNotification", resource=on_bucket)
def get_bucket_notification_configuration(call: Call, bucket: Bucket, request: Any) -> api.NotificationConfiguration:
    found: Any = bucket.configs.get(_WORD) or {}
    return found  # type: ignore[no-any-return]


# --- what is kept ----------------------------------------------------------------------------------------------------


def _keep(call: Call, bucket: Bucket, given: Mapping[str, Any], *, skip: bool) -> None:
    kept: dict[str, Any] = {}
    for kind, (member, service, _) in _KINDS.items():
        found = [_checked(call, one, member, service) for one in given.get(kind) or ()]
        if found:
            kept[kind] = found
    everything = [one for found in kept.values() for one in found]
    if len(everything) > _EACH_MAX:
        raise _argument(f"Number of notification configurations exceeds the limit of {_EACH_MAX}")
    if len({one["Id"] for one in everything}) < len(everything):
        raise _argument("Same ID used for multiple configurations. IDs must be unique")
    for one, other in combinations(everything, 2):
        _apart(one, other)
    if given.get("EventBridgeConfiguration") is not None:
        kept["EventBridgeConfiguration"] = {}
    for kind, (_, service, _) in _KINDS.items():
        if kind in kept and service not in call.ports.rooms():
            what = f"There is no {service} service yet that could be told of events."
            raise Refused("s3", "PutBucketNotificationConfiguration", what)
    _check_destinations(call, bucket, kept, skip=skip)
    configs = {word: one for word, one in bucket.configs.items() if word != _WORD}
    call.tx.put(replace(bucket, configs={**configs, _WORD: kept} if kept else configs))


def _checked(call: Call, given: Mapping[str, Any], member: str, service: str) -> dict[str, Any]:
    arn, events = given.get(member) or "", given.get("Events") or []
    parts = arn.split(":")
    if len(parts) < 6 or parts[0] != "arn" or parts[2] != service:
        raise _argument("The ARN is not well formed")
    if not events:
        raise malformed_xml()
    known = s3.model.shapes["Event"]["enum"]
    if any(event not in known for event in events):
        raise _argument("A specified event is not supported for notifications")
    kept = {"Id": given.get("Id") or call.ports.ids.token(48), member: arn, "Events": list(events)}
    rules = ((given.get("Filter") or {}).get("Key") or {}).get("FilterRules")
    if rules:
        kept["Filter"] = {"Key": {"FilterRules": list(_filter_rules(rules))}}
    return kept


def _filter_rules(rules: list[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    seen = set()
    for rule in rules:
        name, value = (rule.get("Name") or "").lower(), rule.get("Value") or ""
        if name not in ("prefix", "suffix"):
            raise _argument("filter rule name must be either prefix or suffix")
        if name in seen:
            raise _argument(f"Cannot specify more than one {name} rule in a filter.")
        if len(value.encode()) > _FILTER_BYTES_MAX:
            raise _argument(f"Size of filter rule value cannot exceed {_FILTER_BYTES_MAX} bytes in UTF-8 encoding")
        seen.add(name)
        yield {"Name": name.capitalize(), "Value": value}


def _affixes(given: Mapping[str, Any]) -> tuple[str, str]:
    rules = ((given.get("Filter") or {}).get("Key") or {}).get("FilterRules") or ()
    found = {rule["Name"]: rule["Value"] for rule in rules}
    return found.get("Prefix", ""), found.get("Suffix", "")


def _apart(one: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    """Raise InvalidArgument where an event of a key could be meant by two configurations."""
    if not any(_share(a, b) for a in one["Events"] for b in other["Events"]):
        return
    (prefix, suffix), (other_prefix, other_suffix) = _affixes(one), _affixes(other)
    overlap = prefix.startswith(other_prefix) or other_prefix.startswith(prefix)
    if overlap and (suffix.endswith(other_suffix) or other_suffix.endswith(suffix)):
        if not (prefix or suffix or other_prefix or other_suffix):
            text = "Configurations overlap. Configurations on the same bucket cannot share a common event type."
            raise _argument(text)
        text = (
            "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are "
            "overlapping for the same event type."
        )
        raise _argument(text)


def _share(event: str, other: str) -> bool:
    if event == other:
        return True
    family, other_family = event.rpartition(":")[0], other.rpartition(":")[0]
    return family == other_family and (event.endswith(":*") or other.endswith(":*"))


def _check_destinations(call: Call, bucket: Bucket, kept: Mapping[str, Any], *, skip: bool) -> None:
    failed: dict[str, str] = {}
    known = {
        one[member]
        for kind, (member, _, _) in _KINDS.items()
        for one in (bucket.configs.get(_WORD) or {}).get(kind) or ()
    }
    for kind, (member, service, word) in _KINDS.items():
        for arn in dict.fromkeys(one[member] for one in kept.get(kind) or ()):
            if arn.split(":")[3] != bucket.region:
                text = "The notification destination service region is not valid for the bucket location constraint"
                raise _argument(text)
            if skip or (service == "lambda" and arn in known):
                continue
            why = _problem(call, bucket, arn, word)
            if why:
                failed[arn] = why
    if failed:
        members: dict[str, str] = {}
        for number, (arn, why) in enumerate(failed.items(), 1):
            end = str(number) if len(failed) > 1 else ""
            members |= {f"ArgumentName{end}": arn, f"ArgumentValue{end}": why}
        text = "Unable to validate the following destination configurations"
        raise ServiceError("InvalidArgument", text, status=400, members=members)


def _problem(call: Call, bucket: Bucket, arn: str, word: str) -> str:
    """Why a destination cannot be told, after it was sent a test; "" when it can."""
    if arn.endswith(".fifo"):
        return f"The destination {word} is a FIFO {word}, which cannot be told of events"
    try:
        notices.send(call, bucket, arn, notices.greeting(call, bucket))
    except ServiceError as error:
        if _is_missing(error) or (word == "queue" and _is_no_queue(call, arn)):
            return f"The destination {word} does not exist"
        return f"Permissions on the destination {word} do not allow S3 to publish notifications from this bucket"
    return ""


def _is_missing(error: ServiceError) -> bool:
    return any(word in error.code for word in ("NonExistent", "DoesNotExist", "NotFound"))


def _is_no_queue(call: Call, arn: str) -> bool:
    """Whether there is no such queue. SQS tells that to who may look, and S3 may not before it is let in."""
    region, account, name = arn.split(":")[3:6]
    try:
        looking = call.aws("sqs", region=region, invoked_by=notices.NAME)
        looking.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)
    except ServiceError as error:
        return _is_missing(error)
    return False


def _argument(text: str) -> ServiceError:
    return ServiceError("InvalidArgument", text, status=400)

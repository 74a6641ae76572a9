"""Which events a trail wants: its event selectors, checked when they are given and compiled when they are used. Pure.

| given | wanted |
|---|---|
| nothing | all management events |
| basic selectors | what any of them names: management events, data events of resources, by reading and writing |
| advanced selectors | what any of them names: all of its fields must match |

Of one field's operators, those that select (Equals, StartsWith, EndsWith) are joined by or, those that exclude by and,
and both must hold.

Source: AWS CloudTrail API Reference, API_EventSelector.html, API_DataResource.html, API_AdvancedFieldSelector.html;
AWS CloudTrail User Guide, filtering-data-events.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from haar.kit.audit import Event
from haar.services.cloudtrail import rules
from haar.services.cloudtrail.service import CONDITIONS, DATA_RESOURCES, EVENT_SELECTORS, cloudtrail

Selector = Mapping[str, Any]
Wants = Callable[[Event], bool]

MANAGEMENT, DATA, NETWORK = "Management", "Data", "NetworkActivity"
#: What a trail has that nobody gave selectors.
DEFAULT: Selector = {
    "ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [], "ExcludeManagementEventSources": [],
}  # fmt: skip
#: Services whose management events are so many that they may be left out.
EXCLUDABLE = ("kms.amazonaws.com", "rdsdata.amazonaws.com")
BASIC_TYPES = ("AWS::S3::Object", "AWS::Lambda::Function", "AWS::DynamoDB::Table")
_EVERYTHING = {
    "AWS::S3::Object": ("s3", "s3:::"),
    "AWS::Lambda::Function": ("lambda",),
    "AWS::DynamoDB::Table": ("dynamodb",),
}

_SELECT = ("Equals", "StartsWith", "EndsWith")
_EXCLUDE = ("NotEquals", "NotStartsWith", "NotEndsWith")
#: The fields that a selector of each category may have, those it must have first.
_FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    MANAGEMENT: (("eventCategory",), ("readOnly", "eventSource")),
    DATA: (
        ("eventCategory", "resources.type"),
        (
            "readOnly", "eventName", "eventSource", "eventType", "resources.ARN", "sessionCredentialFromConsole",
            "userIdentity.arn",
        ),
    ),
    NETWORK: (("eventCategory", "eventSource"), ("eventName", "errorCode", "vpcEndpointId")),
}  # fmt: skip
#: Fields that know no operator but Equals.
_EQUALS_ONLY = ("eventCategory", "readOnly", "resources.type")


def invalid(message: str) -> Exception:
    """The error for selectors that AWS would not keep."""
    return cloudtrail.error("InvalidEventSelectorsException", message)


# -- what may be given ---------------------------------------------------------------------------------------------


def basic(given: Sequence[Selector]) -> list[dict[str, Any]]:
    """Basic selectors as they are kept and shown, every member filled in. Raises InvalidEventSelectorsException."""
    if not 1 <= len(given) <= EVENT_SELECTORS:
        raise invalid(f"A trail must have between 1 and {EVENT_SELECTORS} event selectors.")
    kept = [{**DEFAULT, **{name: value for name, value in one.items() if value is not None}} for one in given]
    resources = [resource for one in kept for resource in one["DataResources"]]
    if sum(len(one.get("Values", ())) for one in resources) > DATA_RESOURCES:
        raise invalid(f"The number of data resources in all event selectors must not exceed {DATA_RESOURCES}.")
    for one in kept:
        if one["ReadWriteType"] not in ("All", "ReadOnly", "WriteOnly"):
            raise invalid(f"The ReadWriteType {one['ReadWriteType']} is not valid.")
        for source in one["ExcludeManagementEventSources"]:
            if source not in EXCLUDABLE:
                raise invalid(f"The event source {source} is not valid for ExcludeManagementEventSources.")
    for resource in resources:
        _check_resource(resource)
    return kept


def _check_resource(resource: Selector) -> None:
    kind = resource.get("Type", "")
    if kind not in BASIC_TYPES:
        raise invalid(f"The data resource type {kind} is not valid.")
    if not resource.get("Values"):
        raise invalid(f"There are no values for the data resource type {kind}.")
    for value in resource["Values"]:
        if not _is_all(kind, value) and not _names_one(kind, value):
            raise invalid(f"Value {value} for DataResources.Values is invalid.")


def _names_one(kind: str, value: str) -> bool:
    parts = value.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != _EVERYTHING[kind][0]:
        return False
    # an S3 value is a prefix of objects' ARNs: a bucket and a slash at least
    return "/" in parts[5][1:] if kind == "AWS::S3::Object" else bool(parts[3] and parts[4] and parts[5])


def _is_all(kind: str, value: str) -> bool:
    """Whether a value of a data resource stands for all there are, as `arn:aws:s3` does."""
    head, _, rest = value.partition(":")
    return head == "arn" and rest.partition(":")[2] in _EVERYTHING[kind]


def advanced(given: Sequence[Selector]) -> list[dict[str, Any]]:
    """Advanced selectors as they are kept and shown. Raises InvalidEventSelectorsException."""
    kept = [dict(one) for one in given]
    if not kept:
        raise invalid("There must be at least one advanced event selector.")
    fields = [field for one in kept for field in one["FieldSelectors"]]
    if sum(len(field.get(word, ())) for field in fields for word in (*_SELECT, *_EXCLUDE)) > CONDITIONS:
        raise invalid(f"The number of conditions in all advanced event selectors must not exceed {CONDITIONS}.")
    for one in kept:
        _check_advanced(one)
    return kept


def _check_advanced(selector: Selector) -> None:
    fields = {field["Field"]: field for field in selector["FieldSelectors"]}
    if len(fields) != len(selector["FieldSelectors"]):
        raise invalid("A field can be used only once in an advanced event selector.")
    category = fields.get("eventCategory", {}).get("Equals", [])
    if len(category) != 1 or category[0] not in _FIELDS:
        raise invalid("An advanced event selector must have one eventCategory: Management, Data or NetworkActivity.")
    needed, possible = _FIELDS[category[0]]
    for name in needed:
        if name not in fields:
            raise invalid(f"The field {name} is required for the event category {category[0]}.")
    for name, field in fields.items():
        if name not in needed and name not in possible:
            raise invalid(f"The field {name} is not valid for the event category {category[0]}.")
        used = [word for word in (*_SELECT, *_EXCLUDE) if field.get(word)]
        if not used:
            raise invalid(f"The field {name} has no operator.")
        if name in _EQUALS_ONLY and used != ["Equals"]:
            raise invalid(f"The field {name} can be used with the operator Equals only.")
        if name == "readOnly" and field["Equals"] not in (["true"], ["false"]):
            raise invalid("The field readOnly must be true or false.")
        if name == "resources.type" and len(field["Equals"]) != 1:
            raise invalid("The field resources.type must have one value.")
        excludes = used == ["NotEquals"] and set(field["NotEquals"]) <= set(EXCLUDABLE)
        if category[0] == MANAGEMENT and name == "eventSource" and not excludes:
            raise invalid(f"Of management events only these sources can be excluded: {', '.join(EXCLUDABLE)}.")


# -- what is wanted ------------------------------------------------------------------------------------------------


def wants(basic: Iterable[Selector], advanced: Iterable[Selector]) -> Wants:
    """The test of an event that a trail's selectors make."""
    tests = [_advanced(one) for one in advanced] or [_basic(one) for one in basic] or [_basic(DEFAULT)]
    return lambda event: any(test(event) for test in tests)


def logs(basic: Sequence[Selector], advanced: Sequence[Selector], *, writes_only: bool) -> bool:
    """Whether selectors ask for management events, or at least for those that write; Insights are found on them."""
    if advanced:
        found = [{field["Field"]: field for field in one["FieldSelectors"]} for one in advanced]
        mine = [one for one in found if one["eventCategory"]["Equals"] == [MANAGEMENT]]
        return any(not writes_only or one.get("readOnly", {}).get("Equals") != ["true"] for one in mine)
    return any(
        one["IncludeManagementEvents"] and (not writes_only or one["ReadWriteType"] != "ReadOnly")
        for one in basic or (DEFAULT,)
    )


def _basic(selector: Selector) -> Wants:
    only = {"ReadOnly": True, "WriteOnly": False}.get(selector["ReadWriteType"])
    management = selector["IncludeManagementEvents"]
    excluded = frozenset(selector["ExcludeManagementEventSources"])
    resources = [
        (one["Type"], value, _is_all(one["Type"], value))
        for one in selector["DataResources"]
        for value in one["Values"]
    ]

    def test(event: Event) -> bool:
        if only is not None and event.read_only != only:
            return False
        if not event.data:
            return management and not (excluded and rules.source(event) in excluded)
        return bool(resources) and any(
            kind == wanted and (all_of_them or _is_under(wanted, arn, value))
            for arn, kind in rules.acted_on(event)
            for wanted, value, all_of_them in resources
        )

    return test


def _is_under(kind: str, arn: str, value: str) -> bool:
    return arn.startswith(value) if kind == "AWS::S3::Object" else arn == value


def _advanced(selector: Selector) -> Wants:
    fields = {field["Field"]: _condition(field) for field in selector["FieldSelectors"]}
    about_resource = {name: fields.pop(name) for name in ("resources.type", "resources.ARN") if name in fields}

    def test(event: Event) -> bool:
        if not all(condition(_VALUES[name](event)) for name, condition in fields.items()):
            return False
        return not about_resource or any(
            about_resource["resources.type"](kind) and about_resource.get("resources.ARN", _anything)(arn)
            for arn, kind in rules.acted_on(event)
        )

    return test


def _anything(value: str) -> bool:
    return True


def _condition(field: Selector) -> Callable[[str], bool]:
    chosen = _test(field, _SELECT)
    excluded = _test(field, _EXCLUDE)
    chooses = any(field.get(word) for word in _SELECT)
    return lambda value: (not chooses or chosen(value)) and not excluded(value)


def _test(field: Selector, words: tuple[str, str, str]) -> Callable[[str], bool]:
    equals, starts, ends = (tuple(field.get(word) or ()) for word in words)
    return lambda value: value in equals or value.startswith(starts) or value.endswith(ends)


#: Field -> its value in an event, as text; empty where the record has no such element.
_VALUES: dict[str, Callable[[Event], str]] = {
    "eventCategory": lambda event: DATA if event.data else MANAGEMENT,
    "eventName": lambda event: event.operation,
    "eventSource": rules.source,
    "eventType": lambda event: "AwsApiCall",
    "readOnly": lambda event: "true" if event.read_only else "false",
    "userIdentity.arn": lambda event: rules.identity(event).get("arn", ""),
    "errorCode": lambda event: event.error,
    "sessionCredentialFromConsole": lambda event: "",
    "vpcEndpointId": lambda event: "",
}

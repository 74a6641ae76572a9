"""Lifecycle configurations: which ones S3 keeps, in its sentences.

Source: Amazon S3 API Reference, API_PutBucketLifecycleConfiguration.html; User Guide, intro-lifecycle-rules.html and
lifecycle-transition-general-considerations.html (30 days before STANDARD_IA and ONEZONE_IA).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from haar.kit import Call, ServiceError
from haar.services.s3.service import malformed_xml
from haar.services.s3.storage_classes import DAY, DOWNWARDS, SMALL_BYTES

__all__ = ["Chosen", "checked", "chosen"]

RULES_MAX: Final = 1000
ID_CHARS_MAX: Final = 255
NEWER_VERSIONS_MAX: Final = 100
_DAYS_MAX: Final = 2**31 - 1
#: Days that an object waits before it can go to a class, and has to stay in it before it goes on.
_WAITS: Final = {"STANDARD_IA": 30, "ONEZONE_IA": 30}
_TARGETS: Final = frozenset(DOWNWARDS) - {"STANDARD", "REDUCED_REDUNDANCY"}
_MINIMA: Final = ("all_storage_classes_128K", "varies_by_storage_class")
_ACTIONS: Final = (
    "Expiration", "Transitions", "NoncurrentVersionExpiration", "NoncurrentVersionTransitions",
    "AbortIncompleteMultipartUpload",
)  # fmt: skip


class Chosen:
    """What the filter of a rule chooses."""

    __slots__ = ("above", "below", "prefix", "tags")

    def __init__(self, rule: Mapping[str, Any]) -> None:
        given = rule.get("Filter") or {}
        both = given.get("And") or {}
        self.prefix: str = rule.get("Prefix") or given.get("Prefix") or both.get("Prefix") or ""
        tags = both.get("Tags") or ([given["Tag"]] if given.get("Tag") else [])
        self.tags: dict[str, str] = {one["Key"]: one["Value"] for one in tags}
        self.above: int | None = given.get("ObjectSizeGreaterThan", both.get("ObjectSizeGreaterThan"))
        self.below: int | None = given.get("ObjectSizeLessThan", both.get("ObjectSizeLessThan"))

    @property
    def sizes(self) -> bool:
        """Whether it asks for sizes: then the default minimum of transitions does not hold."""
        return self.above is not None or self.below is not None

    def fits(self, name: str, size: int) -> bool:
        """Whether key and size are chosen; tags are another question, because they change."""
        return (
            name.startswith(self.prefix)
            and (self.above is None or size > self.above)
            and (self.below is None or size < self.below)
        )

    def has(self, tags: Mapping[str, str]) -> bool:
        """Whether these tags are chosen."""
        return all(tags.get(name) == value for name, value in self.tags.items())

    def __str__(self) -> str:
        """As S3 names it in its sentences."""
        parts = [f"prefix={self.prefix}", *(f"tag={name}={value}" for name, value in self.tags.items())]
        if self.above is not None:
            parts.append(f"objectsizegreaterthan={self.above}")
        if self.below is not None:
            parts.append(f"objectsizelessthan={self.below}")
        return "(" + ", ".join(parts) + ")"


def chosen(rule: Mapping[str, Any]) -> Chosen:
    """What the filter of a rule chooses."""
    return Chosen(rule)


def checked(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration of a request as it is kept: rules have ids, the minimum is there.

    Raises MalformedXML, InvalidArgument, InvalidRequest.
    """
    rules = (request.get("LifecycleConfiguration") or {}).get("Rules") or []
    if not 1 <= len(rules) <= RULES_MAX:
        raise malformed_xml()
    minimum = request.get("TransitionDefaultMinimumObjectSize") or _MINIMA[0]
    if minimum not in _MINIMA:
        raise _argument("Invalid value for x-amz-transition-default-minimum-object-size header")
    kept = []
    ids: set[str] = set()
    for rule in rules:
        name = rule.get("ID") or call.ports.ids.token(48)
        if len(name) > ID_CHARS_MAX:
            raise _argument(f"ID length should not exceed allowed limit of {ID_CHARS_MAX}")
        if name in ids:
            raise _argument("Rule ID must be unique. Found same ID for more than one rule")
        ids.add(name)
        kept.append({**rule, "ID": name})
    if any("Filter" in rule for rule in kept) and any("Prefix" in rule for rule in kept):
        text = "Base level prefix cannot be used in Lifecycle V2, prefixes are only supported in the Filter."
        raise _request(text)
    for rule in kept:
        _check(rule)
    return {"Rules": kept, "TransitionDefaultMinimumObjectSize": minimum}


def _check(rule: Mapping[str, Any]) -> None:
    if rule.get("Status") not in ("Enabled", "Disabled") or ("Filter" not in rule and "Prefix" not in rule):
        raise malformed_xml()
    _check_filter(rule.get("Filter"))
    meant = Chosen(rule)
    if meant.above is not None and meant.below is not None and meant.above >= meant.below:
        raise _request("'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'")
    if not any(rule.get(action) is not None for action in _ACTIONS):
        raise _request("At least one action needs to be specified in a rule")
    _check_dates(rule, meant)
    _check_expiration(rule, meant)
    for transition in rule.get("Transitions") or []:
        _check_transition(transition, "Days", "Transition")
    for transition in rule.get("NoncurrentVersionTransitions") or []:
        _check_transition(transition, "NoncurrentDays", "NoncurrentVersionTransition")
        _check_newer(transition, "NoncurrentVersionTransition")
    _check_order(rule.get("Transitions") or [], "Days", "Transition", meant)
    _check_order(rule.get("NoncurrentVersionTransitions") or [], "NoncurrentDays", "NoncurrentVersionTransition", meant)
    _check_ends(rule, meant)
    _check_abort(rule, meant)


def _check_filter(given: Mapping[str, Any] | None) -> None:
    if not given:
        return
    both = given.get("And")
    if len([1 for value in given.values() if value is not None]) > 1:
        raise malformed_xml()
    sizes: Iterator[Mapping[str, Any]] = iter((given, both or {}))
    for one in sizes:
        for word in ("ObjectSizeGreaterThan", "ObjectSizeLessThan"):
            if one.get(word) is not None and one[word] < 0:
                raise _request(f"'{word}' should be a positive integer")
    if both is not None:
        tags = both.get("Tags") or []
        if len([1 for name, value in both.items() if name != "Tags" and value is not None]) + len(tags) < 2:
            raise malformed_xml()
        if len({one["Key"] for one in tags}) < len(tags):
            raise _request("Duplicate Tag Keys are not allowed.")


def _check_dates(rule: Mapping[str, Any], meant: Chosen) -> None:
    actions = [*(rule.get("Transitions") or []), *([rule["Expiration"]] if rule.get("Expiration") else [])]
    dated = [one["Date"] for one in actions if one.get("Date") is not None]
    if any(date % DAY for date in dated):
        raise _argument("'Date' must be at midnight GMT")
    if dated and any(one.get("Days") is not None for one in actions):
        text = "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for filter"
        raise _request(f"{text} '{meant}'")


def _check_expiration(rule: Mapping[str, Any], meant: Chosen) -> None:
    given = rule.get("Expiration")
    if given is not None:
        said = [word for word in ("Date", "Days", "ExpiredObjectDeleteMarker") if given.get(word) is not None]
        if len(said) != 1:
            raise malformed_xml()
        if "Days" in said and not 1 <= given["Days"] <= _DAYS_MAX:
            raise _argument("'Days' for Expiration action must be a positive integer")
        if "ExpiredObjectDeleteMarker" in said and meant.tags:
            raise _request("ExpiredObjectDeleteMarker cannot be specified with Tags.")
    given = rule.get("NoncurrentVersionExpiration")
    if given is not None:
        if given.get("NoncurrentDays") is None:
            raise malformed_xml()
        if not 1 <= given["NoncurrentDays"] <= _DAYS_MAX:
            raise _argument("'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer")
        _check_newer(given, "NoncurrentVersionExpiration")


def _check_newer(given: Mapping[str, Any], action: str) -> None:
    newer = given.get("NewerNoncurrentVersions")
    if newer is not None and newer < 1:
        raise _argument(f"'NewerNoncurrentVersions' for {action} action must be a positive integer")
    if newer is not None and newer > NEWER_VERSIONS_MAX:
        text = f"'NewerNoncurrentVersions' for {action} action must be less than or equal to {NEWER_VERSIONS_MAX}"
        raise _argument(text)


def _check_transition(given: Mapping[str, Any], word: str, action: str) -> None:
    target = given.get("StorageClass")
    if target not in _TARGETS:
        raise malformed_xml()
    days = given.get(word)
    if word == "Days" and (days is None) == (given.get("Date") is None):
        raise malformed_xml()
    if word != "Days" and days is None:
        raise malformed_xml()
    if days is not None:
        if not 0 <= days <= _DAYS_MAX:
            raise _argument(f"'{word}' in {action} action must be nonnegative")
        least = _WAITS.get(target, 0)
        if days < least:
            raise _argument(
                f"'{word}' in {action} action must be greater than or equal to {least} for storageClass '{target}'"
            )


def _check_order(given: list[Mapping[str, Any]], word: str, action: str, meant: Chosen) -> None:
    """A class comes once, and an object stays as long in each as that class demands before it goes on."""
    names = [one["StorageClass"] for one in given]
    if len(set(names)) < len(names):
        raise _request(f"'StorageClass' must be different for '{action}' actions in same 'Rule' with filter '{meant}'")
    ordered = sorted(given, key=lambda one: DOWNWARDS.index(one["StorageClass"]))
    for position, later in enumerate(ordered):
        for earlier in ordered[:position]:
            unit = word if word in later and word in earlier else "Date"
            if unit not in later or unit not in earlier:
                continue
            days = _WAITS.get(earlier["StorageClass"], 0)
            to = later["StorageClass"]
            head = f"'{unit}' in the '{action}' action for StorageClass '{to}' for filter '{meant}' must be"
            tail = f"filter '{meant}' in the '{action}' action for StorageClass '{earlier['StorageClass']}'"
            gap = (later[unit] - earlier[unit]) / (DAY if unit == "Date" else 1)
            if days and gap < days:
                raise _argument(f"{head} {days} days more than '{tail}")
            if gap <= 0:
                raise _argument(f"{head} greater than '{tail}")


def _check_ends(rule: Mapping[str, Any], meant: Chosen) -> None:
    """What goes to another class must not have gone for good by then."""
    pairs = (
        ("Expiration", "Transitions", ("Days", "Date"), "Transition"),
        (
            "NoncurrentVersionExpiration",
            "NoncurrentVersionTransitions",
            ("NoncurrentDays",),
            "NoncurrentVersionTransition",
        ),
    )
    for ending, moving, units, action in pairs:
        for unit in units:
            end = (rule.get(ending) or {}).get(unit)
            for one in rule.get(moving) or []:
                if end is not None and one.get(unit) is not None and end <= one[unit]:
                    head = f"'{unit}' in the {ending} action for filter '{meant}' must be greater than"
                    raise _argument(f"{head} '{unit}' in the {action} action")


def _check_abort(rule: Mapping[str, Any], meant: Chosen) -> None:
    given = rule.get("AbortIncompleteMultipartUpload")
    if given is None:
        return
    days = given.get("DaysAfterInitiation")
    if days is None:
        raise malformed_xml()
    if not 1 <= days <= _DAYS_MAX:
        raise _argument("'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer")
    if meant.tags:
        raise _request("AbortIncompleteMultipartUpload cannot be specified with Tags.")
    if meant.sizes:
        raise _request("AbortIncompleteMultipartUpload cannot be specified with Object Size.")


def smallest(minimum: str, target: str) -> int:
    """The least size that a rule without sizes of its own moves to a class, in bytes."""
    return 0 if minimum != _MINIMA[0] and target in ("GLACIER", "DEEP_ARCHIVE") else SMALL_BYTES


def _argument(text: str) -> ServiceError:
    return ServiceError("InvalidArgument", text, status=400)


def _request(text: str) -> ServiceError:
    return ServiceError("InvalidRequest", text, status=400)

"""What Parameter Store decides without looking anywhere: names, labels, values, parameter policies.

Sources: Systems Manager User Guide, sysman-parameter-name-constraints.html, sysman-paramstore-labels.html and
parameter-store-policies.html; API reference of PutParameter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from haar.kit import replace
from haar.services.ssm.resources import Policy
from haar.services.ssm.service import LEVELS_MAX, POLICIES_MAX, VALUE_BYTES_MAX, invalid, ssm

__all__ = ["check_name", "check_path", "check_value", "fits_label", "policies_in", "rescheduled", "split"]

_NAME: Final = re.compile(r"[a-zA-Z0-9_.-]+|(?:/[a-zA-Z0-9_.-]+)+")
_PATH: Final = re.compile(r"/|(?:/[a-zA-Z0-9_.-]+)+/?")
_LABEL: Final = re.compile(r"(?!aws|ssm)[a-zA-Z_.-][a-zA-Z0-9_.-]{0,99}", re.IGNORECASE)
_AMI: Final = re.compile(r"ami-(?:[0-9a-f]{8}|[0-9a-f]{17})")
_NESTED: Final = re.compile(r"\{\{.*\}\}", re.DOTALL)

_SECONDS: Final[Mapping[str, float]] = {"Days": 86_400.0, "Hours": 3_600.0}
_TIERS_PAGE: Final = (
    "https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"
)


# -- names -----------------------------------------------------------------------------------------------------------


def split(value: str) -> tuple[str, str]:
    """Name and selector of what a request reads: `/a/b:3` is `/a/b` and `:3`; ARNs keep their own colons."""
    if ":" not in value:
        return value, ""
    if value.startswith("arn:"):
        head, _, rest = value.partition(":parameter/")
        name, colon, selector = rest.partition(":")
        return f"{head}:parameter/{name}", colon + selector
    name, colon, selector = value.partition(":")
    return name, colon + selector


def check_name(name: str) -> None:
    """Refuse what cannot be the name of a new parameter.

    Raises ValidationException, AccessDeniedException, HierarchyLevelLimitExceededException.
    """
    folded = name.lower()
    is_path = name.count("/") > 1
    if folded.startswith("/aws/"):
        raise ssm.error("AccessDeniedException", f"No access to reserved parameter name: {name}.")
    if not is_path and folded.lstrip("/").startswith(("aws", "ssm")):
        raise invalid('Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).')
    if "/" in name and not name.startswith("/"):
        raise invalid("Parameter name must be a fully qualified name.")
    if _NAME.fullmatch(name) is None or folded.startswith(("/aws", "/ssm")):
        raise invalid(
            'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of '
            "sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the "
            "following 3 symbols .-_"
        )
    if name.count("/") > LEVELS_MAX:
        raise ssm.error(
            "HierarchyLevelLimitExceededException",
            f"A hierarchy can have a maximum of {LEVELS_MAX} levels. Reduce the levels of {name}, and try again.",
        )


def check_path(path: str) -> str:
    """A path to look below, ending in a slash. Raises ValidationException."""
    if _PATH.fullmatch(path) is None:
        raise invalid(
            "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward "
            'slash "/". It can\'t be prefixed with "aws" or "ssm" (case-insensitive). It must use only letters, '
            "numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters "
            'are not allowed. All sub-paths, if specified, must use the forward slash symbol "/". Valid example: '
            "/get/parameters2-/by1./path0_."
        )
    return path if path.endswith("/") else f"{path}/"


def fits_label(label: str) -> bool:
    """Whether a text can be a label: up to 100 letters, digits and .-_, not beginning with a digit, aws or ssm."""
    return _LABEL.fullmatch(label) is not None


# -- values ----------------------------------------------------------------------------------------------------------


def check_value(value: str, *, kind: str, tier: str, pattern: str, data_type: str) -> None:
    """Refuse a value that its type, tier, pattern or data type does not let through.

    Raises ValidationException, InvalidAllowedPatternException, ParameterPatternMismatchException.
    """
    if not value:
        raise invalid(
            "1 validation error detected: Value '' at 'value' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1."
        )
    most = VALUE_BYTES_MAX[tier]
    if len(value.encode()) > most:
        way_out = (
            "To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. "
            if tier == "Standard"
            else ""
        )
        raise invalid(
            f"{tier} tier parameters support a maximum parameter value of {most} characters. {way_out}"
            f"For more information, see {_TIERS_PAGE}"
        )
    if _NESTED.search(value):
        raise invalid('Parameter value can\'t nest another parameter. Do not use "{{}}" in the value.')
    if pattern:
        try:
            matched = re.fullmatch(pattern, value)
        except re.error as error:
            raise ssm.error(
                "InvalidAllowedPatternException", f"The regular expression {pattern} is not valid: {error}."
            ) from None
        if matched is None:
            raise ssm.error(
                "ParameterPatternMismatchException",
                f"Parameter value, cannot be validated against allowedPattern: {pattern}",
            )
    if data_type == "aws:ec2:image" and (kind != "String" or _AMI.fullmatch(value) is None):
        raise invalid(
            f"The parameter value {value} does not match the data type aws:ec2:image: it must be the ID of an AMI, "
            "and the parameter must be of type String."
        )


# -- parameter policies ----------------------------------------------------------------------------------------------


def policies_in(text: str, changed_at: float) -> list[Policy]:
    """The policies of a `Policies` member; none for an empty array, which takes away those there are.

    Raises ValidationException, PoliciesLimitExceededException, InvalidPolicyTypeException,
    InvalidPolicyAttributeException, IncompatiblePolicyException.
    """
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if isinstance(given, dict):
        given = [given]
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise invalid("Invalid policies input: expecting a JSON array of policies.")
    given = [one for one in given if one]
    if len(given) > POLICIES_MAX:
        raise ssm.error(
            "PoliciesLimitExceededException",
            f"You specified more than the maximum number of allowed policies for the parameter. "
            f"The maximum is {POLICIES_MAX}.",
        )
    kinds = [one.get("Type") for one in given]
    for one in given:
        _check_policy(one)
    if kinds.count("Expiration") > 1:
        raise ssm.error("IncompatiblePolicyException", "A parameter can have one Expiration policy only.")
    if "ExpirationNotification" in kinds and "Expiration" not in kinds:
        raise ssm.error(
            "IncompatiblePolicyException", "An ExpirationNotification policy needs an Expiration policy beside it."
        )
    made = [Policy(json.dumps(one, separators=(",", ":")), str(one["Type"]), 0.0) for one in given]
    return rescheduled(made, changed_at)


def rescheduled(policies: list[Policy], changed_at: float) -> list[Policy]:
    """Policies with the instants they are due when the parameter was last changed at one; all are pending again."""
    attributes = [json.loads(one.text)["Attributes"] for one in policies]
    ends = next(
        (_instant(own["Timestamp"]) for one, own in zip(policies, attributes, strict=True) if one.kind == "Expiration"),
        0.0,
    )
    due: list[Policy] = []
    for one, own in zip(policies, attributes, strict=True):
        if one.kind == "Expiration":
            at = ends
        elif one.kind == "ExpirationNotification":
            at = ends - int(own["Before"]) * _SECONDS[own["Unit"]]
        else:
            at = changed_at + int(own["After"]) * _SECONDS[own["Unit"]]
        # a notice about the expiration was given once; a change of the value does not give it again
        status = one.status if one.kind == "ExpirationNotification" and one.due_at == at else "Pending"
        due.append(replace(one, due_at=at, status=status))
    return due


def _check_policy(policy: Mapping[str, Any]) -> None:
    kind = policy.get("Type")
    wanted = {
        "Expiration": ("Timestamp",),
        "ExpirationNotification": ("Before", "Unit"),
        "NoChangeNotification": ("After", "Unit"),
    }.get(kind if isinstance(kind, str) else "")
    if wanted is None:
        raise ssm.error(
            "InvalidPolicyTypeException",
            "The policy type is not supported. Parameter Store supports the following policy types: "
            "Expiration, ExpirationNotification, and NoChangeNotification.",
        )
    if policy.get("Version") != "1.0":
        raise _bad_attribute(f"The policy {kind} must have the version 1.0.")
    attributes = policy.get("Attributes")
    if not isinstance(attributes, dict) or {*attributes} != {*wanted}:
        raise _bad_attribute(f"The policy {kind} must have the attributes {', '.join(wanted)}.")
    if kind == "Expiration":
        _instant(attributes["Timestamp"])
        return
    if attributes["Unit"] not in _SECONDS:
        raise _bad_attribute(f"The unit of the policy {kind} must be Days or Hours.")
    number = str(attributes[wanted[0]])
    if not (number.isascii() and number.isdigit() and 0 < int(number) < 100_000):
        raise _bad_attribute(f"{wanted[0]} of the policy {kind} must be a positive number.")


def _instant(text: Any) -> float:
    """Seconds since 1970 of an ISO instant, or of a date and time with an offset."""
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        found = None
    if found is None or found.tzinfo is None:
        raise _bad_attribute("The Timestamp must be in ISO_INSTANT or ISO_OFFSET_DATE_TIME format.")
    return found.timestamp()


def _bad_attribute(message: str) -> Exception:
    return ssm.error("InvalidPolicyAttributeException", message)

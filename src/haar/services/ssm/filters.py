"""Filters of DescribeParameters and GetParametersByPath: which there are, and what they let through.

Source: API reference, API_ParameterStringFilter.html.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from haar.services.ssm.resources import Parameter
from haar.services.ssm.rules import check_path
from haar.services.ssm.service import ssm

__all__ = ["bounds", "check_describing_filters", "check_path_filters", "label_among", "matches", "matches_path"]

Filter = Mapping[str, Any]

#: The options of each key of DescribeParameters; the first is meant where none is given.
_DESCRIBING: Final[Mapping[str, tuple[str, ...]]] = {
    "Path": ("OneLevel", "Recursive"),
    "Name": ("Equals", "BeginsWith", "Contains"),
    "Type": ("Equals", "BeginsWith"),
    "KeyId": ("Equals", "BeginsWith"),
    "Tier": ("Equals",),
    "DataType": ("Equals", "BeginsWith"),
}
_TAG: Final = ("Equals", "BeginsWith")
#: The same for GetParametersByPath.
_BY_PATH: Final[Mapping[str, tuple[str, ...]]] = {
    "Type": ("Equals", "BeginsWith"),
    "KeyId": ("Equals", "BeginsWith"),
    "Label": ("Equals",),
}
_ENUMERATED: Final[Mapping[str, tuple[str, ...]]] = {
    "Type": ("String", "StringList", "SecureString"),
    "Tier": ("Standard", "Advanced", "Intelligent-Tiering"),
}


def check_describing_filters(filters: Sequence[Filter]) -> None:
    """Refuse filters that DescribeParameters does not know.

    Raises InvalidFilterKey, InvalidFilterOption, InvalidFilterValue, ValidationException.
    """
    _check(filters, _DESCRIBING, tags=True)
    for one in filters:
        if one["Key"] == "Path":
            for path in one["Values"]:
                check_path(path)


def check_path_filters(filters: Sequence[Filter]) -> None:
    """The same for GetParametersByPath."""
    _check(filters, _BY_PATH, tags=False)


def _check(filters: Sequence[Filter], known: Mapping[str, tuple[str, ...]], *, tags: bool) -> None:
    seen: set[str] = set()
    for one in filters:
        key, option, values = one["Key"], one.get("Option"), one.get("Values") or []
        options = _TAG if tags and key.startswith("tag:") else known.get(key)
        if options is None:
            raise ssm.error(
                "InvalidFilterKey",
                f"The following filter key is not valid: {key}. Valid filter keys include: [{', '.join(known)}].",
            )
        if key in seen:
            raise ssm.error("InvalidFilterKey", f"The following filter key is given more than once: {key}.")
        seen.add(key)
        if not values and not key.startswith("tag:"):
            raise ssm.error(
                "InvalidFilterValue", f"The following filter values are missing : null for filter key {key}."
            )
        if option is not None and option not in options:
            raise ssm.error(
                "InvalidFilterOption",
                f"The following filter option is not valid: {option}. Valid options include: [{', '.join(options)}].",
            )
        allowed = _ENUMERATED.get(key)
        wrong = [value for value in values if allowed and option != "BeginsWith" and value not in allowed]
        if wrong:
            raise ssm.error(
                "InvalidFilterValue",
                f"The following filter value is not valid: {wrong[0]}. Valid values include: "
                f"[{', '.join(allowed or ())}].",
            )


def matches(parameter: Parameter, filters: Sequence[Filter]) -> bool:
    """Whether every filter lets a parameter through; a filter does when one of its values fits."""
    return all(_matches(parameter, one) for one in filters)


def matches_path(parameter: Parameter, filters: Sequence[Filter]) -> bool:
    """The same for GetParametersByPath, whose filters know labels."""
    return all(
        label_among(parameter, [one]) != "" if one["Key"] == "Label" else _matches(parameter, one) for one in filters
    )


def label_among(parameter: Parameter, filters: Sequence[Filter]) -> str:
    """The first label of a parameter that a filter asks for; empty when it has none of them, or none is asked for."""
    wanted = (label for one in filters if one["Key"] == "Label" for label in one.get("Values") or ())
    return next((label for label in wanted if label in parameter.labels), "")


def _matches(parameter: Parameter, one: Filter) -> bool:
    key, values = one["Key"], one.get("Values") or []
    if key.startswith("tag:"):
        tag = parameter.tags.get(key[4:])
        return tag is not None and (not values or _fits(tag, one.get("Option", "Equals"), values))
    option = one.get("Option") or _DESCRIBING[key][0]
    if key == "Path":
        return any(_is_below(parameter.name, path, recursive=option == "Recursive") for path in values)
    content = parameter.content
    shown = {
        "Name": parameter.name,
        "Type": content.type,
        "KeyId": content.key_id,
        "Tier": content.tier,
        "DataType": content.data_type,
    }
    return _fits(shown[key], option, values)


def _fits(text: str, option: str, values: Sequence[str]) -> bool:
    if option == "Equals":
        return text in values
    if option == "BeginsWith":
        return text.startswith(tuple(values))
    return any(value in text for value in values)


def _is_below(name: str, path: str, *, recursive: bool) -> bool:
    head = path if path.endswith("/") else f"{path}/"
    if head != "/" and not name.startswith(head):
        return False
    rest = name.removeprefix(head)
    return recursive or "/" not in rest


def bounds(filters: Sequence[Filter]) -> dict[str, Any]:
    """The narrowest range of names in which everything lies that filters let through."""
    for one in filters:
        key, option, values = one["Key"], one.get("Option"), one["Values"] if one.get("Values") else []
        if len(values) != 1:
            continue
        if key == "Name" and option in (None, "Equals"):
            return {"start": values[0], "stop": values[0]}
        if key == "Name" and option == "BeginsWith":
            return {"start": values[0], "stop": f"{values[0]}\x7f"}
        if key == "Path" and values[0] != "/":
            head = values[0] if values[0].endswith("/") else f"{values[0]}/"
            return {"start": head, "stop": f"{head}\x7f"}
    return {}

"""Laws of merging management policies, whatever they say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from haar.services.organizations.inheritance import ALLOWED, is_sound, merge

pytestmark = pytest.mark.documented("https://docs.aws.amazon.com/organizations/latest/userguide/policy-operators.html")

VALUES = some.lists(some.sampled_from("abcd"), min_size=1, max_size=3, unique=True)
CONTROL = some.lists(some.sampled_from(["@@all", "@@none", "@@assign", "@@append", "@@remove"]), max_size=2)
SETTING = some.fixed_dictionaries(
    {}, optional={"@@assign": VALUES, "@@append": VALUES, "@@remove": VALUES, ALLOWED: CONTROL}
)
GROUP = some.dictionaries(some.sampled_from(["x", "y"]), SETTING, max_size=2)
DOCUMENT = GROUP.map(lambda group: json.dumps({"tags": group}))
LEVELS = some.lists(some.lists(DOCUMENT, max_size=2), max_size=4)


def operators(value: Any) -> bool:
    if isinstance(value, dict):
        return any(name.startswith("@@") or operators(inner) for name, inner in value.items())
    return False


@given(LEVELS)
def test_what_is_merged_has_no_operators_left(levels: list[list[str]]) -> None:
    assert all(is_sound(text, "tags") for level in levels for text in level)
    assert not operators(merge(levels))


@given(VALUES, LEVELS)
def test_a_locked_setting_is_what_the_root_says(values: list[str], lower: list[list[str]]) -> None:
    locked = json.dumps({"tags": {"x": {"@@assign": values, ALLOWED: ["@@none"]}}})
    merged = merge([[locked], *lower])
    assert merged is not None
    assert merged["tags"]["x"] == values


@given(LEVELS, VALUES)
def test_the_lowest_level_decides_where_nothing_is_restricted(levels: list[list[str]], values: list[str]) -> None:
    free = [[text for text in level if ALLOWED not in text] for level in levels]
    last = json.dumps({"tags": {"x": {"@@assign": values}}})
    merged = merge([*free, [last]])
    assert merged is not None
    assert merged["tags"]["x"] == values


@given(LEVELS)
def test_nothing_is_said_twice(levels: list[list[str]]) -> None:
    merged = merge(levels) or {"tags": {}}
    assert all(len(values) == len(set(values)) for values in merged["tags"].values())

"""Which services a set of policies lets somebody reach: permissions policies alone, as last-accessed data counts.

Resources and conditions are not looked at: a service is reachable when some action of it is. A denial counts when it
takes the whole service away.
Source: IAM API Reference, API_GetServiceLastAccessedDetails.html.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from haar.catalog import actions


@cache
def name_of(namespace: str) -> str:
    """A service's name as people write it, such as `Amazon SQS` for `sqs`."""
    found = actions.service(namespace)
    return found.name if found else namespace


def services(texts: Iterable[str]) -> set[str]:
    """The namespaces of the services that documents grant anything of, together."""
    reachable: set[str] = set()
    lost: set[str] = set()
    for text in texts:
        for statement in _list(json.loads(text).get("Statement", ())):
            if statement.get("Effect") == "Allow":
                reachable |= _some_of(statement)
            elif "Condition" not in statement and "*" in _list(statement.get("Resource", ())):
                lost |= _all_of(statement)
    return reachable - lost


def _some_of(statement: Mapping[str, Any]) -> set[str]:
    """Services of which a statement names at least one action."""
    if "NotAction" in statement:
        return set(actions.prefixes()) - _whole(_list(statement["NotAction"]))
    found: set[str] = set()
    for action in _list(statement.get("Action", ())):
        if action == "*":
            return set(actions.prefixes())
        found.add(action.partition(":")[0].lower())
    return found


def _all_of(statement: Mapping[str, Any]) -> set[str]:
    """Services of which a statement names every action."""
    if "NotAction" in statement:
        named = {action.partition(":")[0].lower() for action in _list(statement["NotAction"])}
        return set() if "*" in named else set(actions.prefixes()) - named
    return _whole(_list(statement.get("Action", ())))


def _whole(patterns: list[str]) -> set[str]:
    if any(pattern in ("*", "*:*") for pattern in patterns):
        return set(actions.prefixes())
    return {pattern.partition(":")[0].lower() for pattern in patterns if pattern.endswith(":*")}


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]

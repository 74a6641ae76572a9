"""Management policies: from the documents above an account to the one that is in force there.

`merge(levels)` takes the documents of each level, from the root down, those of one level in the order in which they
were attached. Every setting of a document is written with operators:

| operator | means |
|---|---|
| `@@assign` | the setting is this, whatever it was |
| `@@append` | these are added to the list |
| `@@remove` | these are taken out of the list |
| `@@operators_allowed_for_child_policies` | what lower levels may do with this setting; `@@all`, `@@none` or a list |

* What a level forbids, no level below allows again; of policies on one level the intersection counts.
* On one level the policy attached first assigns; a later one cannot overwrite it.
* On a group of settings, a lower level needs `@@assign` to add a setting to the group.

Source: Organizations User Guide, policy-operators.html and inheritance-examples.html.
"""

from __future__ import annotations

import json
from typing import Any

ALLOWED = "@@operators_allowed_for_child_policies"
_SETTING = frozenset({"@@assign", "@@append", "@@remove"})
_EVERYTHING = frozenset(_SETTING)
_WORDS = _SETTING | {"@@all", "@@none"}


class _Setting:
    """A setting or a group of settings, while it is being merged."""

    __slots__ = ("allowed", "assigned", "members", "narrowed", "value")

    def __init__(self) -> None:
        self.value: Any = None
        self.members: dict[str, _Setting] = {}
        #: what the levels above let this one do, and what this one lets those below do
        self.allowed = self.narrowed = _EVERYTHING
        #: whether a policy of this level has already assigned it
        self.assigned = False

    def begin_level(self) -> None:
        self.allowed &= self.narrowed
        self.assigned = False
        for member in self.members.values():
            member.begin_level()

    def apply(self, document: dict[str, Any]) -> None:
        if ALLOWED in document:
            self.narrowed = self.narrowed & allowed_words(document[ALLOWED])
        if "@@assign" in document and "@@assign" in self.allowed and not self.assigned:
            self.value = document["@@assign"]
            self.assigned = True
        if "@@append" in document and "@@append" in self.allowed:
            have = self.value if isinstance(self.value, list) else []
            self.value = have + [item for item in _list(document["@@append"]) if item not in have]
        if "@@remove" in document and "@@remove" in self.allowed and isinstance(self.value, list):
            gone = _list(document["@@remove"])
            self.value = [item for item in self.value if item not in gone]
        for name, inner in document.items():
            if name.startswith("@@") or not isinstance(inner, dict):
                continue
            member = self.members.get(name)
            if member is None:
                if "@@assign" not in self.allowed:
                    continue
                member = self.members[name] = _Setting()
            member.apply(inner)

    def shown(self) -> Any:
        """The plain value; None when nothing is set."""
        if self.value is not None:
            # a list from which everything was removed is no setting any more
            return None if self.value == [] else self.value
        found = {name: member.shown() for name, member in self.members.items()}
        return {name: value for name, value in found.items() if value is not None} or None


def merge(levels: list[list[str]]) -> dict[str, Any] | None:
    """The document in force, from the documents of each level, from the root down; None when there is none."""
    top = _Setting()
    for texts in levels:
        top.begin_level()
        for text in texts:
            top.apply(json.loads(text))
    shown = top.shown()
    return shown if isinstance(shown, dict) else None


def allowed_words(words: Any) -> frozenset[str]:
    """The operators that a child control operator leaves."""
    given = set(_list(words))
    if "@@all" in given:
        return _EVERYTHING
    return _SETTING & given


def is_sound(text: str, element: str) -> bool:
    """Whether a document can be a management policy: JSON, its outermost element, and operators used as they may be."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if not isinstance(document, dict) or not document or (element and set(document) != {element}):
        return False
    return _is_sound(document, outermost=True)


def _is_sound(document: dict[str, Any], *, outermost: bool = False) -> bool:
    for name, value in document.items():
        if name == ALLOWED:
            if not isinstance(value, list) or not _WORDS.issuperset(str(word) for word in value):
                return False
        elif name in ("@@append", "@@remove"):
            if not isinstance(value, list):
                return False
        elif name == "@@assign":
            if isinstance(value, dict):
                return False
        elif name.startswith("@@") or not isinstance(value, dict) or not _is_sound(value):
            return False
    return not (outermost and any(name.startswith("@@") and name != ALLOWED for name in document))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]

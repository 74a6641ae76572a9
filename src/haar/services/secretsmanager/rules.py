"""What Secrets Manager decides without looking at anything: filters, public policies, passwords."""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from haar.services.secretsmanager.resources import Secret

if TYPE_CHECKING:
    from haar.ids import Ids

__all__ = ["alphabets", "is_public", "password", "selects"]

# --- filters ----------------------------------------------------------------------------------------------------------
# docs: API Reference, API_Filter.html. A value matches what begins with it; `!` before it turns that round.


def selects(filters: Iterable[Mapping[str, Any]]) -> Callable[[Secret], bool]:
    """What tells whether a secret passes all filters."""
    wanted = [(_FIELDS[one["Key"]], one.get("Values") or []) for one in filters if one.get("Key")]
    return lambda secret: all(_passes(secret, field, values) for field, values in wanted)


def _passes(secret: Secret, field: Callable[[Secret, str], bool], values: list[str]) -> bool:
    """Whether one of the values matches, and none of those that are turned round does."""
    plain = [value for value in values if not value.startswith("!")]
    if any(field(secret, value[1:]) for value in values if value.startswith("!")):
        return False
    return not plain or any(field(secret, value) for value in plain)


def _name(secret: Secret, value: str) -> bool:
    return secret.name.startswith(value)


def _description(secret: Secret, value: str) -> bool:
    return _begins_words(secret.description, value.lower())


def _tag_key(secret: Secret, value: str) -> bool:
    return any(name.startswith(value) for name in secret.tags)


def _tag_value(secret: Secret, value: str) -> bool:
    return any(text.startswith(value) for text in secret.tags.values())


def _primary_region(secret: Secret, value: str) -> bool:
    return secret.primary_region.startswith(value) if secret.primary_region else False


def _owning_service(secret: Secret, value: str) -> bool:
    return False  # no secret here is another service's


def _all(secret: Secret, value: str) -> bool:
    """Whether every word of the value begins a word somewhere; case does not matter."""
    texts = (secret.name, secret.description, secret.primary_region, *secret.tags, *secret.tags.values())
    return all(any(_begins_words(text, word) for text in texts) for word in value.lower().split())


def _begins_words(text: str, value: str) -> bool:
    """Whether a text in lower case begins with a value, at its own beginning or at that of a word in it."""
    lowered = text.lower()
    at = lowered.find(value)
    while at >= 0:
        if at == 0 or not lowered[at - 1].isalnum():
            return True
        at = lowered.find(value, at + 1)
    return False


_FIELDS: Final[Mapping[str, Callable[[Secret, str], bool]]] = {
    "name": _name,
    "description": _description,
    "tag-key": _tag_key,
    "tag-value": _tag_value,
    "primary-region": _primary_region,
    "owning-service": _owning_service,
    "all": _all,
}

# --- policies ---------------------------------------------------------------------------------------------------------

#: Keys that pin callers down when they are compared with fixed values.
_PINNING: Final = frozenset(
    (
        "aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:sourceaccount",
        "aws:sourcearn", "aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:userid", "aws:vpcsourceip",
    )
)  # fmt: skip
_EQUALITIES: Final = frozenset(
    ("stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress")
)


def is_public(text: str) -> bool:
    """Whether a sound policy lets in anybody, and no condition pins down who that is."""
    statements = json.loads(text)["Statement"]
    return any(_opens(one) for one in _several(statements))


def _opens(statement: Mapping[str, Any]) -> bool:
    if statement["Effect"] != "Allow":
        return False
    who = statement.get("Principal")
    named = who if isinstance(who, str) else _several((who or {}).get("AWS", ()))
    if "NotPrincipal" not in statement and "*" not in named:
        return False
    for operator, keys in (statement.get("Condition") or {}).items():
        # what also holds where the key is missing pins nobody down
        if operator.lower().removeprefix("foranyvalue:") not in _EQUALITIES:
            continue
        if any(name.lower() in _PINNING and _are_fixed(values) for name, values in keys.items()):
            return False
    return True


def _are_fixed(values: Any) -> bool:
    return all(str(value) not in ("*", "0.0.0.0/0", "::/0") and "${" not in str(value) for value in _several(values))


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


# --- passwords --------------------------------------------------------------------------------------------------------

_KINDS: Final = (
    ("ExcludeLowercase", string.ascii_lowercase),
    ("ExcludeUppercase", string.ascii_uppercase),
    ("ExcludeNumbers", string.digits),
    ("ExcludePunctuation", string.punctuation),
)


def alphabets(request: Mapping[str, Any]) -> list[str]:
    """The kinds of characters that a password may have, each without those that are excluded."""
    excluded = set(request.get("ExcludeCharacters") or "")
    kinds = [letters for flag, letters in _KINDS if not request.get(flag)]
    if request.get("IncludeSpace"):
        kinds.append(" ")
    return ["".join(letter for letter in letters if letter not in excluded) for letters in kinds]


def password(kinds: list[str], length: int, ids: Ids, *, each: bool) -> str:
    """So many characters out of `kinds`, with `each` one of every kind at least.

    The caller sees to it that there is room for each.
    """
    letters = [ids.token(1, kind) for kind in kinds] if each else []
    letters += ids.token(length - len(letters), "".join(kinds))
    # in an order that nobody knows: otherwise it would be plain which kind stands first
    return "".join(sorted(letters, key=lambda _: ids.bytes(8)))

"""Documents of AWS-managed policies, written from what the IAM reference says today.

A pattern such as `sqs:Get*` stands where every action of a service that begins with the word belongs to the
policy; else the actions are named one by one. So a policy grants exactly the actions of its access levels.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from haar.catalog import actions

if TYPE_CHECKING:
    from haar.services.iam.managed.register import Entry

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[A-Z]")
#: Read actions that hand out secrets or new credentials; reading everything does not include them.
_SECRET = frozenset(
    {
        "cognito-identity:GetCredentialsForIdentity", "cognito-identity:GetId", "cognito-identity:GetOpenIdToken",
        "connect:GetFederationToken", "ecr:GetAuthorizationToken", "lightsail:GetInstanceAccessDetails",
        "redshift:GetClusterCredentials", "redshift:GetClusterCredentialsWithIAM", "secretsmanager:BatchGetSecretValue",
        "secretsmanager:GetSecretValue", "sts:AssumeRole", "sts:GetFederationToken", "sts:GetSessionToken",
    }
)  # fmt: skip
#: What an auditor looks at, beyond what can be listed or described: configuration, never data.
_SETTINGS = re.compile(
    r"(Get|BatchGet|Lookup|Check)\w*?(Acl|Alias|Attribute|Certificate|Config|Credential|Cors|Detector|Distribution|"
    r"Domain|Encryption|Endpoint|Finding|Function|Group|Lifecycle|Limit|Location|Logging|Notification|Permission|"
    r"Policy|Policies|Preference|Profile|Propert|Replication|Report|Role|Rotation|Rule|Schedule|Setting|Status|"
    r"Summary|Tag|Trail|User|Version|Website)\w*"
)


def document(entry: Entry) -> str:
    """The JSON of a register entry, formatted as the console shows policies."""
    statements = []
    for statement in entry.statements:
        written: dict[str, Any] = {"Effect": statement.get("Effect", "Allow")}
        if "NotAction" in statement:
            written["NotAction"] = list(statement["NotAction"])
        else:
            names = _spelled(statement["Action"])
            written["Action"] = names[0] if len(names) == 1 else names
        written["Resource"] = statement.get("Resource", "*")
        if "Condition" in statement:
            written["Condition"] = statement["Condition"]
        statements.append(written)
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=4)


def _spelled(wanted: Iterable[str]) -> list[str]:
    """The actions of a statement; `read(sqs)`, `read(*)`, `list(*)` and `audit(*)` are worked out."""
    found: list[str] = []
    for item in wanted:
        rule, bracket, rest = item.partition("(")
        if not bracket:
            found.append(item)
            continue
        belongs = _RULES[rule]
        for prefix in actions.prefixes() if rest == "*)" else (rest[:-1],):
            found += compact(prefix, belongs)
    return list(dict.fromkeys(found))


def compact(prefix: str, belongs: Callable[[str, actions.Action], bool]) -> list[str]:
    """The shortest fair patterns for those actions of a service that belong."""
    service = actions.service(prefix)
    if service is None:
        return []
    names = {name: belongs(prefix, action) for name, action in service.actions.items()}
    words: dict[str, list[str]] = {}
    for name, inside in names.items():
        if inside:
            match = _WORD.match(name)
            words.setdefault(match[0] if match else name, []).append(name)
    patterns: list[str] = []
    for word, inside_names in words.items():
        if len(inside_names) > 1 and all(inside for name, inside in names.items() if name.startswith(word)):
            patterns.append(f"{prefix}:{word}*")
        else:
            patterns += [f"{prefix}:{name}" for name in inside_names]
    return patterns


def _reads(prefix: str, action: actions.Action) -> bool:
    return action.access_level in ("Read", "List") and f"{prefix}:{action.name}" not in _SECRET


def _lists(prefix: str, action: actions.Action) -> bool:
    return action.access_level == "List" or (action.access_level == "Read" and action.name.startswith("Describe"))


def _audits(prefix: str, action: actions.Action) -> bool:
    return _lists(prefix, action) or (_reads(prefix, action) and _SETTINGS.fullmatch(action.name) is not None)


_RULES: dict[str, Callable[[str, actions.Action], bool]] = {"read": _reads, "list": _lists, "audit": _audits}

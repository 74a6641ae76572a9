"""Bucket policies: what may be stored as one, in S3's sentences.

Source: Amazon S3 User Guide, bucket-policies.html; S3 API Reference, API_PutBucketPolicy.html; the actions, resource
types and condition keys are those of the Service Authorization Reference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from haar.kit import Principal, ServiceError
from haar.services.s3.resources import account_of

if TYPE_CHECKING:
    from haar.kit import Call

POLICY_BYTES_MAX: Final = 20 * 1024
_VERSIONS: Final = ("2012-10-17", "2008-10-17")
_FIELDS: Final = frozenset(("Version", "Id", "Statement"))
_REQUIRED: Final = (("Effect",), ("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource"))
_KNOWN: Final = frozenset(("Sid", "Condition", *(name for names in _REQUIRED for name in names)))
_BUCKET_TYPES: Final = frozenset(("bucket", "accesspoint"))
_OBJECT_TYPES: Final = frozenset(("object", "accesspointobject"))


def malformed(message: str, detail: str = "") -> ServiceError:
    """MalformedPolicy, with what exactly is wrong where S3 says it."""
    return ServiceError("MalformedPolicy", message, status=400, members={"Detail": detail} if detail else {})


def check(call: Call, text: str, arns: tuple[str, str]) -> str:
    """Refuse what S3 would not store as a policy of a resource; the text as it is kept.

    `arns` are the resource's own ARN and what the ARNs of the objects in it begin with. Canonical user ids come back
    as the accounts they stand for, as on AWS. Raises MalformedPolicy, PolicyTooLarge.
    """
    if len(text.encode()) > POLICY_BYTES_MAX:
        words = f"Normalized policy document exceeds the maximum allowed size of {POLICY_BYTES_MAX} bytes."
        raise ServiceError("PolicyTooLarge", words, status=400)
    document = _read(text)
    statements = document["Statement"]
    statements = statements if isinstance(statements, list) else [statements]
    if not statements:
        raise malformed("Could not parse the policy: Statement is empty!")
    for statement in statements:
        _check(statement, arns)
    rewritten = sum(_without_canonical(one) for one in statements)
    kept = json.dumps(document, separators=(",", ":")) if rewritten else text
    try:
        call.ports.policies.validate(kept, "resource")
    except ServiceError as error:
        if error.message.startswith("Invalid principal"):
            raise malformed("Invalid principal in policy", error.message.partition(": ")[2]) from None
        raise malformed(error.message) from None
    for kind, name in call.ports.policies.principals(kept):
        if kind == "AWS" and not _exists(call, name):
            raise malformed("Invalid principal in policy", f'"AWS" : "{name}"')
    return kept


def _read(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or not text.startswith("{"):
        raise malformed("Policies must be valid JSON and the first byte must be '{'")
    for name in document:
        if name not in _FIELDS:
            raise malformed(f"Unknown field {name}", name)
    if "Statement" not in document:
        raise malformed("Missing required field Statement", "Statement")
    if "Version" in document and document["Version"] not in _VERSIONS:
        raise malformed("The policy must contain a valid version string")
    return document


def _check(statement: Any, arns: tuple[str, str]) -> None:
    if not isinstance(statement, dict):
        raise malformed("Invalid policy syntax.")
    for name in statement:
        if name not in _KNOWN:
            raise malformed(f"Unknown field {name}", name)
    for names in _REQUIRED:
        if not any(name in statement for name in names):
            raise malformed(f"Missing required field {names[0]}", names[0])
    if statement["Effect"] not in ("Allow", "Deny"):
        raise malformed(f"Invalid effect: {statement['Effect']}")
    actions = _strings(statement.get("Action", statement.get("NotAction")))
    resources = _strings(statement.get("Resource", statement.get("NotResource")))
    for resource in resources:
        if not _is_ours(resource, arns):
            raise malformed("Policy has invalid resource", resource)
    for action in actions:
        found = list(_meant(action))
        if not found:
            raise malformed("Policy has invalid action", action)
        if "Action" in statement and "Resource" in statement and not _applies(found, resources, arns):
            raise malformed("Action does not apply to any resource(s) in statement")
    for keys in (statement.get("Condition") or {}).values():
        for name in keys if isinstance(keys, dict) else ():
            if not _is_key(name):
                raise malformed("Policy has an invalid condition key", name)


def _strings(value: Any) -> list[str]:
    found = value if isinstance(value, list) else [value]
    if not found or not all(isinstance(one, str) for one in found):
        raise malformed("Invalid policy syntax.")
    return found


def _is_ours(resource: str, arns: tuple[str, str]) -> bool:
    """Whether a pattern of resources can mean this resource or what is in it, and nothing that is plainly elsewhere."""
    own, inside = arns
    if resource == own or resource.startswith(inside):
        return True
    # a policy variable or a wildcard in the name may stand for this bucket
    head = resource.split("/", 1)[0] if own.count("/") == 0 else resource
    if not set(head) & {"*", "?"} or head == "*" or not head.startswith("arn:"):
        return False
    return fnmatchcase(own, head) or fnmatchcase(inside + "x", resource)


@cache
def _types_of_actions() -> dict[str, frozenset[str]]:
    from haar.catalog import actions

    known = actions.service("s3")
    assert known is not None
    return {f"s3:{name}".lower(): frozenset(kind for kind, _ in one.resources) for name, one in known.actions.items()}


@cache
def _condition_keys() -> frozenset[str]:
    from haar.catalog import actions

    known = actions.service("s3")
    assert known is not None
    return frozenset(re.split(r"[<$]", name.lower())[0] for name in known.condition_keys)


def _meant(action: str) -> Iterator[frozenset[str]]:
    """The resource types of every action of S3 that a pattern means."""
    lowered = action.lower()
    known = _types_of_actions()
    if lowered == "*":
        yield from known.values()
    elif "*" in lowered or "?" in lowered:
        yield from (types for name, types in known.items() if fnmatchcase(name, lowered.replace("[", "[[]")))
    elif lowered in known:
        yield known[lowered]


def _applies(found: list[frozenset[str]], resources: list[str], arns: tuple[str, str]) -> bool:
    own, inside = arns
    for types in found:
        for resource in resources:
            # a wildcard at the end of the bucket's name matches what is in it, too
            is_object = resource.startswith(inside) or "/" in resource.removeprefix(own) or resource.endswith("*")
            is_bucket = not resource.startswith(inside) and (resource == own or "*" in resource or "?" in resource)
            if (is_object and types & _OBJECT_TYPES) or (is_bucket and types & _BUCKET_TYPES):
                return True
    return False


def _is_key(name: str) -> bool:
    lowered = name.lower()
    if not lowered.startswith("s3:"):
        return ":" in lowered
    known = _condition_keys()
    return lowered in known or f"{lowered.partition('/')[0]}/" in known


def _without_canonical(statement: dict[str, Any]) -> bool:
    """Turn the canonical user ids of a statement into accounts; whether there were any. Raises MalformedPolicy."""
    changed = False
    for element in ("Principal", "NotPrincipal"):
        principal = statement.get(element)
        if not isinstance(principal, dict) or "CanonicalUser" not in principal:
            continue
        accounts = []
        for name in _strings(principal["CanonicalUser"]):
            account = account_of(name)
            if account is None:
                raise malformed("Invalid principal in policy", f'"CanonicalUser" : "{name}"')
            accounts.append(f"arn:aws:iam::{account}:root")
        rest: Mapping[str, Any] = {kind: names for kind, names in principal.items() if kind != "CanonicalUser"}
        listed = [*_strings(rest["AWS"]), *accounts] if "AWS" in rest else accounts
        statement[element] = {**rest, "AWS": listed[0] if len(listed) == 1 else listed}
        changed = True
    return changed


def _exists(call: Call, name: str) -> bool:
    """Whether a user or role that is named by its ARN is there; every account is."""
    kind = "user" if ":user/" in name else "role" if ":role/" in name else ""
    if not kind or not name.startswith("arn:"):
        return True
    identities = call.ports.port("identities")
    if kind == "role":
        return identities.role(call.tx, name) is not None
    account, path = name.split(":", 5)[4:]
    user = Principal(kind="user", account=account, arn=name, name=path.rpartition("/")[2])
    return identities.grants(call.tx, user) is not None

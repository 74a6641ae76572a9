"""The policy simulator's share of the engine: one action on one resource, answered as IAM's API answers.

`simulate(question)` gives one EvaluationResult as SimulatePrincipalPolicy and SimulateCustomPolicy return it, and
`simulate_all` one per action with its resources inside. They decide with the very function that guards the door.

Source: IAM API Reference, API_EvaluationResult.html, API_ResourceSpecificResult.html, API_SimulateCustomPolicy.html.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from haar.auth.conditions import Value
from haar.auth.decide import By, Question, decide, keys_of, layers
from haar.auth.documents import spans
from haar.auth.explain import matched
from haar.auth.policy import Rule, compile_policy
from haar.kit.identity import Source

__all__ = ["context", "context_keys", "decision_of", "missing_keys", "simulate", "simulate_all"]

_WORDS = {"allowed": "allowed", "explicit_deny": "explicitDeny", "implicit_deny": "implicitDeny"}


def context(entries: Iterable[Mapping[str, Any]]) -> dict[str, Value]:
    """The condition keys of ContextEntries: a list for the types that end in List, else the first value."""
    found: dict[str, Value] = {}
    for entry in entries:
        values = entry.get("ContextKeyValues") or []
        if entry.get("ContextKeyType", "string").endswith("List"):
            found[entry["ContextKeyName"]] = tuple(values)
        elif values:
            found[entry["ContextKeyName"]] = values[0]
    return found


def context_keys(texts: Iterable[str]) -> list[str]:
    """Every condition key that documents read, as GetContextKeysForCustomPolicy lists them."""
    named = {key.lower(): key for text in texts for key in compile_policy(text).context_keys}
    return sorted(named.values())


def missing_keys(question: Question) -> list[str]:
    """Keys that statements about this action read and the request does not have."""
    keys = keys_of(question)
    asked: dict[str, str] = {}
    for _, source in layers(question):
        for rules in compile_policy(source.text).about(question.action):
            asked |= {name.lower(): name for rule in rules for name in rule.keys}
    return sorted(name for lowered, name in asked.items() if keys.find(lowered) is None)


def _source_id(source: Source) -> str:
    if source.name.startswith("arn:"):
        return source.name.rsplit("/", 1)[-1]
    return source.name.removeprefix("inline:")


def _source_type(by: By, source: Source) -> str:
    """One of the API's PolicySourceType values."""
    if by == "resource":
        return "resource"
    if ":iam::aws:policy/" in source.name:
        return "aws-managed"
    if source.name.startswith("arn:"):
        return "user-managed"
    holder = source.owner.split("/", 1)[0]
    return holder if holder in ("user", "group", "role") else "none"


def _matched_statement(by: By, source: Source, rule: Rule) -> dict[str, Any]:
    span = spans(source.text)[rule.index]
    return {
        "SourcePolicyId": _source_id(source),
        "SourcePolicyType": _source_type(by, source),
        "StartPosition": {"Line": span.start_line, "Column": span.start_column},
        "EndPosition": {"Line": span.end_line, "Column": span.end_column},
    }


def decision_of(question: Question) -> str:
    """`allowed`, `explicitDeny` or `implicitDeny`."""
    return _WORDS[decide(question).reason]


def _layer_allows(question: Question, by: By) -> bool:
    """Whether the statements of one layer alone let the request pass."""
    hits = [rule for layer, _, rule in matched(question) if layer == by]
    return bool(hits) and all(rule.allow for rule in hits)


def _scps_allow(question: Question) -> bool:
    only = msgspec.structs.replace(question.grants, identity=(), boundary=None, session=None)
    alone = msgspec.structs.replace(question, grants=only, rcps=(), resource_policy=None)
    return decide(alone).by != "scp"


def simulate(question: Question) -> dict[str, Any]:
    """One EvaluationResult, for the question's action and resource."""
    decision = decide(question)
    result: dict[str, Any] = {
        "EvalActionName": question.action,
        "EvalResourceName": question.resource,
        "EvalDecision": _WORDS[decision.reason],
        "MatchedStatements": [
            _matched_statement(*hit)
            for hit in matched(question)
            if decision.reason != "implicit_deny" and hit[2].allow == decision.allowed and hit[0] not in ("scp", "rcp")
        ],
        "MissingContextValues": missing_keys(question),
    }
    if question.grants.scps:
        result["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": _scps_allow(question)}
    if question.grants.boundary is not None:
        allowed = _layer_allows(question, "boundary")
        result["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": allowed}
    if question.resource_account and question.resource_account != question.principal.account:
        alone = msgspec.structs.replace(question, resource_account="", resource_policy=None, rcps=())
        granted = _layer_allows(question, "resource")
        result["EvalDecisionDetails"] = {
            "IAM Policy": decision_of(alone),
            "Resource Policy": "allowed" if granted else "implicitDeny",
        }
    return result


def simulate_all(question: Question, actions: Iterable[str], resources: Iterable[str] = ("*",)) -> list[dict[str, Any]]:
    """One EvaluationResult per action; with several resources the decisions per resource are inside.

    The result of an action over several resources is the worst of them, as the simulator reports it.
    """
    wanted = tuple(resources) or ("*",)
    results = []
    for action in actions:
        each = [simulate(msgspec.structs.replace(question, action=action, resource=resource)) for resource in wanted]
        worst = max(each, key=lambda one: ("allowed", "implicitDeny", "explicitDeny").index(one["EvalDecision"]))
        overall = dict(worst)
        if len(each) > 1:
            overall["EvalResourceName"] = "*"
        overall["ResourceSpecificResults"] = [_specific(one) for one in each]
        results.append(overall)
    return results


def _specific(result: dict[str, Any]) -> dict[str, Any]:
    """The same facts under the names of a ResourceSpecificResult."""
    kept = ("MatchedStatements", "MissingContextValues", "EvalDecisionDetails", "PermissionsBoundaryDecisionDetail")
    return {
        "EvalResourceName": result["EvalResourceName"],
        "EvalResourceDecision": result["EvalDecision"],
        **{name: result[name] for name in kept if name in result},
    }

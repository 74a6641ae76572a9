"""A decision in words: for programs as sts:DecodeAuthorizationMessage returns it, and for people.

Sources: AWS STS API Reference, API_DecodeAuthorizationMessage.html; IAM User Guide, troubleshoot_access-denied.html.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from haar.auth.decide import DERIVED_KEYS, By, Decision, Question, keys_of, layers, matches
from haar.auth.policy import Rule, compile_policy
from haar.kit.identity import Source

__all__ = ["authorization_message", "matched", "tell"]


def matched(question: Question) -> list[tuple[By, Source, Rule]]:
    """Every statement that applies to a question, denials first."""
    keys = keys_of(question)
    found: list[tuple[By, Source, Rule]] = []
    for by, source in layers(question):
        for rules in compile_policy(source.text).about(question.action):
            found += [(by, source, rule) for rule in rules if not matches(rule, by, question, keys)]
    return sorted(found, key=lambda hit: hit[2].allow)


def _items(values: Iterable[Any]) -> dict[str, Any]:
    return {"items": list(values)}


def _values(values: Iterable[str]) -> dict[str, Any]:
    return _items({"value": value} for value in values)


def _statement(rule: Rule) -> dict[str, Any]:
    statement = rule.statement
    principal = statement.principal or statement.not_principal or {}
    return {
        "statementId": statement.sid,
        "effect": "ALLOW" if statement.allow else "DENY",
        "principals": _values(name for names in principal.values() for name in names),
        "principalGroups": _items(()),
        "actions": _values(statement.actions or statement.not_actions or ()),
        "resources": _values(statement.resources or statement.not_resources or ()),
        "conditions": _items(
            {"key": key, "values": _values(values)}
            for keys in statement.condition.values()
            for key, values in keys.items()
        ),
    }


def _context_keys(question: Question) -> dict[str, str]:
    """Lower-case name -> name as written, of every key that the request or its policies know of."""
    named = {key.lower(): key for key in DERIVED_KEYS}
    if isinstance(question.context, Mapping):
        named |= {key.lower(): key for key in question.context}
    for _, source in layers(question):
        for key in compile_policy(source.text).context_keys:
            named.setdefault(key.lower(), key)
    return named


def authorization_message(decision: Decision, question: Question) -> dict[str, Any]:
    """The JSON document that DecodeAuthorizationMessage gives back for a denial."""
    keys = keys_of(question)
    present = [(name, keys.values(lowered)) for lowered, name in sorted(_context_keys(question).items())]
    principal = question.principal
    return {
        "allowed": decision.allowed,
        "explicitDeny": decision.reason == "explicit_deny",
        "matchedStatements": _items(
            _statement(rule) for _, _, rule in matched(question) if rule.allow == decision.allowed
        ),
        "failures": _items(()),
        "context": {
            "principal": {"id": principal.id, "arn": principal.arn},
            "action": question.action,
            "resource": question.resource,
            "conditions": _items(
                {"key": name, "values": _values(values)} for name, values in present if values is not None
            ),
        },
    }


_LAYER = {
    "identity": "identity-based policy",
    "resource": "resource-based policy",
    "boundary": "permissions boundary",
    "session": "session policy",
    "scp": "service control policy",
    "rcp": "resource control policy",
    "root": "root user",
}
_ADVICE = {
    "identity": "Attach a policy that allows {action} on {resource} to the user, one of its groups, or the role.",
    "resource": "Let the policy of {resource} allow {action} to {who}.",
    "boundary": "Allow {action} on {resource} in the permissions boundary as well: a boundary limits, it never grants.",
    "session": "The session was made with a session policy; ask for the session again with one that allows {action}.",
    "scp": "Allow {action} in a service control policy at every level from the organization's root to the account.",
    "rcp": "Allow {action} in a resource control policy at every level from the organization's root to the account.",
}


def _where(index: int | None, sid: str) -> str:
    if index is None:
        return ""
    return f"statement {index + 1}" + (f" (Sid {sid})" if sid else "")


def tell(decision: Decision, question: Question) -> str:
    """Lines for a person: the verdict, which statement decided, what each document said, and what to do next.

    Decide with `explain=True` to have the documents listed.
    """
    principal = question.principal
    who = principal.arn or principal.name or principal.kind
    source = decision.source or _LAYER[decision.by]
    lines = [f"{who} asked for {question.action} on {question.resource}."]
    if decision.reason == "allowed":
        if decision.by == "root":
            lines.append("Allowed: the root user needs no policy in its own account.")
        else:
            lines.append(f"Allowed by {_where(decision.statement, decision.sid)} of {source} ({_LAYER[decision.by]}).")
    elif decision.reason == "explicit_deny":
        where = _where(decision.statement, decision.sid)
        layer = _LAYER[decision.by]
        article = "an" if layer[0] in "aeiou" else "a"
        lines.append(f"Denied by {where} of {source}: an explicit deny in {article} {layer} beats every allow.")
    else:
        lines.append(f"Denied: no {_LAYER[decision.by]} allows it.")
    for verdict in decision.trace:
        said = {"allow": "allows", "deny": "denies", "nothing": "says nothing about it"}[verdict.says]
        where = _where(verdict.statement, verdict.sid)
        lines.append(f"  {_LAYER[verdict.by]} {verdict.source or '(of the resource)'}: {said}{where and ', ' + where}")
        lines += [f"    {_where(index, sid)} names the action, but its {lacks} does not match"
                  for index, sid, lacks in verdict.nearly]  # fmt: skip
    if decision.reason == "implicit_deny" and decision.by in _ADVICE:
        lines.append(
            "Next: " + _ADVICE[decision.by].format(action=question.action, resource=question.resource, who=who)
        )
    elif decision.reason == "explicit_deny":
        lines.append("Next: change or detach that statement; no other policy can overrule it.")
    return "\n".join(lines)

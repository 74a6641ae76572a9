"""May they? One pure function over everything that is written about a request.

    decide(question) -> Decision(allowed, reason, by, source, statement, sid)

The order is AWS's own: an explicit denial anywhere wins; then every layer that only limits must allow
(resource control policies and service control policies at each level); then somebody has to grant:

* the caller's own account: identity *or* resource policy, identity within boundary and session policies;
  a grant to the user or to the session by name passes boundary and session by; a grant to the role does not;
* another account: the resource policy *and* the identity policies, within boundary and session;
* services and the anonymous: the resource policy alone;
* where `resource_policy_required` (KMS keys, role trust): never without the resource policy;
* what a resource `granted` beside its policy (a KMS grant) counts like an allowance of the policy.

Root needs no identity policy. No service control policy limits a service or a service-linked role.

Sources: IAM User Guide, reference_policies_evaluation-logic.html and its sub-pages, troubleshoot_access-denied.html;
Organizations User Guide, orgs_manage_policies_rcps.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Literal

import msgspec

from haar.auth.conditions import Keys, Value
from haar.auth.policy import ACCOUNT, DIRECT, LIMITED, Rule, compile_policy, reach_of
from haar.kit.identity import NO_GRANTS, Grants, Principal, Source

__all__ = ["DERIVED_KEYS", "By", "Decision", "Question", "Verdict", "decide", "keys_of", "layers", "matches", "message"]

By = Literal["identity", "resource", "boundary", "session", "scp", "rcp", "root"]
Reason = Literal["allowed", "explicit_deny", "implicit_deny"]


class Question(msgspec.Struct, kw_only=True):
    """One request, as far as policies care.

    `resource` is an ARN or `*`; `resource_account` the account that owns it, empty when that is the caller's.
    `context` holds further condition keys: a mapping with names in any case, or a function that gets a
    *lower-case* name and returns the value or None; it is asked only for keys that a condition reads. Keys
    that follow from the principal and from `now` need not be given, but what is given wins.
    `rcps` are levels like `Grants.scps`, those in force for the resource's account.
    `resource_kind` is "trust" when the resource policy is a role's trust policy.
    `granted` gives the principals whom something else on the resource allows the request; it is asked only when the
    policy does not name the caller itself.
    """

    principal: Principal
    action: str
    resource: str = "*"
    resource_account: str = ""
    resource_policy: str | None = None
    resource_policy_name: str = ""
    resource_policy_required: bool = False
    resource_kind: Literal["resource", "trust"] = "resource"
    granted: Callable[[], Iterable[str]] | None = None
    rcps: tuple[tuple[Source, ...], ...] = ()
    context: Mapping[str, Value] | Callable[[str], Value] = {}
    grants: Grants = NO_GRANTS
    now: float | None = None


class Verdict(msgspec.Struct, frozen=True):
    """What one document says: the statement that speaks, or the statements that nearly did and what they lacked."""

    by: By
    source: str
    says: Literal["allow", "deny", "nothing"]
    statement: int | None = None
    sid: str = ""
    #: (statement index, Sid, "resource" | "principal" | "condition") of allowances of the action that did not apply.
    nearly: tuple[tuple[int, str, str], ...] = ()


class Decision(msgspec.Struct, frozen=True):
    """The answer, and who gave it. For an implicit denial `by` is the kind of policy that should have allowed."""

    allowed: bool
    reason: Reason
    by: By
    source: str = ""
    statement: int | None = None
    sid: str = ""
    trace: tuple[Verdict, ...] = ()


class _RequestKeys(Keys):
    """Condition keys of a question: those given, then those that follow from the principal."""

    __slots__ = ("_given", "question")

    def __init__(self, question: Question) -> None:
        self.missing = None
        self.question = question
        context = question.context
        self._given: Callable[[str], Value] | None
        if callable(context):
            self._given = context
        else:
            # names are lowered when the first condition asks, most requests never do
            self._given = None

    def find(self, key: str) -> Value:
        given = self._given
        if given is None:
            context = self.question.context
            assert isinstance(context, Mapping)
            given = self._given = {name.lower(): value for name, value in context.items()}.get
        value = given(key)
        return value if value is not None else _derived(key, self.question)


def keys_of(question: Question) -> Keys:
    """The condition keys of a question."""
    return _RequestKeys(question)


_TYPES = {
    "root": "Account",
    "user": "User",
    "role": "AssumedRole",
    "federated": "FederatedUser",
    "anonymous": "Anonymous",
}


def _principal_arn(principal: Principal) -> str | None:
    if principal.kind in ("service", "anonymous") or not principal.account:
        return None
    return principal.issuer if principal.kind == "role" and principal.issuer else principal.arn


def _mfa_present(question: Question) -> bool | None:
    return question.principal.mfa_at is not None if question.principal.temporary else None


def _mfa_age(question: Question) -> int | None:
    at, now = question.principal.mfa_at, question.now
    return None if at is None or now is None else int(now - at)


def _assumed_root(question: Question) -> bool | None:
    principal = question.principal
    return True if principal.temporary and principal.kind == "user" and principal.arn.endswith(":root") else None


def _iso(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_FOLLOWING: dict[str, Callable[[Question], Value]] = {
    "aws:PrincipalArn": lambda q: _principal_arn(q.principal),
    "aws:PrincipalAccount": lambda q: q.principal.account or None,
    "aws:PrincipalType": lambda q: _TYPES.get(q.principal.kind),
    "aws:userid": lambda q: q.principal.id or None,
    "aws:username": lambda q: q.principal.name if q.principal.kind == "user" else None,
    "aws:SourceIdentity": lambda q: q.principal.source_identity or None,
    "aws:MultiFactorAuthPresent": _mfa_present,
    "aws:MultiFactorAuthAge": _mfa_age,
    "aws:TokenIssueTime": lambda q: _iso(q.principal.issued_at) if q.principal.temporary else None,
    "aws:PrincipalIsAWSService": lambda q: None if q.principal.kind == "anonymous" else q.principal.kind == "service",
    "aws:PrincipalServiceName": lambda q: q.principal.name if q.principal.kind == "service" else None,
    "aws:PrincipalServiceNamesList": lambda q: (q.principal.name,) if q.principal.kind == "service" else None,
    "aws:AssumedRoot": _assumed_root,
    "aws:FederatedProvider": lambda q: q.principal.federated_provider or None,
    "aws:ResourceAccount": lambda q: q.resource_account or q.principal.account or None,
    "aws:CurrentTime": lambda q: _iso(q.now),
    "aws:EpochTime": lambda q: None if q.now is None else int(q.now),
    "aws:ViaAWSService": lambda q: False,
}


#: Names of the keys that follow from principal, resource account and time.
DERIVED_KEYS = tuple(_FOLLOWING)
_DERIVED = {name.lower(): value_of for name, value_of in _FOLLOWING.items()}


def _derived(key: str, question: Question) -> Value:
    found = _DERIVED.get(key)
    if found is not None:
        return found(question)
    principal = question.principal
    if key.startswith("aws:principaltag/"):
        value = _tag(key[17:], principal.session_tags)
        return value if value is not None else _tag(key[17:], principal.tags)
    if principal.claims:
        return next((claim for name, claim in principal.claims.items() if name.lower() == key), None)
    return None


def _tag(lowered: str, tags: Mapping[str, str]) -> str | None:
    value = tags.get(lowered)
    if value is not None:
        return value
    return next((value for name, value in tags.items() if name.lower() == lowered), None)


_Hit = tuple[str, Rule]


class _Said:
    """What several documents say about one action: the statements that deny, and those that allow, in order."""

    __slots__ = ("allows", "denies", "sources")

    def __init__(self, sources: tuple[Source, ...], action: str) -> None:
        self.sources = sources
        self.denies: list[_Hit] = []
        self.allows: list[_Hit] = []
        for source in sources:
            denies, allows = compile_policy(source.text).about(action)
            self.denies += [(source.name, rule) for rule in denies]
            self.allows += [(source.name, rule) for rule in allows]


#: By the address of a tuple of documents and an action. The tuple is kept with the answer, so no other can come to
#: its address.
_said: dict[tuple[int, str], _Said] = {}
_SAID_MAX = 1024


def _consult(sources: tuple[Source, ...], action: str, resource: str, keys: Keys) -> tuple[_Hit | None, _Hit | None]:
    """The first statement that denies, or else the first that allows, in documents that name no principal."""
    said = _said.get((id(sources), action))
    if said is None:
        if len(_said) >= _SAID_MAX:
            _said.clear()
        said = _said[id(sources), action] = _Said(sources, action)
    return _first(said, resource, keys)


def _first(said: _Said, resource: str, keys: Keys) -> tuple[_Hit | None, _Hit | None]:
    for hit in said.denies:
        if hit[1].applies(resource, keys):
            return hit, None
    for hit in said.allows:
        if hit[1].applies(resource, keys):
            return None, hit
    return None, None


def _consult_resource(question: Question, keys: Keys) -> tuple[Rule | None, Rule | None, int]:
    """What the resource policy says to this principal: a denial, or the strongest allowance and its level."""
    text = question.resource_policy
    if text is None:
        return None, None, 0
    denies, allows = compile_policy(text).about(question.action)
    principal, resource = question.principal, question.resource
    for rule in denies:
        if (rule.reach is None or rule.reach(principal)) and rule.applies(resource, keys):
            return rule, None, 0
    best, best_level = None, 0
    for rule in allows:
        level = 0 if rule.reach is None else rule.reach(principal)
        if level > best_level and rule.applies(resource, keys):
            best, best_level = rule, level
            if level == DIRECT:
                break
    if best_level < DIRECT and question.granted is not None:
        level = reach_of(question.granted(), principal)
        if level > best_level:
            best, best_level = None, level
    return None, best, best_level


def _denied(by: By, hit: _Hit) -> Decision:
    return Decision(False, "explicit_deny", by, hit[0], hit[1].index, hit[1].sid)


def _granted(by: By, hit: _Hit | None) -> Decision:
    if hit is None:
        return Decision(True, "allowed", by)
    return Decision(True, "allowed", by, hit[0], hit[1].index, hit[1].sid)


def decide(question: Question, *, explain: bool = False) -> Decision:
    """Whether the request is allowed, by whom, and why not. With `explain` the trace says what each document said."""
    keys = _RequestKeys(question)
    decision = _decide(question, keys)
    if not explain:
        return decision
    return msgspec.structs.replace(decision, trace=_trace(question, keys))


def _limits(question: Question, keys: Keys, has_identity: bool) -> tuple[Decision | None, By | None]:
    """The organization's policies: a denial, or the first layer in which some level does not allow."""
    action, resource = question.action, question.resource
    limited: By | None = None
    for level in question.rcps:
        deny, allow = _consult(level, action, resource, keys)
        if deny is not None:
            return _denied("rcp", deny), None
        if allow is None:
            limited = "rcp"
    if has_identity:
        for level in question.grants.scps:
            deny, allow = _consult(level, action, resource, keys)
            if deny is not None:
                return _denied("scp", deny), None
            if allow is None and limited is None:
                limited = "scp"
    return None, limited


def _decide(question: Question, keys: Keys) -> Decision:
    principal, grants = question.principal, question.grants
    kind = principal.kind
    has_identity = kind != "service" and kind != "anonymous" and principal.account != ""
    limited: By | None = None
    if (question.rcps or grants.scps) and not principal.service_linked:
        denied, limited = _limits(question, keys, has_identity)
        if denied is not None:
            return denied

    resource_deny, resource_allow, reach = _consult_resource(question, keys)
    if resource_deny is not None:
        return _denied("resource", (question.resource_policy_name, resource_deny))
    resource_hit = None if resource_allow is None else (question.resource_policy_name, resource_allow)
    if has_identity:
        return _with_identity(question, keys, limited, resource_hit, reach)
    if limited is not None:
        return Decision(False, "implicit_deny", limited)
    return _granted("resource", resource_hit) if reach else Decision(False, "implicit_deny", "resource")


def _with_identity(
    question: Question, keys: Keys, limited: By | None, resource_hit: _Hit | None, reach: int
) -> Decision:
    """The rest of a decision for a caller who has an account, once its resource policy has not denied."""
    principal, action, resource, grants = question.principal, question.action, question.resource, question.grants
    is_root = principal.kind == "root" or (principal.kind == "federated" and principal.issuer.endswith(":root"))
    identity: _Hit | None = None
    within_boundary = within_session = True
    if not is_root:
        deny, identity = _consult(grants.identity, action, resource, keys)
        if deny is not None:
            return _denied("identity", deny)
        if grants.boundary is not None:
            deny, allow = _first(_Said((grants.boundary,), action), resource, keys)
            if deny is not None:
                return _denied("boundary", deny)
            within_boundary = allow is not None
    if grants.session is not None or principal.kind == "federated":
        deny, allow = _consult(grants.session or (), action, resource, keys)
        if deny is not None:
            return _denied("session", deny)
        within_session = allow is not None
    if limited is not None:
        return Decision(False, "implicit_deny", limited)

    same_account = not question.resource_account or question.resource_account == principal.account
    if same_account and question.resource_policy_required and reach < ACCOUNT:
        return Decision(False, "implicit_deny", "resource")
    if same_account and (reach == DIRECT or (reach == LIMITED and within_boundary and within_session)):
        return _granted("resource", resource_hit)
    lacking: By | None = None
    if not is_root and identity is None and not (same_account and reach == LIMITED):
        lacking = "identity"
    elif not within_boundary:
        lacking = "boundary"
    elif not within_session:
        lacking = "session"
    elif not same_account and reach < ACCOUNT:
        lacking = "resource"
    if lacking is not None:
        return Decision(False, "implicit_deny", lacking)
    return _granted("root" if is_root else "identity", identity)


def layers(question: Question) -> list[tuple[By, Source]]:
    """Every document that has a say in a question, in the order of evaluation, with the layer it belongs to."""
    grants, kind = question.grants, question.principal.kind
    has_identity = kind not in ("service", "anonymous") and question.principal.account != ""
    found: list[tuple[By, Source]] = []
    if not question.principal.service_linked:
        found += [("rcp", source) for level in question.rcps for source in level]
        if has_identity:
            found += [("scp", source) for level in grants.scps for source in level]
    if question.resource_policy is not None:
        found.append(("resource", Source(question.resource_policy_name, question.resource_policy, "resource")))
    if has_identity and kind != "root":
        found += [("identity", source) for source in grants.identity]
        if grants.boundary is not None:
            found.append(("boundary", grants.boundary))
    if has_identity:
        found += [("session", source) for source in grants.session or ()]
    return found


def matches(rule: Rule, by: By, question: Question, keys: Keys) -> str:
    """What a statement about the action lacks to apply: "principal", "resource", "condition", or "" for nothing."""
    if by == "resource" and (rule.reach is None or not rule.reach(question.principal)):
        return "principal"
    if rule.aim is not None and not rule.aim(question.resource, keys):
        return "resource"
    if rule.condition is not None and not rule.condition(keys):
        return "condition"
    return ""


def _trace(question: Question, keys: Keys) -> tuple[Verdict, ...]:
    return tuple(_verdict(by, source, question, keys) for by, source in layers(question))


def _verdict(by: By, source: Source, question: Question, keys: Keys) -> Verdict:
    denies, allows = compile_policy(source.text).about(question.action)
    for rule in denies:
        if not matches(rule, by, question, keys):
            return Verdict(by, source.name, "deny", rule.index, rule.sid)
    nearly = []
    for rule in allows:
        lacks = matches(rule, by, question, keys)
        if not lacks:
            return Verdict(by, source.name, "allow", rule.index, rule.sid)
        nearly.append((rule.index, rule.sid, lacks))
    return Verdict(by, source.name, "nothing", nearly=tuple(nearly))


_NAMES = {
    "identity": "identity-based policy",
    "resource": "resource-based policy",
    "boundary": "permissions boundary",
    "session": "session policy",
    "scp": "service control policy",
    "rcp": "resource control policy",
    "trust": "role trust policy",
}


def message(decision: Decision, question: Question) -> str:
    """AWS's words for a denial, as an AccessDenied error carries them."""
    principal = question.principal
    who = "anonymous" if principal.kind == "anonymous" else principal.arn or principal.name
    if principal.kind == "service":
        who = principal.name
    by = "trust" if decision.by == "resource" and question.resource_kind == "trust" else decision.by
    name = _NAMES.get(by, by)
    start = f"User: {who} is not authorized to perform: {question.action} on resource: {question.resource}"
    if decision.reason == "explicit_deny":
        article = "the" if by == "trust" else "an" if name[0] in "aeiou" else "a"
        return f"{start} with an explicit deny in {article} {name}"
    return f"{start} because no {name} allows the {question.action} action"

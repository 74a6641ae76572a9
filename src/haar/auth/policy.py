"""A policy document compiled for deciding: what it says about one action, in a look-up.

`compile_policy(text)` reads a document once. `Policy.about(action)` gives the statements that concern an action,
denials and allowances apart; the answer is kept per action, so a decision never looks at statements of other
services. What remains of a statement is a `Rule`: tests of the resource, the principal and the condition.

Principals match on levels, because AWS lets some grants pass by a permissions boundary and others not:

| level | the statement names | so a resource policy's Allow |
|---|---|---|
| NOBODY | somebody else | says nothing |
| ACCOUNT | the account or its root | delegates: identity policies decide |
| LIMITED | the role, or `*` to a session | grants, within boundary and session policies |
| DIRECT | the user, the very session, the service, `*` to a user or to the anonymous | grants |

Source: IAM User Guide, reference_policies_elements_principal.html, reference_policies_elements_notprincipal.html
and reference_policies_evaluation-logic_policy-eval-basics-res-pol.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

from haar.auth.conditions import Keys, Test, compile_conditions
from haar.auth.documents import Document, Statement, read
from haar.auth.patterns import ANY, STAR, Template, arn_glob, glob, mark, template
from haar.kit.identity import Principal

__all__ = ["ACCOUNT", "DIRECT", "LIMITED", "NOBODY", "Policy", "Rule", "compile_policy", "reach_of"]

NOBODY, ACCOUNT, LIMITED, DIRECT = range(4)

#: A document is asked about few actions over and over; more than this many distinct ones start afresh.
_REMEMBERED_ACTIONS = 2048

Reach = Callable[[Principal], int]
Aim = Callable[[str, Keys], bool]


class Rule:
    """One statement: where it aims, whom it reaches, on what condition. None means "always"."""

    __slots__ = ("action", "aim", "allow", "condition", "index", "keys", "reach", "sid", "statement")

    def __init__(self, index: int, statement: Statement, *, variables: bool) -> None:
        self.index = index
        self.statement = statement
        self.sid = statement.sid
        self.allow = statement.allow
        self.action = _action_test(statement)
        names: list[str] = []
        self.aim = _aim(statement, variables, names)
        self.reach = _reach(statement)
        self.condition: Test | None
        self.condition, asked = compile_conditions(statement.condition, variables=variables)
        #: Every condition key that the statement reads, as it is written.
        self.keys: tuple[str, ...] = tuple(dict.fromkeys((*asked, *names)))

    def applies(self, resource: str, keys: Keys) -> bool:
        """Whether resource and condition match; the principal is the caller's question."""
        aim = self.aim
        if aim is not None and not aim(resource, keys):
            return False
        condition = self.condition
        return condition is None or condition(keys)


class Policy:
    """A compiled document."""

    __slots__ = ("_about", "document", "rules")

    def __init__(self, document: Document) -> None:
        self.document = document
        variables = document.version == "2012-10-17"
        self.rules = tuple(
            Rule(index, statement, variables=variables) for index, statement in enumerate(document.statements)
        )
        self._about: dict[str, tuple[tuple[Rule, ...], tuple[Rule, ...]]] = {}

    def about(self, action: str) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
        """The statements that deny, and those that allow, an action such as `sqs:SendMessage`, in any case."""
        found = self._about.get(action)
        return found if found is not None else self._look_up(action)

    def _look_up(self, action: str) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
        lowered = action.lower()
        matching = [rule for rule in self.rules if rule.action(lowered)]
        found = tuple(rule for rule in matching if not rule.allow), tuple(rule for rule in matching if rule.allow)
        if len(self._about) >= _REMEMBERED_ACTIONS:
            self._about.clear()
        self._about[action] = found
        return found

    @property
    def context_keys(self) -> tuple[str, ...]:
        """Every condition key that the document reads, variables included, as written, each once."""
        return tuple({key.lower(): key for rule in self.rules for key in rule.keys}.values())


@lru_cache(maxsize=4096)
def compile_policy(text: str) -> Policy:
    """The compiled form of a document. Raises ServiceError("MalformedPolicyDocument") when it is unsound."""
    return Policy(read(text))


def _action_test(statement: Statement) -> Callable[[str], bool]:
    """A test of a lower-case action."""
    listed = statement.actions if statement.actions is not None else (statement.not_actions or ())
    exact = frozenset(action.lower() for action in listed if "*" not in action and "?" not in action)
    tests = tuple(glob(mark(action.lower())) for action in listed if "*" in action or "?" in action)

    def is_listed(action: str) -> bool:
        return action in exact or any(test(action) for test in tests)

    if statement.actions is not None:
        return is_listed
    return lambda action: not is_listed(action)


def _aim(statement: Statement, variables: bool, names: list[str]) -> Aim | None:
    negated = statement.resources is None
    listed = statement.not_resources if negated else statement.resources
    if listed is None:
        return None  # a trust policy, or a resource policy that means its own resource
    exact: set[str] = set()
    tests: list[Callable[[str], bool]] = []
    templates: list[Template] = []
    for text in listed:
        form = template(text, variables=variables, wildcards=True)
        if isinstance(form, Template):
            templates.append(form)
            names.extend(form.names)
        elif form == STAR:
            return (lambda resource, keys: False) if negated else None
        elif STAR not in form and ANY not in form and form.count(":") >= 5:
            exact.add(form)
        else:
            tests.append(arn_glob(form))
    fixed = _fixed(frozenset(exact), tuple(tests))
    if templates:
        return _templated(fixed, tuple(templates), negated=negated, allow=statement.allow)
    if negated:
        return lambda resource, keys: not fixed(resource)
    return lambda resource, keys: fixed(resource)


def _fixed(exact: frozenset[str], tests: tuple[Callable[[str], bool], ...]) -> Callable[[str], bool]:
    if not tests:
        return exact.__contains__
    if not exact and len(tests) == 1:
        return tests[0]

    def is_one_of(resource: str) -> bool:
        if resource in exact:
            return True
        for test in tests:  # noqa: SIM110  # every request comes by here: `any` takes twice as long
            if test(resource):
                return True
        return False

    return is_one_of


def _templated(fixed: Callable[[str], bool], templates: tuple[Template, ...], *, negated: bool, allow: bool) -> Aim:
    """Resources with variables. What cannot be resolved names nothing, and never widens an Allow by NotResource."""

    def aim(resource: str, keys: Keys) -> bool:
        if fixed(resource):
            return not negated
        for form in templates:
            filled = form.fill(keys.single)
            if filled is None:
                if negated and allow:
                    return False
            elif arn_glob(filled)(resource):
                return not negated
        return negated

    return aim


def _reach(statement: Statement) -> Reach | None:
    """None in identity policies, which speak about whom they are attached to."""
    if statement.principal is not None:
        return _reaches(statement.principal)
    if statement.not_principal is None:
        return None
    listed = statement.not_principal
    reaches = _reaches(listed)
    if statement.allow:
        return lambda principal: NOBODY if reaches(principal) else (_everybody(principal))
    names = frozenset(listed.get("AWS", ()))

    def everybody_but(principal: Principal) -> int:
        return NOBODY if _is_excepted(principal, names, reaches) else DIRECT

    return everybody_but


def _everybody(principal: Principal) -> int:
    return LIMITED if principal.kind in ("role", "federated") and principal.issuer else DIRECT


def _is_excepted(principal: Principal, names: frozenset[str], reaches: Reach) -> bool:
    """A Deny with NotPrincipal spares a caller only when its account and each of its ARNs are listed."""
    if principal.kind in ("service", "anonymous") or not principal.account:
        return reaches(principal) == DIRECT and "*" not in names
    if principal.account not in names and principal.root_arn not in names:
        return False
    needed = {principal.arn, principal.issuer} - {""}
    return principal.kind == "root" or needed <= names


def reach_of(names: Iterable[str], principal: Principal) -> int:
    """On which level a list of principals (ARNs, accounts, host names of services) names somebody."""
    listed = tuple(names)
    return _reaches({"AWS": listed, "Service": listed})(principal) if listed else NOBODY


def _reaches(listed: dict[str, tuple[str, ...]]) -> Reach:
    names = frozenset(listed.get("AWS", ()))
    services = frozenset(listed.get("Service", ()))
    providers = frozenset(listed.get("Federated", ()))
    canonical = frozenset(listed.get("CanonicalUser", ()))
    if "*" in names:
        return _everybody
    any_provider = "*" in providers

    def reach(principal: Principal) -> int:
        kind = principal.kind
        if kind == "service":
            return DIRECT if principal.name in services else NOBODY
        if kind == "anonymous":
            return NOBODY
        if kind == "federated" and not principal.issuer:
            return DIRECT if any_provider or principal.federated_provider in providers else NOBODY
        if principal.arn in names:
            return ACCOUNT if kind == "root" else DIRECT
        unique = principal.id
        if kind in ("role", "federated"):
            if principal.issuer in names or (unique and unique.split(":", 1)[0] in names):
                return LIMITED
        elif unique and unique in names and kind == "user":
            return DIRECT
        if principal.account in names or principal.root_arn in names or principal.canonical_id in canonical:
            return ACCOUNT
        return NOBODY

    return reach

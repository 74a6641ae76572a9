"""Reads the golden policy cases: situations written as text, with what must be decided.

A file holds cases. A case begins with `## its name`, then says who asks for what:

    principal user alice of 111122223333        (also: root of, role NAME session NAME of, service-linked role,
                                                 federated NAME by user NAME of, provider NAME, service, anonymous)
    tag team = red                              a tag of the principal (session tag ... for one of the session)
    asks sqs:SendMessage on arn:aws:sqs:...     in the caller's account unless: owned by 444455556666
    with aws:SourceIp = 10.1.2.3                a condition key; [a, b] for several values
    now 2026-01-01T00:00:00Z    mfa 60 seconds ago    issued 2026-...    required    trust

then policies, each behind a line of dashes: `--- identity NAME` (boundary, session, scp, rcp, resource). The body is a
whole document, or one statement a line, which then gets version 2012-10-17. `scp 1 NAME` is of the first level.
`--- no session policy allows` is an empty set of session policies. At last `--- verdict`, with a line per variation:

    aws:SourceIp = 11.0.0.1; action sqs:ReceiveMessage -> denied by identity NAME 2
    allowed by identity NAME 1
    denied, no identity

The number is the deciding statement, from 1. `denied, no X` names the kind of policy that should have allowed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from haar.auth.conditions import Value
from haar.auth.decide import Decision, Question
from haar.kit.identity import ANONYMOUS, Grants, Principal, Source

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """One line of a truth table."""

    file: str
    name: str
    variation: str
    question: Question
    expected: str


@dataclass
class Situation:
    """What is read of a case so far."""

    name: str
    principal: Principal = ANONYMOUS
    action: str = ""
    resource: str = "*"
    owner: str = ""
    context: dict[str, Value] = field(default_factory=dict)
    now: float | None = None
    required: bool = False
    trust: bool = False
    policies: list[tuple[str, str, str]] = field(default_factory=list)  # kind, name, text

    def question(self) -> Question:
        """The question this situation asks."""

        def sources(kind: str) -> tuple[Source, ...]:
            return tuple(Source(name, text) for own, name, text in self.policies if own == kind)

        def levels(kind: str) -> tuple[tuple[Source, ...], ...]:
            numbered: dict[str, list[Source]] = {}
            for own, name, text in self.policies:
                if own == kind:
                    level, _, rest = name.partition(" ")
                    number = level if level.isdecimal() else "1"
                    numbered.setdefault(number, []).append(Source(rest if level.isdecimal() else name, text))
            return tuple(tuple(numbered[number]) for number in sorted(numbered))

        resource = next(((name, text) for kind, name, text in self.policies if kind == "resource"), None)
        given = any(kind == "session" for kind, _, _ in self.policies)
        return Question(
            principal=self.principal,
            action=self.action,
            resource=self.resource,
            resource_account=self.owner,
            resource_policy=resource[1] if resource else None,
            resource_policy_name=resource[0] if resource else "",
            resource_policy_required=self.required,
            resource_kind="trust" if self.trust else "resource",
            rcps=levels("rcp"),
            context=self.context,
            now=self.now,
            grants=Grants(
                identity=sources("identity"),
                boundary=next(iter(sources("boundary")), None),
                session=tuple(one for one in sources("session") if one.text) if given else None,
                scps=levels("scp"),
            ),
        )


def principal_of(words: str) -> Principal:
    """A principal from its description."""
    kind, _, rest = words.partition(" ")
    name, _, account = f" {rest}".rpartition(" of ")
    name = name.strip()
    iam, sts = f"arn:aws:iam::{account}", f"arn:aws:sts::{account}"
    if kind == "anonymous":
        return ANONYMOUS
    if kind == "service":
        return Principal(kind="service", account="", arn="", name=rest)
    if kind == "provider":
        return Principal(kind="federated", account="", arn="", federated_provider=rest)
    if kind == "root":
        return Principal(kind="root", account=account, arn=f"{iam}:root", id=account, issuer=f"{iam}:root")
    if kind == "user":
        return Principal(
            kind="user", account=account, arn=f"{iam}:user/{name}", name=name, id=f"AIDA{name.upper():A<17}"
        )
    if kind == "federated":
        name, _, issuer = name.partition(" by ")
        issuer = issuer.replace(" ", "/") if issuer != "root" else "root"
        return Principal(
            kind="federated", account=account, arn=f"{sts}:federated-user/{name}", id=f"{account}:{name}",
            name=name, issuer=f"{iam}:{issuer}", temporary=True,
        )  # fmt: skip
    assert kind in ("role", "service-linked"), f"who is {words!r}?"
    role, _, session = name.removeprefix("role ").partition(" session ")
    return Principal(
        kind="role", account=account, arn=f"{sts}:assumed-role/{role}/{session}", name=role, session_name=session,
        id=f"AROA{role.upper():A<17}:{session}", issuer=f"{iam}:role/{role}", temporary=True,
        service_linked=kind == "service-linked",
    )  # fmt: skip


def _value(text: str) -> Value:
    text = text.strip()
    if text.startswith("["):
        inside = text[1:-1].strip()
        return [part.strip() for part in inside.split(",")] if inside else []
    return text


def _instant(text: str) -> float:
    return datetime.fromisoformat(text.strip()).timestamp()


def _say(situation: Situation, line: str) -> None:
    """One line about who asks for what."""
    word, _, rest = line.partition(" ")
    who = situation.principal
    if word == "principal":
        situation.principal = principal_of(rest)
    elif word == "asks":
        situation.action, _, resource = rest.partition(" on ")
        situation.resource = resource or "*"
    elif word == "action":
        situation.action = rest
    elif word == "resource":
        situation.resource = rest
    elif word == "owned":
        situation.owner = rest.removeprefix("by ")
    elif word == "now":
        situation.now = _instant(rest)
    elif word == "required":
        situation.required = True
    elif word == "trust":
        situation.trust = situation.required = True
    elif word == "mfa":
        assert situation.now is not None, "say `now` before `mfa`"
        situation.principal = _with(who, mfa_at=situation.now - float(rest.split()[0]), temporary=True)
    elif word == "issued":
        situation.principal = _with(who, issued_at=_instant(rest), temporary=True)
    elif word == "temporary":
        situation.principal = _with(who, temporary=True)
    elif word == "source-identity":
        situation.principal = _with(who, source_identity=rest)
    elif word in ("tag", "session-tag"):
        name, value = (part.strip() for part in rest.split("=", 1))
        own = "tags" if word == "tag" else "session_tags"
        situation.principal = _with(who, **{own: {**getattr(who, own), name: value}})
    else:
        name, equals, value = (line.removeprefix("with ")).partition(" = ")
        assert equals, f"not understood: {line!r}"
        situation.context = {**situation.context, name: _value(value)}


def _with(principal: Principal, **changes: object) -> Principal:
    import msgspec

    return msgspec.structs.replace(principal, **changes)


def _document(lines: list[str]) -> str:
    body = "\n".join(lines).strip()
    if not body or '"Statement"' in body:
        return body
    statements = [json.loads(line) for line in lines if line.strip()]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def read(path: Path) -> list[Case]:
    """Every case of a file."""
    found = []
    for block in path.read_text().split("\n## ")[1:]:
        name, *lines = block.split("\n")
        situation = Situation(name.strip())
        section, body = "", list[str]()
        for line in [*lines, "--- end"]:
            if not line.startswith("---"):
                body.append(line)
                continue
            if section == "verdict":
                found += [_case(path, situation, one) for one in body if one.strip()]
            elif section == "":
                for one in body:
                    if one.strip():
                        _say(situation, one.strip())
            elif section == "no session policy allows":
                situation.policies.append(("session", "", ""))
            else:
                kind, _, label = section.partition(" ")
                situation.policies.append((kind, label, _document(body)))
            section, body = line.lstrip("- ").strip(), []
    return found


def _case(path: Path, situation: Situation, line: str) -> Case:
    variation, arrow, expected = line.rpartition(" -> ")
    varied = replace(situation)
    if arrow:
        for change in variation.split("; "):
            if change.strip() != "as it is":
                _say(varied, change.strip())
    return Case(
        path.stem, situation.name, variation.strip(), varied.question(), expected.strip() if arrow else line.strip()
    )


def load() -> list[Case]:
    """Every case of every file."""
    return [case for path in sorted(HERE.glob("*.txt")) for case in read(path)]


def said(decision: Decision) -> str:
    """A decision in the words of the verdicts."""
    if decision.reason == "implicit_deny":
        return f"denied, no {decision.by}"
    verb = "allowed" if decision.allowed else "denied"
    name = f" {decision.source}" if decision.source else ""
    statement = "" if decision.statement is None else f" {decision.statement + 1}"
    return f"{verb} by {decision.by}{name}{statement}"

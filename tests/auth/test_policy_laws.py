"""What must hold for every policy that can be written: laws of the engine, tried on random documents."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haar.auth.conditions import _NEGATED, _POSITIVE
from haar.auth.decide import Question, decide, message
from haar.auth.documents import read, spans, validate
from haar.auth.explain import authorization_message, tell
from haar.auth.patterns import ANY, STAR, arn_glob, glob, mark
from haar.errors import ServiceError
from haar.kit.identity import ANONYMOUS, Grants, Principal, Source

LOGIC = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"
ACCOUNT = "111122223333"
ALICE = Principal(
    kind="user", account=ACCOUNT, arn=f"arn:aws:iam::{ACCOUNT}:user/alice", name="alice", tags={"t": "a*"}
)
WORKER = Principal(
    kind="role",
    account=ACCOUNT,
    arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/w/one",
    name="w",
    issuer=f"arn:aws:iam::{ACCOUNT}:role/w",
)
ROOT = Principal(kind="root", account=ACCOUNT, arn=f"arn:aws:iam::{ACCOUNT}:root")
ACTIONS = ["a:Get", "a:Put", "b:Get"]
RESOURCES = ["arn:aws:a:r:1:x", "arn:aws:a:r:1:x/alice", "arn:aws:b:::y", "*"]
KEYS = ["aws:username", "aws:PrincipalTag/t", "aws:TagKeys", "test:number", "test:ip", "test:date", "test:none"]
CONTEXT = {"aws:TagKeys": ["a", "b"], "test:number": 5, "test:ip": "10.0.0.1", "test:date": "2026-01-01T00:00:00Z"}
VALUES = [
    "alice",
    "a",
    "a*",
    "5",
    "10.0.0.0/8",
    "2026-01-01",
    "true",
    "${aws:username}",
    "${test:none, 'a'}",
    "QQ==",
    "nonsense",
    "${",
]

operators = st.builds(
    lambda qualifier, name, suffix: name if name == "Null" else qualifier + name + suffix,
    st.sampled_from(["", "ForAllValues:", "ForAnyValue:"]),
    st.sampled_from([*_POSITIVE, *_NEGATED, "Null"]),
    st.sampled_from(["", "IfExists"]),
)
conditions = st.dictionaries(
    operators,
    st.dictionaries(st.sampled_from(KEYS), st.lists(st.sampled_from(VALUES), max_size=3), max_size=2),
    max_size=2,
)
action_patterns = st.lists(st.sampled_from([*ACTIONS, "*", "a:*", "?:Get", "b:G*t"]), min_size=1, max_size=2)
resource_patterns = st.lists(
    st.sampled_from([*RESOURCES, "arn:aws:a", "arn:aws:*:r:1:x*", "arn:aws:a:r:1:x/${aws:username}"]),
    min_size=1,
    max_size=2,
)


def statements(effects=("Allow", "Deny"), principals=False):
    elements = {
        "Effect": st.sampled_from(effects),
        "Action": action_patterns,
        "Resource": resource_patterns,
        "Condition": conditions,
    }
    if principals:
        elements["Principal"] = st.sampled_from(["*", {"AWS": ACCOUNT}, {"AWS": ALICE.arn}, {"AWS": WORKER.issuer}])

    def negate(statement, action, resource):
        renamed = {"Action": "NotAction" if action else "Action", "Resource": "NotResource" if resource else "Resource"}
        return {renamed.get(name, name): value for name, value in statement.items()}

    return st.builds(negate, st.fixed_dictionaries(elements), st.booleans(), st.booleans())


def document(found):
    return json.dumps({"Version": "2012-10-17", "Statement": found})


documents = st.lists(statements(), min_size=1, max_size=3).map(document)
resource_documents = st.lists(statements(principals=True), min_size=1, max_size=3).map(document)


@st.composite
def questions(draw, principals=(ALICE, WORKER, ROOT, ANONYMOUS)):
    def sources(name, most=2):
        return tuple(
            Source(f"{name}{number}", text) for number, text in enumerate(draw(st.lists(documents, max_size=most)))
        )

    return Question(
        principal=draw(st.sampled_from(principals)),
        action=draw(st.sampled_from(ACTIONS)),
        resource=draw(st.sampled_from(RESOURCES)),
        resource_account=draw(st.sampled_from(["", ACCOUNT, "444455556666"])),
        resource_policy=draw(st.none() | resource_documents),
        resource_policy_required=draw(st.booleans()),
        rcps=(sources("rcp"),) if draw(st.booleans()) else (),
        context=CONTEXT,
        grants=Grants(
            identity=sources("identity"),
            boundary=draw(st.none() | documents.map(lambda text: Source("boundary", text))),
            session=draw(st.none()) if draw(st.booleans()) else sources("session"),
            scps=(sources("scp"),) if draw(st.booleans()) else (),
        ),
    )


def with_identity(question, *texts):
    extra = tuple(Source(f"extra{number}", text) for number, text in enumerate(texts))
    grants = Grants(
        identity=question.grants.identity + extra,
        boundary=question.grants.boundary,
        session=question.grants.session,
        scps=question.grants.scps,
    )
    return Question(**{**{name: getattr(question, name) for name in question.__struct_fields__}, "grants": grants})


@pytest.mark.documented(LOGIC)
@settings(max_examples=100, deadline=None)
@given(questions(), st.lists(statements(["Deny"]), min_size=1, max_size=2).map(document))
def test_another_deny_never_allows_what_was_denied(question, denials):
    assert decide(question).allowed or not decide(with_identity(question, denials)).allowed


@pytest.mark.documented(LOGIC)
@settings(max_examples=100, deadline=None)
@given(questions(), st.lists(statements(["Allow"]), min_size=1, max_size=2).map(document))
def test_another_allow_never_takes_an_allowance_away(question, allowances):
    assert not decide(question).allowed or decide(with_identity(question, allowances)).allowed


@pytest.mark.documented(LOGIC)
@settings(max_examples=100, deadline=None)
@given(questions(principals=(ALICE, WORKER)))
def test_a_deny_of_everything_always_wins(question):
    everything = document({"Effect": "Deny", "Action": "*", "Resource": "*"})
    assert decide(with_identity(question, everything)).reason == "explicit_deny"


@pytest.mark.documented(LOGIC)
@settings(max_examples=100, deadline=None)
@given(questions())
def test_the_trace_agrees_with_the_decision(question):
    decision = decide(question, explain=True)
    says = [verdict.says for verdict in decision.trace]
    assert ("deny" in says) == (decision.reason == "explicit_deny")


@pytest.mark.ours
@settings(max_examples=100, deadline=None)
@given(questions())
def test_every_decision_can_be_told(question):
    decision = decide(question, explain=True)
    told = authorization_message(decision, question)
    assert told["allowed"] == decision.allowed
    assert json.loads(json.dumps(told)) == told
    assert question.action in tell(decision, question)
    assert question.action in message(decision, question)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(VALUES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
odd_statements = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"])},
    optional={
        "Sid": json_values,
        "Action": json_values | action_patterns,
        "Resource": json_values | resource_patterns,
        "Principal": json_values | st.just("*"),
        "Condition": json_values
        | st.dictionaries(operators, st.dictionaries(st.sampled_from(KEYS), json_values, max_size=2), max_size=2),
    },
)
odd_documents = st.fixed_dictionaries(
    {"Statement": odd_statements | st.lists(odd_statements, max_size=2) | json_values}
).map(json.dumps)


@pytest.mark.ours
@settings(max_examples=250, deadline=None)
@given(odd_documents | st.text(max_size=30), st.sampled_from(["identity", "resource", "trust", "scp", "rcp"]))
def test_a_document_is_refused_in_words_or_can_be_decided_with(text, kind):
    refused = None
    try:
        validate(text, kind)
    except ServiceError as error:
        refused = error
    if refused is not None:
        assert refused.code.startswith("MalformedPolicyDocument")
        return
    assert len(spans(text)) == len(read(text).statements)
    source = Source("odd", text)
    question = Question(
        principal=ALICE,
        action="a:Get",
        resource=RESOURCES[0],
        context=CONTEXT,
        resource_policy=text,
        grants=Grants(identity=(source,)),
    )
    assert decide(question, explain=True).reason in ("allowed", "explicit_deny", "implicit_deny")


patterns = st.text("ab:*?/", max_size=10)


def as_expression(pattern):
    return re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")


@pytest.mark.ours
@settings(max_examples=250, deadline=None)
@given(patterns, st.text("ab:/", max_size=10))
def test_a_glob_matches_what_the_plain_regular_expression_matches(pattern, text):
    assert glob(mark(pattern))(text) == bool(re.fullmatch(as_expression(pattern), text, re.DOTALL))


@pytest.mark.ours
@settings(max_examples=250, deadline=None)
@given(
    st.lists(st.text("ab*?", max_size=3), min_size=6, max_size=7),
    st.lists(st.text("ab", max_size=3), min_size=6, max_size=7),
)
def test_an_arn_pattern_matches_segment_by_segment(pattern, text):
    wanted = [*pattern[:5], ":".join(pattern[5:])]
    given_arn = [*text[:5], ":".join(text[5:])]
    expected = all(re.fullmatch(as_expression(one), other) for one, other in zip(wanted, given_arn, strict=True))
    assert arn_glob(mark(":".join(pattern)))(":".join(text)) == expected


@pytest.mark.ours
def test_a_pattern_made_to_exhaust_the_matcher_answers():
    assert not glob(mark("*a" * 200 + "b"))("a" * 2000)


@pytest.mark.ours
def test_the_marks_of_wildcards_cannot_come_from_a_client():
    with pytest.raises(UnicodeEncodeError):
        (STAR + ANY).encode()


@pytest.mark.ours
def test_a_value_that_holds_a_mark_resolves_no_variable():
    own = document({"Effect": "Allow", "Action": "*", "Resource": "arn:aws:a:::${test:key}"})
    question = Question(
        principal=ALICE,
        action="a:Get",
        resource="arn:aws:a:::anything",
        context={"test:key": STAR},
        grants=Grants(identity=(Source("own", own),)),
    )
    assert not decide(question).allowed


@pytest.mark.ours
def test_what_was_decided_by_some_documents_never_decides_for_others() -> None:
    def allowed(effect: str, number: int) -> bool:
        statement = {"Effect": effect, "Action": "a:Get", "Resource": "*"}
        text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        # the tuple lives no longer than the question, and the next one may come to its place
        grants = Grants(identity=(Source(f"p{number}", text),))
        return decide(Question(principal=ALICE, action="a:Get", resource=RESOURCES[0], grants=grants)).allowed

    effects = ["Allow" if number % 3 else "Deny" for number in range(3000)]
    assert [allowed(effect, number) for number, effect in enumerate(effects)] == [one == "Allow" for one in effects]

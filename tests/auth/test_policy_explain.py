"""How a decision is told: AWS's error messages, the decoded authorization message, words for people, the simulator."""

from __future__ import annotations

import json

import pytest

from haar.auth.decide import Question, decide, message
from haar.auth.explain import authorization_message, tell
from haar.auth.simulate import context, context_keys, missing_keys, simulate, simulate_all
from haar.kit.identity import ANONYMOUS, Grants, Principal, Source

DENIED = "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"
DECODE = "https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html"
SIMULATE = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html"
ALICE = Principal(
    kind="user", account="111122223333", arn="arn:aws:iam::111122223333:user/alice", name="alice", id="AIDAALICE"
)
QUEUE = "arn:aws:sqs:us-east-1:111122223333:orders"
START = f"User: arn:aws:iam::111122223333:user/alice is not authorized to perform: sqs:SendMessage on resource: {QUEUE}"


def text(effect="Allow", action="*", **rest):
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Sid": "One", "Effect": effect, "Action": action, "Resource": "*", **rest}],
        }
    )


ALL = Source("arn:aws:iam::aws:policy/AdministratorAccess", text())
NO_SQS = Source("inline:NoQueues", text("Deny", "sqs:*"), owner="user/alice")
ONLY_S3 = Source("arn:aws:iam::111122223333:policy/OnlyS3", text(action="s3:*"))


def asked(identity=(), *, boundary=None, session=None, scps=(), principal=ALICE, **rest):
    grants = Grants(identity=identity, boundary=boundary, session=session, scps=scps)
    return Question(principal=principal, action="sqs:SendMessage", resource=QUEUE, grants=grants, **rest)


def words(question):
    return message(decide(question), question)


@pytest.mark.documented(DENIED)
@pytest.mark.parametrize(
    ("question", "end"),
    [
        (asked(), " because no identity-based policy allows the sqs:SendMessage action"),
        (asked((ALL,), boundary=ONLY_S3), " because no permissions boundary allows the sqs:SendMessage action"),
        (asked((ALL,), session=(ONLY_S3,)), " because no session policy allows the sqs:SendMessage action"),
        (asked((ALL,), scps=((ONLY_S3,),)), " because no service control policy allows the sqs:SendMessage action"),
        (asked((ALL,), rcps=((ONLY_S3,),)), " because no resource control policy allows the sqs:SendMessage action"),
        (
            asked((ALL,), resource_account="444455556666"),
            " because no resource-based policy allows the sqs:SendMessage action",
        ),
        (asked((ALL, NO_SQS)), " with an explicit deny in an identity-based policy"),
        (asked((ALL,), boundary=NO_SQS), " with an explicit deny in a permissions boundary"),
        (asked((ALL,), session=(NO_SQS,)), " with an explicit deny in a session policy"),
        (asked((ALL,), scps=((ALL, NO_SQS),)), " with an explicit deny in a service control policy"),
        (asked((ALL,), rcps=((ALL, NO_SQS),)), " with an explicit deny in a resource control policy"),
        (
            asked((ALL,), resource_policy=text("Deny", Principal="*")),
            " with an explicit deny in a resource-based policy",
        ),
        (
            asked(resource_policy=text("Deny", Principal="*"), resource_kind="trust"),
            " with an explicit deny in the role trust policy",
        ),
        (
            asked(resource_kind="trust", resource_policy_required=True),
            " because no role trust policy allows the sqs:SendMessage action",
        ),
    ],
)
def test_a_denial_is_told_in_awss_words(question, end):
    assert words(question) == START + end


@pytest.mark.documented(DENIED)
def test_the_anonymous_are_called_anonymous():
    assert words(asked(principal=ANONYMOUS)).startswith("User: anonymous is not authorized to perform: sqs:SendMessage")


@pytest.mark.documented(DECODE)
def test_the_authorization_message_says_which_statement_denied():
    question = asked((ALL, NO_SQS), context={"aws:SourceIp": "10.0.0.1", "aws:TagKeys": ["a", "b"]})
    told = authorization_message(decide(question), question)
    (statement,) = told["matchedStatements"]["items"]
    assert (told["allowed"], told["explicitDeny"]) == (False, True)
    assert (statement["statementId"], statement["effect"]) == ("One", "DENY")
    assert statement["actions"] == {"items": [{"value": "sqs:*"}]}
    assert told["context"]["principal"] == {"id": "AIDAALICE", "arn": ALICE.arn}
    assert (told["context"]["action"], told["context"]["resource"]) == ("sqs:SendMessage", QUEUE)


@pytest.mark.documented(DECODE)
def test_the_authorization_message_shows_the_condition_keys_of_the_request():
    question = asked(context={"aws:SourceIp": "10.0.0.1", "aws:TagKeys": ["a", "b"]})
    told = authorization_message(decide(question), question)
    shown = {item["key"]: item["values"] for item in told["context"]["conditions"]["items"]}
    assert shown["aws:SourceIp"] == {"items": [{"value": "10.0.0.1"}]}
    assert shown["aws:TagKeys"] == {"items": [{"value": "a"}, {"value": "b"}]}
    assert shown["aws:PrincipalArn"] == {"items": [{"value": ALICE.arn}]}


@pytest.mark.ours
def test_an_explicit_denial_is_told_with_its_statement():
    question = asked((ALL, NO_SQS))
    told = tell(decide(question, explain=True), question)
    assert "Denied by statement 1 (Sid One) of inline:NoQueues" in told
    assert "AdministratorAccess: allows, statement 1 (Sid One)" in told


@pytest.mark.ours
def test_an_implicit_denial_is_told_with_what_nearly_allowed_it():
    nearly = Source("inline:Near", text(Condition={"Bool": {"aws:SecureTransport": "true"}}))
    question = asked((nearly,), context={"aws:SecureTransport": False})
    told = tell(decide(question, explain=True), question)
    assert "statement 1 (Sid One) names the action, but its condition does not match" in told
    assert f"Next: Attach a policy that allows sqs:SendMessage on {QUEUE}" in told


@pytest.mark.ours
def test_an_allowance_is_told_with_its_statement():
    assert "Allowed by statement 1 (Sid One) of arn:aws:iam::aws:policy/AdministratorAccess" in tell(
        decide(asked((ALL,))), asked((ALL,))
    )


@pytest.mark.documented(SIMULATE)
def test_the_simulator_says_allowed_and_where():
    result = simulate(asked((ALL,)))
    (found,) = result["MatchedStatements"]
    assert result["EvalDecision"] == "allowed"
    assert (found["SourcePolicyId"], found["SourcePolicyType"]) == ("AdministratorAccess", "aws-managed")
    assert found["StartPosition"] == {"Line": 1, "Column": ALL.text.index("[") + 2}
    assert found["EndPosition"] == {"Line": 1, "Column": len(ALL.text) - 1}


@pytest.mark.fact("IAMEVAL-002")
def test_the_simulator_says_explicit_deny_when_a_deny_beats_administrator_access():
    result = simulate(asked((ALL, NO_SQS)))
    assert result["EvalDecision"] == "explicitDeny"
    assert [(one["SourcePolicyId"], one["SourcePolicyType"]) for one in result["MatchedStatements"]] == [
        ("NoQueues", "user")
    ]


@pytest.mark.documented(SIMULATE)
def test_the_simulator_says_implicit_deny_without_statements():
    result = simulate(asked((ONLY_S3,)))
    assert (result["EvalDecision"], result["MatchedStatements"]) == ("implicitDeny", [])


@pytest.mark.documented(SIMULATE)
@pytest.mark.parametrize(("limit", "allowed"), [(ALL, True), (ONLY_S3, False)])
def test_the_simulator_tells_boundaries_and_organizations_apart(limit, allowed):
    result = simulate(asked((ALL,), boundary=limit, scps=((ALL,), (limit,))))
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": allowed}
    assert result["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": allowed}


@pytest.mark.documented(SIMULATE)
def test_the_simulator_lists_the_keys_that_were_not_given():
    keyed = Source(
        "p", text(Condition={"StringEquals": {"aws:Given": "1", "test:Missing": "${test:Other}", "aws:username": "x"}})
    )
    assert missing_keys(asked((keyed,), context={"AWS:given": "1"})) == ["test:Missing", "test:Other"]


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetContextKeysForCustomPolicy.html")
def test_the_keys_of_documents_are_listed():
    keyed = text(
        Resource="arn:aws:s3:::${aws:username}", Condition={"StringEquals": {"aws:SourceIp": "1", "AWS:sourceip": "2"}}
    )
    assert context_keys([keyed, text()]) == ["AWS:sourceip", "aws:username"]


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/APIReference/API_ContextEntry.html")
def test_context_entries_become_condition_keys():
    entries = [
        {"ContextKeyName": "a:list", "ContextKeyType": "stringList", "ContextKeyValues": ["x", "y"]},
        {"ContextKeyName": "a:one", "ContextKeyType": "numeric", "ContextKeyValues": ["5"]},
        {"ContextKeyName": "a:none", "ContextKeyType": "string", "ContextKeyValues": []},
    ]
    assert context(entries) == {"a:list": ("x", "y"), "a:one": "5"}


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/APIReference/API_ResourceSpecificResult.html")
def test_several_resources_are_decided_one_by_one():
    other = QUEUE.replace("orders", "other")
    only = Source("p", text(Resource=QUEUE))
    (result,) = simulate_all(asked((only,)), ["sqs:SendMessage"], [QUEUE, other])
    decisions = [(one["EvalResourceName"], one["EvalResourceDecision"]) for one in result["ResourceSpecificResults"]]
    assert decisions == [(QUEUE, "allowed"), (other, "implicitDeny")]
    assert result["EvalDecision"] == "implicitDeny"


@pytest.mark.ours
def test_a_condition_key_is_computed_only_when_a_condition_asks():
    asked_for = []
    keyed = Source("p", text(Condition={"StringEquals": {"test:Colour": "red"}}))

    def compute(key):
        asked_for.append(key)
        return "red"

    assert decide(asked((ALL,), context=compute)).allowed
    assert asked_for == []
    assert decide(asked((keyed,), context=compute)).allowed
    assert asked_for == ["test:colour"]

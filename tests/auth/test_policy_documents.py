"""Which policy documents AWS stores, and its words for those that it refuses."""

from __future__ import annotations

import json

import pytest

from haar.auth.documents import Span, principals, spans, validate
from haar.errors import ServiceError

GRAMMAR = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"
ELEMENTS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html"
SOUND = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/*"}
TRUST = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
RCP = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}


def document(*statements, **rest):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **rest})


def without(statement, *elements):
    return {name: value for name, value in statement.items() if name not in elements}


def refusal(text, kind="identity"):
    with pytest.raises(ServiceError) as caught:
        validate(text, kind)
    assert caught.value.code == "MalformedPolicyDocument"
    return caught.value.message


@pytest.mark.documented(GRAMMAR)
@pytest.mark.parametrize(
    "text",
    [
        document(SOUND),
        json.dumps({"Statement": SOUND}),
        document(SOUND, Version="2008-10-17", Id="mine"),
        document({**SOUND, "Sid": "One"}, {**SOUND, "Sid": "Two"}, SOUND, SOUND),
        document({**SOUND, "Action": ["s3:*", "*"], "Resource": ["*", "arn:aws:sqs"]}),
        document({"Effect": "Deny", "NotAction": "iam:*", "NotResource": "arn:aws:iam::111122223333:role/x"}),
        document(
            {**SOUND, "Condition": {"Bool": {"aws:SecureTransport": True}, "NumericLessThan": {"s3:max-keys": 10}}}
        ),
        document({**SOUND, "Condition": {"ForAllValues:StringLikeIfExists": {"aws:TagKeys": ["a", "b"]}}}),
        document({**SOUND, "Resource": "arn:aws:iam::111122223333:user/${aws:username}"}),
    ],
)
def test_a_sound_identity_policy_is_accepted(text):
    assert validate(text, "identity") is None


@pytest.mark.fact("IAM-012")
@pytest.mark.parametrize("text", ["", "{", "nonsense", '{"Statement": [},]}', "[" * 100_000, '{"Statement": NaN}'])
def test_what_is_not_json_is_refused(text):
    assert refusal(text) == "This policy contains invalid Json"


@pytest.mark.fact("IAM-012")
def test_a_document_without_a_statement_is_refused():
    assert refusal('{"Version": "2012-10-17"}') == "Syntax errors in policy."


@pytest.mark.ours
def test_leading_spaces_are_refused():
    assert refusal(" " + document(SOUND)) == "JSON strings must not have leading spaces"


@pytest.mark.documented(GRAMMAR)
@pytest.mark.parametrize(
    "text",
    [
        "[]",
        '"Allow"',
        document(),
        document(SOUND, Version="2012-10-18"),
        document(SOUND, Version=["2012-10-17"]),
        document(SOUND, Extra=1),
        document(SOUND, Id=5),
        document("Allow"),
        document({**SOUND, "Effect": "allow"}),
        document(without(SOUND, "Effect")),
        document({**SOUND, "NotAction": "s3:*"}),
        document({**SOUND, "NotResource": "*"}),
        document({**SOUND, "Action": 5}),
        document({**SOUND, "Action": ["s3:Get", None]}),
        document({**SOUND, "Sid": 1}),
        document({**SOUND, "Colour": "red"}),
        document({**SOUND, "Condition": "always"}),
        document({**SOUND, "Condition": {"Bool": "true"}}),
        document({**SOUND, "Condition": {"Bool": {"aws:SecureTransport": {}}}}),
        '{"Version": "2012-10-17", "Version": "2012-10-17", "Statement": []}',
    ],
)
def test_a_document_of_the_wrong_shape_has_syntax_errors(text):
    assert refusal(text) == "Syntax errors in policy."


@pytest.mark.documented(ELEMENTS)
@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (without(SOUND, "Action"), "Policy statement must contain actions."),
        ({**SOUND, "Action": []}, "Policy statement must contain actions."),
        (without(SOUND, "Resource"), "Policy statement must contain resources."),
        ({**SOUND, "Resource": []}, "Policy statement must contain resources."),
        (
            {**SOUND, "Action": "GetObject"},
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        ({**SOUND, "Action": "s3:Get:Object"}, "Actions/Condition can contain only one colon."),
        ({**SOUND, "Action": "s 3:GetObject"}, "Vendor s 3 is not valid"),
        ({**SOUND, "Resource": "photos"}, 'Resource photos must be in ARN format or "*".'),
        ({**SOUND, "Resource": ""}, 'Resource  must be in ARN format or "*".'),
        ({**SOUND, "Resource": "arn:aws"}, "The policy failed legacy parsing"),
        (
            {**SOUND, "Resource": "arn:nowhere:s3:::x"},
            'Partition "nowhere" is not valid for resource "arn:nowhere:s3:::x".',
        ),
        (
            {**SOUND, "Resource": "arn:aws:s3:eu-west-1::x"},
            "Resource arn:aws:s3:eu-west-1::x can not contain region information.",
        ),
        (
            {**SOUND, "Resource": "arn:aws:iam:eu-west-1:1:user/x"},
            "IAM resource arn:aws:iam:eu-west-1:1:user/x cannot contain region information.",
        ),
        ({**SOUND, "Condition": {"StringIs": {"aws:x": "y"}}}, "Invalid Condition type : StringIs."),
        ({**SOUND, "Condition": {"NullIfExists": {"aws:x": "y"}}}, "Invalid Condition type : NullIfExists."),
        (
            {**SOUND, "Condition": {"Bool": {"SecureTransport": "true"}}},
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        ({**SOUND, "Principal": "*"}, "Policy document should not specify a principal."),
        ({**SOUND, "NotPrincipal": {"AWS": "*"}}, "Policy document should not specify a principal."),
    ],
)
def test_a_wrong_statement_is_refused_in_iams_words(statement, words):
    assert refusal(document(statement)) == words


@pytest.mark.fact("IAMEVAL-004")
def test_an_identity_policy_names_no_principal():
    assert refusal(document({**SOUND, "Principal": "*"})) == "Policy document should not specify a principal."


@pytest.mark.documented(ELEMENTS)
def test_a_resource_policy_must_name_a_principal():
    assert refusal(document(SOUND), "resource") == "Missing required field Principal"


@pytest.mark.documented(ELEMENTS)
def test_statement_ids_must_differ():
    text = document({**SOUND, "Sid": "A"}, {**SOUND, "Sid": "A"})
    assert refusal(text) == "Statement IDs (SID) in a single policy must be unique."


@pytest.mark.documented(ELEMENTS)
def test_statement_ids_of_identity_policies_are_letters_and_digits():
    assert refusal(document({**SOUND, "Sid": "A b"})).startswith("Statement IDs (SID) must be alpha-numeric.")


@pytest.mark.documented(ELEMENTS)
def test_statement_ids_of_resource_policies_may_hold_spaces():
    assert validate(document({**SOUND, "Sid": "A b", "Principal": "*"}), "resource") is None


@pytest.mark.documented(ELEMENTS)
@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ({**TRUST, "Resource": "*"}, "Has prohibited field Resource"),
        ({**TRUST, "NotResource": "*"}, "Has prohibited field NotResource"),
        (without(TRUST, "Principal"), "Missing required field Principal"),
        ({**TRUST, "Action": "s3:GetObject"}, "AssumeRole policy may only specify STS AssumeRole actions."),
        ({**TRUST, "Principal": {"AWS": "alice"}}, 'Invalid principal in policy: "AWS":"alice"'),
        ({**TRUST, "Principal": {"Service": "ec2"}}, 'Invalid principal in policy: "SERVICE":"ec2"'),
        (
            {**TRUST, "Principal": {"AWS": "arn:aws:iam::111122223333:group/g"}},
            'Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:group/g"',
        ),
        (
            {**TRUST, "Principal": {"AWS": "arn:aws:iam::111122223333:user/a*"}},
            'Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/a*"',
        ),
        ({**TRUST, "Principal": {"Someone": "x"}}, 'Invalid principal in policy: "Someone"'),
        ({**TRUST, "Principal": "alice"}, 'Invalid principal in policy: "AWS":"alice"'),
    ],
)
def test_a_wrong_trust_policy_is_refused_in_iams_words(statement, words):
    assert refusal(document(statement), "trust") == words


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html")
def test_a_group_cannot_be_a_principal():
    group = {**TRUST, "Principal": {"AWS": "arn:aws:iam::111122223333:group/admins"}}
    assert refusal(document(group), "trust").startswith("Invalid principal in policy")


@pytest.mark.documented(ELEMENTS)
@pytest.mark.parametrize(
    "principal",
    [
        "*",
        {"AWS": "*"},
        {"AWS": ["111122223333", "arn:aws:iam::111122223333:root", "AIDAALICEAAAAAAAAAAAA"]},
        {"AWS": "arn:aws:sts::111122223333:assumed-role/worker/one"},
        {"Service": ["sqs.amazonaws.com", "logs.eu-west-1.amazonaws.com"]},
        {"Federated": ["accounts.google.com", "arn:aws:iam::111122223333:saml-provider/corp"]},
        {"CanonicalUser": "0" * 64},
    ],
)
def test_principals_of_every_kind_are_accepted(principal):
    assert validate(document({**TRUST, "Principal": principal}), "trust") is None


@pytest.mark.documented(
    "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html"
)
@pytest.mark.parametrize(
    "statement",
    [
        {
            "Effect": "Deny",
            "NotAction": "iam:*",
            "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
        {"Effect": "Allow", "Action": "ec2:*", "NotResource": "arn:aws:ec2:*:*:instance/*"},
    ],
)
def test_a_sound_service_control_policy_is_accepted(statement):
    assert validate(document(statement), "scp") is None


@pytest.mark.documented(
    "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html"
)
@pytest.mark.parametrize(
    ("kind", "statement"),
    [
        ("scp", {**SOUND, "Principal": "*"}),
        ("scp", {**SOUND, "Effect": "Maybe"}),
        ("rcp", {**RCP, "Effect": "Allow"}),
        ("rcp", {**RCP, "Principal": {"AWS": "111122223333"}}),
        ("rcp", {**RCP, "Action": "*"}),
        ("rcp", without(RCP, "Principal")),
        ("rcp", {**without(RCP, "Action"), "NotAction": "s3:*"}),
    ],
)
def test_organizations_refuses_with_its_own_code(kind, statement):
    with pytest.raises(
        ServiceError, match="MalformedPolicyDocumentException: The provided policy document does not meet"
    ):
        validate(document(statement), kind)


@pytest.mark.documented(
    "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html"
)
def test_a_sound_resource_control_policy_is_accepted():
    assert validate(document(RCP), "rcp") is None


@pytest.mark.ours
def test_the_principals_of_a_document_are_listed_once_each():
    text = document({**TRUST, "Principal": {"AWS": ["111122223333", "*"]}}, {**TRUST, "Principal": {"AWS": "*"}}, TRUST)
    assert principals(text) == (("AWS", "111122223333"), ("AWS", "*"), ("Service", "ec2.amazonaws.com"))


@pytest.mark.documented("https://docs.aws.amazon.com/cli/latest/reference/iam/simulate-custom-policy.html")
def test_a_lone_statement_is_placed_as_the_simulator_places_it():
    text = (
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*",'
        '"Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}'
    )
    assert spans(text) == (Span(1, 38, 1, 167),)


@pytest.mark.documented("https://docs.aws.amazon.com/cli/latest/reference/iam/simulate-principal-policy.html")
def test_statements_of_a_list_are_placed_as_the_simulator_places_them():
    lines = [
        "{",
        '    "Version": "2012-10-17",',
        '    "Statement": [',
        "        {",
        '"Effect": "Allow"',
        "        }, {}",
        "]}",
    ]
    assert spans("\n".join(lines)) == (Span(3, 19, 6, 10), Span(6, 11, 6, 14))

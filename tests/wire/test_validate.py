"""The model's own constraints, in AWS's words."""

from __future__ import annotations

import random
import re
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haar.catalog import models
from haar.errors import ServiceError
from haar.wire.patterns import compiled
from haar.wire.validate import Validator, explain, unenforced_patterns
from tests.wire.both_ways import clients_model
from tests.wire.shapes_random import random_value, seconds

IAM = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html"
IAM_ERRORS = "https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html"
DYNAMODB = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html"
LOGS = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeQueries.html"


def refusal(service: str, operation: str, protocol: str, request: dict[str, Any], **more: Any) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        Validator(models.model(service), operation, protocol)(request, **more)
    return caught.value


@pytest.mark.documented(IAM)
def test_a_request_within_its_limits_passes() -> None:
    request = {"UserName": "ann", "Tags": [{"Key": "team-ä", "Value": ""}]}
    Validator(models.model("iam"), "CreateUser", "query")(request)
    assert explain(models.model("iam"), "CreateUserRequest", request) == []


@pytest.mark.documented(IAM_ERRORS)
def test_a_value_that_breaks_its_pattern_is_named() -> None:
    error = refusal("iam", "CreateUser", "query", {"UserName": "a b"})
    assert error.code == "ValidationError"
    assert error.message == (
        "1 validation error detected: Value 'a b' at 'userName' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\w+=,.@-]+"
    )


@pytest.mark.documented(IAM)
def test_a_missing_member_must_not_be_null() -> None:
    error = refusal("iam", "CreateUser", "query", {})
    assert error.message == (
        "1 validation error detected: Value null at 'userName' failed to satisfy constraint: Member must not be null"
    )


@pytest.mark.documented(IAM)
def test_a_text_can_be_too_long() -> None:
    error = refusal("iam", "CreateUser", "query", {"UserName": "a" * 65})
    assert error.message.endswith("Member must have length less than or equal to 64")


@pytest.mark.documented(IAM)
def test_an_empty_text_is_too_short() -> None:
    error = refusal("iam", "DeleteUserPolicy", "query", {"UserName": "ann", "PolicyName": ""})
    expected = (
        "Value '' at 'policyName' failed to satisfy constraint: Member must have length greater than or equal to 1"
    )
    assert expected in error.message


@pytest.mark.documented(IAM)
def test_a_failure_in_a_list_of_structures_names_its_place() -> None:
    tags = [{"Key": "a", "Value": "b"}, {"Key": "k" * 129, "Value": "b"}]
    error = refusal("iam", "CreateUser", "query", {"UserName": "ann", "Tags": tags})
    assert "at 'tags.2.member.key' failed" in error.message


@pytest.mark.documented(IAM)
def test_a_number_has_a_least_value() -> None:
    error = refusal("iam", "ListUsers", "query", {"MaxItems": 0})
    assert error.message == (
        "1 validation error detected: Value '0' at 'maxItems' failed to satisfy constraint: "
        "Member must have value greater than or equal to 1"
    )


@pytest.mark.documented(DYNAMODB)
def test_a_word_outside_its_enumeration_is_refused() -> None:
    request = {
        "TableName": "table",
        "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "a", "KeyType": "foo"}],
    }
    error = refusal("dynamodb", "CreateTable", "json", request)
    assert error.code == "ValidationException"
    assert error.message == (
        "1 validation error detected: Value 'foo' at 'keySchema.1.member.keyType' failed to satisfy constraint: "
        "Member must satisfy enum value set: [HASH, RANGE]"
    )


@pytest.mark.ours
def test_enumerations_can_be_left_to_the_operation() -> None:
    schema = [{"AttributeName": "a", "KeyType": "foo"}]
    validator = Validator(models.model("dynamodb"), "CreateTable", "json")
    validator({"TableName": "table", "KeySchema": schema}, enums=False)
    assert [problem.kind for problem in validator.problems({"TableName": "table", "KeySchema": schema})] == ["enum"]


@pytest.mark.documented(LOGS)
def test_scalars_in_a_list_are_reported_on_the_whole_list() -> None:
    request = {"logGroupNames": ["ok", "b!d"], "startTime": 0, "endTime": 1, "queryString": ""}
    error = refusal("logs", "StartQuery", "json", request)
    assert error.message == (
        "1 validation error detected: Value '[ok, b!d]' at 'logGroupNames' failed to satisfy constraint: "
        "Member must satisfy constraint: [Member must have length less than or equal to 512, Member must have length "
        r"greater than or equal to 1, Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+]"
    )


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateLoginProfile.html")
def test_a_secret_is_not_repeated() -> None:
    error = refusal("iam", "CreateLoginProfile", "query", {"UserName": "ann", "Password": "x" * 200})
    assert ("xxx" in error.message, "Value at 'password' failed" in error.message) == (False, True)


@pytest.mark.ours
def test_all_failures_are_counted() -> None:
    error = refusal("iam", "PutUserPolicy", "query", {"UserName": "a b"})
    assert error.message.startswith("3 validation errors detected: ")


@pytest.mark.ours
def test_a_service_may_have_its_own_code() -> None:
    assert refusal("lambda", "GetFunction", "rest-json", {}, code="InvalidParameterValueException").code == (
        "InvalidParameterValueException"
    )


@pytest.mark.ours
def test_the_pattern_holds_for_the_whole_text() -> None:
    error = refusal("iam", "CreateUser", "query", {"UserName": "ann\n"})
    assert "regular expression" in error.message


@pytest.mark.ours
@pytest.mark.parametrize(
    ("service", "count"),
    [("iam", 0), ("sts", 0), ("sqs", 0), ("organizations", 0), ("cloudtrail", 0), ("service-quotas", 0)],
)
def test_every_pattern_of_the_first_services_is_enforced(service: str, count: int) -> None:
    assert len(unenforced_patterns(models.model(service))) == count


@pytest.mark.ours
@pytest.mark.parametrize(
    ("pattern", "text", "holds"),
    [
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "Größe 4", True),
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "a#b", False),
        (r"\p{Alpha}+", "abc", True),
        (r"\p{Alpha}+", "äbc", False),
        (r"\P{L}+", "123", True),
        (r"\p{Lu}+", "ÄB", True),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*", "\U0001f600 ok", True),
        (r"[[:alnum:]-]+", "a-1", True),
        (r"^[a-z]+\z", "abc", True),
        (r"[a[bc]d]+", "abcd", True),
        (r"\d+", "٣", False),
        (r"[\P{C}\n]+", "ä\n", True),
        (r"[\P{C}\n]+", "ä\x00", False),
        (r"[\w-.~]+", "a-b", True),
        (r"^(?i)(true|false)$", "TRUE", True),
        (r"[\x{10000}-\x{10FFFF}]", "\U0001f600", True),
    ],
)
def test_the_patterns_of_java_are_understood(pattern: str, text: str, holds: bool) -> None:
    found = compiled(pattern)
    assert (found is not None and found.fullmatch(text) is not None) is holds


@pytest.mark.ours
@pytest.mark.parametrize("service", ["iam", "sqs", "organizations", "dynamodb", "kms"])
def test_the_quick_check_and_the_explanation_agree(service: str) -> None:
    client = clients_model(service)
    differing = []
    for name in client.operation_names:
        shape = client.operation_model(name).input_shape
        validator = Validator(models.model(service), name, "json")
        for number in range(4):
            rng = random.Random(f"{name}/{number}")
            request = {} if shape is None else seconds(random_value(shape, rng, fill=0.4))
            if number % 2 and request:
                request.pop(rng.choice(sorted(request)))
            if validator.check(request) is bool(validator.problems(request)):
                differing.append((name, request))
    assert differing == []


@pytest.mark.ours
@settings(max_examples=200, deadline=None)
@given(name=st.text(max_size=70), path=st.text(max_size=20))
def test_any_text_passes_or_is_refused(name: str, path: str) -> None:
    with suppress(ServiceError):
        Validator(models.model("iam"), "CreateUser", "query")({"UserName": name, "Path": path})
        assert re.fullmatch(r"[\w+=,.@-]{1,64}", name, re.ASCII)

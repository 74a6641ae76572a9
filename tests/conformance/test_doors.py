"""Who is let in, of every operation there is: a user whom nobody allowed anything, somebody unsigned, root.

The requests are the smallest that the models let through, and name things that do not exist: an answer that says so
to somebody who may not ask has leaked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from haar.catalog.models import published
from haar.kit.service import Operation
from tests.clients.people import user
from tests.conformance.minimal import minimal
from tests.conformance.rooms import OPERATIONS, REFUSED, ROOMS, id_of, room

EVALUATION = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"
ERRORS = "https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html"
UNSIGNED = ("MissingAuthenticationToken", "MissingAuthenticationTokenException")
DENIED = ("AccessDenied", "AccessDeniedException")
#: Services that tell everybody when a name is nobody's, and how: names of buckets are the whole world's. A HEAD says
#: it by its status alone.
NOBODYS: Mapping[str, tuple[str, ...]] = {"s3": ("NoSuchBucket", "404")}
#: Services that have no word of their own for a request that is not signed.
WORDLESS = ("s3",)
#: What nobody could tell from another request while it is not signed: a plain GET of the root, a PUT of S3's.
UNTOLD = ("s3:ListBuckets", "s3:ListDirectoryBuckets", "s3control:CreateBucket")
#: What browsers ask for, and no client.
BROWSED = ("s3:GetWebsitePage", "s3:PostObject", "s3:PreflightBucket", "s3:PreflightObject")
#: What is asked of hosts that are not here: those of Object Lambda.
ELSEWHERE = ("s3:WriteGetObjectResponse",)
CLOSED = [one for one in OPERATIONS if not one.open]

every = pytest.mark.parametrize("operation", [one for one in OPERATIONS if id_of(one) not in BROWSED], ids=id_of)
HERE = [one for one in REFUSED if id_of(one) not in ELSEWHERE]
refused = pytest.mark.parametrize(("service", "operation"), HERE, ids=id_of)


class Answer(NamedTuple):
    """What came back."""

    code: str
    status: int


#: (who, service, operation) -> the answer to the smallest request
Ask = Callable[[str, str, str], Answer]


def asked_to_sign(service: str) -> tuple[str, ...]:
    """What a service says to who did not sign."""
    return DENIED if service in WORDLESS else UNSIGNED


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """Ask one cloud, in which nothing but the user nobody exists, as `nobody`, `anonymous` or `root`."""
    with Cloud(seed=1) as cloud:
        keys = user(cloud.client("iam"), "nobody")
        clients: dict[tuple[str, str], Any] = {}
        people: dict[str, dict[str, Any]] = {
            "nobody": keys._asdict(),
            "anonymous": {"access_key": None},
            "root": {},
        }

        def answer(who: str, service: str, operation: str) -> Answer:
            model = room(service).model
            client = clients.get((who, service))
            if client is None:
                client = clients[who, service] = cloud.client(service, parameter_validation=False, **people[who])
            method = next(snake for snake, name in model.snake.items() if name == operation)
            try:
                reply = getattr(client, method)(**minimal(model, operation))
            except ClientError as error:
                reply = error.response
            return Answer(reply.get("Error", {}).get("Code", ""), reply["ResponseMetadata"]["HTTPStatusCode"])

        yield answer


@pytest.mark.ours
@pytest.mark.parametrize("name", ROOMS)
def test_every_function_of_a_room_is_an_operation_of_the_model(name: str) -> None:
    assert set(room(name).operations) <= set(room(name).model.snake)


@pytest.mark.ours
def test_operations_of_a_rooms_own_are_those_that_browsers_ask_for() -> None:
    own = {(name, one) for name in ROOMS for one in room(name).model.operations.keys() - published(name).operations}
    assert {id_of(one) for one in own} == set(BROWSED)


@pytest.mark.ours
@pytest.mark.parametrize("name", ROOMS)
def test_what_a_room_leaves_out_was_replaced_and_its_successor_answers_at_its_address(name: str) -> None:
    theirs, ours = published(name), room(name).model
    answered = [one["http"] for one in ours.operations.values()] if ours.protocol.startswith("rest") else []
    left_out = [one for operation, one in theirs.operations.items() if operation not in ours.operations]
    assert not [one["name"] for one in left_out if not one.get("deprecated") or one["http"] not in answered]


@pytest.mark.documented(EVALUATION)
@pytest.mark.parametrize("operation", CLOSED, ids=id_of)
def test_who_was_allowed_nothing_is_denied(ask: Ask, operation: Operation) -> None:
    service = operation.service.name
    assert ask("nobody", service, operation.name).code in (*DENIED, *NOBODYS.get(service, ()))


SIGNED = [one for one in OPERATIONS if not one.anonymous and id_of(one) not in UNTOLD]


@pytest.mark.documented(ERRORS)
@pytest.mark.parametrize("operation", SIGNED, ids=id_of)
def test_who_does_not_sign_is_told_so(ask: Ask, operation: Operation) -> None:
    # what a resource policy could open to the world is denied like to anybody else
    service = operation.service.name
    told = (*DENIED, *NOBODYS.get(service, ())) if operation.admits_anonymous else asked_to_sign(service)
    assert ask("anonymous", service, operation.name).code in told


@pytest.mark.ours
@every
def test_the_smallest_request_of_root_is_never_a_failure_of_ours(ask: Ask, operation: Operation) -> None:
    assert ask("root", operation.service.name, operation.name).status < 500


@pytest.mark.ours
@refused
def test_what_is_not_written_says_so_to_who_may_know(ask: Ask, service: str, operation: str) -> None:
    assert ask("root", service, operation) == ("NotImplemented", 501)


@pytest.mark.documented(EVALUATION)
@refused
def test_what_is_not_written_is_denied_to_who_may_not(ask: Ask, service: str, operation: str) -> None:
    assert ask("nobody", service, operation).code in DENIED


@pytest.mark.documented(ERRORS)
@pytest.mark.parametrize(("service", "operation"), [one for one in HERE if id_of(one) not in UNTOLD], ids=id_of)
def test_what_is_not_written_asks_for_a_signature_first(ask: Ask, service: str, operation: str) -> None:
    assert ask("anonymous", service, operation).code in asked_to_sign(service)


@pytest.mark.ours
def test_who_needs_no_signature_is_declared_by_the_operation_alone() -> None:
    # what browsers ask for is authorized as the read or write that it comes to; a subscription's token is permission
    assert [id_of(one) for one in OPERATIONS if one.anonymous] == [
        *BROWSED,
        "sns:ConfirmSubscription",
        "sns:Unsubscribe",
        "sts:AssumeRoleWithSAML",
        "sts:AssumeRoleWithWebIdentity",
    ]


@pytest.mark.documented(EVALUATION)
@pytest.mark.parametrize("operation", CLOSED, ids=id_of)
def test_a_stranger_is_denied_what_really_exists(watched: Any, operation: Operation) -> None:
    asked = [one for one in watched.calls(operation) if one.stranger is not None]
    assert asked
    assert {one.stranger[0] for one in asked} <= {400, 403}
    heads = operation.service.name == "s3" and operation.name.startswith("Head")  # an answer without a body
    assert not [str(one) for one in asked if b"AccessDenied" not in one.stranger[1] and not heads]

"""Every call is in the history once: its service, its operation, what it acted on, and none of its secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from haar.catalog.models import ServiceModel
from haar.kit.audit import Event
from haar.kit.service import Operation
from haar.record import RECORDS
from tests.conformance.conftest import Life
from tests.conformance.rooms import OPERATIONS, id_of, room
from tests.conformance.witness import Seen

GUIDE = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/"
every = pytest.mark.parametrize("operation", OPERATIONS, ids=id_of)

#: Shapes that the models call sensitive and that are kept, and why.
PERSONAL: Mapping[str, str] = {
    "organizations": "names and email addresses are what the calls are about; CreateAccount alone hides them",
}


#: Shapes that the models call sensitive and that AWS keeps itself, and where.
OPEN: Mapping[str, str] = {"NonEmptyKmsKeyArnString": "a key's ARN is in every event of its use"}


#: Operations on many things of one: the history names the one, and why.
SUMMED: Mapping[str, str] = {"s3:DeleteObjects": "AWS's events name the bucket (S3 User Guide, logging-with-S3.html)"}


@pytest.fixture(scope="session")
def events(life: Life) -> dict[str, list[Event]]:
    """The history, by request id."""
    found: dict[str, list[Event]] = {}
    with life.cloud.store.transaction(write=False) as tx:
        for event in tx.range(Event):
            found.setdefault(event.id, []).append(event)
    return found


def secrets(model: ServiceModel, shape: str, value: Any) -> Iterator[str]:
    """Every sensitive value inside a request or a reply, as text."""
    described = model.shapes[shape]
    if shape in OPEN:
        return
    if described.get("sensitive"):
        yield value if isinstance(value, str) else repr(value)
    elif described["type"] == "structure":
        if not isinstance(value, Mapping):
            return  # the inside of an element, written before, or a stream of events: neither is kept
        for member, one in value.items():
            if one is not None and member in described["members"]:
                yield from secrets(model, described["members"][member]["shape"], one)
    elif described["type"] == "list":
        if not isinstance(value, list | tuple):
            return  # kept as it is answered
        for one in value:
            yield from secrets(model, described["member"]["shape"], one)
    elif described["type"] == "map":
        if not isinstance(value, Mapping):
            return  # kept as it is answered
        for one in value.values():
            yield from secrets(model, described["value"]["shape"], one)


def secrets_of(call: Seen) -> list[str]:
    """Every sensitive value of a call."""
    model = room(call.service).model
    described = model.operations[call.operation]
    found: list[str] = []
    for side, value in (("input", call.request), ("output", call.reply)):
        if side in described:
            found += secrets(model, described[side]["shape"], value)
    return found


@pytest.mark.documented(GUIDE + "cloudtrail-event-reference-record-contents.html")
@every
def test_a_call_is_in_the_history_once(life: Life, events: Any, operation: Operation) -> None:
    for call in life.calls(operation):
        told = [(one.service, one.operation, one.account, one.error) for one in events[call.request_id]]
        assert told == [(operation.service.name, operation.name, call.account, "")]


@pytest.mark.documented(GUIDE + "cloudtrail-event-reference-record-contents.html")
@every
def test_the_history_says_what_a_call_acted_on(life: Life, events: Any, operation: Operation) -> None:
    kinds = [kind for kind in RECORDS.values() if "arn" in kind.__declared__]
    name = operation.service.name, operation.name
    rows = [one for told in events.values() for one in told if (one.service, one.operation) == name]
    asked = {arn for row in rows for action, arn in life.asked_by.get(row.id, ()) if action == operation.action}
    things = {arn for arn in asked if "*" not in arn and any(kind.key_of(arn) for kind in kinds)}  # type: ignore[attr-defined]
    told = {arn for row in rows for arn, _ in row.resources}
    wholes = tuple(f"{arn}/" for arn in told if id_of(operation) in SUMMED)
    assert not [arn for arn in things - told if not arn.startswith(wholes)]


@pytest.mark.documented(GUIDE + "cloudtrail-event-reference-record-contents.html")
@every
def test_a_call_leaves_no_secret_in_the_history(life: Life, events: Any, operation: Operation) -> None:
    kept = repr([(one.request, one.response) for rows in events.values() for one in rows])
    hidden = [text for call in life.calls(operation) for text in secrets_of(call)]
    told = [text for text in hidden if text in kept or repr(text)[1:-1] in kept]
    assert not told or operation.service.name in PERSONAL


@pytest.mark.ours
def test_secrets_are_looked_for_where_there_are_some(life: Life) -> None:
    found = {call.operation for call in life.seen if call.reply and call.service == "iam" and secrets_of(call)}
    assert {"CreateAccessKey", "CreateLoginProfile", "UploadServerCertificate", "UpdateSAMLProvider"} <= found

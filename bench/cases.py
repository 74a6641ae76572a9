"""What is asked of every server. A case prepares what it needs, then gives every connection its units of work."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from urllib.parse import quote

from bench.load import Unit, Work
from bench.signing import Signer

#: What connections do, by their number.
Plan = Callable[[int], Work]

_BODY = "x" * 256
_numbers = itertools.count()

CASES: dict[str, Callable[[Signer], Plan]] = {}


def case(name: str) -> Callable[[Callable[[Signer], Plan]], Callable[[Signer], Plan]]:
    """Declare a case: a function that prepares it and answers with its work."""

    def register(prepare: Callable[[Signer], Plan]) -> Callable[[Signer], Plan]:
        CASES[name] = prepare
        return prepare

    return register


@case("sts.GetCallerIdentity")
def get_caller_identity(signer: Signer) -> Plan:
    """The plainest call there is."""
    return _same(signer.request("sts", "get_caller_identity"), b"<Arn>arn:aws:")


@case("iam.CreateUser+DeleteUser")
def create_user_delete_user(signer: Signer) -> Plan:
    """Two writes a unit; every connection has a name of its own."""

    def work(number: int) -> Work:
        name = f"bench-{number}"
        create = signer.request("iam", "create_user", UserName=name)
        delete = signer.request("iam", "delete_user", UserName=name)

        def unit() -> Unit:
            _expect(b"<UserName>", (yield create))
            _expect(b"DeleteUserResponse", (yield delete))

        return unit

    return work


@case("sqs.SendMessage")
def send_message(signer: Signer) -> Plan:
    """A message of 256 bytes, in JSON."""
    url = _queue(signer, "bench-send")
    return _same(signer.request("sqs", "send_message", QueueUrl=url, MessageBody=_BODY), b"MessageId")


@case("sqs.SendMessage.query")
def send_message_query(signer: Signer) -> Plan:
    """The same in the query protocol, which older clients speak."""
    url = _queue(signer, "bench-query")
    form = f"Action=SendMessage&Version=2012-11-05&QueueUrl={quote(url, safe='')}&MessageBody={_BODY}"
    return _same(signer.form("sqs", form), b"<MessageId>")


@case("sqs.SendMessageBatch.10")
def send_message_batch(signer: Signer) -> Plan:
    """Ten messages of 256 bytes in one request."""
    url = _queue(signer, "bench-batch")
    entries = [{"Id": str(number), "MessageBody": _BODY} for number in range(10)]
    return _same(signer.request("sqs", "send_message_batch", QueueUrl=url, Entries=entries), b"Successful")


@case("sqs.Send+Receive+Delete")
def send_receive_delete(signer: Signer) -> Plan:
    """The life of a message, three requests a unit; every connection has a queue of its own."""

    def work(number: int) -> Work:
        url = _queue(signer, f"bench-cycle-{number}")
        send = signer.request("sqs", "send_message", QueueUrl=url, MessageBody=_BODY)
        receive = signer.request("sqs", "receive_message", QueueUrl=url, MaxNumberOfMessages=1)
        delete = signer.template("sqs", "delete_message", QueueUrl=url, ReceiptHandle="none")

        def unit() -> Unit:
            _expect(b"MessageId", (yield send))
            message = json.loads((yield receive))["Messages"][0]
            yield delete.with_body(json.dumps({"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}).encode())

        return unit

    return work


def _queue(signer: Signer, name: str) -> str:
    """The URL of a fresh queue: how a server fares must not depend on what earlier loads have left behind."""
    url: str = signer.client("sqs").create_queue(QueueName=f"{name}-{next(_numbers)}")["QueueUrl"]
    return url


def _same(request: bytes, expected: bytes) -> Plan:
    """One request, again and again, from every connection."""

    def unit() -> Unit:
        _expect(expected, (yield request))

    return lambda number: unit


def _expect(part: bytes, body: bytes) -> None:
    if part not in body:
        raise ValueError(f"{part!r} is missing in {body[:300]!r}")

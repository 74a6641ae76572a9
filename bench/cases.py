"""What is asked of every server. A case prepares what it needs, then gives every connection its units of work."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable
from urllib.parse import quote

from bench import load
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


@case("s3.PutObject.1KiB")
def put_object_small(signer: Signer) -> Plan:
    """A kibibyte under one of 256 keys."""
    bucket = _bucket(signer)
    requests = [
        signer.request("s3", "put_object", Bucket=bucket, Key=f"o/{number:04d}", Body=os.urandom(1024))
        for number in range(256)
    ]
    return _in_turn(requests, b"")


@case("s3.GetObject.1KiB")
def get_object_small(signer: Signer) -> Plan:
    """The same, read."""
    bucket = _bucket(signer)
    body = os.urandom(1024)
    requests = []
    for number in range(64):
        signer.client("s3").put_object(Bucket=bucket, Key=f"o/{number}", Body=body)
        requests.append(signer.request("s3", "get_object", Bucket=bucket, Key=f"o/{number}"))
    return _in_turn(requests, body)


@case("s3.PutObject.8MiB")
def put_object_large(signer: Signer) -> Plan:
    """Eight mebibytes, signed, with the checksum that botocore adds."""
    bucket = _bucket(signer)
    body = os.urandom(8 << 20)
    return _in_turn(
        [signer.request("s3", "put_object", Bucket=bucket, Key=f"big/{number}", Body=body) for number in range(2)], b""
    )


@case("s3.GetObject.64MiB")
def get_object_large(signer: Signer) -> Plan:
    """Sixty-four mebibytes, read."""
    bucket = _bucket(signer)
    body = os.urandom(64 << 20)
    signer.client("s3").put_object(Bucket=bucket, Key="big", Body=body)
    return _same(signer.request("s3", "get_object", Bucket=bucket, Key="big"), body[:1000])


@case("s3.ListObjectsV2.10k")
def list_objects(signer: Signer) -> Plan:
    """A page of a thousand from the middle of ten thousand keys."""
    bucket = _bucket(signer)
    requests = iter(
        [
            signer.request("s3", "put_object", Bucket=bucket, Key=f"dir{number % 10}/key-{number:05d}", Body=b"x")
            for number in range(10_000)
        ]
    )

    def fill() -> Unit:
        for request in requests:  # noqa: UP028  # `yield from` would hand the answers on to the iterator
            yield request

    load.run(signer.port, [fill] * 16, 0.0, grace=300.0)
    page = signer.client("s3").list_objects_v2(Bucket=bucket, StartAfter="dir4/key-05000")
    assert len(page["Contents"]) == 1000, f"a page of {len(page['Contents'])} keys"
    request = signer.request("s3", "list_objects_v2", Bucket=bucket, StartAfter="dir4/key-05000")
    return _same(request, b"<IsTruncated>true")


@case("kms.Encrypt")
def encrypt(signer: Signer) -> Plan:
    """Sixty-four bytes under a symmetric key."""
    key = _key(signer)
    return _same(signer.request("kms", "encrypt", KeyId=key, Plaintext=b"s" * 64), b'"CiphertextBlob"')


@case("kms.GenerateDataKey")
def generate_data_key(signer: Signer) -> Plan:
    """A data key of 256 bits."""
    key = _key(signer)
    return _same(signer.request("kms", "generate_data_key", KeyId=key, KeySpec="AES_256"), b'"CiphertextBlob"')


def _bucket(signer: Signer) -> str:
    name = f"bench-{next(_numbers)}-{os.getpid()}"
    signer.client("s3").create_bucket(Bucket=name)
    return name


def _key(signer: Signer) -> str:
    key: str = signer.client("kms").create_key()["KeyMetadata"]["KeyId"]
    return key


def _queue(signer: Signer, name: str) -> str:
    """The URL of a fresh queue: how a server fares must not depend on what earlier loads have left behind."""
    url: str = signer.client("sqs").create_queue(QueueName=f"{name}-{next(_numbers)}")["QueueUrl"]
    return url


def _same(request: bytes, expected: bytes) -> Plan:
    """One request, again and again, from every connection."""

    def unit() -> Unit:
        _expect(expected, (yield request))

    return lambda number: unit


def _in_turn(requests: list[bytes], expected: bytes) -> Plan:
    """Several requests in turn, from every connection."""
    every = itertools.cycle(requests)

    def unit() -> Unit:
        _expect(expected, (yield next(every)))

    return lambda number: unit


def _expect(part: bytes, body: bytes) -> None:
    if part not in body:
        raise ValueError(f"{part!r} is missing in {body[:300]!r}")

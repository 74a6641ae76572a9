"""Reading streams: which there are, their shards, and their records through iterators."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec
import orjson

from haar.kit import Call, Service, ServiceError

if TYPE_CHECKING:
    from haar.shapes import dynamodbstreams as api

dynamodbstreams: Service[str] = Service(
    "dynamodbstreams", also_raises=("ValidationException", "AccessDeniedException", "SerializationException")
)

# Limits of the API (docs: DynamoDB Streams API Reference, API_streams_GetRecords.html and siblings).
RECORDS_MAX = 1000
REPLY_BYTES_MAX = 1024 * 1024
SHARDS_MAX = 100
STREAMS_MAX = 100
ITERATOR_SECONDS = 900.0


class Place(msgspec.Struct, frozen=True, array_like=True):
    """What an iterator stands for: the next sequence number to look for in a shard."""

    shard: str
    start: int
    made_at: float


def _streams(call: Call) -> Any:
    return call.ports.port("item_streams")


def _missing(arn: str) -> ServiceError:
    return dynamodbstreams.error("ResourceNotFoundException", f"Requested resource not found: Stream: {arn} not found")


def _invalid(message: str) -> ServiceError:
    return dynamodbstreams.error("ValidationException", message, status=400)


def _of_stream(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Any]]:
    arn = request["StreamArn"]
    return [(arn, _streams(call).find(call, arn))]


def _found(call: Call, arn: str) -> Any:
    if ":table/" not in arn or "/stream/" not in arn:
        raise _invalid("Invalid StreamArn")
    stream = _streams(call).find(call, arn)
    if stream is None:
        raise _missing(arn)
    call.resources.append((arn, "AWS::DynamoDB::Stream"))
    return stream


# ---- iterators


def _check(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=6, key=b"DynamoDB Streams").digest()


def _sealed(arn: str, place: Place) -> str:
    body = msgspec.msgpack.encode(place)
    return f"{arn}|1|{base64.b64encode(_check(arn.encode() + body) + body).decode()}"


def _opened(iterator: str) -> tuple[str, Place]:
    arn, _, text = iterator.partition("|1|")
    try:
        raw = base64.b64decode(text, validate=True)
        if _check(arn.encode() + raw[6:]) == raw[:6]:
            return arn, msgspec.msgpack.decode(raw[6:], type=Place)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        pass
    raise _invalid("Invalid ShardIterator")


def _of_iterator(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Any]]:
    arn = request["ShardIterator"].partition("|")[0]
    return [(arn, _streams(call).find(call, arn))]


# ---- operations


@dynamodbstreams.operation(resource=_of_stream)
def describe_stream(call: Call, request: api.DescribeStreamInput) -> Any:
    streams = _streams(call)
    stream = _found(call, request["StreamArn"])
    limit = min(request.get("Limit", SHARDS_MAX), SHARDS_MAX)
    start = request.get("ExclusiveStartShardId", "")
    wanted: Any = request.get("ShardFilter") or {}
    rest = [one for one in streams.shards(call, stream) if one.id > start]
    there = {one.id for one in streams.shards(call, stream)}
    if wanted.get("Type") == "CHILD_SHARDS":
        rest = [one for one in rest if one.parent == wanted.get("ShardId")]
    shown = [_shard(streams, one, there) for one in rest[:limit]]
    keys = [{"AttributeName": stream.hash_key, "KeyType": "HASH"}]
    if stream.range_key:
        keys.append({"AttributeName": stream.range_key, "KeyType": "RANGE"})
    described: dict[str, Any] = {
        "StreamArn": stream.arn,
        "StreamLabel": stream.label,
        "StreamStatus": stream.status,
        "StreamViewType": stream.view,
        "CreationRequestDateTime": stream.created_at,
        "TableName": stream.table,
        "KeySchema": keys,
        "Shards": shown,
    }
    if len(rest) > limit:
        described["LastEvaluatedShardId"] = rest[limit - 1].id
    return {"StreamDescription": described}


def _shard(streams: Any, shard: Any, there: set[str]) -> dict[str, Any]:
    numbers = {"StartingSequenceNumber": streams.text(shard.first)}
    if shard.last:
        numbers["EndingSequenceNumber"] = streams.text(shard.last)
    shown: dict[str, Any] = {"ShardId": shard.id, "SequenceNumberRange": numbers}
    if shard.parent in there:
        shown["ParentShardId"] = shard.parent
    return shown


@dynamodbstreams.operation(resource=_of_iterator, data_event=True)
def get_records(call: Call, request: api.GetRecordsInput) -> Any:
    streams = _streams(call)
    arn, place = _opened(request["ShardIterator"])
    limit = request.get("Limit", RECORDS_MAX)
    if limit > RECORDS_MAX:
        raise _invalid(
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: "
            f"Member must have value less than or equal to {RECORDS_MAX}"
        )
    stream = _found(call, arn)
    if place.made_at + ITERATOR_SECONDS < call.now:
        raise dynamodbstreams.error(
            "ExpiredIteratorException", "Shard iterator has expired: it can be used for 15 minutes after it was made"
        )
    shard = streams.shard(call, stream, place.shard)
    if shard is None:
        raise dynamodbstreams.error(
            "TrimmedDataAccessException", "The shard of this iterator is older than 24 hours and has been trimmed"
        )
    rows: list[Any] = []
    size = 0
    start = place.start
    for entry in islice(streams.entries(call, stream, shard, place.start), limit):
        size += len(entry.body)
        if rows and size > REPLY_BYTES_MAX:
            break
        rows.append(entry)
        start = entry.number + 1
    reply: dict[str, Any] = {"Records": [_record(stream, entry) for entry in rows]}
    if not shard.last or (start <= shard.last and len(rows) == limit) or size > REPLY_BYTES_MAX:
        reply["NextShardIterator"] = _sealed(arn, Place(shard.id, start, call.now))
    return reply


def _record(stream: Any, entry: Any) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "eventID": entry.id,
        "eventName": entry.event,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": stream.region,
        "dynamodb": orjson.Fragment(entry.body),
    }
    if entry.expired:
        shown["userIdentity"] = {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}
    return shown


@dynamodbstreams.operation(resource=_of_stream)
def get_shard_iterator(call: Call, request: api.GetShardIteratorInput) -> Any:
    streams = _streams(call)
    stream = _found(call, request["StreamArn"])
    shard = streams.shard(call, stream, request["ShardId"])
    if shard is None:
        raise dynamodbstreams.error(
            "ResourceNotFoundException",
            f"Requested resource not found: Shard: {request['ShardId']} in Stream: {stream.arn} not found",
        )
    kind = request["ShardIteratorType"]
    given = request.get("SequenceNumber")
    if kind == "TRIM_HORIZON":
        start = 0
    elif kind == "LATEST":
        start = streams.tip(call, shard) + 1
    elif kind == "AT_TIMESTAMP":
        at: Any = request.get("Timestamp")
        if at is None:
            raise _invalid("Timestamp is required when ShardIteratorType is AT_TIMESTAMP")
        start = int(float(at) * 1_000_000)
    else:
        if given is None:
            raise _invalid(f"SequenceNumber is required when ShardIteratorType is {kind}")
        number = streams.number(given)
        if number < shard.first or (shard.last and number > shard.last):
            raise _invalid(f"The parameter SequenceNumber {given} is not in the range of shard {shard.id}")
        if number < streams.horizon(call):
            raise dynamodbstreams.error(
                "TrimmedDataAccessException",
                f"The operation attempted to read past the oldest stream record in a shard: {given}",
            )
        start = number if kind == "AT_SEQUENCE_NUMBER" else number + 1
    return {"ShardIterator": _sealed(stream.arn, Place(shard.id, start, call.now))}


@dynamodbstreams.operation(resource=lambda call, request: "*")
def list_streams(call: Call, request: api.ListStreamsInput) -> Any:
    limit = min(request.get("Limit", STREAMS_MAX), STREAMS_MAX)
    after = request.get("ExclusiveStartStreamArn", "")
    table = request.get("TableName", "").rpartition("/")[2]
    found = list(islice(_streams(call).all(call, table, after), limit + 1))
    reply: dict[str, Any] = {
        "Streams": [{"StreamArn": one.arn, "TableName": one.table, "StreamLabel": one.label} for one in found[:limit]]
    }
    if len(found) > limit:
        reply["LastEvaluatedStreamArn"] = found[limit - 1].arn
    return reply

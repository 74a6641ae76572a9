"""Query and Scan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from haar.kit import Call, ServiceError
from haar.services.dynamodb.expressions.evaluate import Judge
from haar.services.dynamodb.expressions.legacy import check_duplicates, checked, filtered, key_conditions
from haar.services.dynamodb.expressions.request import NOTHING, QUERY, SCAN, Expressions, expressions_of, mixing_checked
from haar.services.dynamodb.key_conditions import Conditions, conditions_of, range_of
from haar.services.dynamodb.pages import (
    Reading,
    check_in_range,
    check_nested,
    check_projection,
    check_start_hash,
    page,
    projects_all,
    rows_of_query,
    rows_of_scan,
    segment_bounds,
    start_names,
    start_of,
)
from haar.services.dynamodb.resources import SecondaryIndex, Table
from haar.services.dynamodb.service import dynamodb, invalid, invalid_value
from haar.services.dynamodb.targets import found, named, of_index
from haar.services.dynamodb.values import Value, kind_of, stored

if TYPE_CHECKING:
    from haar.shapes import dynamodb as api

_NO_VALUES: Mapping[str, Value] = {}
#: What a bad ExclusiveStartKey says without DynamoDB's words about starting keys before it.
_SAID_PLAINLY = ("An number set  may not be empty", "contains duplicates", "numeric value", "range", "digits")


class _Asked(NamedTuple):
    """What a request asks for, as far as it can be told without its table."""

    expressions: Expressions
    judge: Judge | None
    values: Mapping[str, Value]
    #: attributes that the filter reads
    filtered: frozenset[str]
    projection: list[tuple[str | int, ...]] | None
    projected: frozenset[str] | None
    start: Mapping[str, Value] | None


@dynamodb.operation(
    resource=of_index,
    data_event=True,
    redact=("ExpressionAttributeValues", "KeyConditions", "QueryFilter"),
)
def query(call: Call, request: api.QueryInput) -> Any:
    maybe = named(call, request["TableName"])
    asked = _asked(request, "QueryFilter")
    conditions = _key_conditions(request, asked.expressions)
    _check_select(request, "Querying")
    table = found(call, maybe)
    index = _index_of(table, request)
    if asked.start is not None:
        check_start_hash(table, index, asked.start)
    wanted = range_of(table, index, conditions)
    start = None
    if asked.start is not None:
        start = start_of(table, index, asked.start)
        hashes = index.hash_keys if index is not None else (table.hash_key,)
        check_in_range(start, wanted, index, len(conditions) > len(hashes))
    _check_keys_not_filtered(table, index, asked, "QueryFilter" in request)
    reading = _reading(table, index, request, asked)
    if index is None and (wanted.exact or not table.range_key):
        reading = reading._replace(single=True)
    forward = request.get("ScanIndexForward") is not False
    return page(call, reading, rows_of_query(call, reading, wanted, start, forward), request)


@dynamodb.operation(resource=of_index, data_event=True, redact=("ExpressionAttributeValues", "ScanFilter"))
def scan(call: Call, request: api.ScanInput) -> Any:
    maybe = named(call, request["TableName"])
    asked = _asked(request, "ScanFilter")
    _check_select(request, "Scanning")
    segment, segments = _segment(request)
    table = found(call, maybe)
    index = _index_of(table, request)
    start = None
    if asked.start is not None:
        start = _scan_start(table, index, asked.start, segment, segments)
    reading = _reading(table, index, request, asked)
    return page(call, reading, rows_of_scan(call, reading, start, segment, segments), request)


# ---- the request alone


def _asked(request: Mapping[str, Any], filter_name: str) -> _Asked:
    spoken = mixing_checked(request, QUERY if filter_name == "QueryFilter" else SCAN)
    given = request.get(filter_name)
    conditions = checked(given) if given is not None else {}
    operator = request.get("ConditionalOperator")
    if operator is not None and len(conditions) < 2:
        raise invalid(
            "ConditionalOperator can only be used when Filter or Expected has two or more elements"
            if given is not None
            else "ConditionalOperator cannot be used without Filter or Expected"
        )
    start = request.get("ExclusiveStartKey")
    start = None if start is None else {name: _start_value(value) for name, value in start.items()}
    names = request.get("AttributesToGet")
    if names is not None:
        check_duplicates(names)
    expressions = expressions_of(request) if spoken else NOTHING
    projection: list[tuple[str | int, ...]] | None = None
    projected: frozenset[str] | None = None
    if names is not None:
        projection, projected = [(name,) for name in names], frozenset(names)
    elif expressions.projection is not None:
        projection, projected = list(expressions.projection.paths), expressions.projection.attributes
    where = filtered(conditions, operator)
    if where is not None:
        return _Asked(expressions, where.judge, where.values, where.attributes, projection, projected, start)
    if expressions.filter is not None:
        one = expressions.filter
        return _Asked(expressions, one.judge, expressions.values, one.attributes, projection, projected, start)
    return _Asked(expressions, None, _NO_VALUES, frozenset(), projection, projected, start)


def _start_value(value: Mapping[str, Any]) -> Value:
    try:
        return stored(value)
    except ServiceError as error:
        if any(words in error.message for words in _SAID_PLAINLY):
            raise
        raise invalid(f"The provided starting key is invalid: {error.message}") from None


def _key_conditions(request: Mapping[str, Any], expressions: Expressions) -> Conditions:
    if expressions.key_condition is not None:
        conditions = conditions_of(expressions.key_condition.root, expressions.values)
        most = 8 if request.get("IndexName") else 2
        if len(conditions) > most:
            raise invalid("Conditions can be of length 1 or 2 only")
        return conditions
    if request.get("KeyConditions") is None:
        raise invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
    return key_conditions(request)


def _check_select(request: Mapping[str, Any], doing: str) -> None:
    select = request.get("Select")
    if select is None:
        return
    chosen = next((one for one in ("AttributesToGet", "ProjectionExpression") if request.get(one) is not None), "")
    if select == "SPECIFIC_ATTRIBUTES":
        if not chosen:
            raise invalid(
                "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
            )
        return
    if chosen:
        raise invalid(f"Cannot specify the {chosen} when choosing to get {select}")
    if select == "ALL_PROJECTED_ATTRIBUTES" and request.get("IndexName") is None:
        raise invalid(f"ALL_PROJECTED_ATTRIBUTES can be used only when {doing} using an IndexName")


def _segment(request: Mapping[str, Any]) -> tuple[int, int]:
    segment, segments = request.get("Segment"), request.get("TotalSegments")
    if segments is None and segment is not None:
        raise invalid(
            "The TotalSegments parameter is required but was not present in the request when Segment parameter is "
            "present"
        )
    if segment is None and segments is not None:
        raise invalid(
            "The Segment parameter is required but was not present in the request when parameter TotalSegments is "
            "present"
        )
    if segment is None or segments is None:
        return 0, 1
    if segment >= segments:
        raise invalid(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
            f"Segment: {segment} is not less than TotalSegments: {segments}"
        )
    return int(segment), int(segments)


# ---- with the table


def _index_of(table: Table, request: Mapping[str, Any]) -> SecondaryIndex | None:
    name = request.get("IndexName")
    if name is None:
        return None
    index = table.index(name)
    if index is None:
        raise invalid(f"The table does not have the specified index: {name}")
    if not index.is_local and request.get("ConsistentRead"):
        raise invalid("Consistent reads are not supported on global secondary indexes")
    if index.status == "CREATING" or index.backfilling:
        raise invalid(f"Cannot read from backfilling global secondary index: {name}")
    return index


def _check_keys_not_filtered(table: Table, index: SecondaryIndex | None, asked: _Asked, legacy: bool) -> None:
    keys = (*index.hash_keys, *index.range_keys) if index is not None else table.key_names
    for name in keys:
        if name in asked.filtered:
            what = "QueryFilter" if legacy else "Filter Expression"
            raise invalid(f"{what} can only contain non-primary key attributes: Primary key attribute: {name}")


def _reading(table: Table, index: SecondaryIndex | None, request: Mapping[str, Any], asked: _Asked) -> Reading:
    expressions = asked.expressions
    select = request.get("Select") or ""
    wanted = asked.projected
    fetches = False
    if index is not None:
        everything = select == "ALL_ATTRIBUTES"
        if index.is_local:
            needed = None if everything else None if wanted is None else wanted | asked.filtered
            fetches = (everything or wanted is not None) and not projects_all(table, index, needed)
        else:
            if everything and index.projection != "ALL":
                raise invalid_value(
                    f"Select type ALL_ATTRIBUTES is not supported for global secondary index {index.name} "
                    "because its projection type is not ALL"
                )
            if wanted is not None:
                check_projection(table, index, wanted)
    for analysed in (expressions.projection, expressions.filter):
        if analysed is not None and analysed.nested:
            check_nested(table, analysed.nested)
    return Reading(
        table,
        index,
        request.get("ConsistentRead") or False,
        request.get("Limit"),
        select,
        asked.judge,
        asked.values,
        asked.projection,
        fetches,
    )


def _scan_start(
    table: Table, index: SecondaryIndex | None, start: Mapping[str, Value], segment: int, segments: int
) -> Any:
    names = start_names(table, index)
    types = table.types
    if set(start) != set(names) or any(kind_of(start[name]) != types[name] for name in names):
        raise invalid("The provided starting key is invalid: The provided key element does not match the schema")
    place = start_of(table, index, start)
    if segments > 1:
        low, high = segment_bounds(segment, segments)
        if place.partition < low or (high and place.partition >= high):
            raise invalid(
                "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with "
                f"correct Segment. TotalSegments: {segments} Segment: {segment}"
            )
    return place

"""Key schemas, projections and throughput: what CreateTable and UpdateTable let through, in DynamoDB's words.

All of it is pure. Source: DynamoDB API Reference, API_CreateTable.html and API_UpdateTable.html; Developer Guide,
Constraints.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from haar.services.dynamodb.resources import SecondaryIndex
from haar.services.dynamodb.service import invalid, invalid_value

__all__ = [
    "Units", "check_definitions", "check_indexes", "check_table_name", "definitions", "index_of", "on_demand",
    "primary_key", "provisioned", "schema_of",
]  # fmt: skip

LOCAL_INDEXES_MAX = 5
GLOBAL_INDEXES_MAX = 20
#: How many attributes all INCLUDE projections of a table name together.
PROJECTED_ATTRIBUTES_MAX = 100
#: How many attributes a global index's key has of a kind at most.
KEY_PARTS_MAX = 4
UNITS_MAX = 1_000_000_000_000

_NAME = re.compile(r"[a-zA-Z0-9_.-]+")
_PROVISIONED = "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
_ON_DEMAND = "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"


class Units(NamedTuple):
    """Provisioned throughput: read and write capacity units a second; nothing of both in on-demand mode."""

    read: int = 0
    write: int = 0


def check_table_name(name: str) -> None:
    """Refuse what cannot be a table's name. Raises ValidationException."""
    if not 3 <= len(name) <= 255:
        raise invalid("TableName must be at least 3 characters long and at most 255 characters long")
    if not _NAME.fullmatch(name):
        raise invalid(
            f"1 validation error detected: Value '{name}' at 'tableName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
        )


def _elements(schema: Sequence[Mapping[str, str]], kind: str) -> tuple[str, ...]:
    return tuple(one["AttributeName"] for one in schema if one["KeyType"] == kind)


def schema_of(hash_keys: Iterable[str], range_keys: Iterable[str]) -> list[dict[str, str]]:
    """A KeySchema of these attributes."""
    return [
        *({"AttributeName": name, "KeyType": "HASH"} for name in hash_keys if name),
        *({"AttributeName": name, "KeyType": "RANGE"} for name in range_keys if name),
    ]


def _listed(names: Iterable[str]) -> str:
    return f"[{', '.join(names)}]"


def _single(schema: Sequence[Mapping[str, str]]) -> tuple[str, str]:
    """The partition and sort key of a schema with one of each at most."""
    if schema[0]["KeyType"] != "HASH":
        raise invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
    if len(schema) == 1:
        return schema[0]["AttributeName"], ""
    if schema[1]["KeyType"] != "RANGE":
        raise invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
    if schema[0]["AttributeName"] == schema[1]["AttributeName"]:
        raise invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name")
    if len(schema) > 2:
        shown = ", ".join(
            f"KeySchemaElement(attributeName={e['AttributeName']}, keyType={e['KeyType']})" for e in schema
        )
        raise invalid(
            f"1 validation error detected: Value '[{shown}]' at 'keySchema' failed to satisfy constraint: "
            "Member must have length less than or equal to 2"
        )
    return schema[0]["AttributeName"], schema[1]["AttributeName"]


def primary_key(schema: Sequence[Mapping[str, str]], types: Mapping[str, str]) -> tuple[str, str]:
    """A table's partition and sort key ("" for none). Raises ValidationException."""
    hash_key, range_key = _single(schema)
    names = [hash_key, range_key] if range_key else [hash_key]
    if missing := [name for name in names if name not in types]:
        raise invalid_value(
            "Some index key attributes are not defined in AttributeDefinitions. "
            f"Keys: {_listed(missing)}, AttributeDefinitions: {_listed(types)}"
        )
    return hash_key, range_key


def definitions(given: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """AttributeDefinitions as name -> type. Raises ValidationException for a name that stands twice."""
    types: dict[str, str] = {}
    for one in given:
        name, kind = one["AttributeName"], one["AttributeType"]
        if name in types:
            raise invalid_value(f"Duplicate AttributeName in AttributeDefinitions: {name}")
        types[name] = kind
    return types


def check_definitions(
    types: Mapping[str, str], hash_key: str, range_key: str, indexes: Iterable[SecondaryIndex]
) -> None:
    """Refuse definitions of attributes that are no keys. Raises ValidationException."""
    used = dict.fromkeys(name for name in (hash_key, range_key) if name)
    has_indexes = False
    for index in indexes:
        has_indexes = True
        used.update(dict.fromkeys((*index.hash_keys, *index.range_keys)))
    if len(types) > len(used):
        if not has_indexes:
            raise invalid_value(
                "Number of attributes in KeySchema does not exactly match number of attributes defined in "
                "AttributeDefinitions"
            )
        raise invalid_value(
            "Some AttributeDefinitions are not used. "
            f"AttributeDefinitions: {_listed(types)}, keys used: {_listed(used)}"
        )


def _projection(projection: Mapping[str, Any] | None) -> tuple[str, tuple[str, ...]]:
    kind = (projection or {}).get("ProjectionType")
    names = (projection or {}).get("NonKeyAttributes")
    if kind is None:
        raise invalid_value("Unknown ProjectionType: null")
    if kind != "INCLUDE" and names is not None:
        raise invalid_value(f"ProjectionType is {kind}, but NonKeyAttributes is specified")
    if kind == "INCLUDE" and not names:
        raise invalid_value("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
    if names and len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise invalid_value(f"Attribute {twice} is listed twice in NonKeyAttributes")
    return kind, tuple(names or ())


def index_of(
    wanted: Mapping[str, Any],
    *,
    serial: str,
    types: Mapping[str, str],
    hash_key: str,
    range_key: str,
    is_local: bool,
    billing: str = "PAY_PER_REQUEST",
    status: str = "ACTIVE",
) -> SecondaryIndex:
    """The index that a request describes. Raises ValidationException."""
    name = wanted["IndexName"]
    schema = wanted["KeySchema"]
    hash_keys, range_keys = _elements(schema, "HASH"), _elements(schema, "RANGE")
    if is_local or (len(schema) <= 2 and len(hash_keys) < 2):
        first, second = _single(schema)
        hash_keys, range_keys = (first,), (second,) if second else ()
    else:
        if [one["KeyType"] for one in schema] != ["HASH"] * len(hash_keys) + ["RANGE"] * len(range_keys):
            raise invalid("Invalid KeySchema: All HASH key elements must come before all RANGE key elements")
        if max(len(hash_keys), len(range_keys)) > KEY_PARTS_MAX:
            raise invalid_value(
                f"Index KeySchema has more than {KEY_PARTS_MAX} attributes of one key type for index: {name}"
            )
        if len({*hash_keys, *range_keys}) < len(schema):
            raise invalid_value(f"An attribute is listed twice in the KeySchema of index: {name}")
    if missing := [one for one in (*hash_keys, *range_keys) if one not in types]:
        raise invalid_value(
            "Some index key attributes are not defined in AttributeDefinitions. "
            f"Keys: {_listed(missing)}, AttributeDefinitions: {_listed(types)}"
        )
    if is_local:
        if not range_key:
            raise invalid_value(
                "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"
            )
        if not range_keys:
            raise invalid_value(f"Index KeySchema does not have a range key for index: {name}")
        if hash_keys[0] != hash_key:
            raise invalid_value(
                f"Index KeySchema does not have the same leading hash key as table KeySchema for index: {name}. "
                f"index hash key: {hash_keys[0]}, table hash key: {hash_key}"
            )
    projection, included = _projection(wanted.get("Projection"))
    units, limits = Units(), (-1, -1)
    if not is_local:
        units = _index_units(wanted, billing)
        limits = on_demand(wanted.get("OnDemandThroughput"), billing)
    return SecondaryIndex(
        name=name,
        serial=serial,
        hash_keys=hash_keys,
        range_keys=range_keys,
        projection=projection,
        included=included,
        is_local=is_local,
        status=status,
        read_units=units.read,
        write_units=units.write,
        read_requests_max=limits[0],
        write_requests_max=limits[1],
    )


def _index_units(wanted: Mapping[str, Any], billing: str) -> Units:
    given = wanted.get("ProvisionedThroughput")
    name = wanted["IndexName"]
    if billing == "PROVISIONED":
        if given is None:
            raise invalid_value(f"ProvisionedThroughput must be specified for index: {name}")
        return _units(given, f" for index {name}")
    if given is not None and (given["ReadCapacityUnits"] or given["WriteCapacityUnits"]):
        raise invalid_value(
            f"ProvisionedThroughput should not be specified for index: {name} when BillingMode is PAY_PER_REQUEST"
        )
    return Units()


def _units(given: Mapping[str, int], of: str = "") -> Units:
    for member in ("ReadCapacityUnits", "WriteCapacityUnits"):
        if given[member] > UNITS_MAX:
            raise invalid(f"Given value {given[member]} for {member} is out of bounds{of}")
    return Units(given["ReadCapacityUnits"], given["WriteCapacityUnits"])


def provisioned(given: Mapping[str, int] | None, billing: str) -> Units:
    """A table's throughput in a billing mode. Raises ValidationException where the two do not fit."""
    if billing == "PROVISIONED":
        if given is None:
            raise invalid_value(_PROVISIONED)
        return _units(given)
    if given is not None and (given["ReadCapacityUnits"] or given["WriteCapacityUnits"]):
        raise invalid_value(_ON_DEMAND)
    return Units()


def on_demand(given: Mapping[str, int] | None, billing: str) -> tuple[int, int]:
    """The most read and write requests a second in on-demand mode, -1 for no limit. Raises ValidationException."""
    if given is None:
        return -1, -1
    if billing == "PROVISIONED":
        raise invalid_value("OnDemandThroughput can only be specified when BillingMode is PAY_PER_REQUEST")
    limits = given.get("MaxReadRequestUnits", -1), given.get("MaxWriteRequestUnits", -1)
    if any(limit < 1 and limit != -1 for limit in limits):
        raise invalid_value("MaxReadRequestUnits and MaxWriteRequestUnits must be at least 1, or -1 for no maximum")
    return limits


def check_indexes(indexes: Sequence[SecondaryIndex]) -> None:
    """Refuse too many indexes, and names that stand twice. Raises ValidationException."""
    names: set[str] = set()
    for index in indexes:
        if index.name in names:
            raise invalid_value(f"Duplicate index name: {index.name}")
        names.add(index.name)
    if sum(index.is_local for index in indexes) > LOCAL_INDEXES_MAX:
        raise invalid_value(f"Number of LocalSecondaryIndexes exceeds per-table limit of {LOCAL_INDEXES_MAX}")
    if sum(len(index.included) for index in indexes) > PROJECTED_ATTRIBUTES_MAX:
        raise invalid_value(
            "The total number of non-key attributes projected into all indexes exceeds the limit of "
            f"{PROJECTED_ATTRIBUTES_MAX}"
        )

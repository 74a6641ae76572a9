"""What requests consume, and throughput where AWS's rates are enforced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from haar.services.dynamodb.conftest import index, key, typed

if TYPE_CHECKING:
    from haar import Cloud

UNITS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html"
SIZES = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html"
BURST = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html"
THROTTLING = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/throttling-diagnosing.html"
ON_DEMAND = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html"


def item(name: str, **values: Any) -> dict[str, Any]:
    return {"a": {"S": name}, **values}


def sized(size: int) -> dict[str, Any]:
    """An item of a number of bytes."""
    return item("k", v={"S": "x" * (size - 3)})


@pytest.mark.parametrize(("size", "units"), [(1, 1.0), (1024, 1.0), (1025, 2.0), (10_240, 10.0)])
@pytest.mark.documented(UNITS)
def test_a_write_takes_a_unit_for_every_kb(db: Any, hashed: str, size: int, units: float) -> None:
    reply = db.put_item(TableName=hashed, Item=sized(max(size, 3)), ReturnConsumedCapacity="TOTAL")
    assert reply["ConsumedCapacity"] == {"TableName": hashed, "CapacityUnits": units}


@pytest.mark.documented(UNITS)
def test_a_write_counts_the_larger_of_before_and_after(db: Any, hashed: str) -> None:
    db.put_item(TableName=hashed, Item=sized(3000))
    smaller = db.put_item(TableName=hashed, Item=sized(10), ReturnConsumedCapacity="TOTAL")
    db.put_item(TableName=hashed, Item=sized(5000))
    gone = db.delete_item(TableName=hashed, Key=item("k"), ReturnConsumedCapacity="TOTAL")
    nothing = db.delete_item(TableName=hashed, Key=item("k"), ReturnConsumedCapacity="TOTAL")
    units = [reply["ConsumedCapacity"]["CapacityUnits"] for reply in (smaller, gone, nothing)]
    assert units == [3.0, 5.0, 1.0]


@pytest.mark.parametrize(("size", "eventual", "strong"), [(10, 0.5, 1.0), (4096, 0.5, 1.0), (4097, 1.0, 2.0)])
@pytest.mark.fact("DDB-012")
def test_a_strong_read_takes_twice_an_eventual_one(
    db: Any, hashed: str, size: int, eventual: float, strong: float
) -> None:
    db.put_item(TableName=hashed, Item=sized(size))
    units = [
        db.get_item(TableName=hashed, Key=item("k"), ConsistentRead=consistent, ReturnConsumedCapacity="TOTAL")[
            "ConsumedCapacity"
        ]["CapacityUnits"]
        for consistent in (False, True)
    ]
    assert units == [eventual, strong]


@pytest.mark.documented(UNITS)
def test_a_query_counts_its_items_together(db: Any, numbered: str) -> None:
    for number in range(10):
        db.put_item(TableName=numbered, Item={"a": {"S": "k"}, "n": {"N": str(number)}, "v": {"S": "x" * 1000}})
    asked = {
        "TableName": numbered,
        "KeyConditionExpression": "a = :a",
        "ExpressionAttributeValues": {":a": {"S": "k"}},
        "ReturnConsumedCapacity": "TOTAL",
    }
    assert db.query(**asked)["ConsumedCapacity"]["CapacityUnits"] == 1.5
    assert db.query(**asked, ConsistentRead=True)["ConsumedCapacity"]["CapacityUnits"] == 3.0


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "é€"}, 5),
        ({"N": "0"}, 1),
        ({"N": "1"}, 2),
        ({"N": "12"}, 2),
        ({"N": "123"}, 3),
        ({"N": "-1"}, 3),
        ({"B": b"12345"}, 5),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"SS": ["ab", "c"]}, 3),
        ({"L": []}, 3),
        ({"L": [{"S": "ab"}]}, 6),
        ({"M": {}}, 3),
        ({"M": {"xy": {"S": "abc"}}}, 9),
    ],
)
@pytest.mark.documented(SIZES)
def test_sizes_of_values(value: dict[str, Any], size: int) -> None:
    from haar.services.dynamodb.values import measured, size_of

    kept, counted = measured({"v": value})
    assert (counted, size_of(kept)) == (size + 1, size + 1)


@pytest.mark.documented(UNITS)
def test_indexes_are_written_and_counted_where_they_change(db: Any, ranged: str) -> None:
    def units(**values: str) -> Any:
        texts = {name: {"S": value} for name, value in {"a": "k", "b": "1", **values}.items()}
        return db.put_item(TableName=ranged, Item=texts, ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]

    one, two = {"CapacityUnits": 1.0}, {"CapacityUnits": 2.0}
    assert units() == {"TableName": ranged, "CapacityUnits": 1.0, "Table": one}
    assert units(c="x", d="y") == {
        "TableName": ranged,
        "CapacityUnits": 5.0,
        "Table": one,
        "LocalSecondaryIndexes": {"local": one, "slim": one},
        "GlobalSecondaryIndexes": {"by_c": one, "by_cd": one},
    }
    # of an attribute that only those have that project everything
    assert units(c="x", d="y", f="z") == {
        "TableName": ranged,
        "CapacityUnits": 3.0,
        "Table": one,
        "LocalSecondaryIndexes": {"local": one},
        "GlobalSecondaryIndexes": {"by_c": one},
    }
    # a row that moves is taken away and put
    assert units(c="moved", d="y", f="z") == {
        "TableName": ranged,
        "CapacityUnits": 7.0,
        "Table": one,
        "LocalSecondaryIndexes": {"local": two},
        "GlobalSecondaryIndexes": {"by_c": two, "by_cd": two},
    }


# ---- where rates are enforced


@pytest.fixture
def strict() -> Iterator[Cloud]:
    """A cloud with AWS's rates, and a clock that stands still unless it is moved."""
    from haar import Cloud

    with Cloud(seed=1, limits="aws") as cloud:
        cloud.clock.bend(rate=0.0)
        yield cloud


def provisioned(cloud: Cloud, name: str, reads: int, writes: int, **more: Any) -> Any:
    db = cloud.client("dynamodb")
    db.create_table(
        TableName=name,
        KeySchema=[key("a")],
        AttributeDefinitions=typed(a="S", **more.pop("types", {})),
        ProvisionedThroughput={"ReadCapacityUnits": reads, "WriteCapacityUnits": writes},
        **more,
    )
    return db


def writes_until_refused(db: Any, table: str, most: int, *names: str) -> tuple[int, str]:
    """How many items can be put at this moment, and what the next is refused with."""
    for number in range(most):
        try:
            db.put_item(TableName=table, Item=item(names[number % len(names)]))
        except ClientError as error:
            return number, error.response["Error"]["Code"]
    return most, ""


@pytest.mark.documented(BURST)
def test_unused_capacity_of_five_minutes_is_there_for_a_burst(strict: Cloud) -> None:
    db = provisioned(strict, "table", 1, 1)
    strict.advance(minutes=10)
    assert writes_until_refused(db, "table", 400, "k") == (301, "ProvisionedThroughputExceededException")
    strict.advance(seconds=3)
    assert writes_until_refused(db, "table", 400, "k")[0] == 3


@pytest.mark.documented(THROTTLING)
def test_a_refusal_says_what_was_exceeded(strict: Cloud) -> None:
    db = provisioned(strict, "table", 1, 1)
    strict.advance(minutes=10)
    writes_until_refused(db, "table", 301, "k")
    with pytest.raises(ClientError) as caught:
        db.put_item(TableName="table", Item=item("k"))
    assert caught.value.response["Error"]["Message"] == (
        "The level of configured provisioned throughput for the table was exceeded. Consider increasing your "
        "provisioning level with the UpdateTable API."
    )
    assert caught.value.response["ThrottlingReasons"] == [
        {
            "reason": "TableWriteProvisionedThroughputExceeded",
            "resource": "arn:aws:dynamodb:us-east-1:000000000000:table/table",
        }
    ]


@pytest.mark.fact("DDB-005")
def test_one_partition_key_takes_1000_writes_a_second(strict: Cloud) -> None:
    db = provisioned(strict, "table", 1, 3000)
    strict.advance(minutes=10)
    assert writes_until_refused(db, "table", 1500, "hot") == (1000, "ProvisionedThroughputExceededException")
    strict.advance(seconds=2)
    suffixed = [f"hot.{number}" for number in range(10)]
    assert writes_until_refused(db, "table", 1500, *suffixed) == (1500, "")


@pytest.mark.fact("DDB-004")
def test_a_partition_that_is_hot_is_split(strict: Cloud) -> None:
    db = provisioned(strict, "table", 1, 900)
    strict.advance(minutes=10)
    names = [f"k{number}" for number in range(40)]
    before, _ = writes_until_refused(db, "table", 1500, *names)
    strict.advance(minutes=5)
    after, _ = writes_until_refused(db, "table", 1500, *names)
    assert (before, after) == (1000, 1500)


@pytest.mark.documented(BURST)
def test_a_batch_leaves_what_is_throttled_for_later(strict: Cloud) -> None:
    db = provisioned(strict, "table", 1, 1)
    strict.advance(minutes=10)
    writes_until_refused(db, "table", 295, "k")
    writes = [{"PutRequest": {"Item": item(f"b{number}")}} for number in range(10)]
    reply = db.batch_write_item(RequestItems={"table": writes})
    assert len(reply["UnprocessedItems"]["table"]) == 4
    with pytest.raises(ClientError, match="ProvisionedThroughputExceededException"):
        db.batch_write_item(RequestItems={"table": writes})


@pytest.mark.documented(THROTTLING)
def test_a_global_index_with_too_little_throughput_throttles_its_table(strict: Cloud) -> None:
    throughput = {"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}
    db = provisioned(
        strict, "table", 1, 100, types={"c": "S"}, GlobalSecondaryIndexes=[{**index("by_c", key("c")), **throughput}]
    )
    strict.advance(minutes=10)
    for number in range(301):
        db.put_item(TableName="table", Item=item(str(number), c={"S": "x"}))
    with pytest.raises(ClientError, match="global secondary indexes"):
        db.put_item(TableName="table", Item=item("one more", c={"S": "x"}))


@pytest.mark.documented(ON_DEMAND)
def test_a_maximum_of_on_demand_throughput_holds(strict: Cloud) -> None:
    db = strict.client("dynamodb")
    db.create_table(
        TableName="table",
        KeySchema=[key("a")],
        AttributeDefinitions=typed(a="S"),
        BillingMode="PAY_PER_REQUEST",
        OnDemandThroughput={"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": 1},
    )
    strict.advance(minutes=10)
    assert writes_until_refused(db, "table", 400, "k")[1] == "ThrottlingException"


@pytest.mark.fact("DDBCAP-003")
def test_on_demand_takes_a_burst_without_being_told(strict: Cloud) -> None:
    db = strict.client("dynamodb")
    db.create_table(
        TableName="table", KeySchema=[key("a")], AttributeDefinitions=typed(a="S"), BillingMode="PAY_PER_REQUEST"
    )
    strict.advance(minutes=1)
    names = [f"k{number}" for number in range(20)]
    assert writes_until_refused(db, "table", 1500, *names) == (1500, "")

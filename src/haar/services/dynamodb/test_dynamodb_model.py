"""Whatever is done to a table, it holds what a dictionary would, in every order that it can be read in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from haar import Cloud
from haar.kit import ServiceError
from haar.services.dynamodb.conftest import index, key, typed
from haar.services.dynamodb.expressions.syntax import ExpressionError, parse_condition, parse_projection, parse_update
from haar.services.dynamodb.keys import joined, sort_text
from haar.services.dynamodb.values import canonical, dumped, loaded, measured, size_of

NUMBERS = st.decimals(allow_nan=False, allow_infinity=False).filter(
    lambda value: not value or (-130 <= value.adjusted() <= 125 and len(value.as_tuple().digits) <= 38)
)
PARTITIONS = st.sampled_from(["p", "q", "p\x00", ""]).filter(bool)
SORTS = st.sampled_from(["-1000", "-2.5", "-2", "0", "0.001", "1", "1.5", "7", "10", "1e20"])
COLOURS = st.sampled_from(["red", "green", "blue"])


def number(text: str) -> str:
    return canonical(text)[0]


class Table(RuleBasedStateMachine):
    """A table with a global index on `colour` and a local one on `weight`, and the dictionary it should be."""

    def __init__(self) -> None:
        super().__init__()
        self.cloud = Cloud(seed=1)
        self.db: Any = self.cloud.client("dynamodb")
        self.items: dict[tuple[str, str], dict[str, Any]] = {}

    @initialize()
    def make(self) -> None:
        self.db.create_table(
            TableName="table",
            KeySchema=[key("p"), key("n", "RANGE")],
            AttributeDefinitions=typed(p="S", n="N", colour="S", weight="N"),
            BillingMode="PAY_PER_REQUEST",
            LocalSecondaryIndexes=[index("by_weight", key("p"), key("weight", "RANGE"))],
            GlobalSecondaryIndexes=[index("by_colour", key("colour"), key("n", "RANGE"), projection="KEYS_ONLY")],
        )
        self.cloud.advance(seconds=60)

    def teardown(self) -> None:
        self.cloud.close()

    @staticmethod
    def named(partition: str, sort: str) -> dict[str, Any]:
        return {"p": {"S": partition}, "n": {"N": sort}}

    @rule(partition=PARTITIONS, sort=SORTS, colour=st.none() | COLOURS, weight=st.none() | SORTS)
    def put(self, partition: str, sort: str, colour: str | None, weight: str | None) -> None:
        item = self.named(partition, sort)
        if colour is not None:
            item["colour"] = {"S": colour}
        if weight is not None:
            item["weight"] = {"N": weight}
        old = self.db.put_item(TableName="table", Item=item, ReturnValues="ALL_OLD").get("Attributes")
        place = (partition, number(sort))
        assert old == self.items.get(place)
        self.items[place] = {name: {"N": number(value["N"])} if "N" in value else value for name, value in item.items()}

    @rule(partition=PARTITIONS, sort=SORTS)
    def delete(self, partition: str, sort: str) -> None:
        reply = self.db.delete_item(TableName="table", Key=self.named(partition, sort), ReturnValues="ALL_OLD")
        assert reply.get("Attributes") == self.items.pop((partition, number(sort)), None)

    @rule(partition=PARTITIONS, sort=SORTS, colour=COLOURS, amount=SORTS)
    def update(self, partition: str, sort: str, colour: str, amount: str) -> None:
        place = (partition, number(sort))
        reply = self.db.update_item(
            TableName="table",
            Key=self.named(partition, sort),
            UpdateExpression="SET colour = :c ADD #t :a REMOVE weight",
            ExpressionAttributeNames={"#t": "total"},
            ExpressionAttributeValues={":c": {"S": colour}, ":a": {"N": amount}},
            ReturnValues="ALL_NEW",
        )
        item = dict(self.items.get(place, self.named(partition, place[1])))
        item.pop("weight", None)
        before = Decimal(item.get("total", {"N": "0"})["N"])
        item |= {"colour": {"S": colour}, "total": {"N": number(f"{before + Decimal(amount):f}")}}
        assert reply["Attributes"] == item
        self.items[place] = item

    @rule(partition=PARTITIONS, sort=SORTS, colour=COLOURS)
    def delete_if(self, partition: str, sort: str, colour: str) -> None:
        place = (partition, number(sort))
        holds = self.items.get(place, {}).get("colour") == {"S": colour}
        try:
            self.db.delete_item(
                TableName="table",
                Key=self.named(partition, sort),
                ConditionExpression="colour = :c",
                ExpressionAttributeValues={":c": {"S": colour}},
            )
        except self.db.exceptions.ConditionalCheckFailedException:
            assert not holds
        else:
            assert holds
            del self.items[place]

    @rule(partition=PARTITIONS, sorts=st.lists(SORTS, min_size=1, max_size=4, unique=True))
    def transact(self, partition: str, sorts: list[str]) -> None:
        actions: list[Any] = [
            {"Put": {"TableName": "table", "Item": {**self.named(partition, sort), "by": {"S": "all"}}}}
            for sort in sorts
        ]
        actions.append(
            {
                "ConditionCheck": {
                    "TableName": "table",
                    "Key": self.named(partition, "42"),
                    "ConditionExpression": "attribute_not_exists(p)",
                }
            }
        )
        self.db.transact_write_items(TransactItems=actions)
        for sort in sorts:
            self.items[partition, number(sort)] = {**self.named(partition, number(sort)), "by": {"S": "all"}}

    @rule(partition=PARTITIONS, low=SORTS, high=SORTS, forward=st.booleans(), limit=st.integers(1, 4))
    def query(self, partition: str, low: str, high: str, forward: bool, limit: int) -> None:
        low, high = sorted((low, high), key=Decimal)
        wanted = [
            item
            for (one, sort), item in sorted(
                self.items.items(), key=lambda pair: Decimal(pair[0][1]), reverse=not forward
            )
            if one == partition and Decimal(low) <= Decimal(sort) <= Decimal(high)
        ]
        pages = self.db.get_paginator("query").paginate(
            TableName="table",
            KeyConditionExpression="p = :p AND n BETWEEN :low AND :high",
            ExpressionAttributeValues={":p": {"S": partition}, ":low": {"N": low}, ":high": {"N": high}},
            ScanIndexForward=forward,
            PaginationConfig={"PageSize": limit},
        )
        assert [item for page in pages for item in page["Items"]] == wanted

    @rule(colour=COLOURS, limit=st.integers(1, 3))
    def query_the_global_index(self, colour: str, limit: int) -> None:
        wanted = sorted(
            (item["p"]["S"], item["n"]["N"]) for item in self.items.values() if item.get("colour") == {"S": colour}
        )
        pages = self.db.get_paginator("query").paginate(
            TableName="table",
            IndexName="by_colour",
            KeyConditionExpression="colour = :c",
            ExpressionAttributeValues={":c": {"S": colour}},
            PaginationConfig={"PageSize": limit},
        )
        found = [item for page in pages for item in page["Items"]]
        assert sorted((item["p"]["S"], item["n"]["N"]) for item in found) == wanted
        order = [Decimal(item["n"]["N"]) for item in found]
        assert order == sorted(order)

    @rule(partition=PARTITIONS)
    def query_the_local_index(self, partition: str) -> None:
        reply = self.db.query(
            TableName="table",
            IndexName="by_weight",
            KeyConditionExpression="p = :p",
            ExpressionAttributeValues={":p": {"S": partition}},
        )
        wanted = [item for (one, _), item in self.items.items() if one == partition and "weight" in item]
        weights = [Decimal(item["weight"]["N"]) for item in reply["Items"]]
        assert weights == sorted(Decimal(item["weight"]["N"]) for item in wanted)
        assert all(item in wanted for item in reply["Items"])

    @invariant()
    def everything_is_there_once(self) -> None:
        found = self.db.scan(TableName="table")["Items"]
        assert {(item["p"]["S"], item["n"]["N"]): item for item in found} == self.items
        assert len(found) == len(self.items)


@pytest.mark.ours
def test_a_table_is_a_dictionary() -> None:
    run_state_machine_as_test(
        Table,
        settings=settings(max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[*HealthCheck]),
    )


@pytest.mark.ours
@given(NUMBERS, NUMBERS)
def test_texts_of_numbers_sort_as_the_numbers(left: Decimal, right: Decimal) -> None:
    first, second = ({"N": canonical(str(value))[0]} for value in (left, right))
    assert (sort_text(first) < sort_text(second)) == (left < right)
    assert (sort_text(first) == sort_text(second)) == (left == right)


@pytest.mark.ours
@given(NUMBERS)
def test_a_number_keeps_its_value_and_is_written_one_way(value: Decimal) -> None:
    text = canonical(str(value))[0]
    assert Decimal(text) == value
    assert canonical(text)[0] == text
    assert "E" not in text


@pytest.mark.ours
@given(st.lists(st.text(alphabet="\x00\x01\x02ab", max_size=4), min_size=2, max_size=2), st.data())
def test_joined_texts_sort_as_tuples(first: list[str], data: st.DataObject) -> None:
    second = data.draw(st.lists(st.text(alphabet="\x00\x01\x02ab", max_size=4), min_size=2, max_size=2))
    assert (joined(first) < joined(second)) == (first < second)


VALUES = st.recursive(
    st.one_of(
        st.builds(lambda text: {"S": text}, st.text(max_size=8)),
        st.builds(lambda value: {"N": str(value)}, st.integers(-(10**20), 10**20)),
        st.builds(lambda raw: {"B": raw}, st.binary(max_size=8)),
        st.builds(lambda flag: {"BOOL": flag}, st.booleans()),
        st.just({"NULL": True}),
        st.builds(lambda texts: {"SS": texts}, st.lists(st.text(max_size=4), min_size=1, max_size=3, unique=True)),
    ),
    lambda inner: st.one_of(
        st.builds(lambda values: {"L": values}, st.lists(inner, max_size=3)),
        st.builds(lambda members: {"M": members}, st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    ),
    max_leaves=8,
)


@pytest.mark.ours
@given(st.dictionaries(st.text(min_size=1, max_size=4), VALUES, max_size=4))
def test_a_size_is_the_same_before_and_after_it_is_kept(item: dict[str, Any]) -> None:
    kept, size = measured(item)
    assert loaded(dumped(kept)) == kept
    assert size_of(kept) == size
    assert measured({name: value for name, value in item.items() if name in item})[1] == size


PIECES = """
    a b.c d[0] #n :v = <> < <= ( ) [ ] , . + - AND OR NOT IN BETWEEN SET REMOVE ADD DELETE size
    attribute_exists contains begins_with if_not_exists list_append 0 17 _ ! é
"""
WORDS = st.lists(st.sampled_from(PIECES.split()), max_size=12).map(" ".join)


@pytest.mark.ours
@given(WORDS | st.text(max_size=30))
def test_any_text_is_an_expression_or_an_error_in_words(text: str) -> None:
    for parse in (parse_condition, parse_update, parse_projection):
        words = "an expression"
        try:
            parse(text)
        except ExpressionError as error:
            words = str(error)
        assert words


@pytest.mark.ours
@given(WORDS | st.text(max_size=30))
def test_any_text_is_a_statement_or_an_error_in_words(text: str) -> None:
    from haar.services.dynamodb.partiql.syntax import parse

    for statement in (text, f"SELECT * FROM t WHERE {text}", f"UPDATE t SET {text} WHERE a = 1"):
        code = "ValidationException"
        try:
            parse(statement)
        except ServiceError as error:
            code = error.code
        assert code == "ValidationException"

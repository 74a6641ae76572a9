"""What the tests of this room share: a client, tables, and a look at what a call is refused with."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from haar import Cloud

Refusal = Callable[..., tuple[str, str]]


def key(name: str, kind: str = "HASH") -> dict[str, str]:
    """A KeySchemaElement."""
    return {"AttributeName": name, "KeyType": kind}


def typed(**kinds: str) -> list[dict[str, str]]:
    """AttributeDefinitions."""
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in kinds.items()]


def index(
    name: str, *schema: dict[str, str], projection: str = "ALL", included: tuple[str, ...] = ()
) -> dict[str, Any]:
    """A secondary index of a CreateTable."""
    shown: dict[str, Any] = {"ProjectionType": projection}
    if included:
        shown["NonKeyAttributes"] = [*included]
    return {"IndexName": name, "KeySchema": [*schema], "Projection": shown}


@pytest.fixture
def db(cloud: Cloud) -> Any:
    """A client of the root user."""
    return cloud.client("dynamodb")


@pytest.fixture
def loose(cloud: Cloud) -> Any:
    """A client that lets any request through to the server."""
    return cloud.client("dynamodb", parameter_validation=False)


@pytest.fixture
def hashed(cloud: Cloud, db: Any) -> str:
    """The name of a table with the partition key `a`, a text."""
    db.create_table(
        TableName="hashed", KeySchema=[key("a")], AttributeDefinitions=typed(a="S"), BillingMode="PAY_PER_REQUEST"
    )
    cloud.advance(seconds=60)
    return "hashed"


@pytest.fixture
def ranged(cloud: Cloud, db: Any) -> str:
    """The name of a table with the keys `a` and `b`, texts, and indexes.

    Local: `local` (a, c: ALL) and `slim` (a, d: KEYS_ONLY). Global: `by_c` (c: ALL) and `by_cd` (c, d: INCLUDE e).
    """
    db.create_table(
        TableName="ranged",
        KeySchema=[key("a"), key("b", "RANGE")],
        AttributeDefinitions=typed(a="S", b="S", c="S", d="S"),
        BillingMode="PAY_PER_REQUEST",
        LocalSecondaryIndexes=[
            index("local", key("a"), key("c", "RANGE")),
            index("slim", key("a"), key("d", "RANGE"), projection="KEYS_ONLY"),
        ],
        GlobalSecondaryIndexes=[
            index("by_c", key("c")),
            index("by_cd", key("c"), key("d", "RANGE"), projection="INCLUDE", included=("e",)),
        ],
    )
    cloud.advance(seconds=60)
    return "ranged"


@pytest.fixture
def numbered(cloud: Cloud, db: Any) -> str:
    """The name of a table with the keys `a`, a text, and `n`, a number."""
    db.create_table(
        TableName="numbered",
        KeySchema=[key("a"), key("n", "RANGE")],
        AttributeDefinitions=typed(a="S", n="N"),
        BillingMode="PAY_PER_REQUEST",
    )
    cloud.advance(seconds=60)
    return "numbered"


@pytest.fixture
def refusal(refused: Refusal) -> Refusal:
    """Call something that is refused: the error's code and message."""
    return refused

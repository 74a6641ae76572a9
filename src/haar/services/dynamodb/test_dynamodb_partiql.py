"""PartiQL: statements, batches and transactions of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from haar import Cloud
    from haar.services.dynamodb.conftest import Refusal

SELECT = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.select.html"
INSERT = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.insert.html"
UPDATE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.update.html"
DELETE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.delete.html"
BATCHES = (
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.multiplestatements.batching.html"
)
TRANSACTIONS = (
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.multiplestatements.transactions.html"
)
IAM = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html"


def run(db: Any, statement: str, *parameters: Any, **more: Any) -> Any:
    if parameters:
        more["Parameters"] = [*parameters]
    return db.execute_statement(Statement=statement, **more)


def item(name: str, number: int, **values: Any) -> dict[str, Any]:
    return {"a": {"S": name}, "n": {"N": str(number)}, **values}


@pytest.fixture
def filled(db: Any, numbered: str) -> str:
    """The table `numbered` with items x/0 to x/4 and y/0."""
    for number in range(5):
        db.put_item(TableName=numbered, Item=item("x", number, v={"S": f"v{number % 2}"}))
    db.put_item(TableName=numbered, Item=item("y", 0, m={"M": {"deep": {"L": [{"S": "zero"}]}}}))
    return numbered


@pytest.mark.documented(INSERT)
def test_an_insert_puts_an_item_once(db: Any, numbered: str, refusal: Refusal) -> None:
    statement = (
        "INSERT INTO numbered VALUE {'a': 'it''s', 'n': -1.50, 'list': [1, 'x', true, null], 'map': {'k': ?}, "
        "'set': <<'p', 'q'>>}"
    )
    run(db, statement, {"B": b"raw"})
    kept = db.get_item(TableName=numbered, Key={"a": {"S": "it's"}, "n": {"N": "-1.5"}})["Item"]
    assert kept == {
        "a": {"S": "it's"},
        "n": {"N": "-1.5"},
        "list": {"L": [{"N": "1"}, {"S": "x"}, {"BOOL": True}, {"NULL": True}]},
        "map": {"M": {"k": {"B": b"raw"}}},
        "set": {"SS": ["p", "q"]},
    }
    refused = refusal(db.execute_statement, Statement=statement, Parameters=[{"B": b"raw"}])
    assert refused == ("DuplicateItemException", "Duplicate primary key exists in table")


@pytest.mark.parametrize(
    ("where", "numbers"),
    [
        ("a = 'x'", ["0", "1", "2", "3", "4"]),
        ("a = 'x' AND n >= 3", ["3", "4"]),
        ("a = 'x' AND n BETWEEN 1 AND 2", ["1", "2"]),
        ("a = 'x' AND v = 'v1'", ["1", "3"]),
        ("a = 'x' AND (n = 1 OR n = 4)", ["1", "4"]),
        ("a = 'x' AND NOT begins_with(v, 'v1')", ["0", "2", "4"]),
        ("a = 'x' AND n IN (2, 4, 9)", ["2", "4"]),
        ("a IN ['x', 'y'] AND n = 0", ["0", "0"]),
        ("v IS MISSING", ["0"]),
        ("a = 'y' AND m.deep[0] = 'zero'", ["0"]),
        ("contains(v, '1') AND size(v) = 2 AND 2 < n", ["3"]),
        ("a = 'none'", []),
    ],
)
@pytest.mark.documented(SELECT)
def test_a_select_finds_what_its_where_says(db: Any, filled: str, where: str, numbers: list[str]) -> None:
    found: list[str] = []
    request: dict[str, Any] = {}
    for _ in range(3):
        reply = run(db, f'SELECT * FROM "{filled}" WHERE {where}', **request)
        found += [one["n"]["N"] for one in reply["Items"]]
        request = {"NextToken": reply["NextToken"]} if "NextToken" in reply else {}
        if not request:
            break
    assert sorted(found) == numbers


@pytest.mark.documented(SELECT)
def test_a_select_shows_paths_under_their_last_name(db: Any, filled: str) -> None:
    reply = run(db, f"SELECT n, m.deep[0], m.deep FROM {filled} WHERE a = ?", {"S": "y"})
    assert reply["Items"] == [{"n": {"N": "0"}, "deep": {"L": [{"S": "zero"}]}}]


@pytest.mark.documented(SELECT)
def test_a_select_is_ordered_and_paged(db: Any, filled: str) -> None:
    statement = f"SELECT n FROM {filled} WHERE a = 'x' ORDER BY n DESC"
    first = run(db, statement, Limit=2)
    assert [one["n"]["N"] for one in first["Items"]] == ["4", "3"]
    assert first["LastEvaluatedKey"] == {"a": {"S": "x"}, "n": {"N": "3"}}
    rest = run(db, statement, NextToken=first["NextToken"])
    assert [one["n"]["N"] for one in rest["Items"]] == ["2", "1", "0"]


@pytest.mark.documented(SELECT)
def test_a_select_reads_an_index(db: Any, ranged: str) -> None:
    texts = {name: {"S": value} for name, value in {"a": "k", "b": "1", "c": "x", "d": "y"}.items()}
    db.put_item(TableName=ranged, Item=texts)
    reply = run(db, f'SELECT * FROM "{ranged}"."by_c" WHERE c = ?', {"S": "x"}, ReturnConsumedCapacity="INDEXES")
    assert reply["Items"] == [texts]
    assert reply["ConsumedCapacity"]["GlobalSecondaryIndexes"] == {"by_c": {"CapacityUnits": 0.5}}


@pytest.mark.documented(UPDATE)
def test_an_update_changes_an_item_that_is_there(db: Any, filled: str) -> None:
    reply = run(
        db,
        f"UPDATE {filled} SET v = 'new' SET c = n + 1 SET l = ? REMOVE gone WHERE a = 'x' AND n = 1 AND v = 'v1' "
        "RETURNING ALL NEW *",
        {"L": [{"N": "1"}]},
    )
    assert reply["Items"] == [item("x", 1, v={"S": "new"}, c={"N": "2"}, l={"L": [{"N": "1"}]})]
    again = run(
        db,
        f"UPDATE {filled} SET l = list_append(l, [2]) SET s = set_add(s, <<3>>) WHERE a = 'x' AND n = 1 "
        "RETURNING MODIFIED NEW *",
    )
    assert again["Items"] == [{"l": {"L": [{"N": "1"}, {"N": "2"}]}, "s": {"NS": ["3"]}}]


@pytest.mark.documented(UPDATE)
def test_an_update_whose_where_does_not_hold_fails(db: Any, filled: str, refusal: Refusal) -> None:
    for where in ("a = 'x' AND n = 1 AND v = 'v0'", "a = 'none' AND n = 1"):
        refused = refusal(db.execute_statement, Statement=f"UPDATE {filled} SET v = 1 WHERE {where}")
        assert refused == ("ConditionalCheckFailedException", "The conditional request failed")


@pytest.mark.documented(DELETE)
def test_a_delete_takes_one_item_by_its_key(db: Any, filled: str, refusal: Refusal) -> None:
    reply = run(db, f"DELETE FROM {filled} WHERE a = 'x' AND n = 2 RETURNING ALL OLD *")
    assert reply["Items"] == [item("x", 2, v={"S": "v0"})]
    run(db, f"DELETE FROM {filled} WHERE a = 'x' AND n = 2")
    refused = refusal(db.execute_statement, Statement=f"DELETE FROM {filled} WHERE a = 'x' AND n = 3 AND v = 'v0'")
    assert refused[0] == "ConditionalCheckFailedException"


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("SELEC * FROM numbered", "Statement wasn't well formed, can't be processed: Unexpected token: SELEC"),
        (
            "SELECT * FROM numbered WHERE",
            "Statement wasn't well formed, can't be processed: Unexpected end of statement",
        ),
        (
            "SELECT * FROM numbered WHERE lower(a) = 'x'",
            "Statement wasn't well formed, can't be processed: Unsupported function: lower",
        ),
        ("SELECT * FROM numbered WHERE a = ?", "Number of parameters in request and statement don't match."),
        (
            "UPDATE numbered SET v = 1 WHERE a = 'x'",
            "Where clause does not contain a mandatory equality on all key attributes",
        ),
        (
            "DELETE FROM numbered WHERE a = 'x'",
            "Where clause does not contain a mandatory equality on all key attributes",
        ),
        ("SELECT * FROM numbered ORDER BY n", "Must have WHERE clause in the statement when using ORDER BY clause."),
        (
            "SELECT * FROM numbered WHERE n = 1 ORDER BY n",
            "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.",
        ),
        ("SELECT * FROM numbered.none WHERE a = 'x'", "The table does not have the specified index: none"),
        (
            "UPDATE numbered SET a = 'y' WHERE a = 'x' AND n = 1",
            "One or more parameter values were invalid: Cannot update attribute a. This attribute is part of the key",
        ),
    ],
)
@pytest.mark.documented(SELECT)
def test_statements_that_are_refused(db: Any, filled: str, refusal: Refusal, statement: str, message: str) -> None:
    assert refusal(db.execute_statement, Statement=statement) == ("ValidationException", message)


@pytest.mark.documented(BATCHES)
def test_a_batch_does_each_statement_for_itself(db: Any, filled: str) -> None:
    reply = db.batch_execute_statement(
        Statements=[
            {"Statement": f"UPDATE {filled} SET v = 'b' WHERE a = 'x' AND n = 0"},
            {"Statement": f"INSERT INTO {filled} VALUE {{'a': 'x', 'n': 1}}"},
            {"Statement": "DELETE FROM nowhere WHERE a = 'x'"},
        ],
        ReturnConsumedCapacity="TOTAL",
    )
    assert reply["Responses"] == [
        {"TableName": filled},
        {"Error": {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"}, "TableName": filled},
        {"Error": {"Code": "ResourceNotFound", "Message": "Requested resource not found"}, "TableName": "nowhere"},
    ]
    read = db.batch_execute_statement(
        Statements=[{"Statement": f"SELECT v FROM {filled} WHERE a = 'x' AND n = {number}"} for number in (0, 1, 99)]
    )
    assert [one.get("Item") for one in read["Responses"]] == [{"v": {"S": "b"}}, {"v": {"S": "v1"}}, None]


@pytest.mark.documented(TRANSACTIONS)
def test_a_transaction_of_statements_is_all_or_nothing(db: Any, filled: str) -> None:
    exists = f"EXISTS(SELECT * FROM {filled} WHERE a = 'x' AND n = 0 AND v = ?)"
    change = {"Statement": f"UPDATE {filled} SET v = 'done' WHERE a = 'x' AND n = 1"}
    with pytest.raises(ClientError) as caught:
        db.execute_transaction(
            TransactStatements=[
                {"Statement": exists, "Parameters": [{"S": "wrong"}]},
                change,
                {"Statement": f"INSERT INTO {filled} VALUE {{'a': 'x', 'n': 4}}"},
            ]
        )
    codes = [one["Code"] for one in caught.value.response["CancellationReasons"]]
    assert codes == ["ConditionalCheckFailed", "None", "DuplicateItem"]
    db.execute_transaction(TransactStatements=[{"Statement": exists, "Parameters": [{"S": "v0"}]}, change])
    read = db.execute_transaction(
        TransactStatements=[
            {"Statement": f"SELECT v FROM {filled} WHERE a = 'x' AND n = {number}"} for number in (1, 9)
        ]
    )
    assert read["Responses"] == [{"Item": {"v": {"S": "done"}}}, {}]


@pytest.mark.documented(IAM)
def test_statements_have_permissions_of_their_own(cloud: Cloud, filled: str) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="reader")
    iam.put_user_policy(
        UserName="reader",
        PolicyName="select",
        PolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": '
        '"dynamodb:PartiQLSelect", '
        '"Resource": "*"}]}',
    )
    made = iam.create_access_key(UserName="reader")["AccessKey"]
    mine = cloud.client("dynamodb", access_key=made["AccessKeyId"], secret_key=made["SecretAccessKey"])
    assert run(mine, f"SELECT * FROM {filled} WHERE a = 'y'")["Items"]
    with pytest.raises(ClientError, match="AccessDenied"):
        run(mine, f"DELETE FROM {filled} WHERE a = 'y' AND n = 0")


@pytest.mark.documented(IAM)
def test_full_scans_can_be_denied(cloud: Cloud, filled: str) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="reader")
    iam.put_user_policy(
        UserName="reader",
        PolicyName="select",
        PolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", '
        '"Action": "dynamodb:PartiQLSelect", "Resource": "*"}, {"Effect": "Deny", "Resource": "*", '
        '"Action": "dynamodb:PartiQLSelect", "Condition": {"Bool": {"dynamodb:FullTableScan": "true"}}}]}',
    )
    made = iam.create_access_key(UserName="reader")["AccessKey"]
    mine = cloud.client("dynamodb", access_key=made["AccessKeyId"], secret_key=made["SecretAccessKey"])
    assert run(mine, f"SELECT * FROM {filled} WHERE a = 'y'")["Items"]
    with pytest.raises(ClientError, match="AccessDenied"):
        run(mine, f"SELECT * FROM {filled} WHERE v = 'v1'")

"""Expressions: what they mean, and what is wrong with those that mean nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from haar.services.dynamodb.conftest import Refusal

OPERATORS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html"
UPDATES = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html"
NAMES = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ExpressionAttributeNames.html"
PATHS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.Attributes.html"
WORDS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html"
PROJECTIONS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ProjectionExpressions.html"

ITEM: dict[str, Any] = {
    "a": {"S": "k"},
    "n": {"N": "5"},
    "s": {"S": "banana"},
    "b": {"B": b"\x01\x02\xff"},
    "ss": {"SS": ["x", "y"]},
    "ns": {"NS": ["1", "2.5"]},
    "l": {"L": [{"S": "zero"}, {"N": "1"}, {"M": {"deep": {"S": "down"}}}]},
    "m": {"M": {"x": {"N": "1"}, "y": {"L": []}}},
    "t": {"BOOL": True},
    "u": {"NULL": True},
    "n5": {"N": "5"},
}
VALUES: dict[str, Any] = {
    ":5": {"N": "5"},
    ":50": {"N": "5.0"},
    ":9": {"N": "9"},
    ":1": {"N": "1"},
    ":s": {"S": "banana"},
    ":nan": {"S": "nan"},
    ":ba": {"S": "ba"},
    ":b1": {"B": b"\x01"},
    ":b2": {"B": b"\x02\xff"},
    ":x": {"S": "x"},
    ":yx": {"SS": ["y", "x"]},
    ":n1": {"N": "1.0"},
    ":deep": {"M": {"deep": {"S": "down"}}},
    ":S": {"S": "S"},
    ":SS": {"S": "SS"},
    ":true": {"BOOL": True},
    ":2": {"N": "2"},
    ":3": {"N": "3"},
    ":6": {"N": "6"},
}


def holds(db: Any, table: str, condition: str) -> bool:
    """Whether a condition holds for ITEM."""
    db.put_item(TableName=table, Item=ITEM)
    used = {
        name: value for name, value in VALUES.items() if name in condition.replace(",", " ").replace(")", " ").split()
    }
    request: dict[str, Any] = {"ExpressionAttributeValues": used} if used else {}
    try:
        db.delete_item(TableName=table, Key={"a": {"S": "k"}}, ConditionExpression=condition, **request)
    except db.exceptions.ConditionalCheckFailedException:
        return False
    return True


@pytest.mark.parametrize(
    "condition",
    [
        "n = :5",
        "n = :50",
        "n5 = n",
        "n <> :9",
        "n <> :s",
        "absent <> :9",
        "n < :9 AND n <= :5 AND n > :1 AND n >= :5",
        "s > :ba",
        "b > :b1",
        "n BETWEEN :1 AND :9",
        "n IN ( :1 , :9 , :5 )",
        "ss = :yx",
        "l[2] = :deep",
        "l[2].deep <> :s",
        "m.x = :n1",
        "t = :true",
        "attribute_exists(m.y)",
        "attribute_not_exists(m.z) AND attribute_not_exists(l[3])",
        "attribute_type(s, :S )",
        "attribute_type(ss, :SS )",
        "begins_with(s, :ba )",
        "begins_with(b, :b1 )",
        "contains(s, :nan )",
        "contains(b, :b2 )",
        "contains(ss, :x )",
        "contains(ns, :n1 )",
        "contains(l, :n1 )",
        "contains(l, :deep )",
        "size(s) = :6",
        "size(b) = :3 AND size(ss) = :2 AND size(l) = :3 AND size(m) = :2",
        "NOT n = :9",
        "NOT (n = :9 OR s = :x )",
        "n = :9 OR n = :1 OR n = :5",
        "n = :9 AND n = :9 OR n = :5",
        "n = :5 OR n = :9 AND n = :9",
        "(n) = ( :5 ) and (not (s = :x ))",
        "n=:5 and\n\ts = :s",
    ],
)
@pytest.mark.documented(OPERATORS)
def test_conditions_that_hold(db: Any, hashed: str, condition: str) -> None:
    assert holds(db, hashed, condition.replace("=:5", " = :5"))


@pytest.mark.parametrize(
    "condition",
    [
        "n = :s",
        "n < :1",
        "s < :5",
        "absent = :5",
        "absent < :5",
        "t > :1",
        "u = :true",
        "n BETWEEN :6 AND :9",
        "s BETWEEN :1 AND :9",
        "n IN ( :1 , :9 )",
        "attribute_exists(l[3])",
        "attribute_exists(n.x)",
        "attribute_type(s, :SS )",
        "begins_with(n, :ba )",
        "begins_with(s, :nan )",
        "contains(s, :5 )",
        "contains(ss, :nan )",
        "contains(n, :5 )",
        "contains(l, :5 )",
        "size(n) = :1",
        "size(absent) = :1",
        "n = :5 AND NOT n = :50",
    ],
)
@pytest.mark.documented(OPERATORS)
def test_conditions_that_do_not_hold(db: Any, hashed: str, condition: str) -> None:
    assert not holds(db, hashed, condition)


# ---- what is wrong with a condition


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("", "The expression can not be empty;"),
        ("   ", "The expression can not be empty;"),
        ("n = 4", 'Syntax error; token: "4", near: "= 4"'),
        ("n = :5 AND", 'Syntax error; token: "<EOF>", near: "AND"'),
        ("n n = :5", 'Syntax error; token: "n", near: "n n ="'),
        ("n", 'Syntax error; token: "<EOF>", near: "n"'),
        ("n = :5)", 'Syntax error; token: ")", near: ":5)"'),
        ("_n = :5", 'Syntax error; token: "_", near: "_n"'),
        ("n ! :5", 'Syntax error; token: "!", near: "n ! :5"'),
        ("(n) = (s = :5)", 'Syntax error; token: "<EOF>", near: ")"'),
        ("((n = :5))", "The expression has redundant parentheses;"),
        ("n = ((:5))", "The expression has redundant parentheses;"),
        ("lower(n) = :5", "Invalid function name; function: lower"),
        ("size(n)", "The function is not allowed to be used this way in an expression; function: size"),
        (
            "attribute_exists(n) = :5",
            "The function is not allowed to be used this way in an expression; function: attribute_exists",
        ),
        (
            "contains(n, begins_with(s, :5))",
            "The function is not allowed to be used this way in an expression; function: begins_with",
        ),
        ("abort = :5", "Attribute name is a reserved keyword; reserved keyword: abort"),
        ("m.Size = :5", "Attribute name is a reserved keyword; reserved keyword: Size"),
        ("#x = :5", "An expression attribute name used in the document path is not defined; attribute name: #x"),
        ("n = :none", "An expression attribute value used in expression is not defined; attribute value: :none"),
        (
            "begins_with(n)",
            (
                "Incorrect number of operands for operator or function; operator or function: begins_with, "
                "number of operands: 1"
            ),
        ),
        (
            "n = n",
            (
                "The first operand must be distinct from the remaining operands for this operator or function; "
                "operator: =, first operand: [n]"
            ),
        ),
        (
            "contains(l[1].x, l[1].x)",
            (
                "The first operand must be distinct from the remaining operands for this operator or function; "
                "operator: contains, first operand: [l, [1], x]"
            ),
        ),
        (
            "attribute_exists(:5)",
            "Operator or function requires a document path; operator or function: attribute_exists",
        ),
        (
            "begins_with(n, :5)",
            "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N",
        ),
        (
            "attribute_type(n, :5)",
            "Incorrect operand type for operator or function; operator or function: attribute_type, operand type: N",
        ),
        (
            "attribute_type(n, :s)",
            "Invalid attribute type name found; type: text, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
        ),
        (
            "size(:5) = :5",
            "Incorrect operand type for operator or function; operator or function: size, operand type: N",
        ),
        (
            "n BETWEEN :5 AND :s",
            (
                "The BETWEEN operator requires same data type for lower and upper bounds; "
                "lower bound operand: AttributeValue: {N:5}, upper bound operand: AttributeValue: {S:text}"
            ),
        ),
        (
            "n BETWEEN :5 AND :1",
            (
                "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
                "lower bound operand: AttributeValue: {N:5}, upper bound operand: AttributeValue: {N:1}"
            ),
        ),
    ],
)
@pytest.mark.documented(OPERATORS)
def test_what_is_wrong_with_a_condition(db: Any, hashed: str, refusal: Refusal, condition: str, message: str) -> None:
    values = {":5": {"N": "5"}, ":1": {"N": "1"}, ":s": {"S": "text"}}
    refused = refusal(
        db.put_item,
        TableName=hashed,
        Item={"a": {"S": "k"}},
        ConditionExpression=condition,
        ExpressionAttributeValues=values,
    )
    assert refused == ("ValidationException", f"Invalid ConditionExpression: {message}")


@pytest.mark.documented("https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html")
def test_an_expression_has_4_kb_and_300_operators(db: Any, hashed: str, refusal: Refusal) -> None:
    long = " OR ".join(["attribute_exists(abcdefghij)"] * 140)
    size = len(long)
    refused = refusal(db.put_item, TableName=hashed, Item={"a": {"S": "k"}}, ConditionExpression=long)
    assert refused == (
        "ValidationException",
        f"Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; expression size: {size}",
    )
    many = " OR ".join(["n=m"] * 160)
    code, message = refusal(db.put_item, TableName=hashed, Item={"a": {"S": "k"}}, ConditionExpression=many)
    assert (code, "too many operators" in message) == ("ValidationException", True)


@pytest.mark.documented(OPERATORS)
def test_in_takes_100_operands(db: Any, hashed: str, refusal: Refusal) -> None:
    names = [f":v{number}" for number in range(101)]
    refused = refusal(
        db.put_item,
        TableName=hashed,
        Item={"a": {"S": "k"}},
        ConditionExpression=f"n IN ({', '.join(names)})",
        ExpressionAttributeValues={name: {"S": name} for name in names},
    )
    assert refused == (
        "ValidationException",
        "Invalid ConditionExpression: The IN operator is provided with too many operands; number of operands: 101",
    )


# ---- placeholders


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (
            {"ExpressionAttributeNames": {"#a": "a"}},
            "ExpressionAttributeNames can only be specified when using expressions",
        ),
        (
            {"ExpressionAttributeValues": {":a": {"S": "a"}}},
            "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null",
        ),
        ({"ConditionExpression": "", "ExpressionAttributeNames": {}}, "ExpressionAttributeNames must not be empty"),
        (
            {"ConditionExpression": "", "ExpressionAttributeNames": {"a": "a"}},
            'ExpressionAttributeNames contains invalid key: Syntax error; key: "a"',
        ),
        ({"ConditionExpression": "", "ExpressionAttributeValues": {}}, "ExpressionAttributeValues must not be empty"),
        (
            {"ConditionExpression": "", "ExpressionAttributeValues": {"a": {"S": "a"}}},
            'ExpressionAttributeValues contains invalid key: Syntax error; key: "a"',
        ),
        (
            {"ConditionExpression": "", "ExpressionAttributeValues": {":a": {"SS": []}}},
            (
                "ExpressionAttributeValues contains invalid value: One or more parameter values were "
                "invalid: An string set  "
                "may not be empty for key :a"
            ),
        ),
        (
            {"ConditionExpression": "n = m", "ExpressionAttributeNames": {"#a": "a", "#b": "b"}},
            "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}",
        ),
        (
            {"ConditionExpression": "n = m", "ExpressionAttributeValues": {":a": {"S": "a"}}},
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:a}",
        ),
        (
            {"ConditionExpression": "n = m", "Expected": {"a": {"Exists": False}}, "ConditionalOperator": "OR"},
            (
                "Can not use both expression and non-expression parameters in the same request: "
                "Non-expression parameters: "
                "{Expected, ConditionalOperator} Expression parameters: {ConditionExpression}"
            ),
        ),
    ],
)
@pytest.mark.documented(NAMES)
def test_what_is_wrong_with_placeholders(
    db: Any, hashed: str, refusal: Refusal, request_: dict[str, Any], message: str
) -> None:
    refused = refusal(db.put_item, TableName=hashed, Item={"a": {"S": "k"}}, **request_)
    assert refused == ("ValidationException", message)


@pytest.mark.documented(NAMES)
def test_a_name_with_dots_is_one_name_behind_a_placeholder(db: Any, hashed: str) -> None:
    db.put_item(TableName=hashed, Item={"a": {"S": "k"}, "x.y": {"S": "one"}, "x": {"M": {"y": {"S": "two"}}}})
    reply = db.get_item(
        TableName=hashed,
        Key={"a": {"S": "k"}},
        ProjectionExpression="#xy",
        ExpressionAttributeNames={"#xy": "x.y"},
    )
    assert reply["Item"] == {"x.y": {"S": "one"}}


@pytest.mark.documented(WORDS)
def test_there_are_573_reserved_words() -> None:
    from haar.services.dynamodb.expressions.reserved import RESERVED

    assert len(RESERVED) == 573


# ---- updates


def updated(db: Any, table: str, item: dict[str, Any], expression: str, **values: Any) -> Any:
    db.put_item(TableName=table, Item={"a": {"S": "k"}, **item})
    given = {f":{name}": value for name, value in values.items()}
    request: dict[str, Any] = {"ExpressionAttributeValues": given} if given else {}
    reply = db.update_item(
        TableName=table, Key={"a": {"S": "k"}}, UpdateExpression=expression, ReturnValues="ALL_NEW", **request
    )
    return {name: value for name, value in reply["Attributes"].items() if name != "a"}


N1, N2, N3 = {"N": "1"}, {"N": "2"}, {"N": "3"}


@pytest.mark.documented(UPDATES)
def test_arithmetic_is_exact(db: Any, hashed: str) -> None:
    found = updated(db, hashed, {"n": {"N": "0.1"}}, "SET n = n + :v, m = n - :v", v={"N": "0.2"})
    assert found == {"n": {"N": "0.3"}, "m": {"N": "-0.1"}}


@pytest.mark.documented(UPDATES)
def test_operands_are_read_from_the_item_as_it_was(db: Any, hashed: str) -> None:
    found = updated(db, hashed, {"x": N1, "y": N2}, "SET x = y, y = x")
    assert found == {"x": N2, "y": N1}


@pytest.mark.documented(UPDATES)
def test_if_not_exists_keeps_what_is_there(db: Any, hashed: str) -> None:
    found = updated(db, hashed, {"x": N1}, "SET x = if_not_exists(x, :v), y = if_not_exists(y, :v)", v=N2)
    assert found == {"x": N1, "y": N2}


@pytest.mark.documented(UPDATES)
def test_list_append_joins_in_either_order(db: Any, hashed: str) -> None:
    found = updated(db, hashed, {"l": {"L": [N1]}}, "SET l = list_append(:v, l), m = list_append(l, :v)", v={"L": [N2]})
    assert found == {"l": {"L": [N2, N1]}, "m": {"L": [N1, N2]}}


@pytest.mark.documented(UPDATES)
def test_elements_behind_the_end_of_a_list_are_appended_in_order(db: Any, hashed: str) -> None:
    found = updated(db, hashed, {"l": {"L": [N1]}}, "SET l[9] = :c, l[5] = :b", b=N2, c=N3)
    assert found == {"l": {"L": [N1, N2, N3]}}


@pytest.mark.documented(UPDATES)
def test_removed_positions_are_those_of_before(db: Any, hashed: str) -> None:
    found = updated(db, hashed, {"l": {"L": [N1, N2, N3]}, "x": N1}, "REMOVE l[0], l[1], x, l[7]")
    assert found == {"l": {"L": [N3]}}


@pytest.mark.documented(UPDATES)
def test_add_counts_and_unites(db: Any, hashed: str) -> None:
    found = updated(
        db,
        hashed,
        {"n": N1, "ss": {"SS": ["x"]}},
        "ADD n :n, newer :n, ss :s, fresh :s",
        n=N2,
        s={"SS": ["x", "y"]},
    )
    assert found == {"n": N3, "newer": N2, "ss": {"SS": ["x", "y"]}, "fresh": {"SS": ["x", "y"]}}


@pytest.mark.documented(UPDATES)
def test_delete_takes_elements_and_an_empty_set_goes(db: Any, hashed: str) -> None:
    found = updated(
        db, hashed, {"s": {"SS": ["x", "y"]}, "t": {"SS": ["x"]}}, "DELETE s :v, t :v, gone :v", v={"SS": ["x"]}
    )
    assert found == {"s": {"SS": ["y"]}}


@pytest.mark.documented(UPDATES)
def test_a_value_that_is_set_twice_is_two_values(db: Any, hashed: str) -> None:
    updated(db, hashed, {}, "SET x = :v, y = :v", v={"M": {"z": N1}})
    reply = db.update_item(
        TableName=hashed,
        Key={"a": {"S": "k"}},
        UpdateExpression="SET x.z = :v",
        ExpressionAttributeValues={":v": N2},
        ReturnValues="ALL_NEW",
    )
    assert reply["Attributes"]["y"] == {"M": {"z": N1}}


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("SET absent.x = :n", "The document path provided in the update expression is invalid for update"),
        ("SET l.x = :n", "The document path provided in the update expression is invalid for update"),
        ("SET m[0] = :n", "The document path provided in the update expression is invalid for update"),
        ("REMOVE absent.x", "The document path provided in the update expression is invalid for update"),
        ("SET x = absent", "The provided expression refers to an attribute that does not exist in the item"),
        ("SET x = absent + :n", "The provided expression refers to an attribute that does not exist in the item"),
        ("SET x = l + :n", "An operand in the update expression has an incorrect data type"),
        ("SET x = list_append(m, l)", "An operand in the update expression has an incorrect data type"),
        ("ADD l :n", "An operand in the update expression has an incorrect data type"),
        ("ADD m :s", "An operand in the update expression has an incorrect data type"),
        ("DELETE l :s", "An operand in the update expression has an incorrect data type"),
        ("SET x = big + big2", "Attempting to store more than 38 significant digits in a Number"),
    ],
)
@pytest.mark.documented(UPDATES)
def test_what_an_item_cannot_be_updated_with(
    db: Any, hashed: str, refusal: Refusal, expression: str, message: str
) -> None:
    item = {
        "a": {"S": "k"},
        "l": {"L": [N1]},
        "m": {"M": {}},
        "big": {"N": "1e30"},
        "big2": {"N": "1e-30"},
    }
    db.put_item(TableName=hashed, Item=item)
    values = {":n": N1, ":s": {"SS": ["x"]}}
    used = {name: value for name, value in values.items() if name in expression}
    request: dict[str, Any] = {"ExpressionAttributeValues": used} if used else {}
    refused = refusal(db.update_item, TableName=hashed, Key={"a": {"S": "k"}}, UpdateExpression=expression, **request)
    assert refused == ("ValidationException", message)
    assert db.get_item(TableName=hashed, Key={"a": {"S": "k"}})["Item"]["l"] == {"L": [N1]}


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "The expression can not be empty;"),
        ("SET x = :n,", 'Syntax error; token: "<EOF>", near: ","'),
        ("SET x :n", 'Syntax error; token: ":n", near: "x :n"'),
        ("x = :n", 'Syntax error; token: "x", near: "x ="'),
        ("ADD x y", 'Syntax error; token: "y", near: "x y"'),
        ("SET abort = :n", "Attribute name is a reserved keyword; reserved keyword: abort"),
        ("SET x = size(y)", "Invalid function name; function: size"),
        ("SET x = :n SET y = :n", 'The "SET" section can only be used once in an update expression;'),
        ("SET #x = :none", "An expression attribute name used in the document path is not defined; attribute name: #x"),
        ("SET x = :none", "An expression attribute value used in expression is not defined; attribute value: :none"),
        (
            "SET x = :n, x.y = :n",
            (
                "Two document paths overlap with each other; must remove or rewrite one of these paths; "
                "path one: [x], path two: [x, y]"
            ),
        ),
        (
            "SET x.y = :n REMOVE x[1]",
            (
                "Two document paths conflict with each other; must remove or rewrite one of these paths; "
                "path one: [x, y], path two: [x, [1]]"
            ),
        ),
        (
            "ADD x :text",
            "Incorrect operand type for operator or function; operator: ADD, operand type: STRING",
        ),
        (
            "DELETE x :n",
            "Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER",
        ),
        (
            "SET x = y + :text",
            "Incorrect operand type for operator or function; operator or function: +, operand type: S",
        ),
        (
            "SET x = list_append(y, :n)",
            "Incorrect operand type for operator or function; operator or function: list_append, operand type: N",
        ),
        (
            "SET x = if_not_exists(:n, y)",
            "Operator or function requires a document path; operator or function: if_not_exists",
        ),
        (
            "SET x = if_not_exists(y)",
            (
                "Incorrect number of operands for operator or function; operator or function: if_not_exists, "
                "number of operands: 1"
            ),
        ),
    ],
)
@pytest.mark.documented(UPDATES)
def test_what_is_wrong_with_an_update(db: Any, hashed: str, refusal: Refusal, expression: str, message: str) -> None:
    refused = refusal(
        db.update_item,
        TableName=hashed,
        Key={"a": {"S": "k"}},
        UpdateExpression=expression,
        ExpressionAttributeValues={":n": N1, ":text": {"S": "x"}},
    )
    assert refused == ("ValidationException", f"Invalid UpdateExpression: {message}")


@pytest.mark.documented(PROJECTIONS)
def test_what_is_wrong_with_a_projection(db: Any, hashed: str, refusal: Refusal) -> None:
    refused = refusal(db.get_item, TableName=hashed, Key={"a": {"S": "k"}}, ProjectionExpression="x, y.z, y")
    assert refused == (
        "ValidationException",
        (
            "Invalid ProjectionExpression: Two document paths overlap with each other; must remove "
            "or rewrite one of these "
            "paths; path one: [y, z], path two: [y]"
        ),
    )


@pytest.mark.documented(PATHS)
def test_a_path_has_at_most_32_parts(db: Any, hashed: str, refusal: Refusal) -> None:
    path = ".".join(["x"] * 33)
    code, message = refusal(db.get_item, TableName=hashed, Key={"a": {"S": "k"}}, ProjectionExpression=path)
    assert (code, "too many nesting elements" in message) == ("ValidationException", True)


@pytest.mark.ours
def test_the_same_text_with_other_types_is_looked_at_again(db: Any, hashed: str, refusal: Refusal) -> None:
    def put(value: Any) -> Any:
        return db.update_item(
            TableName=hashed,
            Key={"a": {"S": "k"}},
            UpdateExpression="ADD x :v",
            ExpressionAttributeValues={":v": value},
        )

    put(N1)
    assert refusal(put, value={"S": "x"})[0] == "ValidationException"
    put(N1)
    assert db.get_item(TableName=hashed, Key={"a": {"S": "k"}})["Item"]["x"] == N2

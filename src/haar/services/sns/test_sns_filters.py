"""Filter policies: what they let through, and which ones are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from haar.services.sns import filters
from haar.services.sns.resources import Attributes, Letter

if TYPE_CHECKING:
    from haar.services.sns.conftest import Inbox

GUIDE = "https://docs.aws.amazon.com/sns/latest/dg/"
Refusal = Callable[..., tuple[str, str]]

pytestmark = pytest.mark.documented(f"{GUIDE}string-value-matching.html")


def lets(policy: Any, attributes: Attributes, body: Any = None) -> bool:
    """Whether a policy lets a message through: by its attributes, or by its body where there is one."""
    scope = "MessageAttributes" if body is None else "MessageBody"
    letter = Letter(id="1", body="" if body is None else json.dumps(body), at=0.0, attributes=attributes)
    return filters.wants(json.dumps(policy), scope, letter)


@pytest.mark.parametrize(
    ("wanted", "value", "passes"),
    [
        (["north", "south"], "south", True),
        (["north", "south"], "west", False),
        ([{"prefix": "no"}], "north", True),
        ([{"prefix": "no"}], "south", False),
        ([{"suffix": "th"}], "north", True),
        ([{"suffix": "th"}], "west", False),
        ([{"anything-but": ["north"]}], "south", True),
        ([{"anything-but": ["north"]}], "north", False),
        ([{"anything-but": {"prefix": "no"}}], "north", False),
        ([{"anything-but": {"prefix": "no"}}], "west", True),
        ([{"anything-but": {"suffix": "th"}}], "south", False),
        ([{"equals-ignore-case": "NORTH"}], "north", True),
        ([{"cidr": "10.0.0.0/8"}], "10.2.3.4", True),
        ([{"cidr": "10.0.0.0/8"}], "11.2.3.4", False),
        ([{"cidr": "10.0.0.0/8"}], "no address", False),
        ([{"exists": True}], "anything", True),
        ([{"exists": False}], "anything", False),
        ([1], "1", False),
    ],
)
def test_strings(wanted: list[Any], value: str, passes: bool) -> None:
    assert lets({"store": wanted}, {"store": ("String", value)}) is passes


@pytest.mark.documented(f"{GUIDE}numeric-value-matching.html")
@pytest.mark.parametrize(
    ("wanted", "value", "passes"),
    [
        ([100], "100", True),
        ([100], "1e2", True),
        ([100], "101", False),
        ([{"numeric": ["=", 3.5]}], "3.5", True),
        ([{"numeric": [">", 0, "<=", 150]}], "150", True),
        ([{"numeric": [">", 0, "<=", 150]}], "0", False),
        ([{"numeric": ["<", 0]}], "-1", True),
        ([{"anything-but": [100, 500]}], "100", False),
        ([{"anything-but": [100, 500]}], "101", True),
        (["100"], "100", False),
    ],
)
def test_numbers(wanted: list[Any], value: str, passes: bool) -> None:
    assert lets({"price": wanted}, {"price": ("Number", value)}) is passes


@pytest.mark.documented(f"{GUIDE}sns-message-attributes.html")
@pytest.mark.parametrize(
    ("wanted", "value", "passes"),
    [
        (["rugby"], '["soccer", "rugby"]', True),
        (["rugby"], '["soccer"]', False),
        ([{"anything-but": ["rugby"]}], '["rugby", "soccer"]', True),
        ([{"anything-but": ["rugby"]}], '["rugby"]', False),
        ([True], "[true]", True),
        ([None], "[null]", True),
        ([5], "[5]", True),
    ],
)
def test_arrays(wanted: list[Any], value: str, passes: bool) -> None:
    assert lets({"interests": wanted}, {"interests": ("String.Array", value)}) is passes


@pytest.mark.documented(f"{GUIDE}attribute-key-matching.html")
@pytest.mark.parametrize(("exists", "passes"), [(True, False), (False, True)])
def test_an_attribute_that_is_not_there(exists: bool, passes: bool) -> None:
    assert lets({"store": [{"exists": exists}]}, {}) is passes


@pytest.mark.documented(f"{GUIDE}and-or-logic.html")
@pytest.mark.parametrize(
    ("store", "price", "passes"),
    [("north", "5", True), ("south", "200", True), ("south", "5", False)],
)
def test_or_asks_for_one_of_several(store: str, price: str, passes: bool) -> None:
    policy = {"$or": [{"store": ["north"]}, {"price": [{"numeric": [">", 100]}]}]}
    assert lets(policy, {"store": ("String", store), "price": ("Number", price)}) is passes


@pytest.mark.documented(f"{GUIDE}and-or-logic.html")
def test_all_names_must_be_matched() -> None:
    policy = {"store": ["north"], "price": [5]}
    assert lets(policy, {"store": ("String", "north"), "price": ("Number", "5")})
    assert not lets(policy, {"store": ("String", "north")})


@pytest.mark.documented(f"{GUIDE}sns-message-filtering-scope.html")
@pytest.mark.parametrize(
    ("policy", "body", "passes"),
    [
        ({"order": {"tier": ["gold"]}}, {"order": {"tier": "gold"}}, True),
        ({"order": {"tier": ["gold"]}}, {"order": {"tier": "iron"}}, False),
        ({"order": {"tier": ["gold"]}}, {"order": [{"tier": "iron"}, {"tier": "gold"}]}, True),
        ({"tags": ["a"]}, {"tags": ["b", "a"]}, True),
        ({"price": [{"numeric": [">=", 10]}]}, {"price": 10}, True),
        ({"price": [{"numeric": [">=", 10]}]}, {"price": "10"}, False),
        ({"gift": [True]}, {"gift": True}, True),
        ({"gift": [{"exists": False}]}, {"price": 1}, True),
        ({"order": {"note": [None]}}, {"order": {"note": None}}, True),
        ({"price": [1]}, [1], False),
    ],
)
def test_bodies(policy: Any, body: Any, passes: bool) -> None:
    assert lets(policy, {}, body) is passes


@pytest.mark.documented(f"{GUIDE}sns-message-filtering-scope.html")
def test_a_body_that_is_no_json_matches_nothing() -> None:
    letter = Letter(id="1", body="plain", at=0.0)
    assert not filters.wants('{"a": [{"exists": false}]}', "MessageBody", letter)


@pytest.mark.documented(f"{GUIDE}sns-subscription-filter-policies.html")
def test_a_subscription_gets_what_it_wants(sns: Any, topic: str, inbox: Callable[..., Inbox]) -> None:
    queue = inbox()
    policy = {"FilterPolicy": json.dumps({"store": ["north"]}), "RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes=policy)
    for store in ("north", "south"):
        attributes = {"store": {"DataType": "String", "StringValue": store}}
        sns.publish(TopicArn=topic, Message=store, MessageAttributes=attributes)
    assert queue.bodies() == ["north"]


@pytest.mark.documented(f"{GUIDE}sns-message-filtering-scope.html")
def test_a_subscription_can_filter_by_the_body(sns: Any, topic: str, inbox: Callable[..., Inbox]) -> None:
    queue = inbox()
    policy = {
        "FilterPolicy": json.dumps({"order": {"tier": ["gold"]}}), "FilterPolicyScope": "MessageBody",
        "RawMessageDelivery": "true",
    }  # fmt: skip
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes=policy)
    for tier in ("gold", "iron"):
        sns.publish(TopicArn=topic, Message=json.dumps({"order": {"tier": tier}}))
    assert queue.bodies() == ['{"order": {"tier": "gold"}}']


@pytest.mark.documented(f"{GUIDE}subscription-filter-policy-constraints.html")
@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("no", "failed to parse JSON."),
        ('{"a": "b"}', '"a" must be an object or an array'),
        ('{"a": {"b": ["c"]}}', "does not support nested filter policy"),
        ('{"a": []}', "Empty arrays are not allowed"),
        ('{"a": [{"like": "b"}]}', "Unrecognized match type like"),
        ('{"a": [["b"]]}', "Match value must be String, number, true, false, or null"),
        ('{"a": [{"prefix": 1}]}', "prefix match pattern must be a string"),
        ('{"a": [{"exists": 1}]}', "exists match pattern must be either true or false."),
        ('{"a": [{"numeric": ["~", 1]}]}', "Unrecognized numeric range operator: ~"),
        ('{"a": [{"numeric": [">", 2, "<", 1]}]}', "Bottom must be less than top"),
        ('{"a": [{"numeric": [">", "2"]}]}', "Value of > must be numeric"),
        ('{"a": [{"cidr": "10.0.0.0"}]}', "Malformed CIDR"),
        ('{"a": [2000000000]}', "between -1.0E9 and 1.0E9"),
        ('{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]}', "can not have more than 5 keys"),
        (json.dumps({name: list(range(13)) for name in "ab"}), "Filter policy is too complex"),
    ],
)
def test_a_policy_that_is_none_is_refused(sns: Any, topic: str, refused: Refusal, policy: str, words: str) -> None:
    given = {"TopicArn": topic, "Protocol": "sms", "Endpoint": "+12065550100"}
    code, said = refused(sns.subscribe, **given, Attributes={"FilterPolicy": policy})
    assert (code, words in said) == ("InvalidParameter", True)


@pytest.mark.documented("https://docs.aws.amazon.com/general/latest/gr/sns.html")
def test_a_topic_has_at_most_two_hundred_filter_policies(sns: Any, topic: str, refused: Refusal) -> None:
    attributes = {"FilterPolicy": '{"store": ["north"]}'}
    for number in range(200):
        sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint=f"+12065550{number:03}", Attributes=attributes)
    given = {"TopicArn": topic, "Protocol": "sms", "Endpoint": "+12065550999", "Attributes": attributes}
    assert refused(sns.subscribe, **given)[0] == "FilterPolicyLimitExceeded"

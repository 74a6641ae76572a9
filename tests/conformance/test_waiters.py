"""Every waiter botocore has for an operation that is written ends well when it should, and gives up when it should."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import WaiterError

from haar import Cloud
from haar.catalog.models import botocore_data, read_json, snake_case, versions
from tests.conformance.life.material import document, trusting
from tests.conformance.rooms import OPERATIONS, ROOMS

WAITERS = "https://docs.aws.amazon.com/boto3/latest/guide/clients.html"


#: Waiters for work that is done by the time that anybody can look at it.
DONE = ("ExportCompleted", "ImportCompleted")
#: (service, waiter) of every other waiter that looks at an operation that is written.
DECLARED = [
    (name, waiter)
    for name in ROOMS
    for path in (botocore_data() / name / versions(name)[-1]).glob("waiters-2.json*")
    for waiter, described in sorted(read_json(path)["waiters"].items())
    if any(one.name == described["operation"] for one in OPERATIONS if one.service.name == name)
    if waiter not in DONE
]


class Case(NamedTuple):
    """What a waiter looks at, how that comes to be as it is waited for, and what must be there before."""

    request: dict[str, str]
    make: Callable[[Any], object]
    prepare: Callable[[Any], object] = lambda client: None


def _bucket(s3: Any) -> object:
    return s3.create_bucket(Bucket="waited-for")


def _object(s3: Any) -> object:
    return s3.put_object(**OBJECT, Body=b"x")


BUCKET = {"Bucket": "waited-for"}
OBJECT = {**BUCKET, "Key": "x"}
VAULT = {"vaultName": "x"}
TABLE = {"TableName": "waited-for"}


def _table(db: Any) -> object:
    return db.create_table(
        **TABLE, KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
    )  # fmt: skip


COMING: Mapping[tuple[str, str], Case] = {
    ("dynamodb", "TableExists"): Case(TABLE, _table),
    ("dynamodb", "TableNotExists"): Case(TABLE, lambda db: db.delete_table(**TABLE), _table),
    ("glacier", "VaultExists"): Case(VAULT, lambda glacier: glacier.create_vault(**VAULT)),
    ("glacier", "VaultNotExists"): Case(
        VAULT, lambda glacier: glacier.delete_vault(**VAULT), lambda glacier: glacier.create_vault(**VAULT)
    ),
    ("iam", "UserExists"): Case({"UserName": "x"}, lambda iam: iam.create_user(UserName="x")),
    ("iam", "RoleExists"): Case(
        {"RoleName": "x"},
        lambda iam: iam.create_role(RoleName="x", AssumeRolePolicyDocument=trusting(AWS="000000000000")),
    ),
    ("iam", "InstanceProfileExists"): Case(
        {"InstanceProfileName": "x"},
        lambda iam: iam.create_instance_profile(InstanceProfileName="x"),
    ),
    ("iam", "PolicyExists"): Case(
        {"PolicyArn": "arn:aws:iam::000000000000:policy/x"},
        lambda iam: iam.create_policy(PolicyName="x", PolicyDocument=document()),
    ),
    ("s3", "BucketExists"): Case(BUCKET, _bucket),
    ("s3", "BucketNotExists"): Case(BUCKET, lambda s3: s3.delete_bucket(**BUCKET), _bucket),
    ("s3", "ObjectExists"): Case(OBJECT, _object, _bucket),
    ("s3", "ObjectNotExists"): Case(
        OBJECT, lambda s3: s3.delete_object(**OBJECT), lambda s3: (_bucket(s3), _object(s3))
    ),
}


def wait(client: Any, waiter: str, request: Mapping[str, str], attempts: int) -> None:
    """Wait without pausing between the looks."""
    client.get_waiter(snake_case(waiter)).wait(**request, WaiterConfig={"Delay": 0, "MaxAttempts": attempts})


@pytest.mark.ours
def test_every_waiter_has_its_case() -> None:
    assert sorted(DECLARED) == sorted(COMING)


def looking(client: Any, waiter: str, then: Callable[[int], object] = lambda look: None) -> list[int]:
    """The looks that a waiter takes, counted as they are taken; `then` is called with the number of each."""
    looks: list[int] = []
    operation = client.get_waiter(snake_case(waiter)).config.operation

    def look(**_: Any) -> None:
        looks.append(len(looks) + 1)
        then(len(looks))

    client.meta.events.register(f"before-call.*.{operation}", look)
    return looks


every = pytest.mark.parametrize(("service", "waiter"), DECLARED, ids=lambda one: one)


@pytest.mark.documented(WAITERS)
@every
def test_a_waiter_ends_when_the_thing_is_there(cloud: Cloud, service: str, waiter: str) -> None:
    case, client = COMING[service, waiter], cloud.client(service)
    case.prepare(client)
    case.make(client)
    looks = looking(client, waiter)
    wait(client, waiter, case.request, 1)
    assert looks == [1]


@pytest.mark.documented(WAITERS)
@every
def test_a_waiter_gives_up_on_what_never_comes(cloud: Cloud, service: str, waiter: str) -> None:
    case, client = COMING[service, waiter], cloud.client(service)
    case.prepare(client)
    with pytest.raises(WaiterError, match="Max attempts exceeded"):
        wait(client, waiter, case.request, 2)


@pytest.mark.documented(WAITERS)
@every
def test_a_waiter_sees_what_comes_while_it_looks(cloud: Cloud, service: str, waiter: str) -> None:
    case, client = COMING[service, waiter], cloud.client(service)
    case.prepare(client)
    looks = looking(client, waiter, lambda look: case.make(cloud.client(service)) if look == 2 else None)
    wait(client, waiter, case.request, 5)
    assert looks == [1, 2]

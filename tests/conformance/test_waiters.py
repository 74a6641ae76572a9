"""Every waiter botocore has for an operation that is written ends well when it should, and gives up when it should."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import WaiterError

from haar import Cloud
from haar.catalog.models import botocore_data, read_json, snake_case, versions
from tests.conformance.life.material import document, trusting
from tests.conformance.rooms import OPERATIONS, ROOMS

WAITERS = "https://docs.aws.amazon.com/boto3/latest/guide/clients.html"


#: (service, waiter) of every waiter that looks at an operation that is written.
DECLARED = [
    (name, waiter)
    for name in ROOMS
    for path in (botocore_data() / name / versions(name)[-1]).glob("waiters-2.json*")
    for waiter, described in sorted(read_json(path)["waiters"].items())
    if any(one.name == described["operation"] for one in OPERATIONS if one.service.name == name)
]

#: waiter -> what it waits for: (request, how it comes to be)
COMING: Mapping[tuple[str, str], tuple[dict[str, str], Callable[[Any], object]]] = {
    ("iam", "UserExists"): ({"UserName": "x"}, lambda iam: iam.create_user(UserName="x")),
    ("iam", "RoleExists"): (
        {"RoleName": "x"},
        lambda iam: iam.create_role(RoleName="x", AssumeRolePolicyDocument=trusting(AWS="000000000000")),
    ),
    ("iam", "InstanceProfileExists"): (
        {"InstanceProfileName": "x"},
        lambda iam: iam.create_instance_profile(InstanceProfileName="x"),
    ),
    ("iam", "PolicyExists"): (
        {"PolicyArn": "arn:aws:iam::000000000000:policy/x"},
        lambda iam: iam.create_policy(PolicyName="x", PolicyDocument=document()),
    ),
}


def wait(client: Any, waiter: str, request: Mapping[str, str], attempts: int) -> None:
    """Wait without pausing between the looks."""
    client.get_waiter(snake_case(waiter)).wait(**request, WaiterConfig={"Delay": 0, "MaxAttempts": attempts})


@pytest.mark.ours
def test_every_waiter_has_its_case() -> None:
    assert sorted(DECLARED) == sorted(COMING)


@pytest.mark.documented(WAITERS)
@pytest.mark.parametrize(("service", "waiter"), DECLARED, ids=":".join)
def test_a_waiter_ends_when_the_thing_is_there(cloud: Cloud, service: str, waiter: str) -> None:
    request, make = COMING[service, waiter]
    make(cloud.client(service))
    wait(cloud.client(service), waiter, request, 1)
    looks = cloud.client("cloudtrail").lookup_events()["Events"]
    assert json.loads(looks[0]["CloudTrailEvent"])["eventName"].startswith("Get")


@pytest.mark.documented(WAITERS)
@pytest.mark.parametrize(("service", "waiter"), DECLARED, ids=":".join)
def test_a_waiter_gives_up_on_what_never_comes(cloud: Cloud, service: str, waiter: str) -> None:
    request, _ = COMING[service, waiter]
    with pytest.raises(WaiterError, match="Max attempts exceeded"):
        wait(cloud.client(service), waiter, request, 2)


@pytest.mark.documented(WAITERS)
@pytest.mark.parametrize(("service", "waiter"), DECLARED, ids=":".join)
def test_a_waiter_sees_what_comes_while_it_looks(cloud: Cloud, service: str, waiter: str) -> None:
    request, make = COMING[service, waiter]
    client = cloud.client(service)
    looks: list[object] = []

    def made_after_the_first_look(**_: Any) -> None:
        looks.append(1)
        if len(looks) == 2:
            make(cloud.client(service))

    client.meta.events.register("before-call.*.*", made_after_the_first_look)
    wait(client, waiter, request, 5)
    assert len(looks) == 2

"""Every kind that takes tags gives them back: to its own service, and to the Resource Groups Tagging API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from haar import Cloud
from haar.kit import GlobalResource, Resource, UniqueResource
from haar.kit.service import Operation
from haar.kit.tagging import as_dict
from tests.conformance.rooms import OPERATIONS, ROOMS, id_of, room

TAGGING = "https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/Welcome.html"
pytestmark = pytest.mark.documented(TAGGING)
ACCOUNT = "000000000000"
TAGGABLE = [(name, kind) for name in ROOMS for kind in room(name).taggable]
every = pytest.mark.parametrize(("name", "kind"), TAGGABLE, ids=lambda one: getattr(one, "__name__", one))


def last(life: Any, kind: type[Resource | GlobalResource | UniqueResource]) -> Any:
    """A thing of a kind that account 000000000000 has at the end of a life: the last, which no service made."""
    with life.cloud.store.transaction(write=False) as tx:
        if issubclass(kind, UniqueResource):  # a name of the whole world's, whoever owns it
            return next(row for row in tx.range(kind, reverse=True) if row.account == ACCOUNT)
        return next(tx.range(kind, ACCOUNT, reverse=True))


def tags_of(cloud: Cloud, arn: str) -> dict[str, str]:
    """What the tagging API shows of a thing."""
    shown = cloud.client("resourcegroupstaggingapi").get_resources(ResourceARNList=[arn])["ResourceTagMappingList"]
    return as_dict(shown[0]["Tags"]) if shown else {}


def own_tags(cloud: Cloud, name: str, row: Any) -> dict[str, str]:
    """What the thing's own service shows of it."""
    if name == "s3":
        control = cloud.client("s3control")
        return as_dict(control.list_tags_for_resource(AccountId=ACCOUNT, ResourceArn=row.arn)["Tags"])
    if name == "ssm":
        named = {"ResourceType": "Parameter", "ResourceId": row.name}
        return as_dict(cloud.client("ssm").list_tags_for_resource(**named)["TagList"])
    if name == "secretsmanager":
        return as_dict(cloud.client("secretsmanager").describe_secret(SecretId=row.arn).get("Tags", []))
    operation, request = own_list(name, row)
    reply = getattr(cloud.client(name), operation.snake)(**request)
    return as_dict(next(reply[member] for member in reply if member.lower() == "tags"))


def own_list(name: str, row: Any) -> tuple[Operation, dict[str, str]]:
    """The service's operation that lists a thing's tags, and the request that names the thing."""
    operation = next(
        one
        for one in OPERATIONS
        if one.service.name == name
        and one.snake.startswith("list_")
        and "tag" in one.snake
        and one.targets in ((type(row),), ())
    )
    member = operation.member_of[0][0] if operation.member_of else "ResourceId"
    return operation, {member: _named_by(member, row)}


def _named_by(member: str, row: Any) -> str:
    if member == "QueueUrl":
        return f"http://haar.localhost:4566/{row.account}/{row.name}"
    if member.lower().endswith(("arn", "serialnumber")):
        return str(row.arn)
    return str(row.id if member == "ResourceId" else row.name)


@every
def test_tags_go_round_through_the_tagging_api(used: Any, name: str, kind: type[Resource]) -> None:
    row, api = last(used, kind), used.cloud.client("resourcegroupstaggingapi")
    before = dict(row.tags)
    assert api.tag_resources(ResourceARNList=[row.arn], Tags={"season": "summer"})["FailedResourcesMap"] == {}
    expected = {**before, "season": "summer"}
    assert tags_of(used.cloud, row.arn) == own_tags(used.cloud, name, row) == expected
    assert api.untag_resources(ResourceARNList=[row.arn], TagKeys=["season"])["FailedResourcesMap"] == {}
    assert tags_of(used.cloud, row.arn) == own_tags(used.cloud, name, row) == before


@every
def test_a_tagged_thing_is_found_by_its_tag(used: Any, name: str, kind: type[Resource]) -> None:
    row, api = last(used, kind), used.cloud.client("resourcegroupstaggingapi")
    key = f"found-{kind.__name__.lower()}"
    api.tag_resources(ResourceARNList=[row.arn], Tags={key: "yes"})
    found = api.get_resources(TagFilters=[{"Key": key, "Values": ["yes"]}])["ResourceTagMappingList"]
    api.untag_resources(ResourceARNList=[row.arn], TagKeys=[key])
    assert [one["ResourceARN"] for one in found] == [row.arn]


TAGGING_API = "resourcegroupstaggingapi"
#: Tag operations that make no kind taggable, and why.
ASIDE: Mapping[str, str] = {
    "s3control:TagResource": "buckets, which are S3's, and access points",
    "organizations:TagResource": "roots, transfers and the resource policy besides the three kinds above",
}


def test_every_operation_that_tags_belongs_to_a_taggable_kind() -> None:
    tagging = [one for one in OPERATIONS if one.snake.startswith("tag_") and one.service.name != TAGGING_API]
    strangers = {id_of(one) for one in tagging if not any(one.targets == (kind,) for _, kind in TAGGABLE)}
    assert strangers == ASIDE.keys()

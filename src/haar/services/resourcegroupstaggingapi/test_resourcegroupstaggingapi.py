"""Tags of everything, in one place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from haar import Cloud

API = "https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/"
ACCOUNT = "000000000000"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:"
USER = f"arn:aws:iam::{ACCOUNT}:user/"


def queue(cloud: Cloud, name: str, region: str = "us-east-1", **tags: str) -> str:
    cloud.client("sqs", region=region).create_queue(QueueName=name, tags=tags)
    return f"arn:aws:sqs:{region}:{ACCOUNT}:{name}"


def user(cloud: Cloud, name: str, **tags: str) -> str:
    cloud.client("iam").create_user(UserName=name, Tags=[{"Key": key, "Value": tags[key]} for key in tags])
    return USER + name


def found(cloud: Cloud, region: str = "us-east-1", **request: Any) -> dict[str, dict[str, str]]:
    """ARN -> tags of what GetResources answers."""
    reply = cloud.client("resourcegroupstaggingapi", region=region).get_resources(**request)
    return {
        one["ResourceARN"]: {tag["Key"]: tag["Value"] for tag in one["Tags"]} for one in reply["ResourceTagMappingList"]
    }


def refused(call: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**request)
    return str(caught.value.response["Error"]["Code"])


# -- GetResources ------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_GetResources.html")
def test_tagged_resources_of_all_services_are_found(cloud: Cloud) -> None:
    arns = queue(cloud, "q", team="blue"), user(cloud, "alice", team="red")
    queue(cloud, "untagged")
    assert found(cloud) == {arns[0]: {"team": "blue"}, arns[1]: {"team": "red"}}


@pytest.mark.documented(API + "API_GetResources.html")
def test_resources_are_those_of_the_region_and_global_ones_are_in_us_east_1(cloud: Cloud) -> None:
    user(cloud, "alice", team="red")
    arn = queue(cloud, "q", "eu-west-1", team="blue")
    assert list(found(cloud, "eu-west-1")) == [arn]
    assert list(found(cloud)) == [USER + "alice"]


@pytest.mark.documented(API + "API_GetResources.html")
def test_resources_of_other_accounts_are_not_seen(cloud: Cloud) -> None:
    cloud.client("sqs", access_key="111122223333").create_queue(QueueName="q", tags={"team": "blue"})
    assert found(cloud) == {}


@pytest.mark.documented(API + "API_GetResources.html")
@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ([{"Key": "team"}], ["a", "b"]),
        ([{"Key": "team", "Values": ["blue"]}], ["a"]),
        ([{"Key": "team", "Values": ["blue", "red"]}], ["a", "b"]),
        ([{"Key": "team"}, {"Key": "cost"}], ["b"]),
        ([{"Key": "Team"}], []),
    ],
)
def test_filters_are_and_between_keys_and_or_between_values(
    cloud: Cloud, filters: list[dict[str, Any]], names: list[str]
) -> None:
    queue(cloud, "a", team="blue")
    queue(cloud, "b", team="red", cost="1")
    queue(cloud, "c", cost="1")
    assert list(found(cloud, TagFilters=filters)) == [QUEUE + name for name in names]


@pytest.mark.documented(API + "API_GetResources.html")
@pytest.mark.parametrize("wanted", ["sqs", "sqs:queue"])
def test_types_can_be_asked_for(cloud: Cloud, wanted: str) -> None:
    arn = queue(cloud, "q", team="blue")
    user(cloud, "alice", team="red")
    assert list(found(cloud, ResourceTypeFilters=[wanted])) == [arn]
    assert list(found(cloud, ResourceTypeFilters=["iam:user"])) == [USER + "alice"]
    assert found(cloud, ResourceTypeFilters=["iam:role"]) == {}


@pytest.mark.documented(API + "API_GetResources.html")
def test_resources_can_be_asked_for_by_arn(cloud: Cloud) -> None:
    arn = queue(cloud, "q", team="blue")
    queue(cloud, "other", team="blue")
    assert found(cloud, ResourceARNList=[arn, QUEUE + "gone"]) == {arn: {"team": "blue"}}


@pytest.mark.documented(API + "API_GetResources.html")
def test_resources_come_in_pages(cloud: Cloud) -> None:
    for n in range(5):
        queue(cloud, f"q{n}", team="blue")
    paginator = cloud.client("resourcegroupstaggingapi").get_paginator("get_resources")
    pages = [page["ResourceTagMappingList"] for page in paginator.paginate(PaginationConfig={"PageSize": 2})]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [one["ResourceARN"] for page in pages for one in page] == [f"{QUEUE}q{n}" for n in range(5)]


@pytest.mark.documented(API + "API_GetResources.html")
def test_a_page_can_be_measured_in_tags(cloud: Cloud) -> None:
    for n in range(3):
        queue(cloud, f"q{n}", **{f"key{k}": "x" for k in range(40)})
    tagging = cloud.client("resourcegroupstaggingapi")
    first = tagging.get_resources(TagsPerPage=100)
    assert len(first["ResourceTagMappingList"]) == 2
    second = tagging.get_resources(TagsPerPage=100, PaginationToken=first["PaginationToken"])
    assert [one["ResourceARN"] for one in second["ResourceTagMappingList"]] == [QUEUE + "q2"]
    assert second["PaginationToken"] == ""


@pytest.mark.documented(API + "API_GetResources.html")
@pytest.mark.parametrize(
    "request_",
    [
        {"ResourceARNList": [QUEUE + "q"], "TagFilters": [{"Key": "team"}]},
        {"ResourcesPerPage": 101},
        {"TagsPerPage": 150},
        {"PaginationToken": "made up"},
        {"ExcludeCompliantResources": True},
    ],
)
def test_odd_requests_are_refused(cloud: Cloud, request_: dict[str, Any]) -> None:
    asked = cloud.client("resourcegroupstaggingapi").get_resources
    assert refused(asked, **request_) == "InvalidParameterException"


@pytest.mark.ours
def test_compliance_is_not_evaluated(cloud: Cloud) -> None:
    tagging = cloud.client("resourcegroupstaggingapi")
    assert refused(tagging.get_resources, IncludeComplianceDetails=True) == "NotImplemented"
    assert refused(tagging.get_compliance_summary) == "NotImplemented"


# -- keys and values ---------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_GetTagKeys.html")
def test_the_keys_in_use(cloud: Cloud) -> None:
    queue(cloud, "q", team="blue", cost="1")
    user(cloud, "alice", team="red")
    assert cloud.client("resourcegroupstaggingapi").get_tag_keys()["TagKeys"] == ["cost", "team"]


@pytest.mark.documented(API + "API_GetTagValues.html")
def test_the_values_of_a_key(cloud: Cloud) -> None:
    queue(cloud, "q", team="blue")
    user(cloud, "alice", team="red")
    assert cloud.client("resourcegroupstaggingapi").get_tag_values(Key="team")["TagValues"] == ["blue", "red"]
    assert cloud.client("resourcegroupstaggingapi").get_tag_values(Key="cost")["TagValues"] == []


# -- changing ----------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_TagResources.html")
def test_resources_of_several_services_are_tagged_at_once(cloud: Cloud) -> None:
    arns = [queue(cloud, "q", team="blue"), user(cloud, "alice")]
    reply = cloud.client("resourcegroupstaggingapi").tag_resources(ResourceARNList=arns, Tags={"cost": "1"})
    assert reply["FailedResourcesMap"] == {}
    url = cloud.client("sqs").get_queue_url(QueueName="q")["QueueUrl"]
    assert cloud.client("sqs").list_queue_tags(QueueUrl=url)["Tags"] == {"team": "blue", "cost": "1"}
    assert cloud.client("iam").list_user_tags(UserName="alice")["Tags"] == [{"Key": "cost", "Value": "1"}]


@pytest.mark.documented(API + "API_UntagResources.html")
def test_tags_are_taken_away(cloud: Cloud) -> None:
    arns = [queue(cloud, "q", team="blue", cost="1"), user(cloud, "alice", team="red")]
    reply = cloud.client("resourcegroupstaggingapi").untag_resources(ResourceARNList=arns, TagKeys=["team"])
    assert reply["FailedResourcesMap"] == {}
    assert found(cloud) == {arns[0]: {"cost": "1"}}


@pytest.mark.documented(API + "API_TagResources.html")
def test_what_is_not_there_fails_on_its_own(cloud: Cloud) -> None:
    arn, gone = queue(cloud, "q"), QUEUE + "gone"
    reply = cloud.client("resourcegroupstaggingapi").tag_resources(ResourceARNList=[gone, arn], Tags={"cost": "1"})
    assert list(reply["FailedResourcesMap"]) == [gone]
    assert reply["FailedResourcesMap"][gone]["ErrorCode"] == "InvalidParameterException"
    assert list(found(cloud)) == [arn]


@pytest.mark.documented(API + "API_TagResources.html")
def test_the_services_own_limit_of_tags_holds(cloud: Cloud) -> None:
    arn = queue(cloud, "q", **{f"key{n}": "x" for n in range(50)})
    reply = cloud.client("resourcegroupstaggingapi").tag_resources(ResourceARNList=[arn], Tags={"one": "more"})
    assert list(reply["FailedResourcesMap"]) == [arn]
    assert "one" not in found(cloud)[arn]


@pytest.mark.documented(API + "API_TagResources.html")
def test_tagging_needs_the_services_own_permission_too(cloud: Cloud) -> None:
    arn = queue(cloud, "q")
    iam = cloud.client("iam")
    iam.create_user(UserName="alice")
    statement = {"Effect": "Allow", "Action": "tag:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="alice", PolicyName="tag", PolicyDocument=document)
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    keys = {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}
    reply = cloud.client("resourcegroupstaggingapi", **keys).tag_resources(ResourceARNList=[arn], Tags={"cost": "1"})
    assert "sqs:tagqueue" in reply["FailedResourcesMap"][arn]["ErrorMessage"].lower()
    assert found(cloud) == {}


@pytest.mark.documented(API + "API_TagResources.html")
def test_tagging_needs_its_own_permission(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="alice")
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    keys = {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}
    asked = cloud.client("resourcegroupstaggingapi", **keys).tag_resources
    assert refused(asked, ResourceARNList=[QUEUE + "q"], Tags={"cost": "1"}) == "AccessDeniedException"

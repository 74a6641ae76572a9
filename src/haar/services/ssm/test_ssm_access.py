"""Who may do what with parameters, parameters shared with other accounts, and describing them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from haar import Cloud

GUIDE = "https://docs.aws.amazon.com/systems-manager/latest/userguide/"
API = "https://docs.aws.amazon.com/systems-manager/latest/APIReference/"
ACCESS = GUIDE + "sysman-paramstore-access.html"
SHARED = GUIDE + "parameter-store-shared-parameters.html"
FILTERS = API + "API_ParameterStringFilter.html"
ARN = "arn:aws:ssm:us-east-1:000000000000:parameter"
FRIEND = "111111111111"

Put = Callable[..., Any]
Refused = Callable[..., tuple[str, str]]


def document(action: Any, resource: Any = "*", **more: Any) -> str:
    """A policy of one statement."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def user(cloud: Cloud, policy: str) -> Any:
    """A client of a user with one policy."""
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=policy)
    keys = iam.create_access_key(UserName="ann")["AccessKey"]
    return cloud.client("ssm", access_key=keys["AccessKeyId"], secret_key=keys["SecretAccessKey"])


def share(ssm: Any, arn: str) -> Any:
    """Let the other account read a parameter."""
    actions = ["ssm:GetParameter", "ssm:GetParameters", "ssm:DescribeParameters"]
    return ssm.put_resource_policy(ResourceArn=arn, Policy=document(actions, arn, Principal={"AWS": FRIEND}))


@pytest.fixture
def friend(cloud: Cloud) -> Any:
    """A client of another account."""
    return cloud.client("ssm", access_key=FRIEND, secret_key="test")


# -- permissions -----------------------------------------------------------------------------------------------------


@pytest.mark.documented(ACCESS)
def test_permission_is_given_on_a_branch_of_names(cloud: Cloud, put: Put, refused: Refused) -> None:
    put("/app/a")
    put("/other/a")
    ann = user(cloud, document("ssm:GetParameter*", f"{ARN}/app/*"))
    assert ann.get_parameter(Name="/app/a")["Parameter"]["Value"] == "v"
    assert refused(ann.get_parameter, Name="/other/a")[0] == "AccessDeniedException"
    assert refused(ann.get_parameters, Names=["/app/a", "/other/a"])[0] == "AccessDeniedException"


@pytest.mark.documented(ACCESS)
def test_who_may_read_a_path_may_read_all_below_it(cloud: Cloud, put: Put, refused: Refused) -> None:
    put("/app/a/b")
    ann = user(cloud, document("ssm:GetParametersByPath", f"{ARN}/app"))
    assert len(ann.get_parameters_by_path(Path="/app", Recursive=True)["Parameters"]) == 1
    assert refused(ann.get_parameters_by_path, Path="/app/a")[0] == "AccessDeniedException"


@pytest.mark.documented(ACCESS)
def test_overwriting_can_be_forbidden(cloud: Cloud, refused: Refused) -> None:
    condition = {"StringEquals": {"ssm:Overwrite": "false"}}
    ann = user(cloud, document("ssm:PutParameter", Condition=condition))
    assert ann.put_parameter(Name="x", Value="v", Type="String")["Version"] == 1
    code, _ = refused(ann.put_parameter, Name="x", Value="w", Overwrite=True)
    assert code == "AccessDeniedException"


@pytest.mark.documented(API + "API_PutParameter.html")
def test_tags_of_a_new_parameter_need_a_permission_of_their_own(cloud: Cloud, refused: Refused) -> None:
    ann = user(cloud, document("ssm:PutParameter"))
    tags = [{"Key": "team", "Value": "blue"}]
    code, message = refused(ann.put_parameter, Name="x", Value="v", Type="String", Tags=tags)
    assert (code, "ssm:AddTagsToResource" in message) == ("AccessDeniedException", True)


@pytest.mark.documented(ACCESS)
def test_permission_is_given_by_tag(cloud: Cloud, put: Put, refused: Refused) -> None:
    put("blue", Tags=[{"Key": "team", "Value": "blue"}])
    put("red", Tags=[{"Key": "team", "Value": "red"}])
    ann = user(cloud, document("ssm:GetParameter", Condition={"StringEquals": {"ssm:resourceTag/team": "blue"}}))
    assert ann.get_parameter(Name="blue")["Parameter"]["Version"] == 1
    assert refused(ann.get_parameter, Name="red")[0] == "AccessDeniedException"


# -- sharing ---------------------------------------------------------------------------------------------------------


@pytest.mark.documented(SHARED)
def test_a_shared_parameter_is_read_by_its_arn(ssm: Any, friend: Any, put: Put, refused: Refused) -> None:
    put("/shared/x", "for all", Tier="Advanced")
    arn = f"{ARN}/shared/x"
    assert refused(friend.get_parameter, Name=arn)[0] == "AccessDeniedException"
    share(ssm, arn)
    found = friend.get_parameter(Name=arn)["Parameter"]
    assert (found["Name"], found["Value"]) == (arn, "for all")
    assert friend.get_parameters(Names=[arn])["Parameters"][0]["Value"] == "for all"
    assert refused(friend.get_parameter_history, Name=arn)[0] == "AccessDeniedException"


@pytest.mark.documented(SHARED)
def test_shared_parameters_are_described_to_those_they_are_shared_with(ssm: Any, friend: Any, put: Put) -> None:
    put("/shared/x", Tier="Advanced")
    arn = f"{ARN}/shared/x"
    made = share(ssm, arn)
    assert [one["Name"] for one in friend.describe_parameters(Shared=True)["Parameters"]] == [arn]
    assert friend.describe_parameters()["Parameters"] == []
    ssm.delete_resource_policy(ResourceArn=arn, PolicyId=made["PolicyId"], PolicyHash=made["PolicyHash"])
    assert friend.describe_parameters(Shared=True)["Parameters"] == []


@pytest.mark.documented(SHARED)
def test_only_advanced_parameters_are_shared(ssm: Any, put: Put, refused: Refused) -> None:
    put("/shared/x")
    assert refused(share, ssm, f"{ARN}/shared/x")[0] == "ResourcePolicyInvalidParameterException"


@pytest.mark.documented(API + "API_PutResourcePolicy.html")
def test_a_policy_is_changed_only_by_who_knows_it(ssm: Any, put: Put, refused: Refused) -> None:
    put("/shared/x", Tier="Advanced")
    arn = f"{ARN}/shared/x"
    made = share(ssm, arn)
    assert refused(share, ssm, arn)[0] == "ResourcePolicyLimitExceededException"
    text = document("ssm:GetParameter", arn, Principal={"AWS": FRIEND})
    known = {"ResourceArn": arn, "Policy": text, "PolicyId": made["PolicyId"]}
    assert refused(ssm.put_resource_policy, **known, PolicyHash="0")[0] == "ResourcePolicyConflictException"
    assert ssm.put_resource_policy(**known, PolicyHash=made["PolicyHash"])["PolicyId"] == made["PolicyId"]
    assert ssm.get_resource_policies(ResourceArn=arn)["Policies"][0]["Policy"] == text


@pytest.mark.documented(API + "API_PutResourcePolicy.html")
def test_a_resource_policy_must_be_sound(ssm: Any, put: Put, refused: Refused) -> None:
    put("/shared/x", Tier="Advanced")
    arn = f"{ARN}/shared/x"
    code, _ = refused(ssm.put_resource_policy, ResourceArn=arn, Policy="{}")
    assert code == "MalformedResourcePolicyDocumentException"
    missing = document("ssm:GetParameter", Principal={"AWS": FRIEND})
    code, _ = refused(ssm.put_resource_policy, ResourceArn=f"{ARN}/shared/no", Policy=missing)
    assert code == "ResourceNotFoundException"


# -- describing ------------------------------------------------------------------------------------------------------


@pytest.fixture
def tree(put: Put) -> None:
    """Some parameters of every kind."""
    put("/app/a/deep", Type="StringList")
    put("/app/b", Type="SecureString")
    put("/app/c", Tier="Advanced", Tags=[{"Key": "team", "Value": "blue"}])
    put("image", "ami-12345678", DataType="aws:ec2:image")


@pytest.mark.documented(FILTERS)
@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize(
    ("key", "option", "values", "found"),
    [
        ("Name", None, ["/app/b", "image"], ["/app/b", "image"]),
        ("Name", "Equals", ["/app/b"], ["/app/b"]),
        ("Name", "BeginsWith", ["/app/"], ["/app/a/deep", "/app/b", "/app/c"]),
        ("Name", "Contains", ["ee", "ag"], ["/app/a/deep", "image"]),
        ("Type", None, ["StringList"], ["/app/a/deep"]),
        ("KeyId", None, ["alias/aws/ssm"], ["/app/b"]),
        ("Tier", None, ["Advanced"], ["/app/c"]),
        ("DataType", None, ["aws:ec2:image"], ["image"]),
        ("Path", None, ["/app"], ["/app/b", "/app/c"]),
        ("Path", "Recursive", ["/app"], ["/app/a/deep", "/app/b", "/app/c"]),
        ("Path", "OneLevel", ["/"], ["image"]),
        ("tag:team", None, ["blue"], ["/app/c"]),
    ],
)
def test_parameters_are_filtered(ssm: Any, key: str, option: str | None, values: list[str], found: list[str]) -> None:
    one = {"Key": key, "Values": values} | ({"Option": option} if option else {})
    reply = ssm.describe_parameters(ParameterFilters=[one])
    assert [each["Name"] for each in reply["Parameters"]] == found


@pytest.mark.documented(API + "API_ParametersFilter.html")
@pytest.mark.usefixtures("tree")
def test_the_older_filters_know_the_beginning_of_a_name(ssm: Any, refused: Refused) -> None:
    old, new = [{"Key": "Name", "Values": ["/app/"]}], [{"Key": "Name", "Values": ["image"]}]
    assert len(ssm.describe_parameters(Filters=old)["Parameters"]) == 3
    assert refused(ssm.describe_parameters, Filters=old, ParameterFilters=new)[0] == "ValidationException"


@pytest.mark.documented(FILTERS)
@pytest.mark.parametrize(
    ("one", "code"),
    [
        ({"Key": "Label", "Values": ["x"]}, "InvalidFilterKey"),
        ({"Key": "Name"}, "InvalidFilterValue"),
        ({"Key": "Type", "Values": ["Number"]}, "InvalidFilterValue"),
        ({"Key": "Name", "Option": "Recursive", "Values": ["x"]}, "InvalidFilterOption"),
        ({"Key": "Path", "Values": ["no-slash"]}, "ValidationException"),
    ],
)
def test_a_filter_that_there_is_not_is_refused(ssm: Any, refused: Refused, one: dict[str, Any], code: str) -> None:
    assert refused(ssm.describe_parameters, ParameterFilters=[one])[0] == code

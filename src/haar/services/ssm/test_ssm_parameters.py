"""Putting, reading and deleting parameters: names, types, tiers, versions, hierarchies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haar import Cloud

GUIDE = "https://docs.aws.amazon.com/systems-manager/latest/userguide/"
API = "https://docs.aws.amazon.com/systems-manager/latest/APIReference/"
NAMES = GUIDE + "sysman-parameter-name-constraints.html"
TIERS = GUIDE + "parameter-store-advanced-parameters.html"
PUT = API + "API_PutParameter.html"

Put = Callable[..., Any]
Refused = Callable[..., tuple[str, str]]


def names(reply: Any) -> list[str]:
    """The names in a reply, in its order."""
    return [one["Name"] for one in reply["Parameters"]]


# -- versions and selectors ------------------------------------------------------------------------------------------


@pytest.mark.fact("SSM-002")
def test_every_version_of_a_value_is_kept(ssm: Any, put: Put) -> None:
    answers = [put("/app/key", value)["Version"] for value in ("one", "two", "three")]
    history = ssm.get_parameter_history(Name="/app/key")["Parameters"]
    assert answers == [one["Version"] for one in history] == [1, 2, 3]
    old = ssm.get_parameter(Name="/app/key:2")["Parameter"]
    assert (old["Value"], old["Selector"], old["Version"]) == ("two", ":2", 2)


@pytest.mark.documented(PUT)
def test_a_parameter_is_not_overwritten_unless_asked_for(ssm: Any, put: Put, refused: Refused) -> None:
    put("x", "one")
    code, message = refused(ssm.put_parameter, Name="x", Value="two", Type="String")
    assert (code, "set the overwrite option" in message) == ("ParameterAlreadyExists", True)
    assert ssm.get_parameter(Name="x")["Parameter"]["Value"] == "one"


@pytest.mark.documented(GUIDE + "sysman-paramstore-versions.html")
def test_a_hundred_versions_are_kept_and_the_oldest_goes(ssm: Any, put: Put, refused: Refused) -> None:
    for number in range(101):
        put("x", str(number))
    pages = ssm.get_paginator("get_parameter_history").paginate(Name="x")
    kept = [one["Version"] for page in pages for one in page["Parameters"]]
    assert kept == list(range(2, 102))
    assert refused(ssm.get_parameter, Name="x:1")[0] == "ParameterVersionNotFound"


@pytest.mark.documented(GUIDE + "sysman-paramstore-versions.html")
def test_the_oldest_version_does_not_go_while_it_has_a_label(ssm: Any, put: Put, refused: Refused) -> None:
    for number in range(100):
        put("x", str(number))
    ssm.label_parameter_version(Name="x", ParameterVersion=1, Labels=["keep"])
    assert refused(put, "x", "more")[0] == "ParameterMaxVersionLimitExceeded"
    ssm.label_parameter_version(Name="x", ParameterVersion=2, Labels=["keep"])
    assert put("x", "more")["Version"] == 101


@pytest.mark.documented(PUT)
def test_what_an_update_leaves_unsaid_stays(ssm: Any, put: Put) -> None:
    put("x", "12", Description="a number", AllowedPattern=r"\d+")
    ssm.put_parameter(Name="x", Value="13", Overwrite=True)
    (found,) = ssm.describe_parameters()["Parameters"]
    assert (found["Type"], found["Description"], found["AllowedPattern"]) == ("String", "a number", r"\d+")


@pytest.mark.documented(PUT)
def test_a_parameter_keeps_its_type(put: Put, refused: Refused) -> None:
    put("x")
    assert refused(put, "x", Type="StringList")[0] == "HierarchyTypeMismatchException"


@pytest.mark.documented(PUT)
def test_a_new_parameter_needs_a_type(ssm: Any, refused: Refused) -> None:
    code, message = refused(ssm.put_parameter, Name="x", Value="v")
    assert (code, message) == ("ValidationException", "A parameter type is required when you create a parameter.")


@pytest.mark.documented(API + "API_GetParameter.html")
def test_a_parameter_is_read_by_its_arn(ssm: Any, put: Put) -> None:
    put("plain", "a")
    put("/slashed", "b")
    place = "arn:aws:ssm:us-east-1:000000000000:parameter/"
    found = [ssm.get_parameter(Name=place + name)["Parameter"] for name in ("plain", "slashed", "slashed:1")]
    assert [(one["Name"], one["Value"]) for one in found] == [("plain", "a"), ("/slashed", "b"), ("/slashed", "b")]


@pytest.mark.documented(API + "API_GetParameter.html")
def test_a_parameter_that_is_not_there_is_not_found(ssm: Any, refused: Refused) -> None:
    assert refused(ssm.get_parameter, Name="nobody") == ("ParameterNotFound", "")


@pytest.mark.documented(API + "API_GetParameters.html")
def test_several_are_read_at_once_and_those_not_there_are_named(ssm: Any, put: Put) -> None:
    put("a", "1")
    put("b", "2")
    reply = ssm.get_parameters(Names=["a", "no", "b:1", "b:7"])
    assert [one["Value"] for one in reply["Parameters"]] == ["1", "2"]
    assert reply["InvalidParameters"] == ["no", "b:7"]


@pytest.mark.documented(API + "API_DeleteParameter.html")
def test_a_deleted_parameter_is_gone_with_its_versions(ssm: Any, put: Put, refused: Refused) -> None:
    put("a", "1")
    put("a", "2")
    ssm.delete_parameter(Name="a")
    assert refused(ssm.delete_parameter, Name="a")[0] == "ParameterNotFound"
    assert put("a", "3")["Version"] == 1
    assert len(ssm.get_parameter_history(Name="a")["Parameters"]) == 1


@pytest.mark.documented(API + "API_DeleteParameters.html")
def test_several_are_deleted_at_once(ssm: Any, put: Put) -> None:
    put("a")
    reply = ssm.delete_parameters(Names=["a", "no"])
    assert (reply["DeletedParameters"], reply["InvalidParameters"]) == (["a"], ["no"])


# -- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.documented(NAMES)
@pytest.mark.parametrize("name", ["aws", "AWSx", "/ssm", "ssm-x", "/awsTest", "a b", "a/b", "/a//b", "/a/", "é", "a:b"])
def test_a_name_that_breaks_the_rules_is_refused(put: Put, refused: Refused, name: str) -> None:
    assert refused(put, name)[0] == "ValidationException"


@pytest.mark.documented(NAMES)
@pytest.mark.parametrize(
    "name", ["MyParameter1", "/MyParameter2", "/Dev/Production/East/Project-ABC/MyParameter", "._-"]
)
def test_a_name_within_the_rules_is_taken(put: Put, ssm: Any, name: str) -> None:
    put(name, "here")
    assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == "here"


@pytest.mark.documented(NAMES)
def test_names_below_aws_are_reserved(put: Put, refused: Refused) -> None:
    code, message = refused(put, "/aws/mine/x")
    assert (code, message) == ("AccessDeniedException", "No access to reserved parameter name: /aws/mine/x.")


@pytest.mark.documented(NAMES)
def test_a_hierarchy_has_fifteen_levels(put: Put, refused: Refused) -> None:
    assert put("/l" * 15)["Version"] == 1
    assert refused(put, "/l" * 16)[0] == "HierarchyLevelLimitExceededException"


@pytest.mark.documented(NAMES)
def test_a_name_has_as_many_characters_as_its_arn_leaves(put: Put, refused: Refused) -> None:
    room = 1011 - len("arn:aws:ssm:us-east-1:000000000000:parameter/")
    assert put("n" * room)["Version"] == 1
    assert refused(put, "n" * (room + 1))[0] == "ValidationException"


# -- values and tiers ------------------------------------------------------------------------------------------------


@pytest.mark.documented(TIERS)
def test_a_standard_value_has_four_kilobytes(put: Put, refused: Refused) -> None:
    assert put("x", "a" * 4096)["Tier"] == "Standard"
    code, message = refused(put, "x", "a" * 4097)
    assert (code, "maximum parameter value of 4096 characters" in message) == ("ValidationException", True)


@pytest.mark.documented(TIERS)
def test_an_advanced_value_has_eight_kilobytes(put: Put, refused: Refused) -> None:
    assert put("x", "a" * 8192, Tier="Advanced")["Tier"] == "Advanced"
    assert refused(put, "x", "a" * 8193, Tier="Advanced")[0] == "ValidationException"


@pytest.mark.documented(TIERS)
def test_an_advanced_parameter_stays_advanced(put: Put, refused: Refused) -> None:
    put("x", Tier="Advanced")
    assert refused(put, "x", Tier="Standard")[0] == "ValidationException"
    assert put("x")["Tier"] == "Advanced"


@pytest.mark.documented(GUIDE + "ps-default-tier.html")
def test_intelligent_tiering_takes_the_smaller_tier_that_will_do(put: Put) -> None:
    smart = {"Tier": "Intelligent-Tiering"}
    assert put("x", "small", **smart)["Tier"] == "Standard"
    assert put("x", "a" * 5000, **smart)["Tier"] == "Advanced"
    assert put("x", "small", **smart)["Tier"] == "Advanced"


@pytest.mark.documented(PUT)
def test_a_value_must_match_the_allowed_pattern(put: Put, refused: Refused) -> None:
    code, message = refused(put, "x", "one", AllowedPattern=r"^\d+$")
    assert code == "ParameterPatternMismatchException"
    assert message == r"Parameter value, cannot be validated against allowedPattern: ^\d+$"


@pytest.mark.documented(PUT)
def test_an_allowed_pattern_must_be_one(put: Put, refused: Refused) -> None:
    assert refused(put, "x", "one", AllowedPattern="(")[0] == "InvalidAllowedPatternException"


@pytest.mark.documented(PUT)
@pytest.mark.parametrize("value", ["", "{{ssm:other}}", "a {{}} b"])
def test_a_value_is_not_empty_and_names_no_other_parameter(put: Put, refused: Refused, value: str) -> None:
    assert refused(put, "x", value)[0] == "ValidationException"


@pytest.mark.documented(GUIDE + "parameter-store-ec2-aliases.html")
def test_an_image_must_have_the_form_of_one(put: Put, refused: Refused, ssm: Any) -> None:
    assert refused(put, "x", "nginx", DataType="aws:ec2:image")[0] == "ValidationException"
    put("x", "ami-0123456789abcdef0", DataType="aws:ec2:image")
    assert ssm.get_parameter(Name="x")["Parameter"]["DataType"] == "aws:ec2:image"


@pytest.mark.documented(PUT)
def test_an_unknown_data_type_is_refused(put: Put, refused: Refused) -> None:
    assert "Data type names are all lowercase" in refused(put, "x", DataType="Text")[1]


# -- hierarchies -----------------------------------------------------------------------------------------------------


@pytest.mark.fact("SSM-003")
def test_a_path_is_read_with_everything_below_it_and_nothing_else(ssm: Any, put: Put) -> None:
    for name in ("/app/prod/db/host", "/app/prod/key", "/app/prod-2/key", "/app/prod", "/app/dev/key", "other"):
        put(name)
    assert names(ssm.get_parameters_by_path(Path="/app/prod", Recursive=True)) == ["/app/prod/db/host", "/app/prod/key"]


@pytest.mark.documented(API + "API_GetParametersByPath.html")
def test_a_path_is_read_one_level_deep_unless_asked_for_more(ssm: Any, put: Put) -> None:
    for name in ("/app/a", "/app/a/deep/er", "/app/a0", "/app/b/deep", "/app/c", "/app/c/d"):
        put(name)
    assert names(ssm.get_parameters_by_path(Path="/app/")) == ["/app/a", "/app/a0", "/app/c"]


@pytest.mark.documented(API + "API_GetParametersByPath.html")
def test_a_path_is_read_ten_at_a_time(ssm: Any, put: Put) -> None:
    for number in range(25):
        put(f"/p/n{number:02}")
    pages = [names(page) for page in ssm.get_paginator("get_parameters_by_path").paginate(Path="/p")]
    assert [len(page) for page in pages] == [10, 10, 5]
    assert [name for page in pages for name in page] == [f"/p/n{number:02}" for number in range(25)]


@pytest.mark.documented(API + "API_GetParametersByPath.html")
def test_a_path_begins_with_a_slash(ssm: Any, refused: Refused) -> None:
    assert refused(ssm.get_parameters_by_path, Path="app")[0] == "ValidationException"


@pytest.mark.documented(API + "API_ParameterStringFilter.html")
def test_a_path_is_filtered_by_type_and_label(ssm: Any, put: Put, refused: Refused) -> None:
    put("/p/list", "a,b", Type="StringList")
    put("/p/x", "old")
    put("/p/x", "new")
    ssm.label_parameter_version(Name="/p/x", ParameterVersion=1, Labels=["live"])
    by_type = [{"Key": "Type", "Values": ["StringList"]}]
    assert names(ssm.get_parameters_by_path(Path="/p", ParameterFilters=by_type)) == ["/p/list"]
    by_label = [{"Key": "Label", "Values": ["live"]}]
    (found,) = ssm.get_parameters_by_path(Path="/p", ParameterFilters=by_label)["Parameters"]
    assert (found["Name"], found["Value"]) == ("/p/x", "old")
    wrong = [{"Key": "Name", "Values": ["x"]}]
    assert refused(ssm.get_parameters_by_path, Path="/p", ParameterFilters=wrong)[0] == "InvalidFilterKey"


def expected(all_names: set[str], path: str, recursive: bool) -> list[str]:
    """The names below a path, the slow way."""
    head = path.rstrip("/") + "/"
    rests = {name: name.removeprefix(head) for name in all_names if head == "/" or name.startswith(head)}
    return sorted(name for name, rest in rests.items() if recursive or "/" not in rest)


_levels = st.lists(st.sampled_from(["a", "b", "a-", "a0", "A."]), min_size=1, max_size=4).map("/".join)


@pytest.mark.ours
@settings(max_examples=40, deadline=None)
@given(all_names=st.sets(_levels, max_size=14), path=_levels, recursive=st.booleans())
def test_any_path_of_any_tree_is_read_as_the_slow_way_reads_it(all_names: set[str], path: str, recursive: bool) -> None:
    tree = {f"/{name}" for name in all_names}
    with Cloud(seed=1) as cloud:
        ssm = cloud.client("ssm")
        for name in tree:
            ssm.put_parameter(Name=name, Value="v", Type="String")
        for asked in ("/", f"/{path}"):
            pages = ssm.get_paginator("get_parameters_by_path").paginate(
                Path=asked, Recursive=recursive, PaginationConfig={"PageSize": 2}
            )
            assert [name for page in pages for name in names(page)] == expected(tree, asked, recursive)


# -- what is not kept here -------------------------------------------------------------------------------------------


@pytest.mark.ours
def test_public_parameters_are_refused_and_not_made_up(ssm: Any, refused: Refused) -> None:
    image = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    assert refused(ssm.get_parameter, Name=image)[0] == "NotImplemented"
    assert refused(ssm.get_parameters_by_path, Path="/aws/service/global-infrastructure")[0] == "NotImplemented"


@pytest.mark.fact("SSM-006")
def test_systems_manager_is_a_suite_of_which_parameter_store_is_one_tool(ssm: Any, refused: Refused, put: Put) -> None:
    put("x")
    code, message = refused(ssm.send_command, DocumentName="AWS-RunShellScript")
    assert (code, "Run Command is not built" in message) == ("NotImplemented", True)
    operations = ssm.meta.service_model.operation_names
    assert 0 < sum("Parameter" in name for name in operations) < len(operations) / 2


# -- rates -----------------------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "parameter-store-throughput.html")
def test_reads_are_throttled_until_the_higher_throughput_is_switched_on() -> None:
    with Cloud(seed=1, limits="aws") as cloud:
        ssm = cloud.client("ssm")
        ssm.put_parameter(Name="x", Value="v", Type="String")
        with pytest.raises(ssm.exceptions.ClientError, match="ThrottlingException"):
            # twice as many as a second allows: they may begin at the end of one
            [ssm.get_parameter(Name="x") for _ in range(90)]
        cloud.advance(seconds=1)
        ssm.update_service_setting(SettingId="/ssm/parameter-store/high-throughput-enabled", SettingValue="true")
        assert [ssm.get_parameter(Name="x")["Parameter"]["Version"] for _ in range(60)] == [1] * 60


@pytest.mark.ours
def test_the_trail_does_not_keep_values(cloud: Cloud, put: Put) -> None:
    put("/app/secret", "nobody-reads-this", Type="SecureString")
    events = cloud.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "PutParameter"}]
    )["Events"]
    told = json.loads(events[0]["CloudTrailEvent"])["requestParameters"]
    assert (told["name"], told["value"]) == ("/app/secret", "HIDDEN_DUE_TO_SECURITY_REASONS")

"""Parameter policies by the clock, labels, tags, settings."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from haar import Cloud

GUIDE = "https://docs.aws.amazon.com/systems-manager/latest/userguide/"
API = "https://docs.aws.amazon.com/systems-manager/latest/APIReference/"
POLICIES = GUIDE + "parameter-store-policies.html"
LABELS = GUIDE + "sysman-paramstore-labels.html"
TAGS = API + "API_AddTagsToResource.html"
SETTINGS = API + "API_UpdateServiceSetting.html"
TIER = "/ssm/parameter-store/default-parameter-tier"

Put = Callable[..., Any]
Refused = Callable[..., tuple[str, str]]


def policy(kind: str, **attributes: str) -> dict[str, Any]:
    """One parameter policy."""
    return {"Type": kind, "Version": "1.0", "Attributes": attributes}


def in_days(cloud: Cloud, days: float) -> dict[str, Any]:
    """An expiration so many days from now."""
    at = datetime.fromtimestamp(cloud.clock.now() + days * 86_400, UTC)
    return policy("Expiration", Timestamp=at.isoformat())


def dated(*policies: dict[str, Any]) -> dict[str, str]:
    """The options of a parameter with policies."""
    return {"Tier": "Advanced", "Policies": json.dumps(policies)}


def statuses(ssm: Any, name: str) -> dict[str, str]:
    """The policies of a parameter and how far they are."""
    (found,) = ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [name]}])["Parameters"]
    return {one["PolicyType"]: one["PolicyStatus"] for one in found["Policies"]}


# -- policies --------------------------------------------------------------------------------------------------------


@pytest.mark.documented(POLICIES)
def test_a_parameter_is_deleted_when_it_expires(cloud: Cloud, ssm: Any, put: Put, refused: Refused) -> None:
    put("x", **dated(in_days(cloud, 10)))
    cloud.advance(days=9)
    assert ssm.get_parameter(Name="x")["Parameter"]["Value"] == "v"
    cloud.advance(days=2)
    assert refused(ssm.get_parameter, Name="x")[0] == "ParameterNotFound"


@pytest.mark.documented(POLICIES)
def test_an_update_does_not_put_off_the_expiration_and_a_new_policy_does(
    cloud: Cloud, ssm: Any, put: Put, refused: Refused
) -> None:
    put("x", **dated(in_days(cloud, 10)))
    put("y", **dated(in_days(cloud, 10)))
    put("x", "new")
    put("y", "new", **dated(in_days(cloud, 20)))
    cloud.advance(days=11)
    assert refused(ssm.get_parameter, Name="x")[0] == "ParameterNotFound"
    assert ssm.get_parameter(Name="y")["Parameter"]["Value"] == "new"


@pytest.mark.documented(API + "API_PutParameter.html")
def test_an_empty_policy_takes_away_those_there_are(cloud: Cloud, ssm: Any, put: Put) -> None:
    put("x", **dated(in_days(cloud, 1)))
    put("x", **dated({}))
    cloud.advance(days=2)
    assert statuses(ssm, "x") == {}


@pytest.mark.documented(POLICIES)
def test_notifications_are_finished_when_they_are_due(cloud: Cloud, ssm: Any, put: Put) -> None:
    before = policy("ExpirationNotification", Before="3", Unit="Days")
    unchanged = policy("NoChangeNotification", After="20", Unit="Hours")
    put("x", **dated(in_days(cloud, 10), before, unchanged))
    cloud.advance(hours=21)
    assert statuses(ssm, "x")["NoChangeNotification"] == "Finished"
    assert statuses(ssm, "x")["ExpirationNotification"] == "Pending"
    cloud.advance(days=7)
    assert statuses(ssm, "x") == {
        "Expiration": "Pending",
        "ExpirationNotification": "Finished",
        "NoChangeNotification": "Finished",
    }


@pytest.mark.documented(POLICIES)
def test_a_change_begins_the_wait_for_changes_anew(cloud: Cloud, ssm: Any, put: Put) -> None:
    put("x", **dated(policy("NoChangeNotification", After="2", Unit="Days")))
    cloud.advance(days=1)
    put("x", "new")
    cloud.advance(hours=30)
    assert statuses(ssm, "x") == {"NoChangeNotification": "Pending"}
    cloud.advance(days=1)
    assert statuses(ssm, "x") == {"NoChangeNotification": "Finished"}


@pytest.mark.documented(POLICIES)
def test_policies_are_for_advanced_parameters(cloud: Cloud, put: Put, refused: Refused) -> None:
    policies = json.dumps([in_days(cloud, 1)])
    assert refused(put, "x", Policies=policies)[0] == "ValidationException"
    assert put("x", Policies=policies, Tier="Intelligent-Tiering")["Tier"] == "Advanced"


@pytest.mark.documented(API + "API_PutParameter.html")
@pytest.mark.parametrize(
    ("policies", "code"),
    [
        ([policy("Deletion", Timestamp="2030-01-01T00:00:00Z")], "InvalidPolicyTypeException"),
        ([policy("Expiration", Timestamp="tomorrow")], "InvalidPolicyAttributeException"),
        ([policy("Expiration", Timestamp="2030-01-01T00:00:00")], "InvalidPolicyAttributeException"),
        ([policy("NoChangeNotification", After="0", Unit="Days")], "InvalidPolicyAttributeException"),
        ([policy("NoChangeNotification", After="1", Unit="Weeks")], "InvalidPolicyAttributeException"),
        ([policy("Expiration", Timestamp="2030-01-01T00:00:00Z")] * 2, "IncompatiblePolicyException"),
        ([policy("ExpirationNotification", Before="1", Unit="Days")], "IncompatiblePolicyException"),
        ([policy("NoChangeNotification", After="1", Unit="Days")] * 11, "PoliciesLimitExceededException"),
    ],
)
def test_a_policy_that_cannot_be_kept_is_refused(put: Put, refused: Refused, policies: list[Any], code: str) -> None:
    assert refused(put, "x", **dated(*policies))[0] == code


# -- labels ----------------------------------------------------------------------------------------------------------


@pytest.mark.documented(LABELS)
def test_a_label_names_a_version_and_moves(ssm: Any, put: Put) -> None:
    put("x", "one")
    put("x", "two")
    assert ssm.label_parameter_version(Name="x", Labels=["live"])["ParameterVersion"] == 2
    ssm.label_parameter_version(Name="x", ParameterVersion=1, Labels=["live"])
    found = ssm.get_parameter(Name="x:live")["Parameter"]
    assert (found["Value"], found["Selector"]) == ("one", ":live")
    assert [one["Labels"] for one in ssm.get_parameter_history(Name="x")["Parameters"]] == [["live"], []]


@pytest.mark.documented(LABELS)
def test_labels_that_break_the_rules_are_named_and_the_others_given(ssm: Any, put: Put) -> None:
    put("x")
    wrong = ["1st", "aws-live", "SSM", "with space"]
    assert ssm.label_parameter_version(Name="x", Labels=["good", *wrong])["InvalidLabels"] == wrong
    assert ssm.get_parameter(Name="x:good")["Parameter"]["Version"] == 1


@pytest.mark.documented(LABELS)
def test_a_version_has_ten_labels(ssm: Any, put: Put, refused: Refused) -> None:
    put("x")
    ssm.label_parameter_version(Name="x", Labels=[f"l{number}" for number in range(10)])
    code, _ = refused(ssm.label_parameter_version, Name="x", Labels=["more"])
    assert code == "ParameterVersionLabelLimitExceeded"


@pytest.mark.documented(API + "API_UnlabelParameterVersion.html")
def test_a_label_is_taken_from_the_version_it_is_on(ssm: Any, put: Put, refused: Refused) -> None:
    put("x")
    ssm.label_parameter_version(Name="x", Labels=["live"])
    reply = ssm.unlabel_parameter_version(Name="x", ParameterVersion=1, Labels=["live", "no"])
    assert (reply["RemovedLabels"], reply["InvalidLabels"]) == (["live"], ["no"])
    assert refused(ssm.get_parameter, Name="x:live")[0] == "ParameterVersionNotFound"


@pytest.mark.documented(LABELS)
def test_a_version_that_is_not_there_gets_no_label(ssm: Any, put: Put, refused: Refused) -> None:
    put("x")
    code, _ = refused(ssm.label_parameter_version, Name="x", ParameterVersion=7, Labels=["live"])
    assert code == "ParameterVersionNotFound"


# -- tags ------------------------------------------------------------------------------------------------------------


@pytest.mark.documented(TAGS)
def test_tags_are_added_and_taken_away(ssm: Any, put: Put) -> None:
    put("x", Tags=[{"Key": "team", "Value": "blue"}])
    named = {"ResourceType": "Parameter", "ResourceId": "x"}
    ssm.add_tags_to_resource(**named, Tags=[{"Key": "level", "Value": "1"}])
    ssm.remove_tags_from_resource(**named, TagKeys=["team"])
    assert ssm.list_tags_for_resource(**named)["TagList"] == [{"Key": "level", "Value": "1"}]


@pytest.mark.documented(TAGS)
def test_what_is_not_there_is_not_tagged(ssm: Any, refused: Refused) -> None:
    tags = [{"Key": "a", "Value": "b"}]
    code, _ = refused(ssm.add_tags_to_resource, ResourceType="Parameter", ResourceId="no", Tags=tags)
    assert code == "InvalidResourceId"


@pytest.mark.documented(API + "API_PutParameter.html")
def test_tags_are_not_given_with_an_overwrite(put: Put, refused: Refused) -> None:
    code, message = refused(put, "x", Tags=[{"Key": "a", "Value": "b"}], Overwrite=True)
    assert (code, "can't be used together" in message) == ("ValidationException", True)


@pytest.mark.documented(TAGS)
def test_a_parameter_has_fifty_tags(put: Put, refused: Refused) -> None:
    tags = [{"Key": f"k{number}", "Value": "v"} for number in range(51)]
    assert refused(put, "x", Tags=tags)[0] == "TooManyTagsError"


# -- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.documented(SETTINGS)
def test_the_default_tier_is_that_of_parameters_put_without_one(ssm: Any, put: Put) -> None:
    ssm.update_service_setting(SettingId=TIER, SettingValue="Advanced")
    assert put("x")["Tier"] == "Advanced"
    assert ssm.reset_service_setting(SettingId=TIER)["ServiceSetting"]["SettingValue"] == "Standard"
    assert put("y")["Tier"] == "Standard"


@pytest.mark.documented(API + "API_ServiceSetting.html")
def test_a_setting_is_read_by_id_and_by_arn(ssm: Any) -> None:
    arn = f"arn:aws:ssm:us-east-1:000000000000:servicesetting{TIER}"
    first = ssm.get_service_setting(SettingId=TIER)["ServiceSetting"]
    assert (first["ARN"], first["Status"], first["SettingValue"]) == (arn, "Default", "Standard")
    ssm.update_service_setting(SettingId=arn, SettingValue="Intelligent-Tiering")
    assert ssm.get_service_setting(SettingId=arn)["ServiceSetting"]["Status"] == "Customized"


@pytest.mark.documented(SETTINGS)
def test_a_setting_takes_its_own_values_only(ssm: Any, refused: Refused) -> None:
    assert refused(ssm.update_service_setting, SettingId=TIER, SettingValue="Best")[0] == "ValidationException"
    assert refused(ssm.get_service_setting, SettingId="/ssm/nothing")[0] == "ServiceSettingNotFound"


@pytest.mark.ours
def test_settings_of_tools_that_are_not_built_are_refused(ssm: Any, refused: Refused) -> None:
    setting = "/ssm/managed-instance/activation-tier"
    assert refused(ssm.get_service_setting, SettingId=setting)[0] == "NotImplemented"

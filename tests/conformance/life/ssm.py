"""Parameters of every type, shared, labelled and dated."""

from __future__ import annotations

import json
from typing import Any

from haar import Cloud

__all__ = ["live"]

ARN = "arn:aws:ssm:us-east-1:000000000000:parameter"
TIER = "/ssm/parameter-store/default-parameter-tier"

#: The lives that come first.
AFTER = ("iam", "kms")


def live(cloud: Cloud) -> None:
    """A tree of parameters, and every operation on them."""
    ssm = cloud.client("ssm")
    blue = [{"Key": "team", "Value": "blue"}]
    ssm.put_parameter(Name="/app/prod/host", Value="the first host", Type="String", Tags=blue)
    ssm.put_parameter(Name="/app/prod/host", Value="the second host", Overwrite=True)
    ssm.put_parameter(Name="/app/prod/password", Value="a password nobody tells", Type="SecureString")
    ssm.get_parameter(Name="/app/prod/host")
    ssm.get_parameter(Name="/app/prod/password", WithDecryption=True)
    ssm.get_parameters(Names=["/app/prod/host:1", "/app/prod/password"], WithDecryption=True)
    ssm.get_parameters_by_path(Path="/app", Recursive=True)
    ssm.label_parameter_version(Name="/app/prod/host", ParameterVersion=1, Labels=["first", "old"])
    ssm.unlabel_parameter_version(Name="/app/prod/host", ParameterVersion=1, Labels=["old"])
    ssm.get_parameter_history(Name="/app/prod/host")
    ssm.describe_parameters()
    _tags(ssm)
    _settings(ssm)
    _shared(cloud, ssm)
    for number in range(3):
        ssm.put_parameter(Name=f"spare{number}", Value="of no use to anybody", Type="String")
    ssm.delete_parameter(Name="spare0")
    ssm.delete_parameters(Names=["spare1", "spare2"])


def _tags(ssm: Any) -> None:
    named = {"ResourceType": "Parameter", "ResourceId": "/app/prod/host"}
    ssm.add_tags_to_resource(**named, Tags=[{"Key": "level", "Value": "1"}])
    ssm.list_tags_for_resource(**named)
    ssm.remove_tags_from_resource(**named, TagKeys=["level"])


def _settings(ssm: Any) -> None:
    ssm.update_service_setting(SettingId=TIER, SettingValue="Advanced")
    ssm.reset_service_setting(SettingId=TIER)
    ssm.get_service_setting(SettingId=TIER)
    ssm.update_service_setting(SettingId=TIER, SettingValue="Intelligent-Tiering")


def _shared(cloud: Cloud, ssm: Any) -> None:
    policies = [{"Type": "NoChangeNotification", "Version": "1.0", "Attributes": {"After": "30", "Unit": "Days"}}]
    asked = {"Type": "String", "Tier": "Advanced", "Policies": json.dumps(policies)}
    ssm.put_parameter(Name="/shared/motd", Value="a word for everybody", **asked)
    arn = f"{ARN}/shared/motd"
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "111111111111"},
        "Action": ["ssm:GetParameter", "ssm:GetParameters", "ssm:DescribeParameters"],
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = ssm.put_resource_policy(ResourceArn=arn, Policy=policy)
    (found,) = ssm.get_resource_policies(ResourceArn=arn)["Policies"]
    ssm.delete_resource_policy(ResourceArn=arn, PolicyId=made["PolicyId"], PolicyHash=found["PolicyHash"])
    ssm.put_resource_policy(ResourceArn=arn, Policy=policy)
    cloud.client("ssm", access_key="111111111111", secret_key="test").get_parameter(Name=arn)

"""Secrets of every state, and every operation on them."""

from __future__ import annotations

from typing import Any

from haar import Cloud
from tests.conformance.life.material import document

__all__ = ["live"]

#: The lives that come first.
AFTER = ("kms",)

EUROPE = [{"Region": "eu-west-1"}]


def live(cloud: Cloud) -> None:
    """A secret with versions, a replica and a policy; others that are deleted, restored and let go."""
    api = cloud.client("secretsmanager")
    tags = [{"Key": "team", "Value": "blue"}]
    first = api.create_secret(Name="web/key", **_value(1), Description="A key", Tags=tags)
    second = api.put_secret_value(SecretId="web/key", **_value(2))["VersionId"]
    bits = {"SecretBinary": b"a-secret-of-bytes", "ClientRequestToken": "3" * 32}
    api.update_secret(SecretId=first["ARN"], Description="The key", **bits)
    move = {"SecretId": "web/key", "VersionStage": "blue"}
    api.update_secret_version_stage(**move, MoveToVersionId=second)
    api.update_secret_version_stage(**move, RemoveFromVersionId=second, MoveToVersionId=first["VersionId"])
    api.get_secret_value(SecretId="web/key")
    api.get_secret_value(SecretId="web/key", VersionStage="AWSPREVIOUS")
    api.batch_get_secret_value(SecretIdList=["web/key"])
    api.describe_secret(SecretId="web/key")
    api.list_secret_version_ids(SecretId="web/key", IncludeDeprecated=True)
    api.tag_resource(SecretId="web/key", Tags=[{"Key": "level", "Value": "1"}])
    api.untag_resource(SecretId="web/key", TagKeys=["level"])
    api.get_random_password(PasswordLength=20)
    _policies(api)
    _replicas(cloud, api)
    api.create_secret(Name="past/lost", **_value(4))
    api.delete_secret(SecretId="past/lost", ForceDeleteWithoutRecovery=True)
    api.create_secret(Name="past/found", **_value(5))
    api.delete_secret(SecretId="past/found", RecoveryWindowInDays=7)
    api.restore_secret(SecretId="past/found")
    api.list_secrets(Filters=[{"Key": "name", "Values": ["web"]}])


def _value(number: int) -> dict[str, str]:
    """A value, and the id of the version that it becomes."""
    return {"SecretString": f"the-word-of-secret-{number}", "ClientRequestToken": str(number) * 32}


def _policies(api: Any) -> None:
    text = document("secretsmanager:GetSecretValue", Principal={"AWS": "000000000000"}, Resource="*")
    api.validate_resource_policy(SecretId="web/key", ResourcePolicy=text)
    api.put_resource_policy(SecretId="web/key", ResourcePolicy=text)
    api.get_resource_policy(SecretId="web/key")
    api.delete_resource_policy(SecretId="web/key")


def _replicas(cloud: Cloud, api: Any) -> None:
    api.replicate_secret_to_regions(SecretId="web/key", AddReplicaRegions=EUROPE)
    api.create_secret(Name="both", **_value(6), AddReplicaRegions=EUROPE)
    cloud.client("secretsmanager", region="eu-west-1").stop_replication_to_replica(SecretId="both")
    api.create_secret(Name="one", **_value(7), AddReplicaRegions=EUROPE)
    api.remove_regions_from_replication(SecretId="one", RemoveReplicaRegions=["eu-west-1"])

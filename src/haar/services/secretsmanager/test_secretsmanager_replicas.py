"""Replicas: the same secret in other regions."""

from __future__ import annotations

from typing import Any

import pytest

from haar import Cloud
from haar.services.secretsmanager.resources import Secret, Version

API = "https://docs.aws.amazon.com/secretsmanager/latest/apireference/"
GUIDE = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/"
REPLICATE = API + "API_ReplicateSecretToRegions.html"
REPLICAS = GUIDE + "replicate-secrets.html"
REMOVE = API + "API_RemoveRegionsFromReplication.html"
STOP = API + "API_StopReplicationToReplica.html"
EUROPE = [{"Region": "eu-west-1"}]


def rows(cloud: Cloud, kind: Any) -> list[Any]:
    with cloud.store.transaction(write=False) as tx:
        return list(tx.range(kind))


@pytest.fixture
def europe(cloud: Cloud) -> Any:
    """A client of the replica's region."""
    return cloud.client("secretsmanager", region="eu-west-1")


@pytest.fixture
def replicated(api: Any, secret: Any) -> Any:
    """What is answered when the secret was replicated to eu-west-1."""
    return api.replicate_secret_to_regions(SecretId="prod/db", AddReplicaRegions=EUROPE)


@pytest.mark.documented(REPLICATE)
def test_a_replica_has_the_arn_but_for_the_region_and_the_value(europe: Any, secret: Any, replicated: Any) -> None:
    found = europe.get_secret_value(SecretId="prod/db")
    assert found["ARN"] == secret["ARN"].replace("us-east-1", "eu-west-1")
    assert (found["SecretString"], found["VersionId"]) == ("first", secret["VersionId"])


@pytest.mark.documented(REPLICATE)
def test_how_replicas_stand_is_shown_at_the_primary(api: Any, europe: Any, replicated: Any) -> None:
    (status,) = replicated["ReplicationStatus"]
    assert (status["Region"], status["Status"]) == ("eu-west-1", "InSync")
    shown = api.describe_secret(SecretId="prod/db")
    assert (shown["PrimaryRegion"], shown["ReplicationStatus"]) == ("us-east-1", [status])
    there = europe.describe_secret(SecretId="prod/db")
    assert (there["PrimaryRegion"], "ReplicationStatus" in there) == ("us-east-1", False)


@pytest.mark.documented(API + "API_CreateSecret.html")
def test_a_secret_is_made_with_replicas(api: Any, europe: Any) -> None:
    made = api.create_secret(Name="a", SecretString="x", AddReplicaRegions=EUROPE)
    assert made["ReplicationStatus"][0]["Status"] == "InSync"
    assert europe.get_secret_value(SecretId="a")["SecretString"] == "x"


@pytest.mark.documented(REPLICAS)
def test_what_changes_at_the_primary_changes_at_the_replica(api: Any, europe: Any, replicated: Any) -> None:
    api.put_secret_value(SecretId="prod/db", SecretString="second")
    api.update_secret(SecretId="prod/db", Description="the database")
    api.tag_resource(SecretId="prod/db", Tags=[{"Key": "team", "Value": "blue"}])
    assert europe.get_secret_value(SecretId="prod/db")["SecretString"] == "second"
    assert europe.get_secret_value(SecretId="prod/db", VersionStage="AWSPREVIOUS")["SecretString"] == "first"
    shown = europe.describe_secret(SecretId="prod/db")
    assert (shown["Description"], shown["Tags"]) == ("the database", [{"Key": "team", "Value": "blue"}])


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("put_secret_value", {"SecretString": "x"}),
        ("update_secret", {"Description": "x"}),
        ("tag_resource", {"Tags": [{"Key": "a", "Value": ""}]}),
        ("delete_secret", {}),
        ("replicate_secret_to_regions", {"AddReplicaRegions": [{"Region": "us-west-2"}]}),
    ],
)
@pytest.mark.documented(REPLICAS)
def test_a_replica_is_not_changed_itself(
    europe: Any, refused: Any, replicated: Any, operation: str, request_: dict[str, Any]
) -> None:
    code, message = refused(getattr(europe, operation), SecretId="prod/db", **request_)
    assert (code, "replica secret" in message) == ("InvalidRequestException", True)


@pytest.mark.documented(REPLICAS)
def test_a_replica_has_a_key_of_its_own_region(cloud: Cloud, api: Any, europe: Any, secret: Any) -> None:
    kms = cloud.client("kms", region="eu-west-1")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    asked = {"SecretId": "prod/db", "AddReplicaRegions": [{"Region": "eu-west-1", "KmsKeyId": key}]}
    assert api.replicate_secret_to_regions(**asked)["ReplicationStatus"][0]["KmsKeyId"] == key
    (version,) = europe.list_secret_version_ids(SecretId="prod/db")["Versions"]
    assert version["KmsKeyIds"] == [key]


@pytest.mark.documented(REPLICAS)
def test_a_replica_may_get_another_key(cloud: Cloud, api: Any, europe: Any, replicated: Any) -> None:
    key = cloud.client("kms", region="eu-west-1").create_key()["KeyMetadata"]["Arn"]
    europe.update_secret(SecretId="prod/db", KmsKeyId=key)
    new = api.put_secret_value(SecretId="prod/db", SecretString="second")["VersionId"]
    listed = europe.list_secret_version_ids(SecretId="prod/db")["Versions"]
    assert {one["VersionId"]: one["KmsKeyIds"] for one in listed}[new] == [key]
    assert api.describe_secret(SecretId="prod/db")["ReplicationStatus"][0]["KmsKeyId"] == key


@pytest.mark.documented(REPLICATE)
def test_a_name_that_is_taken_there_fails_the_replica_unless_forced(api: Any, europe: Any, secret: Any) -> None:
    europe.create_secret(Name="prod/db", SecretString="theirs")
    asked = {"SecretId": "prod/db", "AddReplicaRegions": EUROPE}
    (failed,) = api.replicate_secret_to_regions(**asked)["ReplicationStatus"]
    assert (failed["Status"], "already exists in region eu-west-1" in failed["StatusMessage"]) == ("Failed", True)
    assert europe.get_secret_value(SecretId="prod/db")["SecretString"] == "theirs"
    (done,) = api.replicate_secret_to_regions(**asked, ForceOverwriteReplicaSecret=True)["ReplicationStatus"]
    assert done["Status"] == "InSync"
    assert europe.get_secret_value(SecretId="prod/db")["SecretString"] == "first"


@pytest.mark.documented(REPLICATE)
def test_a_key_that_is_not_there_fails_the_replica(api: Any, secret: Any) -> None:
    wanted = [{"Region": "eu-west-1", "KmsKeyId": "alias/none"}]
    (failed,) = api.replicate_secret_to_regions(SecretId="prod/db", AddReplicaRegions=wanted)["ReplicationStatus"]
    assert (failed["Status"], "KMS key" in failed["StatusMessage"]) == ("Failed", True)


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
@pytest.mark.documented(REPLICATE)
def test_a_secret_is_replicated_elsewhere_and_once(api: Any, refused: Any, replicated: Any, region: str) -> None:
    asked = {"SecretId": "prod/db", "AddReplicaRegions": [{"Region": region}]}
    assert refused(api.replicate_secret_to_regions, **asked)[0] == "InvalidParameterException"


@pytest.mark.documented(REMOVE)
def test_a_replica_is_taken_away(cloud: Cloud, api: Any, replicated: Any) -> None:
    asked = {"SecretId": "prod/db", "RemoveReplicaRegions": ["eu-west-1"]}
    assert api.remove_regions_from_replication(**asked)["ReplicationStatus"] == []
    assert [one.region for one in rows(cloud, Secret) + rows(cloud, Version)] == ["us-east-1"] * 2
    assert "PrimaryRegion" not in api.describe_secret(SecretId="prod/db")


@pytest.mark.documented(REMOVE)
def test_where_there_is_no_replica_none_is_taken_away(api: Any, refused: Any, secret: Any) -> None:
    asked = {"SecretId": "prod/db", "RemoveReplicaRegions": ["eu-west-1"]}
    assert refused(api.remove_regions_from_replication, **asked)[0] == "InvalidParameterException"


@pytest.mark.documented(STOP)
def test_a_replica_becomes_a_secret_of_its_own(api: Any, europe: Any, replicated: Any) -> None:
    europe.stop_replication_to_replica(SecretId="prod/db")
    europe.put_secret_value(SecretId="prod/db", SecretString="theirs")
    api.put_secret_value(SecretId="prod/db", SecretString="ours")
    assert europe.get_secret_value(SecretId="prod/db")["SecretString"] == "theirs"
    assert "ReplicationStatus" not in api.describe_secret(SecretId="prod/db")


@pytest.mark.documented(STOP)
def test_only_a_replica_is_made_a_secret_of_its_own(api: Any, refused: Any, secret: Any) -> None:
    assert refused(api.stop_replication_to_replica, SecretId="prod/db")[0] == "InvalidRequestException"


@pytest.mark.documented(GUIDE + "manage_delete-secret.html")
def test_a_secret_with_replicas_is_not_deleted(api: Any, refused: Any, replicated: Any) -> None:
    code, message = refused(api.delete_secret, SecretId="prod/db")
    assert (code, "[eu-west-1]" in message) == ("InvalidRequestException", True)

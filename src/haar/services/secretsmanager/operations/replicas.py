"""Replicas: made, taken away, and made secrets of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.kit import Call, replace
from haar.services.secretsmanager import replication
from haar.services.secretsmanager.resources import Secret
from haar.services.secretsmanager.service import alive, invalid_request, primary, secretsmanager

if TYPE_CHECKING:
    from haar.shapes import secretsmanager as api


@secretsmanager.operation
def replicate_secret_to_regions(
    call: Call, secret: Secret, request: api.ReplicateSecretToRegionsRequest
) -> api.ReplicateSecretToRegionsResponse:
    primary(secret)
    force = bool(request.get("ForceOverwriteReplicaSecret"))
    return _stored(call, replication.replicated(call, secret, request["AddReplicaRegions"], force=force))  # type: ignore[no-any-return]


@secretsmanager.operation
def remove_regions_from_replication(
    call: Call, secret: Secret, request: api.RemoveRegionsFromReplicationRequest
) -> api.RemoveRegionsFromReplicationResponse:
    primary(secret)
    return _stored(call, replication.withdrawn(call, secret, request["RemoveReplicaRegions"]))  # type: ignore[no-any-return]


def _stored(call: Call, secret: Secret) -> Any:
    call.tx.put(replace(secret, changed_at=call.now))
    return {"ARN": secret.arn, "ReplicationStatus": replication.status(call, secret)}


@secretsmanager.operation
def stop_replication_to_replica(
    call: Call, secret: Secret, request: api.StopReplicationToReplicaRequest
) -> api.StopReplicationToReplicaResponse:
    alive(secret)
    if not secret.is_replica:
        raise invalid_request("Operation not permitted on a secret that is not a replica.")
    source = call.tx.get(Secret, secret.account, secret.primary_region, secret.name)
    if source is not None and secret.region in source.replicas:
        left = {region: replica for region, replica in source.replicas.items() if region != secret.region}
        call.tx.put(replace(source, replicas=left, primary_region=source.region if left else ""))
    call.tx.put(replace(secret, primary_region="", changed_at=call.now))
    return {"ARN": secret.arn}

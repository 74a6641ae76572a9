"""Replicas: the same secret in other regions, each under a key of its own region.

The primary says what a replica is; nothing of a replica but its key is changed on its own. A replica is brought up to
date in the transaction that changes its primary. What stands in the way fails the replica, and not the change.

Source: Secrets Manager User Guide, replicate-secrets.html.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from haar.kit import Call, Principal, ServiceError, replace, root_of
from haar.services.secretsmanager import encryption
from haar.services.secretsmanager.resources import Replica, Secret, Version
from haar.services.secretsmanager.service import invalid_parameter
from haar.services.secretsmanager.versions import erase

__all__ = ["keep", "replicated", "status", "withdrawn"]


def keep(call: Call, secret: Secret) -> Secret:
    """Store a secret that changed, and bring its replicas up to date; the secret as it is stored."""
    if secret.replicas:
        owner = root_of(secret.account, secret.partition)
        renewed = {region: _renewed(call, secret, region, one, owner) for region, one in secret.replicas.items()}
        secret = replace(secret, replicas=renewed)
    call.tx.put(secret)
    return secret


def replicated(call: Call, secret: Secret, wanted: Iterable[Mapping[str, Any]], *, force: bool) -> Secret:
    """The secret with replicas in more regions, made as the caller. Raises InvalidParameterException."""
    replicas = dict(secret.replicas)
    for one in wanted:
        region = one.get("Region", "")
        if not region or region == secret.region:
            raise invalid_parameter("Invalid replica region.")
        there = replicas.get(region)
        if there is not None and there.status == "InSync":
            raise invalid_parameter(f"Secret {secret.name} is already replicated to region {region}.")
        replicas[region] = _made(call, secret, region, Replica(one.get("KmsKeyId", "")), call.principal, force=force)
    return replace(secret, replicas=replicas, primary_region=secret.region)


def withdrawn(call: Call, secret: Secret, regions: Iterable[str]) -> Secret:
    """The secret without replicas in these regions. Raises InvalidParameterException."""
    replicas = dict(secret.replicas)
    for region in regions:
        if region not in replicas:
            raise invalid_parameter(f"Secret {secret.name} is not replicated to region {region}.")
        del replicas[region]
        found = call.tx.get(Secret, secret.account, region, secret.name)
        if found is not None and _is_of(found, secret):
            erase(call, found)
    return replace(secret, replicas=replicas, primary_region=secret.region if replicas else "")


def status(call: Call, secret: Secret) -> list[dict[str, Any]]:
    """The replicas of a secret in the API's shape."""
    shown = []
    for region, replica in sorted(secret.replicas.items()):
        entry: dict[str, Any] = {
            "Region": region,
            "KmsKeyId": replica.kms_key or encryption.MANAGED,
            "Status": replica.status,
        }
        if replica.message:
            entry["StatusMessage"] = replica.message
        found = call.tx.get(Secret, secret.account, region, secret.name)
        if found is not None and _is_of(found, secret) and found.accessed_on:
            entry["LastAccessedDate"] = found.accessed_on
        shown.append(entry)
    return shown


def _is_of(replica: Secret, secret: Secret) -> bool:
    return replica.primary_region == secret.region and replica.suffix == secret.suffix


def _renewed(call: Call, secret: Secret, region: str, replica: Replica, who: Principal) -> Replica:
    found = call.tx.get(Secret, secret.account, region, secret.name)
    if found is None or not _is_of(found, secret):
        return replica  # it failed from the beginning, and is tried again when somebody asks for it
    return _made(call, secret, region, replace(replica, kms_key=found.kms_key), who, force=False)


def _made(call: Call, secret: Secret, region: str, replica: Replica, who: Principal, *, force: bool) -> Replica:
    """Make a replica, or bring it up to date; how it stands then."""
    tx = call.tx
    found = tx.get(Secret, secret.account, region, secret.name)
    if found is not None and not _is_of(found, secret):
        if not force or found.is_replica or found.replicas:
            words = f"Replication failed: Secret name {secret.name} already exists in region {region}."
            return replace(replica, status="Failed", message=words)
        erase(call, found)
        found = None
    copy = replace(
        secret,
        region=region,
        kms_key=replica.kms_key,
        primary_region=secret.region,
        replicas={},
        accessed_on=found.accessed_on if found is not None else 0.0,
    )
    have = {version.id: version for version in tx.range(Version, *copy.key)}
    try:
        fresh = [
            _copied(call, secret, copy, version, who)
            for version in list(tx.range(Version, *secret.key))
            if version.id not in have
        ]
    except ServiceError as error:
        return replace(replica, status="Failed", message=f"Replication failed: {error.message}")
    for version in fresh:
        tx.put(version)
    kept = {version.id for version in tx.range(Version, *secret.key)}
    for name, version in have.items():
        if name not in kept:
            tx.delete(version)
    tx.put(copy)
    return replace(replica, status="InSync", message="")


def _copied(call: Call, secret: Secret, copy: Secret, version: Version, who: Principal) -> Version:
    plain = encryption.opened(call, secret, version, who)
    seal = encryption.sealed(call, copy, version.id, plain, who)
    return replace(version, region=copy.region, seals=[seal], accessed_on=0.0)

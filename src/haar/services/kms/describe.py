"""What KMS shows of a key, an alias and a grant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.kit import Call
from haar.services.kms.resources import Alias, Family, Grant, Key, Material
from haar.services.kms.rules import SPECS, algorithm_member

if TYPE_CHECKING:
    from haar.shapes import kms as api


def metadata(call: Call, key: Key) -> api.KeyMetadata:
    """A key as DescribeKey shows it."""
    state = key.state(call.now)
    shown: dict[str, Any] = {
        "AWSAccountId": key.account,
        "KeyId": key.id,
        "Arn": key.arn,
        "CreationDate": key.created_at,
        "Enabled": state == "Enabled" or (state == "Updating" and key.enabled),
        "Description": key.description,
        "KeyUsage": key.usage,
        "KeyState": state,
        "Origin": key.origin,
        "KeyManager": "AWS" if key.owner else "CUSTOMER",
        "CustomerMasterKeySpec": key.spec,
        "KeySpec": key.spec,
        algorithm_member(key.usage): list(SPECS[key.spec].usages[key.usage]),
        "MultiRegion": key.multi_region,
    }
    material = call.tx.get(Material, key.account, key.region, key.id, key.material) if key.material else None
    if material is not None:
        if key.is_symmetric:
            shown["CurrentKeyMaterialId"] = material.id
        if key.origin == "EXTERNAL" and material.sealed:
            shown["ExpirationModel"] = "KEY_MATERIAL_EXPIRES" if material.valid_to else "KEY_MATERIAL_DOES_NOT_EXPIRE"
            shown["ValidTo"] = material.valid_to or None
    if key.deletion_at:
        shown["DeletionDate"] = key.deletion_at
    elif key.deletion_days:
        shown["PendingDeletionWindowInDays"] = key.deletion_days
    if key.multi_region:
        shown["MultiRegionConfiguration"] = _family(call, key)
    return shown  # type: ignore[return-value]  # a KeyMetadata, put together member by member


def _family(call: Call, key: Key) -> dict[str, Any]:
    family = call.tx.get(Family, key.account, key.id)
    assert family is not None, "a multi-Region key has a family"

    def one(region: str) -> dict[str, str]:
        return {"Arn": Key.arn_for(key.account, region, key.id), "Region": region}

    return {
        "MultiRegionKeyType": "PRIMARY" if key.is_primary else "REPLICA",
        "PrimaryKey": one(family.primary),
        "ReplicaKeys": [one(region) for region in family.replicas],
    }


def alias_entry(alias: Alias) -> api.AliasListEntry:
    """An alias as ListAliases shows it."""
    return {
        "AliasName": alias.word,
        "AliasArn": alias.arn,
        "TargetKeyId": alias.target,
        "CreationDate": alias.created_at,
        "LastUpdatedDate": alias.changed_at,
    }


def grant_entry(grant: Grant) -> api.GrantListEntry:
    """A grant as ListGrants shows it."""
    shown: dict[str, Any] = {
        "KeyId": Key.arn_for(grant.account, grant.region, grant.key_id),
        "GrantId": grant.id,
        "Name": grant.name,
        "CreationDate": grant.created_at,
        "GranteeServicePrincipal" if grant.grantee_is_service else "GranteePrincipal": grant.grantee,
        "IssuingAccount": grant.issuer,
        "Operations": list(grant.operations),
    }
    if grant.retirer is not None:
        shown["RetiringServicePrincipal" if grant.retirer_is_service else "RetiringPrincipal"] = grant.retirer
    constraints: dict[str, Any] = {}
    if grant.equals is not None:
        constraints["EncryptionContextEquals"] = grant.equals
    if grant.subset is not None:
        constraints["EncryptionContextSubset"] = grant.subset
    if grant.source_arn:
        constraints["SourceArn"] = grant.source_arn
    if constraints:
        shown["Constraints"] = constraints
    return shown  # type: ignore[return-value]  # a GrantListEntry, put together member by member

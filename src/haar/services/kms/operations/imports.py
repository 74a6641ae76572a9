"""Imported key material: the way in, and out again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from haar.kit import Call, replace
from haar.services.kms import importing, materials
from haar.services.kms.resources import Key, Material, Wrapping
from haar.services.kms.rules import DAY, SPECS
from haar.services.kms.service import in_state, invalid, kms, unsupported

if TYPE_CHECKING:
    from haar.shapes import kms as api

_VALID_DAYS_MAX: Final = 365
_WRAPPING_BITS: Final = {"RSA_2048": 2048, "RSA_3072": 3072, "RSA_4096": 4096}


def _imported(key: Key) -> None:
    """Refuse a key whose material is KMS's own."""
    if key.origin != "EXTERNAL":
        raise unsupported(f"{key.arn} origin is {key.origin} which is not valid for this operation.")


@kms.operation
def delete_imported_key_material(
    call: Call, key: Key, request: api.DeleteImportedKeyMaterialRequest
) -> api.DeleteImportedKeyMaterialResponse:
    _imported(key)
    in_state(call, key, "Creating", "Updating")
    wanted = request.get("KeyMaterialId")
    rows = call.tx.range(Material, key.account, key.region, key.id)
    row = next((one for one in rows if (one.id == wanted if wanted else one.number == key.material)), None)
    if row is None and wanted:
        raise kms.error("NotFoundException", f"Key material {wanted} of {key.arn} is not found.")
    if row is not None:
        importing.forget(call, key, row)
    return {"KeyId": key.arn, "KeyMaterialId": row.id if row is not None else ""}


@kms.operation
def get_parameters_for_import(
    call: Call, key: Key, request: api.GetParametersForImportRequest
) -> api.GetParametersForImportResponse:
    from cryptography.hazmat.primitives.asymmetric import rsa

    _imported(key)
    in_state(call, key, "PendingDeletion", "PendingReplicaDeletion", "Creating", "Updating")
    algorithm, spec = request["WrappingAlgorithm"], request["WrappingKeySpec"]
    if algorithm not in (
        "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256"
    ):  # fmt: skip
        raise unsupported(f"WrappingAlgorithm {algorithm} is not supported.")
    if spec not in _WRAPPING_BITS:
        raise unsupported(f"WrappingKeySpec {spec} is not supported.")
    if SPECS[key.spec].family in ("rsa", "mldsa") and not algorithm.startswith("RSA_AES"):
        raise invalid(f"WrappingAlgorithm {algorithm} cannot wrap key material of key spec {key.spec}.")
    secret = materials.private_bytes(rsa.generate_private_key(65537, _WRAPPING_BITS[spec]))
    name = call.ports.ids.hex(32)
    wrapping = call.tx.put(
        Wrapping(
            account=key.account, region=key.region, key_id=key.id, id=name, algorithm=algorithm,
            sealed=call.ports.sealer.seal(secret, about=importing.wrapping_about(key, name)),
            until=call.now + importing.TOKEN_SECONDS,
        )
    )  # fmt: skip
    return {
        "KeyId": key.arn,
        "ImportToken": importing.token_for(call, key, wrapping),
        "PublicKey": materials.public_half(spec, secret),
        "ParametersValidTo": wrapping.until,
    }


def _check_expiry(call: Call, request: Mapping[str, Any]) -> None:
    model, valid_to = request.get("ExpirationModel", "KEY_MATERIAL_EXPIRES"), request.get("ValidTo")
    if model == "KEY_MATERIAL_EXPIRES":
        if valid_to is None:
            raise invalid("A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES")
        if not call.now < valid_to <= call.now + _VALID_DAYS_MAX * DAY:
            raise invalid(f"The validTo date must be in the future, and not more than {_VALID_DAYS_MAX} days from now.")
    elif valid_to is not None:
        raise invalid("A validTo date may only be set if the ExpirationModel is KEY_MATERIAL_EXPIRES")


@kms.operation(redact=("EncryptedKeyMaterial", "ImportToken"))
def import_key_material(call: Call, key: Key, request: api.ImportKeyMaterialRequest) -> api.ImportKeyMaterialResponse:
    _imported(key)
    in_state(call, key, "PendingDeletion", "PendingReplicaDeletion", "Creating", "Updating", "Disabled")
    _check_expiry(call, request)
    if not key.is_symmetric and any(
        request.get(member) for member in ("ImportType", "KeyMaterialId", "KeyMaterialDescription")
    ):
        raise invalid("ImportType, KeyMaterialId and KeyMaterialDescription are for symmetric encryption keys only.")
    if request.get("ImportType") == "NEW_KEY_MATERIAL" and request.get("KeyMaterialId"):
        raise invalid("A key material ID cannot be specified with ImportType NEW_KEY_MATERIAL.")
    wrapping = importing.wrapping_of(call, key, request["ImportToken"])
    secret = importing.unwrap(call, key, wrapping, request["EncryptedKeyMaterial"])
    if not materials.is_of_spec(key.spec, secret):
        raise kms.error("IncorrectKeyMaterialException", f"The key material is not valid for key spec {key.spec}.")
    row = importing.accept(call, key, secret, request)
    if not row.pending:
        key = replace(
            key,
            material=max(key.material, row.number),
            public=materials.public_half(key.spec, secret),
            enabled=True,
        )
        call.tx.put(importing.counted(call, key))
    reply = {"KeyId": key.arn}
    if key.is_symmetric:
        reply["KeyMaterialId"] = row.id
    return reply  # type: ignore[return-value]  # put together member by member

"""Key material that people bring along: wrapped for the way, perhaps only for a time, and theirs to delete.

A symmetric key can have several imported materials: one that encrypts, older ones that decrypt, and one that waits
for its turn (RotateKeyOnDemand). While one of those in use is missing, the key is pending import. Replicas get no
material by themselves: each is given the same materials again, by hand.

Source: KMS Developer Guide, importing-keys.html and its sub-pages; API reference of ImportKeyMaterial.
"""

from __future__ import annotations

import hmac
import struct
from typing import TYPE_CHECKING, Any, Final

from haar.kit import Call, replace
from haar.services.kms import materials, signing
from haar.services.kms.resources import Expire, Family, Key, Material, Wrapping
from haar.services.kms.rules import DAY
from haar.services.kms.service import kms, siblings

if TYPE_CHECKING:
    from haar.shapes import kms as api

__all__ = ["TOKEN_SECONDS", "entry", "expire", "forget", "rotate", "token_for", "unwrap", "wrapping_of"]

#: How long a wrapping key and its import token are good for.
TOKEN_SECONDS: Final = DAY
_TOKEN: Final = struct.Struct(">4s16sd")
_TOKEN_WORD: Final = b"HKM1"


# -- tokens and wrapping -------------------------------------------------------------------------------------------


def token_for(call: Call, key: Key, wrapping: Wrapping) -> bytes:
    """The import token that goes with a wrapping key."""
    body = _TOKEN.pack(_TOKEN_WORD, bytes.fromhex(wrapping.id), wrapping.until)
    return body + _seal(call, key, body)


def wrapping_of(call: Call, key: Key, token: bytes) -> Wrapping:
    """The wrapping key of an import token. Raises InvalidImportTokenException, ExpiredImportTokenException."""
    body, seal = token[: _TOKEN.size], token[_TOKEN.size :]
    if len(body) < _TOKEN.size or not hmac.compare_digest(seal, _seal(call, key, body)):
        raise kms.error("InvalidImportTokenException", "The import token is not valid for this KMS key.")
    _, name, until = _TOKEN.unpack(body)
    row = call.tx.get(Wrapping, key.account, key.region, key.id, name.hex())
    if row is None or until <= call.now:
        raise kms.error("ExpiredImportTokenException", "The import token has expired.")
    return row


def unwrap(call: Call, key: Key, wrapping: Wrapping, blob: bytes) -> bytes:
    """The material inside encrypted key material. Raises InvalidCiphertextException."""
    from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap_with_padding
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    opened = call.ports.sealer.open(wrapping.sealed, about=wrapping_about(key, wrapping.id))
    private: Any = load_der_private_key(opened, None)
    algorithm = wrapping.algorithm
    if algorithm.startswith("RSAES_OAEP"):
        plain = signing.oaep_decrypt(private, algorithm, blob)
    else:
        # an AES key under RSA, and the material under the AES key (RFC 5649)
        size = private.key_size // 8
        aes = signing.oaep_decrypt(private, algorithm, blob[:size])
        try:
            plain = None if aes is None else aes_key_unwrap_with_padding(aes, blob[size:])
        except (InvalidUnwrap, ValueError):
            plain = None
    if plain is None:
        raise kms.error("InvalidCiphertextException", "The encrypted key material could not be decrypted.")
    return plain


def wrapping_about(key: Key, name: str) -> bytes:
    """What the private half of a wrapping key is sealed about."""
    return f"{key.arn}#wrapping/{name}".encode()


def _seal(call: Call, key: Key, body: bytes) -> bytes:
    return hmac.digest(call.ports.cloud_key, b"kms import:" + key.arn.encode() + body, "sha256")


# -- materials -----------------------------------------------------------------------------------------------------


def entry(call: Call, key: Key, row: Material) -> api.RotationsListEntry:
    """A material as ListKeyRotations shows it."""
    shown: dict[str, Any] = {"KeyId": key.id, "KeyMaterialId": row.id, "KeyMaterialState": _state(call, key, row)}
    if row.rotation:
        shown["RotationDate"] = row.rotated_at
        shown["RotationType"] = row.rotation
    if key.origin == "EXTERNAL":
        shown["ImportState"] = "IMPORTED" if row.sealed else "PENDING_IMPORT"
        shown["KeyMaterialDescription"] = row.description or None
        if row.sealed:
            shown["ExpirationModel"] = "KEY_MATERIAL_EXPIRES" if row.valid_to else "KEY_MATERIAL_DOES_NOT_EXPIRE"
            shown["ValidTo"] = row.valid_to or None
    return shown  # type: ignore[return-value]  # put together member by member


def _state(call: Call, key: Key, row: Material) -> str:
    if row.pending:
        return "PENDING_ROTATION" if _is_everywhere(call, key, row) else "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"
    return "CURRENT" if row.number == key.material else "NON_CURRENT"


def _is_everywhere(call: Call, key: Key, row: Material) -> bool:
    """Whether a waiting material has been imported into every region of its key."""
    found = [call.tx.get(Material, one.account, one.region, one.id, row.number) for one in siblings(call, key)]
    return all(one is not None and one.sealed for one in found)


def counted(call: Call, key: Key) -> Key:
    """A key with the number of imported materials that it lacks, and that expire by themselves."""
    rows = call.tx.range(Material, key.account, key.region, key.id)
    return replace(key, lacks=sum(1 for row in rows if not row.pending and not row.sealed))


def forget(call: Call, key: Key, row: Material) -> None:
    """Drop an imported material. Its id stays known, so that the same can come back; one that waits goes for good."""
    if row.pending:
        for one in siblings(call, key) if key.is_primary else (key,):
            call.tx.delete(Material, one.account, one.region, one.id, row.number)
        return
    call.tx.put(replace(row, sealed=b"", valid_to=0.0))
    call.tx.put(counted(call, key))


@kms.task(Expire)
def expire(call: Call, task: Expire) -> None:
    """Drop a material whose time is over, unless it was imported anew since."""
    key = call.tx.get(Key, task.account, task.region, task.id)
    row = call.tx.get(Material, task.account, task.region, task.id, task.number)
    if key is not None and row is not None and row.sealed and row.valid_to == task.at:
        forget(call, key, row)


def rotate(call: Call, key: Key) -> Key:
    """Let the imported material that waits be the one that encrypts, in every region; the key as it is then."""
    row = next((one for one in call.tx.range(Material, key.account, key.region, key.id) if one.pending), None)
    if row is None or not _is_everywhere(call, key, row):
        raise kms.error("KMSInvalidStateException", f"{key.arn} has no imported key material that is pending rotation.")
    for one in list(siblings(call, key)):
        waiting = call.tx.get(Material, one.account, one.region, one.id, row.number)
        assert waiting is not None, "it is everywhere"
        call.tx.put(replace(waiting, pending=False, rotated_at=call.now, rotation="ON_DEMAND"))
        call.tx.put(replace(one, material=row.number))
    return replace(key, material=row.number)


def accept(call: Call, key: Key, secret: bytes, request: api.ImportKeyMaterialRequest) -> Material:
    """Keep material that was brought along, under its number. Raises IncorrectKeyMaterialException."""
    name = materials.digest_of(key, secret)
    known = list(call.tx.range(Material, key.account, key.region, key.id))
    same = next((row for row in known if row.id == name), None)
    kind = request.get("ImportType") or ("EXISTING_KEY_MATERIAL" if known else "NEW_KEY_MATERIAL")
    wanted = request.get("KeyMaterialId")
    if wanted is not None and wanted != name:
        raise _incorrect("The key material is not the one that the key material ID names.")
    if key.multi_region and not key.is_primary:
        number, pending = _in_primary(call, key, name)
    elif same is not None and kind == "EXISTING_KEY_MATERIAL":
        number, pending = same.number, same.pending
    elif kind == "EXISTING_KEY_MATERIAL":
        raise _incorrect("The key material is not the one that was imported into this KMS key before.")
    elif same is not None:
        raise _incorrect("The key material has been imported into this KMS key before.")
    elif known and not key.is_symmetric:
        raise _incorrect("The key material of this KMS key cannot be changed.")
    elif any(row.pending for row in known):
        raise kms.error("KMSInvalidStateException", f"{key.arn} has key material that is pending rotation.")
    else:
        number, pending = len(known) + 1, bool(known)
    same = next((row for row in known if row.number == number), None)
    valid_to = request.get("ValidTo") or 0.0
    row = materials.put(
        call, key, number, secret, pending=pending, valid_to=valid_to,
        description=request.get("KeyMaterialDescription") or (same.description if same is not None else ""),
        rotation=same.rotation if same is not None else "", rotated_at=same.rotated_at if same is not None else 0.0,
    )  # fmt: skip
    if valid_to:
        call.later(valid_to, Expire(account=key.account, region=key.region, id=key.id, number=number, at=valid_to))
    return row


def _in_primary(call: Call, key: Key, name: str) -> tuple[int, bool]:
    """Number and waiting of the primary's material that a replica is given again."""
    family = call.tx.get(Family, key.account, key.id)
    assert family is not None, "a replica has a family"
    for row in call.tx.range(Material, key.account, family.primary, key.id):
        if row.id == name:
            return row.number, row.pending
    raise _incorrect("The key material is not the one that was imported into the primary key.")


def _incorrect(words: str) -> Exception:
    return kms.error("IncorrectKeyMaterialException", words)

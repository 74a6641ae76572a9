"""Items of a table with a KMS key: sealed when they are kept, opened when they are read.

::

    kept body    00 | name of the data key (8 bytes) | nonce (12) | the item, under AES-256-GCM
    TableKey     the data key, wrapped by KMS in the name of the table
    Unlocked     somebody for whom KMS has unwrapped it in the last five minutes

An item that is not sealed begins with a brace, so a table may get a key, another, or none, and items are sealed anew as
they are written. KMS is asked as whoever reads or writes. Unwrapped keys are in the memory of the process alone. What
is not sealed is where an item is: the values of its keys, and of the keys of indexes.
Source: DynamoDB Developer Guide, encryption.howitworks.html.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeVar

from haar.kit import Call, Refused, ServiceError, replace
from haar.services.dynamodb.resources import IndexRow, Item, Table, TableKey, Unlocked
from haar.services.dynamodb.service import dynamodb, invalid

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["opened", "opened_row", "sealed", "unlock"]

R = TypeVar("R", Item, IndexRow)

#: DynamoDB keeps an unwrapped table key for so long.
UNLOCKED_SECONDS = 300.0
_NAME_BYTES = 8
_NONCE_BYTES = 12
_AT = 1 + _NAME_BYTES
_REMEMBERED_MAX = 4096
#: name of a data key -> what seals and opens with it
_ciphers: dict[bytes, AESGCM] = {}


def unlock(call: Call, table: Table) -> None:
    """Have the data keys of a table at hand for the caller. Raises what DynamoDB says when KMS refuses."""
    keys = list(call.tx.range(TableKey, table.serial))
    if table.kms_key and not any(one.kms_key == table.kms_key for one in keys):
        made = _ask(call, table, "generate_data_key", KeyId=table.kms_key, KeySpec="AES_256")
        wrapped = made["CiphertextBlob"]
        name = blake2b(wrapped, digest_size=_NAME_BYTES).hexdigest()
        keys.append(call.tx.put(TableKey(table=table.serial, name=name, kms_key=table.kms_key, wrapped=wrapped)))
        if not table.was_sealed:
            call.tx.put(replace(table, was_sealed=True))
    requester = call.principal.issuer or call.principal.arn or call.principal.name
    for key in keys:
        held = call.tx.get(Unlocked, table.serial, requester, key.name)
        if held is not None and held.until > call.now and bytes.fromhex(key.name) in _ciphers:
            continue
        _remember(key, _ask(call, table, "decrypt", CiphertextBlob=key.wrapped)["Plaintext"])
        call.tx.put(Unlocked(table=table.serial, requester=requester, name=key.name, until=call.now + UNLOCKED_SECONDS))


def _remember(key: TableKey, plain: bytes) -> None:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(_ciphers) >= _REMEMBERED_MAX:
        _ciphers.clear()
    _ciphers[bytes.fromhex(key.name)] = AESGCM(plain)


def sealed(call: Call, table: Table, body: bytes) -> bytes:
    """A body as it is kept in a table with a key."""
    keys = [one for one in call.tx.range(TableKey, table.serial) if one.kms_key == table.kms_key]
    if not keys or bytes.fromhex(keys[-1].name) not in _ciphers:
        unlock(call, table)
        keys = [one for one in call.tx.range(TableKey, table.serial) if one.kms_key == table.kms_key]
    name = bytes.fromhex(keys[-1].name)
    nonce = call.ports.ids.bytes(_NONCE_BYTES)
    return b"\0" + name + nonce + _ciphers[name].encrypt(nonce, body, None)


def opened_row(row: R) -> R:
    """A row with its body as the answer has it. Its table has been unlocked before."""
    return row if row.body[:1] != b"\0" else replace(row, body=opened(row.body))


def opened(body: bytes) -> bytes:
    """The bytes of an item, from how they are kept. Its table has been unlocked before."""
    if body[:1] != b"\0":
        return body
    cipher = _ciphers.get(body[1:_AT])
    if cipher is None:
        raise dynamodb.error("InternalServerError", "The data key of this table has not been unlocked.", status=500)
    return cipher.decrypt(body[_AT : _AT + _NONCE_BYTES], body[_AT + _NONCE_BYTES :], None)


def _ask(call: Call, table: Table, operation: str, **request: Any) -> dict[str, Any]:
    """One operation of KMS, through DynamoDB, for the caller."""
    kms = call.aws("kms", account=table.account, region=table.region, invoked_by="dynamodb.amazonaws.com")
    context = {"aws:dynamodb:tableName": table.name, "aws:dynamodb:subscriberId": table.account}
    try:
        reply: dict[str, Any] = getattr(kms, operation)(EncryptionContext=context, **request)
    except Refused:
        raise
    except ServiceError as error:
        if error.code == "AccessDeniedException":
            raise dynamodb.error(
                "AccessDeniedException", f"KMS key access denied error: {error.message}", status=400
            ) from error
        raise invalid(
            f"Table is in the state INACCESSIBLE_ENCRYPTION_CREDENTIALS: {error.code}: {error.message}"
        ) from error
    return reply

"""Encrypting and decrypting: small data by the key itself, large data by data keys that the key wraps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from haar.errors import Refused
from haar.kit import Call, ServiceError
from haar.services.kms import materials, rates, signing
from haar.services.kms.granting import check_tokens
from haar.services.kms.resources import Key
from haar.services.kms.rules import (
    DATA_KEY_PAIRS,
    NONCE_BYTES,
    SYMMETRIC,
    UNBUILT_SPECS,
    canonical,
    read_header,
)
from haar.services.kms.service import asked, fits, invalid, kms, load, rehearsed, unsupported, usable

if TYPE_CHECKING:
    from haar.shapes import kms as api

_INCORRECT: Final = "The key ID in the request does not identify a CMK that can perform this operation."
_DATA_KEY_BYTES: Final = {"AES_256": 32, "AES_128": 16}


# -- the two directions --------------------------------------------------------------------------------------------


def encrypted(
    call: Call, key: Key, plaintext: bytes, context: Mapping[str, str] | None, algorithm: str = SYMMETRIC
) -> tuple[bytes, str]:
    """A ciphertext made with a usable key's current material, and the material's id."""
    ready = materials.current(call, key)
    if key.spec == SYMMETRIC:
        rates.count(call)
        nonce = call.ports.ids.bytes(NONCE_BYTES)
        return ready.encrypt(nonce, plaintext, canonical(context)), ready.id
    if context:
        raise invalid("An encryption context is valid for symmetric encryption KMS keys only.")
    most = signing.oaep_bytes_max(ready.secret, algorithm)
    if len(plaintext) > most:
        raise invalid(f"Algorithm {algorithm} and key spec {key.spec} cannot encrypt data larger than {most} bytes.")
    return signing.oaep_encrypt(ready.secret, algorithm, plaintext), ready.id


def decrypted(
    call: Call, key: Key, blob: bytes, context: Mapping[str, str] | None, algorithm: str
) -> tuple[bytes, str]:
    """The plaintext of a usable key's ciphertext, and its material's id. Raises InvalidCiphertextException."""
    if key.spec == SYMMETRIC:
        rates.count(call)
        header = read_header(blob)
        if header is not None:
            if (header.account, header.key_id) != (key.account, key.id):
                raise kms.error("IncorrectKeyException", _INCORRECT)
            ready = materials.of_number(call, key, header.number)
            plaintext = ready.decrypt(blob, canonical(context)) if ready is not None else None
            if ready is not None and plaintext is not None:
                return plaintext, ready.id
        raise kms.error("InvalidCiphertextException")
    ready = materials.current(call, key)
    plaintext = signing.oaep_decrypt(ready.secret, algorithm, blob)
    if plaintext is None:
        raise kms.error("InvalidCiphertextException")
    return plaintext, ready.id


def no_enclave(request: Mapping[str, Any], operation: str) -> None:
    """Refuse replies that are meant for an enclave."""
    if request.get("Recipient"):
        raise Refused("kms", operation, "There are no Nitro enclaves here that a Recipient could describe.")


def _source(call: Call, named: str | None, blob: bytes | None) -> tuple[str, Key | None]:
    """ARN and key of something to decrypt: the key that is named, else the one that the ciphertext names."""
    if named:
        return asked(call, named)
    header = read_header(blob) if blob else None
    if header is None:
        raise kms.error("InvalidCiphertextException")
    key = call.tx.get(Key, header.account, call.region, header.key_id)
    if key is None:
        raise _elsewhere(call)
    return key.arn, key


def _sources(call: Call, request: Mapping[str, Any], member: str) -> list[tuple[str, Key | None]]:
    """The same for the guard; nothing, where neither a key nor a ciphertext is given."""
    named, blob = request.get(member), request.get("CiphertextBlob")
    return [_source(call, named, blob)] if named or blob else []


def _elsewhere(call: Call) -> ServiceError:
    who = call.principal.arn or call.principal.name
    action = "ReEncryptFrom" if call.operation == "ReEncrypt" else call.operation
    return kms.error(
        "AccessDeniedException",
        f"User: {who} is not authorized to perform: kms:{action} on the resource associated with this ciphertext "
        "because the resource does not exist in this Region, no resource-based policies allow access, or a "
        "resource-based policy explicitly denies access",
    )


def _is_without_ciphertext(request: Mapping[str, Any]) -> bool:
    return bool(request.get("DryRun")) and "IGNORE_CIPHERTEXT" in (request.get("DryRunModifiers") or ())


def _decrypting(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Key | None]]:
    return _sources(call, request, "KeyId")


def _usable_source(call: Call, request: Mapping[str, Any], named: str | None) -> Key:
    """The key to decrypt with, once the caller is known to be allowed to."""
    if named:
        key = load(call, named)
        if key.usage != "ENCRYPT_DECRYPT":
            raise kms.error("IncorrectKeyException", _INCORRECT)
    else:
        blob = request.get("CiphertextBlob")
        if blob is None:
            raise invalid("CiphertextBlob is required.")
        _, found = _source(call, None, blob)
        assert found is not None, "it was found when the caller was authorized"
        key = found
    usable(call, key, "ENCRYPT_DECRYPT")
    return key


# -- operations ----------------------------------------------------------------------------------------------------


@kms.operation(resource=_decrypting, read_only=True, redact=("CiphertextBlob",))
def decrypt(call: Call, request: api.DecryptRequest) -> api.DecryptResponse:
    no_enclave(request, "Decrypt")
    key = _usable_source(call, request, request.get("KeyId"))
    algorithm = request.get("EncryptionAlgorithm", SYMMETRIC)
    if key.spec != SYMMETRIC and "EncryptionAlgorithm" not in request:
        raise invalid("EncryptionAlgorithm is required for asymmetric KMS keys.")
    fits(key, algorithm)
    check_tokens(call, request)
    if _is_without_ciphertext(request):
        rehearsed(request)
    blob = request.get("CiphertextBlob")
    if blob is None:
        raise invalid("CiphertextBlob is required.")
    plaintext, material = decrypted(call, key, blob, request.get("EncryptionContext"), algorithm)
    rehearsed(request)
    reply: dict[str, Any] = {"KeyId": key.arn, "Plaintext": plaintext, "EncryptionAlgorithm": algorithm}
    if key.spec == SYMMETRIC:
        reply["KeyMaterialId"] = material
    return reply  # type: ignore[return-value]  # put together member by member


@kms.operation(read_only=True, redact=("Plaintext",))
def encrypt(call: Call, key: Key, request: api.EncryptRequest) -> api.EncryptResponse:
    usable(call, key, "ENCRYPT_DECRYPT")
    algorithm = request.get("EncryptionAlgorithm", SYMMETRIC)
    fits(key, algorithm)
    if "GrantTokens" in request:
        check_tokens(call, request)
    blob, _ = encrypted(call, key, request["Plaintext"], request.get("EncryptionContext"), algorithm)
    if "DryRun" in request:
        rehearsed(request)
    return {"CiphertextBlob": blob, "KeyId": key.arn, "EncryptionAlgorithm": algorithm}


def _wrapping_key(call: Call, key: Key, request: Mapping[str, Any]) -> None:
    """Refuse a key that cannot wrap data keys now."""
    usable(call, key, "ENCRYPT_DECRYPT")
    if key.spec != SYMMETRIC:
        raise kms.error(
            "InvalidKeyUsageException", f"{key.arn} key spec is {key.spec} which is not valid for {call.operation}."
        )
    if "GrantTokens" in request:
        check_tokens(call, request)


def _data_key(call: Call, key: Key, request: Mapping[str, Any]) -> dict[str, Any]:
    _wrapping_key(call, key, request)
    spec, length = request.get("KeySpec"), request.get("NumberOfBytes")
    if (spec is None) == (length is None):
        raise invalid("Please specify either number of bytes or key spec.")
    secret = call.ports.ids.bytes(_DATA_KEY_BYTES[spec] if spec is not None else int(length or 0))
    blob, material = encrypted(call, key, secret, request.get("EncryptionContext"))
    if "DryRun" in request:
        rehearsed(request)
    return {"CiphertextBlob": blob, "Plaintext": secret, "KeyId": key.arn, "KeyMaterialId": material}


@kms.operation(read_only=True)
def generate_data_key(call: Call, key: Key, request: api.GenerateDataKeyRequest) -> api.GenerateDataKeyResponse:
    if "Recipient" in request:
        no_enclave(request, "GenerateDataKey")
    return _data_key(call, key, request)  # type: ignore[return-value]  # exactly its members


@kms.operation(read_only=True)
def generate_data_key_without_plaintext(
    call: Call, key: Key, request: api.GenerateDataKeyWithoutPlaintextRequest
) -> api.GenerateDataKeyWithoutPlaintextResponse:
    reply = _data_key(call, key, request)
    del reply["Plaintext"]
    return reply  # type: ignore[return-value]  # exactly its members


def _data_key_pair(call: Call, key: Key, request: Mapping[str, Any]) -> dict[str, Any]:
    _wrapping_key(call, key, request)
    spec = request["KeyPairSpec"]
    if spec not in DATA_KEY_PAIRS:
        raise unsupported(f"{UNBUILT_SPECS[spec]} KeyPairSpec {spec} is not supported.")
    if request.get("DryRun"):
        rehearsed(request)
    secret = materials.new_secret(call, spec)
    blob, material = encrypted(call, key, secret, request.get("EncryptionContext"))
    return {
        "PrivateKeyCiphertextBlob": blob,
        "PrivateKeyPlaintext": secret,
        "PublicKey": materials.public_half(spec, secret),
        "KeyId": key.arn,
        "KeyPairSpec": spec,
        "KeyMaterialId": material,
    }


@kms.operation(read_only=True)
def generate_data_key_pair(
    call: Call, key: Key, request: api.GenerateDataKeyPairRequest
) -> api.GenerateDataKeyPairResponse:
    no_enclave(request, "GenerateDataKeyPair")
    return _data_key_pair(call, key, request)  # type: ignore[return-value]  # exactly its members


@kms.operation(read_only=True)
def generate_data_key_pair_without_plaintext(
    call: Call, key: Key, request: api.GenerateDataKeyPairWithoutPlaintextRequest
) -> api.GenerateDataKeyPairWithoutPlaintextResponse:
    reply = _data_key_pair(call, key, request)
    del reply["PrivateKeyPlaintext"]
    return reply  # type: ignore[return-value]  # exactly its members


@kms.operation(read_only=True)
def generate_random(call: Call, request: api.GenerateRandomRequest) -> api.GenerateRandomResponse:
    no_enclave(request, "GenerateRandom")
    if request.get("CustomKeyStoreId"):
        raise kms.error("CustomKeyStoreNotFoundException", "There are no custom key stores here.")
    length = request.get("NumberOfBytes")
    if length is None:
        raise invalid("NumberOfBytes is required.")
    rates.count(call)
    return {"Plaintext": call.ports.ids.bytes(length)}


def _re_encrypting(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Key | None]]:
    return _sources(call, request, "SourceKeyId")


@kms.operation(action="kms:ReEncryptFrom", resource=_re_encrypting, read_only=True, redact=("CiphertextBlob",))
def re_encrypt(call: Call, request: api.ReEncryptRequest) -> api.ReEncryptResponse:
    arn, destination = asked(call, request["DestinationKeyId"])
    to = {
        "KeyId": request["DestinationKeyId"],
        "EncryptionContext": request.get("DestinationEncryptionContext") or {},
        "EncryptionAlgorithm": request.get("DestinationEncryptionAlgorithm"),
        "GrantTokens": request.get("GrantTokens"),
    }
    call.ports.guard.authorize(call, "kms:ReEncryptTo", [(arn, destination)], kms.bound(call.operation), to)
    source = _usable_source(call, request, request.get("SourceKeyId"))
    destination = load(call, request["DestinationKeyId"])
    usable(call, destination, "ENCRYPT_DECRYPT")
    if (destination.arn, "AWS::KMS::Key") not in call.resources:
        call.resources.append((destination.arn, "AWS::KMS::Key"))
    was = request.get("SourceEncryptionAlgorithm", SYMMETRIC)
    becomes = request.get("DestinationEncryptionAlgorithm", SYMMETRIC)
    fits(source, was)
    fits(destination, becomes)
    check_tokens(call, request)
    if _is_without_ciphertext(request):
        rehearsed(request)
    blob = request.get("CiphertextBlob")
    if blob is None:
        raise invalid("CiphertextBlob is required.")
    plaintext, old = decrypted(call, source, blob, request.get("SourceEncryptionContext"), was)
    made, new = encrypted(call, destination, plaintext, request.get("DestinationEncryptionContext"), becomes)
    rehearsed(request)
    reply: dict[str, Any] = {
        "CiphertextBlob": made,
        "SourceKeyId": source.arn,
        "KeyId": destination.arn,
        "SourceEncryptionAlgorithm": was,
        "DestinationEncryptionAlgorithm": becomes,
    }
    if source.spec == SYMMETRIC:
        reply["SourceKeyMaterialId"] = old
    if destination.spec == SYMMETRIC:
        reply["DestinationKeyMaterialId"] = new
    return reply  # type: ignore[return-value]  # put together member by member

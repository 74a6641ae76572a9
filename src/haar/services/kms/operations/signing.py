"""Signatures, message authentication codes and shared secrets."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from haar.kit import Call
from haar.services.kms import materials, rates, signing
from haar.services.kms.granting import check_tokens
from haar.services.kms.operations.encryption import no_enclave
from haar.services.kms.resources import Key
from haar.services.kms.service import fits, invalid, kms, rehearsed, usable

if TYPE_CHECKING:
    from haar.shapes import kms as api

#: Bytes of the message representative of ML-DSA (FIPS 204, algorithm 7, step 6).
_MU_BYTES: Final = 64


@kms.operation(read_only=True, redact=("PublicKey",))
def derive_shared_secret(
    call: Call, key: Key, request: api.DeriveSharedSecretRequest
) -> api.DeriveSharedSecretResponse:
    no_enclave(request, "DeriveSharedSecret")
    usable(call, key, "KEY_AGREEMENT")
    check_tokens(call, request)
    secret = signing.agree(materials.current(call, key).secret, request["PublicKey"])
    if secret is None:
        raise invalid(f"The public key is not a valid public key of key spec {key.spec}.")
    rehearsed(request)
    return {
        "KeyId": key.arn,
        "SharedSecret": secret,
        "KeyAgreementAlgorithm": request["KeyAgreementAlgorithm"],
        "KeyOrigin": key.origin,
    }


def _mac(call: Call, key: Key, request: Mapping[str, Any]) -> bytes:
    usable(call, key, "GENERATE_VERIFY_MAC")
    algorithm = request["MacAlgorithm"]
    fits(key, algorithm)
    check_tokens(call, request)
    rates.count(call)
    secret: bytes = materials.current(call, key).secret
    return hmac.digest(secret, request["Message"], f"sha{algorithm.rpartition('_')[2]}")


@kms.operation(read_only=True, redact=("Message",))
def generate_mac(call: Call, key: Key, request: api.GenerateMacRequest) -> api.GenerateMacResponse:
    made = _mac(call, key, request)
    rehearsed(request)
    return {"Mac": made, "MacAlgorithm": request["MacAlgorithm"], "KeyId": key.arn}


@kms.operation(read_only=True, redact=("Message", "Mac"))
def verify_mac(call: Call, key: Key, request: api.VerifyMacRequest) -> api.VerifyMacResponse:
    made = _mac(call, key, request)
    if not hmac.compare_digest(made, request["Mac"]):
        raise kms.error("KMSInvalidMacException")
    rehearsed(request)
    return {"KeyId": key.arn, "MacValid": True, "MacAlgorithm": request["MacAlgorithm"]}


def _is_digest(call: Call, key: Key, request: Mapping[str, Any]) -> bool:
    """Whether the message is a digest already. Raises what a wrong key, algorithm or length is answered with."""
    usable(call, key, "SIGN_VERIFY")
    algorithm, kind = request["SigningAlgorithm"], request.get("MessageType", "RAW")
    fits(key, algorithm)
    check_tokens(call, request)
    message = request["Message"]
    if algorithm.startswith("ML_DSA"):
        if kind == "DIGEST":
            raise invalid(f"MessageType DIGEST is not valid for algorithm {algorithm}.")
        if kind == "EXTERNAL_MU" and len(message) != _MU_BYTES:
            raise invalid(f"Message is invalid length for algorithm {algorithm} and MessageType EXTERNAL_MU.")
        return bool(kind == "EXTERNAL_MU")
    wanted = {"ED25519_SHA_512": "RAW", "ED25519_PH_SHA_512": "DIGEST"}.get(algorithm, kind)
    if kind == "EXTERNAL_MU" or kind != wanted:
        raise invalid(f"MessageType {kind} is not valid for algorithm {algorithm}.")
    if kind == "DIGEST" and len(message) != signing.DIGEST_BYTES[algorithm.rpartition("_")[2]]:
        raise invalid(f"Digest is invalid length for algorithm {algorithm}.")
    return bool(kind == "DIGEST")


@kms.operation(read_only=True, redact=("Message",))
def sign(call: Call, key: Key, request: api.SignRequest) -> api.SignResponse:
    is_digest = _is_digest(call, key, request)
    rehearsed(request)
    secret, algorithm = materials.current(call, key).secret, request["SigningAlgorithm"]
    made = signing.sign(secret, algorithm, request["Message"], is_digest=is_digest)
    return {"KeyId": key.arn, "Signature": made, "SigningAlgorithm": algorithm}


@kms.operation(read_only=True, redact=("Message", "Signature"))
def verify(call: Call, key: Key, request: api.VerifyRequest) -> api.VerifyResponse:
    is_digest = _is_digest(call, key, request)
    secret, algorithm = materials.current(call, key).secret, request["SigningAlgorithm"]
    if not signing.verify(secret, algorithm, request["Message"], request["Signature"], is_digest=is_digest):
        raise kms.error("KMSInvalidSignatureException")
    rehearsed(request)
    return {"KeyId": key.arn, "SignatureValid": True, "SigningAlgorithm": algorithm}

"""Values of secrets, sealed under data keys of KMS.

Every value has a data key of its own. KMS is asked as whoever writes or reads it, with the secret's ARN and the
version's id as the encryption context, and whenever a value is read: nothing is remembered of what it allowed.

When a secret gets another KMS key, its labelled versions are sealed under that as well, and stay sealed under the
former, so that nobody is locked out; whichever key the reader may use opens them.

Source: Secrets Manager User Guide, security-encryption.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from haar.kit import Call, Principal, Refused, ServiceError, partition_of
from haar.services.secretsmanager.resources import Sealed, Secret, Version
from haar.services.secretsmanager.service import invalid_request, secretsmanager

if TYPE_CHECKING:
    from haar.kit.call import ServiceClient

__all__ = ["MANAGED", "arn_of", "check_key", "opened", "sealed"]

MANAGED: Final = "alias/aws/secretsmanager"
_NONCE_BYTES: Final = 12
#: What stands for the version while only the caller's right to use a key is tried.
_TRIAL: Final = "RequestToValidateKeyAccess"
_STRANGER: Final = (
    "You can't access a secret from a different AWS account if you encrypt the secret with the default KMS service key."
)
_FAILURES: Final[Mapping[str, str]] = {
    "EncryptionFailure": "Secrets Manager can't encrypt the protected secret text using the provided KMS key.",
    "DecryptionFailure": "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
}
_CHECK: Final = "Check that the KMS key is available, enabled, and not in an invalid state."


def sealed(call: Call, secret: Secret, version: str, plain: bytes, who: Principal | None = None) -> Sealed:
    """A value under a new data key of the secret's KMS key; `who` asks for it, or else the caller.

    Raises AccessDeniedException, EncryptionFailure, and InvalidRequestException for another account's caller.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    who = who or call.principal
    managed = _is_managed(secret.kms_key)
    if managed:
        _refuse_strangers(secret, who)
    named = arn_of(call, secret.kms_key, secret.account, secret.region)
    try:
        made = _kms(call, secret, who).generate_data_key(
            KeyId=named, KeySpec="AES_256", EncryptionContext=_context(secret, version)
        )
    except ServiceError as error:
        raise _as_told(error, "EncryptionFailure") from error
    nonce = call.ports.ids.bytes(_NONCE_BYTES)
    text = nonce + AESGCM(made["Plaintext"]).encrypt(nonce, plain, version.encode())
    return Sealed(made["KeyId"], made["CiphertextBlob"], text, managed)


def opened(call: Call, secret: Secret, version: Version, who: Principal | None = None) -> bytes:
    """The value of a version again. Raises AccessDeniedException, DecryptionFailure, InvalidRequestException."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    who = who or call.principal
    kms = _kms(call, secret, who)
    refusal: ServiceError | None = None
    for seal in version.seals:
        try:
            if seal.managed:
                _refuse_strangers(secret, who)
            key = kms.decrypt(
                CiphertextBlob=seal.wrapped, KeyId=seal.kms_key, EncryptionContext=_context(secret, version.id)
            )["Plaintext"]
        except ServiceError as error:
            # the newest key has the last word
            refusal = refusal or _as_told(error, "DecryptionFailure")
            continue
        text = seal.text
        return AESGCM(key).decrypt(text[:_NONCE_BYTES], text[_NONCE_BYTES:], version.id.encode())
    assert refusal is not None, "a version has at least one seal"
    raise refusal


def check_key(call: Call, secret: Secret) -> None:
    """Refuse a KMS key that the caller cannot seal and open with. Raises what the two raise."""
    if _is_managed(secret.kms_key):
        _refuse_strangers(secret, call.principal)
        return
    kms, context = _kms(call, secret, call.principal), _context(secret, _TRIAL)
    named = arn_of(call, secret.kms_key, secret.account, secret.region)
    try:
        made = kms.generate_data_key(KeyId=named, KeySpec="AES_256", EncryptionContext=context)
        kms.decrypt(CiphertextBlob=made["CiphertextBlob"], KeyId=made["KeyId"], EncryptionContext=context)
    except ServiceError as error:
        raise _as_told(error, "EncryptionFailure") from error


def arn_of(call: Call, named: str, account: str, region: str) -> str:
    """The ARN of a key or an alias that a secret's owner names; of the managed key's alias for ""."""
    named = named or MANAGED
    if named.startswith("arn:"):
        return named
    what = named if named.startswith("alias/") else f"key/{named}"
    return f"arn:{partition_of(region)}:kms:{region}:{account}:{what}"


def _is_managed(named: str) -> bool:
    return not named or named.endswith(MANAGED)


def _refuse_strangers(secret: Secret, who: Principal) -> None:
    if who.account and who.account != secret.account:
        raise invalid_request(_STRANGER)


def _context(secret: Secret, version: str) -> dict[str, str]:
    return {"SecretARN": secret.arn, "SecretVersionId": version}


def _kms(call: Call, secret: Secret, who: Principal) -> ServiceClient:
    return call.aws(
        "kms",
        principal=who,
        account=secret.account,
        region=secret.region,
        invoked_by="secretsmanager.amazonaws.com",
        context=call.origin.context,
    )


def _as_told(error: ServiceError, failure: str) -> Any:
    if isinstance(error, Refused) or error.code == "InvalidRequestException":
        return error
    if error.code in ("AccessDeniedException", "AccessDenied"):
        return secretsmanager.error("AccessDeniedException", "Access to KMS is not allowed", status=400)
    return secretsmanager.error(failure, f"{_FAILURES[failure]} {_CHECK} ({error.code}: {error.message})")

"""SecureString values: encrypted under a key of KMS, in the caller's name and through KMS's own door.

::

    standard    what KMS makes of the value itself
    advanced    version (1 byte) | length of the wrapped key (2) | the data key as KMS wrapped it | nonce (12) | text

An advanced parameter is longer than what KMS encrypts by itself, so it has a data key of its own. In both cases the
encryption context is the parameter's ARN: a value that is copied into another parameter does not open.

Source: AWS Key Management Service Developer Guide, services-parameter-store.html.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any, Final

from haar.kit import Call, Refused, ServiceError
from haar.services.ssm.resources import Content
from haar.services.ssm.service import ssm

__all__ = ["MANAGED", "opened", "sealed"]

#: The key that AWS keeps for Systems Manager in every account.
MANAGED: Final = "alias/aws/ssm"
_FORM: Final = b"\1"
_NONCE_BYTES: Final = 12

#: What KMS says of a key that cannot be used; Parameter Store says InvalidKeyId of all of them.
_UNUSABLE: Final = frozenset(
    (
        "DisabledException", "InvalidAliasNameException", "InvalidArnException", "InvalidKeyUsageException",
        "KMSInvalidStateException", "KeyUnavailableException", "NotFoundException",
    )
)  # fmt: skip


def sealed(call: Call, arn: str, value: str, key_id: str, tier: str) -> str:
    """A value, encrypted. Raises InvalidKeyId, AccessDeniedException."""
    context = {"PARAMETER_ARN": arn}
    if tier == "Standard":
        made = _ask(call, "encrypt", key_id, KeyId=key_id, Plaintext=value.encode(), EncryptionContext=context)
        return b64encode(made["CiphertextBlob"]).decode()
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    made = _ask(call, "generate_data_key", key_id, KeyId=key_id, KeySpec="AES_256", EncryptionContext=context)
    wrapped, nonce = made["CiphertextBlob"], call.ports.ids.bytes(_NONCE_BYTES)
    text = AESGCM(made["Plaintext"]).encrypt(nonce, value.encode(), arn.encode())
    return b64encode(_FORM + len(wrapped).to_bytes(2, "big") + wrapped + nonce + text).decode()


def opened(call: Call, arn: str, content: Content) -> str:
    """The value of a version again. Raises InvalidKeyId, AccessDeniedException."""
    blob, context = b64decode(content.value), {"PARAMETER_ARN": arn}
    plain: bytes
    if content.tier == "Standard":
        plain = _ask(call, "decrypt", content.key_id, CiphertextBlob=blob, EncryptionContext=context)["Plaintext"]
        return plain.decode()
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    start = 3 + int.from_bytes(blob[1:3], "big")
    found = _ask(call, "decrypt", content.key_id, CiphertextBlob=blob[3:start], EncryptionContext=context)
    nonce, text = blob[start : start + _NONCE_BYTES], blob[start + _NONCE_BYTES :]
    plain = AESGCM(found["Plaintext"]).decrypt(nonce, text, arn.encode())
    return plain.decode()


def _ask(call: Call, operation: str, key_id: str, **request: Any) -> dict[str, Any]:
    kms = call.aws("kms", account=call.account, invoked_by="ssm.amazonaws.com", context=call.origin.context)
    try:
        reply: dict[str, Any] = getattr(kms, operation)(**request)
    except Refused:
        raise
    except ServiceError as error:
        said = f"Service: AWSKMS; Status Code: 400; Error Code: {error.code}; Request ID: {call.new_id()}; Proxy: null"
        if error.code in _UNUSABLE:
            raise ssm.error("InvalidKeyId", f"{error.message or f'Invalid keyId {key_id}'} ({said})") from None
        raise ssm.error(error.code, f"{error.message} ({said})", status=400) from None
    return reply

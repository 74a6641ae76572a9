"""Messages of a queue with a KMS key (SSE-KMS): sealed when they are sent, opened when they are received.

A sealed message says itself what opens it (`Sealed`): the data key as KMS wrapped it, and the queue in whose name KMS
did so. So it stays as it is when its queue gets another key or none, and when it dies into another queue. Body and
attributes are sealed, with their digests; what SQS itself needs to keep a message is not.

KMS is asked as whoever sends or receives, and what it allowed holds for the queue's reuse period::

    DataKey(queue, requester)            the wrapped key that a producer's messages are sealed with
    Opened(queue, requester, data key)   a data key that KMS has unwrapped for somebody

The rows decide; unwrapped keys are in the memory of the process alone. A producer needs `kms:GenerateDataKey` and
`kms:Decrypt` (which proves the new key sound), a consumer `kms:Decrypt`.

Source: SQS Developer Guide, sqs-server-side-encryption.html and sqs-key-management.html.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from haar.kit import Call, Principal, Refused, ServiceError, replace
from haar.services.sqs.resources import DataKey, Message, Opened, Queue, Sealed, Secret
from haar.services.sqs.service import sqs

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["opened", "prepare", "resealed", "sealed"]

M = TypeVar("M", bound=Message)

_NONCE_BYTES = 12
#: Unwrapped keys this process remembers; it can forget them at any time.
_REMEMBERED_MAX = 1024
#: wrapped data key -> what seals and opens with it
_ciphers: dict[bytes, AESGCM] = {}

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Secret).decode

#: What KMS says -> what SQS says then.
_CODES: Final = {
    "AccessDeniedException": "KMS.AccessDeniedException",
    "DisabledException": "KMS.DisabledException",
    "InvalidKeyUsageException": "KMS.InvalidKeyUsageException",
    "KMSInvalidStateException": "KMS.InvalidStateException",
    "NotFoundException": "KMS.NotFoundException",
}


# -- sending -------------------------------------------------------------------------------------------------------


def prepare(call: Call, queue: Queue) -> None:
    """Have a data key at hand for the caller's messages. Raises what `sealed` raises."""
    _sealing_key(call, queue, call.principal)


def sealed(call: Call, queue: Queue, contents: dict[str, Any], who: Principal | None = None) -> dict[str, Any]:
    """The fields of a new message, the secret ones sealed under the queue's key for whoever sends it.

    Raises the `KMS.` errors when the sender may not use the key, or nobody can.
    """
    wrapped, cipher = _sealing_key(call, queue, who or call.principal)
    kept = dict(contents)
    secret = Secret(**{name: kept.pop(name) for name in Secret.__struct_fields__ if name in kept})
    nonce = call.ports.ids.bytes(_NONCE_BYTES)
    text = nonce + cipher.encrypt(nonce, _encode(secret), queue.arn.encode())
    return {**kept, "body": "", "md5": "", "sealed": Sealed(wrapped=wrapped, queue=queue.arn, text=text)}


def _sealing_key(call: Call, queue: Queue, who: Principal) -> tuple[bytes, AESGCM]:
    """The wrapped data key of a sender's messages, and what seals with it: a new one when the reuse period is over."""
    requester = _requester(who)
    held = call.tx.get(DataKey, queue.serial, requester)
    if held is None or held.until <= call.now or held.kms_key != queue.kms_key:
        made = _ask(
            call, queue, who, "generate_data_key",
            KeyId=queue.kms_key, KeySpec="AES_256", EncryptionContext=_context(queue.arn),
        )  # fmt: skip
        held = call.tx.put(
            DataKey(
                queue=queue.serial, requester=requester, kms_key=queue.kms_key, wrapped=made["CiphertextBlob"],
                until=call.now + queue.kms_reuse_seconds,
            )
        )  # fmt: skip
    return held.wrapped, _cipher(call, queue, who, held.wrapped, queue.arn)


# -- receiving -----------------------------------------------------------------------------------------------------


def opened(call: Call, queue: Queue, message: M, who: Principal | None = None) -> M:
    """A message of a queue as it was sent. Raises the `KMS.` errors when the receiver may not open it."""
    found = message.sealed
    if found is None:
        return message
    cipher = _cipher(call, queue, who or call.principal, found.wrapped, found.queue)
    nonce, text = found.text[:_NONCE_BYTES], found.text[_NONCE_BYTES:]
    secret = _decode(cipher.decrypt(nonce, text, found.queue.encode()))
    return replace(
        message, body=secret.body, md5=secret.md5, attributes=secret.attributes,
        attributes_md5=secret.attributes_md5, sealed=None,
    )  # fmt: skip


def resealed(call: Call, source: Queue, target: Queue, message: M, who: Principal) -> M:
    """A message that somebody sends on from one queue to another: opened, and sealed again if the other has a key."""
    plain = opened(call, source, message, who)
    if not target.kms_key:
        return plain
    fields = {name: getattr(plain, name) for name in Secret.__struct_fields__}
    return replace(plain, **{"attributes": None, "attributes_md5": ""} | sealed(call, target, fields, who))


# -- KMS -----------------------------------------------------------------------------------------------------------


def _cipher(call: Call, queue: Queue, who: Principal, wrapped: bytes, queue_arn: str) -> AESGCM:
    """What a wrapped data key opens into, for somebody to whom KMS unwraps it."""
    requester, name = _requester(who), blake2b(wrapped, digest_size=16).hexdigest()
    allowed = call.tx.get(Opened, queue.serial, requester, name)
    if allowed is not None and allowed.until > call.now:
        cipher = _ciphers.get(wrapped)
        if cipher is not None:
            return cipher
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    found = _ask(call, queue, who, "decrypt", CiphertextBlob=wrapped, EncryptionContext=_context(queue_arn))
    call.tx.put(Opened(queue=queue.serial, requester=requester, name=name, until=call.now + queue.kms_reuse_seconds))
    if len(_ciphers) >= _REMEMBERED_MAX:
        _ciphers.clear()
    cipher = _ciphers[wrapped] = AESGCM(found["Plaintext"])
    return cipher


def _ask(call: Call, queue: Queue, who: Principal, operation: str, **request: Any) -> dict[str, Any]:
    """One operation of KMS, through SQS, for somebody; keys are named as in the queue's own account."""
    kms = call.aws(
        "kms", principal=who, account=queue.account, region=queue.region, invoked_by="sqs.amazonaws.com",
        context=call.origin.context,
    )  # fmt: skip
    try:
        reply: dict[str, Any] = getattr(kms, operation)(**request)
    except Refused:
        raise
    except ServiceError as error:
        code = _CODES.get(error.code)
        if code is None:
            raise
        said = f"Service: AWSKMS; Status Code: 400; Error Code: {error.code}; Request ID: {call.new_id()}; Proxy: null"
        raise sqs.error(code, f"{error.message} ({said})") from error
    return reply


def _context(queue_arn: str) -> dict[str, str]:
    return {"aws:sqs:arn": queue_arn}


def _requester(who: Principal) -> str:
    """Whom SQS takes for one and the same: a user, or a role under the same session policies."""
    name = who.issuer or who.arn or who.name
    if who.session_policies is None and not who.session_policy_arns:
        return name
    scope = _encode((who.session_policies, who.session_policy_arns))
    return f"{name} {blake2b(scope, digest_size=16).hexdigest()}"

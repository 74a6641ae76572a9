"""Keys that customers keep themselves (SSE-C): read from requests, checked, never stored.

Of a key S3 keeps a salted digest, which tells the right key from a wrong one and opens nothing. AWS takes these keys
over HTTPS alone; here the door is on the machine itself and plain HTTP is as good.

| the request | is answered |
|---|---|
| reads an object, without the key | 400 InvalidRequest |
| reads an object, with another key | 403 AccessDenied |
| brings a key for an object that has none | 400 InvalidRequest |
| uploads a part without the upload's key, or with another | 400 InvalidRequest |

Source: Amazon S3 User Guide, ServerSideEncryptionCustomerKeys.html, specifying-s3-c-encryption.html.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from hashlib import blake2b, md5
from hmac import compare_digest
from typing import Any, Final

from haar.kit import Service, ServiceError
from haar.services.s3.resources import Encryption
from haar.services.s3.service import access_denied, invalid_argument

__all__ = ["CUSTOMER", "MEMBERS", "SECRETS", "check_of", "for_writing", "given", "hide", "matching", "refuse"]

#: The kind of an `Encryption` with a customer's key.
CUSTOMER: Final = "SSE-C"
MEMBERS: Final = frozenset(("SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5"))
#: Members that no trail may keep, and the operations that take them.
SECRETS: Final = ("SSECustomerKey", "CopySourceSSECustomerKey")
_TAKEN_BY: Final = (
    "put_object", "get_object", "head_object", "get_object_attributes", "copy_object", "create_multipart_upload",
    "upload_part", "upload_part_copy", "complete_multipart_upload", "list_parts", "select_object_content",
)  # fmt: skip
_KEY_BYTES: Final = 32
#: What AWS names in every error about these headers, whichever it is.
_NAME: Final = "x-amz-server-side-encryption"
_WORDS: Final = "Requests specifying Server Side Encryption with Customer provided keys must provide"


def given(request: Mapping[str, Any]) -> tuple[bytes, str] | None:
    """The key of a request and its MD5 in base64; None when it brings none. The key may be of any length yet.

    Raises InvalidEncryptionAlgorithmError, InvalidArgument.
    """
    if MEMBERS.isdisjoint(request):
        return None
    algorithm, text = request.get("SSECustomerAlgorithm"), request.get("SSECustomerKey")
    if not algorithm:
        raise invalid_argument(f"{_WORDS} a valid encryption algorithm.", _NAME, "null")
    if algorithm != "AES256":
        members = {"ArgumentName": _NAME, "ArgumentValue": algorithm}
        words = "The Encryption request you specified is not valid. Supported value: AES256."
        raise ServiceError("InvalidEncryptionAlgorithmError", words, status=400, members=members)
    if not text:
        raise invalid_argument(f"{_WORDS} an appropriate secret key.", _NAME, "null")
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _wrong_length() from None
    digest = base64.b64encode(md5(key, usedforsecurity=False).digest()).decode()
    said = request.get("SSECustomerKeyMD5")
    if said is not None and said != digest:
        words = "The calculated MD5 hash of the key did not match the hash that was provided."
        raise invalid_argument(words, _NAME, "null")
    return key, digest


def for_writing(request: Mapping[str, Any]) -> tuple[bytes, str] | None:
    """The same, of a request that writes: a key of the wrong length is an InvalidArgument."""
    found = given(request)
    if found is not None and len(found[0]) != _KEY_BYTES:
        raise _wrong_length()
    return found


def hide(service: Service[str]) -> None:
    """Have the audit trail keep no customer's key, whichever operation brings one."""
    for name in _TAKEN_BY:
        operation = service.operations[name]
        operation.redact = tuple(dict.fromkeys((*operation.redact, *SECRETS)))


def check_of(key: bytes, salt: bytes) -> bytes:
    """What is kept of a key."""
    return blake2b(salt, key=key[:64], digest_size=32, person=b"haar s3 check").digest()


def matching(encryption: Encryption, request: Mapping[str, Any]) -> bytes:
    """The key of a request that reads an object, once it is known to be the object's.

    Raises InvalidRequest, AccessDenied, and what `given` raises.
    """
    found = given(request)
    is_part = "UploadId" in request
    if found is None:
        raise _of_uploads() if is_part else _stored_with_one()
    if not compare_digest(check_of(found[0], encryption.salt), encryption.check):
        if is_part:
            raise _invalid_request("The provided encryption parameters did not match the ones used originally.")
        raise access_denied(f"{_WORDS} the correct secret key.")
    return found[0]


def refuse(request: Mapping[str, Any]) -> None:
    """Refuse a key for what is not encrypted with one. Raises InvalidRequest."""
    if MEMBERS.isdisjoint(request):
        return
    given(request)
    if "UploadId" in request:
        raise _of_uploads()
    raise _invalid_request("The encryption parameters are not applicable to this object.")


def _wrong_length() -> ServiceError:
    return invalid_argument("The secret key was invalid for the specified algorithm.", _NAME, "null")


def _stored_with_one() -> ServiceError:
    return _invalid_request(
        "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to "
        "retrieve the object."
    )


def _of_uploads() -> ServiceError:
    return _invalid_request(
        "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate "
        "encryption parameters."
    )


def _invalid_request(text: str) -> ServiceError:
    return ServiceError("InvalidRequest", text, status=400)

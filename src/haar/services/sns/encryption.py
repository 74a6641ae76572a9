"""Encrypted topics: whoever publishes needs the permissions on the topic's key.

KMS is asked as the publisher, for `kms:GenerateDataKey` and `kms:Decrypt`, and what it allows holds for five minutes.
Messages leave a topic in the tick in which they were published; an encrypted queue seals them with its own key, for
which SNS itself needs the permissions. Source: SNS Developer Guide, sns-key-management.html.
"""

from __future__ import annotations

from typing import Final

from haar.kit import Call, Refused, ServiceError
from haar.services.sns.resources import Permitted, Topic
from haar.services.sns.service import sns

__all__ = ["check"]

#: How long SNS uses one data key (docs: sns-key-management.html).
REUSE_SECONDS: Final = 300.0
#: What KMS says -> what SNS says then.
_CODES: Final = {
    "AccessDeniedException": "KMSAccessDenied",
    "DisabledException": "KMSDisabled",
    "KMSInvalidStateException": "KMSInvalidState",
    "NotFoundException": "KMSNotFound",
}


def check(call: Call, topic: Topic) -> None:
    """Refuse a publisher who may not use the topic's key. Raises the KMS errors of SNS."""
    if not topic.kms_key:
        return
    who = call.principal
    requester = who.issuer or who.arn or who.id
    held = call.tx.get(Permitted, topic.serial, requester)
    if held is not None and held.until > call.now and held.kms_key == topic.kms_key:
        return
    kms = call.aws("kms", invoked_by="sns.amazonaws.com")
    context = {"aws:sns:topicArn": topic.arn}
    try:
        made = kms.generate_data_key(KeyId=topic.kms_key, KeySpec="AES_256", EncryptionContext=context)
        kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=context)
    except Refused:
        raise
    except ServiceError as error:
        raise sns.error(_CODES.get(error.code, "KMSInvalidState"), error.message) from None
    call.tx.put(
        Permitted(topic=topic.serial, requester=requester, kms_key=topic.kms_key, until=call.now + REUSE_SECONDS)
    )

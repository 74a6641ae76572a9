"""The key a table is encrypted under: AWS's own, the account's `alias/aws/dynamodb`, or one that a customer manages.

Source: DynamoDB Developer Guide, encryption.usagenotes.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from haar.kit import Call, Refused, ServiceError
from haar.services.dynamodb.service import dynamodb, invalid_value

__all__ = ["OWN_KEY", "key_of"]

OWN_KEY = "alias/aws/dynamodb"
SERVICE = "dynamodb.amazonaws.com"


def key_of(call: Call, wanted: Mapping[str, Any] | None, table: str) -> str:
    """The ARN of the KMS key of an SSESpecification; "" for AWS's own key. Raises ValidationException."""
    if not wanted or not wanted.get("Enabled"):
        if wanted and wanted.get("KMSMasterKeyId"):
            raise invalid_value("KMSMasterKeyId can only be specified when SSE is enabled")
        return ""
    if wanted.get("SSEType", "KMS") != "KMS":
        raise invalid_value("SSEType must be KMS when SSE is enabled")
    given = wanted.get("KMSMasterKeyId") or OWN_KEY
    kms = call.aws("kms", invoked_by=SERVICE)
    try:
        found: dict[str, Any] = kms.describe_key(KeyId=given)["KeyMetadata"]
        if found["KeyState"] != "Enabled":
            raise dynamodb.error("ValidationException", f"KMS key {found['Arn']} is not enabled.", status=400)
        # what the table's own key is wrapped in; it proves that the caller may use the key
        kms.generate_data_key(
            KeyId=found["Arn"],
            KeySpec="AES_256",
            EncryptionContext={"aws:dynamodb:tableName": table, "aws:dynamodb:subscriberId": call.account},
        )
    except Refused:
        raise
    except ServiceError as error:
        if error.code == "ValidationException":
            raise
        raise dynamodb.error(
            "ValidationException", f"KMS validation error: {error.code}: {error.message}", status=400
        ) from error
    arn: str = found["Arn"]
    return arn

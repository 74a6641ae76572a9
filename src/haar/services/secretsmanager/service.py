"""The service itself, its limits, its condition keys, and how a request names a secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from haar.kit import Call, Refused, Service, ServiceError
from haar.services.secretsmanager.resources import Secret

secretsmanager: Service[str] = Service(
    "secretsmanager",
    also_raises=("ValidationException", "AccessDeniedException"),
    page_size=100,
    bad_token="InvalidNextTokenException",
)

# Limits (docs: Secrets Manager User Guide, reference_limits.html).
VALUE_BYTES_MAX: Final = 65_536
VERSIONS_KEPT: Final = 100
VERSION_KEPT_SECONDS: Final = 86_400.0
RECOVERY_DAYS: Final = (7, 30)
DAY_SECONDS: Final = 86_400

# The guide names these limits and gives no codes for them; the codes are Haar's own.
SECRETS = secretsmanager.quota("secrets", "Secrets", 500_000)
LABELS = secretsmanager.quota("staging-labels", "Staging labels attached across all versions of a secret", 20)

secretsmanager.named(Name=Secret)

_NAME: Final = re.compile(r"[A-Za-z0-9/_+=.@!-]+")
_BAD_NAME: Final = (
    "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
)
_ARN: Final = re.compile(r"arn:[^:]+:secretsmanager:([^:]*):([^:]*):secret:(.+)")


@secretsmanager.names("SecretId", Secret)
def secret_at(call: Call, given: str | None) -> Secret | tuple[str, ...] | None:
    """The secret of a name, of an ARN, or of an ARN without its random end; its key where there is none."""
    if given is None:
        return None
    if not given.startswith("arn:"):
        check_name(given)
        return (call.account, call.region, given)
    parts = _ARN.fullmatch(given)
    if parts is None:
        raise secretsmanager.error("ValidationException", "Invalid ARN: not the ARN of a secret.", status=400)
    region, account, name = parts.groups()
    if region != call.region:
        raise secretsmanager.error(*Secret.missing(account, region, name))
    if len(name) > 7 and name[-7] == "-":
        found = call.tx.get(Secret, account, region, name[:-7])
        if found is not None and found.suffix == name[-6:]:
            return found
    return (account, region, name)


def check_name(name: str) -> None:
    """Refuse what cannot be a secret's name. Raises ValidationException."""
    if not _NAME.fullmatch(name):
        raise secretsmanager.error("ValidationException", _BAD_NAME, status=400)


def invalid_parameter(text: str) -> ServiceError:
    """InvalidParameterException."""
    return secretsmanager.error("InvalidParameterException", text)


def invalid_request(text: str) -> ServiceError:
    """InvalidRequestException."""
    return secretsmanager.error("InvalidRequestException", text)


def alive(secret: Secret) -> Secret:
    """The secret, unless it is marked for deletion. Raises InvalidRequestException."""
    if secret.deletes_at:
        raise invalid_request("You can't perform this operation on the secret because it was marked for deletion.")
    return secret


def primary(secret: Secret) -> Secret:
    """The secret, unless it is a replica or marked for deletion. Raises InvalidRequestException."""
    if secret.is_replica:
        raise invalid_request(
            "Operation not permitted on a replica secret. Call must be made in primary secret's region."
        )
    return alive(secret)


def note(call: Call, secret: Secret) -> None:
    """Have the audit trail say that a call acts on a secret, where the kit cannot know it."""
    one = (secret.arn, str(Secret.__declared__["cloudformation"]))
    if one not in call.resources:
        call.resources.append(one)


def refuse(call: Call, request: Mapping[str, Any], **reasons: str) -> None:
    """Say no to members that ask for what is not built. Raises Refused."""
    for member, reason in reasons.items():
        if request.get(member):
            raise Refused("secretsmanager", f"{call.operation} with {member}", reason)


# --- condition keys ---------------------------------------------------------------------------------------------------
# docs: Service Authorization Reference, list_awssecretsmanager.html#awssecretsmanager-policy-keys

for _member in (
    "Name", "Description", "KmsKeyId", "VersionId", "VersionStage", "RecoveryWindowInDays",
    "ForceDeleteWithoutRecovery", "BlockPublicPolicy", "ForceOverwriteReplicaSecret",
):  # fmt: skip

    def _given(call: Call, request: Mapping[str, Any], target: Any, member: str = _member) -> Any:
        return request.get(member)

    secretsmanager.condition(f"secretsmanager:{_member}")(_given)


@secretsmanager.condition("secretsmanager:SecretId")
def _secret_id(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    return target.arn if isinstance(target, Secret) else None


@secretsmanager.condition("secretsmanager:SecretPrimaryRegion")
def _primary_region(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    return (target.primary_region or target.region) if isinstance(target, Secret) else None


@secretsmanager.condition("secretsmanager:AddReplicaRegions")
def _replica_regions(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    given = request.get("AddReplicaRegions")
    return tuple(one["Region"] for one in given if one.get("Region")) if given else None


@secretsmanager.condition("secretsmanager:KmsKeyArn")
def _key_arn(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    from haar.services.secretsmanager import encryption

    named = request.get("KmsKeyId")
    owner = target.account if isinstance(target, Secret) else call.account
    return encryption.arn_of(call, named, owner, call.region) if named else None


secretsmanager.refuses(
    "A rotation calls a Lambda function at every step, and Lambda is not built yet; so nothing rotates.",
    "RotateSecret",
    "CancelRotateSecret",
)
secretsmanager.refuses(
    "Replicas live in other regions of the same account; in other accounts they are not kept.",
    "AssociateCrossAccountReplica",
    "DisassociateCrossAccountReplica",
)
secretsmanager.refuses("A secret has one resource policy, without a name.", "ListResourcePolicies")

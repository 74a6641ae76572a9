"""Values of secrets: written as new versions, read by version or by staging label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page, Refused, ServiceError, replace
from haar.kit.page import Paging
from haar.services.secretsmanager import encryption, replication, rules, versions
from haar.services.secretsmanager.resources import CURRENT, Secret, Version, by_age, by_creation
from haar.services.secretsmanager.service import (
    DAY_SECONDS,
    alive,
    invalid_parameter,
    invalid_request,
    primary,
    refuse,
    secretsmanager,
)

if TYPE_CHECKING:
    from haar.shapes import secretsmanager as api

_MISSING = "ResourceNotFoundException"
_BATCH = Paging(
    "secretsmanager:BatchGetSecretValue", "NextToken", "NextToken", "SecretValues", "MaxResults",
    default=20, bad_token="InvalidNextTokenException",
)  # fmt: skip
_VERSIONS = Paging(
    "secretsmanager:ListSecretVersionIds", "NextToken", "NextToken", "Versions", "MaxResults",
    default=100, bad_token="InvalidNextTokenException",
)  # fmt: skip


@secretsmanager.operation(redact=("SecretString", "SecretBinary", "RotationToken"))
def put_secret_value(call: Call, secret: Secret, request: api.PutSecretValueRequest) -> api.PutSecretValueResponse:
    refuse(call, request, RotationToken="Nothing rotates, so there is no rotation that a token would prove.")
    primary(secret)
    value = versions.value_in(request)
    if value is None:
        raise invalid_request("You must provide either SecretString or SecretBinary.")
    token = versions.token_in(request)
    changed = versions.added(call, secret, token, value, request.get("VersionStages") or (CURRENT,))
    if changed is not secret:
        replication.keep(call, changed)
    return {
        "ARN": secret.arn,
        "Name": secret.name,
        "VersionId": token,
        "VersionStages": versions.labels_of(changed, token),
    }


@secretsmanager.operation
def get_secret_value(call: Call, secret: Secret, request: api.GetSecretValueRequest) -> api.GetSecretValueResponse:
    alive(secret)
    version = _wanted(call, secret, request.get("VersionId"), request.get("VersionStage"))
    plain = encryption.opened(call, secret, version)
    today = call.now // DAY_SECONDS * DAY_SECONDS
    if version.accessed_on != today:
        call.tx.put(replace(version, accessed_on=today))
    if secret.accessed_on != today:
        call.tx.put(replace(secret, accessed_on=today))
    reply: api.GetSecretValueResponse = {
        "ARN": secret.arn,
        "Name": secret.name,
        "VersionId": version.id,
        "CreatedDate": version.created_at,
    }
    if labels := versions.labels_of(secret, version.id):
        reply["VersionStages"] = labels
    if version.is_binary:
        reply["SecretBinary"] = plain
    else:
        reply["SecretString"] = plain.decode()
    return reply


def _wanted(call: Call, secret: Secret, name: str | None, label: str | None) -> Version:
    """The version of an id, of a label, or the current one. Raises ResourceNotFoundException."""
    if name is None:
        label = label or CURRENT
        held = secret.stages.get(label)
        found = call.tx.get(Version, *secret.key, held) if held is not None else None
        which = f"staging label: {label}"
    else:
        found = call.tx.get(Version, *secret.key, name)
        which = f"VersionId: {name}"
        if found is not None and label is not None and secret.stages.get(label) != name:
            raise invalid_request("You provided a VersionStage that is not associated to the provided VersionId.")
    if found is None:
        raise secretsmanager.error(_MISSING, f"Secrets Manager can't find the specified secret value for {which}")
    return found


@secretsmanager.operation(read_only=True)
def batch_get_secret_value(call: Call, request: api.BatchGetSecretValueRequest) -> api.BatchGetSecretValueResponse:
    named, filters = request.get("SecretIdList"), request.get("Filters")
    if bool(named) == bool(filters):
        raise invalid_parameter("Either 'SecretIdList' or 'Filters' must be provided, but not both.")
    reply: dict[str, Any]
    if named:
        if request.get("MaxResults") is not None or request.get("NextToken"):
            raise invalid_parameter(
                "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided."
            )
        reply = {"SecretValues": named}
    else:
        # what the caller learns of names is what ListSecrets would tell
        call.ports.guard.authorize(call, "secretsmanager:ListSecrets", [], None, {})
        passes = rules.selects(filters or ())
        page = Page.of(
            call.tx, by_creation, call.account, call.region,
            show=lambda secret: secret.arn, where=lambda secret: not secret.deletes_at and passes(secret),
        )  # fmt: skip
        reply = _BATCH.cut(page, request)
    values, errors = [], []
    # each is read through the door, so that each is asked about and on record like any other
    own = call.aws("secretsmanager", account=call.account)
    for one in reply["SecretValues"]:
        try:
            values.append(own.get_secret_value(SecretId=one))
        except Refused:
            raise
        except ServiceError as error:
            errors.append({"SecretId": one, "ErrorCode": error.code, "Message": error.message})
    reply["SecretValues"], reply["Errors"] = values, errors
    return reply  # type: ignore[return-value]


@secretsmanager.operation
def list_secret_version_ids(
    call: Call, secret: Secret, request: api.ListSecretVersionIdsRequest
) -> api.ListSecretVersionIdsResponse:
    every = request.get("IncludeDeprecated")
    labelled = set(secret.stages.values())
    page = Page.of(
        call.tx, by_age, *secret.key,
        show=lambda version: _shown(secret, version), where=lambda version: bool(every) or version.id in labelled,
        extra={"ARN": secret.arn, "Name": secret.name},
    )  # fmt: skip
    return _VERSIONS.cut(page, request)  # type: ignore[return-value]


def _shown(secret: Secret, version: Version) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "VersionId": version.id,
        "CreatedDate": version.created_at,
        "KmsKeyIds": ["DefaultEncryptionKey" if seal.managed else seal.kms_key for seal in version.seals],
    }
    if labels := versions.labels_of(secret, version.id):
        entry["VersionStages"] = labels
    if version.accessed_on:
        entry["LastAccessedDate"] = version.accessed_on
    return entry


@secretsmanager.operation
def update_secret_version_stage(
    call: Call, secret: Secret, request: api.UpdateSecretVersionStageRequest
) -> api.UpdateSecretVersionStageResponse:
    primary(secret)
    label, source, target = request["VersionStage"], request.get("RemoveFromVersionId"), request.get("MoveToVersionId")
    for name in (source, target):
        if name is not None and call.tx.get(Version, *secret.key, name) is None:
            raise secretsmanager.error(
                _MISSING, f"Secrets Manager can't find the specified secret value for VersionId: {name}"
            )
    held = secret.stages.get(label)
    if target is None and source is None:
        raise invalid_parameter("You must specify RemoveFromVersionId, MoveToVersionId, or both.")
    if held is not None and held not in (source, target):
        raise invalid_parameter(
            f"The parameter RemoveFromVersionId can't be empty. Staging label {label} is currently attached to version "
            f"{held}, so you must explicitly reference that version in RemoveFromVersionId."
        )
    if held is None and source is not None:
        raise invalid_parameter(f"The staging label {label} isn't attached to version {source}.")
    if target is None:
        if label == CURRENT:
            raise invalid_parameter(
                "You can only move staging label AWSCURRENT to a different secret version. It can't be completely "
                "removed."
            )
        stages = {name: version for name, version in secret.stages.items() if name != label}
    else:
        stages = versions.moved(secret.stages, label, target)
        versions.check_labels(call, stages)
    replication.keep(call, replace(secret, stages=stages, changed_at=call.now))
    return {"ARN": secret.arn, "Name": secret.name}


@secretsmanager.operation
def get_random_password(call: Call, request: api.GetRandomPasswordRequest) -> api.GetRandomPasswordResponse:
    length = request.get("PasswordLength")
    length = 32 if length is None else length
    kinds = rules.alphabets(request)
    each = request.get("RequireEachIncludedType")
    each = True if each is None else each
    if not "".join(kinds):
        raise invalid_request("You excluded all characters: no password can be made of what is left.")
    if each and not all(kinds):
        raise invalid_request("You excluded all characters of a type that the password has to include.")
    if each and length < len(kinds):
        raise invalid_parameter("Password length is too short based on the required types.")
    return {"RandomPassword": rules.password(kinds, length, call.ports.ids, each=each)}

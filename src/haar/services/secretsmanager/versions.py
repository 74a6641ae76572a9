"""Versions of a secret: new ones, their staging labels, and the end of old ones.

Source: Secrets Manager User Guide, whats-in-a-secret.html; API Reference, API_PutSecretValue.html.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from haar.kit import Call, replace
from haar.services.secretsmanager import encryption
from haar.services.secretsmanager.resources import CURRENT, PREVIOUS, Secret, Version, by_age
from haar.services.secretsmanager.service import (
    LABELS,
    VALUE_BYTES_MAX,
    VERSION_KEPT_SECONDS,
    VERSIONS_KEPT,
    invalid_parameter,
    invalid_request,
    secretsmanager,
)

__all__ = ["added", "erase", "labels_of", "moved", "token_in", "value_in"]

#: A value, and whether it is binary.
Value = tuple[bytes, bool]


def value_in(request: Mapping[str, Any]) -> Value | None:
    """The value that a request carries, if any. Raises InvalidParameterException."""
    text, binary = request.get("SecretString"), request.get("SecretBinary")
    if text is not None and binary is not None:
        raise invalid_parameter("You can't specify both a binary secret value and a string secret value.")
    if text is None:
        return None if binary is None else (binary, True)
    plain = str(text).encode()
    if len(plain) > VALUE_BYTES_MAX:
        raise invalid_parameter(f"The secret value has {len(plain)} bytes; up to {VALUE_BYTES_MAX} are allowed.")
    return plain, False


def token_in(request: Mapping[str, Any]) -> str:
    """The id that a new version is going to have. Raises InvalidRequestException."""
    token: str | None = request.get("ClientRequestToken")
    if not token:
        raise invalid_request("You must provide a ClientRequestToken value. We recommend a UUID-type value.")
    return token


def added(call: Call, secret: Secret, token: str, value: Value, labels: Iterable[str] = (CURRENT,)) -> Secret:
    """The secret with a new version, which is stored; the secret itself is not.

    The same value under the same token is the version that there is already.
    Raises ResourceExistsException, LimitExceededException, and what encryption raises.
    """
    plain, is_binary = value
    there = call.tx.get(Version, *secret.key, token)
    if there is not None:
        if there.is_binary == is_binary and encryption.opened(call, secret, there) == plain:
            return secret
        raise secretsmanager.error(
            "ResourceExistsException",
            f"You can't use ClientRequestToken {token} because that value is already in use for a version of secret "
            f"{secret.arn}.",
        )
    stages = secret.stages
    for label in labels if secret.versions else (CURRENT, *labels):
        stages = moved(stages, label, token)
    check_labels(call, stages)
    seal = encryption.sealed(call, secret, token, plain)
    call.tx.put(
        Version(
            account=secret.account, region=secret.region, secret=secret.name, id=token,
            created_at=call.now, seals=[seal], is_binary=is_binary,
        )
    )  # fmt: skip
    return _pruned(call, replace(secret, stages=stages, versions=secret.versions + 1, changed_at=call.now))


def moved(stages: Mapping[str, str], label: str, version: str) -> dict[str, str]:
    """Staging labels after one moved to a version; whatever was current before is now the previous."""
    former = stages.get(label)
    after = {**stages, label: version}
    if label == CURRENT and former is not None and former != version:
        after[PREVIOUS] = former
    return after


def check_labels(call: Call, stages: Mapping[str, str]) -> None:
    """Refuse more labels than a secret can have. Raises LimitExceededException."""
    LABELS.check(
        call,
        len(stages),
        "LimitExceededException",
        "You can't attach more than {limit} staging labels to the versions of a secret.",
    )


def labels_of(secret: Secret, version: str) -> list[str]:
    """The staging labels of a version."""
    return [label for label, held in secret.stages.items() if held == version]


def erase(call: Call, secret: Secret) -> None:
    """Delete a secret and all that it was."""
    for version in list(call.tx.range(Version, *secret.key)):
        call.tx.delete(version)
    call.tx.delete(secret)


def _pruned(call: Call, secret: Secret) -> Secret:
    """The secret without versions that nothing labels, are a day old, and of which there are too many."""
    surplus = secret.versions - VERSIONS_KEPT
    if surplus <= 0:
        return secret
    labelled = set(secret.stages.values())
    old = call.tx.range(by_age, *secret.key, stop=call.now - VERSION_KEPT_SECONDS)
    gone = [version for version in old if version.id not in labelled][:surplus]
    for version in gone:
        call.tx.delete(version)
    return replace(secret, versions=secret.versions - len(gone))

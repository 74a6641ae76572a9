"""The smallest request that a model lets through: required members alone, each of the least value that is valid.

A string is the first of a few plain candidates that meets the member's length, enum and pattern. `minimal` raises
when none does, so that a new model cannot quietly go untested.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from haar.catalog.models import ServiceModel
from haar.wire.patterns import compiled

__all__ = ["minimal"]

ACCOUNT = "000000000000"
_LETTER = "abcdefghij"

#: Members whose value the model does not describe and the service reads: each names something that does not exist.
SPOKEN: Mapping[str, str] = {
    "QueueUrl": f"http://sqs.us-east-1.localhost:4566/{ACCOUNT}/nobody-made-this",
    "SourceArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:nobody-made-this",
    "ResourceARN": f"arn:aws:servicequotas:us-east-1:{ACCOUNT}:iam/L-F55AF5E4",
    "TopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:nobody-made-this",
    "SubscriptionArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:nobody-made-this:00000000-0000-4000-8000-000000000000",
    "PlatformApplicationArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:app/GCM/nobody-made-this",
    "EndpointArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:endpoint/GCM/nobody-made-this/00000000",
    "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/nobody-made-this",
    "PolicySourceArn": f"arn:aws:iam::{ACCOUNT}:user/nobody",
    "arn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials",
    "Arn": f"arn:aws:iam::{ACCOUNT}:user/nobody",
    "SAMLProviderArn": f"arn:aws:iam::{ACCOUNT}:saml-provider/nobody-made-this",
    "OpenIDConnectProviderArn": f"arn:aws:iam::{ACCOUNT}:oidc-provider/nobody.example.com",
    "SerialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/nobody-made-this",
    "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/nobody-made-this",
    "TargetPrincipal": "111111111111",
    "ReplicaRegion": "eu-west-1",
    "PrimaryRegion": "eu-west-1",
}

#: Members that the models do not require and the services do: a queue (which the path may also name), a policy's ARN.
NEEDED = ("QueueUrl", "arn")

_CANDIDATES = (
    "a", "1", "123456", ACCOUNT, "AKIAIOSFODNN7EXAMPLE", f"arn:aws:iam::{ACCOUNT}:role/nobody-made-this",
    f"arn:aws:sqs:us-east-1:{ACCOUNT}:nobody-made-this", "arn:aws:s3:::nobody-made-this",
    f"arn:aws:s3:us-east-1:{ACCOUNT}:accesspoint/nobody-made-this", "arn:aws:sso:::instance/nobody-made-this",
    "someone@example.com", "o-abcdefghij/r-abcd/ou-abcd-abcdefgh/", "r-abcd", "ou-abcd-abcdefgh", "p-abcdefgh",
    "h-abcdefgh", "car-abcdefgh", "rt-abcdefgh", "o-abcdefghij", "L-F55AF5E4", "iam", "example.com",
    "iam.amazonaws.com", "/", "v1", "{}", "eu-west-1",
    "2026-01-01", "123456789", "a" * 20, "a" * 32, "a" * 40, "00000000-0000-4000-8000-000000000000",
    "oi-0123456789ab", "mw-0123456789abcdef0", "mi-0123456789abcdef0", "Custom:a", "1.0",
    "2026-01-01T00:00:00Z",
    f"arn:aws:ssm:us-east-1:{ACCOUNT}:opsmetadata/nobody-made-this",
)  # fmt: skip


def minimal(model: ServiceModel, operation: str) -> dict[str, Any]:
    """The smallest valid request of an operation; names in it are nobody's."""
    described = model.operations[operation]
    return dict(_structure(model, described["input"]["shape"])) if "input" in described else {}


def _structure(model: ServiceModel, name: str) -> Iterator[tuple[str, Any]]:
    shape = model.shapes[name]
    needed = (*shape.get("required", ()), *(member for member in NEEDED if member in shape["members"]))
    for member in dict.fromkeys(needed):
        yield member, _value(model, shape["members"][member]["shape"], member)


def _value(model: ServiceModel, name: str, member: str) -> Any:
    shape = model.shapes[name]
    kind = shape["type"]
    least = int(shape.get("min", 0))
    if kind == "structure":
        return dict(_structure(model, name))
    if kind == "list":
        return [_value(model, shape["member"]["shape"], member)] * max(1, least)
    if kind == "map":
        key = _value(model, shape["key"]["shape"], member)
        return {key: _value(model, shape["value"]["shape"], member)}
    if kind == "string":
        return _string(shape, name, member)
    if kind in ("integer", "long", "float", "double"):
        return max(least, 1)
    if kind == "boolean":
        return True
    if kind == "blob":
        return b"a" * max(1, least)
    assert kind == "timestamp", f"{name}: what is a {kind}?"
    return 1_800_000_000.0


def _string(shape: Mapping[str, Any], name: str, member: str) -> str:
    if shape.get("enum"):
        return str(shape["enum"][0])
    if SPOKEN.get(member):
        return SPOKEN[member]
    low, high = int(shape.get("min", 0)), int(shape.get("max", 1 << 20))
    pattern = compiled(shape["pattern"]) if shape.get("pattern") else None
    for candidate in _CANDIDATES:
        text = candidate if len(candidate) >= low else candidate + (_LETTER * (low // 10 + 1))[: low - len(candidate)]
        if len(text) <= high and (pattern is None or pattern.fullmatch(text)):
            return text
    raise AssertionError(f"{name} ({shape}): no candidate fits the pattern; add one")

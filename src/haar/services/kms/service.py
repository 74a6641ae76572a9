"""The service itself: its limits, how requests name keys, its condition keys, and what it says the same way everywhere.

Sources: KMS Developer Guide, resource-limits.html, find-cmk-id-arn.html and conditions-kms.html; API reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from haar.kit import Call, Service, ServiceError
from haar.services.kms import managed
from haar.services.kms.resources import Alias, Family, Key, aliases_by_key, context_of
from haar.services.kms.rules import SPECS, SYMMETRIC

kms: Service[str] = Service(
    "kms",
    also_raises=("ValidationException", "AccessDeniedException", "NotAuthorizedException", "ThrottlingException"),
    page_size=100,
    page_max=1000,
    bad_token="InvalidMarkerException",
)
kms.page_sizes.update(list_aliases=50, list_grants=50, list_retirable_grants=50, list_resource_tags=50)

KEYS = kms.quota("L-C2F1777E", "Customer Master Keys (CMKs)", 100_000, adjustable=True)
ALIASES = kms.quota("L-340F62FB", "Aliases per CMK", 50, adjustable=True)
GRANTS = kms.quota("L-D594A657", "Grants per CMK", 50_000, adjustable=True)
ON_DEMAND = kms.quota("L-0E66C9C0", "On-demand rotations per CMK", 25)

#: Bytes of a key policy (docs: resource-limits.html#key-policy-limit).
POLICY_BYTES_MAX: Final = 32_768
TAGS_MAX: Final = 50

#: Operations that work on a key of another account, given by its ARN; the API reference says so of each.
ACROSS_ACCOUNTS: Final = frozenset(
    (
        "CreateGrant", "Decrypt", "DeriveSharedSecret", "DescribeKey", "Encrypt", "GenerateDataKey",
        "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext", "GenerateMac",
        "GetKeyRotationStatus", "GetPublicKey", "ListGrants", "ReEncrypt", "RetireGrant", "RevokeGrant", "Sign",
        "Verify", "VerifyMac",
    )
)  # fmt: skip
#: Operations that take an alias for a key.
BY_ALIAS: Final = ACROSS_ACCOUNTS - {"CreateGrant", "GetKeyRotationStatus", "ListGrants", "RetireGrant", "RevokeGrant"}

# -- how requests name keys ----------------------------------------------------------------------------------------


def place_of(call: Call, named: str) -> tuple[str, str, str]:
    """The primary key of what a request calls its key: an id, an ARN, an alias or an alias's ARN.

    What names nothing comes back as it is, in the place of the id: `Key.missing` has the words for it.
    Raises AccessDeniedException for a key of another account where the operation stays in its own.
    """
    account, region = call.account, call.region
    if named.startswith("arn:"):
        parts = named.split(":", 5)
        if len(parts) != 6 or parts[2] != "kms" or parts[3] != region or parts[1] != call.partition:
            return account, region, named
        account, name = parts[4], parts[5]
        if account != call.account and call.operation not in ACROSS_ACCOUNTS:
            raise forbidden(call, named)
        if name.startswith("key/"):
            return account, region, name[4:]
    else:
        name = named
    if name.startswith("alias/") and call.operation in BY_ALIAS:
        target = alias_target(call, account, name[6:])
        return account, region, target if target is not None else name
    return account, region, name


def alias_target(call: Call, account: str, name: str) -> str | None:
    """The id of the key behind an alias, given without `alias/`; None when there is none.

    The key that AWS keeps for a service appears when the service first uses it, or somebody first describes it.
    """
    alias = call.tx.get(Alias, account, call.region, name)
    if alias is not None:
        return alias.target
    if name.startswith("aws/") and account == call.account and managed.may_appear(call, name[4:]):
        return managed.create(call, name[4:]).id
    return None


@kms.names("KeyId", Key)
def key_named(call: Call, value: str | None) -> tuple[str, str, str] | None:
    """The key that `KeyId` names."""
    return None if value is None else place_of(call, value)


def find(call: Call, named: str) -> Key | None:
    """The key that a request names, or None."""
    return call.tx.get(Key, *place_of(call, named))


def asked(call: Call, named: str) -> tuple[str, Key | None]:
    """What to authorize on for a named key: its ARN, and itself if it is there."""
    place = place_of(call, named)
    key = call.tx.get(Key, *place)
    return (key.arn if key is not None else Key.arn_for(*place)), key


def load(call: Call, named: str) -> Key:
    """The key that a request names. Raises NotFoundException."""
    place = place_of(call, named)
    key = call.tx.get(Key, *place)
    if key is None:
        raise ServiceError(*Key.missing(*place))
    return key


def siblings(call: Call, key: Key) -> Iterator[Key]:
    """The keys of a multi-Region family, the given one first; of any other key just itself."""
    yield key
    if not key.multi_region:
        return
    family = call.tx.get(Family, key.account, key.id)
    assert family is not None, "a multi-Region key has a family"
    for region in (family.primary, *family.replicas):
        other = call.tx.get(Key, key.account, region, key.id) if region != key.region else None
        if other is not None:
            yield other


def aliases_of(call: Call, key: Key) -> Iterator[Alias]:
    """The aliases of a key."""
    return call.tx.range(aliases_by_key, key.account, key.region, key.id)


# -- what is said everywhere ---------------------------------------------------------------------------------------


def invalid(message: str) -> ServiceError:
    """A ValidationException."""
    return kms.error("ValidationException", message)


def unsupported(message: str) -> ServiceError:
    """An UnsupportedOperationException."""
    return kms.error("UnsupportedOperationException", message)


def forbidden(call: Call, arn: str) -> ServiceError:
    """AccessDeniedException for what no policy could allow: a key of another account, for an operation of one's own."""
    who = call.principal.arn or call.principal.name
    return kms.error(
        "AccessDeniedException",
        f"User: {who} is not authorized to perform: kms:{call.operation} on resource: {arn} because the resource does "
        "not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly "
        "denies access",
    )


_STATES: Final = {
    "PendingDeletion": "pending deletion",
    "PendingReplicaDeletion": "pending replica deletion",
    "PendingImport": "pending import",
    "Creating": "creating",
    "Updating": "updating",
}


def in_state(call: Call, key: Key, *refused: str) -> None:
    """Refuse a key that is in one of the named states: DisabledException or KMSInvalidStateException."""
    state = key.state(call.now)
    if state not in refused:
        return
    if state == "Disabled":
        raise kms.error("DisabledException", f"{key.arn} is disabled.")
    raise kms.error("KMSInvalidStateException", f"{key.arn} is {_STATES[state]}.")


def usable(call: Call, key: Key, usage: str) -> None:
    """Refuse a key that cannot be used now, or never for this. Raises also InvalidKeyUsageException."""
    if key.usage != usage:
        raise kms.error(
            "InvalidKeyUsageException", f"{key.arn} key usage is {key.usage} which is not valid for {call.operation}."
        )
    if key.state(call.now) != "Enabled":
        in_state(
            call, key, "Disabled", "PendingDeletion", "PendingReplicaDeletion", "PendingImport", "Creating"
        )  # while it is updating, a key works


def fits(key: Key, algorithm: str) -> None:
    """Refuse an algorithm that a key does not know. Raises InvalidKeyUsageException."""
    if algorithm not in SPECS[key.spec].usages[key.usage]:
        raise kms.error("InvalidKeyUsageException", f"Algorithm {algorithm} is incompatible with key spec {key.spec}.")


def rehearsed(request: Mapping[str, Any]) -> None:
    """End a dry run, once all is known to be well. Raises DryRunOperationException."""
    if request.get("DryRun"):
        raise kms.error("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")


# -- condition keys ------------------------------------------------------------------------------------------------
# Docs: KMS Developer Guide, conditions-kms.html. `target` is the key, where the operation has one.


def _key_in(target: Any) -> Key | None:
    """The key that is acted on, also where it is looked at for one decision only."""
    return target if isinstance(target, Key) else getattr(target, "key", None)


def _of_key(member: str, attribute: str, default: str = "") -> Any:
    """A value of the key, or of the request that is to make one."""

    def value(call: Call, request: Mapping[str, Any], target: Any) -> Any:
        key = _key_in(target)
        if key is not None:
            return getattr(key, attribute)
        return (request.get(member) or default or None) if call.operation == "CreateKey" else None

    return value


def _of_request(*members: str) -> Any:
    """A member of the request, or the first of several."""

    def value(call: Call, request: Mapping[str, Any], target: Any) -> Any:
        return next((request[member] for member in members if request.get(member) is not None), None)

    return value


for _name, _rule in {
    "KeySpec": _of_key("KeySpec", "spec", SYMMETRIC),
    "CustomerMasterKeySpec": _of_key("KeySpec", "spec", SYMMETRIC),
    "KeyUsage": _of_key("KeyUsage", "usage", "ENCRYPT_DECRYPT"),
    "CustomerMasterKeyUsage": _of_key("KeyUsage", "usage", "ENCRYPT_DECRYPT"),
    "KeyOrigin": _of_key("Origin", "origin", "AWS_KMS"),
    "BypassPolicyLockoutSafetyCheck": _of_request("BypassPolicyLockoutSafetyCheck"),
    "DataKeyPairSpec": _of_request("KeyPairSpec"),
    "EncryptionAlgorithm": _of_request(
        "EncryptionAlgorithm", "SourceEncryptionAlgorithm", "DestinationEncryptionAlgorithm"
    ),
    "ExpirationModel": _of_request("ExpirationModel"),
    "GranteePrincipal": _of_request("GranteePrincipal", "GranteeServicePrincipal"),
    "GrantOperations": _of_request("Operations"),
    "KeyAgreementAlgorithm": _of_request("KeyAgreementAlgorithm"),
    "MacAlgorithm": _of_request("MacAlgorithm"),
    "MessageType": _of_request("MessageType"),
    "PrimaryRegion": _of_request("PrimaryRegion"),
    "ReplicaRegion": _of_request("ReplicaRegion"),
    "RetiringPrincipal": _of_request("RetiringPrincipal", "RetiringServicePrincipal"),
    "RotationPeriodInDays": _of_request("RotationPeriodInDays"),
    "ScheduleKeyDeletionPendingWindowInDays": _of_request("PendingWindowInDays"),
    "SigningAlgorithm": _of_request("SigningAlgorithm"),
    "ValidTo": _of_request("ValidTo"),
    "WrappingAlgorithm": _of_request("WrappingAlgorithm"),
    "WrappingKeySpec": _of_request("WrappingKeySpec"),
}.items():
    kms.condition(f"kms:{_name}")(_rule)


@kms.condition("kms:CallerAccount")
def _caller_account(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    return call.principal.account or None


@kms.condition("kms:ViaService")
def _via_service(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    return via_service(call)


def via_service(call: Call) -> str | None:
    """The service that uses the key for somebody, as `kms:ViaService` names it: `s3.us-east-1.amazonaws.com`."""
    host = call.origin.invoked_by
    if not host:
        return None
    name, _, domain = host.partition(".")
    return f"{name}.{call.region}.{domain}"


@kms.condition("kms:GrantIsForAWSResource")
def _grant_is_for_aws_resource(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    return bool(call.origin.invoked_by) if call.operation in ("CreateGrant", "ListGrants", "RevokeGrant") else None


@kms.condition("kms:GrantConstraintType")
def _grant_constraint_type(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    given = request.get("Constraints") or {}
    return next((name for name in ("EncryptionContextEquals", "EncryptionContextSubset") if given.get(name)), None)


@kms.condition("kms:EncryptionContext:")
def _encryption_context(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    return context_of(request)


@kms.condition("kms:EncryptionContextKeys")
def _encryption_context_keys(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    return tuple(context_of(request)) or None


@kms.condition("kms:MultiRegion")
def _multi_region(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    key = _key_in(target)
    if key is not None:
        return key.multi_region
    return bool(request.get("MultiRegion")) if call.operation == "CreateKey" else None


@kms.condition("kms:MultiRegionKeyType")
def _multi_region_key_type(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    key = _key_in(target)
    if key is None or not key.multi_region:
        return None
    return "PRIMARY" if key.is_primary else "REPLICA"


@kms.condition("kms:ReEncryptOnSameKey")
def _re_encrypt_on_same_key(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    named = request.get("DestinationKeyId") if call.operation == "ReEncrypt" else None
    key = _key_in(target)
    if named is None or key is None:
        return None
    return (key.account, key.region, key.id) == place_of(call, named)


@kms.condition("kms:RequestAlias")
def _request_alias(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    named = request.get("KeyId") or ""
    return named[named.index("alias/") :] if named.startswith("alias/") or ":alias/" in named else None


@kms.condition("kms:ResourceAliases")
def _resource_aliases(call: Call, request: Mapping[str, Any], target: Any) -> Any:
    key = _key_in(target)
    if key is None:
        return None
    return tuple(alias.word for alias in aliases_of(call, key)) or None

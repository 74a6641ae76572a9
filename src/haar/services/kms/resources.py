"""What KMS remembers: keys, their materials, aliases, grants.

A key is a name with rules; what encrypts is its material. A symmetric key gets a new material at each rotation and
keeps the old ones: a ciphertext says by number which it was made with. Material is stored sealed under the cloud's
root key, and opened into a small cache in the process (`materials.py`).

A key's state is not stored but follows from facts::

    deletion_days, no deletion_at  PendingReplicaDeletion   a primary that waits for its replicas to be gone
    deletion_at                    PendingDeletion
    ready_at > now                 Creating                 a replica in its first seconds
    no material                    PendingImport            also while one of several imported materials is missing
    settled_at > now               Updating                 primary and replica changing places
    disabled                       Disabled
    else                           Enabled
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from haar.kit import Index, Record, Resource, Task, key, partition_of
from haar.services.kms.rules import SYMMETRIC, is_key_id, is_same_context

if TYPE_CHECKING:
    from haar.kit import Call

_ALIAS = "alias/"


class Key(
    Resource,
    arn="arn:{partition}:kms:{region}:{account}:key/{id}",
    cloudformation="AWS::KMS::Key",
    signed=True,
    hot=True,
):
    """A KMS key. `material` is the number of the material that encrypts, 0 while there is none."""

    id: str = key()
    policy: str
    spec: str = SYMMETRIC
    usage: str = "ENCRYPT_DECRYPT"
    origin: str = "AWS_KMS"
    description: str = ""
    #: the service that AWS made the key for, such as `s3`; empty for a customer's key
    owner: str = ""
    enabled: bool = True
    material: int = 0
    #: SubjectPublicKeyInfo of an asymmetric key's public half, DER
    public: bytes = b""
    multi_region: bool = False
    is_primary: bool = False
    #: imported materials in use that have expired or were deleted
    lacks: int = 0
    ready_at: float = 0.0
    settled_at: float = 0.0
    deletion_days: int = 0
    deletion_at: float = 0.0
    #: days between automatic rotations; 0 while they are off
    rotation_days: int = 0
    #: when the next automatic rotation is due; in the past for a key that was disabled at that moment
    rotates_at: float = 0.0
    rotations_on_demand: int = 0
    #: whether a grant was ever made on it: most keys have none, and nothing is looked for
    has_grants: bool = False

    #: Nobody gets in whom the key policy does not let in, directly or by leaving it to the account's own policies.
    policy_kind: ClassVar[str] = "key"

    @property
    def name(self) -> str:
        """How lists of resources call it."""
        return self.id

    @property
    def is_symmetric(self) -> bool:
        """Whether it is a symmetric encryption key: the kind that rotates and knows encryption contexts."""
        return self.spec == SYMMETRIC

    def state(self, now: float) -> str:
        """The key state at an instant; see the module docstring."""
        if self.deletion_days:
            return "PendingDeletion" if self.deletion_at else "PendingReplicaDeletion"
        if self.ready_at > now:
            return "Creating"
        if not self.material or self.lacks:
            return "PendingImport"
        if self.settled_at > now:
            return "Updating"
        return "Enabled" if self.enabled else "Disabled"

    def granted(self, call: Call, action: str, request: Mapping[str, Any]) -> Iterable[str]:
        """The principals whom a grant lets do this now; asked by the guard when the key policy does not."""
        return granted(call, self, action, request) if self.has_grants else ()

    @classmethod
    def arn_for(cls, *key: Any, **fields: Any) -> str:
        """The ARN of the key of a primary key; of what a request named in its place when it was no key id."""
        account, region, name = key
        if name.startswith("arn:"):
            return str(name)
        word = name if name.startswith(_ALIAS) else f"key/{name}"
        return f"arn:{partition_of(region)}:kms:{region}:{account}:{word}"

    @classmethod
    def missing(cls, *key: Any) -> tuple[str, str]:
        """NotFoundException in the words for a key, an alias, an ARN of elsewhere, or nonsense."""
        name = key[-1]
        if name.startswith("arn:"):
            parts = name.split(":", 5)
            return "NotFoundException", f"Invalid arn {parts[3] if len(parts) == 6 else name}"
        if name.startswith(_ALIAS):
            return "NotFoundException", f"Alias {cls.arn_for(*key)} is not found."
        if is_key_id(name):
            return "NotFoundException", f"Key '{cls.arn_for(*key)}' does not exist"
        return "NotFoundException", f"Invalid keyId '{name}'"


class Material(Record, hot=True):
    """One key material of a key, sealed; `sealed` is empty while an imported one is gone or not yet there."""

    account: str = key()
    region: str = key()
    key_id: str = key()
    number: int = key()
    #: what the API calls the key material's id: a digest of key and material
    id: str
    sealed: bytes = b""
    created_at: float = 0.0
    #: when it became the one that encrypts; 0 for the first
    rotated_at: float = 0.0
    #: AUTOMATIC or ON_DEMAND; empty for the first
    rotation: str = ""
    #: imported, and waiting for RotateKeyOnDemand
    pending: bool = False
    description: str = ""
    #: when an imported material expires; 0 for never
    valid_to: float = 0.0


class Family(Record):
    """The regions in which a multi-Region key lives."""

    account: str = key()
    id: str = key()
    primary: str
    replicas: tuple[str, ...] = ()


class Alias(
    Resource,
    arn="arn:{partition}:kms:{region}:{account}:alias/{name}",
    missing=("NotFoundException", "Alias {0} is not found."),
    cloudformation="AWS::KMS::Alias",
    hot=True,
):
    """Another name for a key, without its `alias/`."""

    name: str = key()
    target: str
    changed_at: float = 0.0

    @property
    def word(self) -> str:
        """The name as the API writes it."""
        return _ALIAS + self.name


#: The aliases of a key.
aliases_by_key = Index(Alias, "account", "region", "target")


class Grant(Record):
    """What a key lets one principal do."""

    account: str = key()
    region: str = key()
    key_id: str = key()
    id: str = key()
    #: an ARN, or the host name of a service
    grantee: str
    #: who may retire it; None for nobody in particular
    retirer: str | None = None
    issuer: str = ""
    name: str = ""
    operations: tuple[str, ...] = ()
    equals: dict[str, str] | None = None
    subset: dict[str, str] | None = None
    source_arn: str = ""
    created_at: float = 0.0
    grantee_is_service: bool = False
    retirer_is_service: bool = False

    def allows(self, call: Call, operation: str, request: Mapping[str, Any]) -> bool:
        """Whether its operations and constraints let a request pass."""
        if operation not in self.operations:
            return False
        if self.source_arn and operation != "RetireGrant" and _source_of(call) != self.source_arn:
            return False
        if operation in ("DescribeKey", "RetireGrant"):
            return True
        if operation == "CreateGrant":
            return self._passes_on(request.get("Constraints") or {})
        given = context_of(request)
        if self.equals is not None and not is_same_context(self.equals, given, exactly=True):
            return False
        return self.subset is None or is_same_context(self.subset, given, exactly=False)

    def _passes_on(self, constraints: Mapping[str, Any]) -> bool:
        """Whether a grant made by virtue of this one is at least as strict."""
        equals, subset = constraints.get("EncryptionContextEquals"), constraints.get("EncryptionContextSubset")
        if self.equals is not None:
            return equals is not None and is_same_context(self.equals, equals, exactly=True)
        if self.subset is not None:
            narrower = equals if equals is not None else subset
            return narrower is not None and is_same_context(self.subset, narrower, exactly=False)
        return True


grants_by_grantee = Index(Grant, "account", "region", "key_id", "grantee")
grants_by_retirer = Index(Grant, "retirer", "region")


def context_of(request: Mapping[str, Any]) -> Mapping[str, str]:
    """The encryption context of a request; of ReEncrypt, that of its source."""
    found = request.get("EncryptionContext")
    if found is None:
        found = request.get("SourceEncryptionContext")
    return found or {}


def granted(call: Call, target: Key, action: str, request: Mapping[str, Any]) -> list[str]:
    """The grantees among the caller's own names whom some grant on a key allows an action."""
    principal = call.principal
    operation = action.partition(":")[2]
    names = {principal.arn, principal.issuer, principal.name if principal.kind == "service" else ""}
    if principal.account:
        names |= {principal.root_arn, principal.account}
    found = []
    for name in names - {""}:
        for grant in call.tx.range(grants_by_grantee, target.account, target.region, target.id, name):
            if grant.allows(call, operation, request):
                found.append(name)
                break
    return found


def _source_of(call: Call) -> str | None:
    """`aws:SourceArn` of a call made for somebody's resource."""
    context = call.origin.context
    return next((str(value) for name, value in context.items() if name.lower() == "aws:sourcearn"), None)


class Wrapping(Record, expires="until"):
    """The private half of the key pair that somebody wraps key material with, for a day; sealed."""

    account: str = key()
    region: str = key()
    key_id: str = key()
    id: str = key()
    algorithm: str
    sealed: bytes
    until: float


class Delete(Task):
    """Delete a key whose waiting period is over."""

    account: str
    region: str
    id: str
    at: float


class Rotate(Task):
    """Give a key its next material."""

    account: str
    region: str
    id: str
    at: float


class Expire(Task):
    """Forget an imported material."""

    account: str
    region: str
    id: str
    number: int
    at: float

"""What Secrets Manager remembers.

A secret's staging labels say which version is which, so they stand on the secret and each has one version::

    Secret   stages: AWSCURRENT -> version b, AWSPREVIOUS -> version a
    Version  a, b, and older ones without a label
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from haar.kit import Index, Record, Resource, Task, key, on_change, replace

if TYPE_CHECKING:
    from haar.store.transaction import Transaction

__all__ = [
    "CURRENT", "PENDING", "PREVIOUS", "Erase", "Replica", "Sealed", "Secret", "Tally", "Version", "by_age",
    "by_creation",
]  # fmt: skip

CURRENT: Final = "AWSCURRENT"
PREVIOUS: Final = "AWSPREVIOUS"
PENDING: Final = "AWSPENDING"

_ARN: Final = re.compile(r"arn:[^:]+:secretsmanager:([^:]*):([^:]*):secret:(.+)-([A-Za-z0-9]{6})")


class Replica(msgspec.Struct, frozen=True, array_like=True):
    """How a secret stands in another region. `kms_key` as it was named; "" for the key that AWS keeps there."""

    kms_key: str = ""
    status: str = "InSync"
    message: str = ""


class Secret(
    Resource,
    arn="arn:{partition}:secretsmanager:{region}:{account}:secret:{name}-{suffix}",
    missing=("ResourceNotFoundException", "Secrets Manager can't find the specified secret."),
    cloudformation="AWS::SecretsManager::Secret",
    hot=True,
    signed=True,
):
    """A secret. The six characters of its ARN are new for every secret, so that nobody is let in to a namesake."""

    name: str = key()
    # a policy that is written before its secret ends so, too: each mark stands for any character
    suffix: str = "??????"
    description: str = ""
    #: as it was named; "" for the key that AWS keeps for Secrets Manager
    kms_key: str = ""
    #: staging label -> version id
    stages: dict[str, str] = {}
    #: how many versions there are
    versions: int = 0
    changed_at: float = 0.0
    #: the midnight before it was last read; 0 when it never was
    accessed_on: float = 0.0
    #: when it is going to be deleted; 0 when it is not
    deletes_at: float = 0.0
    policy: str = ""
    #: of a secret that has replicas or is one
    primary_region: str = ""
    #: region -> replica
    replicas: dict[str, Replica] = {}

    @property
    def is_replica(self) -> bool:
        """Whether its primary is in another region."""
        return self.primary_region not in ("", self.region)

    @classmethod
    def key_of(cls, arn: str) -> tuple[str, ...] | None:
        """The primary key inside a whole ARN; None when it is not one."""
        found = _ARN.fullmatch(arn)
        return (found[2], found[1], found[3]) if found else None


by_creation = Index(Secret, "account", "region", "created_at")


class Tally(Record):
    """How many secrets an account has in a region, replicas and those to be deleted among them."""

    account: str = key()
    region: str = key()
    secrets: int = 0


@on_change(Secret)
def _tally(tx: Transaction, old: Secret | None, new: Secret | None) -> None:
    one = new or old
    assert one is not None, "a change has a before or an after"
    if (old is None) == (new is None):
        return
    held = tx.get(Tally, one.account, one.region) or Tally(account=one.account, region=one.region)
    tx.put(replace(held, secrets=held.secrets + (1 if old is None else -1)))


class Sealed(msgspec.Struct, frozen=True, array_like=True):
    """A value under a data key, wrapped by the KMS key of an ARN."""

    kms_key: str
    wrapped: bytes
    #: the nonce and what follows from it
    text: bytes
    #: whether the KMS key is the one that AWS keeps
    managed: bool = False


class Version(Record):
    """A value of a secret. `seals` are the same value under several keys, the newest first."""

    account: str = key()
    region: str = key()
    secret: str = key()
    id: str = key()
    created_at: float
    seals: list[Sealed]
    is_binary: bool = False
    accessed_on: float = 0.0


by_age = Index(Version, "account", "region", "secret", "created_at")


class Erase(Task):
    """Delete a secret whose recovery window is over."""

    account: str
    region: str
    name: str
    suffix: str
    at: float

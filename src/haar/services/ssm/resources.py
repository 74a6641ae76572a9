"""What Parameter Store remembers.

A `Parameter` carries its latest version, so reading one is one look. Rows are in the order of their names, so what is
below a path is one range. Every version, the latest too, is kept as a `Version` until a hundred newer ones are there.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import field

from haar.kit import Record, Resource, Task, key, on_change, partition_of


class Policy(msgspec.Struct, frozen=True, array_like=True):
    """A parameter policy: as it was given, and when it is due. Status: Pending or Finished."""

    text: str
    kind: str
    due_at: float
    status: str = "Pending"


class Content(msgspec.Struct, frozen=True, omit_defaults=True):
    """One version of a parameter. The value of a SecureString is what it is encrypted to, in base 64."""

    version: int
    type: str
    value: str
    changed_at: float
    changed_by: str
    tier: str = "Standard"
    key_id: str = ""
    description: str = ""
    pattern: str = ""
    data_type: str = "text"
    policies: list[Policy] = field(default_factory=list)


class Parameter(
    Resource,
    arn="arn:{partition}:ssm:{region}:{account}:parameter/{bare}",
    missing=("ParameterNotFound", ""),
    cloudformation="AWS::SSM::Parameter",
    signed=True,
):
    """A parameter and its latest version. `name` has its leading slash, if it has one; the ARN has not."""

    name: str = key()
    content: Content
    #: label -> the version it is on
    labels: dict[str, int] = field(default_factory=dict)
    #: the resource policy and its id, of a shared parameter
    policy: str = ""
    policy_id: str = ""

    @property
    def bare(self) -> str:
        """The name as it stands in the ARN."""
        return self.name.removeprefix("/")

    @property
    def id(self) -> str:
        """What tag operations call it."""
        return self.name

    @classmethod
    def arn_for(cls, *key: Any, **fields: Any) -> str:
        """The ARN of the parameter of (account, region, name)."""
        account, region, name = key
        return f"arn:{partition_of(region)}:ssm:{region}:{account}:parameter/{name.removeprefix('/')}"

    @classmethod
    def key_of(cls, arn: str) -> tuple[str, ...] | None:
        """The key inside an ARN. A name of one level is taken to have no slash: the ARN does not tell."""
        parts = arn.split(":", 5)
        if len(parts) < 6 or parts[2] != "ssm" or not parts[5].startswith("parameter/"):
            return None
        bare = parts[5][len("parameter/") :]
        return parts[4], parts[3], f"/{bare}" if "/" in bare else bare


class Version(Record):
    """A version of a parameter."""

    account: str = key()
    region: str = key()
    name: str = key()
    number: int = key()
    content: Content


class Held(Record):
    """How many parameters of a tier there are."""

    account: str = key()
    region: str = key()
    tier: str = key()
    count: int


class Shared(Record):
    """A parameter that another account may read: `account` is the reader."""

    account: str = key()
    region: str = key()
    owner: str = key()
    name: str = key()


class Setting(Record):
    """A service setting that was changed."""

    account: str = key()
    region: str = key()
    id: str = key()
    value: str
    changed_at: float
    changed_by: str


class Rate(Record):
    """How often parameters were read or written in one second of virtual time."""

    account: str = key()
    region: str = key()
    what: str = key()
    second: int
    calls: int


class PolicyDue(Task):
    """Do what the policies of a parameter want at an instant."""

    account: str
    region: str
    name: str
    at: float


@on_change(Parameter)
def _count(tx: Any, old: Parameter | None, new: Parameter | None) -> None:
    """Keep the counts per tier."""
    if old is not None and new is not None and old.content.tier == new.content.tier:
        return
    for row, step in ((old, -1), (new, 1)):
        if row is not None:
            place = (row.account, row.region, row.content.tier)
            held = tx.get(Held, *place)
            count = (held.count if held else 0) + step
            tx.put(Held(account=place[0], region=place[1], tier=place[2], count=count))

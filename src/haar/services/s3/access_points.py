"""Access points: other names for a bucket, each with a policy and a Block Public Access of its own.

A request names one by its ARN, by its alias, or by the host `name-account`. It needs the permission of the access point
*and* of the bucket; a bucket policy can leave the decision to its access points with `s3:DataAccessPointAccount`.

Source: Amazon S3 User Guide, access-points.html and access-points-policies.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import msgspec

from haar.kit import Index, Resource, key
from haar.services.s3.public import AccountBlock
from haar.services.s3.resources import Bucket
from haar.services.s3.service import s3

if TYPE_CHECKING:
    from haar.kit import Call

_ARN: Final = re.compile(r"arn:aws[a-z-]*:s3:([a-z0-9-]+):(\d{12}):accesspoint[/:]([a-z0-9-]+)")
_HOST: Final = re.compile(r"([a-z0-9][a-z0-9-]*)-(\d{12})")
ALIAS_END: Final = "-s3alias"


class AccessPoint(
    Resource,
    arn="arn:{partition}:s3:{region}:{account}:accesspoint/{name}",
    missing=("NoSuchAccessPoint", "The specified accesspoint does not exist"),
    cloudformation="AWS::S3::AccessPoint",
):
    """An access point."""

    name: str = key()
    bucket: str
    bucket_account: str
    alias: str
    #: the VPC that it is limited to; "" for one that is reached from everywhere
    vpc: str = ""
    public_access_block: dict[str, bool] = msgspec.field(default_factory=dict)
    policy: str | None = None

    @property
    def shown_arn(self) -> str:
        """The ARN of what a policy names for the objects behind it, up to the key."""
        return f"{self.arn}/object/"


by_alias = Index(AccessPoint, "alias")
by_bucket = Index(AccessPoint, "bucket", "account", "region")


def meant(call: Call, value: str) -> AccessPoint | None:
    """The access point that stands where a bucket's name is expected; None when none is meant."""
    match = _ARN.fullmatch(value)
    if match is not None:
        region, account, name = match.groups()
        return call.tx.get(AccessPoint, account, region, name)
    if value.endswith(ALIAS_END):
        return next(call.tx.range(by_alias, value, limit=1), None)
    match = _HOST.fullmatch(value)
    return call.tx.get(AccessPoint, match[2], call.region, match[1]) if match is not None else None


class Points:
    """What S3 Control asks of S3: the port `access_points`. Rows are read and written in the caller's transaction."""

    kind = AccessPoint

    def bucket(self, call: Call, name: str) -> Bucket | None:
        """A bucket by its name."""
        return call.tx.get(Bucket, name)

    def get(self, call: Call, account: str, name: str) -> AccessPoint | None:
        """An access point of an account, in the call's region."""
        return call.tx.get(AccessPoint, account, call.region, name)

    def of_account(self, call: Call, account: str, bucket: str = "") -> Iterator[AccessPoint]:
        """All access points of an account in the call's region, in the order of their names; of one bucket only."""
        return (row for row in call.tx.range(AccessPoint, account, call.region) if bucket in ("", row.bucket))

    def put(self, call: Call, **fields: Any) -> AccessPoint:
        """Keep a new access point, or a changed one."""
        point = AccessPoint(**fields)
        call.tx.put(point)
        return point

    def block(self, call: Call, account: str) -> dict[str, bool] | None:
        """Block Public Access of an account; None when nothing is set."""
        row = call.tx.get(AccountBlock, account)
        return dict(row.settings) if row is not None else None

    def put_block(self, call: Call, account: str, settings: dict[str, bool] | None) -> None:
        """Set it, or take it away."""
        if settings is None:
            call.tx.delete(AccountBlock, account)
        else:
            call.tx.put(AccountBlock(account=account, settings=settings))

    def check_policy(self, call: Call, text: str, point: AccessPoint) -> bool:
        """Refuse what is no policy of this access point (MalformedPolicy); whether it is public."""
        from haar.services.s3 import public, stated

        stated.check(call, text, (point.arn, point.shown_arn))
        return public.is_public_policy(text)

    def is_public(self, text: str) -> bool:
        """Whether a policy is public."""
        from haar.services.s3 import public

        return public.is_public_policy(text)


s3.provide("access_points", Points())

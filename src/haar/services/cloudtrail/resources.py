"""What the CloudTrail room remembers: trails, how far each has delivered, and the keys that sign digest files.

Instants are virtual seconds since 1970. The events themselves are the audit rows of the kit.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from haar.kit import Index, Record, Resource, key

__all__ = ["Delivery", "LogFile", "Reach", "SigningKey", "Trail", "trails_by_organization"]


class Trail(
    Resource, arn="arn:{partition}:cloudtrail:{region}:{account}:trail/{name}", cloudformation="AWS::CloudTrail::Trail"
):
    """A trail, in its home region. An organization's trail belongs to the management account."""

    name: str = key()
    bucket: str
    prefix: str = ""
    global_events: bool = True
    multi_region: bool = False
    #: since when digest files are wanted; None while they are not
    validated_from: float | None = None
    #: the ARN of the KMS key that encrypts what is delivered; empty for the bucket's own encryption
    kms_key: str = ""
    #: the id of the organization whose accounts it records; None for a trail of one account
    organization: str | None = None
    #: whether CloudTrail's own deliveries are recorded, too
    recursive: bool = True
    #: basic or advanced selectors in the API's shape; both empty: all management events
    basic: list[dict[str, Any]] = field(default_factory=list)
    advanced: list[dict[str, Any]] = field(default_factory=list)
    insights: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def missing(cls, *key: Any) -> tuple[str, str]:
        return "TrailNotFoundException", f"Unknown trail: {cls.arn_for(*key)} for the user: {key[0]}"


class Delivery(Record):
    """What a trail is doing: when it logs, what it delivered last."""

    account: str = key()
    region: str = key()
    name: str = key()
    #: (from, until) of each time it logged and has not delivered everything yet; until is None while it logs
    spans: list[tuple[float, float | None]] = field(default_factory=list)
    started_at: float | None = None
    stopped_at: float | None = None
    delivered_at: float | None = None
    error: str = ""
    digested_at: float | None = None
    digest_error: str = ""
    #: names the timer that is due next; empty when there is none
    turn: str = ""

    @property
    def is_logging(self) -> bool:
        """Whether calls are recorded now."""
        return bool(self.spans) and self.spans[-1][1] is None


class LogFile(Struct, frozen=True, omit_defaults=True):
    """A delivered file that waits for its digest. `hash` is hexadecimal SHA-256 of what is in it, unpacked."""

    bucket: str
    key: str
    hash: str
    newest_at: float
    oldest_at: float


class Reach(Record):
    """How far a trail has come in one account and region: the last event it looked at, and its chain of digests."""

    account: str = key()
    region: str = key()
    name: str = key()
    of_account: str = key()
    of_region: str = key()
    at: float
    event: str = ""
    files: list[LogFile] = field(default_factory=list)
    #: where the next digest begins; None while there is no chain
    digest_from: float | None = None
    #: the last digest of the chain: bucket, key, SHA-256 of its text, signature; empty for none
    last_digest: list[str] = field(default_factory=list)


class SigningKey(Record):
    """A region's pair of keys for digest files. The private half is gone once the next pair has taken over."""

    region: str = key()
    since: float = key()
    until: float
    fingerprint: str
    #: PKCS #1, DER
    public: bytes
    sealed: bytes = b""


trails_by_organization = Index(Trail, "organization")

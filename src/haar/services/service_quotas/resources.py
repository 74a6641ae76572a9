"""What Service Quotas remembers: requests, and the tags of quotas. Values in force are the kit's own rows."""

from __future__ import annotations

from haar.kit import Record, Resource, Task, key


class AppliedQuota(
    Resource,
    arn="arn:{partition}:servicequotas:{region}:{account}:{service}/{code}",
    missing=("NoSuchResourceException", "The specified resource does not exist."),
):
    """A quota of an account in a region, kept only for its tags."""

    service: str = key()
    code: str = key()


class QuotaRequest(Record):
    """A request to raise a quota."""

    account: str = key()
    region: str = key()
    id: str = key()
    service: str
    code: str
    desired: float
    status: str = "PENDING"
    requester: str = ""
    created_at: float
    updated_at: float


class Decide(Task):
    """Approve a request."""

    id: str

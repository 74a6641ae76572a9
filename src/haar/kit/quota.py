"""Quotas: every limit has a name, a code and AWS's default, and is declared where it is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from haar.errors import ServiceError
from haar.record import Record, key

if TYPE_CHECKING:
    from haar.kit.call import Call


class QuotaValue(Record, hot=True):
    """An account's own value of a quota, where it differs from AWS's default."""

    account: str = key()
    region: str = key()
    service: str = key()
    code: str = key()
    value: float


class Quota(msgspec.Struct, frozen=True):
    """A limit as Service Quotas names it."""

    service: str
    code: str
    name: str
    default: float
    unit: str = "None"
    adjustable: bool = False
    is_global: bool = False

    def value(self, call: Call) -> float:
        """The limit in force for the call's account and region."""
        region = "" if self.is_global else call.region
        row = call.tx.get(QuotaValue, call.account, region, self.service, self.code) if self.adjustable else None
        return row.value if row else self.default

    def check(self, call: Call, wanted: float, code: str = "LimitExceeded", message: str = "") -> None:
        """Refuse when `wanted` (the count there would be afterwards) is over the limit in force.

        `{limit}` in the message is replaced by the limit.
        """
        limit = self.value(call)
        if wanted > limit:
            text = message or f"Cannot exceed quota for {self.name}: {{limit}}"
            raise ServiceError(code, text.replace("{limit}", f"{limit:g}"))

"""How many cryptographic operations a second KMS does, where the cloud enforces AWS's rates (`limits="aws"`).

Encrypt, Decrypt, GenerateDataKey, GenerateRandom and the MACs share one quota of an account in a region; ReEncrypt
counts twice, as the two operations that it is. AWS gives its largest regions, us-east-1 among them, 100,000 a second,
and others less; here every region has that.

Source: AWS KMS Developer Guide, requests-per-second.html.
"""

from __future__ import annotations

from typing import Final

from haar.kit import Call, Record, key
from haar.services.kms.service import kms

__all__ = ["SYMMETRIC_RATE", "count"]

SYMMETRIC_RATE: Final = kms.quota(
    "L-6E3AF000", "Cryptographic operations (symmetric) request rate", 100_000, adjustable=True
)
_TOO_MANY: Final = "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls."


class Rate(Record, hot=True):
    """The operations of an account in the second that was last counted."""

    account: str = key()
    region: str = key()
    second: int = 0
    calls: int = 0


def count(call: Call) -> None:
    """Count one operation. Raises ThrottlingException for one too many."""
    if call.ports.config.limits != "aws":
        return
    second = int(call.now)
    found = call.tx.get(Rate, call.account, call.region)
    calls = found.calls + 1 if found is not None and found.second == second else 1
    SYMMETRIC_RATE.check(call, calls, "ThrottlingException", _TOO_MANY)
    call.tx.put(Rate(account=call.account, region=call.region, second=second, calls=calls))

"""How often a second parameters are read and written, where the cloud enforces AWS's rates (`limits="aws"`).

Source: General Reference, ssm.html (service quotas): 40 reads a second, all three operations together; with the higher
throughput switched on, 10,000 of GetParameter, 1,000 of GetParameters, 100 of GetParametersByPath. All else: 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from haar.kit import Call
from haar.services.ssm.resources import Rate, Setting
from haar.services.ssm.service import ssm

__all__ = ["HIGH_THROUGHPUT", "count_call"]

HIGH_THROUGHPUT: Final = "/ssm/parameter-store/high-throughput-enabled"
_READS: Final = 40
_HIGH: Final[Mapping[str, int]] = {"GetParameter": 10_000, "GetParameters": 1_000, "GetParametersByPath": 100}
_OTHERS: Final = 3
_OTHERS_HIGH: Final = 10


def count_call(call: Call) -> None:
    """Count one call. Raises ThrottlingException for one too many."""
    if call.ports.config.limits != "aws":
        return
    setting = call.tx.get(Setting, call.account, call.region, HIGH_THROUGHPUT)
    high = setting is not None and setting.value == "true"
    reads = call.operation in _HIGH
    what = call.operation if high or not reads else "reads"
    most = (_HIGH.get(call.operation, _OTHERS_HIGH)) if high else _READS if reads else _OTHERS
    second = int(call.now)
    rate = call.tx.get(Rate, call.account, call.region, what)
    calls = rate.calls + 1 if rate is not None and rate.second == second else 1
    if calls > most:
        raise ssm.error("ThrottlingException", "Rate exceeded", status=400)
    call.tx.put(Rate(account=call.account, region=call.region, what=what, second=second, calls=calls))

"""How much may be retrieved: data retrieval policies, provisioned capacity, and demand.

Expedited retrievals are accepted, unless demand in the region is high: then only as many as provisioned capacity
guarantees. Haar's demand is never high by itself; `high_demand` makes it so.

Source: S3 Glacier Developer Guide, data-retrieval-policy.html and downloading-an-archive-two-steps.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.kit import Call, Wait, replace
from haar.services.glacier import rules
from haar.services.glacier.resources import Capacity, Demand, Job, RetrievalPolicy, by_lane
from haar.services.glacier.service import HOUR, UNITS, glacier, invalid, lacking, opaque, own

if TYPE_CHECKING:
    from haar.shapes import glacier as api
    from haar.store.transaction import Transaction

STRATEGIES = ("BytesPerHour", "FreeTier", "None")
#: What a unit guarantees: so many expedited retrievals in so many seconds, and so many bytes a second.
RETRIEVALS_PER_UNIT = 3
UNIT_WINDOW_SECONDS = 300.0
UNIT_BYTES_PER_SECOND = 150_000_000
#: The free tier: 10 GB a month (S3 Glacier pricing).
FREE_BYTES_PER_MONTH = 10 * 1024**3
#: A standard retrieval is counted as if its bytes came evenly over so many hours (S3 Glacier FAQs).
RETRIEVAL_HOURS = 4
_STANDARD_SECONDS_MAX = 5 * HOUR
_BYTES_PER_HOUR_MAX = 2**63 - 1


# -- data retrieval policies ---------------------------------------------------------------------------------------


@glacier.operation(resource=own)
def get_data_retrieval_policy(call: Call, request: api.GetDataRetrievalPolicyInput) -> api.GetDataRetrievalPolicyOutput:
    policy = call.tx.get(RetrievalPolicy, call.account, call.region)
    rule: api.DataRetrievalRule = {"Strategy": policy.strategy if policy is not None else "None"}
    if policy is not None and policy.bytes_per_hour is not None:
        rule["BytesPerHour"] = policy.bytes_per_hour
    return {"Policy": {"Rules": [rule]}}


@glacier.operation(resource=own)
def set_data_retrieval_policy(call: Call, request: api.SetDataRetrievalPolicyInput) -> None:
    policy = request.get("Policy")
    if not policy:
        raise lacking("Policy")
    given = policy.get("Rules") or []
    if len(given) != 1:
        raise invalid(f"Invalid data retrieval policy: it must have one rule, and has {len(given)}")
    (rule,) = given
    strategy, rate = rule.get("Strategy"), rule.get("BytesPerHour")
    if not strategy:
        raise lacking("Strategy")
    if strategy not in STRATEGIES:
        raise invalid(f"Invalid data retrieval policy strategy: {strategy}")
    if strategy == "BytesPerHour":
        if rate is None:
            raise lacking("BytesPerHour")
        if not 1 <= rate <= _BYTES_PER_HOUR_MAX:
            raise invalid(f"Invalid BytesPerHour: {rate}")
    elif rate is not None:
        raise invalid(f"BytesPerHour must not be set with the strategy {strategy}")
    call.tx.put(RetrievalPolicy(account=call.account, region=call.region, strategy=strategy, bytes_per_hour=rate))


def check_policy(call: Call, account: str, lane: str, size: int) -> None:
    """Refuse a standard retrieval of so many bytes that the policy in force does not let through.

    Raises PolicyEnforcedException.
    """
    policy = call.tx.get(RetrievalPolicy, account, call.region)
    if policy is None or policy.strategy == "None":
        return
    if policy.strategy == "FreeTier":
        # the free tier is given out by the day
        allowed = FREE_BYTES_PER_MONTH // rules.days_in_month(call.now)
        taken = sum(job.size for job in call.tx.range(by_lane, lane, start=rules.day_start(call.now)))
        fits = taken + size <= allowed
    else:
        assert policy.bytes_per_hour is not None, "a BytesPerHour policy has a rate"
        begun = call.tx.range(by_lane, lane, start=call.now - _STANDARD_SECONDS_MAX)
        running = sum(job.size for job in begun if job.completes_at > call.now)
        fits = running + size <= policy.bytes_per_hour * RETRIEVAL_HOURS
    if not fits:
        message = "InitiateJob request denied by current data retrieval policy."
        raise glacier.error("PolicyEnforcedException", message)


# -- provisioned capacity ------------------------------------------------------------------------------------------


def _units(call: Call, account: str) -> list[Capacity]:
    return [unit for unit in call.tx.range(Capacity, account, call.region) if unit.until > call.now]


@glacier.operation(resource=own)
def list_provisioned_capacity(
    call: Call, request: api.ListProvisionedCapacityInput
) -> api.ListProvisionedCapacityOutput:
    return {
        "ProvisionedCapacityList": [
            {
                "CapacityId": unit.id,
                "StartDate": rules.iso(unit.started_at),
                "ExpirationDate": rules.iso(unit.until),
            }
            for unit in _units(call, call.account)
        ]
    }


@glacier.operation(resource=own)
def purchase_provisioned_capacity(
    call: Call, request: api.PurchaseProvisionedCapacityInput
) -> api.PurchaseProvisionedCapacityOutput:
    held = len(_units(call, call.account))
    message = "The account has reached its limit of {limit} provisioned capacity units."
    UNITS.check(call, held + 1, "LimitExceededException", message)
    unit = Capacity(
        account=call.account,
        region=call.region,
        started_at=call.now,
        id=opaque(call, 24),
        until=rules.month_later(call.now),
    )
    call.tx.put(unit)
    return {"capacityId": unit.id}


def high_demand(tx: Transaction, region: str, until: float) -> None:
    """Let demand for expedited retrievals be high in a region until a virtual instant.

    For tests of programs that must bear an InsufficientCapacityException::

        with cloud.store.transaction() as tx:
            high_demand(tx, "us-east-1", cloud.clock.now() + 600)
    """
    tx.put(Demand(region=region, until=until))


def check_capacity(call: Call, account: str, lane: str) -> None:
    """Refuse an expedited retrieval when demand is high and no capacity is provisioned, or what is has been used.

    Raises InsufficientCapacityException.
    """
    demand = call.tx.get(Demand, call.region)
    if demand is None or demand.until <= call.now:
        return
    guaranteed = RETRIEVALS_PER_UNIT * len(_units(call, account))
    begun = call.tx.count(by_lane, lane, start=call.now - UNIT_WINDOW_SECONDS)
    if begun >= guaranteed:
        raise glacier.error(
            "InsufficientCapacityException",
            "Insufficient capacity to process this expedited request. Try again later, or use another tier.",
            # the model says 400; the reference of the API and its error table say 503
            status=503,
        )


def pace(call: Call, job: Job, size: int) -> None:
    """Where the cloud keeps AWS's rates, let expedited output flow no faster than the provisioned units carry it.

    A read begins when those before it have been sent. Without units nothing is promised and nothing is paced.
    """
    if call.ports.config.limits != "aws" or job.tier != "Expedited":
        return
    units = _units(call, job.account)
    if not units:
        return
    free_at = max(unit.free_at for unit in units)
    if free_at > call.now:
        raise Wait(on=(Capacity, job.account), until=free_at)
    seconds = size / (UNIT_BYTES_PER_SECOND * len(units))
    call.tx.put(replace(units[0], free_at=call.now + seconds))

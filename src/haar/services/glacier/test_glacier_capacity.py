"""How much may be retrieved: data retrieval policies, provisioned capacity, and the rare high demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from haar import Cloud
from haar.services.glacier.operations.capacity import high_demand

GUIDE = "https://docs.aws.amazon.com/amazonglacier/latest/dev/"
POLICIES = GUIDE + "data-retrieval-policy.html"
MIB = 1024 * 1024
INVALID = "InvalidParameterValueException"
ENFORCED = "PolicyEnforcedException"
BUSY = "InsufficientCapacityException"
Refused = Callable[..., tuple[str, str]]
Put = Callable[..., str]
Begin = Callable[..., str]


def strategy(glacier: Any, name: str, rate: int | None = None) -> None:
    rule: dict[str, Any] = {"Strategy": name}
    if rate is not None:
        rule["BytesPerHour"] = rate
    glacier.set_data_retrieval_policy(Policy={"Rules": [rule]})


def surge(cloud: Cloud, seconds: float = 3600) -> None:
    with cloud.store.transaction() as tx:
        high_demand(tx, "us-east-1", cloud.clock.now() + seconds)


# -- data retrieval policies ---------------------------------------------------------------------------------------


@pytest.mark.documented(POLICIES)
def test_without_a_policy_there_is_no_limit(glacier: Any) -> None:
    assert glacier.get_data_retrieval_policy()["Policy"] == {"Rules": [{"Strategy": "None"}]}


@pytest.mark.documented(GUIDE + "api-SetDataRetrievalPolicy.html")
@pytest.mark.parametrize("rule", [{"Strategy": "FreeTier"}, {"Strategy": "BytesPerHour", "BytesPerHour": 10737418240}])
def test_a_policy_is_read_back_in_its_own_region_only(cloud: Cloud, glacier: Any, rule: dict[str, Any]) -> None:
    glacier.set_data_retrieval_policy(Policy={"Rules": [rule]})
    assert glacier.get_data_retrieval_policy()["Policy"] == {"Rules": [rule]}
    elsewhere = cloud.client("glacier", region="eu-west-1")
    assert elsewhere.get_data_retrieval_policy()["Policy"] == {"Rules": [{"Strategy": "None"}]}


@pytest.mark.documented(GUIDE + "api-SetDataRetrievalPolicy.html")
@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ([], INVALID),
        ([{"Strategy": "None"}, {"Strategy": "FreeTier"}], INVALID),
        ([{"Strategy": "Cheap"}], INVALID),
        ([{"Strategy": "FreeTier", "BytesPerHour": 5}], INVALID),
        ([{"Strategy": "BytesPerHour", "BytesPerHour": 0}], INVALID),
        ([{"Strategy": "BytesPerHour"}], "MissingParameterValueException"),
        ([{}], "MissingParameterValueException"),
    ],
)
def test_a_policy_has_one_rule_that_makes_sense(
    glacier: Any, refused: Refused, rules: list[dict[str, Any]], code: str
) -> None:
    assert refused(glacier.set_data_retrieval_policy, Policy={"Rules": rules})[0] == code


@pytest.mark.documented(POLICIES)
def test_a_rate_counts_all_standard_retrievals_in_progress(
    cloud: Cloud, glacier: Any, put: Put, begin: Begin, refused: Refused
) -> None:
    archive = put(b"x" * (2 * MIB))
    strategy(glacier, "BytesPerHour", MIB)
    begin(archive)
    begin(archive)
    told = refused(begin, archive=archive)
    assert told == (ENFORCED, "InitiateJob request denied by current data retrieval policy.")
    begin(archive, Tier="Bulk")
    begin(archive, Tier="Expedited")
    cloud.advance(hours=5)
    begin(archive)


@pytest.mark.documented(POLICIES)
def test_a_range_counts_as_what_it_retrieves(glacier: Any, put: Put, begin: Begin, refused: Refused) -> None:
    archive = put(b"x" * (3 * MIB))
    strategy(glacier, "BytesPerHour", MIB // 4)
    assert refused(begin, archive=archive)[0] == ENFORCED
    begin(archive, RetrievalByteRange=f"0-{MIB - 1}")


@pytest.mark.documented(POLICIES)
def test_a_new_policy_leaves_retrievals_in_progress_alone(
    cloud: Cloud, glacier: Any, vault: str, put: Put, begin: Begin
) -> None:
    job = begin(put(b"x" * MIB))
    strategy(glacier, "BytesPerHour", 1)
    cloud.advance(hours=5)
    assert glacier.describe_job(vaultName=vault, jobId=job)["StatusCode"] == "Succeeded"


@pytest.mark.documented(POLICIES)
def test_the_free_tier_is_given_out_by_the_day(
    cloud: Cloud, glacier: Any, put: Put, begin: Begin, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    from haar.services.glacier.operations import capacity

    # 10 GiB a month would need archives of hundreds of megabytes
    monkeypatch.setattr(capacity, "FREE_BYTES_PER_MONTH", 31 * 2 * MIB)
    archive = put(b"x" * MIB)
    strategy(glacier, "FreeTier")
    begin(archive)
    begin(archive)
    assert refused(begin, archive=archive)[0] == ENFORCED
    begin(archive, Tier="Bulk")
    cloud.advance(days=1)
    begin(archive)


@pytest.mark.documented(POLICIES)
def test_the_strategy_none_lifts_a_limit(glacier: Any, put: Put, begin: Begin, refused: Refused) -> None:
    archive = put(b"x" * MIB)
    strategy(glacier, "BytesPerHour", 1)
    assert refused(begin, archive=archive)[0] == ENFORCED
    strategy(glacier, "None")
    begin(archive)


# -- provisioned capacity ------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "api-PurchaseProvisionedCapacity.html")
def test_a_unit_lasts_a_month(cloud: Cloud, glacier: Any) -> None:
    unit = glacier.purchase_provisioned_capacity()["capacityId"]
    (shown,) = glacier.list_provisioned_capacity()["ProvisionedCapacityList"]
    assert shown["CapacityId"] == unit
    assert shown["StartDate"][:19] < shown["ExpirationDate"][:19]
    assert shown["StartDate"][8:19] == shown["ExpirationDate"][8:19]
    cloud.advance(days=31)
    assert glacier.list_provisioned_capacity()["ProvisionedCapacityList"] == []


@pytest.mark.documented(GUIDE + "api-PurchaseProvisionedCapacity.html")
def test_an_account_has_up_to_two_units(glacier: Any, refused: Refused) -> None:
    glacier.purchase_provisioned_capacity()
    glacier.purchase_provisioned_capacity()
    assert refused(glacier.purchase_provisioned_capacity)[0] == "LimitExceededException"
    assert len(glacier.list_provisioned_capacity()["ProvisionedCapacityList"]) == 2


@pytest.mark.fact("GLA-005")
def test_a_unit_guarantees_three_expedited_retrievals_in_five_minutes(
    cloud: Cloud, glacier: Any, put: Put, begin: Begin, refused: Refused
) -> None:
    archive = put()
    glacier.purchase_provisioned_capacity()
    surge(cloud)
    for _ in range(3):
        begin(archive, Tier="Expedited")
    assert refused(begin, archive=archive, Tier="Expedited")[0] == BUSY
    cloud.advance(seconds=301)
    begin(archive, Tier="Expedited")


@pytest.mark.fact("GLA-007")
def test_without_capacity_expedited_retrievals_are_accepted_unless_demand_is_high(
    cloud: Cloud, glacier: Any, put: Put, begin: Begin, refused: Refused
) -> None:
    archive = put()
    for _ in range(10):
        begin(archive, Tier="Expedited")
    surge(cloud, seconds=600)
    assert refused(begin, archive=archive, Tier="Expedited")[0] == BUSY
    begin(archive, Tier="Standard")
    cloud.advance(seconds=600)
    begin(archive, Tier="Expedited")


@pytest.mark.documented(GUIDE + "api-error-responses.html")
def test_too_little_capacity_is_the_fault_of_the_service(cloud: Cloud, glacier: Any, put: Put, begin: Begin) -> None:
    archive = put()
    surge(cloud)
    with pytest.raises(glacier.exceptions.InsufficientCapacityException) as caught:
        begin(archive, Tier="Expedited")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert caught.value.response["type"] == "Server"


# -- throughput ----------------------------------------------------------------------------------------------------


@pytest.fixture
def paced() -> Iterator[Cloud]:
    """A cloud that keeps AWS's rates, its clock standing still."""
    with Cloud(seed=1, limits="aws") as cloud:
        cloud.scheduler.bend(rate=0)
        yield cloud


def read_four_times(cloud: Cloud, tier: str) -> float:
    """Retrieve 3 MiB, read them four times: the virtual seconds that the last read waited for the others."""
    glacier = cloud.client("glacier")
    glacier.create_vault(vaultName="films")
    archive = glacier.upload_archive(vaultName="films", body=b"x" * (3 * MIB))["archiveId"]
    asked = {"Type": "archive-retrieval", "ArchiveId": archive, "Tier": tier}
    job = glacier.initiate_job(vaultName="films", jobParameters=asked)["jobId"]
    cloud.advance(hours=5)
    before = cloud.clock.now()
    for _ in range(4):
        assert len(glacier.get_job_output(vaultName="films", jobId=job)["body"].read()) == 3 * MIB
    return cloud.clock.now() - before


@pytest.mark.fact("GLA-006")
@pytest.mark.parametrize("units", [1, 2])
def test_a_unit_carries_up_to_150_megabytes_a_second(paced: Cloud, units: int) -> None:
    glacier = paced.client("glacier")
    for _ in range(units):
        glacier.purchase_provisioned_capacity()
    waited = read_four_times(paced, "Expedited")
    assert waited == pytest.approx(3 * 3 * MIB / (150_000_000 * units), abs=0.002)


@pytest.mark.fact("GLA-006")
def test_other_tiers_do_not_wait_for_provisioned_units(paced: Cloud) -> None:
    paced.client("glacier").purchase_provisioned_capacity()
    assert read_four_times(paced, "Standard") == pytest.approx(0, abs=0.001)

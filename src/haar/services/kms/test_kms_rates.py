"""The rate of cryptographic operations: a quota that can be raised, enforced where rates are."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from haar import Cloud

RATE = {"ServiceCode": "kms", "QuotaCode": "L-6E3AF000"}


@pytest.mark.fact("S3ENC-009")
def test_the_request_quota_can_be_raised(cloud: Cloud) -> None:
    quotas = cloud.client("service-quotas")
    assert quotas.get_service_quota(**RATE)["Quota"]["Adjustable"] is True
    asked = quotas.request_service_quota_increase(**RATE, DesiredValue=200_000.0)["RequestedQuota"]
    assert asked["DesiredValue"] == 200_000.0


@pytest.mark.documented("https://docs.aws.amazon.com/kms/latest/developerguide/throttling.html")
def test_one_operation_too_many_in_a_second_is_throttled(monkeypatch: pytest.MonkeyPatch) -> None:
    from haar.kit.quota import Quota

    monkeypatch.setattr(Quota, "value", lambda self, call: 5.0 if self.code == RATE["QuotaCode"] else self.default)
    with Cloud(seed=1, limits="aws") as cloud:
        kms = cloud.client("kms")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        cloud.scheduler.bend(rate=0.0)
        for _ in range(5):
            kms.encrypt(KeyId=key, Plaintext=b"x")
        with pytest.raises(ClientError) as raised:
            kms.encrypt(KeyId=key, Plaintext=b"x")
        assert raised.value.response["Error"]["Code"] == "ThrottlingException"
        cloud.advance(seconds=1)
        assert kms.encrypt(KeyId=key, Plaintext=b"x")["KeyId"]

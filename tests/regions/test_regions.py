"""What belongs to a region, and what to the whole account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from haar import Cloud


@pytest.mark.fact("REG-005")
def test_users_are_the_same_from_every_region_and_queues_are_not(cloud: Cloud) -> None:
    cloud.client("iam", region="us-east-1").create_user(UserName="kim")
    cloud.client("sqs", region="us-east-1").create_queue(QueueName="jobs")
    assert [user["UserName"] for user in cloud.client("iam", region="eu-west-1").list_users()["Users"]] == ["kim"]
    assert "QueueUrls" not in cloud.client("sqs", region="eu-west-1").list_queues()


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html")
def test_a_region_of_china_has_its_own_partition(cloud: Cloud) -> None:
    arn = cloud.client("sts", region="cn-north-1").get_caller_identity()["Arn"]
    assert arn == "arn:aws-cn:iam::000000000000:root"

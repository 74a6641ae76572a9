"""One life of a whole cloud, in which every operation that is written is called and answers."""

from __future__ import annotations

from haar import Cloud
from tests.conformance.life import iam, organizations, sqs, sts

__all__ = ["live"]

QUEUE = "arn:aws:sqs:us-east-1:000000000000:jobs"
QUOTA = {"ServiceCode": "iam", "QuotaCode": "L-F55AF5E4"}


def live(cloud: Cloud) -> None:
    """All of it, in one order."""
    iam.live(cloud)
    sqs.live(cloud)
    organizations.live(cloud)
    sts.live(cloud)
    _quotas(cloud)
    _tags(cloud)
    cloud.client("cloudtrail").lookup_events(MaxResults=50)


def _quotas(cloud: Cloud) -> None:
    quotas = cloud.client("service-quotas")
    quotas.list_services()
    quotas.list_service_quotas(ServiceCode="iam")
    quotas.get_service_quota(**QUOTA)
    quotas.list_aws_default_service_quotas(ServiceCode="iam")
    quotas.get_aws_default_service_quota(**QUOTA)
    asked = quotas.request_service_quota_increase(**QUOTA, DesiredValue=6000)["RequestedQuota"]
    quotas.get_requested_service_quota_change(RequestId=asked["Id"])
    quotas.list_requested_service_quota_change_history()
    quotas.list_requested_service_quota_change_history_by_quota(**QUOTA)
    cloud.advance(minutes=10)
    arn = quotas.get_service_quota(**QUOTA)["Quota"]["QuotaArn"]
    quotas.tag_resource(ResourceARN=arn, Tags=[{"Key": "team", "Value": "blue"}, {"Key": "level", "Value": "1"}])
    quotas.list_tags_for_resource(ResourceARN=arn)
    quotas.untag_resource(ResourceARN=arn, TagKeys=["level"])


def _tags(cloud: Cloud) -> None:
    tagging = cloud.client("resourcegroupstaggingapi")
    tagging.tag_resources(ResourceARNList=[QUEUE], Tags={"level": "1"})
    tagging.get_resources()
    tagging.get_tag_keys()
    tagging.get_tag_values(Key="team")
    tagging.untag_resources(ResourceARNList=[QUEUE], TagKeys=["level"])

"""Quotas, read and raised."""

from __future__ import annotations

from haar import Cloud

__all__ = ["AFTER", "live"]

#: The lives that come first.
AFTER = ("sts",)

QUOTA = {"ServiceCode": "iam", "QuotaCode": "L-F55AF5E4"}


def live(cloud: Cloud) -> None:
    """Ask for more users, and get them."""
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

"""What was done, and trails of one account and of an organization."""

from __future__ import annotations

import json
from typing import Any

from haar import Cloud

__all__ = ["AFTER", "live"]

#: The lives that come first.
AFTER = ("resourcegroupstaggingapi",)

#: The management account of an organization of its own.
FIRM = "666666666666"
PRINCIPAL = "cloudtrail.amazonaws.com"


def live(cloud: Cloud) -> None:
    """Every operation; a trail that does not log is left."""
    api = cloud.client("cloudtrail")
    api.lookup_events(MaxResults=50)
    _bucket(cloud.client("s3"), "trails-of-one", "000000000000")
    tags = [{"Key": "team", "Value": "blue"}]
    trail = api.create_trail(
        Name="everything", S3BucketName="trails-of-one", EnableLogFileValidation=True, TagsList=tags
    )["TrailARN"]  # fmt: skip
    api.start_logging(Name="everything")
    _selectors(api)
    cloud.advance(minutes=70)
    _seen(api, trail)
    api.update_trail(Name="everything", IncludeGlobalServiceEvents=False)
    api.add_tags(ResourceId=trail, TagsList=[{"Key": "level", "Value": "1"}])
    api.list_tags(ResourceIdList=[trail])
    api.remove_tags(ResourceId=trail, TagsList=[{"Key": "level"}])
    api.stop_logging(Name="everything")
    cloud.advance(minutes=15)
    api.create_trail(Name="brief", S3BucketName="trails-of-one")
    api.delete_trail(Name="brief")
    _organization(cloud)


def _bucket(s3: Any, name: str, *folders: str) -> None:
    s3.create_bucket(Bucket=name)
    service = {"Effect": "Allow", "Principal": {"Service": PRINCIPAL}}
    written = [f"arn:aws:s3:::{name}/AWSLogs/{folder}/*" for folder in folders]
    said = [
        {**service, "Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{name}"},
        {**service, "Action": "s3:PutObject", "Resource": written},
    ]
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": said}))


def _selectors(api: Any) -> None:
    objects = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]
    api.put_event_selectors(TrailName="everything", EventSelectors=[{"DataResources": objects}])
    api.get_event_selectors(TrailName="everything")
    api.put_insight_selectors(TrailName="everything", InsightSelectors=[{"InsightType": "ApiErrorRateInsight"}])
    api.get_insight_selectors(TrailName="everything")


def _seen(api: Any, trail: str) -> None:
    api.get_trail(Name=trail)
    api.describe_trails()
    api.list_trails()
    api.get_trail_status(Name=trail)
    api.list_public_keys()


def _organization(cloud: Cloud) -> None:
    organizations = cloud.client("organizations", access_key=FIRM)
    firm = organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]
    organizations.enable_aws_service_access(ServicePrincipal=PRINCIPAL)
    asked = organizations.create_account(AccountName="auditor", Email="auditor@firm.example")["CreateAccountStatus"]
    cloud.advance(minutes=1)
    done = organizations.describe_create_account_status(CreateAccountRequestId=asked["Id"])["CreateAccountStatus"]
    api = cloud.client("cloudtrail", access_key=FIRM)
    api.register_organization_delegated_admin(MemberAccountId=done["AccountId"])
    _bucket(cloud.client("s3", access_key=FIRM), "trails-of-the-firm", FIRM, firm)
    api.create_trail(Name="firm", S3BucketName="trails-of-the-firm", IsOrganizationTrail=True, IsMultiRegionTrail=True)
    api.deregister_organization_delegated_admin(DelegatedAdminAccountId=done["AccountId"])

"""Quotas: what is listed is what is enforced, and raising one has an effect."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from haar import Cloud

API = "https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/"
GUIDE = "https://docs.aws.amazon.com/servicequotas/latest/userguide/"
IAM_QUOTAS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
#: Groups per account: 300, adjustable.
GROUPS = {"ServiceCode": "iam", "QuotaCode": "L-F4A5425F"}
#: Access keys per user: 2, fixed.
KEYS = {"ServiceCode": "iam", "QuotaCode": "L-8758042E"}
#: Managed policies per user: 10, adjustable.
ATTACHED = {"ServiceCode": "iam", "QuotaCode": "L-4019AD8B"}


def refused(call: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**request)
    return str(caught.value.response["Error"]["Code"])


@pytest.mark.documented(API + "API_ListServices.html")
def test_services_with_quotas_are_listed(cloud: Cloud) -> None:
    services = cloud.client("service-quotas").list_services()["Services"]
    assert {"ServiceCode": "iam", "ServiceName": "AWS Identity and Access Management"} in services


@pytest.mark.documented(API + "API_ListServiceQuotas.html")
def test_the_quotas_of_a_service_are_listed_in_pages(cloud: Cloud) -> None:
    paginator = cloud.client("service-quotas").get_paginator("list_service_quotas")
    pages = [page["Quotas"] for page in paginator.paginate(ServiceCode="iam", PaginationConfig={"PageSize": 4})]
    codes = [quota["QuotaCode"] for page in pages for quota in page]
    assert len(pages) > 1
    assert GROUPS["QuotaCode"] in codes
    assert codes == sorted(set(codes))


@pytest.mark.documented(API + "API_ListServiceQuotas.html")
def test_one_quota_of_a_list_can_be_asked_for(cloud: Cloud) -> None:
    listed = cloud.client("service-quotas").list_service_quotas(**GROUPS)["Quotas"]
    assert [quota["QuotaName"] for quota in listed] == ["Groups per account"]


@pytest.mark.documented(API + "API_ListServiceQuotas.html")
def test_there_are_no_quotas_of_single_resources(cloud: Cloud) -> None:
    quotas = cloud.client("service-quotas")
    assert quotas.list_service_quotas(ServiceCode="iam", QuotaAppliedAtLevel="RESOURCE")["Quotas"] == []


@pytest.mark.documented(API + "API_GetServiceQuota.html")
def test_a_quota_says_what_it_is(cloud: Cloud) -> None:
    quota = cloud.client("service-quotas").get_service_quota(**GROUPS)["Quota"]
    assert (quota["QuotaName"], quota["Value"], quota["Unit"]) == ("Groups per account", 300, "None")
    assert (quota["Adjustable"], quota["GlobalQuota"]) == (True, True)
    assert quota["QuotaArn"] == "arn:aws:servicequotas:us-east-1:000000000000:iam/L-F4A5425F"


@pytest.mark.documented(API + "API_GetAWSDefaultServiceQuota.html")
def test_a_default_belongs_to_no_account(cloud: Cloud) -> None:
    quota = cloud.client("service-quotas").get_aws_default_service_quota(**GROUPS)["Quota"]
    assert (quota["Value"], quota["QuotaArn"]) == (300, "arn:aws:servicequotas:us-east-1::iam/L-F4A5425F")


@pytest.mark.documented(API + "API_ListAWSDefaultServiceQuotas.html")
def test_defaults_are_listed(cloud: Cloud) -> None:
    listed = cloud.client("service-quotas").list_aws_default_service_quotas(ServiceCode="iam")["Quotas"]
    assert {quota["QuotaCode"]: quota["Value"] for quota in listed}["L-8758042E"] == 2


@pytest.mark.documented(IAM_QUOTAS)
def test_quotas_of_global_services_are_in_us_east_1(cloud: Cloud) -> None:
    assert refused(cloud.client("service-quotas", region="eu-west-1").get_service_quota, **GROUPS) == (
        "NoSuchResourceException"
    )


@pytest.mark.documented(API + "API_GetServiceQuota.html")
@pytest.mark.parametrize("wanted", [{"ServiceCode": "nothing"}, {"QuotaCode": "L-00000000"}])
def test_what_is_not_there_is_no_such_resource(cloud: Cloud, wanted: dict[str, str]) -> None:
    assert refused(cloud.client("service-quotas").get_service_quota, **{**GROUPS, **wanted}) == (
        "NoSuchResourceException"
    )


@pytest.mark.documented(API + "API_RequestServiceQuotaIncrease.html")
def test_an_increase_is_pending_and_then_holds(cloud: Cloud) -> None:
    quotas, iam = cloud.client("service-quotas"), cloud.client("iam")
    statement = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.create_user(UserName="alice")
    arns = [iam.create_policy(PolicyName=f"p{n}", PolicyDocument=document)["Policy"]["Arn"] for n in range(11)]
    for arn in arns[:10]:
        iam.attach_user_policy(UserName="alice", PolicyArn=arn)
    made = quotas.request_service_quota_increase(**ATTACHED, DesiredValue=11)["RequestedQuota"]
    assert made["Status"] == "PENDING"
    assert refused(iam.attach_user_policy, UserName="alice", PolicyArn=arns[10]) == "LimitExceeded"
    cloud.advance(minutes=10)
    change = quotas.get_requested_service_quota_change(RequestId=made["Id"])["RequestedQuota"]
    assert (change["Status"], change["DesiredValue"]) == ("APPROVED", 11)
    assert quotas.get_service_quota(**ATTACHED)["Quota"]["Value"] == 11
    assert quotas.get_aws_default_service_quota(**ATTACHED)["Quota"]["Value"] == 10
    iam.attach_user_policy(UserName="alice", PolicyArn=arns[10])


@pytest.mark.documented(API + "API_RequestServiceQuotaIncrease.html")
def test_an_increase_holds_for_its_account_alone(cloud: Cloud) -> None:
    cloud.client("service-quotas").request_service_quota_increase(**GROUPS, DesiredValue=400)
    cloud.advance(minutes=10)
    other = cloud.client("service-quotas", access_key="111122223333")
    assert other.get_service_quota(**GROUPS)["Quota"]["Value"] == 300


@pytest.mark.documented(API + "API_RequestServiceQuotaIncrease.html")
def test_a_fixed_quota_is_not_raised(cloud: Cloud) -> None:
    asked = cloud.client("service-quotas").request_service_quota_increase
    assert refused(asked, **KEYS, DesiredValue=3) == "IllegalArgumentException"


@pytest.mark.documented(API + "API_RequestServiceQuotaIncrease.html")
def test_an_increase_must_be_one(cloud: Cloud) -> None:
    asked = cloud.client("service-quotas").request_service_quota_increase
    assert refused(asked, **GROUPS, DesiredValue=300) == "IllegalArgumentException"


@pytest.mark.documented(API + "API_RequestServiceQuotaIncrease.html")
def test_there_is_one_open_request_for_a_quota(cloud: Cloud) -> None:
    asked = cloud.client("service-quotas").request_service_quota_increase
    asked(**GROUPS, DesiredValue=400)
    assert refused(asked, **GROUPS, DesiredValue=500) == "ResourceAlreadyExistsException"


@pytest.mark.documented(API + "API_ListRequestedServiceQuotaChangeHistory.html")
def test_the_history_of_requests_is_empty_until_there_is_one(cloud: Cloud) -> None:
    quotas = cloud.client("service-quotas")
    assert quotas.list_requested_service_quota_change_history()["RequestedQuotas"] == []
    quotas.request_service_quota_increase(**GROUPS, DesiredValue=400)
    listed = quotas.list_requested_service_quota_change_history(ServiceCode="iam", Status="PENDING")
    assert [one["QuotaCode"] for one in listed["RequestedQuotas"]] == ["L-F4A5425F"]
    assert quotas.list_requested_service_quota_change_history(Status="APPROVED")["RequestedQuotas"] == []


@pytest.mark.documented(API + "API_ListRequestedServiceQuotaChangeHistoryByQuota.html")
def test_the_history_of_one_quota(cloud: Cloud) -> None:
    quotas = cloud.client("service-quotas")
    quotas.request_service_quota_increase(**GROUPS, DesiredValue=400)
    asked = quotas.list_requested_service_quota_change_history_by_quota
    assert [one["DesiredValue"] for one in asked(**GROUPS)["RequestedQuotas"]] == [400]
    assert asked(**ATTACHED)["RequestedQuotas"] == []


@pytest.mark.documented(API + "API_GetRequestedServiceQuotaChange.html")
def test_a_request_nobody_made_is_not_there(cloud: Cloud) -> None:
    asked = cloud.client("service-quotas").get_requested_service_quota_change
    assert refused(asked, RequestId="nothing") == "NoSuchResourceException"


@pytest.mark.documented(GUIDE + "sq-tagging.html")
def test_a_quota_can_be_tagged(cloud: Cloud) -> None:
    quotas = cloud.client("service-quotas")
    arn = quotas.get_service_quota(**GROUPS)["Quota"]["QuotaArn"]
    quotas.tag_resource(ResourceARN=arn, Tags=[{"Key": "team", "Value": "blue"}, {"Key": "cost", "Value": "1"}])
    quotas.untag_resource(ResourceARN=arn, TagKeys=["cost"])
    assert quotas.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "team", "Value": "blue"}]


@pytest.mark.documented(API + "API_TagResource.html")
def test_a_quota_that_is_not_there_cannot_be_tagged(cloud: Cloud) -> None:
    arn = "arn:aws:servicequotas:us-east-1:000000000000:iam/L-00000000"
    tags = [{"Key": "team", "Value": "blue"}]
    assert refused(cloud.client("service-quotas").tag_resource, ResourceARN=arn, Tags=tags) == (
        "NoSuchResourceException"
    )


@pytest.mark.documented(API + "API_RequestServiceQuotaIncrease.html")
def test_raising_a_quota_needs_a_permission(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="alice")
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    keys = {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}
    asked = cloud.client("service-quotas", **keys).request_service_quota_increase
    assert refused(asked, **GROUPS, DesiredValue=400) == "AccessDeniedException"


@pytest.mark.ours
def test_templates_are_refused(cloud: Cloud) -> None:
    assert refused(cloud.client("service-quotas").associate_service_quota_template) == "NotImplemented"

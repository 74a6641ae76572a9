"""What is set on subscriptions, applications, devices and telephones is read back."""

from __future__ import annotations

from typing import Any

import pytest

API = "https://docs.aws.amazon.com/sns/latest/api/"


@pytest.mark.documented(f"{API}API_SetSubscriptionAttributes.html")
def test_a_subscription_takes_another_setting(sns: Any, topic: str) -> None:
    arn = sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+12065550100")["SubscriptionArn"]
    policy = '{"kind": ["first"]}'
    sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue=policy)
    assert sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["FilterPolicy"] == policy


@pytest.mark.documented(f"{API}API_SetPlatformApplicationAttributes.html")
def test_an_application_takes_another_setting(sns: Any, topic: str) -> None:
    made = sns.create_platform_application(Name="game", Platform="GCM", Attributes={"PlatformCredential": "secret"})
    place = {"PlatformApplicationArn": made["PlatformApplicationArn"]}
    sns.set_platform_application_attributes(**place, Attributes={"EventEndpointCreated": topic})
    shown = sns.get_platform_application_attributes(**place)["Attributes"]
    assert shown["EventEndpointCreated"] == topic
    assert "PlatformCredential" not in shown


@pytest.mark.documented(f"{API}API_GetEndpointAttributes.html")
def test_a_device_says_what_is_kept_of_it(sns: Any) -> None:
    made = sns.create_platform_application(Name="game", Platform="GCM", Attributes={"PlatformCredential": "secret"})
    device = sns.create_platform_endpoint(
        PlatformApplicationArn=made["PlatformApplicationArn"], Token="t1", CustomUserData="ann"
    )["EndpointArn"]
    shown = sns.get_endpoint_attributes(EndpointArn=device)["Attributes"]
    assert (shown["Token"], shown["CustomUserData"], shown["Enabled"]) == ("t1", "ann", "true")


@pytest.mark.documented(f"{API}API_DeleteSMSSandboxPhoneNumber.html")
def test_a_telephone_leaves_the_sandbox_list(sns: Any) -> None:
    assert sns.get_sms_sandbox_account_status()["IsInSandbox"] is False
    sns.create_sms_sandbox_phone_number(PhoneNumber="+12065550111")
    sns.delete_sms_sandbox_phone_number(PhoneNumber="+12065550111")
    assert sns.list_sms_sandbox_phone_numbers()["PhoneNumbers"] == []

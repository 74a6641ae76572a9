"""Mobile push, and the preferences and numbers of text messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from haar import Cloud
    from haar.services.sns.resources import Delivered

API = "https://docs.aws.amazon.com/sns/latest/api/"
Refusal = Callable[..., tuple[str, str]]
Outbox = Callable[[], "list[Delivered]"]

pytestmark = pytest.mark.documented(f"{API}API_CreatePlatformApplication.html")


@pytest.fixture
def app(sns: Any) -> str:
    """The ARN of an application."""
    made: str = sns.create_platform_application(
        Name="game", Platform="GCM", Attributes={"PlatformCredential": "secret"}
    )["PlatformApplicationArn"]
    return made


@pytest.fixture
def device(sns: Any, app: str) -> str:
    """The ARN of an endpoint of the application."""
    made: str = sns.create_platform_endpoint(PlatformApplicationArn=app, Token="t1")["EndpointArn"]
    return made


def test_an_application_never_shows_its_credential(sns: Any, app: str) -> None:
    assert app == "arn:aws:sns:us-east-1:000000000000:app/GCM/game"
    shown = sns.get_platform_application_attributes(PlatformApplicationArn=app)["Attributes"]
    assert shown == {"Enabled": "true"}


def test_an_unknown_platform_is_refused(sns: Any, refused: Refusal) -> None:
    given = {"Name": "game", "Platform": "FAX", "Attributes": {"PlatformCredential": "x"}}
    assert refused(sns.create_platform_application, **given)[0] == "InvalidParameter"


@pytest.mark.documented(f"{API}API_CreatePlatformEndpoint.html")
def test_the_same_token_is_the_same_device(sns: Any, app: str, device: str) -> None:
    assert sns.create_platform_endpoint(PlatformApplicationArn=app, Token="t1")["EndpointArn"] == device
    assert len(sns.list_endpoints_by_platform_application(PlatformApplicationArn=app)["Endpoints"]) == 1


@pytest.mark.documented(f"{API}API_CreatePlatformEndpoint.html")
def test_the_same_token_with_other_attributes_is_refused(sns: Any, app: str, device: str, refused: Refusal) -> None:
    given = {"PlatformApplicationArn": app, "Token": "t1", "CustomUserData": "other"}
    assert "already exists with the same Token" in refused(sns.create_platform_endpoint, **given)[1]


@pytest.mark.documented(f"{API}API_Publish.html")
def test_a_message_to_a_device_is_in_the_outbox(sns: Any, device: str, outbox: Outbox) -> None:
    texts = '{"default": "all", "GCM": "for google"}'
    sns.publish(TargetArn=device, Message=texts, MessageStructure="json")
    assert [(one.endpoint, one.body) for one in outbox()] == [(device, "for google")]


@pytest.mark.documented(f"{API}API_Publish.html")
def test_a_disabled_device_gets_nothing(sns: Any, device: str, refused: Refusal) -> None:
    sns.set_endpoint_attributes(EndpointArn=device, Attributes={"Enabled": "false"})
    assert refused(sns.publish, TargetArn=device, Message="hi") == ("EndpointDisabled", "Endpoint is disabled")


@pytest.mark.documented(f"{API}API_Subscribe.html")
def test_a_device_can_subscribe_a_topic(sns: Any, topic: str, device: str, outbox: Outbox) -> None:
    sns.subscribe(TopicArn=topic, Protocol="application", Endpoint=device)
    sns.publish(TopicArn=topic, Message="hi")
    assert [one.body for one in outbox()] == ["hi"]


@pytest.mark.documented(f"{API}API_DeletePlatformApplication.html")
def test_an_application_takes_its_devices_with_it(sns: Any, app: str, device: str, refused: Refusal) -> None:
    sns.delete_platform_application(PlatformApplicationArn=app)
    assert sns.list_platform_applications()["PlatformApplications"] == []
    assert refused(sns.get_endpoint_attributes, EndpointArn=device) == ("NotFound", "Endpoint does not exist")


@pytest.mark.documented(f"{API}API_DeleteEndpoint.html")
def test_deleting_a_device_twice_is_no_error(sns: Any, device: str) -> None:
    sns.delete_endpoint(EndpointArn=device)
    assert sns.delete_endpoint(EndpointArn=device)["ResponseMetadata"]["HTTPStatusCode"] == 200


# -- text messages ----------------------------------------------------------------------------------------------------


@pytest.mark.documented(f"{API}API_SetSMSAttributes.html")
def test_preferences_are_kept(sns: Any) -> None:
    sns.set_sms_attributes(attributes={"DefaultSMSType": "Transactional"})
    assert sns.get_sms_attributes(attributes=["DefaultSMSType"])["attributes"] == {"DefaultSMSType": "Transactional"}


@pytest.mark.documented(f"{API}API_SetSMSAttributes.html")
def test_an_unknown_preference_is_refused(sns: Any, refused: Refusal) -> None:
    assert refused(sns.set_sms_attributes, attributes={"Colour": "red"})[0] == "InvalidParameter"


@pytest.mark.documented(f"{API}API_VerifySMSSandboxPhoneNumber.html")
def test_a_number_is_verified_with_the_password_it_was_sent(sns: Any, outbox: Outbox) -> None:
    sns.create_sms_sandbox_phone_number(PhoneNumber="+12065550100")
    password = outbox()[0].body.rstrip(".").split()[-1]
    sns.verify_sms_sandbox_phone_number(PhoneNumber="+12065550100", OneTimePassword=password)
    assert sns.list_sms_sandbox_phone_numbers()["PhoneNumbers"] == [
        {"PhoneNumber": "+12065550100", "Status": "Verified"}
    ]


@pytest.mark.documented(f"{API}API_VerifySMSSandboxPhoneNumber.html")
def test_a_password_is_good_for_a_quarter_of_an_hour(cloud: Cloud, sns: Any, outbox: Outbox, refused: Refusal) -> None:
    sns.create_sms_sandbox_phone_number(PhoneNumber="+12065550100")
    password = outbox()[0].body.rstrip(".").split()[-1]
    cloud.advance(minutes=16)
    given = {"PhoneNumber": "+12065550100", "OneTimePassword": password}
    assert refused(sns.verify_sms_sandbox_phone_number, **given)[0] == "VerificationException"


@pytest.mark.ours
def test_what_a_telephone_would_have_to_answer_is_refused(sns: Any, refused: Refusal) -> None:
    assert refused(sns.list_phone_numbers_opted_out)[0] == "NotImplemented"

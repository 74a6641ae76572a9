"""What is secret is said once, to whoever asked for it, and stands in no record of what was asked."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from haar.kit.audit import Event

REFERENCE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html"
pytestmark = pytest.mark.documented(REFERENCE)
PASSWORD = "Correct-Horse-1-Battery"
BAD_PASSWORD = "zzzunacceptablezzz"


def recorded(cloud: Cloud) -> str:
    """Every audit row, whole."""
    with cloud.store.transaction(write=False) as tx:
        rows = list(tx.range(Event))
    return msgspec.json.encode(rows, enc_hook=str).decode()


def trail(cloud: Cloud) -> str:
    """All that CloudTrail shows."""
    events = cloud.client("cloudtrail").lookup_events(MaxResults=50)["Events"]
    return json.dumps(events, default=str)


def refused(function: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as caught:
        function(**request)
    return str(caught.value)


def test_the_secret_of_an_access_key_is_not_recorded(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="u")
    secret = iam.create_access_key(UserName="u")["AccessKey"]["SecretAccessKey"]
    assert secret not in recorded(cloud) + trail(cloud)


def test_passwords_are_not_recorded(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="u")
    iam.create_login_profile(UserName="u", Password=PASSWORD)
    iam.update_login_profile(UserName="u", Password=PASSWORD + "2")
    assert PASSWORD not in recorded(cloud) + trail(cloud)


def test_a_password_that_was_refused_is_neither_told_nor_recorded(cloud: Cloud) -> None:
    iam = cloud.client("iam", parameter_validation=False)
    iam.create_user(UserName="u")
    told = refused(iam.create_login_profile, UserName="u", Password=BAD_PASSWORD)
    told += refused(iam.create_login_profile, UserName="nobody", Password=BAD_PASSWORD)
    told += refused(iam.create_login_profile, UserName="u", Password=BAD_PASSWORD * 20)
    told += refused(iam.change_password, OldPassword=BAD_PASSWORD, NewPassword=BAD_PASSWORD)
    assert BAD_PASSWORD not in told + recorded(cloud)


def test_the_secrets_of_sessions_are_not_recorded(cloud: Cloud) -> None:
    sts = cloud.client("sts")
    secrets = [
        sts.get_session_token()["Credentials"]["SecretAccessKey"],
        sts.get_federation_token(Name="someone")["Credentials"]["SecretAccessKey"],
    ]
    kept = recorded(cloud) + trail(cloud)
    assert [secret for secret in secrets if secret in kept] == []


def test_a_session_token_without_its_secret_opens_nothing(cloud: Cloud) -> None:
    # AWS records the token of a new session, and so does Haar: alone it is worth nothing
    given = cloud.client("sts").get_session_token()["Credentials"]
    for secret in ("", "test", given["SessionToken"], given["AccessKeyId"]):
        sts = cloud.client(
            "sts", access_key=given["AccessKeyId"], secret_key=secret or "-", token=given["SessionToken"]
        )
        assert "SignatureDoesNotMatch" in refused(sts.get_caller_identity)


@pytest.mark.parametrize("operation", ["assume_role_with_saml", "assume_role_with_web_identity"])
def test_tokens_of_identity_providers_are_neither_told_nor_recorded(cloud: Cloud, operation: str) -> None:
    secret = "c2VjcmV0LXRva2Vu.c2VjcmV0LXRva2Vu.c2VjcmV0"
    sts = cloud.client("sts", access_key=None)
    role = "arn:aws:iam::000000000000:role/r"
    request: dict[str, dict[str, str]] = {
        "assume_role_with_saml": {"PrincipalArn": "arn:aws:iam::000000000000:saml-provider/p", "SAMLAssertion": secret},
        "assume_role_with_web_identity": {"RoleSessionName": "session", "WebIdentityToken": secret},
    }
    told = refused(getattr(sts, operation), RoleArn=role, **request[operation])
    assert secret not in told + recorded(cloud)


def test_the_seed_of_an_mfa_device_and_service_passwords_are_not_recorded(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    seed = iam.create_virtual_mfa_device(VirtualMFADeviceName="d")["VirtualMFADevice"]["Base32StringSeed"].decode()
    iam.create_user(UserName="u")
    made = iam.create_service_specific_credential(UserName="u", ServiceName="codecommit.amazonaws.com")
    password = made["ServiceSpecificCredential"]["ServicePassword"]
    name = made["ServiceSpecificCredential"]["ServiceSpecificCredentialId"]
    again = iam.reset_service_specific_credential(UserName="u", ServiceSpecificCredentialId=name)
    second = again["ServiceSpecificCredential"]["ServicePassword"]
    kept = recorded(cloud) + trail(cloud)
    assert [secret for secret in (seed, password, second) if secret in kept] == []


def test_private_keys_are_neither_told_nor_recorded(cloud: Cloud) -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nnobodymayreadthis\n-----END RSA PRIVATE KEY-----"
    iam = cloud.client("iam", parameter_validation=False)
    told = refused(iam.upload_server_certificate, ServerCertificateName="c", CertificateBody="x", PrivateKey=key)
    told += refused(iam.create_saml_provider, Name="p", SAMLMetadataDocument="x" * 1000, AddPrivateKey=key)
    assert "nobodymayreadthis" not in told + recorded(cloud)


def test_the_bodies_of_messages_are_not_recorded(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    attributes = {"a": {"DataType": "String", "StringValue": "attribute-of-somebody"}}
    sqs.send_message(QueueUrl=url, MessageBody="word-of-somebody", MessageAttributes=attributes)
    entry = {"Id": "1", "MessageBody": "word-of-somebody", "MessageAttributes": attributes}
    sqs.send_message_batch(QueueUrl=url, Entries=[entry])
    sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])
    assert "of-somebody" not in recorded(cloud) + trail(cloud)

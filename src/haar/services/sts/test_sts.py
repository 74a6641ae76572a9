"""Who am I, sessions of users, and what their credentials may do."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from haar import Cloud

API = "https://docs.aws.amazon.com/STS/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
ACCOUNT = "000000000000"


def policy(*actions: str, effect: str = "Allow", **more: Any) -> str:
    statement = {"Effect": effect, "Action": list(actions), "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def keys_of(cloud: Cloud, name: str, *allowed: str) -> dict[str, str]:
    """The access key of a new user who may do something."""
    iam = cloud.client("iam")
    iam.create_user(UserName=name)
    if allowed:
        iam.put_user_policy(UserName=name, PolicyName="allowed", PolicyDocument=policy(*allowed))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}


def session(reply: dict[str, Any]) -> dict[str, str]:
    """The credentials of a reply, as `cloud.client` takes them."""
    given = reply["Credentials"]
    return {
        "access_key": given["AccessKeyId"], "secret_key": given["SecretAccessKey"], "token": given["SessionToken"],
    }  # fmt: skip


def device_of(cloud: Cloud, name: str) -> tuple[str, str]:
    """Serial number and seed of a user's new MFA device."""
    iam = cloud.client("iam")
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
    seed = made["Base32StringSeed"].decode()
    now = cloud.clock.now()
    iam.enable_mfa_device(
        UserName=name, SerialNumber=made["SerialNumber"],
        AuthenticationCode1=one_time(seed, now - 30), AuthenticationCode2=one_time(seed, now),
    )  # fmt: skip
    cloud.advance(seconds=90)  # a code is good once: the ones just used must be behind us
    return made["SerialNumber"], seed


def one_time(seed: str, at: float) -> str:
    """What an authenticator app with a seed shows at an instant (RFC 6238)."""
    digest = hmac.digest(base64.b32decode(seed), int(at // 30).to_bytes(8, "big"), "sha1")
    place = digest[-1] & 15
    return f"{(int.from_bytes(digest[place : place + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


def refused(call: Any, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


# -- GetCallerIdentity -------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_GetCallerIdentity.html")
def test_the_root_user_is_its_account(cloud: Cloud) -> None:
    said = cloud.client("sts").get_caller_identity()
    assert (said["UserId"], said["Account"], said["Arn"]) == (ACCOUNT, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root")


@pytest.mark.documented(API + "API_GetCallerIdentity.html")
def test_a_user_with_no_permission_at_all_may_ask_who_it_is(cloud: Cloud) -> None:
    said = cloud.client("sts", **keys_of(cloud, "alice")).get_caller_identity()
    assert said["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/alice"
    assert said["UserId"].startswith("AIDA")


@pytest.mark.documented(API + "API_GetCallerIdentity.html")
def test_not_even_an_explicit_denial_forbids_to_ask_who_one_is(cloud: Cloud) -> None:
    keys = keys_of(cloud, "alice")
    denial = policy("sts:GetCallerIdentity", effect="Deny")
    cloud.client("iam").put_user_policy(UserName="alice", PolicyName="no", PolicyDocument=denial)
    assert cloud.client("sts", **keys).get_caller_identity()["Account"] == ACCOUNT


@pytest.mark.documented(API + "API_GetCallerIdentity.html")
def test_who_am_i_needs_a_signature(cloud: Cloud) -> None:
    assert refused(cloud.client("sts", access_key=None).get_caller_identity)[0] == "MissingAuthenticationToken"


@pytest.mark.fact("ARN-002")
def test_the_arn_of_a_user_has_no_region(cloud: Cloud) -> None:
    said = cloud.client("sts", **keys_of(cloud, "alice"), region="eu-west-1").get_caller_identity()
    assert said["Arn"].split(":") == ["arn", "aws", "iam", "", ACCOUNT, "user/alice"]


# -- GetSessionToken ---------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_GetSessionToken.html")
def test_a_session_of_a_user_is_the_user(cloud: Cloud) -> None:
    keys = keys_of(cloud, "alice", "sqs:ListQueues")
    made = cloud.client("sts", **keys).get_session_token()
    assert made["Credentials"]["AccessKeyId"].startswith("ASIA")
    said = cloud.client("sts", **session(made)).get_caller_identity()
    assert said["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/alice"
    assert "QueueUrls" not in cloud.client("sqs", **session(made)).list_queues()


@pytest.mark.documented(API + "API_GetSessionToken.html")
def test_a_users_session_lasts_twelve_hours_unless_said_otherwise(cloud: Cloud) -> None:
    made = cloud.client("sts", **keys_of(cloud, "alice")).get_session_token()
    assert round(made["Credentials"]["Expiration"].timestamp() - cloud.clock.now(), -1) == 43_200


@pytest.mark.documented(API + "API_GetSessionToken.html")
def test_a_session_of_the_root_user_lasts_no_longer_than_an_hour(cloud: Cloud) -> None:
    made = cloud.client("sts").get_session_token(DurationSeconds=43_200)
    assert round(made["Credentials"]["Expiration"].timestamp() - cloud.clock.now(), -1) == 3600


@pytest.mark.documented(API + "API_GetSessionToken.html")
def test_a_session_of_the_root_user_may_do_what_root_may(cloud: Cloud) -> None:
    root = session(cloud.client("sts").get_session_token())
    assert cloud.client("sqs", **root).create_queue(QueueName="q")["QueueUrl"]


@pytest.mark.documented(API + "API_GetSessionToken.html")
def test_a_session_gets_no_session_token(cloud: Cloud) -> None:
    made = session(cloud.client("sts", **keys_of(cloud, "alice", "sts:*")).get_session_token())
    code, message = refused(cloud.client("sts", **made).get_session_token)
    assert (code, message) == ("AccessDenied", "Cannot call GetSessionToken with session credentials")


@pytest.mark.documented(API + "API_GetSessionToken.html")
def test_a_session_without_mfa_cannot_call_iam(cloud: Cloud) -> None:
    made = session(cloud.client("sts", **keys_of(cloud, "alice", "iam:*")).get_session_token())
    assert refused(cloud.client("iam", **made).list_users)[0] == "InvalidClientTokenId"


@pytest.mark.documented(API + "API_GetSessionToken.html")
def test_a_session_with_mfa_can_call_iam(cloud: Cloud) -> None:
    keys = keys_of(cloud, "alice", "iam:*")
    serial, seed = device_of(cloud, "alice")
    code = one_time(seed, cloud.clock.now())
    made = cloud.client("sts", **keys).get_session_token(SerialNumber=serial, TokenCode=code)
    assert cloud.client("iam", **session(made)).list_users()["Users"][0]["UserName"] == "alice"


@pytest.mark.documented(API + "API_GetSessionToken.html")
def test_of_sts_a_session_may_only_assume_roles_and_ask_who_it_is(cloud: Cloud) -> None:
    made = session(cloud.client("sts", **keys_of(cloud, "alice", "sts:*")).get_session_token())
    asked = cloud.client("sts", **made).get_access_key_info
    assert refused(asked, AccessKeyId=made["access_key"])[0] == "AccessDenied"


@pytest.mark.fact("IAMMFA-001")
def test_mfa_can_be_required_for_access(cloud: Cloud) -> None:
    keys = keys_of(cloud, "alice", "sqs:*")
    serial, seed = device_of(cloud, "alice")
    without = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    denial = policy("sqs:*", effect="Deny", Condition=without)
    cloud.client("iam").put_user_policy(UserName="alice", PolicyName="mfa", PolicyDocument=denial)
    assert refused(cloud.client("sqs", **keys).create_queue, QueueName="q")[0] == "AccessDenied"
    sts = cloud.client("sts", **keys)
    assert refused(sts.get_session_token, SerialNumber=serial, TokenCode="000000")[0] == "AccessDenied"
    code = one_time(seed, cloud.clock.now())
    made = session(sts.get_session_token(SerialNumber=serial, TokenCode=code))
    assert cloud.client("sqs", **made).create_queue(QueueName="q")["QueueUrl"]


@pytest.mark.ours
def test_a_one_time_code_is_good_once(cloud: Cloud) -> None:
    keys = keys_of(cloud, "alice")
    serial, seed = device_of(cloud, "alice")
    request = {"SerialNumber": serial, "TokenCode": one_time(seed, cloud.clock.now())}
    sts = cloud.client("sts", **keys)
    sts.get_session_token(**request)
    assert "invalid MFA one time pass code" in refused(sts.get_session_token, **request)[1]


@pytest.mark.documented(API + "API_GetSessionToken.html")
def test_the_device_of_somebody_else_is_no_good(cloud: Cloud) -> None:
    keys_of(cloud, "alice")
    serial, seed = device_of(cloud, "alice")
    bob = cloud.client("sts", **keys_of(cloud, "bob"))
    code, message = refused(bob.get_session_token, SerialNumber=serial, TokenCode=one_time(seed, cloud.clock.now()))
    assert code == "AccessDenied"
    assert "verify your MFA serial number is valid and associated with this user" in message


@pytest.mark.ours
def test_a_serial_number_needs_its_code(cloud: Cloud) -> None:
    sts = cloud.client("sts", **keys_of(cloud, "alice"))
    serial = f"arn:aws:iam::{ACCOUNT}:mfa/alice"
    assert "must provide both" in refused(sts.get_session_token, SerialNumber=serial)[1]


@pytest.mark.documented(GUIDE + "id_credentials_temp_control-access_disable-perms.html")
def test_a_session_of_a_deleted_user_may_do_nothing(cloud: Cloud) -> None:
    keys = keys_of(cloud, "alice", "sqs:*")
    made = session(cloud.client("sts", **keys).get_session_token())
    iam = cloud.client("iam")
    iam.delete_access_key(UserName="alice", AccessKeyId=keys["access_key"])
    iam.delete_user_policy(UserName="alice", PolicyName="allowed")
    iam.delete_user(UserName="alice")
    assert refused(cloud.client("sqs", **made).list_queues)[0] == "AccessDenied"


@pytest.mark.documented(API + "API_GetSessionToken.html")
@pytest.mark.parametrize("wanted", [0, 1000, 4096])
def test_a_token_is_at_least_as_long_as_was_asked(cloud: Cloud, wanted: int) -> None:
    made = cloud.client("sts").get_session_token(MinimumSessionTokenSize=wanted)
    length = len(made["Credentials"]["SessionToken"])
    assert length >= wanted
    assert (made["SessionTokenSize"], made["SessionTokenUtilization"]) == (length, min(100, -(-length * 100 // 4096)))


@pytest.mark.documented(API + "API_GetSessionToken.html")
def test_a_session_shorter_than_fifteen_minutes_is_refused(cloud: Cloud) -> None:
    sts = cloud.client("sts", parameter_validation=False)
    assert refused(sts.get_session_token, DurationSeconds=899)[0] == "ValidationError"


# -- GetFederationToken ------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_GetFederationToken.html")
def test_a_federated_user_has_an_arn_of_its_own(cloud: Cloud) -> None:
    made = cloud.client("sts", **keys_of(cloud, "alice", "sts:GetFederationToken")).get_federation_token(Name="bob")
    arn = f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
    assert made["FederatedUser"] == {"FederatedUserId": f"{ACCOUNT}:bob", "Arn": arn}
    said = cloud.client("sts", **session(made)).get_caller_identity()
    assert (said["UserId"], said["Arn"]) == (f"{ACCOUNT}:bob", arn)


@pytest.mark.documented(API + "API_GetFederationToken.html")
def test_a_federated_user_without_session_policies_may_do_nothing(cloud: Cloud) -> None:
    made = cloud.client("sts", **keys_of(cloud, "alice", "*")).get_federation_token(Name="bob")
    assert refused(cloud.client("sqs", **session(made)).list_queues)[0] == "AccessDenied"


@pytest.mark.documented(API + "API_GetFederationToken.html")
def test_a_federated_user_may_what_both_the_user_and_the_session_policy_allow(cloud: Cloud) -> None:
    sts = cloud.client("sts", **keys_of(cloud, "alice", "sts:*", "sqs:ListQueues"))
    made = session(sts.get_federation_token(Name="bob", Policy=policy("sqs:*")))
    sqs = cloud.client("sqs", **made)
    assert sqs.list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert refused(sqs.create_queue, QueueName="q")[0] == "AccessDenied"


@pytest.mark.documented(API + "API_GetFederationToken.html")
def test_managed_policies_can_be_session_policies(cloud: Cloud) -> None:
    arns = [{"arn": "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"}]
    made = cloud.client("sts").get_federation_token(Name="bob", PolicyArns=arns)
    sqs = cloud.client("sqs", **session(made))
    assert sqs.list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert refused(sqs.create_queue, QueueName="q")[0] == "AccessDenied"


@pytest.mark.documented(API + "API_GetFederationToken.html")
def test_a_federated_user_cannot_call_iam_or_sts(cloud: Cloud) -> None:
    made = session(cloud.client("sts").get_federation_token(Name="bob", Policy=policy("*")))
    assert refused(cloud.client("iam", **made).list_users)[0] == "InvalidClientTokenId"
    code = refused(cloud.client("sts", **made).get_federation_token, Name="carol")
    assert code == ("AccessDenied", "Cannot call GetFederationToken with session credentials")


@pytest.mark.documented(GUIDE + "id_session-tags.html")
def test_tags_for_a_federated_user_need_the_permission_to_tag(cloud: Cloud) -> None:
    keys = keys_of(cloud, "alice", "sts:GetFederationToken")
    request = {"Name": "bob", "Tags": [{"Key": "team", "Value": "blue"}]}
    code, message = refused(cloud.client("sts", **keys).get_federation_token, **request)
    assert code == "AccessDenied"
    assert "sts:TagSession" in message


@pytest.mark.documented(API + "API_GetFederationToken.html")
def test_a_name_with_a_blank_is_refused(cloud: Cloud) -> None:
    sts = cloud.client("sts", parameter_validation=False)
    assert refused(sts.get_federation_token, Name="two words")[0] == "ValidationError"


# -- GetAccessKeyInfo, DecodeAuthorizationMessage ----------------------------------------------------------------


@pytest.mark.documented(API + "API_GetAccessKeyInfo.html")
def test_a_key_tells_its_account(cloud: Cloud) -> None:
    other = cloud.client("iam", access_key="111122223333")
    other.create_user(UserName="carol")
    key = other.create_access_key(UserName="carol")["AccessKey"]["AccessKeyId"]
    assert cloud.client("sts").get_access_key_info(AccessKeyId=key)["Account"] == "111122223333"


@pytest.mark.documented(API + "API_GetAccessKeyInfo.html")
def test_a_temporary_key_tells_its_account(cloud: Cloud) -> None:
    made = cloud.client("sts", access_key="111122223333").get_session_token()["Credentials"]["AccessKeyId"]
    assert cloud.client("sts").get_access_key_info(AccessKeyId=made)["Account"] == "111122223333"


@pytest.mark.ours
def test_a_key_nobody_made_has_no_account(cloud: Cloud) -> None:
    asked = cloud.client("sts").get_access_key_info
    assert refused(asked, AccessKeyId="AKIA0000000000000000")[0] == "ValidationError"


@pytest.mark.documented(API + "API_DecodeAuthorizationMessage.html")
def test_an_encoded_message_says_why_a_call_was_denied(cloud: Cloud) -> None:
    keys = keys_of(cloud, "alice", "sts:DecodeAuthorizationMessage")
    _, message = refused(cloud.client("ec2", **keys).run_instances, ImageId="ami-1", MinCount=1, MaxCount=1)
    encoded = message.partition("Encoded authorization failure message: ")[2]
    decoded = cloud.client("sts", **keys).decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"]
    said = json.loads(decoded)
    assert (said["allowed"], said["explicitDeny"], said["context"]["action"]) == (False, False, "ec2:RunInstances")


@pytest.mark.documented(API + "API_DecodeAuthorizationMessage.html")
def test_a_made_up_message_is_not_decoded(cloud: Cloud) -> None:
    asked = cloud.client("sts").decode_authorization_message
    assert refused(asked, EncodedMessage="made-up")[0] == "InvalidAuthorizationMessageException"


@pytest.mark.documented(API + "API_DecodeAuthorizationMessage.html")
def test_decoding_needs_a_permission(cloud: Cloud) -> None:
    asked = cloud.client("sts", **keys_of(cloud, "alice")).decode_authorization_message
    assert refused(asked, EncodedMessage="x")[0] == "AccessDenied"


# -- expiry ------------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_GetSessionToken.html")
def test_the_expiration_is_a_moment_of_virtual_time(cloud: Cloud) -> None:
    cloud.advance(days=400)
    until = cloud.client("sts").get_session_token(DurationSeconds=900)["Credentials"]["Expiration"]
    assert 890 < until.timestamp() - cloud.clock.now() <= 900
    assert until > datetime.now(UTC)


@pytest.mark.ours
def test_what_is_not_built_says_so(cloud: Cloud) -> None:
    asked = cloud.client("sts").get_delegated_access_token
    assert refused(asked, TradeInToken="token")[0] == "NotImplemented"

"""Virtual MFA devices: seeds, codes of two clocks, who holds which."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

import pytest

from haar import Cloud

API = "https://docs.aws.amazon.com/IAM/latest/APIReference/"
MFA = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_enable_virtual.html"
STEP = 30


def code(seed: bytes, at: float) -> str:
    """What an authenticator app shows: RFC 6238 with SHA-1, steps of 30 seconds, six digits."""
    digest = hmac.digest(base64.b32decode(seed), int(at // STEP).to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 15
    return f"{(int.from_bytes(digest[offset : offset + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


def made(cloud: Cloud, name: str = "phone") -> tuple[Any, str, bytes]:
    """The IAM client, with a new device's serial number and seed."""
    iam = cloud.client("iam")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
    return iam, device["SerialNumber"], device["Base32StringSeed"]


def enabled(cloud: Cloud, user: str = "ann") -> tuple[Any, str, bytes]:
    """The same, for a device in the hands of a new user."""
    iam, serial, seed = made(cloud)
    iam.create_user(UserName=user)
    _enable(cloud, iam, user, serial, seed)
    return iam, serial, seed


def _enable(cloud: Cloud, iam: Any, user: str, serial: str, seed: bytes, off: float = 0.0) -> None:
    now = cloud.clock.now() + off
    iam.enable_mfa_device(
        UserName=user,
        SerialNumber=serial,
        AuthenticationCode1=code(seed, now - STEP),
        AuthenticationCode2=code(seed, now),
    )


@pytest.mark.documented(API + "API_CreateVirtualMFADevice.html")
def test_a_new_device_shows_its_serial_number_seed_and_picture_once(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone", Path="/dev/")["VirtualMFADevice"]
    assert device["SerialNumber"] == "arn:aws:iam::000000000000:mfa/dev/phone"
    assert len(base64.b32decode(device["Base32StringSeed"])) == 40
    assert device["QRCodePNG"].startswith(b"\x89PNG\r\n\x1a\n")
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == [{"SerialNumber": device["SerialNumber"]}]


@pytest.mark.ours
def test_the_audit_trail_does_not_keep_the_seed(cloud: Cloud) -> None:
    from haar.kit.audit import Event

    _, _, seed = made(cloud)
    with cloud.store.transaction() as tx:
        events = list(tx.range(Event, "000000000000"))
    assert events
    assert seed.decode() not in repr(events)


@pytest.mark.documented(API + "API_CreateVirtualMFADevice.html")
def test_two_devices_of_one_name_are_refused(cloud: Cloud) -> None:
    iam, _, _ = made(cloud)
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException, match="at the same path and name already exists"):
        iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")


@pytest.mark.documented(MFA)
def test_two_consecutive_codes_enable_a_device(cloud: Cloud) -> None:
    iam, serial, _ = enabled(cloud)
    (device,) = iam.list_mfa_devices(UserName="ann")["MFADevices"]
    assert (device["UserName"], device["SerialNumber"]) == ("ann", serial)
    assert iam.get_mfa_device(SerialNumber=serial, UserName="ann")["EnableDate"] == device["EnableDate"]


@pytest.mark.documented(API + "API_EnableMFADevice.html")
def test_codes_that_do_not_follow_each_other_enable_nothing(cloud: Cloud) -> None:
    iam, serial, seed = made(cloud)
    iam.create_user(UserName="ann")
    same = code(seed, cloud.clock.now())
    with pytest.raises(iam.exceptions.InvalidAuthenticationCodeException, match="is not valid") as caught:
        iam.enable_mfa_device(UserName="ann", SerialNumber=serial, AuthenticationCode1=same, AuthenticationCode2=same)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert iam.list_mfa_devices(UserName="ann")["MFADevices"] == []


@pytest.mark.ours
def test_an_app_on_real_time_still_works_when_the_virtual_clock_is_ahead(cloud: Cloud) -> None:
    cloud.advance(days=40)
    iam, serial, seed = made(cloud)
    iam.create_user(UserName="ann")
    _enable(cloud, iam, "ann", serial, seed, off=-cloud.clock.offset)
    assert len(iam.list_mfa_devices(UserName="ann")["MFADevices"]) == 1


@pytest.mark.documented(API + "API_EnableMFADevice.html")
def test_a_device_in_use_cannot_be_enabled_for_another_user(cloud: Cloud) -> None:
    iam, serial, seed = enabled(cloud)
    iam.create_user(UserName="bob")
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException):
        _enable(cloud, iam, "bob", serial, seed)


@pytest.mark.ours
def test_a_device_of_another_account_cannot_be_enabled(cloud: Cloud) -> None:
    _, serial, seed = made(cloud)
    other = cloud.client("iam", access_key="111111111111")
    other.create_user(UserName="eve")
    with pytest.raises(other.exceptions.NoSuchEntityException):
        _enable(cloud, other, "eve", serial, seed)


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html")
def test_a_user_has_eight_devices_at_most(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    devices = [made(cloud, f"phone{number}") for number in range(9)]
    for _, serial, seed in devices[:8]:
        _enable(cloud, iam, "ann", serial, seed)
    with pytest.raises(iam.exceptions.LimitExceededException):
        _enable(cloud, iam, "ann", *devices[8][1:])


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_sync.html")
def test_a_device_whose_clock_is_off_can_be_synchronized(cloud: Cloud) -> None:
    iam, serial, seed = enabled(cloud)
    slow = cloud.clock.now() - 300
    iam.resync_mfa_device(
        UserName="ann",
        SerialNumber=serial,
        AuthenticationCode1=code(seed, slow),
        AuthenticationCode2=code(seed, slow + STEP),
    )
    cloud.advance(minutes=1)
    assert _token(cloud, iam, serial, code(seed, cloud.clock.now() - 270))


@pytest.mark.documented(API + "API_ResyncMFADevice.html")
def test_a_device_is_synchronized_by_its_own_user_only(cloud: Cloud) -> None:
    iam, serial, _ = enabled(cloud)
    iam.create_user(UserName="bob")
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.resync_mfa_device(
            UserName="bob", SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="234567"
        )


@pytest.mark.documented(API + "API_DeleteVirtualMFADevice.html")
def test_a_device_in_use_is_deactivated_before_it_is_deleted(cloud: Cloud) -> None:
    iam, serial, _ = enabled(cloud)
    with pytest.raises(iam.exceptions.DeleteConflictException, match="Must deactivate first"):
        iam.delete_virtual_mfa_device(SerialNumber=serial)
    iam.deactivate_mfa_device(UserName="ann", SerialNumber=serial)
    iam.delete_virtual_mfa_device(SerialNumber=serial)
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_mfa_device(SerialNumber=serial)


@pytest.mark.documented(API + "API_DeactivateMFADevice.html")
def test_a_device_of_somebody_else_is_not_deactivated(cloud: Cloud) -> None:
    iam, serial, _ = enabled(cloud)
    iam.create_user(UserName="bob")
    with pytest.raises(iam.exceptions.NoSuchEntityException, match=r"MFA Device invalid for user\."):
        iam.deactivate_mfa_device(UserName="bob", SerialNumber=serial)


@pytest.mark.documented(API + "API_ListVirtualMFADevices.html")
@pytest.mark.parametrize(
    ("status", "names"), [("Assigned", ["phone"]), ("Unassigned", ["key"]), ("Any", ["key", "phone"])]
)
def test_devices_are_listed_by_assignment(cloud: Cloud, status: str, names: list[str]) -> None:
    iam, _, _ = enabled(cloud)
    made(cloud, "key")
    found = iam.list_virtual_mfa_devices(AssignmentStatus=status)["VirtualMFADevices"]
    assert [device["SerialNumber"].rsplit("/", 1)[1] for device in found] == names


@pytest.mark.documented(API + "API_ListVirtualMFADevices.html")
def test_an_assigned_device_names_its_user(cloud: Cloud) -> None:
    iam, _, _ = enabled(cloud)
    (device,) = iam.list_virtual_mfa_devices()["VirtualMFADevices"]
    assert device["User"]["UserName"] == "ann"
    assert "EnableDate" in device


@pytest.mark.documented(API + "API_TagMFADevice.html")
def test_devices_are_tagged(cloud: Cloud) -> None:
    iam, serial, _ = made(cloud)
    iam.tag_mfa_device(SerialNumber=serial, Tags=[{"Key": "team", "Value": "red"}, {"Key": "old", "Value": ""}])
    iam.untag_mfa_device(SerialNumber=serial, TagKeys=["old"])
    assert iam.list_mfa_device_tags(SerialNumber=serial)["Tags"] == [{"Key": "team", "Value": "red"}]


# -- what a code is good for -----------------------------------------------------------------------------------


def _token(cloud: Cloud, iam: Any, serial: str, digits: str) -> Any:
    """Temporary credentials that ann gets with a code of her device."""
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    sts = cloud.client("sts", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])
    return sts.get_session_token(SerialNumber=serial, TokenCode=digits)["Credentials"]


@pytest.mark.documented("https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html")
def test_a_code_is_good_once(cloud: Cloud) -> None:
    iam, serial, seed = enabled(cloud)
    cloud.advance(minutes=2)
    digits = code(seed, cloud.clock.now())
    _token(cloud, iam, serial, digits)
    with pytest.raises(iam.exceptions.ClientError, match="AccessDenied"):
        _token(cloud, iam, serial, digits)


@pytest.mark.ours
def test_a_code_of_the_virtual_clock_does_not_use_up_those_of_the_real_one(cloud: Cloud) -> None:
    iam, serial, seed = enabled(cloud)
    cloud.advance(days=40)
    assert _token(cloud, iam, serial, code(seed, cloud.clock.now()))
    assert _token(cloud, iam, serial, code(seed, cloud.clock.real() + STEP))


@pytest.mark.fact("IAMMFA-001")
def test_a_policy_can_demand_a_code_and_a_wrong_one_gets_nowhere(cloud: Cloud) -> None:
    iam, serial, seed = enabled(cloud)
    iam.put_user_policy(
        UserName="ann",
        PolicyName="with-mfa",
        PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*"},'
        '{"Effect":"Deny","Action":"iam:*","Resource":"*",'
        '"Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}},'
        '{"Effect":"Deny","Action":"iam:*","Resource":"*","Condition":{"Null":{"aws:MultiFactorAuthPresent":"true"}}}]}',
    )
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    pair = {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}
    with pytest.raises(iam.exceptions.ClientError, match="AccessDenied"):
        cloud.client("iam", **pair).list_users()
    cloud.advance(minutes=2)
    with pytest.raises(iam.exceptions.ClientError, match="AccessDenied"):
        cloud.client("sts", **pair).get_session_token(SerialNumber=serial, TokenCode="000000")
    session = cloud.client("sts", **pair).get_session_token(
        SerialNumber=serial, TokenCode=code(seed, cloud.clock.now())
    )["Credentials"]
    inside = cloud.client(
        "iam",
        access_key=session["AccessKeyId"],
        secret_key=session["SecretAccessKey"],
        token=session["SessionToken"],
    )
    assert inside.list_users()["Users"]


# -- users who look after their own devices --------------------------------------------------------------------


@pytest.mark.documented(
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_my-sec-creds-self-manage-mfa-only.html"
)
def test_a_user_may_be_allowed_to_manage_no_device_but_the_own(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    iam.create_user(UserName="bob")
    statements = [
        {
            "Effect": "Allow",
            "Action": "iam:CreateVirtualMFADevice",
            "Resource": "arn:aws:iam::*:mfa/${aws:username}",
        },
        {
            "Effect": "Allow",
            "Action": ["iam:EnableMFADevice", "iam:ListMFADevices"],
            "Resource": "arn:aws:iam::*:user/${aws:username}",
        },
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=document)
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    ann = cloud.client("iam", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])
    with pytest.raises(ann.exceptions.ClientError, match="AccessDenied"):
        ann.create_virtual_mfa_device(VirtualMFADeviceName="bob")
    device = ann.create_virtual_mfa_device(VirtualMFADeviceName="ann")["VirtualMFADevice"]
    with pytest.raises(ann.exceptions.ClientError, match="AccessDenied"):
        _enable(cloud, ann, "bob", device["SerialNumber"], device["Base32StringSeed"])
    _enable(cloud, ann, "ann", device["SerialNumber"], device["Base32StringSeed"])
    assert [one["UserName"] for one in ann.list_mfa_devices()["MFADevices"]] == ["ann"]


@pytest.mark.ours
def test_the_root_user_enables_a_device_of_its_own_under_the_name_root(cloud: Cloud) -> None:
    iam, serial, seed = made(cloud)
    now = cloud.clock.now()
    first, second = code(seed, now - STEP), code(seed, now)
    iam.enable_mfa_device(UserName="root", SerialNumber=serial, AuthenticationCode1=first, AuthenticationCode2=second)
    assert [one["SerialNumber"] for one in iam.list_mfa_devices()["MFADevices"]] == [serial]
    assert iam.get_account_summary()["SummaryMap"]["AccountMFAEnabled"] == 1
    iam.deactivate_mfa_device(UserName="root", SerialNumber=serial)
    assert iam.list_mfa_devices()["MFADevices"] == []

"""AssumeRole: who is let in, with what, for how long, and who one is afterwards."""

from __future__ import annotations

import base64
import hmac
import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from haar.kit import Principal

if TYPE_CHECKING:
    from haar import Cloud

API = "https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"
GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
TAGS = GUIDE + "id_session-tags.html"
SOURCE = GUIDE + "id_credentials_temp_control-access_monitor.html"
KEYS = GUIDE + "reference_policies_iam-condition-keys.html"
ACCOUNT, OTHER = "000000000000", "111122223333"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
EVERYBODY = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


def policy(*actions: str, effect: str = "Allow", resource: str = "*", **more: Any) -> str:
    statement = {"Effect": effect, "Action": list(actions), "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(principal: Any = None, *actions: str, **more: Any) -> str:
    statement = {"Effect": "Allow", "Principal": principal or EVERYBODY, "Action": list(actions or ("sts:AssumeRole",))}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, **more}]})


def alice(cloud: Cloud, *allowed: str) -> dict[str, str]:
    """The access key of a new user alice, who may assume roles unless something else is said."""
    iam = cloud.client("iam")
    iam.create_user(UserName="alice")
    document = policy(*(allowed or ("sts:*",)))
    iam.put_user_policy(UserName="alice", PolicyName="allowed", PolicyDocument=document)
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    return {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}


def role(cloud: Cloud, trusting: str, *allowed: str, name: str = "worker", account: str = "test", **more: Any) -> str:
    """The ARN of a new role."""
    iam = cloud.client("iam", access_key=account)
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusting, **more)["Role"]
    if allowed:
        iam.put_role_policy(RoleName=name, PolicyName="allowed", PolicyDocument=policy(*allowed))
    return str(made["Arn"])


def session(reply: dict[str, Any]) -> dict[str, str]:
    given = reply["Credentials"]
    return {
        "access_key": given["AccessKeyId"], "secret_key": given["SecretAccessKey"], "token": given["SessionToken"],
    }  # fmt: skip


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


# -- who one is --------------------------------------------------------------------------------------------------


@pytest.mark.documented(API)
def test_an_assumed_role_has_the_arn_of_its_session(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    made = sts.assume_role(RoleArn=role(cloud, trust()), RoleSessionName="shift")
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/shift"
    assert made["AssumedRoleUser"]["Arn"] == arn
    said = cloud.client("sts", **session(made)).get_caller_identity()
    assert (said["Arn"], said["Account"]) == (arn, ACCOUNT)
    assert said["UserId"] == made["AssumedRoleUser"]["AssumedRoleId"]
    assert said["UserId"].startswith("AROA")
    assert said["UserId"].endswith(":shift")


@pytest.mark.documented(GUIDE + "reference_identifiers.html")
def test_the_path_of_a_role_is_not_in_the_sessions_arn(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    made = sts.assume_role(RoleArn=role(cloud, trust(), Path="/team/"), RoleSessionName="shift")
    assert made["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/shift"


@pytest.mark.fact("STS-001")
def test_temporary_credentials_expire_by_the_virtual_clock(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    arn = role(cloud, trust(), "sqs:*")
    made = session(sts.assume_role(RoleArn=arn, RoleSessionName="shift", DurationSeconds=900))
    sqs = cloud.client("sqs", **made)
    cloud.advance(seconds=890)
    sqs.list_queues()
    cloud.advance(seconds=11)
    assert refused(sqs.list_queues)[0] == "ExpiredToken"
    assert refused(cloud.client("sts", **made).get_caller_identity)[0] == "ExpiredToken"


@pytest.mark.fact("STS-003")
def test_temporary_credentials_are_not_kept_with_the_user(cloud: Cloud) -> None:
    keys = alice(cloud)
    cloud.client("sts", **keys).assume_role(RoleArn=role(cloud, trust()), RoleSessionName="shift")
    listed = cloud.client("iam").list_access_keys(UserName="alice")["AccessKeyMetadata"]
    assert [key["AccessKeyId"] for key in listed] == [keys["access_key"]]


@pytest.mark.fact("STS-004")
def test_new_credentials_can_be_had_as_long_as_the_caller_is_permitted(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    request = {"RoleArn": role(cloud, trust()), "RoleSessionName": "shift"}
    first = sts.assume_role(**request)["Credentials"]["AccessKeyId"]
    assert sts.assume_role(**request)["Credentials"]["AccessKeyId"] != first
    cloud.client("iam").delete_user_policy(UserName="alice", PolicyName="allowed")
    assert refused(sts.assume_role, **request)[0] == "AccessDenied"


@pytest.mark.fact("STS-005")
def test_temporary_credentials_sign_like_long_term_ones_and_need_their_token(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud, "sts:*", "sqs:*"))
    made = session(sts.assume_role(RoleArn=role(cloud, trust(), "sqs:*"), RoleSessionName="shift"))
    assert cloud.client("sqs", **made).create_queue(QueueName="q")["QueueUrl"]
    del made["token"]
    assert refused(cloud.client("sts", **made).get_caller_identity)[0] == "InvalidClientTokenId"


@pytest.mark.ours
def test_a_token_that_was_changed_is_not_ours(cloud: Cloud) -> None:
    made = session(cloud.client("sts").get_session_token())
    changed = "A" + chr(ord(made["token"][1]) ^ 1) + made["token"][2:]
    stranger = cloud.client("sts", **{**made, "token": changed})
    assert refused(stranger.get_caller_identity)[0] == "InvalidClientTokenId"


# -- who is let in -----------------------------------------------------------------------------------------------


@pytest.mark.documented(API)
def test_root_accounts_assume_no_roles(cloud: Cloud) -> None:
    code, message = refused(cloud.client("sts").assume_role, RoleArn=role(cloud, trust()), RoleSessionName="shift")
    assert (code, message) == ("AccessDenied", "Roles may not be assumed by root accounts.")


@pytest.mark.documented(GUIDE + "troubleshoot_access-denied.html")
def test_a_role_that_trusts_somebody_else_is_not_assumed(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    arn = role(cloud, trust({"Service": "ec2.amazonaws.com"}))
    code, message = refused(sts.assume_role, RoleArn=arn, RoleSessionName="shift")
    assert code == "AccessDenied"
    assert message == (
        f"User: {ALICE} is not authorized to perform: sts:AssumeRole on resource: {arn} "
        "because no role trust policy allows the sts:AssumeRole action"
    )


@pytest.mark.ours
def test_a_role_that_is_not_there_answers_like_one_that_does_not_trust_you(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    there = role(cloud, trust({"Service": "ec2.amazonaws.com"}))
    gone = f"arn:aws:iam::{ACCOUNT}:role/gone"
    first = refused(sts.assume_role, RoleArn=there, RoleSessionName="shift")
    second = refused(sts.assume_role, RoleArn=gone, RoleSessionName="shift")
    assert second == (first[0], first[1].replace(there, gone))


@pytest.mark.documented(GUIDE + "id_roles_manage_modify.html")
def test_the_arn_of_a_role_includes_its_path(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    role(cloud, trust(), Path="/team/")
    bare = f"arn:aws:iam::{ACCOUNT}:role/worker"
    assert refused(sts.assume_role, RoleArn=bare, RoleSessionName="shift")[0] == "AccessDenied"


@pytest.mark.documented(GUIDE + "id_roles_permissions-to-switch.html")
def test_a_role_that_trusts_the_account_needs_the_callers_own_permission(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud, "sqs:*"))
    assert refused(sts.assume_role, RoleArn=role(cloud, trust()), RoleSessionName="shift")[0] == "AccessDenied"


@pytest.mark.documented(GUIDE + "reference_policies_elements_principal.html")
def test_a_role_that_trusts_a_user_of_its_account_by_name_needs_nothing_else(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud, "sqs:*"))
    made = sts.assume_role(RoleArn=role(cloud, trust({"AWS": ALICE})), RoleSessionName="shift")
    assert made["AssumedRoleUser"]["Arn"].endswith("assumed-role/worker/shift")


@pytest.mark.documented(GUIDE + "tutorial_cross-account-with-roles.html")
def test_a_role_of_another_account_needs_both_sides(cloud: Cloud) -> None:
    keys = alice(cloud)
    sts = cloud.client("sts", **keys)
    arn = role(cloud, trust(EVERYBODY), account=OTHER)
    made = sts.assume_role(RoleArn=arn, RoleSessionName="visit")
    assert cloud.client("sts", **session(made)).get_caller_identity()["Account"] == OTHER
    cloud.client("iam").delete_user_policy(UserName="alice", PolicyName="allowed")
    assert refused(sts.assume_role, RoleArn=arn, RoleSessionName="visit")[0] == "AccessDenied"


@pytest.mark.documented(GUIDE + "tutorial_cross-account-with-roles.html")
def test_a_role_of_another_account_that_does_not_trust_ours_is_not_assumed(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    arn = role(cloud, trust({"AWS": OTHER}), account=OTHER)
    assert refused(sts.assume_role, RoleArn=arn, RoleSessionName="visit")[0] == "AccessDenied"


@pytest.mark.documented(GUIDE + "id_roles_common-scenarios_third-party.html")
def test_a_role_can_ask_for_an_external_id(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    arn = role(cloud, trust(Condition={"StringEquals": {"sts:ExternalId": "0815"}}))
    request = {"RoleArn": arn, "RoleSessionName": "shift"}
    assert refused(sts.assume_role, **request)[0] == "AccessDenied"
    assert refused(sts.assume_role, **request, ExternalId="4711")[0] == "AccessDenied"
    assert sts.assume_role(**request, ExternalId="0815")["Credentials"]


@pytest.mark.documented(KEYS)
def test_a_role_can_ask_for_a_session_name(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    arn = role(cloud, trust(Condition={"StringLike": {"sts:RoleSessionName": "${aws:username}"}}))
    assert refused(sts.assume_role, RoleArn=arn, RoleSessionName="mallory")[0] == "AccessDenied"
    assert sts.assume_role(RoleArn=arn, RoleSessionName="alice")["Credentials"]


@pytest.mark.documented(GUIDE + "id_credentials_mfa_configure-api-require.html")
def test_a_role_can_ask_for_mfa(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    iam = cloud.client("iam")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    serial, seed, now = device["SerialNumber"], device["Base32StringSeed"].decode(), cloud.clock.now()
    codes = {"AuthenticationCode1": one_time(seed, now - 30), "AuthenticationCode2": one_time(seed, now)}
    iam.enable_mfa_device(UserName="alice", SerialNumber=serial, **codes)
    cloud.advance(seconds=90)
    arn = role(cloud, trust(Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}))
    request = {"RoleArn": arn, "RoleSessionName": "shift"}
    assert refused(sts.assume_role, **request)[0] == "AccessDenied"
    assert refused(sts.assume_role, **request, SerialNumber=serial, TokenCode="000000")[0] == "AccessDenied"
    code = one_time(seed, cloud.clock.now())
    assert sts.assume_role(**request, SerialNumber=serial, TokenCode=code)["Credentials"]


@pytest.mark.ours
def test_a_role_session_cannot_use_the_device_of_a_user_of_the_same_name(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    chained = cloud.client("sts", **session(sts.assume_role(RoleArn=role(cloud, trust()), RoleSessionName="shift")))
    iam = cloud.client("iam")
    iam.create_user(UserName="worker")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    serial, seed, now = device["SerialNumber"], device["Base32StringSeed"].decode(), cloud.clock.now()
    codes = {"AuthenticationCode1": one_time(seed, now - 30), "AuthenticationCode2": one_time(seed, now)}
    iam.enable_mfa_device(UserName="worker", SerialNumber=serial, **codes)
    cloud.advance(seconds=90)
    request = {"RoleArn": role(cloud, trust(), name="boss"), "RoleSessionName": "shift"}
    code = one_time(seed, cloud.clock.now())
    message = refused(chained.assume_role, **request, SerialNumber=serial, TokenCode=code)[1]
    assert "verify your MFA serial number is valid and associated with this user" in message


@pytest.mark.documented(GUIDE + "id_roles_terms-and-concepts.html")
def test_a_service_assumes_the_role_that_trusts_it(cloud: Cloud) -> None:
    arn = role(cloud, trust({"Service": "lambda.amazonaws.com"}))
    cloud.room("sts")
    service = Principal(kind="service", account="", arn="", name="lambda.amazonaws.com", id="lambda.amazonaws.com")
    with cloud.store.transaction() as tx:
        reply = _inside(cloud, tx).aws("sts", principal=service).assume_role(RoleArn=arn, RoleSessionName="fn")
    assert reply["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/fn"


def _inside(cloud: Cloud, tx: Any) -> Any:
    """A call from inside, as a room would make it."""
    from haar.kit import Call, Origin, root_of

    return Call(
        cloud.ports, tx, root_of(ACCOUNT), service="lambda", operation="Invoke", region="us-east-1", origin=Origin()
    )


@pytest.mark.documented(GUIDE + "id_roles_manage_revoke-sessions.html")
def test_sessions_from_before_a_moment_can_be_revoked(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    request = {"RoleArn": role(cloud, trust(), "sqs:*"), "RoleSessionName": "shift"}
    before = session(sts.assume_role(**request))
    cloud.advance(minutes=1)
    cutoff = {"DateLessThan": {"aws:TokenIssueTime": str(int(cloud.clock.now()) - 5)}}
    document = policy("*", effect="Deny", Condition=cutoff)
    cloud.client("iam").put_role_policy(RoleName="worker", PolicyName="revoke", PolicyDocument=document)
    after = session(sts.assume_role(**request))
    assert refused(cloud.client("sqs", **before).list_queues)[0] == "AccessDenied"
    cloud.client("sqs", **after).list_queues()


# -- how long ----------------------------------------------------------------------------------------------------


@pytest.mark.documented(API)
def test_a_session_lasts_an_hour_unless_said_otherwise(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    made = sts.assume_role(RoleArn=role(cloud, trust(), MaxSessionDuration=7200), RoleSessionName="shift")
    assert round(made["Credentials"]["Expiration"].timestamp() - cloud.clock.now(), -1) == 3600


@pytest.mark.documented(API)
def test_a_session_is_not_longer_than_the_role_allows(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    request = {"RoleArn": role(cloud, trust(), MaxSessionDuration=7200), "RoleSessionName": "shift"}
    assert sts.assume_role(**request, DurationSeconds=7200)["Credentials"]
    code, message = refused(sts.assume_role, **request, DurationSeconds=7201)
    assert code == "ValidationError"
    assert message == "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."


@pytest.mark.documented(API)
def test_a_chained_session_lasts_an_hour_at_most(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    first = session(sts.assume_role(RoleArn=role(cloud, trust(), "sts:*"), RoleSessionName="one"))
    arn = role(cloud, trust(), name="boss", MaxSessionDuration=43_200)
    chained = cloud.client("sts", **first)
    assert chained.assume_role(RoleArn=arn, RoleSessionName="two", DurationSeconds=3600)["Credentials"]
    code, message = refused(chained.assume_role, RoleArn=arn, RoleSessionName="two", DurationSeconds=3601)
    assert code == "ValidationError"
    assert (
        message == "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
    )


# -- session policies --------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "access_policies.html")
def test_a_session_policy_limits_the_role(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    arn = role(cloud, trust(), "sqs:*")
    made = sts.assume_role(RoleArn=arn, RoleSessionName="shift", Policy=policy("sqs:ListQueues", "iam:*"))
    sqs = cloud.client("sqs", **session(made))
    sqs.list_queues()
    assert refused(sqs.create_queue, QueueName="q")[0] == "AccessDenied"
    assert refused(cloud.client("iam", **session(made)).list_users)[0] == "AccessDenied"
    assert 0 < made["PackedPolicySize"] <= 100


@pytest.mark.documented(GUIDE + "access_policies.html")
def test_managed_policies_can_limit_a_session(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    arns = [{"arn": "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"}]
    made = sts.assume_role(RoleArn=role(cloud, trust(), "sqs:*"), RoleSessionName="shift", PolicyArns=arns)
    sqs = cloud.client("sqs", **session(made))
    sqs.list_queues()
    assert refused(sqs.create_queue, QueueName="q")[0] == "AccessDenied"


@pytest.mark.ours
def test_a_session_policy_that_is_not_there_is_refused(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    arns = [{"arn": f"arn:aws:iam::{ACCOUNT}:policy/gone"}]
    request = {"RoleArn": role(cloud, trust()), "RoleSessionName": "shift", "PolicyArns": arns}
    assert refused(sts.assume_role, **request)[0] == "ValidationError"


@pytest.mark.documented(API)
def test_a_session_policy_that_is_no_policy_is_refused(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    request = {"RoleArn": role(cloud, trust()), "RoleSessionName": "shift", "Policy": '{"Statement": 1}'}
    assert refused(sts.assume_role, **request)[0] == "MalformedPolicyDocument"


@pytest.mark.documented(API)
def test_a_session_policy_has_2048_characters_at_most(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    text = policy("sqs:*", Sid="x" * 2048)
    request = {"RoleArn": role(cloud, trust()), "RoleSessionName": "shift", "Policy": text}
    assert refused(sts.assume_role, **request)[0] == "ValidationError"


@pytest.mark.documented(API)
def test_policies_and_tags_that_do_not_fit_together_are_refused(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    arn = role(cloud, trust(EVERYBODY, "sts:AssumeRole", "sts:TagSession"))
    random = cloud.ids.token(50 * 200)
    tags = [{"Key": f"k{n}", "Value": random[n * 200 : n * 200 + 200]} for n in range(50)]
    code, message = refused(sts.assume_role, RoleArn=arn, RoleSessionName="shift", Tags=tags)
    assert code == "PackedPolicyTooLarge"
    assert message.endswith("% of allotted space, please use smaller policy.")


@pytest.mark.ours
def test_no_packed_size_is_said_when_there_was_nothing_to_pack(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    assert "PackedPolicySize" not in sts.assume_role(RoleArn=role(cloud, trust()), RoleSessionName="shift")


# -- session tags ------------------------------------------------------------------------------------------------

TAGGING = ("sts:AssumeRole", "sts:TagSession")
BLUE = [{"Key": "team", "Value": "blue"}]


@pytest.mark.documented(TAGS)
def test_session_tags_need_the_roles_permission_to_tag(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    code, message = refused(sts.assume_role, RoleArn=role(cloud, trust()), RoleSessionName="shift", Tags=BLUE)
    assert code == "AccessDenied"
    assert "sts:TagSession" in message


@pytest.mark.documented(TAGS)
def test_session_tags_are_principal_tags(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    arn = role(cloud, trust(EVERYBODY, *TAGGING), Tags=[{"Key": "team", "Value": "red"}])
    limit = policy("sqs:ListQueues", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}})
    cloud.client("iam").put_role_policy(RoleName="worker", PolicyName="blue", PolicyDocument=limit)
    request = {"RoleArn": arn, "RoleSessionName": "shift"}
    # the role's own tag says red; the session's tag goes before it
    assert refused(cloud.client("sqs", **session(sts.assume_role(**request))).list_queues)[0] == "AccessDenied"
    cloud.client("sqs", **session(sts.assume_role(**request, Tags=BLUE))).list_queues()


@pytest.mark.documented(TAGS)
def test_a_role_can_ask_for_session_tags(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    arn = role(cloud, trust(EVERYBODY, *TAGGING, Condition={"StringEquals": {"aws:RequestTag/team": "blue"}}))
    request = {"RoleArn": arn, "RoleSessionName": "shift"}
    assert refused(sts.assume_role, **request)[0] == "AccessDenied"
    assert refused(sts.assume_role, **request, Tags=[{"Key": "team", "Value": "red"}])[0] == "AccessDenied"
    assert sts.assume_role(**request, Tags=BLUE)["Credentials"]


@pytest.mark.documented(TAGS)
def test_tag_keys_that_differ_in_case_only_are_the_same(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    arn = role(cloud, trust(EVERYBODY, *TAGGING))
    tags = [*BLUE, {"Key": "TEAM", "Value": "red"}]
    code, message = refused(sts.assume_role, RoleArn=arn, RoleSessionName="shift", Tags=tags)
    assert code == "InvalidParameterValue"
    assert message == "Duplicate tag keys found. Please note that Tag keys are case insensitive."


@pytest.mark.documented(TAGS)
def test_transitive_tags_go_down_the_chain_and_others_do_not(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    first = role(cloud, trust(EVERYBODY, *TAGGING), "sts:*")
    second = role(cloud, trust(), name="boss")
    both = {"StringEquals": {"aws:PrincipalTag/team": "blue"}, "Null": {"aws:PrincipalTag/shift": "true"}}
    limit = policy("sqs:ListQueues", Condition=both)
    cloud.client("iam").put_role_policy(RoleName="boss", PolicyName="blue", PolicyDocument=limit)
    tags = [*BLUE, {"Key": "shift", "Value": "night"}]
    one = sts.assume_role(RoleArn=first, RoleSessionName="one", Tags=tags, TransitiveTagKeys=["team"])
    two = cloud.client("sts", **session(one)).assume_role(RoleArn=second, RoleSessionName="two")
    cloud.client("sqs", **session(two)).list_queues()


@pytest.mark.documented(TAGS)
def test_a_transitive_tag_cannot_be_set_again(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    first = role(cloud, trust(EVERYBODY, *TAGGING), "sts:*")
    second = role(cloud, trust(EVERYBODY, *TAGGING), name="boss")
    one = sts.assume_role(RoleArn=first, RoleSessionName="one", Tags=BLUE, TransitiveTagKeys=["team"])
    chained = cloud.client("sts", **session(one))
    red = [{"Key": "Team", "Value": "red"}]
    code, message = refused(chained.assume_role, RoleArn=second, RoleSessionName="two", Tags=red)
    assert code == "InvalidParameterValue"
    assert "conflicts with a transitive tag key from the calling session" in message


@pytest.mark.documented(API)
def test_a_transitive_key_must_be_one_of_the_tags(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    arn = role(cloud, trust(EVERYBODY, *TAGGING))
    request = {"RoleArn": arn, "RoleSessionName": "shift", "Tags": BLUE, "TransitiveTagKeys": ["other"]}
    code, message = refused(sts.assume_role, **request)
    assert code == "InvalidParameterValue"
    assert message == "The specified transitive tag key must be included in the requested tags."


@pytest.mark.documented(KEYS)
def test_a_role_can_forbid_transitive_tags(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    only = {"ForAllValues:StringEquals": {"sts:TransitiveTagKeys": ["cost"]}}
    request = {
        "RoleArn": role(cloud, trust(EVERYBODY, *TAGGING, Condition=only)), "RoleSessionName": "shift", "Tags": BLUE,
    }  # fmt: skip
    assert sts.assume_role(**request)["Credentials"]
    assert refused(sts.assume_role, **request, TransitiveTagKeys=["team"])[0] == "AccessDenied"


# -- source identity ---------------------------------------------------------------------------------------------

NAMING = ("sts:AssumeRole", "sts:SetSourceIdentity")


@pytest.mark.documented(SOURCE)
def test_a_source_identity_needs_the_roles_permission(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    request = {"RoleArn": role(cloud, trust()), "RoleSessionName": "shift", "SourceIdentity": "Alice"}
    code, message = refused(sts.assume_role, **request)
    assert code == "AccessDenied"
    assert "sts:SetSourceIdentity" in message


@pytest.mark.documented(SOURCE)
def test_a_source_identity_stays_through_the_chain(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    first = role(cloud, trust(EVERYBODY, *NAMING), "sts:*")
    second = role(cloud, trust(EVERYBODY, *NAMING), name="boss")
    limit = policy("sqs:ListQueues", Condition={"StringEquals": {"aws:SourceIdentity": "Alice"}})
    cloud.client("iam").put_role_policy(RoleName="boss", PolicyName="alice", PolicyDocument=limit)
    one = sts.assume_role(RoleArn=first, RoleSessionName="one", SourceIdentity="Alice")
    assert one["SourceIdentity"] == "Alice"
    two = cloud.client("sts", **session(one)).assume_role(RoleArn=second, RoleSessionName="two")
    assert two["SourceIdentity"] == "Alice"
    cloud.client("sqs", **session(two)).list_queues()


@pytest.mark.documented(SOURCE)
def test_a_source_identity_cannot_be_changed(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    first = role(cloud, trust(EVERYBODY, *NAMING), "sts:*")
    second = role(cloud, trust(EVERYBODY, *NAMING), name="boss")
    one = sts.assume_role(RoleArn=first, RoleSessionName="one", SourceIdentity="Alice")
    chained = cloud.client("sts", **session(one))
    request = {"RoleArn": second, "RoleSessionName": "two", "SourceIdentity": "Bob"}
    assert refused(chained.assume_role, **request)[0] == "AccessDenied"


@pytest.mark.documented(SOURCE)
def test_the_next_role_in_a_chain_must_admit_the_source_identity(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    first = role(cloud, trust(EVERYBODY, *NAMING), "sts:*")
    one = sts.assume_role(RoleArn=first, RoleSessionName="one", SourceIdentity="Alice")
    chained = cloud.client("sts", **session(one))
    second = role(cloud, trust(), name="boss")
    assert refused(chained.assume_role, RoleArn=second, RoleSessionName="two")[0] == "AccessDenied"


@pytest.mark.documented(KEYS)
def test_a_role_can_ask_for_a_source_identity(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    arn = role(cloud, trust(EVERYBODY, *NAMING, Condition={"StringEquals": {"sts:SourceIdentity": "Alice"}}))
    request = {"RoleArn": arn, "RoleSessionName": "shift"}
    assert refused(sts.assume_role, **request, SourceIdentity="Bob")[0] == "AccessDenied"
    assert sts.assume_role(**request, SourceIdentity="Alice")["SourceIdentity"] == "Alice"


# -- odds --------------------------------------------------------------------------------------------------------


@pytest.mark.ours
def test_what_is_not_a_role_cannot_be_assumed(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    assert refused(sts.assume_role, RoleArn=ALICE, RoleSessionName="shift") == (
        "ValidationError",
        f"{ALICE} is invalid",
    )


@pytest.mark.documented(API)
def test_a_session_name_of_one_letter_is_refused(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud), parameter_validation=False)
    assert refused(sts.assume_role, RoleArn=role(cloud, trust()), RoleSessionName="x")[0] == "ValidationError"


@pytest.mark.ours
def test_context_providers_are_not_trusted(cloud: Cloud) -> None:
    sts = cloud.client("sts", **alice(cloud))
    contexts = [{"ProviderArn": "arn:aws:iam::aws:contextProvider/IdentityCenter", "ContextAssertion": "abcd"}]
    request = {"RoleArn": role(cloud, trust()), "RoleSessionName": "shift", "ProvidedContexts": contexts}
    assert refused(sts.assume_role, **request)[0] == "AccessDenied"

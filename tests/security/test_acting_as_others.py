"""Nobody acts as somebody else: not by a name, a wildcard in a name, an old key, or another cloud's session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from tests.clients.people import Keys, allow, document, user

VARIABLES = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html"
LOGIC = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"
pytestmark = pytest.mark.documented(LOGIC)

A, B = "111111111111", "222222222222"


def code(function: Any, **request: Any) -> str:
    try:
        function(**request)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "done"


def session(reply: dict[str, Any]) -> Keys:
    given = reply["Credentials"]
    return Keys(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


# --- what a policy says ----------------------------------------------------------------


@pytest.mark.documented(VARIABLES)
@pytest.mark.parametrize("value", ["*", "al*", "alic?", "${aws:username}", "alice*"])
def test_a_wildcard_in_a_tag_stays_a_letter(cloud: Cloud, value: str) -> None:
    iam = cloud.client("iam")
    arn = "arn:aws:sqs:us-east-1:000000000000:${aws:PrincipalTag/queue}"
    keys = user(iam, "mallory", allow("sqs:*", resource=arn))
    with cloud.store.transaction() as tx:  # IAM would refuse most of these letters in a tag
        from haar.kit import replace
        from haar.services.iam.resources import User

        tx.put(replace(tx.get(User, "000000000000", "mallory"), tags={"queue": value}))
    cloud.client("sqs").create_queue(QueueName="alice")
    url = cloud.client("sqs").get_queue_url(QueueName="alice")["QueueUrl"]
    mallory = cloud.client("sqs", **keys._asdict())
    assert code(mallory.purge_queue, QueueUrl=url) == "AccessDenied"


@pytest.mark.documented(VARIABLES)
def test_a_wildcard_in_a_tag_does_not_widen_a_condition(cloud: Cloud) -> None:
    text = document(
        {
            "Effect": "Allow", "Action": "sqs:*", "Resource": "*",
            "Condition": {"StringLike": {"aws:ResourceTag/owner": "${aws:PrincipalTag/owner}"}},
        }
    )  # fmt: skip
    keys = user(cloud.client("iam"), "mallory", text)
    cloud.client("iam").tag_user(UserName="mallory", Tags=[{"Key": "owner", "Value": "a"}])
    with cloud.store.transaction() as tx:
        from haar.kit import replace
        from haar.services.iam.resources import User

        tx.put(replace(tx.get(User, "000000000000", "mallory"), tags={"owner": "*"}))
    url = cloud.client("sqs").create_queue(QueueName="q", tags={"owner": "alice"})["QueueUrl"]
    assert code(cloud.client("sqs", **keys._asdict()).purge_queue, QueueUrl=url) == "AccessDenied"


@pytest.mark.parametrize("action", ["SQS:PurgeQueue", "sqs:purgequeue", "sQs:pUrGe*", "*:Purge*"])
def test_a_denial_holds_however_its_action_is_spelled(cloud: Cloud, action: str) -> None:
    deny = {"Effect": "Deny", "Action": action, "Resource": "*"}
    text = document({"Effect": "Allow", "Action": "*", "Resource": "*"}, deny)
    url = cloud.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    try:
        keys = user(cloud.client("iam"), "u", text)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "MalformedPolicyDocument"  # noqa: PT017 (then nobody relies on it)
    else:
        assert code(cloud.client("sqs", **keys._asdict()).purge_queue, QueueUrl=url) == "AccessDenied"


def test_a_batch_needs_what_its_single_form_needs(cloud: Cloud) -> None:
    keys = user(cloud.client("iam"), "u", allow("sqs:SendMessageBatch", "sqs:ReceiveMessage"))
    url = cloud.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    sqs = cloud.client("sqs", **keys._asdict())
    assert code(sqs.send_message_batch, QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "b"}]) == "AccessDenied"


def test_a_user_cannot_lift_their_boundary_with_what_it_allows(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    keys = user(iam, "u", allow("*"))
    boundary = iam.create_policy(PolicyName="b", PolicyDocument=allow("sqs:*"))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName="u", PermissionsBoundary=boundary)
    own = cloud.client("iam", **keys._asdict())
    assert code(own.delete_user_permissions_boundary, UserName="u") == "AccessDenied"
    assert code(own.create_policy_version, PolicyArn=boundary, PolicyDocument=allow("*")) == "AccessDenied"


def test_a_session_policy_stays_on_through_a_session_of_a_session(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    keys = user(iam, "u", allow("*"))
    sts = cloud.client("sts", **keys._asdict())
    narrow = session(sts.get_federation_token(Name="fed", Policy=allow("sqs:ListQueues")))
    fed = cloud.client("sts", **narrow._asdict())
    trust = document({"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "sts:AssumeRole"})
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    assert code(fed.get_session_token) == "AccessDenied"
    assert code(fed.get_federation_token, Name="more") == "AccessDenied"
    assert code(fed.assume_role, RoleArn=role, RoleSessionName="session") == "AccessDenied"


def test_a_role_is_passed_only_by_who_may_pass_it(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    trust = document({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
    iam.create_role(RoleName="admin", AssumeRolePolicyDocument=trust)
    iam.create_instance_profile(InstanceProfileName="p")
    keys = user(iam, "u", allow("iam:AddRoleToInstanceProfile"))
    own = cloud.client("iam", **keys._asdict())
    assert code(own.add_role_to_instance_profile, InstanceProfileName="p", RoleName="admin") == "AccessDenied"


# --- another account -------------------------------------------------------------------


def test_what_is_in_another_account_and_what_is_not_there_look_alike(cloud: Cloud) -> None:
    cloud.client("sqs", access_key=A).create_queue(QueueName="secret")
    mine = cloud.client("sqs", access_key=B)

    def told(name: str) -> str:
        with pytest.raises(ClientError) as caught:
            mine.get_queue_attributes(QueueUrl=f"http://haar.localhost:4566/{A}/{name}")
        return str(caught.value).replace(name, "NAME")

    assert told("secret") == told("absent")


def test_roles_that_do_not_trust_one_and_roles_that_are_not_there_look_alike(cloud: Cloud) -> None:
    trust = document({"Effect": "Allow", "Principal": {"AWS": A}, "Action": "sts:AssumeRole"})
    cloud.client("iam", access_key=A).create_role(RoleName="secret", AssumeRolePolicyDocument=trust)
    keys = user(cloud.client("iam", access_key=B), "u", allow("*"))
    sts = cloud.client("sts", **keys._asdict())

    def told(name: str) -> str:
        with pytest.raises(ClientError) as caught:
            sts.assume_role(RoleArn=f"arn:aws:iam::{A}:role/{name}", RoleSessionName="session")
        return str(caught.value).replace(name, "NAME")

    assert told("secret") == told("absent")


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("get_policy", {"PolicyArn": f"arn:aws:iam::{A}:policy/p"}),
        ("delete_policy", {"PolicyArn": f"arn:aws:iam::{A}:policy/p"}),
        ("create_policy_version", {"PolicyArn": f"arn:aws:iam::{A}:policy/p", "PolicyDocument": allow("*")}),
        ("attach_user_policy", {"PolicyArn": f"arn:aws:iam::{A}:policy/p", "UserName": "mine"}),
        ("get_context_keys_for_principal_policy", {"PolicySourceArn": f"arn:aws:iam::{A}:user/u"}),
        ("simulate_principal_policy", {"PolicySourceArn": f"arn:aws:iam::{A}:user/u", "ActionNames": ["sqs:a"]}),
        ("generate_service_last_accessed_details", {"Arn": f"arn:aws:iam::{A}:user/u"}),
        ("list_policies_granting_service_access", {"Arn": f"arn:aws:iam::{A}:user/u", "ServiceNamespaces": ["sqs"]}),
        ("delete_virtual_mfa_device", {"SerialNumber": f"arn:aws:iam::{A}:mfa/device"}),
        ("get_mfa_device", {"SerialNumber": f"arn:aws:iam::{A}:mfa/device"}),
        ("tag_policy", {"PolicyArn": f"arn:aws:iam::{A}:policy/p", "Tags": [{"Key": "a", "Value": "b"}]}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_owner_of_one_account_reaches_nothing_in_another(
    cloud: Cloud, operation: str, request_: dict[str, Any]
) -> None:
    theirs = cloud.client("iam", access_key=A)
    theirs.create_policy(PolicyName="p", PolicyDocument=allow("sqs:*"))
    theirs.create_user(UserName="u")
    theirs.create_virtual_mfa_device(VirtualMFADeviceName="device")
    mine = cloud.client("iam", access_key=B)
    mine.create_user(UserName="mine")
    assert code(getattr(mine, operation), **request_) in ("AccessDenied", "NoSuchEntity", "InvalidInput")


def test_tags_are_not_put_on_what_is_another_accounts(cloud: Cloud) -> None:
    arn = f"arn:aws:sqs:us-east-1:{A}:q"
    cloud.client("sqs", access_key=A).create_queue(QueueName="q")
    tagging = cloud.client("resourcegroupstaggingapi", access_key=B)
    assert arn in tagging.tag_resources(ResourceARNList=[arn], Tags={"a": "b"})["FailedResourcesMap"]
    assert tagging.get_resources(ResourceARNList=[arn])["ResourceTagMappingList"] == []


def test_a_receipt_handle_of_another_queue_deletes_nothing(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    one, other = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("one", "other"))
    sqs.send_message(QueueUrl=one, MessageBody="m")
    handle = sqs.receive_message(QueueUrl=one)["Messages"][0]["ReceiptHandle"]
    assert code(sqs.delete_message, QueueUrl=other, ReceiptHandle=handle) == "ReceiptHandleIsInvalid"


# --- old keys and foreign sessions --------------------------------------------------------


def test_a_key_is_dead_the_moment_it_is_switched_off(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    keys = user(iam, "u", allow("*"))
    sts = cloud.client("sts", **keys._asdict())
    sts.get_caller_identity()
    iam.update_access_key(UserName="u", AccessKeyId=keys.access_key, Status="Inactive")
    assert code(sts.get_caller_identity) == "InvalidClientTokenId"


def test_a_namesake_of_a_deleted_user_does_not_inherit_sessions(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    keys = user(iam, "u")
    old = session(cloud.client("sts", **keys._asdict()).get_session_token())
    iam.delete_access_key(UserName="u", AccessKeyId=keys.access_key)
    iam.delete_user(UserName="u")
    user(iam, "u", allow("*"))
    assert code(cloud.client("sqs", **old._asdict()).list_queues) == "AccessDenied"


def test_a_namesake_of_a_deleted_user_does_not_inherit_federation_tokens(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    keys = user(iam, "u", allow("sts:GetFederationToken"))
    sts = cloud.client("sts", **keys._asdict())
    old = session(sts.get_federation_token(Name="fed", Policy=allow("sqs:*")))
    iam.delete_access_key(UserName="u", AccessKeyId=keys.access_key)
    iam.delete_user_policy(UserName="u", PolicyName="own")
    iam.delete_user(UserName="u")
    user(iam, "u", allow("*"))
    assert code(cloud.client("sqs", **old._asdict()).list_queues) == "AccessDenied"


def test_a_namesake_of_a_deleted_role_does_not_inherit_sessions(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    trust = document({"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "sts:AssumeRole"})
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    keys = user(iam, "u", allow("sts:*"))
    sts = cloud.client("sts", **keys._asdict())
    old = session(sts.assume_role(RoleArn=role, RoleSessionName="session"))
    iam.delete_role(RoleName="r")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)
    iam.put_role_policy(RoleName="r", PolicyName="all", PolicyDocument=allow("*"))
    assert code(cloud.client("sqs", **old._asdict()).list_queues) == "AccessDenied"


def test_a_session_of_another_cloud_is_nobodys(cloud: Cloud) -> None:
    with Cloud(seed=77) as other:
        foreign = session(other.client("sts").get_session_token())
    assert code(cloud.client("sts", **foreign._asdict()).get_caller_identity) == "InvalidClientTokenId"


def test_a_changed_session_token_is_nobodys(cloud: Cloud) -> None:
    given = session(cloud.client("sts").get_session_token())
    assert given.token is not None
    middle = len(given.token) // 2
    swapped = given.token[:middle] + ("A" if given.token[middle] != "A" else "B") + given.token[middle + 1 :]
    sts = cloud.client("sts", **given._replace(token=swapped)._asdict())
    assert code(sts.get_caller_identity) == "InvalidClientTokenId"


def test_the_token_of_one_session_does_not_go_with_the_key_of_another(cloud: Cloud) -> None:
    sts = cloud.client("sts")
    one, other = session(sts.get_session_token()), session(sts.get_session_token())
    mixed = cloud.client("sts", **one._replace(token=other.token)._asdict())
    assert code(mixed.get_caller_identity) == "InvalidClientTokenId"


def test_the_development_keys_open_nothing_where_others_can_reach(tmp_path: Path) -> None:
    with Cloud(host="0.0.0.0") as cloud:
        assert code(cloud.client("sts").get_caller_identity) == "InvalidClientTokenId"
        assert code(cloud.client("sts", access_key=A).get_caller_identity) == "InvalidClientTokenId"

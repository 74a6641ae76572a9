"""What is written here is enforced everywhere: groups, boundaries, conditions, root, AWS's managed policies.

Of services that are not built an allowed call answers NotImplemented and a denied one AccessDenied (or its name in
that service), which tells the two apart.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud

GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


class Person:
    """A user with a key: `bob("ec2")` is a client of a service."""

    def __init__(self, cloud: Cloud, name: str, **user: Any) -> None:
        iam = cloud.client("iam")
        self.cloud = cloud
        self.user = iam.create_user(UserName=name, **user)["User"]
        key = iam.create_access_key(UserName=name)["AccessKey"]
        self.pair = {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}

    def __call__(self, service: str, **options: Any) -> Any:
        return self.cloud.client(service, **self.pair, **options)


def policy(action: str | list[str], effect: str = "Allow", resource: str = "*", **condition: Any) -> str:
    """A policy of one statement."""
    statement: dict[str, Any] = {"Effect": effect, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, **condition}]})


def answer(call: Callable[..., Any], **request: Any) -> str:
    """`allowed`, also when the operation is not built or finds nothing, or the code of the denial."""
    try:
        call(**request)
    except ClientError as error:
        code: str = error.response["Error"]["Code"]
        return code if code in ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation") else "allowed"
    return "allowed"


# -- users and groups ------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "reference_policies_evaluation-logic.html")
def test_a_new_user_may_do_nothing(cloud: Cloud) -> None:
    bob = Person(cloud, "bob")
    with pytest.raises(ClientError) as caught:
        bob("iam").list_users()
    assert caught.value.response["Error"]["Message"] == (
        "User: arn:aws:iam::000000000000:user/bob is not authorized to perform: iam:ListUsers on resource: "
        "arn:aws:iam::000000000000:user/ because no identity-based policy allows the iam:ListUsers action"
    )


@pytest.mark.fact("IAM-006")
def test_a_member_of_a_group_may_do_what_the_group_may(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    bob = Person(cloud, "bob")
    iam.create_group(GroupName="readers")
    iam.attach_group_policy(GroupName="readers", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    iam.add_user_to_group(GroupName="readers", UserName="bob")
    inside = answer(bob("s3").list_buckets)
    iam.remove_user_from_group(GroupName="readers", UserName="bob")
    assert (inside, answer(bob("s3").list_buckets)) == ("allowed", "AccessDenied")


@pytest.mark.fact("IAM-008")
def test_root_does_everything_without_a_policy(cloud: Cloud) -> None:
    root = cloud.client("iam").create_access_key()["AccessKey"]
    iam = cloud.client("iam", access_key=root["AccessKeyId"], secret_key=root["SecretAccessKey"])
    ec2 = cloud.client("ec2", access_key=root["AccessKeyId"], secret_key=root["SecretAccessKey"])
    assert answer(iam.create_user, UserName="bob") == "allowed"
    assert answer(ec2.describe_instances) == "allowed"


@pytest.mark.fact("IAM-008")
def test_no_policy_can_be_attached_to_root(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.put_user_policy(UserName="root", PolicyName="p", PolicyDocument=policy("*"))


@pytest.mark.fact("IAM-010")
def test_a_power_user_manages_everything_but_people(cloud: Cloud) -> None:
    bob = Person(cloud, "bob")
    cloud.client("iam").attach_user_policy(UserName="bob", PolicyArn="arn:aws:iam::aws:policy/PowerUserAccess")
    assert answer(bob("sqs").create_queue, QueueName="q") == "allowed"
    assert answer(bob("ec2").run_instances, MinCount=1, MaxCount=1) == "allowed"
    assert answer(bob("iam").create_user, UserName="ann") == "AccessDenied"
    assert answer(bob("iam").create_group, GroupName="devs") == "AccessDenied"


@pytest.mark.documented("https://docs.aws.amazon.com/aws-managed-policy/latest/reference/ReadOnlyAccess.html")
def test_read_only_access_reads_and_does_not_write(cloud: Cloud) -> None:
    bob = Person(cloud, "bob")
    cloud.client("iam").attach_user_policy(UserName="bob", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    assert answer(bob("iam").list_users) == "allowed"
    assert answer(bob("ec2").describe_instances) == "allowed"
    assert answer(bob("iam").create_user, UserName="ann") == "AccessDenied"


# -- evaluation ------------------------------------------------------------------------------------------------


@pytest.mark.fact("IAMEVAL-002")
def test_an_explicit_deny_beats_every_allow(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    bob = Person(cloud, "bob")
    iam.attach_user_policy(UserName="bob", PolicyArn=ADMINISTRATOR)
    iam.put_user_policy(UserName="bob", PolicyName="no", PolicyDocument=policy("s3:DeleteObject", "Deny"))
    cloud.client("s3").create_bucket(Bucket="attic")
    cloud.client("s3").put_object(Bucket="attic", Key="k", Body=b"x")
    assert answer(bob("s3").delete_object, Bucket="attic", Key="k") == "AccessDenied"
    assert answer(bob("s3").get_object, Bucket="attic", Key="k") == "allowed"


@pytest.mark.fact("IAMEVAL-006")
def test_a_policy_that_is_attached_to_nothing_has_no_effect(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    bob = Person(cloud, "bob")
    arn = iam.create_policy(PolicyName="p", PolicyDocument=policy("s3:*"))["Policy"]["Arn"]
    loose = answer(bob("s3").list_buckets)
    iam.attach_user_policy(UserName="bob", PolicyArn=arn)
    assert (loose, answer(bob("s3").list_buckets)) == ("AccessDenied", "allowed")


@pytest.mark.fact("IAMEVAL-007")
def test_a_statement_matches_requests_by_action(cloud: Cloud) -> None:
    bob = Person(cloud, "bob")
    cloud.client("iam").put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=policy("ec2:Describe*"))
    assert answer(bob("ec2").describe_vpcs) == "allowed"
    assert answer(bob("ec2").run_instances, MinCount=1, MaxCount=1) == "UnauthorizedOperation"


@pytest.mark.fact("IAMEVAL-008")
def test_a_condition_on_the_address_decides(cloud: Cloud) -> None:
    bob = Person(cloud, "bob")
    inside = policy("iam:ListUsers", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})
    cloud.client("iam").put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=inside)
    assert answer(bob("iam", source_ip="10.1.2.3").list_users) == "allowed"
    assert answer(bob("iam", source_ip="192.0.2.1").list_users) == "AccessDenied"


@pytest.mark.documented(GUIDE + "access_policies_managed-versioning.html")
def test_the_default_version_of_a_policy_is_the_one_in_force(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    bob = Person(cloud, "bob")
    arn = iam.create_policy(PolicyName="p", PolicyDocument=policy("iam:ListUsers"))["Policy"]["Arn"]
    iam.attach_user_policy(UserName="bob", PolicyArn=arn)
    first = answer(bob("iam").list_users)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy("iam:ListRoles"), SetAsDefault=True)
    assert (first, answer(bob("iam").list_users), answer(bob("iam").list_roles)) == (
        "allowed",
        "AccessDenied",
        "allowed",
    )


@pytest.mark.documented(GUIDE + "access_tags.html")
def test_the_tags_of_a_user_are_principal_tags(cloud: Cloud) -> None:
    ann = Person(cloud, "ann", Tags=[{"Key": "team", "Value": "red"}])
    bob = Person(cloud, "bob", Tags=[{"Key": "team", "Value": "blue"}])
    red = policy("iam:ListUsers", Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}})
    cloud.client("iam").put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=red)
    cloud.client("iam").put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=red)
    assert (answer(ann("iam").list_users), answer(bob("iam").list_users)) == ("allowed", "AccessDenied")


@pytest.mark.documented(GUIDE + "access_tags.html")
def test_a_changed_tag_of_a_user_counts_at_once(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    bob = Person(cloud, "bob")
    red = policy("iam:ListUsers", Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}})
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=red)
    before = answer(bob("iam").list_users)
    iam.tag_user(UserName="bob", Tags=[{"Key": "team", "Value": "red"}])
    assert (before, answer(bob("iam").list_users)) == ("AccessDenied", "allowed")


@pytest.mark.documented(GUIDE + "access_iam-tags.html")
def test_the_tags_of_an_iam_resource_are_conditions(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    bob = Person(cloud, "bob")
    iam.create_user(UserName="mine", Tags=[{"Key": "owner", "Value": "bob"}])
    iam.create_user(UserName="theirs")
    own = policy("iam:GetUser", Condition={"StringEquals": {"iam:ResourceTag/owner": "${aws:username}"}})
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=own)
    assert answer(bob("iam").get_user, UserName="mine") == "allowed"
    assert answer(bob("iam").get_user, UserName="theirs") == "AccessDenied"


@pytest.mark.documented(GUIDE + "reference_policies_evaluation-logic.html")
def test_who_may_not_look_does_not_learn_what_there_is(cloud: Cloud) -> None:
    bob = Person(cloud, "bob")
    assert answer(bob("iam").get_user, UserName="nobody") == "AccessDenied"


@pytest.mark.documented(GUIDE + "reference_identifiers.html")
def test_a_policy_on_a_path_reaches_the_users_under_it(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    bob = Person(cloud, "bob")
    under = policy("iam:CreateUser", resource="arn:aws:iam::000000000000:user/dev/*")
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=under)
    assert answer(bob("iam").create_user, UserName="ann", Path="/dev/") == "allowed"
    assert answer(bob("iam").create_user, UserName="cid") == "AccessDenied"


@pytest.mark.documented(GUIDE + "access_policies_variables-users-groups.html")
def test_users_may_be_let_manage_their_own_keys(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    bob = Person(cloud, "bob")
    iam.create_user(UserName="ann")
    own = policy("iam:*AccessKey*", resource="arn:aws:iam::*:user/${aws:username}")
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=own)
    assert answer(bob("iam").create_access_key, UserName="bob") == "allowed"
    assert answer(bob("iam").create_access_key, UserName="ann") == "AccessDenied"


@pytest.mark.documented(GUIDE + "access_policies_iam-condition-keys.html")
def test_which_policies_may_be_attached_is_a_condition(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    bob = Person(cloud, "bob")
    reads = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    only = policy("iam:AttachUserPolicy", Condition={"ArnEquals": {"iam:PolicyARN": reads}})
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=only)
    assert answer(bob("iam").attach_user_policy, UserName="bob", PolicyArn=reads) == "allowed"
    assert answer(bob("iam").attach_user_policy, UserName="bob", PolicyArn=ADMINISTRATOR) == "AccessDenied"


@pytest.mark.documented(GUIDE + "id_roles_use_passrole.html")
def test_putting_a_role_into_an_instance_profile_needs_pass_role(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    bob = Person(cloud, "bob")
    trust = policy("sts:AssumeRole").replace('"Resource": "*"', '"Principal": {"Service": "ec2.amazonaws.com"}')
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)
    iam.create_instance_profile(InstanceProfileName="p")
    iam.put_user_policy(UserName="bob", PolicyName="add", PolicyDocument=policy("iam:AddRoleToInstanceProfile"))
    wish = {"InstanceProfileName": "p", "RoleName": "r"}
    without = answer(bob("iam").add_role_to_instance_profile, **wish)
    passing = policy("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}})
    iam.put_user_policy(UserName="bob", PolicyName="pass", PolicyDocument=passing)
    assert (without, answer(bob("iam").add_role_to_instance_profile, **wish)) == ("AccessDenied", "allowed")


@pytest.mark.fact("IAMEVAL-005")
def test_a_resource_policy_lets_a_user_of_another_account_in(cloud: Cloud) -> None:
    sqs = cloud.client("sqs", access_key="111111111111")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    bob = Person(cloud, "bob")
    cloud.client("iam").put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=policy("sqs:SendMessage"))
    before = answer(bob("sqs").send_message, QueueUrl=url, MessageBody="hello")
    arn = "arn:aws:sqs:us-east-1:111111111111:q"
    open_to_bob = policy("sqs:SendMessage", resource=arn, Principal={"AWS": bob.user["Arn"]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": open_to_bob})
    bob("sqs").send_message(QueueUrl=url, MessageBody="hello")
    assert before in ("AccessDenied", "AccessDeniedException")
    assert len(sqs.receive_message(QueueUrl=url)["Messages"]) == 1


@pytest.mark.fact("IAMEVAL-005")
def test_a_resource_policy_without_a_principal_is_refused(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    with pytest.raises(ClientError, match="InvalidAttributeValue"):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy("sqs:SendMessage", resource="*")})


# -- roles -----------------------------------------------------------------------------------------------------


def trusting(principal: dict[str, str]) -> str:
    """A trust policy for one principal."""
    return policy("sts:AssumeRole").replace('"Resource": "*"', f'"Principal": {json.dumps(principal)}')


@pytest.mark.fact("IAM-007")
def test_a_role_bundles_permissions_for_the_user_it_trusts(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    bob = Person(cloud, "bob")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trusting({"AWS": bob.user["Arn"]}))["Role"]
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=policy("iam:ListUsers"))
    given = bob("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="work")["Credentials"]
    session = cloud.client(
        "iam", access_key=given["AccessKeyId"], secret_key=given["SecretAccessKey"], token=given["SessionToken"]
    )
    assert answer(bob("iam").list_users) == "AccessDenied"
    assert answer(session.list_users) == "allowed"


@pytest.mark.fact("IAM-007")
def test_a_role_cannot_trust_a_group(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    group = iam.create_group(GroupName="devs")["Group"]["Arn"]
    with pytest.raises(iam.exceptions.MalformedPolicyDocumentException):
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=trusting({"AWS": group}))


@pytest.mark.documented(GUIDE + "reference_policies_elements_principal.html")
def test_who_gets_the_name_of_a_deleted_user_is_not_trusted(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    arn = iam.create_user(UserName="bob")["User"]["Arn"]
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trusting({"AWS": arn}))["Role"]
    iam.delete_user(UserName="bob")
    newcomer = Person(cloud, "bob")
    assert answer(newcomer("sts").assume_role, RoleArn=role["Arn"], RoleSessionName="work") == "AccessDenied"


# -- boundaries ------------------------------------------------------------------------------------------------


@pytest.mark.fact("IAMBND-001")
def test_a_boundary_is_the_most_a_user_may_do(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    bob = Person(cloud, "bob")
    boundary = iam.create_policy(PolicyName="b", PolicyDocument=policy("s3:*"))["Policy"]["Arn"]
    iam.attach_user_policy(UserName="bob", PolicyArn=ADMINISTRATOR)
    iam.put_user_permissions_boundary(UserName="bob", PermissionsBoundary=boundary)
    assert answer(bob("s3").list_buckets) == "allowed"
    assert answer(bob("ec2").describe_instances) == "UnauthorizedOperation"


@pytest.mark.fact("IAMBND-001")
def test_a_boundary_alone_grants_nothing(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    boundary = iam.create_policy(PolicyName="b", PolicyDocument=policy("s3:*"))["Policy"]["Arn"]
    bob = Person(cloud, "bob", PermissionsBoundary=boundary)
    assert answer(bob("s3").list_buckets) == "AccessDenied"


@pytest.mark.fact("IAMBND-003")
def test_a_developer_creates_roles_only_within_the_boundary(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    bob = Person(cloud, "bob")
    boundary = iam.create_policy(PolicyName="b", PolicyDocument=policy("s3:*"))["Policy"]["Arn"]
    within = policy("iam:CreateRole", Condition={"StringEquals": {"iam:PermissionsBoundary": boundary}})
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=within)
    trust = policy("sts:AssumeRole").replace('"Resource": "*"', '"Principal": {"Service": "ec2.amazonaws.com"}')
    role = {"RoleName": "r", "AssumeRolePolicyDocument": trust}
    assert answer(bob("iam").create_role, **role) == "AccessDenied"
    assert answer(bob("iam").create_role, **role, PermissionsBoundary=boundary) == "allowed"


@pytest.mark.documented(GUIDE + "access_policies_boundaries.html")
def test_a_policy_that_is_a_boundary_cannot_be_deleted(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    boundary = iam.create_policy(PolicyName="b", PolicyDocument=policy("s3:*"))["Policy"]["Arn"]
    iam.create_user(UserName="bob", PermissionsBoundary=boundary)
    with pytest.raises(iam.exceptions.DeleteConflictException):
        iam.delete_policy(PolicyArn=boundary)

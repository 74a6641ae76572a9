"""What a session may do: the role's policies, within its boundary and the session's own; gone with the role.

The tokens are minted here, so that the engine and the port `identities` are tested apart from STS.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from haar.auth import tokens

GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},'
    '"Action":"sts:AssumeRole"}]}'
)
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def allow(*actions: str, **condition: Any) -> str:
    """A policy of one statement."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*", **condition}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def assume(cloud: Cloud, role: dict[str, Any], **session: Any) -> Any:
    """An IAM client with temporary credentials of a role."""
    now = cloud.clock.now()
    access_key = cloud.ids.access_key(temporary=True)
    given = tokens.Session(
        access_key=access_key,
        account="000000000000",
        kind="role",
        arn=f"arn:aws:sts::000000000000:assumed-role/{role['RoleName']}/work",
        issuer=role["Arn"],
        id=f"{role['RoleId']}:work",
        name=role["RoleName"],
        session_name="work",
        issued_at=now,
        expires_at=now + 3600,
        **session,
    )
    secret, token = tokens.mint(cloud.ports.cloud_key, given)
    return cloud.client("iam", access_key=access_key, secret_key=secret, token=token)


@pytest.mark.documented(GUIDE + "reference_policies_evaluation-logic.html")
def test_a_session_may_do_what_its_role_may(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=allow("iam:ListUsers"))
    session = assume(cloud, role)
    assert session.list_users()["Users"] == []
    with pytest.raises(ClientError, match="assumed-role/r/work is not authorized to perform: iam:ListRoles"):
        session.list_roles()


@pytest.mark.documented(GUIDE + "access_policies.html#policies_session")
def test_a_session_policy_narrows_the_role(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]
    iam.attach_role_policy(RoleName="r", PolicyArn=ADMINISTRATOR)
    session = assume(cloud, role, policies=(allow("iam:ListUsers"),))
    assert session.list_users()["Users"] == []
    with pytest.raises(ClientError, match="no session policy allows the iam:ListRoles action"):
        session.list_roles()


@pytest.mark.documented(GUIDE + "access_policies.html#policies_session")
def test_a_managed_policy_can_be_the_session_policy(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]
    iam.attach_role_policy(RoleName="r", PolicyArn=ADMINISTRATOR)
    session = assume(cloud, role, policy_arns=("arn:aws:iam::aws:policy/AmazonSQSFullAccess",))
    with pytest.raises(ClientError, match="no session policy allows the iam:ListUsers action"):
        session.list_users()


@pytest.mark.documented(GUIDE + "access_policies_boundaries.html")
def test_the_boundary_of_a_role_limits_its_sessions(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    boundary = iam.create_policy(PolicyName="b", PolicyDocument=allow("iam:ListUsers"))["Policy"]["Arn"]
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST, PermissionsBoundary=boundary)["Role"]
    iam.attach_role_policy(RoleName="r", PolicyArn=ADMINISTRATOR)
    session = assume(cloud, role)
    assert session.list_users()["Users"] == []
    with pytest.raises(ClientError, match="no permissions boundary allows the iam:ListRoles action"):
        session.list_roles()


@pytest.mark.documented(GUIDE + "access_tags.html")
def test_the_tags_of_a_role_are_principal_tags_of_its_sessions(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    tags = [{"Key": "team", "Value": "red"}]
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST, Tags=tags)["Role"]
    red = allow("iam:ListUsers", Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}})
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=red)
    assert assume(cloud, role).list_users()["Users"] == []


@pytest.mark.documented(GUIDE + "id_session-tags.html")
def test_a_session_tag_takes_the_place_of_the_tag_of_the_role(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    tags = [{"Key": "team", "Value": "red"}]
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST, Tags=tags)["Role"]
    red = allow("iam:ListUsers", Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}})
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=red)
    with pytest.raises(ClientError, match="AccessDenied"):
        assume(cloud, role, tags={"team": "blue"}).list_users()


@pytest.mark.documented(GUIDE + "id_roles_manage_delete.html")
def test_a_session_of_a_deleted_role_may_do_nothing(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]
    session = assume(cloud, role)
    iam.delete_role(RoleName="r")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    iam.attach_role_policy(RoleName="r", PolicyArn=ADMINISTRATOR)
    with pytest.raises(ClientError, match="AccessDenied"):
        session.list_users()


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/APIReference/API_RoleLastUsed.html")
def test_the_last_use_of_a_role_is_kept(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]
    iam.attach_role_policy(RoleName="r", PolicyArn=ADMINISTRATOR)
    unused = iam.get_role(RoleName="r")["Role"]["RoleLastUsed"]
    assume(cloud, role).list_users()
    assert unused == {}
    assert iam.get_role(RoleName="r")["Role"]["RoleLastUsed"]["Region"] == "us-east-1"


@pytest.mark.documented(GUIDE + "id_roles_create.html")
def test_a_role_session_must_name_the_user_it_acts_on(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]
    iam.attach_role_policy(RoleName="r", PolicyArn=ADMINISTRATOR)
    with pytest.raises(ClientError, match="Must specify userName when calling with non-User credentials"):
        assume(cloud, role).create_access_key()

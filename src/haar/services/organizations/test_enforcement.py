"""Service and resource control policies bind, at every level, from the moment they are attached."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

GUIDE = "https://docs.aws.amazon.com/organizations/latest/userguide/"
SCPS = GUIDE + "orgs_manage_policies_scps.html"
EVALUATION = GUIDE + "orgs_manage_policies_scps_evaluation.html"
RCPS = GUIDE + "orgs_manage_policies_rcps.html"
Refused = Callable[..., tuple[str, str]]
RCP = "RESOURCE_CONTROL_POLICY"

NO_INSTANCES = {"Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "*"}
NO_QUEUES = {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}
START = {"ImageId": "ami-12345678", "MinCount": 1, "MaxCount": 1, "DryRun": True}


def administrator(company: Any, account: str) -> Any:
    return company.cloud.client("ec2", **company.user(account))


@pytest.mark.fact("SCP-001")
def test_a_policy_is_put_on_a_unit_or_on_a_single_account(company: Any, refused: Refused) -> None:
    company.enable()
    accounting, development = company.unit("accounting"), company.unit("development")
    bookkeeper, developer = company.account("bookkeeper"), company.account("developer")
    company.move(bookkeeper, accounting)
    company.move(developer, development)
    keeping, developing = administrator(company, bookkeeper), administrator(company, developer)
    # Haar has no EC2 yet: whoever may start instances is told just that
    assert refused(keeping.run_instances, **START)[0] == "NotImplemented"
    policy = company.attach(NO_INSTANCES, accounting)
    assert refused(keeping.run_instances, **START)[0] == "UnauthorizedOperation"
    assert refused(developing.run_instances, **START)[0] == "NotImplemented"
    company.api.detach_policy(PolicyId=policy, TargetId=accounting)
    company.api.attach_policy(PolicyId=policy, TargetId=developer)
    assert refused(keeping.run_instances, **START)[0] == "NotImplemented"
    assert refused(developing.run_instances, **START)[0] == "UnauthorizedOperation"


@pytest.mark.fact("SCP-002")
def test_accountants_barred_from_starting_instances_are_told_why(company: Any, refused: Refused) -> None:
    company.enable()
    account = company.account()
    company.attach(NO_INSTANCES, account)
    code, message = refused(administrator(company, account).run_instances, **START)
    assert code == "UnauthorizedOperation"
    assert "with an explicit deny in a service control policy" in message
    encoded = message.split("Encoded authorization failure message: ")[1]
    sts = company.of("sts", account)
    told = json.loads(sts.decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"])
    assert told["allowed"] is False
    assert told["context"]["action"] == "ec2:RunInstances"


@pytest.mark.documented(SCPS)
def test_the_root_user_of_a_member_account_is_bound(company: Any, refused: Refused) -> None:
    company.enable()
    account = company.account()
    company.attach(NO_QUEUES, company.root)
    assert refused(company.of("sqs", account).list_queues)[0] == "AccessDenied"


@pytest.mark.documented(SCPS)
def test_the_management_account_is_not_bound(company: Any) -> None:
    company.enable()
    company.attach(NO_QUEUES, company.root)
    company.api.attach_policy(
        PolicyId=company.policy({**NO_QUEUES, "Sid": "direct"}, name="direct"), TargetId="000000000000"
    )
    assert company.cloud.client("sqs").create_queue(QueueName="free")["QueueUrl"]


@pytest.mark.documented(SCPS)
def test_a_service_linked_role_is_made_whatever_a_policy_denies(company: Any) -> None:
    company.enable()
    company.attach({"Effect": "Deny", "Action": "iam:*", "Resource": "*"}, company.root)
    account = company.account()
    assert company.api.describe_account(AccountId=account)["Account"]["State"] == "ACTIVE"


@pytest.mark.documented(EVALUATION)
def test_a_denial_at_any_level_is_a_denial(company: Any, refused: Refused) -> None:
    company.enable()
    outer = company.unit("outer")
    inner = company.unit("inner", outer)
    account = company.account()
    company.move(account, inner)
    sqs = company.of("sqs", account)
    sqs.list_queues()
    company.attach(NO_QUEUES, outer)
    assert refused(sqs.list_queues)[0] == "AccessDenied"


@pytest.mark.documented(EVALUATION)
def test_what_one_level_does_not_allow_no_lower_level_gives_back(company: Any, refused: Refused) -> None:
    company.enable()
    unit, account = company.unit(), company.account()
    company.move(account, unit)
    company.attach({"Effect": "Allow", "Action": "iam:*", "Resource": "*"}, unit, name="iam alone")
    company.api.detach_policy(PolicyId="p-FullAWSAccess", TargetId=unit)
    assert company.of("iam", account).list_users()["Users"] == []
    code, _ = refused(company.of("sqs", account).list_queues)
    assert code == "AccessDenied"


@pytest.mark.documented(EVALUATION)
def test_a_service_control_policy_grants_nothing(company: Any, refused: Refused) -> None:
    company.enable()
    account = company.account()
    keys = company.user(account, allows="iam:GetUser")
    assert refused(company.cloud.client("sqs", **keys).list_queues)[0] == "AccessDenied"


@pytest.mark.documented(EVALUATION)
def test_a_move_takes_effect_at_once(company: Any, refused: Refused) -> None:
    company.enable()
    quiet, account = company.unit("quiet"), company.account()
    company.attach(NO_QUEUES, quiet)
    sqs = company.of("sqs", account)
    sqs.list_queues()
    company.move(account, quiet)
    assert refused(sqs.list_queues)[0] == "AccessDenied"
    company.move(account, company.root)
    sqs.list_queues()


@pytest.mark.documented(SCPS)
def test_a_changed_policy_takes_effect_at_once(company: Any, refused: Refused) -> None:
    company.enable()
    account = company.account()
    policy = company.attach({**NO_QUEUES, "Action": "sns:*"}, account)
    sqs = company.of("sqs", account)
    sqs.list_queues()
    company.api.update_policy(PolicyId=policy, Content=json.dumps({"Version": "2012-10-17", "Statement": NO_QUEUES}))
    assert refused(sqs.list_queues)[0] == "AccessDenied"


@pytest.mark.documented(SCPS)
def test_policies_bind_only_while_their_type_is_enabled(company: Any, refused: Refused) -> None:
    company.enable()
    account = company.account()
    company.attach(NO_QUEUES, account)
    sqs = company.of("sqs", account)
    assert refused(sqs.list_queues)[0] == "AccessDenied"
    company.api.disable_policy_type(RootId=company.root, PolicyType="SERVICE_CONTROL_POLICY")
    sqs.list_queues()


@pytest.mark.documented(SCPS)
def test_an_account_that_leaves_is_bound_no_more(company: Any, refused: Refused) -> None:
    company.enable()
    account = company.account()
    company.attach(NO_QUEUES, company.root)
    sqs = company.of("sqs", account)
    assert refused(sqs.list_queues)[0] == "AccessDenied"
    company.cloud.advance(days=4)
    company.api.remove_account_from_organization(AccountId=account)
    sqs.list_queues()


@pytest.mark.documented(GUIDE + "orgs_manage_policies_scps_examples_general.html")
def test_a_policy_keeps_accounts_from_leaving(company: Any, refused: Refused) -> None:
    company.enable()
    account = company.account()
    company.attach({"Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"}, company.root)
    company.cloud.advance(days=4)
    code, message = refused(company.of("organizations", account).leave_organization)
    assert code == "AccessDeniedException"
    assert "service control policy" in message


# -- resource control policies -----------------------------------------------------------------------------------


def outsiders_denied(company: Any) -> Any:
    return {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": "*",
        "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": company.id}},
    }


def open_queue(company: Any, account: str) -> str:
    sqs = company.of("sqs", account)
    url: str = sqs.create_queue(QueueName="open")["QueueUrl"]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document})
    return url


@pytest.mark.documented(RCPS)
def test_a_resource_control_policy_keeps_strangers_from_an_open_queue(company: Any, refused: Refused) -> None:
    company.enable(RCP)
    account = company.account()
    url = open_queue(company, account)
    stranger = company.of("sqs", "999999999999")
    stranger.send_message(QueueUrl=url, MessageBody="still let in")
    company.attach(outsiders_denied(company), company.root, RCP)
    assert refused(stranger.send_message, QueueUrl=url, MessageBody="no more")[0] == "AccessDenied"
    company.of("sqs", account).send_message(QueueUrl=url, MessageBody="from its own account")
    company.cloud.client("sqs").send_message(QueueUrl=url, MessageBody="from the management account")


@pytest.mark.documented(RCPS)
def test_resources_of_the_management_account_are_not_bound(company: Any) -> None:
    company.enable(RCP)
    url = open_queue(company, "000000000000")
    company.attach(outsiders_denied(company), company.root, RCP)
    company.of("sqs", "999999999999").send_message(QueueUrl=url, MessageBody="let in")


@pytest.mark.documented(RCPS)
def test_a_resource_control_policy_binds_the_owner_too(company: Any, refused: Refused) -> None:
    company.enable(RCP)
    account = company.account()
    url = open_queue(company, account)
    company.attach({**outsiders_denied(company), "Condition": {}}, account, RCP)
    assert refused(company.of("sqs", account).send_message, QueueUrl=url, MessageBody="x")[0] == "AccessDenied"


@pytest.mark.documented(SCPS)
def test_a_service_linked_role_is_bound_by_no_service_control_policy(company: Any, refused: Refused) -> None:
    company.enable()
    account = company.account()
    url = open_queue(company, account)
    company.attach(NO_QUEUES, company.root)
    # only services assume such a role: its session is made as STS makes one for them
    linked = f"arn:aws:iam::{account}:role/aws-service-role/organizations.amazonaws.com/AWSServiceRoleForOrganizations"
    plain = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    bound = company.cloud.client("sqs", **session(company, account, plain))
    assert refused(bound.send_message, QueueUrl=url, MessageBody="x")[0] == "AccessDenied"
    free = company.cloud.client("sqs", **session(company, account, linked))
    assert free.send_message(QueueUrl=url, MessageBody="x")["MessageId"]


def session(company: Any, account: str, role: str) -> dict[str, str]:
    name = role.rsplit("/", 1)[1]
    unique = company.of("iam", account).get_role(RoleName=name)["Role"]["RoleId"]
    now = company.cloud.clock.now()
    access_key, secret_key, token = company.cloud.ports.proofs.mint(
        account=account,
        kind="role",
        arn=f"arn:aws:sts::{account}:assumed-role/{name}/visit",
        issuer=role,
        id=f"{unique}:visit",
        name=name,
        session_name="visit",
        issued_at=now,
        expires_at=now + 3600,
    )
    return {"access_key": access_key, "secret_key": secret_key, "token": token}


@pytest.mark.documented(EVALUATION)
def test_a_member_is_bound_in_other_accounts_too(company: Any, refused: Refused) -> None:
    company.enable()
    account = company.account()
    url = open_queue(company, "000000000000")
    sqs = company.of("sqs", account)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    company.attach(NO_QUEUES, account)
    assert refused(sqs.send_message, QueueUrl=url, MessageBody="x")[0] == "AccessDenied"

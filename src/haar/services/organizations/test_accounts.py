"""Accounts are created, are strangers to each other, and are moved, removed and closed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

API = "https://docs.aws.amazon.com/organizations/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/organizations/latest/userguide/"
Refused = Callable[..., tuple[str, str]]


@pytest.mark.fact("ORG-001")
def test_a_created_account_is_in_progress_and_then_listed(company: Any) -> None:
    asked = company.api.create_account(AccountName="sales", Email="sales@example.com")["CreateAccountStatus"]
    assert asked["State"] == "IN_PROGRESS"
    assert "AccountId" not in asked
    company.cloud.advance(seconds=5)
    done = company.api.describe_create_account_status(CreateAccountRequestId=asked["Id"])["CreateAccountStatus"]
    assert (done["State"], done["AccountName"]) == ("SUCCEEDED", "sales")
    (sales,) = [one for one in company.api.list_accounts()["Accounts"] if one["Id"] == done["AccountId"]]
    assert (sales["Name"], sales["Email"], sales["JoinedMethod"]) == ("sales", "sales@example.com", "CREATED")
    assert (sales["Status"], sales["State"]) == ("ACTIVE", "ACTIVE")
    assert sales["Paths"] == [f"{company.id}/{company.root}/{sales['Id']}/"]


@pytest.mark.documented(API + "API_CreateAccount.html")
def test_an_email_belongs_to_one_account(company: Any) -> None:
    company.account("first")
    asked = company.api.create_account(AccountName="second", Email="FIRST@example.com")["CreateAccountStatus"]
    company.cloud.advance(seconds=5)
    done = company.api.describe_create_account_status(CreateAccountRequestId=asked["Id"])["CreateAccountStatus"]
    assert (done["State"], done["FailureReason"]) == ("FAILED", "EMAIL_ALREADY_EXISTS")
    assert "CompletedTimestamp" in done


@pytest.mark.documented(GUIDE + "orgs_reference_limits.html")
def test_an_organization_has_ten_accounts(company: Any, refused: Refused) -> None:
    for number in range(9):
        company.account(f"n{number}")
    assert refused(company.api.create_account, AccountName="more", Email="more@example.com") == (
        "ConstraintViolationException",
        "ACCOUNT_NUMBER_LIMIT_EXCEEDED",
    )


@pytest.mark.documented(API + "API_CreateAccountStatus.html")
def test_of_accounts_created_at_once_those_that_find_no_room_fail(company: Any) -> None:
    for number in range(8):
        company.account(f"n{number}")
    company.api.create_account(AccountName="ninth", Email="ninth@example.com")
    company.api.create_account(AccountName="tenth", Email="tenth@example.com")
    company.cloud.advance(seconds=5)
    (failed,) = company.api.list_create_account_status(States=["FAILED"])["CreateAccountStatuses"]
    assert failed["FailureReason"] == "ACCOUNT_LIMIT_EXCEEDED"
    assert len(company.api.list_create_account_status(States=["SUCCEEDED"])["CreateAccountStatuses"]) == 9


@pytest.mark.documented(GUIDE + "orgs_reference_limits.html")
def test_five_accounts_are_in_creation_at_a_time(company: Any, refused: Refused) -> None:
    for number in range(5):
        company.api.create_account(AccountName="x", Email=f"x{number}@example.com")
    assert refused(company.api.create_account, AccountName="x", Email="x6@example.com") == (
        "ConstraintViolationException",
        "ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED",
    )


@pytest.mark.documented(API + "API_CreateAccount.html")
def test_an_access_role_is_no_service_role(company: Any, refused: Refused) -> None:
    given = {"AccountName": "x", "Email": "x@example.com", "RoleName": "AWSServiceRoleForX"}
    assert refused(company.api.create_account, **given) == ("InvalidInputException", "INVALID_ROLE_NAME")


@pytest.mark.documented(API + "API_DescribeCreateAccountStatus.html")
def test_a_request_that_was_never_made_has_no_status(company: Any, refused: Refused) -> None:
    code, _ = refused(company.api.describe_create_account_status, CreateAccountRequestId="car-" + "0" * 32)
    assert code == "CreateAccountStatusNotFoundException"


@pytest.mark.documented(API + "API_CreateAccount.html")
def test_a_bad_email_is_invalid_input(company: Any, refused: Refused) -> None:
    assert refused(company.api.create_account, AccountName="x", Email="nobody")[0] == "InvalidInputException"


@pytest.mark.documented(API + "API_CreateGovCloudAccount.html")
def test_accounts_in_govcloud_are_refused(company: Any, refused: Refused) -> None:
    code, _ = refused(company.api.create_gov_cloud_account, AccountName="x", Email="x@example.com")
    assert code == "NotImplemented"


@pytest.mark.documented(GUIDE + "orgs_manage_accounts_access-cross-account-role.html")
def test_the_management_account_administers_a_created_account_through_its_role(company: Any) -> None:
    account = company.account()
    keys = company.user("000000000000", allows="sts:AssumeRole")
    role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    given = company.cloud.client("sts", **keys).assume_role(RoleArn=role, RoleSessionName="visit")["Credentials"]
    inside = {
        "access_key": given["AccessKeyId"],
        "secret_key": given["SecretAccessKey"],
        "token": given["SessionToken"],
    }
    iam = company.cloud.client("iam", **inside)
    iam.create_user(UserName="made-from-outside")
    assert company.of("iam", account).get_user(UserName="made-from-outside")["User"]["Arn"].split(":")[4] == account


@pytest.mark.documented(API + "API_CreateAccount.html")
def test_the_access_role_can_have_another_name(company: Any) -> None:
    company.api.create_account(AccountName="x", Email="x@example.com", RoleName="Landlord")
    company.cloud.advance(seconds=5)
    account = company.api.list_create_account_status()["CreateAccountStatuses"][0]["AccountId"]
    attached = company.of("iam", account).list_attached_role_policies(RoleName="Landlord")["AttachedPolicies"]
    assert [one["PolicyName"] for one in attached] == ["AdministratorAccess"]


@pytest.mark.ours
def test_two_accounts_have_the_same_names_and_nothing_in_common(company: Any) -> None:
    first, second = company.account("first"), company.account("second")
    company.of("sqs", first).create_queue(QueueName="same")
    company.of("sqs", second).create_queue(QueueName="same")
    company.of("sqs", first).send_message(
        QueueUrl=company.of("sqs", first).get_queue_url(QueueName="same")["QueueUrl"], MessageBody="x"
    )
    url = company.of("sqs", second).get_queue_url(QueueName="same")["QueueUrl"]
    assert second in url
    assert "Messages" not in company.of("sqs", second).receive_message(QueueUrl=url)
    company.of("iam", first).create_user(UserName="same")
    assert company.of("iam", second).list_users()["Users"] == []


@pytest.mark.documented(API + "API_ListAccounts.html")
def test_accounts_come_in_pages(company: Any) -> None:
    made = {company.account(f"n{number}") for number in range(4)} | {"000000000000"}
    pages = list(company.api.get_paginator("list_accounts").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["Accounts"]) for page in pages] == [2, 2, 1]
    assert {one["Id"] for page in pages for one in page["Accounts"]} == made


@pytest.mark.documented(API + "API_DescribeAccount.html")
def test_an_account_of_somebody_else_is_not_found(company: Any, refused: Refused) -> None:
    assert refused(company.api.describe_account, AccountId="111111111111") == (
        "AccountNotFoundException",
        "You specified an account that doesn't exist.",
    )


# -- leaving -----------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_LeaveOrganization.html")
def test_a_created_account_stays_four_days(company: Any, refused: Refused) -> None:
    account = company.account()
    member = company.of("organizations", account)
    assert refused(member.leave_organization) == ("ConstraintViolationException", "WAIT_PERIOD_ACTIVE")
    company.cloud.advance(days=4)
    member.leave_organization()
    assert refused(member.describe_organization)[0] == "AWSOrganizationsNotInUseException"
    assert [one["Id"] for one in company.api.list_accounts()["Accounts"]] == ["000000000000"]


@pytest.mark.documented(API + "API_RemoveAccountFromOrganization.html")
def test_a_removed_account_stands_alone_with_all_it_has(company: Any) -> None:
    account = company.account()
    company.of("sqs", account).create_queue(QueueName="kept")
    company.cloud.advance(days=4)
    company.api.remove_account_from_organization(AccountId=account)
    assert company.of("sqs", account).list_queues()["QueueUrls"]


@pytest.mark.documented(API + "API_LeaveOrganization.html")
def test_the_management_account_cannot_leave(company: Any, refused: Refused) -> None:
    assert refused(company.api.leave_organization)[0] == "MasterCannotLeaveOrganizationException"
    code, _ = refused(company.api.remove_account_from_organization, AccountId="000000000000")
    assert code == "MasterCannotLeaveOrganizationException"


@pytest.mark.documented(API + "API_RemoveAccountFromOrganization.html")
def test_a_delegated_administrator_cannot_be_removed(company: Any, refused: Refused) -> None:
    account = company.account()
    company.api.enable_aws_service_access(ServicePrincipal="config.amazonaws.com")
    company.api.register_delegated_administrator(AccountId=account, ServicePrincipal="config.amazonaws.com")
    company.cloud.advance(days=4)
    assert refused(company.api.remove_account_from_organization, AccountId=account) == (
        "ConstraintViolationException",
        "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG",
    )


# -- closing -----------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_CloseAccount.html")
def test_a_closed_account_answers_nothing_and_is_gone_after_ninety_days(company: Any, refused: Refused) -> None:
    account = company.account()
    company.api.close_account(AccountId=account)
    pending = company.api.describe_account(AccountId=account)["Account"]
    assert (pending["Status"], pending["State"]) == ("PENDING_CLOSURE", "PENDING_CLOSURE")
    company.cloud.advance(minutes=2)
    closed = company.api.describe_account(AccountId=account)["Account"]
    assert (closed["Status"], closed["State"]) == ("SUSPENDED", "CLOSED")
    assert refused(company.of("sqs", account).list_queues)[0] == "OptInRequired"
    company.cloud.advance(days=90)
    assert refused(company.api.describe_account, AccountId=account)[0] == "AccountNotFoundException"
    assert refused(company.of("sqs", account).list_queues)[0] == "OptInRequired"


@pytest.mark.documented(API + "API_CloseAccount.html")
def test_an_account_is_closed_once(company: Any, refused: Refused) -> None:
    account = company.account()
    company.api.close_account(AccountId=account)
    assert refused(company.api.close_account, AccountId=account)[0] == "ConflictException"
    company.cloud.advance(minutes=2)
    assert refused(company.api.close_account, AccountId=account)[0] == "AccountAlreadyClosedException"


@pytest.mark.documented(API + "API_CloseAccount.html")
def test_the_management_account_cannot_be_closed(company: Any, refused: Refused) -> None:
    assert refused(company.api.close_account, AccountId="000000000000") == (
        "ConstraintViolationException",
        "CANNOT_CLOSE_MANAGEMENT_ACCOUNT",
    )


@pytest.mark.documented(GUIDE + "orgs_reference_limits.html")
def test_three_accounts_are_in_closing_at_a_time(company: Any, refused: Refused) -> None:
    accounts = [company.account(f"n{number}") for number in range(4)]
    for account in accounts[:3]:
        company.api.close_account(AccountId=account)
    assert refused(company.api.close_account, AccountId=accounts[3]) == (
        "ConstraintViolationException",
        "CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED",
    )


# -- the tree ----------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_CreateOrganizationalUnit.html")
def test_units_know_their_place(company: Any) -> None:
    outer = company.unit("outer")
    inner = company.unit("inner", outer)
    shown = company.api.describe_organizational_unit(OrganizationalUnitId=inner)["OrganizationalUnit"]
    assert shown["Path"] == f"{company.id}/{company.root}/{outer}/{inner}/"
    assert shown["Arn"] == f"arn:aws:organizations::000000000000:ou/{company.id}/{inner}"
    assert inner.startswith(f"ou-{company.root[2:]}-")
    parents = company.api.list_parents(ChildId=inner)["Parents"]
    assert parents == [{"Id": outer, "Type": "ORGANIZATIONAL_UNIT"}]
    children = company.api.list_children(ParentId=company.root, ChildType="ORGANIZATIONAL_UNIT")["Children"]
    assert children == [{"Id": outer, "Type": "ORGANIZATIONAL_UNIT"}]
    listed = company.api.list_organizational_units_for_parent(ParentId=outer)["OrganizationalUnits"]
    assert [one["Name"] for one in listed] == ["inner"]


@pytest.mark.documented(GUIDE + "orgs_reference_limits.html")
def test_units_are_five_deep(company: Any, refused: Refused) -> None:
    parent = company.root
    for level in range(5):
        parent = company.unit(str(level), parent)
    assert refused(company.api.create_organizational_unit, ParentId=parent, Name="sixth") == (
        "ConstraintViolationException",
        "OU_DEPTH_LIMIT_EXCEEDED",
    )


@pytest.mark.documented(API + "API_CreateOrganizationalUnit.html")
def test_siblings_have_different_names(company: Any, refused: Refused) -> None:
    first, second = company.unit("same"), company.unit("other")
    code = "DuplicateOrganizationalUnitException"
    assert refused(company.api.create_organizational_unit, ParentId=company.root, Name="same")[0] == code
    assert refused(company.api.update_organizational_unit, OrganizationalUnitId=second, Name="same")[0] == code
    assert company.unit("same", first)


@pytest.mark.documented(API + "API_UpdateOrganizationalUnit.html")
def test_a_unit_is_renamed(company: Any) -> None:
    unit = company.unit("before")
    company.api.update_organizational_unit(OrganizationalUnitId=unit, Name="after")
    shown = company.api.describe_organizational_unit(OrganizationalUnitId=unit)["OrganizationalUnit"]
    assert shown["Name"] == "after"


@pytest.mark.documented(API + "API_DeleteOrganizationalUnit.html")
def test_a_unit_with_something_in_it_cannot_be_deleted(company: Any, refused: Refused) -> None:
    unit = company.unit()
    company.move(company.account(), unit)
    given = {"OrganizationalUnitId": unit}
    assert refused(company.api.delete_organizational_unit, **given)[0] == "OrganizationalUnitNotEmptyException"


@pytest.mark.documented(API + "API_DeleteOrganizationalUnit.html")
def test_an_empty_unit_is_deleted(company: Any, refused: Refused) -> None:
    given = {"OrganizationalUnitId": company.unit()}
    company.api.delete_organizational_unit(**given)
    assert refused(company.api.describe_organizational_unit, **given)[0] == "OrganizationalUnitNotFoundException"


@pytest.mark.documented(API + "API_ListChildren.html")
def test_what_is_not_there_has_no_parents_and_no_children(company: Any, refused: Refused) -> None:
    gone = "ou-abcd-12345678"
    assert refused(company.api.list_parents, ChildId=gone)[0] == "ChildNotFoundException"
    assert refused(company.api.list_children, ParentId=gone, ChildType="ACCOUNT")[0] == "ParentNotFoundException"
    assert refused(company.api.list_accounts_for_parent, ParentId=gone)[0] == "ParentNotFoundException"
    assert refused(company.api.create_organizational_unit, ParentId=gone, Name="x")[0] == "ParentNotFoundException"


@pytest.mark.documented(API + "API_MoveAccount.html")
def test_an_account_is_moved(company: Any) -> None:
    account, unit = company.account(), company.unit()
    company.move(account, unit)
    assert [one["Id"] for one in company.api.list_accounts_for_parent(ParentId=unit)["Accounts"]] == [account]
    root = company.api.list_children(ParentId=company.root, ChildType="ACCOUNT")["Children"]
    assert root == [{"Id": "000000000000", "Type": "ACCOUNT"}]


@pytest.mark.documented(API + "API_MoveAccount.html")
def test_a_move_says_truly_where_from_and_where_to(company: Any, refused: Refused) -> None:
    account, unit = company.account(), company.unit()
    move, root, gone = company.api.move_account, company.root, "ou-abcd-12345678"

    def answer(source: str, destination: str) -> str:
        return refused(move, AccountId=account, SourceParentId=source, DestinationParentId=destination)[0]

    assert answer(unit, root) == "SourceParentNotFoundException"
    assert answer(root, gone) == "DestinationParentNotFoundException"
    assert answer(root, root) == "DuplicateAccountException"


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html")
def test_a_queue_lets_in_the_whole_organization(company: Any, refused: Refused) -> None:
    sqs = company.cloud.client("sqs")
    url = sqs.create_queue(QueueName="open")["QueueUrl"]
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "sqs:SendMessage",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": company.id}},
    }
    sqs.set_queue_attributes(
        QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": statement})}
    )
    company.of("sqs", company.account()).send_message(QueueUrl=url, MessageBody="from a member")
    stranger = company.of("sqs", "999999999999")
    assert refused(stranger.send_message, QueueUrl=url, MessageBody="from outside")[0] == "AccessDenied"


@pytest.mark.documented(API + "API_RegisterDelegatedAdministrator.html")
def test_a_closed_account_neither_leaves_nor_administers(company: Any, refused: Refused) -> None:
    account = company.account()
    company.cloud.advance(days=4)
    company.api.enable_aws_service_access(ServicePrincipal="config.amazonaws.com")
    company.api.close_account(AccountId=account)
    company.cloud.advance(minutes=2)
    assert refused(company.api.remove_account_from_organization, AccountId=account) == (
        "ConstraintViolationException",
        "ACCOUNT_CANNOT_LEAVE_ORGANIZATION",
    )
    given = {"AccountId": account, "ServicePrincipal": "config.amazonaws.com"}
    assert refused(company.api.register_delegated_administrator, **given) == (
        "ConstraintViolationException",
        "CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR",
    )


@pytest.mark.documented(API + "API_ListAccounts.html")
def test_a_token_that_was_never_given_is_invalid_input(company: Any, refused: Refused) -> None:
    assert refused(company.api.list_accounts, NextToken="no such page")[0] == "InvalidInputException"

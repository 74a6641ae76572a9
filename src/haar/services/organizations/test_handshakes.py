"""Accounts are invited, answer, or let the time run out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

API = "https://docs.aws.amazon.com/organizations/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/organizations/latest/userguide/"
Refused = Callable[..., tuple[str, str]]
GUEST = "222222222222"


def invite(company: Any, to: str = GUEST, kind: str = "ACCOUNT", **more: Any) -> Any:
    target = {"Type": kind, "Id": to}
    return company.api.invite_account_to_organization(Target=target, **more)["Handshake"]


@pytest.mark.documented(API + "API_InviteAccountToOrganization.html")
def test_an_invited_account_joins_when_it_accepts(company: Any) -> None:
    asked = invite(company, Notes="join us", Tags=[{"Key": "team", "Value": "red"}])
    assert (asked["Action"], asked["State"]) == ("INVITE", "OPEN")
    assert asked["Arn"] == f"arn:aws:organizations::000000000000:handshake/{company.id}/invite/{asked['Id']}"
    assert asked["Parties"] == [{"Id": company.id, "Type": "ORGANIZATION"}, {"Id": GUEST, "Type": "ACCOUNT"}]
    assert {"Type": "NOTES", "Value": "join us"} in asked["Resources"]
    guest = company.of("organizations", GUEST)
    assert [one["Id"] for one in guest.list_handshakes_for_account()["Handshakes"]] == [asked["Id"]]
    assert guest.accept_handshake(HandshakeId=asked["Id"])["Handshake"]["State"] == "ACCEPTED"
    joined = company.api.describe_account(AccountId=GUEST)["Account"]
    assert joined["JoinedMethod"] == "INVITED"
    assert company.api.list_parents(ChildId=GUEST)["Parents"] == [{"Id": company.root, "Type": "ROOT"}]
    assert company.api.list_tags_for_resource(ResourceId=GUEST)["Tags"] == [{"Key": "team", "Value": "red"}]


@pytest.mark.documented(API + "API_InviteAccountToOrganization.html")
def test_an_account_is_invited_by_its_email_as_well(company: Any) -> None:
    asked = invite(company, f"{GUEST}@accounts.haar.localhost", "EMAIL")
    company.of("organizations", GUEST).accept_handshake(HandshakeId=asked["Id"])
    assert company.api.describe_account(AccountId=GUEST)["Account"]["Email"] == f"{GUEST}@accounts.haar.localhost"


@pytest.mark.documented(GUIDE + "orgs_integrate_services-using_slrs.html")
def test_who_joins_gets_the_service_linked_role(company: Any) -> None:
    asked = invite(company)
    company.of("organizations", GUEST).accept_handshake(HandshakeId=asked["Id"])
    assert company.of("iam", GUEST).get_role(RoleName="AWSServiceRoleForOrganizations")["Role"]


@pytest.mark.documented(API + "API_AcceptHandshake.html")
def test_an_invited_account_may_leave_at_once_and_come_back(company: Any) -> None:
    guest = company.of("organizations", GUEST)
    guest.accept_handshake(HandshakeId=invite(company)["Id"])
    guest.leave_organization()
    guest.accept_handshake(HandshakeId=invite(company)["Id"])
    assert guest.describe_organization()["Organization"]["Id"] == company.id


@pytest.mark.documented(API + "API_AcceptHandshake.html")
def test_an_account_of_another_organization_changes_over(company: Any, refused: Refused) -> None:
    other = company.cloud.client("organizations", access_key="333333333333")
    other.create_organization()
    guest = company.of("organizations", GUEST)
    guest.accept_handshake(HandshakeId=invite(company)["Id"])
    asked = other.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": GUEST})["Handshake"]
    guest.accept_handshake(HandshakeId=asked["Id"])
    assert guest.describe_organization()["Organization"]["MasterAccountId"] == "333333333333"
    assert refused(company.api.describe_account, AccountId=GUEST)[0] == "AccountNotFoundException"


@pytest.mark.documented(API + "API_AcceptHandshake.html")
def test_a_management_account_cannot_join_another_organization(company: Any, refused: Refused) -> None:
    other = company.cloud.client("organizations", access_key="333333333333")
    other.create_organization()
    asked = invite(company, "333333333333")
    code, _ = refused(other.accept_handshake, HandshakeId=asked["Id"])
    assert code == "MasterCannotLeaveOrganizationException"


@pytest.mark.documented(API + "API_AcceptHandshake.html")
def test_only_the_invited_account_may_answer(company: Any, refused: Refused) -> None:
    asked = invite(company)
    stranger = company.of("organizations", "999999999999")
    assert refused(stranger.accept_handshake, HandshakeId=asked["Id"])[0] == "HandshakeNotFoundException"
    assert refused(company.api.accept_handshake, HandshakeId=asked["Id"])[0] == "AccessDeniedException"


@pytest.mark.documented(API + "API_AcceptHandshake.html")
def test_a_user_of_the_invited_account_needs_permission(company: Any, refused: Refused) -> None:
    asked = invite(company)
    keys = company.user(GUEST, allows="organizations:Describe*")
    user = company.cloud.client("organizations", **keys)
    assert user.describe_handshake(HandshakeId=asked["Id"])["Handshake"]["State"] == "OPEN"
    assert refused(user.accept_handshake, HandshakeId=asked["Id"])[0] == "AccessDeniedException"


@pytest.mark.documented(API + "API_DeclineHandshake.html")
def test_a_declined_invitation_is_over(company: Any, refused: Refused) -> None:
    asked = invite(company)
    guest = company.of("organizations", GUEST)
    assert guest.decline_handshake(HandshakeId=asked["Id"])["Handshake"]["State"] == "DECLINED"
    assert refused(guest.decline_handshake, HandshakeId=asked["Id"])[0] == "HandshakeAlreadyInStateException"
    assert refused(guest.accept_handshake, HandshakeId=asked["Id"])[0] == "InvalidHandshakeTransitionException"
    assert invite(company)["State"] == "OPEN"


@pytest.mark.documented(API + "API_CancelHandshake.html")
def test_the_sender_cancels(company: Any, refused: Refused) -> None:
    asked = invite(company)
    guest = company.of("organizations", GUEST)
    assert refused(guest.cancel_handshake, HandshakeId=asked["Id"])[0] == "AccessDeniedException"
    assert company.api.cancel_handshake(HandshakeId=asked["Id"])["Handshake"]["State"] == "CANCELED"
    assert refused(guest.accept_handshake, HandshakeId=asked["Id"])[0] == "InvalidHandshakeTransitionException"


@pytest.mark.documented(GUIDE + "orgs_reference_limits.html")
def test_an_invitation_expires_after_fifteen_days(company: Any, refused: Refused) -> None:
    asked = invite(company)
    guest = company.of("organizations", GUEST)
    company.cloud.advance(days=14.9)
    assert guest.describe_handshake(HandshakeId=asked["Id"])["Handshake"]["State"] == "OPEN"
    company.cloud.advance(days=0.2)
    assert guest.describe_handshake(HandshakeId=asked["Id"])["Handshake"]["State"] == "EXPIRED"
    assert refused(guest.accept_handshake, HandshakeId=asked["Id"])[0] == "InvalidHandshakeTransitionException"


@pytest.mark.documented(API + "API_AcceptHandshake.html")
def test_an_answered_handshake_is_forgotten_after_thirty_days(company: Any, refused: Refused) -> None:
    asked = invite(company)
    company.of("organizations", GUEST).decline_handshake(HandshakeId=asked["Id"])
    company.cloud.advance(days=31)
    assert refused(company.api.describe_handshake, HandshakeId=asked["Id"])[0] == "HandshakeNotFoundException"


@pytest.mark.documented(API + "API_InviteAccountToOrganization.html")
def test_an_account_is_invited_once_at_a_time(company: Any, refused: Refused) -> None:
    invite(company)
    target = {"Type": "EMAIL", "Id": f"{GUEST}@accounts.haar.localhost"}
    code, _ = refused(company.api.invite_account_to_organization, Target=target)
    assert code == "DuplicateHandshakeException"


@pytest.mark.documented(API + "API_InviteAccountToOrganization.html")
def test_a_member_is_not_invited(company: Any, refused: Refused) -> None:
    target = {"Type": "ACCOUNT", "Id": company.account()}
    assert refused(company.api.invite_account_to_organization, Target=target) == (
        "HandshakeConstraintViolationException",
        "ALREADY_IN_AN_ORGANIZATION",
    )


@pytest.mark.documented(API + "API_InviteAccountToOrganization.html")
def test_only_accounts_are_invited(company: Any, refused: Refused) -> None:
    send = company.api.invite_account_to_organization
    organization = {"Type": "ORGANIZATION", "Id": "o-abcdefghij"}
    assert refused(send, Target=organization) == ("InvalidInputException", "INVALID_PARTY_TYPE_TARGET")
    assert refused(send, Target={"Type": "ACCOUNT", "Id": "12"}) == ("InvalidInputException", "INVALID_PATTERN")
    nobody = {"Type": "EMAIL", "Id": "nobody"}
    assert refused(send, Target=nobody) == ("InvalidInputException", "INVALID_EMAIL_ADDRESS_TARGET")


@pytest.mark.documented(GUIDE + "orgs_reference_limits.html")
def test_an_invitation_takes_up_room_until_it_is_answered(company: Any, refused: Refused) -> None:
    asked = [invite(company, f"22222222220{number}") for number in range(9)]
    send, target = company.api.invite_account_to_organization, {"Type": "ACCOUNT", "Id": GUEST}
    assert refused(send, Target=target) == (
        "HandshakeConstraintViolationException",
        "ACCOUNT_NUMBER_LIMIT_EXCEEDED",
    )
    company.api.cancel_handshake(HandshakeId=asked[0]["Id"])
    assert invite(company)["State"] == "OPEN"


@pytest.mark.documented(GUIDE + "orgs_reference_limits.html")
def test_twenty_invitations_are_sent_in_a_day(company: Any, refused: Refused) -> None:
    for _ in range(20):
        company.api.cancel_handshake(HandshakeId=invite(company)["Id"])
    target = {"Type": "ACCOUNT", "Id": GUEST}
    assert refused(company.api.invite_account_to_organization, Target=target) == (
        "HandshakeConstraintViolationException",
        "HANDSHAKE_RATE_LIMIT_EXCEEDED",
    )
    company.cloud.advance(days=1.01)
    assert invite(company)["State"] == "OPEN"


@pytest.mark.documented(API + "API_ListHandshakesForOrganization.html")
def test_the_organization_sees_what_it_has_sent(company: Any, refused: Refused) -> None:
    asked = invite(company)
    listed = company.api.list_handshakes_for_organization(Filter={"ActionType": "INVITE"})["Handshakes"]
    assert [one["Id"] for one in listed] == [asked["Id"]]
    other = company.api.list_handshakes_for_organization(Filter={"ActionType": "APPROVE_ALL_FEATURES"})
    assert other["Handshakes"] == []
    both = {"ActionType": "INVITE", "ParentHandshakeId": asked["Id"]}
    assert refused(company.api.list_handshakes_for_organization, Filter=both) == (
        "InvalidInputException",
        "MAX_LIMIT_EXCEEDED_FILTER",
    )


@pytest.mark.documented(API + "API_AcceptHandshake.html")
def test_who_may_not_make_the_service_linked_role_cannot_join(company: Any, refused: Refused) -> None:
    asked = invite(company)
    keys = company.user(GUEST, allows="organizations:*")
    user = company.cloud.client("organizations", **keys)
    assert refused(user.accept_handshake, HandshakeId=asked["Id"]) == (
        "AccessDeniedForDependencyException",
        "ACCESS_DENIED_DURING_CREATE_SERVICE_LINKED_ROLE",
    )
    assert [one["Id"] for one in company.api.list_accounts()["Accounts"]] == ["000000000000"]


@pytest.mark.documented("https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html")
def test_a_policy_may_name_the_handshake_that_is_accepted(company: Any) -> None:
    asked = invite(company)
    keys = company.user(GUEST, allows="iam:CreateServiceLinkedRole")
    statement = {"Effect": "Allow", "Action": "organizations:AcceptHandshake", "Resource": asked["Arn"]}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    company.of("iam", GUEST).put_user_policy(UserName="user", PolicyName="accept", PolicyDocument=document)
    user = company.cloud.client("organizations", **keys)
    assert user.accept_handshake(HandshakeId=asked["Id"])["Handshake"]["State"] == "ACCEPTED"

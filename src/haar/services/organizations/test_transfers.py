"""One organization hands its billing to another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

API = "https://docs.aws.amazon.com/organizations/latest/APIReference/"
pytestmark = pytest.mark.documented(API + "API_ResponsibilityTransfer.html")
Refused = Callable[..., tuple[str, str]]
OTHER = "333333333333"
NEXT_YEAR = {"Type": "BILLING", "SourceName": "other", "StartTimestamp": datetime(2100, 1, 1, tzinfo=UTC)}


def other(company: Any) -> Any:
    """The management account of a second organization."""
    api = company.of("organizations", OTHER)
    api.create_organization()
    return api


def ask(company: Any, **changes: Any) -> Any:
    given = {**NEXT_YEAR, "Target": {"Type": "ACCOUNT", "Id": OTHER}, **changes}
    return company.api.invite_organization_to_transfer_responsibility(**given)["Handshake"]


def test_a_transfer_is_asked_for_and_accepted(company: Any) -> None:
    giving, asked = other(company), ask(company)
    assert (asked["Action"], asked["State"]) == ("TRANSFER_RESPONSIBILITY", "OPEN")
    (inbound,) = company.api.list_inbound_responsibility_transfers(Type="BILLING")["ResponsibilityTransfers"]
    assert (inbound["Status"], inbound["ActiveHandshakeId"]) == ("REQUESTED", asked["Id"])
    assert inbound["Arn"].endswith(f"{company.id}/billing/inbound/{inbound['Id']}")
    giving.accept_handshake(HandshakeId=asked["Id"])
    (outbound,) = giving.list_outbound_responsibility_transfers(Type="BILLING")["ResponsibilityTransfers"]
    assert (outbound["Status"], outbound["Id"]) == ("ACCEPTED", inbound["Id"])
    assert "/billing/outbound/" in outbound["Arn"]
    assert outbound["Source"]["ManagementAccountId"] == OTHER
    assert outbound["Target"]["ManagementAccountId"] == "000000000000"


def test_a_transfer_that_is_declined_is_over(company: Any, refused: Refused) -> None:
    giving, asked = other(company), ask(company)
    giving.decline_handshake(HandshakeId=asked["Id"])
    (inbound,) = company.api.list_inbound_responsibility_transfers(Type="BILLING")["ResponsibilityTransfers"]
    assert inbound["Status"] == "DECLINED"
    code, _ = refused(company.api.terminate_responsibility_transfer, Id=inbound["Id"])
    assert code == "InvalidResponsibilityTransferTransitionException"


def test_a_transfer_is_renamed_and_terminated_at_the_end_of_the_month(company: Any, refused: Refused) -> None:
    giving, asked = other(company), ask(company)
    giving.accept_handshake(HandshakeId=asked["Id"])
    (transfer,) = company.api.list_inbound_responsibility_transfers(Type="BILLING")["ResponsibilityTransfers"]
    name = transfer["Id"]
    assert company.api.update_responsibility_transfer(Id=name, Name="new")["ResponsibilityTransfer"]["Name"] == "new"
    end = company.api.terminate_responsibility_transfer
    wrong = datetime(2100, 1, 15, tzinfo=UTC)
    assert refused(end, Id=name, EndTimestamp=wrong) == ("InvalidInputException", "END_DATE_NOT_END_OF_MONTH")
    early = datetime(2099, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)
    assert refused(end, Id=name, EndTimestamp=early) == ("InvalidInputException", "END_DATE_TOO_EARLY")
    last = datetime(2100, 1, 31, 23, 59, 59, 999000, tzinfo=UTC)
    assert end(Id=name, EndTimestamp=last)["ResponsibilityTransfer"]["Status"] == "WITHDRAWN"
    assert refused(end, Id=name)[0] == "ResponsibilityTransferAlreadyInStatusException"
    assert giving.describe_responsibility_transfer(Id=name)["ResponsibilityTransfer"]["Status"] == "WITHDRAWN"


def test_a_transfer_begins_with_a_month(company: Any, refused: Refused) -> None:
    def answer(start: str) -> str:
        return refused(ask, company=company, StartTimestamp=datetime.fromisoformat(f"{start}+00:00"))[1]

    assert answer("2100-01-01T05:00:00") == "START_DATE_NOT_BEGINNING_OF_DAY"
    assert answer("2100-01-02T00:00:00") == "START_DATE_NOT_BEGINNING_OF_MONTH"
    assert answer("2020-01-01T00:00:00") == "START_DATE_TOO_EARLY"


def test_a_transfer_is_asked_of_another_account_once(company: Any, refused: Refused) -> None:
    myself = {"Type": "ACCOUNT", "Id": "000000000000"}
    assert refused(ask, company=company, Target=myself) == (
        "HandshakeConstraintViolationException",
        "SOURCE_AND_TARGET_CANNOT_MATCH",
    )
    ask(company)
    assert refused(ask, company=company)[0] == "DuplicateHandshakeException"


def test_only_a_management_account_gives_its_billing_away(company: Any, refused: Refused) -> None:
    asked = ask(company)
    alone = company.of("organizations", OTHER)
    assert refused(alone.accept_handshake, HandshakeId=asked["Id"])[0] == "AWSOrganizationsNotInUseException"


def test_an_organization_with_a_transfer_is_not_deleted(company: Any, refused: Refused) -> None:
    asked = ask(company)
    assert refused(company.api.delete_organization) == (
        "ConstraintViolationException",
        "ACTIVE_RESPONSIBILITY_TRANSFER_PROCESS",
    )
    company.api.cancel_handshake(HandshakeId=asked["Id"])
    company.api.delete_organization()


def test_a_transfer_of_others_is_not_found(company: Any, refused: Refused) -> None:
    stranger = other(company)
    given = {"Id": "rt-12345678"}
    assert refused(stranger.describe_responsibility_transfer, **given)[0] == "ResponsibilityTransferNotFoundException"


def test_transfers_come_in_pages(company: Any) -> None:
    for number in range(3):
        ask(company, Target={"Type": "ACCOUNT", "Id": f"33333333330{number}"})
    first = company.api.list_inbound_responsibility_transfers(Type="BILLING", MaxResults=2)
    assert len(first["ResponsibilityTransfers"]) == 2
    rest = company.api.list_inbound_responsibility_transfers(Type="BILLING", NextToken=first["NextToken"])
    assert len(rest["ResponsibilityTransfers"]) == 1
    assert "NextToken" not in rest

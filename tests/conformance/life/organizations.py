"""Three organizations: one that lives whole, one that it talks to about its bills, one that comes to an end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from haar import Cloud
from tests.conformance.life.material import document

__all__ = ["live"]

FRIEND, PAYER, GUEST = "333333333333", "444444444444", "555555555555"
SCP = "SERVICE_CONTROL_POLICY"
TAGS = [{"Key": "team", "Value": "blue"}]

#: The lives that come first.
AFTER = ("sqs",)


def live(cloud: Cloud) -> None:
    """Every operation."""
    api = cloud.client("organizations")
    made = api.create_organization(FeatureSet="ALL")["Organization"]
    api.describe_organization()
    root = api.list_roots()["Roots"][0]["Id"]
    member = _accounts(cloud, api, root)
    _policies(api, root, member)
    _services(cloud, api, made["Id"], root, member)
    _invitations(cloud, api)
    _transfers(cloud, api)
    _features(cloud)
    _closing(cloud, api)


def _accounts(cloud: Cloud, api: Any, root: str) -> str:
    asked = api.create_account(AccountName="member", Email="member@example.com", Tags=TAGS)["CreateAccountStatus"]
    cloud.advance(minutes=1)
    status = api.describe_create_account_status(CreateAccountRequestId=asked["Id"])["CreateAccountStatus"]
    api.list_create_account_status()
    member: str = status["AccountId"]
    api.describe_account(AccountId=member)
    api.list_accounts()
    unit = api.create_organizational_unit(ParentId=root, Name="unit", Tags=TAGS)["OrganizationalUnit"]["Id"]
    api.describe_organizational_unit(OrganizationalUnitId=unit)
    api.update_organizational_unit(OrganizationalUnitId=unit, Name="department")
    api.list_organizational_units_for_parent(ParentId=root)
    api.move_account(AccountId=member, SourceParentId=root, DestinationParentId=unit)
    api.list_accounts_for_parent(ParentId=unit)
    api.list_children(ParentId=unit, ChildType="ACCOUNT")
    api.list_parents(ChildId=member)
    empty = api.create_organizational_unit(ParentId=root, Name="empty")["OrganizationalUnit"]["Id"]
    api.delete_organizational_unit(OrganizationalUnitId=empty)
    api.tag_resource(ResourceId=member, Tags=[{"Key": "level", "Value": "1"}])
    api.list_tags_for_resource(ResourceId=member)
    api.untag_resource(ResourceId=member, TagKeys=["level"])
    return member


def _policies(api: Any, root: str, member: str) -> None:
    api.enable_policy_type(RootId=root, PolicyType=SCP)
    api.enable_policy_type(RootId=root, PolicyType="TAG_POLICY")
    made = api.create_policy(
        Content=document("*"), Description="all", Name="everything", Type=SCP, Tags=TAGS
    )["Policy"]["PolicySummary"]["Id"]  # fmt: skip
    api.describe_policy(PolicyId=made)
    api.update_policy(PolicyId=made, Description="all of it")
    api.list_policies(Filter=SCP)
    api.attach_policy(PolicyId=made, TargetId=member)
    api.list_policies_for_target(TargetId=member, Filter=SCP)
    api.list_targets_for_policy(PolicyId=made)
    api.detach_policy(PolicyId=made, TargetId=member)
    api.delete_policy(PolicyId=made)
    tags = '{"tags": {"team": {"tag_key": {"@@assign": "team"}}}}'
    wanted = api.create_policy(Content=tags, Description="", Name="tags", Type="TAG_POLICY")["Policy"]["PolicySummary"]
    api.attach_policy(PolicyId=wanted["Id"], TargetId=root)
    api.describe_effective_policy(PolicyType="TAG_POLICY", TargetId=member)
    api.disable_policy_type(RootId=root, PolicyType=SCP)


def _services(cloud: Cloud, api: Any, organization: str, root: str, member: str) -> None:
    for service in ("iam.amazonaws.com", "config.amazonaws.com"):
        api.enable_aws_service_access(ServicePrincipal=service)
    api.list_aws_service_access_for_organization()
    api.register_delegated_administrator(AccountId=member, ServicePrincipal="config.amazonaws.com")
    api.list_delegated_administrators()
    api.list_delegated_services_for_account(AccountId=member)
    api.deregister_delegated_administrator(AccountId=member, ServicePrincipal="config.amazonaws.com")
    api.disable_aws_service_access(ServicePrincipal="config.amazonaws.com")
    api.enable_aws_service_access(ServicePrincipal="sso.amazonaws.com")
    api.register_delegated_administrator(AccountId=member, ServicePrincipal="sso.amazonaws.com")
    said = document("organizations:ListPolicies", Principal={"AWS": f"arn:aws:iam::{member}:root"})
    api.put_resource_policy(Content=said)
    api.describe_resource_policy()
    api.delete_resource_policy()
    api.put_resource_policy(Content=said)
    iam = cloud.client("iam")
    iam.enable_organizations_root_credentials_management()
    iam.disable_organizations_root_credentials_management()
    iam.enable_organizations_root_sessions()
    iam.list_organizations_features()
    iam.disable_organizations_root_sessions()
    iam.enable_organizations_root_sessions()
    job = iam.generate_organizations_access_report(EntityPath=f"{organization}/{root}")["JobId"]
    cloud.advance(minutes=1)
    iam.get_organizations_access_report(JobId=job)


def _invitations(cloud: Cloud, api: Any) -> None:
    target = {"Type": "ACCOUNT", "Id": GUEST}
    guest = cloud.client("organizations", access_key=GUEST)

    def invite() -> str:
        return str(api.invite_account_to_organization(Target=target, Tags=TAGS)["Handshake"]["Id"])

    api.cancel_handshake(HandshakeId=invite())
    guest.decline_handshake(HandshakeId=invite())
    asked = invite()
    api.describe_handshake(HandshakeId=asked)
    api.list_handshakes_for_organization()
    guest.list_handshakes_for_account()
    guest.accept_handshake(HandshakeId=asked)
    guest.leave_organization()
    guest.accept_handshake(HandshakeId=invite())
    api.remove_account_from_organization(AccountId=GUEST)


def _transfers(cloud: Cloud, api: Any) -> None:
    friend = cloud.client("organizations", access_key=FRIEND)
    friend.create_organization()
    asked = api.invite_organization_to_transfer_responsibility(
        Type="BILLING", Target={"Type": "ACCOUNT", "Id": FRIEND}, SourceName="friend",
        StartTimestamp=datetime(2100, 1, 1, tzinfo=UTC),
    )["Handshake"]  # fmt: skip
    inbound = api.list_inbound_responsibility_transfers(Type="BILLING")["ResponsibilityTransfers"][0]["Id"]
    api.describe_responsibility_transfer(Id=inbound)
    friend.accept_handshake(HandshakeId=asked["Id"])
    friend.list_outbound_responsibility_transfers(Type="BILLING")
    api.update_responsibility_transfer(Id=inbound, Name="bills")
    end = datetime(2100, 1, 31, 23, 59, 59, 999000, tzinfo=UTC)
    api.terminate_responsibility_transfer(Id=inbound, EndTimestamp=end)


def _features(cloud: Cloud) -> None:
    payer = cloud.client("organizations", access_key=PAYER)
    payer.create_organization(FeatureSet="CONSOLIDATED_BILLING")
    asked = payer.enable_all_features()["Handshake"]["Id"]
    payer.accept_handshake(HandshakeId=asked)
    payer.delete_organization()


def _closing(cloud: Cloud, api: Any) -> None:
    asked = api.create_account(AccountName="short", Email="short@example.com")["CreateAccountStatus"]["Id"]
    cloud.advance(minutes=1)
    done = api.describe_create_account_status(CreateAccountRequestId=asked)["CreateAccountStatus"]
    api.close_account(AccountId=done["AccountId"])

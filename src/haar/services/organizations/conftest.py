"""What the tests of this room start from: an organization, and short ways to grow it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from haar import Cloud

SCP = "SERVICE_CONTROL_POLICY"
RCP = "RESOURCE_CONTROL_POLICY"


class Company:
    """An organization of account 000000000000, seen by the root user of its management account."""

    def __init__(self, cloud: Cloud, features: str = "ALL") -> None:
        self.cloud = cloud
        self.api = cloud.client("organizations")
        self.id: str = self.api.create_organization(FeatureSet=features)["Organization"]["Id"]
        self.root: str = self.api.list_roots()["Roots"][0]["Id"]

    def account(self, name: str = "member") -> str:
        """The number of a new member account."""
        asked = self.api.create_account(AccountName=name, Email=f"{name}@example.com")["CreateAccountStatus"]
        self.cloud.advance(seconds=5)
        done = self.api.describe_create_account_status(CreateAccountRequestId=asked["Id"])["CreateAccountStatus"]
        assert done["State"] == "SUCCEEDED", done
        number: str = done["AccountId"]
        return number

    def unit(self, name: str = "unit", parent: str = "") -> str:
        """The id of a new unit."""
        made = self.api.create_organizational_unit(ParentId=parent or self.root, Name=name)
        unit: str = made["OrganizationalUnit"]["Id"]
        return unit

    def move(self, account: str, to: str) -> None:
        """Hang an account somewhere else."""
        source = self.api.list_parents(ChildId=account)["Parents"][0]["Id"]
        self.api.move_account(AccountId=account, SourceParentId=source, DestinationParentId=to)

    def enable(self, kind: str = SCP) -> None:
        """Enable a policy type."""
        self.api.enable_policy_type(RootId=self.root, PolicyType=kind)

    def policy(self, content: Any, kind: str = SCP, name: str = "policy") -> str:
        """The id of a new policy; `content` is a statement, or a whole management policy."""
        if kind in (SCP, RCP):
            content = {"Version": "2012-10-17", "Statement": content}
        made = self.api.create_policy(Content=json.dumps(content), Description="", Name=name, Type=kind)
        policy: str = made["Policy"]["PolicySummary"]["Id"]
        return policy

    def attach(self, content: Any, target: str, kind: str = SCP, name: str = "policy") -> str:
        """A new policy, attached."""
        policy = self.policy(content, kind, name)
        self.api.attach_policy(PolicyId=policy, TargetId=target)
        return policy

    def of(self, service: str, account: str) -> Any:
        """A client of an account's root user."""
        return self.cloud.client(service, access_key=account)

    def user(self, account: str, *, allows: str = "*", name: str = "user") -> dict[str, str]:
        """Keys of a new user of an account who is allowed some actions on everything."""
        iam = self.of("iam", account)
        iam.create_user(UserName=name)
        statement = {"Effect": "Allow", "Action": allows, "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": statement})
        iam.put_user_policy(UserName=name, PolicyName="may", PolicyDocument=document)
        made = iam.create_access_key(UserName=name)["AccessKey"]
        return {"access_key": made["AccessKeyId"], "secret_key": made["SecretAccessKey"]}


@pytest.fixture
def refused(cloud: Cloud) -> Callable[..., tuple[str, str]]:
    """Call something that is to be refused: the error's code, and its reason (or message, where it has none)."""
    client_error = cloud.client("organizations").exceptions.ClientError

    def call(function: Callable[..., Any], **arguments: Any) -> tuple[str, str]:
        with pytest.raises(client_error) as caught:
            function(**arguments)
        answer: dict[str, Any] = caught.value.response
        return answer["Error"]["Code"], answer.get("Reason") or answer["Error"]["Message"]

    return call


@pytest.fixture
def company(cloud: Cloud) -> Company:
    """An organization with all features."""
    return Company(cloud)


@pytest.fixture
def payer(cloud: Cloud) -> Company:
    """An organization for consolidated billing alone."""
    return Company(cloud, "CONSOLIDATED_BILLING")

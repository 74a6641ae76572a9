"""The account's alias and summary."""

from __future__ import annotations

import pytest

from haar import Cloud

API = "https://docs.aws.amazon.com/IAM/latest/APIReference/"


@pytest.mark.documented(API + "API_CreateAccountAlias.html")
def test_an_account_has_one_alias(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_account_alias(AccountAlias="first")
    iam.create_account_alias(AccountAlias="second")
    assert iam.list_account_aliases()["AccountAliases"] == ["second"]


@pytest.mark.documented(API + "API_CreateAccountAlias.html")
def test_no_two_accounts_have_the_same_alias(cloud: Cloud) -> None:
    cloud.client("iam").create_account_alias(AccountAlias="taken")
    other = cloud.client("iam", access_key="111111111111")
    with pytest.raises(other.exceptions.EntityAlreadyExistsException, match=r"The account alias taken already exists."):
        other.create_account_alias(AccountAlias="taken")


@pytest.mark.documented(API + "API_DeleteAccountAlias.html")
def test_an_alias_goes(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_account_alias(AccountAlias="first")
    iam.delete_account_alias(AccountAlias="first")
    assert iam.list_account_aliases()["AccountAliases"] == []


@pytest.mark.documented(API + "API_DeleteAccountAlias.html")
def test_an_alias_the_account_does_not_have_cannot_be_deleted(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    with pytest.raises(iam.exceptions.NoSuchEntityException, match=r"The account alias none cannot be found."):
        iam.delete_account_alias(AccountAlias="none")


@pytest.mark.documented(API + "API_GetAccountSummary.html")
def test_the_summary_counts_what_there_is(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    iam.create_user(UserName="bob")
    iam.delete_user(UserName="ann")
    iam.create_group(GroupName="devs")
    summary = iam.get_account_summary()["SummaryMap"]
    assert (summary["Users"], summary["Groups"], summary["Roles"]) == (1, 1, 0)
    assert (summary["UsersQuota"], summary["AccessKeysPerUserQuota"]) == (5000, 2)

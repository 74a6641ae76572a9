"""Login profiles and the account's password policy."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from haar.services.iam import passwords
from haar.services.iam.resources import LoginProfile

API = "https://docs.aws.amazon.com/IAM/latest/APIReference/"
RULES = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html"


@pytest.mark.documented(API + "API_CreateLoginProfile.html")
def test_a_login_profile_never_shows_its_password(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    made = iam.create_login_profile(UserName="bob", Password="Sand-castle-7", PasswordResetRequired=True)[
        "LoginProfile"
    ]
    shown = iam.get_login_profile(UserName="bob")["LoginProfile"]
    assert made["PasswordResetRequired"] is True
    assert "Sand-castle-7" not in str(shown)


@pytest.mark.documented(API + "API_CreateLoginProfile.html")
def test_a_user_has_one_login_profile(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    iam.create_login_profile(UserName="bob", Password="Sand-castle-7")
    with pytest.raises(
        iam.exceptions.EntityAlreadyExistsException, match=r"Login Profile for user bob already exists."
    ):
        iam.create_login_profile(UserName="bob", Password="Sand-castle-7")


@pytest.mark.documented(API + "API_DeleteLoginProfile.html")
def test_a_login_profile_goes(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    iam.create_login_profile(UserName="bob", Password="Sand-castle-7")
    iam.delete_login_profile(UserName="bob")
    with pytest.raises(iam.exceptions.NoSuchEntityException, match=r"Login Profile for User bob cannot be found."):
        iam.get_login_profile(UserName="bob")


@pytest.mark.documented(API + "API_DeleteUser.html")
def test_a_user_with_a_login_profile_stays(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    iam.create_login_profile(UserName="bob", Password="Sand-castle-7")
    with pytest.raises(iam.exceptions.DeleteConflictException, match="must delete login profile first"):
        iam.delete_user(UserName="bob")


@pytest.mark.documented(RULES)
def test_by_default_a_password_has_three_kinds_of_characters(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    with pytest.raises(iam.exceptions.PasswordPolicyViolationException):
        iam.create_login_profile(UserName="bob", Password="sandcastle")


@pytest.mark.documented(RULES)
def test_the_policy_of_the_account_asks_for_symbols(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.update_account_password_policy(RequireSymbols=True)
    iam.create_user(UserName="bob")
    with pytest.raises(iam.exceptions.PasswordPolicyViolationException, match="at least one symbol"):
        iam.create_login_profile(UserName="bob", Password="Sandcastle7")


@pytest.mark.documented(RULES)
def test_the_policy_of_the_account_asks_for_length(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.update_account_password_policy(MinimumPasswordLength=14)
    iam.create_user(UserName="bob")
    iam.create_login_profile(UserName="bob", Password="Sand-castles-77")
    with pytest.raises(iam.exceptions.PasswordPolicyViolationException, match="minimum length of 14"):
        iam.update_login_profile(UserName="bob", Password="Sand-castle-7")


@pytest.mark.documented(RULES)
def test_an_earlier_password_is_refused(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.update_account_password_policy(PasswordReusePrevention=2)
    iam.create_user(UserName="bob")
    iam.create_login_profile(UserName="bob", Password="Sand-castle-1")
    iam.update_login_profile(UserName="bob", Password="Sand-castle-2")
    with pytest.raises(iam.exceptions.PasswordPolicyViolationException, match="reuse"):
        iam.update_login_profile(UserName="bob", Password="Sand-castle-1")


@pytest.mark.documented(API + "API_ChangePassword.html")
def test_users_change_their_password_when_the_policy_lets_them(cloud: Cloud) -> None:
    bob = _bob(cloud)
    cloud.client("iam").update_account_password_policy(AllowUsersToChangePassword=True)
    bob.change_password(OldPassword="Sand-castle-7", NewPassword="Sand-castle-8")
    with pytest.raises(ClientError, match="AccessDenied"):
        bob.change_password(OldPassword="Sand-castle-7", NewPassword="Sand-castle-9")


@pytest.mark.documented(API + "API_ChangePassword.html")
def test_users_need_the_permission_when_the_policy_does_not_let_them(cloud: Cloud) -> None:
    bob = _bob(cloud)
    with pytest.raises(ClientError, match="not authorized to perform: iam:ChangePassword"):
        bob.change_password(OldPassword="Sand-castle-7", NewPassword="Sand-castle-8")


@pytest.mark.documented("https://docs.aws.amazon.com/aws-managed-policy/latest/reference/IAMUserChangePassword.html")
def test_a_managed_policy_lets_users_change_their_own_password(cloud: Cloud) -> None:
    bob = _bob(cloud)
    cloud.client("iam").attach_user_policy(UserName="bob", PolicyArn="arn:aws:iam::aws:policy/IAMUserChangePassword")
    bob.change_password(OldPassword="Sand-castle-7", NewPassword="Sand-castle-8")
    with pytest.raises(ClientError, match="AccessDenied"):
        bob.change_password(OldPassword="Sand-castle-7", NewPassword="Sand-castle-9")


@pytest.mark.documented(API + "API_ChangePassword.html")
def test_the_root_user_cannot_change_its_password_so(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    with pytest.raises(iam.exceptions.InvalidUserTypeException):
        iam.change_password(OldPassword="Sand-castle-7", NewPassword="Sand-castle-8")


@pytest.mark.fact("IAM-013")
def test_a_password_expires_when_the_clock_passes_its_age(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.update_account_password_policy(MaxPasswordAge=90)
    user_id = iam.create_user(UserName="bob")["User"]["UserId"]
    iam.create_login_profile(UserName="bob", Password="Sand-castle-7")
    cloud.advance(days=89)
    fresh = _is_expired(cloud, user_id)
    cloud.advance(days=2)
    assert (fresh, _is_expired(cloud, user_id)) == (False, True)


@pytest.mark.fact("IAM-013")
def test_a_hard_expired_password_cannot_be_changed_by_its_user(cloud: Cloud) -> None:
    bob = _bob(cloud)
    cloud.client("iam").update_account_password_policy(
        MaxPasswordAge=90, HardExpiry=True, AllowUsersToChangePassword=True
    )
    cloud.advance(days=91)
    with pytest.raises(ClientError, match="AccessDenied"):
        bob.change_password(OldPassword="Sand-castle-7", NewPassword="Sand-castle-8")


@pytest.mark.documented(API + "API_UpdateAccountPasswordPolicy.html")
def test_what_an_update_leaves_out_goes_back_to_its_default(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.update_account_password_policy(MinimumPasswordLength=20, RequireNumbers=True, MaxPasswordAge=90)
    iam.update_account_password_policy(RequireSymbols=True)
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    assert (policy["MinimumPasswordLength"], policy["RequireNumbers"], policy["RequireSymbols"]) == (6, False, True)
    assert policy["ExpirePasswords"] is False and "MaxPasswordAge" not in policy


@pytest.mark.documented(API + "API_GetAccountPasswordPolicy.html")
def test_an_account_without_a_password_policy_says_so(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    message = "The Password Policy with domain name 000000000000 cannot be found."
    with pytest.raises(iam.exceptions.NoSuchEntityException, match=message):
        iam.get_account_password_policy()


@pytest.mark.documented(API + "API_DeleteAccountPasswordPolicy.html")
def test_the_password_policy_goes(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.update_account_password_policy(MinimumPasswordLength=20)
    iam.delete_account_password_policy()
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_account_password_policy()


def _bob(cloud: Cloud) -> Any:
    """An IAM client of a user with a password and no permissions."""
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    iam.create_login_profile(UserName="bob", Password="Sand-castle-7")
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    return cloud.client("iam", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])


def _is_expired(cloud: Cloud, user_id: str) -> bool:
    with cloud.store.transaction(write=False) as tx:
        profile = tx.get(LoginProfile, "000000000000", user_id)
        assert profile is not None
        return passwords.is_expired(tx, profile, cloud.clock.now())

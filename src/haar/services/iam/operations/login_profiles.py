"""Login profiles: the console passwords of users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.kit import Call, replace
from haar.services.iam import holding, passwords
from haar.services.iam.identities import user_of
from haar.services.iam.resources import LoginProfile, PasswordPolicy, User
from haar.services.iam.service import iam

if TYPE_CHECKING:
    from haar.shapes import iam as api


def shown(user: User, profile: LoginProfile) -> api.LoginProfile:
    """A login profile as replies have it."""
    view: dict[str, Any] = {
        "UserName": user.name,
        "CreateDate": profile.created_at,
        "PasswordResetRequired": profile.reset_required,
    }
    return view  # type: ignore[return-value]


def profile_of(call: Call, user: User) -> LoginProfile:
    """The user's login profile."""
    profile = call.tx.get(LoginProfile, call.account, user.id)
    if profile is None:
        raise iam.error("NoSuchEntity", f"Login Profile for User {user.name} cannot be found.", status=404)
    return profile


def _named(call: Call, request: Any) -> User:
    user = holding.acting_user(call, request)
    if user is None:
        raise iam.error("ValidationError", "Must specify userName when calling with root credentials", status=400)
    return user


@iam.operation(resource=holding.acting_on, redact=("Password",))
def create_login_profile(call: Call, request: api.CreateLoginProfileRequest) -> api.CreateLoginProfileResponse:
    user = _named(call, request)
    if call.tx.get(LoginProfile, call.account, user.id) is not None:
        raise iam.error("EntityAlreadyExists", f"Login Profile for user {user.name} already exists.", status=409)
    password = request.get("Password")
    if password is None:
        raise iam.error("ValidationError", "Password is required to create a login profile.", status=400)
    profile = call.tx.put(
        LoginProfile(
            account=call.account,
            user=user.id,
            digests=(passwords.accept(call, user, password),),
            reset_required=request.get("PasswordResetRequired", False),
            created_at=call.now,
            changed_at=call.now,
        )
    )
    return {"LoginProfile": shown(user, profile)}


@iam.operation(resource=holding.acting_on)
def get_login_profile(call: Call, request: api.GetLoginProfileRequest) -> api.GetLoginProfileResponse:
    user = _named(call, request)
    return {"LoginProfile": shown(user, profile_of(call, user))}


@iam.operation(redact=("Password",))
def update_login_profile(call: Call, user: User, request: api.UpdateLoginProfileRequest) -> None:
    profile = profile_of(call, user)
    profile = replace(profile, reset_required=request.get("PasswordResetRequired", profile.reset_required))
    if "Password" in request:
        profile = changed(call, user, profile, request["Password"])
    call.tx.put(profile)


@iam.operation(resource=holding.acting_on)
def delete_login_profile(call: Call, request: api.DeleteLoginProfileRequest) -> None:
    call.tx.delete(profile_of(call, _named(call, request)))


def changed(call: Call, user: User, profile: LoginProfile, password: str) -> LoginProfile:
    """The profile with another password; the earlier ones are remembered."""
    new = passwords.accept(call, user, password, profile.digests)
    return replace(profile, digests=(new, *profile.digests)[: passwords.REMEMBERED_MAX], changed_at=call.now)


@iam.operation(open=True, redact=("OldPassword", "NewPassword"))
def change_password(call: Call, request: api.ChangePasswordRequest) -> None:
    user = user_of(call.tx, call.principal) if call.principal.kind == "user" else None
    if user is None:
        raise iam.error("InvalidUserType", "Only IAM Users can change their own password.", status=400)
    policy = call.tx.get(PasswordPolicy, call.account)
    if policy is None or not policy.may_change:
        # the account's password policy can let all users do this; without it they need the permission
        operation = call.ports.room("iam").bound("ChangePassword")
        call.ports.guard.authorize(call, "iam:ChangePassword", [(user.arn, user)], operation, dict(request))
    profile = profile_of(call, user)
    if not passwords.matches(request["OldPassword"], profile.digests[0]):
        raise iam.error("AccessDenied", "The old password was incorrect.", status=403)
    if policy is not None and policy.hard_expiry and passwords.is_expired(call.tx, profile, call.now):
        raise iam.error("AccessDenied", "The password has expired; an administrator has to reset it.", status=403)
    call.tx.put(replace(changed(call, user, profile, request["NewPassword"]), reset_required=False))

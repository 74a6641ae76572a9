"""The account as a whole: its alias, its password policy, and how much of everything it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.kit import Call, Page
from haar.services.iam.passwords import REMEMBERED_MAX
from haar.services.iam.resources import (
    AccountAlias,
    AccountSettings,
    MfaDevice,
    PasswordPolicy,
    SigningCertificate,
    access_keys_by_user,
    aliases,
    devices_by_user,
    tally,
)
from haar.services.iam.service import (
    GROUPS,
    GROUPS_PER_USER,
    INLINE_LENGTH,
    INSTANCE_PROFILES,
    KEYS_PER_USER,
    POLICIES,
    POLICIES_PER_GROUP,
    POLICIES_PER_ROLE,
    POLICIES_PER_USER,
    POLICY_LENGTH,
    ROLES,
    TRUST_LENGTH,
    USERS,
    VERSIONS_PER_POLICY,
    iam,
)

if TYPE_CHECKING:
    from haar.shapes import iam as api

# -- alias -----------------------------------------------------------------------------------------------------


@iam.operation
def create_account_alias(call: Call, request: api.CreateAccountAliasRequest) -> None:
    alias = request["AccountAlias"]
    taken: AccountAlias | None = next(call.tx.range(aliases, alias, limit=1), None)
    if taken is not None:
        raise iam.error("EntityAlreadyExists", f"The account alias {alias} already exists.", status=409)
    # an account has one alias: a new one takes the place of the old
    call.tx.put(AccountAlias(account=call.account, alias=alias, created_at=call.now))


@iam.operation
def list_account_aliases(call: Call, request: api.ListAccountAliasesRequest) -> Page[str]:
    row = call.tx.get(AccountAlias, call.account)
    return Page([row.alias] if row else [])


@iam.operation
def delete_account_alias(call: Call, request: api.DeleteAccountAliasRequest) -> None:
    row = call.tx.get(AccountAlias, call.account)
    if row is None or row.alias != request["AccountAlias"]:
        raise iam.error("NoSuchEntity", f"The account alias {request['AccountAlias']} cannot be found.", status=404)
    call.tx.delete(row)


# -- password policy -------------------------------------------------------------------------------------------


@iam.operation
def update_account_password_policy(call: Call, request: api.UpdateAccountPasswordPolicyRequest) -> None:
    # what the request leaves out goes back to its default; nothing is kept from the policy before
    call.tx.put(
        PasswordPolicy(
            account=call.account,
            length_min=request.get("MinimumPasswordLength", 6),
            symbols=request.get("RequireSymbols", False),
            numbers=request.get("RequireNumbers", False),
            uppercase=request.get("RequireUppercaseCharacters", False),
            lowercase=request.get("RequireLowercaseCharacters", False),
            may_change=request.get("AllowUsersToChangePassword", False),
            age_days_max=request.get("MaxPasswordAge"),
            reuse_prevention=request.get("PasswordReusePrevention"),
            hard_expiry=request.get("HardExpiry"),
        )
    )


@iam.operation
def get_account_password_policy(call: Call, request: object) -> api.GetAccountPasswordPolicyResponse:
    row = call.tx.get(PasswordPolicy, call.account)
    if row is None:
        message = f"The Password Policy with domain name {call.account} cannot be found."
        raise iam.error("NoSuchEntity", message, status=404)
    policy: api.PasswordPolicy = {
        "MinimumPasswordLength": row.length_min,
        "RequireSymbols": row.symbols,
        "RequireNumbers": row.numbers,
        "RequireUppercaseCharacters": row.uppercase,
        "RequireLowercaseCharacters": row.lowercase,
        "AllowUsersToChangePassword": row.may_change,
        "ExpirePasswords": bool(row.age_days_max),
    }
    if row.age_days_max:
        policy["MaxPasswordAge"] = row.age_days_max
    if row.reuse_prevention:
        policy["PasswordReusePrevention"] = min(row.reuse_prevention, REMEMBERED_MAX)
    if row.hard_expiry is not None:
        policy["HardExpiry"] = row.hard_expiry
    return {"PasswordPolicy": policy}


@iam.operation
def delete_account_password_policy(call: Call, request: object) -> None:
    if not call.tx.delete(PasswordPolicy, call.account):
        raise iam.error("NoSuchEntity", "The account policy with name PasswordPolicy cannot be found.", status=404)


# -- summary ---------------------------------------------------------------------------------------------------


@iam.operation
def get_account_summary(call: Call, request: object) -> api.GetAccountSummaryResponse:
    def counted(kind: str) -> int:
        return tally(call.tx, call.account, kind)

    settings = call.tx.get(AccountSettings, call.account)
    in_use = sum(1 for device in call.tx.range(MfaDevice, call.account) if device.user is not None)
    quotas = {
        "UsersQuota": USERS,
        "GroupsQuota": GROUPS,
        "RolesQuota": ROLES,
        "InstanceProfilesQuota": INSTANCE_PROFILES,
        "PoliciesQuota": POLICIES,
        "PolicySizeQuota": POLICY_LENGTH,
        "VersionsPerPolicyQuota": VERSIONS_PER_POLICY,
        "AttachedPoliciesPerUserQuota": POLICIES_PER_USER,
        "AttachedPoliciesPerGroupQuota": POLICIES_PER_GROUP,
        "AttachedPoliciesPerRoleQuota": POLICIES_PER_ROLE,
        "GroupsPerUserQuota": GROUPS_PER_USER,
        "AccessKeysPerUserQuota": KEYS_PER_USER,
        "AssumeRolePolicySizeQuota": TRUST_LENGTH,
    }
    summary: dict[str, int] = {name: int(quota.value(call)) for name, quota in quotas.items()}
    declared = {quota.code: quota for quota in iam.quotas}
    certificates = declared.get("L-BF35879D")
    summary |= {
        "Users": counted("User"),
        "Groups": counted("Group"),
        "Roles": counted("Role"),
        "InstanceProfiles": counted("InstanceProfile"),
        "Policies": counted("Policy"),
        # versions of all managed policies together; AWS limits them too
        "PolicyVersionsInUse": counted("PolicyVersion"),
        "PolicyVersionsInUseQuota": 10_000,
        "ServerCertificates": counted("ServerCertificate"),
        "ServerCertificatesQuota": int(certificates.value(call)) if certificates else 20,
        "Providers": counted("SamlProvider") + counted("OidcProvider"),
        "MFADevices": counted("MfaDevice"),
        "MFADevicesInUse": in_use,
        "UserPolicySizeQuota": INLINE_LENGTH["user"],
        "GroupPolicySizeQuota": INLINE_LENGTH["group"],
        "RolePolicySizeQuota": INLINE_LENGTH["role"],
        "SigningCertificatesPerUserQuota": 2,
        "AccountMFAEnabled": int(call.tx.any(devices_by_user, call.account)),
        "AccountAccessKeysPresent": int(call.tx.any(access_keys_by_user, call.account, call.account)),
        "AccountPasswordPresent": 0,
        "AccountSigningCertificatesPresent": int(call.tx.any(SigningCertificate, call.account, call.account)),
        "GlobalEndpointTokenVersion": 2 if settings and settings.token_version == "v2Token" else 1,
    }
    return {"SummaryMap": summary}

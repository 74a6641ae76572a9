"""Who has which keys and policies: the port `identities`, read by the authenticator and the guard.

Everything is read in the caller's own transaction; what is read is cached by the callers under the epochs
`credentials` and `iam/ACCOUNT`, which `resources.py` bumps.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from haar.kit import Call, Grants, Principal, Source, root_of
from haar.kit.ports import Credential, ProviderView, RoleView
from haar.services.iam import managed
from haar.services.iam.mfa import accept
from haar.services.iam.resources import (
    AccessKey,
    Attachment,
    Group,
    InlinePolicy,
    KeyUse,
    Membership,
    MfaDevice,
    OidcProvider,
    OrganizationsFeatures,
    Policy,
    PolicyVersion,
    Role,
    RoleUse,
    SamlProvider,
    ServiceAccess,
    User,
    access_keys_by_id,
    groups_by_id,
    members_by_user,
    roles_by_id,
    users_by_id,
)
from haar.services.iam.views import Views

if TYPE_CHECKING:
    from haar.store.transaction import Transaction

#: Last-used data is exact to this many seconds.
USE_SECONDS = 900
_EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


class IamIdentities(Views):
    """Implements `haar.kit.ports.Identities`."""

    def credential(self, tx: Transaction, access_key: str) -> Credential | None:
        """The user, or root user, behind a long-term access key."""
        row: AccessKey | None = next(tx.range(access_keys_by_id, access_key, limit=1), None)
        if row is None:
            return None
        if row.user == row.account:
            root = root_of(row.account)
            principal = Principal(
                kind="root",
                account=row.account,
                arn=root.arn,
                id=row.account,
                name="root",
                issuer=root.arn,
                access_key=row.id,
            )
            return Credential(access_key=row.id, secret=row.secret, principal=principal, active=row.active)
        user = user_by_id(tx, row.user)
        if user is None:
            return None
        principal = Principal(
            kind="user",
            account=user.account,
            arn=user.arn,
            id=user.id,
            name=user.name,
            issuer=user.arn,
            path=user.path,
            tags=user.tags,
            access_key=row.id,
        )
        return Credential(access_key=row.id, secret=row.secret, principal=principal, active=row.active)

    def grants(self, tx: Transaction, principal: Principal) -> Grants | None:
        """The documents attached to a user, to the role behind a session, or to who asked for a federation token."""
        if not principal.account:
            return None
        session = self._session(tx, principal)
        if principal.arn.endswith(":root") or (principal.kind == "federated" and principal.issuer.endswith(":root")):
            # a session of the root user: as wide as root, within what the session was given
            return Grants(identity=(Source(name="inline:root", text=_EVERYTHING),), session=session)
        if principal.kind == "role":
            role = role_of(tx, principal)
            if role is None:
                return None
            return Grants(
                identity=tuple(documents(tx, role.account, role.id, f"role/{role.name}")),
                boundary=self._boundary(tx, role.boundary),
                session=session,
                tags=role.tags or None,
            )
        user = user_of(tx, principal)
        if user is None:
            return None
        found = [*documents(tx, user.account, user.id, f"user/{user.name}")]
        for member in tx.range(members_by_user, user.account, user.id):
            group = next(tx.range(groups_by_id, member.group, limit=1), None)
            if group is not None:
                found += documents(tx, group.account, group.id, f"group/{group.name}")
        return Grants(
            identity=tuple(found),
            boundary=self._boundary(tx, user.boundary),
            session=session,
            tags=user.tags if principal.temporary and user.tags else None,
        )

    def managed(self, tx: Transaction, arn: str) -> Source | None:
        """A managed policy's default version."""
        text = default_text(tx, arn)
        return None if text is None else Source(name=arn, text=text)

    def used(self, tx: Transaction, principal: Principal, service: str, action: str, region: str, now: float) -> bool:
        """Note a use; True when one of the last quarter of an hour is on record for key, service and action."""
        known = True
        if principal.access_key.startswith("AKIA"):
            key_use = tx.get(KeyUse, principal.account, principal.access_key)
            if key_use is None or _older(key_use.at, now) or key_use.service != service or key_use.region != region:
                tx.put(
                    KeyUse(account=principal.account, id=principal.access_key, at=now, service=service, region=region)
                )
                known = False
        entity = principal.id.partition(":")[0]
        if principal.kind == "role":
            role_use = tx.get(RoleUse, principal.account, entity)
            if role_use is None or _older(role_use.at, now) or role_use.region != region:
                tx.put(RoleUse(account=principal.account, role=entity, at=now, region=region))
                known = False
        for name in ("", action):
            access = tx.get(ServiceAccess, principal.account, entity, service, name)
            if access is None or _older(access.at, now):
                tx.put(
                    ServiceAccess(
                        account=principal.account, entity=entity, service=service, action=name, at=now, region=region
                    )
                )
                known = False
        return known

    def role(self, tx: Transaction, arn: str) -> RoleView | None:
        """The role of an ARN, for those who want to assume it."""
        place = Role.key_of(arn)
        role = tx.get(Role, *place) if place else None
        if role is None or role.arn != arn:
            return None
        return RoleView(
            account=role.account,
            arn=role.arn,
            policy=role.trust,
            id=role.id,
            name=role.name,
            max_session_seconds=role.max_session_seconds,
            tags=role.tags,
            service_linked=bool(role.linked_to),
        )

    def saml_provider(self, tx: Transaction, arn: str) -> ProviderView | None:
        """The SAML provider of an ARN."""
        place = SamlProvider.key_of(arn)
        provider = tx.get(SamlProvider, *place) if place else None
        return None if provider is None else ProviderView(arn=provider.arn, metadata=provider.metadata)

    def oidc_provider(self, tx: Transaction, account: str, url: str) -> ProviderView | None:
        """An account's OpenID Connect provider by its issuer URL without `https://`."""
        provider = tx.get(OidcProvider, account, url)
        if provider is None:
            return None
        return ProviderView(arn=provider.arn, client_ids=provider.client_ids, thumbprints=provider.thumbprints)

    def mfa(self, call: Call, serial: str, code: str) -> bool | None:
        """Whether a one-time code of the caller's own device is good now; a good one is used up."""
        place = MfaDevice.key_of(serial)
        device = call.tx.get(MfaDevice, *place) if place else None
        holder = call.account
        if call.principal.kind != "root":
            user = user_of(call.tx, call.principal)
            holder = user.id if user is not None else ""
        if device is None or not device.user or device.user != holder:
            return None
        return accept(call.tx, call.ports.proofs, device, code)

    def root_features(self, tx: Transaction, account: str) -> tuple[str, ...]:
        """The centralized root access features that a management account has switched on."""
        row = tx.get(OrganizationsFeatures, account)
        return row.features if row is not None else ()

    def _session(self, tx: Transaction, principal: Principal) -> tuple[Source, ...] | None:
        if principal.session_policies is None:
            return None
        found = [
            Source(name=f"inline:session-{place}", text=text, kind="session")
            for place, text in enumerate(principal.session_policies)
        ]
        for arn in principal.session_policy_arns:
            text = default_text(tx, arn)
            if text is not None:
                found.append(Source(name=arn, text=text, kind="session"))
        return tuple(found)

    def _boundary(self, tx: Transaction, arn: str | None) -> Source | None:
        if arn is None:
            return None
        text = default_text(tx, arn)
        # a boundary whose policy is gone allows nothing
        return Source(name=arn, text=text or managed.NOTHING, kind="boundary")


def _older(at: float, now: float) -> bool:
    return int(at) // USE_SECONDS != int(now) // USE_SECONDS


# -- by id, by ARN ---------------------------------------------------------------------------------------------


def user_by_id(tx: Transaction, user_id: str) -> User | None:
    """The user with a unique id."""
    return next(tx.range(users_by_id, user_id, limit=1), None)


def role_by_id(tx: Transaction, role_id: str) -> Role | None:
    """The role with a unique id."""
    return next(tx.range(roles_by_id, role_id, limit=1), None)


def group_by_id(tx: Transaction, group_id: str) -> Group | None:
    """The group with a unique id."""
    return next(tx.range(groups_by_id, group_id, limit=1), None)


def user_of(tx: Transaction, principal: Principal) -> User | None:
    """The user that a principal is, or that asked for the principal's federation token."""
    if principal.id.startswith("AIDA"):
        # by id: somebody who was given the name of a deleted user is somebody else
        return user_by_id(tx, principal.id)
    if principal.issuer_id:
        return user_by_id(tx, principal.issuer_id)
    place = User.key_of(principal.issuer or principal.arn)
    return tx.get(User, *place) if place else None


def role_of(tx: Transaction, principal: Principal) -> Role | None:
    """The role behind a session."""
    role_id = principal.id.partition(":")[0]
    if role_id.startswith("AROA"):
        return role_by_id(tx, role_id)
    place = Role.key_of(principal.issuer)
    return tx.get(Role, *place) if place else None


def policy_of(tx: Transaction, arn: str) -> Policy | None:
    """The managed policy of an ARN, AWS's own ones included."""
    found = managed.find(arn)
    if found is not None:
        return found
    place = Policy.key_of(arn)
    return tx.get(Policy, *place) if place else None


def text_of(tx: Transaction, policy: Policy, number: int) -> str:
    """The document of one version."""
    if policy.by_aws:
        return managed.text(policy.arn)
    version = tx.get(PolicyVersion, policy.account, policy.id, number)
    assert version is not None, f"{policy.arn} has no version {number}"
    return version.text


def default_text(tx: Transaction, arn: str) -> str | None:
    """The document of a managed policy's default version; None when there is no such policy."""
    policy = policy_of(tx, arn)
    return None if policy is None else text_of(tx, policy, policy.default_version)


def documents(tx: Transaction, account: str, holder: str, owner: str) -> Iterator[Source]:
    """The inline and managed policies of one user, group or role. `owner` is `user/NAME` and its like."""
    for inline in tx.range(InlinePolicy, account, holder):
        yield Source(name=f"inline:{inline.name}", text=inline.text, owner=owner)
    for attachment in tx.range(Attachment, account, holder):
        text = default_text(tx, attachment.policy)
        if text is not None:
            yield Source(name=attachment.policy, text=text)


def groups_of(tx: Transaction, user: User) -> Iterator[Group]:
    """The groups a user is in."""
    member: Membership
    for member in tx.range(members_by_user, user.account, user.id):
        group = group_by_id(tx, member.group)
        if group is not None:
            yield group

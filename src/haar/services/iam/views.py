"""Roles, identity providers and devices as STS sees them: its half of the port `identities`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.kit.ports import ProviderView, RoleView
from haar.services.iam.mfa import accept
from haar.services.iam.resources import (
    AccountSettings,
    MfaDevice,
    OidcProvider,
    OrganizationsFeatures,
    Role,
    SamlProvider,
)

if TYPE_CHECKING:
    from haar.kit import Call
    from haar.store.transaction import Transaction


class Views:
    """Reads one row each; see `haar.kit.ports.Identities`."""

    def role(self, tx: Transaction, arn: str) -> RoleView | None:
        """The role of an ARN, path included."""
        place = Role.key_of(arn)
        role: Role | None = tx.get(Role, *place) if place else None
        if role is None or role.arn.split(":", 4)[4] != arn.split(":", 4)[4]:
            return None
        return RoleView(
            account=role.account,
            arn=arn,
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
        provider: SamlProvider | None = tx.get(SamlProvider, *place) if place else None
        return ProviderView(arn=provider.arn, metadata=provider.metadata) if provider is not None else None

    def oidc_provider(self, tx: Transaction, account: str, url: str) -> ProviderView | None:
        """The provider whose issuer is `https://` and `url`."""
        provider: OidcProvider | None = tx.get(OidcProvider, account, url)
        if provider is None:
            return None
        return ProviderView(arn=provider.arn, client_ids=provider.client_ids, thumbprints=provider.thumbprints)

    def mfa(self, call: Call, serial: str, code: str) -> bool | None:
        """Whether a code of the caller's device is good; the root user's devices hang on the account's number."""
        place = MfaDevice.key_of(serial)
        device: MfaDevice | None = call.tx.get(MfaDevice, *place) if place else None
        if device is None or device.user is None:
            return None
        principal = call.principal
        # a role has no devices, whatever user its name may remind of
        holder = {"root": principal.account, "user": principal.id}.get(principal.kind)
        if device.account != principal.account or device.user != holder:
            return None
        return accept(call.tx, call.ports.proofs, device, code)

    def root_features(self, tx: Transaction, account: str) -> tuple[str, ...]:
        """The centralized root access features switched on."""
        row: OrganizationsFeatures | None = tx.get(OrganizationsFeatures, account)
        return row.features if row is not None else ()

    def issuer(self, tx: Transaction, account: str) -> str:
        """The issuer of an account's own web identity tokens, while outbound federation is enabled."""
        row: AccountSettings | None = tx.get(AccountSettings, account)
        return row.issuer if row is not None and row.outbound_federation else ""

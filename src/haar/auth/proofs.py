"""What rooms may ask about proofs of identity: one-time codes, assertions, web identity tokens, sessions."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from haar.auth.oidc import WebIdentity
    from haar.auth.saml import Assertion, Metadata
    from haar.kit.ports import Ports


class Proofs:
    """Implements `haar.kit.ports.Proofs`; every method imports what it needs when it is first asked."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def totp(self, seed: str, code: str, last_step: int | None = None) -> int | None:
        """The time step of a one-time code that is good now, by the cloud's clock or by the device's own; else None."""
        from haar.auth import totp

        clock = self._ports.clock
        step = totp.verify(seed, code, clock.now(), last_step)
        # an authenticator app knows nothing of virtual time
        return step if step is not None else totp.verify(seed, code, clock.real(), last_step)

    def saml_metadata(self, xml: str) -> Metadata:
        """An identity provider's metadata document; InvalidInput when it is not one."""
        from haar.auth import saml

        return saml.parse_metadata(xml)

    def saml(self, response: str, metadata: str, now: float) -> Assertion:
        """The verified assertion in a SAML response; InvalidIdentityToken or ExpiredTokenException."""
        from haar.auth import saml

        return saml.verify(response, saml.parse_metadata(metadata), now=now)

    def oidc_issuer(self, token: str) -> str:
        """Who a web identity token says issued it, not yet verified; InvalidIdentityToken for what is not a token."""
        from haar.auth import oidc

        return oidc.issuer_of(token)

    def oidc(
        self, token: str, jwks: dict[str, Any], *, issuer: str, client_ids: Collection[str], now: float
    ) -> WebIdentity:
        """The verified identity in a web identity token; InvalidIdentityToken or ExpiredTokenException."""
        from haar.auth import oidc

        return oidc.verify(token, jwks, issuer=issuer, client_ids=client_ids, now=now)

    def mint(self, **session: Any) -> tuple[str, str, str]:
        """Temporary credentials for a session (the fields of `haar.auth.tokens.Session`): access key, secret, token."""
        from haar.auth import tokens

        access_key = self._ports.ids.access_key(temporary=True)
        secret, token = tokens.mint(self._ports.cloud_key, tokens.Session(access_key=access_key, **session))
        return access_key, secret, token

    def decode(self, encoded: str) -> str | None:
        """The JSON inside an encoded authorization message; None when this cloud did not write it."""
        from haar.auth.access import decode_decision

        return decode_decision(self._ports.cloud_key, encoded)

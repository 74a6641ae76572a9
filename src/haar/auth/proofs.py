"""What rooms may ask about proofs of identity: one-time codes, assertions, web identity tokens, sessions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from haar.auth.jwks import KeySets

if TYPE_CHECKING:
    from haar.auth.oidc import WebIdentity
    from haar.auth.saml import Assertion, Metadata
    from haar.kit.identity import Principal
    from haar.kit.ports import Ports
    from haar.store.transaction import Transaction

#: How far a provider's clock may be ahead and still be taken for the real time.
_AHEAD_SECONDS = 300


class Proofs:
    """Implements `haar.kit.ports.Proofs`; every method imports what it needs when it is first asked."""

    def __init__(self, ports: Ports, serving: Callable[[], bool] = lambda: False) -> None:
        self._ports = ports
        self.issuers = KeySets(ports, serving)

    def totp(self, seed: str, code: str, last_step: int | None = None, drift_steps: int = 0) -> int | None:
        """The time step of a one-time code that is good now, by the cloud's clock or by the device's own; else None."""
        from haar.auth import totp

        clock = self._ports.clock
        drift = drift_steps * totp.STEP_SECONDS
        step = totp.verify(seed, code, clock.now() + drift, last_step)
        # an authenticator app knows nothing of virtual time
        return step if step is not None else totp.verify(seed, code, clock.real() + drift, last_step)

    def totp_pair(self, seed: str, first: str, second: str) -> tuple[int, int] | None:
        """Two consecutive codes of a device: (steps its clock is off either of ours, step of the second); else None."""
        from haar.auth import totp

        clock = self._ports.clock
        found = totp.find_pair(seed, first, second, clock.now())
        return found if found is not None else totp.find_pair(seed, first, second, clock.real())

    def saml_metadata(self, xml: str) -> Metadata:
        """An identity provider's metadata document; InvalidInput when it is not one."""
        from haar.auth import saml

        return saml.parse_metadata(xml)

    def saml(self, response: str, metadata: str, now: float) -> Assertion:
        """The verified assertion in a SAML response; InvalidIdentityToken or ExpiredTokenException."""
        from haar.auth import saml

        return saml.verify(response, saml.parse_metadata(metadata), now=now, since=self._since)

    def oidc_issuer(self, token: str) -> str:
        """Who a web identity token says issued it, not yet verified; InvalidIdentityToken for what is not a token."""
        from haar.auth import oidc

        return oidc.issuer_of(token)

    def oidc(
        self, token: str, jwks: dict[str, Any], *, issuer: str, client_ids: Collection[str], now: float
    ) -> WebIdentity:
        """The verified identity in a web identity token; InvalidIdentityToken or ExpiredTokenException."""
        from haar.auth import oidc

        return oidc.verify(token, jwks, issuer=issuer, client_ids=client_ids, now=now, since=self._since)

    def _since(self, issued_at: float) -> float:
        """What time it is by the clock of an identity provider that issued something at an instant.

        A provider knows nothing of virtual time: what it issued has aged by the virtual time since. One whose instants
        lie in the real future goes by the virtual clock itself.
        """
        clock = self._ports.clock
        real = clock.real()
        if issued_at > real + _AHEAD_SECONDS:
            return clock.now()
        # a whole second may be any moment of it: the clock may have been moved before, in that very second
        issued = min(issued_at + 0.999, real) if issued_at.is_integer() else issued_at
        return issued_at + clock.now() - clock.virtual(issued)

    def jwks(self, tx: Transaction, issuer: str, thumbprints: Collection[str] = ()) -> dict[str, Any]:
        """The keys an issuer signs with; raises Wait while they are fetched, and IDPCommunicationError."""
        return self.issuers.of(tx, issuer, thumbprints)

    def publish(self, issuer: str, jwks: dict[str, Any]) -> None:
        """Hand over an issuer's keys by hand, for ever: for an issuer that cannot be reached from here."""
        self.issuers.publish(issuer, jwks)

    def open_issuer(self, tx: Transaction, issuer: str) -> None:
        """Give one of the cloud's own issuers the keys it signs web identity tokens with; those it has stay."""
        from haar.auth import issuing

        issuing.open_issuer(tx, self._ports.ids, issuer)

    def issue(self, tx: Transaction, issuer: str, algorithm: str, claims: Mapping[str, Any]) -> str:
        """A web identity token of one of the cloud's own issuers, signed with ES384 or RS256."""
        from haar.auth import issuing

        issuing.open_issuer(tx, self._ports.ids, issuer)
        return issuing.sign(tx, issuer, algorithm, claims)

    def mint(self, **session: Any) -> tuple[str, str, str]:
        """Temporary credentials for a session: access key, secret, token.

        The fields are those of `haar.auth.tokens.Session`, and `token_length_min`: the token has so many characters.
        """
        from haar.auth import tokens

        longer = session.pop("token_length_min", 0)
        access_key = self._ports.ids.access_key(temporary=True, account=session["account"])
        made = tokens.Session(access_key=access_key, **session)
        secret, token = tokens.mint(self._ports.cloud_key, made)
        if len(token) < longer:
            # base64 makes four characters of three; the field itself takes a few
            padded = msgspec.structs.replace(made, padding="=" * (-(-(longer - len(token)) * 3 // 4) + 1))
            secret, token = tokens.mint(self._ports.cloud_key, padded)
        return access_key, secret, token

    def decode(self, encoded: str) -> str | None:
        """The JSON inside an encoded authorization message; None when this cloud did not write it."""
        from haar.auth.access import decode_decision

        return decode_decision(self._ports.cloud_key, encoded)

    def posted(
        self, tx: Transaction, fields: Mapping[str, str], headers: Mapping[str, str], region: str
    ) -> tuple[Principal, float | None]:
        """Who signed the policy of a form that is posted to S3, and when; see `haar.auth.posted`."""
        from haar.auth.posted import signer
        from haar.auth.principal import Authenticator

        return signer(Authenticator(self._ports), tx, fields, headers, region)

"""The ports: what rooms and machinery ask for without knowing who answers.

`cloud.py` introduces the two sides to each other. A room offers an implementation with
`service.provide("identities", ...)`; machinery receives it through `Ports`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from haar.kit.identity import Grants, PolicyKind, Principal, Source

if TYPE_CHECKING:
    from haar.clock import Clock
    from haar.config import Config
    from haar.ids import Ids
    from haar.kit.call import Call
    from haar.kit.sealing import Sealer
    from haar.kit.service import Operation, Service
    from haar.store.blobs import Blobs
    from haar.store.store import Store
    from haar.store.transaction import Transaction


class Credential(msgspec.Struct, frozen=True):
    """A long-term key pair and whom it stands for."""

    access_key: str
    secret: str
    principal: Principal
    active: bool = True


class RoleView(msgspec.Struct, frozen=True, kw_only=True):
    """A role as those see it who let others assume it. `policy` is its trust policy's text.

    Authorized on like any resource; `policy_kind` says that nobody gets in whom the policy does not name.
    """

    account: str
    arn: str
    policy: str
    id: str = ""
    name: str = ""
    max_session_seconds: int = 3600
    tags: Mapping[str, str] = {}
    service_linked: bool = False
    policy_kind: str = "trust"


class ProviderView(msgspec.Struct, frozen=True, kw_only=True):
    """An identity provider of an account. `metadata` is a SAML provider's document; the rest is OpenID Connect's."""

    arn: str
    metadata: str = ""
    client_ids: tuple[str, ...] = ()
    thumbprints: tuple[str, ...] = ()


class Identities(Protocol):
    """Who has which keys and policies. Implemented by the IAM room; read inside the caller's transaction."""

    def credential(self, tx: Transaction, access_key: str) -> Credential | None:
        """The long-term credential behind an access key id, or None."""
        ...

    def grants(self, tx: Transaction, principal: Principal) -> Grants | None:
        """Identity policies and boundary of a user, or of the role behind a session. None when it no longer exists."""
        ...

    def used(self, tx: Transaction, principal: Principal, service: str, action: str, region: str, now: float) -> bool:
        """Note that a principal made a call (last-used, last-accessed). True when that was on record already."""
        ...

    def managed(self, tx: Transaction, arn: str) -> Source | None:
        """A managed policy's default version by ARN, AWS-managed ones included; for session policies named by ARN."""
        ...

    def role(self, tx: Transaction, arn: str) -> RoleView | None:
        """The role of an ARN; None when there is none."""
        ...

    def saml_provider(self, tx: Transaction, arn: str) -> ProviderView | None:
        """The SAML provider of an ARN; None when there is none."""
        ...

    def oidc_provider(self, tx: Transaction, account: str, url: str) -> ProviderView | None:
        """An account's OpenID Connect provider by its issuer URL without `https://`; None when there is none."""
        ...

    def mfa(self, call: Call, serial: str, code: str) -> bool | None:
        """Whether a one-time code of the caller's own device is good now, and used up; None: no such device."""
        ...

    def root_features(self, tx: Transaction, account: str) -> tuple[str, ...]:
        """The centralized root access features that a management account has switched on, such as `RootSessions`."""
        ...

    def issuer(self, tx: Transaction, account: str) -> str:
        """The URL of the issuer of an account's own web identity tokens; empty while it has not enabled them."""
        ...


class OrganizationView(msgspec.Struct, frozen=True):
    """What an account's organization means for a decision."""

    id: str
    management_account: str
    path: str
    scps: tuple[tuple[Source, ...], ...] = ()
    rcps: tuple[tuple[Source, ...], ...] = ()
    suspended: bool = False


class Organizations(Protocol):
    """Which organization an account belongs to. Implemented by the Organizations room."""

    def view(self, tx: Transaction, account: str) -> OrganizationView | None:
        """The account's organization, or None for a standalone account."""
        ...


class Guard(Protocol):
    """Decides whether a call may act. Implemented by `haar.auth`."""

    def authorize(
        self,
        call: Call,
        action: str,
        resources: list[tuple[str, Any]],
        operation: Operation | None,
        request: dict[str, Any],
    ) -> None:
        """Raise the service's access-denied error unless the call's principal may do this.

        `resources` are (ARN, resource record or None) pairs; every one must be allowed.
        """
        ...


class PolicyRules(Protocol):
    """What rooms may ask about policy documents. Implemented by `haar.auth.rules`."""

    def validate(self, text: str, kind: PolicyKind) -> None:
        """Refuse a document that AWS would not store as this kind of policy.

        Raises ServiceError MalformedPolicyDocument (MalformedPolicyDocumentException for `scp` and `rcp`). Sizes are
        the room's to check: they depend on where a policy is attached.
        """
        ...

    def principals(self, text: str) -> tuple[tuple[str, str], ...]:
        """Every (kind, name) a sound document names as Principal or NotPrincipal: ("AWS", "arn:..."), once each."""
        ...

    def context_keys(self, texts: Iterable[str]) -> list[str]:
        """Every condition key that documents read, sorted."""
        ...

    def simulate(
        self,
        *,
        principal: Principal,
        grants: Grants,
        actions: Iterable[str],
        resources: Iterable[str] = ("*",),
        context: Iterable[Mapping[str, Any]] = (),
        resource_policy: str | None = None,
        resource_account: str = "",
        now: float | None = None,
    ) -> list[dict[str, Any]]:
        """One EvaluationResult (IAM's shape) per action, with ResourceSpecificResults; `context` are ContextEntries."""
        ...


class Proofs(Protocol):
    """What rooms may ask about proofs of identity. Implemented by `haar.auth.proofs`, which says what each answers."""

    def totp(self, seed: str, code: str, last_step: int | None = None, drift_steps: int = 0) -> int | None:
        """The time step of a one-time code that is good now; None when it is not, or was used."""
        ...

    def totp_pair(self, seed: str, first: str, second: str) -> tuple[int, int] | None:
        """Two consecutive codes of a device: (steps its clock is off, step of the second code), or None."""
        ...

    def saml_metadata(self, xml: str) -> Any:
        """A SAML provider's metadata (`entity_id`, `certificates`, `valid_until`); InvalidInput when it is not one."""
        ...

    def saml(self, response: str, metadata: str, now: float) -> Any:
        """The verified assertion in a SAML response (`haar.auth.saml.Assertion`)."""
        ...

    def oidc_issuer(self, token: str) -> str:
        """Who a web identity token says issued it, not yet verified."""
        ...

    def oidc(self, token: str, jwks: dict[str, Any], *, issuer: str, client_ids: Collection[str], now: float) -> Any:
        """The verified identity in a web identity token (`haar.auth.oidc.WebIdentity`)."""
        ...

    def jwks(self, tx: Transaction, issuer: str, thumbprints: Collection[str] = ()) -> dict[str, Any]:
        """The keys an issuer signs web identity tokens with, fetched from the issuer itself and kept for a while.

        Raises Wait while they are on their way, and ServiceError IDPCommunicationError when they do not come.
        """
        ...

    def publish(self, issuer: str, jwks: dict[str, Any]) -> None:
        """Hand over an issuer's keys by hand, for ever: for an issuer that cannot be reached from here."""
        ...

    def open_issuer(self, tx: Transaction, issuer: str) -> None:
        """Give one of the cloud's own issuers (a URL) the keys it signs web identity tokens with; those it has stay."""
        ...

    def issue(self, tx: Transaction, issuer: str, algorithm: str, claims: Mapping[str, Any]) -> str:
        """A web identity token of one of the cloud's own issuers, signed with ES384 or RS256."""
        ...

    def mint(self, **session: Any) -> tuple[str, str, str]:
        """Temporary credentials for a session (fields of `haar.auth.tokens.Session`): access key, secret, token."""
        ...

    def decode(self, encoded: str) -> str | None:
        """The JSON inside an encoded authorization message; None when this cloud did not write it."""
        ...

    def posted(
        self, tx: Transaction, fields: Mapping[str, str], headers: Mapping[str, str], region: str
    ) -> tuple[Principal, float | None]:
        """Who signed the policy of a form that is posted to S3, and when (a real instant; None where it does not say).

        Fields and headers are by lower-case name. Raises what S3 says of a signature that is not good.
        """
        ...


class Ports(msgspec.Struct):
    """Everything a call can ask the outside for."""

    clock: Clock
    ids: Ids
    config: Config
    store: Store
    guard: Guard
    #: finds a room by its service name; raises Refused when it is not built
    room: Callable[[str], Service[Any]]
    #: an implementation offered by a room, such as `identities`; imports the room on first use
    port: Callable[[str], Any]
    #: the names of every room that exists
    rooms: Callable[[], list[str]]
    #: are policy documents sound, whom do they name, what would they decide
    policies: PolicyRules
    #: one-time codes, assertions, web identity tokens, sessions
    proofs: Proofs
    #: seals what must be kept secret under the cloud's root key
    sealer: Sealer
    #: where large bytes are
    blobs: Blobs
    #: the secret from which session tokens are derived
    cloud_key: bytes = b""

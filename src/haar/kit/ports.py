"""The ports: what rooms and machinery ask for without knowing who answers.

`cloud.py` introduces the two sides to each other. A room offers an implementation with
`service.provide("identities", ...)`; machinery receives it through `Ports`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from haar.kit.identity import Grants, Principal, Source

if TYPE_CHECKING:
    from haar.clock import Clock
    from haar.config import Config
    from haar.ids import Ids
    from haar.kit.call import Call
    from haar.kit.service import Operation, Service
    from haar.store.store import Store
    from haar.store.transaction import Transaction


class Credential(msgspec.Struct, frozen=True):
    """A long-term key pair and whom it stands for."""

    access_key: str
    secret: str
    principal: Principal
    active: bool = True


class Identities(Protocol):
    """Who has which keys and policies. Implemented by the IAM room; read inside the caller's transaction."""

    def credential(self, tx: Transaction, access_key: str) -> Credential | None:
        """The long-term credential behind an access key id, or None."""
        ...

    def grants(self, tx: Transaction, principal: Principal) -> Grants | None:
        """Identity policies and boundary of a user, or of the role behind a session. None when it no longer exists."""
        ...

    def used(self, tx: Transaction, principal: Principal, service: str, action: str, region: str, now: float) -> None:
        """Note that a principal was authenticated for a call (last-used and last-accessed data)."""
        ...

    def managed(self, tx: Transaction, arn: str) -> Source | None:
        """A managed policy's default version by ARN, AWS-managed ones included; for session policies named by ARN."""
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
    #: the secret from which session tokens are derived
    cloud_key: bytes = b""

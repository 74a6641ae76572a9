"""What the Organizations room remembers.

Everything of an organization belongs to its management account, so that account and the organization's id are the
head of every key; the rest of a key is AWS's own id (`ou-...`, `p-...`, a 12-digit account number).
Instants are virtual seconds since 1970.

Who an account is (name, email, whether it was closed) outlives its membership, and is a `Holder` of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import field

from haar.kit import GlobalResource, Index, Record, bump, key, on_change

if TYPE_CHECKING:
    from haar.store.transaction import Transaction

NOT_IN_USE = ("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")


class _Part(GlobalResource):
    """A part of an organization; an organization that is not there is why the part is not."""

    organization: str = key()
    id: str = key()

    @classmethod
    def missing(cls, *key: Any) -> tuple[str, str]:
        return super().missing(*key) if key[1] else NOT_IN_USE


# -- the tree --------------------------------------------------------------------------------------------------


class Organization(GlobalResource, arn="arn:{partition}:organizations::{account}:organization/{id}"):
    """An organization, under its management account."""

    id: str
    root: str
    #: ALL or CONSOLIDATED_BILLING
    features: str
    #: services that may act in every account: service principal -> since when
    trusted: dict[str, float] = field(default_factory=dict)

    @property
    def organization(self) -> str:
        """Its own id, so that it reads like its parts."""
        return self.id


class Root(
    _Part,
    arn="arn:{partition}:organizations::{account}:root/{organization}/{id}",
    missing=("RootNotFoundException", "You specified a root that doesn't exist."),
):
    """The top of the tree. `policy_types` are those that are enabled, in the order of enabling."""

    policy_types: list[str] = field(default_factory=list)


class Unit(
    _Part,
    arn="arn:{partition}:organizations::{account}:ou/{organization}/{id}",
    missing=("OrganizationalUnitNotFoundException", "You specified an organizational unit that doesn't exist."),
    cloudformation="AWS::Organizations::OrganizationalUnit",
):
    """An organizational unit; `parent` is the id of a root or of another unit."""

    name: str = ""
    parent: str = ""


class Account(
    _Part,
    arn="arn:{partition}:organizations::{account}:account/{organization}/{id}",
    missing=("AccountNotFoundException", "You specified an account that doesn't exist."),
    cloudformation="AWS::Organizations::Account",
):
    """An account's membership. `method` is CREATED or INVITED; `state` one of AWS's account states.

    Name and email are the `Holder`'s, repeated here so that a listing reads one row an account.
    """

    name: str = ""
    email: str = ""
    parent: str = ""
    method: str = "INVITED"
    joined_at: float = 0.0
    state: str = "ACTIVE"
    #: when the closing of the account was asked for
    closed_at: float | None = None


class Holder(Record):
    """Who an account is, whether or not it is in an organization. `closed_at` is when it was closed for good or bad."""

    account: str = key()
    name: str
    email: str
    closed_at: float | None = None

    @property
    def folded(self) -> str:
        """The email without regard to case: unique among all accounts."""
        return self.email.lower()


class AccountRequest(Record):
    """A request to create an account. `state` is IN_PROGRESS, SUCCEEDED or FAILED."""

    account: str = key()
    organization: str = key()
    id: str = key()
    name: str
    email: str
    role: str
    tags: dict[str, str] = field(default_factory=dict)
    state: str = "IN_PROGRESS"
    requested_at: float
    completed_at: float | None = None
    made: str | None = None
    failure: str | None = None


units_by_parent = Index(Unit, "account", "organization", "parent", "name")
accounts_by_parent = Index(Account, "account", "organization", "parent")
accounts_by_number = Index(Account, "id")
accounts_closing = Index(Account, "closed_at", "account", "organization")
holders_by_email = Index(Holder, "folded")
requests_by_state = Index(AccountRequest, "account", "organization", "state", "id")


# -- policies --------------------------------------------------------------------------------------------------


class Policy(
    _Part,
    arn="arn:{partition}:organizations::{account}:policy/{place}/{id}",
    missing=("PolicyNotFoundException", "You specified a policy that doesn't exist."),
    cloudformation="AWS::Organizations::Policy",
):
    """A policy. `place` is the middle of its ARN; AWS's own policies belong to the account `aws`."""

    place: str = ""
    type: str = ""
    name: str = ""
    description: str = ""
    content: str = ""
    #: when the content was last given
    changed_at: float = 0.0

    @property
    def by_aws(self) -> bool:
        """Whether AWS wrote it."""
        return self.account == "aws"

    @classmethod
    def key_of(cls, arn: str) -> tuple[str, ...] | None:
        """The primary key inside a policy's ARN; AWS's own policies have no organization in theirs."""
        parts = arn.split(":", 5)
        pieces = parts[-1].split("/")
        if len(parts) != 6 or parts[2] != "organizations" or len(pieces) != 4 or pieces[0] != "policy":
            return None
        return parts[4], pieces[1], pieces[3]


class Attachment(Record):
    """A policy is attached to a root, unit or account."""

    account: str = key()
    organization: str = key()
    target: str = key()
    type: str = key()
    policy: str = key()
    #: position in the order of attaching: policies of one level are merged in it
    serial: int = 0


class Serial(Record):
    """The last position given to an attachment."""

    account: str = key()
    value: int = 0


policies_by_type = Index(Policy, "account", "organization", "type", "id")
policies_by_name = Index(Policy, "account", "organization", "type", "name")
attachments_by_policy = Index(Attachment, "account", "organization", "policy", "target")


class ResourcePolicy(
    _Part,
    arn="arn:{partition}:organizations::{account}:resourcepolicy/{organization}/{id}",
    missing=("ResourcePolicyNotFoundException", "We can't find a resource policy for this organization."),
):
    """The organization's delegation policy: what member accounts may do in the management account's place."""

    content: str = ""


class Delegation(Record):
    """A member account administers a service for the whole organization."""

    account: str = key()
    organization: str = key()
    member: str = key()
    service: str = key()
    since: float


# -- handshakes ------------------------------------------------------------------------------------------------


class Handshake(
    _Part,
    arn="arn:{partition}:organizations::{account}:handshake/{organization}/{kind}/{id}",
    missing=("HandshakeNotFoundException", "We can't find a handshake with the HandshakeId that you specified."),
    expires="forgotten_at",
):
    """A question one account asks another. `action` and `state` are AWS's words.

    `to` is the account that answers, as its number, or an email when the sender knew no more. `offer` is the
    feature set at the time, and `sender` (email, name) of the management account.
    """

    kind: str = "invite"
    action: str = "INVITE"
    state: str = "OPEN"
    to: str = ""
    to_type: str = "ACCOUNT"
    requested_at: float = 0.0
    expires_at: float = 0.0
    forgotten_at: float | None = None
    parent: str = ""
    notes: str = ""
    offer: str = "ALL"
    sender: tuple[str, str] = ("", "")
    #: the transfer a TRANSFER_RESPONSIBILITY handshake is about
    transfer: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it still waits for an answer."""
        return self.state in ("REQUESTED", "OPEN")

    @property
    def waiting(self) -> str | None:
        """The action, while the handshake waits."""
        return self.action if self.is_open else None

    @property
    def recipient(self) -> str:
        """Whom it is for, as it is looked up."""
        return self.to.lower()


class Transfer(
    _Part,
    arn="arn:{partition}:organizations::{account}:transfer/{organization}/billing/inbound/{id}",
    missing=("ResponsibilityTransferNotFoundException", "We can't find a transfer that you specified."),
):
    """An organization (the key's) takes over the billing of another one.

    `source` is the other one's management account, as its number, or an email when no more is known.
    """

    name: str = ""
    source: str = ""
    status: str = "REQUESTED"
    start_at: float = 0.0
    end_at: float | None = None
    handshake: str = ""

    @property
    def recipient(self) -> str:
        """Whom the transfer was asked of, as it is looked up."""
        return self.source.lower()


transfers_by_id = Index(Transfer, "id")
transfers_from = Index(Transfer, "recipient", "id")
handshakes_by_id = Index(Handshake, "id")
handshakes_for = Index(Handshake, "recipient", "id")
handshakes_waiting = Index(Handshake, "waiting", "account", "organization", "to")
handshakes_by_day = Index(Handshake, "account", "organization", "requested_at")


# -- what decisions are cached on --------------------------------------------------------------------------------


def _stale(tx: Transaction, old: Record | None, new: Record | None) -> None:
    """The guard keeps each account's view of its organization until this epoch moves."""
    bump(tx, "organizations")


_SEEN: tuple[type[Record], ...] = (Organization, Root, Unit, Account, Policy, Attachment, Holder)
for _kind in _SEEN:
    on_change(_kind)(_stale)

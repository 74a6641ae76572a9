"""What the IAM room remembers.

Users, groups, roles and policies are found by name; everything that hangs on one of them (inline policies,
attachments, keys, devices) is kept under its unique id (`AIDA...`, `AROA...`), so that a rename moves one row.
"The root user" as a holder is the account number. Instants are virtual seconds since 1970.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec import field

from haar.kit import GlobalResource, Index, Record, bump, key, on_change

if TYPE_CHECKING:
    from haar.store.transaction import Transaction

# -- principals ------------------------------------------------------------------------------------------------


class User(
    GlobalResource,
    arn="arn:{partition}:iam::{account}:user{path}{name}",
    missing=("NoSuchEntity", "The user with name {0} cannot be found."),
    cloudformation="AWS::IAM::User",
):
    """An IAM user. `boundary` is the ARN of its permissions boundary."""

    name: str = key()
    path: str = "/"
    id: str
    boundary: str | None = None
    password_used_at: float | None = None
    #: Whether `Held` is kept for the user; not so for those that 0.1.0 made.
    tracked: bool = False

    @property
    def folded(self) -> str:
        """The name without regard to case: unique in the account."""
        return self.name.lower()


class Held(Record):
    """A user (by id) to whom something belonged at some time, so that deleting it has to look for what still does."""

    user: str = key()


class Group(
    GlobalResource,
    arn="arn:{partition}:iam::{account}:group{path}{name}",
    missing=("NoSuchEntity", "The group with name {0} cannot be found."),
    cloudformation="AWS::IAM::Group",
):
    """An IAM group. Groups have no tags."""

    name: str = key()
    path: str = "/"
    id: str

    @property
    def folded(self) -> str:
        """The name without regard to case: unique in the account."""
        return self.name.lower()


class Role(
    GlobalResource,
    arn="arn:{partition}:iam::{account}:role{path}{name}",
    missing=("NoSuchEntity", "The role with name {0} cannot be found."),
    cloudformation="AWS::IAM::Role",
):
    """An IAM role. `trust` is its trust policy's text, as stored: principals that were deleted appear as ids in it.

    `linked_to` is the service principal (`x.amazonaws.com`) of a service-linked role, else empty.
    """

    name: str = key()
    path: str = "/"
    id: str
    trust: str
    description: str | None = None
    max_session_seconds: int = 3600
    boundary: str | None = None
    linked_to: str = ""

    @property
    def folded(self) -> str:
        """The name without regard to case: unique in the account."""
        return self.name.lower()


class Membership(Record):
    """A user (by id) is in a group (by id)."""

    account: str = key()
    group: str = key()
    user: str = key()


class InstanceProfile(
    GlobalResource,
    arn="arn:{partition}:iam::{account}:instance-profile{path}{name}",
    missing=("NoSuchEntity", "Instance Profile {0} cannot be found."),
    cloudformation="AWS::IAM::InstanceProfile",
):
    """An instance profile; `role` is the id of the role in it, or None."""

    name: str = key()
    path: str = "/"
    id: str
    role: str | None = None

    @property
    def folded(self) -> str:
        """The name without regard to case: unique in the account."""
        return self.name.lower()


# -- policies --------------------------------------------------------------------------------------------------


class Policy(
    GlobalResource,
    arn="arn:{partition}:iam::{account}:policy{place}",
    cloudformation="AWS::IAM::ManagedPolicy",
):
    """A managed policy. `place` is path and name together, as the ARN has them: `/dev/reader`.

    Policies that AWS manages are values of this kind too, in the account `aws`; they are never stored.
    """

    place: str = key()
    id: str
    description: str | None = None
    default_version: int = 1
    last_version: int = 1
    updated_at: float = 0.0

    @classmethod
    def missing(cls, *key: str) -> tuple[str, str]:
        """The error for an ARN without a policy; its message names the ARN."""
        return "NoSuchEntity", f"Policy {cls.arn_for(*key)} was not found."

    @property
    def name(self) -> str:
        """The last part of `place`."""
        return self.place.rsplit("/", 1)[1]

    @property
    def path(self) -> str:
        """`/` or `/dev/`."""
        return self.place[: self.place.rindex("/") + 1]

    @property
    def folded(self) -> str:
        """The name without regard to case: unique in the account."""
        return self.name.lower()

    @property
    def by_aws(self) -> bool:
        """Whether AWS owns and manages it."""
        return self.account == "aws"


class PolicyVersion(Record):
    """One version's document; `policy` is the policy's id, `number` the 3 of `v3`."""

    account: str = key()
    policy: str = key()
    number: int = key()
    text: str
    created_at: float


class Attachment(Record):
    """A managed policy (by ARN) is attached to a user, group or role (by id)."""

    account: str = key()
    holder: str = key()
    policy: str = key()


class InlinePolicy(Record):
    """A policy written on a user, group or role (by id)."""

    account: str = key()
    holder: str = key()
    name: str = key()
    text: str


# -- credentials of users --------------------------------------------------------------------------------------


class AccessKey(Record):
    """A long-term key pair; `user` is the user's id, or the account number for the root user's keys."""

    account: str = key()
    id: str = key()
    user: str
    secret: str
    active: bool = True
    created_at: float


class KeyUse(Record):
    """When an access key was last used; apart from the key, so that using it changes no credential."""

    account: str = key()
    id: str = key()
    at: float
    service: str
    region: str


class RoleUse(Record):
    """When a role's sessions were last used; `role` is the role's id."""

    account: str = key()
    role: str = key()
    at: float
    region: str


class LoginProfile(Record):
    """A user's console password: salted digests, the current one first, then earlier ones."""

    account: str = key()
    user: str = key()
    digests: tuple[bytes, ...]
    reset_required: bool = False
    created_at: float
    changed_at: float


class MfaDevice(
    GlobalResource,
    arn="arn:{partition}:iam::{account}:mfa{place}",
    cloudformation="AWS::IAM::VirtualMFADevice",
):
    """A virtual MFA device. `place` is path and name: `/phone`. `user` is its holder's id once it is enabled."""

    place: str = key()
    seed: bytes
    user: str | None = None
    enabled_at: float | None = None
    #: difference between the device's 30-second steps and the clock's, found by ResyncMFADevice
    drift_steps: int = 0
    #: the last steps whose codes were accepted: a code is good once
    used_steps: tuple[int, ...] = ()

    @classmethod
    def missing(cls, *key: str) -> tuple[str, str]:
        """The error for a serial number without a device."""
        return "NoSuchEntity", f"VirtualMFADevice with serial number {cls.arn_for(*key)} does not exist."


class SigningCertificate(Record):
    """An X.509 certificate a user signs SOAP requests with."""

    account: str = key()
    user: str = key()
    id: str = key()
    body: str
    active: bool = True
    uploaded_at: float


class SshPublicKey(Record):
    """A user's public key for CodeCommit. `body` is kept in SSH form."""

    account: str = key()
    user: str = key()
    id: str = key()
    body: str
    fingerprint: str
    active: bool = True
    uploaded_at: float


class ServiceSpecificCredential(Record):
    """A user's name and password (or API key) for one service, such as codecommit.amazonaws.com."""

    account: str = key()
    user: str = key()
    id: str = key()
    service: str
    service_user_name: str
    secret: str
    alias: str = ""
    active: bool = True
    created_at: float
    expires_at: float | None = None


# -- trust towards the outside ---------------------------------------------------------------------------------


class SamlProvider(
    GlobalResource,
    arn="arn:{partition}:iam::{account}:saml-provider/{name}",
    cloudformation="AWS::IAM::SAMLProvider",
):
    """A SAML identity provider and its metadata document. `private_keys` are (key id, PEM, added at)."""

    name: str = key()
    id: str = ""
    metadata: str
    valid_until: float | None = None
    encryption: str = ""
    private_keys: tuple[tuple[str, str, float], ...] = ()

    @classmethod
    def missing(cls, *key: str) -> tuple[str, str]:
        """The error for an ARN without a provider."""
        return "NoSuchEntity", f"Could not find {cls.arn_for(*key)}"


class OidcProvider(
    GlobalResource,
    arn="arn:{partition}:iam::{account}:oidc-provider/{url}",
    cloudformation="AWS::IAM::OIDCProvider",
):
    """An OpenID Connect identity provider; `url` is its issuer URL without `https://`."""

    url: str = key()
    client_ids: tuple[str, ...] = ()
    thumbprints: tuple[str, ...] = ()

    @classmethod
    def missing(cls, *key: str) -> tuple[str, str]:
        """The error for an ARN without a provider."""
        return "NoSuchEntity", f"OpenIDConnect Provider not found for arn {cls.arn_for(*key)}"


class ServerCertificate(
    GlobalResource,
    arn="arn:{partition}:iam::{account}:server-certificate{path}{name}",
    missing=("NoSuchEntity", "The Server Certificate with name {0} cannot be found."),
    cloudformation="AWS::IAM::ServerCertificate",
):
    """A TLS certificate with its private key, for load balancers and CloudFront."""

    name: str = key()
    path: str = "/"
    id: str
    body: str
    chain: str = ""
    private_key: str
    expires_at: float

    @property
    def folded(self) -> str:
        """The name without regard to case: unique in the account."""
        return self.name.lower()


# -- the account -----------------------------------------------------------------------------------------------


class AccountAlias(Record):
    """The account's alias; no two accounts have the same."""

    account: str = key()
    alias: str
    created_at: float = 0.0


class PasswordPolicy(Record):
    """The account's own password policy. Docs: IAM User Guide, id_credentials_passwords_account-policy.html."""

    account: str = key()
    length_min: int = 6
    symbols: bool = False
    numbers: bool = False
    uppercase: bool = False
    lowercase: bool = False
    may_change: bool = False
    age_days_max: int | None = None
    reuse_prevention: int | None = None
    hard_expiry: bool | None = None


class AccountSettings(Record):
    """What else is set for a whole account."""

    account: str = key()
    token_version: str = "v1Token"  # SetSecurityTokenServicePreferences
    properties: dict[str, str] = field(default_factory=dict)
    outbound_federation: bool = False
    #: when the account was first asked about itself: its root user's creation date
    seen_at: float = 0.0
    #: the first part of the account's own token issuer; given once
    issuer_id: str = ""

    @property
    def issuer(self) -> str:
        """The URL that the account's own web identity tokens name as their issuer."""
        return f"https://{self.issuer_id}.tokens.sts.global.api.aws"


class OrganizationsFeatures(Record):
    """Which centralized root access features the management account has switched on."""

    account: str = key()
    features: tuple[str, ...] = ()


# -- reports and jobs ------------------------------------------------------------------------------------------


class CredentialReport(Record):
    """The account's latest credential report; ready when the clock reaches `ready_at`."""

    account: str = key()
    started_at: float
    ready_at: float
    content: bytes = b""


class AccessJob(Record):
    """A GenerateServiceLastAccessedDetails or GenerateOrganizationsAccessReport job."""

    account: str = key()
    id: str = key()
    #: the ARN reported on, or the entity path of an Organizations report
    of: str
    granularity: str = "SERVICE_LEVEL"
    organizations: bool = False
    policy: str = ""
    created_at: float
    ready_at: float = 0.0
    #: what was found, as JSON; see `operations/last_accessed.py`
    found: bytes = b""


class ServiceAccess(Record):
    """When a user or role (by id) last used an action of a service. `action` is empty in the service's own row."""

    account: str = key()
    entity: str = key()
    service: str = key()
    action: str = key()
    at: float
    region: str


class RoleDeletion(Record):
    """A DeleteServiceLinkedRole task. `status` is SUCCEEDED, IN_PROGRESS, FAILED or NOT_STARTED."""

    account: str = key()
    id: str = key()
    role: str
    status: str
    reason: str = ""


# -- kept beside, so that nothing is scanned -------------------------------------------------------------------


class Tally(Record):
    """How many rows of something an account has; kept by the functions at the end of this file."""

    account: str = key()
    what: str = key()
    value: int = 0


class TrustReference(Record):
    """A role (by account and id) names a user or role (by id) in its trust policy."""

    principal: str = key()
    account: str = key()
    role: str = key()


# -- other orders ----------------------------------------------------------------------------------------------

users_folded = Index(User, "account", "folded")
users_by_id = Index(User, "id")
users_by_boundary = Index(User, "boundary", "account")
groups_folded = Index(Group, "account", "folded")
groups_by_id = Index(Group, "id")
roles_folded = Index(Role, "account", "folded")
roles_by_id = Index(Role, "id")
roles_by_boundary = Index(Role, "boundary", "account")
profiles_folded = Index(InstanceProfile, "account", "folded")
profiles_by_role = Index(InstanceProfile, "role")
policies_folded = Index(Policy, "account", "folded")
members_by_user = Index(Membership, "account", "user")
attachments_by_policy = Index(Attachment, "policy", "account")
access_keys_by_id = Index(AccessKey, "id")
access_keys_by_user = Index(AccessKey, "account", "user")
devices_by_user = Index(MfaDevice, "user")
aliases = Index(AccountAlias, "alias")
certificates_folded = Index(ServerCertificate, "account", "folded")


# -- tallies ---------------------------------------------------------------------------------------------------


def tally(tx: Transaction, account: str, what: str) -> int:
    """How many there are: `what` is a kind's name (`User`), or `attached/ARN` for the uses of a managed policy."""
    row = tx.get(Tally, account, what)
    return row.value if row else 0


def _count(tx: Transaction, account: str, what: str, step: int) -> None:
    value = tally(tx, account, what) + step
    if value:
        tx.put(Tally(account=account, what=what, value=value))
    else:
        tx.delete(Tally, account, what)


def _counted(kind: type[Record]) -> None:
    what = kind.__name__

    def count(tx: Transaction, old: Record | None, new: Record | None) -> None:
        if old is None or new is None:
            row = new or old
            _count(tx, row.account, what, 1 if old is None else -1)  # type: ignore[union-attr]

    on_change(kind)(count)


for _kind in (User, Group, Role, InstanceProfile, Policy, PolicyVersion, AccessKey, MfaDevice, SamlProvider,
              OidcProvider, ServerCertificate):  # fmt: skip
    _counted(_kind)


@on_change(Attachment)
def _count_attachments(tx: Transaction, old: Attachment | None, new: Attachment | None) -> None:
    if old is None and new is not None:
        _count(tx, new.account, f"attached/{new.policy}", 1)
    elif new is None and old is not None:
        _count(tx, old.account, f"attached/{old.policy}", -1)


# -- who ever held anything ------------------------------------------------------------------------------------

#: What can belong to a user, and which field has the user's id. Last-used data is not among it: who used a service has
#: had a key.
_BELONGINGS: tuple[tuple[type[Record], str], ...] = (
    (AccessKey, "user"), (LoginProfile, "user"), (Membership, "user"), (MfaDevice, "user"),
    (SigningCertificate, "user"), (SshPublicKey, "user"), (ServiceSpecificCredential, "user"),
    (InlinePolicy, "holder"), (Attachment, "holder"), (TrustReference, "principal"),
)  # fmt: skip


def _belongs(kind: type[Record], field: str) -> None:
    holder_of = attrgetter(field)

    def note(tx: Transaction, old: Record | None, new: Record | None) -> None:
        holder = holder_of(new) if new is not None else None
        if holder and holder.startswith("AIDA") and tx.get(Held, holder) is None:
            tx.put(Held(user=holder))

    on_change(kind)(note)


for _belonging, _field in _BELONGINGS:
    _belongs(_belonging, _field)


# -- what makes the policy engine look again -------------------------------------------------------------------


def _matters(kind: type[Record], *epochs: str) -> None:
    def stale(tx: Transaction, old: Record | None, new: Record | None) -> None:
        account = (new or old).account  # type: ignore[union-attr]
        for name in epochs:
            bump(tx, name.format(account))

    on_change(kind)(stale)


@on_change(User)
def _user_matters(tx: Transaction, old: User | None, new: User | None) -> None:
    row = new or old
    assert row is not None
    if old is not None and new is not None:
        renamed(tx, row.account)
    elif row.boundary or row.tags:
        # otherwise it comes and goes holding nothing: policies, groups and keys are rows of their own
        bump(tx, f"iam/{row.account}")


def renamed(tx: Transaction, account: str) -> None:
    """A user of an account is somebody else now, or has another name: look again."""
    bump(tx, f"iam/{account}")
    bump(tx, "credentials")


_POLICED: tuple[type[Record], ...] = (Role, Group, Policy, Membership, Attachment, InlinePolicy)
for _row in _POLICED:
    _matters(_row, "iam/{}")
_matters(AccessKey, "credentials")

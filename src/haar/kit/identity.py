"""Who asks, and what they were given: the values that pass between the door, the policy engine and the rooms.

Only frozen values live here. `Principal` says who signed a request, `Source` is one policy document with
its name, `Grants` are all the documents that are attached to a principal. The policy engine
(`haar.auth.decide`) reads them; the port that collects them belongs to whoever stores identities.

Source: IAM User Guide, reference_policies_evaluation-logic.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

__all__ = ["ANONYMOUS", "NO_GRANTS", "Grants", "Kind", "PolicyKind", "Principal", "Source", "partition_of"]

#: What a principal is. "federated" is a GetFederationToken session (web identity and SAML sessions are "role").
Kind = Literal["root", "user", "role", "federated", "service", "anonymous"]

#: Which rules a policy document must follow; see `haar.auth.documents.validate`.
PolicyKind = Literal["identity", "resource", "trust", "scp", "rcp", "boundary", "session"]


class Source(msgspec.Struct, frozen=True):
    """One policy document and where it comes from.

    `name` is the policy's ARN, or `inline:NAME` for an inline policy. `text` is the JSON as it was stored:
    the engine compiles a text once and finds it again by equality, so pass the same string, unchanged.
    """

    name: str
    text: str
    kind: PolicyKind = "identity"
    #: `user/NAME`, `group/NAME` or `role/NAME` that an inline policy is written on; empty for managed policies.
    owner: str = ""


class Grants(msgspec.Struct, frozen=True):
    """Every document attached to a principal.

    * `identity`: inline and managed policies of the user (groups included) or role.
    * `boundary`: the permissions boundary, or None when there is none.
    * `session`: the session policies given at AssumeRole or GetFederationToken; None when none were given.
      An empty tuple means "given, and allowing nothing".
    * `scps`: service control policies, one inner tuple per level from the root over the OUs to the account;
      every level must allow. The empty outer tuple means that SCPs are not in force: no organization, policy
      type disabled, the management account, or a service-linked role.
    """

    identity: tuple[Source, ...] = ()
    boundary: Source | None = None
    session: tuple[Source, ...] | None = None
    scps: tuple[tuple[Source, ...], ...] = ()
    #: Tags of the role behind a session, which the session itself does not carry; None: the principal's are right.
    tags: Mapping[str, str] | None = None


class Principal(msgspec.Struct, frozen=True):
    """Who signed a request.

    `arn` is the ARN that GetCallerIdentity shows: for a role it is the assumed-role session's. `issuer` is
    the role's own ARN for a role session, the user's for a federated session, else `arn` again (or empty).
    `id` is aws:userid: AIDA..., `AROA...:session`, `account:name` for a federated user, the account for root.
    `name` is the user or role name, for a service its host name such as `s3.amazonaws.com`. Instants are
    virtual seconds since 1970. `tags` are the principal's tags, `session_tags` those added by the session;
    `aws:PrincipalTag/x` reads the session's first.
    """

    kind: Kind
    account: str
    arn: str
    id: str = ""
    name: str = ""
    issuer: str = ""
    #: the unique id of the user behind a federated session
    issuer_id: str = ""
    path: str = "/"
    tags: Mapping[str, str] = {}
    session_name: str = ""
    session_tags: Mapping[str, str] = {}
    transitive_tags: tuple[str, ...] = ()
    mfa_at: float | None = None
    issued_at: float | None = None
    expires_at: float | None = None
    access_key: str = ""
    temporary: bool = False
    source_identity: str = ""
    #: The SAML or OIDC provider that vouches: an ARN, or `accounts.google.com` and its like. A login that has no
    #: session yet (AssumeRoleWithWebIdentity) is a "federated" principal with a provider, no account and no issuer.
    federated_provider: str = ""
    #: The 64 hexadecimal digits by which S3 knows the account.
    canonical_id: str = ""
    #: The texts of the session's own policies, and the ARNs of managed ones; None when none of either were given.
    session_policies: tuple[str, ...] | None = None
    session_policy_arns: tuple[str, ...] = ()
    #: A role that a service made for itself: no SCP and no RCP limits it.
    service_linked: bool = False
    #: Further condition keys that came with the session, such as `saml:sub` or `accounts.google.com:aud`.
    claims: Mapping[str, str | tuple[str, ...]] = {}

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn`, `aws-us-gov`: the second part of the ARN."""
        return partition_of(self.arn)

    @property
    def root_arn(self) -> str:
        """The ARN that stands for the whole account of this principal."""
        return f"arn:{self.partition}:iam::{self.account}:root"


def partition_of(arn: str) -> str:
    """The partition that an ARN is in; `aws` for what is not an ARN."""
    head = arn.split(":", 2)
    return head[1] if len(head) == 3 and head[0] == "arn" and head[1] else "aws"


ANONYMOUS = Principal(kind="anonymous", account="", arn="*", id="anonymous", name="anonymous")
NO_GRANTS = Grants()

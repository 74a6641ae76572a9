"""AWS Identity and Access Management: users, groups, roles, their credentials and their policies.

What is stored here is enforced: every call to every service is decided on the policies of this room, through the
port `identities`. Policies that AWS manages are there from the start, made from the IAM reference of actions and
access levels, so that they name the actions of today; their wording is not AWS's.

* Names are unique in an account without regard to case. A rename keeps everything that hangs on the entity.
* Policy documents come back URL-encoded, as AWS sends them; SDKs decode them.
* Access keys stop the moment they are made inactive or deleted. When they were last used is kept to a quarter of
  an hour.
* A trust policy that names a deleted user or role shows its unique id in place of the ARN, and trusts nobody
  who later gets the same name.

Source: IAM API Reference; IAM User Guide.
"""

from __future__ import annotations

import haar.services.iam.operations  # noqa: F401  # importing registers them
from haar.services.iam.identities import IamIdentities
from haar.services.iam.service import iam

__all__ = ["iam"]

iam.provide("identities", IamIdentities())

iam.refuses(
    "Delegation requests are made by partners that AWS has onboarded, and their tokens go to those partners; there is "
    "no such partner here.",
    "AcceptDelegationRequest",
    "AssociateDelegationRequest",
    "CreateDelegationRequest",
    "GetDelegationRequest",
    "ListDelegationRequests",
    "RejectDelegationRequest",
    "SendDelegationToken",
    "UpdateDelegationRequest",
)
iam.refuses(
    "AWS has a language model write the summary of a delegation request; there are neither here.",
    "GetHumanReadableSummary",
)
iam.refuses(
    "Role templates are written by AWS and its services, and their contents are not published.",
    "AcquireRole",
    "GetRoleTemplateVersion",
)
iam.refuses(
    "Account properties steer Role Manager, which works with role templates; those are not built.",
    "GetAccountProperties",
    "PutAccountProperties",
)

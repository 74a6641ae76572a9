"""AWS Organizations: many accounts, one that manages them, and policies over all of them.

What is stored here is enforced: the guard asks the port `organizations` where an account stands before every call.

* Every account is a tenant of its own: nothing of one is seen in another. A created account has the role
  `OrganizationAccountAccessRole`, which the management account may assume.
* Service control policies bind all of a member account, its root user too, at every level from the root to the
  account; not the management account, and not service-linked roles. Resource control policies bind what is done
  to the resources of member accounts, whoever does it.
* Creating an account takes three seconds of the virtual clock, closing one a minute; a closed account answers
  nothing, and is out of its organization after 90 days. An invitation expires after 15 days.
* Effective management policies (tag, backup, AI opt-out, chat, declarative, ...) are merged as AWS merges them; only
  whether a resource obeys them is for the services to say.
* An account that nobody registered has the email `<number>@accounts.haar.localhost`.

* A transfer of billing between organizations is kept and shown; there is no bill yet that it would change.

Not built: accounts in GovCloud, and the validation of effective policies.

Source: Organizations API Reference; Organizations User Guide.
"""

from __future__ import annotations

import haar.services.organizations.operations  # noqa: F401  # importing registers them
from haar.services.organizations.service import organizations
from haar.services.organizations.view import StoredOrganizations

__all__ = ["organizations"]

organizations.provide("organizations", StoredOrganizations())

organizations.refuses(
    "A cloud is one partition; accounts in AWS GovCloud (US) would be in another.",
    "CreateGovCloudAccount",
)
organizations.refuses(
    "AWS does not publish which checks a merged policy of each type has to pass, nor the codes of the errors.",
    "ListAccountsWithInvalidEffectivePolicy",
    "ListEffectivePolicyValidationErrors",
)

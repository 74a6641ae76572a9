"""The two policies AWS gives to every organization: each allows everything, so that denials can be added.

Source: Organizations User Guide, orgs_manage_policies_scps.html and orgs_manage_policies_rcps.html.
"""

from __future__ import annotations

from haar.services.organizations.resources import Policy
from haar.services.organizations.service import RCP, SCP

FULL_ACCESS = Policy(
    account="aws",
    organization="",
    id="p-FullAWSAccess",
    place=SCP.lower(),
    type=SCP,
    name="FullAWSAccess",
    description="Allows access to every operation",
    content='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
)
RESOURCE_FULL_ACCESS = Policy(
    account="aws",
    organization="",
    id="p-RCPFullAWSAccess",
    place=RCP.lower(),
    type=RCP,
    name="RCPFullAWSAccess",
    description="Allows access to every resource",
    content='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}',
)
POLICIES = {policy.id: policy for policy in (FULL_ACCESS, RESOURCE_FULL_ACCESS)}
#: The policy that is attached everywhere when a type is enabled.
FIRST = {SCP: FULL_ACCESS, RCP: RESOURCE_FULL_ACCESS}

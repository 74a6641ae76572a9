"""AWS Security Token Service: credentials that end by themselves.

A session needs no row: its token carries everything STS knew, sealed with the cloud's own key. Expiry obeys the
virtual clock, and what a session may do is decided anew at every call, on the policies of that moment.

* A role is assumed when its trust policy lets the caller in and, from another account, the caller's own policies do
  too. A role that does not exist answers like one that does not trust you.
* Session policies, tags, transitive tags, the source identity and external ids are evaluated as on AWS. How AWS packs
  policies and tags is not published: `PackedPolicySize` is the size of our own packing.
* SAML responses and web identity tokens are verified with the provider's keys, which for OpenID Connect are fetched
  from the issuer. Providers sign with real time: what they issue ages by the virtual time that passes since.
* Credentials of GetSessionToken without MFA cannot call IAM, those of GetFederationToken never can, and of STS
  neither has more than AWS gives them.
* Both the global endpoint (`sts.amazonaws.com`) and the regional ones answer; tokens are good in every region.
* AssumeRoot works for the tasks AWS defines; GetDelegatedAccessToken is refused.
* GetWebIdentityToken signs tokens for the outside once IAM's outbound federation is enabled. Their dates are those of
  the virtual clock. Nothing answers at the issuer's URL: its documents are at
  `/_haar/issuer/ISSUER/.well-known/openid-configuration` and `.../.well-known/jwks.json`, ISSUER being the URL's
  first label. As on AWS, such a token is no way back in through AssumeRoleWithWebIdentity. AWS does not publish how
  large a token may be, so no token is too large.

Source: AWS STS API Reference; IAM User Guide, id_credentials_temp.html and the pages below it.
"""

from __future__ import annotations

from haar.services.sts.operations import federation as _federation
from haar.services.sts.operations import identity as _identity
from haar.services.sts.operations import roles as _roles
from haar.services.sts.operations import root as _root
from haar.services.sts.operations import tokens as _tokens
from haar.services.sts.operations import users as _users
from haar.services.sts.service import sts

__all__ = ["sts"]

_OPERATIONS = (_federation, _identity, _roles, _root, _tokens, _users)

sts.refuses(
    "The trade-in tokens it exchanges come from AWS's own services and from partners that AWS has onboarded; nobody "
    "here issues them.",
    "GetDelegatedAccessToken",
)

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
* AssumeRoot works for the tasks AWS defines; GetDelegatedAccessToken and GetWebIdentityToken are refused.

Source: AWS STS API Reference; IAM User Guide, id_credentials_temp.html and the pages below it.
"""

from __future__ import annotations

from haar.services.sts.operations import federation as _federation
from haar.services.sts.operations import identity as _identity
from haar.services.sts.operations import roles as _roles
from haar.services.sts.operations import root as _root
from haar.services.sts.operations import users as _users
from haar.services.sts.service import sts

__all__ = ["sts"]

_OPERATIONS = (_federation, _identity, _roles, _root, _users)

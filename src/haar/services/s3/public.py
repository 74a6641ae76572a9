"""What is public, and what Block Public Access makes of it.

A policy is public when an allowance reaches anybody and no condition pins the callers down to fixed values. An ACL is
public when it grants something to one of the two groups that anybody can be in. What is in force for a bucket is the
most restrictive of its own settings, its account's, and those of the access point that a request came through.

Source: Amazon S3 User Guide, access-control-block-public-access.html.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from haar.kit import Record, ServiceError, key

if TYPE_CHECKING:
    from haar.kit import Call
    from haar.services.s3.resources import Bucket

SETTINGS: Final = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
ALL_USERS: Final = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED_USERS: Final = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
PUBLIC_GROUPS: Final = frozenset((ALL_USERS, AUTHENTICATED_USERS))

#: Keys that pin callers down when they are compared with fixed values.
_PINNING: Final = frozenset(
    (
        "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount", "aws:sourceip",
        "aws:principalorgid", "aws:principalorgpaths", "aws:principalarn", "aws:principalaccount", "aws:userid",
        "aws:vpcsourceip", "s3:dataaccesspointarn", "s3:dataaccesspointaccount",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
    )
)  # fmt: skip
_EQUALITIES: Final = frozenset(
    ("stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress")
)
#: Ranges wider than these are anybody's.
_WIDEST: Final = {4: 8, 6: 32}


class AccountBlock(Record, hot=True):
    """Block Public Access of an account, for all its buckets in all regions."""

    account: str = key()
    settings: dict[str, bool]


def block_of(call: Call, bucket: Bucket, *more: Mapping[str, bool] | None) -> frozenset[str]:
    """The names of the settings that are in force for a bucket (and `more`: those of an access point)."""
    of_account = call.tx.get(AccountBlock, bucket.account)
    sets = (bucket.public_access_block, of_account.settings if of_account is not None else None, *more)
    return frozenset(name for one in sets if one for name, is_on in one.items() if is_on)


def settings_in(given: Mapping[str, Any] | None) -> dict[str, bool]:
    """A configuration as it is kept: every setting, those that are left out are off."""
    return {name: bool((given or {}).get(name)) for name in SETTINGS}


def is_public_acl(grants: Iterable[Mapping[str, Any]] | None) -> bool:
    """Whether grants open something to everybody, or to everybody who has an account."""
    return any(one.get("Grantee", {}).get("URI") in PUBLIC_GROUPS for one in grants or ())


def prevented(call: Call, action: str, arn: str, what: str, setting: str) -> ServiceError:
    """The denial of something that Block Public Access prevents."""
    text = (
        f'User: {call.principal.arn} is not authorized to perform: {action} on resource: "{arn}" because public {what} '
        f"are prevented by the {setting} setting in S3 Block Public Access."
    )
    return ServiceError("AccessDenied", text, status=403)


@lru_cache(maxsize=2048)
def is_public_policy(text: str) -> bool:
    """Whether a sound policy document lets in somebody whom nothing pins down."""
    statements = json.loads(text)["Statement"]
    return any(_opens(one) for one in (statements if isinstance(statements, list) else [statements]))


def _opens(statement: Mapping[str, Any]) -> bool:
    if statement["Effect"] != "Allow":
        return False
    if "NotPrincipal" not in statement and not _is_anybody(statement.get("Principal")):
        return False
    for operator, keys in (statement.get("Condition") or {}).items():
        kind = operator.lower().removeprefix("foranyvalue:").removeprefix("forallvalues:")
        # an IfExists, and a ForAllValues of nothing, also let in requests that do not have the key at all
        if kind not in _EQUALITIES or operator.lower().startswith("forallvalues:"):
            continue
        if any(name.lower() in _PINNING and _are_fixed(name.lower(), values) for name, values in keys.items()):
            return False
    return True


def _is_anybody(principal: Any) -> bool:
    if isinstance(principal, str):
        return principal == "*"
    return "*" in _list((principal or {}).get("AWS", ()))


def _are_fixed(name: str, values: Any) -> bool:
    given = _list(values)
    return bool(given) and all(_is_fixed(name, str(value)) for value in given)


def _is_fixed(name: str, value: str) -> bool:
    if "${" in value:
        return False
    if name in ("aws:sourceip", "aws:vpcsourceip"):
        return _is_narrow(value)
    if name == "aws:userid":
        role, colon, session = value.partition(":")
        return "*" not in role and "?" not in role and (not colon or session == "*" or "*" not in session)
    if name == "s3:dataaccesspointarn" or (name in ("aws:principalarn", "aws:sourcearn") and value.startswith("arn:")):
        # the account must be fixed, what stands behind it need not be
        parts = value.split(":", 5)
        return len(parts) == 6 and bool(parts[4]) and not set(parts[4]) & {"*", "?"}
    return "*" not in value and "?" not in value


def _is_narrow(value: str) -> bool:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= _WIDEST[network.version]


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]

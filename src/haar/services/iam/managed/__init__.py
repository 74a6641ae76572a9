"""Policies that AWS manages: values, not rows, with the ARNs everybody knows and documents made here.

`register.py` lists them, `make.py` writes their documents from the IAM reference of actions and access levels when
one is first read. They belong to the account `aws`; who attaches them is counted per account like any other policy.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256

from haar.services.iam.managed import make, register
from haar.services.iam.managed.register import Entry
from haar.services.iam.resources import Policy

__all__ = ["NOTHING", "everything", "find", "text"]

#: A document that allows nothing.
NOTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}'

_PREFIX = "arn:aws:iam::aws:policy"
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def find(arn: str) -> Policy | None:
    """The AWS-managed policy of an ARN, in any partition; None for every other ARN."""
    place = _place(arn)
    entry = register.entries().get(place) if place else None
    return None if entry is None else _policy(place, entry)


def everything() -> list[Policy]:
    """All of them, in the order of their paths and names."""
    return [_policy(place, entry) for place, entry in sorted(register.entries().items())]


@cache
def text(arn: str) -> str:
    """The document of one; the same string every time. KeyError for an ARN that is none of them."""
    return make.document(register.entries()[_place(arn)])


def _place(arn: str) -> str:
    head, found, place = arn.partition(":iam::aws:policy")
    return place if found and head.startswith("arn:aws") else ""


def _policy(place: str, entry: Entry) -> Policy:
    return Policy(
        account="aws",
        place=place,
        id=_id_of(place),
        description=entry.description,
        default_version=entry.version,
        last_version=entry.version,
        created_at=entry.created_at,
        updated_at=entry.created_at,
    )


@cache
def _id_of(place: str) -> str:
    # AWS's own ids follow no rule; ours follow from the ARN, so that every cloud has the same
    bits = int.from_bytes(sha256(f"{_PREFIX}{place}".encode()).digest()[:11])
    return "ANPA" + "".join(_BASE32[bits >> 5 * position & 31] for position in range(17))

"""The tree of an organization: what is above a thing, what is below it, and the ids of new things.

root r-a1b2
├── unit ou-a1b2-xxxxxxxx        up to five levels of units
│   └── account 111111111111
└── account 000000000000         the management account hangs here until it is moved
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from haar.kit import Call
from haar.services.organizations.resources import Account, Root, Unit
from haar.services.organizations.seats import Seat
from haar.services.organizations.service import organizations

if TYPE_CHECKING:
    from haar.store.transaction import Transaction

Node = Account | Root | Unit
_LETTERS = string.ascii_lowercase + string.digits


def new_id(call: Call, prefix: str, length: int) -> str:
    """A new id such as `p-a1b2c3d4`."""
    return prefix + call.ports.ids.token(length, _LETTERS)


def parent(tx: Transaction, head: tuple[str, str], name: str) -> Root | Unit | None:
    """The root or unit of an id."""
    return tx.get(Root, *head, name) if name.startswith("r-") else tx.get(Unit, *head, name)


def lineage(tx: Transaction, node: Node) -> list[Node]:
    """A thing and all that is above it, from the root down."""
    found: list[Node] = [node]
    while not isinstance(node, Root):
        above = parent(tx, (node.account, node.organization), node.parent)
        assert above is not None, f"{node.arn} hangs on {node.parent}, which is gone"
        found.append(above)
        node = above
    return found[::-1]


def path(tx: Transaction, node: Node) -> str:
    """A thing's place, such as `o-abc/r-a1b2/ou-a1b2-xyz/`."""
    return "/".join((node.organization, *(one.id for one in lineage(tx, node)), ""))


def target(call: Call, place: Seat, name: str) -> Node:
    """The root, unit or account that a policy is, or will be, attached to."""
    found = call.tx.get(Account, *place.head, name) if name.isdecimal() else parent(call.tx, place.head, name)
    if found is None:
        raise organizations.error("TargetNotFoundException", "You specified a target that doesn't exist.")
    return found


def parent_of(call: Call, place: Seat, name: str) -> Root | Unit:
    """The root or unit that a request names as parent."""
    found = parent(call.tx, place.head, name)
    if found is None:
        raise organizations.error("ParentNotFoundException", "You specified parent that doesn't exist.")
    return found

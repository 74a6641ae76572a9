"""Whom a call is about: the user it names, else the caller, who may be the root user; or the one behind an ARN.

Source: IAM API Reference, for example API_ListMFADevices.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from haar.kit import Call, Source
from haar.services.iam import holding
from haar.services.iam.identities import documents, groups_of
from haar.services.iam.resources import Group, Role, User


class Holder(NamedTuple):
    """A user, or the root user. `id` is what credentials are kept under: the account's number for the root user."""

    id: str
    name: str


def holder_of(call: Call, request: Mapping[str, Any]) -> Holder:
    """The user named by `UserName`, else the caller. Raises NoSuchEntity; ValidationError for a role without a name."""
    user = holding.acting_user(call, request)
    return Holder(call.account, "root") if user is None else Holder(user.id, user.name)


def holder_at(call: Call, arn: str) -> User | Group | Role | None:
    """The user, group or role of the caller's account behind an ARN; None when there is none."""
    found: User | Group | Role | None = None
    place = User.key_of(arn)
    if place is not None:
        found = call.tx.get(User, *place)
    elif (place := Role.key_of(arn)) is not None:
        found = call.tx.get(Role, *place)
    elif (place := Group.key_of(arn)) is not None:
        found = call.tx.get(Group, *place)
    return found if found is not None and found.arn == arn and found.account == call.account else None


def documents_of(call: Call, holder: User | Group | Role) -> Iterator[Source]:
    """All permissions policies of a user (groups included), group or role."""
    yield from documents(call.tx, holder.account, holder.id, f"{holding.kind_of(holder)}/{holder.name}")
    if isinstance(holder, User):
        for group in groups_of(call.tx, holder):
            yield from documents(call.tx, group.account, group.id, f"group/{group.name}")

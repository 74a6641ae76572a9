"""What users, groups and roles have in common: they hold policies, have a name nobody else has, and go last.

The operations of `users.py`, `groups.py` and `roles.py` are these functions under their own names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from haar.kit import Call, Index, Page, Principal, Quota, as_dict
from haar.kit.tagging import check
from haar.services.iam.describe import encoded
from haar.services.iam.identities import policy_of, user_of
from haar.services.iam.resources import Attachment, Group, InlinePolicy, Policy, Role, User
from haar.services.iam.service import (
    INLINE_LENGTH,
    POLICIES_PER_GROUP,
    POLICIES_PER_ROLE,
    POLICIES_PER_USER,
    iam,
)

if TYPE_CHECKING:
    from haar.shapes import iam as api

Holder = User | Group | Role
H = TypeVar("H", User, Group, Role)

_PER: Mapping[str, tuple[Quota, str]] = {
    "user": (POLICIES_PER_USER, "PoliciesPerUser"),
    "group": (POLICIES_PER_GROUP, "PoliciesPerGroup"),
    "role": (POLICIES_PER_ROLE, "PoliciesPerRole"),
}


def kind_of(holder: Holder) -> str:
    """`user`, `group` or `role`."""
    return type(holder).__name__.lower()


# -- names -----------------------------------------------------------------------------------------------------


def ensure_free(call: Call, order: Index[Any], name: str, message: str, *, but: str = "") -> None:
    """Refuse a name that is taken, in any spelling, by another than the one with the id `but`."""
    taken = next(call.tx.range(order, call.account, name.lower(), limit=1), None)
    if taken is not None and taken.id != but:
        raise iam.error("EntityAlreadyExists", message, status=409)


def tags_of(request: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a create request, checked."""
    given = request.get("Tags") or []
    keys = [pair["Key"].lower() for pair in given]
    if len(set(keys)) != len(keys):
        raise iam.error("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    tags = as_dict(given)
    check(tags, too_many="LimitExceeded", invalid="InvalidInput")
    return tags


def new_tags(row: Any, request: Mapping[str, Any]) -> dict[str, str]:
    """A resource's tags with those of a Tag request over them. Keys differ without regard to case."""
    given = tags_of(request)
    lowered = {name.lower() for name in given}
    kept = {name: value for name, value in row.tags.items() if name.lower() not in lowered}
    tags = {**kept, **given}
    check(tags, too_many="LimitExceeded", invalid="InvalidInput")
    return tags


def without_tags(row: Any, request: Mapping[str, Any]) -> dict[str, str]:
    """A resource's tags without those of an Untag request."""
    gone = {name.lower() for name in request["TagKeys"]}
    return {name: value for name, value in row.tags.items() if name.lower() not in gone}


# -- the caller ------------------------------------------------------------------------------------------------


def acting_user(call: Call, request: Mapping[str, Any]) -> User | None:
    """The user a request names, or the calling user; None for the calling root user.

    Raises NoSuchEntity, and ValidationError for a caller that is neither.
    """
    name = request.get("UserName")
    if name is not None:
        return call.load(User, name)
    principal: Principal = call.principal
    if principal.kind == "user" and not principal.arn.endswith(":root"):
        user = user_of(call.tx, principal)
        if user is not None:
            return user
        raise iam.error("NoSuchEntity", User.missing(call.account, principal.name)[1], status=404)
    if principal.kind == "root" or principal.arn.endswith(":root"):
        return None
    raise iam.error("ValidationError", "Must specify userName when calling with non-User credentials", status=400)


def acting_on(call: Call, request: Mapping[str, Any]) -> Any:
    """What to authorize on where a user name may be left out: the user, or the caller's own ARN."""
    name = request.get("UserName")
    if name is None:
        user = user_of(call.tx, call.principal) if call.principal.kind == "user" else None
        return user or call.principal.root_arn
    return call.get(User, name) or User.arn_for(call.account, name)


# -- policy documents ------------------------------------------------------------------------------------------


def length(text: str) -> int:
    """The size of a document as quotas count it: without white space."""
    return len("".join(text.split()))


def put_inline(call: Call, holder: Holder, request: Mapping[str, Any]) -> None:
    """Write an inline policy on a holder, over the one of the same name."""
    name, text = request["PolicyName"], request["PolicyDocument"]
    call.ports.policies.validate(text, "identity")
    kind = kind_of(holder)
    others = sum(length(row.text) for row in call.tx.range(InlinePolicy, call.account, holder.id) if row.name != name)
    if others + length(text) > INLINE_LENGTH[kind]:
        raise iam.error(
            "LimitExceeded",
            f"Maximum policy size of {INLINE_LENGTH[kind]} bytes exceeded for {kind} {holder.name}",
            status=409,
        )
    call.tx.put(InlinePolicy(account=call.account, holder=holder.id, name=name, text=text))


def get_inline(call: Call, holder: Holder, name: str) -> InlinePolicy:
    """An inline policy of a holder."""
    row = call.tx.get(InlinePolicy, call.account, holder.id, name)
    if row is None:
        raise iam.error("NoSuchEntity", f"The {kind_of(holder)} policy with name {name} cannot be found.", status=404)
    return row


def show_inline(call: Call, holder: Holder, request: Mapping[str, Any]) -> dict[str, str]:
    """The reply of GetUserPolicy and its like, without the holder's name."""
    row = get_inline(call, holder, request["PolicyName"])
    return {"PolicyName": row.name, "PolicyDocument": encoded(row.text)}


def list_inline(call: Call, holder: Holder) -> Page[str]:
    """The names of a holder's inline policies."""
    return Page.of(call.tx, InlinePolicy, call.account, holder.id, show=lambda row: row.name)


# -- managed policies ------------------------------------------------------------------------------------------


def attachable(call: Call, arn: str, *, scope: bool = False) -> Policy:
    """A policy that may be attached, or (`scope`) be a permissions boundary."""
    policy = policy_of(call.tx, arn)
    if policy is None or policy.account not in ("aws", call.account):
        if not arn.startswith("arn:") or ":policy/" not in arn:
            raise iam.error("ValidationError", f"ARN {arn} is not valid.", status=400)
        what = "Scope ARN:" if scope else "Policy"
        raise iam.error("NoSuchEntity", f"{what} {arn} does not exist or is not attachable.", status=404)
    return policy


def attach(call: Call, holder: Holder, arn: str) -> None:
    """Attach a managed policy; attaching it again changes nothing."""
    policy = attachable(call, arn)
    if policy.path.startswith("/aws-service-role/"):
        raise iam.error(
            "PolicyNotAttachable", f"Cannot attach a Service Role Policy to a Customer {kind_of(holder).title()}."
        )
    if call.tx.get(Attachment, call.account, holder.id, arn) is not None:
        return
    quota, name = _PER[kind_of(holder)]
    quota.check(
        call,
        call.tx.count(Attachment, call.account, holder.id) + 1,
        "LimitExceeded",
        f"Cannot exceed quota for {name}: {{limit}}",
    )
    call.tx.put(Attachment(account=call.account, holder=holder.id, policy=arn))


def detach(call: Call, holder: Holder, arn: str) -> None:
    """Take an attached policy off."""
    if not call.tx.delete(Attachment, call.account, holder.id, arn):
        raise iam.error("NoSuchEntity", f"Policy {arn} was not found.", status=404)


def list_attached(call: Call, holder: Holder, request: Mapping[str, Any]) -> Page[api.AttachedPolicy]:
    """A holder's managed policies, those under a path prefix alone when one is given."""
    prefix = request.get("PathPrefix", "/")
    return Page.of(
        call.tx,
        Attachment,
        call.account,
        holder.id,
        show=lambda row: {"PolicyName": row.policy.rsplit("/", 1)[1], "PolicyArn": row.policy},
        where=lambda row: row.policy[row.policy.index(":policy/") + 7 :].startswith(prefix),
    )


# -- the end ---------------------------------------------------------------------------------------------------


def ensure_holds_nothing(call: Call, holder: Holder) -> None:
    """Refuse to delete who still holds policies."""
    if call.tx.any(InlinePolicy, call.account, holder.id):
        raise conflict("Cannot delete entity, must delete policies first.")
    if call.tx.any(Attachment, call.account, holder.id):
        raise conflict("Cannot delete entity, must detach all policies first.")


def conflict(message: str) -> Exception:
    """DeleteConflict."""
    return iam.error("DeleteConflict", message, status=409)

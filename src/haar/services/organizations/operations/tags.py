"""Tags on accounts, units, roots, policies, transfers and the resource policy: one set of operations for all, by id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page, as_dict, as_list, replace
from haar.services.organizations import seats
from haar.services.organizations.resources import Account, Handshake, Policy, ResourcePolicy, Root, Transfer, Unit
from haar.services.organizations.seats import Thing, here, members, policy_managers, readers
from haar.services.organizations.service import TAGS, constraint, invalid, organizations

if TYPE_CHECKING:
    from haar.shapes import organizations as api

for _kind in (Account, Unit, Policy):
    organizations.tagging(_kind)


@organizations.operation(resource=policy_managers)
def tag_resource(call: Call, request: api.TagResourceRequest) -> None:
    thing = _thing(call, request["ResourceId"])
    given = as_dict(request["Tags"])
    if len(given) != len(request["Tags"]):
        raise invalid("DUPLICATE_TAG_KEY", "Tag keys must be unique among the tags attached to the same entity.")
    call.tx.put(replace(thing, tags=checked({**thing.tags, **given})))


@organizations.operation(resource=policy_managers)
def untag_resource(call: Call, request: api.UntagResourceRequest) -> None:
    thing = _thing(call, request["ResourceId"])
    gone = set(request["TagKeys"])
    call.tx.put(replace(thing, tags={name: value for name, value in thing.tags.items() if name not in gone}))


@organizations.operation(resource=readers)
def list_tags_for_resource(call: Call, request: api.ListTagsForResourceRequest) -> Page[api.Tag]:
    thing = _thing(call, request["ResourceId"], writing=False)
    return Page(as_list(thing.tags), mark=lambda tag: tag["Key"])  # type: ignore[arg-type]


def _thing(
    call: Call, name: str, *, writing: bool = True
) -> Account | Unit | Root | Policy | ResourcePolicy | Transfer:
    found: Thing | None = seats.find(call.tx, here(call).head, name)
    if found is None or isinstance(found, Handshake):
        raise organizations.error("TargetNotFoundException", "You specified a target that doesn't exist.")
    if writing and isinstance(found, Policy) and found.by_aws:
        raise invalid("TARGET_NOT_SUPPORTED", "You can't perform the specified operation on that target entity.")
    return found


def given_with(call: Call, request: Mapping[str, Any]) -> dict[str, str]:
    """The tags that something is created with: who gives any needs organizations:TagResource besides."""
    tags = checked(as_dict(request.get("Tags", ())))
    if tags:
        things = members(call, {})
        call.ports.guard.authorize(call, "organizations:TagResource", things, None, {"Tags": request["Tags"]})
    return tags


def checked(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags as they may be stored; refused when there are too many or one is AWS's own."""
    if any(name.lower().startswith("aws:") for name in tags):
        raise invalid(
            "INVALID_SYSTEM_TAGS_PARAMETER",
            "You specified a tag key that is a system tag. You can't add, edit, or delete system tag keys because "
            "they're reserved for AWS use.",
        )
    if len(tags) > TAGS:
        raise constraint("MAX_TAG_LIMIT_EXCEEDED", "You have exceeded the number of tags allowed on this resource.")
    return dict(tags)

"""Which trail a request is about, and whether the caller may change it there.

A trail lives in its home region. One of many regions is seen in the others, and an organization's in every member
account, but it is changed only at home and only by the management account or a delegated administrator.

Source: AWS CloudTrail API Reference, API_DescribeTrails.html, API_GetTrailStatus.html, API_UpdateTrail.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from haar.kit import Call
from haar.services.cloudtrail import names
from haar.services.cloudtrail.administration import administers, organization_of
from haar.services.cloudtrail.resources import Trail, trails_by_organization
from haar.services.cloudtrail.service import cloudtrail


class Seen(NamedTuple):
    """What a decision sees of a trail: to those who can see it at all, it is their own account's."""

    account: str
    tags: Mapping[str, str] = {}


def named(member: str) -> Callable[[Call, Mapping[str, Any]], list[tuple[str, Seen]]]:
    """For `resource=`: the trail that a member of the request names, by its name or ARN."""

    def resources(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Seen]]:
        given = request.get(member)
        return [seen(call, given)] if given is not None else [("*", Seen(call.account))]

    return resources


def seen(call: Call, given: str) -> tuple[str, Seen]:
    """The ARN of a named trail, and what decides about it. Whoever may not ask does not learn that a name is odd."""
    place = Trail.key_of(given) if given.startswith("arn:") else (call.account, call.region, given)
    if place is None:
        return Trail.arn_for(call.account, call.region, "*"), Seen(call.account)
    found = call.tx.get(Trail, *place)
    return Trail.arn_for(*place), Seen(call.account, found.tags if found is not None else {})


def readable(call: Call, given: str) -> Trail:
    """The trail of a name or ARN, here or elsewhere. Raises TrailNotFoundException, CloudTrailARNInvalidException."""
    place = _place(call, given)
    trail = call.tx.get(Trail, *place)
    if place[0] != call.account and not (trail is not None and _is_ours(call, trail)):
        raise _wrong(f"Account ID in ARN is wrong, you can only access resources in account {call.account}.")
    if place[1] != call.region and not (trail is not None and trail.multi_region):
        raise _wrong(f"Region in ARN is wrong, you can only access resources in region {call.region}.")
    if trail is None:
        raise cloudtrail.error(*Trail.missing(*place))  # type: ignore[arg-type]
    return trail


def changeable(call: Call, given: str) -> Trail:
    """The same, where it may be changed. Raises InvalidHomeRegionException, NotOrganizationMasterAccountException."""
    place = _place(call, given)
    if not given.startswith("arn:") and call.tx.get(Trail, *place) is None:
        away = next((trail for trail in visible(call) if trail.name == given and trail.multi_region), None)
        if away is not None:
            raise _away(away)
    trail = readable(call, given)
    if trail.region != call.region:
        raise _away(trail)
    if trail.account != call.account and not administers(call, call.account):
        message = "The operation can be called only by the management account or a delegated administrator."
        raise cloudtrail.error("NotOrganizationMasterAccountException", message)
    return trail


def visible(call: Call) -> Iterator[Trail]:
    """Every trail of the account and of its organization, whatever their regions."""
    yield from call.tx.range(Trail, call.account)
    organization = organization_of(call, call.account)
    if organization is not None:
        for trail in call.tx.range(trails_by_organization, organization.id):
            if trail.account != call.account:
                yield trail


def covers(trail: Trail, region: str) -> bool:
    """Whether a trail, or its shadow, is in a region."""
    return trail.multi_region or trail.region == region


def check(given: str) -> None:
    """Refuse what is no name and no ARN of a trail. Raises InvalidTrailNameException, CloudTrailARNInvalidException."""
    if not given.startswith("arn:"):
        names.check(given)
    elif Trail.key_of(given) is None:
        raise _wrong(f"Invalid trail ARN: {given}")


def _place(call: Call, given: str) -> tuple[str, str, str]:
    check(given)
    account, region, name = Trail.key_of(given) or (call.account, call.region, given)
    return account, region, name


def _is_ours(call: Call, trail: Trail) -> bool:
    organization = organization_of(call, call.account)
    return trail.organization is not None and organization is not None and organization.id == trail.organization


def _wrong(message: str) -> Exception:
    return cloudtrail.error("CloudTrailARNInvalidException", message)


def _away(trail: Trail) -> Exception:
    message = f"The trail {trail.arn} can be changed only in its home region, {trail.region}."
    return cloudtrail.error("InvalidHomeRegionException", message)

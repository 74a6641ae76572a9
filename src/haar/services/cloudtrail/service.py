"""The CloudTrail service, its limits, and how it acts in other services.

Limits: AWS CloudTrail User Guide, WhatIsCloudTrail-Limits.html. None of them can be raised.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Origin, Principal, Service
from haar.kit.call import ServiceClient

if TYPE_CHECKING:
    from haar.services.cloudtrail.resources import Trail
    from haar.shapes import cloudtrail as api

    ErrorCode = api.ErrorCode
else:
    ErrorCode = str

cloudtrail: Service[ErrorCode] = Service(
    "cloudtrail", page_size=50, page_max=50, bad_token="InvalidNextTokenException", also_raises=("ValidationException",)
)

#: Trails in a region, those of other regions that cover it included.
TRAILS_IN_A_REGION = 5
EVENT_SELECTORS = 5
#: Data resources in all basic selectors of a trail, and conditions in all advanced ones.
DATA_RESOURCES = 250
CONDITIONS = 500
TAGS = 50
#: Resources that one ListTags may ask about.
LISTED_AT_ONCE = 20
DELEGATED_ADMINISTRATORS = 3

#: Seconds between deliveries. AWS speaks of about five minutes.
DELIVERY_SECONDS = 300.0
#: A call is on record when it ends, under the time at which it began: a delivery leaves out the last minute, so that
#: it misses none of those that wait (such as a long poll of 20 seconds).
LAG_SECONDS = 60.0
DIGEST_SECONDS = 3600.0
#: Seconds for which a delivery that fails is tried again; older events are given up.
RETRY_SECONDS = 30 * 86_400.0

NAME = "cloudtrail.amazonaws.com"
PRINCIPAL = Principal(kind="service", account="", arn="", id=NAME, name=NAME)


def acting_for(call: Call, trail: Trail, service: str, *, region: str = "") -> ServiceClient:
    """Another service, asked by CloudTrail itself on behalf of a trail: policies of resources decide.

    They see `aws:SourceArn` and `aws:SourceAccount`, and that nobody listens on the way.
    """
    context: Mapping[str, Any] = {"aws:SourceArn": trail.arn, "aws:SourceAccount": trail.account}
    origin = Origin(secure=True, invoked_by=NAME, context=context)
    return ServiceClient(call, service, PRINCIPAL, trail.account, region or trail.region, origin)

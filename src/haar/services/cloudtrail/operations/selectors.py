"""What is recorded: PutEventSelectors, GetEventSelectors, PutInsightSelectors, GetInsightSelectors.

Source: AWS CloudTrail API Reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.kit import Call, Refused, replace
from haar.services.cloudtrail import find, selectors
from haar.services.cloudtrail.resources import Trail
from haar.services.cloudtrail.service import cloudtrail

if TYPE_CHECKING:
    from haar.shapes import cloudtrail as api

_NO_STORES = "event data stores are not built"


@cloudtrail.operation(
    resource=find.named("TrailName"), enums=False, partial="network activity events: there are none to select"
)
def put_event_selectors(call: Call, request: api.PutEventSelectorsRequest) -> api.PutEventSelectorsResponse:
    trail = find.changeable(call, request["TrailName"])
    basic, advanced = request.get("EventSelectors"), request.get("AdvancedEventSelectors")
    if (basic is None) == (advanced is None):
        raise selectors.invalid("Specify either EventSelectors or AdvancedEventSelectors.")
    trail = replace(
        trail,
        basic=selectors.basic(basic) if basic is not None else [],
        advanced=selectors.advanced(advanced) if advanced is not None else [],
    )
    return _selected(call.tx.put(trail))  # type: ignore[return-value]


@cloudtrail.operation(resource=find.named("TrailName"))
def get_event_selectors(call: Call, request: api.GetEventSelectorsRequest) -> api.GetEventSelectorsResponse:
    return _selected(find.readable(call, request["TrailName"]))  # type: ignore[return-value]


def _selected(trail: Trail) -> dict[str, Any]:
    if trail.advanced:
        return {"TrailARN": trail.arn, "AdvancedEventSelectors": trail.advanced}
    return {"TrailARN": trail.arn, "EventSelectors": trail.basic or [dict(selectors.DEFAULT)]}


# -- Insights ------------------------------------------------------------------------------------------------------

_TYPES = ("ApiCallRateInsight", "ApiErrorRateInsight")
_CATEGORIES = ("Management", "Data")


@cloudtrail.operation(
    resource=find.named("TrailName"), enums=False,
    partial="the selectors are kept and shown; calls are not analysed, and no Insights event is ever made",
)  # fmt: skip
def put_insight_selectors(call: Call, request: api.PutInsightSelectorsRequest) -> api.PutInsightSelectorsResponse:
    trail = find.changeable(call, _of_a_trail(call, request))
    kept = [_insight(one) for one in request["InsightSelectors"]]
    wanted = [one["InsightType"] for one in kept]
    if len(set(wanted)) != len(wanted):
        raise _invalid("An Insights type can be selected only once.")
    for one in kept:
        writes = one["InsightType"] == "ApiCallRateInsight"
        about_management = "Management" in one.get("EventCategories", ["Management"])
        if about_management and not selectors.logs(trail.basic, trail.advanced, writes_only=writes):
            kind = "write management events" if writes else "management events"
            raise _invalid(f"The trail must log {kind} for {one['InsightType']}.")
    trail = call.tx.put(replace(trail, insights=kept))
    return {"TrailARN": trail.arn, "InsightSelectors": trail.insights}  # type: ignore[typeddict-item]


@cloudtrail.operation(resource=find.named("TrailName"), partial=_NO_STORES)
def get_insight_selectors(call: Call, request: api.GetInsightSelectorsRequest) -> api.GetInsightSelectorsResponse:
    trail = find.readable(call, _of_a_trail(call, request))
    if not trail.insights:
        raise cloudtrail.error(
            "InsightNotEnabledException",
            f"Trail {trail.arn} does not have Insights enabled. Edit the trail settings to enable Insights, and then "
            "try the operation again.",
        )
    return {"TrailARN": trail.arn, "InsightSelectors": trail.insights}  # type: ignore[typeddict-item]


def _of_a_trail(call: Call, request: Any) -> str:
    if request.get("EventDataStore") or request.get("InsightsDestination"):
        if request.get("TrailName"):
            message = "Specify either a trail or an event data store."
            raise cloudtrail.error("InvalidParameterCombinationException", message)
        raise Refused("cloudtrail", call.operation, f"Of these, {_NO_STORES}.")
    name: str | None = request.get("TrailName")
    if name is None:
        raise cloudtrail.error("InvalidParameterException", "Specify a trail or an event data store.")
    return name


def _insight(given: Any) -> dict[str, Any]:
    kept = {name: value for name, value in given.items() if value is not None}
    if kept.get("InsightType") not in _TYPES:
        raise _invalid(f"The Insights type {kept.get('InsightType')} is not valid.")
    for category in kept.get("EventCategories", ()):
        if category not in _CATEGORIES:
            raise _invalid(f"The event category {category} is not valid.")
    return kept


def _invalid(message: str) -> Exception:
    return cloudtrail.error("InvalidInsightSelectorsException", message)

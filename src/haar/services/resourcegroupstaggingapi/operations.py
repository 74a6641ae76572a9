"""The operations.

Source: Resource Groups Tagging API Reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page, Refused, Service, ServiceError, as_list, retag
from haar.services.resourcegroupstaggingapi.resources import find, has, is_of, place, tagged

if TYPE_CHECKING:
    from haar.shapes import resourcegroupstaggingapi as api

    ErrorCode = api.ErrorCode
else:
    ErrorCode = str

tagging: Service[ErrorCode] = Service(
    "resourcegroupstaggingapi",
    iam_prefix="tag",
    validation_error="InvalidParameterException",
    page_size=100,
    page_max=1000,
    bad_token="InvalidParameterException",
)

#: What calls made on the caller's behalf say they were invoked by.
PRINCIPAL = "tagging.amazonaws.com"
#: Resources looked at for one page. A page that finds too little among them ends with a token.
ROWS_PER_PAGE = 20_000
RESOURCES_PER_PAGE = 100
#: How many filters, and values of one, there may be.
FILTERS_MAX = 50
VALUES_MAX = 20


def _invalid(message: str) -> ServiceError:
    return tagging.error("InvalidParameterException", message)


# -- reading -----------------------------------------------------------------------------------------------------


@tagging.operation(partial="compliance details are refused")
def get_resources(call: Call, request: api.GetResourcesInput) -> Page[Any] | dict[str, Any]:
    if request.get("IncludeComplianceDetails"):
        raise Refused("resourcegroupstaggingapi", "GetResources", "Compliance with tag policies is not evaluated.")
    if request.get("ExcludeCompliantResources"):
        raise _invalid("ExcludeCompliantResources can be used only if IncludeComplianceDetails is true.")
    arns = request.get("ResourceARNList")
    filters, types = request.get("TagFilters", []), request.get("ResourceTypeFilters", [])
    if arns is not None:
        others = ("TagFilters", "ResourceTypeFilters", "ResourcesPerPage", "TagsPerPage", "PaginationToken")
        given = [name for name in others if request.get(name)]
        if given:
            raise _invalid(f"ResourceARNList and {given[0]} cannot be specified in the same request.")
        rows = [found[2] for arn in dict.fromkeys(arns) if (found := find(call, arn)) is not None]
        return {"PaginationToken": "", "ResourceTagMappingList": [_show(row) for row in rows if row.tags]}
    if len(filters) > FILTERS_MAX or any(len(one.get("Values", ())) > VALUES_MAX for one in filters):
        raise _invalid(f"A request has up to {FILTERS_MAX} tag filters with up to {VALUES_MAX} values each.")
    per_page = request.get("ResourcesPerPage")
    if per_page is not None and not 1 <= per_page <= RESOURCES_PER_PAGE:
        raise _invalid(f"ResourcesPerPage must be between 1 and {RESOURCES_PER_PAGE}.")
    tags_per_page = request.get("TagsPerPage")
    if tags_per_page is not None and (not 100 <= tags_per_page <= 500 or tags_per_page % 100):
        raise _invalid("TagsPerPage must be between 100 and 500, in steps of 100.")

    def matches(row: Any) -> bool:
        return (not types or any(is_of(row, one) for one in types)) and has(row.tags, filters)

    return _Resources(call, matches, tags_per_page)


class _Resources(Page[Any]):
    """Resources, cut by their number or by the number of their tags; a bounded number is looked at for a page."""

    def __init__(self, call: Call, matches: Callable[[Any], bool], tags_max: int | None) -> None:
        super().__init__((), extra={"PaginationToken": ""})
        self._call = call
        self._matches = matches
        self._tags_max = tags_max

    def cut(self, after: Any, limit: int | None) -> tuple[list[Any], Any]:
        rows = tagged(self._call, after)
        found: list[Any] = []
        tags = 0
        last: Any = None
        for row in islice(rows, ROWS_PER_PAGE):
            if self._matches(row):
                tags += len(row.tags)
                if len(found) == limit or (found and self._tags_max is not None and tags > self._tags_max):
                    return found, place(last)
                found.append(_show(row))
            last = row
        if last is None or next(rows, None) is None:
            return found, None
        return found, place(last)


def _show(row: Any) -> dict[str, Any]:
    return {"ResourceARN": row.arn, "Tags": as_list(row.tags)}


@tagging.operation
def get_tag_keys(call: Call, request: api.GetTagKeysInput) -> Page[str]:
    return Page(sorted({name for row in tagged(call) for name in row.tags}), extra={"PaginationToken": ""})


@tagging.operation
def get_tag_values(call: Call, request: api.GetTagValuesInput) -> Page[str]:
    name = request["Key"]
    values = {row.tags[name] for row in tagged(call) if name in row.tags}
    return Page(sorted(values), extra={"PaginationToken": ""})


# -- changing ----------------------------------------------------------------------------------------------------


@tagging.operation
def tag_resources(call: Call, request: api.TagResourcesInput) -> api.TagResourcesOutput:
    return _each(call, request["ResourceARNList"], tags=request["Tags"])  # type: ignore[return-value]


@tagging.operation
def untag_resources(call: Call, request: api.UntagResourcesInput) -> api.UntagResourcesOutput:
    return _each(call, request["ResourceARNList"], gone=request["TagKeys"])  # type: ignore[return-value]


def _each(call: Call, arns: list[str], **change: Any) -> dict[str, Any]:
    """Change every resource on its own; what failed, and why."""
    failed: dict[str, Mapping[str, Any]] = {}
    for arn in dict.fromkeys(arns):
        found = find(call, arn)
        if found is None:
            failed[arn] = _failure(400, f"The resource {arn} was not found, or it cannot be tagged.")
            continue
        service, kind, row = found
        try:
            retag(call, service, kind, row, invoked_by=PRINCIPAL, **change)
        except ServiceError as error:
            failed[arn] = _failure(error.status or 400, f"{error.code}: {error.message}")
    return {"FailedResourcesMap": failed}


def _failure(status: int, message: str) -> dict[str, Any]:
    return {"StatusCode": status, "ErrorCode": "InvalidParameterException", "ErrorMessage": message}

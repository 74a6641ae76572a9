"""Organizational units: up to five levels of them under the root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.kit import Call, Page, replace
from haar.services.organizations import describe, joining, tree
from haar.services.organizations.operations.tags import given_with
from haar.services.organizations.resources import Account, Attachment, Unit, accounts_by_parent, units_by_parent
from haar.services.organizations.seats import here, management, readers
from haar.services.organizations.service import UNIT_DEPTH, UNITS, constraint, organizations, within

if TYPE_CHECKING:
    from haar.shapes import organizations as api


@organizations.operation(resource=management)
def create_organizational_unit(
    call: Call, request: api.CreateOrganizationalUnitRequest
) -> api.CreateOrganizationalUnitResponse:
    place = here(call)
    parent = tree.parent_of(call, place, request["ParentId"])
    name = request["Name"]
    _ensure_free(call, place.head, parent.id, name)
    if len(tree.lineage(call.tx, parent)) > UNIT_DEPTH:
        raise constraint("OU_DEPTH_LIMIT_EXCEEDED", "You attempted to create an OU tree that is too many levels deep.")
    within(
        call, UNITS, call.tx.count(Unit, *place.head) + 1, "OU_NUMBER_LIMIT_EXCEEDED",
        "You have reached the limit of the number of OUs in this organization.",
    )  # fmt: skip
    root = place.organization.root
    unit = call.tx.put(
        Unit(
            account=place.organization.account, organization=place.organization.id,
            id=tree.new_id(call, f"ou-{root[2:]}-", 8), name=name, parent=parent.id,
            tags=given_with(call, request), created_at=call.now,
        )
    )  # fmt: skip
    joining.attach_first(call, unit)
    return {"OrganizationalUnit": describe.unit(call, unit)}


@organizations.operation(resource=readers)
def describe_organizational_unit(
    call: Call, unit: Unit, request: api.DescribeOrganizationalUnitRequest
) -> api.DescribeOrganizationalUnitResponse:
    return {"OrganizationalUnit": describe.unit(call, unit)}


@organizations.operation(resource=management)
def update_organizational_unit(
    call: Call, unit: Unit, request: api.UpdateOrganizationalUnitRequest
) -> api.UpdateOrganizationalUnitResponse:
    name = request.get("Name", unit.name)
    if name != unit.name:
        _ensure_free(call, here(call).head, unit.parent, name)
    return {"OrganizationalUnit": describe.unit(call, call.tx.put(replace(unit, name=name)))}


@organizations.operation(resource=management)
def delete_organizational_unit(call: Call, unit: Unit, request: api.DeleteOrganizationalUnitRequest) -> None:
    head = here(call).head
    below: list[Account | Unit] = [
        *call.tx.range(accounts_by_parent, *head, unit.id, limit=1),
        *call.tx.range(units_by_parent, *head, unit.id, limit=1),
    ]
    if below:
        raise organizations.error(
            "OrganizationalUnitNotEmptyException",
            "The specified OU is not empty. Move all accounts to another root or to other OUs, remove all child OUs, "
            "and try the operation again.",
        )
    for attachment in list(call.tx.range(Attachment, *head, unit.id)):
        call.tx.delete(attachment)
    call.tx.delete(unit)


@organizations.operation(resource=readers)
def list_organizational_units_for_parent(
    call: Call, request: api.ListOrganizationalUnitsForParentRequest
) -> Page[api.OrganizationalUnit]:
    place = here(call)
    parent = tree.parent_of(call, place, request["ParentId"])
    return Page.of(call.tx, units_by_parent, *place.head, parent.id, show=lambda row: describe.unit(call, row))


def _ensure_free(call: Call, head: tuple[str, str], parent: str, name: str) -> None:
    if next(call.tx.range(units_by_parent, *head, parent, name, limit=1), None) is not None:
        raise organizations.error("DuplicateOrganizationalUnitException", "An OU with the same name already exists.")

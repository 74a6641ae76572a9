"""The list of secrets, filtered and sorted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page
from haar.services.secretsmanager import rules
from haar.services.secretsmanager.operations.secrets import described
from haar.services.secretsmanager.resources import Secret, by_creation
from haar.services.secretsmanager.service import secretsmanager

if TYPE_CHECKING:
    from haar.shapes import secretsmanager as api


@secretsmanager.operation
def list_secrets(call: Call, request: api.ListSecretsRequest) -> Page[dict[str, Any]]:
    filters = request.get("Filters")
    passes = rules.selects(filters) if filters else None
    doomed = request.get("IncludePlannedDeletion")

    def is_listed(secret: Secret) -> bool:
        return bool(doomed or not secret.deletes_at) and (passes is None or passes(secret))

    by, reverse = request.get("SortBy") or "created-date", request.get("SortOrder") == "desc"
    place = (call.account, call.region)
    if by == "name":
        return Page.of(call.tx, Secret, *place, show=described, where=is_listed, reverse=reverse)
    if by == "created-date":
        return Page.of(call.tx, by_creation, *place, show=described, where=is_listed, reverse=reverse)
    field = "LastChangedDate" if by == "last-changed-date" else "LastAccessedDate"
    sign = -1 if reverse else 1

    def mark(shown: dict[str, Any]) -> list[Any]:
        return [sign * shown.get(field, 0.0), shown["Name"]]

    found = [described(secret) for secret in call.tx.range(Secret, *place) if is_listed(secret)]
    return Page(sorted(found, key=mark), mark=mark)

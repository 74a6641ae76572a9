"""AWS STS."""

from __future__ import annotations

from typing import Any

from haar.kit import Call, Service

sts: Service[str] = Service("sts")


@sts.operation(open=True)
def get_caller_identity(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    p = call.principal
    return {"UserId": p.id, "Account": p.account, "Arn": p.arn}

"""Parameter policies by the clock: an expiration deletes, a notification comes to be finished."""

from __future__ import annotations

from haar.kit import Call, replace
from haar.services.ssm.resources import Parameter, PolicyDue, Shared, Version
from haar.services.ssm.service import ssm

__all__ = ["delete", "schedule"]


def schedule(call: Call, parameter: Parameter) -> None:
    """Come back when policies of a parameter are due."""
    for at in {policy.due_at for policy in parameter.content.policies if policy.status == "Pending"}:
        task = PolicyDue(account=parameter.account, region=parameter.region, name=parameter.name, at=at)
        call.later(max(at, call.now), task)


def delete(call: Call, parameter: Parameter) -> None:
    """Remove a parameter with all its versions, and what shares it."""
    place = (parameter.account, parameter.region, parameter.name)
    for version in list(call.tx.range(Version, *place)):
        call.tx.delete(version)
    unshare(call, parameter)
    call.tx.delete(parameter)


def unshare(call: Call, parameter: Parameter) -> None:
    """Take a parameter away from everybody who may read it."""
    for kind, name in call.ports.policies.principals(parameter.policy) if parameter.policy else ():
        reader = account_of(kind, name)
        if reader:
            call.tx.delete(Shared, reader, parameter.region, parameter.account, parameter.name)


def account_of(kind: str, name: str) -> str:
    """The account that a principal of a policy is in; empty for everybody and for services."""
    account = name.split(":")[4] if name.startswith("arn:") else name
    return account if kind == "AWS" and len(account) == 12 and account.isdecimal() else ""


@ssm.task(PolicyDue)
def _due(call: Call, task: PolicyDue) -> None:
    parameter = call.tx.get(Parameter, task.account, task.region, task.name)
    if parameter is None:
        return
    content = parameter.content
    # a policy that was changed since has another instant
    due = [one for one in content.policies if one.status == "Pending" and one.due_at == task.at]
    if any(one.kind == "Expiration" for one in due):
        delete(call, parameter)
    elif due:
        policies = [replace(one, status="Finished") if one in due else one for one in content.policies]
        content = replace(content, policies=policies)
        call.tx.put(replace(parameter, content=content))
        place = (task.account, task.region, task.name, content.version)
        call.tx.put(Version(account=place[0], region=place[1], name=place[2], number=place[3], content=content))

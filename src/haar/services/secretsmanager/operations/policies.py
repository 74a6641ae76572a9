"""Resource policies of secrets: kept, checked, and enforced by the guard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Grants, Principal, ServiceError, Source, replace
from haar.services.secretsmanager import replication, rules
from haar.services.secretsmanager.resources import Secret
from haar.services.secretsmanager.service import note, primary, refuse, secret_at, secretsmanager

if TYPE_CHECKING:
    from haar.shapes import secretsmanager as api

_ONE = "A secret has one resource policy, without a name."
_EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


@secretsmanager.operation
def put_resource_policy(
    call: Call, secret: Secret, request: api.PutResourcePolicyRequest
) -> api.PutResourcePolicyResponse:
    refuse(call, request, PolicyName=_ONE)
    primary(secret)
    text = request["ResourcePolicy"]
    _check(call, text)
    if request.get("BlockPublicPolicy") and rules.is_public(text):
        raise secretsmanager.error(
            "PublicPolicyException", "You can't attach a resource policy that allows broad access to the secret."
        )
    replication.keep(call, replace(secret, policy=text))
    return {"ARN": secret.arn, "Name": secret.name}


@secretsmanager.operation
def get_resource_policy(
    call: Call, secret: Secret, request: api.GetResourcePolicyRequest
) -> api.GetResourcePolicyResponse:
    refuse(call, request, PolicyName=_ONE)
    reply: api.GetResourcePolicyResponse = {"ARN": secret.arn, "Name": secret.name}
    if secret.policy:
        reply["ResourcePolicy"] = secret.policy
    return reply


@secretsmanager.operation
def delete_resource_policy(
    call: Call, secret: Secret, request: api.DeleteResourcePolicyRequest
) -> api.DeleteResourcePolicyResponse:
    refuse(call, request, PolicyName=_ONE)
    primary(secret)
    replication.keep(call, replace(secret, policy=""))
    return {"ARN": secret.arn, "Name": secret.name}


def _about(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Secret | None]]:
    """The secret that a policy is for, or any: as the guard is asked about it."""
    place = secret_at(call, request.get("SecretId"))
    if place is None:
        return [(Secret.arn_for(call.account, call.region, "*", suffix="*"), None)]
    found = place if isinstance(place, Secret) else call.tx.get(Secret, *place)
    if found is None:
        return [(Secret.arn_for(*place), None)]  # type: ignore[misc]
    note(call, found)
    return [(found.arn, found)]


@secretsmanager.operation(resource=_about, read_only=True)
def validate_resource_policy(
    call: Call, request: api.ValidateResourcePolicyRequest
) -> api.ValidateResourcePolicyResponse:
    ((arn, secret),) = _about(call, request)
    if secret is None and request.get("SecretId"):
        raise secretsmanager.error(*Secret.missing())
    text = request["ResourcePolicy"]
    _check(call, text)
    found = []
    if rules.is_public(text):
        found.append({"CheckName": "PUBLIC_POLICY", "ErrorMessage": "The policy allows broad access to the secret."})
    if _locks_out(call, text, arn):
        words = "The policy would keep you from changing the policy of the secret again."
        found.append({"CheckName": "LOCKOUT", "ErrorMessage": words})
    return {"PolicyValidationPassed": not found, "ValidationErrors": found}  # type: ignore[typeddict-item]


def _check(call: Call, text: str) -> None:
    """Refuse what cannot be a secret's policy. Raises MalformedPolicyDocumentException."""
    policies = call.ports.policies
    try:
        policies.validate(text, "resource")
    except ServiceError as error:
        raise secretsmanager.error("MalformedPolicyDocumentException", error.message, status=400) from error
    for kind, name in policies.principals(text):
        if kind == "AWS" and not _exists(call, name):
            raise secretsmanager.error(
                "MalformedPolicyDocumentException", "This resource policy contains an unsupported principal."
            )


def _exists(call: Call, name: str) -> bool:
    """Whether a user or role that is named by its ARN is there; of other names nothing wrong is known."""
    identities = call.ports.port("identities")
    if ":role/" in name:
        return identities.role(call.tx, name) is not None
    if ":user/" not in name:
        return True
    account, path = name.split(":", 5)[4:]
    user = Principal(kind="user", account=account, arn=name, name=path.rpartition("/")[2])
    return identities.grants(call.tx, user) is not None


def _locks_out(call: Call, text: str, arn: str) -> bool:
    """Whether the policy itself denies its author to change it, whatever other policies allow."""
    (answer,) = call.ports.policies.simulate(
        principal=call.principal,
        grants=Grants(identity=(Source(name="inline:everything", text=_EVERYTHING),)),
        actions=["secretsmanager:PutResourcePolicy"],
        resources=[arn],
        resource_policy=text,
        resource_account=call.account,
        now=call.now,
    )
    return bool(answer["EvalDecision"] == "explicitDeny")

"""Resource policies: an advanced parameter that other accounts may read.

A parameter has one policy. Whoever it lets in reads the parameter by its ARN, if their own policies allow it too, and
sees it with `DescribeParameters(Shared=True)` where the policy names their account. A SecureString is read by others
only when it is encrypted under a key of one's own whose policy lets them decrypt.

Source: Systems Manager User Guide, parameter-store-shared-parameters.html.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page, Refused, ServiceError, replace
from haar.services.ssm.due import account_of, unshare
from haar.services.ssm.resources import Parameter, Shared
from haar.services.ssm.service import RESOURCE_POLICY_BYTES_MAX, ssm
from haar.services.ssm.throttle import count_call

if TYPE_CHECKING:
    from haar.shapes import ssm as api


def _asked(call: Call, request: Any) -> tuple[str, Parameter | None]:
    arn = request["ResourceArn"]
    return arn, _find(call, arn)


def _find(call: Call, arn: str) -> Parameter | None:
    place = Parameter.key_of(arn)
    if place is None:
        return None
    account, region, name = place
    found = call.tx.get(Parameter, account, region, name)
    # /name and name have the same ARN
    return found or call.tx.get(Parameter, account, region, f"/{name.removeprefix('/')}")


def _load(call: Call, arn: str) -> Parameter:
    if ":opsitemgroup/" in arn or ":document/" in arn:
        raise Refused("ssm", call.operation, "Only parameters have resource policies here.")
    if Parameter.key_of(arn) is None:
        raise ssm.error(
            "ResourcePolicyInvalidParameterException", "One or more parameters specified for the call aren't valid."
        )
    parameter = _find(call, arn)
    if parameter is None or (parameter.account, parameter.region) != (call.account, call.region):
        raise ssm.error("ResourceNotFoundException", "The specified parameter to be shared could not be found.")
    return parameter


def _hash(policy: str) -> str:
    return sha256(policy.encode()).hexdigest()


def _check_current(parameter: Parameter, policy_id: str | None, policy_hash: str | None) -> None:
    if policy_id is not None and policy_id != parameter.policy_id:
        raise ssm.error("ResourcePolicyNotFoundException", "No policies with the specified policy ID could be found.")
    if policy_hash != _hash(parameter.policy):
        raise ssm.error(
            "ResourcePolicyConflictException",
            "The hash provided in the call doesn't match the stored hash. This exception is thrown when trying to "
            "update an obsolete policy version or when multiple requests to update a policy are sent.",
        )


@ssm.operation(resource=lambda call, request: [_asked(call, request)])
def put_resource_policy(call: Call, request: api.PutResourcePolicyRequest) -> api.PutResourcePolicyResponse:
    count_call(call)
    parameter, text = _load(call, request["ResourceArn"]), request["Policy"]
    if parameter.content.tier != "Advanced":
        raise ssm.error(
            "ResourcePolicyInvalidParameterException",
            "Only parameters of the advanced-parameter tier can be shared.",
        )
    policy_id = request.get("PolicyId")
    if policy_id is not None:
        _check_current(parameter, policy_id, request.get("PolicyHash"))
    elif parameter.policy:
        raise ssm.error("ResourcePolicyLimitExceededException", "A parameter can have one resource policy only.")
    _check_policy(call, text)
    unshare(call, parameter)
    parameter = replace(parameter, policy=text, policy_id=policy_id or call.new_id())
    call.tx.put(parameter)
    for kind, name in call.ports.policies.principals(text):
        reader = account_of(kind, name)
        if reader and reader != parameter.account:
            call.tx.put(Shared(account=reader, region=parameter.region, owner=parameter.account, name=parameter.name))
    return {"PolicyId": parameter.policy_id, "PolicyHash": _hash(text)}


def _check_policy(call: Call, text: str) -> None:
    """Raises ResourcePolicyLimitExceededException, MalformedResourcePolicyDocumentException."""
    if len(text.encode()) > RESOURCE_POLICY_BYTES_MAX:
        raise ssm.error(
            "ResourcePolicyLimitExceededException",
            f"A resource policy has up to {RESOURCE_POLICY_BYTES_MAX} bytes.",
        )
    try:
        call.ports.policies.validate(text, "resource")
    except ServiceError as error:
        raise ssm.error("MalformedResourcePolicyDocumentException", error.message) from None


@ssm.operation(resource=lambda call, request: [_asked(call, request)])
def get_resource_policies(call: Call, request: api.GetResourcePoliciesRequest) -> Page[Any]:
    parameter = _load(call, request["ResourceArn"])
    if not parameter.policy:
        return Page([])
    shown = {"PolicyId": parameter.policy_id, "PolicyHash": _hash(parameter.policy), "Policy": parameter.policy}
    return Page([shown], mark=lambda one: one["PolicyId"])


@ssm.operation(resource=lambda call, request: [_asked(call, request)])
def delete_resource_policy(call: Call, request: api.DeleteResourcePolicyRequest) -> api.DeleteResourcePolicyResponse:
    count_call(call)
    parameter = _load(call, request["ResourceArn"])
    _check_current(parameter, request["PolicyId"], request["PolicyHash"])
    unshare(call, parameter)
    call.tx.put(replace(parameter, policy="", policy_id=""))
    return {}

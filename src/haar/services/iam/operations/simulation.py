"""The policy simulator: what would be decided, by the very engine that guards the door.

Nothing is called and nothing is looked up in other services: resource policies and condition keys are what the
request gives. Source: IAM User Guide, access_policies_testing-policies.html; IAM API Reference,
API_SimulatePrincipalPolicy.html, API_SimulateCustomPolicy.html.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Grants, Page, Principal, ServiceError, Source
from haar.services.iam.holders import documents_of, holder_at
from haar.services.iam.identities import default_text
from haar.services.iam.managed import NOTHING
from haar.services.iam.organization import view_of
from haar.services.iam.resources import Group, Role, User
from haar.services.iam.service import iam

if TYPE_CHECKING:
    from haar.shapes import iam as api

Levels = tuple[tuple[Source, ...], ...]


# -- the operations --------------------------------------------------------------------------------------------


@iam.operation
def simulate_custom_policy(call: Call, request: api.SimulateCustomPolicyRequest) -> Page[api.EvaluationResult]:
    identity = _given(call, request["PolicyInputList"], "PolicyInputList")
    grants = Grants(
        identity=identity,
        boundary=_boundary(call, request),
        scps=tuple(
            _given(call, level.get("ServiceControlPolicyInputList", []), "ServiceControlPolicyInputList", kind="scp")
            for level in request.get("OrderedOrganizationPolicyInputList", [])
        ),
    )
    somebody = Principal(
        kind="user", account=call.account, arn=f"arn:{call.partition}:iam::{call.account}:user/custom", name="custom"
    )
    return _results(call, request, _caller(call, request) or somebody, grants)


@iam.operation(resource=lambda call, request: request["PolicySourceArn"])
def simulate_principal_policy(call: Call, request: api.SimulatePrincipalPolicyRequest) -> Page[api.EvaluationResult]:
    holder = _holder(call, request["PolicySourceArn"])
    excluded = _exclusions(request)
    identity = [source for source in documents_of(call, holder) if not excluded(source)]
    boundary = _boundary(call, request)
    if boundary is None and not isinstance(holder, Group) and holder.boundary is not None:
        text = default_text(call.tx, holder.boundary)
        boundary = Source(name=holder.boundary, text=text or NOTHING, kind="boundary")
    if boundary is not None and excluded(boundary):
        boundary = None
    grants = Grants(
        identity=(*identity, *_given(call, request.get("PolicyInputList", []), "PolicyInputList")),
        boundary=boundary,
        scps=tuple(
            tuple(source for source in level if not excluded(source)) for level in _organization_policies(call, holder)
        )
        if not excluded(_EVERY_SCP)
        else (),
    )
    return _results(call, request, _caller(call, request) or _principal(holder), grants)


@iam.operation
def get_context_keys_for_custom_policy(
    call: Call, request: api.GetContextKeysForCustomPolicyRequest
) -> api.GetContextKeysForPolicyResponse:
    sources = _given(call, request["PolicyInputList"], "PolicyInputList")
    return {"ContextKeyNames": call.ports.policies.context_keys(source.text for source in sources)}


@iam.operation(resource=lambda call, request: request["PolicySourceArn"])
def get_context_keys_for_principal_policy(
    call: Call, request: api.GetContextKeysForPrincipalPolicyRequest
) -> api.GetContextKeysForPolicyResponse:
    holder = _holder(call, request["PolicySourceArn"])
    sources = [*documents_of(call, holder), *_given(call, request.get("PolicyInputList", []), "PolicyInputList")]
    return {"ContextKeyNames": call.ports.policies.context_keys(source.text for source in sources)}


# -- what is asked ---------------------------------------------------------------------------------------------


def _holder(call: Call, arn: str) -> User | Group | Role:
    holder = holder_at(call, arn)
    if holder is None:
        raise iam.error("NoSuchEntity", f"ARN {arn} does not exist.")
    return holder


def _principal(holder: User | Group | Role) -> Principal:
    if isinstance(holder, Role):
        return Principal(
            kind="role", account=holder.account, arn=holder.arn, id=holder.id, name=holder.name, issuer=holder.arn,
            path=holder.path, tags=holder.tags, service_linked=bool(holder.linked_to),
        )  # fmt: skip
    tags = holder.tags if isinstance(holder, User) else {}
    return Principal(
        kind="user", account=holder.account, arn=holder.arn, id=holder.id, name=holder.name, issuer=holder.arn,
        path=holder.path, tags=tags,
    )  # fmt: skip


def _caller(call: Call, request: Mapping[str, Any]) -> Principal | None:
    """The user whose calls are simulated, where it is not the one whose policies are."""
    arn = request.get("CallerArn")
    if arn is None:
        if request.get("ResourcePolicy") and ":user/" not in request.get("PolicySourceArn", ""):
            raise iam.error("InvalidInput", "CallerArn is needed where a resource policy is simulated.", status=400)
        return None
    place = User.key_of(arn)
    if place is None:
        raise iam.error("InvalidInput", f"CallerArn {arn} is not the ARN of an IAM user.", status=400)
    user = call.tx.get(User, *place)
    if user is not None and user.arn == arn:
        return _principal(user)
    return Principal(kind="user", account=place[0], arn=arn, name=place[1], issuer=arn)


def _given(call: Call, texts: Iterable[str], member: str, *, kind: str = "identity") -> tuple[Source, ...]:
    """The policies of a request, under the names the simulator gives them."""
    found = []
    for place, text in enumerate(texts, 1):
        _sound(call, text, kind)
        found.append(Source(name=f"inline:{member}.{place}", text=text, kind=kind))  # type: ignore[arg-type]
    return tuple(found)


def _sound(call: Call, text: str, kind: Any) -> None:
    try:
        call.ports.policies.validate(text, kind)
    except ServiceError as error:
        raise iam.error("InvalidInput", error.message, status=400) from None


def _boundary(call: Call, request: Mapping[str, Any]) -> Source | None:
    texts = request.get("PermissionsBoundaryPolicyInputList", [])
    if len(texts) > 1:
        raise iam.error("InvalidInput", "There can be one permissions boundary only.", status=400)
    given = _given(call, texts, "PermissionsBoundaryPolicyInputList")
    return Source(name=given[0].name, text=given[0].text, kind="boundary") if given else None


_EVERY_SCP = Source(name="scp", text="", kind="scp")


def _exclusions(request: Mapping[str, Any]) -> Any:
    """A question to ask about every policy: is it one that the request leaves out?"""
    arns: set[str] = set()
    inline: set[tuple[str, str]] = set()
    kinds: set[str] = set()
    for entry in request.get("PolicyExclusionList", []):
        named = entry.get("InlinePolicyIdentifier")
        if "PolicyArn" in entry:
            arns.add(entry["PolicyArn"])
        elif named:
            inline.add((f"{named['AttachmentType']}/{named['AttachmentName']}", named["PolicyName"]))
        elif "PolicyType" in entry:
            kinds.add(entry["PolicyType"])

    def is_excluded(source: Source) -> bool:
        name = source.name
        if source.kind == "scp":
            return "scp" in kinds or name in arns
        if source.kind == "boundary" and "permission-boundary" in kinds:
            return True
        if name.startswith("inline:"):
            return (source.owner, name.removeprefix("inline:")) in inline or (bool(source.owner) and "inline" in kinds)
        kind = "aws-managed" if ":iam::aws:" in name else "user-managed"
        return name in arns or (source.kind == "identity" and kind in kinds)

    return is_excluded


def _organization_policies(call: Call, holder: User | Group | Role) -> Levels:
    """The service control policies in force for the account; none for a role that a service made for itself."""
    if isinstance(holder, Role) and holder.linked_to:
        return ()
    view = view_of(call, call.account)
    return view.scps if view is not None else ()


# -- what is answered ------------------------------------------------------------------------------------------


def _results(call: Call, request: Any, principal: Principal, grants: Grants) -> Page[api.EvaluationResult]:
    actions = request["ActionNames"]
    odd = next((action for action in actions if action.count(":") != 1 or not all(action.split(":"))), None)
    if odd is not None:
        raise iam.error("InvalidInput", f"Invalid action name: {odd}", status=400)
    policy = request.get("ResourcePolicy")
    resources = request.get("ResourceArns", [])
    if policy is not None:
        _sound(call, policy, "resource")
        if not resources:
            raise iam.error("InvalidInput", "ResourceArns are needed where a resource policy is simulated.", status=400)
    results: list[Any] = call.ports.policies.simulate(
        principal=principal,
        grants=grants,
        actions=actions,
        resources=resources or ("*",),
        context=request.get("ContextEntries", ()),
        resource_policy=policy,
        resource_account=_owner(request.get("ResourceOwner", "")),
        now=call.now,
    )
    places = {id(result): place for place, result in enumerate(results)}
    return Page(results, mark=lambda result: places[id(result)])


def _owner(given: str) -> str:
    """The account in `ResourceOwner`: an account number, or an ARN such as `arn:aws:iam::123456789012:root`."""
    return given.split(":")[4] if given.count(":") >= 5 else given

"""The guard: gathers what bears on a call, asks the policy engine, and says no in the service's own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from haar.auth.decide import Decision, Question, decide, message
from haar.errors import ServiceError
from haar.kit import tagging
from haar.kit.epoch import epoch
from haar.kit.identity import NO_GRANTS, Grants, Principal, Source

if TYPE_CHECKING:
    from haar.kit.call import Call
    from haar.kit.ports import OrganizationView, Ports
    from haar.kit.service import Operation

_CACHED_MAX = 4096
#: How exact last-used data is, in seconds.
USE_SECONDS = 900

#: Error code of a denial by protocol; see `Guard._deny`.
_DENIALS = {
    "query": ("AccessDenied", 403),
    "ec2": ("UnauthorizedOperation", 403),
    "rest-xml": ("AccessDenied", 403),
    "json": ("AccessDeniedException", 0),  # the model says, or 400
    "rest-json": ("AccessDeniedException", 403),
    "smithy-rpc-v2-cbor": ("AccessDeniedException", 400),
}


#: Sessions that are not a role's, and the services they may hardly call; see `_bar`.
_BARRED_KINDS = frozenset(("root", "user", "federated"))
_BARRED_PREFIXES = ("iam:", "sts:")


def _bar(principal: Principal, action: str) -> None:
    """Refuse what GetSessionToken and GetFederationToken credentials can never do, whatever policies say.

    Without MFA: no call to IAM, and of STS only AssumeRole and GetCallerIdentity; federated users not even AssumeRole.
    Root sessions for a task (AssumeRoot) are limited by their task's policy instead.
    Docs: IAM User Guide, id_credentials_temp_request.html (the table that compares the operations).
    """
    if _is_for_a_task(principal):
        return
    if action.startswith("iam:"):
        if principal.kind == "federated" or principal.mfa_at is None:
            message = "The security token included in the request is invalid"
            raise ServiceError("InvalidClientTokenId", message, status=403)
    elif principal.kind == "federated" or action not in _SESSION_ACTIONS:
        name = action.partition(":")[2]
        raise ServiceError("AccessDenied", f"Cannot call {name} with session credentials", status=403)


def _is_for_a_task(principal: Principal) -> bool:
    """Whether a session is one of AssumeRoot's."""
    return principal.temporary and principal.kind == "user" and principal.arn.endswith(":root")


_SESSION_ACTIONS = frozenset(("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"))


class Standing(msgspec.Struct, frozen=True):
    """What is attached to a principal, as of an epoch."""

    stamp: tuple[str, str]
    grants: Grants
    organization: OrganizationView | None


class Guard:
    """Decides for every call. Implements `haar.kit.ports.Guard`; one per cloud."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._standing: dict[tuple[str, str], Standing] = {}
        self._views: dict[str, tuple[str, OrganizationView | None]] = {}
        #: (access key or ARN, action) -> the quarter of an hour in which its use is already on record
        self._used: dict[tuple[str, str], int] = {}

    def authorize(
        self,
        call: Call,
        action: str,
        resources: list[tuple[str, Any]],
        operation: Operation | None,
        request: dict[str, Any],
    ) -> None:
        """Raise the service's access-denied error unless the call may act on every resource.

        A denial's explanation is kept in `call.decision`, and from there in the audit trail.
        """
        mode = self._ports.config.iam
        if mode == "off":
            return
        principal = call.principal
        if principal.temporary and principal.kind in _BARRED_KINDS and action.startswith(_BARRED_PREFIXES):
            _bar(principal, action)
        standing = self._standing_of(call)
        organization = standing.organization
        if organization is not None and organization.suspended:
            message = "You are not subscribed to this service: this account is suspended or closed."
            raise ServiceError("OptInRequired", message, status=403)
        if principal.temporary or principal.access_key.startswith("AKIA"):
            self._note_use(call, principal, action)
        if principal.kind == "anonymous" and operation is not None and operation.anonymous:
            return
        for arn, target in resources or [("*", None)]:
            self._decide(call, action, arn, target, operation, request, standing, mode)

    def _note_use(self, call: Call, principal: Principal, action: str) -> None:
        """Last-used data: at most a write per action and quarter of an hour; the rest is one look into a dict."""
        place = (principal.access_key, action)
        quarter = int(call.now) // USE_SECONDS
        if self._used.get(place) == quarter:
            return
        service, _, name = action.partition(":")
        # remembered only once it is seen to be stored: a refused call takes its notes back with it
        if self._ports.port("identities").used(call.tx, principal, service, name, call.region, call.now):
            if len(self._used) > _CACHED_MAX:
                self._used.clear()
            self._used[place] = quarter

    # -- one resource ------------------------------------------------------------------------------------------

    def _decide(
        self,
        call: Call,
        action: str,
        arn: str,
        target: Any,
        operation: Operation | None,
        request: dict[str, Any],
        standing: Standing,
        mode: str,
    ) -> None:
        principal = call.principal
        if standing.grants.tags is not None:
            principal = msgspec.structs.replace(principal, tags=standing.grants.tags)
        owner = getattr(target, "account", "") or account_in(arn)
        if owner == "aws":
            owner = ""  # what AWS itself owns, such as its managed policies, is in every account
        # a task such as SQSUnlockQueuePolicy is there for resources whose own policy shuts everybody out
        policy = None if _is_for_a_task(principal) else getattr(target, "policy", None)
        # "trust" (a role) or "key" (KMS): nobody gets in without it; other policies only add to the caller's own
        kind = getattr(target, "policy_kind", "")
        # a KMS key has grants beside its policy
        granted = getattr(target, "granted", None)
        if principal.kind == "root" and not policy and (not owner or owner == principal.account):
            organization = standing.organization
            if organization is None or not (organization.scps or organization.rcps):
                return  # root in its own account, with nothing above it and nothing on the resource
        question = Question(
            principal=principal,
            action=action,
            resource=arn,
            resource_account=owner,
            resource_policy=policy or None,
            resource_policy_name=arn if policy else "",
            resource_policy_required=bool(kind),
            resource_kind="trust" if kind == "trust" else "resource",
            granted=None if granted is None else lambda: granted(call, action, request),
            rcps=self._rcps(call, owner or principal.account, standing),
            grants=standing.grants,
            context=Context(call, operation, request, target, standing.organization),
            now=call.now,
        )
        decision = decide(question)
        if decision.allowed:
            return
        explained = decide(question, explain=True)
        call.decision = explanation(explained, question)
        if mode == "enforce":
            raise self._denied(call, decision, question)

    def _denied(self, call: Call, decision: Decision, question: Question) -> ServiceError:
        owner = question.resource_account
        if call.service == "s3" and (not call.principal.account or (owner and owner != call.principal.account)):
            # S3 explains itself within an account only (docs: S3 User Guide, troubleshoot-403-errors.html)
            return denied(call, "Access Denied")
        return denied(call, message(decision, question))

    # -- what is attached --------------------------------------------------------------------------------------

    def _standing_of(self, call: Call) -> Standing:
        principal = call.principal
        tx = call.tx
        if principal.kind in ("service", "anonymous"):
            return _NOTHING
        account = principal.account
        stamp = ("" if principal.kind == "root" else epoch(tx, f"iam/{account}"), epoch(tx, "organizations"))
        place = (principal.issuer or principal.arn, principal.access_key or principal.arn)
        cached = self._standing.get(place)
        if cached is not None and cached.stamp == stamp:
            return cached
        organization = self._view(call, account, stamp[1])
        grants = self._grants(call)
        scps = organization.scps if organization is not None and not principal.service_linked else ()
        standing = Standing(stamp, msgspec.structs.replace(grants, scps=scps), organization)
        if len(self._standing) > _CACHED_MAX:
            self._standing.clear()
        self._standing[place] = standing
        return standing

    def _grants(self, call: Call) -> Grants:
        principal = call.principal
        if principal.kind == "root":
            return NO_GRANTS
        grants: Grants | None = self._ports.port("identities").grants(call.tx, principal)
        if grants is None:
            # the user or role behind the key is gone: the key is known, but nothing is granted
            return NO_GRANTS
        return grants

    def _view(self, call: Call, account: str, stamp: str) -> OrganizationView | None:
        if not stamp:
            return None  # no organization was ever made: the room need not even be loaded
        cached = self._views.get(account)
        if cached is None or cached[0] != stamp:
            if len(self._views) > _CACHED_MAX:
                self._views.clear()
            cached = self._views[account] = (stamp, self._ports.port("organizations").view(call.tx, account))
        return cached[1]

    def _rcps(self, call: Call, account: str, standing: Standing) -> tuple[tuple[Source, ...], ...]:
        # services and the anonymous stand nowhere: their epoch was not asked for
        stamp = epoch(call.tx, "organizations") if standing is _NOTHING else standing.stamp[1]
        view = self._view(call, account, stamp) if account and stamp else None
        return view.rcps if view is not None else ()

    def organization_of(self, call: Call, account: str) -> OrganizationView | None:
        """The organization of an account, for condition keys about the resource."""
        return self._view(call, account, epoch(call.tx, "organizations"))


_NOTHING = Standing(("", ""), NO_GRANTS, None)


def denied(call: Call, text: str) -> ServiceError:
    """The access-denied error of the call's service, with AWS's words."""
    room = call.ports.room
    from haar.catalog.models import model

    spoken = model(call.service)
    protocol = spoken.protocol
    code, status = _DENIALS[protocol]
    if "awsQueryCompatible" in spoken.metadata:
        status = 403  # formerly query services kept their statuses when they learned json
    if protocol == "ec2" or _speaks_encoded(room, call.service):
        encoded = encode_decision(call.ports.cloud_key, call.decision)
        start = f"You are not authorized to perform this operation. {text}."
        text = f"{start} Encoded authorization failure message: {encoded}"
    return ServiceError(code, text, status=status, query_code="AccessDenied")


def _speaks_encoded(room: Any, service: str) -> bool:
    from haar.errors import Refused

    try:
        return bool(room(service).encoded_denials)
    except Refused:
        return False


def account_in(arn: str) -> str:
    """The account of an ARN; empty for `*` and for ARNs without one."""
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 else ""


class Context:
    """Condition keys of a call, computed only when a condition asks. Names arrive in lower case."""

    __slots__ = ("_call", "_operation", "_organization", "_request", "_target")

    def __init__(
        self,
        call: Call,
        operation: Operation | None,
        request: Mapping[str, Any],
        target: Any,
        organization: OrganizationView | None,
    ) -> None:
        self._call = call
        self._operation = operation
        self._request = request
        self._target = target
        self._organization = organization

    def __call__(self, name: str) -> Any:
        found = _GLOBAL.get(name)
        if found is not None:
            return found(self)
        if name.startswith("aws:resourcetag/"):
            return _tag(getattr(self._target, "tags", None), name[16:])
        if name.startswith("aws:requesttag/"):
            return _tag(tagging.tags_in(self._request), name[15:])
        if self._operation is not None:
            room = self._operation.service
            own = room.conditions.get(name)
            if own is not None:
                return own(self._call, self._request, self._target)
            prefix, _, rest = name.partition("/")
            if prefix.endswith(":resourcetag") and rest:
                return _tag(getattr(self._target, "tags", None), rest)
            family = room.conditions.get(f"{prefix}/") if rest else None
            if family is not None:
                return _tag(family(self._call, self._request, self._target), rest)
            service, _, rest = name.partition(":")
            word, _, rest = rest.partition(":")
            family = room.conditions.get(f"{service}:{word}:") if rest else None
            if family is not None:  # one key per entry of a map: `kms:EncryptionContext:` and the entry's name
                return _tag(family(self._call, self._request, self._target), rest)
        for given, value in self._call.origin.context.items():
            if given.lower() == name:
                return value
        return None


def _tag(tags: Mapping[str, str] | None, lowered: str) -> str | None:
    if not tags:
        return None
    return next((value for name, value in tags.items() if name.lower() == lowered), None)


def _tag_keys(context: Context) -> Any:
    tags = tagging.tags_in(context._request)
    keys = [*tags] if tags else list(context._request.get("TagKeys", context._request.get("tagKeys", ())))
    return tuple(keys) if keys else None


def _resource_org(context: Context, field: str) -> Any:
    account = getattr(context._target, "account", "") or context._call.account
    guard = context._call.ports.guard
    view = guard.organization_of(context._call, account) if isinstance(guard, Guard) else None
    return getattr(view, field) if view is not None else None


_GLOBAL: dict[str, Any] = {
    "aws:sourceip": lambda c: None if c._call.origin.invoked_by else c._call.origin.source_ip or None,
    "aws:securetransport": lambda c: c._call.origin.secure,
    "aws:useragent": lambda c: c._call.origin.agent or None,
    "aws:referer": lambda c: c._call.origin.referer or None,
    "aws:requestedregion": lambda c: c._call.region,
    "aws:calledvia": lambda c: (c._call.origin.invoked_by,) if c._call.origin.invoked_by else None,
    "aws:calledviafirst": lambda c: c._call.origin.invoked_by or None,
    "aws:calledvialast": lambda c: c._call.origin.invoked_by or None,
    "aws:viaawsservice": lambda c: bool(c._call.origin.invoked_by),
    "aws:tagkeys": _tag_keys,
    "aws:principalorgid": lambda c: c._organization.id if c._organization else None,
    "aws:principalorgpaths": lambda c: (c._organization.path,) if c._organization else None,
    "aws:principalorgmasteraccountid": lambda c: c._organization.management_account if c._organization else None,
    "aws:resourceorgid": lambda c: _resource_org(c, "id"),
    "aws:resourceorgpaths": lambda c: _resource_org(c, "path"),
}


def explanation(decision: Decision, question: Question) -> str:
    """The decision as JSON: `authorization` as sts:DecodeAuthorizationMessage returns it, and `text` for people."""
    import json

    from haar.auth import explain

    authorization = explain.authorization_message(decision, question)
    told = {"authorization": authorization, "text": explain.tell(decision, question)}
    return json.dumps(told, separators=(",", ":"))


def encode_decision(cloud_key: bytes, text: str) -> str:
    """The encoded authorization message of an explanation: compressed, and sealed with the cloud's own key."""
    import base64
    import hmac
    import json
    import zlib

    body = zlib.compress(json.dumps(json.loads(text)["authorization"]).encode())
    seal = hmac.digest(cloud_key, b"decision:" + body, "sha256")[:16]
    return base64.urlsafe_b64encode(seal + body).decode().rstrip("=")


def decode_decision(cloud_key: bytes, encoded: str) -> str | None:
    """The text of an encoded authorization message; None when this cloud did not write it."""
    import base64
    import binascii
    import hmac
    import zlib

    try:
        raw = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        seal, body = raw[:16], raw[16:]
        if not hmac.compare_digest(seal, hmac.digest(cloud_key, b"decision:" + body, "sha256")[:16]):
            return None
        return zlib.decompress(body).decode()
    except (binascii.Error, ValueError, zlib.error):
        return None


def subject(principal: Principal) -> str:
    """Whom a message names."""
    return principal.arn or principal.name

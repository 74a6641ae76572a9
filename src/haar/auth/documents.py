"""Policy documents: from JSON text to checked statements, with AWS's own words for what is wrong.

`validate(text, kind)` is for the moment a document is stored. `read(text)` is the structural half of it:
the engine reads stored documents with it. Sizes are the room's business: they depend on where a policy is attached.

| kind | Principal | Resource | besides |
|---|---|---|---|
| identity, boundary, session | refused | needed | Sid: letters and digits |
| resource | needed | optional: some services imply the resource itself | |
| trust | needed | refused | actions of STS only |
| scp | refused | needed | |
| rcp | needed, `*` | needed | Deny only; Action may not be `*` alone |

Source: IAM User Guide, reference_policies_grammar.html and reference_policies_elements.html; Organizations User
Guide, orgs_manage_policies_scps_syntax.html and orgs_manage_policies_rcps_syntax.html.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import msgspec

from haar.auth.conditions import is_operator
from haar.errors import ServiceError
from haar.kit.identity import PolicyKind

__all__ = ["Document", "Span", "Statement", "action_errors", "principals", "read", "spans", "validate"]

VERSIONS = ("2012-10-17", "2008-10-17")
SYNTAX = "Syntax errors in policy."
SID_LETTERS = (
    "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
)
NOT_JSON = "This policy contains invalid Json"
ORGANIZATIONS = "The provided policy document does not meet the requirements of the specified policy type."
_DOCUMENT_KEYS = frozenset({"Version", "Id", "Statement"})
_STATEMENT_KEYS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
_PRINCIPAL_KEYS = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})
_SID = re.compile(r"[A-Za-z0-9]*")
_VENDOR = re.compile(r"[a-zA-Z0-9\-.]+")
_PRINCIPAL_ARN = re.compile(
    r"arn:aws[a-z-]*:(iam|sts)::\d{12}:"
    r"(root|(user|role)/[\w+=,.@/-]+|assumed-role/[\w+=,.@-]+/[\w+=,.@-]+|federated-user/[\w+=,.@-]+|saml-provider/[\w+=,.@-]+)"
)
_PROVIDER_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:(saml-provider|oidc-provider)/\S+")
_CANONICAL = re.compile(r"[0-9a-f]{64}")
_UNIQUE_ID = re.compile(r"A[A-Z]{3}[A-Z0-9]{12,}")
_SERVICE_NAME = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?|[a-z0-9-]+\.(amazon\.com|aws\.internal)")
_PARTITIONS = frozenset(
    {"aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc", "*"}
)
_IAM_PATHS = (
    "user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/", "policy/",
    "sms-mfa/", "saml-provider/", "oidc-provider/", "report/", "access-report/",
)  # fmt: skip


class Statement(msgspec.Struct, frozen=True):
    """One statement, its lists made lists. An absent element is None; a principal is `{"AWS": (...), ...}`."""

    sid: str
    allow: bool
    actions: tuple[str, ...] | None
    not_actions: tuple[str, ...] | None
    resources: tuple[str, ...] | None
    not_resources: tuple[str, ...] | None
    principal: dict[str, tuple[str, ...]] | None
    not_principal: dict[str, tuple[str, ...]] | None
    condition: dict[str, dict[str, tuple[str, ...]]]


class Document(msgspec.Struct, frozen=True):
    """A policy document whose structure is sound."""

    version: str
    id: str
    statements: tuple[Statement, ...]


class Span(msgspec.Struct, frozen=True):
    """Where a statement stands in its text: 1-based lines and columns, as the policy simulator counts them."""

    start_line: int
    start_column: int
    end_line: int
    end_column: int


def _malformed(message: str) -> NoReturn:
    raise ServiceError("MalformedPolicyDocument", message)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        _malformed(SYNTAX)
    return found


def _no_constant(_: str) -> NoReturn:
    _malformed(NOT_JSON)


def _load(text: str) -> dict[str, Any]:
    if text[:1].isspace():
        _malformed("JSON strings must not have leading spaces")
    try:
        loaded = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        _malformed(NOT_JSON)
    if not isinstance(loaded, dict):
        _malformed(SYNTAX)
    return loaded


def _strings(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    _malformed(SYNTAX)


def _scalars(value: Any) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    return tuple(_scalar(item) for item in items)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    _malformed(SYNTAX)


def _principal(value: Any) -> dict[str, tuple[str, ...]]:
    if value == "*":
        return {"AWS": ("*",)}
    if isinstance(value, str):
        _malformed(f'Invalid principal in policy: "AWS":"{value}"')
    if not isinstance(value, dict) or not value:
        _malformed(SYNTAX)
    for kind in value:
        if kind not in _PRINCIPAL_KEYS:
            _malformed(f'Invalid principal in policy: "{kind}"')
    return {kind: _strings(names) for kind, names in value.items()}


def _condition(value: Any) -> dict[str, dict[str, tuple[str, ...]]]:
    if not isinstance(value, dict):
        _malformed(SYNTAX)
    blocks = {}
    for operator, keys in value.items():
        if not is_operator(operator):
            _malformed(f"Invalid Condition type : {operator}.")
        if not isinstance(keys, dict):
            _malformed(SYNTAX)
        blocks[operator] = {key: _scalars(values) for key, values in keys.items()}
    return blocks


def _statement(value: Any) -> Statement:
    if not isinstance(value, dict) or not _STATEMENT_KEYS.issuperset(value):
        _malformed(SYNTAX)
    for one, other in (("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal")):
        if one in value and other in value:
            _malformed(SYNTAX)
    if value.get("Effect") not in ("Allow", "Deny"):
        _malformed(SYNTAX)
    sid = value.get("Sid", "")
    if not isinstance(sid, str):
        _malformed(SYNTAX)

    def strings(element: str) -> tuple[str, ...] | None:
        return _strings(value[element]) if element in value else None

    return Statement(
        sid=sid,
        allow=value["Effect"] == "Allow",
        actions=strings("Action"),
        not_actions=strings("NotAction"),
        resources=strings("Resource"),
        not_resources=strings("NotResource"),
        principal=_principal(value["Principal"]) if "Principal" in value else None,
        not_principal=_principal(value["NotPrincipal"]) if "NotPrincipal" in value else None,
        condition=_condition(value["Condition"]) if "Condition" in value else {},
    )


def read(text: str) -> Document:
    """The statements of a document. Raises ServiceError("MalformedPolicyDocument") when its structure is unsound."""
    loaded = _load(text)
    if not _DOCUMENT_KEYS.issuperset(loaded) or "Statement" not in loaded:
        _malformed(SYNTAX)
    version = loaded.get("Version", "2008-10-17")
    if version not in VERSIONS:
        _malformed(SYNTAX)
    identifier = loaded.get("Id", "")
    if not isinstance(identifier, str):
        _malformed(SYNTAX)
    written = loaded["Statement"]
    statements = tuple(_statement(item) for item in (written if isinstance(written, list) else [written]))
    return Document(version, identifier, statements)


def validate(text: str, kind: PolicyKind) -> None:
    """Refuse a document that AWS would not store as a policy of this kind.

    Raises ServiceError with code MalformedPolicyDocument and IAM's words; for `scp` and `rcp` the code is
    MalformedPolicyDocumentException and the words are those of Organizations.
    """
    try:
        document = read(text)
        if not document.statements:
            _malformed(SYNTAX)
        sids = [statement.sid for statement in document.statements if statement.sid]
        if len(set(sids)) != len(sids):
            _malformed("Statement IDs (SID) in a single policy must be unique.")
        for statement in document.statements:
            _check(statement, kind)
    except ServiceError as error:
        if kind in ("scp", "rcp"):
            raise ServiceError("MalformedPolicyDocumentException", ORGANIZATIONS) from error
        raise


def _check(statement: Statement, kind: PolicyKind) -> None:
    _check_principal(statement, kind)
    if not (statement.actions or statement.not_actions):
        _malformed("Policy statement must contain actions.")
    for action in statement.actions or statement.not_actions or ():
        for wrong in action_errors(action):
            _malformed(wrong)
    _check_resource(statement, kind)
    if kind in ("identity", "boundary", "session") and not _SID.fullmatch(statement.sid):
        _malformed(SID_LETTERS)
    for keys in statement.condition.values():
        for key in keys:
            if ":" not in key:
                _malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
    if kind == "trust":
        for action in statement.actions or ():
            if action != "*" and not action.lower().startswith("sts:"):
                _malformed("AssumeRole policy may only specify STS AssumeRole actions.")
    if kind == "rcp" and (statement.allow or statement.not_actions or "*" in (statement.actions or ())):
        _malformed(ORGANIZATIONS)


def _check_principal(statement: Statement, kind: PolicyKind) -> None:
    principal = statement.principal or statement.not_principal
    if kind in ("identity", "boundary", "session", "scp"):
        if principal is not None:
            _malformed("Policy document should not specify a principal.")
        return
    if kind == "rcp":
        if statement.principal != {"AWS": ("*",)}:
            _malformed(ORGANIZATIONS)
        return
    if principal is None:
        _malformed("Missing required field Principal")
    if kind == "trust" and statement.not_principal is not None and statement.allow:
        _malformed("Allow with NotPrincipal is not allowed.")
    for group, names in principal.items():
        for name in names:
            if not _is_principal(group, name):
                _malformed(f'Invalid principal in policy: "{group.upper()}":"{name}"')


def _is_principal(group: str, name: str) -> bool:
    if group == "AWS":
        return (
            name == "*"
            or (len(name) == 12 and name.isdecimal())
            or _PRINCIPAL_ARN.fullmatch(name) is not None
            or _UNIQUE_ID.fullmatch(name) is not None
        )
    if group == "Service":
        return _SERVICE_NAME.fullmatch(name) is not None
    if group == "CanonicalUser":
        return _CANONICAL.fullmatch(name) is not None
    return name == "*" or ("." in name and not name.startswith("arn:")) or _PROVIDER_ARN.fullmatch(name) is not None


def action_errors(action: str) -> Iterator[str]:
    """What is wrong with an action pattern, in IAM's words; nothing when it is sound."""
    if action == "*":
        return
    vendor, colon, name = action.partition(":")
    if not colon:
        yield "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
    elif ":" in name:
        yield "Actions/Condition can contain only one colon."
    elif not _VENDOR.fullmatch(vendor):
        yield f"Vendor {vendor} is not valid"
    elif not name:
        yield SYNTAX


def _check_resource(statement: Statement, kind: PolicyKind) -> None:
    if kind == "trust":
        if statement.resources is not None:
            _malformed("Has prohibited field Resource")
        if statement.not_resources is not None:
            _malformed("Has prohibited field NotResource")
        return
    resources = statement.resources if statement.resources is not None else statement.not_resources
    if kind == "resource" and resources is None:
        return
    if not resources:
        _malformed("Policy statement must contain resources.")
    for resource in resources:
        _check_arn(resource)


def _check_arn(resource: str) -> None:
    if resource == "*":
        return
    parts = resource.split(":", 5)
    if parts[0] != "arn":
        _malformed(f'Resource {resource} must be in ARN format or "*".')
    if len(parts) < 3:
        # "arn:aws" and shorter: IAM completes missing segments with wildcards only from the service on
        _malformed("The policy failed legacy parsing")
    if parts[1] not in _PARTITIONS and "${" not in parts[1]:
        _malformed(f'Partition "{parts[1]}" is not valid for resource "{resource}".')
    service = parts[2]
    if not service:
        _malformed("The policy failed legacy parsing")
    if len(parts) == 6 and service == "iam":
        if parts[3] not in ("", "*"):
            _malformed(f"IAM resource {resource} cannot contain region information.")
        path = parts[5]
        whole = path == "*" or path == "root" or "*" in path.split("/", 1)[0] or "${" in path.split("/", 1)[0]
        if not whole and not path.startswith(_IAM_PATHS):
            listed = ", ".join(_IAM_PATHS)
            _malformed(f'IAM resource path must either be "*" or start with {listed}.')
    if (
        len(parts) == 6
        and service == "s3"
        and parts[3]
        and not parts[5].startswith(("accesspoint/", "job/", "storage-lens/", "*"))
    ):
        _malformed(f"Resource {resource} can not contain region information.")


def principals(text: str) -> tuple[tuple[str, str], ...]:
    """Every (kind, name) that a document names as Principal or NotPrincipal, such as ("AWS", "arn:..."), once each.

    A room that stores a trust or resource policy checks with it that the users and roles exist.
    """
    named = {
        (kind, name): None
        for statement in read(text).statements
        for group in (statement.principal, statement.not_principal)
        for kind, names in (group or {}).items()
        for name in names
    }
    return tuple(named)


def spans(text: str) -> tuple[Span, ...]:
    """Where each statement of a sound document stands.

    The simulator points behind the delimiter before a statement of a list, behind the brace of a lone
    statement, and behind the closing brace (seen in the AWS CLI reference of simulate-custom-policy).
    """
    decoder = json.JSONDecoder()
    at = _skip(text, 0) + 1
    while True:
        name, at = decoder.raw_decode(text, _skip(text, at))
        at = _skip(text, _skip(text, at) + 1)
        if name == "Statement":
            break
        _, at = decoder.raw_decode(text, at)
        at = _skip(text, at) + 1
    if text[at] == "{":
        return (_span(text, at + 1, decoder.raw_decode(text, at)[1]),)
    found = []
    while text[at] != "]":
        start = at + 1
        if text[_skip(text, start)] == "]":
            break
        _, end = decoder.raw_decode(text, _skip(text, start))
        found.append(_span(text, start, end))
        at = _skip(text, end)
    return tuple(found)


def _skip(text: str, at: int) -> int:
    while text[at] in " \t\r\n":
        at += 1
    return at


def _span(text: str, start: int, end: int) -> Span:
    def place(offset: int) -> tuple[int, int]:
        return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)

    return Span(*place(start), *place(end))

"""From an audit row to CloudTrail's own JSON record, version 1.11. Pure.

Source: AWS CloudTrail User Guide, cloudtrail-event-reference-record-contents.html and
cloudtrail-event-reference-user-identity.html.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from haar.catalog.models import ServiceModel, model
from haar.kit import partition_of
from haar.kit.audit import Event

VERSION = "1.11"
#: A request id with these bits flipped is an event id: version 7 becomes version 4, the variant stays.
_FLIPPED = 0x5C1D_93E7_20AB_3F5A_1EC4_7B06_D98A_64F1


def event_id(request_id: str) -> str:
    """The id of a request's event; and of an event id, the request's."""
    number = int(request_id.replace("-", ""), 16) ^ _FLIPPED
    h = f"{number:032x}"
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def begun_at(request_id: str) -> float:
    """When a request began, from its id, to the millisecond."""
    return int(request_id[:8] + request_id[9:13], 16) / 1000


def source(event: Event) -> str:
    """The service as CloudTrail writes it, such as `sqs.amazonaws.com`."""
    described = _model(event.service)
    prefix = described.metadata["endpointPrefix"] if described is not None else event.service
    return f"{prefix}.amazonaws.com"


def user_name(event: Event) -> str | None:
    """Who the event list shows: the user, the session, `root`; nobody for a service or another account."""
    if event.principal_kind in ("service", "anonymous") or _is_foreign(event):
        return None
    return event.user or None


def resources(event: Event) -> list[tuple[str, str]]:
    """(type, name) of what the call acted on. The name is the ARN's last part, of a role the ARN itself."""
    found = []
    for arn, kind in event.resources:
        name = arn if kind == "AWS::IAM::Role" and event.service == "sts" else name_of(arn)
        found.append((kind if "::" in kind else "", name))
    return found


def name_of(arn: str) -> str:
    """The resource's own name: what stands behind the last colon or slash of its ARN."""
    return arn.rpartition("/")[2] if "/" in arn else arn.rpartition(":")[2]


def acted_on(event: Event) -> list[tuple[str, str]]:
    """(ARN, type) of the resources of a data event, as selectors name them.

    Of S3 these are an object, by its name in the request (a call about many has the prefix of all), and its bucket.
    """
    request = event.request or {}
    bucket = request.get("Bucket")
    if event.service != "s3" or not event.data or not isinstance(bucket, str) or ":" in bucket:
        return event.resources
    arn = f"arn:{partition_of(event.region)}:s3:::{bucket}"
    name = request.get("Key", request.get("Prefix") or "")
    return [(f"{arn}/{name}", "AWS::S3::Object"), (arn, "AWS::S3::Bucket")]


def record(event: Event) -> str:
    """The event as JSON text: what LookupEvents returns as `CloudTrailEvent`, and what log files are made of."""
    described = _model(event.service)
    written: dict[str, Any] = {
        "eventVersion": VERSION,
        "userIdentity": identity(event),
        "eventTime": _instant(event.at),
        "eventSource": source(event),
        "eventName": event.operation,
        "awsRegion": event.region,
        "sourceIPAddress": event.invoked_by or event.source_ip,
        "userAgent": event.invoked_by or event.agent,
    }
    if event.error:
        written["errorCode"] = event.error
        written["errorMessage"] = event.message
    written["requestParameters"] = _parameters(event.request, described, event.operation, "input")
    written["responseElements"] = _parameters(event.response, described, event.operation, "output")
    written["requestID"] = event.id
    written["eventID"] = event_id(event.id)
    written["readOnly"] = event.read_only
    if event.resources:
        written["resources"] = [_resource(arn, kind, event) for arn, kind in acted_on(event)]
    written["eventType"] = "AwsApiCall"
    written["managementEvent"] = not event.data
    written["recipientAccountId"] = event.account
    if event.principal_account and event.principal_account != event.account:
        written["sharedEventID"] = written["eventID"]
    written["eventCategory"] = "Data" if event.data else "Management"
    return json.dumps(written, separators=(",", ":"))


# -- who -------------------------------------------------------------------------------------------------------


def _is_foreign(event: Event) -> bool:
    return bool(event.principal_account) and event.principal_account != event.account


def identity(event: Event) -> dict[str, Any]:
    """The `userIdentity` element."""
    kind = event.principal_kind
    if kind == "service":
        return {"type": "AWSService", "invokedBy": event.user or event.invoked_by}
    if kind == "anonymous":
        return {"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}
    if kind == "federated" and not event.principal_account:
        return _outsider(event)
    if _is_foreign(event):
        # the owner of what was called learns the caller's account, not who in it
        return {"type": "AWSAccount", "principalId": event.principal_id, "accountId": event.principal_account}
    written: dict[str, Any] = {
        "type": _TYPES[kind],
        "principalId": event.principal_id,
        "arn": event.principal_arn,
        "accountId": event.principal_account,
        "accessKeyId": event.access_key,
    }
    if kind == "user":
        written["userName"] = event.user
    if event.session_issued_at is not None:
        attributes = {
            "creationDate": _instant(event.session_issued_at),
            "mfaAuthenticated": "true" if event.mfa else "false",
        }
        written["sessionContext"] = {**_issuer(event), "attributes": attributes}
    if event.invoked_by:
        written["invokedBy"] = event.invoked_by
    return written


_TYPES = {"root": "Root", "user": "IAMUser", "role": "AssumedRole", "federated": "FederatedUser"}


def _issuer(event: Event) -> dict[str, Any]:
    """Of a role's or a federated user's session: who issued it."""
    if event.principal_kind not in ("role", "federated"):
        return {}
    arn = event.issuer
    what = "Root" if arn.endswith(":root") else "Role" if ":role/" in arn else "IAMUser"
    issuer = {
        "type": what,
        "principalId": event.principal_id.partition(":")[0],
        "arn": arn,
        "accountId": event.principal_account,
    }
    if what != "Root":
        issuer["userName"] = name_of(arn)
    return {"sessionIssuer": issuer}


def _outsider(event: Event) -> dict[str, Any]:
    """Somebody an identity provider vouches for, who has no session yet."""
    kind = "SAMLUser" if event.operation == "AssumeRoleWithSAML" else "WebIdentityUser"
    reply = event.response or {}
    provider = reply.get("NameQualifier") if kind == "SAMLUser" else reply.get("Provider")
    return {
        "type": kind,
        "principalId": event.principal_id,
        "userName": event.user,
        "identityProvider": provider or event.principal_id.partition(":")[0],
    }


# -- what ------------------------------------------------------------------------------------------------------


def _resource(arn: str, kind: str, event: Event) -> dict[str, str]:
    parts = arn.split(":", 5)
    if kind == "AWS::S3::Object":
        whole = "Key" in (event.request or {})
        return {"type": kind, "ARN" if whole else "ARNPrefix": arn}
    written = {"ARN": arn}
    if kind == "AWS::S3::Bucket":
        written["accountId"] = event.account
    if len(parts) == 6 and parts[4]:
        written["accountId"] = parts[4]
    if "::" in kind:
        written["type"] = kind
    return written


def _model(service: str) -> ServiceModel | None:
    try:
        return model(service)
    except KeyError:
        return None


def _parameters(
    members: Mapping[str, Any] | None, described: ServiceModel | None, operation: str, side: str
) -> dict[str, Any] | None:
    """A request or a reply as CloudTrail writes it: members begin with a small letter, keys of maps stay."""
    if not members:
        return None
    shape = None
    if described is not None and operation in described.operations:
        shape = described.operations[operation].get(side, {}).get("shape")
    written: dict[str, Any] = _written(members, described, shape)
    if described is not None and described.name == "s3" and "bucket" in written:
        written = {"bucketName": written.pop("bucket"), **written}
    return written


def _written(value: Any, described: ServiceModel | None, name: str | None) -> Any:
    shape = described.shapes.get(name, {}) if described is not None and name is not None else {}
    if isinstance(value, Mapping):
        if shape.get("type") == "map":
            inner = shape["value"]["shape"]
            return {str(entry): _written(one, described, inner) for entry, one in value.items()}
        members = shape.get("members", {})
        return {
            _small(member): _written(one, described, members.get(member, {}).get("shape"))
            for member, one in value.items()
            if one is not None
        }
    if isinstance(value, list | tuple):
        inner = shape.get("member", {}).get("shape")
        return [_written(one, described, inner) for one in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if shape.get("type") == "timestamp" and isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC).strftime("%b %d, %Y, %I:%M:%S %p")
    return value


def _small(member: str) -> str:
    return member[:1].lower() + member[1:]


def _instant(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

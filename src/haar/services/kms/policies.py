"""Key policies: what may be stored as one.

Source: KMS Developer Guide, key-policy-overview.html and key-policy-default.html (the lockout safety check).
"""

from __future__ import annotations

from typing import Final

from haar.kit import Call, Grants, ServiceError, Source
from haar.kit.identity import Principal
from haar.services.kms.service import POLICY_BYTES_MAX, kms

__all__ = ["check"]

_ALL: Final = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
_LOCKED_OUT: Final = "The new key policy will not allow you to update the key policy in the future."
_INVALID_PRINCIPALS: Final = "Policy contains a statement with one or more invalid principals."


def check(call: Call, text: str, arn: str, *, bypass: bool) -> str:
    """Refuse what cannot be a key policy, or (without `bypass`) would lock its author out; the text.

    Raises MalformedPolicyDocumentException, LimitExceededException.
    """
    if len(text.encode()) > POLICY_BYTES_MAX:
        raise kms.error("LimitExceededException", f"A key policy has up to {POLICY_BYTES_MAX} bytes.")
    policies = call.ports.policies
    try:
        policies.validate(text, "resource")
    except ServiceError as error:
        words = _INVALID_PRINCIPALS if error.message.startswith("Invalid principal") else error.message
        raise kms.error("MalformedPolicyDocumentException", words) from None
    for kind, name in policies.principals(text):
        if kind == "AWS" and not exists(call, name):
            raise kms.error("MalformedPolicyDocumentException", _INVALID_PRINCIPALS)
    if not bypass and not _lets_in(call, text, arn):
        raise kms.error("MalformedPolicyDocumentException", _LOCKED_OUT)
    return text


def exists(call: Call, name: str) -> bool:
    """Whether a user or role that is named by its ARN is there; of other names nothing is known that would be wrong."""
    kind = "user" if ":user/" in name else "role" if ":role/" in name else ""
    if not kind or not name.startswith("arn:"):
        return True
    identities = call.ports.port("identities")
    if kind == "role":
        return identities.role(call.tx, name) is not None
    account, path = name.split(":", 5)[4:]
    user = Principal(kind="user", account=account, arn=name, name=path.rpartition("/")[2])
    return identities.grants(call.tx, user) is not None


def _lets_in(call: Call, text: str, arn: str) -> bool:
    """Whether the policy leaves the caller, or the caller's account, a way to change it again."""
    # whatever the account's own policies may say: what the key policy alone forbids is the question here
    grants = Grants(identity=(Source(name="inline:everything", text=_ALL),))
    (answer,) = call.ports.policies.simulate(
        principal=call.principal,
        grants=grants,
        actions=["kms:PutKeyPolicy"],
        resources=[arn],
        context=[
            {"ContextKeyName": "kms:CallerAccount", "ContextKeyType": "string", "ContextKeyValues": [call.account]}
        ],
        resource_policy=text,
        # asked as of another account, so that only what the key policy itself gives counts
        resource_account="999999999999" if call.account != "999999999999" else "888888888888",
        now=call.now,
    )
    return bool(answer["EvalDecision"] == "allowed")

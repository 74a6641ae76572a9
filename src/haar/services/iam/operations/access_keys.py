"""Access keys: the long-term key pairs of users, and of the root user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page, replace
from haar.services.iam import describe, holding
from haar.services.iam.identities import user_by_id
from haar.services.iam.resources import AccessKey, KeyUse, User, access_keys_by_id, access_keys_by_user
from haar.services.iam.service import KEYS_PER_USER, iam

if TYPE_CHECKING:
    from haar.shapes import iam as api


def holder_of(call: Call, user: User | None) -> str:
    """Under what a user's things are kept: the user's id; for root the account."""
    return user.id if user is not None else call.account


def name_of(user: User | None) -> str | None:
    """The user's name; root has none."""
    return user.name if user is not None else None


def key_at(call: Call, user: User | None, access_key: str) -> AccessKey:
    """An access key of a user."""
    row = call.tx.get(AccessKey, call.account, access_key)
    if row is None or row.user != holder_of(call, user):
        raise iam.error("NoSuchEntity", f"The Access Key with id {access_key} cannot be found.", status=404)
    return row


@iam.operation(resource=holding.acting_on, redact=("AccessKey",))
def create_access_key(call: Call, request: api.CreateAccessKeyRequest) -> api.CreateAccessKeyResponse:
    user = holding.acting_user(call, request)
    holder = holder_of(call, user)
    count = call.tx.count(access_keys_by_user, call.account, holder)
    KEYS_PER_USER.check(call, count + 1, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: {limit}")
    ids = call.ports.ids
    row = call.tx.put(
        AccessKey(account=call.account, id=ids.access_key(), user=holder, secret=ids.secret_key(), created_at=call.now)
    )
    shown = {**describe.access_key(row, name_of(user)), "SecretAccessKey": row.secret}
    return {"AccessKey": shown}  # type: ignore[typeddict-item]


@iam.operation(resource=holding.acting_on)
def list_access_keys(call: Call, request: api.ListAccessKeysRequest) -> Page[api.AccessKeyMetadata]:
    user = holding.acting_user(call, request)
    return Page.of(
        call.tx,
        access_keys_by_user,
        call.account,
        holder_of(call, user),
        show=lambda row: describe.access_key(row, name_of(user)),
        extra={"UserName": name_of(user)},
    )


@iam.operation(resource=holding.acting_on)
def update_access_key(call: Call, request: api.UpdateAccessKeyRequest) -> None:
    row = key_at(call, holding.acting_user(call, request), request["AccessKeyId"])
    if request["Status"] == "Expired":
        raise iam.error("InvalidInput", "The status of an access key can be set to Active or Inactive.", status=400)
    call.tx.put(replace(row, active=request["Status"] == "Active"))


@iam.operation(resource=holding.acting_on)
def delete_access_key(call: Call, request: api.DeleteAccessKeyRequest) -> None:
    row = key_at(call, holding.acting_user(call, request), request["AccessKeyId"])
    call.tx.delete(row)
    call.tx.delete(KeyUse, call.account, row.id)


def _held(call: Call, request: Any) -> AccessKey | None:
    row: AccessKey | None = next(call.tx.range(access_keys_by_id, request["AccessKeyId"], limit=1), None)
    return row if row is not None and row.account == call.account else None


def _holder(call: Call, request: Any) -> Any:
    row = _held(call, request)
    user = user_by_id(call.tx, row.user) if row is not None else None
    return user or "*"


@iam.operation(resource=_holder)
def get_access_key_last_used(call: Call, request: api.GetAccessKeyLastUsedRequest) -> api.GetAccessKeyLastUsedResponse:
    row = _held(call, request)
    if row is None:
        raise iam.error(
            "AccessDenied", f"The Access Key with id {request['AccessKeyId']} is not in your account.", status=403
        )
    user = user_by_id(call.tx, row.user)
    use = call.tx.get(KeyUse, row.account, row.id)
    reply: api.GetAccessKeyLastUsedResponse = {"AccessKeyLastUsed": {"ServiceName": "N/A", "Region": "N/A"}}
    if user is not None:
        reply["UserName"] = user.name
    if use is not None:
        reply["AccessKeyLastUsed"] = {"LastUsedDate": use.at, "ServiceName": use.service, "Region": use.region}
    return reply

"""Questions: who am I, whose key is this, why was I denied.

Source: STS API Reference, API_GetCallerIdentity.html, API_GetAccessKeyInfo.html, API_DecodeAuthorizationMessage.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.ids import account_of
from haar.kit import Call
from haar.services.sts.service import invalid, sts

if TYPE_CHECKING:
    from haar.shapes import sts as api


@sts.operation(open=True)
def get_caller_identity(call: Call, request: api.GetCallerIdentityRequest) -> api.GetCallerIdentityResponse:
    # no policy can forbid this, not even an explicit denial
    principal = call.principal
    return {"UserId": principal.id, "Account": principal.account, "Arn": principal.arn}


@sts.operation
def get_access_key_info(call: Call, request: api.GetAccessKeyInfoRequest) -> api.GetAccessKeyInfoResponse:
    access_key = request["AccessKeyId"]
    credential = call.ports.port("identities").credential(call.tx, access_key)
    account = credential.principal.account if credential is not None else account_of(access_key)
    if account is None:
        raise invalid("Access key id does not exist or is not valid.")
    return {"Account": account}


@sts.operation
def decode_authorization_message(
    call: Call, request: api.DecodeAuthorizationMessageRequest
) -> api.DecodeAuthorizationMessageResponse:
    decoded = call.ports.proofs.decode(request["EncodedMessage"])
    if decoded is None:
        raise sts.error("InvalidAuthorizationMessageException", "Message is not valid", status=400)
    return {"DecodedMessage": decoded}

"""Who signed a form that a browser posts to S3: the signature is over the form's policy, not over the request.

Signature Version 4, and Version 2, which boto3's `generate_presigned_post` still makes unless it is told otherwise.
Source: S3 API Reference, sigv4-authentication-HTTPPOST.html; Amazon S3 User Guide, HTTPPOSTForms.html.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from haar.auth import sigv4
from haar.auth.codes import spoken
from haar.errors import ServiceError

if TYPE_CHECKING:
    from haar.auth.principal import Authenticator
    from haar.kit.identity import Principal
    from haar.store.transaction import Transaction

_MISSING: Final = (
    "Bucket POST must contain a field named '{0}'.  If it is specified, please check the order of the fields."
)
_MISMATCH: Final = (
    "The request signature we calculated does not match the signature you provided. Check your key and signing method."
)


def signer(
    authenticator: Authenticator,
    tx: Transaction,
    fields: Mapping[str, str],
    headers: Mapping[str, str],
    region: str,
) -> tuple[Principal, float | None]:
    """The principal behind a form, and the real instant at which it was signed (None: Version 2 does not say).

    Raises ServiceError with S3's codes: InvalidArgument, AuthorizationHeaderMalformed, InvalidAccessKeyId,
    SignatureDoesNotMatch, ExpiredToken, AccessDenied.
    """
    policy = fields["policy"].encode()
    if "awsaccesskeyid" in fields:
        _need(fields, ("signature",))
        access_key, given = fields["awsaccesskeyid"], fields["signature"]
        secret, principal = _who(authenticator, tx, access_key, fields, headers, region)
        _compare(fields, access_key, b64encode(hmac.digest(secret.encode(), policy, "sha1")).decode(), given)
        return principal, None
    _need(fields, ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Signature"))
    if fields["x-amz-algorithm"] != sigv4.ALGORITHM:
        raise ServiceError("InvalidArgument", f'X-Amz-Algorithm only supports "{sigv4.ALGORITHM}"', status=400)
    parts = fields["x-amz-credential"].split("/")
    if len(parts) != 5 or not all(parts) or parts[3:] != ["s3", "aws4_request"]:
        text = 'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'
        raise ServiceError("InvalidArgument", text, status=400)
    access_key, date, scope_region, service, _ = parts
    if scope_region != region:
        text = f"the region '{scope_region}' is wrong; expecting '{region}'"
        raise ServiceError("AuthorizationHeaderMalformed", text, status=400, members={"Region": region})
    secret, principal = _who(authenticator, tx, access_key, fields, headers, region)
    key = sigv4.signing_key(secret, date, scope_region, service)
    _compare(fields, access_key, hmac.digest(key, policy, "sha256").hex(), fields["x-amz-signature"])
    try:
        signed_at = sigv4.instant(fields["x-amz-date"])
    except ServiceError as error:
        raise ServiceError("InvalidArgument", error.message, status=400) from None
    return principal, signed_at


def _need(fields: Mapping[str, str], names: tuple[str, ...]) -> None:
    for name in names:
        if not fields.get(name.lower()):
            members = {"ArgumentName": name, "ArgumentValue": ""}
            raise ServiceError("InvalidArgument", _MISSING.format(name), status=400, members=members)


def _who(
    authenticator: Authenticator,
    tx: Transaction,
    access_key: str,
    fields: Mapping[str, str],
    headers: Mapping[str, str],
    region: str,
) -> tuple[str, Principal]:
    try:
        return authenticator.of_form(tx, access_key, fields.get("x-amz-security-token", ""), region, headers)
    except ServiceError as error:
        code, message, status = spoken(error.code, "rest-xml", "s3")
        raise ServiceError(code, message or error.message, status=status or error.status) from None


def _compare(fields: Mapping[str, str], access_key: str, expected: str, given: str) -> None:
    if given.isascii() and hmac.compare_digest(expected, given):
        return
    members = {"AWSAccessKeyId": access_key, "StringToSign": fields["policy"], "SignatureProvided": given}
    raise ServiceError("SignatureDoesNotMatch", _MISMATCH, status=403, members=members)

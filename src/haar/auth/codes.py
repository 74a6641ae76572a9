"""One refusal, many dialects: how each protocol spells what `haar.auth` has to say.

The modules of this package raise the query protocol's codes. The gateway asks `spoken` before it answers.

| refusal | query, rest-xml | ec2 | s3 |
|---|---|---|---|
| unknown key | InvalidClientTokenId | AuthFailure | InvalidAccessKeyId |
| bad session token | InvalidClientTokenId | AuthFailure | InvalidToken |
| wrong signature | SignatureDoesNotMatch | AuthFailure | SignatureDoesNotMatch |
| half a signature | IncompleteSignature | IncompleteSignature | AuthorizationHeaderMalformed |
| no signature | MissingAuthenticationToken | MissingAuthenticationToken | AccessDenied |
| session over | ExpiredToken | RequestExpired | ExpiredToken |
| no permission | AccessDenied | UnauthorizedOperation | AccessDenied |

The json, rest-json and rpc-v2-cbor protocols say UnrecognizedClientException for the first two,
InvalidSignatureException for the third, and otherwise the query protocol's word with Exception behind it.

Sources: each API reference's "Common Errors" page; EC2 API, errors-overview.html; S3 API, ErrorResponses.html.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["DIALECTS", "Spoken", "query_compatible", "spoken"]


class Spoken(NamedTuple):
    """A code, the message that replaces the one raised (None: keep it), and the HTTP status (0: keep it)."""

    code: str
    message: str | None
    status: int


_INVALID_TOKEN = "The security token included in the request is invalid."
_EXPIRED = "The security token included in the request is expired"
_MISSING = "Missing Authentication Token"
_EC2_FAILURE = "AWS was not able to validate the provided access credentials"

QUERY: Final[dict[str, Spoken]] = {
    "InvalidClientTokenId": Spoken("InvalidClientTokenId", _INVALID_TOKEN, 403),
    "InvalidToken": Spoken("InvalidClientTokenId", _INVALID_TOKEN, 403),
    "SignatureDoesNotMatch": Spoken("SignatureDoesNotMatch", None, 403),
    "IncompleteSignature": Spoken("IncompleteSignature", None, 400),
    "MissingAuthenticationToken": Spoken("MissingAuthenticationToken", "Request is missing Authentication Token", 403),
    "ExpiredToken": Spoken("ExpiredToken", _EXPIRED, 403),
    "RequestExpired": Spoken("RequestExpired", None, 400),
    "OptInRequired": Spoken("OptInRequired", None, 403),
    "AccessDenied": Spoken("AccessDenied", None, 403),
}

JSON: Final[dict[str, Spoken]] = {
    "InvalidClientTokenId": Spoken("UnrecognizedClientException", _INVALID_TOKEN, 400),
    "InvalidToken": Spoken("UnrecognizedClientException", _INVALID_TOKEN, 400),
    "SignatureDoesNotMatch": Spoken("InvalidSignatureException", None, 400),
    "IncompleteSignature": Spoken("IncompleteSignatureException", None, 400),
    "MissingAuthenticationToken": Spoken("MissingAuthenticationTokenException", _MISSING, 400),
    "ExpiredToken": Spoken("ExpiredTokenException", _EXPIRED, 400),
    "RequestExpired": Spoken("RequestExpired", None, 400),
    "OptInRequired": Spoken("OptInRequired", None, 403),
    "AccessDenied": Spoken("AccessDeniedException", None, 400),
}

#: The words are those of the json protocols; only the status is the one REST expects.
REST_JSON: Final[dict[str, Spoken]] = {
    code: each if code == "RequestExpired" else each._replace(status=403) for code, each in JSON.items()
}

EC2: Final[dict[str, Spoken]] = {
    "InvalidClientTokenId": Spoken("AuthFailure", _EC2_FAILURE, 401),
    "InvalidToken": Spoken("AuthFailure", _EC2_FAILURE, 401),
    "SignatureDoesNotMatch": Spoken("AuthFailure", _EC2_FAILURE, 401),
    "IncompleteSignature": Spoken("IncompleteSignature", None, 400),
    "MissingAuthenticationToken": Spoken("MissingAuthenticationToken", "Request is missing Authentication Token", 403),
    "ExpiredToken": Spoken("RequestExpired", "Request has expired.", 400),
    "RequestExpired": Spoken("RequestExpired", "Request has expired.", 400),
    "OptInRequired": Spoken("OptInRequired", None, 403),
    "AccessDenied": Spoken("UnauthorizedOperation", None, 403),
    "InternalFailure": Spoken("InternalError", None, 500),
}

S3: Final[dict[str, Spoken]] = {
    "InvalidClientTokenId": Spoken(
        "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403
    ),
    "InvalidToken": Spoken("InvalidToken", "The provided token is malformed or otherwise invalid.", 400),
    "SignatureDoesNotMatch": Spoken("SignatureDoesNotMatch", None, 403),
    "IncompleteSignature": Spoken(
        "AuthorizationHeaderMalformed",
        "The authorization header is malformed; the authorization header requires three components: "
        "Credential, SignedHeaders, and Signature.",
        400,
    ),
    "MissingAuthenticationToken": Spoken("AccessDenied", "Access Denied", 403),
    "ExpiredToken": Spoken("ExpiredToken", "The provided token has expired.", 400),
    "RequestExpired": Spoken("AccessDenied", "Request has expired", 403),
    "AccessDenied": Spoken("AccessDenied", None, 403),
    "InternalFailure": Spoken("InternalError", None, 500),
}

#: The dialect of each of botocore's protocol names. S3 is its own, whatever its protocol.
DIALECTS: Final[dict[str, dict[str, Spoken]]] = {
    "query": QUERY,
    "rest-xml": QUERY,
    "ec2": EC2,
    "json": JSON,
    "smithy-rpc-v2-cbor": JSON,
    "rest-json": REST_JSON,
}

_S3_SERVICES = frozenset({"s3", "s3express", "s3-outposts", "s3-object-lambda"})


def spoken(error_code: str, protocol: str, service: str) -> Spoken:
    """How a service says a refusal that was raised with the query protocol's code.

    `protocol` is botocore's name (query, ec2, json, rest-json, rest-xml, smithy-rpc-v2-cbor), `service` the
    signing name. Codes that are not about who is asking, or are already in a dialect, come back unchanged.
    """
    dialect = S3 if service in _S3_SERVICES else DIALECTS[protocol]
    return dialect.get(error_code) or Spoken(error_code, None, 0)


def query_compatible(error_code: str, *, fault: str = "Sender") -> str:
    """The `x-amzn-query-error` header of a json service that once spoke query (SQS): the older code and whose fault.

    The body keeps the json code as `__type`; old clients read this one
    (Smithy: AWS query compatible trait).
    """
    return f"{QUERY[error_code].code if error_code in QUERY else error_code};{fault}"

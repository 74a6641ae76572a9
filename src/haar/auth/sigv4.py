"""Signature Version 4: who says they sent this request, and can they prove it.

The work is in two steps, because the secret has to be found in between::

    claim = read(http)  # None: the request is anonymous
    secret = ...  # looked up by claim.access_key
    check(claim, http, secret, now_real=...)  # returns, or raises what AWS would answer

| step | S3 | every other service |
|---|---|---|
| path | as sent | dot segments and doubled slashes removed, encoded once more |
| body | `x-amz-content-sha256`, which may say UNSIGNED-PAYLOAD or STREAMING-... | always the SHA-256 of the body |
| too old or too new | `RequestTimeTooSkewed` | `SignatureDoesNotMatch` ("Signature expired: ...") |
| presigned and late | `AccessDenied` ("Request has expired") | `RequestExpired` |

Errors carry the codes of the query protocol (or S3's own where only S3 has them);
`haar.auth.codes.spoken` turns them into the words of another protocol.
Nothing here reads a clock: instants are seconds since 1970 on the *real* clock, because clients sign with theirs.

Source: IAM User Guide, reference_sigv-create-signed-request.html; S3 API, sig-v4-authenticating-requests.html.
"""

from __future__ import annotations

import binascii
import hmac
import re
from calendar import timegm
from collections.abc import Callable, Mapping
from hashlib import sha256
from operator import itemgetter
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import quote_from_bytes, unquote_to_bytes

import msgspec

from haar.errors import Refused, ServiceError

__all__ = [
    "ALGORITHM",
    "EMPTY_SHA256",
    "UNKEPT",
    "UNSIGNED_PAYLOAD",
    "Claim",
    "SignedRequest",
    "canonical_query",
    "check",
    "check_body",
    "read",
    "signing_key",
]

ALGORITHM: Final = "AWS4-HMAC-SHA256"
ALGORITHM_V4A: Final = "AWS4-ECDSA-P256-SHA256"
UNSIGNED_PAYLOAD: Final = "UNSIGNED-PAYLOAD"
EMPTY_SHA256: Final = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

#: How far a client's clock may be from ours (IAM User Guide: requests must arrive within 15 minutes of their date).
SKEW_SECONDS: Final = 900
#: The longest life of a presigned S3 URL: seven days (S3 API, sigv4-query-string-auth.html).
EXPIRES_SECONDS_MAX: Final = 604_800

#: S3 and its relatives: the path is signed as sent and the body may be unsigned.
S3_FAMILY: Final = frozenset({"s3", "s3express", "s3-outposts", "s3-object-lambda"})

#: What `x-amz-content-sha256` may say besides a digest.
STREAMING: Final = frozenset(
    {
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    }
)

#: What it may say of a body that nothing is kept of to compare with.
UNKEPT: Final = STREAMING | {UNSIGNED_PAYLOAD}

_DOES_NOT_MATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)
_DOES_NOT_MATCH_S3 = (
    "The request signature we calculated does not match the signature you provided. Check your key and signing method."
)
_NOT_SUPPORTED = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
_QUERY_PARTS_S3 = (
    "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
    "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
)
_CREDENTIAL_S3 = 'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'
_DIGEST_S3 = (
    "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, "
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER "
    "or a valid sha256 value."
)

_CACHE_MAX = 4096
#: Nothing is proven yet when a header is remembered, so nobody may fill the memory with long ones.
_PREFIX_MAX = 1024
#: A signature is so many hexadecimal digits.
_SIGNATURE_LENGTH = 64
_is_plain = re.compile(r"[A-Za-z0-9_~./-]*").fullmatch
_is_plain_word = re.compile(r"[A-Za-z0-9_~.-]*").fullmatch
_is_instant = re.compile(r"[0-9]{8}T[0-9]{6}Z").fullmatch
_is_digest = re.compile(r"[0-9a-fA-F]{64}").fullmatch
_blanks = re.compile(r"[ \t]{2,}|\t").sub


_V = TypeVar("_V")


class SignedRequest(Protocol):
    """What a signature covers. Text is ASCII, or the bytes of the wire decoded as Latin-1 or UTF-8."""

    @property
    def method(self) -> str:
        """The HTTP method, in capitals."""

    @property
    def path(self) -> str:
        """The path as it was sent, still percent-encoded, without the query."""

    @property
    def query(self) -> str:
        """The query string as it was sent, without the question mark; may be empty."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers by lower-case name; repeated ones joined with commas."""

    @property
    def body(self) -> bytes | None:
        """The whole body, or None while it is still arriving (`check_body` finishes the work then)."""


class Claim(msgspec.Struct, frozen=True, gc=False):
    """What a signed request says about itself; nothing in it is proven before `check` returns.

    `timestamp` is real seconds since 1970. `expires` is in seconds and only presigned requests have it.
    `payload_hash` is what `x-amz-content-sha256` says (None: it is absent). `scope` is
    `20130524/us-east-1/s3/aws4_request`, `amz_date` the timestamp as it was signed.
    """

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    timestamp: float
    presigned: bool
    expires: int | None
    token: str
    payload_hash: str | None
    scope: str
    algorithm: str
    amz_date: str
    lines: _Lines | None = None


class _Lines:
    """How the signed headers stand in what is signed; made once for all requests that sign the same ones."""

    __slots__ = ("joined", "names", "template", "values")

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = frozenset(names)
        self.joined = ";".join(names)
        #: `%` their values are the lines
        self.template = "".join([f"{name.replace('%', '%%')}:%s\n" for name in names])
        #: headers -> their values; KeyError when one is missing
        self.values: Callable[[Mapping[str, str]], Any] = itemgetter(*names)


class _Scope(msgspec.Struct, frozen=True, gc=False):
    """The part of an Authorization header that a client repeats all day."""

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    text: str
    lines: _Lines


_scopes: dict[str, _Scope] = {}
_instants: dict[str, float] = {}
_keys: dict[tuple[str, str, str, str], _Key] = {}


# ---------------------------------------------------------------- reading


def read(http: SignedRequest) -> Claim | None:
    """What the request claims, from its Authorization header or its query; None when it claims nothing.

    Raises ServiceError `IncompleteSignature` (naming everything that is missing), `SignatureDoesNotMatch`
    for a scope that contradicts the date, S3's `AuthorizationQueryParametersError`, `InvalidRequest` for
    Signature Version 2, and `Refused` for Signature Version 4A.
    """
    headers = http.headers
    authorization = headers.get("authorization")
    if authorization is None:
        return _read_query(http)
    signature = authorization[-_SIGNATURE_LENGTH:]
    scope = _scopes.get(authorization[:-_SIGNATURE_LENGTH])
    amz_date = headers.get("x-amz-date")
    if scope is None or amz_date is None:
        scope, signature, amz_date = _read_header(authorization, headers)
    instant = _instants.get(amz_date)
    if instant is None:
        instant = _instant(amz_date)
    if not amz_date.startswith(scope.date):
        raise ServiceError(
            "SignatureDoesNotMatch",
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{scope.date}' != '{amz_date[:8]}', from '{amz_date}'.",
            status=403,
        )
    if scope.service in S3_FAMILY and "X-Amz-Algorithm=" in http.query:
        raise ServiceError(
            "InvalidArgument",
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, "
            "Signature query string parameter or the Authorization header should be specified",
            status=400,
        )
    return Claim(
        scope.access_key,
        scope.date,
        scope.region,
        scope.service,
        scope.signed_headers,
        signature,
        instant,
        False,
        None,
        headers.get("x-amz-security-token") or headers.get("x-amz-s3session-token", ""),
        headers.get("x-amz-content-sha256"),
        scope.text,
        ALGORITHM,
        amz_date,
        scope.lines,
    )


def _read_header(authorization: str, headers: Mapping[str, str]) -> tuple[_Scope, str, str]:
    algorithm, _, rest = authorization.strip().partition(" ")
    if algorithm == ALGORITHM_V4A:
        raise Refused("the signing algorithm AWS4-ECDSA-P256-SHA256 (SigV4A)", "", "Sign with AWS4-HMAC-SHA256.")
    if algorithm == "AWS" or algorithm == "AWS3-HTTPS":
        raise ServiceError("InvalidRequest", _NOT_SUPPORTED, status=400)
    if algorithm.startswith("AWS4-") and algorithm != ALGORITHM:
        raise ServiceError("IncompleteSignature", f"Unsupported AWS 'algorithm': '{algorithm}'.", status=400)
    parts: dict[str, str] = {}
    for part in rest.split(",") if algorithm == ALGORITHM else ():
        name, _, value = part.strip().partition("=")
        parts[name] = value.strip()
    missing = [
        f"Authorization header requires '{name}' parameter."
        for name in ("Credential", "Signature", "SignedHeaders")
        if not parts.get(name)
    ]
    amz_date = headers.get("x-amz-date") or _date_header(headers.get("date"))
    if not amz_date:
        missing.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if missing:
        # AWS shows the header only as a digest, so that a secret pasted into it does not end up in a log
        digest = binascii.b2a_base64(sha256(authorization.encode("utf-8", "replace")).digest(), newline=False).decode()
        shown = f"(Hashed with SHA-256 and encoded with Base64) Authorization={digest}"
        raise ServiceError("IncompleteSignature", " ".join((*missing, shown)), status=400)
    scope = _scope(parts["Credential"], parts["SignedHeaders"])
    signature = parts["Signature"]
    rest = authorization[:-_SIGNATURE_LENGTH]
    # only a header that ends in its signature can be recognised by everything before it
    if rest.endswith("Signature=") and authorization == f"{rest}{signature}" and len(rest) <= _PREFIX_MAX:
        _remember(_scopes, rest, scope)
    return scope, signature, amz_date


def _scope(credential: str, signed_headers: str) -> _Scope:
    elements = credential.split("/")
    if len(elements) > 5:  # an access key id never holds a slash, but a user who made one up deserves the same answer
        elements = ["/".join(elements[:-4]), *elements[-4:]]
    if len(elements) != 5 or not all(elements) or not credential.isascii():
        raise ServiceError(
            "IncompleteSignature",
            "Credential must have exactly 5 slash-delimited elements, "
            f"e.g. keyid/date/region/service/term, got '{credential}'.",
            status=400,
        )
    access_key, date, region, service, terminator = elements
    if terminator != "aws4_request":
        raise ServiceError(
            "SignatureDoesNotMatch",
            f"Credential should be scoped with a valid terminator: 'aws4_request', not '{terminator}'.",
            status=403,
        )
    names = tuple(signed_headers.split(";"))
    if "host" not in names and ":authority" not in names:
        raise ServiceError(
            "SignatureDoesNotMatch",
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
            status=403,
        )
    if list(names) != sorted(names) or signed_headers != signed_headers.lower():
        raise ServiceError(
            "SignatureDoesNotMatch", "SignedHeaders must be sorted by name and in lower case.", status=403
        )
    text = f"{date}/{region}/{service}/aws4_request"
    return _Scope(access_key, date, region, service, names, text, _Lines(names))


def _read_query(http: SignedRequest) -> Claim | None:
    query = http.query
    if "X-Amz-" not in query:
        _refuse_version_2(http)
        return None
    found: dict[str, str] = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if name.startswith("X-Amz-") and name not in found:
            found[name] = unquote_to_bytes(value.replace("+", " ")).decode("utf-8", "replace")
    if not found.keys() & {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature"}:
        _refuse_version_2(http)
        return None
    algorithm = found.get("X-Amz-Algorithm", "")
    if algorithm == ALGORITHM_V4A:
        raise Refused("the signing algorithm AWS4-ECDSA-P256-SHA256 (SigV4A)", "", "Sign with AWS4-HMAC-SHA256.")
    # before the credential is known to be whole, its last-but-one element still says whose words to use
    elements = found.get("X-Amz-Credential", "").split("/")
    is_s3 = len(elements) >= 2 and elements[-2] in S3_FAMILY
    if algorithm and algorithm != ALGORITHM:
        if is_s3:
            raise _bad_query('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"')
        raise ServiceError("IncompleteSignature", f"Unsupported AWS 'algorithm': '{algorithm}'.", status=400)
    wanted = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date")
    missing = [f"AWS query-string parameters must include '{name}'." for name in wanted if not found.get(name)]
    if is_s3 and (missing or "X-Amz-Expires" not in found):
        raise _bad_query(_QUERY_PARTS_S3)
    if missing:
        missing.append("Re-examine the query-string parameters.")
        raise ServiceError("IncompleteSignature", " ".join(missing), status=400)
    if is_s3 and (len(elements) < 5 or not all(elements)):
        raise _bad_query(f"Error parsing the X-Amz-Credential parameter; {_CREDENTIAL_S3}")
    scope = _scope(found["X-Amz-Credential"], found["X-Amz-SignedHeaders"])
    amz_date = found["X-Amz-Date"]
    if is_s3 and not _is_instant(amz_date):
        raise _bad_query("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
    instant = _instant(amz_date)
    if not amz_date.startswith(scope.date):
        if is_s3:
            raise _bad_query(
                f"Invalid credential date {scope.date}. This date is not the same as X-Amz-Date: {amz_date[:8]}."
            )
        raise ServiceError(
            "SignatureDoesNotMatch",
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{scope.date}' != '{amz_date[:8]}', from '{amz_date}'.",
            status=403,
        )
    return Claim(
        scope.access_key,
        scope.date,
        scope.region,
        scope.service,
        scope.signed_headers,
        found["X-Amz-Signature"],
        instant,
        True,
        _expires(found.get("X-Amz-Expires"), is_s3),
        found.get("X-Amz-Security-Token") or found.get("X-Amz-S3session-Token", ""),
        found.get("X-Amz-Content-Sha256") or _signed_value("x-amz-content-sha256", scope, http.headers),
        scope.text,
        ALGORITHM,
        amz_date,
        scope.lines,
    )


def _signed_value(name: str, scope: _Scope, headers: Mapping[str, str]) -> str | None:
    return headers.get(name) if name in scope.signed_headers else None


def _expires(text: str | None, is_s3: bool) -> int | None:
    if text is None:
        return None
    number = text.removeprefix("-")
    problem = ""
    if not (number.isascii() and number.isdigit()):
        problem = "X-Amz-Expires should be a number"
    elif text != number:
        problem = "X-Amz-Expires must be non-negative"
    elif len(number) > 9 or int(number) > EXPIRES_SECONDS_MAX:
        problem = (
            "X-Amz-Expires must be less than a week (in seconds); "
            f"that is, the given X-Amz-Expires must be less than {EXPIRES_SECONDS_MAX} seconds"
        )
    elif int(number) == 0:
        problem = "X-Amz-Expires must be at least 1 second"
    if not problem:
        return int(number)
    raise _bad_query(problem) if is_s3 else ServiceError("IncompleteSignature", f"{problem}.", status=400)


def _bad_query(message: str) -> ServiceError:
    return ServiceError("AuthorizationQueryParametersError", message, status=400)


def _refuse_version_2(http: SignedRequest) -> None:
    """Signature Version 2 puts AWSAccessKeyId and Signature among the parameters. AWS stopped taking it; so do we."""
    query, body = http.query, http.body
    in_query = "AWSAccessKeyId=" in query and "Signature=" in query
    in_form = (
        body is not None
        and "form" in http.headers.get("content-type", "")
        and b"AWSAccessKeyId=" in body
        and b"SignatureVersion=" in body
    )
    if in_query or in_form:
        raise ServiceError("InvalidRequest", _NOT_SUPPORTED, status=400)


def instant(amz_date: str) -> float:
    """Seconds since 1970 of a date in ISO-8601 basic format. Raises ServiceError IncompleteSignature."""
    return _instant(amz_date)


def _instant(amz_date: str) -> float:
    if _is_instant(amz_date):
        year, month, day = int(amz_date[:4]), int(amz_date[4:6]), int(amz_date[6:8])
        hour, minute, second = int(amz_date[9:11]), int(amz_date[11:13]), int(amz_date[13:15])
        if year > 1969 and 1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 61:
            instant = float(timegm((year, month, day, hour, minute, second, 0, 0, 0)))
            _remember(_instants, amz_date, instant)
            return instant
    raise ServiceError(
        "IncompleteSignature",
        f"Date must be in ISO-8601 'basic format'. Got '{amz_date}'. See http://en.wikipedia.org/wiki/ISO_8601",
        status=400,
    )


def _date_header(date: str | None) -> str:
    """A Date header as the signer wrote it into the string to sign; "" when there is none."""
    if not date or _is_instant(date):
        return date or ""
    from email.utils import parsedate_tz

    parsed = parsedate_tz(date)
    if parsed is None:
        return date
    try:
        return _written(timegm((*parsed[:6], 0, 0, 0)) - (parsed[9] or 0))
    except ValueError:  # the 13th month; the caller quotes what was sent
        return date


def _written(instant: float) -> str:
    """An instant in ISO-8601 basic format: 20130524T000000Z."""
    from datetime import UTC, datetime

    try:
        return datetime.fromtimestamp(int(instant), UTC).strftime("%Y%m%dT%H%M%SZ")
    except (ValueError, OverflowError, OSError):
        return "00010101T000000Z"


def _remember(cache: dict[str, _V], key: str, value: _V) -> None:
    if len(cache) >= _CACHE_MAX:
        cache.clear()
    cache[key] = value


# ---------------------------------------------------------------- checking


def check(
    claim: Claim,
    http: SignedRequest,
    secret: str,
    *,
    now_real: float,
    service_is_s3: bool = False,
    age: float | None = None,
) -> None:
    """Return when the claim is proven, or raise ServiceError with AWS's code and message.

    `now_real` is the real clock's now, in seconds. `age` is how many seconds have passed since `claim.timestamp`
    on the clock by which presigned requests expire, where that is another clock (default: the real one).
    The order is AWS's: the time first, then the signature, then S3's digest of the body.
    """
    late = now_real - claim.timestamp
    if claim.presigned:
        _check_presigned_time(claim, now_real, late if age is None else age, service_is_s3)
    elif late > SKEW_SECONDS or late < -SKEW_SECONDS:
        raise _skewed(claim, now_real, service_is_s3)

    headers = http.headers
    lines = claim.lines or _Lines(claim.signed_headers)
    if service_is_s3:
        path = http.path or "/"
        payload = claim.payload_hash
        if payload is None:
            if not claim.presigned:
                message = "Missing required header for this request: x-amz-content-sha256"
                raise ServiceError("InvalidRequest", message, status=400)
            payload = UNSIGNED_PAYLOAD
        elif payload != UNSIGNED_PAYLOAD and payload not in STREAMING and not _is_digest(payload):
            raise ServiceError(
                "InvalidArgument",
                _DIGEST_S3,
                status=400,
                members={"ArgumentName": "x-amz-content-sha256", "ArgumentValue": payload},
            )
        _check_headers_signed(lines.names, headers)
    else:
        path = http.path
        if path != "/":
            path = _normal_path(path)
        body = http.body
        # only S3 takes the client's word for a body it did not sign; of one that is still to come, `check_body` is told
        if body is None:
            payload = claim.payload_hash or ""
        else:
            payload = sha256(body).hexdigest() if body else EMPTY_SHA256

    query = http.query
    if query:
        query = canonical_query(query, without_signature=claim.presigned)
    try:
        signed = lines.template % lines.values(headers)
    except KeyError:
        raise _mismatch(claim, "", service_is_s3) from None
    if "\t" in signed or (" " in signed and ("  " in signed or ": " in signed or " \n" in signed)):
        signed = "".join([f"{name}:{_trimmed(headers[name])}\n" for name in claim.signed_headers])
    canonical = f"{http.method}\n{path}\n{query}\n{signed}\n{lines.joined}\n{payload}"

    scope_key = (secret, claim.date, claim.region, claim.service)
    key = _keys.get(scope_key)
    fresh = key is None
    if key is None:
        key = _Key(_derive(*scope_key))
    if not _proves(claim, key, canonical):
        # S3 signs the decoded path, encoded afresh: a client may encode less on the wire than in what it signs
        again = _recoded_path(path) if service_is_s3 else path
        if again == path or not _proves(claim, key, canonical.replace(f"\n{path}\n", f"\n{again}\n", 1)):
            raise _mismatch(claim, canonical, service_is_s3)
    if fresh:  # only proven scopes are kept, so nobody can flush the cache by inventing regions
        if len(_keys) >= _CACHE_MAX:
            _keys.clear()
        _keys[scope_key] = key
    if service_is_s3 and http.body is not None and payload != UNSIGNED_PAYLOAD and payload not in STREAMING:
        check_body(claim, sha256(http.body).hexdigest())


def _trimmed(value: str) -> str:
    """A header's value as it is signed: no blanks around it, and single ones inside."""
    value = value.strip(" \t")
    return _blanks(" ", value) if "  " in value or "\t" in value else value


def check_body(claim: Claim, digest: str) -> None:
    """Compare the SHA-256 (hexadecimal) of a body that has arrived with the one that was signed.

    Raises ServiceError `XAmzContentSHA256Mismatch`. Unsigned and chunked bodies have nothing to compare.
    """
    signed = claim.payload_hash
    if signed is None or signed == UNSIGNED_PAYLOAD or signed in STREAMING or signed.lower() == digest:
        return
    raise ServiceError(
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        status=400,
        members={"ClientComputedContentSHA256": signed, "S3ComputedContentSHA256": digest},
    )


def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The key of a credential scope, from which chunk and POST-policy signatures are made too."""
    known = _keys.get((secret, date, region, service))
    return _derive(secret, date, region, service) if known is None else known.raw


def _derive(secret: str, date: str, region: str, service: str) -> bytes:
    key = b"AWS4" + secret.encode()
    for word in (date, region, service, "aws4_request"):
        key = hmac.digest(key, word.encode(), "sha256")
    return key


class _Key:
    """A signing key that has signed before: HMAC-SHA256 with what depends on the key alone worked out once (RFC 2104).

    That is half of the work, and OpenSSL looks for its HMAC anew at every call.
    """

    __slots__ = ("_inner", "_outer", "raw")

    def __init__(self, raw: bytes) -> None:
        assert len(raw) <= _BLOCK_BYTES, "a longer key would have to be hashed first"
        self.raw = raw
        padded = raw.ljust(_BLOCK_BYTES, b"\0")
        self._inner = sha256(bytes(byte ^ 0x36 for byte in padded))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in padded))

    def sign(self, message: bytes) -> str:
        """The message's HMAC, hexadecimal."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.hexdigest()


_BLOCK_BYTES = 64


def _proves(claim: Claim, key: _Key, canonical: str) -> bool:
    signature = claim.signature
    if not signature.isascii():
        return False
    if canonical.isascii():
        return _is_signed(claim, key, canonical.encode())
    # Header bytes reach us decoded one way or the other; a signer hashed their UTF-8 or their raw form.
    for encoding in ("utf-8", "latin-1"):
        try:
            raw = canonical.encode(encoding, "surrogateescape")
        except UnicodeEncodeError:
            continue
        if _is_signed(claim, key, raw):
            return True
    return False


def _is_signed(claim: Claim, key: _Key, canonical: bytes) -> bool:
    to_sign = f"{ALGORITHM}\n{claim.amz_date}\n{claim.scope}\n{sha256(canonical).hexdigest()}"
    return hmac.compare_digest(key.sign(to_sign.encode()), claim.signature)


def _check_presigned_time(claim: Claim, now_real: float, age: float, service_is_s3: bool) -> None:
    if now_real - claim.timestamp < -SKEW_SECONDS:
        if service_is_s3:
            raise ServiceError("AccessDenied", "Request is not yet valid", status=403)
        raise _skewed(claim, now_real, service_is_s3)
    expires = claim.expires or 0
    if service_is_s3:
        if age > expires:
            members = {
                "X-Amz-Expires": str(expires),
                "Expires": _readable(claim.timestamp + expires),
                "ServerTime": _readable(claim.timestamp + age),
            }
            raise ServiceError("AccessDenied", "Request has expired", status=403, members=members)
    # Elsewhere a request may arrive up to 15 minutes after its expiration (EC2 API, errors-overview: RequestExpired).
    elif age > expires + SKEW_SECONDS:
        raise ServiceError("RequestExpired", "Request has expired.", status=400)


def _readable(instant: float) -> str:
    text = _written(instant)
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[9:11]}:{text[11:13]}:{text[13:15]}Z"


def _skewed(claim: Claim, now_real: float, service_is_s3: bool) -> ServiceError:
    now = _written(now_real)
    if service_is_s3:
        members = {
            "RequestTime": claim.amz_date,
            "ServerTime": _readable(now_real),
            "MaxAllowedSkewMilliseconds": str(SKEW_SECONDS * 1000),
        }
        message = "The difference between the request time and the current time is too large."
        return ServiceError("RequestTimeTooSkewed", message, status=403, members=members)
    if claim.service == "ec2":
        return ServiceError("RequestExpired", "Request has expired.", status=400)
    if claim.timestamp < now_real:
        edge = _written(now_real - SKEW_SECONDS)
        message = f"Signature expired: {claim.amz_date} is now earlier than {edge} ({now} - 15 min.)"
    else:
        edge = _written(now_real + SKEW_SECONDS)
        message = f"Signature not yet current: {claim.amz_date} is still later than {edge} ({now} + 15 min.)"
    return ServiceError("SignatureDoesNotMatch", message, status=403)


def _mismatch(claim: Claim, canonical: str, service_is_s3: bool) -> ServiceError:
    if not service_is_s3:
        return ServiceError("SignatureDoesNotMatch", _DOES_NOT_MATCH, status=403)
    hashed = sha256(canonical.encode("utf-8", "replace")).hexdigest()
    members = {
        "AWSAccessKeyId": claim.access_key,
        "SignatureProvided": claim.signature,
        "StringToSign": f"{ALGORITHM}\n{claim.amz_date}\n{claim.scope}\n{hashed}",
        "CanonicalRequest": canonical,
    }
    return ServiceError("SignatureDoesNotMatch", _DOES_NOT_MATCH_S3, status=403, members=members)


def _check_headers_signed(signed: frozenset[str], headers: Mapping[str, str]) -> None:
    """S3 refuses x-amz-* headers that the signature does not cover; two of them are bound to it in other ways."""
    unsigned = [
        name
        for name in headers.keys() - signed
        if name.startswith("x-amz-") and name != "x-amz-content-sha256" and name != "x-amz-date"
    ]
    if unsigned:
        raise ServiceError(
            "AccessDenied",
            "There were headers present in the request which were not signed",
            status=403,
            members={"HeadersNotSigned": ", ".join(sorted(unsigned))},
        )


# ---------------------------------------------------------------- canonical forms


def canonical_query(query: str, *, without_signature: bool = False) -> str:
    """A query string as it is signed: every part decoded and encoded strictly, in the order of the encoded parts.

    A plus sign is a blank, as everywhere AWS reads a query. `X-Amz-Signature` is left out on request.
    """
    pairs = []
    for pair in query.split("&"):
        if not pair:
            continue
        name, _, value = pair.partition("=")
        if not _is_plain_word(name):
            name = _recoded(name)
        if not _is_plain_word(value):
            value = _recoded(value)
        if without_signature and name == "X-Amz-Signature":
            continue
        pairs.append((name, value))
    if len(pairs) > 1:
        pairs.sort()
    return "&".join([f"{name}={value}" for name, value in pairs])


def _recoded(part: str) -> str:
    return quote_from_bytes(unquote_to_bytes(part.replace("+", " ")), safe="-_.~")


def _recoded_path(path: str) -> str:
    return quote_from_bytes(unquote_to_bytes(path), safe="/-_.~")


def _normal_path(path: str) -> str:
    """The path every service but S3 signs: no dot segments, no empty ones, and encoded a second time."""
    if "//" in path or "/." in path or not path.startswith("/"):
        kept: list[str] = []
        for segment in path.split("/"):
            if segment == "..":
                del kept[-1:]
            elif segment and segment != ".":
                kept.append(segment)
        path = "/" + "/".join(kept) + ("/" if kept and path.endswith("/") else "")
    if _is_plain(path):
        return path
    try:
        raw = path.encode("latin-1")
    except UnicodeEncodeError:
        raw = path.encode("utf-8", "replace")
    return quote_from_bytes(raw, safe="/~")

"""Who is asking: from a signed request to a principal.

Signatures are checked against the real clock, as clients sign with theirs; expiry obeys the virtual one.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from haar.auth import pages, sigv2, sigv4, tokens
from haar.errors import ServiceError
from haar.kit.call import root_of
from haar.kit.epoch import epoch
from haar.kit.identity import ANONYMOUS, Kind, Principal
from haar.kit.resource import partition_of
from haar.record import Record, key
from haar.wire import presigned
from haar.wire.router import bucket_in_host

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from haar.auth.chunked import Decoder
    from haar.kit.ports import Credential, Identities, Ports
    from haar.store.transaction import Transaction
    from haar.wire.http import HttpRequest

#: On loopback, access key `test` with secret `test` is the root user of this account.
DEVELOPMENT_ACCOUNT = "000000000000"
DEVELOPMENT_SECRET = "test"

_ACCOUNT = re.compile(r"\d{12}")
_UNKNOWN = ServiceError("InvalidClientTokenId", "The security token included in the request is invalid.", status=403)
_EXPIRED = ServiceError("ExpiredToken", "The security token included in the request is expired", status=403)
_UNSIGNED_CHUNKS = ServiceError("MissingAuthenticationToken", "Request is missing Authentication Token", status=403)
_FROM_A_PAGE = ServiceError(
    "AccessDenied",
    "Web pages may not use the well-known development keys: every page in the browser knows them. "
    "Make an access key of your own, or call from a program.",
    status=403,
)
# which operation is meant stands in this header alone, so a signature that leaves it out would be good for all of them
_UNSIGNED_TARGET = ServiceError(
    "SignatureDoesNotMatch", "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.", status=403
)
_CACHED_MAX = 4096
#: The longest access key id there is (IAM API Reference, API_AccessKey.html); what is longer is not looked for.
_KEY_LENGTH_MAX = 128
_REGION = re.compile(r"[a-z0-9-]{1,32}")
#: Credential scopes of a service besides its signing name.
_MORE_SCOPES = {"s3": ("s3express", "s3-object-lambda"), "s3control": ("s3-outposts", "s3express")}


class RootKey(Record):
    """An access key of an account's root user, made when the cloud is reachable from other machines."""

    access_key: str = key()
    secret: str
    account: str


class Authenticator:
    """Turns signatures into principals; one per cloud."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._development = ports.config.loopback
        self._roots: dict[str, Principal] = {}
        self._known: dict[str, tuple[str, Credential | None]] = {}

    def __call__(self, tx: Transaction, http: HttpRequest, service: str, region: str) -> Principal:
        """The principal who signed; ANONYMOUS for an unsigned request.

        Raises ServiceError with the query protocol's code (InvalidClientTokenId, SignatureDoesNotMatch, ...);
        the gateway says it in the protocol's own words.
        """
        if service == "s3" and sigv2.is_one(http):
            return self._by_version_2(tx, http, region)
        claim = sigv4.read(http)
        if claim is None:
            return ANONYMOUS
        ports = self._ports
        if len(claim.access_key) > _KEY_LENGTH_MAX:
            raise _UNKNOWN
        secret, principal = self._who(tx, claim.access_key, claim.token, region)
        if self._development and secret == DEVELOPMENT_SECRET and pages.may_come_from_one(http.headers, ports.config):
            raise _FROM_A_PAGE
        wrong = _scope_trouble(service, region, claim.service, claim.region)
        if wrong:
            raise _out_of_scope(service, wrong, claim.region, ports.config.region)
        if "x-amz-target" in http.headers and "x-amz-target" not in claim.signed_headers:
            raise _UNSIGNED_TARGET
        clock = ports.clock
        now = clock.now()
        # a presigned request ages in the cloud's own time; how far the client's clock is off is a matter of real time
        age = None if claim.expires is None else now - clock.virtual(claim.timestamp)
        is_s3 = service == "s3" or service == "s3control"  # both sign the path as it is sent
        sigv4.check(claim, http, secret, now_real=clock.real(), service_is_s3=is_s3, age=age)
        if principal.expires_at is not None and now >= principal.expires_at:
            raise _EXPIRED
        if service == "s3" and claim.presigned:
            _take_from_query(http)
        return principal

    def _by_version_2(self, tx: Transaction, http: HttpRequest, region: str) -> Principal:
        claim = sigv2.read(http)
        if len(claim.access_key) > _KEY_LENGTH_MAX:
            raise _UNKNOWN
        secret, principal = self._who(tx, claim.access_key, claim.token, region)
        ports = self._ports
        if self._development and secret == DEVELOPMENT_SECRET and pages.may_come_from_one(http.headers, ports.config):
            raise _FROM_A_PAGE
        clock = ports.clock
        sigv2.check(claim, http, secret, bucket=bucket_in_host(http), now_real=clock.real())
        if principal.expires_at is not None and clock.now() >= principal.expires_at:
            raise _EXPIRED
        if claim.ends is not None:
            _take_from_query(http)
        return principal

    def decoder(self, tx: Transaction, http: HttpRequest) -> Decoder | None:
        """What takes a body out of its `aws-chunked` framing, if it has one, and checks its chunks' signatures.

        The request's own signature has been checked before: it is the seed of the chunks'.
        """
        from haar.auth.chunked import decoder

        claim = sigv4.read(http)
        if claim is None:
            raise _UNSIGNED_CHUNKS
        secret, _ = self._who(tx, claim.access_key, claim.token, claim.region)
        return decoder(claim, http.headers, secret)

    def checked_by(self, http: HttpRequest) -> Callable[[str], None] | None:
        """What the SHA-256 (hexadecimal) of a body still to come must be told to; None when it was not signed."""
        claim = None if sigv2.is_one(http) else sigv4.read(http)
        if claim is None or claim.payload_hash is None or claim.payload_hash in sigv4.UNKEPT:
            return None
        return lambda digest: sigv4.check_body(claim, digest)

    def unchunked(self, tx: Transaction, http: HttpRequest) -> bytes:
        """The body behind `aws-chunked` framing, every chunk's and trailer's signature checked."""
        decode = self.decoder(tx, http)
        body: bytes = http.body
        if decode is None:
            return body  # a presigned request says in its query how its body is signed, whatever a header claims
        body = decode.feed(body)
        decode.close()
        for name, value in decode.trailers.items():
            http.headers.setdefault(name, value)  # what is said at the end counts as if it stood in the head
        return body

    def of_form(
        self, tx: Transaction, access_key: str, token: str, region: str, headers: Mapping[str, str]
    ) -> tuple[str, Principal]:
        """Secret and principal of the key that signed a form, for who checks the signature. Raises as for a request."""
        secret, principal = self._who(tx, access_key, token, region)
        if self._development and secret == DEVELOPMENT_SECRET and pages.may_come_from_one(headers, self._ports.config):
            raise _FROM_A_PAGE
        if principal.expires_at is not None and self._ports.clock.now() >= principal.expires_at:
            raise _EXPIRED
        return secret, principal

    def _who(self, tx: Transaction, access_key: str, token: str, region: str) -> tuple[str, Principal]:
        if token and access_key.startswith("ASIA"):
            session, secret = tokens.open(self._ports.cloud_key, token, access_key)
            return secret, _session_principal(session)
        if self._development and (access_key == "test" or _ACCOUNT.fullmatch(access_key)):
            return DEVELOPMENT_SECRET, self._root(access_key, region)
        if access_key.startswith("ASIA"):
            raise _UNKNOWN
        return self._long_term(tx, access_key)

    def _root(self, access_key: str, region: str) -> Principal:
        partition = partition_of(region)
        cached = self._roots.get(f"{partition}/{access_key}")
        if cached is None:
            account = DEVELOPMENT_ACCOUNT if access_key == "test" else access_key
            cached = _root_user(account, partition, access_key)
            if len(self._roots) > _CACHED_MAX:
                self._roots.clear()
            self._roots[f"{partition}/{access_key}"] = cached
        return cached

    def _long_term(self, tx: Transaction, access_key: str) -> tuple[str, Principal]:
        stamp = epoch(tx, "credentials")
        cached = self._known.get(access_key)
        if cached is None or cached[0] != stamp:
            if len(self._known) > _CACHED_MAX:
                self._known.clear()
            cached = self._known[access_key] = (stamp, self._find(tx, access_key))
        credential = cached[1]
        if credential is None or not credential.active:
            raise _UNKNOWN
        return credential.secret, credential.principal

    def _find(self, tx: Transaction, access_key: str) -> Credential | None:
        from haar.kit.ports import Credential

        root = tx.get(RootKey, access_key)
        if root is not None:
            principal = _root_user(root.account, "aws", access_key)
            return Credential(access_key=access_key, secret=root.secret, principal=principal)
        identities: Identities = self._ports.port("identities")
        return identities.credential(tx, access_key)


def _take_from_query(http: HttpRequest) -> None:
    """Let the headers that stand in the query of a proven address count as if they had been sent."""
    for name, value in presigned.headers_in(http).items():
        http.headers.setdefault(name, value)


@lru_cache(maxsize=1024)
def _scope_trouble(service: str, region: str, scope_service: str, scope_region: str) -> str:
    """What is wrong with the scope of a request for a service and region, in AWS's words; empty when nothing is."""
    # an ARN is made of the region, so it must hold nothing that divides or matches in one
    if scope_region != region or not _REGION.fullmatch(scope_region):
        return f"Credential should be scoped to a valid region, not '{scope_region}'. "
    if scope_service == service:
        return ""
    from haar.catalog.models import model

    spoken = model(service)
    allowed = (spoken.signing_name, spoken.metadata.get("endpointPrefix"), *_MORE_SCOPES.get(service, ()))
    return "" if scope_service in allowed else f"Credential should be scoped to correct service: '{allowed[0]}'. "


def _out_of_scope(service: str, wrong: str, scope_region: str, home: str) -> ServiceError:
    if service != "s3" or _REGION.fullmatch(scope_region):
        return ServiceError("SignatureDoesNotMatch", wrong, status=403)
    # S3 says which region it would be; clients that do not know theirs (s3cmd signs for "US") ask again with that
    text = f"The authorization header is malformed; the region '{scope_region}' is wrong; expecting '{home}'"
    return ServiceError("AuthorizationHeaderMalformed", text, status=400, members={"Region": home})


def _root_user(account: str, partition: str, access_key: str) -> Principal:
    root = root_of(account, partition)
    return msgspec.structs.replace(root, issuer=root.arn, access_key=access_key)


def _session_principal(session: tokens.Session) -> Principal:
    limited = bool(session.policies or session.policy_arns)
    kind: Kind = "role" if session.kind == "role" else "federated" if session.kind == "federated" else "user"
    if kind == "user" and session.arn.endswith(":root") and not limited:
        kind = "root"  # a session of GetSessionToken; one with a task policy (AssumeRoot) is decided like a user's
    return Principal(
        kind=kind,
        account=session.account,
        arn=session.arn,
        id=session.id,
        name=session.name,
        issuer=session.issuer or session.arn,
        issuer_id=session.issuer_id,
        session_name=session.session_name,
        session_tags=session.tags,
        transitive_tags=session.transitive_tags,
        mfa_at=session.mfa_at,
        issued_at=session.issued_at,
        expires_at=session.expires_at,
        access_key=session.access_key,
        temporary=True,
        source_identity=session.source_identity,
        federated_provider=session.provider,
        claims=session.context,
        session_policies=session.policies if limited else None,
        session_policy_arns=session.policy_arns,
        # the path alone is not enough: anybody may choose it for a user, or have it further inside a role's path
        service_linked=kind == "role" and session.issuer.partition(":role")[2].startswith("/aws-service-role/"),
    )

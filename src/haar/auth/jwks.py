"""The public keys of web identity providers, asked of the providers themselves.

An issuer publishes where its keys are at `ISSUER/.well-known/openid-configuration`. Both documents are fetched over
HTTPS; plain HTTP is for issuers on this machine alone. What was fetched is a row, kept for five minutes of virtual
time and shared by all nodes; a failure is remembered for a few seconds. A provider whose certificate no authority
vouches for is trusted when one of the provider's registered thumbprints is its certificate's SHA-1.

In process the call itself asks. Behind a server nobody may hold up the loop: a thread asks, and the call waits.

Source: IAM User Guide, id_roles_providers_create_oidc.html and id_roles_providers_create_oidc_verify-thumbprint.html;
OpenID Connect Discovery 1.0, section 4.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import field

from haar.errors import HaarError, ServiceError
from haar.kit.wait import Wait
from haar.record import Record, key

if TYPE_CHECKING:
    from haar.kit.ports import Ports
    from haar.store.transaction import Transaction

__all__ = ["Issuer", "KeySets", "Unreachable", "fetch"]

#: How long keys are good, and how long a failure is, in virtual seconds. Ours: AWS does not publish its own.
FRESH_SECONDS: Final = 300.0
FAILED_SECONDS: Final = 5.0
#: The longest a provider may take for one answer, in real seconds, and how much it may say.
TIMEOUT_SECONDS: Final = 5.0
BYTES_MAX: Final = 262_144
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class Issuer(Record):
    """What an issuer publishes: its key document, or why it could not be had."""

    url: str = key()
    document: dict[str, Any] = field(default_factory=dict)
    fetched_at: float
    failure: str = ""


class Unreachable(HaarError):
    """A provider's keys could not be had; the message says why."""


class KeySets:
    """Knows the keys of every issuer that was asked about; one per cloud.

    `serving` says whether a server is running.
    """

    def __init__(self, ports: Ports, serving: Callable[[], bool]) -> None:
        self._ports = ports
        self._serving = serving
        self._asking: set[str] = set()

    def publish(self, issuer: str, document: dict[str, Any]) -> None:
        """Hand over an issuer's key document by hand, for ever: for providers that nobody can reach, and for tests."""
        with self._ports.store.transaction() as tx:
            tx.put(Issuer(url=issuer, document=document, fetched_at=float("inf")))

    def of(self, tx: Transaction, issuer: str, thumbprints: Collection[str] = ()) -> dict[str, Any]:
        """The key document of an issuer; see `haar.kit.ports.Proofs.jwks`."""
        now = self._ports.clock.now()
        row = tx.get(Issuer, issuer)
        if row is not None and now < row.fetched_at + (FAILED_SECONDS if row.failure else FRESH_SECONDS):
            if row.failure:
                raise _unreachable(row.failure)
            return row.document
        if self._serving():
            self._ask_aside(issuer, tuple(thumbprints))
            # the wait ends with the answer; its own end is far behind the slowest of them
            raise Wait(on=(Issuer, issuer), until=now + 10 * TIMEOUT_SECONDS * max(1.0, self._ports.clock.rate))
        try:
            document = fetch(issuer, thumbprints)
        except Unreachable as error:
            raise _unreachable(str(error)) from None
        tx.put(Issuer(url=issuer, document=document, fetched_at=now))
        return document

    def _ask_aside(self, issuer: str, thumbprints: tuple[str, ...]) -> None:
        import asyncio

        if issuer in self._asking:
            return
        self._asking.add(issuer)
        loop = asyncio.get_running_loop()
        asked = loop.run_in_executor(None, fetch, issuer, thumbprints)
        asked.add_done_callback(lambda done: self._answered(issuer, done))

    def _answered(self, issuer: str, done: Any) -> None:
        self._asking.discard(issuer)
        ports = self._ports
        error = done.exception()
        if error is None:
            row = Issuer(url=issuer, document=done.result(), fetched_at=ports.clock.now())
        else:
            row = Issuer(url=issuer, fetched_at=ports.clock.now(), failure=str(error) or type(error).__name__)
        with ports.store.transaction() as tx:
            tx.put(row)


def fetch(issuer: str, thumbprints: Collection[str] = ()) -> dict[str, Any]:
    """Ask an issuer for its key document. Raises Unreachable."""
    configuration = _get(f"{issuer.rstrip('/')}/.well-known/openid-configuration", thumbprints)
    if configuration.get("issuer") != issuer:
        raise Unreachable(f"the configuration of {issuer} names another issuer")
    place = configuration.get("jwks_uri")
    if not isinstance(place, str):
        raise Unreachable(f"the configuration of {issuer} has no jwks_uri")
    document = _get(place, thumbprints)
    if not isinstance(document.get("keys"), list):
        raise Unreachable(f"{place} is not a key document")
    return document


def _get(url: str, thumbprints: Collection[str]) -> dict[str, Any]:
    import http.client
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Unreachable(f"{url} is not a URL") from None
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = _tls(host, port, thumbprints)
    elif parts.scheme == "http" and host in _LOOPBACK:
        connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    else:
        raise Unreachable(f"{url} is not served over HTTPS")
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path, headers={"Accept": "application/json"})
        reply = connection.getresponse()
        body = reply.read(BYTES_MAX + 1)
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"{url} cannot be reached: {error}") from None
    finally:
        connection.close()
    if reply.status != 200 or len(body) > BYTES_MAX:
        raise Unreachable(f"{url} answered {reply.status} with {len(body)} bytes")
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError:
        raise Unreachable(f"{url} is not JSON") from None


def _tls(host: str, port: int | None, thumbprints: Collection[str]) -> Any:
    """A connection to a server whose certificate is vouched for, or is one of the thumbprints (SHA-1, hexadecimal)."""
    import hashlib
    import http.client
    import ssl

    connection = http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS)
    try:
        connection.connect()
    except ssl.SSLCertVerificationError as error:
        connection.close()
        unverified = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        unverified.check_hostname = False
        unverified.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=unverified)
        try:
            connection.connect()
            certificate = connection.sock.getpeercert(binary_form=True) or b""
        except OSError as other:
            raise Unreachable(f"{host} cannot be reached: {other}") from None
        seen = hashlib.sha1(certificate, usedforsecurity=False).hexdigest()
        if seen not in {thumbprint.lower() for thumbprint in thumbprints}:
            connection.close()
            raise Unreachable(f"the certificate of {host} is not trusted: {error.verify_message}") from None
    except OSError as error:
        raise Unreachable(f"{host} cannot be reached: {error}") from None
    return connection


def _unreachable(why: str) -> ServiceError:
    message = "Couldn't retrieve verification key from your identity provider, please reference "
    return ServiceError(
        "IDPCommunicationError",
        f"{message}AssumeRoleWithWebIdentity documentation for requirements: {why}",
        status=400,
    )

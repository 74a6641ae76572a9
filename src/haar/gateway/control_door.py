"""Who may drive a cloud: programs of this machine, or whoever signs as root; never a web page.

| the request | on a loopback address | on any other |
|---|---|---|
| comes from a page in a browser (`Origin`, or `Sec-Fetch-Site` other than `none`) | refused | refused |
| names a foreign host (`Host`), as after DNS rebinding | refused | the signature covers the host |
| has another method than GET or HEAD, and not `content-type: application/json` | refused | refused |
| is not signed by root | let in | refused |

A browser sets `Origin` and `Sec-Fetch-Site` itself and lets no page change them (Fetch standard, "forbidden
request-header"); a page cannot send `application/json` to another site without asking first, and is told no.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.auth import sigv4
from haar.auth.principal import RootKey
from haar.config import LOOPBACK
from haar.errors import ServiceError
from haar.gateway.control_words import Problem

if TYPE_CHECKING:
    from haar.cloud import Cloud
    from haar.wire.http import HttpRequest

__all__ = ["SERVICE", "admit"]

#: The service name in the credential scope of a signed control request.
SERVICE = "haar"


def admit(cloud: Cloud, http: HttpRequest) -> None:
    """Return when a control request may be answered; raise Problem 403 (or 415) when it may not."""
    headers = http.headers
    if "origin" in headers or headers.get("sec-fetch-site", "none").lower() != "none":
        raise Problem(
            403,
            "FromABrowser",
            "Web pages may not drive this cloud.",
            "Use the haar command, or a program of your own.",
        )
    if cloud.config.loopback:
        host = host_in(headers.get("host", ""))
        if host not in LOOPBACK and not host.endswith(".localhost") and host != cloud.config.host.lower():
            raise Problem(
                403,
                "ForeignHost",
                f"The request is addressed to {host or 'no host'}, which is not a name of this cloud.",
                f"Address it to {cloud.config.host}.",
            )
    if http.method not in ("GET", "HEAD"):
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Problem(415, "NotJson", "The content type must be application/json.")
    if not cloud.config.loopback:
        _must_be_root(cloud, http)


def host_in(header: str) -> str:
    """The host of a Host header, in lower case, without its port and brackets."""
    text = header.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0].rstrip(".")


def _must_be_root(cloud: Cloud, http: HttpRequest) -> None:
    """The signature of a root key that this cloud made."""
    hint = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to the root key that `haar up` showed at its first start."
    try:
        claim = sigv4.read(http)
        if claim is None:
            message = "This cloud is reachable from other machines: control requests must be signed by its root user."
            raise Problem(403, "NotSigned", message, hint)
        if claim.service != SERVICE:
            message = f"The request is signed for the service {claim.service!r}."
            raise Problem(403, "NotSigned", message, f"Sign control requests for the service {SERVICE!r}.")
        with cloud.store.transaction(write=False) as tx:
            principal = cloud.gateway.authenticate(tx, http, SERVICE, claim.region)
            is_root = principal.kind == "root" and tx.get(RootKey, principal.access_key) is not None
    except ServiceError as error:
        raise Problem(403, error.code, error.message, hint) from None
    if not is_root:
        raise Problem(403, "NotRoot", f"{principal.arn} is not the root user of this cloud.", hint)

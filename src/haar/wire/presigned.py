"""What a presigned request to S3 says in its query that any other says in its headers.

Signers move headers there, so that whoever uses the address need not send them: boto3 with Signature Version 2, the
SDKs for JavaScript and Go with Version 4. Names are taken in any case; of several with one name the last counts, as it
does where Version 2 signs them. Checksums are left where they are: a signer that has no body yet puts there the one of
no bytes at all, and S3 looks at none of them.

Source: Amazon S3 User Guide, RESTAuthentication.html; S3 API Reference, sigv4-query-string-auth.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from haar.wire.http import HttpRequest

__all__ = ["headers_in"]

#: The parameters that prove who signed, and say nothing about what is asked for.
_PROOF: Final = frozenset(
    (
        "x-amz-algorithm", "x-amz-content-sha256", "x-amz-credential", "x-amz-date", "x-amz-expires",
        "x-amz-security-token", "x-amz-signature", "x-amz-signedheaders", "x-amz-sdk-checksum-algorithm",
        "x-amz-trailer", "x-amz-decoded-content-length",
    )
)  # fmt: skip


def headers_in(http: HttpRequest) -> dict[str, str]:
    """The headers in the query of a presigned request, by lower-case name; of any other request, none."""
    query = http.query
    if "Signature=" not in query or "authorization" in http.headers:
        return {}
    if "AWSAccessKeyId=" not in query and "X-Amz-Signature=" not in query:
        return {}
    return {
        name.lower(): value
        for name, value in parse_qsl(query, keep_blank_values=True)
        if name[:6].lower() == "x-amz-"
        and name.lower() not in _PROOF
        and not name.lower().startswith("x-amz-checksum-")
    }

"""Certificates: those servers show (load balancers, CloudFront), and those users sign SOAP requests with.

What is uploaded is really read: the key must belong to the certificate, and each certificate of a chain must have
signed the one before it.
Sources: IAM User Guide, id_credentials_server-certs.html; IAM API Reference, API_UploadServerCertificate.html,
API_UploadSigningCertificate.html.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page, as_list, replace
from haar.services.iam import holding
from haar.services.iam.holders import Holder, holder_of
from haar.services.iam.resources import ServerCertificate, SigningCertificate, certificates_folded, tally
from haar.services.iam.service import iam

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from haar.shapes import iam as api

SERVER_CERTIFICATES = iam.quota("L-BF35879D", "Server certificates per account", 20, adjustable=True, is_global=True)

#: Docs: IAM User Guide, reference_iam-quotas.html. Not in Service Quotas.
SIGNING_CERTIFICATES_PER_USER = 2

iam.tagging(ServerCertificate, list="ListServerCertificateTags")


# -- reading ---------------------------------------------------------------------------------------------------


def _certificates(pem: str, what: str) -> list[Certificate]:
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(pem.encode())
    except ValueError:
        raise iam.error(
            "MalformedCertificate", f"Unable to parse {what}. Please ensure the certificate is in PEM format."
        ) from None


def _one_certificate(pem: str) -> Certificate:
    found = _certificates(pem, "certificate")
    if len(found) != 1:
        raise iam.error(
            "MalformedCertificate",
            "Unable to parse certificate. Please ensure that exactly one certificate is provided.",
        )
    return found[0]


def _check_key(certificate: Certificate, pem: str) -> None:
    """Refuse a private key that cannot be read, or is another certificate's."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError):
        raise iam.error(
            "MalformedCertificate",
            "Unable to parse key. Please ensure the private key is in PEM format and is not encrypted.",
        ) from None
    formats = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if key.public_key().public_bytes(*formats) != certificate.public_key().public_bytes(*formats):
        raise iam.error("KeyPairMismatch", "The private key does not match the certificate's public key.")


def _check_chain(certificate: Certificate, pem: str) -> None:
    """Refuse a chain in which some certificate did not sign the one before it."""
    chain = [certificate, *_certificates(pem, "certificate chain")]
    for index, (signed, signer) in enumerate(pairwise(chain)):
        try:
            signed.verify_directly_issued_by(signer)
        except Exception:  # noqa: BLE001  # the library raises ValueError, TypeError and InvalidSignature, all mean "no"
            raise iam.error(
                "MalformedCertificate",
                "Unable to validate certificate chain. The certificate chain must start with the immediate signing "
                "certificate, followed by any intermediaries in order. The index within the chain of the invalid "
                f"certificate is: {index}",
            ) from None


# -- server certificates ---------------------------------------------------------------------------------------


@iam.operation(
    resource=lambda call, request: ServerCertificate.arn_for(
        call.account, request["ServerCertificateName"], path=request.get("Path", "/")
    ),
    redact=("PrivateKey",),
)
def upload_server_certificate(
    call: Call, request: api.UploadServerCertificateRequest
) -> api.UploadServerCertificateResponse:
    name = request["ServerCertificateName"]
    _ensure_free(call, name)
    SERVER_CERTIFICATES.check(
        call, tally(call.tx, call.account, "ServerCertificate") + 1, "LimitExceeded",
        "Cannot exceed quota for ServerCertificatesPerAccount: {limit}",
    )  # fmt: skip
    certificate = _one_certificate(request["CertificateBody"])
    _check_key(certificate, request["PrivateKey"])
    chain = request.get("CertificateChain", "")
    if chain:
        _check_chain(certificate, chain)
    tags = holding.tags_of(request)
    row = ServerCertificate(
        account=call.account,
        name=name,
        path=request.get("Path", "/"),
        id=call.ports.ids.unique("ASCA"),
        body=request["CertificateBody"].strip(),
        chain=chain.strip(),
        private_key=request["PrivateKey"],
        expires_at=certificate.not_valid_after_utc.timestamp(),
        tags=tags,
        created_at=call.now,
    )
    call.tx.put(row)
    reply: dict[str, Any] = {"ServerCertificateMetadata": _metadata(row)}
    if tags:
        reply["Tags"] = as_list(tags)
    return reply  # type: ignore[return-value]


@iam.operation
def get_server_certificate(
    call: Call, certificate: ServerCertificate, request: api.GetServerCertificateRequest
) -> api.GetServerCertificateResponse:
    shown: dict[str, Any] = {
        "ServerCertificateMetadata": _metadata(certificate),
        "CertificateBody": certificate.body,
        "CertificateChain": certificate.chain or None,
        "Tags": as_list(certificate.tags),
    }
    return {"ServerCertificate": shown}  # type: ignore[typeddict-item]


@iam.operation
def list_server_certificates(
    call: Call, request: api.ListServerCertificatesRequest
) -> Page[api.ServerCertificateMetadata]:
    prefix = request.get("PathPrefix", "/")
    return Page.of(
        call.tx, ServerCertificate, call.account, show=_metadata, where=lambda row: row.path.startswith(prefix)
    )


@iam.operation
def update_server_certificate(
    call: Call, certificate: ServerCertificate, request: api.UpdateServerCertificateRequest
) -> None:
    name = request.get("NewServerCertificateName", certificate.name)
    _ensure_free(call, name, but=certificate.id)
    call.tx.delete(certificate)
    call.tx.put(replace(certificate, name=name, path=request.get("NewPath", certificate.path)))


@iam.operation
def delete_server_certificate(
    call: Call, certificate: ServerCertificate, request: api.DeleteServerCertificateRequest
) -> None:
    call.tx.delete(certificate)


@iam.operation
def tag_server_certificate(
    call: Call, certificate: ServerCertificate, request: api.TagServerCertificateRequest
) -> None:
    call.tx.put(replace(certificate, tags=holding.new_tags(certificate, request)))


@iam.operation
def untag_server_certificate(
    call: Call, certificate: ServerCertificate, request: api.UntagServerCertificateRequest
) -> None:
    call.tx.put(replace(certificate, tags=holding.without_tags(certificate, request)))


def _ensure_free(call: Call, name: str, *, but: str = "") -> None:
    message = f"The Server Certificate with name {name} already exists."
    holding.ensure_free(call, certificates_folded, name, message, but=but)


def _metadata(row: ServerCertificate) -> api.ServerCertificateMetadata:
    return {
        "Path": row.path,
        "ServerCertificateName": row.name,
        "ServerCertificateId": row.id,
        "Arn": row.arn,
        "UploadDate": row.created_at,
        "Expiration": row.expires_at,
    }


# -- signing certificates --------------------------------------------------------------------------------------


@iam.operation(resource=holding.acting_on)
def upload_signing_certificate(
    call: Call, request: api.UploadSigningCertificateRequest
) -> api.UploadSigningCertificateResponse:
    holder = holder_of(call, request)
    body = request["CertificateBody"].strip()
    certificate = _one_certificate(body)
    mine = list(call.tx.range(SigningCertificate, call.account, holder.id))
    if any(_one_certificate(row.body) == certificate for row in mine):
        raise iam.error("DuplicateCertificate", "The certificate is already associated with the user.")
    if certificate.not_valid_after_utc.timestamp() <= call.now:
        raise iam.error("InvalidCertificate", "The certificate has expired.")
    if len(mine) >= SIGNING_CERTIFICATES_PER_USER:
        raise iam.error(
            "LimitExceeded", f"Cannot exceed quota for CertificatesPerUser: {SIGNING_CERTIFICATES_PER_USER}"
        )
    row = SigningCertificate(
        account=call.account, user=holder.id, id=call.ports.ids.unique("", 32), body=body, uploaded_at=call.now
    )
    call.tx.put(row)
    return {"Certificate": _signing(holder, row)}


@iam.operation(resource=holding.acting_on)
def list_signing_certificates(call: Call, request: api.ListSigningCertificatesRequest) -> Page[api.SigningCertificate]:
    holder = holder_of(call, request)
    return Page.of(call.tx, SigningCertificate, call.account, holder.id, show=lambda row: _signing(holder, row))


@iam.operation(resource=holding.acting_on)
def update_signing_certificate(call: Call, request: api.UpdateSigningCertificateRequest) -> None:
    row = _signing_certificate(call, request)
    if request["Status"] not in ("Active", "Inactive"):
        raise iam.error("InvalidInput", "A certificate can be made Active or Inactive.")
    call.tx.put(replace(row, active=request["Status"] == "Active"))


@iam.operation(resource=holding.acting_on)
def delete_signing_certificate(call: Call, request: api.DeleteSigningCertificateRequest) -> None:
    call.tx.delete(_signing_certificate(call, request))


def _signing_certificate(call: Call, request: Any) -> SigningCertificate:
    wanted = request["CertificateId"]
    row = call.tx.get(SigningCertificate, call.account, holder_of(call, request).id, wanted)
    if row is None:
        raise iam.error("NoSuchEntity", f"The Certificate with id {wanted} cannot be found.")
    return row


def _signing(holder: Holder, row: SigningCertificate) -> api.SigningCertificate:
    return {
        "UserName": holder.name,
        "CertificateId": row.id,
        "CertificateBody": row.body,
        "Status": "Active" if row.active else "Inactive",
        "UploadDate": row.uploaded_at,
    }

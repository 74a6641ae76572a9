"""SAML 2.0 responses: what an identity provider says about a user, and whether it really said it.

`verify` is the check behind AssumeRoleWithSAML, `parse_metadata` the one behind CreateSAMLProvider.

Only the element that the signature covers is ever read: the library hands back the signed bytes, they are parsed
again, and everything else in the document is forgotten. So an assertion wrapped around, beside or inside the
signed one is never seen. Documents with a DTD are refused before anything in them is resolved.

Instants are seconds since 1970; the caller says what time it is.

Source: IAM User Guide, id_roles_providers_create_saml_assertions.html, troubleshoot_saml.html;
STS API, API_AssumeRoleWithSAML.html; SAML 2.0 core, 2.4 and 5.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from haar.errors import ServiceError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

__all__ = ["AUDIENCES", "Assertion", "Metadata", "parse_metadata", "verify"]

#: The audience of every assertion for AWS; `Recipient` may also be a regional sign-in endpoint.
AUDIENCES: Final = ("https://signin.aws.amazon.com/saml", "urn:amazon:webservices")
_RECIPIENT = re.compile(r"https://([a-z0-9-]+\.)?signin\.aws\.amazon\.com/saml(/acs/[A-Za-z0-9]+)?")
#: An assertion is redeemed within this time of its issue (API_AssumeRoleWithSAML.html).
REDEEM_SECONDS: Final = 300
#: How far an identity provider's clock may be ahead of ours. Ours: AWS does not publish its own.
AHEAD_SECONDS: Final = 60

_ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"
_PROTOCOL = "{urn:oasis:names:tc:SAML:2.0:protocol}"
_SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
_META = "{urn:oasis:names:tc:SAML:2.0:metadata}"
_DSIG = "{http://www.w3.org/2000/09/xmldsig#}"
_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
_XML_BYTES_MAX = 1_000_000
_is_session_name = re.compile(r"[a-zA-Z_0-9+=,.@-]{2,64}").fullmatch
_is_instant = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?").fullmatch


class Metadata(msgspec.Struct, frozen=True):
    """What an identity provider's metadata document says: who it is and which keys it signs with.

    `certificates` are base64 of DER, without blanks. `valid_until` is seconds since 1970, or None for ever.
    """

    entity_id: str
    certificates: tuple[str, ...]
    valid_until: float | None = None


class Assertion(msgspec.Struct, frozen=True, kw_only=True):
    """A verified assertion.

    `subject_type` is `persistent`, `transient` or the full format URI, `recipient` what AssumeRoleWithSAML answers as
    `Audience`. `roles` are (role ARN, provider ARN) pairs in either order on the wire, role first here.
    `session_seconds` is the wished duration, `session_ends_at` the identity provider's own limit.
    `attributes` holds every attribute by its name, for the `saml:` condition keys.
    """

    issuer: str
    name_id: str
    subject_type: str
    recipient: str
    roles: tuple[tuple[str, str], ...]
    session_name: str
    session_seconds: int | None
    session_ends_at: float | None
    expires_at: float | None
    source_identity: str
    principal_tags: dict[str, str]
    transitive_tags: tuple[str, ...]
    attributes: dict[str, tuple[str, ...]]


def parse_metadata(xml: str) -> Metadata:
    """Read an IdP metadata document. Raises ServiceError `InvalidInput` when it is not one."""
    document = xml.encode("utf-8", "replace")
    root = _parse(document)
    if root is None or root.tag != f"{_META}EntityDescriptor":
        raise ServiceError("InvalidInput", "Could not parse metadata", status=400)
    entity_id = root.get("entityID", "")
    role = root.find(f"{_META}IDPSSODescriptor")
    if not entity_id or role is None:
        raise ServiceError("InvalidInput", "Could not parse metadata", status=400)
    certificates: list[str] = []
    for key in role.findall(f"{_META}KeyDescriptor"):
        if key.get("use", "signing") != "signing":
            continue
        for element in key.iter(f"{_DSIG}X509Certificate"):
            text = "".join((element.text or "").split())
            if _certificate(text) is None:
                raise ServiceError("InvalidInput", "Could not parse metadata", status=400)
            if text not in certificates:
                certificates.append(text)
    if not certificates:
        raise ServiceError("InvalidInput", "Could not parse metadata", status=400)
    until = root.get("validUntil") or role.get("validUntil")
    valid_until = None
    if until is not None:
        valid_until = _instant(until)
        if valid_until is None:
            raise ServiceError("InvalidInput", "Could not parse metadata", status=400)
    return Metadata(entity_id, tuple(certificates), valid_until)


def verify(
    response: str, metadata: Metadata, *, now: float, since: Callable[[float], float] | None = None
) -> Assertion:
    """The assertion in a base64-encoded SAML response, if the provider signed it and it is good now.

    The Response or its one Assertion must be signed (RSA, SHA-1 or SHA-2) with a certificate of the metadata. As on
    AWS, the certificates' own validity dates do not matter. `since` takes the instant of issue and says what time it
    is by the provider's clock, where that is not `now`; the answer's instants are by the clock of `now`.
    Raises ServiceError `InvalidIdentityToken`, or `ExpiredTokenException` for one that came too late.
    """
    try:
        document = b64decode("".join(response.split()), validate=True)
    except (binascii.Error, ValueError):
        raise _invalid("Invalid base64 SAMLResponse") from None
    root = _parse(document)
    if root is None or root.tag != f"{_PROTOCOL}Response":
        raise _invalid("Invalid SAMLResponse")
    if root.find(f"{_SAML}EncryptedAssertion") is not None:
        raise _invalid("Encrypted assertions are not accepted by this provider")
    if metadata.valid_until is not None and now >= metadata.valid_until:
        raise _invalid("The provider's metadata has expired")
    signed = _signed(document, root, metadata)
    if signed.tag == f"{_PROTOCOL}Response":
        _check_status(signed)
        assertions = signed.findall(f"{_SAML}Assertion")
        if len(assertions) != 1:
            raise _invalid("Response must contain exactly one assertion")
        assertion = assertions[0]
    else:
        _check_status(root)  # says only "no", so it need not be signed
        assertion = signed
    issued = _instant(assertion.get("IssueInstant", ""))
    theirs = now if since is None or issued is None else since(issued)
    read = _read(assertion, metadata, theirs)
    return msgspec.structs.replace(
        read,
        session_ends_at=_moved(read.session_ends_at, now - theirs),
        expires_at=_moved(read.expires_at, now - theirs),
    )


def _moved(instant: float | None, seconds: float) -> float | None:
    return None if instant is None else instant + seconds


# ---------------------------------------------------------------- who signed what


def _signed(document: bytes, root: Any, metadata: Metadata) -> Any:
    """The signed Response or Assertion, parsed anew from the bytes that were signed."""
    import cryptography.exceptions
    from signxml.algorithms import DigestAlgorithm, SignatureMethod
    from signxml.exceptions import SignXMLException
    from signxml.verifier import SignatureConfiguration, XMLVerifier

    if root.find(f"{_DSIG}Signature") is not None:
        location, expected = "./", root
    else:
        expected = root.find(f"{_SAML}Assertion")
        if expected is None or expected.find(f"{_DSIG}Signature") is None:
            raise _invalid("Response signature invalid")
        location = f"./{_SAML}Assertion/"
    methods = frozenset(method for method in SignatureMethod if method.name.startswith("RSA_"))
    for text in metadata.certificates:
        certificate = _certificate(text)
        if certificate is None:
            continue
        config = SignatureConfiguration(
            location=location,
            signature_methods=methods,
            digest_algorithms=frozenset(DigestAlgorithm),
            # AWS takes no notice of a certificate's dates (id_roles_providers_create_saml.html); the library insists
            verification_time=certificate.not_valid_before_utc,
            ignore_ambiguous_key_info=True,  # the key comes from the metadata, never from the document
        )
        try:
            result = XMLVerifier().verify(
                document, x509_cert=certificate, parser=_parser(), id_attribute="ID", expect_config=config
            )
        except (SignXMLException, cryptography.exceptions.InvalidSignature, ValueError, TypeError, SyntaxError):
            continue
        if isinstance(result, list) or result.signed_xml is None:
            continue
        signed = result.signed_xml
        # a signature vouches for the element it sits in; pointing elsewhere is how wrapping attacks begin
        if signed.tag == expected.tag and signed.get("ID") and signed.get("ID") == expected.get("ID"):
            return signed
    raise _invalid("Response signature invalid")


def _certificate(text: str) -> Certificate | None:
    from cryptography.x509 import load_der_x509_certificate

    try:
        return load_der_x509_certificate(b64decode(text, validate=True))
    except ValueError:
        return None


def _parser() -> Any:
    from lxml import etree

    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,  # a comment inside a name must not cut it in two
        remove_pis=True,
    )


def _parse(document: bytes) -> Any:
    """The root element, or None for what is not plain XML. A DTD is never plain."""
    from lxml import etree

    if len(document) > _XML_BYTES_MAX:
        return None
    try:
        root = etree.fromstring(document, _parser())
    except (etree.XMLSyntaxError, ValueError):
        return None
    info = root.getroottree().docinfo
    if info.doctype or info.internalDTD is not None:
        return None
    return root


# ---------------------------------------------------------------- what it says


def _read(assertion: Any, metadata: Metadata, now: float) -> Assertion:
    issuer = _text(assertion.find(f"{_SAML}Issuer"))
    if issuer != metadata.entity_id:
        raise _invalid("Issuer not present in specified provider")
    expires_at = _check_conditions(assertion, now)
    subject = assertion.find(f"{_SAML}Subject")
    name = subject.find(f"{_SAML}NameID") if subject is not None else None
    name_id = _text(name)
    if name is None or not name_id:
        raise _invalid("Subject's NameID is required in AuthnResponse")
    recipient = _check_subject(subject, now)
    attributes = _attributes(assertion)
    session_name = _one(attributes, "RoleSessionName")
    if not session_name:
        raise _invalid("RoleSessionName is required in AuthnResponse")
    if not _is_session_name(session_name):
        raise _invalid("RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}")
    source_identity = _one(attributes, "SourceIdentity")
    if source_identity and (not _is_session_name(source_identity) or source_identity.startswith("aws:")):
        raise _invalid('Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"')
    statement = assertion.find(f"{_SAML}AuthnStatement")
    session_ends = statement.get("SessionNotOnOrAfter") if statement is not None else None
    form = name.get("Format", "")
    tag = f"{_ATTRIBUTES}PrincipalTag:"
    return Assertion(
        issuer=issuer,
        name_id=name_id,
        subject_type=form.removeprefix(_FORMAT) if form.endswith((":persistent", ":transient")) else form,
        recipient=recipient,
        roles=_roles(attributes.get(f"{_ATTRIBUTES}Role", ())),
        session_name=session_name,
        session_seconds=_session_seconds(_one(attributes, "SessionDuration")),
        session_ends_at=_required_instant(session_ends) if session_ends else None,
        expires_at=expires_at,
        source_identity=source_identity,
        principal_tags={name[len(tag) :]: values[0] for name, values in attributes.items() if name.startswith(tag)},
        transitive_tags=attributes.get(f"{_ATTRIBUTES}TransitiveTagKeys", ()),
        attributes=attributes,
    )


def _check_status(response: Any) -> None:
    code = response.find(f"{_PROTOCOL}Status/{_PROTOCOL}StatusCode")
    if code is None or code.get("Value") != _SUCCESS:
        raise _invalid("Invalid SAML response: the identity provider did not report success")


def _check_conditions(assertion: Any, now: float) -> float | None:
    """Audience and dates. Answers until when the assertion is good."""
    issued = _required_instant(assertion.get("IssueInstant"))
    if issued > now + AHEAD_SECONDS:
        raise _invalid("Assertion is issued in the future")
    if now > issued + REDEEM_SECONDS:
        raise _expired("Token must be redeemed within 5 minutes of issuance")
    conditions = assertion.find(f"{_SAML}Conditions")
    if conditions is None:
        raise _invalid("Response does not contain the required audience.")
    restrictions = conditions.findall(f"{_SAML}AudienceRestriction")
    for restriction in restrictions:
        if not any(_text(audience) in AUDIENCES for audience in restriction.findall(f"{_SAML}Audience")):
            raise _invalid("Response does not contain the required audience.")
    if not restrictions:
        raise _invalid("Response does not contain the required audience.")
    not_before, not_on_or_after = conditions.get("NotBefore"), conditions.get("NotOnOrAfter")
    if not_before and now + AHEAD_SECONDS < _required_instant(not_before):
        raise _invalid("Assertion is not yet valid")
    if not not_on_or_after:
        return None
    until = _required_instant(not_on_or_after)
    if now >= until:
        raise _expired("Assertion is expired")
    return until


def _check_subject(subject: Any, now: float) -> str:
    """The recipient of a bearer confirmation that is good now."""
    problem = _invalid("A bearer SubjectConfirmation with a Recipient and NotOnOrAfter is required")
    for confirmation in subject.findall(f"{_SAML}SubjectConfirmation"):
        data = confirmation.find(f"{_SAML}SubjectConfirmationData")
        if confirmation.get("Method") != _BEARER or data is None or not data.get("NotOnOrAfter"):
            continue
        recipient: str = data.get("Recipient", "")
        if not _RECIPIENT.fullmatch(recipient):
            problem = _invalid("Response does not contain the required recipient")
        elif now >= _required_instant(data.get("NotOnOrAfter")):
            problem = _expired("Assertion is expired")
        elif data.get("NotBefore") and now + AHEAD_SECONDS < _required_instant(data.get("NotBefore")):
            problem = _invalid("Assertion is not yet valid")
        else:
            return recipient
    raise problem


def _attributes(assertion: Any) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for attribute in assertion.iterfind(f"{_SAML}AttributeStatement/{_SAML}Attribute"):
        values = tuple(_text(value) for value in attribute.findall(f"{_SAML}AttributeValue"))
        name = attribute.get("Name", "")
        if name and values:
            found[name] = (*found.get(name, ()), *values)
    return found


def _one(attributes: dict[str, tuple[str, ...]], name: str) -> str:
    values = attributes.get(_ATTRIBUTES + name, ())
    if len(values) > 1:
        raise _invalid(f"{name} in AuthnResponse must have exactly one value")
    return values[0] if values else ""


def _roles(values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Pairs of role and provider ARN; the order on the wire is free."""
    pairs: list[tuple[str, str]] = []
    for value in values:
        first, comma, second = (part.strip() for part in value.partition(","))
        if not comma or ":role/" not in first + second or ":saml-provider/" not in first + second:
            raise _invalid("Role in AuthnResponse must be a role ARN and a provider ARN, separated by a comma")
        pairs.append((first, second) if ":role/" in first else (second, first))
    if not pairs:
        raise _invalid("Your request included an invalid SAML response: it names no role")
    return tuple(pairs)


def _session_seconds(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 900 <= int(text[:9]) <= 43_200):
        raise _invalid("SessionDuration in AuthnResponse must be between 900 and 43200 seconds")
    return int(text)


def _text(element: Any) -> str:
    # nothing that hides inside an element's text, such as another element, may change what is read
    if element is None or len(element):
        return ""
    return str(element.text or "").strip()


def _instant(text: str) -> float | None:
    """Seconds since 1970 of an xs:dateTime; SAML's are in UTC."""
    if not _is_instant(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _required_instant(text: str | None) -> float:
    instant = _instant(text or "")
    if instant is None:
        raise _invalid("Invalid SAML response: a date is missing or malformed")
    return instant


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidIdentityToken", message, status=400)


def _expired(message: str) -> ServiceError:
    return ServiceError("ExpiredTokenException", message, status=400)

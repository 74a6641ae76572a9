"""Identity providers: who outside of AWS may vouch for somebody, by SAML or by OpenID Connect.

Assertions and tokens are verified by STS, with what is kept here.
Sources: IAM User Guide, id_roles_providers_create_saml.html and id_roles_providers_create_oidc.html; IAM API
Reference, API_CreateSAMLProvider.html, API_CreateOpenIDConnectProvider.html.
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from haar.kit import Call, as_list, replace
from haar.services.iam import holding
from haar.services.iam.resources import OidcProvider, SamlProvider, tally
from haar.services.iam.service import iam

if TYPE_CHECKING:
    from haar.shapes import iam as api

SAML_PROVIDERS = iam.quota("L-DB618D39", "SAML providers per account", 100, adjustable=True, is_global=True)
OIDC_PROVIDERS = iam.quota("L-858F3967", "OpenId connect providers per account", 100, adjustable=True, is_global=True)

#: Docs: API_CreateOpenIDConnectProvider.html.
CLIENT_IDS_MAX = 100
THUMBPRINTS_MAX = 5
#: Docs: id_roles_providers_create_saml.html, SAML encryption.
PRIVATE_KEYS_MAX = 2
#: Metadata without an end of its own is good for so long.
METADATA_SECONDS = 100 * 365.25 * 86_400
_BARE = string.ascii_uppercase + string.digits
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

iam.tagging(SamlProvider, list="ListSAMLProviderTags")
iam.tagging(OidcProvider, list="ListOpenIDConnectProviderTags")


# -- SAML ------------------------------------------------------------------------------------------------------


@iam.operation(
    resource=lambda call, request: SamlProvider.arn_for(call.account, request["Name"]), redact=("AddPrivateKey",)
)
def create_saml_provider(call: Call, request: api.CreateSAMLProviderRequest) -> api.CreateSAMLProviderResponse:
    name = request["Name"]
    if call.get(SamlProvider, name) is not None:
        raise iam.error("EntityAlreadyExists", f"SAML provider with name {name} already exists.")
    SAML_PROVIDERS.check(
        call, tally(call.tx, call.account, "SamlProvider") + 1, "LimitExceeded",
        "Cannot exceed quota for SAMLProvidersPerAccount: {limit}",
    )  # fmt: skip
    metadata = request["SAMLMetadataDocument"]
    tags = holding.tags_of(request)
    provider = SamlProvider(
        account=call.account,
        name=name,
        id=call.ports.ids.token(24, _BARE),
        metadata=metadata,
        valid_until=_valid_until(call, metadata),
        private_keys=_with_key(call, (), request.get("AddPrivateKey")),
        encryption=request.get("AssertionEncryptionMode", ""),
        tags=tags,
        created_at=call.now,
    )
    call.tx.put(_encrypting(provider))
    reply: dict[str, Any] = {"SAMLProviderArn": provider.arn}
    if tags:
        reply["Tags"] = as_list(tags)
    return reply  # type: ignore[return-value]


@iam.operation(
    redact=("AddPrivateKey",),
    partial="assertions that are encrypted are not decrypted: AssumeRoleWithSAML refuses them",
)
def update_saml_provider(
    call: Call, provider: SamlProvider, request: api.UpdateSAMLProviderRequest
) -> api.UpdateSAMLProviderResponse:
    metadata = request.get("SAMLMetadataDocument")
    if metadata is not None:
        provider = replace(provider, metadata=metadata, valid_until=_valid_until(call, metadata))
    keys = provider.private_keys
    gone = request.get("RemovePrivateKey")
    if gone is not None:
        if gone not in [key_id for key_id, _, _ in keys]:
            raise iam.error("InvalidInput", f"The SAML provider has no private key with the id {gone}.", status=400)
        keys = tuple(one for one in keys if one[0] != gone)
    keys = _with_key(call, keys, request.get("AddPrivateKey"))
    mode = request.get("AssertionEncryptionMode", provider.encryption)
    call.tx.put(_encrypting(replace(provider, private_keys=keys, encryption=mode)))
    return {"SAMLProviderArn": provider.arn}


@iam.operation
def get_saml_provider(
    call: Call, provider: SamlProvider, request: api.GetSAMLProviderRequest
) -> api.GetSAMLProviderResponse:
    shown: dict[str, Any] = {
        "SAMLProviderUUID": provider.id,
        "SAMLMetadataDocument": provider.metadata,
        "CreateDate": provider.created_at,
        "ValidUntil": provider.valid_until,
        "Tags": as_list(provider.tags),
        "AssertionEncryptionMode": provider.encryption or None,
        "PrivateKeyList": [{"KeyId": key_id, "Timestamp": added_at} for key_id, _, added_at in provider.private_keys],
    }
    return shown  # type: ignore[return-value]


@iam.operation
def delete_saml_provider(call: Call, provider: SamlProvider, request: api.DeleteSAMLProviderRequest) -> None:
    call.tx.delete(provider)


@iam.operation
def list_saml_providers(call: Call, request: api.ListSAMLProvidersRequest) -> api.ListSAMLProvidersResponse:
    providers = call.tx.range(SamlProvider, call.account)
    shown: list[Any] = [
        {"Arn": row.arn, "ValidUntil": row.valid_until, "CreateDate": row.created_at} for row in providers
    ]
    return {"SAMLProviderList": shown}


@iam.operation
def tag_saml_provider(call: Call, provider: SamlProvider, request: api.TagSAMLProviderRequest) -> None:
    call.tx.put(replace(provider, tags=holding.new_tags(provider, request)))


@iam.operation
def untag_saml_provider(call: Call, provider: SamlProvider, request: api.UntagSAMLProviderRequest) -> None:
    call.tx.put(replace(provider, tags=holding.without_tags(provider, request)))


def _valid_until(call: Call, metadata: str) -> float:
    """Until when metadata is good; InvalidInput for what is not metadata."""
    found = call.ports.proofs.saml_metadata(metadata)
    return float(found.valid_until) if found.valid_until is not None else call.now + METADATA_SECONDS


def _with_key(
    call: Call, keys: tuple[tuple[str, str, float], ...], pem: str | None
) -> tuple[tuple[str, str, float], ...]:
    """The private keys with one more, if one was given."""
    if pem is None:
        return keys
    if len(keys) >= PRIVATE_KEYS_MAX:
        raise iam.error("LimitExceeded", f"Cannot exceed quota for PrivateKeysPerSAMLProvider: {PRIVATE_KEYS_MAX}")
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise iam.error("InvalidInput", "The private key must be an unencrypted RSA key in PEM format.", status=400)
    return (*keys, (call.ports.ids.token(24, _BARE), pem, call.now))


def _encrypting(provider: SamlProvider) -> SamlProvider:
    if provider.encryption == "Required" and not provider.private_keys:
        raise iam.error("InvalidInput", "A private key is needed where assertions must be encrypted.", status=400)
    return provider


# -- OpenID Connect --------------------------------------------------------------------------------------------


def _issuer(url: str) -> str:
    """The issuer of a URL as ARNs have it: without the scheme.

    AWS takes https alone. An issuer on this very machine may speak http: there is nobody in between.
    """
    parts = urlsplit(url)
    host = parts.netloc.rpartition(":")[0] or parts.netloc
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    if not secure or not parts.hostname or parts.query or parts.fragment or parts.username is not None:
        raise iam.error("ValidationError", "Invalid Open ID Connect Provider URL", status=400)
    return url.partition("://")[2]  # a slash at the end belongs to the name, as it does in the token's `iss`


def _oidc_target(call: Call, request: Any) -> list[tuple[str, Any]]:
    url = str(request["Url"]).partition("://")[2]
    return [(OidcProvider.arn_for(call.account, url), None)]


@iam.operation(
    resource=_oidc_target, partial="a thumbprint that is not given is not fetched from the issuer; the list stays empty"
)
def create_open_id_connect_provider(
    call: Call, request: api.CreateOpenIDConnectProviderRequest
) -> api.CreateOpenIDConnectProviderResponse:
    url = _issuer(request["Url"])
    if call.get(OidcProvider, url) is not None:
        raise iam.error("EntityAlreadyExists", f"Provider with url {request['Url']} already exists.")
    OIDC_PROVIDERS.check(
        call, tally(call.tx, call.account, "OidcProvider") + 1, "LimitExceeded",
        "Cannot exceed quota for OpenIdConnectProvidersPerAccount: {limit}",
    )  # fmt: skip
    tags = holding.tags_of(request)
    provider = OidcProvider(
        account=call.account,
        url=url,
        client_ids=_client_ids(request.get("ClientIDList", [])),
        thumbprints=_thumbprints(request.get("ThumbprintList", [])),
        tags=tags,
        created_at=call.now,
    )
    call.tx.put(provider)
    reply: dict[str, Any] = {"OpenIDConnectProviderArn": provider.arn}
    if tags:
        reply["Tags"] = as_list(tags)
    return reply  # type: ignore[return-value]


@iam.operation
def get_open_id_connect_provider(
    call: Call, provider: OidcProvider, request: api.GetOpenIDConnectProviderRequest
) -> api.GetOpenIDConnectProviderResponse:
    shown: dict[str, Any] = {
        "Url": provider.url,
        "ClientIDList": list(provider.client_ids),
        "ThumbprintList": list(provider.thumbprints),
        "CreateDate": provider.created_at,
        "Tags": as_list(provider.tags),
    }
    return shown  # type: ignore[return-value]


@iam.operation
def list_open_id_connect_providers(
    call: Call, request: api.ListOpenIDConnectProvidersRequest
) -> api.ListOpenIDConnectProvidersResponse:
    return {"OpenIDConnectProviderList": [{"Arn": row.arn} for row in call.tx.range(OidcProvider, call.account)]}


# Deleting what is not there is no error (docs: API_DeleteOpenIDConnectProvider.html), so the kit may not look it up.
@iam.operation(resource=lambda call, request: request["OpenIDConnectProviderArn"])
def delete_open_id_connect_provider(call: Call, request: api.DeleteOpenIDConnectProviderRequest) -> None:
    place = OidcProvider.key_of(request["OpenIDConnectProviderArn"])
    if place is None:
        raise iam.error("ValidationError", f"ARN {request['OpenIDConnectProviderArn']} is not valid.", status=400)
    call.tx.delete(OidcProvider, *place)


@iam.operation
def add_client_id_to_open_id_connect_provider(
    call: Call, provider: OidcProvider, request: api.AddClientIDToOpenIDConnectProviderRequest
) -> None:
    call.tx.put(replace(provider, client_ids=_client_ids([*provider.client_ids, request["ClientID"]])))


@iam.operation
def remove_client_id_from_open_id_connect_provider(
    call: Call, provider: OidcProvider, request: api.RemoveClientIDFromOpenIDConnectProviderRequest
) -> None:
    kept = tuple(one for one in provider.client_ids if one != request["ClientID"])
    call.tx.put(replace(provider, client_ids=kept))


@iam.operation
def update_open_id_connect_provider_thumbprint(
    call: Call, provider: OidcProvider, request: api.UpdateOpenIDConnectProviderThumbprintRequest
) -> None:
    call.tx.put(replace(provider, thumbprints=_thumbprints(request["ThumbprintList"])))


@iam.operation
def tag_open_id_connect_provider(
    call: Call, provider: OidcProvider, request: api.TagOpenIDConnectProviderRequest
) -> None:
    call.tx.put(replace(provider, tags=holding.new_tags(provider, request)))


@iam.operation
def untag_open_id_connect_provider(
    call: Call, provider: OidcProvider, request: api.UntagOpenIDConnectProviderRequest
) -> None:
    call.tx.put(replace(provider, tags=holding.without_tags(provider, request)))


def _client_ids(given: list[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(given))
    if len(found) > CLIENT_IDS_MAX:
        raise iam.error("LimitExceeded", f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {CLIENT_IDS_MAX}")
    return found


def _thumbprints(given: list[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(one.lower() for one in given))
    if any(set(one) - set(string.hexdigits) for one in found):
        raise iam.error("InvalidInput", "A thumbprint has 40 hexadecimal digits.", status=400)
    if len(found) > THUMBPRINTS_MAX:
        raise iam.error("InvalidInput", f"Thumbprint list must contain at most {THUMBPRINTS_MAX} entries.", status=400)
    return found

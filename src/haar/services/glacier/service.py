"""The service itself, its limits, which vault a request names, and the errors it words the same way everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from haar.kit import Call, Service, ServiceError, partition_of
from haar.services.glacier import rules
from haar.services.glacier.resources import Vault

if TYPE_CHECKING:
    from haar.shapes import glacier as api

    ErrorCode = api.ErrorCode
else:
    ErrorCode = str

glacier: Service[ErrorCode] = Service(
    "glacier",
    validation_error="InvalidParameterValueException",
    also_raises=("AccessDeniedException",),
    page_size=50,
    page_max=1000,
    bad_token="InvalidParameterValueException",
)

# Limits (docs: S3 Glacier Developer Guide, amazon-glacier-limits and the pages of the operations).
DESCRIPTION_MAX = 1024
ARCHIVE_BYTES_MAX = 4 * 1024**3
PART_BYTES_MIN = rules.MIB
PART_BYTES_MAX = 4 * 1024**3
PARTS_MAX = 10_000
POLICY_BYTES_MAX = 20 * 1024
LIST_MAX = 1000
DAY = 86_400.0
HOUR = 3_600.0

# S3 Glacier publishes these in its guide, and no codes for them in Service Quotas; the codes are Haar's own.
VAULTS = glacier.quota("vaults", "Vaults per account and Region", 1000, adjustable=True)
UNITS = glacier.quota("provisioned-capacity-units", "Provisioned capacity units per account", 2)

glacier.tagging(
    Vault,
    tag="AddTagsToVault",
    untag="RemoveTagsFromVault",
    list="ListTagsForVault",
    too_many="LimitExceededException",
    invalid="InvalidParameterValueException",
)


def account_in(call: Call) -> str:
    """The account that a request is about: the first part of its path, where `-` stands for the caller's own."""
    given = unquote(call.origin.path.lstrip("/").partition("/")[0])
    return call.account if given in ("", "-") else given


@glacier.names("vaultName", Vault)
def vault_at(call: Call, name: str) -> tuple[Any, ...]:
    """The key of the vault of a name, in the account of the path."""
    return account_in(call), call.region, name


def own(call: Call, request: Any) -> str:
    """What operations on an account are authorized on: everything, or somebody else's vaults, which is denied."""
    account = account_in(call)
    if account == call.account:
        return "*"
    return f"arn:{partition_of(call.region)}:glacier:{call.region}:{account}:vaults/*"


def path_of(vault: Vault, *parts: str) -> str:
    """Where something of a vault is: what a Location header says."""
    return "/".join(("", vault.account, "vaults", vault.name, *parts))


def invalid(message: str) -> ServiceError:
    """A parameter has a value it cannot have."""
    return glacier.error("InvalidParameterValueException", message)


def lacking(parameter: str) -> ServiceError:
    """A parameter is not there."""
    return glacier.error("MissingParameterValueException", f"Required parameter missing: {parameter}")


def absent(message: str) -> ServiceError:
    """Something that is named is not there."""
    return glacier.error("ResourceNotFoundException", message)


def denied(message: str) -> ServiceError:
    """Something that may not be done now."""
    return ServiceError("AccessDeniedException", message, status=403)


def described(text: str | None, what: str) -> str:
    """A description as it is kept. Raises InvalidParameterValueException."""
    if text and not rules.is_printable(text, DESCRIPTION_MAX):
        raise invalid(f"Invalid {what}: {text}")
    return text or ""


def check_limit(request: Mapping[str, Any]) -> None:
    """Refuse a page size that is none."""
    text = request.get("limit")
    if text is not None:
        number = rules.whole_number(text)
        if number is None or not 1 <= number <= LIST_MAX:
            raise invalid(f"Invalid limit value: {text}")


def opaque(call: Call, length: int) -> str:
    """A fresh identifier of letters, digits, `-` and `_`."""
    from base64 import urlsafe_b64encode

    return urlsafe_b64encode(call.ports.ids.bits(8 * length).to_bytes(length, "big"))[:length].decode()

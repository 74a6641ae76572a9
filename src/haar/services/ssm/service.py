"""The service itself, its limits, and what it says the same way everywhere.

Sources: Systems Manager User Guide, parameter-store-advanced-parameters.html and parameter-store-throughput.html;
General Reference, ssm.html (service quotas).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from haar.kit import Call, Service, ServiceError

ssm: Service[str] = Service(
    "ssm",
    also_raises=("ValidationException", "AccessDeniedException", "ThrottlingException"),
    page_size=50,
)
ssm.page_sizes.update(get_parameters_by_path=10)

# Systems Manager publishes these limits in the General Reference; the codes are Haar's own.
STANDARD_PARAMETERS = ssm.quota("standard-parameters", "Maximum number of standard parameters", 10_000)
ADVANCED_PARAMETERS = ssm.quota("advanced-parameters", "Maximum number of advanced parameters", 100_000)

#: Bytes of a value, by tier.
VALUE_BYTES_MAX: Final[Mapping[str, int]] = {"Standard": 4096, "Advanced": 8192}
LEVELS_MAX: Final = 15
#: Characters of a name, counted in its whole ARN.
ARN_LENGTH_MAX: Final = 1011
VERSIONS_MAX: Final = 100
LABELS_MAX: Final = 10
TAGS_MAX: Final = 50
POLICIES_MAX: Final = 10
RESOURCE_POLICY_BYTES_MAX: Final = 1024


def invalid(message: str) -> ServiceError:
    """ValidationException."""
    return ssm.error("ValidationException", message)


@ssm.condition("ssm:Overwrite")
def _overwrite(call: Call, request: Mapping[str, Any], target: Any) -> str | None:
    return ("true" if request.get("Overwrite") else "false") if call.operation == "PutParameter" else None


@ssm.condition("ssm:Policies")
def _policies(call: Call, request: Mapping[str, Any], target: Any) -> str | None:
    return request.get("Policies") if call.operation == "PutParameter" else None


@ssm.condition("ssm:Recursive")
def _recursive(call: Call, request: Mapping[str, Any], target: Any) -> str | None:
    return ("true" if request.get("Recursive") else "false") if call.operation == "GetParametersByPath" else None


@ssm.condition("ssm:resourceTag/")
def _resource_tags(call: Call, request: Mapping[str, Any], target: Any) -> dict[str, str]:
    return {f"ssm:resourceTag/{name}": value for name, value in getattr(target, "tags", {}).items()}

"""The IAM service: what its operations, quotas and condition keys hang on.

Quotas: IAM User Guide, reference_iam-quotas.html, with the codes of Service Quotas.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Service
from haar.services.iam import managed
from haar.services.iam.resources import (
    Group,
    InstanceProfile,
    MfaDevice,
    OidcProvider,
    Policy,
    Role,
    SamlProvider,
    ServerCertificate,
    User,
)

if TYPE_CHECKING:
    from haar.shapes import iam as api

iam: Service[api.ErrorCode] = Service(
    "iam", page_size=100, bad_token="ValidationError", is_global=True, also_raises=("ValidationError",)
)
iam.named(
    UserName=User,
    GroupName=Group,
    RoleName=Role,
    InstanceProfileName=InstanceProfile,
    ServerCertificateName=ServerCertificate,
)


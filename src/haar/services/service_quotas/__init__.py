"""Service Quotas: the limits that are enforced here, and how to raise them.

Every limit a service checks is declared under AWS's code and name; what is listed here is exactly that. A request to
raise an adjustable quota is pending at first and approved a few virtual minutes later; from then on the new value
holds. Quotas of global services (IAM, Organizations) are in us-east-1.

Request templates, utilization reports, support cases and automatic management are refused.

Source: Service Quotas API Reference; Service Quotas User Guide.
"""

from __future__ import annotations

from haar.services.service_quotas.operations import quotas

__all__ = ["quotas"]

quotas.refuses(
    "Request templates are not built: quotas of a new account are raised by requests of its own.",
    "AssociateServiceQuotaTemplate",
    "DeleteServiceQuotaIncreaseRequestFromTemplate",
    "DisassociateServiceQuotaTemplate",
    "GetAssociationForServiceQuotaTemplate",
    "GetServiceQuotaIncreaseRequestFromTemplate",
    "ListServiceQuotaIncreaseRequestsInTemplate",
    "PutServiceQuotaIncreaseRequestIntoTemplate",
)
quotas.refuses("It opens a case with AWS Support, which is not built.", "CreateSupportCase")
quotas.refuses(
    "How much of a quota is in use is counted when it is checked, and not kept.",
    "GetQuotaUtilizationReport",
    "StartQuotaUtilizationReport",
)
quotas.refuses(
    "Automatic management watches how much of a quota is in use, which is not kept.",
    "GetAutoManagementConfiguration",
    "StartAutoManagement",
    "StopAutoManagement",
    "UpdateAutoManagement",
)

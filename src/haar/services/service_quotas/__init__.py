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

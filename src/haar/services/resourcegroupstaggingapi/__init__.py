"""Resource Groups Tagging API: find and change the tags of everything, in one place.

It knows every kind of resource that a service declares as taggable, and changes tags through that service's own
operation: the caller needs the permission to tag here and the one there, and the service's own limits hold.

* Resources of the call's region are seen; those of global services (IAM) from us-east-1.
* A resource whose last tag was removed is not listed. AWS shows it with no tags, because it remembers.
* Compliance with tag policies is refused, and so are reports.

Source: Resource Groups Tagging API Reference.
"""

from __future__ import annotations

from haar.services.resourcegroupstaggingapi.operations import tagging

__all__ = ["tagging"]

tagging.refuses(
    "Whether resources obey tag policies is not worked out here.",
    "GetComplianceSummary",
    "ListRequiredTags",
)
tagging.refuses(
    "Reports of compliance are files in S3, which is not built.",
    "DescribeReportCreation",
    "StartReportCreation",
)

"""Tags, through the API that knows all services."""

from __future__ import annotations

from haar import Cloud

__all__ = ["AFTER", "live"]

#: The lives that come first.
AFTER = ("service_quotas",)

QUEUE = "arn:aws:sqs:us-east-1:000000000000:jobs"


def live(cloud: Cloud) -> None:
    """Tag a queue, and find it by its tags."""
    tagging = cloud.client("resourcegroupstaggingapi")
    tagging.tag_resources(ResourceARNList=[QUEUE], Tags={"level": "1"})
    tagging.get_resources()
    tagging.get_tag_keys()
    tagging.get_tag_values(Key="team")
    tagging.untag_resources(ResourceARNList=[QUEUE], TagKeys=["level"])

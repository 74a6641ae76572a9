"""What was done."""

from __future__ import annotations

from haar import Cloud

__all__ = ["AFTER", "live"]

#: The lives that come first.
AFTER = ("resourcegroupstaggingapi",)


def live(cloud: Cloud) -> None:
    """Look at the last calls."""
    cloud.client("cloudtrail").lookup_events(MaxResults=50)

"""The operations of SNS, one module per subject."""

from haar.services.sns.operations import permissions, platforms, publishing, subscriptions, texting, topics

__all__ = ["permissions", "platforms", "publishing", "subscriptions", "texting", "topics"]

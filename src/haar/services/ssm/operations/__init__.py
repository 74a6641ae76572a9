"""The operations of Parameter Store, one module per subject."""

from haar.services.ssm.operations import describing, labels, reading, settings, sharing, tags, writing

__all__ = ["describing", "labels", "reading", "settings", "sharing", "tags", "writing"]

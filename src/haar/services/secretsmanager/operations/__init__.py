"""One module per group of operations; importing them registers the operations."""

from haar.services.secretsmanager.operations import listing, policies, replicas, secrets, values

__all__ = ["listing", "policies", "replicas", "secrets", "values"]

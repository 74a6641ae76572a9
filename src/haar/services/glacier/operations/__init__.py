"""The operations, one file for each thing they are about."""

from haar.services.glacier.operations import archives, capacity, jobs, multipart, policies, vaults

__all__ = ["archives", "capacity", "jobs", "multipart", "policies", "vaults"]

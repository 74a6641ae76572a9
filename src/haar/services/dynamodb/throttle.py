"""Provisioned throughput with burst credit, and the limits of one partition, where the cloud enforces AWS's rates.

With any other `limits` than "aws" nothing is counted and nothing refused.
"""

from __future__ import annotations

from haar.kit import Call, ServiceError
from haar.services.dynamodb.resources import Table
from haar.services.dynamodb.service import dynamodb
from haar.services.dynamodb.writing import Written

__all__ = ["allows_read", "allows_write", "exceeded", "read", "written"]


def read(call: Call, table: Table, partition: str, units: float, index: str = "") -> None:
    """Count units of reading. Raises ProvisionedThroughputExceededException or ThrottlingException."""
    if call.ports.config.limits != "aws":
        return


def written(call: Call, table: Table, partition: str, done: Written, *, forced: bool = False) -> None:
    """Count an item that was written. Raises as `read`, unless it is `forced`."""
    if call.ports.config.limits != "aws":
        return


def allows_read(call: Call, table: Table, partition: str) -> bool:
    """Whether there is anything left to read with."""
    return call.ports.config.limits != "aws" or True


def allows_write(call: Call, table: Table, partition: str) -> bool:
    """Whether there is anything left to write with."""
    return call.ports.config.limits != "aws" or True


def exceeded(table: Table) -> ServiceError:
    """The refusal of a table's provisioned throughput."""
    return dynamodb.error(
        "ProvisionedThroughputExceededException",
        "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning "
        "level with the UpdateTable API.",
    )

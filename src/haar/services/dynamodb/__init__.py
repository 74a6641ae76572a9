"""Amazon DynamoDB: tables of items under a partition key and a sort key.

Reference: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from haar.services.dynamodb import operations
from haar.services.dynamodb.service import dynamodb

__all__ = ["dynamodb", "operations"]

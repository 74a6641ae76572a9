"""Amazon DynamoDB Streams: what happened to the items of a table, in order, for a day.

Streams are made with their tables; here they are read. Everything about one item is in one shard or in its children.

* A shard is followed by its child four hours after it began, with the first write after that, and by two when
  the throughput of the table asks for more partitions. A table in on-demand mode begins with four.
* Every view type; no record of a write that left an item as it was; records of expired items say who deleted them.
* Records are there for 24 hours of the cloud's clock, and the stream of a table for as long after it was disabled.
* An iterator is good for 15 minutes.

Reference: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB_Streams.html
"""

from __future__ import annotations

from haar.services.dynamodbstreams import operations
from haar.services.dynamodbstreams.operations import dynamodbstreams

__all__ = ["dynamodbstreams", "operations"]

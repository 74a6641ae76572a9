"""What is not built, and why."""

from __future__ import annotations

from haar.services.dynamodb.service import dynamodb

__all__: list[str] = []

dynamodb.refuses(
    "The first version of global tables (2017.11.29) is not offered to new tables: UpdateTable makes replicas.",
    "CreateGlobalTable",
    "DescribeGlobalTable",
    "DescribeGlobalTableSettings",
    "ListGlobalTables",
    "UpdateGlobalTable",
    "UpdateGlobalTableSettings",
)
dynamodb.refuses(
    "Contributor insights are shown in CloudWatch, which is not built.",
    "DescribeContributorInsights",
    "ListContributorInsights",
    "UpdateContributorInsights",
)
dynamodb.refuses(
    "Kinesis Data Streams is not built, so nothing can be streamed there; DynamoDB Streams is.",
    "DescribeKinesisStreamingDestination",
    "DisableKinesisStreamingDestination",
    "EnableKinesisStreamingDestination",
    "UpdateKinesisStreamingDestination",
)
dynamodb.refuses(
    "Application Auto Scaling is not built.", "DescribeTableReplicaAutoScaling", "UpdateTableReplicaAutoScaling"
)
dynamodb.refuses("Vector indexes are not built.", "SearchVectors")
dynamodb.refuses(
    "Bulk operations are not built; ImportTable reads from S3, and BatchWriteItem takes 25 items.",
    "CancelBulkOperation",
    "DescribeBulkOperation",
    "ListBulkOperations",
    "StartBulkPutItems",
)

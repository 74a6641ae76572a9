"""S3 beside other services: how they name its buckets, and what they keep in them."""

from __future__ import annotations

import json

import pytest

from haar import Cloud


@pytest.mark.fact("ARN-003")
def test_the_arn_of_a_bucket_names_no_region_and_no_account(cloud: Cloud) -> None:
    s3 = cloud.client("s3", region="eu-west-1")
    s3.create_bucket(Bucket="plain", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert s3.head_bucket(Bucket="plain")["BucketArn"] == "arn:aws:s3:::plain"
    sqs = cloud.client("sqs", region="eu-west-1")
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::plain"}},
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    s3.put_bucket_notification_configuration(
        Bucket="plain",
        NotificationConfiguration={"QueueConfigurations": [{"QueueArn": queue, "Events": ["s3:ObjectCreated:*"]}]},
    )
    s3.put_object(Bucket="plain", Key="k", Body=b"x")
    records = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            records += json.loads(message["Body"]).get("Records", [])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert [record["s3"]["bucket"]["arn"] for record in records] == ["arn:aws:s3:::plain"]


@pytest.mark.fact("SQS-008")
def test_a_payload_too_large_for_a_message_goes_by_way_of_a_bucket(cloud: Cloud) -> None:
    s3, sqs = cloud.client("s3"), cloud.client("sqs")
    s3.create_bucket(Bucket="payloads")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    payload = bytes(2_000_000)
    s3.put_object(Bucket="payloads", Key="one", Body=payload)
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"s3BucketName": "payloads", "s3Key": "one"}))
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    place = json.loads(message["Body"])
    assert s3.get_object(Bucket=place["s3BucketName"], Key=place["s3Key"])["Body"].read() == payload

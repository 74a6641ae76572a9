"""Queues and messages."""

from __future__ import annotations

import json

from haar import Cloud

__all__ = ["live"]

ARN = "arn:aws:sqs:us-east-1:000000000000:"

#: The lives that come first.
AFTER = ("iam",)


def live(cloud: Cloud) -> None:
    """A queue with a dead-letter queue, a FIFO queue, and every operation on them."""
    sqs = cloud.client("sqs")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    redrive = json.dumps({"deadLetterTargetArn": ARN + "dead", "maxReceiveCount": "1"})
    jobs = sqs.create_queue(QueueName="jobs", Attributes={"RedrivePolicy": redrive}, tags={"team": "blue"})["QueueUrl"]
    fifo = sqs.create_queue(QueueName="line.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    sqs.list_queues()
    sqs.list_dead_letter_source_queues(QueueUrl=dead)
    sqs.get_queue_url(QueueName="jobs")
    sqs.set_queue_attributes(QueueUrl=jobs, Attributes={"VisibilityTimeout": "20"})
    sqs.get_queue_attributes(QueueUrl=jobs, AttributeNames=["All"])
    sqs.tag_queue(QueueUrl=jobs, Tags={"level": "1"})
    sqs.list_queue_tags(QueueUrl=jobs)
    sqs.untag_queue(QueueUrl=jobs, TagKeys=["level"])
    sqs.add_permission(QueueUrl=jobs, Label="friend", AWSAccountIds=["111111111111"], Actions=["SendMessage"])
    sqs.remove_permission(QueueUrl=jobs, Label="friend")
    attributes = {"kind": {"DataType": "String", "StringValue": "first"}}
    sqs.send_message(QueueUrl=jobs, MessageBody="one", MessageAttributes=attributes)
    entries = [{"Id": str(number), "MessageBody": f"body {number}"} for number in range(4)]
    sqs.send_message_batch(QueueUrl=jobs, Entries=entries)
    sqs.send_message(QueueUrl=fifo, MessageBody="first", MessageGroupId="a", MessageDeduplicationId="1")
    sqs.receive_message(QueueUrl=fifo, ReceiveRequestAttemptId="again")
    sqs.send_message(QueueUrl=jobs, MessageBody="late", DelaySeconds=900)
    got = sqs.receive_message(QueueUrl=jobs, MaxNumberOfMessages=10, MessageAttributeNames=["All"])["Messages"]
    receipts = [message["ReceiptHandle"] for message in got]
    sqs.change_message_visibility(QueueUrl=jobs, ReceiptHandle=receipts[0], VisibilityTimeout=5)
    kept = [{"Id": "a", "ReceiptHandle": receipts[1], "VisibilityTimeout": 6}]
    sqs.change_message_visibility_batch(QueueUrl=jobs, Entries=kept)
    sqs.delete_message(QueueUrl=jobs, ReceiptHandle=receipts[2])
    sqs.delete_message_batch(QueueUrl=jobs, Entries=[{"Id": "a", "ReceiptHandle": receipts[3]}])
    cloud.advance(seconds=60)
    sqs.receive_message(QueueUrl=jobs, MaxNumberOfMessages=10, WaitTimeSeconds=1)  # all have been received once: dead
    handle = sqs.start_message_move_task(SourceArn=ARN + "dead", MaxNumberOfMessagesPerSecond=1)["TaskHandle"]
    sqs.list_message_move_tasks(SourceArn=ARN + "dead")
    sqs.cancel_message_move_task(TaskHandle=handle)
    sqs.send_message(QueueUrl=fifo, MessageBody="second", MessageGroupId="a", MessageDeduplicationId="2")
    spare = sqs.create_queue(QueueName="spare")["QueueUrl"]
    sqs.purge_queue(QueueUrl=spare)
    sqs.delete_queue(QueueUrl=spare)


def last(cloud: Cloud) -> None:
    """What a queue remembers for some minutes only: after everything that takes longer."""
    sqs = cloud.client("sqs")
    line = sqs.get_queue_url(QueueName="line.fifo")["QueueUrl"]
    sqs.send_message(QueueUrl=line, MessageBody="third", MessageGroupId="b", MessageDeduplicationId="3")
    sqs.receive_message(QueueUrl=line, ReceiveRequestAttemptId="last")
    sqs.delete_queue(QueueUrl=sqs.create_queue(QueueName="brief")["QueueUrl"])
    sealed = sqs.create_queue(QueueName="sealed", Attributes={"KmsMasterKeyId": "alias/aws/sqs"})["QueueUrl"]
    sqs.send_message(QueueUrl=sealed, MessageBody="nobody else's business")
    sqs.receive_message(QueueUrl=sealed)

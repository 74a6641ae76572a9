"""Queues: making, finding, changing, purging, deleting."""

from __future__ import annotations

import json
from typing import Any

import pytest

API = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"


def arn(name: str, account: str = "000000000000", region: str = "us-east-1") -> str:
    return f"arn:aws:sqs:{region}:{account}:{name}"


def attributes(sqs: Any, url: str) -> dict[str, str]:
    found: dict[str, str] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return found


# -- CreateQueue -----------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_CreateQueue.html")
def test_a_new_queue_has_the_default_attributes(sqs: Any, queue: str) -> None:
    found = attributes(sqs, queue)
    del found["CreatedTimestamp"], found["LastModifiedTimestamp"]
    assert found == {
        "QueueArn": arn("jobs"),
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "VisibilityTimeout": "30",
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "DelaySeconds": "0",
        "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "true",
    }


@pytest.mark.documented(API + "API_CreateQueue.html")
def test_creating_a_queue_again_with_the_same_attributes_returns_its_url(sqs: Any) -> None:
    first = sqs.create_queue(QueueName="q", Attributes={"DelaySeconds": "5"})["QueueUrl"]
    assert sqs.create_queue(QueueName="q", Attributes={"DelaySeconds": "5"})["QueueUrl"] == first


@pytest.mark.documented(API + "API_CreateQueue.html")
def test_creating_a_queue_again_with_another_attribute_value_is_refused(sqs: Any, queue: str, refused: Any) -> None:
    code, message = refused(sqs.create_queue, QueueName="jobs", Attributes={"DelaySeconds": "5"})
    assert code == "QueueAlreadyExists"
    assert message == "A queue already exists with the same name and a different value for attribute DelaySeconds"


@pytest.mark.documented(API + "API_CreateQueue.html")
def test_boto3_knows_the_refusal_by_its_modelled_name(sqs: Any, queue: str) -> None:
    with pytest.raises(sqs.exceptions.QueueNameExists):
        sqs.create_queue(QueueName="jobs", Attributes={"DelaySeconds": "5"})


@pytest.mark.documented(API + "API_CreateQueue.html")
@pytest.mark.parametrize("name", ["a b", "a.b", "q" * 81, "ä", "q.fifo"])
def test_a_name_outside_the_rules_is_refused(sqs: Any, refused: Any, name: str) -> None:
    code, message = refused(sqs.create_queue, QueueName=name)
    assert (code, "1 to 80 in length" in message) == ("InvalidParameterValue", True)


@pytest.mark.documented(API + "API_CreateQueue.html")
def test_a_name_of_80_characters_is_allowed(sqs: Any) -> None:
    assert sqs.create_queue(QueueName="q" * 80)["QueueUrl"].endswith("/" + "q" * 80)


@pytest.mark.documented(API + "API_CreateQueue.html")
def test_a_fifo_queue_must_end_with_fifo(sqs: Any, refused: Any) -> None:
    code, message = refused(sqs.create_queue, QueueName="q", Attributes={"FifoQueue": "true"})
    assert (code, "must end with .fifo" in message) == ("InvalidParameterValue", True)


@pytest.mark.documented(API + "API_CreateQueue.html")
def test_fifo_queue_false_is_no_attribute_of_a_standard_queue(sqs: Any, refused: Any) -> None:
    code, message = refused(sqs.create_queue, QueueName="q", Attributes={"FifoQueue": "false"})
    assert (code, message) == ("InvalidAttributeName", "Unknown Attribute FifoQueue.")


@pytest.mark.documented(API + "API_CreateQueue.html")
def test_a_queue_without_a_name_is_refused(cloud: Any, refused: Any) -> None:
    sqs = cloud.client("sqs", parameter_validation=False)
    assert refused(sqs.create_queue) == ("MissingParameter", "The request must contain the parameter QueueName.")


@pytest.mark.documented(API + "API_CreateQueue.html")
def test_an_unknown_attribute_is_refused(sqs: Any, refused: Any) -> None:
    code, message = refused(sqs.create_queue, QueueName="q", Attributes={"Colour": "red"})
    assert (code, message) == ("InvalidAttributeName", "Unknown Attribute Colour.")


@pytest.mark.documented(API + "API_CreateQueue.html")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DelaySeconds", "901"),
        ("DelaySeconds", "-1"),
        ("MaximumMessageSize", "1023"),
        ("MaximumMessageSize", "1048577"),
        ("ReceiveMessageWaitTimeSeconds", "21"),
        ("VisibilityTimeout", "43201"),
        ("VisibilityTimeout", "soon"),
        ("KmsDataKeyReusePeriodSeconds", "59"),
        ("SqsManagedSseEnabled", "maybe"),
        ("KmsMasterKeyId", "a key"),
        ("Policy", "not json"),
    ],
)
def test_a_value_outside_the_range_is_refused(sqs: Any, refused: Any, name: str, value: str) -> None:
    code, message = refused(sqs.create_queue, QueueName="q", Attributes={name: value})
    assert code == "InvalidAttributeValue"
    assert message.startswith(f"Invalid value for the parameter {name}.")


@pytest.mark.documented(API + "API_CreateQueue.html")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DelaySeconds", "900"),
        ("MaximumMessageSize", "1024"),
        ("ReceiveMessageWaitTimeSeconds", "20"),
        ("VisibilityTimeout", "43200"),
    ],
)
def test_a_value_at_the_end_of_the_range_is_kept(sqs: Any, name: str, value: str) -> None:
    url = sqs.create_queue(QueueName="q", Attributes={name: value})["QueueUrl"]
    assert attributes(sqs, url)[name] == value


@pytest.mark.fact("SQS-001")
@pytest.mark.parametrize("seconds", ["59", "1209601"])
def test_retention_outside_a_minute_to_14_days_is_refused(sqs: Any, refused: Any, seconds: str) -> None:
    code, _ = refused(sqs.create_queue, QueueName="q", Attributes={"MessageRetentionPeriod": seconds})
    assert code == "InvalidAttributeValue"


@pytest.mark.fact("SQS-001")
@pytest.mark.parametrize("seconds", ["60", "1209600"])
def test_retention_of_a_minute_or_14_days_is_allowed(sqs: Any, seconds: str) -> None:
    url = sqs.create_queue(QueueName="q", Attributes={"MessageRetentionPeriod": seconds})["QueueUrl"]
    assert attributes(sqs, url)["MessageRetentionPeriod"] == seconds


@pytest.mark.documented(API + "API_CreateQueue.html")
def test_only_one_kind_of_encryption_at_a_time(sqs: Any, refused: Any) -> None:
    both = {"KmsMasterKeyId": "alias/aws/sqs", "SqsManagedSseEnabled": "true"}
    assert refused(sqs.create_queue, QueueName="q", Attributes=both)[0] == "InvalidAttributeValue"


@pytest.mark.documented(GUIDE + "sqs-server-side-encryption.html")
def test_a_kms_key_replaces_the_managed_encryption(sqs: Any, queue: str) -> None:
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"KmsMasterKeyId": "alias/mine"})
    found = attributes(sqs, queue)
    assert (found["KmsMasterKeyId"], found["KmsDataKeyReusePeriodSeconds"], found["SqsManagedSseEnabled"]) == (
        "alias/mine",
        "300",
        "false",
    )


@pytest.mark.documented(API + "API_CreateQueue.html")
def test_a_name_is_taken_for_60_seconds_after_its_queue_was_deleted(
    cloud: Any, sqs: Any, queue: str, refused: Any
) -> None:
    sqs.delete_queue(QueueUrl=queue)
    code, message = refused(sqs.create_queue, QueueName="jobs")
    assert code == "AWS.SimpleQueueService.QueueDeletedRecently"
    assert (
        message == "You must wait 60 seconds after deleting a queue before you can create another with the same name."
    )
    cloud.advance(60)
    assert sqs.create_queue(QueueName="jobs")["QueueUrl"] == queue


@pytest.mark.ours
def test_a_new_queue_does_not_see_the_messages_of_its_namesake(cloud: Any, sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="old")
    sqs.delete_queue(QueueUrl=queue)
    cloud.advance(61)
    sqs.create_queue(QueueName="jobs")
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)


@pytest.mark.documented(API + "API_CreateQueue.html")
def test_tags_given_at_creation_are_kept(sqs: Any) -> None:
    url = sqs.create_queue(QueueName="q", tags={"team": "a"})["QueueUrl"]
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "a"}


# -- finding ---------------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_GetQueueUrl.html")
def test_the_url_of_a_queue_is_found_by_its_name(sqs: Any, queue: str) -> None:
    assert sqs.get_queue_url(QueueName="jobs")["QueueUrl"] == queue


@pytest.mark.documented(API + "API_GetQueueUrl.html")
def test_an_unknown_name_has_no_url(sqs: Any, refused: Any) -> None:
    assert refused(sqs.get_queue_url, QueueName="none") == (
        "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.",
    )  # fmt: skip


@pytest.mark.documented(API + "API_GetQueueUrl.html")
def test_boto3_knows_a_missing_queue_by_its_modelled_name(sqs: Any) -> None:
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.get_queue_url(QueueName="none")


@pytest.mark.ours
def test_the_url_has_the_host_that_the_client_used(cloud: Any) -> None:
    sqs = cloud.client("sqs", endpoint_url="https://sqs.eu-west-1.amazonaws.com", region="eu-west-1")
    assert sqs.create_queue(QueueName="q")["QueueUrl"] == "https://sqs.eu-west-1.amazonaws.com/000000000000/q"


@pytest.mark.documented(GUIDE + "sqs-queue-message-identifiers.html")
@pytest.mark.parametrize(
    "url", ["https://queue.amazonaws.com/000000000000/jobs", "http://localhost:1/000000000000/jobs"]
)
def test_a_queue_is_reached_by_a_url_with_any_host(sqs: Any, queue: str, url: str) -> None:
    assert sqs.send_message(QueueUrl=url, MessageBody="x")["MessageId"]


@pytest.mark.documented(API + "CommonErrors.html")
@pytest.mark.parametrize(
    "url", ["jobs", "http://localhost/jobs", "http://localhost/0000/jobs", "http://localhost/000000000000/a%20b"]
)
def test_an_address_that_is_no_queue_is_refused(sqs: Any, queue: str, refused: Any, url: str) -> None:
    assert refused(sqs.send_message, QueueUrl=url, MessageBody="x") == (
        "InvalidAddress", f"The address {url} is not valid for this endpoint.",
    )  # fmt: skip


@pytest.mark.documented(API + "API_ListQueues.html")
def test_queues_are_listed_by_prefix(sqs: Any, queue: str) -> None:
    sqs.create_queue(QueueName="jobs-2")
    sqs.create_queue(QueueName="other")
    urls = sqs.list_queues(QueueNamePrefix="jobs")["QueueUrls"]
    assert [url.rpartition("/")[2] for url in urls] == ["jobs", "jobs-2"]


@pytest.mark.documented(API + "API_ListQueues.html")
def test_no_queues_are_no_member_of_the_answer(sqs: Any) -> None:
    assert "QueueUrls" not in sqs.list_queues()


@pytest.mark.documented(API + "API_ListQueues.html")
def test_queues_are_listed_in_pages(sqs: Any, queue: str) -> None:
    sqs.create_queue(QueueName="jobs-2")
    sqs.create_queue(QueueName="jobs-3")
    pages = sqs.get_paginator("list_queues").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["QueueUrls"]) for page in pages] == [2, 1]


@pytest.mark.documented(API + "API_ListQueues.html")
def test_a_page_has_at_most_1000_queues(sqs: Any, refused: Any) -> None:
    assert refused(sqs.list_queues, MaxResults=1001)[0] == "InvalidParameterValue"


@pytest.mark.documented(API + "API_ListQueues.html")
def test_an_invented_page_token_is_refused(sqs: Any, refused: Any) -> None:
    assert refused(sqs.list_queues, MaxResults=1, NextToken="x")[0] == "InvalidParameterValue"


@pytest.mark.ours
def test_queues_of_another_region_or_account_are_not_listed(cloud: Any, queue: str) -> None:
    elsewhere = cloud.client("sqs", region="eu-west-1")
    stranger = cloud.client("sqs", access_key="111111111111")
    assert ("QueueUrls" in elsewhere.list_queues(), "QueueUrls" in stranger.list_queues()) == (False, False)


# -- attributes ------------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_GetQueueAttributes.html")
def test_attributes_are_shown_by_name(sqs: Any, queue: str) -> None:
    assert sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["DelaySeconds"])["Attributes"] == {
        "DelaySeconds": "0"
    }


@pytest.mark.documented(API + "API_GetQueueAttributes.html")
def test_without_names_no_attributes_are_shown(sqs: Any, queue: str) -> None:
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=queue)


@pytest.mark.documented(API + "API_GetQueueAttributes.html")
def test_an_unknown_attribute_cannot_be_shown(sqs: Any, queue: str, refused: Any) -> None:
    code, message = refused(sqs.get_queue_attributes, QueueUrl=queue, AttributeNames=["Colour"])
    assert (code, message) == ("InvalidAttributeName", "Unknown Attribute Colour.")


@pytest.mark.documented(API + "API_SetQueueAttributes.html")
def test_setting_attributes_moves_the_modification_time(cloud: Any, sqs: Any, queue: str) -> None:
    before = attributes(sqs, queue)
    cloud.advance(100)
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "5"})
    after = attributes(sqs, queue)
    assert after["VisibilityTimeout"] == "5"
    assert after["CreatedTimestamp"] == before["CreatedTimestamp"]
    assert int(after["LastModifiedTimestamp"]) - int(before["LastModifiedTimestamp"]) in (100, 101)


@pytest.mark.documented(API + "API_SetQueueAttributes.html")
@pytest.mark.parametrize("name", ["FifoQueue", "QueueArn", "CreatedTimestamp", "ApproximateNumberOfMessages"])
def test_some_attributes_cannot_be_set(sqs: Any, queue: str, refused: Any, name: str) -> None:
    code, message = refused(sqs.set_queue_attributes, QueueUrl=queue, Attributes={name: "true"})
    assert (code, message) == ("InvalidAttributeName", f"Unknown Attribute {name}.")


@pytest.mark.documented(API + "API_SetQueueAttributes.html")
@pytest.mark.parametrize("name", ["ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"])
def test_fifo_attributes_are_for_fifo_queues(sqs: Any, queue: str, refused: Any, name: str) -> None:
    assert refused(sqs.set_queue_attributes, QueueUrl=queue, Attributes={name: "true"})[0] == "InvalidAttributeName"


@pytest.mark.documented(GUIDE + "high-throughput-fifo.html")
def test_high_throughput_needs_deduplication_by_group(sqs: Any, fifo: str, refused: Any) -> None:
    wanted = {"FifoThroughputLimit": "perMessageGroupId"}
    assert refused(sqs.set_queue_attributes, QueueUrl=fifo, Attributes=wanted)[0] == "InvalidAttributeValue"
    sqs.set_queue_attributes(QueueUrl=fifo, Attributes=wanted | {"DeduplicationScope": "messageGroup"})
    assert attributes(sqs, fifo)["FifoThroughputLimit"] == "perMessageGroupId"


@pytest.mark.documented(API + "API_SetQueueAttributes.html")
def test_an_empty_policy_takes_the_policy_away(sqs: Any, queue: str) -> None:
    sqs.add_permission(QueueUrl=queue, Label="l", AWSAccountIds=["111111111111"], Actions=["SendMessage"])
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": ""})
    assert "Policy" not in attributes(sqs, queue)


# -- dead-letter attributes ------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "sqs-dead-letter-queues.html")
def test_a_redrive_policy_is_shown_as_it_is_kept(sqs: Any, queue: str) -> None:
    sqs.create_queue(QueueName="dead")
    policy = {"deadLetterTargetArn": arn("dead"), "maxReceiveCount": "3"}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": json.dumps(policy)})
    assert json.loads(attributes(sqs, queue)["RedrivePolicy"]) == {
        "deadLetterTargetArn": arn("dead"),
        "maxReceiveCount": 3,
    }


@pytest.mark.documented(GUIDE + "sqs-dead-letter-queues.html")
@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("nothing", "Redrive policy is not a valid JSON map."),
        ('{"maxReceiveCount": 1}', "Redrive policy does not contain mandatory attribute: deadLetterTargetArn."),
        (
            f'{{"deadLetterTargetArn": "{arn("x")}"}}',
            "Redrive policy does not contain mandatory attribute: maxReceiveCount.",
        ),
        (f'{{"deadLetterTargetArn": "{arn("x")}", "maxReceiveCount": 1}}', "Dead letter target does not exist."),
        (
            f'{{"deadLetterTargetArn": "{arn("dead")}", "maxReceiveCount": 0}}',
            "valid values are from 1 to 1000 both inclusive.",
        ),
        (
            f'{{"deadLetterTargetArn": "{arn("dead")}", "maxReceiveCount": 1001}}',
            "valid values are from 1 to 1000 both inclusive.",
        ),
        (
            f'{{"deadLetterTargetArn": "{arn("d.fifo")}", "maxReceiveCount": 1}}',
            "must be same type of queue as the source.",
        ),
        (
            f'{{"deadLetterTargetArn": "{arn("dead", "1" * 12)}", "maxReceiveCount": 1}}',
            "should be the same as the source's.",
        ),
        (f'{{"deadLetterTargetArn": "{arn("jobs")}", "maxReceiveCount": 1}}', "should be different from the source."),
    ],
)
def test_a_redrive_policy_outside_the_rules_is_refused(
    sqs: Any, queue: str, refused: Any, policy: str, reason: str
) -> None:
    sqs.create_queue(QueueName="dead")
    sqs.create_queue(QueueName="d.fifo", Attributes={"FifoQueue": "true"})
    code, message = refused(sqs.set_queue_attributes, QueueUrl=queue, Attributes={"RedrivePolicy": policy})
    assert code == "InvalidParameterValue"
    assert message.endswith(reason)


@pytest.mark.documented(API + "API_SetQueueAttributes.html")
@pytest.mark.parametrize(
    "policy",
    [
        {"redrivePermission": "denyAll"},
        {"redrivePermission": "byQueue", "sourceQueueArns": [arn("another")]},
    ],
)
def test_a_dead_letter_queue_can_refuse_its_sources(sqs: Any, queue: str, refused: Any, policy: dict[str, Any]) -> None:
    sqs.create_queue(QueueName="dead", Attributes={"RedriveAllowPolicy": json.dumps(policy)})
    wanted = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": arn("dead"), "maxReceiveCount": 1})}
    code, message = refused(sqs.set_queue_attributes, QueueUrl=queue, Attributes=wanted)
    assert (code, "redrive allow policy does not allow" in message) == ("InvalidParameterValue", True)


@pytest.mark.documented(API + "API_SetQueueAttributes.html")
def test_a_dead_letter_queue_can_admit_single_sources(sqs: Any, queue: str) -> None:
    policy = {"redrivePermission": "byQueue", "sourceQueueArns": [arn("jobs")]}
    dead = sqs.create_queue(QueueName="dead", Attributes={"RedriveAllowPolicy": json.dumps(policy)})["QueueUrl"]
    wanted = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": arn("dead"), "maxReceiveCount": 1})}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes=wanted)
    assert json.loads(attributes(sqs, dead)["RedriveAllowPolicy"]) == policy


@pytest.mark.documented(API + "API_SetQueueAttributes.html")
@pytest.mark.parametrize(
    "policy",
    [
        "nothing",
        {"redrivePermission": "some"},
        {"redrivePermission": "byQueue"},
        {"redrivePermission": "byQueue", "sourceQueueArns": [arn(f"q{n}") for n in range(11)]},
        {"redrivePermission": "byQueue", "sourceQueueArns": ["q"]},
        {"redrivePermission": "allowAll", "sourceQueueArns": [arn("q")]},
    ],
)
def test_a_redrive_allow_policy_outside_the_rules_is_refused(sqs: Any, queue: str, refused: Any, policy: Any) -> None:
    wanted = {"RedriveAllowPolicy": json.dumps(policy)}
    assert refused(sqs.set_queue_attributes, QueueUrl=queue, Attributes=wanted)[0] == "InvalidParameterValue"


@pytest.mark.documented(API + "API_ListDeadLetterSourceQueues.html")
def test_the_sources_of_a_dead_letter_queue_are_listed(sqs: Any, queue: str) -> None:
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    wanted = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": arn("dead"), "maxReceiveCount": 1})}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes=wanted)
    other = sqs.create_queue(QueueName="other", Attributes=wanted)["QueueUrl"]
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [queue, other]
    sqs.set_queue_attributes(QueueUrl=other, Attributes={"RedrivePolicy": ""})
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [queue]
    assert sqs.list_dead_letter_source_queues(QueueUrl=queue)["queueUrls"] == []


# -- the end ---------------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_DeleteQueue.html")
def test_a_deleted_queue_is_gone(sqs: Any, queue: str, refused: Any) -> None:
    sqs.delete_queue(QueueUrl=queue)
    assert refused(sqs.send_message, QueueUrl=queue, MessageBody="x")[0] == "AWS.SimpleQueueService.NonExistentQueue"


@pytest.mark.ours
def test_nothing_of_a_deleted_queue_stays_in_the_store(cloud: Any, sqs: Any, fifo: str) -> None:
    from haar.services.sqs import resources

    sqs.send_message(QueueUrl=fifo, MessageBody="x", MessageGroupId="g")
    sqs.receive_message(QueueUrl=fifo, ReceiveRequestAttemptId="a")
    sqs.delete_queue(QueueUrl=fifo)
    kinds = [
        resources.Queue,
        resources.FifoMessage,
        resources.Group,
        resources.Tail,
        resources.Sent,
        resources.Attempt,
        resources.Flight,
    ]
    with cloud.store.transaction(write=False) as tx:
        assert [tx.count(kind) for kind in kinds] == [0] * len(kinds)


@pytest.mark.documented(API + "API_PurgeQueue.html")
def test_purging_deletes_messages_in_flight_too(sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="1")
    sqs.send_message(QueueUrl=queue, MessageBody="2")
    sqs.receive_message(QueueUrl=queue)
    sqs.purge_queue(QueueUrl=queue)
    found = attributes(sqs, queue)
    assert (found["ApproximateNumberOfMessages"], found["ApproximateNumberOfMessagesNotVisible"]) == ("0", "0")


@pytest.mark.documented(API + "API_PurgeQueue.html")
def test_a_queue_is_purged_once_in_60_seconds(cloud: Any, sqs: Any, queue: str, refused: Any) -> None:
    sqs.purge_queue(QueueUrl=queue)
    code, message = refused(sqs.purge_queue, QueueUrl=queue)
    assert code == "AWS.SimpleQueueService.PurgeQueueInProgress"
    assert message == "Only one PurgeQueue operation on jobs is allowed every 60 seconds."
    cloud.advance(60)
    assert sqs.purge_queue(QueueUrl=queue)["ResponseMetadata"]["HTTPStatusCode"] == 200


# -- tags ------------------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_TagQueue.html")
def test_tags_are_added_replaced_and_taken_away(sqs: Any, queue: str) -> None:
    sqs.tag_queue(QueueUrl=queue, Tags={"a": "1", "b": "2"})
    sqs.tag_queue(QueueUrl=queue, Tags={"b": "3"})
    sqs.untag_queue(QueueUrl=queue, TagKeys=["a", "none"])
    assert sqs.list_queue_tags(QueueUrl=queue)["Tags"] == {"b": "3"}


@pytest.mark.documented(GUIDE + "quotas-queues.html")
@pytest.mark.parametrize("tags", [{"aws:a": "1"}, {"k" * 129: "1"}, {"k": "v" * 257}, {str(n): "" for n in range(51)}])
def test_tags_outside_the_rules_are_refused(sqs: Any, queue: str, refused: Any, tags: dict[str, str]) -> None:
    assert refused(sqs.tag_queue, QueueUrl=queue, Tags=tags)[0] == "InvalidParameterValue"

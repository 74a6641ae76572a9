"""Events told to queues and topics: which, how, and who lets them in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud

GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
PUT = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html"
STRUCTURE = GUIDE + "notification-content-structure.html"
TYPES = GUIDE + "notification-how-to-event-types-and-destinations.html"
FILTERS = GUIDE + "notification-how-to-filtering.html"
ARN = "arn:aws:sqs:us-east-1:000000000000:events"
CREATED = "s3:ObjectCreated:*"


class Desk:
    """A bucket and a queue that lets S3 in on behalf of it."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.s3 = cloud.client("s3")
        self.sqs = cloud.client("sqs")
        self.s3.create_bucket(Bucket="attic")
        self.url = self.sqs.create_queue(QueueName="events")["QueueUrl"]
        self.let_in(
            {
                "ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:attic"},
                "StringEquals": {"aws:SourceAccount": "000000000000"},
            }
        )

    def let_in(self, condition: dict[str, Any]) -> None:
        """Have the queue's policy let S3 in on a condition."""
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": ARN,
            "Condition": condition,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": policy})

    def listen(self, *events: str, arn: str = ARN, **more: Any) -> None:
        """Have the bucket tell the queue of events, and take the test message out."""
        self.configure({"Id": "c", "QueueArn": arn, "Events": list(events), **more})
        self.taken()

    def configure(self, *queues: dict[str, Any]) -> None:
        """Keep configurations of queues."""
        self.s3.put_bucket_notification_configuration(
            Bucket="attic", NotificationConfiguration={"QueueConfigurations": list(queues)}
        )

    def taken(self) -> list[dict[str, Any]]:
        """Every message in the queue, which is empty then."""
        found: list[dict[str, Any]] = []
        while batch := self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            for one in batch:
                found.append(json.loads(one["Body"]))
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=one["ReceiptHandle"])
        return found

    def told(self) -> list[dict[str, Any]]:
        """The records in the queue, as they happened."""
        records = [record for one in self.taken() for record in one["Records"]]
        return sorted(records, key=lambda record: str(record["s3"]["object"]["sequencer"]))

    def names(self) -> list[str]:
        """The names of the events in the queue."""
        return [record["eventName"] for record in self.told()]


@pytest.fixture
def desk(cloud: Cloud) -> Desk:
    return Desk(cloud)


def refused(desk: Desk, *queues: dict[str, Any]) -> dict[str, Any]:
    """The members of the error with which a configuration is not kept."""
    with pytest.raises(ClientError) as caught:
        desk.configure(*queues)
    found: dict[str, Any] = caught.value.response["Error"]
    return found


# --- what is kept ----------------------------------------------------------------------------------------------------


@pytest.mark.documented(PUT)
def test_a_configuration_is_read_back(desk: Desk) -> None:
    rules = [{"Name": "prefix", "Value": "in/"}, {"Name": "suffix", "Value": ".csv"}]
    given = {"Id": "a", "QueueArn": ARN, "Events": ["s3:ObjectCreated:*"]}
    desk.configure({**given, "Filter": {"Key": {"FilterRules": rules}}})
    found = desk.s3.get_bucket_notification_configuration(Bucket="attic")["QueueConfigurations"]
    kept = [{"Name": "Prefix", "Value": "in/"}, {"Name": "Suffix", "Value": ".csv"}]
    assert found == [{**given, "Filter": {"Key": {"FilterRules": kept}}}]


@pytest.mark.documented(PUT)
def test_an_empty_configuration_switches_notifications_off(desk: Desk) -> None:
    desk.listen("s3:ObjectCreated:*")
    desk.s3.put_bucket_notification_configuration(Bucket="attic", NotificationConfiguration={})
    assert "QueueConfigurations" not in desk.s3.get_bucket_notification_configuration(Bucket="attic")
    desk.s3.put_object(Bucket="attic", Key="a", Body=b"x")
    assert desk.told() == []


@pytest.mark.documented(PUT)
def test_the_flag_of_eventbridge_is_kept(desk: Desk) -> None:
    given: dict[str, Any] = {"EventBridgeConfiguration": {}}
    desk.s3.put_bucket_notification_configuration(Bucket="attic", NotificationConfiguration=given)
    assert desk.s3.get_bucket_notification_configuration(Bucket="attic")["EventBridgeConfiguration"] == {}


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotification.html")
def test_the_operations_of_the_first_version_have_one_queue(desk: Desk) -> None:
    given = {"QueueConfiguration": {"Id": "q", "Events": ["s3:ObjectCreated:Put"], "Queue": ARN}}
    desk.s3.put_bucket_notification(Bucket="attic", NotificationConfiguration=given)
    found = desk.s3.get_bucket_notification_configuration(Bucket="attic")["QueueConfigurations"]
    assert found == [{"Id": "q", "QueueArn": ARN, "Events": ["s3:ObjectCreated:Put"]}]
    kept = desk.s3.get_bucket_notification(Bucket="attic")["QueueConfiguration"]
    assert (kept["Queue"], kept["Events"]) == (ARN, ["s3:ObjectCreated:Put"])


@pytest.mark.documented(GUIDE + "how-to-enable-disable-notification-intro.html")
def test_a_destination_is_sent_a_test(desk: Desk) -> None:
    desk.configure({"Id": "a", "QueueArn": ARN, "Events": ["s3:ObjectCreated:*"]})
    (message,) = desk.taken()
    assert (message["Service"], message["Event"], message["Bucket"]) == ("Amazon S3", "s3:TestEvent", "attic")
    assert {"Time", "RequestId", "HostId"} <= message.keys()


@pytest.mark.documented(PUT)
def test_a_queue_that_is_not_there_is_refused(desk: Desk) -> None:
    error = refused(desk, {"QueueArn": ARN + "2", "Events": ["s3:ObjectCreated:*"]})
    assert error["Code"] == "InvalidArgument"
    assert error["Message"] == "Unable to validate the following destination configurations"
    assert error["ArgumentValue"] == "The destination queue does not exist"


@pytest.mark.documented(GUIDE + "grant-destinations-permissions-to-s3.html")
def test_a_queue_whose_policy_does_not_let_s3_in_is_refused(desk: Desk) -> None:
    desk.let_in({"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:cellar"}})
    error = refused(desk, {"QueueArn": ARN, "Events": ["s3:ObjectCreated:*"]})
    assert error["Code"] == "InvalidArgument"
    assert error["ArgumentName"] == ARN
    assert error["ArgumentValue"].startswith("Permissions on the destination queue do not allow S3")


@pytest.mark.documented(PUT)
def test_validation_of_destinations_can_be_left_out(desk: Desk) -> None:
    given = {"QueueConfigurations": [{"QueueArn": ARN + "2", "Events": ["s3:ObjectCreated:*"]}]}
    desk.s3.put_bucket_notification_configuration(
        Bucket="attic", NotificationConfiguration=given, SkipDestinationValidation=True
    )
    assert desk.taken() == []
    assert len(desk.s3.get_bucket_notification_configuration(Bucket="attic")["QueueConfigurations"]) == 1


@pytest.mark.documented(FILTERS)
@pytest.mark.parametrize(
    ("queues", "words"),
    [
        ([{"Events": ["s3:ObjectCreated:Odd"]}], "not supported for notifications"),
        ([{"Events": ["s3:ObjectCreated:*"]}, {"Events": ["s3:ObjectCreated:Put"]}], "Configurations overlap"),
        (
            [{"Events": [CREATED], "Filter": {"Key": {"FilterRules": [{"Name": "middle", "Value": "x"}]}}}],
            "must be either prefix or suffix",
        ),
        (
            [
                {
                    "Events": ["s3:ObjectCreated:*"],
                    "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "x"}] * 2}},
                }
            ],
            "more than one prefix rule",
        ),
        (
            [
                {"Events": [CREATED], "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": one}]}}}
                for one in ("in", "in/there")
            ],
            "ambiguously defined",
        ),
        ([{"Id": "a", "Events": ["s3:ObjectCreated:*"]}, {"Id": "a", "Events": ["s3:ObjectRemoved:*"]}], "Same ID"),
        ([{"QueueArn": "arn:aws:sqs:eu-west-1:000000000000:q", "Events": [CREATED]}], "region is not valid"),
        ([{"QueueArn": "nonsense", "Events": ["s3:ObjectCreated:*"]}], "not well formed"),
    ],
)  # fmt: skip
def test_configurations_that_aws_does_not_keep(desk: Desk, queues: list[dict[str, Any]], words: str) -> None:
    given = {"QueueConfigurations": [{"QueueArn": ARN, **one} for one in queues]}
    client = desk.cloud.client("s3", parameter_validation=False)
    with pytest.raises(ClientError) as caught:
        client.put_bucket_notification_configuration(Bucket="attic", NotificationConfiguration=given)
    error = caught.value.response["Error"]
    assert error["Code"] == "InvalidArgument"
    assert words in error["Message"]


@pytest.mark.documented(FILTERS)
def test_prefixes_that_overlap_can_have_suffixes_that_do_not(desk: Desk) -> None:
    desk.configure(
        *(
            {
                "Id": suffix,
                "QueueArn": ARN,
                "Events": ["s3:ObjectCreated:*"],
                "Filter": {"Key": {"FilterRules": [{"Name": "suffix", "Value": suffix}]}},
            }
            for suffix in (".jpg", ".png")
        )
    )
    desk.taken()
    desk.s3.put_object(Bucket="attic", Key="a.png", Body=b"x")
    assert [record["s3"]["configurationId"] for record in desk.told()] == [".png"]


@pytest.mark.ours
def test_a_topic_that_lets_s3_in_is_told_and_another_is_refused(desk: Desk) -> None:
    sns = desk.cloud.client("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    given = {"TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]}
    with pytest.raises(ClientError, match="InvalidArgument"):
        desk.s3.put_bucket_notification_configuration(Bucket="attic", NotificationConfiguration=given)
    statement = {
        "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sns:Publish", "Resource": topic,
        "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::attic"}},
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="kim@example.com")
    desk.s3.put_bucket_notification_configuration(Bucket="attic", NotificationConfiguration=given)
    told = desk.s3.get_bucket_notification_configuration(Bucket="attic")["TopicConfigurations"]
    assert told[0]["TopicArn"] == topic


@pytest.mark.ours
def test_a_topic_that_is_not_there_is_refused(desk: Desk) -> None:
    topic = {"TopicArn": "arn:aws:sns:us-east-1:000000000000:t", "Events": ["s3:ObjectCreated:*"]}
    given = {"TopicConfigurations": [topic]}
    with pytest.raises(ClientError, match="InvalidArgument"):
        desk.s3.put_bucket_notification_configuration(Bucket="attic", NotificationConfiguration=given)


# --- what is told ----------------------------------------------------------------------------------------------------


@pytest.mark.documented(STRUCTURE)
def test_a_record_says_what_happened_where_and_by_whom(desk: Desk) -> None:
    desk.listen("s3:ObjectCreated:*")
    reply = desk.s3.put_object(Bucket="attic", Key="a b/ü", Body=b"words")
    (record,) = desk.told()
    assert record["eventVersion"] == "2.5"
    assert record["eventSource"] == "aws:s3"
    assert record["awsRegion"] == "us-east-1"
    assert record["eventName"] == "ObjectCreated:Put"
    assert record["eventTime"].endswith("Z")
    assert record["userIdentity"] == {"principalId": "AWS:000000000000"}
    assert record["requestParameters"] == {"sourceIPAddress": "127.0.0.1"}
    headers = reply["ResponseMetadata"]["HTTPHeaders"]
    assert record["responseElements"] == {name: headers[name] for name in ("x-amz-request-id", "x-amz-id-2")}
    assert record["s3"]["s3SchemaVersion"] == "1.0"
    assert record["s3"]["configurationId"] == "c"
    assert record["s3"]["bucket"]["name"] == "attic"
    assert record["s3"]["bucket"]["arn"] == "arn:aws:s3:::attic"
    described = record["s3"]["object"]
    assert described.pop("sequencer")
    assert described == {"key": "a+b%2F%C3%BC", "size": 5, "eTag": reply["ETag"].strip('"')}


@pytest.mark.documented(TYPES)
def test_every_way_to_make_an_object_has_its_name(desk: Desk) -> None:
    desk.listen("s3:ObjectCreated:*")
    desk.s3.put_object(Bucket="attic", Key="a", Body=b"x")
    desk.s3.copy_object(Bucket="attic", Key="b", CopySource="attic/a")
    upload = desk.s3.create_multipart_upload(Bucket="attic", Key="c")["UploadId"]
    part = desk.s3.upload_part(Bucket="attic", Key="c", UploadId=upload, PartNumber=1, Body=b"x")
    parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
    desk.s3.complete_multipart_upload(Bucket="attic", Key="c", UploadId=upload, MultipartUpload={"Parts": parts})
    assert desk.names() == [
        "ObjectCreated:Put",
        "ObjectCreated:Copy",
        "ObjectCreated:CompleteMultipartUpload",
    ]


@pytest.mark.documented(TYPES)
def test_removals_and_delete_markers_are_told_apart(desk: Desk) -> None:
    desk.listen("s3:ObjectRemoved:*")
    desk.s3.put_object(Bucket="attic", Key="a", Body=b"x")
    desk.s3.delete_object(Bucket="attic", Key="a")
    desk.s3.put_bucket_versioning(Bucket="attic", VersioningConfiguration={"Status": "Enabled"})
    version = desk.s3.put_object(Bucket="attic", Key="a", Body=b"x")["VersionId"]
    marker = desk.s3.delete_object(Bucket="attic", Key="a")["VersionId"]
    desk.s3.delete_object(Bucket="attic", Key="a", VersionId=version)
    told = desk.told()
    assert [record["eventName"] for record in told] == [
        "ObjectRemoved:Delete",
        "ObjectRemoved:DeleteMarkerCreated",
        "ObjectRemoved:Delete",
    ]
    assert [record["s3"]["object"].get("versionId") for record in told] == [None, marker, version]
    assert "size" not in told[0]["s3"]["object"]


@pytest.mark.documented(TYPES)
def test_only_wanted_events_are_told(desk: Desk) -> None:
    desk.listen("s3:ObjectCreated:Copy", "s3:ObjectTagging:*")
    desk.s3.put_object(Bucket="attic", Key="a", Body=b"x")
    desk.s3.copy_object(Bucket="attic", Key="b", CopySource="attic/a")
    desk.s3.put_object_tagging(Bucket="attic", Key="a", Tagging={"TagSet": []})
    desk.s3.delete_object_tagging(Bucket="attic", Key="a")
    assert desk.names() == ["ObjectCreated:Copy", "ObjectTagging:Put", "ObjectTagging:Delete"]


@pytest.mark.documented(FILTERS)
def test_only_keys_that_fit_are_told(desk: Desk) -> None:
    rules = [{"Name": "prefix", "Value": "in/"}, {"Name": "suffix", "Value": ".csv"}]
    desk.listen("s3:ObjectCreated:*", Filter={"Key": {"FilterRules": rules}})
    for name in ("in/a.csv", "in/a.txt", "out/a.csv"):
        desk.s3.put_object(Bucket="attic", Key=name, Body=b"x")
    assert [record["s3"]["object"]["key"] for record in desk.told()] == ["in%2Fa.csv"]


@pytest.mark.documented(STRUCTURE)
def test_what_lifecycle_does_is_told(desk: Desk) -> None:
    desk.listen("s3:LifecycleExpiration:*", "s3:LifecycleTransition")
    given = {
        "ID": "r",
        "Status": "Enabled",
        "Filter": {},
        "Transitions": [{"Days": 1, "StorageClass": "GLACIER"}],
        "Expiration": {"Days": 3},
    }
    desk.s3.put_bucket_lifecycle_configuration(Bucket="attic", LifecycleConfiguration={"Rules": [given]})
    desk.s3.put_object(Bucket="attic", Key="a", Body=b"x" * 200_000)
    desk.cloud.advance(days=5)
    moved, expired = desk.told()
    assert moved["eventName"] == "LifecycleTransition"
    assert moved["lifecycleEventData"] == {"transitionEventData": {"destinationStorageClass": "GLACIER"}}
    assert moved["userIdentity"]["principalId"] == "s3.amazonaws.com"
    assert expired["eventName"] == "LifecycleExpiration:Delete"


@pytest.mark.documented(STRUCTURE)
def test_restores_are_told_from_start_to_end(desk: Desk) -> None:
    desk.listen("s3:ObjectRestore:*")
    desk.s3.put_object(Bucket="attic", Key="a", Body=b"x", StorageClass="GLACIER")
    desk.s3.restore_object(Bucket="attic", Key="a", RestoreRequest={"Days": 1})
    desk.cloud.advance(days=3)
    begun, there, gone = desk.told()
    assert [one["eventName"] for one in (begun, there, gone)] == [
        "ObjectRestore:Post",
        "ObjectRestore:Completed",
        "ObjectRestore:Delete",
    ]
    assert there["glacierEventData"]["restoreEventData"]["lifecycleRestoreStorageClass"] == "GLACIER"


@pytest.mark.documented(STRUCTURE)
def test_sequencers_grow_with_every_event(desk: Desk) -> None:
    desk.listen("s3:ObjectCreated:*")
    etags = [desk.s3.put_object(Bucket="attic", Key="a", Body=str(n).encode())["ETag"].strip('"') for n in range(5)]
    assert [record["s3"]["object"]["eTag"] for record in desk.told()] == etags


@pytest.mark.ours
def test_a_queue_that_shuts_s3_out_for_a_while_is_told_later(desk: Desk) -> None:
    desk.listen("s3:ObjectCreated:*")
    open_to = {"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:attic"}}
    desk.let_in({"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:cellar"}})
    desk.s3.put_object(Bucket="attic", Key="a", Body=b"x")
    desk.cloud.advance(minutes=1)
    assert desk.told() == []
    desk.let_in(open_to)
    desk.cloud.advance(minutes=2)
    assert desk.names() == ["ObjectCreated:Put"]


@pytest.mark.ours
def test_a_queue_that_is_gone_is_not_tried_for_ever(desk: Desk) -> None:
    desk.listen("s3:ObjectCreated:*")
    desk.sqs.delete_queue(QueueUrl=desk.url)
    desk.s3.put_object(Bucket="attic", Key="a", Body=b"x")
    desk.cloud.advance(hours=3)
    assert desk.cloud.advance(hours=3) < 5

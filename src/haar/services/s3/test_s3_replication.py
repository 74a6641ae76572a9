"""Replication: what goes where, as whom, and what is said of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud

GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
WHAT = GUIDE + "replication-what-is-isnot-replicated.html"
PERMISSIONS = GUIDE + "setting-repl-config-perm-overview.html"
PUT = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketReplication.html"
ROLE = "arn:aws:iam::000000000000:role/carrier"
ENABLED = {"Status": "Enabled"}
DISABLED = {"Status": "Disabled"}
READING = [
    "s3:GetReplicationConfiguration", "s3:ListBucket", "s3:GetObjectVersionForReplication",
    "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging",
]  # fmt: skip
WRITING = ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"]


class Desk:
    """A source, destinations, and a role that may carry from one to the others."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.s3 = cloud.client("s3")
        self.iam = cloud.client("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}
        self.iam.create_role(
            RoleName="carrier", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        )
        self.may(READING + WRITING)
        for name in ("source", "target", "third"):
            self.bucket(name)

    def may(self, actions: list[str]) -> None:
        """What the role may do."""
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.iam.put_role_policy(RoleName="carrier", PolicyName="p", PolicyDocument=document)

    def bucket(self, name: str, client: Any = None, **more: Any) -> None:
        """Make a bucket that keeps versions."""
        client = client or self.s3
        client.create_bucket(Bucket=name, **more)
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration=ENABLED)

    def replicate(self, *rules: dict[str, Any], source: str = "source") -> None:
        """Have a bucket replicated by rules."""
        self.s3.put_bucket_replication(Bucket=source, ReplicationConfiguration={"Role": ROLE, "Rules": list(rules)})

    def put(self, name: str = "a", body: bytes = b"words", bucket: str = "source", **more: Any) -> str:
        """Put an object; its version id."""
        return str(self.s3.put_object(Bucket=bucket, Key=name, Body=body, **more)["VersionId"])

    def status(self, name: str = "a", bucket: str = "source", **more: Any) -> str | None:
        """What HEAD says of the replication; "absent" where there is no object."""
        try:
            reply = self.s3.head_object(Bucket=bucket, Key=name, **more)
        except ClientError as error:
            return "absent" if error.response["Error"]["Code"] == "404" else str(error)
        found: str | None = reply.get("ReplicationStatus")
        return found

    def names(self, bucket: str = "target") -> list[str]:
        """The keys in a bucket."""
        return [one["Key"] for one in self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def rule(to: str = "target", **more: Any) -> dict[str, Any]:
    """A rule for the whole bucket."""
    destination = {"Bucket": f"arn:aws:s3:::{to}", **more.pop("Destination", {})}
    return {
        "ID": to, "Status": "Enabled", "Priority": 1, "Filter": {}, "DeleteMarkerReplication": DISABLED,
        "Destination": destination, **more,
    }  # fmt: skip


@pytest.fixture
def desk(cloud: Cloud) -> Desk:
    return Desk(cloud)


def refused(desk: Desk, *rules: dict[str, Any], **more: Any) -> tuple[str, str]:
    """Code and message with which rules are not kept."""
    with pytest.raises(ClientError) as caught:
        desk.replicate(*rules, **more)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


# --- what is kept ----------------------------------------------------------------------------------------------------


@pytest.mark.documented(PUT)
def test_a_configuration_is_read_back_and_deleted(desk: Desk) -> None:
    desk.replicate(rule())
    found = desk.s3.get_bucket_replication(Bucket="source")["ReplicationConfiguration"]
    assert found == {"Role": ROLE, "Rules": [rule()]}
    desk.s3.delete_bucket_replication(Bucket="source")
    with pytest.raises(ClientError, match="ReplicationConfigurationNotFoundError"):
        desk.s3.get_bucket_replication(Bucket="source")


@pytest.mark.documented(PUT)
def test_both_buckets_must_keep_versions(desk: Desk) -> None:
    desk.s3.create_bucket(Bucket="plain")
    assert refused(desk, rule("plain")) == ("InvalidRequest", "Destination bucket must have versioning enabled.")
    code, words = refused(desk, rule(), source="plain")
    assert (code, words) == (
        "InvalidRequest",
        "Versioning must be 'Enabled' on the bucket to apply a replication configuration",
    )


@pytest.mark.documented(PUT)
@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({"Priority": None}, "InvalidRequest", "Priority must be specified"),
        ({"DeleteMarkerReplication": None}, "InvalidRequest", "DeleteMarkerReplication must be specified"),
        ({"Filter": None}, "MalformedXML", ""),
        ({"Prefix": "p"}, "MalformedXML", ""),
        (
            {"Filter": {"Tag": {"Key": "a", "Value": "b"}}, "DeleteMarkerReplication": ENABLED},
            "InvalidRequest",
            "not supported if any Tag filter",
        ),
        ({"ExistingObjectReplication": ENABLED}, "InvalidRequest", "not supported"),
        ({"Destination": {"Bucket": "target"}}, "InvalidArgument", "Invalid bucket ARN"),
        ({"Destination": {"Bucket": "arn:aws:s3:::nowhere"}}, "InvalidRequest", "must exist"),
        ({"Destination": {"Bucket": "arn:aws:s3:::source"}}, "InvalidRequest", "cannot be the same"),
        (
            {"SourceSelectionCriteria": {"SseKmsEncryptedObjects": ENABLED}},
            "InvalidRequest",
            "ReplicaKmsKeyID must be specified",
        ),
        (
            {"Destination": {"ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}}}},
            "InvalidRequest",
            "both ReplicationTime and Metrics",
        ),
    ],
)
def test_rules_that_aws_does_not_keep(desk: Desk, given: dict[str, Any], code: str, words: str) -> None:
    whole = {name: value for name, value in rule(**given).items() if value is not None}
    found = refused(desk, whole)
    assert found[0] == code
    assert words in found[1]


@pytest.mark.documented(PERMISSIONS)
def test_whoever_configures_replication_must_be_allowed_to_pass_the_role(desk: Desk) -> None:
    desk.iam.create_user(UserName="ann")
    key = desk.iam.create_access_key(UserName="ann")["AccessKey"]
    allow = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    desk.iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=policy)
    ann = desk.cloud.client("s3", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])
    given = {"Role": ROLE, "Rules": [rule()]}
    with pytest.raises(ClientError, match="iam:PassRole"):
        ann.put_bucket_replication(Bucket="source", ReplicationConfiguration=given)
    to_s3 = {"StringEquals": {"iam:PassedToService": "s3.amazonaws.com"}}
    passing = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": ROLE, "Condition": to_s3}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow, passing]})
    desk.iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=policy)
    ann.put_bucket_replication(Bucket="source", ReplicationConfiguration=given)


# --- what is carried -------------------------------------------------------------------------------------------------


@pytest.mark.documented(WHAT)
def test_an_object_arrives_with_all_that_belongs_to_it(desk: Desk) -> None:
    desk.replicate(rule())
    version = desk.put(
        ContentType="text/x", Metadata={"who": "ann"}, Tagging="a=b", StorageClass="STANDARD_IA", CacheControl="no"
    )
    there = desk.s3.get_object(Bucket="target", Key="a", VersionId=version)
    here = desk.s3.head_object(Bucket="source", Key="a")
    assert there["Body"].read() == b"words"
    for name in ("ETag", "ContentType", "Metadata", "StorageClass", "CacheControl", "LastModified", "VersionId"):
        assert there[name] == here[name]
    assert desk.s3.get_object_tagging(Bucket="target", Key="a")["TagSet"] == [{"Key": "a", "Value": "b"}]


@pytest.mark.documented(GUIDE + "replication-status.html")
def test_the_status_is_completed_here_and_replica_there(desk: Desk) -> None:
    desk.replicate(rule())
    desk.put()
    assert (desk.status(), desk.status(bucket="target")) == ("COMPLETED", "REPLICA")


@pytest.mark.fact("S3REP-002")
@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_the_destination_can_be_in_the_same_region_or_in_another(desk: Desk, region: str) -> None:
    client = desk.cloud.client("s3", region=region)
    more = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    desk.bucket("elsewhere", client, **more)
    desk.replicate(rule("elsewhere"))
    desk.put()
    assert client.get_object(Bucket="elsewhere", Key="a")["Body"].read() == b"words"
    assert desk.status() == "COMPLETED"


@pytest.mark.fact("S3REP-003")
def test_what_was_there_before_the_rule_is_not_carried(desk: Desk) -> None:
    desk.put("k1")
    desk.replicate(rule())
    desk.put("k2")
    assert desk.names() == ["k2"]
    assert desk.status("k1") is None


@pytest.mark.fact("S3REP-004")
def test_later_versions_are_carried(desk: Desk) -> None:
    desk.put("k1", b"old")
    desk.replicate(rule())
    version = desk.put("k1", b"new")
    assert desk.status("k1", "target", VersionId=version) == "REPLICA"
    assert desk.s3.get_object(Bucket="target", Key="k1")["Body"].read() == b"new"


@pytest.mark.fact("S3REP-005")
def test_what_was_there_before_can_be_copied_by_hand(desk: Desk) -> None:
    desk.put("k1")
    desk.replicate(rule())
    desk.s3.copy_object(Bucket="target", Key="k1", CopySource="source/k1")
    assert desk.names() == ["k1"]


@pytest.mark.fact("S3REP-006")
def test_several_destinations_all_receive_an_object(desk: Desk) -> None:
    desk.replicate(rule(), rule("third", Priority=2))
    desk.put()
    assert (desk.names("target"), desk.names("third")) == (["a"], ["a"])
    assert desk.status() == "COMPLETED"


@pytest.mark.fact("S3REP-007")
def test_replicas_are_not_carried_on(desk: Desk) -> None:
    desk.replicate(rule())
    desk.replicate(rule("third"), source="target")
    desk.put()
    assert (desk.names("target"), desk.names("third")) == (["a"], [])
    desk.put("b", bucket="target")
    assert desk.names("third") == ["b"]


@pytest.mark.fact("S3REP-009")
def test_deleting_a_version_is_not_carried(desk: Desk) -> None:
    desk.replicate(rule(DeleteMarkerReplication=ENABLED))
    version = desk.put()
    desk.s3.delete_object(Bucket="source", Key="a", VersionId=version)
    assert desk.status(bucket="target", VersionId=version) == "REPLICA"
    desk.put()
    marker = desk.s3.delete_object(Bucket="source", Key="a")["VersionId"]
    assert desk.status(bucket="target") == "absent"
    desk.s3.delete_object(Bucket="source", Key="a", VersionId=marker)
    assert desk.status(bucket="target") == "absent"


@pytest.mark.documented(GUIDE + "delete-marker-replication.html")
@pytest.mark.parametrize(("status", "there"), [("Enabled", "absent"), ("Disabled", "REPLICA")])
def test_delete_markers_are_carried_where_a_rule_says_so(desk: Desk, status: str, there: str) -> None:
    desk.replicate(rule(DeleteMarkerReplication={"Status": status}))
    desk.put()
    desk.s3.delete_object(Bucket="source", Key="a")
    assert desk.status(bucket="target") == there


@pytest.mark.documented(GUIDE + "replication-add-config.html")
def test_rules_of_the_first_schema_carry_delete_markers(desk: Desk) -> None:
    old = {"ID": "o", "Prefix": "", "Status": "Enabled", "Destination": {"Bucket": "arn:aws:s3:::target"}}
    desk.replicate(old)
    desk.put()
    desk.s3.delete_object(Bucket="source", Key="a")
    assert desk.status(bucket="target") == "absent"


@pytest.mark.documented(WHAT)
def test_delete_markers_of_lifecycle_are_not_carried(desk: Desk) -> None:
    desk.replicate(rule(DeleteMarkerReplication=ENABLED))
    expire = {"ID": "e", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}
    desk.s3.put_bucket_lifecycle_configuration(Bucket="source", LifecycleConfiguration={"Rules": [expire]})
    desk.put()
    desk.cloud.advance(days=3)
    assert (desk.status(), desk.status(bucket="target")) == ("absent", "REPLICA")


@pytest.mark.documented(GUIDE + "replication-add-config.html")
@pytest.mark.parametrize(
    ("chosen", "carried"),
    [
        ({"Prefix": "in/"}, ["in/plain", "in/tagged"]),
        ({"Tag": {"Key": "go", "Value": "yes"}}, ["in/tagged", "out/tagged"]),
        ({"And": {"Prefix": "in/", "Tags": [{"Key": "go", "Value": "yes"}]}}, ["in/tagged"]),
    ],
)
def test_only_what_a_filter_chooses_is_carried(desk: Desk, chosen: dict[str, Any], carried: list[str]) -> None:
    desk.replicate(rule(Filter=chosen))
    for folder in ("in", "out"):
        desk.put(f"{folder}/plain")
        desk.put(f"{folder}/tagged", Tagging="go=yes")
    assert desk.names() == carried


@pytest.mark.documented(GUIDE + "replication-add-config.html")
def test_of_two_rules_for_one_destination_the_higher_priority_counts(desk: Desk) -> None:
    desk.replicate(
        rule(ID="low", Destination={"StorageClass": "GLACIER"}),
        rule(ID="high", Priority=2, Filter={"Prefix": "in/"}, Destination={"StorageClass": "STANDARD_IA"}),
    )
    desk.put("in/a")
    desk.put("out/a")
    assert desk.s3.head_object(Bucket="target", Key="in/a")["StorageClass"] == "STANDARD_IA"
    assert desk.s3.head_object(Bucket="target", Key="out/a")["StorageClass"] == "GLACIER"


@pytest.mark.documented(WHAT)
def test_copies_and_uploads_in_parts_are_carried(desk: Desk) -> None:
    desk.replicate(rule())
    desk.put("a", bucket="third")
    desk.s3.copy_object(Bucket="source", Key="copied", CopySource="third/a")
    upload = desk.s3.create_multipart_upload(Bucket="source", Key="parts")["UploadId"]
    parts = []
    for number, body in ((1, b"x" * 5 * 1024 * 1024), (2, b"y")):
        reply = desk.s3.upload_part(Bucket="source", Key="parts", UploadId=upload, PartNumber=number, Body=body)
        parts.append({"PartNumber": number, "ETag": reply["ETag"]})
    desk.s3.complete_multipart_upload(Bucket="source", Key="parts", UploadId=upload, MultipartUpload={"Parts": parts})
    assert desk.names() == ["copied", "parts"]
    there = desk.s3.get_object(Bucket="target", Key="parts")
    assert there["ETag"].endswith('-2"')
    assert there["Body"].read() == b"x" * 5 * 1024 * 1024 + b"y"


@pytest.mark.documented(WHAT)
def test_tags_that_change_later_follow(desk: Desk) -> None:
    desk.replicate(rule())
    desk.put(Tagging="a=b")
    desk.s3.put_object_tagging(Bucket="source", Key="a", Tagging={"TagSet": [{"Key": "c", "Value": "d"}]})
    assert desk.s3.get_object_tagging(Bucket="target", Key="a")["TagSet"] == [{"Key": "c", "Value": "d"}]


@pytest.mark.ours
def test_many_versions_arrive_in_their_order(desk: Desk) -> None:
    desk.replicate(rule())
    made = [desk.put(body=str(number).encode()) for number in range(12)]
    found = [one["VersionId"] for one in desk.s3.list_object_versions(Bucket="target")["Versions"]]
    assert found == made[::-1]


@pytest.mark.ours
def test_replicas_are_paged_by_their_ids(desk: Desk) -> None:
    desk.put(bucket="target")
    desk.put(bucket="target")
    desk.replicate(rule())
    made = [desk.put(body=str(number).encode()) for number in range(3)]
    pages = desk.s3.get_paginator("list_object_versions").paginate(Bucket="target", PaginationConfig={"PageSize": 2})
    found = [one["VersionId"] for page in pages for one in page.get("Versions", [])]
    assert found[:3] == made[::-1]
    assert len(found) == 5


# --- as whom ---------------------------------------------------------------------------------------------------------


@pytest.mark.documented(PERMISSIONS)
@pytest.mark.parametrize("missing", ["s3:GetObjectVersionForReplication", "s3:ReplicateObject"])
def test_a_role_that_may_not_fails(desk: Desk, missing: str) -> None:
    desk.may([action for action in READING + WRITING if action != missing])
    desk.replicate(rule())
    desk.put()
    assert (desk.status(), desk.names()) == ("FAILED", [])


@pytest.mark.documented(PERMISSIONS)
def test_a_role_that_does_not_trust_s3_fails(desk: Desk) -> None:
    desk.replicate(rule())
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    desk.iam.update_assume_role_policy(RoleName="carrier", PolicyDocument=document)
    desk.put()
    assert desk.status() == "FAILED"


@pytest.mark.documented(PERMISSIONS)
def test_a_role_that_may_not_carry_tags_leaves_them(desk: Desk) -> None:
    desk.may([action for action in READING + WRITING if action != "s3:ReplicateTags"])
    desk.replicate(rule())
    desk.put(Tagging="a=b")
    assert desk.names() == ["a"]
    assert desk.s3.get_object_tagging(Bucket="target", Key="a")["TagSet"] == []


@pytest.mark.documented(GUIDE + "replication-walkthrough-2.html")
def test_a_bucket_of_another_account_lets_the_role_in_by_its_policy(desk: Desk) -> None:
    other = desk.cloud.client("s3", access_key="111111111111")
    desk.bucket("abroad", other)
    desk.replicate(rule("abroad", Destination={"Account": "111111111111"}))
    desk.put("before")
    assert desk.status("before") == "FAILED"
    statement = {
        "Effect": "Allow", "Principal": {"AWS": ROLE}, "Resource": "arn:aws:s3:::abroad/*",
        "Action": ["s3:ReplicateObject", "s3:ReplicateTags", "s3:ObjectOwnerOverrideToBucketOwner"],
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    other.put_bucket_policy(Bucket="abroad", Policy=policy)
    desk.put("after")
    assert desk.status("after") == "COMPLETED"
    assert other.get_object(Bucket="abroad", Key="after")["Body"].read() == b"words"


@pytest.mark.documented(GUIDE + "replication-change-owner.html")
def test_a_destination_of_another_account_than_the_rule_says_fails(desk: Desk) -> None:
    desk.replicate(rule(Destination={"Account": "111111111111"}))
    desk.put()
    assert desk.status() == "FAILED"


@pytest.mark.documented(GUIDE + "replication-config-for-kms-objects.html")
def test_objects_under_kms_go_only_where_a_rule_wants_them_and_get_its_key(desk: Desk) -> None:
    kms = desk.cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    desk.may([*READING, *WRITING, "kms:Decrypt", "kms:GenerateDataKey"])
    desk.replicate(rule())
    desk.put("plain", ServerSideEncryption="aws:kms")
    assert (desk.status("plain"), desk.names()) == (None, [])
    wanted = {"SseKmsEncryptedObjects": ENABLED}
    replica = {"EncryptionConfiguration": {"ReplicaKmsKeyID": key}}
    desk.replicate(rule(Destination=replica, SourceSelectionCriteria=wanted))
    made = kms.create_key()["KeyMetadata"]["Arn"]
    desk.put("secret", ServerSideEncryption="aws:kms", SSEKMSKeyId=made)
    there = desk.s3.get_object(Bucket="target", Key="secret")
    assert (there["SSEKMSKeyId"], there["Body"].read()) == (key, b"words")


@pytest.mark.documented(GUIDE + "replication-metrics-events.html")
def test_a_failure_is_told_to_whoever_wants_to_know(desk: Desk) -> None:
    sqs = desk.cloud.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:000000000000:q"
    statement = {
        "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn,
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    given = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:Replication:OperationFailedReplication"]}]}
    desk.s3.put_bucket_notification_configuration(Bucket="source", NotificationConfiguration=given)
    sqs.purge_queue(QueueUrl=url)
    desk.may(READING)
    desk.replicate(rule())
    desk.put()
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    (record,) = json.loads(message["Body"])["Records"]
    assert record["eventName"] == "Replication:OperationFailedReplication"
    assert record["replicationEventData"]["replicationRuleId"] == "target"
    assert record["replicationEventData"]["failureReason"] == "AccessDenied"


@pytest.mark.documented(GUIDE + "replication-requirements.html")
def test_versioning_is_not_suspended_while_there_is_a_replication_configuration(desk: Desk) -> None:
    desk.replicate(rule())
    suspended = {"Status": "Suspended"}
    with pytest.raises(ClientError, match="InvalidBucketState"):
        desk.s3.put_bucket_versioning(Bucket="source", VersioningConfiguration=suspended)
    desk.s3.delete_bucket_replication(Bucket="source")
    desk.s3.put_bucket_versioning(Bucket="source", VersioningConfiguration=suspended)
    assert desk.s3.get_bucket_versioning(Bucket="source")["Status"] == "Suspended"


@pytest.mark.documented(WHAT)
def test_retention_goes_along_to_a_bucket_with_object_lock(desk: Desk) -> None:
    for name in ("vault", "safe"):
        desk.s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    desk.replicate(rule("safe"), source="vault")
    later = datetime.fromtimestamp(int(desk.cloud.clock.now()) + 9 * 86_400, UTC)
    more: Any = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": later, "ChecksumAlgorithm": "CRC32"}
    desk.put(bucket="vault", **more)
    there = desk.s3.get_object_retention(Bucket="safe", Key="a")["Retention"]
    assert there == desk.s3.get_object_retention(Bucket="vault", Key="a")["Retention"]


@pytest.mark.documented(PUT)
def test_a_bucket_with_object_lock_goes_only_to_one_with_it(desk: Desk) -> None:
    desk.s3.create_bucket(Bucket="vault", ObjectLockEnabledForBucket=True)
    code, words = refused(desk, rule(), source="vault")
    assert (code, words) == ("InvalidRequest", "Destination bucket must have Object Lock enabled.")


@pytest.mark.documented(WHAT)
def test_objects_under_a_customers_key_are_carried_and_opened_with_that_key(desk: Desk) -> None:
    unblocked = {"Rules": [{"BlockedEncryptionTypes": {"EncryptionType": ["NONE"]}}]}
    desk.s3.put_bucket_encryption(Bucket="source", ServerSideEncryptionConfiguration=unblocked)
    desk.replicate(rule())
    key: Any = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
    desk.put(**key)
    assert desk.s3.get_object(Bucket="target", Key="a", **key)["Body"].read() == b"words"


@pytest.mark.ours
def test_what_was_not_carried_when_the_cloud_ended_is_carried_by_the_next(tmp_path: Any) -> None:
    with Cloud(store=str(tmp_path / "replication"), seed=1) as cloud:
        desk = Desk(cloud)
        desk.replicate(rule())
        cloud.scheduler.run_due = lambda limit=0: 0  # type: ignore[method-assign]  # as if it ended in between
        desk.put()
        assert desk.status() == "PENDING"
    with Cloud(store=str(tmp_path / "replication"), seed=2) as cloud:
        s3 = cloud.client("s3")
        assert s3.head_object(Bucket="target", Key="a")["ReplicationStatus"] == "REPLICA"
        assert s3.head_object(Bucket="source", Key="a")["ReplicationStatus"] == "COMPLETED"


@pytest.mark.documented(WHAT)
def test_a_legal_hold_that_is_set_later_follows(desk: Desk) -> None:
    for name in ("vault", "safe"):
        desk.s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    desk.replicate(rule("safe"), source="vault")
    desk.put(bucket="vault")
    desk.s3.put_object_legal_hold(Bucket="vault", Key="a", LegalHold={"Status": "ON"})
    assert desk.s3.get_object_legal_hold(Bucket="safe", Key="a")["LegalHold"] == {"Status": "ON"}

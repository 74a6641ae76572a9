"""Buckets and objects. One function for each part of the API, each with a bucket of its own."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from botocore.config import Config

from haar import Cloud
from haar.wire.http import HttpRequest

__all__ = ["live"]

ACCOUNT = "000000000000"
FIVE_MEBIBYTES = 5 * 1024 * 1024

#: The lives that come first.
AFTER = ("iam", "kms", "sqs")


def live(cloud: Cloud) -> None:
    """Everything that S3 does."""
    s3 = cloud.client("s3")
    buckets(s3)
    access(s3)
    settings(s3)
    website(cloud, s3)
    browsers(cloud, s3)
    objects(s3)
    uploads(s3)
    encryption(cloud, s3)
    ageing(s3)
    locks(cloud, s3)
    elsewhere(cloud, s3)
    logs(s3)
    reports(s3)


def buckets(s3: Any) -> None:
    """Buckets made, found, listed, deleted."""
    s3.create_bucket(Bucket="aardvark", CreateBucketConfiguration={"Tags": [{"Key": "team", "Value": "blue"}]})
    s3.create_bucket(Bucket="brief", ObjectLockEnabledForBucket=True, ObjectOwnership="BucketOwnerPreferred")
    s3.head_bucket(Bucket="brief")
    s3.get_bucket_location(Bucket="brief")
    s3.list_buckets()
    s3.list_buckets(MaxBuckets=1)
    s3.delete_bucket(Bucket="brief")


def access(s3: Any) -> None:
    """Policies, Block Public Access, ownership, ACLs."""
    s3.create_bucket(Bucket="guarded")
    s3.put_object(Bucket="guarded", Key="k", Body=b"x")
    statement = {
        "Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::guarded/*",
    }  # fmt: skip
    s3.put_bucket_policy(Bucket="guarded", Policy=json.dumps({"Version": "2012-10-17", "Statement": statement}))
    s3.get_bucket_policy(Bucket="guarded")
    s3.get_bucket_policy_status(Bucket="guarded")
    s3.delete_bucket_policy(Bucket="guarded")
    s3.put_public_access_block(Bucket="guarded", PublicAccessBlockConfiguration={"BlockPublicPolicy": True})
    s3.get_public_access_block(Bucket="guarded")
    s3.delete_public_access_block(Bucket="guarded")
    rules = [{"ObjectOwnership": "ObjectWriter"}]
    s3.put_bucket_ownership_controls(Bucket="guarded", OwnershipControls={"Rules": rules})
    s3.get_bucket_ownership_controls(Bucket="guarded")
    s3.put_bucket_acl(Bucket="guarded", ACL="authenticated-read")
    s3.get_bucket_acl(Bucket="guarded")
    s3.put_object_acl(Bucket="guarded", Key="k", ACL="bucket-owner-read")
    s3.get_object_acl(Bucket="guarded", Key="k")
    s3.put_bucket_acl(Bucket="guarded", ACL="private")
    s3.delete_bucket_ownership_controls(Bucket="guarded")


def settings(s3: Any) -> None:
    """Tags, who pays, acceleration, attribute-based access control, rules for browsers."""
    s3.create_bucket(Bucket="settled")
    tags = [{"Key": "team", "Value": "blue"}]
    s3.put_bucket_tagging(Bucket="settled", Tagging={"TagSet": tags})
    s3.get_bucket_tagging(Bucket="settled")
    s3.delete_bucket_tagging(Bucket="settled")
    s3.put_bucket_request_payment(Bucket="settled", RequestPaymentConfiguration={"Payer": "Requester"})
    s3.get_bucket_request_payment(Bucket="settled")
    s3.put_bucket_accelerate_configuration(Bucket="settled", AccelerateConfiguration={"Status": "Enabled"})
    s3.get_bucket_accelerate_configuration(Bucket="settled")
    s3.put_bucket_abac(Bucket="settled", AbacStatus={"Status": "Enabled"})
    s3.get_bucket_abac(Bucket="settled")
    s3.put_bucket_versioning(Bucket="settled", VersioningConfiguration={"Status": "Enabled"})
    s3.get_bucket_versioning(Bucket="settled")


def website(cloud: Cloud, s3: Any) -> None:
    """A web site, and a page of it."""
    s3.create_bucket(Bucket="site")
    site = {"IndexDocument": {"Suffix": "index.html"}}
    s3.put_bucket_website(Bucket="site", WebsiteConfiguration=site)
    s3.get_bucket_website(Bucket="site")
    s3.delete_public_access_block(Bucket="site")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::site/*"}
    s3.put_bucket_policy(Bucket="site", Policy=json.dumps({"Version": "2012-10-17", "Statement": statement}))
    s3.put_object(Bucket="site", Key="index.html", Body=b"home", ContentType="text/html")
    host = {"host": "site.s3-website-us-east-1.localhost:4566"}
    assert cloud.handle(HttpRequest("GET", "/", "", host)).status == 200
    s3.delete_bucket_website(Bucket="site")


def browsers(cloud: Cloud, s3: Any) -> None:
    """What a browser asks before a page may, and a form that it posts."""
    s3.create_bucket(Bucket="forms")
    rule = {"AllowedOrigins": ["https://example.com"], "AllowedMethods": ["GET"]}
    s3.put_bucket_cors(Bucket="forms", CORSConfiguration={"CORSRules": [rule]})
    s3.get_bucket_cors(Bucket="forms")
    asked = {"host": "s3.localhost", "origin": "https://example.com", "access-control-request-method": "GET"}
    assert cloud.handle(HttpRequest("OPTIONS", "/forms", "", asked)).status == 200
    assert cloud.handle(HttpRequest("OPTIONS", "/forms/k", "", asked)).status == 200
    s3.delete_bucket_cors(Bucket="forms")
    made = cloud.client("s3", config=Config(signature_version="s3v4")).generate_presigned_post("forms", "k")
    parts = [f'--x\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in made["fields"].items()]
    file = '--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nhello\r\n--x--\r\n'
    sent = {"host": "s3.localhost:4566", "content-type": "multipart/form-data; boundary=x"}
    assert cloud.handle(HttpRequest("POST", "/forms", "", sent, "".join([*parts, file]).encode())).status == 204


def objects(s3: Any) -> None:
    """Objects put, read, tagged, copied, listed, deleted."""
    s3.create_bucket(Bucket="things")
    s3.put_object(Bucket="things", Key="a", Body=b"one", Metadata={"mood": "good"})
    s3.put_object(Bucket="things", Key="b", Body=b"two")
    s3.get_object(Bucket="things", Key="a")["Body"].read()
    s3.head_object(Bucket="things", Key="a")
    s3.get_object_attributes(Bucket="things", Key="a", ObjectAttributes=["ETag", "ObjectSize"])
    s3.put_object_tagging(Bucket="things", Key="a", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    s3.get_object_tagging(Bucket="things", Key="a")
    s3.delete_object_tagging(Bucket="things", Key="a")
    s3.copy_object(Bucket="things", Key="c", CopySource={"Bucket": "things", "Key": "a"})
    s3.list_objects_v2(Bucket="things")
    s3.list_objects(Bucket="things")
    s3.list_object_versions(Bucket="things")
    s3.delete_object(Bucket="things", Key="b")
    s3.delete_objects(Bucket="things", Delete={"Objects": [{"Key": "c"}]})
    s3.put_object(Bucket="things", Key="table.csv", Body=b"name,age\nann,30\n")
    s3.select_object_content(
        Bucket="things", Key="table.csv", Expression="SELECT s.name FROM S3Object s", ExpressionType="SQL",
        InputSerialization={"CSV": {"FileHeaderInfo": "USE"}}, OutputSerialization={"CSV": {}},
    )  # fmt: skip


def uploads(s3: Any) -> None:
    """An upload in parts that is completed, and one that is given up."""
    s3.create_bucket(Bucket="parts")
    s3.put_object(Bucket="parts", Key="source", Body=b"tail")
    place = {"Bucket": "parts", "Key": "whole"}
    upload = {**place, "UploadId": s3.create_multipart_upload(**place)["UploadId"]}
    first = s3.upload_part(**upload, PartNumber=1, Body=b"x" * FIVE_MEBIBYTES)["ETag"]
    copied = s3.upload_part_copy(**upload, PartNumber=2, CopySource="parts/source")["CopyPartResult"]["ETag"]
    s3.list_parts(**upload)
    s3.list_multipart_uploads(Bucket="parts")
    parts = [{"PartNumber": 1, "ETag": first}, {"PartNumber": 2, "ETag": copied}]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    s3.abort_multipart_upload(**place, UploadId=s3.create_multipart_upload(**place)["UploadId"])
    left = s3.create_multipart_upload(Bucket="parts", Key="unfinished")["UploadId"]
    s3.upload_part(Bucket="parts", Key="unfinished", UploadId=left, PartNumber=1, Body=b"begun")


def encryption(cloud: Cloud, s3: Any) -> None:
    """What a bucket encrypts with unless a request says otherwise, and an object that is encrypted otherwise."""
    s3.create_bucket(Bucket="sealed")
    s3.put_object(Bucket="sealed", Key="k", Body=b"x")
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket="sealed", ServerSideEncryptionConfiguration={"Rules": [default]})
    s3.get_bucket_encryption(Bucket="sealed")
    s3.put_object(Bucket="sealed", Key="by-default", Body=b"x")
    s3.delete_bucket_encryption(Bucket="sealed")
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    s3.update_object_encryption(Bucket="sealed", Key="k", ObjectEncryption={"SSEKMS": {"KMSKeyArn": key}})


def ageing(s3: Any) -> None:
    """What time does to objects: rules that move and remove them, tiers, and what is brought back from an archive."""
    s3.create_bucket(Bucket="old")
    rule = {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 300}}
    s3.put_bucket_lifecycle_configuration(Bucket="old", LifecycleConfiguration={"Rules": [rule]})
    s3.get_bucket_lifecycle_configuration(Bucket="old")
    s3.delete_bucket_lifecycle(Bucket="old")
    old_rule = {"ID": "all", "Status": "Enabled", "Prefix": "tmp/", "Expiration": {"Days": 300}}
    s3.put_bucket_lifecycle(Bucket="old", LifecycleConfiguration={"Rules": [old_rule]})
    s3.get_bucket_lifecycle(Bucket="old")
    tiers = {"Id": "deep", "Status": "Enabled", "Tierings": [{"Days": 180, "AccessTier": "DEEP_ARCHIVE_ACCESS"}]}
    place = {"Bucket": "old", "Id": "deep"}
    s3.put_bucket_intelligent_tiering_configuration(**place, IntelligentTieringConfiguration=tiers)
    s3.get_bucket_intelligent_tiering_configuration(**place)
    s3.list_bucket_intelligent_tiering_configurations(Bucket="old")
    s3.delete_bucket_intelligent_tiering_configuration(**place)
    s3.put_bucket_intelligent_tiering_configuration(**place, IntelligentTieringConfiguration=tiers)
    s3.put_object(Bucket="old", Key="frozen", Body=b"x", StorageClass="GLACIER")
    s3.restore_object(Bucket="old", Key="frozen", RestoreRequest={"Days": 1})


def locks(cloud: Cloud, s3: Any) -> None:
    """Objects that cannot be removed for a while."""
    s3.create_bucket(Bucket="vaulted", ObjectLockEnabledForBucket=True)
    default = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    lock = {"ObjectLockEnabled": "Enabled", "Rule": default}
    s3.put_object_lock_configuration(Bucket="vaulted", ObjectLockConfiguration=lock)
    s3.get_object_lock_configuration(Bucket="vaulted")
    s3.put_object(Bucket="vaulted", Key="k", Body=b"x")
    until = datetime.fromtimestamp(int(cloud.clock.now()) + 86_400 * 30, UTC)
    s3.put_object_retention(Bucket="vaulted", Key="k", Retention={"Mode": "GOVERNANCE", "RetainUntilDate": until})
    s3.get_object_retention(Bucket="vaulted", Key="k")
    s3.put_object_legal_hold(Bucket="vaulted", Key="k", LegalHold={"Status": "ON"})
    s3.get_object_legal_hold(Bucket="vaulted", Key="k")
    s3.put_object_legal_hold(Bucket="vaulted", Key="k", LegalHold={"Status": "OFF"})


def elsewhere(cloud: Cloud, s3: Any) -> None:
    """What leaves a bucket: copies of its objects, and notices of what happens to them."""
    for name in ("origin", "mirror"):
        s3.create_bucket(Bucket=name)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    role = f"arn:aws:iam::{ACCOUNT}:role/replicator"
    trust = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": trust})
    iam = cloud.client("iam")
    iam.create_role(RoleName="replicator", AssumeRolePolicyDocument=document)
    allowed = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}})
    iam.put_role_policy(RoleName="replicator", PolicyName="copies", PolicyDocument=allowed)
    rule = {
        "ID": "all", "Priority": 1, "Status": "Enabled", "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"}, "Destination": {"Bucket": "arn:aws:s3:::mirror"},
    }  # fmt: skip
    s3.put_bucket_replication(Bucket="origin", ReplicationConfiguration={"Role": role, "Rules": [rule]})
    s3.get_bucket_replication(Bucket="origin")
    s3.put_object(Bucket="origin", Key="copied", Body=b"x")
    assert s3.head_object(Bucket="mirror", Key="copied")["ReplicationStatus"] == "REPLICA"
    s3.delete_bucket_replication(Bucket="origin")
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:noticed"
    told = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": told})
    cloud.client("sqs").create_queue(QueueName="noticed", Attributes={"Policy": policy})
    notices = {"QueueConfigurations": [{"QueueArn": queue, "Events": ["s3:ObjectCreated:*"]}]}
    s3.put_bucket_notification_configuration(Bucket="origin", NotificationConfiguration=notices)
    s3.get_bucket_notification_configuration(Bucket="origin")
    s3.put_object(Bucket="origin", Key="told", Body=b"x")
    old = {"QueueConfiguration": {"Queue": queue, "Event": "s3:ObjectCreated:*"}}
    s3.put_bucket_notification(Bucket="origin", NotificationConfiguration=old)
    s3.get_bucket_notification(Bucket="origin")
    s3.put_bucket_notification_configuration(Bucket="origin", NotificationConfiguration={})


def logs(s3: Any) -> None:
    """A bucket that logs who asks for what."""
    s3.create_bucket(Bucket="logged")
    s3.create_bucket(Bucket="log-lines")
    statement = {
        "Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"}, "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::log-lines/*",
    }  # fmt: skip
    s3.put_bucket_policy(Bucket="log-lines", Policy=json.dumps({"Version": "2012-10-17", "Statement": statement}))
    target = {"LoggingEnabled": {"TargetBucket": "log-lines", "TargetPrefix": "in/"}}
    s3.put_bucket_logging(Bucket="logged", BucketLoggingStatus=target)
    s3.get_bucket_logging(Bucket="logged")


def reports(s3: Any) -> None:
    """Inventories, metrics and analytics of a bucket."""
    s3.create_bucket(Bucket="counted")
    destination = {"S3BucketDestination": {"Bucket": "arn:aws:s3:::counted", "Format": "CSV"}}
    inventory = {
        "Id": "i", "IsEnabled": True, "IncludedObjectVersions": "All", "Schedule": {"Frequency": "Daily"},
        "Destination": destination,
    }  # fmt: skip
    place = {"Bucket": "counted", "Id": "i"}
    s3.put_bucket_inventory_configuration(**place, InventoryConfiguration=inventory)
    s3.get_bucket_inventory_configuration(**place)
    s3.list_bucket_inventory_configurations(Bucket="counted")
    s3.delete_bucket_inventory_configuration(**place)
    s3.put_bucket_inventory_configuration(**place, InventoryConfiguration=inventory)
    s3.put_bucket_metrics_configuration(**place, MetricsConfiguration={"Id": "i"})
    s3.get_bucket_metrics_configuration(**place)
    s3.list_bucket_metrics_configurations(Bucket="counted")
    s3.delete_bucket_metrics_configuration(**place)
    analytics = {"Id": "i", "StorageClassAnalysis": {}}
    s3.put_bucket_analytics_configuration(**place, AnalyticsConfiguration=analytics)
    s3.get_bucket_analytics_configuration(**place)
    s3.list_bucket_analytics_configurations(Bucket="counted")
    s3.delete_bucket_analytics_configuration(**place)


def last(cloud: Cloud) -> None:
    """What is remembered for some minutes only: a Bucket Key, and lines of a log that are not delivered yet."""
    s3 = cloud.client("s3")
    s3.put_object(Bucket="sealed", Key="late", Body=b"x", ServerSideEncryption="aws:kms", BucketKeyEnabled=True)
    s3.list_objects_v2(Bucket="logged")

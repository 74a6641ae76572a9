"""Object Lock: retention in both modes, legal holds, defaults, and who gets past them."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from haar import Cloud

LOCK = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html"
MANAGING = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html"
CONFIGURE = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html"
GET_CONFIGURATION = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLockConfiguration.html"
RETENTION = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectRetention.html"
HOLD = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLegalHold.html"
PUT = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html"
DELETE_MANY = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"
KEYS = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html"
PROTECTED = "Access Denied because object protected by object lock."
DAY = 86_400


class Locked:
    """A bucket `safe` with Object Lock, and the words of this file."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.s3 = cloud.client("s3")
        self.s3.create_bucket(Bucket="safe", ObjectLockEnabledForBucket=True)

    def days(self, count: float) -> datetime:
        """The instant so many days from now."""
        return datetime.fromtimestamp(self.cloud.clock.now() + count * DAY, UTC)

    def put(self, mode: str = "", days: float = 1, **more: Any) -> str:
        if mode:
            more |= {"ObjectLockMode": mode, "ObjectLockRetainUntilDate": self.days(days)}
        return str(self.s3.put_object(Bucket="safe", Key="k", Body=b"x", **more)["VersionId"])

    def retain(self, version: str, mode: str, days: float, **more: Any) -> None:
        retention = {"Mode": mode, "RetainUntilDate": self.days(days)}
        self.s3.put_object_retention(Bucket="safe", Key="k", VersionId=version, Retention=retention, **more)

    def retention(self, **more: Any) -> Any:
        return self.s3.get_object_retention(Bucket="safe", Key="k", **more)["Retention"]

    def left(self) -> tuple[str, int]:
        """Mode and days of the newest version's retention."""
        found = self.retention()
        seconds = found["RetainUntilDate"].timestamp() - self.cloud.clock.now()
        return found["Mode"], round(seconds / DAY)

    def remove(self, version: str, s3: Any = None, **more: Any) -> Any:
        return (s3 or self.s3).delete_object(Bucket="safe", Key="k", VersionId=version, **more)

    def default(self, **retention: Any) -> None:
        configuration = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}}
        self.s3.put_object_lock_configuration(Bucket="safe", ObjectLockConfiguration=configuration)

    def hold(self, status: str, **more: Any) -> None:
        self.s3.put_object_legal_hold(Bucket="safe", Key="k", LegalHold={"Status": status}, **more)

    def user(self, *actions: str, condition: Any = None) -> Any:
        """The S3 client of a user who may do this and nothing else."""
        iam = self.cloud.client("iam")
        iam.create_user(UserName="user")
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        if condition:
            statement["Condition"] = condition
        document = json.dumps({"Version": "2012-10-17", "Statement": statement})
        iam.put_user_policy(UserName="user", PolicyName="may", PolicyDocument=document)
        key = iam.create_access_key(UserName="user")["AccessKey"]
        return self.cloud.client("s3", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])


@pytest.fixture
def safe(cloud: Cloud) -> Locked:
    return Locked(cloud)


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def refused(error: pytest.ExceptionInfo[ClientError]) -> str:
    """The message of an AccessDenied."""
    assert code_of(error) == "AccessDenied"
    return str(error.value.response["Error"]["Message"])


# --- retention -------------------------------------------------------------------------------------------------------


@pytest.mark.fact("S3OL-001")
def test_a_version_cannot_be_removed_before_its_date(safe: Locked) -> None:
    version = safe.put("COMPLIANCE", days=1)
    with pytest.raises(ClientError) as error:
        safe.remove(version)
    assert refused(error) == PROTECTED
    safe.cloud.advance(hours=25)
    safe.remove(version)


@pytest.mark.fact("S3OL-001")
def test_a_legal_hold_has_no_end_of_its_own(safe: Locked) -> None:
    version = safe.put()
    safe.hold("ON")
    safe.cloud.advance(days=400)
    with pytest.raises(ClientError) as error:
        safe.remove(version)
    assert refused(error) == PROTECTED
    safe.hold("OFF")
    safe.remove(version)


@pytest.mark.documented(LOCK)
def test_a_lock_is_of_one_version_and_markers_and_new_versions_go_on_top(safe: Locked) -> None:
    first = safe.put("COMPLIANCE")
    second = safe.put()
    assert safe.s3.delete_object(Bucket="safe", Key="k")["DeleteMarker"] is True
    safe.remove(second)
    assert safe.s3.get_object(Bucket="safe", Key="k", VersionId=first)["Body"].read() == b"x"


@pytest.mark.documented(LOCK)
def test_a_delete_marker_over_a_locked_version_is_removed_freely(safe: Locked) -> None:
    safe.put("COMPLIANCE")
    marker = safe.s3.delete_object(Bucket="safe", Key="k")["VersionId"]
    safe.remove(marker)
    assert safe.s3.get_object(Bucket="safe", Key="k")["ObjectLockMode"] == "COMPLIANCE"


@pytest.mark.documented(DELETE_MANY)
def test_of_many_only_what_is_locked_stays(safe: Locked) -> None:
    first, second = safe.put("GOVERNANCE"), safe.put()
    both = {"Objects": [{"Key": "k", "VersionId": first}, {"Key": "k", "VersionId": second}]}
    reply = safe.s3.delete_objects(Bucket="safe", Delete=both)
    assert [one["VersionId"] for one in reply["Deleted"]] == [second]
    assert reply["Errors"] == [{"Key": "k", "VersionId": first, "Code": "AccessDenied", "Message": PROTECTED}]
    again = safe.s3.delete_objects(Bucket="safe", Delete=both, BypassGovernanceRetention=True)
    assert "Errors" not in again


# --- governance ------------------------------------------------------------------------------------------------------


@pytest.mark.fact("S3OL-003")
def test_governance_is_bypassed_by_a_header_and_a_permission(safe: Locked) -> None:
    version = safe.put("GOVERNANCE")
    user = safe.user("s3:DeleteObjectVersion", "s3:BypassGovernanceRetention")
    safe.remove(version, user, BypassGovernanceRetention=True)
    assert "Versions" not in safe.s3.list_object_versions(Bucket="safe")


@pytest.mark.fact("S3OL-003")
def test_governance_is_not_bypassed_without_the_permission(safe: Locked) -> None:
    version = safe.put("GOVERNANCE")
    user = safe.user("s3:DeleteObjectVersion")
    with pytest.raises(ClientError) as error:
        safe.remove(version, user, BypassGovernanceRetention=True)
    assert "s3:BypassGovernanceRetention" in refused(error)


@pytest.mark.fact("S3OL-003")
def test_governance_is_not_bypassed_without_the_header(safe: Locked) -> None:
    version = safe.put("GOVERNANCE")
    with pytest.raises(ClientError) as error:
        safe.remove(version)
    assert refused(error) == PROTECTED


@pytest.mark.documented(MANAGING)
def test_governance_is_prolonged_without_a_bypass(safe: Locked) -> None:
    version = safe.put("GOVERNANCE", days=1)
    safe.retain(version, "GOVERNANCE", days=3)
    assert safe.left()[1] == 3


@pytest.mark.documented(MANAGING)
@pytest.mark.parametrize(("mode", "days"), [("GOVERNANCE", 1), ("COMPLIANCE", 3)])
def test_governance_is_otherwise_changed_with_a_bypass_only(safe: Locked, mode: str, days: float) -> None:
    version = safe.put("GOVERNANCE", days=2)
    with pytest.raises(ClientError) as error:
        safe.retain(version, mode, days)
    assert refused(error) == PROTECTED
    safe.retain(version, mode, days, BypassGovernanceRetention=True)
    assert safe.left() == (mode, days)


@pytest.mark.documented(MANAGING)
def test_governance_is_shortened_only_by_who_may_bypass_it(safe: Locked) -> None:
    version = safe.put("GOVERNANCE", days=2)
    user = safe.user("s3:PutObjectRetention")
    with pytest.raises(ClientError) as error:
        user.put_object_retention(
            Bucket="safe", Key="k", VersionId=version, BypassGovernanceRetention=True,
            Retention={"Mode": "GOVERNANCE", "RetainUntilDate": safe.days(1)},
        )  # fmt: skip
    assert "s3:BypassGovernanceRetention" in refused(error)


@pytest.mark.documented(RETENTION)
def test_an_empty_retention_takes_governance_away(safe: Locked) -> None:
    version = safe.put("GOVERNANCE")
    with pytest.raises(ClientError) as error:
        safe.s3.put_object_retention(Bucket="safe", Key="k", VersionId=version, Retention={})
    assert refused(error) == PROTECTED
    safe.s3.put_object_retention(
        Bucket="safe", Key="k", VersionId=version, Retention={}, BypassGovernanceRetention=True
    )
    with pytest.raises(ClientError) as missing:
        safe.retention()
    assert code_of(missing) == "NoSuchObjectLockConfiguration"
    safe.remove(version)


# --- compliance ------------------------------------------------------------------------------------------------------


@pytest.mark.fact("S3OL-004")
def test_not_even_root_removes_what_is_held_in_compliance(safe: Locked) -> None:
    version = safe.put("COMPLIANCE")
    with pytest.raises(ClientError) as error:
        safe.remove(version, BypassGovernanceRetention=True)
    assert refused(error) == PROTECTED


@pytest.mark.fact("S3OL-005")
def test_a_compliance_period_is_prolonged_but_never_shortened(safe: Locked) -> None:
    version = safe.put("COMPLIANCE", days=2)
    with pytest.raises(ClientError) as error:
        safe.retain(version, "COMPLIANCE", days=1, BypassGovernanceRetention=True)
    assert refused(error) == PROTECTED
    safe.retain(version, "COMPLIANCE", days=3)
    assert safe.left()[1] == 3


@pytest.mark.fact("S3OL-006")
def test_compliance_is_never_changed_to_governance(safe: Locked) -> None:
    version = safe.put("COMPLIANCE", days=2)
    with pytest.raises(ClientError) as error:
        safe.retain(version, "GOVERNANCE", days=5, BypassGovernanceRetention=True)
    assert refused(error) == PROTECTED
    assert safe.retention()["Mode"] == "COMPLIANCE"


@pytest.mark.documented(MANAGING)
def test_what_has_ended_is_set_anew_and_still_shown_until_then(safe: Locked) -> None:
    version = safe.put("COMPLIANCE", days=1)
    safe.cloud.advance(days=2)
    assert safe.retention()["Mode"] == "COMPLIANCE"
    safe.retain(version, "GOVERNANCE", days=1)
    assert safe.retention()["Mode"] == "GOVERNANCE"


# --- what a retention may say ----------------------------------------------------------------------------------------


@pytest.mark.documented(RETENTION)
def test_a_date_in_the_past_is_refused(safe: Locked) -> None:
    version = safe.put()
    with pytest.raises(ClientError) as error:
        safe.retain(version, "GOVERNANCE", days=-1)
    assert code_of(error) == "InvalidArgument"
    assert error.value.response["Error"]["Message"] == "The retain until date must be in the future!"


@pytest.mark.documented(RETENTION)
def test_a_retention_of_a_mode_or_a_date_alone_is_malformed(safe: Locked) -> None:
    safe.put()
    with pytest.raises(ClientError, match="MalformedXML"):
        safe.s3.put_object_retention(Bucket="safe", Key="k", Retention={"Mode": "GOVERNANCE"})
    with pytest.raises(ClientError, match="MalformedXML"):
        safe.s3.put_object_retention(Bucket="safe", Key="k", Retention={"RetainUntilDate": safe.days(1)})
    with pytest.raises(ClientError, match="MalformedXML"):
        safe.retain(safe.put(), "FOREVER", days=1)


@pytest.mark.documented(RETENTION)
def test_a_retention_of_no_version_is_refused(safe: Locked) -> None:
    with pytest.raises(ClientError, match="NoSuchKey"):
        safe.s3.get_object_retention(Bucket="safe", Key="nothing")
    safe.put()
    marker = safe.s3.delete_object(Bucket="safe", Key="k")["VersionId"]
    with pytest.raises(ClientError, match="MethodNotAllowed"):
        safe.retain(marker, "GOVERNANCE", days=1)


@pytest.mark.documented(LOCK)
def test_a_bucket_without_object_lock_has_none_to_give(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="plain")
    s3.put_object(Bucket="plain", Key="k", Body=b"x")
    with pytest.raises(ClientError, match="Bucket is missing Object Lock Configuration"):
        s3.get_object_retention(Bucket="plain", Key="k")
    with pytest.raises(ClientError, match="Bucket is missing Object Lock Configuration"):
        s3.put_object_legal_hold(Bucket="plain", Key="k", LegalHold={"Status": "ON"})
    with pytest.raises(ClientError, match="Bucket is missing Object Lock Configuration"):
        s3.put_object(Bucket="plain", Key="k", Body=b"x", ObjectLockLegalHoldStatus="ON")


@pytest.mark.ours
def test_event_holds_are_refused(safe: Locked) -> None:
    with pytest.raises(ClientError, match="NotImplemented"):
        safe.put(ObjectLockEventHold="ON")


# --- legal holds -----------------------------------------------------------------------------------------------------


@pytest.mark.documented(HOLD)
def test_a_legal_hold_is_on_off_or_was_never_set(safe: Locked) -> None:
    safe.put()
    with pytest.raises(ClientError) as error:
        safe.s3.get_object_legal_hold(Bucket="safe", Key="k")
    assert code_of(error) == "NoSuchObjectLockConfiguration"
    safe.hold("ON")
    assert safe.s3.get_object_legal_hold(Bucket="safe", Key="k")["LegalHold"] == {"Status": "ON"}
    safe.hold("OFF")
    assert safe.s3.get_object_legal_hold(Bucket="safe", Key="k")["LegalHold"] == {"Status": "OFF"}


@pytest.mark.documented(HOLD)
def test_a_legal_hold_is_not_bypassed(safe: Locked) -> None:
    version = safe.put("GOVERNANCE", ObjectLockLegalHoldStatus="ON")
    with pytest.raises(ClientError) as error:
        safe.remove(version, BypassGovernanceRetention=True)
    assert refused(error) == PROTECTED


@pytest.mark.documented(HOLD)
def test_a_legal_hold_is_on_or_off_and_nothing_else(safe: Locked) -> None:
    safe.put()
    with pytest.raises(ClientError, match="MalformedXML"):
        safe.hold("MAYBE")


@pytest.mark.documented(LOCK)
def test_a_lock_can_be_put_on_an_older_version(safe: Locked) -> None:
    first, second = safe.put(), safe.put()
    safe.hold("ON", VersionId=first)
    safe.remove(second)
    with pytest.raises(ClientError):
        safe.remove(first)


# --- given with the object -------------------------------------------------------------------------------------------


@pytest.mark.fact("S3OL-002")
def test_a_lock_is_given_with_the_object_and_shown_with_it(safe: Locked) -> None:
    until = safe.days(3)
    safe.put("GOVERNANCE", days=3, ObjectLockLegalHoldStatus="ON")
    reply = safe.s3.head_object(Bucket="safe", Key="k")
    assert reply["ObjectLockMode"] == "GOVERNANCE" and reply["ObjectLockLegalHoldStatus"] == "ON"
    assert abs(reply["ObjectLockRetainUntilDate"] - until).total_seconds() < 1


@pytest.mark.documented(LOCK)
def test_who_may_not_read_a_lock_is_not_shown_it(safe: Locked) -> None:
    safe.put("GOVERNANCE", ObjectLockLegalHoldStatus="ON")
    reply = safe.user("s3:GetObject").head_object(Bucket="safe", Key="k")
    assert "ObjectLockMode" not in reply and "ObjectLockLegalHoldStatus" not in reply


@pytest.mark.documented(LOCK)
def test_giving_a_lock_takes_its_permission(safe: Locked) -> None:
    user = safe.user("s3:PutObject")
    until = safe.days(1)
    with pytest.raises(ClientError) as error:
        user.put_object(Bucket="safe", Key="k", Body=b"x", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until)
    assert "s3:PutObjectRetention" in refused(error)
    with pytest.raises(ClientError) as error:
        user.put_object(Bucket="safe", Key="k", Body=b"x", ObjectLockLegalHoldStatus="ON")
    assert "s3:PutObjectLegalHold" in refused(error)


@pytest.mark.documented(PUT)
def test_a_mode_needs_a_date_and_a_date_a_mode(safe: Locked) -> None:
    text = "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied"
    with pytest.raises(ClientError, match=text):
        safe.put(ObjectLockMode="GOVERNANCE")
    with pytest.raises(ClientError, match=text):
        safe.put(ObjectLockRetainUntilDate=safe.days(1))


@pytest.mark.documented(PUT)
def test_a_lock_header_that_says_something_else_is_refused(safe: Locked) -> None:
    with pytest.raises(ClientError, match="Unknown wormMode directive"):
        safe.put("FOREVER")
    with pytest.raises(ClientError, match="The retain until date must be in the future!"):
        safe.put("GOVERNANCE", days=-1)
    with pytest.raises(ClientError, match="Legal Hold must be either of 'ON' or 'OFF'"):
        safe.put(ObjectLockLegalHoldStatus="MAYBE")


@pytest.mark.documented(PUT)
def test_what_is_to_be_locked_comes_with_a_checksum(cloud: Cloud, safe: Locked) -> None:
    bare = cloud.client("s3", config=Config(request_checksum_calculation="when_required"))
    until = safe.days(1)
    with pytest.raises(ClientError, match="Content-MD5 OR x-amz-checksum- HTTP header is required"):
        bare.put_object(Bucket="safe", Key="k", Body=b"x", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until)
    md5 = base64.b64encode(hashlib.md5(b"x", usedforsecurity=False).digest()).decode()
    bare.put_object(
        Bucket="safe", Key="k", Body=b"x", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until, ContentMD5=md5
    )


@pytest.mark.documented(LOCK)
def test_a_default_retention_wants_a_checksum_too(cloud: Cloud, safe: Locked) -> None:
    bare = cloud.client("s3", config=Config(request_checksum_calculation="when_required"))
    bare.put_object(Bucket="safe", Key="k", Body=b"x")
    safe.default(Mode="GOVERNANCE", Days=1)
    with pytest.raises(ClientError, match="Content-MD5 OR x-amz-checksum- HTTP header is required"):
        bare.put_object(Bucket="safe", Key="k", Body=b"x")


@pytest.mark.documented(LOCK)
def test_a_copy_has_the_lock_that_its_request_gives_it(safe: Locked) -> None:
    safe.put("COMPLIANCE")
    plain = safe.s3.copy_object(Bucket="safe", Key="plain", CopySource="safe/k")["VersionId"]
    safe.s3.copy_object(
        Bucket="safe", Key="held", CopySource="safe/k", ObjectLockLegalHoldStatus="ON",
        ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=safe.days(1),
    )  # fmt: skip
    assert "ObjectLockMode" not in safe.s3.head_object(Bucket="safe", Key="plain", VersionId=plain)
    held = safe.s3.head_object(Bucket="safe", Key="held")
    assert (held["ObjectLockMode"], held["ObjectLockLegalHoldStatus"]) == ("GOVERNANCE", "ON")


@pytest.mark.documented(LOCK)
def test_an_object_in_parts_has_the_lock_that_its_beginning_gave_it(safe: Locked) -> None:
    upload = safe.s3.create_multipart_upload(
        Bucket="safe", Key="k", ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=safe.days(1)
    )["UploadId"]
    part = safe.s3.upload_part(Bucket="safe", Key="k", UploadId=upload, PartNumber=1, Body=b"x")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    version = safe.s3.complete_multipart_upload(Bucket="safe", Key="k", UploadId=upload, MultipartUpload=parts)
    assert safe.retention()["Mode"] == "COMPLIANCE"
    with pytest.raises(ClientError):
        safe.remove(version["VersionId"])


# --- the bucket's configuration --------------------------------------------------------------------------------------


@pytest.mark.fact("S3OL-002")
def test_a_default_retention_is_given_to_every_new_object(safe: Locked) -> None:
    safe.default(Mode="GOVERNANCE", Days=1)
    safe.put()
    assert safe.left() == ("GOVERNANCE", 1)


@pytest.mark.documented(CONFIGURE)
def test_a_default_in_years_is_of_365_days_each(safe: Locked) -> None:
    safe.default(Mode="COMPLIANCE", Years=2)
    safe.put()
    assert safe.left() == ("COMPLIANCE", 730)


@pytest.mark.documented(LOCK)
def test_what_the_request_says_outweighs_the_default(safe: Locked) -> None:
    safe.default(Mode="COMPLIANCE", Days=10)
    safe.put("GOVERNANCE", days=1)
    assert safe.left() == ("GOVERNANCE", 1)


@pytest.mark.documented(LOCK)
def test_a_default_concerns_no_object_that_is_there_already(safe: Locked) -> None:
    version = safe.put()
    safe.default(Mode="COMPLIANCE", Days=10)
    safe.remove(version)


@pytest.mark.documented(LOCK)
def test_copies_and_uploads_in_parts_get_the_default_too(safe: Locked) -> None:
    safe.put()
    upload = safe.s3.create_multipart_upload(Bucket="safe", Key="parts")["UploadId"]
    part = safe.s3.upload_part(Bucket="safe", Key="parts", UploadId=upload, PartNumber=1, Body=b"x")
    safe.default(Mode="GOVERNANCE", Days=1)
    safe.s3.copy_object(Bucket="safe", Key="copy", CopySource="safe/k")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    safe.s3.complete_multipart_upload(Bucket="safe", Key="parts", UploadId=upload, MultipartUpload=parts)
    assert safe.s3.head_object(Bucket="safe", Key="copy")["ObjectLockMode"] == "GOVERNANCE"
    assert safe.s3.head_object(Bucket="safe", Key="parts")["ObjectLockMode"] == "GOVERNANCE"


@pytest.mark.documented(GET_CONFIGURATION)
def test_the_configuration_reads_back(safe: Locked) -> None:
    def found() -> Any:
        return safe.s3.get_object_lock_configuration(Bucket="safe")["ObjectLockConfiguration"]

    assert found() == {"ObjectLockEnabled": "Enabled"}
    safe.default(Mode="GOVERNANCE", Days=7)
    default = {"Mode": "GOVERNANCE", "Days": 7}
    assert found() == {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": default}}
    safe.s3.put_object_lock_configuration(Bucket="safe", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})
    assert found() == {"ObjectLockEnabled": "Enabled"}


@pytest.mark.documented(GET_CONFIGURATION)
def test_a_bucket_without_one_has_no_configuration(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="plain")
    with pytest.raises(ClientError) as error:
        s3.get_object_lock_configuration(Bucket="plain")
    assert code_of(error) == "ObjectLockConfigurationNotFoundError"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


@pytest.mark.documented(CONFIGURE)
def test_an_existing_bucket_gets_object_lock_once_it_keeps_versions(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="plain")
    wanted = {"ObjectLockEnabled": "Enabled"}
    with pytest.raises(ClientError) as error:
        s3.put_object_lock_configuration(Bucket="plain", ObjectLockConfiguration=wanted)
    assert code_of(error) == "InvalidBucketState"
    s3.put_bucket_versioning(Bucket="plain", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object_lock_configuration(Bucket="plain", ObjectLockConfiguration=wanted)
    s3.put_object(Bucket="plain", Key="k", Body=b"x", ObjectLockLegalHoldStatus="ON")


@pytest.mark.documented(LOCK)
def test_a_locked_bucket_keeps_versions_for_good(safe: Locked) -> None:
    assert safe.s3.get_bucket_versioning(Bucket="safe")["Status"] == "Enabled"
    with pytest.raises(ClientError) as error:
        safe.s3.put_bucket_versioning(Bucket="safe", VersioningConfiguration={"Status": "Suspended"})
    assert code_of(error) == "InvalidBucketState"


@pytest.mark.documented(CONFIGURE)
@pytest.mark.parametrize(
    ("configuration", "code"),
    [
        ({}, "MalformedXML"),
        ({"ObjectLockEnabled": "Disabled"}, "MalformedXML"),
        ({"ObjectLockEnabled": "Enabled", "Rule": {}}, "MalformedXML"),
        ({"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE"}}}, "MalformedXML"),
        ({"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Days": 1}}}, "MalformedXML"),
        (
            {
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1, "Years": 1}},
            },
            "MalformedXML",
        ),
        (
            {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 0}}},
            "InvalidArgument",
        ),
        (
            {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 36_501}}},
            "InvalidArgument",
        ),
        (
            {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Years": 101}}},
            "InvalidArgument",
        ),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(safe: Locked, configuration: Any, code: str) -> None:
    with pytest.raises(ClientError) as error:
        safe.s3.put_object_lock_configuration(Bucket="safe", ObjectLockConfiguration=configuration)
    assert code_of(error) == code


# --- what policies ask -----------------------------------------------------------------------------------------------


@pytest.mark.documented(KEYS)
def test_a_policy_limits_for_how_many_days_somebody_may_lock(safe: Locked) -> None:
    version = safe.put()
    user = safe.user(
        "s3:PutObjectRetention",
        condition={"NumericLessThanEquals": {"s3:object-lock-remaining-retention-days": "10"}},
    )
    with pytest.raises(ClientError) as error:
        user.put_object_retention(
            Bucket="safe", Key="k", VersionId=version,
            Retention={"Mode": "GOVERNANCE", "RetainUntilDate": safe.days(10.5)},
        )  # fmt: skip
    refused(error)
    user.put_object_retention(
        Bucket="safe", Key="k", VersionId=version,
        Retention={"Mode": "GOVERNANCE", "RetainUntilDate": safe.days(10)},
    )  # fmt: skip


@pytest.mark.documented(KEYS)
def test_a_policy_says_in_which_mode_somebody_may_lock(safe: Locked) -> None:
    user = safe.user(
        "s3:PutObject", "s3:PutObjectRetention",
        condition={"StringEqualsIfExists": {"s3:object-lock-mode": "GOVERNANCE"}},
    )  # fmt: skip
    more = {"Bucket": "safe", "Key": "k", "Body": b"x", "ObjectLockRetainUntilDate": safe.days(1)}
    user.put_object(**more, ObjectLockMode="GOVERNANCE")
    with pytest.raises(ClientError) as error:
        user.put_object(**more, ObjectLockMode="COMPLIANCE")
    refused(error)


@pytest.mark.documented(KEYS)
def test_a_policy_lets_somebody_set_a_legal_hold_and_not_lift_it(safe: Locked) -> None:
    safe.put()
    user = safe.user("s3:PutObjectLegalHold", condition={"StringEquals": {"s3:object-lock-legal-hold": "ON"}})
    user.put_object_legal_hold(Bucket="safe", Key="k", LegalHold={"Status": "ON"})
    with pytest.raises(ClientError) as error:
        user.put_object_legal_hold(Bucket="safe", Key="k", LegalHold={"Status": "OFF"})
    refused(error)

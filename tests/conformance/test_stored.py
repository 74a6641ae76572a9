"""What is written stays readable: every record comes back as it was, every release's cloud still answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from haar import Cloud
from haar.record import RECORDS, Record, decode, encode
from tests.conformance.rooms import OPERATIONS
from tests.conformance.stored_cloud import FOLDER

pytestmark = pytest.mark.ours

assert OPERATIONS, "every room is imported, so that every kind is known"
KINDS = [
    kind
    for table, kind in sorted(RECORDS.items())
    if kind.__module__.startswith("haar.") and not kind.__name__.startswith("_")
]
#: Kinds of which a life leaves no row, and why.
NOT_LIVED: Mapping[str, str] = {
    "kit.Resource": "what others are made of",
    "kit.GlobalResource": "likewise",
    "auth.RootKey": "made only for a cloud that other machines can reach",
    "s3.Rate": "kept only where AWS's request rates are enforced",
    "kms.Rate": "kept only where AWS's request rates are enforced",
    "sqs.Rate": "likewise",
    "ssm.Rate": "likewise",
    "sns.Waiting": "handed over right after the commit",
    "dynamodb.Bucket": "kept only where provisioned throughput is enforced",
    "dynamodb.Span": "likewise",
    "dynamodb.Snapshot": "gone when the snapshot is complete",
    "kit.Orphan": "what nobody refers to any more is removed right after the commit",
}
#: What kinds that came after a release begin with, be it a kind or a whole room (`room.`): it has no row of them.
LATER: Mapping[str, tuple[str, ...]] = {
    "0.1.0": (
        "cloudtrail.Delivery", "cloudtrail.Reach", "cloudtrail.SigningKey", "cloudtrail.Trail", "dynamodb.", "glacier.",
        "iam.Held", "kit.Answered", "kit.BlobUse", "kms.", "s3.", "s3control.", "secretsmanager.", "sns.",
        "sqs.DataKey", "sqs.FreshMessage", "sqs.Opened", "ssm.",
    ),
}  # fmt: skip
RELEASES = sorted(FOLDER.glob("*.haar"))


def rows(cloud: Cloud, kind: type[Record]) -> list[Record]:
    """Every row of a kind."""
    with cloud.store.transaction(write=False) as tx:
        return list(tx.range(kind))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__table__)
def test_a_record_comes_back_as_it_was(life: Any, kind: type[Record]) -> None:
    found = rows(life.cloud, kind)
    assert bool(found) is (kind.__table__ not in NOT_LIVED)
    assert [decode(kind, encode(row)) for row in found] == found


@pytest.fixture(params=RELEASES, ids=lambda path: path.stem)
def stored(request: pytest.FixtureRequest) -> Iterator[Cloud]:
    """The cloud of an earlier release, loaded into this one."""
    path: Path = request.param
    with Cloud(seed=1) as cloud:
        cloud.load(path)
        yield cloud


def test_there_is_a_cloud_of_an_earlier_release() -> None:
    assert [path.stem for path in RELEASES][:1] == ["0.1.0"]


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_every_row_of_an_earlier_release_is_read(release: Path) -> None:
    later = LATER.get(release.stem, ())
    with Cloud(seed=1) as cloud:
        cloud.load(release)
        for kind in KINDS:
            missing = kind.__table__ in NOT_LIVED or kind.__table__.startswith(later)
            assert bool(rows(cloud, kind)) is not missing, kind.__table__


def test_people_of_an_earlier_release_are_known(stored: Cloud) -> None:
    iam = stored.client("iam")
    assert [one["UserName"] for one in iam.list_users()["Users"]] == ["ann", "guest"]
    assert iam.list_groups_for_user(UserName="ann")["Groups"][0]["GroupName"] == "team"
    assert iam.get_policy_version(PolicyArn="arn:aws:iam::000000000000:policy/reads", VersionId="v2")
    assert iam.get_server_certificate(ServerCertificateName="web")["ServerCertificate"]["CertificateBody"]


def test_people_of_an_earlier_release_who_hold_something_are_not_deleted(stored: Cloud) -> None:
    iam = stored.client("iam")
    with pytest.raises(iam.exceptions.DeleteConflictException):
        iam.delete_user(UserName="ann")


def test_messages_of_an_earlier_release_are_received_and_deleted(stored: Cloud) -> None:
    sqs = stored.client("sqs")
    url = sqs.get_queue_url(QueueName="line.fifo")["QueueUrl"]
    stored.advance(minutes=1)
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert message["Body"] in ("first", "third")


def test_messages_of_a_standard_queue_of_an_earlier_release_are_received(stored: Cloud) -> None:
    sqs = stored.client("sqs")
    url = sqs.get_queue_url(QueueName="dead")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="new")
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert [message["Body"] for message in found] == ["body 1", "body 0", "new"]


def test_an_organization_of_an_earlier_release_goes_on(stored: Cloud) -> None:
    api = stored.client("organizations")
    assert {"member", "short"} <= {one["Name"] for one in api.list_accounts()["Accounts"]}
    assert api.describe_resource_policy()["ResourcePolicy"]["Content"]


def test_the_history_of_an_earlier_release_is_looked_up(stored: Cloud) -> None:
    found = stored.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateUser"}]
    )
    assert {one["Resources"][0]["ResourceName"] for one in found["Events"]} == {"ann", "guest", "temporary"}


def test_what_was_due_in_an_earlier_release_is_done(stored: Cloud) -> None:
    sqs = stored.client("sqs")
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    stored.advance(days=5)  # longer than a message is kept
    counted = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    assert counted == {"ApproximateNumberOfMessages": "0"}


def test_every_service_of_an_earlier_release_answers(stored: Cloud) -> None:
    assert stored.client("sts").get_caller_identity()["Account"] == "000000000000"
    quota = stored.client("service-quotas").get_service_quota(ServiceCode="iam", QuotaCode="L-F55AF5E4")["Quota"]
    assert quota["Value"] == 6000
    assert stored.client("resourcegroupstaggingapi").get_tag_values(Key="team")["TagValues"] == ["blue"]

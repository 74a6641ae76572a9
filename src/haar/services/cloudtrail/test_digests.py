"""Log file validation: digests, their signatures, their chain, and the keys."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from haar.services.cloudtrail.conftest import ACCOUNT, Desk
from haar.services.cloudtrail.resources import SigningKey

API = "https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/"
INTRO = GUIDE + "cloudtrail-log-file-validation-intro.html"
STRUCTURE = GUIDE + "cloudtrail-log-file-validation-digest-file-structure.html"
SIGNING = GUIDE + "cloudtrail-log-file-custom-validation.html"
Refused = Callable[..., str]


def digests(desk: Desk, region: str = "us-east-1") -> list[dict[str, Any]]:
    """The digests of a region, in order."""
    return [desk.read(key) for key in desk.files(f"/CloudTrail-Digest/{region}/")]


def key_of(desk: Desk, fingerprint: str, region: str = "us-east-1") -> rsa.RSAPublicKey:
    """The public key of a fingerprint."""
    listed = desk.of("cloudtrail", region).list_public_keys(StartTime=0, EndTime=desk.cloud.clock.now())
    value = next(one["Value"] for one in listed["PublicKeyList"] if one["Fingerprint"] == fingerprint)
    key = load_der_public_key(value)
    assert isinstance(key, rsa.RSAPublicKey)
    return key


def is_signed(desk: Desk, digest: dict[str, Any], region: str = "us-east-1") -> bool:
    """Whether the signature of a digest is its own. Raises InvalidSignature."""
    found = desk.s3.get_object(Bucket=digest["digestS3Bucket"], Key=digest["digestS3Object"])
    text = gzip.decompress(found["Body"].read())
    assert found["Metadata"]["signature-algorithm"] == "SHA256withRSA"
    place = f"{digest['digestS3Bucket']}/{digest['digestS3Object']}"
    last = digest["previousDigestSignature"] or "null"
    signed = f"{digest['digestEndTime']}\n{place}\n{hashlib.sha256(text).hexdigest()}\n{last}"
    public = key_of(desk, digest["digestPublicKeyFingerprint"], region)
    signature = bytes.fromhex(found["Metadata"]["signature"])
    public.verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return True


@pytest.mark.documented(STRUCTURE)
def test_a_digest_follows_every_hour(desk: Desk) -> None:
    desk.trail(EnableLogFileValidation=True)
    desk.cloud.advance(minutes=59)
    assert digests(desk) == []
    desk.cloud.advance(hours=3)
    assert len(digests(desk)) == 3


@pytest.mark.documented(STRUCTURE)
def test_a_digest_says_whose_it_is_where_from_and_of_when(desk: Desk) -> None:
    desk.trail(EnableLogFileValidation=True)
    desk.cloud.advance(hours=1)
    day = r"(\d{4})/(\d\d)/(\d\d)"
    name = rf"{ACCOUNT}_CloudTrail-Digest_us-east-1_trail_us-east-1_\1\2\3T\d{{6}}Z\.json\.gz"
    key = desk.files("/CloudTrail-Digest/")[0]
    assert re.fullmatch(rf"AWSLogs/{ACCOUNT}/CloudTrail-Digest/us-east-1/{day}/{name}", key)
    assert digests(desk)[0]["digestS3Object"] == key


@pytest.mark.documented(STRUCTURE)
def test_a_digest_has_the_hashes_of_the_files_of_its_hour(desk: Desk) -> None:
    desk.trail(EnableLogFileValidation=True)
    desk.of("iam").create_user(UserName="alice")
    desk.cloud.advance(hours=1)
    key = desk.files()[0]
    text = gzip.decompress(desk.s3.get_object(Bucket="logs", Key=key)["Body"].read())
    moments = [one["eventTime"] for one in json.loads(text)["Records"]]
    digest = digests(desk)[0]
    assert digest["logFiles"] == [
        {
            "s3Bucket": "logs", "s3Object": key, "hashValue": hashlib.sha256(text).hexdigest(),
            "hashAlgorithm": "SHA-256", "newestEventTime": max(moments), "oldestEventTime": min(moments),
        }
    ]  # fmt: skip
    assert (digest["newestEventTime"], digest["oldestEventTime"]) == (max(moments), min(moments))


@pytest.mark.documented(STRUCTURE)
def test_a_digest_of_an_hour_without_files_is_empty(desk: Desk) -> None:
    desk.trail(EnableLogFileValidation=True)
    desk.cloud.advance(hours=2)
    last = digests(desk)[1]
    assert (last["logFiles"], last["newestEventTime"], last["oldestEventTime"]) == ([], None, None)


@pytest.mark.documented(STRUCTURE)
def test_digests_are_a_chain(desk: Desk) -> None:
    desk.trail(EnableLogFileValidation=True)
    desk.cloud.advance(hours=2)
    first, second = digests(desk)
    found = desk.s3.get_object(Bucket="logs", Key=first["digestS3Object"])
    assert [value for name, value in first.items() if name.startswith("previous")] == [None] * 5
    assert second["previousDigestS3Object"] == first["digestS3Object"]
    assert second["previousDigestSignature"] == found["Metadata"]["signature"]
    assert second["previousDigestHashValue"] == hashlib.sha256(gzip.decompress(found["Body"].read())).hexdigest()
    assert second["digestStartTime"] == first["digestEndTime"]


@pytest.mark.documented(SIGNING)
def test_digests_are_signed_with_the_key_of_their_region(desk: Desk) -> None:
    desk.trail(EnableLogFileValidation=True, IsMultiRegionTrail=True)
    desk.of("sqs", "eu-west-1").create_queue(QueueName="q")
    desk.cloud.advance(hours=2)
    here, away = digests(desk), digests(desk, "eu-west-1")
    assert all(is_signed(desk, digest) for digest in here)
    assert all(is_signed(desk, digest, "eu-west-1") for digest in away)
    assert (len(here), len(away)) == (2, 2)
    assert here[0]["digestPublicKeyFingerprint"] != away[0]["digestPublicKeyFingerprint"]


@pytest.mark.documented(INTRO)
def test_without_validation_there_are_no_digests(desk: Desk) -> None:
    desk.trail()
    desk.cloud.advance(hours=3)
    assert digests(desk) == []
    assert desk.api.list_public_keys()["PublicKeyList"] == []


@pytest.mark.documented(API + "API_UpdateTrail.html")
@pytest.mark.parametrize("how", ["validation", "logging"])
def test_a_chain_ends_and_another_begins(desk: Desk, how: str) -> None:
    desk.trail(EnableLogFileValidation=True)
    desk.cloud.advance(hours=2)
    off: dict[str, Callable[[], Any]] = {
        "validation": lambda: desk.api.update_trail(Name="trail", EnableLogFileValidation=False),
        "logging": lambda: desk.api.stop_logging(Name="trail"),
    }
    on: dict[str, Callable[[], Any]] = {
        "validation": lambda: desk.api.update_trail(Name="trail", EnableLogFileValidation=True),
        "logging": lambda: desk.api.start_logging(Name="trail"),
    }
    off[how]()
    desk.cloud.advance(days=1)
    before = len(digests(desk))
    on[how]()
    restarted = desk.cloud.clock.now()
    desk.cloud.advance(hours=1, minutes=10)
    later = digests(desk)[before:]
    assert len(later) == 1
    assert later[0]["previousDigestSignature"] is None
    assert all(one["previousDigestSignature"] for one in digests(desk)[1:before])
    stamp = desk.s3.get_object(Bucket="logs", Key=later[0]["digestS3Object"])["LastModified"].timestamp()
    assert stamp - restarted < 4200


@pytest.mark.documented(INTRO)
def test_the_last_files_of_a_trail_that_stops_are_digested(desk: Desk) -> None:
    desk.trail(EnableLogFileValidation=True)
    desk.of("iam").create_user(UserName="alice")
    desk.cloud.advance(minutes=2)
    desk.api.stop_logging(Name="trail")
    desk.cloud.advance(minutes=15)
    named = [file["s3Object"] for digest in digests(desk) for file in digest["logFiles"]]
    assert named == desk.files()


@pytest.mark.documented(API + "API_GetTrailStatus.html")
def test_a_digest_that_was_not_let_in_is_delivered_later(desk: Desk) -> None:
    desk.trail(EnableLogFileValidation=True)
    desk.cloud.advance(minutes=30)
    desk.s3.delete_bucket_policy(Bucket="logs")
    desk.cloud.advance(hours=1)
    assert desk.api.get_trail_status(Name="trail")["LatestDigestDeliveryError"] == "AccessDenied"
    desk.admit("logs", f"AWSLogs/{ACCOUNT}")
    desk.cloud.advance(minutes=10)
    status = desk.api.get_trail_status(Name="trail")
    assert "LatestDigestDeliveryError" not in status
    assert status["LatestDigestDeliveryTime"].timestamp() <= desk.cloud.clock.now()
    assert all(is_signed(desk, digest) for digest in digests(desk))


# -- keys --------------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_ListPublicKeys.html")
def test_the_current_key_is_listed(desk: Desk) -> None:
    desk.trail(EnableLogFileValidation=True)
    (key,) = desk.api.list_public_keys()["PublicKeyList"]
    assert (key["ValidityEndTime"] - key["ValidityStartTime"]).days == 30
    assert key["Fingerprint"] == hashlib.md5(key["Value"], usedforsecurity=False).hexdigest()


@pytest.mark.documented(API + "API_ListPublicKeys.html")
def test_keys_change_and_the_old_ones_stay_listed(desk: Desk) -> None:
    desk.trail(EnableLogFileValidation=True)
    start = desk.cloud.clock.now()
    old = desk.api.list_public_keys()["PublicKeyList"]
    desk.cloud.advance(days=31)
    new = desk.api.list_public_keys()["PublicKeyList"]
    both = desk.api.list_public_keys(StartTime=start, EndTime=desk.cloud.clock.now())["PublicKeyList"]
    assert new != old
    assert both == old + new


@pytest.mark.documented(API + "API_ListPublicKeys.html")
def test_a_range_that_ends_before_it_begins_is_refused(desk: Desk, refused: Refused) -> None:
    assert refused(desk.api.list_public_keys, StartTime=2000, EndTime=1000) == "InvalidTimeRangeException"


@pytest.mark.ours
def test_the_private_half_of_a_key_is_sealed_and_forgotten(desk: Desk) -> None:
    desk.trail(EnableLogFileValidation=True)
    desk.cloud.advance(days=31)
    with desk.cloud.store.transaction(write=False) as tx:
        old, new = tx.range(SigningKey, "us-east-1")
    assert old.sealed == b""
    secret = desk.cloud.ports.sealer.open(new.sealed, about=b"cloudtrail/us-east-1")
    assert new.public in secret or len(secret) > 1000
    assert secret not in new.sealed

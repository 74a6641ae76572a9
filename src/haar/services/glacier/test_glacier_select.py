"""Select jobs: SQL over an archive, its results in a bucket."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from haar import Cloud

GUIDE = "https://docs.aws.amazon.com/amazonglacier/latest/dev/"
SELECT = GUIDE + "glacier-select.html"
INVALID = "InvalidParameterValueException"
MISSING = "MissingParameterValueException"
FILMS = b"name,made\nMetropolis,1927\nNosferatu,1922\nM,1931\n"
Refused = Callable[..., tuple[str, str]]
Put = Callable[..., str]


@pytest.fixture
def bucket(cloud: Cloud) -> str:
    """A bucket for results."""
    cloud.client("s3").create_bucket(Bucket="found")
    return "found"


def asking(archive: str, expression: str = "select s.name from archive s", **more: Any) -> dict[str, Any]:
    """The parameters of a select job; `location` and `csv` are members of those inside."""
    place = {"BucketName": "found", "Prefix": "films", **more.pop("location", {})}
    given = {"FileHeaderInfo": "USE", **more.pop("csv", {})}
    return {
        "Type": "select",
        "ArchiveId": archive,
        "SelectParameters": {
            "Expression": expression,
            "ExpressionType": "SQL",
            "InputSerialization": {"csv": given},
            "OutputSerialization": {"csv": {}},
        },
        "OutputLocation": {"S3": place},
        **more,
    }


def begun(glacier: Any, asked: dict[str, Any]) -> str:
    return str(glacier.initiate_job(vaultName="films", jobParameters=asked)["jobId"])


def objects(cloud: Cloud) -> dict[str, bytes]:
    """What is in the bucket, without the part of the keys that is the job's."""
    s3 = cloud.client("s3")
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket="found").get("Contents", [])]
    return {key.split("/", 2)[2]: s3.get_object(Bucket="found", Key=key)["Body"].read() for key in keys}


def results(cloud: Cloud) -> bytes:
    return b"".join(body for key, body in objects(cloud).items() if key.startswith("results/"))


@pytest.mark.fact("GLA-012")
def test_a_query_writes_only_the_rows_it_finds_to_a_bucket(cloud: Cloud, glacier: Any, put: Put, bucket: str) -> None:
    job = begun(glacier, asking(put(FILMS), "select s.name from archive s where cast(s.made as int) < 1930"))
    assert set(objects(cloud)) == {"job.txt"}
    cloud.advance(hours=5)
    assert glacier.describe_job(vaultName="films", jobId=job)["StatusCode"] == "Succeeded"
    assert results(cloud) == b"Metropolis\nNosferatu\n"
    (key,) = objects(cloud)["result_manifest.txt"].decode().split()
    assert key.startswith(f"films/{job}/results/")
    assert "error_manifest.txt" not in objects(cloud)


@pytest.mark.fact("GLA-013")
def test_a_query_never_gives_out_the_archive(
    cloud: Cloud, glacier: Any, put: Put, bucket: str, refused: Refused
) -> None:
    job = begun(glacier, asking(put(FILMS)))
    assert refused(glacier.get_job_output, vaultName="films", jobId=job)[0] == INVALID
    cloud.advance(hours=5)
    assert refused(glacier.get_job_output, vaultName="films", jobId=job)[0] == INVALID


@pytest.mark.documented(GUIDE + "api-initiate-job-post.html")
def test_a_query_says_where_its_results_will_be(glacier: Any, put: Put, bucket: str) -> None:
    archive = put(FILMS)
    asked = asking(archive, Tier="Bulk")
    made = glacier.initiate_job(vaultName="films", jobParameters=asked)
    assert made["jobOutputPath"] == f"films/{made['jobId']}/"
    shown = glacier.describe_job(vaultName="films", jobId=made["jobId"])
    assert (shown["Action"], shown["ArchiveId"], shown["Tier"]) == ("Select", archive, "Bulk")
    assert shown["SelectParameters"] == asked["SelectParameters"]
    assert shown["OutputLocation"] == asked["OutputLocation"]
    assert shown["JobOutputPath"] == made["jobOutputPath"]
    assert "ArchiveSizeInBytes" not in shown
    assert "RetrievalByteRange" not in shown


@pytest.mark.documented(SELECT)
def test_the_placeholder_tells_what_was_asked(cloud: Cloud, glacier: Any, put: Put, bucket: str) -> None:
    archive = put(FILMS)
    job = begun(glacier, asking(archive))
    told = json.loads(objects(cloud)["job.txt"])
    assert (told["JobId"], told["ArchiveId"]) == (job, archive)


@pytest.mark.documented(SELECT)
def test_a_query_takes_as_long_as_its_tier(cloud: Cloud, glacier: Any, put: Put, bucket: str) -> None:
    begun(glacier, asking(put(FILMS), Tier="Expedited"))
    cloud.advance(minutes=1)
    assert results(cloud) == b""
    cloud.advance(minutes=4)
    assert results(cloud) == b"Metropolis\nNosferatu\nM\n"


@pytest.mark.documented(SELECT)
def test_a_query_that_fails_on_a_record_says_so_beside_its_results(
    cloud: Cloud, glacier: Any, put: Put, bucket: str
) -> None:
    job = begun(glacier, asking(put(FILMS), "select cast(s.name as int) from archive s"))
    cloud.advance(hours=5)
    shown = glacier.describe_job(vaultName="films", jobId=job)
    assert shown["StatusCode"] == "Failed"
    assert shown["StatusMessage"].startswith("CastFailed")
    found = objects(cloud)
    (key,) = found["error_manifest.txt"].decode().split()
    assert found[key.split("/", 2)[2]].startswith(b"CastFailed")
    assert "result_manifest.txt" not in found


@pytest.mark.documented(SELECT)
def test_an_archive_in_parts_is_queried_as_one(cloud: Cloud, glacier: Any, vault: str, bucket: str) -> None:
    rows = b"".join(b"%07d,x\n" % number for number in range(150_000))
    mib = 1024 * 1024
    upload = glacier.initiate_multipart_upload(vaultName=vault, partSize=str(mib))["uploadId"]
    sums = []
    for start in range(0, len(rows), mib):
        piece = rows[start : start + mib]
        span = f"bytes {start}-{start + len(piece) - 1}/*"
        sent = glacier.upload_multipart_part(vaultName=vault, uploadId=upload, range=span, body=piece)
        sums.append(bytes.fromhex(sent["checksum"]))
    from haar.services.glacier.rules import tree_hash

    archive = glacier.complete_multipart_upload(
        vaultName=vault, uploadId=upload, archiveSize=str(len(rows)), checksum=tree_hash(b"".join(sums)).hex()
    )["archiveId"]
    query = "select s._1 from archive s where cast(s._1 as int) > 149997"
    begun(glacier, asking(archive, query, csv={"FileHeaderInfo": "NONE"}))
    cloud.advance(hours=5)
    assert results(cloud) == b"0149998\n0149999\n"


@pytest.mark.documented(SELECT)
@pytest.mark.parametrize(
    ("expression", "word"),
    [
        ("select * from", "Parse"),
        ("select * from archive order by 1", "Parse"),
        ("select count(*) from archive", "COUNT"),
        ("select * from archive limit 5", "LIMIT"),
    ],
)
def test_a_query_that_cannot_be_read_is_refused_at_once(
    cloud: Cloud, glacier: Any, put: Put, bucket: str, refused: Refused, expression: str, word: str
) -> None:
    code, message = refused(begun, glacier=glacier, asked=asking(put(FILMS), expression))
    assert code == INVALID
    assert word in message
    assert objects(cloud) == {}


@pytest.mark.ours
def test_a_word_in_quotes_is_no_word_of_the_language(cloud: Cloud, glacier: Any, put: Put, bucket: str) -> None:
    begun(glacier, asking(put(FILMS), "select s.made from archive s where s.name <> 'limit' and s.made = '1931'"))
    cloud.advance(hours=5)
    assert results(cloud) == b"1931\n"


@pytest.mark.documented(GUIDE + "api-S3Location.html")
@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"SelectParameters": {}}, MISSING),
        ({"OutputLocation": {}}, MISSING),
        ({"OutputLocation": {"S3": {"BucketName": "found"}}}, MISSING),
        ({"OutputLocation": {"S3": {"BucketName": "found", "Prefix": "x" * 513}}}, INVALID),
        ({"OutputLocation": {"S3": {"BucketName": "nobody-has-this", "Prefix": "x"}}}, INVALID),
        ({"RetrievalByteRange": "0-1048575"}, INVALID),
        ({"ArchiveId": None}, MISSING),
    ],
)
def test_a_query_has_an_archive_and_a_place_for_its_results(
    glacier: Any, put: Put, bucket: str, refused: Refused, asked: dict[str, Any], code: str
) -> None:
    given = {name: value for name, value in {**asking(put(FILMS)), **asked}.items() if value is not None}
    assert refused(begun, glacier=glacier, asked=given)[0] == code


@pytest.mark.documented(SELECT)
def test_who_may_not_write_to_the_bucket_begins_no_query(
    cloud: Cloud, glacier: Any, put: Put, bucket: str, refused: Refused
) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    statement = {"Effect": "Allow", "Action": "glacier:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=document)
    pair = iam.create_access_key(UserName="ann")["AccessKey"]
    ann = cloud.client("glacier", access_key=pair["AccessKeyId"], secret_key=pair["SecretAccessKey"])
    asked = asking(put(FILMS))
    assert refused(begun, glacier=ann, asked=asked)[0] == "AccessDeniedException"
    iam.put_user_policy(UserName="ann", PolicyName="q", PolicyDocument=document.replace("glacier:*", "s3:PutObject"))
    begun(ann, asked)
    cloud.advance(hours=5)
    assert results(cloud) == b"Metropolis\nNosferatu\nM\n"


@pytest.mark.documented(GUIDE + "api-S3Location.html")
def test_results_are_kept_as_the_location_says(cloud: Cloud, glacier: Any, put: Put, bucket: str) -> None:
    wishes = {"UserMetadata": {"team": "blue"}, "Encryption": {"EncryptionType": "AES256"}}
    begun(glacier, asking(put(FILMS), location=wishes))
    cloud.advance(hours=5)
    s3 = cloud.client("s3")
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    kept = [s3.head_object(Bucket=bucket, Key=key) for key in keys]
    assert [one["Metadata"] for one in kept] == [{"team": "blue"}] * 3
    assert {one["ServerSideEncryption"] for one in kept} == {"AES256"}


@pytest.mark.ours
def test_a_query_over_an_archive_that_is_deleted_meanwhile_fails(
    cloud: Cloud, glacier: Any, vault: str, put: Put, bucket: str
) -> None:
    archive = put(FILMS)
    job = begun(glacier, asking(archive))
    glacier.delete_archive(vaultName=vault, archiveId=archive)
    cloud.advance(hours=5)
    assert glacier.describe_job(vaultName=vault, jobId=job)["StatusCode"] == "Failed"
    assert set(objects(cloud)) == {"job.txt"}

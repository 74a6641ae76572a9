"""Jobs: how long they take, what they say of themselves, and what they give."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from botocore.utils import calculate_tree_hash

from haar import Cloud

GUIDE = "https://docs.aws.amazon.com/amazonglacier/latest/dev/"
ARN = "arn:aws:glacier:us-east-1:000000000000:vaults/films"
TOPIC = "arn:aws:sns:us-east-1:000000000000:done"
MIB = 1024 * 1024
INVALID = "InvalidParameterValueException"
MISSING = "ResourceNotFoundException"
Refused = Callable[..., tuple[str, str]]
Put = Callable[..., str]
Begin = Callable[..., str]
Inventory = Callable[..., tuple[str, bytes]]


def tree(data: bytes) -> str:
    return str(calculate_tree_hash(io.BytesIO(data)))


def state(glacier: Any, job: str) -> str:
    return str(glacier.describe_job(vaultName="films", jobId=job)["StatusCode"])


def output(glacier: Any, job: str, **more: str) -> Any:
    return glacier.get_job_output(vaultName="films", jobId=job, **more)


# -- how long ------------------------------------------------------------------------------------------------------


@pytest.mark.fact("GLA-003")
def test_a_bulk_retrieval_takes_five_to_twelve_hours(cloud: Cloud, glacier: Any, put: Put, begin: Begin) -> None:
    job = begin(put(), Tier="Bulk")
    cloud.advance(hours=5)
    assert state(glacier, job) == "InProgress"
    cloud.advance(hours=7)
    assert state(glacier, job) == "Succeeded"


@pytest.mark.documented(GUIDE + "downloading-an-archive-two-steps.html")
def test_a_standard_retrieval_takes_three_to_five_hours(cloud: Cloud, glacier: Any, put: Put, begin: Begin) -> None:
    job = begin(put(), Tier="Standard")
    cloud.advance(hours=3)
    assert state(glacier, job) == "InProgress"
    cloud.advance(hours=2)
    assert state(glacier, job) == "Succeeded"


@pytest.mark.documented(GUIDE + "downloading-an-archive-two-steps.html")
def test_an_expedited_retrieval_takes_one_to_five_minutes(cloud: Cloud, glacier: Any, put: Put, begin: Begin) -> None:
    job = begin(put(), Tier="Expedited")
    cloud.advance(minutes=1)
    assert state(glacier, job) == "InProgress"
    cloud.advance(minutes=4)
    assert state(glacier, job) == "Succeeded"


@pytest.mark.fact("GLA-004")
def test_the_tier_is_a_parameter_and_standard_without_it(
    glacier: Any, put: Put, begin: Begin, refused: Refused
) -> None:
    archive = put()
    assert glacier.describe_job(vaultName="films", jobId=begin(archive))["Tier"] == "Standard"
    assert glacier.describe_job(vaultName="films", jobId=begin(archive, Tier="Bulk"))["Tier"] == "Bulk"
    assert refused(begin, archive=archive, Tier="Instant")[0] == INVALID


@pytest.mark.documented(GUIDE + "api-job-output-get.html")
def test_the_output_is_there_for_a_day_and_then_the_job_is_gone(
    cloud: Cloud, glacier: Any, put: Put, begin: Begin, refused: Refused
) -> None:
    job = begin(put(b"a film"), Tier="Expedited")
    told = refused(output, glacier=glacier, job=job)
    assert told == (INVALID, f"The job is not currently available for download: {job}")
    cloud.advance(minutes=5)
    cloud.advance(hours=23, minutes=55)
    assert output(glacier, job)["body"].read() == b"a film"
    cloud.advance(minutes=5)
    told = refused(output, glacier=glacier, job=job)
    assert told == (MISSING, f"The job ID was not found: {job}")
    assert glacier.list_jobs(vaultName="films")["JobList"] == []


# -- what is asked for ---------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "api-initiate-job-post.html")
def test_a_job_is_accepted_and_has_a_place(glacier: Any, vault: str, put: Put) -> None:
    asked = {"Type": "archive-retrieval", "ArchiveId": put()}
    begun = glacier.initiate_job(vaultName=vault, jobParameters=asked)
    assert begun["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert begun["location"] == f"/000000000000/vaults/films/jobs/{begun['jobId']}"
    assert len(begun["jobId"]) == 92
    assert "jobOutputPath" not in begun


@pytest.mark.documented(GUIDE + "api-initiate-job-post.html")
@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "MissingParameterValueException"),
        ({"ArchiveId": "x"}, "MissingParameterValueException"),
        ({"Type": "archive-retrieval"}, "MissingParameterValueException"),
        ({"Type": "archive-retrieval", "ArchiveId": "never"}, MISSING),
        ({"Type": "restore"}, INVALID),
        ({"Type": "inventory-retrieval", "ArchiveId": "x"}, INVALID),
        ({"Type": "inventory-retrieval", "RetrievalByteRange": "0-1048575"}, INVALID),
        ({"Type": "inventory-retrieval", "Format": "XML"}, INVALID),
        ({"Type": "inventory-retrieval", "SNSTopic": "done"}, INVALID),
        ({"Type": "inventory-retrieval", "Description": "x" * 1025}, INVALID),
        ({"Type": "inventory-retrieval", "Description": "ü"}, INVALID),
        ({"Type": "inventory-retrieval", "InventoryRetrievalParameters": {"Limit": "0"}}, INVALID),
        ({"Type": "inventory-retrieval", "InventoryRetrievalParameters": {"StartDate": "May"}}, INVALID),
        ({"Type": "inventory-retrieval", "InventoryRetrievalParameters": {"Marker": "?"}}, INVALID),
    ],
)
def test_a_job_that_makes_no_sense_is_refused(
    glacier: Any, vault: str, refused: Refused, asked: dict[str, Any], code: str
) -> None:
    assert refused(glacier.initiate_job, vaultName=vault, jobParameters=asked)[0] == code


# -- what a job says of itself -------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "api-describe-job-get.html")
def test_a_retrieval_in_progress_says_what_it_retrieves(glacier: Any, vault: str, put: Put, begin: Begin) -> None:
    archive = put(b"x" * 10)
    job = begin(archive, Description="for ann", SNSTopic=TOPIC)
    shown = glacier.describe_job(vaultName=vault, jobId=job)
    for noise in ("ResponseMetadata", "CreationDate"):
        del shown[noise]
    assert shown == {
        "JobId": job,
        "JobDescription": "for ann",
        "Action": "ArchiveRetrieval",
        "ArchiveId": archive,
        "VaultARN": ARN,
        "Completed": False,
        "StatusCode": "InProgress",
        "StatusMessage": "Operation in progress.",
        "ArchiveSizeInBytes": 10,
        "SNSTopic": TOPIC,
        "ArchiveSHA256TreeHash": tree(b"x" * 10),
        "RetrievalByteRange": "0-9",
        "Tier": "Standard",
    }


@pytest.mark.documented(GUIDE + "api-describe-job-get.html")
def test_a_completed_retrieval_shows_the_hash_and_when(
    cloud: Cloud, glacier: Any, vault: str, put: Put, begin: Begin
) -> None:
    job = begin(put(b"x" * 10))
    cloud.advance(hours=5)
    shown = glacier.describe_job(vaultName=vault, jobId=job)
    assert shown["SHA256TreeHash"] == shown["ArchiveSHA256TreeHash"] == tree(b"x" * 10)
    assert (shown["Completed"], shown["StatusMessage"]) == (True, "Succeeded")
    assert shown["CreationDate"] < shown["CompletionDate"]


# -- ranges --------------------------------------------------------------------------------------------------------


@pytest.mark.fact("GLA-009")
def test_a_ranged_retrieval_gets_only_that_part(cloud: Cloud, glacier: Any, put: Put, begin: Begin) -> None:
    data = os.urandom(3 * MIB + 10)
    job = begin(put(data), RetrievalByteRange="0-1048575")
    cloud.advance(hours=5)
    got = output(glacier, job)
    assert got["body"].read() == data[:MIB]
    assert got["status"] == 200
    assert got["checksum"] == tree(data[:MIB])


@pytest.mark.fact("GLA-009")
@pytest.mark.parametrize("span", ["1-1048576", "0-1048574", "0-9999999", "1048576-0", "all", "0-"])
def test_a_range_that_is_not_aligned_is_refused(put: Put, begin: Begin, refused: Refused, span: str) -> None:
    archive = put(b"x" * (2 * MIB + 10))
    assert refused(begin, archive=archive, RetrievalByteRange=span)[0] == INVALID


@pytest.mark.documented(GUIDE + "api-initiate-job-post.html")
def test_a_range_may_end_with_the_archive(cloud: Cloud, glacier: Any, put: Put, begin: Begin) -> None:
    data = os.urandom(2 * MIB + 10)
    job = begin(put(data), RetrievalByteRange=f"{MIB}-{2 * MIB + 9}")
    cloud.advance(hours=5)
    assert output(glacier, job)["body"].read() == data[MIB:]


@pytest.mark.documented(GUIDE + "checksum-calculations-range.html")
def test_an_aligned_range_has_a_hash_at_once_and_another_none(glacier: Any, vault: str, put: Put, begin: Begin) -> None:
    data = os.urandom(6 * MIB + MIB // 2)
    archive = put(data)
    even = begin(archive, RetrievalByteRange=f"{2 * MIB}-{4 * MIB - 1}")
    odd = begin(archive, RetrievalByteRange=f"{3 * MIB}-{5 * MIB - 1}")
    assert glacier.describe_job(vaultName=vault, jobId=even)["SHA256TreeHash"] == tree(data[2 * MIB : 4 * MIB])
    assert "SHA256TreeHash" not in glacier.describe_job(vaultName=vault, jobId=odd)


@pytest.mark.documented(GUIDE + "checksum-calculations-range.html")
def test_of_a_range_that_is_not_aligned_to_the_tree_no_hash_is_given(
    cloud: Cloud, glacier: Any, put: Put, begin: Begin
) -> None:
    data = os.urandom(6 * MIB)
    job = begin(put(data), RetrievalByteRange=f"{3 * MIB}-{5 * MIB - 1}")
    cloud.advance(hours=5)
    got = output(glacier, job)
    assert got["body"].read() == data[3 * MIB : 5 * MIB]
    assert "checksum" not in got


@pytest.mark.documented(GUIDE + "api-job-output-get.html")
def test_a_part_of_the_output_is_partial_content(cloud: Cloud, glacier: Any, put: Put, begin: Begin) -> None:
    data = os.urandom(2 * MIB + 10)
    job = begin(put(data, archiveDescription="reel 2"))
    cloud.advance(hours=5)
    got = output(glacier, job, range="bytes=0-1023")
    assert got["body"].read() == data[:1024]
    assert (got["status"], got["contentRange"]) == (206, f"bytes 0-1023/{2 * MIB + 10}")
    assert (got["contentType"], got["acceptRanges"]) == ("application/octet-stream", "bytes")
    assert got["archiveDescription"] == "reel 2"
    assert "checksum" not in got


@pytest.mark.documented(GUIDE + "checksum-calculations-range.html")
def test_an_aligned_part_of_the_output_has_its_hash(cloud: Cloud, glacier: Any, put: Put, begin: Begin) -> None:
    data = os.urandom(5 * MIB)
    job = begin(put(data))
    cloud.advance(hours=5)
    span = f"bytes={2 * MIB}-{4 * MIB - 1}"
    assert output(glacier, job, range=span)["checksum"] == tree(data[2 * MIB : 4 * MIB])
    assert "checksum" not in output(glacier, job, range=f"bytes={MIB}-{3 * MIB - 1}")


@pytest.mark.documented(GUIDE + "api-job-output-get.html")
def test_a_range_of_the_output_counts_from_the_range_of_the_job(
    cloud: Cloud, glacier: Any, put: Put, begin: Begin
) -> None:
    data = os.urandom(4 * MIB)
    job = begin(put(data), RetrievalByteRange=f"{2 * MIB}-{4 * MIB - 1}")
    cloud.advance(hours=5)
    got = output(glacier, job, range=f"bytes={MIB}-{2 * MIB - 1}")
    assert got["body"].read() == data[3 * MIB :]
    assert got["checksum"] == tree(data[3 * MIB :])
    assert got["contentRange"] == f"bytes {MIB}-{2 * MIB - 1}/{2 * MIB}"


@pytest.mark.documented(GUIDE + "api-job-output-get.html")
def test_a_range_crosses_the_parts_it_was_uploaded_in(cloud: Cloud, glacier: Any, vault: str, begin: Begin) -> None:
    data = os.urandom(4 * MIB + 99)
    upload = glacier.initiate_multipart_upload(vaultName=vault, partSize=str(MIB))["uploadId"]
    for start in range(0, len(data), MIB):
        piece = data[start : start + MIB]
        span = f"bytes {start}-{start + len(piece) - 1}/*"
        glacier.upload_multipart_part(vaultName=vault, uploadId=upload, range=span, body=piece)
    archive = glacier.complete_multipart_upload(
        vaultName=vault, uploadId=upload, archiveSize=str(len(data)), checksum=tree(data)
    )["archiveId"]
    job = begin(archive)
    cloud.advance(hours=5)
    got = output(glacier, job, range=f"bytes={MIB - 7}-{3 * MIB + 4}")
    assert got["body"].read() == data[MIB - 7 : 3 * MIB + 5]
    assert output(glacier, job, range=f"bytes=0-{4 * MIB - 1}")["checksum"] == tree(data[: 4 * MIB])


@pytest.mark.documented(GUIDE + "api-job-output-get.html")
@pytest.mark.parametrize("span", ["bytes=10-12", "bytes=5-2", "0-5", "bytes=-5"])
def test_a_range_that_the_output_does_not_have_is_refused(
    cloud: Cloud, glacier: Any, put: Put, begin: Begin, refused: Refused, span: str
) -> None:
    job = begin(put(b"0123456789"))
    cloud.advance(hours=5)
    assert refused(output, glacier=glacier, job=job, range=span)[0] == INVALID


# -- inventories ---------------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "api-job-output-get.html")
def test_an_inventory_lists_what_there_was(
    cloud: Cloud, glacier: Any, vault: str, put: Put, inventory: Inventory
) -> None:
    archive = put(b"a film", archiveDescription="reel 1")
    cloud.advance(days=1)
    put(b"later")
    job, text = inventory()
    listing = json.loads(text)
    assert listing["VaultARN"] == ARN
    taken = glacier.describe_vault(vaultName=vault)["LastInventoryDate"]
    assert listing["InventoryDate"][:19] == taken[:19]
    (row,) = listing["ArchiveList"]
    assert row.pop("CreationDate").endswith("Z")
    assert row == {
        "ArchiveId": archive,
        "ArchiveDescription": "reel 1",
        "Size": 6,
        "SHA256TreeHash": tree(b"a film"),
    }
    got = output(glacier, job)
    assert got["contentType"] == "application/json"
    assert "checksum" not in got


@pytest.mark.documented(GUIDE + "api-initiate-job-post.html")
def test_an_inventory_still_lists_what_was_deleted_after_it(
    cloud: Cloud, glacier: Any, vault: str, put: Put, inventory: Inventory
) -> None:
    archive = put()
    cloud.advance(days=1)
    glacier.delete_archive(vaultName=vault, archiveId=archive)
    assert [one["ArchiveId"] for one in json.loads(inventory()[1])["ArchiveList"]] == [archive]
    cloud.advance(days=1)
    assert json.loads(inventory()[1])["ArchiveList"] == []


@pytest.mark.documented(GUIDE + "api-describe-job-get.html")
def test_an_inventory_job_tells_its_size_when_it_is_done(cloud: Cloud, glacier: Any, vault: str, put: Put) -> None:
    put()
    cloud.advance(days=1)
    asked = {"Type": "inventory-retrieval", "Description": "all", "SNSTopic": TOPIC}
    job = glacier.initiate_job(vaultName=vault, jobParameters=asked)["jobId"]
    before = glacier.describe_job(vaultName=vault, jobId=job)
    assert "InventorySizeInBytes" not in before
    assert before["InventoryRetrievalParameters"] == {"Format": "JSON"}
    assert (before["Action"], before["JobDescription"], before["SNSTopic"]) == ("InventoryRetrieval", "all", TOPIC)
    cloud.advance(hours=5)
    size = glacier.describe_job(vaultName=vault, jobId=job)["InventorySizeInBytes"]
    assert size == len(output(glacier, job)["body"].read())


@pytest.mark.documented(GUIDE + "api-job-output-get.html")
def test_an_inventory_is_also_given_as_csv(cloud: Cloud, glacier: Any, put: Put, inventory: Inventory) -> None:
    archive = put(b"a film", archiveDescription='reel, 1"2')
    cloud.advance(days=1)
    job, text = inventory("CSV")
    assert output(glacier, job)["contentType"] == "text/csv"
    assert b'"reel, 1\\"2"' in text
    head, row = csv.reader(io.StringIO(text.decode()), escapechar="\\", doublequote=False)
    assert head == ["ArchiveId", "ArchiveDescription", "CreationDate", "Size", "SHA256TreeHash"]
    assert (row[0], row[1], row[3], row[4]) == (archive, 'reel, 1"2', "6", tree(b"a film"))


@pytest.mark.documented(GUIDE + "api-initiate-job-post.html")
def test_an_inventory_is_limited_and_goes_on_from_its_marker(
    cloud: Cloud, glacier: Any, vault: str, put: Put, inventory: Inventory
) -> None:
    archives = [put() for _ in range(5)]
    cloud.advance(days=1)
    seen, wanted = [], {"Limit": "2"}
    for _ in range(3):
        job, text = inventory(**wanted)
        seen += [one["ArchiveId"] for one in json.loads(text)["ArchiveList"]]
        asked = glacier.describe_job(vaultName=vault, jobId=job)["InventoryRetrievalParameters"]
        assert asked["Limit"] == "2"
        wanted = {"Limit": "2", "Marker": asked.get("Marker", "")}
    assert sorted(seen) == sorted(archives)
    assert wanted["Marker"] == ""


@pytest.mark.documented(GUIDE + "api-initiate-job-post.html")
def test_an_inventory_is_limited_to_dates(
    cloud: Cloud, glacier: Any, vault: str, put: Put, inventory: Inventory
) -> None:
    archives = []
    for _ in range(3):
        archives.append(put())
        cloud.advance(hours=6)
    cloud.advance(days=1)
    dates = [one["CreationDate"] for one in json.loads(inventory()[1])["ArchiveList"]]
    job, text = inventory(StartDate=dates[1], EndDate=dates[2])
    assert [one["ArchiveId"] for one in json.loads(text)["ArchiveList"]] == archives[1:2]
    asked = glacier.describe_job(vaultName=vault, jobId=job)["InventoryRetrievalParameters"]
    assert (asked["StartDate"], asked["EndDate"]) == (dates[1], dates[2])


@pytest.mark.ours
def test_before_the_first_inventory_there_is_none_to_get(glacier: Any, vault: str, put: Put, refused: Refused) -> None:
    put()
    told = refused(glacier.initiate_job, vaultName=vault, jobParameters={"Type": "inventory-retrieval"})
    assert told[0] == MISSING


@pytest.mark.ours
def test_a_large_inventory_is_given_in_full(cloud: Cloud, put: Put, inventory: Inventory) -> None:
    archives = {put(archiveDescription="x" * 1024) for _ in range(60)}
    cloud.advance(days=1)
    listing = json.loads(inventory()[1])["ArchiveList"]
    assert {one["ArchiveId"] for one in listing} == archives


# -- lists ---------------------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "api-jobs-get.html")
def test_jobs_are_listed_in_the_order_they_began(cloud: Cloud, glacier: Any, put: Put, begin: Begin) -> None:
    archive, jobs = put(), []
    for _ in range(4):
        jobs.append(begin(archive))
        cloud.advance(seconds=10)
    first = glacier.list_jobs(vaultName="films", limit="3")
    rest = glacier.list_jobs(vaultName="films", marker=first["Marker"])
    assert [one["JobId"] for one in first["JobList"] + rest["JobList"]] == jobs
    assert "Marker" not in rest


@pytest.mark.documented(GUIDE + "api-jobs-get.html")
def test_jobs_are_listed_by_their_state(cloud: Cloud, glacier: Any, vault: str, put: Put, begin: Begin) -> None:
    gone, archive = put(), put()
    failed = begin(gone, Tier="Expedited")
    done = begin(archive, Tier="Expedited")
    running = begin(archive, Tier="Bulk")
    glacier.delete_archive(vaultName=vault, archiveId=gone)
    cloud.advance(minutes=5)

    def listed(**wanted: str) -> set[str]:
        return {one["JobId"] for one in glacier.list_jobs(vaultName=vault, **wanted)["JobList"]}

    assert listed(completed="true") == {failed, done}
    assert listed(completed="false") == listed(statuscode="InProgress") == {running}
    assert listed(statuscode="Succeeded") == {done}
    assert listed(statuscode="Failed", completed="true") == {failed}
    assert listed(statuscode="Failed", completed="false") == set()


@pytest.mark.documented(GUIDE + "api-jobs-get.html")
@pytest.mark.parametrize("wrong", [{"statuscode": "finished"}, {"completed": "maybe"}, {"limit": "0"}, {"marker": "x"}])
def test_a_list_of_jobs_wants_known_states(glacier: Any, vault: str, refused: Refused, wrong: dict[str, str]) -> None:
    assert refused(glacier.list_jobs, vaultName=vault, **wrong)[0] == INVALID

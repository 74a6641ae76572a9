"""Archives: uploaded whole or in parts, hashed, deleted."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import Any

import pytest
from botocore.utils import calculate_tree_hash

from haar import Cloud
from haar.services.glacier.resources import Piece

GUIDE = "https://docs.aws.amazon.com/amazonglacier/latest/dev/"
MIB = 1024 * 1024
INVALID = "InvalidParameterValueException"
MISSING = "ResourceNotFoundException"
Refused = Callable[..., tuple[str, str]]
Put = Callable[..., str]
Begin = Callable[..., str]


def tree(data: bytes) -> str:
    return str(calculate_tree_hash(io.BytesIO(data)))


def retrieved(cloud: Cloud, glacier: Any, vault: str, archive: str) -> bytes:
    asked = {"Type": "archive-retrieval", "ArchiveId": archive}
    job = glacier.initiate_job(vaultName=vault, jobParameters=asked)["jobId"]
    cloud.advance(hours=5)
    body: bytes = glacier.get_job_output(vaultName=vault, jobId=job)["body"].read()
    return body


def pieces(cloud: Cloud) -> int:
    with cloud.store.transaction(write=False) as tx:
        return tx.count(Piece)


# -- whole ---------------------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "api-archive-post.html")
def test_a_new_archive_has_an_id_a_place_and_its_tree_hash(glacier: Any, vault: str) -> None:
    data = os.urandom(2 * MIB + 3)
    made = glacier.upload_archive(vaultName=vault, body=data, archiveDescription="The first reel")
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert len(made["archiveId"]) == 138
    assert made["location"] == f"/000000000000/vaults/films/archives/{made['archiveId']}"
    assert made["checksum"] == tree(data)


@pytest.mark.documented(GUIDE + "api-archive-post.html")
@pytest.mark.parametrize("size", [1, 1000, 65_536, 65_537, MIB, 3 * MIB + 1])
def test_an_archive_comes_back_as_it_was(cloud: Cloud, glacier: Any, vault: str, put: Put, size: int) -> None:
    data = os.urandom(size)
    assert retrieved(cloud, glacier, vault, put(data)) == data


@pytest.mark.documented(GUIDE + "api-archive-post.html")
def test_a_wrong_tree_hash_is_refused(cloud: Cloud, glacier: Any, vault: str, refused: Refused) -> None:
    code, message = refused(glacier.upload_archive, vaultName=vault, body=b"abc", checksum="0" * 64)
    assert code == INVALID
    assert message == f"Checksum mismatch: expected {'0' * 64}, computed {tree(b'abc')}"
    assert pieces(cloud) == 0


@pytest.mark.documented(GUIDE + "uploading-an-archive.html")
def test_an_archive_is_not_empty(glacier: Any, vault: str, refused: Refused) -> None:
    told = refused(glacier.upload_archive, vaultName=vault, body=b"")
    assert told == (INVALID, "Invalid Content-Length: 0")


@pytest.mark.documented(GUIDE + "api-archive-post.html")
@pytest.mark.parametrize("text", ["x" * 1025, "tab\there"])
def test_a_description_is_printable_ascii_up_to_1024_characters(
    glacier: Any, vault: str, refused: Refused, text: str
) -> None:
    assert refused(glacier.upload_archive, vaultName=vault, body=b"x", archiveDescription=text)[0] == INVALID


@pytest.mark.documented(GUIDE + "api-archive-post.html")
def test_an_archive_needs_a_vault(glacier: Any, refused: Refused) -> None:
    assert refused(glacier.upload_archive, vaultName="none", body=b"x")[0] == MISSING


@pytest.mark.ours
def test_what_is_kept_is_encrypted(cloud: Cloud, put: Put) -> None:
    put(b"a plain secret")
    with cloud.store.transaction(write=False) as tx:
        (piece,) = tx.range(Piece)
    assert b"plain secret" not in piece.kept.sealed


# -- deleting ------------------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "api-archive-delete.html")
def test_a_deleted_archive_cannot_be_retrieved(
    cloud: Cloud, glacier: Any, vault: str, put: Put, begin: Begin, refused: Refused
) -> None:
    archive = put()
    glacier.delete_archive(vaultName=vault, archiveId=archive)
    assert refused(begin, archive=archive) == (MISSING, f"The archive ID was not found: {archive}")
    assert pieces(cloud) == 0


@pytest.mark.documented(GUIDE + "api-archive-delete.html")
def test_deleting_an_archive_again_is_no_error(glacier: Any, vault: str, put: Put) -> None:
    archive = put()
    glacier.delete_archive(vaultName=vault, archiveId=archive)
    again = glacier.delete_archive(vaultName=vault, archiveId=archive)
    assert again["ResponseMetadata"]["HTTPStatusCode"] == 204


@pytest.mark.documented(GUIDE + "api-archive-delete.html")
def test_an_archive_that_never_was_is_not_found(glacier: Any, vault: str, refused: Refused) -> None:
    told = refused(glacier.delete_archive, vaultName=vault, archiveId="never")
    assert told == (MISSING, "The archive ID was not found: never")


@pytest.mark.ours
def test_an_archive_is_deleted_from_its_own_vault_only(glacier: Any, vault: str, put: Put, refused: Refused) -> None:
    archive = put()
    glacier.create_vault(vaultName="other")
    assert refused(glacier.delete_archive, vaultName="other", archiveId=archive)[0] == INVALID


@pytest.mark.documented(GUIDE + "api-archive-delete.html")
def test_what_was_ready_for_download_stays_after_the_archive_is_deleted(
    cloud: Cloud, glacier: Any, vault: str, put: Put, begin: Begin, refused: Refused
) -> None:
    archive = put(b"a film")
    job = begin(archive)
    cloud.advance(hours=5)
    glacier.delete_archive(vaultName=vault, archiveId=archive)
    assert glacier.get_job_output(vaultName=vault, jobId=job)["body"].read() == b"a film"
    cloud.advance(days=1)
    assert refused(glacier.get_job_output, vaultName=vault, jobId=job)[0] == MISSING
    assert pieces(cloud) == 0


@pytest.mark.documented(GUIDE + "api-archive-delete.html")
def test_a_retrieval_in_progress_fails_when_its_archive_is_deleted(
    cloud: Cloud, glacier: Any, vault: str, put: Put, begin: Begin, refused: Refused
) -> None:
    archive = put()
    job = begin(archive)
    glacier.delete_archive(vaultName=vault, archiveId=archive)
    assert glacier.describe_job(vaultName=vault, jobId=job)["StatusCode"] == "InProgress"
    cloud.advance(hours=5)
    assert glacier.describe_job(vaultName=vault, jobId=job)["StatusCode"] == "Failed"
    assert refused(glacier.get_job_output, vaultName=vault, jobId=job)[0] == INVALID
    assert pieces(cloud) == 0


# -- in parts ------------------------------------------------------------------------------------------------------


def opened(glacier: Any, vault: str, size: int = MIB, **more: str) -> str:
    made: str = glacier.initiate_multipart_upload(vaultName=vault, partSize=str(size), **more)["uploadId"]
    return made


def part(glacier: Any, vault: str, upload: str, data: bytes, start: int = 0) -> str:
    span = f"bytes {start}-{start + len(data) - 1}/*"
    sent = glacier.upload_multipart_part(vaultName=vault, uploadId=upload, range=span, body=data)
    return str(sent["checksum"])


@pytest.mark.documented(GUIDE + "api-multipart-complete-upload.html")
@pytest.mark.parametrize("size", [MIB, 2 * MIB, 4 * MIB])
def test_parts_in_any_order_become_one_archive(cloud: Cloud, glacier: Any, vault: str, size: int) -> None:
    data = os.urandom(5 * MIB + 321)
    upload = opened(glacier, vault, size, archiveDescription="in parts")
    for start in reversed(range(0, len(data), size)):
        piece = data[start : start + size]
        assert part(glacier, vault, upload, piece, start) == tree(piece)
    made = glacier.complete_multipart_upload(
        vaultName=vault, uploadId=upload, archiveSize=str(len(data)), checksum=tree(data)
    )
    assert made["checksum"] == tree(data)
    assert retrieved(cloud, glacier, vault, made["archiveId"]) == data


@pytest.mark.documented(GUIDE + "api-multipart-complete-upload.html")
def test_completing_again_gives_the_same_archive(glacier: Any, vault: str) -> None:
    upload = opened(glacier, vault)
    part(glacier, vault, upload, b"abc")
    done = {"vaultName": vault, "uploadId": upload, "archiveSize": "3", "checksum": tree(b"abc")}
    first = glacier.complete_multipart_upload(**done)["archiveId"]
    assert glacier.complete_multipart_upload(**done)["archiveId"] == first


@pytest.mark.documented(GUIDE + "api-multipart-complete-upload.html")
def test_a_completed_upload_is_no_longer_listed(glacier: Any, vault: str, refused: Refused) -> None:
    upload = opened(glacier, vault)
    part(glacier, vault, upload, b"abc")
    glacier.complete_multipart_upload(vaultName=vault, uploadId=upload, archiveSize="3", checksum=tree(b"abc"))
    assert glacier.list_multipart_uploads(vaultName=vault)["UploadsList"] == []
    assert refused(glacier.list_parts, vaultName=vault, uploadId=upload)[0] == MISSING
    assert refused(glacier.abort_multipart_upload, vaultName=vault, uploadId=upload)[0] == MISSING


@pytest.mark.documented(GUIDE + "api-multipart-complete-upload.html")
@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"archiveSize": "4"}, INVALID),
        ({"archiveSize": "three"}, INVALID),
        ({"checksum": "0" * 64}, INVALID),
        ({"archiveSize": None}, "MissingParameterValueException"),
        ({"checksum": None}, "MissingParameterValueException"),
    ],
)
def test_a_wrong_completion_leaves_the_upload_open(
    glacier: Any, vault: str, refused: Refused, wrong: dict[str, Any], code: str
) -> None:
    upload = opened(glacier, vault)
    part(glacier, vault, upload, b"abc")
    right = {"vaultName": vault, "uploadId": upload, "archiveSize": "3", "checksum": tree(b"abc")}
    given = {name: value for name, value in {**right, **wrong}.items() if value is not None}
    assert refused(glacier.complete_multipart_upload, **given)[0] == code
    assert glacier.complete_multipart_upload(**right)["archiveId"]


@pytest.mark.documented(GUIDE + "api-multipart-complete-upload.html")
def test_an_archive_with_a_gap_is_refused(glacier: Any, vault: str, refused: Refused) -> None:
    first, last = os.urandom(MIB), b"end"
    upload = opened(glacier, vault)
    part(glacier, vault, upload, first)
    part(glacier, vault, upload, last, 2 * MIB)
    size = str(2 * MIB + 3)
    told = refused(
        glacier.complete_multipart_upload, vaultName=vault, uploadId=upload, archiveSize=size, checksum="0" * 64
    )
    assert told[0] == INVALID


@pytest.mark.documented(GUIDE + "api-upload-part.html")
def test_a_short_part_in_the_middle_is_found_at_the_end(glacier: Any, vault: str, refused: Refused) -> None:
    upload = opened(glacier, vault)
    part(glacier, vault, upload, b"short")
    part(glacier, vault, upload, b"end", MIB)
    told = refused(
        glacier.complete_multipart_upload, vaultName=vault, uploadId=upload, archiveSize="8", checksum="0" * 64
    )
    assert told[0] == INVALID


@pytest.mark.ours
def test_an_upload_without_parts_is_not_completed(glacier: Any, vault: str, refused: Refused) -> None:
    upload = opened(glacier, vault)
    told = refused(
        glacier.complete_multipart_upload, vaultName=vault, uploadId=upload, archiveSize="0", checksum="0" * 64
    )
    assert told[0] == INVALID


@pytest.mark.documented(GUIDE + "api-multipart-initiate-upload.html")
@pytest.mark.parametrize("size", ["0", "1048575", "3145728", str(8 * 1024**3), "many"])
def test_a_part_size_is_a_mebibyte_times_a_power_of_two(glacier: Any, vault: str, refused: Refused, size: str) -> None:
    told = refused(glacier.initiate_multipart_upload, vaultName=vault, partSize=size)
    assert told[0] == INVALID
    assert told[1] == (
        f"Invalid part size: {size}. Part size must not be null, must be a power of two and be between 1048576 and "
        "4294967296 bytes."
    )


@pytest.mark.documented(GUIDE + "api-multipart-initiate-upload.html")
def test_the_largest_part_size_is_four_gibibytes(glacier: Any, vault: str) -> None:
    assert len(opened(glacier, vault, 4 * 1024**3)) == 92


@pytest.mark.documented(GUIDE + "api-upload-part.html")
@pytest.mark.parametrize(
    ("span", "message"),
    [
        ("bytes=0-2/*", "Invalid Content-Range: bytes=0-2/*"),
        ("bytes 5-2/*", "Invalid Content-Range: bytes 5-2/*"),
        ("bytes 0-3/*", "Content-Range: bytes 0-3/* is incompatible with Content-Length: 3"),
        ("bytes 5-7/*", "Content-Range: bytes 5-7/* is not aligned with the part size: 1048576"),
        (
            f"bytes {10_000 * MIB}-{10_000 * MIB + 2}/*",
            "This is part number 10001 for the current multipart upload. It exceeds the limit of 10000 parts.",
        ),
    ],
)
def test_a_part_says_where_it_belongs(glacier: Any, vault: str, refused: Refused, span: str, message: str) -> None:
    upload = opened(glacier, vault)
    told = refused(glacier.upload_multipart_part, vaultName=vault, uploadId=upload, range=span, body=b"abc")
    assert told == (INVALID, message)


@pytest.mark.documented(GUIDE + "api-upload-part.html")
def test_a_part_is_not_larger_than_the_part_size(glacier: Any, vault: str, refused: Refused) -> None:
    upload = opened(glacier, vault)
    told = refused(part, glacier=glacier, vault=vault, upload=upload, data=b"x" * (MIB + 1))
    assert told[0] == INVALID


@pytest.mark.documented(GUIDE + "api-upload-part.html")
def test_a_part_with_a_wrong_tree_hash_is_refused(glacier: Any, vault: str, refused: Refused) -> None:
    upload = opened(glacier, vault)
    sent = {"range": "bytes 0-2/*", "body": b"abc", "checksum": "0" * 64}
    assert refused(glacier.upload_multipart_part, vaultName=vault, uploadId=upload, **sent)[0] == INVALID


@pytest.mark.documented(GUIDE + "api-upload-part.html")
def test_the_same_part_again_takes_the_place_of_the_first(cloud: Cloud, glacier: Any, vault: str) -> None:
    upload = opened(glacier, vault)
    part(glacier, vault, upload, b"x" * 100_000)
    part(glacier, vault, upload, b"new")
    made = glacier.complete_multipart_upload(vaultName=vault, uploadId=upload, archiveSize="3", checksum=tree(b"new"))
    assert retrieved(cloud, glacier, vault, made["archiveId"]) == b"new"


@pytest.mark.documented(GUIDE + "api-multipart-list-parts.html")
def test_parts_are_listed_by_their_range_page_by_page(glacier: Any, vault: str) -> None:
    upload = opened(glacier, vault, archiveDescription="three parts")
    for start in (2 * MIB, MIB, 0):
        part(glacier, vault, upload, b"x" * (MIB if start < 2 * MIB else 5), start)
    first = glacier.list_parts(vaultName=vault, uploadId=upload, limit="2")
    assert [one["RangeInBytes"] for one in first["Parts"]] == ["0-1048575", "1048576-2097151"]
    assert first["Parts"][0]["SHA256TreeHash"] == tree(b"x" * MIB)
    assert (first["ArchiveDescription"], first["PartSizeInBytes"]) == ("three parts", MIB)
    assert (first["MultipartUploadId"], first["VaultARN"][-5:]) == (upload, "films")
    rest = glacier.list_parts(vaultName=vault, uploadId=upload, marker=first["Marker"])
    assert [one["RangeInBytes"] for one in rest["Parts"]] == ["2097152-2097156"]


@pytest.mark.documented(GUIDE + "api-multipart-list-uploads.html")
def test_uploads_in_progress_are_listed(glacier: Any, vault: str) -> None:
    upload = opened(glacier, vault, 2 * MIB, archiveDescription="one")
    (shown,) = glacier.list_multipart_uploads(vaultName=vault)["UploadsList"]
    assert shown["MultipartUploadId"] == upload
    assert (shown["ArchiveDescription"], shown["PartSizeInBytes"]) == ("one", 2 * MIB)


@pytest.mark.documented(GUIDE + "api-multipart-abort-upload.html")
def test_an_aborted_upload_takes_no_parts_and_can_be_aborted_again(
    cloud: Cloud, glacier: Any, vault: str, refused: Refused
) -> None:
    upload = opened(glacier, vault)
    part(glacier, vault, upload, b"abc")
    glacier.abort_multipart_upload(vaultName=vault, uploadId=upload)
    glacier.abort_multipart_upload(vaultName=vault, uploadId=upload)
    assert refused(part, glacier=glacier, vault=vault, upload=upload, data=b"abc")[0] == MISSING
    assert glacier.list_multipart_uploads(vaultName=vault)["UploadsList"] == []
    assert pieces(cloud) == 0
    cloud.advance(hours=1)
    told = refused(glacier.abort_multipart_upload, vaultName=vault, uploadId=upload)
    assert told == (MISSING, f"The upload ID was not found: {upload}")


@pytest.mark.documented(GUIDE + "api-multipart-initiate-upload.html")
def test_an_upload_that_nobody_touches_for_a_day_is_removed(
    cloud: Cloud, glacier: Any, vault: str, refused: Refused
) -> None:
    upload = opened(glacier, vault)
    cloud.advance(hours=23)
    part(glacier, vault, upload, b"abc")
    cloud.advance(hours=23)
    assert len(glacier.list_parts(vaultName=vault, uploadId=upload)["Parts"]) == 1
    cloud.advance(hours=2)
    assert refused(glacier.list_parts, vaultName=vault, uploadId=upload)[0] == MISSING
    assert pieces(cloud) == 0

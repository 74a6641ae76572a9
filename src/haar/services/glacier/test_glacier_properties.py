"""Archives, parts and ranges of any size, and inventories at any time, against simple models of them."""

from __future__ import annotations

import io
import json
import random

import pytest
from botocore.utils import calculate_tree_hash
from hypothesis import given, settings
from hypothesis import strategies as st

from haar import Cloud

GUIDE = "https://docs.aws.amazon.com/amazonglacier/latest/dev/"
MIB = 1024 * 1024


def nodes(total: int) -> set[tuple[int, int]]:
    """The nodes of a tree over so many leaves, each as (first leaf, leaf behind its last)."""
    level = [(number, number + 1) for number in range(total)]
    found = set(level)
    while len(level) > 1:
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        level = [(pair[0][0], pair[-1][1]) for pair in pairs]
        found |= set(level)
    return found


def leaves(start: int, stop: int, size: int) -> tuple[int, int] | None:
    """The leaves that bytes of an archive are exactly; None when they begin or end within one."""
    if start % MIB or (stop % MIB and stop != size):
        return None
    return start // MIB, -(-stop // MIB)


@pytest.mark.documented(GUIDE + "checksum-calculations-range.html")
@given(
    size=st.integers(1, 7 * MIB),
    part=st.sampled_from([0, MIB, 2 * MIB, 4 * MIB]),
    asked=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    read=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    aligned=st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_any_range_of_any_archive_comes_back_with_a_hash_exactly_where_it_is_a_node(
    size: int, part: int, asked: tuple[float, float], read: tuple[float, float], aligned: bool
) -> None:
    data = random.Random(size).randbytes(size)
    tree = nodes(-(-size // MIB))

    def tree_hash(piece: bytes) -> str:
        return str(calculate_tree_hash(io.BytesIO(piece)))

    def span(ends: tuple[float, float], length: int, step: int) -> tuple[int, int]:
        first = min(int(min(ends) * length), length - 1) // step * step
        return first, min(max(-(-int(max(ends) * length) // step) * step, first + step), length)

    with Cloud(seed=1) as cloud:
        glacier = cloud.client("glacier")
        glacier.create_vault(vaultName="v")
        if part:
            upload = glacier.initiate_multipart_upload(vaultName="v", partSize=str(part))["uploadId"]
            starts = list(range(0, size, part))
            random.Random(part).shuffle(starts)
            for start in starts:
                piece = data[start : start + part]
                place = f"bytes {start}-{start + len(piece) - 1}/*"
                glacier.upload_multipart_part(vaultName="v", uploadId=upload, range=place, body=piece)
            archive = glacier.complete_multipart_upload(
                vaultName="v", uploadId=upload, archiveSize=str(size), checksum=tree_hash(data)
            )["archiveId"]
        else:
            archive = glacier.upload_archive(vaultName="v", body=data)["archiveId"]
        first, last = span(asked, size, MIB)
        wanted = {"Type": "archive-retrieval", "ArchiveId": archive, "RetrievalByteRange": f"{first}-{last - 1}"}
        job = glacier.initiate_job(vaultName="v", jobParameters=wanted)["jobId"]
        cloud.advance(hours=5)
        shown = glacier.describe_job(vaultName="v", jobId=job)
        whole = leaves(first, last, size) in tree
        assert shown.get("SHA256TreeHash") == (tree_hash(data[first:last]) if whole else None)
        start, stop = span(read, last - first, MIB if aligned else 1)
        got = glacier.get_job_output(vaultName="v", jobId=job, range=f"bytes={start}-{stop - 1}")
        piece = data[first + start : first + stop]
        assert got["body"].read() == piece
        assert got["contentRange"] == f"bytes {start}-{stop - 1}/{last - first}"
        is_node = whole and leaves(first + start, first + stop, size) in tree
        assert got.get("checksum") == (tree_hash(piece) if is_node else None)


Step = tuple[str, int]


@pytest.mark.documented(GUIDE + "vault-inventory.html")
@given(
    st.lists(
        st.one_of(
            st.just(("put", 0)),
            st.tuples(st.just("delete"), st.integers(0, 9)),
            st.tuples(st.just("wait"), st.integers(1, 2400)),
        ),
        max_size=25,
    )
)
@settings(max_examples=25, deadline=None)
def test_an_inventory_is_what_there_was_a_day_after_the_first_change(steps: list[Step]) -> None:
    with Cloud(seed=1) as cloud:
        cloud.scheduler.bend(rate=0)
        glacier = cloud.client("glacier")
        glacier.create_vault(vaultName="v")
        minute, due = 0, None
        there: list[str] = []
        listed: list[str] | None = None
        for step, value in [("put", 0), *steps, ("wait", 24 * 60)]:
            before = there
            if step == "put":
                there = [*there, glacier.upload_archive(vaultName="v", body=b"x")["archiveId"]]
            elif step == "delete" and there:
                gone = there[value % len(there)]
                glacier.delete_archive(vaultName="v", archiveId=gone)
                there = [one for one in there if one != gone]
            elif step == "wait":
                minute += value
                cloud.advance(minutes=value)
                if due is not None and due <= minute:
                    due, listed = None, there
            if there != before and due is None:
                due = minute + 24 * 60
            assert glacier.describe_vault(vaultName="v")["NumberOfArchives"] == len(listed or [])
        assert listed is not None
        job = glacier.initiate_job(vaultName="v", jobParameters={"Type": "inventory-retrieval"})["jobId"]
        cloud.advance(hours=5)
        text = glacier.get_job_output(vaultName="v", jobId=job)["body"].read()
        assert sorted(one["ArchiveId"] for one in json.loads(text)["ArchiveList"]) == sorted(listed)

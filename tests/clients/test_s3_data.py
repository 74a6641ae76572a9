"""Apache Arrow reads and writes tables in S3, with Haar in its place."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.process import Haar

pytestmark = pytest.mark.ours

ACCOUNT = "777777777702"
ROWS = 200_000


@pytest.fixture
def arrow(haar: Haar) -> Any:
    """A file system of Apache Arrow's own S3 client, and a bucket called `lake` for it."""
    fs = pytest.importorskip("pyarrow.fs")
    haar.client("s3", access_key=ACCOUNT).create_bucket(Bucket="lake")
    return fs.S3FileSystem(
        access_key=ACCOUNT, secret_key="test", region="us-east-1", scheme="http",
        endpoint_override=f"127.0.0.1:{haar.port}",
    )  # fmt: skip


def table() -> Any:
    import pyarrow

    return pyarrow.table(
        {
            "id": list(range(ROWS)),
            "city": [("Bonn", "Oslo", "Ulm")[number % 3] for number in range(ROWS)],
            "load": [number * 0.5 for number in range(ROWS)],
        }
    )


def test_arrow_writes_parquet_and_reads_a_column_of_it(arrow: Any) -> None:
    import pyarrow.parquet

    pyarrow.parquet.write_table(table(), "lake/one.parquet", filesystem=arrow, row_group_size=20_000)
    found = pyarrow.parquet.read_table("lake/one.parquet", filesystem=arrow, columns=["load"])
    assert (found.num_rows, found["load"][-1].as_py()) == (ROWS, (ROWS - 1) * 0.5)


def test_arrow_reads_a_dataset_of_many_files(arrow: Any) -> None:
    import pyarrow.dataset

    pyarrow.dataset.write_dataset(
        table(), "lake/many", filesystem=arrow, format="parquet", partitioning=["city"], partitioning_flavor="hive"
    )
    many = pyarrow.dataset.dataset("lake/many", filesystem=arrow, format="parquet", partitioning="hive")
    few = many.to_table(filter=(pyarrow.dataset.field("city") == "Ulm") & (pyarrow.dataset.field("id") < 30))
    assert sorted(few["id"].to_pylist()) == [2, 5, 8, 11, 14, 17, 20, 23, 26, 29]


def test_arrow_streams_lists_and_removes(arrow: Any) -> None:
    from pyarrow import fs

    with arrow.open_output_stream("lake/stream/big") as out:
        for _ in range(12):
            out.write(b"0123456789abcdef" * 65_536)
    with arrow.open_input_file("lake/stream/big") as file:
        file.seek(5 * 1024 * 1024 + 3)
        assert (file.read(4), file.size()) == (b"3456", 12 * 1024 * 1024)
    listed = arrow.get_file_info(fs.FileSelector("lake/stream", recursive=True))
    assert [(one.path, one.size) for one in listed] == [("lake/stream/big", 12 * 1024 * 1024)]
    arrow.delete_dir("lake/stream")
    assert arrow.get_file_info("lake/stream/big").type == fs.FileType.NotFound

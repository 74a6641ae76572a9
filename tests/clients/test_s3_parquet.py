"""Parquet over S3: Arrow's own S3 client in C++, and DuckDB's (`sessions/duckdb_session.py`); both read in ranges."""

from __future__ import annotations

import json
from hashlib import md5
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from pyarrow import fs

from tests.clients.installed import python
from tests.clients.process import Haar
from tests.clients.terminal import Terminal, noise

pytestmark = pytest.mark.ours

PROGRAM = Path(__file__).parent / "sessions" / "duckdb_session.py"
ROWS = 500_000


# --- Arrow ----------------------------------------------------------------------


def arrow(haar: Haar, access_key: str = "555555555581", **options: Any) -> fs.S3FileSystem:
    return fs.S3FileSystem(
        access_key=access_key, secret_key="test", endpoint_override=f"127.0.0.1:{haar.port}", scheme="http",
        region="us-east-1", allow_bucket_creation=True, allow_bucket_deletion=True, **options,
    )  # fmt: skip


@pytest.fixture
def s3(haar: Haar) -> Any:
    """Arrow's file system with the bucket `arrow`."""
    made = arrow(haar)
    made.create_dir("arrow")
    yield made
    made.delete_dir("arrow")


def test_arrow_reads_the_columns_and_rows_it_wants(s3: fs.S3FileSystem) -> None:
    table = pa.table({"n": range(ROWS), "s": [f"{number:08x}" for number in range(ROWS)]})
    pq.write_table(table, "arrow/deep/t.parquet", filesystem=s3, row_group_size=ROWS // 10)
    found = pq.read_table("arrow/deep/t.parquet", filesystem=s3, columns=["s"], filters=[("n", ">=", ROWS - 2)])
    assert found.to_pydict() == {"s": [f"{ROWS - 2:08x}", f"{ROWS - 1:08x}"]}
    with s3.open_input_file("arrow/deep/t.parquet") as file:
        assert pq.ParquetFile(file).metadata.num_row_groups == 10
        assert file.read_at(4, file.size() - 4) == b"PAR1"


def test_arrow_writes_and_reads_a_partitioned_dataset(s3: fs.S3FileSystem) -> None:
    table = pa.table({"year": [2024, 2025, 2025], "n": [1, 2, 3]})
    ds.write_dataset(table, "arrow/set", format="parquet", partitioning=["year"], filesystem=s3)
    found = ds.dataset("arrow/set", filesystem=s3, partitioning=["year"])
    assert found.to_table(filter=ds.field("year") == 2025)["n"].to_pylist() == [2, 3]


def test_arrow_streams_a_large_file_in_parts(haar: Haar, s3: fs.S3FileSystem) -> None:
    content = noise(25_000_000)
    with s3.open_output_stream("arrow/large", metadata={"Content-Type": "application/x-noise"}) as stream:
        stream.write(content)
    with s3.open_input_stream("arrow/large") as stream:
        assert stream.read() == content
        assert stream.metadata()["Content-Type"] == b"application/x-noise"
    assert s3.get_file_info("arrow/large").size == len(content)


def test_arrow_finds_moves_and_deletes(s3: fs.S3FileSystem) -> None:
    for name in ("a/1", "a/b/2", "c"):
        with s3.open_output_stream(f"arrow/{name}") as stream:
            stream.write(name.encode())
    s3.copy_file("arrow/c", "arrow/a/ü+#% c")
    s3.move("arrow/c", "arrow/a/moved")
    found = s3.get_file_info(fs.FileSelector("arrow/a", recursive=True))
    assert sorted(info.path for info in found if info.type == fs.FileType.File) == [
        "arrow/a/1", "arrow/a/b/2", "arrow/a/moved", "arrow/a/ü+#% c",
    ]  # fmt: skip
    s3.delete_dir("arrow/a")
    assert [info.type for info in s3.get_file_info(["arrow/a/1", "arrow/a"])] == [fs.FileType.NotFound] * 2


def test_arrow_is_told_what_is_missing_and_what_is_forbidden(haar: Haar, s3: fs.S3FileSystem) -> None:
    with pytest.raises(FileNotFoundError):
        s3.open_input_file("arrow/nothing")
    with pytest.raises(OSError, match="ACCESS_DENIED"):
        arrow(haar, "555555555589").open_input_file("arrow/nothing")


# --- DuckDB ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def duck(haar: Haar, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the session with DuckDB saw."""
    haar.client("s3", access_key="555555555582").create_bucket(Bucket="duck")
    terminal = Terminal(tmp_path_factory.mktemp("duck"))
    said: dict[str, Any] = json.loads(terminal(python(), PROGRAM, "555555555582", f"127.0.0.1:{haar.port}"))
    return said


def test_duckdb_writes_parquet_and_reads_what_it_needs(duck: dict[str, Any]) -> None:
    assert duck["sums"] == [[0, 50_000, 12_499_750_000], [1, 50_000, 12_499_800_000]]
    assert duck["one"] == [[md5(b"314159").hexdigest()]]
    assert duck["large"] == [[True]]


def test_duckdb_finds_partitions_by_pattern(duck: dict[str, Any]) -> None:
    assert duck["partitions"] == [[0, 334], [1, 333], [2, 333]]
    assert duck["glob"] == [[3]]


def test_duckdb_reads_names_that_need_quoting_and_says_what_is_missing(duck: dict[str, Any]) -> None:
    assert duck["csv"] == [[1, "x"]]
    assert "404" in duck["missing"]

"""A session with DuckDB, whose own S3 client (httpfs) reads and writes Parquet. Arguments: account, host and port.

The extension comes as a package: DuckDB itself would fetch it from an address that not every machine reaches.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import duckdb
import duckdb_ext

account, place = sys.argv[1:]
found = list(Path(next(iter(duckdb_ext.__path__))).glob(f"extensions/v{duckdb.__version__}/*/httpfs.duckdb_extension"))
connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
connection.execute(f"LOAD '{found[0]}'")
connection.execute(
    f"CREATE SECRET (TYPE s3, KEY_ID '{account}', SECRET 'test', REGION 'us-east-1', ENDPOINT '{place}', "
    "USE_SSL false, URL_STYLE 'path')"
)
seen: dict[str, Any] = {}


def rows(query: str) -> list[list[Any]]:
    """The answer to a query."""
    return [list(row) for row in connection.execute(query).fetchall()]


connection.execute(
    "COPY (SELECT range AS n, range % 10 AS g, md5(range::VARCHAR) AS s FROM range(500000)) "
    "TO 's3://duck/numbers.parquet' (ROW_GROUP_SIZE 50000)"
)
seen["sums"] = rows("SELECT g, count(*), sum(n)::BIGINT FROM 's3://duck/numbers.parquet' GROUP BY g ORDER BY g LIMIT 2")
seen["one"] = rows("SELECT s FROM 's3://duck/numbers.parquet' WHERE n = 314159")
seen["large"] = rows("SELECT size > 10000000 FROM read_blob('s3://duck/numbers.parquet')")
connection.execute(
    "COPY (SELECT range AS n, range % 3 AS g FROM range(1000)) TO 's3://duck/by' (FORMAT parquet, PARTITION_BY g)"
)
seen["partitions"] = rows(
    "SELECT g, count(*) FROM read_parquet('s3://duck/by/*/*.parquet', hive_partitioning = true) GROUP BY g ORDER BY g"
)
seen["glob"] = rows("SELECT count(*) FROM glob('s3://duck/by/**')")
connection.execute("COPY (SELECT 1 AS a, 'x' AS b) TO 's3://duck/a b+c.csv'")
seen["csv"] = rows("SELECT a, b FROM 's3://duck/a b+c.csv'")
try:
    rows("SELECT * FROM 's3://duck/nothing.parquet'")
except duckdb.Error as error:
    seen["missing"] = str(error)
print(json.dumps(seen))

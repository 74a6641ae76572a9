"""A session with s3fs: what a program would do, and what came back, printed as JSON. Arguments: account, endpoint."""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from random import Random
from typing import Any

import fsspec
import s3fs

account, endpoint = sys.argv[1:]
options = {"key": account, "secret": "test", "endpoint_url": endpoint}
fs = s3fs.S3FileSystem(**options, use_listings_cache=False)
seen: dict[str, Any] = {}

fs.mkdir("s3fs-house")
fs.pipe({"s3fs-house/a/1.txt": b"one", "s3fs-house/a/ü+#%.txt": b"two", "s3fs-house/b/3.txt": b"three"})
seen["texts"] = [fs.cat("s3fs-house/a/1.txt").decode(), fs.cat("s3fs-house/a/ü+#%.txt").decode()]
seen["ls"] = sorted(fs.ls("s3fs-house"))
seen["glob"] = sorted(fs.glob("s3fs-house/*/*.txt"))
seen["walk"] = [[path, sorted(folders), sorted(files)] for path, folders, files in fs.walk("s3fs-house")]
seen["exists"] = [fs.exists("s3fs-house/a/1.txt"), fs.isdir("s3fs-house/a"), fs.exists("s3fs-house/a/4.txt")]

content = Random(1).randbytes(17_000_000)
with fs.open("s3fs-house/large", "wb", block_size=5 * 1024**2) as file:
    for start in range(0, len(content), 1_000_000):
        file.write(content[start : start + 1_000_000])
seen["parts"] = fs.info("s3fs-house/large")["ETag"].strip('"').partition("-")[2]
with fs.open("s3fs-house/large", "rb", block_size=1_000_000, cache_type="readahead") as file:
    file.seek(9_999_990)
    seen["middle"] = file.read(20) == content[9_999_990:10_000_010]
    file.seek(-10, 2)
    seen["end"] = file.read() == content[-10:]
ranges = fs.cat_ranges(["s3fs-house/large"] * 3, [0, 100, 16_999_999], [5, 105, 17_000_000])
seen["ranges"] = ranges == [content[:5], content[100:105], content[-1:]]
fs.copy("s3fs-house/large", "s3fs-house/copy")
fs.mv("s3fs-house/copy", "s3fs-house/moved")
seen["moved"] = sha256(fs.cat("s3fs-house/moved")).hexdigest() == sha256(content).hexdigest()
with fs.open("s3fs-house/a/1.txt", "ab") as file:
    file.write(b" and more")
seen["appended"] = fs.cat("s3fs-house/a/1.txt").decode()
fs.setxattr("s3fs-house/a/1.txt", copy_kwargs={}, colour="green")
seen["metadata"] = fs.metadata("s3fs-house/a/1.txt")
fs.put_tags("s3fs-house/a/1.txt", {"team": "blue"})
seen["tags"] = fs.get_tags("s3fs-house/a/1.txt")
with fsspec.open(fs.sign("s3fs-house/b/3.txt", expiration=600), "rb") as file:
    seen["signed"] = file.read().decode()

try:
    fs.cat("s3fs-house/nothing")
except FileNotFoundError as error:
    seen["missing"] = type(error).__name__
try:
    s3fs.S3FileSystem(**{**options, "key": "555555555599"}).cat("s3fs-house/large")
except PermissionError as error:
    seen["denied"] = type(error).__name__
fs.rm("s3fs-house", recursive=True)
seen["left"] = fs.ls("")
print(json.dumps(seen))

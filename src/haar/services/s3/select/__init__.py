"""S3 Select: SQL over one object, in CSV, JSON or Parquet; the answer is a stream of events.

The language is AWS's subset of SQL (with the paths and the MISSING of PartiQL), the refusals are AWS's codes. An object
of any size is read in blocks: memory holds a block, an unfinished record (at most 1 MiB, AWS's own limit) and the
records of one event.

The room calls `select`; the same function serves Glacier's select jobs, whose table has another name.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/selecting-content-from-objects.html
"""

from __future__ import annotations

from haar.services.s3.select.stream import select

__all__ = ["select"]

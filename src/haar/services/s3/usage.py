"""How much each bucket keeps, for `haar s3 du`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.services.s3.resources import Bucket, Current, Part, Upload, Version

if TYPE_CHECKING:
    from haar.store.transaction import Transaction


def usage(tx: Transaction) -> list[dict[str, Any]]:
    """One row for each bucket, in the order of their names; sizes in bytes, as clients see them."""
    return [_bucket(tx, bucket) for bucket in tx.range(Bucket)]


def _bucket(tx: Transaction, bucket: Bucket) -> dict[str, Any]:
    row = {
        "bucket": bucket.name, "account": bucket.account, "region": bucket.region,
        "objects": 0, "bytes": 0, "versions": 0, "version_bytes": 0, "uploads": 0, "upload_bytes": 0,
    }  # fmt: skip
    for current in tx.range(Current, bucket.name):
        row["objects"] += 1
        row["bytes"] += current.size
    for version in tx.range(Version, bucket.name):
        row["versions"] += 1
        row["version_bytes"] += version.size
    row["uploads"] = tx.count(Upload, bucket.name)
    row["upload_bytes"] = sum(part.size for part in tx.range(Part, bucket.name))
    return row

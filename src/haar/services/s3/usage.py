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
    objects = size = versions = version_size = 0
    for current in tx.range(Current, bucket.name):
        objects += 1
        size += current.size
    for version in tx.range(Version, bucket.name):
        versions += 1
        version_size += version.size
    return {
        "bucket": bucket.name, "account": bucket.account, "region": bucket.region, "objects": objects, "bytes": size,
        "versions": versions, "version_bytes": version_size, "uploads": tx.count(Upload, bucket.name),
        "upload_bytes": sum(part.size for part in tx.range(Part, bucket.name)),
    }  # fmt: skip

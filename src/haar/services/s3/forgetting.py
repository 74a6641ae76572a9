"""Forgetting an account: its buckets, whatever state they are in, with everything of theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.record import RECORDS
from haar.services.s3.resources import by_account
from haar.services.s3.service import s3

if TYPE_CHECKING:
    from haar.store.transaction import Transaction


@s3.forgets
def forget(tx: Transaction, account: str) -> None:
    """Remove the buckets of an account, and the rows of every kind that begins with a bucket's name."""
    of_buckets = [
        kind for kind in list(RECORDS.values()) if kind.__table__.startswith("s3.") and kind.__keys__[0] == "bucket"
    ]
    for bucket in list(tx.range(by_account, account)):
        for kind in of_buckets:
            for row in list(tx.range(kind, bucket.name)):
                tx.delete(row)
        tx.delete(bucket)

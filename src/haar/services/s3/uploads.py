"""Uploads in parts, from their start to their end: what every operation on one asks, and how one goes away.

An upload and its parts go together: deleting the `Upload` (completed, aborted, or its bucket gone) deletes its parts.

Source: Amazon S3 User Guide, mpuoverview.html, mpu-abort-incomplete-mpu-lifecycle-config.html.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, Final

from haar.kit import Call, ServiceError, on_change, replace
from haar.kit.checksums import COMBINABLE, calculator, combined
from haar.services.s3 import shelf
from haar.services.s3.integrity import encoded, readable
from haar.services.s3.resources import Bucket, Part, Upload, Version

__all__ = ["abort_rule", "drop", "etag_of", "new_id", "parts_of", "total_checksum", "wanted"]

_DAY: Final = 86400
_TIME_DIGITS: Final = 12
_RANDOM_DIGITS: Final = 84


def wanted(call: Call, bucket: Bucket, name: str, upload_id: str) -> Upload:
    """The upload a request means. Raises NoSuchUpload."""
    found = call.tx.get(Upload, bucket.name, name, upload_id)
    if found is None:
        text = (
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
            "completed."
        )
        raise ServiceError("NoSuchUpload", text, status=404, members={"UploadId": upload_id})
    return found


def new_id(call: Call) -> str:
    """The id of an upload that begins now. Ids sort as their uploads began: so are uploads of one key listed."""
    return f"{int(call.now * 1000):0{_TIME_DIGITS}x}" + call.ports.ids.token(_RANDOM_DIGITS)


def parts_of(call: Call, upload: Upload) -> Iterable[Part]:
    """The parts that are there, by number."""
    return call.tx.range(Part, upload.bucket, upload.id)


def drop(call: Call, upload: Upload) -> None:
    """Abort: the upload is gone, and its parts and their bytes with it."""
    call.tx.delete(upload)


@on_change(Upload)
def _parts_go_too(tx: Any, old: Upload | None, new: Upload | None) -> None:
    if new is None and old is not None:
        for part in list(tx.range(Part, old.bucket, old.id)):
            tx.delete(part)


def _note_removal(call: Call, bucket: Bucket, event: str, version: Version) -> None:
    """Remember in the uploads of a key that the object went away meanwhile, for those who complete on a condition."""
    if event.startswith(("ObjectRemoved:", "LifecycleExpiration:")):
        for upload in list(call.tx.range(Upload, bucket.name, version.name)):
            if not upload.removed_meanwhile:
                call.tx.put(replace(upload, removed_meanwhile=True))


shelf.after_change.append(_note_removal)


def abort_rule(bucket: Bucket, name: str, began_at: float) -> tuple[float, str] | None:
    """When lifecycle aborts an upload if it is not completed, and by which rule (its id); None: never.

    Of several rules that of the earliest date. An instant at midnight UTC, as lifecycle counts days.
    """
    rules = (bucket.configs.get("lifecycle") or {}).get("Rules") or ()
    found: list[tuple[float, str]] = []
    for rule in rules:
        days = (rule.get("AbortIncompleteMultipartUpload") or {}).get("DaysAfterInitiation")
        if days is None or rule.get("Status") != "Enabled" or not name.startswith(_prefix_of(rule)):
            continue
        due = began_at + days * _DAY
        found.append((-(-due // _DAY) * _DAY, rule.get("ID") or ""))
    return min(found) if found else None


def _prefix_of(rule: dict[str, Any]) -> str:
    chosen = rule.get("Filter") or {}
    prefix = rule.get("Prefix") or chosen.get("Prefix") or (chosen.get("And") or {}).get("Prefix")
    return prefix or ""


def etag_of(parts: Iterable[Part]) -> str:
    """The ETag of what the parts become: the MD5 of their MD5s, a dash and their number.

    Parts that are encrypted with KMS or a customer's key have ETags that are no MD5s; they count as they are.
    """
    digest = hashlib.md5(usedforsecurity=False)
    number = 0
    for part in parts:
        digest.update(bytes.fromhex(part.etag))
        number += 1
    return f"{digest.hexdigest()}-{number}"


def total_checksum(algorithm: str, checksum_type: str, parts: list[Part]) -> str:
    """The checksum of what the parts become, in base64; of a COMPOSITE one, with the number of parts behind a dash."""
    digests = [readable(algorithm, part.checksums[algorithm]) for part in parts]
    if checksum_type == "FULL_OBJECT":
        assert algorithm in COMBINABLE
        return encoded(combined(algorithm, [(one, part.size) for one, part in zip(digests, parts, strict=True)]))
    total = calculator(algorithm)
    for one in digests:
        total.update(one)
    return f"{encoded(total.digest())}-{len(parts)}"

"""What a trail puts into its bucket: where files go, what is in them, how digests are chained. Pure.

    prefix/AWSLogs/[o-id/]account/CloudTrail/region/YYYY/MM/DD/account_CloudTrail_region_YYYYMMDDTHHmmZ_16xRandom.json.gz
    prefix/AWSLogs/[o-id/]account/CloudTrail-Digest/region/YYYY/MM/DD/
                                 account_CloudTrail-Digest_region_trail_home_YYYYMMDDTHHmmssZ.json.gz

Source: AWS CloudTrail User Guide, cloudtrail-log-file-examples.html (file names) and
cloudtrail-log-file-validation-digest-file-structure.html.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from haar.services.cloudtrail.resources import LogFile, Trail

ALGORITHM = "SHA256withRSA"


def folder(trail: Trail, account: str, what: str = "CloudTrail") -> str:
    """Where the files of an account go; ends with a slash."""
    prefix = f"{trail.prefix}/" if trail.prefix else ""
    organization = f"{trail.organization}/" if trail.organization else ""
    return f"{prefix}AWSLogs/{organization}{account}/{what}/"


def log_key(trail: Trail, account: str, region: str, at: float, chance: str) -> str:
    """The key of a log file that is delivered at an instant; `chance` are 16 letters and digits."""
    when = datetime.fromtimestamp(at, UTC)
    name = f"{account}_CloudTrail_{region}_{when:%Y%m%dT%H%MZ}_{chance}.json.gz"
    return f"{folder(trail, account)}{region}/{when:%Y/%m/%d}/{name}"


def digest_key(trail: Trail, account: str, region: str, at: float) -> str:
    """The key of the digest file that ends at an instant."""
    when = datetime.fromtimestamp(at, UTC)
    name = f"{account}_CloudTrail-Digest_{region}_{trail.name}_{trail.region}_{when:%Y%m%dT%H%M%SZ}.json.gz"
    return f"{folder(trail, account, 'CloudTrail-Digest')}{region}/{when:%Y/%m/%d}/{name}"


def log_text(records: Sequence[str]) -> bytes:
    """A log file of records that are JSON texts already."""
    return ('{"Records":[' + ",".join(records) + "]}").encode()


def packed(text: bytes) -> bytes:
    """The text with gzip; the same text is always the same bytes."""
    return gzip.compress(text, compresslevel=6, mtime=0)


def hash_of(text: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(text).hexdigest()


def digest_text(
    trail: Trail,
    account: str,
    key: str,
    *,
    start: float,
    end: float,
    fingerprint: str,
    previous: Sequence[str],
    files: Sequence[LogFile],
) -> bytes:
    """A digest file over the log files delivered between two instants. `previous` is as `Reach.last_digest`."""
    bucket, last_key, last_hash, last_signature = previous or (None, None, None, None)
    written: dict[str, Any] = {
        "awsAccountId": account,
        "digestStartTime": instant(start),
        "digestEndTime": instant(end),
        "digestS3Bucket": trail.bucket,
        "digestS3Object": key,
        "digestPublicKeyFingerprint": fingerprint,
        "digestSignatureAlgorithm": ALGORITHM,
        "newestEventTime": instant(max(file.newest_at for file in files)) if files else None,
        "oldestEventTime": instant(min(file.oldest_at for file in files)) if files else None,
        "previousDigestS3Bucket": bucket,
        "previousDigestS3Object": last_key,
        "previousDigestHashValue": last_hash,
        "previousDigestHashAlgorithm": "SHA-256" if previous else None,
        "previousDigestSignature": last_signature,
        "logFiles": [
            {
                "s3Bucket": file.bucket,
                "s3Object": file.key,
                "hashValue": file.hash,
                "hashAlgorithm": "SHA-256",
                "newestEventTime": instant(file.newest_at),
                "oldestEventTime": instant(file.oldest_at),
            }
            for file in files
        ],
    }
    return json.dumps(written, separators=(",", ":")).encode()


def to_sign(bucket: str, key: str, end: float, text: bytes, previous: Sequence[str]) -> bytes:
    """What the signature of a digest file is made over.

    Source: AWS CloudTrail User Guide, cloudtrail-log-file-custom-validation.html.
    """
    last = previous[3] if previous else "null"
    return f"{instant(end)}\n{bucket}/{key}\n{hash_of(text)}\n{last}".encode()


def instant(at: float) -> str:
    """An instant as the digest writes it, to the second."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

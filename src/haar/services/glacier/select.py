"""Select jobs: SQL over an archive where it lies; what it finds is written to a bucket.

`job.txt` is written when the job begins, which proves that the caller may write there; the query runs when the job
completes, as the same caller. Under `PREFIX/JOB-ID/` there is then `results/...` and `result_manifest.txt`, or
`errors/...` and `error_manifest.txt`. SQL itself is S3 Select's: the S3 room offers it as `select`.

Source: S3 Glacier Developer Guide, glacier-select.html, api-SelectParameters.html, api-S3Location.html.
"""

from __future__ import annotations

import io
import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO, cast
from urllib.parse import urlencode

from haar.kit import Call, ServiceError, replace
from haar.services.glacier.resources import Job, Piece, RunSelect
from haar.services.glacier.service import denied, glacier, invalid, lacking

EXPRESSION_BYTES_MAX = 128 * 1024
PREFIX_BYTES_MAX = 512
#: Bytes of one result object, about.
RESULT_BYTES = 8 * 1024 * 1024

#: Refusals that do not depend on what the archive holds, by how their codes begin: said at once.
_AT_ONCE = ("Parse", "Lexer", "Unsupported", "Invalid", "ExpressionTooLong", "MissingRequiredParameter")
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_UNKNOWN = re.compile(r"\blimit\b|\b(?:count|sum|avg|min|max)\s*\(", re.IGNORECASE)
_GRANTS = {
    "FULL_CONTROL": "GrantFullControl",
    "READ": "GrantRead",
    "READ_ACP": "GrantReadACP",
    "WRITE_ACP": "GrantWriteACP",
}

#: S3's function for SQL over bytes.
Engine = Callable[..., Iterator[dict[str, Any]]]


# -- the beginning -------------------------------------------------------------------------------------------------


def begin(call: Call, job: Job) -> None:
    """Check a select job, write its `job.txt`, and have it run when it completes.

    Raises InvalidParameterValueException, MissingParameterValueException, AccessDeniedException.
    """
    engine: Engine = call.ports.port("select")
    expression = job.select.get("Expression")
    if not expression:
        raise lacking("Expression")
    if len(expression.encode()) > EXPRESSION_BYTES_MAX:
        raise invalid(f"Invalid Expression: it is larger than {EXPRESSION_BYTES_MAX} bytes")
    for member in ("ExpressionType", "InputSerialization", "OutputSerialization"):
        if not job.select.get(member):
            raise lacking(member)
    unknown = _UNKNOWN.search(_QUOTED.sub("''", expression))
    if unknown:
        raise invalid(f"Invalid Expression: {unknown[0].rstrip('( ').upper()} is not supported by select jobs")
    try:
        for _ in engine(io.BytesIO(), _request(job), size=0, now=call.now, tables=frozenset({"archive"})):
            pass
    except ServiceError as error:
        if error.code.startswith(_AT_ONCE):
            raise invalid(f"Invalid select parameters: {error.code}: {error.message}") from error
    _write(call, job, "job.txt", _placeholder(job))
    call.later(job.completes_at, RunSelect(vault=job.vault, job=job.id))


def output_path(job_id: str, location: Mapping[str, Any]) -> str:
    """Where in its bucket a job writes. Raises for a location that is not one."""
    place = location.get("S3") or {}
    for member in ("BucketName", "Prefix"):
        if not place.get(member):
            raise lacking(member)
    prefix = place["Prefix"].rstrip("/")
    if len(prefix.encode()) > PREFIX_BYTES_MAX:
        raise invalid(f"Invalid Prefix: it is larger than {PREFIX_BYTES_MAX} bytes")
    return f"{prefix}/{job_id}/"


def _placeholder(job: Job) -> bytes:
    shown = {
        "JobId": job.id,
        "Action": job.action,
        "ArchiveId": job.archive,
        "VaultARN": job.vault_arn,
        "Tier": job.tier,
        "JobOutputPath": job.path,
        "SelectParameters": job.select,
        "OutputLocation": job.location,
    }
    return json.dumps(shown).encode()


# -- the query -----------------------------------------------------------------------------------------------------


@glacier.task(RunSelect)
def run(call: Call, task: RunSelect) -> None:
    job = call.tx.get(Job, task.vault, task.job)
    if job is None or job.failure:
        return
    try:
        written = [_write(call, job, f"results/{call.new_id()}", part) for part in _parts(_found(call, job))]
    except ServiceError as error:
        # what the query found before it failed stays; only a manifest without one of errors says that all is there
        reason = f"{error.code}: {error.message}"
        call.tx.put(replace(job, failure=reason))
        try:
            key = _write(call, job, f"errors/{call.new_id()}", reason.encode())
            _write(call, job, "error_manifest.txt", f"{key}\n".encode())
        except ServiceError:
            return  # nothing can be written there any more: the job itself says why it failed
    else:
        _write(call, job, "result_manifest.txt", "".join(f"{key}\n" for key in written).encode())


def _found(call: Call, job: Job) -> Iterator[bytes]:
    """What the query finds, some records at a time."""
    source = cast(BinaryIO, io.BufferedReader(_Archive(call, job)))
    engine: Engine = call.ports.port("select")
    events = engine(source, _request(job), size=job.archive_size, now=call.now, tables=frozenset({"archive"}))
    for event in events:
        if "Records" in event:
            yield event["Records"]["Payload"]


def _parts(found: Iterator[bytes]) -> Iterator[bytes]:
    """The same in the sizes in which it is written."""
    part = bytearray()
    for piece in found:
        part += piece
        if len(part) >= RESULT_BYTES:
            yield bytes(part)
            part.clear()
    if part:
        yield bytes(part)


class _Archive(io.RawIOBase):
    """An archive as a file to be read from its beginning to its end."""

    def __init__(self, call: Call, job: Job) -> None:
        self._pieces = self._read(call, job)
        self._left = b""

    @staticmethod
    def _read(call: Call, job: Job) -> Iterator[bytes]:
        for piece in call.tx.range(Piece, job.contents):
            yield from piece.kept.pieces(call, call.ports.sealer, piece.about)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            self._left = next(self._pieces, b"")
        taken = self._left[: len(buffer)]
        self._left = self._left[len(taken) :]
        buffer[: len(taken)] = taken
        return len(taken)


def _request(job: Job) -> dict[str, Any]:
    """A job's parameters as those of S3 Select, which has CSV in capitals."""
    return {
        "Expression": job.select.get("Expression"),
        "ExpressionType": job.select.get("ExpressionType"),
        "InputSerialization": {"CSV": (job.select.get("InputSerialization") or {}).get("csv") or {}},
        "OutputSerialization": {"CSV": (job.select.get("OutputSerialization") or {}).get("csv") or {}},
    }


# -- the bucket ----------------------------------------------------------------------------------------------------


def _write(call: Call, job: Job, name: str, body: bytes) -> str:
    """Put an object where a job's results go, as whoever began the job; its key."""
    place = job.location["S3"]
    key = job.path + name
    s3 = call.aws("s3", principal=job.principal, region=job.region, invoked_by="glacier.amazonaws.com")
    try:
        s3.put_object(Bucket=place["BucketName"], Key=key, Body=body, **_wishes(place))
    except ServiceError as error:
        if error.code == "AccessDenied":
            raise denied(error.message) from error
        raise invalid(f"The output location cannot be written: {error.code}: {error.message}") from error
    return key


def _wishes(place: Mapping[str, Any]) -> dict[str, Any]:
    """What a location wants of the objects in it, in the words of PutObject."""
    encryption = place.get("Encryption") or {}
    context = encryption.get("KMSContext")
    wishes = {
        "ACL": place.get("CannedACL"),
        "StorageClass": place.get("StorageClass"),
        "Metadata": place.get("UserMetadata"),
        "Tagging": urlencode(place["Tagging"]) if place.get("Tagging") else None,
        "ServerSideEncryption": encryption.get("EncryptionType"),
        "SSEKMSKeyId": encryption.get("KMSKeyId"),
        "SSEKMSEncryptionContext": b64encode(context.encode()).decode() if context else None,
    }
    for grant in place.get("AccessControlList") or ():
        header = _GRANTS.get(grant.get("Permission", ""))
        if header is None:
            raise invalid(f"Invalid Permission: {grant.get('Permission')}")
        given = wishes.get(header)
        wishes[header] = ", ".join(filter(None, (given, _grantee(grant.get("Grantee") or {}))))
    return {member: value for member, value in wishes.items() if value}


def _grantee(grantee: Mapping[str, str]) -> str:
    """Somebody, as a grant header names them."""
    for member, word in (("ID", "id"), ("URI", "uri"), ("EmailAddress", "emailAddress")):
        if grantee.get(member):
            return f'{word}="{grantee[member]}"'
    raise lacking("Grantee")

"""Jobs: an archive or an inventory is asked for now, and read hours later.

A job is one row with the instant at which it completes; whether it is in progress follows from the clock. What it
gives is fixed when it begins: a range of an archive's pieces, or an inventory as it is written.

Source: S3 Glacier Developer Guide, job-operations.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from haar.kit import Body, Call, Page
from haar.services.glacier import content, inventory, rules, select
from haar.services.glacier.operations import archives, capacity
from haar.services.glacier.operations.vaults import checked_topic
from haar.services.glacier.resources import Archive, Job, Vault, by_start
from haar.services.glacier.service import (
    DAY,
    HOUR,
    absent,
    check_limit,
    described,
    glacier,
    invalid,
    lacking,
    opaque,
    path_of,
)

if TYPE_CHECKING:
    from haar.shapes import glacier as api

JOB_ID_LENGTH = 92
#: How long a completed job and its output are kept.
KEPT_SECONDS = DAY
#: How long a retrieval takes by its tier, in seconds: at least, at most.
TIERS: Mapping[str, tuple[float, float]] = {
    "Expedited": (60.0, 5 * 60.0),
    "Standard": (3 * HOUR, 5 * HOUR),
    "Bulk": (5 * HOUR, 12 * HOUR),
}
STATUSES = ("InProgress", "Succeeded", "Failed")
FORMATS = ("JSON", "CSV")


# -- what a job says of itself -------------------------------------------------------------------------------------


def status(job: Job, now: float) -> str:
    """InProgress, Succeeded or Failed."""
    if now < job.completes_at:
        return "InProgress"
    return "Failed" if job.failure else "Succeeded"


def describe(job: Job, now: float) -> api.GlacierJobDescription:
    """A job as DescribeJob and ListJobs show it."""
    state = status(job, now)
    completed = state != "InProgress"
    shown: api.GlacierJobDescription = {
        "JobId": job.id,
        "Action": job.action,
        "VaultARN": job.vault_arn,
        "CreationDate": rules.iso(job.created_at),
        "Completed": completed,
        "StatusCode": state,
        "StatusMessage": {"InProgress": "Operation in progress.", "Succeeded": "Succeeded"}.get(state, job.failure),
    }
    if completed:
        shown["CompletionDate"] = rules.iso(job.completes_at)
    if job.description:
        shown["JobDescription"] = job.description
    if job.topic:
        shown["SNSTopic"] = job.topic
    if job.tier:
        shown["Tier"] = job.tier
    if job.path:
        shown["ArchiveId"] = job.archive
        shown["SelectParameters"] = cast("api.SelectParameters", job.select)
        shown["OutputLocation"] = cast("api.OutputLocation", job.location)
        shown["JobOutputPath"] = job.path
    elif job.archive:
        _describe_retrieval(job, shown, completed)
    else:
        _describe_inventory(job, shown, state)
    return shown


def _describe_retrieval(job: Job, shown: api.GlacierJobDescription, completed: bool) -> None:
    shown["ArchiveId"] = job.archive
    shown["ArchiveSizeInBytes"] = job.archive_size
    shown["ArchiveSHA256TreeHash"] = job.archive_hash
    shown["RetrievalByteRange"] = f"{job.start}-{job.start + job.size - 1}"
    # of a whole archive the hash is shown when the job is done, of an aligned range at once
    if job.range_hash and (completed or job.size < job.archive_size):
        shown["SHA256TreeHash"] = job.range_hash


def _describe_inventory(job: Job, shown: api.GlacierJobDescription, state: str) -> None:
    asked: api.InventoryRetrievalJobDescription = {"Format": job.format}
    if job.from_date:
        asked["StartDate"] = job.from_date
    if job.to_date:
        asked["EndDate"] = job.to_date
    if job.limit:
        asked["Limit"] = job.limit
    if state == "Succeeded":
        shown["InventorySizeInBytes"] = job.size
        if job.marker:
            asked["Marker"] = job.marker
    shown["InventoryRetrievalParameters"] = asked


def _find(call: Call, vault: Vault, job_id: str) -> Job:
    job = call.tx.get(Job, vault.serial, job_id)
    if job is None or job.until <= call.now:
        raise absent(f"The job ID was not found: {job_id}")
    return job


@glacier.operation
def describe_job(call: Call, vault: Vault, request: api.DescribeJobInput) -> api.GlacierJobDescription:
    return describe(_find(call, vault, request["jobId"]), call.now)


# -- its output ----------------------------------------------------------------------------------------------------


@glacier.operation
def get_job_output(call: Call, vault: Vault, request: api.GetJobOutputInput) -> dict[str, Any]:
    job = _find(call, vault, request["jobId"])
    if job.path:
        raise invalid(f"The output of a select job is in its output location: {job.id}")
    if status(job, call.now) != "Succeeded":
        raise invalid(f"The job is not currently available for download: {job.id}")
    text = request.get("range")
    span = rules.output_range(text, job.size) if text else (0, job.size)
    if span is None:
        raise invalid(f"Invalid Range: {text}")
    start, stop = span
    capacity.pace(call, job, stop - start)
    reply: dict[str, Any] = {"status": 206 if text else 200, "acceptRanges": "bytes"}
    if text:
        reply["contentRange"] = f"bytes {start}-{stop - 1}/{job.size}"
    if job.contents is None:
        assert job.output is not None, "what has no pieces is an inventory"
        reply["contentType"] = "text/csv" if job.format == "CSV" else "application/json"
        reply["body"] = job.output.stream(call, call.ports.sealer, job.about, start, stop - start)
        return reply
    reply["contentType"] = "application/octet-stream"
    if job.archive_description:
        reply["archiveDescription"] = job.archive_description
    start, stop = job.start + start, job.start + stop
    pieces = content.covering(call.tx, job.contents, start, stop)
    if job.range_hash and rules.is_tree_aligned(start, stop, job.archive_size):
        whole = stop - start == job.size
        reply["checksum"] = job.range_hash if whole else content.range_hash(pieces, start, stop)
    reply["body"] = content.stream(call, pieces, start, stop)
    return reply


# -- its beginning -------------------------------------------------------------------------------------------------


@glacier.operation(partial="Messages to the SNS topic: they are sent once there is SNS")
def initiate_job(call: Call, vault: Vault, request: api.InitiateJobInput) -> api.InitiateJobOutput:
    asked = request.get("jobParameters")
    if not asked:
        raise lacking("jobParameters")
    kind = asked.get("Type")
    if not kind:
        raise lacking("Type")
    job = {"archive-retrieval": _retrieval, "inventory-retrieval": _inventory, "select": _select}.get(kind)
    if job is None:
        raise invalid(f"Invalid job type: {kind}")
    tier = asked.get("Tier") or ""
    if tier and tier not in TIERS:
        raise invalid(f"Invalid tier: {tier}")
    topic = asked.get("SNSTopic")
    fields = {
        "vault": vault.serial,
        "id": opaque(call, JOB_ID_LENGTH),
        "account": vault.account,
        "region": vault.region,
        "vault_arn": vault.arn,
        "description": described(asked.get("Description"), "job description"),
        "topic": checked_topic(topic) if topic else "",
        "tier": tier,
        "created_at": call.now,
    }
    begun = call.tx.put(job(call, vault, asked, fields))
    reply: api.InitiateJobOutput = {"location": path_of(vault, "jobs", begun.id), "jobId": begun.id}
    if begun.path:
        reply["jobOutputPath"] = begun.path
    return reply


def _times(call: Call, tier: str) -> dict[str, float]:
    """When a job of a tier that begins now completes and is forgotten: somewhere within what AWS promises."""
    least, most = TIERS[tier]
    completes_at = call.now + least + (most - least) * call.ports.ids.bits(20) / 2**20
    return {"completes_at": completes_at, "until": completes_at + KEPT_SECONDS}


def _select(call: Call, vault: Vault, asked: api.JobParameters, fields: dict[str, Any]) -> Job:
    """A job that runs a query over an archive."""
    for name in ("Format", "InventoryRetrievalParameters", "RetrievalByteRange"):
        if asked.get(name):
            raise invalid(f"{name} is not allowed for select jobs")
    for name in ("SelectParameters", "OutputLocation"):
        if not asked.get(name):
            raise lacking(name)
    archive = _archive(call, vault, asked)
    tier = fields["tier"] or "Standard"
    location = dict(asked["OutputLocation"])
    job = Job(
        **{**fields, "tier": tier, **_times(call, tier)},
        action="Select",
        size=archive.size,
        archive=archive.id,
        archive_size=archive.size,
        contents=archive.contents,
        select=dict(asked["SelectParameters"]),
        location=location,
        path=select.output_path(fields["id"], location),
        principal=call.principal,
    )
    _admit(call, vault, job)
    select.begin(call, job)
    return job


def _archive(call: Call, vault: Vault, asked: api.JobParameters) -> Archive:
    """The archive a job is about. Raises when it is not named or not there."""
    archive_id = asked.get("ArchiveId")
    if not archive_id:
        raise lacking("ArchiveId")
    archive = archives.find(call, vault, archive_id)
    if archive.deleted_at is not None:
        raise absent(f"The archive ID was not found: {archive_id}")
    return archive


def _admit(call: Call, vault: Vault, job: Job) -> None:
    """Refuse what the data retrieval policy or the capacity does not let through."""
    assert job.lane is not None, "only jobs on archives are counted"
    if job.tier == "Standard":
        capacity.check_policy(call, vault.account, job.lane, job.size)
    elif job.tier == "Expedited":
        capacity.check_capacity(call, vault.account, job.lane)


def _retrieval(call: Call, vault: Vault, asked: api.JobParameters, fields: dict[str, Any]) -> Job:
    """A job that retrieves an archive, or a range of it."""
    for name in ("Format", "InventoryRetrievalParameters", "SelectParameters", "OutputLocation"):
        if asked.get(name):
            raise invalid(f"{name} is not allowed for archive-retrieval jobs")
    archive = _archive(call, vault, asked)
    start, stop = _range(asked.get("RetrievalByteRange"), archive.size)
    tier = fields["tier"] or "Standard"
    job = Job(
        **{**fields, "tier": tier, **_times(call, tier)},
        action="ArchiveRetrieval",
        size=stop - start,
        archive=archive.id,
        archive_size=archive.size,
        archive_hash=archive.tree_hash,
        archive_description=archive.description,
        contents=archive.contents,
        start=start,
        range_hash=_hash(call, archive, start, stop),
    )
    _admit(call, vault, job)
    return job


def _range(text: str | None, size: int) -> tuple[int, int]:
    """The bytes that are asked for. Raises InvalidParameterValueException unless they are aligned."""
    if not text:
        return 0, size
    span = rules.retrieval_range(text)
    if span is None or span[1] > size or not rules.is_mib_aligned(*span, size):
        raise invalid(f"Invalid retrieval byte range: {text}")
    return span


def _hash(call: Call, archive: Archive, start: int, stop: int) -> str:
    """The tree hash of a range, where it is a node of the archive's tree."""
    if stop - start == archive.size:
        return archive.tree_hash
    if not rules.is_tree_aligned(start, stop, archive.size):
        return ""
    return content.range_hash(content.covering(call.tx, archive.contents, start, stop), start, stop)


def _inventory(call: Call, vault: Vault, asked: api.JobParameters, fields: dict[str, Any]) -> Job:
    """A job that gives the last inventory, or some of it."""
    for name in ("ArchiveId", "RetrievalByteRange", "SelectParameters", "OutputLocation"):
        if asked.get(name):
            raise invalid(f"{name} is not allowed for inventory-retrieval jobs")
    form = asked.get("Format") or "JSON"
    if form not in FORMATS:
        raise invalid(f"Invalid format: {form}")
    wanted = asked.get("InventoryRetrievalParameters") or {}
    start, end = _date(wanted, "StartDate"), _date(wanted, "EndDate")
    if start is not None and end is not None and start >= end:
        raise invalid("StartDate must be before EndDate")
    limit = rules.whole_number(wanted["Limit"]) if wanted.get("Limit") else None
    if wanted.get("Limit") and not limit:
        raise invalid(f"Invalid Limit: {wanted['Limit']}")
    after = inventory.place_of(wanted["Marker"]) if wanted.get("Marker") else None
    if wanted.get("Marker") and after is None:
        raise invalid(f"Invalid Marker: {wanted['Marker']}")
    if not vault.inventory_at:
        raise absent(f"The vault has no inventory yet: {vault.arn}")
    rows = inventory.listed(call, vault, start, end, after)
    found = list(islice(rows, None if limit is None else limit + 1))
    listed = found[:limit]
    output = Body(inventory.written(vault, listed, form))
    about = f"glacier/job/{fields['id']}".encode()
    return Job(
        **{**fields, **_times(call, "Standard")},
        action="InventoryRetrieval",
        size=output.size,
        format=form,
        from_date=wanted.get("StartDate") or "",
        to_date=wanted.get("EndDate") or "",
        limit=wanted.get("Limit") or "",
        marker=inventory.marker_of(listed[-1]) if len(found) > len(listed) else "",
        output=output.keep(call, call.ports.sealer, about),
    )


def _date(wanted: Mapping[str, Any], name: str) -> float | None:
    text = wanted.get(name)
    if not text:
        return None
    at = rules.instant(text)
    if at is None:
        raise invalid(f"Invalid {name}: {text}")
    return at


# -- all of them ---------------------------------------------------------------------------------------------------


@glacier.operation
def list_jobs(call: Call, vault: Vault, request: api.ListJobsInput) -> Page[api.GlacierJobDescription]:
    check_limit(request)
    state, completed = request.get("statuscode"), request.get("completed")
    if state is not None and state not in STATUSES:
        raise invalid(f"The job status code is not valid: {state}")
    if completed is not None and completed not in ("true", "false"):
        raise invalid(f"The completed value is not valid: {completed}")
    now = call.now

    def matches(job: Job) -> bool:
        if job.until <= now:
            return False
        current = status(job, now)
        if completed is not None and (current != "InProgress") != (completed == "true"):
            return False
        return state is None or current == state

    return Page.of(call.tx, by_start, vault.serial, show=lambda job: describe(job, now), where=matches)

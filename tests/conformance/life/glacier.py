"""Vaults and archives."""

from __future__ import annotations

import io
import json
from typing import Any

from botocore.utils import calculate_tree_hash

from haar import Cloud
from haar.services.glacier.operations.capacity import high_demand

__all__ = ["last", "live"]

MIB = 1024 * 1024
ARN = "arn:aws:glacier:us-east-1:000000000000:vaults/"
TOPIC = "arn:aws:sns:us-east-1:000000000000:done"

#: The lives that come first.
AFTER = ("sqs",)


def live(cloud: Cloud) -> None:
    """A vault with an archive of each kind, retrieved and listed; one that is locked; one that is given up."""
    glacier = cloud.client("glacier")
    glacier.create_vault(vaultName="films")
    _settings(glacier)
    archive = glacier.upload_archive(vaultName="films", body=b"x" * 5000, archiveDescription="reel 1")["archiveId"]
    _in_parts(glacier)
    glacier.delete_archive(
        vaultName="films", archiveId=glacier.upload_archive(vaultName="films", body=b"x")["archiveId"]
    )
    asked = {"Type": "archive-retrieval", "ArchiveId": archive, "Tier": "Expedited", "SNSTopic": TOPIC}
    job = glacier.initiate_job(vaultName="films", jobParameters=asked)["jobId"]
    glacier.describe_job(vaultName="films", jobId=job)
    cloud.advance(minutes=5)
    glacier.get_job_output(vaultName="films", jobId=job, range="bytes=0-1023")["body"].read()
    glacier.list_jobs(vaultName="films", completed="true")
    _lock(glacier)
    glacier.create_vault(vaultName="spare")
    glacier.delete_vault(vaultName="spare")
    glacier.describe_vault(vaultName="films")
    glacier.list_vaults()


def last(cloud: Cloud) -> None:
    """What lasts for hours only: a job, an upload with a part, and demand that is high."""
    glacier = cloud.client("glacier")
    archive = glacier.upload_archive(vaultName="films", body=b"x")["archiveId"]
    glacier.initiate_job(vaultName="films", jobParameters={"Type": "archive-retrieval", "ArchiveId": archive})
    upload = glacier.initiate_multipart_upload(vaultName="films", partSize=str(MIB))["uploadId"]
    glacier.upload_multipart_part(vaultName="films", uploadId=upload, range="bytes 0-0/*", body=b"y")
    glacier.purchase_provisioned_capacity()
    with cloud.store.transaction() as tx:
        high_demand(tx, "us-east-1", cloud.clock.now() + 600)


def _settings(glacier: Any) -> None:
    glacier.add_tags_to_vault(vaultName="films", Tags={"team": "blue", "level": "1"})
    glacier.remove_tags_from_vault(vaultName="films", TagKeys=["level"])
    glacier.list_tags_for_vault(vaultName="films")
    config = {"SNSTopic": TOPIC, "Events": ["ArchiveRetrievalCompleted"]}
    glacier.set_vault_notifications(vaultName="films", vaultNotificationConfig=config)
    glacier.get_vault_notifications(vaultName="films")
    glacier.delete_vault_notifications(vaultName="films")
    glacier.set_vault_access_policy(vaultName="films", policy=_policy("films", "glacier:ListJobs"))
    glacier.get_vault_access_policy(vaultName="films")
    glacier.delete_vault_access_policy(vaultName="films")
    glacier.set_data_retrieval_policy(Policy={"Rules": [{"Strategy": "BytesPerHour", "BytesPerHour": 10**12}]})
    glacier.get_data_retrieval_policy()
    glacier.purchase_provisioned_capacity()
    glacier.list_provisioned_capacity()


def _in_parts(glacier: Any) -> None:
    data = b"y" * MIB + b"z"
    opened = {"vaultName": "films", "partSize": str(MIB), "archiveDescription": "reel 2"}
    upload = glacier.initiate_multipart_upload(**opened)["uploadId"]
    place = {"vaultName": "films", "uploadId": upload}
    glacier.upload_multipart_part(**place, range=f"bytes 0-{MIB - 1}/*", body=data[:MIB])
    glacier.upload_multipart_part(**place, range=f"bytes {MIB}-{MIB}/*", body=data[MIB:])
    glacier.list_parts(**place)
    glacier.list_multipart_uploads(vaultName="films")
    whole = {"archiveSize": str(len(data)), "checksum": calculate_tree_hash(io.BytesIO(data))}
    glacier.complete_multipart_upload(**place, **whole)
    upload = glacier.initiate_multipart_upload(**opened)["uploadId"]
    glacier.abort_multipart_upload(vaultName="films", uploadId=upload)


def _lock(glacier: Any) -> None:
    glacier.create_vault(vaultName="kept")
    glacier.initiate_vault_lock(vaultName="kept", policy=_policy("kept", "glacier:DeleteArchive"))
    glacier.abort_vault_lock(vaultName="kept")
    document = _policy("kept", "glacier:DeleteArchive")
    lock = glacier.initiate_vault_lock(vaultName="kept", policy=document)["lockId"]
    glacier.get_vault_lock(vaultName="kept")
    glacier.complete_vault_lock(vaultName="kept", lockId=lock)


def _policy(vault: str, action: str) -> dict[str, str]:
    statement = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": ARN + vault}
    statement["Condition"] = {"NumericLessThan": {"glacier:ArchiveAgeInDays": "1"}}  # type: ignore[assignment]
    return {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}

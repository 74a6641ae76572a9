"""Large bytes and the rows that refer to them: after whatever calls, each blob is referred to and each reference leads.

Random puts, copies, uploads in parts, deletions, resets of an account, and saves that are loaded again. A blob that
nothing refers to is swept, one that anything refers to stays, and every object that the model knows is read back.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from haar import Cloud
from haar.errors import StoreFull
from haar.kit import Kept
from haar.kit.body import BlobUse, Orphan
from haar.record import RECORDS
from haar.store.transaction import Transaction

pytestmark = pytest.mark.ours

#: More than what is kept within a row.
LARGE = 300_000
ACCOUNTS = ("111111111111", "222222222222")
OWNERS = st.sampled_from(ACCOUNTS)
KEYS = st.sampled_from(["a", "b"])
FILLS = st.integers(0, 255)
PLACES = st.integers(0, 20)


def kept_in(cloud: Cloud) -> dict[str, int]:
    """How many rows keep each blob, found by looking at all of them."""
    found: dict[str, int] = {}
    with cloud.store.transaction(write=False) as tx:
        for kind in list(RECORDS.values()):
            for row in tx.range(kind):
                for field in kind.__struct_fields__:
                    value = getattr(row, field)
                    parts = value if isinstance(value, list) else [value]
                    for blob in {one.blob for one in parts if isinstance(one, Kept) and one.blob}:
                        found[blob] = found.get(blob, 0) + 1
    return found


def counted_in(cloud: Cloud) -> dict[str, int]:
    """The same as the cloud itself counts it."""
    found: dict[str, int] = {}
    with cloud.store.transaction(write=False) as tx:
        for row in tx.range(BlobUse):
            found[row.blob] = found.get(row.blob, 0) + 1
    return found


def orphans_in(cloud: Cloud) -> int:
    """How many blobs wait to be swept."""
    with cloud.store.transaction(write=False) as tx:
        return tx.count(Orphan)


class LargeBytes(RuleBasedStateMachine):
    """Two accounts with a bucket each, of which one keeps versions, and a vault each."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="haar-large-bytes-")
        self.cloud = Cloud(seed=1, store=str(Path(self.folder.name) / "data"))
        self.objects: dict[tuple[str, str], bytes] = {}
        self.uploads: dict[str, list[tuple[str, list[bytes]]]] = {}
        self.archives: dict[str, list[str]] = {}
        self.saved: Any = None

    def s3(self, account: str) -> Any:
        return self.cloud.client(
            "s3", access_key=account, secret_key="test", config=Config(retries={"max_attempts": 0})
        )

    def glacier(self, account: str) -> Any:
        return self.cloud.client("glacier", access_key=account, secret_key="test")

    @initialize()
    def furnish(self) -> None:
        for account in ACCOUNTS:
            self.begin(account)

    def begin(self, account: str) -> None:
        s3 = self.s3(account)
        s3.create_bucket(Bucket=f"of-{account}")
        if account == ACCOUNTS[0]:
            versioning = {"Status": "Enabled"}
            s3.put_bucket_versioning(Bucket=f"of-{account}", VersioningConfiguration=versioning)
        self.glacier(account).create_vault(vaultName="v")
        self.uploads[account], self.archives[account] = [], []

    @rule(account=OWNERS, name=KEYS, fill=FILLS)
    def put(self, account: str, name: str, fill: int) -> None:
        body = bytes([fill]) * LARGE
        self.s3(account).put_object(Bucket=f"of-{account}", Key=name, Body=body)
        self.objects[account, name] = body

    @rule(account=OWNERS, name=KEYS, to=st.sampled_from(["a", "b", "c"]))
    def copy(self, account: str, name: str, to: str) -> None:
        if (account, name) in self.objects:
            self.s3(account).copy_object(
                Bucket=f"of-{account}", Key=to, CopySource=f"of-{account}/{name}", MetadataDirective="REPLACE"
            )
            self.objects[account, to] = self.objects[account, name]

    @rule(account=OWNERS, name=KEYS)
    def delete(self, account: str, name: str) -> None:
        self.s3(account).delete_object(Bucket=f"of-{account}", Key=name)
        self.objects.pop((account, name), None)

    @rule(place=PLACES)
    def delete_a_version(self, place: int) -> None:
        account = ACCOUNTS[0]
        listed = self.s3(account).list_object_versions(Bucket=f"of-{account}").get("Versions", [])
        older = [one for one in listed if not one["IsLatest"]]
        if older:
            gone = older[place % len(older)]
            self.s3(account).delete_object(Bucket=f"of-{account}", Key=gone["Key"], VersionId=gone["VersionId"])

    @rule(account=OWNERS)
    def begin_an_upload(self, account: str) -> None:
        begun = self.s3(account).create_multipart_upload(Bucket=f"of-{account}", Key="m")
        self.uploads[account].append((begun["UploadId"], []))

    @rule(account=OWNERS, fill=FILLS, again=st.booleans())
    def upload_a_part(self, account: str, fill: int, again: bool) -> None:
        if self.uploads[account]:
            upload, parts = self.uploads[account][-1]
            body = bytes([fill]) * LARGE
            if not parts:
                parts.append(body)
            parts[0] = body  # parts before the last would have to be larger; so the one there is replaced
            self.s3(account).upload_part(Bucket=f"of-{account}", Key="m", UploadId=upload, PartNumber=1, Body=body)

    @rule(account=OWNERS, name=KEYS)
    def upload_a_copy(self, account: str, name: str) -> None:
        if self.uploads[account] and (account, name) in self.objects:
            upload, parts = self.uploads[account][-1]
            parts[:] = [self.objects[account, name]]
            self.s3(account).upload_part_copy(
                Bucket=f"of-{account}", Key="m", UploadId=upload, PartNumber=1, CopySource=f"of-{account}/{name}"
            )

    @rule(account=OWNERS, whole=st.booleans())
    def end_an_upload(self, account: str, whole: bool) -> None:
        if self.uploads[account]:
            upload, parts = self.uploads[account].pop()
            s3, place = self.s3(account), {"Bucket": f"of-{account}", "Key": "m", "UploadId": upload}
            listed = s3.list_parts(**place).get("Parts", [])
            if not whole or not listed:
                s3.abort_multipart_upload(**place)
                return
            told = [{"PartNumber": one["PartNumber"], "ETag": one["ETag"]} for one in listed]
            s3.complete_multipart_upload(**place, MultipartUpload={"Parts": told})
            self.objects[account, "m"] = parts[0]

    @rule(account=OWNERS, fill=FILLS)
    def archive(self, account: str, fill: int) -> None:
        made = self.glacier(account).upload_archive(vaultName="v", body=bytes([fill]) * LARGE)
        self.archives[account].append(made["archiveId"])

    @rule(account=OWNERS)
    def delete_an_archive(self, account: str) -> None:
        if self.archives[account]:
            self.glacier(account).delete_archive(vaultName="v", archiveId=self.archives[account].pop())

    @rule(account=OWNERS)
    def reset_an_account(self, account: str) -> None:
        self.cloud.reset(account)
        self.objects = {place: body for place, body in self.objects.items() if place[0] != account}
        self.begin(account)

    @rule()
    def save(self) -> None:
        path = Path(self.folder.name) / "saved.haar"
        path.unlink(missing_ok=True)
        self.cloud.save(path)
        uploads = {account: [(upload, list(parts)) for upload, parts in of] for account, of in self.uploads.items()}
        archives = {account: list(of) for account, of in self.archives.items()}
        self.saved = path, dict(self.objects), uploads, archives

    @rule()
    def load(self) -> None:
        if self.saved is not None:
            path, objects, uploads, archives = self.saved
            self.cloud.load(path)
            self.objects = dict(objects)
            self.uploads = {account: [(upload, list(parts)) for upload, parts in of] for account, of in uploads.items()}
            self.archives = {account: list(of) for account, of in archives.items()}

    @rule()
    def sweep(self) -> None:
        self.cloud.sweep()

    @invariant()
    def every_blob_is_referred_to_and_every_reference_leads(self) -> None:
        kept = kept_in(self.cloud)
        assert counted_in(self.cloud) == kept
        names = set(self.cloud.files.blobs.names())
        assert kept.keys() <= names
        assert len(names - kept.keys()) <= orphans_in(self.cloud)

    def teardown(self) -> None:
        self.cloud.advance(days=1)  # what is done bit by bit is done
        for (account, name), body in self.objects.items():
            assert self.s3(account).get_object(Bucket=f"of-{account}", Key=name)["Body"].read() == body
        self.cloud.sweep()
        assert set(self.cloud.files.blobs.names()) == kept_in(self.cloud).keys()
        self.cloud.close()
        self.folder.cleanup()


def test_every_blob_is_referred_to_and_every_reference_leads() -> None:
    settings_ = settings(
        max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(LargeBytes, settings=settings_)


def test_an_answer_that_could_not_be_kept_holds_no_bytes_back(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = cloud.client("s3", config=Config(retries={"max_attempts": 0}))
    s3.create_bucket(Bucket="attic")
    upload = {
        "Bucket": "attic",
        "Key": "k",
        "UploadId": s3.create_multipart_upload(Bucket="attic", Key="k")["UploadId"],
    }
    first = s3.upload_part(**upload, PartNumber=1, Body=b"x" * 5 * 1024 * 1024)["ETag"]
    last = s3.upload_part(**upload, PartNumber=2, Body=b"x" * LARGE)["ETag"]
    parts = [{"PartNumber": 1, "ETag": first}, {"PartNumber": 2, "ETag": last}]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    monkeypatch.setattr(cloud.store, "begin", lambda: Full(cloud.store, cloud.store.backend.begin(write=True), True))
    with pytest.raises(ClientError) as error:
        s3.get_object(Bucket="attic", Key="k")
    monkeypatch.undo()
    assert error.value.response["Error"]["Code"] == "InternalError"
    s3.delete_object(Bucket="attic", Key="k")
    assert (cloud.sweep(), cloud.files.blobs.names()) == (2, [])


class Full(Transaction):
    """A transaction for which the disk has no room."""

    def commit(self) -> None:
        raise StoreFull("no space is left")

"""What the tests of this room share: a client, a vault, and archives in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from haar import Cloud

MIB = 1024 * 1024


@pytest.fixture
def glacier(cloud: Cloud) -> Any:
    """A client of the root user."""
    return cloud.client("glacier")


@pytest.fixture
def vault(glacier: Any) -> str:
    """The name of a vault."""
    glacier.create_vault(vaultName="films")
    return "films"


@pytest.fixture
def put(glacier: Any, vault: str) -> Callable[..., str]:
    """Upload an archive to the vault: its id."""

    def upload(body: bytes = b"a film", **more: Any) -> str:
        archive: str = glacier.upload_archive(vaultName=vault, body=body, **more)["archiveId"]
        return archive

    return upload


@pytest.fixture
def begin(glacier: Any, vault: str) -> Callable[..., str]:
    """Begin to retrieve an archive: the job's id."""

    def initiate(archive: str, **more: Any) -> str:
        asked = {"Type": "archive-retrieval", "ArchiveId": archive, **more}
        job: str = glacier.initiate_job(vaultName=vault, jobParameters=asked)["jobId"]
        return job

    return initiate


@pytest.fixture
def inventory(cloud: Cloud, glacier: Any, vault: str) -> Callable[..., tuple[str, bytes]]:
    """Ask for the last inventory and wait for it: the job's id, and what it gives."""

    def retrieve(form: str = "JSON", **wanted: str) -> tuple[str, bytes]:
        asked = {"Type": "inventory-retrieval", "Format": form, "InventoryRetrievalParameters": wanted}
        job: str = glacier.initiate_job(vaultName=vault, jobParameters=asked)["jobId"]
        cloud.advance(hours=5)
        return job, glacier.get_job_output(vaultName=vault, jobId=job)["body"].read()

    return retrieve

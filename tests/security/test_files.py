"""What Haar writes holds access keys: nobody else of the machine reads it, and nobody else's files are trusted."""

from __future__ import annotations

import marshal
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from haar import Cloud
from haar.catalog import cache
from haar.store.blobs import DirectoryBlobs

pytestmark = pytest.mark.ours


def open_to_others(path: Path) -> int:
    """The permission bits of everybody but the owner."""
    return stat.S_IMODE(path.stat().st_mode) & 0o077


@pytest.fixture(autouse=True)
def generous() -> Iterator[None]:
    """The most careless umask there is."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_a_data_directory_and_all_in_it_is_the_owners_alone(tmp_path: Path) -> None:
    with Cloud(store=str(tmp_path / "data")):
        pass
    made = [tmp_path / "data", *(tmp_path / "data").iterdir()]
    assert {path.name: open_to_others(path) for path in made} == {path.name: 0 for path in made}


def test_a_saved_cloud_is_the_owners_alone(cloud: Cloud, tmp_path: Path) -> None:
    cloud.save(tmp_path / "before.haar")
    assert open_to_others(tmp_path / "before.haar") == 0


def test_saving_does_not_write_through_a_link_that_somebody_laid(cloud: Cloud, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / "before.haar.part").symlink_to(precious)
    cloud.save(tmp_path / "before.haar")
    assert precious.read_text() == "mine"


def test_a_directory_of_blobs_is_the_owners_alone(tmp_path: Path) -> None:
    blobs = DirectoryBlobs(tmp_path / "blobs")
    blobs.put([b"secret"])
    assert open_to_others(tmp_path / "blobs") == 0


def test_a_cached_file_that_others_may_write_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAAR_CACHE", str(tmp_path))
    (tmp_path / "code").write_bytes(marshal.dumps("planted"))
    (tmp_path / "code").chmod(0o666)
    assert cache.load("code") is None


def test_what_the_cache_wrote_itself_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAAR_CACHE", str(tmp_path))
    cache.save("code", "mine")
    assert cache.load("code") == "mine"

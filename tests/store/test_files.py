"""The root key, what it seals, and a saved cloud that brings its files along."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from haar import Cloud
from haar.errors import HaarError
from haar.kit.sealing import SealBroken, Sealer
from haar.store.files import folder_of
from haar.store.rootkey import NAME, add_keys, root_keys

pytestmark = pytest.mark.ours


def test_a_root_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    keys = root_keys(tmp_path, os.urandom)
    assert root_keys(tmp_path, os.urandom) == keys
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_a_damaged_root_key_is_said_and_not_replaced(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("short")
    with pytest.raises(HaarError, match="damaged"):
        root_keys(tmp_path, os.urandom)
    assert (tmp_path / NAME).read_text() == "short"


def test_keys_of_another_cloud_open_and_the_own_one_still_seals(tmp_path: Path) -> None:
    mine = root_keys(tmp_path, os.urandom)
    theirs = Sealer(lambda: [bytes(32)], os.urandom)
    sealed = theirs.seal(b"secret", b"row")
    add_keys(tmp_path, [bytes(32)])
    both = Sealer(lambda: root_keys(tmp_path, os.urandom), os.urandom)
    assert both.open(sealed, b"row") == b"secret"
    assert Sealer(lambda: mine, os.urandom).open(both.seal(b"new")) == b"new"


def test_what_is_sealed_opens_only_for_what_it_is_about() -> None:
    sealer = Sealer(lambda: [bytes(32)], os.urandom)
    sealed = sealer.seal(b"secret", b"one row")
    assert b"secret" not in sealed
    with pytest.raises(SealBroken):
        sealer.open(sealed, b"another row")


def test_another_root_key_opens_nothing() -> None:
    sealed = Sealer(lambda: [bytes(32)], os.urandom).seal(b"secret")
    with pytest.raises(SealBroken, match="root key"):
        Sealer(lambda: [b"1" * 32], os.urandom).open(sealed)


def test_the_folder_is_the_stores_own_unless_another_is_named(tmp_path: Path) -> None:
    assert folder_of("memory:") is None
    assert folder_of(str(tmp_path)) == tmp_path
    assert folder_of(f"lmdb://{tmp_path}") == tmp_path
    assert folder_of("memory:", str(tmp_path)) == tmp_path
    shared = folder_of("postgresql://haar@db/one")
    assert shared is not None
    assert shared != folder_of("postgresql://haar@db/two")


@pytest.mark.parametrize("source", ["memory", "folder"])
@pytest.mark.parametrize("target", ["memory", "folder"])
def test_a_saved_cloud_brings_its_large_bytes_and_the_key_to_them(tmp_path: Path, source: str, target: str) -> None:
    content = os.urandom(700_000)
    stores = {"memory": "memory:", "folder": str(tmp_path / "from")}
    with Cloud(store=stores[source]) as cloud:
        s3 = cloud.client("s3")
        s3.create_bucket(Bucket="saved")
        s3.put_object(Bucket="saved", Key="large", Body=content)
        s3.put_object(Bucket="saved", Key="small", Body=b"small")
        cloud.save(tmp_path / "cloud.haar")
    stores["folder"] = str(tmp_path / "to")
    with Cloud(store=stores[target]) as cloud:
        s3 = cloud.client("s3")
        s3.create_bucket(Bucket="own")
        s3.put_object(Bucket="own", Key="large", Body=bytes(700_000))
        cloud.load(tmp_path / "cloud.haar")
        assert s3.get_object(Bucket="saved", Key="large")["Body"].read() == content
        assert s3.get_object(Bucket="saved", Key="small")["Body"].read() == b"small"
        assert len(cloud.ports.blobs.names()) == 1


def test_nothing_of_an_object_can_be_read_in_the_folder(tmp_path: Path) -> None:
    with Cloud(store=str(tmp_path)) as cloud:
        s3 = cloud.client("s3")
        s3.create_bucket(Bucket="private")
        s3.put_object(Bucket="private", Key="small", Body=b"needle in a haystack")
        s3.put_object(Bucket="private", Key="large", Body=b"needle in a haystack" * 100_000)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert b"needle in a haystack" not in path.read_bytes(), path


def test_large_bytes_go_when_the_last_row_that_refers_to_them_goes(tmp_path: Path) -> None:
    with Cloud(store=str(tmp_path)) as cloud:
        s3 = cloud.client("s3")
        s3.create_bucket(Bucket="swept")
        s3.put_object(Bucket="swept", Key="one", Body=bytes(700_000))
        s3.put_object(Bucket="swept", Key="one", Body=bytes(800_000))
        assert cloud.sweep() == 1
        s3.delete_object(Bucket="swept", Key="one")
        assert cloud.sweep() == 1
        assert cloud.ports.blobs.names() == []

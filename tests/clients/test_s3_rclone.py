"""rclone at S3: folders are copied, checked, synchronized, moved and purged; in parts, by links, from pipes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.installed import debian
from tests.clients.process import Haar
from tests.clients.terminal import Terminal, noise, tree

pytestmark = pytest.mark.ours

PARTS = ("--s3-upload-cutoff", "6M", "--s3-chunk-size", "5M", "--s3-copy-cutoff", "6M")
#: The ACLs are what a user of AWS writes: rclone sends `private` of its own accord, which a new bucket refuses.
SETTINGS = """[haar]
type = s3
provider = {provider}
access_key_id = {account}
secret_access_key = test
region = us-east-1
endpoint = {url}
acl = bucket-owner-full-control
bucket_acl = private
"""


class Rclone:
    """`rclone` in a folder. What it takes for MinIO it lists by ListObjectsV2, what it does not know by ListObjects.

    (What it takes for AWS it addresses by host names, and looks those up.)
    """

    def __init__(self, haar: Haar, folder: Path, provider: str, account: str) -> None:
        self.program = debian("rclone")
        self.provider = provider
        settings = folder / "rclone.conf"
        settings.write_text(SETTINGS.format(provider=provider, account=account, url=haar.url))
        self.terminal = Terminal(folder, RCLONE_CONFIG=str(settings))

    def __call__(self, *words: str, said: bytes = b"") -> str:
        return self.terminal.text(self.program, "--retries", "1", "--low-level-retries", "1", *words, said=said)


@pytest.fixture(params=[("Minio", "777777777771"), ("Other", "777777777772")], ids=["v2", "v1"])
def rclone(haar: Haar, tmp_path: Path, request: pytest.FixtureRequest) -> Rclone:
    return Rclone(haar, tmp_path, *request.param)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with files."""
    folder = tmp_path / "here"
    (folder / "deep er").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "empty").write_bytes(b"")
    (folder / "deep er" / "ü+#%.txt").write_text("b")
    (folder / "large").write_bytes(noise(12_000_000))
    return folder


def test_a_folder_goes_there_and_comes_back(rclone: Rclone, here: Path, tmp_path: Path, haar: Haar) -> None:
    bucket = f"rclone-{rclone.provider.lower()}"
    rclone("mkdir", f"haar:{bucket}")
    rclone("copy", "here", f"haar:{bucket}/there", *PARTS)
    rclone("check", "here", f"haar:{bucket}/there", "--download")
    rclone("copy", f"haar:{bucket}/there", "back")
    assert tree(tmp_path / "back") == tree(here)
    modified = [(found / "a.txt").stat().st_mtime for found in (here, tmp_path / "back")]
    assert abs(modified[0] - modified[1]) < 0.001
    (here / "a.txt").unlink()
    (here / "new").write_text("c")
    rclone("sync", "here", f"haar:{bucket}/there", *PARTS)
    found = rclone("lsf", "-R", "--files-only", f"haar:{bucket}/there").splitlines()
    assert sorted(found) == ["deep er/ü+#%.txt", "empty", "large", "new"]
    rclone("copyto", f"haar:{bucket}/there/large", f"haar:{bucket}/copy", *PARTS)
    rclone("moveto", f"haar:{bucket}/copy", f"haar:{bucket}/moved", *PARTS)
    assert rclone("lsf", f"haar:{bucket}").splitlines() == ["moved", "there/"]
    assert rclone.terminal(rclone.program, "cat", f"haar:{bucket}/moved") == noise(12_000_000)
    rclone("rcat", f"haar:{bucket}/pipe", said=b"from a pipe")
    link = rclone("link", f"haar:{bucket}/pipe", "--expire", "10m")
    assert haar.http("GET", link.removeprefix(haar.url)) == (200, b"from a pipe")
    assert "Total objects: 6" in rclone("size", f"haar:{bucket}")
    rclone("purge", f"haar:{bucket}")
    assert rclone("lsd", "haar:") == ""


def test_times_are_kept_and_ranges_read(haar: Haar, tmp_path: Path) -> None:
    rclone = Rclone(haar, tmp_path, "Minio", "777777777774")
    rclone("mkdir", "haar:rclone-times")
    rclone("rcat", "haar:rclone-times/digits", said=b"0123456789" * 100_000)
    rclone("touch", "-t", "2020-02-03T04:05:06", "haar:rclone-times/digits")
    assert rclone("lsf", "--format", "tp", "haar:rclone-times") == "2020-02-03 04:05:06;digits"
    assert rclone("cat", "--offset", "500004", "--count", "8", "haar:rclone-times/digits") == "45678901"


def test_one_bucket_follows_another_without_a_detour(haar: Haar, here: Path, tmp_path: Path) -> None:
    rclone = Rclone(haar, tmp_path, "Minio", "777777777775")
    rclone("mkdir", "haar:rclone-from")
    rclone("mkdir", "haar:rclone-to")
    rclone("copy", "here", "haar:rclone-from", *PARTS)
    rclone("sync", "haar:rclone-from", "haar:rclone-to", *PARTS)
    rclone("check", "haar:rclone-from", "haar:rclone-to")
    rclone("copy", "haar:rclone-to", "back")
    assert tree(tmp_path / "back") == tree(here)


def test_older_versions_are_seen(haar: Haar, tmp_path: Path) -> None:
    rclone = Rclone(haar, tmp_path, "Minio", "777777777773")
    s3 = haar.client("s3", access_key="777777777773")
    s3.create_bucket(Bucket="rclone-versions")
    s3.put_bucket_versioning(Bucket="rclone-versions", VersioningConfiguration={"Status": "Enabled"})
    rclone("rcat", "haar:rclone-versions/k.txt", said=b"one")
    rclone("rcat", "haar:rclone-versions/k.txt", said=b"two, longer")
    assert rclone("cat", "haar:rclone-versions/k.txt") == "two, longer"
    newer, older = sorted(rclone("lsf", "--s3-versions", "--format", "sp", "haar:rclone-versions").splitlines())
    assert newer == "11;k.txt"
    assert older.startswith("3;k-v")

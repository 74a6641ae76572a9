"""Programs that keep files in S3 with Haar in its place: rclone, s3cmd, restic. Debian packages them all."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients.installed import debian
from tests.clients.process import Haar
from tests.clients.programs import run, surroundings

pytestmark = pytest.mark.ours

MIB = 1024 * 1024
ACCOUNT = "777777777701"

Tool = Callable[..., str]


def made_tree(folder: Path) -> Path:
    """Files of several sizes, one of them large enough to go in parts."""
    bodies = {"a.txt": b"one", "sub/b c.txt": b"two", "sub/ü+&.bin": bytes(range(256)), "empty": b""}
    bodies["big.bin"] = random.Random(1).randbytes(18 * MIB)
    for name, body in bodies.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return folder


def tree(folder: Path) -> dict[str, str]:
    """The digest of every file under a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


# --- rclone ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def rclone(haar: Haar, tmp_path: Path) -> Tool:
    """Run `rclone words...` with a remote called `haar:`."""
    program = debian("rclone")
    # this version sends an ACL with everything, and buckets take no other than these, as on AWS
    environment = surroundings(
        tmp_path, RCLONE_CONFIG_HAAR_TYPE="s3", RCLONE_CONFIG_HAAR_PROVIDER="Other",
        RCLONE_CONFIG_HAAR_ENDPOINT=haar.url, RCLONE_CONFIG_HAAR_ACL="bucket-owner-full-control",
        RCLONE_CONFIG_HAAR_BUCKET_ACL="private",
        RCLONE_CONFIG_HAAR_ACCESS_KEY_ID=ACCOUNT, RCLONE_CONFIG_HAAR_SECRET_ACCESS_KEY="test",
        RCLONE_CONFIG_HAAR_REGION="us-east-1", RCLONE_CONFIG_HAAR_FORCE_PATH_STYLE="true", RCLONE_RETRIES="1",
        RCLONE_LOW_LEVEL_RETRIES="1", RCLONE_S3_UPLOAD_CUTOFF="8M",
    )  # fmt: skip
    return lambda *words, fails=False: run([program, *words], environment, fails=fails)


def test_rclone_keeps_a_folder_in_step_and_checks_it(rclone: Tool, tmp_path: Path) -> None:
    here, back = made_tree(tmp_path / "here"), tmp_path / "back"
    rclone("mkdir", "haar:rclone-one")
    rclone("sync", str(here), "haar:rclone-one/x")
    assert "0 differences found" in rclone("check", "--download", str(here), "haar:rclone-one/x")
    assert "There was nothing to transfer" in rclone("sync", "-v", str(here), "haar:rclone-one/x")
    rclone("copy", "haar:rclone-one/x", str(back))
    assert tree(back) == tree(here)


def test_rclone_keeps_modification_times(rclone: Tool, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (here / "f").write_bytes(b"x")
    rclone("mkdir", "haar:rclone-times")
    rclone("copy", str(here), "haar:rclone-times")
    rclone("touch", "-t", "2020-02-03T04:05:06", "haar:rclone-times/f")
    assert "2020-02-03 04:05:06" in rclone("lsl", "haar:rclone-times")


def test_rclone_copies_on_the_servers_side_and_purges(rclone: Tool, tmp_path: Path) -> None:
    rclone("mkdir", "haar:rclone-from")
    rclone("copy", str(made_tree(tmp_path / "here")), "haar:rclone-from")
    rclone("mkdir", "haar:rclone-to")
    rclone("sync", "haar:rclone-from", "haar:rclone-to")
    assert "0 differences found" in rclone("check", "haar:rclone-from", "haar:rclone-to")
    rclone("purge", "haar:rclone-from")
    assert "rclone-from" not in rclone("lsd", "haar:")


def test_rclone_reads_a_range(rclone: Tool, tmp_path: Path) -> None:
    (tmp_path / "digits").write_text("0123456789" * 100_000)
    rclone("mkdir", "haar:rclone-range")
    rclone("copy", str(tmp_path / "digits"), "haar:rclone-range")
    assert rclone("cat", "--offset", "500004", "--count", "8", "haar:rclone-range/digits").endswith("\n45678901")


# --- s3cmd -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def s3cmd(haar: Haar, tmp_path: Path) -> Tool:
    """Run `s3cmd words...`."""
    program = debian("s3cmd")
    host = f"127.0.0.1:{haar.port}"
    options = [
        f"--access_key={ACCOUNT}", "--secret_key=test", "--no-ssl", f"--host={host}", f"--host-bucket={host}",
        "--region=us-east-1", "--no-progress", "--multipart-chunk-size-mb=5",
    ]  # fmt: skip
    return lambda *words, fails=False: run([program, *options, *words], surroundings(tmp_path), fails=fails)


def test_s3cmd_puts_lists_and_gets(s3cmd: Tool, tmp_path: Path) -> None:
    here, back = made_tree(tmp_path / "here"), tmp_path / "back"
    back.mkdir()
    s3cmd("mb", "s3://s3cmd-one")
    s3cmd("sync", f"{here}/", "s3://s3cmd-one/x/")
    assert "s3://s3cmd-one/x/sub/ü+&.bin" in s3cmd("ls", "--recursive", "s3://s3cmd-one")
    s3cmd("sync", "s3://s3cmd-one/x/", f"{back}/")
    assert tree(back) == tree(here)
    s3cmd("cp", "s3://s3cmd-one/x/a.txt", "s3://s3cmd-one/y.txt")
    assert "File size: 3" in s3cmd("info", "s3://s3cmd-one/y.txt")
    s3cmd("rb", "--force", "--recursive", "s3://s3cmd-one")
    assert "404" in s3cmd("ls", "s3://s3cmd-one", fails=True)


def test_s3cmd_signs_urls_and_sets_policies(s3cmd: Tool, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x")
    policy = tmp_path / "policy"
    policy.write_text(
        '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", '
        '"Resource": "arn:aws:s3:::s3cmd-two/*"}}'
    )
    s3cmd("mb", "s3://s3cmd-two")
    s3cmd("put", str(tmp_path / "f"), "s3://s3cmd-two/f")
    s3cmd("setpolicy", str(policy), "s3://s3cmd-two")
    assert "AccessDenied" in s3cmd("del", "s3://s3cmd-two/f", fails=True)
    s3cmd("delpolicy", "s3://s3cmd-two")
    s3cmd("del", "s3://s3cmd-two/f")


# --- restic ----------------------------------------------------------------------------------------------------------


def test_restic_backs_up_checks_and_restores(haar: Haar, tmp_path: Path) -> None:
    program = debian("restic")
    environment = surroundings(
        tmp_path, AWS_ACCESS_KEY_ID=ACCOUNT, AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="us-east-1",
        RESTIC_REPOSITORY=f"s3:{haar.url}/restic-one/backups", RESTIC_PASSWORD="correct horse",
    )  # fmt: skip
    here, back = made_tree(tmp_path / "here"), tmp_path / "back"
    run([program, "init"], environment)
    run([program, "backup", str(here)], environment)
    (here / "a.txt").write_bytes(b"changed")
    run([program, "backup", str(here)], environment)
    assert "2 snapshots" in run([program, "snapshots"], environment)
    assert "no errors were found" in run([program, "check", "--read-data"], environment)
    run([program, "restore", "latest", "--target", str(back)], environment)
    assert tree(back / here.relative_to("/")) == tree(here)
    run([program, "forget", "--keep-last", "1", "--prune"], environment)
    assert "1 snapshots" in run([program, "snapshots"], environment)

"""restic at S3: a repository of backups is made, checked byte by byte, restored and pruned."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.installed import debian
from tests.clients.process import Haar
from tests.clients.terminal import Terminal, noise, tree

pytestmark = pytest.mark.ours


def test_backups_are_made_checked_restored_and_forgotten(haar: Haar, tmp_path: Path) -> None:
    restic = debian("restic")
    terminal = Terminal(
        tmp_path, AWS_ACCESS_KEY_ID="999999999991", AWS_SECRET_ACCESS_KEY="test", RESTIC_PASSWORD="quiet",
        RESTIC_REPOSITORY=f"s3:{haar.url}/restic/house",
    )  # fmt: skip
    home = tmp_path / "home"
    (home / "deep").mkdir(parents=True)
    (home / "large").write_bytes(noise(20_000_000))
    (home / "deep" / "small").write_text("small")
    terminal(restic, "init")
    terminal(restic, "backup", "home")
    (home / "deep" / "small").write_text("changed")
    (home / "more").write_bytes(noise(5_000_000, seed=2))
    terminal(restic, "backup", "home")
    assert "no errors were found" in terminal.text(restic, "check", "--read-data")
    terminal(restic, "restore", "latest", "--target", "back")
    assert tree(tmp_path / "back" / "home") == tree(home)
    terminal(restic, "forget", "--keep-last", "1", "--prune")
    assert "1 snapshots" in terminal.text(restic, "snapshots")
    assert "no errors were found" in terminal.text(restic, "check")

"""s3fs (fsspec) at S3: one session (`sessions/s3fs_session.py`), and what it saw."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients.installed import python
from tests.clients.process import Haar
from tests.clients.terminal import Terminal

pytestmark = pytest.mark.ours

PROGRAM = Path(__file__).parent / "sessions" / "s3fs_session.py"


@pytest.fixture(scope="module")
def seen(haar: Haar, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the session saw."""
    terminal = Terminal(tmp_path_factory.mktemp("s3fs"))
    said: dict[str, Any] = json.loads(terminal(python(), PROGRAM, "555555555571", haar.url))
    return said


def test_files_are_written_read_and_found(seen: dict[str, Any]) -> None:
    assert seen["texts"] == ["one", "two"]
    assert seen["ls"] == ["s3fs-house/a", "s3fs-house/b"]
    assert seen["glob"] == ["s3fs-house/a/1.txt", "s3fs-house/a/ü+#%.txt", "s3fs-house/b/3.txt"]
    assert seen["walk"][1] == ["s3fs-house/a", [], ["1.txt", "ü+#%.txt"]]
    assert seen["exists"] == [True, True, False]


def test_a_large_file_is_written_in_parts_and_read_in_ranges(seen: dict[str, Any]) -> None:
    assert seen["parts"] == "3"
    assert (seen["middle"], seen["end"], seen["ranges"]) == (True, True, True)


def test_files_are_copied_moved_and_appended_to(seen: dict[str, Any]) -> None:
    assert seen["moved"] is True
    assert seen["appended"] == "one and more"


def test_metadata_tags_and_addresses_are_made(seen: dict[str, Any]) -> None:
    assert seen["metadata"] == {"colour": "green"}
    assert seen["tags"] == {"team": "blue"}
    assert seen["signed"] == "three"


def test_what_is_missing_or_forbidden_is_told_apart(seen: dict[str, Any]) -> None:
    assert (seen["missing"], seen["denied"]) == ("FileNotFoundError", "PermissionError")


def test_a_bucket_is_emptied_and_removed(seen: dict[str, Any]) -> None:
    assert seen["left"] == []

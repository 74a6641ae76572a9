"""The AWS SDK for JavaScript, version 3: one session (`js/session.mjs`), and what it saw."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.clients.process import Haar

pytestmark = pytest.mark.ours

FOLDER = Path(__file__).parent / "js"
ACCOUNT = "555555555555"


@pytest.fixture(scope="session")
def node() -> str:
    """Node.js with the packages of `js/package-lock.json`, installed when they are not there yet."""
    with (Path(tempfile.gettempdir()) / "haar-npm.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if shutil.which("npm") is None and os.geteuid() == 0 and shutil.which("apt-get"):
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            for command in (["apt-get", "update"], ["apt-get", "install", "-y", "npm"]):
                subprocess.run(command, env=environment, capture_output=True, check=False)
        if shutil.which("npm") is None:
            pytest.skip("these tests need Node.js and npm: apt-get install npm")
        if not (FOLDER / "node_modules" / "@aws-sdk" / "client-sqs").is_dir():
            done = subprocess.run(
                ["npm", "ci", "--no-audit", "--no-fund"], cwd=FOLDER, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
    found = shutil.which("node")
    assert found is not None, "npm is there, but node is not"
    return found


@pytest.fixture(scope="module")
def seen(haar: Haar, node: str) -> dict[str, Any]:
    """What the session saw."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [node, "session.mjs", ACCOUNT], cwd=FOLDER, env={**kept, "AWS_ENDPOINT_URL": haar.url}, capture_output=True,
        text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


def test_root_users_and_roles_are_who_they_say(seen: dict[str, Any]) -> None:
    assert seen["root"] == f"arn:aws:iam::{ACCOUNT}:root"
    assert seen["worker"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/from-js"


def test_a_paginator_walks_all_pages(seen: dict[str, Any]) -> None:
    assert seen["users"] == [["alice", "user-1"], ["user-2", "user-3"]]


def test_a_user_without_a_policy_is_denied(seen: dict[str, Any]) -> None:
    assert (seen["denied"]["name"], seen["denied"]["status"]) == ("AccessDenied", 403)
    assert f"arn:aws:iam::{ACCOUNT}:user/alice is not authorized to perform: sqs:" in seen["denied"]["message"]


def test_a_message_wakes_a_long_poll_and_its_checksums_are_right(seen: dict[str, Any]) -> None:
    assert seen["received"] == {"body": "grüße", "kind": "test"}
    assert seen["batch"] == ["1", "2", "3"]


def test_a_role_may_what_its_policy_says(seen: dict[str, Any]) -> None:
    assert seen["sameQueue"] is True


def test_an_organization_is_made(seen: dict[str, Any]) -> None:
    assert seen["noOrganization"]["name"] == "AWSOrganizationsNotInUseException"
    assert (seen["management"], seen["roots"]) == (ACCOUNT, ["Root"])


def test_errors_have_awss_names(seen: dict[str, Any]) -> None:
    assert seen["noQueue"]["name"] == "QueueDoesNotExist"
    assert (seen["wrongSecret"]["name"], seen["wrongSecret"]["status"]) == ("SignatureDoesNotMatch", 403)
    assert (seen["wrongKey"]["name"], seen["wrongKey"]["status"]) == ("InvalidClientTokenId", 403)

"""The AWS SDK for JavaScript, version 3: one session (`js/session.mjs`), and what it saw."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import pytest

from tests.clients.installed import JAVASCRIPT, node
from tests.clients.process import Haar

pytestmark = pytest.mark.ours

ACCOUNT = "555555555555"


@pytest.fixture(scope="module")
def seen(haar: Haar) -> dict[str, Any]:
    """What the session saw."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [node(), "session.mjs", ACCOUNT], cwd=JAVASCRIPT, env={**kept, "AWS_ENDPOINT_URL": haar.url},
        capture_output=True, text=True, check=False, timeout=120,
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

"""The IAM reference, built from the installed package as `make catalog` builds it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from haar.catalog import actions

REFERENCE = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def built():
    if not actions.DATA.exists():
        subprocess.run([sys.executable, str(ROOT / "tools" / "actions.py")], check=True)


@pytest.mark.documented(REFERENCE)
@pytest.mark.parametrize(
    ("action", "level"),
    [
        ("sqs:SendMessage", "Write"),
        ("SQS:sendmessage", "Write"),
        ("iam:ListUsers", "List"),
        ("s3:GetObject", "Read"),
        ("sqs:TagQueue", "Tagging"),
        ("iam:AttachRolePolicy", "Permissions management"),
        ("sqs:Unheard", None),
        ("unheard:Of", None),
        ("nothing", None),
    ],
)
def test_an_action_has_an_access_level(action, level):
    assert actions.access_level(action) == level


@pytest.mark.documented(REFERENCE)
def test_a_service_knows_its_resource_types():
    found = actions.service("sqs")
    assert found.resources["queue"].arn == "arn:${Partition}:sqs:${Region}:${Account}:${QueueName}"
    assert actions.find("sqs:SendMessage").resources == (("queue", True),)


@pytest.mark.ours
def test_every_prefix_can_be_read():
    assert {"iam", "sts", "sqs", "organizations", "s3"} <= set(actions.prefixes())
    assert all(actions.service(prefix).prefix == prefix for prefix in actions.prefixes())


@pytest.mark.ours
def test_a_missing_file_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(actions, "DATA", tmp_path / "actions.bin")
    with pytest.raises(actions.Missing, match="run `make catalog`"):
        actions.service("sqs")


@pytest.mark.ours
def test_a_file_of_another_version_says_what_to_do(monkeypatch, tmp_path):
    other = tmp_path / "actions.bin"
    other.write_bytes(b"something else entirely")
    monkeypatch.setattr(actions, "DATA", other)
    with pytest.raises(actions.Missing, match="run `make catalog`"):
        actions.prefixes()

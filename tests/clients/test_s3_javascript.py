"""The AWS SDK for JavaScript, version 3, at S3: one session (`js/s3.mjs`) for each way to address a bucket."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.clients.installed import JAVASCRIPT, node
from tests.clients.process import Haar
from tests.clients.terminal import Terminal

pytestmark = pytest.mark.ours

ACCOUNT = "555555555561"
GREETING = "grüße+ ~'()*.txt"


@pytest.fixture(scope="module")
def printed(haar: Haar, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What both sessions saw."""
    terminal = Terminal(tmp_path_factory.mktemp("js"))
    said: dict[str, Any] = json.loads(terminal(node(), JAVASCRIPT / "s3.mjs", ACCOUNT, str(haar.port)))
    return said


@pytest.fixture(params=["host", "path"])
def seen(printed: dict[str, Any], request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the session saw that had the bucket in the host, or in the path."""
    found: dict[str, Any] = printed[request.param]
    return found


def test_texts_and_streams_come_back_with_their_checksums(seen: dict[str, Any]) -> None:
    assert seen["text"] == {"body": "hello", "metadata": {"kind": "test"}, "crc32": "NhCmhg=="}
    assert seen["streamed"] is True


def test_an_upload_goes_in_parts_and_parts_are_read(seen: dict[str, Any]) -> None:
    assert seen["upload"] is True
    assert seen["range"] == {"right": True, "range": "bytes 5242879-5242880/12582912"}
    assert seen["part"] == [5 * 1024 * 1024, 3]


def test_an_aborted_upload_leaves_nothing(seen: dict[str, Any]) -> None:
    name, head = seen["aborted"]
    assert (name, head["status"]) == ("AbortError", 404)


def test_a_paginator_walks_all_keys(seen: dict[str, Any]) -> None:
    assert seen["pages"] == [["copy", GREETING, "parts"], ["stream"]]


def test_presigned_addresses_put_and_get_one_object(seen: dict[str, Any]) -> None:
    assert seen["addresses"] == [200, [200, "sent"], 403]


def test_a_form_is_posted_within_its_policy(seen: dict[str, Any]) -> None:
    assert seen["form"] == [201, "form/a.txt", "EntityTooLarge"]


def test_objects_are_encrypted_with_keys_of_kms_and_of_the_client(seen: dict[str, Any]) -> None:
    assert seen["kms"] == ["aws:kms", "kms"]
    assert seen["own"] == "own"
    assert seen["withoutKey"]["status"] == 400


def test_errors_have_s3s_names(seen: dict[str, Any]) -> None:
    assert (seen["ifNoneMatch"]["name"], seen["ifNoneMatch"]["status"]) == ("PreconditionFailed", 412)
    assert (seen["noKey"]["name"], seen["noKey"]["status"]) == ("NoSuchKey", 404)
    assert (seen["noHead"]["name"], seen["noHead"]["status"]) == ("NotFound", 404)
    assert (seen["noBucket"]["name"], seen["noBucket"]["status"]) == ("NoSuchBucket", 404)


def test_versions_are_read_and_deleted(seen: dict[str, Any]) -> None:
    assert (seen["first"], seen["gone"]) == ("one", 2)

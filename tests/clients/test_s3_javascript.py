"""The AWS SDK for JavaScript, version 3, with S3: one session (`js/objects.mjs`), and what it saw."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients.process import Haar
from tests.clients.programs import run, surroundings
from tests.clients.test_javascript import FOLDER, node

pytestmark = pytest.mark.ours

__all__ = ["node"]

ACCOUNT = "555555555556"


@pytest.fixture(scope="module")
def seen(haar: Haar, node: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:  # noqa: F811
    """What the session saw."""
    home: Path = tmp_path_factory.mktemp("home")
    environment = surroundings(home, AWS_ENDPOINT_URL=haar.url, NODE_NO_WARNINGS="1")
    printed: dict[str, Any] = json.loads(run([node, str(FOLDER / "objects.mjs"), ACCOUNT], environment))
    return printed


def test_an_object_has_a_name_a_body_and_metadata(seen: dict[str, Any]) -> None:
    assert seen["small"] == {"body": "grüße", "by": "me", "type": "text/plain"}


def test_a_stream_is_uploaded_in_parts(seen: dict[str, Any]) -> None:
    assert seen["big"] == {"parts": "3", "size": 13 << 20, "steps": True, "same": True}


def test_a_range_is_read(seen: dict[str, Any]) -> None:
    assert seen["range"] == {"body": "0123456789abcdef", "said": f"bytes 16-31/{13 << 20}"}


def test_a_checksum_of_the_clients_choice_is_kept(seen: dict[str, Any]) -> None:
    assert seen["checksum"] is True


def test_presigned_urls_and_forms_work_in_a_browser(seen: dict[str, Any]) -> None:
    assert seen["presigned"] == [200, "by url"]
    assert seen["posted"] == [204, 400]


def test_objects_are_encrypted_with_keys_of_kms_and_of_the_client(seen: dict[str, Any]) -> None:
    assert seen["kms"] == ["aws:kms", "kms"]
    assert seen["own"] == "own"
    assert seen["withoutKey"]["status"] == 400


def test_a_paginator_walks_all_pages(seen: dict[str, Any]) -> None:
    assert seen["names"] == ["a/ü +&.txt", "big", "copy", "forms/f.txt", "kms", "own", "signed", "sum"]
    assert seen["deleted"] == 8


def test_errors_have_awss_names(seen: dict[str, Any]) -> None:
    assert seen["noKey"] == {"name": "NoSuchKey", "status": 404}
    assert seen["noHead"] == {"name": "NotFound", "status": 404}
    assert seen["noBucket"] == {"name": "NoSuchBucket", "status": 404}

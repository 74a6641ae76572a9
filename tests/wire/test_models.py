"""The models: read without botocore, corrected, cached, and the same as botocore's own view."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from haar.catalog import models
from haar.catalog.models import merge_patch, model, published, snake_case
from tests.wire.both_ways import clients_model

SERVICES = ["iam", "sqs", "dynamodb", "s3", "lambda", "ec2", "mturk", "storagegateway", "sso-oidc"]


@pytest.mark.ours
@pytest.mark.parametrize("service", SERVICES)
def test_client_method_names_are_botocores(service: str) -> None:
    from botocore import xform_name

    assert published(service).snake == {xform_name(name): name for name in clients_model(service).operation_names}


@pytest.mark.ours
@pytest.mark.parametrize("service", SERVICES)
def test_shapes_keep_what_botocore_says_of_them(service: str) -> None:
    client = clients_model(service)
    ours = {name: shape["type"] for name, shape in published(service).shapes.items()}
    theirs = {name: client.shape_for(name).type_name for name in client.shape_names}
    assert {name: ours[name] for name in theirs} == theirs


@pytest.mark.ours
def test_documentation_is_dropped_but_a_member_of_that_name_is_kept() -> None:
    shape = model("apigateway").shapes["DocumentationVersions"]
    part = model("mq").shapes["Configurations"]
    assert ("documentation" in shape, "documentation" in part) == (False, False)


@pytest.mark.ours
def test_an_unknown_service_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        model("no-such-service")


@pytest.mark.ours
@pytest.mark.parametrize("name", ["../sqs", "", "SQS", "a/b"])
def test_a_name_that_is_no_folder_name_is_a_key_error(name: str) -> None:
    with pytest.raises(KeyError):
        model(name)


@pytest.mark.ours
@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": "foo"}, "bar", "bar"),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patches_work_as_the_standard_says(target: object, patch: object, result: object) -> None:
    assert merge_patch(target, patch) == result


@pytest.mark.ours
def test_botocores_own_corrections_are_applied() -> None:
    assert "SourceRegion" in model("rds").shapes["CopyDBSnapshotMessage"]["members"]


@pytest.mark.ours
def test_snake_case_follows_the_exceptions() -> None:
    assert [snake_case(name) for name in ("ListMFADevices", "ListHITsForQualificationType", "CreateVPCs")] == [
        "list_mfa_devices",
        "list_hits_for_qualification_type",
        "create_vpcs",
    ]


@pytest.mark.ours
def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("HAAR_CACHE", str(blocked))
    models.model.cache_clear()
    assert "SendMessage" in model("sqs").operations


@pytest.mark.ours
def test_a_damaged_cache_is_read_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAAR_CACHE", str(tmp_path))
    models.model.cache_clear()
    model("sqs")
    (kept,) = (path for path in tmp_path.rglob("sqs") if path.is_file())
    kept.write_bytes(kept.read_bytes()[:100])
    models.model.cache_clear()
    assert "SendMessage" in model("sqs").operations


@pytest.mark.ours
def test_the_wire_does_not_import_botocore() -> None:
    program = (
        "import sys; from haar.wire.router import route; from haar.wire.http import HttpRequest as H;"
        "r = route(H('POST', '/', '', {'x-amz-target': 'AmazonSQS.SendMessage'}, b'{}'));"
        "r.codec.parse(r.http, r.labels); r.codec.validate;"
        "print(sorted({'botocore', 'boto3', 'requests', 'pydantic'} & set(sys.modules)))"
    )
    source = str(Path(models.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONPATH": source}
    )
    assert done.stdout.strip() == "[]"

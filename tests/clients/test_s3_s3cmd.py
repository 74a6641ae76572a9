"""s3cmd at S3: an old client with ways of its own, among them to sign for a region that does not exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.installed import script
from tests.clients.process import Haar
from tests.clients.terminal import Terminal, noise, tree

pytestmark = pytest.mark.ours

SETTINGS = """[default]
access_key = {account}
secret_key = test
host_base = 127.0.0.1:{port}
host_bucket = 127.0.0.1:{port}
use_https = False
{more}
"""


class S3cmd:
    """`s3cmd` in a folder."""

    def __init__(self, haar: Haar, folder: Path, account: str, more: str = "") -> None:
        self.terminal = Terminal(folder)
        self.program = script("s3cmd")
        (folder / ".s3cfg").write_text(SETTINGS.format(account=account, port=haar.port, more=more))

    def __call__(self, command: str, *more: str) -> str:
        return self.terminal.text(self.program, "--no-progress", *command.split(), *more)


@pytest.mark.parametrize(("more", "version"), [("", "4"), ("signature_v2 = True", "2")])
def test_files_are_put_listed_copied_and_got(haar: Haar, tmp_path: Path, more: str, version: str) -> None:
    s3cmd = S3cmd(haar, tmp_path, f"88888888888{version}", more)
    here = tmp_path / "here"
    (here / "deep er").mkdir(parents=True)
    (here / "a.txt").write_text("a")
    (here / "deep er" / "ü+#%.txt").write_text("b")
    (here / "large").write_bytes(noise(12_000_000))
    bucket = f"s3://s3cmd-{version}"
    s3cmd(f"mb {bucket}")
    s3cmd(f"sync here/ {bucket}/there/ --multipart-chunk-size-mb=5")
    listed = s3cmd(f"ls -r {bucket}").splitlines()
    assert [line.split("there/")[1] for line in listed] == ["a.txt", "deep er/ü+#%.txt", "large"]
    s3cmd(f"sync {bucket}/there/ back/")
    assert tree(tmp_path / "back") == tree(here)
    assert s3cmd(f"sync here/ {bucket}/there/") == ""
    s3cmd(f"cp {bucket}/there/large {bucket}/copy")
    s3cmd(f"mv {bucket}/copy {bucket}/moved")
    assert s3cmd(f"du {bucket}").split()[:2] == ["24000002", "4"]
    info = s3cmd(f"info {bucket}/there/large")
    assert "File size: 12000000" in info and "SSE:       AES256" in info
    address = s3cmd(f"signurl {bucket}/there/a.txt +600")
    assert haar.http("GET", address.partition(f":{haar.port}")[2]) == (200, b"a")
    s3cmd(f"modify --add-header=x-amz-meta-colour:green {bucket}/there/a.txt")
    assert "x-amz-meta-colour: green" in s3cmd(f"info {bucket}/there/a.txt")
    s3cmd(f"del -rf {bucket}/there")
    assert s3cmd(f"ls -r {bucket}").endswith(f"{bucket}/moved")
    s3cmd(f"rb -rf {bucket}")
    assert s3cmd("ls") == ""


def test_a_bucket_is_described(haar: Haar, tmp_path: Path) -> None:
    s3cmd = S3cmd(haar, tmp_path, "888888888885")
    s3cmd("mb s3://s3cmd-info --bucket-location=eu-west-1")
    s3cmd("settagging s3://s3cmd-info colour=green")
    assert s3cmd("gettagging s3://s3cmd-info").split() == ["s3://s3cmd-info/", "(bucket):", "colour:", "green"]
    (tmp_path / "policy").write_text(
        '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:DeleteBucket",'
        '"Resource":"arn:aws:s3:::s3cmd-info"}}'
    )
    s3cmd("setpolicy policy s3://s3cmd-info")
    s3cmd("setversioning s3://s3cmd-info enable")
    s3cmd("expire s3://s3cmd-info --expiry-days=3 --expiry-prefix=logs/")
    info = s3cmd("info s3://s3cmd-info")
    assert "Location:  eu-west-1" in info
    assert "Versioning:Enabled" in info
    assert "objects with key prefix 'logs/' will expire in '3' day(s)" in info
    assert "s3:DeleteBucket" in info
    assert "403 (AccessDenied)" in s3cmd.terminal.refused(s3cmd.program, "rb", "s3://s3cmd-info")

"""A cloud listens on its one port, whatever services are in use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from haar import Cloud
from haar.testing.server import Running

_LISTENING = "0A"


def listening() -> set[int]:
    """The TCP ports that this process listens on (Linux: /proc)."""
    mine = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:  # the descriptor of the listing itself
            continue
        if target.startswith("socket:["):
            mine.add(target[8:-1])
    ports = set()
    for table in ("/proc/self/net/tcp", "/proc/self/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTENING and fields[9] in mine:
                ports.add(int(fields[1].rpartition(":")[2], 16))
    return ports


@pytest.mark.fact("S3-008")
def test_no_file_server_is_opened_beside_s3(tmp_path: Path) -> None:
    before = listening()
    with Running(Cloud(store=str(tmp_path), port=0)) as running:
        s3 = running.client("s3")
        s3.create_bucket(Bucket="mounted-by-nobody")
        s3.put_object(Bucket="mounted-by-nobody", Key="k", Body=b"x")
        assert listening() - before == {int(running.url.rpartition(":")[2])}

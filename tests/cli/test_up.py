"""`haar up` as a process: it starts, says where it is, keeps its data, and ends well."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

pytestmark = pytest.mark.ours

Up = Callable[..., Any]
Haar = Callable[..., "subprocess.CompletedProcess[str]"]


def test_it_answers_as_soon_as_it_says_so(up: Up) -> None:
    assert up("--ephemeral").client("sts").get_caller_identity()["Account"] == "000000000000"


def test_it_tells_programs_where_it_is(up: Up, tmp_path: Path) -> None:
    server = up()
    assert server.said["environment"] == {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    assert (server.said["pid"], server.said["data"]) == (server.process.pid, f"{tmp_path}/.local/share/haar")


def test_it_tells_people_what_to_set_and_how_to_stop_it(home: dict[str, str]) -> None:
    words = [sys.executable, "-m", "haar", "up", "--port", "0", "--ephemeral"]
    with subprocess.Popen(words, env=home, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        heard = process.stdout.readline()
        process.terminate()
        text = heard + process.stdout.read()
    url = heard.split()[-1]
    assert f"export AWS_ENDPOINT_URL={url}" in text
    assert "export AWS_ACCESS_KEY_ID=test" in text
    assert "in memory: gone when Haar stops" in text
    assert f"haar down --endpoint {url}" in text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well(up: Up, number: signal.Signals) -> None:
    server = up()
    server.process.send_signal(number)
    assert (server.ends(), server.process.stderr.read()) == (0, "")


def test_a_signal_ends_it_while_a_call_waits(up: Up, haar: Haar) -> None:
    server = up("--ephemeral")
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    with ThreadPoolExecutor(1) as pool:
        polled = pool.submit(sqs.receive_message, QueueUrl=url, WaitTimeSeconds=20)
        while not json.loads(haar("status", "--json", "--endpoint", server.url).stdout)["waiting"]:
            pass
        server.process.terminate()
        assert server.ends() == 0
        assert isinstance(polled.exception(20), BotoCoreError)


def test_it_leaves_no_process_id_behind(up: Up, tmp_path: Path) -> None:
    server = up()
    path = tmp_path / ".local/share/haar/haar.pid"
    before = path.read_text()
    server.process.terminate()
    server.ends()
    assert (before, path.exists()) == (f"{server.process.pid}\n", False)


def test_what_was_acknowledged_survives_a_kill(up: Up) -> None:
    server = up()
    server.client("sqs").create_queue(QueueName="kept")
    server.process.kill()
    server.ends()
    assert len(up().client("sqs").list_queues()["QueueUrls"]) == 1


def test_time_goes_on_where_it_was(up: Up, haar: Haar) -> None:
    server = up()
    haar("clock", "+40d", "--endpoint", server.url)
    server.process.kill()
    server.ends()
    offset = json.loads(haar("clock", "--json", "--endpoint", up().url).stdout)["offset_seconds"]
    assert offset == pytest.approx(40 * 86_400, abs=1)


def test_an_ephemeral_cloud_leaves_nothing(up: Up, tmp_path: Path) -> None:
    server = up("--ephemeral")
    server.client("sqs").create_queue(QueueName="q")
    server.process.terminate()
    server.ends()
    assert not (tmp_path / ".local/share/haar").exists()


def test_nobody_else_reads_its_data(up: Up, tmp_path: Path) -> None:
    up("--data", f"{tmp_path}/mine")
    assert stat.S_IMODE((tmp_path / "mine").stat().st_mode) == 0o700


def test_large_bytes_and_the_root_key_lie_where_it_is_told(up: Up, tmp_path: Path) -> None:
    server = up("--data", f"{tmp_path}/rows", "--files", f"{tmp_path}/files")
    s3 = server.client("s3")
    s3.create_bucket(Bucket="films")
    s3.put_object(Bucket="films", Key="k", Body=b"x" * 2_000_000)
    blobs = [path for path in (tmp_path / "files/blobs").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in blobs) >= 2_000_000
    assert stat.S_IMODE((tmp_path / "files/root.key").stat().st_mode) == 0o600
    assert not (tmp_path / "rows/root.key").exists()
    server.process.kill()
    server.ends()
    again = up("--data", f"{tmp_path}/rows", "--files", f"{tmp_path}/files").client("s3")
    assert len(again.get_object(Bucket="films", Key="k")["Body"].read()) == 2_000_000


def test_an_ephemeral_cloud_takes_no_folder_for_files(haar: Haar, tmp_path: Path) -> None:
    told = haar("up", "--port", "0", "--ephemeral", "--files", str(tmp_path))
    assert (told.returncode, "choose one" in told.stderr) == (2, True)


def test_a_seed_replays_the_identifiers(up: Up) -> None:
    ids = [
        up("--ephemeral", "--seed", "7").client("iam").create_user(UserName="ann")["User"]["UserId"] for _ in range(2)
    ]
    assert ids[0] == ids[1]


def test_iam_can_be_switched_off(up: Up) -> None:
    server = up("--ephemeral", "--iam=off")
    iam = server.client("iam")
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    ann = server.client("sqs", key["AccessKeyId"], key["SecretAccessKey"])
    assert ann.create_queue(QueueName="q")["QueueUrl"]


# --- what does not work ----------------------------------------------------------------


def test_a_second_one_on_the_same_data_says_who_holds_it(up: Up, haar: Haar) -> None:
    first = up()
    second = haar("up", "--port", "0")
    assert second.returncode == 1
    assert f"in use by another Haar (process {first.process.pid})" in second.stderr


def test_a_port_that_is_taken_is_said_to_be(haar: Haar) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = haar("up", "--ephemeral", "--port", str(port))
    assert (ran.returncode, f"Something listens on 127.0.0.1, port {port} already" in ran.stderr) == (1, True)


def test_an_address_of_another_machine_is_refused(haar: Haar) -> None:
    ran = haar("up", "--ephemeral", "--port", "0", "--host", "192.0.2.1")
    assert (ran.returncode, "Haar cannot listen on 192.0.2.1" in ran.stderr) == (1, True)


def test_a_store_that_is_none_is_said_to_be(haar: Haar) -> None:
    ran = haar("up", "--port", "0", "--store", "mongodb://here")
    assert (ran.returncode, "no store is known by 'mongodb://here'" in ran.stderr) == (1, True)


def test_data_that_is_a_file_is_said_to_be_unusable(haar: Haar, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = haar("up", "--port", "0", "--data", f"{tmp_path}/file")
    assert (ran.returncode, "The store cannot be opened" in ran.stderr) == (1, True)


@pytest.mark.parametrize(
    "words",
    [
        ["--prot", "1"], ["--port", "x"], ["--port", "70000"], ["--port"], ["--iam", "maybe"], ["more"],
        ["--data", "a", "--ephemeral"], ["--store", "memory:", "--data", "a"], ["--ephemeral=yes"],
    ],
)  # fmt: skip
def test_a_misused_option_is_a_usage_error(haar: Haar, words: list[str]) -> None:
    ran = haar("up", *words)
    assert (ran.returncode, "Error: " in ran.stderr) == (2, True)


# --- in the background -------------------------------------------------------------------


def test_a_server_in_the_background_comes_and_goes(haar: Haar) -> None:
    said = json.loads(haar("up", "-d", "--port", "0", "--json").stdout)
    try:
        status = json.loads(haar("status", "--json", HAAR_ENDPOINT=said["endpoint"]).stdout)
        assert (status["status"], status["pid"]) == ("ok", said["pid"])
    finally:
        down = haar("down", "--json", HAAR_ENDPOINT=said["endpoint"])
    assert json.loads(down.stdout) == {"stopped": True, "pid": said["pid"]}
    assert haar("status", HAAR_ENDPOINT=said["endpoint"]).returncode == 1


def test_a_server_in_the_background_that_cannot_start_shows_its_log(haar: Haar) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = haar("up", "-d", "--port", str(taken.getsockname()[1]))
    assert ran.returncode == 1
    assert "The server ended at once, with code 1" in ran.stderr
    assert "Something listens on" in ran.stderr


def test_only_this_starts_log_is_shown(haar: Haar, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/haar.log").write_text("an old story\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = haar("up", "-d", "--data", f"{tmp_path}/mine", "--port", str(taken.getsockname()[1]))
    assert ("an old story" in ran.stderr, "Something listens" in ran.stderr) == (False, True)


def test_a_server_can_be_ended_by_its_folder(up: Up, haar: Haar, tmp_path: Path) -> None:
    server = up("--data", f"{tmp_path}/mine")
    down = haar("down", "--data", f"{tmp_path}/mine")
    assert (down.returncode, server.ends()) == (0, 0)


def test_a_process_id_that_was_left_behind_ends_nobody(haar: Haar, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/haar.pid").write_text(f"{os.getpid()}\n")
    down = haar("down", "--data", f"{tmp_path}/mine")
    assert (down.returncode, "No cloud is running" in down.stderr) == (1, True)


# --- for other machines ------------------------------------------------------------------


def test_a_cloud_for_other_machines_shows_its_root_key_once(up: Up) -> None:
    first = up("--host", "0.0.0.0")
    key = first.said["environment"]["AWS_ACCESS_KEY_ID"]
    first.process.terminate()
    first.ends()
    second = up("--host", "0.0.0.0")
    assert (key[:4], len(key), second.said["root_key_made"]) == ("AKIA", 20, False)
    assert "AWS_ACCESS_KEY_ID" not in second.said["environment"]


def test_the_root_key_is_good_for_aws_calls(up: Up) -> None:
    server = up("--host", "0.0.0.0", "--ephemeral")
    named = server.said["environment"]
    sts = server.client("sts", named["AWS_ACCESS_KEY_ID"], named["AWS_SECRET_ACCESS_KEY"])
    assert sts.get_caller_identity()["Arn"] == "arn:aws:iam::000000000000:root"


@pytest.mark.parametrize("key", ["test", "111122223333"])
def test_development_keys_are_off_for_other_machines(up: Up, key: str) -> None:
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        up("--host", "0.0.0.0", "--ephemeral").client("sts", key).get_caller_identity()


def test_the_command_signs_with_the_root_key(up: Up, haar: Haar) -> None:
    server = up("--host", "0.0.0.0", "--ephemeral")
    unsigned = haar("status", HAAR_ENDPOINT=server.url)
    keys = {name: value for name, value in server.said["environment"].items() if "KEY" in name}
    signed = haar("logs", "-n", "5", HAAR_ENDPOINT=server.url, **keys)
    assert (unsigned.returncode, "must be signed by its root user" in unsigned.stderr) == (1, True)
    assert (signed.returncode, signed.stderr) == (0, "")


def test_another_root_key_replaces_the_first(up: Up, haar: Haar) -> None:
    first = up("--host", "0.0.0.0")
    first.process.terminate()
    first.ends()
    second = up("--host", "0.0.0.0", "--new-root-key")
    keys = [
        {name: value for name, value in said["environment"].items() if "KEY" in name}
        for said in (first.said, second.said)
    ]
    assert [haar("status", HAAR_ENDPOINT=second.url, **key).returncode for key in keys] == [1, 0]


def test_a_seed_does_not_foretell_the_root_key(up: Up) -> None:
    said = [up("--host", "0.0.0.0", "--ephemeral", "--seed", "7").said["environment"] for _ in range(2)]
    assert said[0]["AWS_SECRET_ACCESS_KEY"] != said[1]["AWS_SECRET_ACCESS_KEY"]


def test_the_environment_of_a_cloud_for_other_machines_has_no_keys(up: Up, haar: Haar) -> None:
    server = up("--host", "0.0.0.0", "--ephemeral")
    assert sorted(json.loads(haar("env", "--json", HAAR_ENDPOINT=server.url).stdout)) == [
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
    ]


# --- what it carries -----------------------------------------------------------------------

IMPORTS = """
import asyncio, sys, threading, urllib.request
sys.argv = ["haar", "up", "--port", "0", "--ephemeral"]
from tests.gateway.asking import signed
import haar.cli.up as program

def call(endpoint, service, query):
    host = endpoint.removeprefix("http://")
    path = "/"
    headers = signed("test", "test", "POST", path, query, service=service, host=host,
                     kind="application/x-www-form-urlencoded")
    request = urllib.request.Request(endpoint + path, query, headers)
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
        answer.read()

def session(said):
    endpoint = said["endpoint"]
    call(endpoint, "sqs", b"Action=CreateQueue&QueueName=q&Version=2012-11-05")
    call(endpoint, "sqs", b"Action=ListQueues&Version=2012-11-05")
    call(endpoint, "iam", b"Action=CreateUser&UserName=ann&Version=2010-05-08")
    call(endpoint, "iam", b"Action=ListUsers&Version=2010-05-08")
    call(endpoint, "sts", b"Action=GetCallerIdentity&Version=2011-06-15")
    with urllib.request.urlopen(endpoint + "/_haar/health") as answer:
        answer.read()
    print(*sorted({name.partition(".")[0] for name in sys.modules}))
    import os, signal
    os.kill(os.getpid(), signal.SIGTERM)

program._say = lambda asked, said: threading.Thread(target=session, args=(said,)).start()
from haar.__main__ import main
main()
"""


def test_a_server_at_work_has_loaded_nothing_heavy(home: dict[str, str]) -> None:
    root = Path(__file__).resolve().parents[2]
    ran = subprocess.run(
        [sys.executable, "-c", IMPORTS], env={**home, "PYTHONPATH": f"{root}/src:{root}"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    loaded = set(ran.stdout.split())
    assert "httptools" in loaded
    heavy = {
        "boto3",
        "botocore",
        "click",
        "cryptography",
        "jinja2",
        "lxml",
        "psycopg",
        "pydantic",
        "requests",
        "signxml",
    }
    assert loaded & heavy == set()

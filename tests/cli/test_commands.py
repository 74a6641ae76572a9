"""The commands: what each does to a cloud, how it says it, and how it fails."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from haar.cli import main
from haar.cli.show import span, table
from tests.cli.conftest import Commands

pytestmark = pytest.mark.ours


def every_command() -> Iterator[tuple[str, click.Command]]:
    """Every command with its path, groups left out."""
    for name, command in main.commands.items():
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", found) for inner, found in command.commands.items())
        else:
            yield name, command


COMMANDS = dict(every_command())


# --- every command -----------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_has_an_example(name: str) -> None:
    shown = CliRunner().invoke(main, [*name.split(), "--help"])
    _, _, examples = shown.output.partition("Example")
    assert (shown.exit_code, f"haar {name}" in examples) == (0, True)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_speaks_json_to_programs(name: str) -> None:
    assert "--json" in [word for option in COMMANDS[name].params for word in option.opts]


@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["reset", "-y"],
        ["clock"],
        ["logs"],
        ["coverage"],
        ["save", "a"],
        ["load", "a"],
        ["explain", "deny", "x"],
    ],
)
def test_without_a_cloud_a_command_says_how_to_start_one(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAAR_ENDPOINT", "http://127.0.0.1:1")
    result = CliRunner().invoke(main, words)
    assert (result.exit_code, result.stderr) == (
        1,
        "haar: Nothing listens at http://127.0.0.1:1; start it with `haar up`.\n",
    )


def test_what_is_not_haar_is_said_to_be_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        result = CliRunner().invoke(main, ["status", "--endpoint", url])
        thread.join()
    assert (result.exit_code, result.stderr) == (1, f"haar: What listens at {url} is not Haar.\n")


@pytest.mark.parametrize("url", ["ftp://x", "http://", "http://127.0.0.1:x", "::"])
def test_what_is_no_endpoint_is_said_to_be_none(url: str) -> None:
    result = CliRunner().invoke(main, ["status", "--endpoint", url])
    assert (result.exit_code, "is not an endpoint" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    "words", [["clok"], ["clock", "later"], ["clock", "rate", "fast"], ["save"], ["logs", "-n", "x"]]
)
def test_misuse_has_an_exit_code_of_its_own(commands: Commands, words: list[str]) -> None:
    assert commands(*words).exit_code == 2


# --- one by one --------------------------------------------------------------------------


def test_status_shows_the_cloud(commands: Commands) -> None:
    text = commands("status").output
    assert text.startswith(f"Haar 0.1.0 is well at {commands.server.url}\n")
    assert "Store         memory (durability: process)" in text


def test_status_as_json_is_the_health_and_the_endpoint(commands: Commands) -> None:
    said = commands.json("status")
    assert (said["status"], said["endpoint"]) == ("ok", commands.server.url)


def test_a_reset_forgets(commands: Commands) -> None:
    commands.server.client("sqs").create_queue(QueueName="q")
    assert commands("reset", "--yes").output == "Forgotten: everything.\n"
    assert "QueueUrls" not in commands.server.client("sqs").list_queues()


def test_a_reset_of_one_account(commands: Commands) -> None:
    commands.server.client("sqs").create_queue(QueueName="kept")
    assert commands("reset", "--account", "111122223333").output == "Forgotten: 111122223333.\n"
    assert commands.server.client("sqs").list_queues()["QueueUrls"]


def test_a_reset_of_what_is_no_account_fails(commands: Commands) -> None:
    result = commands("reset", "--account", "ann")
    assert (result.exit_code, result.stderr) == (1, "haar: 'ann' is not an account: 12 digits.\n")


def test_a_cloud_is_saved_and_loaded(commands: Commands, tmp_path: Path) -> None:
    commands.server.client("sqs").create_queue(QueueName="q")
    saved = commands.json("save", f"{tmp_path}/before")
    commands("reset", "--yes")
    loaded = commands.json("load", f"{tmp_path}/before")
    assert (saved["path"], saved["rows"]) == (f"{tmp_path}/before.haar", loaded["rows"])
    assert commands.server.client("sqs").list_queues()["QueueUrls"]


def test_a_saved_cloud_is_not_replaced_unasked(commands: Commands, tmp_path: Path) -> None:
    commands("save", f"{tmp_path}/a")
    again = commands("save", f"{tmp_path}/a")
    assert (again.exit_code, "say --force to replace it" in again.stderr) == (1, True)
    assert commands("save", "--force", f"{tmp_path}/a").exit_code == 0


def test_a_relative_path_is_the_callers_own(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert commands.json("save", "a.haar")["path"] == f"{tmp_path}/a.haar"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["freeze"], {"frozen": True, "rate": 0.0}),
        (["rate", "60"], {"frozen": False, "rate": 60.0}),
        (["resume"], {"frozen": False, "rate": 1.0}),
    ],
)
def test_the_pace_of_the_clock(commands: Commands, words: list[str], expected: dict[str, object]) -> None:
    said = commands.json("clock", *words)
    assert {name: said[name] for name in expected} == expected


@pytest.mark.parametrize(("words", "seconds"), [(["+40d"], 3_456_000), (["+90m"], 5400), (["+1h30m"], 5400)])
def test_the_clock_moves_by_spans(commands: Commands, words: list[str], seconds: float) -> None:
    assert commands.json("clock", *words)["offset_seconds"] == pytest.approx(seconds, abs=1)


@pytest.mark.parametrize("written", ["{year}-01-01T00:00:00Z", "{year}-01-01", "{epoch:.0f}"])
def test_the_clock_is_set(commands: Commands, written: str) -> None:
    when = datetime(datetime.now(UTC).year + 1, 1, 1, tzinfo=UTC)
    said = commands.json("clock", "set", written.format(year=when.year, epoch=when.timestamp()))
    assert said["now_epoch"] == pytest.approx(when.timestamp(), abs=60)


def test_the_clock_is_shown(commands: Commands) -> None:
    commands("clock", "+40d")
    text = commands("clock").output
    assert text.startswith("Virtual time   2")
    assert "(40d behind it)" in text


def test_time_does_not_go_backwards(commands: Commands) -> None:
    result = commands("clock", "set", "2001-01-01")
    assert (result.exit_code, "Time cannot go backwards" in result.stderr) == (1, True)


def test_a_denial_is_explained(commands: Commands) -> None:
    iam = commands.server.client("iam")
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    ann = commands.server.client("sqs", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])
    with pytest.raises(ClientError) as refusal:
        ann.create_queue(QueueName="q")
    text = commands("explain", "deny", refusal.value.response["ResponseMetadata"]["RequestId"]).output
    assert "arn:aws:iam::000000000000:user/ann asked for sqs:CreateQueue" in text
    assert "Denied: no identity-based policy allows it." in text


def test_an_unknown_request_is_not_explained(commands: Commands) -> None:
    result = commands("explain", "deny", "../health")
    assert (result.exit_code, "No call is on record" in result.stderr) == (1, True)


def test_logs_show_who_did_what(commands: Commands) -> None:
    answer = commands.server.client("sqs").create_queue(QueueName="q")
    line = commands("logs").output
    assert [word in line for word in ("sqs:CreateQueue", "root", "ok", answer["ResponseMetadata"]["RequestId"])] == [
        True
    ] * 4


def test_logs_can_be_limited_to_errors(commands: Commands) -> None:
    sqs = commands.server.client("sqs")
    sqs.list_queues()
    with pytest.raises(ClientError):
        sqs.get_queue_url(QueueName="nowhere")
    assert [call["operation"] for call in commands.json("logs", "--errors")] == ["GetQueueUrl"]


def test_logs_are_followed(commands: Commands, home: dict[str, str]) -> None:
    commands.server.client("sqs").list_queues()
    words = [sys.executable, "-m", "haar", "logs", "-f", "--json", "--endpoint", commands.server.url]
    with subprocess.Popen(words, env=home, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())["operation"]
        commands.server.client("sqs").create_queue(QueueName="q")
        second = json.loads(process.stdout.readline())["operation"]
        process.terminate()
    assert (first, second) == ("ListQueues", "CreateQueue")


def test_coverage_shows_every_service(commands: Commands) -> None:
    head, *rows = commands("coverage").output.splitlines()
    assert head.split()[:5] == ["service", "operations", "works", "partial", "refused"]
    assert sorted(row.split()[0] for row in rows) == commands.server.cloud.rooms()


def test_coverage_shows_the_operations_of_a_service(commands: Commands) -> None:
    assert "SendMessageBatch" in commands("coverage", "sqs").output


def test_coverage_of_what_is_not_built_fails(commands: Commands) -> None:
    result = commands("coverage", "braket")
    assert (result.exit_code, "Haar has not built braket yet" in result.stderr) == (1, True)


def test_the_environment_is_what_a_shell_evaluates(commands: Commands) -> None:
    lines = commands("env", "--region", "eu-west-1").output
    asked = "echo $AWS_ENDPOINT_URL $AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY $AWS_DEFAULT_REGION"
    shown = subprocess.run(["bash", "-c", f"{lines}\n{asked}"], capture_output=True, text=True, check=True)
    assert shown.stdout == f"{commands.server.url} test test eu-west-1\n"


@pytest.mark.parametrize(
    ("shell", "line"), [("fish", "set -gx AWS_ACCESS_KEY_ID test"), ("powershell", "$Env:AWS_ACCESS_KEY_ID = 'test'")]
)
def test_the_environment_is_written_for_other_shells(commands: Commands, shell: str, line: str) -> None:
    assert line in commands("env", "--shell", shell).output.splitlines()


def test_down_refuses_to_end_a_program_that_it_did_not_start(commands: Commands) -> None:
    result = commands("down")
    assert (result.exit_code, "runs inside another program" in result.stderr) == (1, True)


# --- doctor --------------------------------------------------------------------------------


def test_the_doctor_finds_a_running_cloud(commands: Commands, tmp_path: Path) -> None:
    found = {row["subject"]: row["verdict"] for row in commands.json("doctor", "--data", f"{tmp_path}/data")}
    assert [found[subject] for subject in ("python", "data", "lmdb", "endpoint", "catalog", "clock")] == ["ok"] * 6


def test_the_doctor_fails_when_data_cannot_be_kept(commands: Commands, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = commands("doctor", "--data", f"{tmp_path}/file/data")
    assert (result.exit_code, "fail  data" in result.output) == (1, True)


def test_the_doctor_notices_that_nothing_runs(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    result = CliRunner().invoke(main, ["doctor", "--endpoint", f"http://127.0.0.1:{port}", "--data", str(tmp_path)])
    assert f"port {port} is free; nothing runs" in result.output


def test_the_doctor_says_what_to_do(commands: Commands) -> None:
    result = commands("doctor", env={"AWS_ENDPOINT_URL": None})
    assert 'eval "$(haar env)"' in result.output


# --- the words -----------------------------------------------------------------------------


def test_a_table_is_aligned() -> None:
    assert (
        table(["name", "count"], [["a", 5], ["long name", 12]])
        == "name       count\na              5\nlong name     12"
    )


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.25, "0.25s"), (59, "59s"), (90, "1m 30s"), (3_456_000, "40d"), (93_784, "1d 2h")]
)
def test_a_span_is_told_in_its_largest_units(seconds: float, text: str) -> None:
    assert span(seconds) == text

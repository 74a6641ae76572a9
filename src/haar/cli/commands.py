"""Every command of `haar`. Each but `up`, `env` and `doctor` asks a running cloud, and shows what it said."""

from __future__ import annotations

import functools
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from haar import __version__
from haar.cli import show, welcome
from haar.cli.options import OPTIONS, conflict, data_home, up_of
from haar.cli.remote import CannotReach, NoAnswer, Remote, Said, chosen_endpoint
from haar.config import LOOPBACK

__all__ = ["main"]

F = TypeVar("F", bound=Callable[..., Any])

_FOLLOW_SECONDS = 0.5
_END_SECONDS = 15.0
_SEEN_MAX = 20_000


class _Failure(click.ClickException):
    """Something that did not work: exit code 1, one line, and what to do next."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message}\n{hint}" if hint else message)

    def show(self, file: Any = None) -> None:
        click.echo(f"haar: {self.message}", err=True)


def _asking(function: F) -> F:
    """A command that talks to a running cloud: `--endpoint`, `--json`, and refusals in one voice."""

    @functools.wraps(function)
    def run(*args: Any, endpoint: str | None, **options: Any) -> Any:
        try:
            with Remote(chosen_endpoint(endpoint)) as remote:
                return function(remote, *args, **options)
        except Said as said:
            raise _Failure(said.message, said.hint) from None
        except CannotReach as error:
            raise _Failure(str(error)) from None

    with_json = click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")(run)
    where = "The cloud's address. [default: $HAAR_ENDPOINT, $AWS_ENDPOINT_URL, else http://127.0.0.1:4566]"
    done: F = click.option("--endpoint", metavar="URL", help=where)(with_json)  # type: ignore[assignment]
    return done


def _put(as_json: bool, said: Any, text: str) -> None:
    click.echo(json.dumps(said) if as_json else text)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", message="haar %(version)s")
def main() -> None:
    """The AWS cloud on your own machine.

    Start one with `haar up`, then point AWS's tools at it: eval "$(haar env)"

    Exit codes: 0 done, 1 failed, 2 misused.
    """


# --- one server ------------------------------------------------------------------


def _up_options(function: F) -> F:
    for option in reversed(OPTIONS):
        settings: dict[str, Any] = {"help": option.help, "hidden": option.hidden}
        if option.is_flag:
            settings["is_flag"] = True
        else:
            settings |= {"default": option.default, "show_default": option.default is not None}
            settings["type"] = click.Choice(option.choices) if option.choices else int if option.is_number else str
            settings |= {"metavar": option.metavar} if option.metavar else {}
        function = click.option(*option.names, **settings)(function)
    return function


@main.command()
@_up_options
def up(**options: Any) -> None:
    """Start a cloud, and say how to reach it.

    Without options it listens on http://127.0.0.1:4566 and keeps its data in ~/.local/share/haar
    ($XDG_DATA_HOME/haar). On a loopback address the access key `test` with the secret `test` is the root user of
    account 000000000000. On any other address such keys are off, and a root key is made and shown at the first start.

    \b
    Examples:
      haar up
      haar up -d --data ./my-cloud
      haar up --ephemeral --port 0 --json
    """
    asked = up_of(options)
    if why := conflict(asked):
        raise click.UsageError(why)
    from haar.cli.up import up as start

    sys.exit(start(asked))


@main.command()
@click.option("--data", metavar="DIR", help="End the server of this folder, when it does not answer by HTTP.")
@click.option("--endpoint", metavar="URL", help="The cloud's address.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def down(data: str | None, endpoint: str | None, as_json: bool) -> None:
    """End a running cloud; what it has stored stays.

    \b
    Examples:
      haar down
      haar down --endpoint http://127.0.0.1:4567
      haar down --data ./my-cloud
    """
    from haar.cli import ending

    try:
        if data is not None:
            pid = ending.by_signal(Path(data).absolute())
        else:
            pid = ending.by_request(chosen_endpoint(endpoint))
            if pid is None:
                pid = ending.by_signal(data_home()) if endpoint is None else None
    except Said as said:
        raise _Failure(said.message, said.hint) from None
    except CannotReach as error:
        raise _Failure(str(error)) from None
    if pid is None:
        raise _Failure(f"No cloud is running {f'in {data}' if data else f'at {chosen_endpoint(endpoint)}'}.")
    if not ending.has_ended(pid, _END_SECONDS):
        raise _Failure(f"Process {pid} has not ended after {_END_SECONDS:.0f} seconds.", f"Try: kill -9 {pid}")
    _put(as_json, {"stopped": True, "pid": pid}, f"Haar has stopped (process {pid}).")


@main.command()
@_asking
def status(remote: Remote, as_json: bool) -> None:
    """Show how a running cloud is: address, store, time, services.

    \b
    Examples:
      haar status
      haar status --json
    """
    health = remote.get("health")
    _put(as_json, health | {"endpoint": remote.endpoint}, show.status_lines(health, remote.endpoint))


@main.command()
@click.option("--endpoint", metavar="URL", help="The cloud's address.")
@click.option("--region", default="us-east-1", show_default=True, help="The region to set.")
@click.option("--shell", type=click.Choice(["bash", "fish", "powershell"]), default="bash", show_default=True,
              help="Whose syntax to write.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def env(endpoint: str | None, region: str, shell: str, as_json: bool) -> None:
    """Print the environment variables that point AWS's tools at a cloud.

    For an address that other machines can reach there are no keys in it: use the root key it showed.

    \b
    Examples:
      eval "$(haar env)"
      haar env --shell fish | source
      haar env --json
    """
    try:
        remote = Remote(chosen_endpoint(endpoint))
    except CannotReach as error:
        raise _Failure(str(error)) from None
    loopback = remote.host in LOOPBACK
    if loopback:
        with remote:
            try:
                loopback = bool(remote.get("health")["loopback"])
            except Said:
                loopback = False  # it wants a signature: it listens for other machines too
            except CannotReach:
                pass  # not running yet: what it will be by default
    variables = welcome.environment(remote.endpoint, region, loopback=loopback)
    _put(as_json, variables, "\n".join(welcome.assignments(variables, shell)))


# --- the state -------------------------------------------------------------------


@main.command()
@click.option("--account", metavar="ACCOUNT", help="Forget only this account (12 digits).")
@click.option("-y", "--yes", is_flag=True, help="Do not ask first.")
@_asking
def reset(remote: Remote, account: str | None, yes: bool, as_json: bool) -> None:
    """Forget everything, or everything of one account. A terminal is asked first.

    \b
    Examples:
      haar reset --yes
      haar reset --account 111122223333
    """
    if not yes and not as_json and sys.stdin.isatty():
        what = f"account {account}" if account else "everything"
        click.confirm(f"Forget {what} in {remote.endpoint}?", abort=True, err=True)
    said = remote.post("reset", **({"account": account} if account is not None else {}))
    _put(as_json, said, f"Forgotten: {said['reset']}.")


@main.command()
@click.argument("file")
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@_asking
def save(remote: Remote, file: str, force: bool, as_json: bool) -> None:
    """Write the whole cloud into one file, whose name ends in .haar.

    The server writes it: the path is one of its machine.

    \b
    Examples:
      haar save before-the-migration
      haar save --force /tmp/cloud.haar
    """
    said = remote.post("save", path=_saved(file), force=force)
    _put(as_json, said, f"Saved {said['rows']} rows ({said['bytes']} bytes) to {said['path']}.")


@main.command()
@click.argument("file")
@_asking
def load(remote: Remote, file: str, as_json: bool) -> None:
    """Replace the whole cloud by a saved one. A damaged file changes nothing.

    The server reads it: the path is one of its machine.

    \b
    Examples:
      haar load before-the-migration
      haar load /tmp/cloud.haar --json
    """
    said = remote.post("load", path=_saved(file))
    _put(as_json, said, f"Loaded {said['rows']} rows from {said['path']}.")


def _saved(file: str) -> str:
    path = os.path.abspath(os.path.expanduser(file))
    return path if path.endswith(".haar") else f"{path}.haar"


# --- time ------------------------------------------------------------------------

_CLOCK_USAGE = "Say nothing, a span such as +40d, freeze, resume, set INSTANT, or rate NUMBER."


@main.command()
@click.argument("words", nargs=-1, metavar="[+SPAN | freeze | resume | set INSTANT | rate NUMBER]")
@_asking
def clock(remote: Remote, words: tuple[str, ...], as_json: bool) -> None:
    """Show the virtual clock, or move it. What falls due on the way is done, in order.

    Spans are made of ms, s, m, h, d and w. The clock never goes backwards.

    \b
    Examples:
      haar clock
      haar clock +40d
      haar clock +1h30m
      haar clock freeze
      haar clock resume
      haar clock set 2027-01-01T00:00:00Z
      haar clock rate 60
    """
    said = remote.post("clock", **_movement(words)) if words else remote.get("clock")
    _put(as_json, said, show.clock_lines(said))


def _movement(words: tuple[str, ...]) -> dict[str, Any]:
    match words:
        case ("freeze" | "resume" as verb,):
            return {verb: True}
        case (str(amount),) if amount.startswith("+"):
            return {"advance": amount}
        case ("set", when):
            return {"set": float(when) if when.replace(".", "", 1).isdigit() else when}
        case ("rate", rate):
            try:
                return {"rate": float(rate)}
            except ValueError:
                raise click.UsageError(f"{rate!r} is not a number.") from None
    raise click.UsageError(_CLOCK_USAGE)


# --- what happened ---------------------------------------------------------------


@main.group()
def explain() -> None:
    """Explain what the cloud decided.

    \b
    Example:
      haar explain deny 01890a5d-ac96-7745-8c9e-3f0b7a1c2d3e
    """


@explain.command()
@click.argument("request_id")
@_asking
def deny(remote: Remote, request_id: str, as_json: bool) -> None:
    """Say which policy statement denied a request, or why none allowed it.

    Every answer of the cloud carries its request id; `haar logs` shows them too.

    \b
    Example:
      haar explain deny 01890a5d-ac96-7745-8c9e-3f0b7a1c2d3e
    """
    from urllib.parse import quote

    said = remote.get(f"explain/{quote(request_id, safe='')}")
    _put(as_json, said, said["text"])


@main.command()
@click.option("-f", "--follow", is_flag=True, help="Go on with new calls as they come.")
@click.option("-n", "--limit", type=click.IntRange(0, 1000), default=50, show_default=True, help="How many calls.")
@click.option("--account", metavar="ACCOUNT", help="Only calls of this account.")
@click.option("--service", metavar="SERVICE", help="Only calls of this service.")
@click.option("--errors", is_flag=True, help="Only calls that failed.")
@_asking
def logs(
    remote: Remote, follow: bool, limit: int, account: str | None, service: str | None, errors: bool, as_json: bool
) -> None:
    """Show the latest calls: when, account, region, what, by whom, how it ended, request id.

    \b
    Examples:
      haar logs
      haar logs -f --errors
      haar logs -n 10 --service sqs --json
    """
    wanted = {"account": account, "service": service, "errors": "1" if errors else None}
    parameters: dict[str, Any] = {name: value for name, value in wanted.items() if value is not None}
    said = remote.get("logs", limit=limit, **parameters)
    if not follow:
        if as_json:
            click.echo(json.dumps(said["calls"]))
        else:
            for call in said["calls"]:
                click.echo(show.call_line(call))
        return
    try:
        _follow(remote, said, parameters, as_json)
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(0)


def _follow(remote: Remote, said: dict[str, Any], parameters: dict[str, Any], as_json: bool) -> NoReturn:
    """A call may be told twice, as it is recorded when it ends: its id tells."""
    seen: dict[str, None] = {}
    while True:
        for call in said["calls"]:
            if call["id"] not in seen:
                seen[call["id"]] = None
                click.echo(json.dumps(call) if as_json else show.call_line(call))
        while len(seen) > _SEEN_MAX:
            del seen[next(iter(seen))]
        asked_at = time.monotonic()
        try:
            said = remote.get("logs", limit=1000, after=said["next"], wait=20, **parameters)
        except NoAnswer:
            continue  # the clock is frozen, and nothing has happened
        if time.monotonic() - asked_at < _FOLLOW_SECONDS:
            time.sleep(_FOLLOW_SECONDS)


# --- what there is ---------------------------------------------------------------


@main.command()
@click.option("--endpoint", metavar="URL", help="The cloud's address.")
@click.option("--data", metavar="DIR", help="The folder to examine. [default: that of `haar up`]")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def doctor(endpoint: str | None, data: str | None, as_json: bool) -> None:
    """Examine this machine: what Haar needs, what it can use, what to do about the rest.

    The exit code is 1 when something fails that Haar needs.

    \b
    Examples:
      haar doctor
      haar doctor --data ./my-cloud --json
    """
    from haar.cli.doctor import examine

    try:
        findings = examine(chosen_endpoint(endpoint), data)
    except CannotReach as error:
        raise _Failure(str(error)) from None
    lines = []
    for finding in findings:
        lines.append(f"{finding.verdict:<4}  {finding.subject:<11}  {finding.what}")
        if finding.do:
            lines.append(f"{'':<19}{finding.do}")
    _put(as_json, [finding._asdict() for finding in findings], "\n".join(lines))
    if any(finding.verdict == "fail" for finding in findings):
        sys.exit(1)


@main.command()
@click.argument("service", required=False)
@_asking
def coverage(remote: Remote, service: str | None, as_json: bool) -> None:
    """Show what works: every service, or every operation of one.

    What is refused answers NotImplemented, after it was authorized as AWS would.

    \b
    Examples:
      haar coverage
      haar coverage iam
    """
    if service is None:
        said = remote.get("coverage")
        head = ["service", "operations", "works", "partial", "refused", "what it is"]
        rows = [[row["service"], row["operations"], row["works"], row["partial"], row["refused"], row["title"]]
                for row in said["services"]]  # fmt: skip
        _put(as_json, said, show.table(head, rows))
        return
    said = remote.get(f"coverage/{service}")
    rows = [[row["operation"], row["verdict"], row["note"]] for row in said["operations"]]
    _put(as_json, said, show.table(["operation", "verdict", "what is missing, or why"], rows))


@main.command()
@_asking
def outbox(remote: Remote, as_json: bool) -> None:
    """Show what was sent to e-mail addresses, telephones and devices. It never leaves this machine.

    \b
    Examples:
      haar outbox
      haar outbox --json
    """
    said = remote.get("outbox")
    rows = [[row["at"], row["protocol"], row["endpoint"], row["kind"], row["subject"] or row["body"].partition("\n")[0]]
            for row in said["messages"]]  # fmt: skip
    text = (
        show.table(["when", "how", "to", "what", "subject"], rows) if rows else "Nothing was sent to anybody outside."
    )
    _put(as_json, said, text)


# --- what services keep ----------------------------------------------------------


@main.group()
def s3() -> None:
    """Look into S3; everything else the AWS CLI does.

    \b
    Example:
      haar s3 du
    """


@s3.command()
@click.argument("bucket", required=False)
@_asking
def du(remote: Remote, bucket: str | None, as_json: bool) -> None:
    """Show how much every bucket keeps, or one: objects, all their versions, uploads that are not complete.

    \b
    Examples:
      haar s3 du
      haar s3 du my-bucket --json
    """
    said = remote.get("usage/s3")
    rows = [row for row in said["rows"] if bucket in (None, row["bucket"])]
    if bucket is not None and not rows:
        raise _Failure(f"There is no bucket {bucket}.", "`haar s3 du` shows all there are.")
    head = ["bucket", "region", "account", "objects", "bytes", "versions", "bytes", "uploads", "bytes"]
    columns = (
        "bucket",
        "region",
        "account",
        "objects",
        "bytes",
        "versions",
        "version_bytes",
        "uploads",
        "upload_bytes",
    )
    text = show.table(head, [[row[column] for column in columns] for row in rows]) if rows else "There are no buckets."
    _put(as_json, rows, text)

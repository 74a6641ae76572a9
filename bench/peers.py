"""What is measured: Haar as `haar up` starts it, and its peers at pinned versions, in environments of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.signing import Credentials, Signer

FOLDER = Path(".bench")
ROOT = Credentials("test", "test")

#: What the measured user of Haar may do: two documents with conditions, so that every decision is a real one.
_POLICIES = {
    "queues": {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:*:000000000000:bench-*"},
            {
                "Effect": "Deny",
                "Action": "sqs:*",
                "Resource": "*",
                "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
            },
        ],
    },
    "users": {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["iam:*User", "iam:Get*"], "Resource": "arn:aws:iam::*:user/bench-*"},
            {"Effect": "Deny", "Action": "iam:*", "Resource": "arn:aws:iam::*:user/admin-*"},
        ],
    },
    "objects": {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "s3:*", "Resource": ["arn:aws:s3:::bench-*", "arn:aws:s3:::bench-*/*"]},
            {
                "Effect": "Deny",
                "Action": "s3:*",
                "Resource": "*",
                "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
            },
        ],
    },
    "keys": {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "kms:*", "Resource": "*"},
            {"Effect": "Deny", "Action": "kms:ScheduleKeyDeletion", "Resource": "*"},
        ],
    },
}


@dataclass(frozen=True)
class Peer:
    """A server to measure. In its command, {port} and {data} are filled in."""

    name: str
    version: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    is_ours: bool = False
    #: the services it has, where it is a specialist
    only: tuple[str, ...] = ()

    def answers(self, case: str) -> bool:
        """Whether it can be asked this."""
        return not self.only or case.partition(".")[0] in self.only

    def started_with(self, port: int, data: Path) -> tuple[list[str], dict[str, str]]:
        """Command and environment of one start."""
        names = {"port": str(port), "data": str(data)}
        return (
            [part.format_map(names) for part in self.command],
            {name: value.format_map(names) for name, value in self.environment.items()},
        )

    def credentials(self, endpoint: str) -> Credentials:
        """Who sends the load: of Haar an IAM user whom policies limit; the peers do not ask."""
        if self.name == "s3rver":
            return Credentials("S3RVER", "S3RVER")
        if not self.is_ours:
            return ROOT
        iam = Signer(endpoint, ROOT).client("iam")
        iam.create_user(UserName="load")
        for name, document in _POLICIES.items():
            iam.put_user_policy(UserName="load", PolicyName=name, PolicyDocument=json.dumps(document))
        key = iam.create_access_key(UserName="load")["AccessKey"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def haar() -> Peer:
    """This Haar: signatures, policies, audit trail and the default store are on, because they cannot be off here."""
    from haar import __version__

    command = [sys.executable, "-m", "haar", "up", "--port", "{port}", "--data", "{data}"]
    return Peer("Haar", __version__, command, is_ours=True)


def ministack() -> Peer | str:
    """MiniStack, or why it cannot be measured here."""
    python = _python((3, 12))
    if python is None:
        return "MiniStack needs Python 3.12 or later, and there is none on the PATH"
    problem = _install("ministack", python, "ministack==1.5.33")
    if problem:
        return problem
    return Peer("MiniStack", "1.5.33", [str(_bin("ministack", "ministack"))], {"GATEWAY_PORT": "{port}"})


def moto() -> Peer | str:
    """moto's server, or why it cannot be measured here."""
    problem = _install("moto", sys.executable, "moto[server]==5.2.5")
    if problem:
        return problem
    return Peer("moto", "5.2.5", [str(_bin("moto", "moto_server")), "-H", "127.0.0.1", "-p", "{port}"])


def s3rver() -> Peer | str:
    """s3rver, an S3 server for Node, or why it cannot be measured here."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return "s3rver needs Node, and there is none on the PATH"
    folder = FOLDER / "s3rver"
    program = folder / "node_modules/s3rver/bin/s3rver.js"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), "s3rver@3.7.1"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            return f"s3rver could not be installed: {done.stderr.strip()[-300:]}"
    command = [node, str(program.absolute()), "-d", "{data}", "-a", "127.0.0.1", "-p", "{port}", "--silent"]
    return Peer("s3rver", "3.7.1", command, only=("s3",))


def _bin(name: str, program: str) -> Path:
    return (FOLDER / name / "bin" / program).absolute()


def _install(name: str, python: str, requirement: str) -> str:
    """Make an environment, once; what went wrong, if anything."""
    stamp = FOLDER / name / f".{requirement}"
    if stamp.exists():
        return ""
    print(f"installing {requirement} into {FOLDER / name}", file=sys.stderr)  # noqa: T201  # it takes a while
    for command in (
        [python, "-m", "venv", str(FOLDER / name)],
        [str(_bin(name, "pip")), "install", "--quiet", requirement],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            return f"{requirement} could not be installed: {done.stderr.strip()[-300:]}"
    stamp.touch()
    return ""


def _python(oldest: tuple[int, int]) -> str | None:
    """A Python of at least this version: the running one, one on the PATH, or one of pyenv's."""
    if sys.version_info[:2] >= oldest:
        return sys.executable
    names = [f"python3.{minor}" for minor in range(oldest[1], oldest[1] + 4)]
    versions = Path(os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv"))) / "versions"
    found = [shutil.which(name) for name in names]
    found += [str(path) for name in names for path in sorted(versions.glob(f"{name[6:]}.*/bin/python"))]
    for path in found:
        # a name that pyenv only shims may lead to no Python at all
        if path and subprocess.run([path, "-c", "import venv"], capture_output=True, check=False).returncode == 0:  # noqa: S603
            return path
    return None

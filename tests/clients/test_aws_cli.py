"""The AWS CLI, a whole session: users, keys, policies, queues, roles through a profile, an organization, errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.clients.people import allow, document
from tests.clients.process import Haar

pytestmark = pytest.mark.ours

AWS = str(Path(sys.executable).with_name("aws"))


class Shell:
    """A terminal with AWS's environment variables set; every command is a run of `aws`."""

    def __init__(self, haar: Haar, home: Path, account: str) -> None:
        self.home = home
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "AWS_ENDPOINT_URL": haar.url,
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": str(home / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(home / "credentials"),
            "AWS_MAX_ATTEMPTS": "1",
        }

    def run(self, command: str, *rest: str, **change: str | None) -> subprocess.CompletedProcess[str]:
        """Run `aws command rest...`; `change` sets environment variables, or unsets them (None)."""
        changed = {**self.environment, **change}
        environment = {name: value for name, value in changed.items() if value is not None}
        # version 1 of the CLI sends sqs, rds and emr to an address of its own unless the command line names another
        words = [AWS, "--endpoint-url", self.environment["AWS_ENDPOINT_URL"], *command.split(), *rest]
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=120)

    def __call__(self, command: str, *rest: str, **change: str | None) -> Any:
        """The same, which must succeed; what it printed, read as JSON."""
        done = self.run(command, *rest, **change)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def refused(self, command: str, *rest: str, **change: str | None) -> str:
        """The same, which must fail; the complaint."""
        done = self.run(command, *rest, **change)
        assert done.returncode > 250, (done.returncode, done.stdout, done.stderr)
        return done.stderr.strip()


def key_of(shell: Shell, name: str) -> dict[str, str | None]:
    """A new access key of a user, as environment variables."""
    key = shell(f"iam create-access-key --user-name {name}")["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def test_a_user_is_made_denied_and_allowed(haar: Haar, tmp_path: Path) -> None:
    aws = Shell(haar, tmp_path, "444444444441")
    assert aws("sts get-caller-identity")["Arn"] == "arn:aws:iam::444444444441:root"
    aws("iam create-user --user-name alice --tags Key=team,Value=blue")
    alice = key_of(aws, "alice")
    assert aws("sts get-caller-identity", **alice)["Arn"] == "arn:aws:iam::444444444441:user/alice"
    said = aws.refused("sqs create-queue --queue-name jobs", **alice)
    assert "(AccessDenied) when calling the CreateQueue operation" in said
    assert "User: arn:aws:iam::444444444441:user/alice is not authorized to perform: sqs:" in said
    policy = aws("iam create-policy --policy-name queues --policy-document", allow("sqs:*"))["Policy"]["Arn"]
    aws(f"iam attach-user-policy --user-name alice --policy-arn {policy}")
    assert aws("sqs create-queue --queue-name jobs", **alice)["QueueUrl"].endswith("/444444444441/jobs")


def test_the_environment_is_all_the_cli_needs(haar: Haar, tmp_path: Path) -> None:
    aws = Shell(haar, tmp_path, "444444444440")
    done = subprocess.run(
        [AWS, "sts", "get-caller-identity"], env=aws.environment, capture_output=True, text=True, check=True, timeout=60
    )  # fmt: skip
    assert json.loads(done.stdout)["Account"] == "444444444440"


def test_a_message_is_sent_and_waited_for(haar: Haar, tmp_path: Path) -> None:
    aws = Shell(haar, tmp_path, "444444444442")
    queue = aws("sqs create-queue --queue-name jobs")["QueueUrl"]
    sent = aws(f"sqs send-message --queue-url {queue} --message-body hello --delay-seconds 1")
    received = aws(f"sqs receive-message --queue-url {queue} --wait-time-seconds 20")["Messages"][0]
    assert (received["MessageId"], received["Body"]) == (sent["MessageId"], "hello")
    aws(f"sqs delete-message --queue-url {queue} --receipt-handle", received["ReceiptHandle"])
    assert aws(f"sqs receive-message --queue-url {queue}") is None


def test_a_profile_assumes_a_role(haar: Haar, tmp_path: Path) -> None:
    aws = Shell(haar, tmp_path, "444444444443")
    trust = document({"Effect": "Allow", "Principal": {"AWS": "444444444443"}, "Action": "sts:AssumeRole"})
    role = aws("iam create-role --role-name worker --assume-role-policy-document", trust)["Role"]["Arn"]
    aws("iam put-role-policy --role-name worker --policy-name own --policy-document", allow("sqs:ListQueues"))
    aws("iam create-user --user-name alice")
    aws(
        "iam put-user-policy --user-name alice --policy-name own --policy-document",
        allow("sts:AssumeRole", resource=role),
    )
    key = key_of(aws, "alice")
    (tmp_path / "credentials").write_text(
        f"[alice]\naws_access_key_id = {key['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {key['AWS_SECRET_ACCESS_KEY']}\n"
    )
    (tmp_path / "config").write_text(
        f"[profile worker]\nrole_arn = {role}\nsource_profile = alice\n"
        "role_session_name = from-cli\nregion = us-east-1\n"
    )
    profile = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    who = aws("sts get-caller-identity --profile worker", **profile)["Arn"]
    assert who == "arn:aws:sts::444444444443:assumed-role/worker/from-cli"
    assert aws("sqs list-queues --profile worker", **profile) is None
    assert "(AccessDenied)" in aws.refused("iam list-users --profile worker", **profile)


def test_an_organization_gets_an_account_and_a_rule(haar: Haar, tmp_path: Path) -> None:
    aws = Shell(haar, tmp_path, "444444444444")
    aws("organizations create-organization --feature-set ALL")
    asked = aws("organizations create-account --email dev@example.com --account-name dev")["CreateAccountStatus"]["Id"]
    haar.control("POST", "clock", {"advance": "+10m"})
    status = aws(f"organizations describe-create-account-status --create-account-request-id {asked}")[
        "CreateAccountStatus"
    ]
    assert status["State"] == "SUCCEEDED"
    names = {account["Name"] for account in aws("organizations list-accounts")["Accounts"]}
    assert "dev" in names
    root = aws("organizations list-roots")["Roots"][0]["Id"]
    aws(f"organizations enable-policy-type --root-id {root} --policy-type SERVICE_CONTROL_POLICY")
    deny = document({"Effect": "Deny", "Action": "sqs:CreateQueue", "Resource": "*"})
    made = aws(
        "organizations create-policy --name no-queues --type SERVICE_CONTROL_POLICY --description x --content", deny
    )  # fmt: skip
    policy = made["Policy"]["PolicySummary"]["Id"]
    aws(f"organizations attach-policy --target-id {status['AccountId']} --policy-id {policy}")
    member = {"AWS_ACCESS_KEY_ID": status["AccountId"]}
    assert "explicit deny in a service control policy" in aws.refused("sqs create-queue --queue-name q", **member)
    assert aws("sqs list-queues", **member) is None


@pytest.mark.parametrize(
    ("command", "change", "code"),
    [
        ("iam get-user --user-name nobody", {}, "NoSuchEntity"),
        ("sqs get-queue-url --queue-name nothing", {}, "AWS.SimpleQueueService.NonExistentQueue|QueueDoesNotExist"),
        ("organizations describe-organization", {}, "AWSOrganizationsNotInUseException"),
        ("iam list-users", {"AWS_SECRET_ACCESS_KEY": "wrong"}, "SignatureDoesNotMatch"),
        ("iam list-users", {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}, "InvalidClientTokenId"),
        ("organizations list-roots", {"AWS_SECRET_ACCESS_KEY": "wrong"}, "InvalidSignatureException"),
        ("ec2 describe-vpcs", {"AWS_SECRET_ACCESS_KEY": "wrong"}, "AuthFailure"),
    ],
)
def test_errors_carry_awss_own_codes(
    haar: Haar, tmp_path: Path, command: str, change: dict[str, str], code: str
) -> None:
    said = Shell(haar, tmp_path, "444444444445").refused(command, **change)
    assert any(f"({each})" in said for each in code.split("|")), said


def test_the_cli_pages_through_lists(haar: Haar, tmp_path: Path) -> None:
    aws = Shell(haar, tmp_path, "444444444446")
    iam = haar.client("iam", access_key="444444444446")
    assert [iam.create_group(GroupName=f"g{number}")["Group"]["GroupName"] for number in range(7)]
    assert len(aws("iam list-groups --page-size 3")["Groups"]) == 7
    assert aws("iam list-groups --max-items 5")["NextToken"]

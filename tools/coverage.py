"""Write `docs/coverage.md`: what works, from what the rooms declare and what passing tests have proved.

* An operation **works** when its room has written it and a passing test called it and got a success.
* It is **partial** when its room says that something is missing, and **untested** when no passing test called it.
* Everything else in the service's model is **refused**: AccessDenied where policies deny, else NotImplemented.
* A fact is **proven** when every test marked with its id passes, and **waits** for a test or for a service otherwise.

    python tools/coverage.py           write the page
    python tools/coverage.py --json    print the same as JSON
"""

from __future__ import annotations

import csv
import importlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/coverage.md"
RESULTS = ROOT / ".coverage-results/results.json"
FACTS = ROOT / "src/haar/catalog/facts.csv"
ROOMS = ROOT / "src/haar/services"

#: The service that a system of facts.csv belongs to, by the longest beginning of the system's name that is listed.
#: botocore's names; a system of several services names the one that its facts are read from.
HOMES = {
    "alexa": "alexaforbusiness",
    "amazon-mq": "mq",
    "amplify": "amplify",
    "apigw-http": "apigatewayv2",
    "apigw": "apigateway",
    "app-discovery": "discovery",
    "app-mesh": "appmesh",
    "appsync": "appsync",
    "arn": "sts",
    "athena": "athena",
    "aurora": "rds",
    "autoscaling": "autoscaling",
    "asg": "autoscaling",
    "bastion": "ec2",
    "batch": "batch",
    "beanstalk": "elasticbeanstalk",
    "billing-model": "ce",
    "cloudformation": "cloudformation",
    "cloudfront": "cloudfront",
    "cloudhsm": "cloudhsmv2",
    "cloudtrail": "cloudtrail",
    "cloudwatch": "cloudwatch",
    "cloudwatch-logs": "logs",
    "codebuild": "codebuild",
    "codedeploy": "codedeploy",
    "cognito-identity": "cognito-identity",
    "cognito-sync": "cognito-sync",
    "cognito-user": "cognito-idp",
    "consolidated-billing": "ce",
    "datasync": "datasync",
    "ddb": "dynamodb",
    "ddb-dax": "dax",
    "device-farm": "devicefarm",
    "direct-connect": "directconnect",
    "dms": "dms",
    "dr-strategies": "route53",
    "ds": "ds",
    "ds-cloud-directory": "clouddirectory",
    "dynamodb": "dynamodb",
    "ebs": "ec2",
    "ec2": "ec2",
    "ecr": "ecr",
    "ecs": "ecs",
    "efs": "efs",
    "eks": "eks",
    "elastic-transcoder": "elastictranscoder",
    "elasticache": "elasticache",
    "elasticsearch": "opensearch",
    "elb": "elbv2",
    "elb-clb": "elb",
    "emr": "emr",
    "eventbridge": "events",
    "fargate": "ecs",
    "firehose": "firehose",
    "fps-devpay": "marketplacecommerceanalytics",
    "fsx": "fsx",
    "glacier": "glacier",
    "global-accelerator": "globalaccelerator",
    "glue": "glue",
    "gwlb": "elbv2",
    "iam": "iam",
    "image-builder": "imagebuilder",
    "instance-store": "ec2",
    "iot-core": "iot",
    "kinesis-analytics": "kinesisanalyticsv2",
    "kinesis-streams": "kinesis",
    "kinesis-video": "kinesisvideo",
    "kms": "kms",
    "lambda": "lambda",
    "lambda-edge": "cloudfront",
    "macie": "macie2",
    "migration-hub": "mgh",
    "neptune": "neptune",
    "opsworks": "opsworks",
    "organizations": "organizations",
    "parallelcluster": "cloudformation",
    "privatelink": "ec2",
    "quicksight": "quicksight",
    "ram": "ram",
    "rds": "rds",
    "redshift": "redshift",
    "regions-azs": "ec2",
    "resource-groups": "resource-groups",
    "route53": "route53",
    "s3": "s3",
    "sam": "cloudformation",
    "sct": "dms",
    "secrets-manager": "secretsmanager",
    "sgw": "storagegateway",
    "shield": "shield",
    "sms": "sms",
    "snowball": "snowball",
    "sns": "sns",
    "sqs": "sqs",
    "ssm": "ssm",
    "sso": "sso-admin",
    "sts": "sts",
    "swf": "swf",
    "transit-gateway": "ec2",
    "trusted-advisor": "support",
    "vm-import-export": "ec2",
    "vpc": "ec2",
    "vpn": "ec2",
    "waf": "wafv2",
    "workspaces": "workspaces",
    "xray": "xray",
}


@dataclass(frozen=True)
class Verdict:
    """What can be said of one operation: `state` is works, partial, untested or refused."""

    operation: str
    state: str
    note: str = ""


@dataclass(frozen=True)
class Room:
    """One service that has a room."""

    name: str
    title: str
    verdicts: list[Verdict] = field(default_factory=list)

    def count(self, state: str) -> int:
        """How many operations are in a state."""
        return sum(verdict.state == state for verdict in self.verdicts)


@dataclass(frozen=True)
class Fact:
    """What can be said of one fact: `state` is proven, failing, untested, waiting or untestable."""

    id: str
    system: str
    claim: str
    state: str
    note: str


# --- reading -------------------------------------------------------------------


def results() -> dict[str, dict[str, Any]]:
    """What the last test runs proved, by test."""
    if not RESULTS.exists():
        return {}
    found: dict[str, dict[str, Any]] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return found


def services() -> Iterator[tuple[Any, str]]:
    """The `Service` of every room, with its room's docstring."""
    from haar.kit.service import Service

    for room in sorted(path.parent.name for path in ROOMS.glob("*/__init__.py")):
        module = importlib.import_module(f"haar.services.{room}")
        for service in {id(value): value for value in vars(module).values() if isinstance(value, Service)}.values():
            yield service, (module.__doc__ or "").strip()


def rooms(proofs: dict[str, dict[str, Any]]) -> list[Room]:
    """Every built service, with a verdict for each operation of its model."""
    called = {
        (service, operation)
        for proof in proofs.values()
        if proof["passed"]
        for service, operation, status in proof["operations"]
        if 200 <= status < 300
    }
    return [
        Room(
            service.name,
            words.split("\n")[0],
            [verdict(service, name, (service.name, name) in called) for name in sorted(service.model.operations)],
        )
        for service, words in services()
    ]


def verdict(service: Any, name: str, proven: bool) -> Verdict:
    """What a room declares about an operation, and whether a test has seen it work."""
    snake = next(snake for snake, camel in service.model.snake.items() if camel == name)
    operation = service.operations.get(snake)
    if operation is None:
        return Verdict(name, "refused", service.reason(name))
    if operation.partial:
        return Verdict(name, "partial", operation.partial if proven else f"{operation.partial} (untested)")
    return Verdict(name, "works") if proven else Verdict(name, "untested", "written; no passing test has called it")


#: Facts that need another service than the one they are about.
ALSO_NEEDS = {
    # capacity that follows the load, prices and meters, zones that fail, functions, metrics, stacks
    "DDBCAP-001": "application-autoscaling",
    "DDBCAP-004": "pricing",
    "DDBGT-004": "fis",
    "DDBST-003": "lambda",
    "DDB-003": "fis",
    "DDB-010": "cloudwatch",
    "S3CLS-006": "fis",
    "S3CLS-007": "fis",
    "S3CLS-008": "ce",
    "S3CLS-009": "ce",
    "S3CLS-014": "pricing",
    "S3CLS-016": "ce",
    "S3CLS-018": "ce",
    "S3TA-002": "ce",
    "S3WEB-003": "ec2",
    "SSM-005": "cloudformation",
    "IAM-009": "cloudfront",
    "IAMEVAL-009": "rds",
    "IAMPROF-001": "ec2",
    "IAMPROF-002": "ec2",
}


def home_of(system: str) -> str:
    """The service that a system of facts belongs to."""
    beginnings = [home for home in HOMES if system == home or system.startswith(f"{home}-")]
    assert beginnings, f"tools/coverage.py does not know which service the facts of {system!r} belong to"
    return HOMES[max(beginnings, key=len)]


def facts(proofs: dict[str, dict[str, Any]], built: set[str]) -> list[Fact]:
    """Every fact, with the tests that prove it or what it waits for."""
    tests: dict[str, list[tuple[str, bool]]] = {}
    for test, proof in proofs.items():
        for fact in proof["facts"]:
            tests.setdefault(fact, []).append((test, proof["passed"]))
    with FACTS.open(newline="", encoding="utf-8") as file:
        return [judged(row, tests.get(row["id"], []), built) for row in csv.DictReader(file)]


def judged(row: dict[str, str], tests: list[tuple[str, bool]], built: set[str]) -> Fact:
    """One fact with its verdict."""
    failing = [test for test, passed in tests if not passed]
    home = ALSO_NEEDS.get(row["id"]) or home_of(row["system"])
    if failing:
        state, note = "failing", shown(failing)
    elif tests:
        state, note = "proven", shown([test for test, _ in tests])
    elif row["how_to_test"].startswith("not testable"):
        state, note = "untestable", "a matter of words; there is nothing to run"
    elif home not in built:
        state, note = "waiting", f"waits for {home}"
    else:
        state, note = "untested", f"no test yet; {home} is built"
    return Fact(row["id"], row["system"], row["claim"], state, note)


def shown(tests: list[str]) -> str:
    """The shortest test name, and how many more there are."""
    first, *more = sorted(tests, key=lambda test: (len(test), test))
    name = first.split("::")[-1].split("[")[0]
    return f"`{name}`" + (f" and {len(more)} more" if more else "")


# --- writing -------------------------------------------------------------------

MARKS = {"works": "works", "partial": "partial", "untested": "declared, untested", "refused": "refused"}
INTRODUCTION = """# What works

This page is written by `make docs` from two sources: what every service declares about itself, and what the tests
proved when they last ran. Nobody edits it by hand.

* **works**: written, and a passing test called it and got a success.
* **partial**: works but for what the note says is missing.
* **declared, untested**: written, but no passing test has called it with success.
* **refused**: not written. Haar authorizes the call as AWS would, then answers `NotImplemented`; it never pretends.

An AWS service that is not in the table is refused as a whole.
"""


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    cells = [
        head,
        ["---"] * len(head),
        *[[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows],
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells) + "\n"


def page(built: list[Room], known: list[Fact]) -> str:
    """The whole page."""
    proven = sum(fact.state == "proven" for fact in known)
    states = ("works", "partial", "untested", "refused")
    parts = [
        INTRODUCTION,
        table(
            ["service", "operations", *(MARKS[state] for state in states)],
            [
                [f"[{r.name}](#{r.name})", str(len(r.verdicts)), *(str(r.count(state)) for state in states)]
                for r in built
            ],
        ),
        f"Of {len(known)} [facts](#facts) about AWS, {proven} are proven by passing tests.\n",
    ]
    for room in built:
        parts.append(f"## {room.name}\n\n{room.title}\n")
        parts.append(
            table(["operation", "verdict", "note"], [[v.operation, MARKS[v.state], v.note] for v in room.verdicts])
        )
    parts.append(facts_section(known))
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def facts_section(known: list[Fact]) -> str:
    """The facts: a summary of systems, then each fact of the systems that have begun."""
    states = ("proven", "failing", "untested", "untestable", "waiting")
    systems = sorted({fact.system for fact in known})
    of = {system: [fact for fact in known if fact.system == system] for system in systems}
    begun = [system for system in systems if any(fact.state not in ("waiting", "untestable") for fact in of[system])]
    waiting = [system for system in systems if system not in begun]
    summary = [
        [system, *(str(sum(fact.state == state for fact in of[system])) for state in states)] for system in begun
    ]
    each = [[fact.id, fact.claim, fact.state, fact.note] for system in begun for fact in of[system]]
    later: dict[str, list[str]] = {}
    for system in waiting:
        later.setdefault(home_of(system), []).extend(fact.id for fact in of[system])
    return (
        "## Facts\n\nStatements about AWS that a test can prove, from `src/haar/catalog/facts.csv`.\n\n"
        + table(["system", *states], summary)
        + "\n"
        + table(["fact", "claim", "verdict", "by"], each)
        + "\n### Waiting for a service\n\n"
        + table(["service", "facts"], [[service, ", ".join(ids)] for service, ids in sorted(later.items())])
    )


def main(arguments: list[str]) -> None:
    """Write the page, or print its data."""
    proofs = results()
    built = rooms(proofs)
    known = facts(proofs, {room.name for room in built})
    if arguments == ["--json"]:
        plain = {
            "services": {r.name: {v.operation: {"state": v.state, "note": v.note} for v in r.verdicts} for r in built},
            "facts": {fact.id: {"state": fact.state, "note": fact.note} for fact in known},
        }
        print(json.dumps(plain, indent=2))
        return
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(built, known), encoding="utf-8")
    proven = sum(fact.state == "proven" for fact in known)
    print(f"{PAGE.relative_to(ROOT)}: {len(built)} services, {proven} of {len(known)} facts proven")
    if not proofs:
        print("no test results were found; run `make test` first, then `make docs` again", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])

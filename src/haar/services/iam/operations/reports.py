"""The credential report: one CSV row per user with the age and use of every credential.

A report takes a moment to make, and is good for four hours: asking for one sooner gives the same again. Instants
are those of the virtual clock.
Source: IAM User Guide, id_credentials_getting-report.html; IAM API Reference, API_GenerateCredentialReport.html.
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from haar.kit import Call, Task, replace
from haar.services.iam.resources import (
    AccessKey,
    AccountSettings,
    CredentialReport,
    KeyUse,
    LoginProfile,
    PasswordPolicy,
    SigningCertificate,
    User,
    access_keys_by_user,
    devices_by_user,
)
from haar.services.iam.service import iam

if TYPE_CHECKING:
    from haar.shapes import iam as api

#: How long a report takes to be made, and is good for, in seconds.
MAKING_SECONDS = 2.0
GOOD_SECONDS = 4 * 3600.0
_DAY = 86_400.0

COLUMNS = (
    "user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed",
    "password_next_rotation", "mfa_active",
    "access_key_1_active", "access_key_1_last_rotated", "access_key_1_last_used_date",
    "access_key_1_last_used_region", "access_key_1_last_used_service",
    "access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date",
    "access_key_2_last_used_region", "access_key_2_last_used_service",
    "cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated",
)  # fmt: skip


class MakeReport(Task):
    """Fill in the account's credential report."""

    account: str


@iam.operation
def generate_credential_report(call: Call, request: object) -> api.GenerateCredentialReportResponse:
    report = call.tx.get(CredentialReport, call.account)
    if report is not None and not report.content:
        return {"State": "INPROGRESS"}
    if report is not None and call.now < report.ready_at + GOOD_SECONDS:
        return {"State": "COMPLETE"}
    ready_at = call.now + MAKING_SECONDS
    call.tx.put(CredentialReport(account=call.account, started_at=call.now, ready_at=ready_at))
    call.later(ready_at, MakeReport(account=call.account))
    return {"State": "STARTED", "Description": "No report exists. Starting a new report generation task"}


@iam.task(MakeReport)
def make_report(call: Call, task: MakeReport) -> None:
    """What the report says is what holds when it is made."""
    report = call.tx.get(CredentialReport, task.account)
    if report is not None:
        call.tx.put(replace(report, content=content(call, task.account), ready_at=call.now))


@iam.operation
def get_credential_report(call: Call, request: object) -> api.GetCredentialReportResponse:
    report = call.tx.get(CredentialReport, call.account)
    if report is None:
        raise iam.error("ReportNotPresent", f"No report exists for account {call.account}. Generate one first.")
    if not report.content:
        raise iam.error("ReportInProgress", "The report is being generated.")
    if call.now >= report.ready_at + GOOD_SECONDS:
        raise iam.error("ReportExpired", "The report is older than four hours. Generate a new one.")
    return {"Content": report.content, "ReportFormat": "text/csv", "GeneratedTime": report.ready_at}


# -- the rows --------------------------------------------------------------------------------------------------


def content(call: Call, account: str) -> bytes:
    """The whole report, the root user first."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerow(_root(call, account))
    policy = call.tx.get(PasswordPolicy, account)
    for user in call.tx.range(User, account):
        rows.writerow(_user(call, user, policy))
    return text.getvalue().rstrip("\n").encode()


def _root(call: Call, account: str) -> list[str]:
    settings = call.tx.get(AccountSettings, account)
    since = _instant(settings.seen_at) if settings is not None and settings.seen_at else "no_information"
    return [
        "<root_account>", f"arn:aws:iam::{account}:root", since,
        "not_supported", "no_information", "not_supported", "not_supported",
        *_credentials(call, account, account),
    ]  # fmt: skip


def _user(call: Call, user: User, policy: PasswordPolicy | None) -> list[str]:
    profile = call.tx.get(LoginProfile, user.account, user.id)
    password = ["false", "N/A", "N/A", "N/A"]
    if profile is not None:
        used = _instant(user.password_used_at) if user.password_used_at else "no_information"
        days = policy.age_days_max if policy is not None else None
        rotation = _instant(profile.changed_at + days * _DAY) if days else "N/A"
        password = ["true", used, _instant(profile.changed_at), rotation]
    return [user.name, user.arn, _instant(user.created_at), *password, *_credentials(call, user.account, user.id)]


def _credentials(call: Call, account: str, holder: str) -> list[str]:
    """From `mfa_active` to the last column."""
    found = [str(call.tx.any(devices_by_user, holder)).lower()]
    keys: list[AccessKey] = sorted(call.tx.range(access_keys_by_user, account, holder), key=lambda row: row.created_at)
    for place in range(2):
        found += _key(call, keys[place]) if place < len(keys) else ["false", "N/A", "N/A", "N/A", "N/A"]
    certificates = sorted(call.tx.range(SigningCertificate, account, holder), key=lambda row: row.uploaded_at)
    for place in range(2):
        if place < len(certificates):
            row = certificates[place]
            found += [str(row.active).lower(), _instant(row.uploaded_at)]
        else:
            found += ["false", "N/A"]
    return found


def _key(call: Call, row: AccessKey) -> list[str]:
    use = call.tx.get(KeyUse, row.account, row.id)
    last = ["N/A", "N/A", "N/A"] if use is None else [_instant(use.at), use.region, use.service]
    return [str(row.active).lower(), _instant(row.created_at), *last]


def _instant(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).isoformat()

"""Vault access policies and vault locks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from haar import Cloud

GUIDE = "https://docs.aws.amazon.com/amazonglacier/latest/dev/"
LOCKS = GUIDE + "vault-lock.html"
ARN = "arn:aws:glacier:us-east-1:000000000000:vaults/films"
INVALID = "InvalidParameterValueException"
MISSING = "ResourceNotFoundException"
DENIED = "AccessDeniedException"
Refused = Callable[..., tuple[str, str]]
Put = Callable[..., str]


def policy(action: str, effect: str = "Deny", **more: Any) -> dict[str, str]:
    statement = {"Effect": effect, "Principal": {"AWS": "*"}, "Action": action, "Resource": ARN, **more}
    return {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}


def worm(days: int) -> dict[str, str]:
    """Nobody deletes an archive before so many days are over."""
    younger = {"NumericLessThan": {"glacier:ArchiveAgeInDays": str(days)}}
    return policy("glacier:DeleteArchive", Condition=younger)


def locked(glacier: Any, vault: str, document: dict[str, str]) -> str:
    lock: str = glacier.initiate_vault_lock(vaultName=vault, policy=document)["lockId"]
    glacier.complete_vault_lock(vaultName=vault, lockId=lock)
    return lock


# -- access policies -----------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "api-SetVaultAccessPolicy.html")
def test_an_access_policy_is_set_read_and_deleted(glacier: Any, vault: str, refused: Refused) -> None:
    told = refused(glacier.get_vault_access_policy, vaultName=vault)
    assert told == (MISSING, f"No vault access policy is set for: {ARN}")
    document = policy("glacier:DeleteArchive")
    glacier.set_vault_access_policy(vaultName=vault, policy=document)
    assert glacier.get_vault_access_policy(vaultName=vault)["policy"] == document
    glacier.delete_vault_access_policy(vaultName=vault)
    glacier.delete_vault_access_policy(vaultName=vault)
    assert refused(glacier.get_vault_access_policy, vaultName=vault)[0] == MISSING


@pytest.mark.documented(GUIDE + "vault-access-policy.html")
def test_an_access_policy_denies_even_the_owner(glacier: Any, vault: str, put: Put, refused: Refused) -> None:
    archive = put()
    glacier.set_vault_access_policy(vaultName=vault, policy=policy("glacier:DeleteArchive"))
    assert refused(glacier.delete_archive, vaultName=vault, archiveId=archive)[0] == DENIED
    glacier.delete_vault_access_policy(vaultName=vault)
    glacier.delete_archive(vaultName=vault, archiveId=archive)


@pytest.mark.documented(GUIDE + "api-SetVaultAccessPolicy.html")
@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"Policy": "{}"}, INVALID),
        ({"Policy": "no policy"}, INVALID),
        ({"Policy": policy("glacier:*")["Policy"] + " " * 20 * 1024}, INVALID),
        ({}, "MissingParameterValueException"),
    ],
)
def test_an_access_policy_is_sound_and_not_too_long(
    glacier: Any, vault: str, refused: Refused, document: dict[str, str], code: str
) -> None:
    assert refused(glacier.set_vault_access_policy, vaultName=vault, policy=document)[0] == code


# -- locks ---------------------------------------------------------------------------------------------------------


@pytest.mark.fact("GLAVL-001")
def test_a_locked_policy_keeps_archives_for_a_year(
    cloud: Cloud, glacier: Any, vault: str, put: Put, refused: Refused
) -> None:
    locked(glacier, vault, worm(365))
    archive = put()
    assert refused(glacier.delete_archive, vaultName=vault, archiveId=archive)[0] == DENIED
    cloud.advance(days=364)
    assert refused(glacier.delete_archive, vaultName=vault, archiveId=archive)[0] == DENIED
    cloud.advance(days=2)
    glacier.delete_archive(vaultName=vault, archiveId=archive)
    cloud.advance(days=1)
    assert glacier.describe_vault(vaultName=vault)["NumberOfArchives"] == 0


@pytest.mark.fact("GLAVL-002")
def test_a_locked_policy_can_never_be_changed(cloud: Cloud, glacier: Any, vault: str, refused: Refused) -> None:
    locked(glacier, vault, worm(365))
    assert refused(glacier.initiate_vault_lock, vaultName=vault, policy=worm(1))[0] == DENIED
    assert refused(glacier.abort_vault_lock, vaultName=vault)[0] == DENIED
    cloud.advance(days=1000)
    shown = glacier.get_vault_lock(vaultName=vault)
    assert (shown["State"], shown["Policy"]) == ("Locked", worm(365)["Policy"])
    assert "ExpirationDate" not in shown


@pytest.mark.documented(LOCKS)
def test_a_lock_in_progress_counts_already_and_ends_after_a_day(
    cloud: Cloud, glacier: Any, vault: str, put: Put, refused: Refused
) -> None:
    archive = put()
    lock = glacier.initiate_vault_lock(vaultName=vault, policy=worm(365))["lockId"]
    shown = glacier.get_vault_lock(vaultName=vault)
    assert shown["State"] == "InProgress"
    assert shown["CreationDate"][11:] == shown["ExpirationDate"][11:]
    assert refused(glacier.delete_archive, vaultName=vault, archiveId=archive)[0] == DENIED
    cloud.advance(hours=24)
    assert refused(glacier.complete_vault_lock, vaultName=vault, lockId=lock)[0] == MISSING
    assert refused(glacier.get_vault_lock, vaultName=vault)[0] == MISSING
    glacier.delete_archive(vaultName=vault, archiveId=archive)


@pytest.mark.documented(GUIDE + "api-AbortVaultLock.html")
def test_a_lock_in_progress_is_aborted_and_initiated_anew(glacier: Any, vault: str, refused: Refused) -> None:
    glacier.abort_vault_lock(vaultName=vault)
    first = glacier.initiate_vault_lock(vaultName=vault, policy=worm(365))["lockId"]
    assert refused(glacier.initiate_vault_lock, vaultName=vault, policy=worm(1))[0] == DENIED
    glacier.abort_vault_lock(vaultName=vault)
    glacier.abort_vault_lock(vaultName=vault)
    second = glacier.initiate_vault_lock(vaultName=vault, policy=worm(1))["lockId"]
    assert refused(glacier.complete_vault_lock, vaultName=vault, lockId=first)[0] == INVALID
    glacier.complete_vault_lock(vaultName=vault, lockId=second)
    assert glacier.get_vault_lock(vaultName=vault)["Policy"] == worm(1)["Policy"]


@pytest.mark.ours
def test_the_timer_of_an_aborted_lock_does_not_end_the_next(cloud: Cloud, glacier: Any, vault: str) -> None:
    glacier.initiate_vault_lock(vaultName=vault, policy=worm(365))
    glacier.abort_vault_lock(vaultName=vault)
    cloud.advance(hours=12)
    glacier.initiate_vault_lock(vaultName=vault, policy=worm(1))
    cloud.advance(hours=13)
    assert glacier.get_vault_lock(vaultName=vault)["State"] == "InProgress"


@pytest.mark.documented(GUIDE + "api-CompleteVaultLock.html")
def test_a_lock_is_completed_again_with_its_own_id_only(glacier: Any, vault: str, refused: Refused) -> None:
    lock = locked(glacier, vault, worm(365))
    glacier.complete_vault_lock(vaultName=vault, lockId=lock)
    assert refused(glacier.complete_vault_lock, vaultName=vault, lockId="another")[0] == DENIED


@pytest.mark.documented(GUIDE + "vault-lock-policy.html")
def test_a_lock_and_an_access_policy_count_both(
    cloud: Cloud, glacier: Any, vault: str, put: Put, refused: Refused
) -> None:
    locked(glacier, vault, worm(365))
    everything = policy("glacier:*", "Allow")
    glacier.set_vault_access_policy(vaultName=vault, policy=everything)
    stranger = cloud.client("glacier", access_key="111111111111")
    theirs = {"accountId": "000000000000", "vaultName": vault}
    archive = stranger.upload_archive(**theirs, body=b"x")["archiveId"]
    assert refused(stranger.delete_archive, **theirs, archiveId=archive)[0] == DENIED


@pytest.mark.documented(GUIDE + "vault-lock-policy.html")
def test_a_lock_may_look_at_the_tags_of_a_vault(glacier: Any, vault: str, put: Put, refused: Refused) -> None:
    archive = put()
    hold = {"StringLike": {"glacier:ResourceTag/LegalHold": ["true", ""]}}
    locked(glacier, vault, policy("glacier:DeleteArchive", Condition=hold))
    glacier.add_tags_to_vault(vaultName=vault, Tags={"LegalHold": "true"})
    assert refused(glacier.delete_archive, vaultName=vault, archiveId=archive)[0] == DENIED
    glacier.add_tags_to_vault(vaultName=vault, Tags={"LegalHold": "false"})
    glacier.delete_archive(vaultName=vault, archiveId=archive)


@pytest.mark.documented(GUIDE + "vault-lock-policy.html")
def test_the_age_of_an_archive_also_decides_on_its_retrieval(
    cloud: Cloud, glacier: Any, vault: str, put: Put, refused: Refused
) -> None:
    old = {"NumericGreaterThan": {"glacier:ArchiveAgeInDays": "30"}}
    glacier.set_vault_access_policy(vaultName=vault, policy=policy("glacier:InitiateJob", Condition=old))
    asked = {"Type": "archive-retrieval", "ArchiveId": put()}
    glacier.initiate_job(vaultName=vault, jobParameters=asked)
    cloud.advance(days=31)
    assert refused(glacier.initiate_job, vaultName=vault, jobParameters=asked)[0] == DENIED


@pytest.mark.ours
def test_an_older_policy_beside_a_newer_one_keeps_its_dollar_signs(
    cloud: Cloud, glacier: Any, vault: str, refused: Refused
) -> None:
    plain = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "glacier:DescribeVault",
        "Resource": ARN,
        "Condition": {"StringEquals": {"aws:PrincipalAccount": "${aws:PrincipalAccount}"}},
    }
    older = {"Policy": json.dumps({"Version": "2008-10-17", "Statement": plain})}
    glacier.set_vault_access_policy(vaultName=vault, policy=older)
    locked(glacier, vault, worm(1))
    assert glacier.describe_vault(vaultName=vault)["VaultName"] == vault
    newer = {"Policy": older["Policy"].replace("2008-10-17", "2012-10-17")}
    glacier.set_vault_access_policy(vaultName=vault, policy=newer)
    assert refused(glacier.describe_vault, vaultName=vault)[0] == DENIED

"""Vaults: CreateVault, DeleteVault, DescribeVault, ListVaults, and their notifications.

Source: S3 Glacier Developer Guide, vault-operations.html; the tags of vaults are declared in `service`.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from haar.kit import Call, replace
from haar.services.glacier import rules
from haar.services.glacier.resources import Archive, Tally, Upload, Vault, graves
from haar.services.glacier.service import (
    VAULTS,
    absent,
    account_in,
    check_limit,
    glacier,
    invalid,
    lacking,
    own,
    path_of,
)

if TYPE_CHECKING:
    from haar.shapes import glacier as api

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,255}")
_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?")
EVENTS = ("ArchiveRetrievalCompleted", "InventoryRetrievalCompleted")
VAULTS_ON_A_PAGE = 10

_UNSENT = "Messages to the topic: they are sent once there is SNS"


def checked_topic(text: str) -> str:
    """The ARN of an SNS topic. Raises InvalidParameterValueException."""
    if not _TOPIC.fullmatch(text):
        raise invalid(f"Invalid SNS topic ARN: {text}")
    return text


def describe(vault: Vault) -> api.DescribeVaultOutput:
    """A vault as it was at its last inventory."""
    shown: api.DescribeVaultOutput = {
        "VaultARN": vault.arn,
        "VaultName": vault.name,
        "CreationDate": rules.iso(vault.created_at),
        "NumberOfArchives": vault.archives,
        "SizeInBytes": vault.size_bytes,
    }
    if vault.inventory_at:
        shown["LastInventoryDate"] = rules.iso(vault.inventory_at)
    return shown


# -- vaults --------------------------------------------------------------------------------------------------------


@glacier.operation(creates=Vault)
def create_vault(call: Call, request: api.CreateVaultInput) -> api.CreateVaultOutput:
    name = request["vaultName"]
    if not _NAME.fullmatch(name):
        raise invalid(f"Invalid vault name: {name}")
    vault = call.get(Vault, name)
    if vault is None:
        held = call.tx.count(Vault, call.account, call.region)
        VAULTS.check(call, held + 1, "LimitExceededException", "The account has reached its limit of {limit} vaults.")
        vault = call.tx.put(
            Vault(account=call.account, region=call.region, name=name, serial=call.new_id(), created_at=call.now)
        )
    return {"location": path_of(vault)}


def _named(call: Call, request: Any) -> Any:
    """The vault of a request, or the ARN it would have: DeleteVault does not mind that there is none."""
    place = (account_in(call), call.region, request["vaultName"])
    vault = call.tx.get(Vault, *place)
    return [(Vault.arn_for(*place), vault)]


@glacier.operation(resource=_named)
def delete_vault(call: Call, request: api.DeleteVaultInput) -> None:
    vault = call.tx.get(Vault, account_in(call), call.region, request["vaultName"])
    if vault is None:
        return
    if vault.archives or vault.inventory_due_at:
        raise invalid(f"Vault not empty or recently written to: {vault.arn}")
    tx = call.tx
    for upload in list(tx.range(Upload, vault.serial)):
        tx.delete(upload)
    for archive in list(tx.range(graves, vault.serial)):
        tx.delete(Archive, archive.id)
    tx.delete(Tally, vault.serial)
    tx.delete(vault)


@glacier.operation
def describe_vault(call: Call, vault: Vault, request: api.DescribeVaultInput) -> api.DescribeVaultOutput:
    return describe(vault)


@glacier.operation(resource=own)
def list_vaults(call: Call, request: api.ListVaultsInput) -> api.ListVaultsOutput:
    check_limit(request)
    limit = int(request.get("limit") or VAULTS_ON_A_PAGE)
    start = None
    marker = request.get("marker")
    if marker:
        # AWS's marker is the ARN of the first vault of the next page, not an opaque one
        place = Vault.key_of(marker)
        if place is None or place[:2] != (call.account, call.region):
            raise invalid(f"Invalid marker value: {marker}")
        start = place[2]
    vaults = list(islice(call.tx.range(Vault, call.account, call.region, start=start), limit + 1))
    shown: api.ListVaultsOutput = {"VaultList": [describe(vault) for vault in vaults[:limit]]}
    if len(vaults) > limit:
        shown["Marker"] = vaults[limit].arn
    return shown


# -- notifications -------------------------------------------------------------------------------------------------


@glacier.operation
def delete_vault_notifications(call: Call, vault: Vault, request: api.DeleteVaultNotificationsInput) -> None:
    call.tx.put(replace(vault, topic="", events=()))


@glacier.operation
def get_vault_notifications(
    call: Call, vault: Vault, request: api.GetVaultNotificationsInput
) -> api.GetVaultNotificationsOutput:
    if not vault.topic:
        raise absent(f"No notification configuration is set for vault: {vault.arn}")
    return {"vaultNotificationConfig": {"SNSTopic": vault.topic, "Events": list(vault.events)}}


@glacier.operation(partial=_UNSENT)
def set_vault_notifications(call: Call, vault: Vault, request: api.SetVaultNotificationsInput) -> None:
    config = request.get("vaultNotificationConfig")
    if not config:
        raise lacking("vaultNotificationConfig")
    topic, events = config.get("SNSTopic"), config.get("Events")
    if not topic:
        raise lacking("SNSTopic")
    if not events:
        raise lacking("Events")
    for event in events:
        if event not in EVENTS:
            raise invalid(f"Invalid notification event: {event}")
    call.tx.put(replace(vault, topic=checked_topic(topic), events=tuple(dict.fromkeys(events))))

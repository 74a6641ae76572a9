"""Vault access policies and vault locks.

Both are the vault's resource policy (`Vault.policy`) and decided on as one. A lock policy counts from the moment it is
initiated, so that it can be tried before it can never be changed again.

Source: S3 Glacier Developer Guide, vault-access-policy.html, vault-lock.html and the pages of the operations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haar.kit import Call, ServiceError, replace
from haar.services.glacier import rules
from haar.services.glacier.resources import ExpireLock, Lock, Vault
from haar.services.glacier.service import DAY, POLICY_BYTES_MAX, absent, denied, glacier, invalid, lacking, opaque

if TYPE_CHECKING:
    from haar.shapes import glacier as api


def _policy_in(call: Call, request: Any) -> str:
    """The policy of a request, sound and not too long. Raises InvalidParameterValueException."""
    text: str | None = (request.get("policy") or {}).get("Policy")
    if not text:
        raise lacking("Policy")
    if len(text.encode()) > POLICY_BYTES_MAX:
        raise invalid(f"Invalid policy: it is larger than {POLICY_BYTES_MAX} bytes")
    try:
        call.ports.policies.validate(text, "resource")
    except ServiceError as error:
        raise invalid(f"Invalid policy: {error.message}") from error
    return text


# -- access policies -----------------------------------------------------------------------------------------------


@glacier.operation
def delete_vault_access_policy(call: Call, vault: Vault, request: api.DeleteVaultAccessPolicyInput) -> None:
    call.tx.put(replace(vault, access_policy=""))


@glacier.operation
def get_vault_access_policy(
    call: Call, vault: Vault, request: api.GetVaultAccessPolicyInput
) -> api.GetVaultAccessPolicyOutput:
    if not vault.access_policy:
        raise absent(f"No vault access policy is set for: {vault.arn}")
    return {"policy": {"Policy": vault.access_policy}}


@glacier.operation
def set_vault_access_policy(call: Call, vault: Vault, request: api.SetVaultAccessPolicyInput) -> None:
    call.tx.put(replace(vault, access_policy=_policy_in(call, request)))


# -- locks ---------------------------------------------------------------------------------------------------------


def _lock_of(call: Call, vault: Vault) -> Lock | None:
    """The lock in force: one that was not completed within its day is none, even before its timer has gone off."""
    lock = vault.lock
    return None if lock is None or (not lock.locked and lock.expires_at <= call.now) else lock


@glacier.operation
def abort_vault_lock(call: Call, vault: Vault, request: api.AbortVaultLockInput) -> None:
    lock = _lock_of(call, vault)
    if lock is not None and lock.locked:
        raise denied(f"The vault lock of {vault.arn} is in the Locked state and cannot be aborted.")
    call.tx.put(replace(vault, lock=None))


@glacier.operation
def complete_vault_lock(call: Call, vault: Vault, request: api.CompleteVaultLockInput) -> None:
    lock = _lock_of(call, vault)
    if lock is None:
        raise absent(f"No vault lock policy is set for: {vault.arn}")
    if lock.id != request["lockId"]:
        if lock.locked:
            raise denied(f"The vault lock of {vault.arn} is in the Locked state, with another lock ID.")
        raise invalid(f"Invalid lock ID: {request['lockId']}")
    call.tx.put(replace(vault, lock=Lock(lock.id, lock.policy, lock.started_at, lock.expires_at, locked=True)))


@glacier.operation
def get_vault_lock(call: Call, vault: Vault, request: api.GetVaultLockInput) -> api.GetVaultLockOutput:
    lock = _lock_of(call, vault)
    if lock is None:
        raise absent(f"No vault lock policy is set for: {vault.arn}")
    shown: api.GetVaultLockOutput = {
        "Policy": lock.policy,
        "State": "Locked" if lock.locked else "InProgress",
        "CreationDate": rules.iso(lock.started_at),
    }
    if not lock.locked:
        shown["ExpirationDate"] = rules.iso(lock.expires_at)
    return shown


@glacier.operation
def initiate_vault_lock(call: Call, vault: Vault, request: api.InitiateVaultLockInput) -> api.InitiateVaultLockOutput:
    lock = _lock_of(call, vault)
    if lock is not None:
        state = "Locked" if lock.locked else "InProgress"
        raise denied(f"The vault lock of {vault.arn} is already in the {state} state.")
    text = _policy_in(call, request)
    lock = Lock(opaque(call, 22), text, started_at=call.now, expires_at=call.now + DAY)
    call.tx.put(replace(vault, lock=lock))
    task = ExpireLock(account=vault.account, region=vault.region, name=vault.name, lock=lock.id)
    call.later(lock.expires_at, task)
    return {"lockId": lock.id}


@glacier.task(ExpireLock)
def expire_lock(call: Call, task: ExpireLock) -> None:
    vault = call.tx.get(Vault, task.account, task.region, task.name)
    if vault is not None and vault.lock is not None and vault.lock.id == task.lock and not vault.lock.locked:
        call.tx.put(replace(vault, lock=None))

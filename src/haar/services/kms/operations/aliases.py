"""Aliases: names for keys that can be moved from one key to another."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from haar.kit import Call, Page, ServiceError, replace
from haar.services.kms.describe import alias_entry
from haar.services.kms.resources import Alias, Key, aliases_by_key
from haar.services.kms.service import ALIASES, asked, in_state, invalid, kms, load

if TYPE_CHECKING:
    from haar.shapes import kms as api

_PREFIX: Final = "alias/"
_NAME: Final = re.compile(r"[a-zA-Z0-9/_-]+")


def _alias_place(call: Call, request: Mapping[str, Any]) -> tuple[str, str, str]:
    return call.account, call.region, request["AliasName"].removeprefix(_PREFIX)


def _both(call: Call, request: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The alias, the key it is to stand for, and the key it stands for."""
    place = _alias_place(call, request)
    alias = call.tx.get(Alias, *place)
    pairs: list[tuple[str, Any]] = [(Alias.arn_for(*place), alias)]
    if request.get("TargetKeyId"):
        pairs.append(asked(call, request["TargetKeyId"]))
    if alias is not None and call.operation != "CreateAlias":
        target = call.tx.get(Key, call.account, call.region, alias.target)
        if target is not None and target.arn != pairs[-1][0]:
            pairs.append((target.arn, target))
    return pairs


def _checked(name: str) -> str:
    """An alias without its prefix. Raises ValidationException, NotAuthorizedException, InvalidAliasNameException."""
    if not name.startswith(_PREFIX):
        raise invalid(
            'Alias must start with the prefix "alias/". Please see '
            "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
        )
    short = name[len(_PREFIX) :]
    if short.startswith("aws/"):
        raise kms.error("NotAuthorizedException", "Aliases that begin with alias/aws/ are reserved for AWS.")
    if not _NAME.fullmatch(short):
        raise kms.error("InvalidAliasNameException", f"{name} contains invalid characters for an alias")
    return short


def _target(call: Call, request: Mapping[str, Any]) -> Key:
    named = request["TargetKeyId"]
    if named.startswith(_PREFIX) or ":alias/" in named:
        raise invalid("Aliases must refer to keys. Not aliases")
    key = load(call, named)
    in_state(call, key, "PendingDeletion", "PendingReplicaDeletion")
    return key


def _check_number(call: Call, key: Key) -> None:
    ALIASES.check(
        call,
        call.tx.count(aliases_by_key, key.account, key.region, key.id) + 1,
        "LimitExceededException",
        "You have reached the limit of {limit} aliases for this KMS key.",
    )


@kms.operation(resource=_both)
def create_alias(call: Call, request: api.CreateAliasRequest) -> None:
    name = _checked(request["AliasName"])
    key = _target(call, request)
    if call.get(Alias, name) is not None:
        arn = Alias.arn_for(*_alias_place(call, request))
        raise kms.error("AlreadyExistsException", f"An alias with the name {arn} already exists")
    _check_number(call, key)
    call.tx.put(
        Alias(
            account=call.account, region=call.region, name=name, target=key.id, created_at=call.now, changed_at=call.now
        )
    )


@kms.operation(resource=_both)
def delete_alias(call: Call, request: api.DeleteAliasRequest) -> None:
    call.tx.delete(_existing(call, request))


def _existing(call: Call, request: Mapping[str, Any]) -> Alias:
    _checked(request["AliasName"])
    place = _alias_place(call, request)
    alias = call.tx.get(Alias, *place)
    if alias is None:
        raise ServiceError("NotFoundException", f"Alias {Alias.arn_for(*place)} is not found.")
    return alias


@kms.operation
def list_aliases(call: Call, request: api.ListAliasesRequest) -> Page[api.AliasListEntry]:
    named = request.get("KeyId")
    if named:
        key = load(call, named)
        return Page.of(call.tx, aliases_by_key, key.account, key.region, key.id, show=alias_entry)
    return Page.of(call.tx, Alias, call.account, call.region, show=alias_entry)


@kms.operation(resource=_both)
def update_alias(call: Call, request: api.UpdateAliasRequest) -> None:
    alias = _existing(call, request)
    key = _target(call, request)
    if key.id == alias.target:
        return
    before = call.tx.get(Key, call.account, call.region, alias.target)
    if before is not None and (before.usage != key.usage or _kind(before) != _kind(key)):
        raise invalid("The current and new KMS key must be the same type, and they must have the same key usage.")
    _check_number(call, key)
    call.tx.put(replace(alias, target=key.id, changed_at=call.now))


def _kind(key: Key) -> str:
    """What keys an alias can be moved between: symmetric, asymmetric or HMAC ones."""
    return "symmetric" if key.is_symmetric else "hmac" if key.spec.startswith("HMAC") else "asymmetric"

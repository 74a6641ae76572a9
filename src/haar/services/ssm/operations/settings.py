"""Service settings: the two of Parameter Store, the default tier and the higher throughput."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from haar.kit import Call, Refused
from haar.services.ssm.resources import Setting
from haar.services.ssm.service import invalid, ssm
from haar.services.ssm.throttle import HIGH_THROUGHPUT, count_call

if TYPE_CHECKING:
    from haar.shapes import ssm as api

DEFAULT_TIER: Final = "/ssm/parameter-store/default-parameter-tier"
#: The values of each setting; the first is that of a new account.
_VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    DEFAULT_TIER: ("Standard", "Advanced", "Intelligent-Tiering"),
    HIGH_THROUGHPUT: ("false", "true"),
}
#: What the settings of Systems Manager's other tools begin with.
_OTHERS: Final = (
    "/ssm/appmanager/",
    "/ssm/automation/",
    "/ssm/documents/",
    "/ssm/managed-instance/",
    "/ssm/opsinsights/",
)


def default_tier(call: Call) -> str:
    """The tier of parameters that are put without one."""
    row = call.tx.get(Setting, call.account, call.region, DEFAULT_TIER)
    return row.value if row else _VALUES[DEFAULT_TIER][0]


def _id(named: str) -> str:
    """The id of a setting that is named by its id or its ARN."""
    return "/" + named.partition(":servicesetting/")[2] if named.startswith("arn:") else named


def _arn(call: Call, named: str) -> str:
    return f"arn:{call.partition}:ssm:{call.region}:{call.account}:servicesetting/{_id(named).removeprefix('/')}"


def _known(call: Call, named: str) -> str:
    """The id of a setting that there is. Raises ServiceSettingNotFound."""
    setting = _id(named)
    if setting in _VALUES:
        return setting
    if setting.startswith(_OTHERS):
        raise Refused("ssm", call.operation, f"{setting} belongs to a tool of Systems Manager that is not built.")
    raise ssm.error("ServiceSettingNotFound", f"Setting {named} was not found.")


def _shown(call: Call, setting: str) -> api.ServiceSetting:
    row = call.tx.get(Setting, call.account, call.region, setting)
    shown: api.ServiceSetting = {
        "SettingId": setting,
        "SettingValue": row.value if row else _VALUES[setting][0],
        "LastModifiedUser": row.changed_by if row else "System",
        "ARN": _arn(call, setting),
        "Status": "Customized" if row else "Default",
    }
    if row:
        shown["LastModifiedDate"] = row.changed_at
    return shown


@ssm.operation(resource=lambda call, request: _arn(call, request["SettingId"]))
def get_service_setting(call: Call, request: api.GetServiceSettingRequest) -> api.GetServiceSettingResult:
    return {"ServiceSetting": _shown(call, _known(call, request["SettingId"]))}


@ssm.operation(resource=lambda call, request: _arn(call, request["SettingId"]))
def update_service_setting(call: Call, request: api.UpdateServiceSettingRequest) -> api.UpdateServiceSettingResult:
    setting, value = _known(call, request["SettingId"]), request["SettingValue"]
    if value not in _VALUES[setting]:
        raise invalid(f"{value} is not a valid value of {setting}. Valid values: {', '.join(_VALUES[setting])}.")
    count_call(call)
    call.tx.put(
        Setting(
            account=call.account,
            region=call.region,
            id=setting,
            value=value,
            changed_at=call.now,
            changed_by=call.principal.arn,
        )
    )
    return {}


@ssm.operation(resource=lambda call, request: _arn(call, request["SettingId"]))
def reset_service_setting(call: Call, request: api.ResetServiceSettingRequest) -> api.ResetServiceSettingResult:
    setting = _known(call, request["SettingId"])
    call.tx.delete(Setting, call.account, call.region, setting)
    return {"ServiceSetting": _shown(call, setting)}

"""Text messages: preferences, and telephone numbers to try them with. Messages go to the local outbox.

An account is out of the sandbox from the start: nobody would have to let it out, as nothing leaves this machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from haar.kit import Call, Page, replace
from haar.services.sns import rules
from haar.services.sns.delivery import into_outbox
from haar.services.sns.resources import SandboxNumber, Texting
from haar.services.sns.service import invalid, sns

if TYPE_CHECKING:
    from haar.shapes import sns as api

_ATTRIBUTES: Final = frozenset(
    (
        "MonthlySpendLimit", "DeliveryStatusIAMRole", "DeliveryStatusSuccessSamplingRate", "DefaultSenderID",
        "DefaultSMSType", "UsageReportS3Bucket",
    )
)  # fmt: skip
_TYPES: Final = ("Promotional", "Transactional")
#: How long a one-time password is good (docs: API reference, VerifySMSSandboxPhoneNumber).
_CODE_SECONDS: Final = 900.0

sns.refuses(
    "Nobody can answer a text message of this cloud, so no number is ever opted out.",
    "CheckIfPhoneNumberIsOptedOut", "ListPhoneNumbersOptedOut", "OptInPhoneNumber",
)  # fmt: skip
sns.refuses(
    "Numbers to send from are bought from End User Messaging, which Haar does not have.", "ListOriginationNumbers"
)


@sns.operation
def set_sms_attributes(call: Call, request: api.SetSMSAttributesInput) -> None:
    given = dict(request["attributes"])
    for name, value in given.items():
        if name not in _ATTRIBUTES:
            raise invalid(f"{name} is not a valid attribute")
        if name == "DefaultSMSType" and value not in _TYPES:
            raise invalid("DefaultSMSType is invalid")
        if name in ("MonthlySpendLimit", "DeliveryStatusSuccessSamplingRate") and not value.isdigit():
            raise invalid(f"{name} is invalid")
    kept = call.tx.get(Texting, call.account, call.region) or Texting(account=call.account, region=call.region)
    call.tx.put(replace(kept, attributes={**kept.attributes, **given}))


@sns.operation
def get_sms_attributes(call: Call, request: api.GetSMSAttributesInput) -> api.GetSMSAttributesResponse:
    kept = call.tx.get(Texting, call.account, call.region)
    found = {"MonthlySpendLimit": "1", **(kept.attributes if kept is not None else {})}
    wanted = request.get("attributes") or list(found)
    return {"attributes": {name: found[name] for name in wanted if name in found}}


@sns.operation
def get_sms_sandbox_account_status(
    call: Call, request: api.GetSMSSandboxAccountStatusInput
) -> api.GetSMSSandboxAccountStatusResult:
    return {"IsInSandbox": False}


@sns.operation(redact=("PhoneNumber",))
def create_sms_sandbox_phone_number(call: Call, request: api.CreateSMSSandboxPhoneNumberInput) -> None:
    number = request["PhoneNumber"]
    if not rules.PHONE.fullmatch(number):
        raise invalid("PhoneNumber")
    known = call.tx.get(SandboxNumber, call.account, call.region, number)
    if known is not None and known.verified:
        raise sns.error("UserError", "The phone number is verified already.")
    code = str(100_000 + int(call.ports.ids.hex(8), 16) % 900_000)
    call.tx.put(SandboxNumber(account=call.account, region=call.region, number=number, code=code, sent_at=call.now))
    into_outbox(call, "sms", number, "OneTimePassword", f"Your verification code is {code}.")


@sns.operation(redact=("PhoneNumber", "OneTimePassword"))
def verify_sms_sandbox_phone_number(call: Call, request: api.VerifySMSSandboxPhoneNumberInput) -> None:
    known = _known(call, request["PhoneNumber"])
    if known.code != request["OneTimePassword"] or call.now > known.sent_at + _CODE_SECONDS:
        raise sns.error("VerificationException", "The one-time password is wrong or has expired.", status=400)
    call.tx.put(replace(known, verified=True))


@sns.operation(redact=("PhoneNumber",))
def delete_sms_sandbox_phone_number(call: Call, request: api.DeleteSMSSandboxPhoneNumberInput) -> None:
    call.tx.delete(_known(call, request["PhoneNumber"]))


def _known(call: Call, number: str) -> SandboxNumber:
    found = call.tx.get(SandboxNumber, call.account, call.region, number)
    if found is None:
        raise sns.error("ResourceNotFound", "The phone number is not among those of the sandbox.")
    return found


@sns.operation
def list_sms_sandbox_phone_numbers(call: Call, request: api.ListSMSSandboxPhoneNumbersInput) -> Page[dict[str, Any]]:
    return Page.of(
        call.tx, SandboxNumber, call.account, call.region,
        show=lambda one: {"PhoneNumber": one.number, "Status": "Verified" if one.verified else "Pending"},
    )  # fmt: skip

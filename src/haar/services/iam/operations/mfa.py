"""Virtual MFA devices: six digits that change every thirty seconds.

The seed is shown once, when the device is made. Codes follow the virtual clock, or the real one, because an
authenticator app knows nothing of virtual time (see the decision on one-time codes).
Source: IAM User Guide, id_credentials_mfa_enable_virtual.html; IAM API Reference, API_VirtualMFADevice.html.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page, as_list, replace
from haar.services.iam import describe, holding
from haar.services.iam.holders import Holder, holder_of
from haar.services.iam.identities import user_by_id
from haar.services.iam.mfa import use
from haar.services.iam.resources import MfaDevice, User, devices_by_user
from haar.services.iam.service import iam

if TYPE_CHECKING:
    from haar.shapes import iam as api

iam.tagging(MfaDevice, list="ListMFADeviceTags")

#: Docs: IAM User Guide, reference_iam-quotas.html. Not in Service Quotas.
DEVICES_PER_USER = 8
_SEED_BYTES = 40


def _place(request: Any) -> str:
    return str(request.get("Path", "/")) + str(request["VirtualMFADeviceName"])


@iam.operation(
    resource=lambda call, request: MfaDevice.arn_for(call.account, _place(request)),
    redact=("VirtualMFADevice.Base32StringSeed", "VirtualMFADevice.QRCodePNG"),
)
def create_virtual_mfa_device(
    call: Call, request: api.CreateVirtualMFADeviceRequest
) -> api.CreateVirtualMFADeviceResponse:
    place = _place(request)
    if call.get(MfaDevice, place) is not None:
        raise iam.error("EntityAlreadyExists", "MFADevice entity at the same path and name already exists.")
    tags = holding.tags_of(request)
    seed = base64.b32encode(call.ports.ids.bytes(_SEED_BYTES))
    device = MfaDevice(account=call.account, place=place, seed=seed, tags=tags, created_at=call.now)
    call.tx.put(device)
    name = request["VirtualMFADeviceName"]
    holder = call.principal.name if call.principal.kind == "user" else call.account
    described: dict[str, Any] = {
        "SerialNumber": device.arn,
        "Base32StringSeed": seed,
        "QRCodePNG": _qr_code(f"otpauth://totp/{name}@{holder}?secret={seed.decode()}"),
    }
    if tags:
        described["Tags"] = as_list(tags)
    return {"VirtualMFADevice": described}  # type: ignore[typeddict-item]


def _qr_code(text: str) -> bytes:
    import io

    import segno

    picture = io.BytesIO()
    segno.make(text, error="m", micro=False).save(picture, kind="png", scale=5)
    return picture.getvalue()


@iam.operation(resource=holding.acting_on, redact=("AuthenticationCode1", "AuthenticationCode2"))
def enable_mfa_device(call: Call, device: MfaDevice, request: api.EnableMFADeviceRequest) -> None:
    user = _holder(call, request)
    _own(call, device)
    if device.user is not None:
        raise iam.error("EntityAlreadyExists", "MFA device is already in use.")
    if call.tx.count(devices_by_user, user.id) >= DEVICES_PER_USER:
        raise iam.error("LimitExceeded", f"Cannot exceed quota for MfaDevicesPerUser: {DEVICES_PER_USER}")
    synchronized = _synchronize(call, device, request)
    call.tx.put(replace(synchronized, user=user.id, enabled_at=call.now))


@iam.operation(resource=holding.acting_on, redact=("AuthenticationCode1", "AuthenticationCode2"))
def resync_mfa_device(call: Call, device: MfaDevice, request: api.ResyncMFADeviceRequest) -> None:
    user = _holder(call, request)
    if device.user != user.id:
        raise _not_theirs()
    call.tx.put(_synchronize(call, device, request))


def _holder(call: Call, request: Any) -> Holder:
    """Whose device it is to be. The root user, whom these operations must name too, calls itself `root`."""
    if call.principal.kind == "root" and request.get("UserName") == "root" and call.get(User, "root") is None:
        return Holder(call.account, "root")
    return holder_of(call, request)


def _synchronize(call: Call, device: MfaDevice, request: Any) -> MfaDevice:
    """The device set to the clock that two consecutive codes show; they are used up."""
    first, second = request["AuthenticationCode1"], request["AuthenticationCode2"]
    found = call.ports.proofs.totp_pair(device.seed.decode(), first, second)
    if found is None:
        raise iam.error("InvalidAuthenticationCode", "Authentication code for device is not valid")
    drift, step = found
    return use(replace(device, drift_steps=drift), step - 1, step)


@iam.operation(resource=holding.acting_on)
def deactivate_mfa_device(call: Call, request: api.DeactivateMFADeviceRequest) -> None:
    holder = _holder(call, request)
    place = MfaDevice.key_of(request["SerialNumber"])
    device = call.tx.get(MfaDevice, *place) if place else None
    if device is None or device.user != holder.id:
        raise _not_theirs()
    call.tx.put(replace(device, user=None, enabled_at=None, drift_steps=0))


@iam.operation
def delete_virtual_mfa_device(call: Call, device: MfaDevice, request: api.DeleteVirtualMFADeviceRequest) -> None:
    if device.user is not None:
        raise iam.error("DeleteConflict", "MFA VirtualDevice in use. Must deactivate first.")
    call.tx.delete(device)


@iam.operation(resource=holding.acting_on)
def get_mfa_device(call: Call, request: api.GetMFADeviceRequest) -> api.GetMFADeviceResponse:
    place = MfaDevice.key_of(request["SerialNumber"])
    device = call.tx.get(MfaDevice, *place) if place else None
    user = user_by_id(call.tx, device.user) if device is not None and device.user else None
    named = request.get("UserName")
    if device is None or device.account != call.account or (named and (user is None or user.name != named)):
        raise iam.error("NoSuchEntity", f"MFA device {request['SerialNumber']} cannot be found.")
    described: api.GetMFADeviceResponse = {"SerialNumber": device.arn}
    if user is not None:
        described["UserName"] = user.name
    if device.enabled_at is not None:
        described["EnableDate"] = device.enabled_at
    return described


@iam.operation(resource=holding.acting_on)
def list_mfa_devices(call: Call, request: api.ListMFADevicesRequest) -> Page[api.MFADevice]:
    holder = holder_of(call, request)

    def show(device: MfaDevice) -> api.MFADevice:
        return {"UserName": holder.name, "SerialNumber": device.arn, "EnableDate": device.enabled_at or 0.0}

    return Page.of(call.tx, devices_by_user, holder.id, show=show)


@iam.operation
def list_virtual_mfa_devices(call: Call, request: api.ListVirtualMFADevicesRequest) -> Page[api.VirtualMFADevice]:
    status = request.get("AssignmentStatus", "Any")

    def wanted(device: MfaDevice) -> bool:
        return status == "Any" or (device.user is not None) == (status == "Assigned")

    def show(device: MfaDevice) -> api.VirtualMFADevice:
        described: api.VirtualMFADevice = {"SerialNumber": device.arn}
        user = user_by_id(call.tx, device.user) if device.user else None
        if user is not None:
            described["User"] = describe.user(user)
        if device.enabled_at is not None:
            described["EnableDate"] = device.enabled_at
        if device.tags:
            described["Tags"] = as_list(device.tags)  # type: ignore[typeddict-item]
        return described

    return Page.of(call.tx, MfaDevice, call.account, where=wanted, show=show)


@iam.operation
def tag_mfa_device(call: Call, device: MfaDevice, request: api.TagMFADeviceRequest) -> None:
    call.tx.put(replace(device, tags=holding.new_tags(device, request)))


@iam.operation
def untag_mfa_device(call: Call, device: MfaDevice, request: api.UntagMFADeviceRequest) -> None:
    call.tx.put(replace(device, tags=holding.without_tags(device, request)))


def _own(call: Call, device: MfaDevice) -> None:
    if device.account != call.account:
        raise iam.error(*MfaDevice.missing(device.account, device.place))  # type: ignore[arg-type]


def _not_theirs() -> Exception:
    return iam.error("NoSuchEntity", "MFA Device invalid for user.")

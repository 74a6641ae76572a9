"""SSH public keys, with which users reach CodeCommit.

Keys are kept in SSH form, whichever form they came in. Source: IAM API Reference, API_UploadSSHPublicKey.html;
IAM User Guide, id_credentials_ssh-keys.html.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from haar.kit import Call, Page, md5, replace
from haar.services.iam import holding
from haar.services.iam.holders import holder_of
from haar.services.iam.resources import SshPublicKey, User
from haar.services.iam.service import iam

if TYPE_CHECKING:
    from haar.shapes import iam as api

#: Docs: IAM User Guide, reference_iam-quotas.html. Not in Service Quotas.
KEYS_PER_USER = 5
#: Docs: API_UploadSSHPublicKey.html.
BITS_MIN = 2048


@iam.operation
def upload_ssh_public_key(
    call: Call, user: User, request: api.UploadSSHPublicKeyRequest
) -> api.UploadSSHPublicKeyResponse:
    body = _ssh_form(request["SSHPublicKeyBody"])
    fingerprint = _fingerprint(body)
    mine = list(call.tx.range(SshPublicKey, call.account, user.id))
    if any(row.fingerprint == fingerprint for row in mine):
        raise iam.error("DuplicateSSHPublicKey", "The SSH public key is already associated with the user.")
    if len(mine) >= KEYS_PER_USER:
        raise iam.error("LimitExceeded", f"Cannot exceed quota for SSHPublicKeysPerUser: {KEYS_PER_USER}")
    row = SshPublicKey(
        account=call.account,
        user=user.id,
        id=call.ports.ids.unique("APKA"),
        body=body,
        fingerprint=fingerprint,
        uploaded_at=call.now,
    )
    call.tx.put(row)
    return {"SSHPublicKey": _shown(user, row, row.body)}


@iam.operation
def get_ssh_public_key(call: Call, user: User, request: api.GetSSHPublicKeyRequest) -> api.GetSSHPublicKeyResponse:
    row = _key(call, user, request)
    return {"SSHPublicKey": _shown(user, row, _pem_form(row.body) if request["Encoding"] == "PEM" else row.body)}


@iam.operation(resource=holding.acting_on)
def list_ssh_public_keys(call: Call, request: api.ListSSHPublicKeysRequest) -> Page[api.SSHPublicKeyMetadata]:
    holder = holder_of(call, request)

    def show(row: SshPublicKey) -> api.SSHPublicKeyMetadata:
        return {
            "UserName": holder.name,
            "SSHPublicKeyId": row.id,
            "Status": "Active" if row.active else "Inactive",
            "UploadDate": row.uploaded_at,
        }

    return Page.of(call.tx, SshPublicKey, call.account, holder.id, show=show)


@iam.operation
def update_ssh_public_key(call: Call, user: User, request: api.UpdateSSHPublicKeyRequest) -> None:
    row = _key(call, user, request)
    if request["Status"] not in ("Active", "Inactive"):
        raise iam.error("InvalidInput", "A key can be made Active or Inactive.")
    call.tx.put(replace(row, active=request["Status"] == "Active"))


@iam.operation
def delete_ssh_public_key(call: Call, user: User, request: api.DeleteSSHPublicKeyRequest) -> None:
    call.tx.delete(_key(call, user, request))


def _key(call: Call, user: User, request: Any) -> SshPublicKey:
    wanted = request["SSHPublicKeyId"]
    row = call.tx.get(SshPublicKey, call.account, user.id, wanted)
    if row is None:
        raise iam.error("NoSuchEntity", f"The Public Key with id {wanted} cannot be found.")
    return row


def _shown(user: User, row: SshPublicKey, body: str) -> api.SSHPublicKey:
    return {
        "UserName": user.name,
        "SSHPublicKeyId": row.id,
        "Fingerprint": row.fingerprint,
        "SSHPublicKeyBody": body,
        "Status": "Active" if row.active else "Inactive",
        "UploadDate": row.uploaded_at,
    }


# -- forms of a key --------------------------------------------------------------------------------------------


def _ssh_form(text: str) -> str:
    """An RSA public key of at least 2048 bits as `ssh-rsa AAAA...`, its comment kept; InvalidPublicKey otherwise."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
        load_pem_public_key,
        load_ssh_public_key,
    )

    given = text.strip()
    try:
        key = load_pem_public_key(given.encode()) if given.startswith("-----") else load_ssh_public_key(given.encode())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey) or key.key_size < BITS_MIN:
        raise iam.error("InvalidPublicKey", "The public key is malformed or otherwise invalid.")
    if given.startswith("ssh-rsa"):
        return given
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def _pem_form(body: str) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_public_key

    key = load_ssh_public_key(body.encode())
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode().strip()


def _fingerprint(body: str) -> str:
    """The MD5 of the key itself, two digits at a time."""
    digest = md5(base64.b64decode(body.split()[1]))
    return ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))

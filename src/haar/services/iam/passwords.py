"""Console passwords: what the account asks of them, how they are kept, when they have expired.

Without a policy of the account's own, AWS's default applies: at least 8 characters, three kinds of characters, not
the account's or user's name, never expiring.
Source: IAM User Guide, id_credentials_passwords_account-policy.html.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from haar.kit import Call
from haar.services.iam.resources import AccountAlias, LoginProfile, PasswordPolicy, User
from haar.services.iam.service import iam

if TYPE_CHECKING:
    from haar.store.transaction import Transaction

SYMBOLS = frozenset("!@#$%^&*()_+-=[]{}|'")
DAY_SECONDS = 86_400
REMEMBERED_MAX = 24
_SALT_BYTES = 16
_ROUNDS = 10_000


def digest(password: str, salt: bytes) -> bytes:
    """The salt and the slow digest that is stored in place of a password."""
    return salt + hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ROUNDS)


def matches(password: str, stored: bytes) -> bool:
    """Whether a stored digest is this password's."""
    return hmac.compare_digest(digest(password, stored[:_SALT_BYTES]), stored)


def accept(call: Call, user: User, password: str, earlier: tuple[bytes, ...] = ()) -> bytes:
    """The digest of a new password. Raises PasswordPolicyViolation when the account's policy forbids it."""
    policy = call.tx.get(PasswordPolicy, call.account)
    wrong = _complaint(call, user, password, policy)
    remembered = earlier[: policy.reuse_prevention or 0] if policy is not None else ()
    if not wrong and any(matches(password, old) for old in remembered):
        wrong = "Policy constraint violation with password reuse prevention during password change."
    if wrong:
        raise iam.error("PasswordPolicyViolation", wrong, status=400)
    return digest(password, call.ports.ids.bytes(_SALT_BYTES))


def _complaint(call: Call, user: User, password: str, policy: PasswordPolicy | None) -> str:
    has = {
        "uppercase letter": any(letter.isascii() and letter.isupper() for letter in password),
        "lowercase letter": any(letter.isascii() and letter.islower() for letter in password),
        "number": any(letter.isascii() and letter.isdecimal() for letter in password),
        "symbol": any(letter in SYMBOLS for letter in password),
    }
    if policy is None:
        if len(password) < 8:
            return "Password should have a minimum length of 8"
        if sum(has.values()) < 3:
            return (
                "Password should have at least three of the following: uppercase letters, lowercase letters, numbers, "
                "and non-alphanumeric characters"
            )
        alias = call.tx.get(AccountAlias, call.account)
        if password.lower() in {user.name.lower(), call.account, alias.alias if alias else ""}:
            return "Password should not be identical to the account name or user name"
        return ""
    if len(password) < policy.length_min:
        return f"Password should have a minimum length of {policy.length_min}"
    needed = {
        "uppercase letter": policy.uppercase,
        "lowercase letter": policy.lowercase,
        "number": policy.numbers,
        "symbol": policy.symbols,
    }
    lacking = next((what for what, wanted in needed.items() if wanted and not has[what]), "")
    return f"Password should have at least one {lacking}" if lacking else ""


def expires_at(tx: Transaction, profile: LoginProfile) -> float | None:
    """When a password expires under the account's policy as it is now; None when it never does."""
    policy = tx.get(PasswordPolicy, profile.account)
    if policy is None or not policy.age_days_max:
        return None
    return profile.changed_at + policy.age_days_max * DAY_SECONDS


def is_expired(tx: Transaction, profile: LoginProfile, now: float) -> bool:
    """Whether a password is too old to sign in with without changing it."""
    until = expires_at(tx, profile)
    return until is not None and now >= until

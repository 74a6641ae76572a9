"""Who an account is: its name and email, before, during and after its time in an organization.

An account that nobody registered (any 12-digit number is one) has a name and an email made from its number, so that
it can be invited either way and can found an organization.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.services.organizations.resources import Holder, holders_by_email

if TYPE_CHECKING:
    from haar.store.transaction import Transaction

_DOMAIN = "@accounts.haar.localhost"


def holder(tx: Transaction, account: str) -> Holder:
    """Who an account is."""
    return tx.get(Holder, account) or Holder(account=account, name=f"account-{account}", email=f"{account}{_DOMAIN}")


def holder_of_email(tx: Transaction, email: str) -> Holder | None:
    """The account an email is the root user's of; None when it is nobody's."""
    folded = email.lower()
    known = next(tx.range(holders_by_email, folded, limit=1), None)
    if known is not None:
        return known
    number = folded.removesuffix(_DOMAIN)
    if folded.endswith(_DOMAIN) and len(number) == 12 and number.isdecimal():
        found = holder(tx, number)
        return found if found.folded == folded else None
    return None


def addresses(tx: Transaction, account: str) -> tuple[str, str]:
    """The two ways in which a handshake may name an account, as they are looked up."""
    return account, holder(tx, account).folded

"""What left the cloud for somebody outside: e-mails, text messages, push notifications, for a person to read."""

from __future__ import annotations

from typing import Any

from haar.gateway.control_words import Asked, Problem

__all__ = ["certificate", "outbox"]

#: So many are shown, the newest first.
_SHOWN = 100


def outbox(asked: Asked) -> dict[str, Any]:
    """What was sent to e-mail addresses, telephones and devices, in all accounts, the newest hundred first.

    Nothing of it really leaves this machine. Reply: `messages`, each with `at`, `account`, `region`, `protocol`
    (`email`, `email-json`, `sms`, `application`), `endpoint`, `kind` (`Notification`, `SubscriptionConfirmation`, ...),
    `subject`, `body`, `topic`.
    """
    from haar.wire.text import iso_millis

    with asked.cloud.store.transaction(write=False) as tx:
        rows = asked.cloud.room("sns").provides["outbox"](tx, _SHOWN)
        return {
            "messages": [
                {
                    "at": iso_millis(row.at), "account": row.account, "region": row.region, "protocol": row.protocol,
                    "endpoint": row.endpoint, "kind": row.kind, "subject": row.subject, "body": row.body,
                    "topic": row.topic,
                }
                for row in rows
            ]
        }  # fmt: skip


def certificate(asked: Asked) -> str:
    """The certificate that messages of SNS are signed with, as PEM text; their `SigningCertURL` leads here.

    Whoever can reach the cloud may read it. 404 for one that this cloud never had.
    """
    digest = asked.rest.removeprefix("SimpleNotificationService-").removesuffix(".pem")
    with asked.cloud.store.transaction(write=False) as tx:
        found: str | None = asked.cloud.room("sns").provides["certificate"](tx, digest)
    if found is None:
        raise Problem(
            404, "NoSuchCertificate", "SNS has no such certificate.", "SigningCertURL of a message names one."
        )
    return found

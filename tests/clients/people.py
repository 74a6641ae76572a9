"""Users with keys, made in one line."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

__all__ = ["Keys", "allow", "document", "user"]


class Keys(NamedTuple):
    """What signs a request; `keys._asdict()` fits `cloud.client(...)` and `haar.client(...)`."""

    access_key: str
    secret_key: str
    token: str | None = None


def document(*statements: dict[str, Any]) -> str:
    """A policy document of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions: str, resource: str = "*") -> str:
    """A policy document that allows these actions."""
    return document({"Effect": "Allow", "Action": list(actions), "Resource": resource})


def user(iam: Any, name: str, policy: str = "") -> Keys:
    """A new user, with an inline policy or none."""
    iam.create_user(UserName=name)
    if policy:
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Keys(key["AccessKeyId"], key["SecretAccessKey"])

"""Cross-origin rules: which page may ask for what, and what its browser is told.

Source: Amazon S3 User Guide, cors.html; S3 API Reference, RESTOPTIONSobject.html.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from haar.services.s3.resources import Bucket
from haar.services.s3.service import s3

if TYPE_CHECKING:
    from haar.store.transaction import Transaction
    from haar.wire.http import HttpRequest

RULES_MAX: Final = 100
METHODS: Final = ("GET", "PUT", "POST", "DELETE", "HEAD")
_VARY: Final = ("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method")

Rule = Mapping[str, Any]


def fits(pattern: str, value: str) -> bool:
    """Whether a value is what a pattern with at most one asterisk means."""
    head, star, tail = pattern.partition("*")
    if not star:
        return pattern == value
    return len(value) >= len(head) + len(tail) and value.startswith(head) and value.endswith(tail)


def rule_for(rules: Sequence[Rule], origin: str, method: str, headers: Sequence[str] = ()) -> Rule | None:
    """The first rule that lets a page of an origin use a method with these request headers."""
    wanted = [header.lower() for header in headers]
    for rule in rules:
        allowed = [header.lower() for header in rule.get("AllowedHeaders") or ()]
        if (
            method in rule["AllowedMethods"]
            and any(fits(one, origin) for one in rule["AllowedOrigins"])
            and all(any(fits(one, header) for one in allowed) for header in wanted)
        ):
            return rule
    return None


def answer(rule: Rule, origin: str, headers: Sequence[str] = ()) -> list[tuple[str, str]]:
    """What the browser is told about a rule."""
    # a rule for everybody does not let the browser send its cookies along, one for an origin does
    is_everybody = "*" in rule["AllowedOrigins"]
    told = [("Access-Control-Allow-Origin", "*" if is_everybody else origin)]
    told.append(("Access-Control-Allow-Methods", ", ".join(rule["AllowedMethods"])))
    if headers:
        told.append(("Access-Control-Allow-Headers", ", ".join(header.lower() for header in headers)))
    if rule.get("ExposeHeaders"):
        told.append(("Access-Control-Expose-Headers", ", ".join(rule["ExposeHeaders"])))
    if rule.get("MaxAgeSeconds") is not None:
        told.append(("Access-Control-Max-Age", str(rule["MaxAgeSeconds"])))
    if not is_everybody:
        told.append(("Access-Control-Allow-Credentials", "true"))
    return [*told, _VARY]


@s3.dresses
def _dress(tx: Transaction, http: HttpRequest, labels: Mapping[str, str]) -> list[tuple[str, str]]:
    """What an answer to a page's request says; nothing where no rule fits, and the browser keeps it from the page."""
    bucket = tx.get(Bucket, labels.get("Bucket", ""))
    if bucket is None or http.method == "OPTIONS":
        return []
    origin = http.headers["origin"]
    method = http.headers.get("access-control-request-method", http.method)
    rule = rule_for(bucket.configs.get("cors") or (), origin, method)
    return answer(rule, origin) if rule is not None else []

"""Web sites: what a request for a page leads to, decided from the configuration alone, and the pages S3 itself writes.

Source: Amazon S3 User Guide, IndexDocumentSupport.html, CustomErrorDocSupport.html, how-to-page-redirect.html.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from haar.kit import ServiceError
from haar.services.s3.service import invalid_argument, malformed_xml, s3

RULES_MAX: Final = 50
_REDIRECTS: Final = range(300, 400)
_PROTOCOLS: Final = ("http", "https")

Rule = Mapping[str, Any]


def check(configuration: Mapping[str, Any]) -> None:
    """Refuse a configuration that S3 would not keep. Raises InvalidArgument, InvalidRequest, MalformedXML."""
    everything = configuration.get("RedirectAllRequestsTo")
    index = configuration.get("IndexDocument")
    if everything is not None:
        if any(configuration.get(word) for word in ("IndexDocument", "ErrorDocument", "RoutingRules")):
            raise malformed_xml()
        _check_protocol(everything)
        return
    if index is None:
        raise invalid_argument(
            "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
            "IndexDocument",
            "null",
        )
    if not index["Suffix"] or "/" in index["Suffix"]:
        raise invalid_argument("The IndexDocument Suffix is not well formed", "IndexDocument", index["Suffix"])
    error = configuration.get("ErrorDocument")
    if error is not None and not error["Key"]:
        raise invalid_argument("The ErrorDocument Key is not well formed", "ErrorDocument", error["Key"])
    rules = configuration.get("RoutingRules") or ()
    if len(rules) > RULES_MAX:
        text = (
            f"{len(rules)} routing rules provided, the number of routing rules in a website configuration is limited "
        )
        raise s3.error("InvalidRequest", f"{text}to {RULES_MAX}.", status=400)
    for rule in rules:
        _check_rule(rule)


def _check_protocol(redirect: Mapping[str, Any]) -> None:
    protocol = redirect.get("Protocol")
    if protocol is not None and protocol not in _PROTOCOLS:
        text = "Invalid protocol, protocol can be http or https."
        more = "If not defined the protocol will be selected automatically."
        raise s3.error("InvalidRequest", f"{text} {more}", status=400)


def _check_rule(rule: Rule) -> None:
    redirect, condition = rule["Redirect"], rule.get("Condition")
    _check_protocol(redirect)
    if not any(redirect.get(word) is not None for word in redirect):
        raise malformed_xml()
    if redirect.get("ReplaceKeyWith") is not None and redirect.get("ReplaceKeyPrefixWith") is not None:
        text = "You can only define ReplaceKeyPrefix or ReplaceKey but not both."
        raise s3.error("InvalidRequest", text, status=400)
    code = redirect.get("HttpRedirectCode")
    if code is not None and (not code.isdecimal() or int(code) not in _REDIRECTS or len(code) != 3):
        text = f"The provided HTTP redirect code ({code}) is not valid. Valid codes are 3XX except 300."
        raise s3.error("InvalidRequest", text, status=400)
    if condition is None:
        return
    asked = condition.get("HttpErrorCodeReturnedEquals")
    if asked is None and condition.get("KeyPrefixEquals") is None:
        text = "Condition cannot be empty. To redirect all requests without a condition,"
        raise s3.error("InvalidRequest", f"{text} the condition element shouldn't be present.", status=400)
    if asked is not None and (not asked.isdecimal() or not 400 <= int(asked) <= 599):
        text = f"The provided HTTP error code ({asked}) is not valid. Valid codes are 4XX or 5XX."
        raise s3.error("InvalidRequest", text, status=400)


def rule_for(rules: Iterable[Rule], name: str, error: int = 0) -> Rule | None:
    """The first rule about a key, before anything is looked for (`error` 0) or once looking for it has failed."""
    for rule in rules:
        condition = rule.get("Condition") or {}
        asked = condition.get("HttpErrorCodeReturnedEquals")
        if (asked is None) != (error == 0) or (asked is not None and int(asked) != error):
            continue
        if name.startswith(condition.get("KeyPrefixEquals") or ""):
            return rule
    return None


def target(rule: Rule, name: str, host: str) -> tuple[int, str]:
    """The status and Location of a rule's redirect."""
    redirect, condition = rule["Redirect"], rule.get("Condition") or {}
    if redirect.get("ReplaceKeyWith") is not None:
        name = redirect["ReplaceKeyWith"]
    elif redirect.get("ReplaceKeyPrefixWith") is not None:
        name = redirect["ReplaceKeyPrefixWith"] + name[len(condition.get("KeyPrefixEquals") or "") :]
    return int(redirect.get("HttpRedirectCode") or 301), address(redirect, name, host)


def address(redirect: Mapping[str, Any], name: str, host: str) -> str:
    """Where a redirect leads: its host and protocol, or those of the request."""
    return f"{redirect.get('Protocol') or 'http'}://{redirect.get('HostName') or host}/{quote(name, safe='/~')}"


def page(errors: Iterable[tuple[ServiceError, str]], status: int, request_id: str) -> bytes:
    """The page that S3 writes for an error, and for the error that its error document made."""
    found = list(errors)
    title = f"{status} {HTTPStatus(status).phrase}"
    parts = []
    for number, (error, about) in enumerate(found):
        if number:
            parts.append("<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>")
        items = [("Code", error.code), ("Message", error.message), *error.members.items()]
        if about and "Key" not in error.members and error.code == "NoSuchKey":
            items.append(("Key", about))
        if not number:
            items.append(("RequestId", request_id))
        lines = "".join(f"<li>{escape(name)}: {escape(str(value))}</li>\n" for name, value in items)
        parts.append(f"<ul>\n{lines}</ul>")
    inside = "\n".join(parts)
    return (
        f"<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n{inside}\n<hr/>\n</body>\n</html>\n"
    ).encode()

"""A cloud as the command line sees it: an endpoint that answers JSON, or a reason why not."""

from __future__ import annotations

import hmac
import http.client
import json
import os
import time
from hashlib import sha256
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

__all__ = ["DEFAULT", "CannotReach", "NoAnswer", "NothingThere", "Remote", "Said", "chosen_endpoint"]

DEFAULT = "http://127.0.0.1:4566"
_SECONDS = 60.0
#: What changes a cloud may take long: a clock that is moved by years stops at every due moment on the way.
_SECONDS_TO_CHANGE = 900.0


class CannotReach(Exception):
    """Nothing listens at the endpoint, or what listens is not Haar."""


class NothingThere(CannotReach):
    """Nothing listens at the endpoint."""


class NoAnswer(CannotReach):
    """The cloud did not answer in time."""


class Said(Exception):
    """The cloud's own refusal."""

    def __init__(self, status: int, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint


def chosen_endpoint(option: str | None) -> str:
    """The endpoint to talk to: the option, else `HAAR_ENDPOINT`, else `AWS_ENDPOINT_URL`, else the default."""
    return option or os.environ.get("HAAR_ENDPOINT") or os.environ.get("AWS_ENDPOINT_URL") or DEFAULT


class Remote:
    """Asks the control API of one endpoint. Requests are signed when the environment holds an access key."""

    def __init__(self, endpoint: str, seconds: float = _SECONDS) -> None:
        self.endpoint = endpoint.rstrip("/")
        try:
            parts = urlsplit(endpoint if "//" in endpoint else f"http://{endpoint}")
            port = parts.port
        except ValueError:
            raise CannotReach(f"{endpoint} is not an endpoint: write it as {DEFAULT}.") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise CannotReach(f"{endpoint} is not an endpoint: write it as {DEFAULT}.")
        self.host = parts.hostname
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(self.host, port, timeout=seconds)
        self._seconds = seconds
        self._authority = parts.netloc.rpartition("@")[2]

    def get(self, path: str, /, **parameters: Any) -> Any:
        """`GET /_haar/<path>`; raises Said for a refusal, CannotReach when nobody answers."""
        return self._ask("GET", path, urlencode(sorted(parameters.items())), b"")

    def post(self, path: str, /, **members: Any) -> Any:
        """`POST /_haar/<path>` with these members of a JSON object."""
        return self._ask("POST", path, "", json.dumps(members).encode())

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _ask(self, method: str, path: str, query: str, body: bytes) -> Any:
        path = f"/_haar/{path}"
        headers = {"host": self._authority, "content-type": "application/json", "user-agent": "haar"}
        headers |= _signature(method, path, query, body, self._authority)
        self._connection.timeout = self._seconds if method == "GET" else _SECONDS_TO_CHANGE
        if self._connection.sock is not None:
            self._connection.sock.settimeout(self._connection.timeout)
        try:
            self._connection.request(method, f"{path}?{query}" if query else path, body or None, headers)
            answer = self._connection.getresponse()
            raw = answer.read()
        except TimeoutError:
            self._connection.close()
            raise NoAnswer(f"{self.endpoint} does not answer.") from None
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            if isinstance(error, ConnectionRefusedError):
                raise NothingThere(f"Nothing listens at {self.endpoint}; start it with `haar up`.") from None
            raise CannotReach(f"{self.endpoint} cannot be reached: {error}") from None
        try:
            said = json.loads(raw)
        except ValueError:
            said = None
        if answer.getheader("server") != "haar" or not isinstance(said, dict):
            raise CannotReach(f"What listens at {self.endpoint} is not Haar.")
        if answer.status >= 400:
            error_said = said.get("error") or {}
            raise Said(
                answer.status, error_said.get("code", ""), error_said.get("message", ""), error_said.get("hint", "")
            )
        return said


def _signature(method: str, path: str, query: str, body: bytes, authority: str) -> dict[str, str]:
    """SigV4 headers by the access key of the environment; none without one."""
    access_key = os.environ.get("AWS_ACCESS_KEY_ID", "")
    secret = os.environ.get("AWS_SECRET_ACCESS_KEY", "")
    if not access_key or not secret:
        return {}
    from haar.auth.sigv4 import canonical_query, signing_key

    at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    region = os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    scope = f"{at[:8]}/{region}/haar/aws4_request"
    asked = canonical_query(query) if query else ""
    lines = [method, path, asked, f"host:{authority}", f"x-amz-date:{at}", "", "host;x-amz-date"]
    hashed = sha256("\n".join([*lines, sha256(body).hexdigest()]).encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashed}"
    signature = hmac.digest(signing_key(secret, at[:8], region, "haar"), text.encode(), "sha256").hex()
    claim = f"Credential={access_key}/{scope}, SignedHeaders=host;x-amz-date, Signature={signature}"
    return {"x-amz-date": at, "authorization": f"AWS4-HMAC-SHA256 {claim}"}

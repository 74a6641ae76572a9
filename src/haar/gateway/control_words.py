"""What the control API is asked and what it says: one request, and one kind of refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson

from haar.errors import HaarError

if TYPE_CHECKING:
    from haar.cloud import Cloud
    from haar.wire.http import HttpRequest

__all__ = ["Asked", "Problem"]


class Problem(HaarError):
    """A refusal: an HTTP status, a code for programs, a message for people, and what to do next."""

    def __init__(self, status: int, code: str, message: str, hint: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint


class Asked:
    """One request to the control API.

    `rest` is what follows the endpoint's own path (the request id of `explain/<request id>`), `started` the virtual
    instant at which the request arrived.
    """

    __slots__ = ("_members", "_query", "cloud", "http", "rest", "started")

    def __init__(self, cloud: Cloud, http: HttpRequest, rest: str, started: float) -> None:
        self.cloud = cloud
        self.http = http
        self.rest = rest
        self.started = started
        self._members: dict[str, Any] | None = None
        self._query: dict[str, str] | None = None

    @property
    def members(self) -> dict[str, Any]:
        """The members of the JSON object in the body; empty for an empty body. Raises Problem for anything else."""
        if self._members is None:
            try:
                found = orjson.loads(self.http.body) if self.http.body.strip() else {}
            except orjson.JSONDecodeError as error:
                raise Problem(400, "NotJson", f"The body is not JSON: {error}.") from None
            if not isinstance(found, dict):
                raise Problem(400, "NotJson", "The body must be a JSON object.")
            self._members = found
        return self._members

    def only(self, *names: str) -> dict[str, Any]:
        """The members, none of which may have another name than these."""
        strange = sorted(self.members.keys() - set(names))
        if strange:
            known = f"It knows {', '.join(names)}." if names else "It takes none."
            raise Problem(400, "UnknownMember", f"This endpoint has no member {strange[0]!r}.", known)
        return self.members

    def text(self, name: str) -> str:
        """A member that must be text; empty when it is absent."""
        value = self.members.get(name, "")
        if not isinstance(value, str):
            raise Problem(400, "BadMember", f"{name} must be a string.")
        return value

    def flag(self, name: str) -> bool:
        """A member that must be true or false; false when it is absent."""
        value = self.members.get(name, False)
        if not isinstance(value, bool):
            raise Problem(400, "BadMember", f"{name} must be true or false.")
        return value

    @property
    def query(self) -> dict[str, str]:
        """The parameters after the question mark; of repeated ones, the last."""
        if self._query is None:
            self._query = dict(parse_qsl(self.http.query, keep_blank_values=True))
        return self._query

    def number(self, name: str, default: float, most: float) -> float:
        """A parameter after the question mark that must be a number from 0 on; larger ones count as `most`."""
        given = self.query.get(name)
        if given is None:
            return default
        try:
            value = float(given)
        except ValueError:
            value = -1.0
        if not value >= 0:
            raise Problem(400, "BadParameter", f"{name} must be a number from 0 on, not {given!r}.")
        return min(value, most)

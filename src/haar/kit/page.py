"""Pagination: an operation returns everything, in order; the kit cuts.

Which members carry the token, the limit and the result is in botocore's paginators. The token names the
last item handed out, not a count, so a page begins in the right place though items came and went in between.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from haar.errors import ServiceError
from haar.record import Index, Record

if TYPE_CHECKING:
    from haar.store.transaction import Transaction

T = TypeVar("T")
R = TypeVar("R", bound=Record)


class Page(Generic[T]):
    """All items of a list operation, in a stable order. The kit cuts one page out of them.

    * `Page(items)`: any iterable; `mark` gives each item's position (default: the item itself, a string or number).
    * `Page.of(tx, Kind, *prefix, show=describe)`: rows of the store, read from where the last page ended,
      so that a page costs its own rows and not those before it.
    """

    def __init__(
        self,
        items: Iterable[T],
        *,
        mark: Callable[[T], Any] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        self._items = items
        self._mark = mark or _itself
        self.extra = extra or {}

    @staticmethod
    def of(
        tx: Transaction,
        what: type[R] | Index[R],
        *prefix: Any,
        show: Callable[[R], T],
        where: Callable[[R], bool] | None = None,
        reverse: bool = False,
        extra: Mapping[str, Any] | None = None,
        **bounds: Any,
    ) -> Page[T]:
        """The rows of a range, each shown; those for which `where` is false are left out."""
        return _Rows(tx, what, prefix, show, where, reverse, bounds, extra)

    def cut(self, after: Any, limit: int | None) -> tuple[list[T], Any]:
        """Up to `limit` items behind the mark `after`, and the mark to go on from (None at the end)."""
        rest = iter(self._items)
        if after is not None:
            rest = (item for item in rest if self._mark(item) > after)
        if limit is None:
            return list(rest), None
        items = list(islice(rest, limit + 1))
        if len(items) <= limit:
            return items, None
        return items[:limit], self._mark(items[limit - 1])


class _Rows(Page[T]):
    """Rows of the store as a page."""

    def __init__(
        self,
        tx: Transaction,
        what: Any,
        prefix: tuple[Any, ...],
        show: Callable[[Any], T],
        where: Callable[[Any], bool] | None,
        reverse: bool,
        bounds: Mapping[str, Any],
        extra: Mapping[str, Any] | None,
    ) -> None:
        super().__init__((), extra=extra)
        self._query = (tx, what, prefix, show, where, reverse, bounds)

    def cut(self, after: Any, limit: int | None) -> tuple[list[T], Any]:
        tx, what, prefix, show, where, reverse, bounds = self._query
        place = tuple(after) if after is not None else None
        rows = tx.range(what, *prefix, after=place, reverse=reverse, **bounds)
        if where is not None:
            rows = filter(where, rows)
        if limit is None:
            return [show(row) for row in rows], None
        found = list(islice(rows, limit + 1))
        more = len(found) > limit
        del found[limit:]
        mark = None
        if more:
            last = found[-1]
            mark = list(what.entry(last) or ()) if isinstance(what, Index) else list(last.key)
        return [show(row) for row in found], mark


def _itself(item: Any) -> Any:
    return item


class Paging(msgspec.Struct, frozen=True):
    """How one operation pages, from botocore's paginators."""

    operation: str
    token_in: str
    token_out: str
    result: str
    limit: str = ""
    more: str = ""
    #: the page when the request names no limit, and the largest page unless `most` says otherwise
    default: int | None = None
    most: int | None = None
    #: what a bad token is answered with
    bad_token: str = "InvalidNextToken"

    @classmethod
    def of(
        cls, operation: str, model: Mapping[str, Any], *, default: int | None, bad_token: str, most: int | None = None
    ) -> Paging | None:
        """From one entry of `paginators-1.json`; None when the operation pages in a way the kit does not cut."""

        def one(name: str) -> str:
            value = model.get(name, "")
            first = value[0] if isinstance(value, list) else value
            return "" if "." in first or "|" in first else first

        token_in, token_out, result = one("input_token"), one("output_token"), one("result_key")
        if not (token_in and token_out and result):
            return None
        return cls(
            operation, token_in, token_out, result, one("limit_key"), one("more_results"), default, most, bad_token
        )

    def cut(self, page: Page[Any], request: Mapping[str, Any]) -> dict[str, Any]:
        """The reply that carries one page."""
        token = request.get(self.token_in)
        after = self._open(token) if token else None
        limit = request.get(self.limit) if self.limit else None
        most = self.most or self.default
        if limit is None:
            limit = self.default
        elif most is not None and int(limit) > most:
            limit = most
        try:
            items, mark = page.cut(after, int(limit) if limit is not None else None)
        except (TypeError, LookupError) as error:
            if after is None:
                raise
            # a mark of another form than those of this list: nobody was given this token
            raise self._refused() from error
        reply: dict[str, Any] = {self.result: items, **page.extra}
        if self.more:
            reply[self.more] = mark is not None
        if mark is not None:
            reply[self.token_out] = self._seal(mark)
        return reply

    def _seal(self, mark: Any) -> str:
        body = msgspec.msgpack.encode(mark)
        # letters and digits alone: some models allow nothing else in a token
        return base64.b32encode(self._check(body) + body).decode().rstrip("=")

    def _open(self, token: str) -> Any:
        try:
            raw = base64.b32decode(token.encode() + b"=" * (-len(token) % 8))
            if self._check(raw[4:]) == raw[:4]:
                return msgspec.msgpack.decode(raw[4:])
        except (binascii.Error, ValueError, msgspec.DecodeError):
            pass
        raise self._refused()

    def _refused(self) -> ServiceError:
        return ServiceError(self.bad_token, "The pagination token is not valid for this operation.")

    def _check(self, body: bytes) -> bytes:
        return hashlib.blake2b(body, digest_size=4, key=self.operation.encode()).digest()

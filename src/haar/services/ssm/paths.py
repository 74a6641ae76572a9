"""What is below a path: one range of names, from which only a page is read.

Names are stored in their own order, so everything below `/app/` lies together. Of what lies deeper than one level only
the first name of each branch is looked at: the next one begins where the branch ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

from haar.kit import Call, Page
from haar.services.ssm.resources import Parameter

__all__ = ["Below", "below"]

#: Behind every character that a name can have.
_LAST: Final = "\x7f"


def below(call: Call, path: str, *, recursive: bool, after: str = "") -> Iterator[Parameter]:
    """The parameters below a path that ends in a slash, behind a name, in the order of their names.

    Below `/` is everything; names without a slash are on its first level.
    """
    place = (call.account, call.region)
    stop = path + _LAST if path != "/" else None
    start = max(path, after) if path != "/" else after
    while True:
        branch = ""
        for row in call.tx.range(Parameter, *place, start=start or None, stop=stop):
            if row.name <= after:
                continue
            if not recursive:
                child, deeper, _ = row.name[len(path) if row.name.startswith(path) else 0 :].partition("/")
                if deeper:
                    branch = path + child
                    break
            yield row
        if not branch:
            return
        start = f"{branch}0"  # "0" is the character behind "/"


class Below(Page[Any]):
    """A page of what is below a path; only what is on it is shown, and so decrypted."""

    def __init__(
        self,
        call: Call,
        path: str,
        *,
        recursive: bool,
        where: Callable[[Parameter], bool],
        show: Callable[[Parameter], Any],
    ) -> None:
        super().__init__(())
        self._call, self._path, self._recursive, self._where, self._show = call, path, recursive, where, show

    def cut(self, after: Any, limit: int | None) -> tuple[list[Any], Any]:
        rows = filter(self._where, below(self._call, self._path, recursive=self._recursive, after=after or ""))
        found = list(rows if limit is None else islice(rows, limit + 1))
        more = limit is not None and len(found) > limit
        found = found[:limit]
        return [self._show(row) for row in found], found[-1].name if more else None

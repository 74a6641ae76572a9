"""Which operations a test really called, and with what outcome.

The in-process client and the HTTP test client note every answered request; the test session takes the notes
when a test has ended, and the coverage page shows an operation as working only when a passing test called it
and got a success.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Note", "Recorder", "recorder"]


class Note(NamedTuple):
    """One kind of answer: botocore's service name, the operation as AWS spells it, the HTTP status."""

    service: str
    operation: str
    status: int


class Recorder:
    """Collects notes between two `take()`s. The same answer many times is one note, so that it stays small."""

    __slots__ = ("_notes",)

    def __init__(self) -> None:
        self._notes: set[Note] = set()

    def note(self, service: str, operation: str, status: int) -> None:
        """Remember that `operation` of `service` was answered with this HTTP status."""
        self._notes.add(Note(service, operation, status))

    def take(self) -> list[Note]:
        """The notes so far, sorted; the recorder is empty afterwards."""
        notes, self._notes = sorted(self._notes), set()
        return notes


#: The recorder of this process.
recorder = Recorder()

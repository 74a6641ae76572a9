"""How many messages may still be received before a queue has as many in flight as it may have.

To count those in flight takes time in proportion, so they are counted only when those given out since the last count
could have filled the queue up. Nor is what is given out written down at every receive: a row (`Flight`) says how
many are left, and a process takes a *lot* of them at a time, which it then gives out from memory.

A lot counts only while the row names it. So one that was taken in a transaction that failed was never there, a new
count puts an end to all lots, and what is given out by all processes together is never more than was left. A receive
that fails leaves its lot smaller than it need be, and the next count makes up for that.
"""

from __future__ import annotations

from itertools import count

from haar.kit import Call
from haar.services.sqs import shelf
from haar.services.sqs.resources import Flight, Queue
from haar.services.sqs.service import IN_FLIGHT_FIFO, IN_FLIGHT_STANDARD

#: The messages of one lot.
_LOT = 1000
#: Lots in force at a time: as many processes can give out a queue's messages without ending each other's lots.
_LOTS_MAX = 16
#: Lots this process remembers; it can forget them at any time.
_REMEMBERED_MAX = 4096

#: (queue, lot) -> how many messages of it are left
_lots: dict[tuple[str, str], int] = {}
_numbers = count()


def room(call: Call, queue: Queue, wanted: int) -> int:
    """How many of the wanted messages may be received."""
    flight = call.tx.get(Flight, queue.serial)
    if flight is None:
        return _from_row(call, queue, Flight(queue=queue.serial, left=-1), wanted)
    for lot in flight.lots:
        left = _lots.get((queue.serial, lot), 0)
        if left >= wanted:
            _lots[queue.serial, lot] = left - wanted
            return wanted
    return _from_row(call, queue, flight, wanted)


def _from_row(call: Call, queue: Queue, flight: Flight, wanted: int) -> int:
    """The same, when the row has to be asked; takes a new lot."""
    left, lots = flight.left, flight.lots
    if left < wanted:
        quota = IN_FLIGHT_FIFO if queue.fifo else IN_FLIGHT_STANDARD
        left, lots = max(int(quota.value(call)) - shelf.in_flight(call, queue), 0), ()
    allowed = min(wanted, left)
    left -= allowed
    size = min(left, _LOT)
    if size:
        # the name is this process's own, even where the seed of another cloud in it gives the same digits
        lot = f"{call.ports.ids.hex(16)}/{next(_numbers)}"
        if len(_lots) >= _REMEMBERED_MAX:
            _lots.clear()
        _lots[queue.serial, lot] = size
        lots = (lot, *lots[: _LOTS_MAX - 1])
    call.tx.put(Flight(queue=queue.serial, left=left - size, lots=lots))
    return allowed

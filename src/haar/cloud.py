"""A whole cloud, put together. The only module that knows all parts; read it as a table of contents.

>>> with Cloud() as cloud:
...     sqs = cloud.client("sqs")
...     sqs.create_queue(QueueName="q")
...     cloud.advance(days=40)
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from haar.auth.access import Guard
from haar.auth.principal import RootKey
from haar.auth.proofs import Proofs
from haar.auth.rules import Rules
from haar.clock import Clock
from haar.config import Config
from haar.errors import Refused
from haar.events import history
from haar.gateway.path import Gateway
from haar.ids import Ids
from haar.kit.body import sweep, sweep_abandoned
from haar.kit.epoch import bump
from haar.kit.ports import Ports
from haar.kit.sealing import Sealer
from haar.kit.service import Service
from haar.kit.timer import Timer
from haar.kit.wait import Wait
from haar.record import Record, key
from haar.scheduler.hub import Hub
from haar.scheduler.timers import Hands, Scheduler
from haar.store.files import Files, folder_of
from haar.store.store import Store

if TYPE_CHECKING:
    from haar.wire.http import HttpReply, HttpRequest

#: Which room offers which port.
_PORTS = {
    "identities": "iam",
    "organizations": "organizations",
    "access_points": "s3",
    "select": "s3",
    "item_streams": "dynamodb",
}
#: The longest real pause of an in-process wait before it looks at the clock again, in seconds.
_NAP_SECONDS = 0.25
#: Real seconds after which a blob that no row refers to is no upload on its way any more.
_ABANDONED_SECONDS = 86_400.0


class Secrets(Record):
    """What the cloud keeps to itself: the key that its session tokens are sealed with."""

    name: str = key()
    value: bytes


class Cloud:
    """An AWS cloud in this process. Settings are the fields of `Config`: `Cloud(store="data", iam="audit")`."""

    def __init__(self, config: Config | None = None, /, *, clock: Clock | None = None, **settings: Any) -> None:
        self.config = replace(config or Config(), **settings)
        self.clock = clock or Clock()
        self.ids = Ids(self.config.seed)
        self.store = Store.open(self.config.store, durability=self.config.durability)
        self.files = Files(
            folder_of(self.config.store, self.config.files), durability=self.config.durability,
            now=self.clock.real, random_bytes=Ids(self.config.seed).bytes,  # made when first needed, whatever was drawn
        )  # fmt: skip
        self.hub = Hub()
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._rooms: dict[str, Service[Any]] = {}
        self._room_names: list[str] | None = None
        self.ports = Ports(
            clock=self.clock, ids=self.ids, config=self.config, store=self.store,
            guard=None,  # type: ignore[arg-type]  # the guard asks through the ports: set in the next line
            room=self.room, port=self.port, rooms=self.rooms, policies=Rules(),
            proofs=None,  # type: ignore[arg-type]  # likewise
            sealer=Sealer(self.files.root_keys, self.ids.bytes), blobs=self.files.blobs,
        )  # fmt: skip
        self.ports.guard = Guard(self.ports)
        self.ports.proofs = Proofs(self.ports, lambda: self.server is not None)
        self.scheduler = Scheduler(self.ports, self.hub, dict(history.TASKS))
        self.gateway = Gateway(self.ports)
        #: tables whose rows can bring a due moment nearer
        self.due_tables: set[str] = {Timer.__table__, "*"}
        #: the HTTP server, when there is one
        self.server: Any = None
        self.store.on_commit.append(self._committed)
        self._wake_up()

    # -- rooms -------------------------------------------------------------------------------------------------

    def rooms(self) -> list[str]:
        """The names of every room: the folders under `haar/services`, and entry points `haar.services`."""
        if self._room_names is None:
            self._room_names = room_names()
        return self._room_names

    def room(self, name: str) -> Service[Any]:
        """A room by its service's name; imported on its first call. Raises Refused when it is not built."""
        found = self._rooms.get(name)
        if found is None:
            known = len(self.store.expiring())
            found = self._rooms[name] = load_room(name)
            if len(kinds := self.store.expiring()) != known:
                self.due_tables.update(kind.__table__ for kind in kinds)
                self._changed_due()
        return found

    def port(self, name: str) -> Any:
        """The implementation of a port, from the room that offers it."""
        return self.room(_PORTS[name]).provides[name]

    # -- requests ----------------------------------------------------------------------------------------------

    def handle(self, http: HttpRequest) -> HttpReply:
        """Answer a request in this process. A call that waits blocks its thread, or moves the clock (`autojump`)."""
        attempt = self.gateway.attempt(http)
        with self._lock:
            self.scheduler.run_due()
            while True:
                try:
                    reply = attempt.run()
                except Wait as wait:
                    self._wait(wait)
                else:
                    self.scheduler.run_due()
                    return reply

    def _wait(self, wait: Wait) -> None:
        woken: list[bool] = []
        parked = self.hub.park(wait.topic, wait.until, lambda: woken.append(True))
        try:
            while not woken:
                due = self.scheduler.next_due()
                target = wait.until if due is None else min(due, wait.until)
                if self.config.autojump and self.server is None:
                    self.scheduler.advance(target)
                else:
                    pause = self.clock.until_real(target)
                    self._changed.wait(_NAP_SECONDS if pause is None else min(pause, _NAP_SECONDS))
                    self.scheduler.run_due()
        finally:
            self.hub.forget(parked)

    def client(self, service: str, *, access_key: str | None = "test", secret_key: str = "test",
               token: str | None = None, region: str | None = None, **options: Any) -> Any:  # fmt: skip
        """A boto3 client whose requests come straight here, without a port. Needs boto3."""
        from haar.testing.client import client

        return client(
            self, service, access_key=access_key, secret_key=secret_key, token=token,
            region=region or self.config.region, **options,
        )  # fmt: skip

    # -- time --------------------------------------------------------------------------------------------------

    def advance(self, seconds: float = 0.0, *, minutes: float = 0.0, hours: float = 0.0, days: float = 0.0) -> int:
        """Move the virtual clock forward, doing all that falls due on the way, in order. How much was done."""
        with self._lock:
            done = self.scheduler.advance(self.clock.now() + seconds + 60 * minutes + 3600 * hours + 86_400 * days)
            self.sweep()
            return done

    def at(self, when: float, function: Callable[[], None]) -> None:
        """Call a function when virtual time reaches an instant; for tests and simulations."""
        with self._lock:
            self.scheduler.at(when, function)

    # -- the whole ---------------------------------------------------------------------------------------------

    def reset(self, account: str = "") -> None:
        """Forget everything, the virtual time included, or everything of one account. Root keys stay."""
        with self._lock:
            if account:
                self._forget_account(account)
            else:
                with self._keeping_root_keys():
                    self.store.clear()
                    self.files.blobs.clear()
                    self._wake_up()

    def save(self, path: str | Path) -> int:
        """Write the whole state into one file; the number of rows."""
        with self._lock:
            return self.store.dump(path, self.files)

    def load(self, path: str | Path) -> int:
        """Replace the whole state by a saved one, its virtual time included; the number of rows. Root keys stay."""
        with self._lock, self._keeping_root_keys():
            count = self.store.load(path, self.files)
            self.ports.sealer.reload()
            self._wake_up()
            return count

    def sweep(self) -> int:
        """Remove the large bytes that nothing refers to any more; how many blobs they were."""
        with self._lock:
            return sweep(self.ports)()

    def sweep_abandoned(self) -> int:
        """Remove what uploads left behind that a crash cut short; how many blobs they were."""
        with self._lock:
            return sweep_abandoned(self.ports, self.clock.real() - _ABANDONED_SECONDS)

    def close(self) -> None:
        """End the cloud; what is stored stays."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # -- inside ------------------------------------------------------------------------------------------------

    def _wake_up(self) -> None:
        """Take over what the store knows: the key, the hands of the clock, the housekeeping."""
        with self.store.transaction() as tx:
            secrets = tx.get(Secrets, "cloud key") or tx.put(Secrets(name="cloud key", value=self.ids.bytes(32)))
            self.ports.cloud_key = secrets.value
            history.ensure(tx, self.clock.now(), self.ids.uuid())
        self.scheduler.restore()

    @contextmanager
    def _keeping_root_keys(self) -> Iterator[None]:
        """Whoever replaces the state, by nothing or by another, still holds the only keys to this cloud afterwards."""
        with self.store.transaction(write=False) as tx:
            kept = list(tx.range(RootKey))
        yield
        with self.store.transaction() as tx:
            strange = [row for row in tx.range(RootKey) if row not in kept]
            for row in strange:
                tx.delete(row)
            for row in kept:
                tx.put(row)
            if kept or strange:
                bump(tx, "credentials")

    def _committed(self, changed: set[tuple[str, Any]]) -> None:
        self.hub.changed(changed)
        if self.server is None:
            with self._changed:
                self._changed.notify_all()
        if self.ports.config.store.startswith("postgres") and any(table == Hands.__table__ for table, _ in changed):
            self.scheduler.restore()
            self._changed_due()

    def _changed_due(self) -> None:
        if self.server is not None:
            self.server.arm()

    def _forget_account(self, account: str) -> None:
        from haar.record import RECORDS

        rooms = [self.room(name) for name in self.rooms()]
        with self.store.transaction() as tx:
            for room in rooms:
                if room.forgetter is not None:
                    room.forgetter(tx, account)
            for kind in list(RECORDS.values()):
                if kind.__keys__[0] == "account":
                    for row in list(tx.range(kind, account)):
                        tx.delete(row)
            for timer in list(tx.range(Timer)):
                if timer.account == account:
                    tx.delete(timer)


def room_names() -> list[str]:
    """The service names of all rooms."""
    folder = Path(__file__).parent / "services"
    names = [path.name for path in folder.iterdir() if (path / "__init__.py").exists()]
    return sorted({_service_name(name) for name in names} | {point.name for point in _plugins()})


def load_room(name: str) -> Service[Any]:
    """Import a room and find its Service."""
    folder = name.replace("-", "_")
    for module_name in (f"haar.services.{folder}", f"haar.services.{folder}_"):
        try:
            module = import_module(module_name)
        except ModuleNotFoundError as error:
            if error.name != module_name:
                raise
            continue
        return next(value for value in vars(module).values() if isinstance(value, Service) and value.name == name)
    for point in _plugins():
        if point.name == name:
            service: Service[Any] = point.load()
            return service
    raise Refused(name, "")


def _service_name(folder: str) -> str:
    return folder.rstrip("_").replace("_", "-")


def _plugins() -> list[Any]:
    from importlib.metadata import entry_points

    return list(entry_points(group="haar.services"))

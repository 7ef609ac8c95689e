"""A whole node in memory: real commands, dialects, store (memory) and bus, in a world of tests.
What is said to it is in frames, as a client would; plays and unit tests of the node use it."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chatd.auth.accounts import Accounts
from chatd.auth.passwords import Passwords
from chatd.bus.local import LocalBus
from chatd.core import names
from chatd.core.errors import BYE
from chatd.core.log import Account, UserId
from chatd.core.ports import Bus
from chatd.core.rooms import Room
from chatd.core.settings import Settings
from chatd.dialects import all_dialects
from chatd.node import Node, Session
from chatd.node.node import Ports
from chatd.store.memory import MemoryStore
from tests.house.process import Process
from tests.house.recorder import Log, Meter, Outbox
from tests.house.weather import Weather
from tests.house.world import Clock, Ids, Tasks

QUICK = 1
"""Rounds of the password hash: what it costs is not what these tests are about."""


async def _here(call: Callable[[], Any]) -> Any:
    return call()


class Client:
    """One connection to the house."""

    def __init__(self, house: House, dialect: str, address: str) -> None:
        self._house = house
        self.outbox = Outbox()
        self.over = False
        self.session: Session = house.node.open(self.outbox, house.node.dialects[dialect], address)

    def says(self, frame: str | dict[str, Any]) -> None:
        """Send one frame, and let the house do all that follows from it."""
        text = frame if isinstance(frame, str) else json.dumps(frame)
        self.session.hear(text.encode())
        self._house.settle()

    def begins(self, **command: Any) -> None:
        """Send a command whose answer may be late; no turn of the bus goes by."""
        self.session.hear(json.dumps(command).encode())

    def asks(self, **command: Any) -> dict[str, Any]:
        """Send one JSON command; its answer, which is taken out of what was heard."""
        self.says({"id": "asked", **command})
        for frame in self.outbox.frames:
            answer: dict[str, Any] = json.loads(frame)
            if answer.get("id") == "asked":
                self.outbox.frames.remove(frame)
                return answer
        raise LookupError(f"no answer to {command}; heard {list(self.outbox.frames)}")

    def heard(self) -> list[dict[str, Any]]:
        """All JSON frames since the last call."""
        return [json.loads(line) for line in self.lines()]

    def events(self, *types: str) -> list[dict[str, Any]]:
        """Those of these types; the others are passed over."""
        return [event for event in self.heard() if event["type"] in types]

    def lines(self) -> list[str]:
        """All frames since the last call, as text."""
        frames = [frame.decode() for frame in self.outbox.frames]
        self.outbox.frames.clear()
        return frames

    def drops(self) -> None:
        """The line is lost."""
        self._ends("lost", clean=False)

    def closes(self) -> None:
        """The client closes in good order."""
        self._ends("client", clean=True)

    def hangs_up(self) -> None:
        """The connection ends after the house has closed it."""
        closed = self.outbox.closed
        if closed is not None and not self.over:
            self._ends(closed.word, clean=closed is BYE)

    def _ends(self, reason: str, *, clean: bool) -> None:
        self.vanishes(reason, clean=clean)
        self._house.settle()

    def vanishes(self, reason: str = "lost", *, clean: bool = False) -> None:
        """The connection ends, and no turn of the bus goes by."""
        if not self.over:
            self.over = True
            self.session.gone(reason, clean=clean)


class House:
    """A node and its world. ``patient``: connections that it closes stay until they hang up."""

    def __init__(
        self,
        *,
        store: MemoryStore | None = None,
        bus: Callable[[Callable[[Callable[[], None]], object]], Bus] = LocalBus,
        patient: bool = False,
        **settings: Any,
    ) -> None:
        self.clients: list[Client] = []
        self.rooms: set[Room] = set()
        self._patient = patient
        self.clock, self.tasks, self.ids = Clock(), Tasks(), Ids()
        self.meter, self.log = Meter(), Log()
        self.store = store if store is not None else MemoryStore()
        self.weather = Weather(self.store)
        self.passwords = Passwords(_here, QUICK)
        self._turns: deque[Callable[[], None]] = deque()
        self.process = Process(self._turns.append)
        wanted = replace(Settings(server="test"), **settings)
        self.node = Node(
            Ports(
                store=self.weather.store,
                bus=bus(self._turns.append),
                auth=Accounts(self.weather.store, self.passwords, b"s" * 32),
                clock=self.clock,
                ids=self.ids,
                meter=self.meter,
                log=self.log,
                spawn=self.tasks.spawn,
                dialects=all_dialects(wanted),
                process=self.process,
            ),
            wanted,
        )
        self.process.node = self.node
        self.tasks.spawn(self.node.start())
        self.settle()

    def settle(self) -> None:
        """Turn after turn, until nothing is left to do without time going by."""
        while self._turns:
            self._turns.popleft()()
        if self.tasks.faults:
            raise self.tasks.faults.pop()
        self.rooms.update(self.node.attendance._rooms.values())
        for client in () if self._patient else tuple(self.clients):
            client.hangs_up()

    def turn(self) -> None:
        """One turn only: what is asked for meanwhile is for the next."""
        for _ in range(len(self._turns)):
            self._turns.popleft()()

    def pass_(self, seconds: float) -> None:
        """Let time go by."""
        self.clock.pass_(seconds)
        self.settle()

    def do(self, coroutine: Any) -> Any:
        """Run something of the store or the authenticator that does not wait."""
        try:
            coroutine.send(None)
        except StopIteration as end:
            return end.value
        raise RuntimeError("it waits for something")

    def account(self, name: str, password: str, *, operator: bool = False) -> UserId:
        """Make an account."""
        user_id = UserId(f"u-{name}")
        account = Account(
            user_id=user_id,
            name=name,
            password=self.do(self.passwords.encode(password)),
            operator=operator,
        )
        self.do(self.store.add_account(account, names.skeleton(name), self.clock.now()))
        return user_id

    def connects(self, dialect: str = "json", address: str = "192.0.2.1") -> Client:
        """A new connection that was greeted."""
        client = Client(self, dialect, address)
        self.clients.append(client)
        self.settle()
        return client

    def ends(self) -> None:
        """Everybody goes, and time goes by. Raises LookupError when anything is left of them."""
        self.weather.release()
        self.settle()
        for client in self.clients:
            client.drops()
        self.pass_(self.node.settings.linger + 2.0)
        left: list[object] = [*self.node.sessions, *self.node.people._by_id.values()]
        left += [*self.node.people._by_look, *self.node.attendance._by_name.values()]
        left += [r for r in self.rooms if r.attended or r.present or any(r.hearers.values())]
        if left:
            raise LookupError(f"somebody is still there: {left}")

    def token(self, name: str) -> str:
        """With what a guest comes back who was here before, perhaps with another process."""
        return self.node.auth.guest_token(UserId(f"g-{name}"), name)

    def guest(self, name: str, *rooms: str, dialect: str = "json") -> Client:
        """A guest in these rooms, who has read what was said until now."""
        client = self.connects(dialect)
        self._in(client, client.asks(type="login", guest=name), rooms)
        return client

    def user(self, name: str, password: str, *rooms: str) -> Client:
        """Somebody with an account in these rooms, who has read what was said until now."""
        client = self.connects()
        self._in(client, client.asks(type="login", user=name, password=password), rooms)
        return client

    def _in(self, client: Client, answer: dict[str, Any], rooms: tuple[str, ...]) -> None:
        if answer["type"] != "ok":
            raise LookupError(f"log-in refused: {answer}")
        for room in rooms:
            client.asks(type="join", room=room)
        client.lines()

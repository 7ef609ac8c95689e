"""Many who send and read at once, come back when they were cut off, and compare notes in the end.
What is done to the daemon meanwhile is the tests'."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from threading import Event, Thread

from websockets.exceptions import InvalidMessage, InvalidStatus

from tests.process.client import PATIENCE, Client, Closed, Frame
from tests.process.harness import Daemon, eventually

ROOM = "lobby"
WINDOW = 50
"""Sends that are under way without an acknowledgement, per sender."""
GONE = (Closed, OSError, TimeoutError, EOFError)


class Member:
    """One who is there: logs in, comes back with positions, and keeps what was heard.

    ``who`` are the fields of its log-in; a guest's get the token that keeps the name.
    """

    def __init__(self, daemon: Daemon, **who: str) -> None:
        self.heard: list[tuple[int, str]] = []
        self.caught_up: list[bool] = []
        self.closes: Counter[int] = Counter()
        self.delays: list[int] = []
        self.there = Event()
        self.failure: BaseException | None = None
        self._daemon = daemon
        self._who = who
        self._positions: dict[str, Frame] = {}
        self._over = Event()
        self._thread = Thread(target=self._live, daemon=True)

    @property
    def name(self) -> str:
        """As logged in."""
        return self._who.get("guest", "bot")

    def start(self) -> None:
        """Come, and be there before this returns."""
        self._thread.start()
        if not self.there.wait(PATIENCE):
            raise TimeoutError(f"{self.name} did not come in")
        if self.failure is not None:
            raise self.failure

    def finish(self) -> None:
        """Stop when all is done that was begun."""
        self._over.set()

    def join(self, seconds: float) -> None:
        """Wait until it has stopped. Raises what it died of, and TimeoutError."""
        self._thread.join(seconds)
        if self.failure is not None:
            raise self.failure
        if self._thread.is_alive():
            raise TimeoutError(f"{self.name} did not finish; it is at {self._positions}")

    def position(self) -> int:
        """The last seq that it has seen."""
        return int(self._positions[ROOM]["seq"])

    def _live(self) -> None:
        try:
            while not self._done():
                client = eventually(self._connected)
                with suppress(*GONE):
                    self._attend(client)
                self._note(client)
        except BaseException as error:  # noqa: BLE001  # told by start() and join()
            self.failure = error
            self.there.set()

    def _connected(self) -> Client | None:
        """None while the door is closed: nobody listens, or it says 503 as it stops."""
        self._daemon.up.wait(PATIENCE)
        try:
            return Client(self._daemon.url(), positions=self._positions)
        except InvalidStatus as refused:
            if refused.response.status_code != 503:
                raise
        except (InvalidMessage, *GONE):
            pass  # cut off in the middle of the handshake
        return None

    def _attend(self, client: Client) -> None:
        resumes = bool(self._positions)
        answer = client.login(*([] if resumes else [ROOM]), resume=resumes, **self._who)
        if "guest_token" in answer:
            self._who["guest_token"] = answer["guest_token"]
        self.there.set()
        self.talk(client)
        client.must("quit") if self._done() else None

    def talk(self, client: Client) -> None:
        """Read, until it is over."""
        while not self._done():
            self._read(client, 0.2)

    def _read(self, client: Client, seconds: float) -> None:
        with suppress(TimeoutError):
            client.hear_one(seconds)
        self._keep(client)

    def _keep(self, client: Client) -> None:
        while client.events:
            event = client.events.popleft()
            if event["type"] == "message":
                self.heard.append((event["seq"], event.get("key", "")))
            elif event["type"] == "caught_up":
                self.caught_up.append(event["recovered"])
            elif event["type"] == "draining":
                self.delays.append(event["reconnect_after_ms"])

    def _note(self, client: Client) -> None:
        """What came before the end counts, too."""
        self.closes[client.closed(PATIENCE).code] += 1
        self._keep(client)
        self._left(client)
        client.close()

    def _left(self, client: Client) -> None:
        """Something for those who send."""

    def _done(self) -> bool:
        return self._over.is_set()


class Reader(Member):
    """One who only reads; ``until`` says how far, when it is over."""

    until: Callable[[], int] = staticmethod(lambda: 0)

    def _done(self) -> bool:
        return super()._done() and self.position() >= self.until()


class Sender(Member):
    """One who sends, several at a time, each with a key, and again what was not acknowledged."""

    def __init__(self, daemon: Daemon, **who: str) -> None:
        super().__init__(daemon, **who)
        self.acked: dict[str, int] = {}
        self.again = 0
        """Sends that had been stored before, though no acknowledgement had come."""
        self.begun = Event()
        self._unacked: list[str] = []
        self._asked: dict[int, str] = {}
        self._count = 0

    def talk(self, client: Client) -> None:
        """Send what is owed, then more."""
        self._asked = {self._say(client, key): key for key in self._unacked}
        self.begun.wait(PATIENCE)
        while not self._done():
            while len(self._unacked) < WINDOW and not self._over.is_set():
                self._say_more(client)
            self._read(client, 0.2)
            self._count_acks(client)

    def _say_more(self, client: Client) -> None:
        self._count += 1
        key = f"{self.name}-{self._count:06d}"
        self._unacked.append(key)
        self._asked[self._say(client, key)] = key

    def _say(self, client: Client, key: str) -> int:
        return client.say("send", room=ROOM, text=f"word {key}", key=key)

    def _count_acks(self, client: Client) -> None:
        for number, answer in client.answered().items():
            key = self._asked.pop(number, "")
            if answer["type"] == "ok" and key:
                self.acked[key] = answer["seq"]
                self.again += bool(answer.get("again"))
                self._unacked.remove(key)
            elif answer.get("code") not in {"draining", None}:
                raise AssertionError(f"{key} was answered with {answer}")

    def _left(self, client: Client) -> None:
        self._count_acks(client)

    def _done(self) -> bool:
        return super()._done() and not self._unacked


class Crowd:
    """Readers and senders in one room, and what must be true of them at the end."""

    def __init__(self, readers: list[Reader], senders: list[Sender]) -> None:
        self.readers, self.senders = readers, senders

    @property
    def members(self) -> list[Member]:
        """All."""
        return [*self.readers, *self.senders]

    def start(self) -> None:
        """All come in; then the senders begin."""
        for member in self.members:
            member.start()
        for sender in self.senders:
            sender.begun.set()

    def acked(self) -> dict[str, int]:
        """Every acknowledgement until now: key and seq."""
        return {key: seq for sender in self.senders for key, seq in sender.acked.copy().items()}

    def go_on(self, more: int) -> None:
        """Wait for so many acknowledgements more."""
        wanted = len(self.acked()) + more

        def enough() -> bool:
            for member in self.members:
                if member.failure is not None:
                    raise member.failure
            return len(self.acked()) >= wanted

        eventually(enough)

    def finish(self, tail: Callable[[], int]) -> None:
        """The senders get what they have sent acknowledged, the readers read up to the tail."""
        deadline = time.monotonic() + PATIENCE
        for sender in self.senders:
            sender.finish()
        for sender in self.senders:
            sender.join(deadline - time.monotonic())
        last = tail()
        for reader in self.readers:
            reader.until = lambda: last
            reader.finish()
        for reader in self.readers:
            reader.join(deadline - time.monotonic())


def crowd_at(daemon: Daemon) -> Crowd:
    """Four who send, one of them a bot with an account, and three who only read."""
    daemon.verb("user", "add", "bot", "--config", str(daemon.config), stdin="a long password\n")
    token = daemon.verb("token", "add", "bot", "--config", str(daemon.config)).stdout.strip()
    senders = [Sender(daemon, guest=f"sender{number}") for number in range(3)]
    readers = [Reader(daemon, guest=f"reader{number}") for number in range(3)]
    return Crowd(readers, [*senders, Sender(daemon, token=token)])


def history(client: Client, room: str = ROOM) -> list[Frame]:
    """All messages of a room, by the protocol."""
    messages: list[Frame] = []
    while True:
        after = messages[-1]["seq"] if messages else 0
        page = client.must("history", room=room, after=after, limit=200)
        messages += page["messages"]
        if not page["more"]:
            return messages


def check_the_end(daemon: Daemon, crowd: Crowd) -> None:
    """Everybody has seen everything once, in order; nothing is missing, nothing there twice."""
    with closing(Client(daemon.url())) as client:
        client.login(ROOM, guest="historian")
        crowd.finish(lambda: int(client.must("join", room=ROOM)["seq"]))
        told = [(each["seq"], each["key"]) for each in history(client)]
        client.must("quit")
    assert [seq for seq, _ in told] == list(range(1, len(told) + 1))
    assert max(Counter(key for _, key in told).values()) == 1
    assert {key: seq for seq, key in told} == crowd.acked()
    for sender in crowd.senders:
        mine = [key for _, key in told if key in sender.acked]
        assert mine == sorted(mine)
    for member in crowd.members:
        assert member.heard == told[: len(member.heard)]
        assert all(member.caught_up)
    assert all(reader.heard == told for reader in crowd.readers)

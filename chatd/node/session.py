"""One connection's session: its state, its inbox, and the order in which its commands are served.
What a command may do is the gate's; how frames travel is the edge's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Literal

from chatd.commands import COMMANDS
from chatd.core.buckets import Bucket
from chatd.core.commands import Command, Login
from chatd.core.errors import ABUSE, INTERNAL, LOGIN_TIMEOUT, CloseCode, Refused
from chatd.core.events import Error, Ok
from chatd.core.log import RoomId
from chatd.core.ports import Dialect, Outbox
from chatd.core.rooms import Person
from chatd.core.session import State
from chatd.node.inbox import ROWS, Item, No, is_pipelined, too_fast

if TYPE_CHECKING:
    from chatd.node.node import Node

PING = 0.2
"""Tokens of the rate limit that a ping or pong of WebSocket costs, or a frame that says nothing."""
TOKEN_BYTES = 4 * 1024
"""Bytes of a frame that cost one token more: a few that are compressed may become many, and to read
them takes longer than what most commands do."""
STRIKES = 50
"""Refused frames in a row, nothing good between them, after which a session is closed."""

Weight = Literal["light", "noted", "heavy"]
"""How much waits: ``noted``: over the limit, which is not enforced."""
_OPEN, _READY, _CLOSED = State.OPEN, State.READY, State.CLOSED  # to ask an Enum takes long


class Session:
    """Frames come in by ``hear``, in order; answers and events go out through ``outbox``.
    ``since``: when it began, in milliseconds since 1970 UTC."""

    __slots__ = (
        "_bucket", "_cooling", "_deadline", "_full", "_heavy", "_held", "_inbox", "_node",
        "_pumping", "_running", "_shared", "_strikes", "_then", "_undone", "address",
        "catching", "dialect", "number", "outbox", "own", "person", "since", "speaker", "state",
        "token_id",
    )  # fmt: skip
    control = False
    """Whether it came by the control socket."""

    def __init__(self, node: Node, number: int, outbox: Outbox, dialect: Dialect, address: str):
        settings, clock = node.settings, node.clock
        self._node = node
        self._bucket = Bucket(clock.monotonic(), settings.burst)
        # With the bytes of its frame. An empty deque takes ten times as much, and most are empty.
        self._inbox: list[tuple[Item, int]] = []
        self._undone = 0  # the sum of these bytes, and of those in hand
        self._heavy: Weight = "light"
        self._running = 0
        self._shared = False
        self._full = False
        self._cooling = False
        self._held = False
        self._pumping = False
        self._strikes = 0
        self._then: list[Callable[[], None]] = []
        self._deadline = clock.later(settings.login_timeout, self._too_late)
        self.number = number
        self.since = clock.now()
        self.outbox = outbox
        self.dialect = dialect
        self.speaker = dialect.speaker()
        self.address = address
        self.state = State.OPEN
        self.person: Person | None = None
        self.token_id = ""
        self.catching: set[RoomId] = set()
        self.own: set[tuple[RoomId, int]] = set()

    @property
    def resumes(self) -> bool:
        """Whether this client comes back with positions after its line was lost."""
        return self.dialect.resumes

    @property
    def me(self) -> Person:
        """The user, or Refused."""
        if self.person is None:
            raise Refused("not_logged_in", "log in first")
        return self.person

    # --- what comes in ---
    def begin(self) -> None:
        """Carry out what the dialect says for the client at the start; nobody typed it, so it is
        not charged."""
        self._inbox.extend((command, 0) for command in self.speaker.opening())
        self._pump()

    def hear(self, payload: bytes) -> None:
        """One text frame of the client, valid UTF-8."""
        if self.state is not _READY and self.state is not _OPEN:
            return
        items, size = self.speaker.heard(payload), len(payload)
        # One of several may end the session: the others go with its inbox.
        if len(items) == 1 and not self._running and not self._inbox:
            item: Any = self._charged(items[0], size)
            if type(item) in ROWS and type(item) is not Login:
                self._shared = False
                self._carry_out(item, size)  # nearly always: nothing waits, and it need not either
                return
            self._put_in(item, size)
        elif not items:
            self._charge(PING, size)
        else:
            for each in items:
                self._put_in(self._charged(each, size), size)
                size = 0
        self._pump()

    def _put_in(self, item: Item, size: int) -> None:
        self._undone += size
        self._inbox.append((item, size))

    def pinged(self) -> None:
        """A ping or a pong of the client: charged like the command of that name, answered by the
        edge."""
        self._charge(PING)
        self._steer()

    def _charge(self, cost: float, size: int = 0) -> float:
        """Take ``cost`` of the rate limit: 0.0, or the seconds to wait; until then nothing more is
        read from this peer. A frame of ``size`` bytes was read, whether it is taken or refused:
        for that the next one waits."""
        node = self._node
        settings, now = node.settings, node.clock.monotonic()
        wait = self._bucket.take(cost, now, settings.rate, settings.burst)
        if size >= TOKEN_BYTES:
            self._bucket.owe(size // TOKEN_BYTES, settings.burst)
            wait = wait and self._bucket.wait(cost, now, settings.rate, settings.burst)
        if wait and node.limits.stops("rate", session=self.number, address=self.address):
            self._cool(wait)
            return wait
        return 0.0

    def wait(self, word: str) -> float:
        """How long a command of this name would have to wait for the rate limit now."""
        costs = (row.cost for row in COMMANDS.values() if row.word == word)
        settings, now = self._node.settings, self._node.clock.monotonic()
        return self._bucket.wait(next(costs, 1.0), now, settings.rate, settings.burst)

    def _charged(self, item: Any, size: int) -> Item:
        """The item (Command, Error or Frame), or the refusal when it comes too fast. ``size``:
        bytes of its frame. What is no command costs, too: it is answered, but then this peer is
        read no faster than any other."""
        row = ROWS.get(type(item))
        if row is None:
            self._charge(1.0, size)
            if isinstance(item, Error):
                self._strikes += 1
                if self._strikes > STRIKES:
                    self.dismiss(ABUSE, f"{STRIKES} refused frames in a row")
                return No(None, item)
            return item  # type: ignore[no-any-return]  # a Frame
        wait = self._charge(row.cost, size)
        self._strikes = 0
        settings, word = self._node.settings, row.word
        if wait:
            return too_fast(item, f"{settings.rate:g} commands a second", wait)
        if row.paced and word in settings.paces and (wait := self._node.limits.paced(self, word)):
            return too_fast(item, f"{word}: {settings.paces[word]}", wait)
        return item  # type: ignore[no-any-return]  # a Command, for it has a row

    def _steer(self) -> None:
        """Read on or hold: a full inbox and a rate limit both push back on the peer itself."""
        if self.state is _CLOSED:
            return
        settings, waiting = self._node.settings, len(self._inbox)
        if self._undone > settings.inbox_bytes or self._heavy != "light":
            self._weigh(settings.inbox_bytes)
        if waiting > settings.inbox:
            self._full = True
        elif waiting * 2 < settings.inbox:
            self._full = False
        hold = self._full or self._cooling or self._heavy == "heavy"
        if hold is not self._held:
            self._held = hold
            (self.outbox.hold if hold else self.outbox.release)()

    def _weigh(self, most: int) -> None:
        if self._undone > most:
            if self._heavy == "light":
                stops = self._node.limits.stops("inbox_bytes", session=self.number, of=most)
                self._heavy = "heavy" if stops else "noted"
        elif self._undone * 2 < most:
            self._heavy = "light"

    def _cool(self, seconds: float) -> None:
        if not self._cooling:
            self._cooling = True
            self._node.clock.later(seconds, self._cooled)

    def _cooled(self) -> None:
        self._cooling = False
        self._steer()

    # --- one after the other ---
    def _pump(self) -> None:
        """Start what may start: pipelined commands side by side, all others alone."""
        if self._pumping:
            return
        self._pumping = True
        try:
            while self._inbox and self._may_start(self._inbox[0][0]):
                self._begin(*self._inbox.pop(0))
        finally:
            self._pumping = False
        self._steer()

    def _begin(self, item: Any, size: int) -> None:
        """Carry an Item out, or say why not; ``size`` bytes of its frame are done with then. What
        has to wait for nothing is answered at once."""
        self._undone -= size
        if type(item) in ROWS:
            self._carry_out(item, size)
        elif isinstance(item, No):
            self._node.meter.refused(item.error.code)
            self.answer(item.command, item.error)
        else:
            self.outbox.put(item)

    def _carry_out(self, command: Command, size: int) -> None:
        self._running += 1
        later: Any = None
        try:
            if self.state is not _CLOSED:
                answer = self._node.gate.carry_out(self, command)
                if type(answer) is CoroutineType:
                    later = answer
                else:
                    self.answer(command, answer)
        except Exception as error:  # noqa: BLE001  # the gate raises nothing, so a dialect did
            self._broken(error)
        finally:
            if later is None:
                self._served(command, 0)
        if later is not None:
            self._shared = is_pipelined(command)
            self._undone += size
            self._node.spawn(self._answer_in_time(command, later, size))
            if not self._pumping:
                self._steer()

    def _may_start(self, item: Item) -> bool:
        if self._running:
            return self._shared and is_pipelined(item)
        return type(item) is not Login or self._node.returning.admits(self, item)

    async def _answer_in_time(
        self, command: Command, answer: Awaitable[Ok | Error], size: int
    ) -> None:
        try:
            self.answer(command, await answer)
        except Exception as error:  # noqa: BLE001  # as above
            self._broken(error)
        finally:
            self._served(command, size)

    def _broken(self, error: Exception) -> None:
        self._node.log.fault("answer_failed", error, session=self.number)
        self.fail()

    def _served(self, command: Command, size: int) -> None:
        """It is answered: others may have waited for that."""
        self._running -= 1
        self._undone -= size
        if self._then and not self._running:
            after, self._then = self._then, []
            for call in after:
                call()
        if type(command) is Login:
            self._node.returning.answered(self)
        if self._pumping:
            return
        if self._inbox:
            self._pump()
        elif self._undone or self._held or self._cooling or self._heavy != "light":
            self._steer()

    def come(self) -> None:
        """It is this one's turn to come back (see returning)."""
        self._pump()
        if not self._running:
            self._node.returning.leave(self)

    def answer(self, command: Command | None, answer: Ok | Error) -> None:
        """Say the answer in this session's dialect."""
        frame = self.speaker.answer(command, answer)
        if frame is not None:
            self.outbox.put(frame)

    def afterwards(self, call: Callable[[], None]) -> None:
        """Call when all commands in hand have been answered."""
        self._then.append(call)

    # --- states ---
    def become(self, state: State) -> None:
        """Only forward."""
        if self.state.may_become(state):
            self.state = state
            if state is not State.OPEN:
                self._deadline.cancel()

    @property
    def busy(self) -> bool:
        """Whether commands are in hand or waiting."""
        return bool(self._running or self._inbox)

    def _too_late(self) -> None:
        if self.state is not State.OPEN:
            return
        # A log-in came in time: how long we take over it is not its fault.
        if self._running or self._node.returning.waits(self):
            self.afterwards(self._too_late)
            return
        seconds = self._node.settings.login_timeout
        self.dismiss(LOGIN_TIMEOUT, f"no log-in within {seconds:g} s")

    def dismiss(self, code: CloseCode, reason: str) -> None:
        """Close once what is in hand has been answered; take no more."""
        self.become(State.LEAVING)
        self._forget_inbox()
        if self._running:
            self.afterwards(lambda: self.outbox.close(code, reason))
        else:
            self.outbox.close(code, reason)

    def _forget_inbox(self) -> None:
        self._undone -= sum(size for _, size in self._inbox)
        self._inbox.clear()
        self._node.returning.gone(self)

    def fail(self) -> None:
        """End a session of which nothing is known to be right any more."""
        self.dismiss(INTERNAL, "an internal fault")

    def gone(self, reason: str, clean: bool) -> None:
        """The connection is over. ``clean``: the peer closed it on purpose."""
        if self.state is not State.CLOSED:
            self.become(State.CLOSED)
            self._forget_inbox()
            self._node.closed(self, reason, clean=clean)

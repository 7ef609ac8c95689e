"""What a program sees: a chat with one method for each command, and the events as they come.
The same on every framework; on_asyncio.py and on_twisted.py only say which one it is."""

from __future__ import annotations

import random
import secrets
import ssl
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self, TypedDict, Unpack

from chatd.client.address import address
from chatd.client.codec import Answer
from chatd.client.conversation import Conversation
from chatd.client.driver import Driver
from chatd.client.errors import Interrupted, Refused
from chatd.client.identity import Identity
from chatd.client.inbox import Told
from chatd.client.returns import MOST
from chatd.client.stages import Stage
from chatd.client.world import World
from chatd.core import commands as c
from chatd.core import events as e
from chatd.core.commands import Command, Position

PATIENCE = 60.0
ROOM_FOR = 1000


class Options(TypedDict, total=False):
    """What there is to choose, with its meaning and defaults in Chat."""

    guest: str | None
    user: str | None
    password: str | None
    token: str | None
    patience: float
    tls: ssl.SSLContext | None
    room_for: int
    returns_within: float
    resume: Mapping[str, Position]
    guest_token: str | None


class Chat:
    """A user's conversation with the chatd at ``url`` (ws:// or wss://), over as many connections
    as it takes: ``async with`` it, or ``connect`` and ``close`` it.

    Log in as ``guest`` (None: the server chooses a name), with ``user`` and ``password``, or with
    a bot's ``token``. ``patience``: seconds for the first log-in, and for each command (60).
    ``tls``: which certificates wss:// believes (those that the system does). ``room_for``: events
    that may wait to be taken; then the server is made to wait (1000). ``returns_within``: seconds
    between two tries to open a lost line, at most (30). To go on where an earlier
    program stopped, give its ``positions`` as ``resume``, and a guest's ``guest_token``.

    Every method may raise a ChatError: Refused, Interrupted, TimedOut, or what ended all of it
    (Stopped, Unreachable, Ended). Refusals that pass are waited out within ``patience``, and lost
    lines are opened again: whoever waits for an answer waits on. Raises ValueError for a wrong
    address or mixed credentials.
    """

    def __init__(self, world: World, url: str, **options: Unpack[Options]) -> None:
        self.patience = options.get("patience", PATIENCE)
        self._conversation = Conversation(
            Identity(
                guest=options.get("guest"),
                user=options.get("user"),
                password=options.get("password"),
                token=options.get("token"),
            ),
            chance=random.random,
            patience=self.patience,
            resume=options.get("resume", {}),
            guest_token=options.get("guest_token"),
            room_for=options.get("room_for", ROOM_FOR),
            returns_within=options.get("returns_within", MOST),
        )
        self._driver = Driver(world, address(url), self._conversation, options.get("tls"))

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def connect(self) -> None:
        """Log in, for the first and only time; later lines are opened without being asked for."""
        try:
            await self._driver.start()
        except BaseException:
            await self._driver.finish()
            raise

    async def close(self) -> None:
        """Say goodbye, and leave nothing open; harmless when it is over. Waits for nothing that
        was not answered yet."""
        await self._driver.finish()

    # --- what is known ---
    @property
    def user(self) -> str:
        """One's name here."""
        return self._conversation.user

    @property
    def online(self) -> bool:
        """Whether one is logged in at this moment."""
        return self._conversation.stage is Stage.ONLINE

    @property
    def trouble(self) -> Refused | None:
        """The refusal that is being waited out, if there is one: the server's disk is full, say."""
        return self._conversation.requests.refusal

    @property
    def welcome(self) -> e.Welcome | None:
        """How the server greeted last: its name, version, lobby and limits."""
        return self._conversation.welcome

    @property
    def guest_token(self) -> str | None:
        """What brings a guest's name and rooms back."""
        return self._conversation.guest_token

    @property
    def attending(self) -> dict[str, e.RoomState]:
        """By name, the rooms that one is in, each as it was told when one came or came back."""
        return dict(self._conversation.attending)

    @property
    def positions(self) -> dict[str, Position]:
        """By room: how far its events were taken from ``events``."""
        taken, heard = self._conversation.inbox.taken, self._conversation.positions
        return {room: position for room, position in taken.items() if room in heard}

    @property
    def faults(self) -> tuple[int, int]:
        """Entries that the server told twice, and gaps in what it told. They were put right; both
        should be zero for ever."""
        positions = self._conversation.positions
        return positions.again, positions.gaps

    # --- hearing ---
    def events(self) -> Events:
        """What happens, as it happens, each entry of a room's log once and in order."""
        return Events(self._driver)

    # --- speaking ---
    async def ask(self, command: Command, answer: type[Answer]) -> Answer:
        """Give any command of the protocol; ``answer`` says how its answer looks."""
        return await self._driver.ask(command, answer, self.patience)

    async def send(
        self, room: str, text: str, *, key: str | None = None, reply_to: int | None = None
    ) -> e.Stored:
        """Say something in a room: returns once it is durably stored, and that once, however often
        it had to be sent. ``key`` names the message, so that another program can send it again."""
        command = c.Send(room=room, text=text, key=key or fresh_key(), reply_to=reply_to)
        return await self.ask(command, e.Stored)

    async def tell(self, user: str, text: str, *, key: str | None = None) -> e.Stored:
        """As ``send``, to one person."""
        return await self.ask(c.Send(to=user, text=text, key=key or fresh_key()), e.Stored)

    async def edit(self, room: str, seq: int, text: str) -> e.Stored:
        """Change one's message."""
        return await self.ask(c.Edit(room=room, seq=seq, text=text), e.Stored)

    async def delete(self, room: str, seq: int) -> e.Stored:
        """Take a message back."""
        return await self.ask(c.Delete(room=room, seq=seq), e.Stored)

    async def react(self, room: str, seq: int, emoji: str) -> e.Stored:
        """Put an emoji on a message."""
        return await self.ask(c.React(room=room, seq=seq, emoji=emoji), e.Stored)

    async def unreact(self, room: str, seq: int, emoji: str) -> e.Stored:
        """Take it off again."""
        return await self.ask(c.Unreact(room=room, seq=seq, emoji=emoji), e.Stored)

    async def typing(self, room: str, *, on: bool = True) -> None:
        """Let the room see that one is typing; without a line nobody need know."""
        if self.online:
            with suppress(Interrupted):
                await self.ask(c.Typing(room=room, on=on), e.Ok)

    # --- rooms ---
    async def join(self, room: str) -> e.Attending:
        """Enter a room and hear it."""
        return await self.ask(c.Join(room=room), e.Attending)

    async def leave(self, room: str) -> None:
        """Leave a room."""
        await self.ask(c.Leave(room=room), e.Ok)

    async def create(
        self, room: str, *, private: bool = False, topic: str = "", history: bool | None = None
    ) -> e.Attending:
        """Make a room, and be in it."""
        command = c.Create(room=room, private=private, topic=topic, history=history)
        return await self.ask(command, e.Attending)

    async def direct(self, user: str) -> e.Attending:
        """Open the room that two share."""
        return await self.ask(c.Direct(user=user), e.Attending)

    async def topic(self, room: str, topic: str) -> e.Stored:
        """Set a room's topic."""
        return await self.ask(c.Topic(room=room, topic=topic), e.Stored)

    async def invite(self, room: str, user: str) -> None:
        """Make somebody a member."""
        await self.ask(c.Invite(room=room, user=user), e.Ok)

    async def role(self, room: str, user: str, role: str) -> None:
        """Make a member an owner, a moderator or a plain member."""
        await self.ask(c.Role(room=room, user=user, role=role), e.Ok)

    # --- reading ---
    async def history(
        self, room: str, *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> e.HistoryPage:
        """A page of a room: the newest, or those before or after a seq."""
        command = c.History(room=room, before=before, after=after, limit=limit)
        return await self.ask(command, e.HistoryPage)

    async def search(
        self, query: str, *, room: str | None = None, cursor: int | None = None, limit: int = 20
    ) -> e.Found:
        """Messages by their words."""
        command = c.Search(query=query, room=room, cursor=cursor, limit=limit)
        return await self.ask(command, e.Found)

    async def read(self, room: str, seq: int) -> e.Marked:
        """Say how far one has read."""
        return await self.ask(c.Read(room=room, seq=seq), e.Marked)

    async def who(self, room: str) -> e.Roster:
        """Who is in a room."""
        return await self.ask(c.Who(room=room), e.Roster)

    async def rooms(self, after: str = "", *, limit: int = 100) -> e.RoomList:
        """A page of the rooms that one may join."""
        return await self.ask(c.Rooms(after=after, limit=limit), e.RoomList)

    # --- oneself ---
    async def nick(self, nick: str) -> str:
        """A guest's new name; gives it as the server writes it."""
        return (await self.ask(c.Nick(nick=nick), e.Renewed)).user

    async def ping(self) -> None:
        """Return when everything said before has been carried out."""
        await self.ask(c.Ping(), e.Ok)


class Events:
    """An asynchronous iterator for one reader at a time. It ends when the chat is closed, and
    raises what ended it otherwise (Stopped, Refused)."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Told:
        told = await self._driver.event()
        if told is None:
            raise StopAsyncIteration
        return told


def fresh_key() -> str:
    """A name for a message that no other has."""
    return secrets.token_urlsafe(16)

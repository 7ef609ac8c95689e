"""The node as its operators see it: sessions of the control socket, who is connected, and those who
watch what happens. What they command is chatd/commands; who may connect is chatd/edge/control."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chatd.commands.host import Caller
from chatd.core.command import Command
from chatd.core.control import Gathering, Happened, Kind, Present, Watch
from chatd.core.errors import DRAINING
from chatd.core.events import Error
from chatd.core.log import UserId
from chatd.core.ports import Dialect, Frame, Outbox, Process
from chatd.core.rooms import Person, Room
from chatd.core.session import State
from chatd.node.greeting import welcome
from chatd.node.inbox import Item, No
from chatd.node.session import Session

if TYPE_CHECKING:
    from chatd.node.hooks import HookCaller
    from chatd.node.node import Node

UNIX = "unix"


class ControlSession(Session):
    """A connection of the control socket: an operator named after the peer, who is in no room, is
    in nobody's list, and is not limited."""

    __slots__ = ()
    control = True

    def __init__(self, node: Node, number: int, outbox: Outbox, dialect: Dialect, who: Person):
        super().__init__(node, number, outbox, dialect, UNIX)
        self.person = who
        self.become(State.READY)

    def _charged(self, item: Command | Error | Frame, size: int) -> Item:
        return No(None, item) if isinstance(item, Error) else item

    def _charge(self, cost: float, size: int = 0) -> float:
        return 0.0

    def gone(self, reason: str, clean: bool) -> None:
        """The connection is over."""
        if self.state is not State.CLOSED:
            self.become(State.CLOSED)
            self._inbox.clear()
            self._node.control.gone(self)


class Control:
    """One for each node."""

    def __init__(self, node: Node, process: Process) -> None:
        self._node = node
        self.process = process
        self._own: dict[Session, None] = {}
        self.watching: dict[Caller, Watch] = {}
        self._opened = 0

    # --- the control socket ---
    def open(self, outbox: Outbox, peer: str, uid: int) -> Session:
        """A connection of a peer who may."""
        self._opened += 1
        who = Person(UserId(f"uid:{uid}"), peer, guest=False, operator=True)
        dialect = self._node.dialects["json"]
        session = ControlSession(self._node, self._opened, outbox, dialect, who)
        self._own[session] = None
        self._node.log.info("control_opened", control=self._opened, peer=peer, uid=uid)
        self._node.fanout.tell_session(session, welcome(self._node))
        return session

    def gone(self, session: Session) -> None:
        """A session is over, of the control socket or any other."""
        self.watching.pop(session, None)
        self._own.pop(session, None)

    def close(self) -> None:
        """The process stops."""
        for session in tuple(self._own):
            session.dismiss(DRAINING, "the server is stopping")

    # --- who is connected ---
    @property
    def sessions(self) -> int:
        """Connections of people and bots."""
        return len(self._node.sessions)

    @property
    def users(self) -> int:
        """Who is here, those too whose line is lost for the moment."""
        return len(self._node.people)

    @property
    def rooms(self) -> int:
        """Rooms that somebody is in."""
        return len(self._node.attendance.all())

    def everybody(self) -> Gathering:
        """Everybody who is logged in, by name."""
        found: dict[Person, list[Session]] = {}
        for session in self._node.sessions:
            if session.person is not None:
                found.setdefault(session.person, []).append(session)
        lines = [_present(person, mine) for person, mine in found.items()]
        lines.sort(key=lambda line: line.user.casefold())
        strangers = len(self._node.sessions) - sum(map(len, found.values()))
        return Gathering(people=lines, strangers=strangers)

    # --- who watches ---
    @property
    def watchers(self) -> int:
        """How many watch."""
        return len(self.watching)

    def watch(self, session: Caller, wanted: Watch) -> None:
        """Tell this session from now on."""
        self.watching[session] = wanted

    def unwatch(self, session: Caller) -> None:
        """Harmless when it does not watch."""
        self.watching.pop(session, None)

    def saw(
        self,
        kind: Kind,
        *,
        user: str = "",
        room: Room | str | None = None,
        word: str = "",
        target: str = "",
        session: Session | HookCaller | None = None,
    ) -> None:
        """Something happened. What goes on between two people is theirs."""
        if not self.watching or (isinstance(room, Room) and room.kind == "direct"):
            return
        happened = Happened(
            kind=kind,
            ts=self._node.clock.now(),
            user=user,
            room=room.name if isinstance(room, Room) else room or "",
            word=word,
            target=target,
            session=session.number if session else 0,
            address=session.address if session else "",
        )
        for hearer in self._wanting(happened):
            frame = self._node.fanout.frame(hearer.dialect, happened, "")
            if frame is not None:
                hearer.outbox.put(frame, ephemeral=True)

    def _wanting(self, happened: Happened) -> Iterator[Caller]:
        for session, wanted in tuple(self.watching.items()):
            if session.person is None or not session.person.operator:
                self.unwatch(session)  # logged in as somebody else, or an operator no more
            elif _wants(wanted, happened):
                yield session


def _present(person: Person, mine: list[Session]) -> Present:
    return Present(
        user=person.name,
        guest=person.guest,
        operator=person.operator,
        sessions=len(mine),
        rooms=len(person.rooms),
        addresses=sorted({each.address for each in mine}),
        dialects=sorted({each.dialect.name for each in mine}),
        since=min(each.since for each in mine),
    )


def _wants(wanted: Watch, happened: Happened) -> bool:
    return (
        (not wanted.kinds or happened.kind in wanted.kinds)
        and (wanted.room is None or _same(wanted.room.removeprefix("#"), happened.room))
        and (wanted.user is None or any(_same(wanted.user, each) for each in _named(happened)))
    )


def _named(happened: Happened) -> tuple[str, str]:
    return happened.user, happened.target


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()

"""A conversation with one chatd over many connections, sans I/O: frames in, events and effects out.
Bytes, sockets and futures are elsewhere: line.py carries frames, driver.py does what is asked."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from chatd.client import codec, stages
from chatd.client.codec import Answer, BadFrame, Other, Reply
from chatd.client.errors import ChatError, Ended, Refused, Stopped, Unreachable, may_return
from chatd.client.identity import Identity
from chatd.client.inbox import Inbox, Offline, Online, Told
from chatd.client.positions import Fit, Positions
from chatd.client.requests import Request, Requests
from chatd.client.returns import MOST, Returns
from chatd.client.stages import Connect, Effect, HangUp, Stage, Write
from chatd.core import commands as c
from chatd.core import events as e
from chatd.core.commands import Command, Position
from chatd.core.errors import DRAINING


class Conversation:
    """What happens is told by a method, with the time ``now`` (seconds that only rise); afterwards
    ``effects`` says what to do, ``requests.settled`` what was answered, and ``wake`` when to
    ``tick``.

    ``chance`` gives a number from 0 up to 1. The first log-in must succeed within ``patience``
    seconds; a lost line is tried again ``returns_within`` so many, each time. ``resume`` and
    ``guest_token`` are from an earlier conversation.
    """

    def __init__(
        self,
        identity: Identity,
        *,
        chance: Callable[[], float],
        patience: float = 60.0,
        resume: Mapping[str, Position] = {},
        guest_token: str | None = None,
        room_for: int = 1000,
        returns_within: float = MOST,
    ) -> None:
        self.stage = Stage.AWAY
        self.error: ChatError | None = None
        """Why it is over, when nobody wished it."""
        self.user = ""
        self.guest_token = guest_token
        self.welcome: e.Welcome | None = None
        self.positions = Positions(resume)
        self.requests = Requests()
        self.inbox = Inbox(room_for, resume)
        self.effects: deque[Effect] = deque()
        self._identity = identity
        self._patience = patience
        self._returns = Returns(chance, most=returns_within)
        self._give_up = self._due = math.inf
        self._online_since: float | None = None
        self._return_after: float | None = None
        self._why = "there was no answer"
        self._been_online = False
        self.attending: dict[str, e.RoomState] = {}
        """By name, the rooms that one is in, each as it was told when one came."""

    # --- what the application wants ---
    def start(self, now: float) -> None:
        """Begin."""
        self._give_up = now + self._patience
        self._open(now)

    def ask(
        self, command: Command, kind: type[Answer], now: float, patience: float
    ) -> Request[Answer]:
        """Give a command. It is answered within ``patience`` seconds, on whatever connection."""
        request = self.requests.add(command, kind, now + patience)
        if self.stage in {Stage.LEAVING, Stage.OVER}:
            self.requests.fail(self.error or Ended("this client was closed"))
        self._write(now)
        return request

    def take(self, now: float) -> Told | None:
        """The next event, or None."""
        told = self.inbox.take()
        if self.inbox.missing and self.inbox.half_empty and self.stage is Stage.ONLINE:
            self._hang_up(stages.RESUMING, "what had no room is wanted now", now, 0.0)
        return told

    def finish(self, now: float) -> None:
        """Say goodbye; a guest is gone at once."""
        if self.stage is Stage.ONLINE:
            self.effects.append(Write(codec.frame(c.Quit(), stages.QUIT)))
            self.stage, self._due = Stage.LEAVING, now + stages.GOODBYE
            self.requests.fail(Ended("this client was closed"))
        elif self.stage is not Stage.LEAVING:
            self._end(None)

    # --- what the line says ---
    def heard(self, payload: bytes, now: float) -> None:
        """A frame came."""
        if self.stage not in {Stage.OPENING, Stage.ONLINE}:
            return
        try:
            found = codec.heard(payload)
        except BadFrame as error:
            self._hang_up(stages.BROKEN, str(error), now)
            return
        if isinstance(found, Reply):
            self._replied(found, now)
        elif isinstance(found, e.Welcome):
            self.welcome = found
            self._log_in()
        else:
            self._told(found, now)
        self._write(now)

    def lost(self, code: int, reason: str, now: float) -> None:
        """The connection is over, by a close frame with this code, or without one: 1006."""
        if self.stage is Stage.LEAVING:
            self._end(None)
        elif self.stage is not Stage.OVER and not may_return(code):
            self._end(Stopped(code, reason))
        elif self.stage in {Stage.OPENING, Stage.ONLINE}:
            self._come_back(code, reason, now)

    def unreachable(self, why: str, now: float, *, final: bool, after: float | None = None) -> None:
        """No connection came about. ``final``: trying again would not help, unless it has helped
        before; ``after``: seconds that the server asks to wait."""
        if final and not self._been_online:
            self._end(Unreachable(why))
        elif self.stage is Stage.OPENING:
            self._come_back(stages.LOST, why, now, after)

    # --- time ---
    def tick(self, now: float) -> None:
        """Do what is due."""
        self.requests.expire(now)
        if now >= self._give_up:
            self._end(Unreachable(f"no log-in within {self._patience:g} s: {self._why}"))
        elif now >= self._due:
            self._overdue(now)
        self._write(now)

    def _overdue(self, now: float) -> None:
        if self.stage is Stage.AWAY:
            self._open(now)
        elif self.stage is Stage.LEAVING:
            self._end(None)
        else:
            self._hang_up(stages.RESUMING, f"no log-in within {stages.OPENING:g} s", now)

    @property
    def wake(self) -> float:
        """When to tick; infinite when nothing is due."""
        requests = self.requests.due(online=self.stage is Stage.ONLINE)
        return min(self._due, self._give_up, requests)

    @property
    def reading(self) -> bool:
        """Whether the line should be read. When there is no room for more events it is not, and
        the peer feels it; but answers are read always."""
        return not self.inbox.full or self.requests.on_the_line or self.stage is not Stage.ONLINE

    # --- the line ---
    def _open(self, now: float) -> None:
        self.stage, self._due = Stage.OPENING, now + stages.OPENING
        self.effects.append(Connect())

    def _write(self, now: float) -> None:
        if self.stage is Stage.ONLINE and self.welcome is not None:
            most = self.welcome.limits.frame_bytes
            self.effects.extend(Write(each) for each in self.requests.writable(now, most))

    def _hang_up(self, code: int, reason: str, now: float, after: float | None = None) -> None:
        self.effects.append(HangUp(code, reason))
        self._come_back(stages.LOST, reason, now, after)

    def _come_back(self, code: int, reason: str, now: float, after: float | None = None) -> None:
        """Off the line; on it again after so many seconds, when the server said, or by chance."""
        since, self._online_since = self._online_since, None
        if since is not None and now - since >= stages.STEADY:
            self._returns.fine()
        if self._return_after is not None:  # who says when to come back is well
            self._returns.fine()
            after = self._return_after if after is None else after
        if after is None:
            after = self._returns.after()
        self._return_after, self._why = None, reason or f"the line was lost ({code})"
        self.inbox.missing = False
        self.requests.line_lost(answered=code == DRAINING.code)
        self.stage, self._due = Stage.AWAY, now + after
        if since is not None:
            self.inbox.put(Offline(code, reason, after))

    def _end(self, error: ChatError | None) -> None:
        self.stage, self.error = Stage.OVER, error
        self._due = self._give_up = math.inf
        self.effects.append(HangUp(stages.BYE, "bye"))
        self.requests.fail(error or Ended("this client was closed"))

    # --- logging in ---
    def _log_in(self) -> None:
        login = self._identity.login(self.guest_token, self.positions.all())
        self.effects.append(Write(codec.frame(login, stages.LOGIN)))

    def _replied(self, reply: Reply, now: float) -> None:
        if reply.id != stages.LOGIN:
            request = self.requests.answered(reply, now)
            if request is not None and request.answer is not None:
                self._learn(request.command, request.answer)
        elif reply.error is not None:
            self._not_logged_in(reply.error, now)
        elif self.stage is Stage.OPENING:
            self._logged_in(reply, now)

    def _logged_in(self, reply: Reply, now: float) -> None:
        try:
            answer = codec.answer(reply, e.LoggedIn)
        except BadFrame as error:
            self._hang_up(stages.BROKEN, str(error), now)
            return
        self.user, self.guest_token = answer.user, answer.guest_token
        self.attending = {}
        for room in answer.rooms:
            self._begin(room)
        self.stage, self._online_since = Stage.ONLINE, now
        self._due = self._give_up = math.inf
        self.inbox.put(Online(self.user, self._been_online))
        self._been_online = True

    def _not_logged_in(self, error: e.Error, now: float) -> None:
        refused = Refused(error.code, error.message, error.retry_after_ms)
        if refused.code == "login_failed" and self.guest_token is not None:
            self.guest_token = None  # the server has a new secret: come as a stranger
            self.requests.stranger()
            self._log_in()
        elif refused.retry:
            wait = refused.retry_after_ms
            self._hang_up(stages.RESUMING, str(refused), now, None if wait is None else wait / 1000)
        else:
            self._end(refused)

    # --- events and answers ---
    def _learn(self, command: Command, answer: Any) -> None:
        """What an answer says of where one is and who one is."""
        if isinstance(answer, e.Attending):
            self._begin(answer)
        elif isinstance(answer, e.Renewed):
            self.user, self.guest_token = answer.user, answer.guest_token
        elif isinstance(command, c.Leave):
            for name in self.positions.drop_typed(command.room):
                self.attending.pop(name, None)

    def _begin(self, room: e.Attending | e.RoomState) -> None:
        self.attending[room.room] = _state(room)
        if room.room not in self.positions:
            begun = self.positions.begin(room.room, room.epoch, room.seq)
            self.inbox.taken[room.room] = begun

    def _told(self, event: e.Event | Other, now: float) -> None:
        if (place := codec.place(event)) is not None:
            self._entry(event, *place, now)
            return
        match event:
            case e.CaughtUp():
                self._caught_up(event, now)
                return
            case e.Draining():
                self._return_after = event.reconnect_after_ms / 1000
            case e.Left() if event.user == self.user:
                self.positions.drop(event.room)
                self.attending.pop(event.room, None)
            case e.Renamed() if event.user == self.user:
                self.user = event.nick
            case e.Invited() | e.Entered():
                self.attending[event.room] = _state(event)
                position = self.positions.begin(event.room, event.epoch, event.seq)
                self.inbox.put(event, event.room, position)
                return
        self.inbox.put(event)

    def _entry(self, event: e.Event | Other, room: str, seq: int, now: float) -> None:
        if self.inbox.missing or self.inbox.full:
            self.inbox.missing = True
            return
        fit = self.positions.follow(room, seq, self.welcome.epoch if self.welcome else "")
        if fit is Fit.NEXT:
            self.inbox.put(event, room, self.positions.of(room))
        elif fit is Fit.GAP:
            self._hang_up(stages.RESUMING, f"entries before {seq} of {room} never came", now)

    def _caught_up(self, event: e.CaughtUp, now: float) -> None:
        if event.recovered:
            position = self.positions.of(event.room)
            self.inbox.put(event)
            if position is not None and position.seq < event.seq and not self.inbox.missing:
                self._hang_up(stages.RESUMING, f"the replay of {event.room} was not complete", now)
        elif event.room in self.attending:
            position = self.positions.begin(event.room, event.epoch, event.seq)
            self.inbox.put(event, event.room, position)
        else:
            self.positions.drop(event.room)
            self.inbox.put(event)
            self.inbox.put(e.Left(room=event.room, user=self.user, reason="gone"))


def _state(room: e.Attending | e.RoomState | e.Entered | e.Invited) -> e.RoomState:
    """A room that one is in now; of an invitation only the least is told."""
    state = e.RoomState(room=room.room, epoch=room.epoch, seq=room.seq)
    if isinstance(room, e.Invited):
        state.kind = "direct" if room.direct else "public"
        state.title = f"{room.by}" if room.direct else None
        return state
    state.topic, state.kind, state.role = room.topic, room.kind, room.role
    state.read, state.title = room.read, room.title
    state.slow, state.read_only = room.slow, room.read_only
    return state

"""Clients that share no code with chatd: JSON, with positions to resume from, and lines of text.
Broken ones are wire.py; the many that send and read at once are crowd.py."""

from __future__ import annotations

import json
import socket
import time
from collections import deque
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

PATIENCE = 60.0
"""Seconds to wait for an answer on a busy machine."""
FAREWELL = 20.0
"""Seconds to wait for the other end of a close."""

Frame = dict[str, Any]


class Closed(Exception):
    """The connection is over. ``code`` is 1006 when nobody said why (RFC 6455 section 7.1.5)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class Doubled(Exception):
    """An event came twice, or one before it never came: what chatd promises not to do."""


class Connection:
    """A WebSocket; frames as text. ``ahead``: frames that are read before they are asked for, at
    most. Without a limit a send never waits for somebody to receive, not even at the end."""

    def __init__(
        self,
        url: str,
        subprotocol: str | None = None,
        sock: socket.socket | None = None,
        ahead: int | None = None,
        compression: str | None = None,
    ) -> None:
        offered = [Subprotocol(subprotocol)] if subprotocol else None
        try:
            self.socket: ClientConnection = connect(
                url,
                sock=sock,
                subprotocols=offered,
                compression=compression,
                proxy=None,
                ping_interval=None,
                open_timeout=PATIENCE,
                close_timeout=FAREWELL,
                max_size=None,
                max_queue=ahead,
                legacy=True,
            )
        except ConnectionClosed as end:
            raise _closed(end) from None

    def send(self, frame: str) -> None:
        """Send one frame. Raises Closed."""
        try:
            self.socket.send(frame)
        except ConnectionClosed as end:
            raise _closed(end) from None

    def receive(self, deadline: float) -> str:
        """The next frame. Raises Closed, and TimeoutError."""
        try:
            return str(self.socket.recv(max(0.0, deadline - time.monotonic())))
        except ConnectionClosed as end:
            raise _closed(end) from None

    @property
    def compressed(self) -> bool:
        """Whether the server agreed to that."""
        return bool(self.socket.protocol.extensions)

    def close(self) -> None:
        """Say goodbye; harmless when the connection is over."""
        self.socket.close()

    def drop(self) -> None:
        """Lose the line: not even a close frame."""
        self.socket.close_socket()


def _closed(end: ConnectionClosed) -> Closed:
    return Closed(end.rcvd.code, end.rcvd.reason) if end.rcvd else Closed(1006, "")


class Client:
    """One JSON session. Checks of every event that has a seq that it is the room's next."""

    def __init__(
        self,
        url: str,
        *,
        subprotocol: str | None = "chatd.v1",
        sock: socket.socket | None = None,
        positions: dict[str, Frame] | None = None,
        ahead: int | None = None,
        compression: str | None = None,
    ) -> None:
        self._connection = Connection(url, subprotocol, sock, ahead, compression)
        self._number = 0
        self._answers: dict[int, Frame] = {}
        self._mine: dict[int, Frame] = {}
        self.compressed = self._connection.compressed
        self.events: deque[Frame] = deque()
        """What was heard and not taken yet."""
        self.positions = positions if positions is not None else {}
        """By room, as `resume` wants them."""
        self.epoch = ""
        self.welcome = self.event("welcome")

    # --- commands ---
    def say(self, type: str, **fields: Any) -> int:  # noqa: A002  # the protocol's word
        """Send a command, and give its id."""
        self._number += 1
        self._mine[self._number] = {"type": type, **fields}
        self._connection.send(json.dumps({"type": type, "id": self._number, **fields}))
        return self._number

    def send_raw(self, frame: str) -> None:
        """Send a frame as it is."""
        self._connection.send(frame)

    def answer(self, number: int, seconds: float = PATIENCE) -> Frame:
        """The answer to the command with this id."""
        deadline = time.monotonic() + seconds
        while number not in self._answers:
            self._hear(deadline)
        return self._answers.pop(number)

    def answered(self) -> dict[int, Frame]:
        """All answers that nobody has taken yet, by their ids."""
        answers, self._answers = self._answers, {}
        return answers

    def ask(self, type: str, **fields: Any) -> Frame:  # noqa: A002  # its name in the protocol
        """Send a command and wait for its answer, which may be an error."""
        return self.answer(self.say(type, **fields))

    def must(self, type: str, **fields: Any) -> Frame:  # noqa: A002  # its name in the protocol
        """As ``ask``, for what has to succeed."""
        answer = self.ask(type, **fields)
        if answer["type"] != "ok":
            raise LookupError(f"{type} {fields} was answered with {answer}")
        return answer

    def login(self, *rooms: str, resume: bool = False, **who: str) -> Frame:
        """Log in, and join these rooms; with ``resume``, come back to all positions."""
        if resume and self.positions:
            answer = self.must("login", resume=self.positions, **who)
        else:
            answer = self.must("login", **who)
        for room in rooms:
            self.must("join", room=room)
        return answer

    # --- events ---
    def event(self, *types: str, seconds: float = PATIENCE) -> Frame:
        """The next event of these types; others stay in ``events``."""
        deadline = time.monotonic() + seconds
        while True:
            for event in self.events:
                if event["type"] in types:
                    self.events.remove(event)
                    return event
            self._hear(deadline)

    def heard(self, *types: str) -> list[Frame]:
        """All events until now, of these types if there are any given; then none are left.
        What was sent to this session before the question has come by then."""
        self.must("ping")
        taken, self.events = list(self.events), deque()
        return [event for event in taken if not types or event["type"] in types]

    def hear_one(self, seconds: float) -> None:
        """Read one frame. Raises TimeoutError."""
        self._hear(time.monotonic() + seconds)

    def closed(self, seconds: float = PATIENCE) -> Closed:
        """Read on to the end of the connection: how it was closed."""
        deadline = time.monotonic() + seconds
        try:
            while True:
                self._hear(deadline)
        except Closed as end:
            return end

    def close(self) -> None:
        """Say goodbye."""
        self._connection.close()

    def drop(self) -> None:
        """Lose the line."""
        self._connection.drop()

    def _hear(self, deadline: float) -> None:
        frame: Frame = json.loads(self._connection.receive(deadline))
        if frame["type"] in {"ok", "error"}:
            self._answers[frame.get("id", 0)] = frame
            self._learn(self._mine.pop(frame.get("id", 0), {}), frame)
            return
        self._follow(frame)
        self.events.append(frame)

    # --- positions ---
    def _follow(self, event: Frame) -> None:
        """Positions move by events alone; an acknowledgement says nothing of what was heard."""
        if event["type"] == "welcome":
            self.epoch = event["epoch"]
        elif event["type"] == "invited" or (
            event["type"] == "caught_up" and not event["recovered"]
        ):
            self.positions[event["room"]] = {"epoch": event["epoch"], "seq": event["seq"]}
        elif "seq" in event and event["type"] != "read":
            self._advance(event)

    def _advance(self, event: Frame) -> None:
        before = {"epoch": self.epoch, "seq": event["seq"] - 1}  # of a room that a send has opened
        position = self.positions.setdefault(event["room"], before)
        expected = position["seq"] + (0 if event["type"] == "caught_up" else 1)
        if event["seq"] != expected:
            raise Doubled(f"seq {expected} of {event['room']} was next, and there came {event}")
        position["seq"] = event["seq"]

    def _learn(self, command: Frame, answer: Frame) -> None:
        """Answers that say from where a room is heard."""
        if answer["type"] != "ok":
            return
        if command.get("type") in {"join", "create", "direct"}:
            self._begin(answer)
        for room in answer.get("rooms", []) if command.get("type") == "login" else []:
            if room["room"] not in command.get("resume", {}):
                self._begin(room)

    def _begin(self, room: Frame) -> None:
        self.positions[room["room"]] = {"epoch": room["epoch"], "seq": room["seq"]}


def token_of(url: str, guest: str) -> str:
    """The token of a guest of this name who was here just now."""
    client = Client(url)
    try:
        return str(client.login(guest=guest)["guest_token"])
    finally:
        client.close()


class TextClient:
    """A person at a terminal: lines out, lines in."""

    def __init__(self, url: str, *, subprotocol: str | None = None) -> None:
        self._connection = Connection(url, subprotocol)
        self.lines: deque[str] = deque()
        """What came and was not waited for yet."""

    def say(self, line: str) -> None:
        """Type a line."""
        self._connection.send(line)

    def line(self, *parts: str, seconds: float = PATIENCE) -> str:
        """The next line that has all of these in it; those before it are forgotten."""
        deadline = time.monotonic() + seconds
        while True:
            while self.lines:
                line = self.lines.popleft()
                if all(part in line for part in parts):
                    return line
            self.lines.extend(self._connection.receive(deadline).split("\n"))

    def closed(self, seconds: float = PATIENCE) -> Closed:
        """Read on to the end of the connection: how it was closed."""
        deadline = time.monotonic() + seconds
        try:
            while True:
                self.lines.extend(self._connection.receive(deadline).split("\n"))
        except Closed as end:
            return end

    def close(self) -> None:
        """Say goodbye."""
        self._connection.close()

"""A server that speaks chatd.v1 and does not keep what chatd promises: for those who must notice.
It knows log-ins, one room and messages; which sins it commits is asked of it by number."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve
from websockets.typing import Subprotocol

Frame = dict[str, Any]
WELCOME: Frame = {
    "type": "welcome", "server": "liar", "version": "0", "protocol": "chatd.v1", "epoch": "e1",
    "motd": "", "guests": True, "lobby": "lobby", "login_timeout_ms": 10000,
    "limits": {"message_bytes": 1000, "frame_bytes": 2000, "rate": 20.0, "burst": 100},
}  # fmt: skip


class Liar:
    """``sin`` is told the number of each message and what it would tell the room of it; it gives
    what the room is told instead."""

    def __init__(self, sin: Callable[[int, Frame], list[Frame]]) -> None:
        self._sin = sin
        self._lock = threading.Lock()
        self._here: set[ServerConnection] = set()
        self._names = 0
        self._count = 0
        self._told: list[Frame] = []
        self._server: Server = serve(
            self._serve, "127.0.0.1", 0, subprotocols=[Subprotocol("chatd.v1")], compression=None
        )
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}/"

    def close(self) -> None:
        """No more."""
        self._server.shutdown()

    def _serve(self, line: ServerConnection) -> None:
        try:
            self._say(line, WELCOME)
            for frame in line:
                with self._lock:
                    self._hear(line, json.loads(frame))
        except ConnectionClosed:
            pass
        finally:
            with self._lock:
                self._here.discard(line)

    def _hear(self, line: ServerConnection, frame: Frame) -> None:
        answer: Frame = {"type": "ok", "id": frame["id"]}
        if frame["type"] == "login":
            self._names += 1
            name = frame.get("guest", f"guest-{self._names}")
            rooms = [{"room": room, "epoch": "e1", "seq": 0} for room in frame.get("resume", {})]
            self._say(line, answer | {"user": name, "guest": True, "rooms": rooms})
            line.name = name  # type: ignore[attr-defined]  # the test's own name for its line
            self._resume(line, frame.get("resume", {}))
        elif frame["type"] == "join":
            self._here.add(line)
            self._say(line, answer | {"room": frame["room"], "epoch": "e1", "seq": len(self._told)})
        elif frame["type"] == "send":
            self._store(line, frame, answer)
        elif frame["type"] == "quit":
            self._say(line, answer)
            line.close(1000, "bye")

    def _resume(self, line: ServerConnection, positions: Frame) -> None:
        for room, position in positions.items():
            missed = self._told[position["seq"] :]
            for event in missed:
                self._say(line, event)
            end = {"seq": len(self._told), "replayed": len(missed), "epoch": "e1"}
            self._say(line, {"type": "caught_up", "room": room, "recovered": True, **end})
            self._here.add(line)

    def _store(self, line: ServerConnection, frame: Frame, answer: Frame) -> None:
        self._count += 1
        event: Frame = {
            "type": "message", "room": frame["room"], "seq": len(self._told) + 1, "ts": 1,
            "user": line.name, "text": frame["text"], "key": frame["key"],  # type: ignore[attr-defined]  # the test's own name for its line
        }  # fmt: skip
        self._say(line, answer | {"room": frame["room"], "seq": event["seq"], "ts": 1})
        for told in self._sin(self._count, event):
            if told["seq"] == len(self._told) + 1:
                self._told.append(told)
            for each in tuple(self._here):
                self._say(each, told)

    def _say(self, line: ServerConnection, frame: Frame) -> None:
        line.send(json.dumps(frame))

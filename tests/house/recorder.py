"""What a test sees of a session: an outbox that keeps its frames, a meter and a log that remember.
The real ones are in chatd/edge and chatd/ops."""

from __future__ import annotations

from collections import Counter, deque

from chatd.core.errors import TOO_SLOW, CloseCode
from chatd.core.ports import Bundle, Frame
from tests.house.world import Pending


class Outbox:
    """ports.Outbox. While ``slow``, nothing drains, ephemeral frames are dropped, and over a limit
    of bytes it throws all away and closes itself."""

    def __init__(self) -> None:
        self.frames: deque[bytes] = deque()
        self.closed: CloseCode | None = None
        self.reason = ""
        self.held = False
        self.dropped = 0
        self._slow = False
        self._room: int | None = None
        self._drain = Pending()
        self._drain.fire()

    def put(self, frame: Frame, *, ephemeral: bool = False) -> None:
        """Keep it for the test to read."""
        if self.closed is not None or (ephemeral and self._slow):
            self.dropped += 1
            return
        frames = frame.frames if isinstance(frame, Bundle) else [frame]
        self.frames.extend(each.payload for each in frames)
        if self._room is not None and sum(map(len, self.frames)) > self._room:
            self.dropped += len(self.frames)
            self.frames.clear()
            self.close(TOO_SLOW, "too slow")

    async def drained(self) -> None:
        """Return when the test says that the peer has read."""
        await self._drain

    def slow(self, room: int | None = None) -> None:
        """The peer reads nothing more for now; there is room for so many bytes."""
        self._room = room
        if not self._slow:
            self._slow, self._drain = True, Pending()

    def fast(self) -> None:
        """The peer has read all."""
        self._slow, self._room = False, None
        self._drain.fire()

    def close(self, code: CloseCode, reason: str) -> None:
        """Remember the first close."""
        if self.closed is None:
            self.closed, self.reason = code, reason
            self._drain.fire()

    def hold(self) -> None:
        """Reading stops."""
        self.held = True

    def release(self) -> None:
        """Reading goes on."""
        self.held = False


class Meter:
    """ports.Meter that counts what it is told under the verb and its labels."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def opened(self, dialect: str) -> None:
        self.counts[f"opened {dialect}"] += 1

    def closed(self, reason: str, dialect: str) -> None:
        self.counts[f"closed {reason} {dialect}"] += 1

    def login(self, kind: str, result: str) -> None:
        self.counts[f"login {kind} {result}"] += 1

    def heard(self, command: str) -> None:
        self.counts[f"heard {command}"] += 1

    def refused(self, code: str) -> None:
        self.counts[f"refused {code}"] += 1

    def acked(self, seconds: float) -> None:
        self.counts["acked"] += 1

    def fanned_out(self, hearers: int, seconds: float, entries: int) -> None:
        self.counts["fanned_out"] += hearers * entries

    def delivered(self, seconds: float, messages: int) -> None:
        self.counts["delivered"] += messages

    def undelivered(self, code: str) -> None:
        self.counts[f"undelivered {code}"] += 1

    def resumed(self, result: str, replayed: int) -> None:
        self.counts[f"resumed {result}"] += 1
        self.counts["replayed"] += replayed

    def resumes_waiting(self, clients: int) -> None:
        self.counts["resumes_waiting"] = clients

    def gap_read(self) -> None:
        self.counts["gap_read"] += 1

    def rooms(self, loaded: int) -> None:
        self.counts["rooms"] = loaded

    def people(self, online: int) -> None:
        self.counts["people"] = online

    def sanctions(self, kind: str, in_force: int) -> None:
        self.counts[f"sanctions {kind}"] = in_force

    def emergency(self, step: int) -> None:
        self.counts["emergency"] = step

    def reports_open(self, waiting: int) -> None:
        self.counts["reports_open"] = waiting

    def audit(self, records: int, head: int) -> None:
        self.counts["audit"], self.counts["audit_head"] = records, head

    def audit_owed(self, records: int) -> None:
        self.counts["audit_owed"] = records

    def limit_hit(self, limit: str, mode: str) -> None:
        self.counts[f"limit_hit {limit} {mode}"] += 1


class Log:
    """ports.Log that keeps its lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.faults: list[BaseException] = []

    def info(self, event: str, **facts: object) -> None:
        self.lines.append(f"{event} {facts}")

    def warning(self, event: str, **facts: object) -> None:
        self.lines.append(f"{event} {facts}")

    def fault(self, event: str, error: BaseException, **facts: object) -> str:
        self.faults.append(error)
        return f"fault-{len(self.faults)}"

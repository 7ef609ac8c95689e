"""What is measured: how many are in how many rooms, who speaks, how fast. Times are short, for the
whole must end within minutes; ratios need no long ones."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Case:
    """``window``: messages that each speaker has on the way, the next when one is heard, or if
    ``durable``, when one is answered; with a ``rate`` (a second, all together) they come by the
    clock instead. ``per``: what the server's CPU time is divided by. ``only``: whom it concerns;
    all, if empty."""

    name: str
    title: str
    connections: int
    rooms: int = 1
    speakers: int = 1
    window: int = 1
    rate: float = 0.0
    seconds: float = 1.5
    warm: float = 0.4
    per: str = "delivered"
    bare: bool = False
    durable: bool = False
    only: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        """For the load generator's command line."""
        numbers = {
            "connections": self.connections,
            "rooms": self.rooms,
            "speakers": self.speakers,
            "window": 0 if self.rate or self.bare else self.window,
            "rate": self.rate,
            "warm": 0 if self.bare else self.warm,
            "seconds": 0 if self.bare else self.seconds,
        }
        told = [word for name, value in numbers.items() for word in (f"--{name}", str(value))]
        return told + (["--by-answer"] if self.durable else [])


FAST = ("chatd", "socketify", "NATS", "bare Python")

_PLAIN = (
    Case(name="room100", title="100 in a room", connections=100, speakers=8, window=4),
    Case(name="room1000", title="1,000 in a room", connections=1000, speakers=8, window=4),
    Case(name="one", title="one message at a time to 100", connections=100),
    Case(name="small", title="500 rooms of 4", connections=2000, rooms=500),
    Case(
        name="echo",
        title="a message to oneself, 500 at the same time",
        connections=500,
        rooms=500,
        per="sent",
    ),
    Case(
        name="paced20k",
        title="20,000 deliveries a second, by the clock",
        connections=100,
        speakers=8,
        rate=200,
        seconds=3,
    ),
    Case(
        name="paced100k",
        title="100,000 deliveries a second, by the clock",
        connections=100,
        speakers=8,
        rate=1000,
        only=FAST,
    ),
    Case(
        name="paced300k",
        title="300,000 deliveries a second, by the clock",
        connections=100,
        speakers=8,
        rate=3000,
        only=FAST,
    ),
    Case(
        name="idle",
        title="a handshake, and an idle connection (5,000)",
        connections=5000,
        per="connections",
        bare=True,
    ),
    Case(
        name="durable",
        title="messages acknowledged durably",
        connections=200,
        rooms=50,
        speakers=4,
        window=1,
        per="acked",
        durable=True,
        warm=1,
        seconds=3,
    ),
)

BEHIND = "tls-"
"""Begins the name of a case that is measured once more, with nginx and TLS before chatd."""
_THERE = ("room100", "one", "small", "paced20k", "idle")

CASES = (
    *_PLAIN,
    *(
        replace(case, name=BEHIND + case.name, title=f"{case.title}, behind nginx")
        for case in _PLAIN
        if case.name in _THERE
    ),
)

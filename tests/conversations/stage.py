"""Where a play is given: what the director needs of a stage and of the actors on it.
In memory it is memory.py; a process behind a real connection passes for one as well."""

from __future__ import annotations

from typing import Protocol

JSON, TEXT = "json", "text"


class Closed(Exception):
    """The connection is over (RFC 6455 section 7.1.5; 1006: without a close frame)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code


class Unable(Exception):
    """This stage has no means for what the play asks for."""


class Actor(Protocol):
    """One connection."""

    def send(self, text: str) -> None:
        """One frame to chatd. Raises Closed."""
        ...

    def receive(self) -> str | None:
        """The next frame of chatd; None when there comes none. Raises Closed."""
        ...

    def rest(self) -> list[str]:
        """All frames that chatd had sent by now and that were not received. Raises Closed."""
        ...

    def close(self) -> None:
        """End the connection with code 1000."""
        ...

    def drop(self) -> None:
        """Lose the line."""
        ...


class Stage(Protocol):
    """One chatd with an empty store."""

    can: frozenset[str]
    """Which stage directions there are means for: see directions.NEEDS."""

    def connect(self, dialect: str, who: str) -> Actor:
        """A new connection of the role ``who``, which directions may name."""
        ...

    def direct(self, what: str, **how: str) -> str:
        """Carry out a stage direction; gives what it made, if anything. Raises Unable."""
        ...

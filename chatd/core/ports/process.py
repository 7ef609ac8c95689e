"""The process around a node, as operators ask about it and command it.
The real one is chatd/process.py; a test's is in tests/house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the process knows of itself. ``since`` in milliseconds since 1970 UTC; ``reloaded``:
    whether the configuration in force is the one last read; ``restart``: keys that wait for one."""

    since: int
    schema: int
    listening: tuple[str, ...] = ()
    log_level: str = "info"
    config: str = ""
    reloaded: bool = True
    restart: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewConfig:
    """What a reload changed: the keys in force now, and those that wait for a restart."""

    settings: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()


class BadConfig(Exception):
    """The configuration cannot be used, and the old one holds; the text has each problem on a line
    of its own."""


class Process(Protocol):
    """Commands of operators that are about more than the chat."""

    @property
    def facts(self) -> Facts: ...

    def reload(self) -> NewConfig:
        """Read the configuration anew; in force on return. Raises BadConfig."""
        ...

    def log_level(self, level: str) -> None:
        """Log from this level on."""
        ...

    def drain(self) -> None:
        """Begin to send everybody home; harmless while it is done already."""
        ...

    def undrain(self) -> None:
        """Let people in again; harmless when they are."""
        ...

    async def support(self) -> dict[str, str]:
        """The files of a support bundle. Raises StoreFull, StoreFailed."""
        ...

"""ports.Process for a node in memory: what an operator asks of it happens, without a process."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from chatd.core.ports import BadConfig, Facts, NewConfig

if TYPE_CHECKING:
    from chatd.node import Node

BORN = 1_767_323_045_000


class Process:
    """``later``: calls in a turn of its own. ``wrong``: what the next reload finds, if anything."""

    node: Node

    def __init__(self, later: Callable[[Callable[[], None]], None]) -> None:
        self._later = later
        self.wrong = ""
        self.reloads = 0
        self.level = "info"

    @property
    def facts(self) -> Facts:
        """See the port."""
        return Facts(since=BORN, schema=1, log_level=self.level, config="/etc/chatd/chatd.toml")

    def reload(self) -> NewConfig:
        """See the port."""
        if self.wrong:
            raise BadConfig(self.wrong)
        self.reloads += 1
        return NewConfig(settings=("server.motd",))

    def log_level(self, level: str) -> None:
        """See the port."""
        self.level = level

    def drain(self) -> None:
        """See the port."""
        if not self.node.draining:
            self.node.hush()
            self._later(self.node.dismiss_all)

    def undrain(self) -> None:
        """See the port."""
        self.node.draining = False

    async def support(self) -> dict[str, str]:
        """See the port."""
        return {"versions.json": "{}"}

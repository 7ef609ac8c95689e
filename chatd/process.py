"""The process as its operators command it: reload, drain, log level, and what helps to help.
ports.Process; the steps of boot and stop are daemon.py's, which makes one of these."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.threads import deferToThread

from chatd.core.errors import Refused
from chatd.core.ports import BadConfig, Facts, NewConfig, Spawn
from chatd.edge.drain import Drain, LetThemListen
from chatd.node import Node
from chatd.ops import support
from chatd.ops.config import Config, Invalid, Loaded, changes
from chatd.ops.diary import Diary
from chatd.ops.logs import Log, LogWriter
from chatd.ops.metrics import Metrics
from chatd.ops.systemd import Notifier


class Running:
    """One for each daemon. ``use`` puts a new configuration in force; the node comes later, since
    it is made with this."""

    node: Node
    diary: Diary

    def __init__(
        self,
        reactor: Any,
        read: Callable[[], Loaded],
        file: Path,
        loaded: Loaded,
        notifier: Notifier,
        metrics: Metrics,
        writer: LogWriter,
        log: Log,
        spawn: Spawn,
        use: Callable[[Config], None],
        listening: list[str],
    ) -> None:
        self._reactor, self._read, self._file, self._loaded = reactor, read, file, loaded
        self._notifier, self._metrics, self._writer = notifier, metrics, writer
        self._log, self._spawn, self._use = log, spawn, use
        self._listening = listening
        self._since = time.time_ns() // 1_000_000
        self._good = True
        self._restart: tuple[str, ...] = ()
        self.config = loaded.config
        self.schema = 0
        self.stopping = False
        self.described: Callable[[], support.Described] = support.Described
        """What the database says of itself; for a thread."""

    @property
    def facts(self) -> Facts:
        """What the process knows of itself."""
        return Facts(
            since=self._since,
            schema=self.schema,
            listening=tuple(self._listening),
            log_level=self._writer.level,
            config=str(self._file.absolute()),
            reloaded=self._good,
            restart=self._restart,
        )

    def status(self) -> str:
        """One line for `systemctl status`."""
        told = f"{len(self.node.sessions)} sessions, {len(self.node.people)} users"
        return f"draining, {told}" if self.node.draining else told

    # --- reload ---
    def reload(self) -> NewConfig:
        """All or nothing; whatever comes of it, READY follows RELOADING."""
        if self.stopping:
            raise Refused("draining", "the process is stopping")
        self._notifier.reloading()
        try:
            loaded = self._read()
        except Invalid as invalid:
            self._refuse(invalid)
            raise BadConfig(str(invalid)) from None
        old, changed = self.config, changes(self.config, loaded.config)
        self._loaded, self.config = Loaded(changed.config, loaded.origins), changed.config
        self._good, self._restart = True, changed.restart
        self._use(changed.config)
        self._spawn(self.diary.reloaded(old, changed, loaded.config))
        self._metrics.daemon.reloaded(ok=True, at=time.time())
        self._log.info("reloaded", settings=list(changed.reloaded))
        if changed.restart:
            self._log.warning("restart_needed", settings=list(changed.restart))
        self._notifier.ready(self.status())
        return NewConfig(changed.reloaded, changed.restart)

    def _refuse(self, invalid: Invalid) -> None:
        self._good = False
        self._spawn(self.diary.refused(invalid.problems))
        for problem in invalid.problems:
            self._log.error("config_invalid", problem=str(problem))
        self._metrics.daemon.reloaded(ok=False, at=time.time())
        self._log.error("reload_failed", problems=len(invalid.problems))
        self._notifier.ready("reload failed, the old configuration holds; see the journal")

    def log_level(self, level: str) -> None:
        """Until the next reload."""
        self._log.info("log_level", was=self._writer.level, level=level)
        self._writer.level = level

    # --- drain ---
    def drain(self) -> None:
        """Send everybody home, and stay. Who is at the door is told to come back later."""
        if self.node.draining:
            return
        self._log.info("draining", sessions=len(self.node.sessions))
        self._metrics.daemon.draining(on=True)
        timeout = self.config.drain.timeout
        drain = Drain(self._reactor, self.node, LetThemListen(), self._log, timeout)
        self._spawn(drain.run())
        self._notifier.status(self.status())

    def undrain(self) -> None:
        """Let people in again. Who was told to go is on the way out, and comes back."""
        if self.stopping:
            raise Refused("draining", "the process is stopping; only a new start lets people in")
        if not self.node.draining:
            return
        self._log.info("undrained", sessions=len(self.node.sessions))
        self.node.draining = False
        self._metrics.daemon.draining(on=False)
        self._notifier.status(self.status())

    # --- help ---
    async def support(self) -> dict[str, str]:
        """Put together in a thread: metrics and counts take a while."""
        recent, loaded, facts = list(self._writer.recent), self._loaded, self.facts
        page, _ = await deferToThread(self._metrics.render)
        described = await deferToThread(self.described)
        return support.files(loaded, facts, page.decode(), described, recent)

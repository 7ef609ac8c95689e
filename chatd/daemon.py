"""Boot, reload, drain, stop: each an ordered list of steps. The only file that knows everything.
What a step does is in its own room; how the configuration reads for each room is wiring.py."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import LoopingCall

import chatd
from chatd.auth.accounts import Accounts
from chatd.auth.passwords import Passwords
from chatd.auth.threads import Threads
from chatd.bus.local import LocalBus
from chatd.core.ports import BadConfig, StoreFailed, StoreFull
from chatd.dialects import all_dialects
from chatd.doors import Doors
from chatd.edge import shortcuts
from chatd.edge.clock import ReactorClock, Spawner, SystemIds
from chatd.edge.drain import Drain
from chatd.edge.front import FrontFactory
from chatd.edge.http import OperationsFactory
from chatd.edge.listen import CannotListen
from chatd.edge.outboxes import broadcast
from chatd.edge.pages import Pages
from chatd.edge.reactor import freeze_garbage, keep_steady, measure_ticks
from chatd.node import Node
from chatd.node.node import Ports
from chatd.ops import logs, systemd
from chatd.ops.config import Config, Invalid, Loaded
from chatd.ops.data_retention import Retention
from chatd.ops.diary import Diary
from chatd.ops.metrics import Metrics
from chatd.ops.probe import Probe
from chatd.ops.support import described
from chatd.process import Running
from chatd.store import CannotOpen
from chatd.store.sqlite import SqliteStore
from chatd.wiring import (
    HouseLog,
    build_info,
    edge_settings,
    greeting,
    node_settings,
    queue_of,
    read,
)

WEB = Path(chatd.__file__).parent / "web"
STATUS = 10.0
"""Seconds between two lines for `systemctl status`."""
HURRIED = 2.0
"""Seconds until the process ends after a second signal, whatever has not been done by then."""


def serve(file: Path, manager: systemd.Environment, *, dev: bool) -> int:
    """Run a daemon until it is told to stop; gives the exit code. ``manager``: systemd.said()."""
    try:
        loaded = read(file, dev=dev)
        notifier = systemd.notifier(manager, os.getpid())
        handed = systemd.inherited(manager, os.getpid())
    except Invalid as invalid:
        sys.stderr.write(f"{invalid}\n")
        return os.EX_CONFIG
    except systemd.HandoverError as error:
        sys.stderr.write(f"chatd: what systemd handed over cannot be used: {error}\n")
        return os.EX_OSERR
    from twisted.internet import reactor  # noqa: PLC0415  # importing it installs it

    daemon = Daemon(reactor, file, loaded, notifier, handed, dev=dev)
    return daemon.run()


class Daemon:
    """One process: everything made, wired and taken down again in order."""

    def __init__(
        self,
        reactor: Any,
        file: Path,
        loaded: Loaded,
        notifier: systemd.Notifier,
        handed: dict[str, list[int]],
        *,
        dev: bool,
    ) -> None:
        steady = keep_steady(reactor)
        config = loaded.config
        self._reactor, self._file = reactor, file
        self._notifier, self._dev = notifier, dev
        self._writer = logs.start(config.log.format, config.log.level)
        settings = node_settings(config)
        self._metrics = Metrics(
            dialects=all_dialects(settings), build=build_info(), started=time.time()
        )
        self._log = HouseLog("chatd", self._metrics.daemon.fault)
        self._exact_ticks = measure_ticks(reactor, self._metrics.daemon.ticked)
        if not (steady and self._exact_ticks):
            self._log.warning("reactor_unknown", steady=steady, exact_ticks=self._exact_ticks)
        self._doors = Doors(reactor, self._log, handed)
        self._spawn = Spawner(self._log)
        self._running = Running(
            reactor, lambda: read(file, dev=dev), file, loaded, notifier, self._metrics,
            self._writer, self._log, self._spawn, self._use, self._doors.addresses,
        )  # fmt: skip
        self._exit = os.EX_OK
        self._stopping = False
        self._hurry = False
        self._drain: Drain | None = None
        self._to_stop: list[tuple[str, Callable[[], Awaitable[object]]]] = []

    def run(self) -> int:
        """Boot, serve, and come back when all is over."""
        self._on(signal.SIGTERM, self._told_to_stop)
        self._on(signal.SIGINT, self._told_to_stop)
        self._reactor.callWhenRunning(lambda: self._do(self._boot()))
        self._reactor.run(installSignalHandlers=False)
        return self._exit

    def _on(self, number: int, call: Callable[[], None]) -> None:
        """Act on a signal in the reactor's own time."""
        signal.signal(number, lambda _number, _frame: self._reactor.callFromThread(call))

    def _do(self, coroutine: Any) -> None:
        Deferred.fromCoroutine(coroutine).addErrback(self._failed)

    def _failed(self, failure: Any) -> None:
        """A step raised what no step may: say so, and let the service manager begin anew."""
        self._log.fault("daemon_failed", failure.value)
        self._exit = os.EX_SOFTWARE
        self._reactor.stop()

    # --- boot ---
    async def _boot(self) -> None:
        steps = (
            self._raise_limits,
            self._open_store,
            self._start_auth,
            self._start_node,
            self._listen_operations,
            self._listen_control,
            self._listen_public,
            self._tell_ready,
        )
        for step in steps:
            if self._stopping:
                return
            try:
                await step()
            except (CannotOpen, CannotListen, StoreFailed, StoreFull, OSError) as error:
                if not self._stopping:  # else its store was taken away under this step
                    self._log.error("boot_failed", step=step.__name__.strip("_"), reason=str(error))
                    self._exit = os.EX_UNAVAILABLE
                    await self._stop()

    async def _raise_limits(self) -> None:
        systemd.allow_files(self._config.limits.sessions + 100, self._log)

    async def _open_store(self) -> None:
        config = self._config.store
        self._store = SqliteStore(
            config.path,
            self._reactor.callFromThread,
            meter=self._metrics.store,
            readers=config.read_threads,
            later=shortcuts.at_end(self._reactor, self._config.delivery.shortcuts),
        )
        self._store.allow_search(self._config.limits.search_time)
        self._to_stop.append(("store", self._store.close))
        self._probe = Probe(self._store, self._reactor.seconds, self._log)
        self._metrics.daemon.schema(self._store.schema_version)
        self._running.schema = self._store.schema_version
        self._running.described = lambda: described(config.path)
        self._metrics.host.watch(config.path)
        self._log.info("store_open", path=str(config.path), schema=self._store.schema_version)
        for remark in self._store.remarks:
            self._log.warning("store_remark", remark=remark)

    async def _start_auth(self) -> None:
        auth = self._config.auth
        threads = Threads(
            self._reactor.callFromThread, auth.threads, queue_of(auth.threads), self._metrics.auth
        )
        threads.start()
        self._to_stop.append(("auth", lambda: maybeDeferred(threads.stop)))
        self._passwords = Passwords(threads, auth.iterations)
        self._accounts = Accounts(self._store, self._passwords, await self._store.secret())

    async def _start_node(self) -> None:
        settings = node_settings(self._config)
        self._node = Node(
            Ports(
                store=self._store,
                bus=LocalBus(shortcuts.soon(self._reactor, self._config.delivery.shortcuts)),
                auth=self._accounts,
                clock=ReactorClock(self._reactor),
                ids=SystemIds(),
                meter=self._metrics.node,
                log=self._log,
                spawn=self._spawn,
                dialects=all_dialects(settings),
                process=self._running,
                broadcast=broadcast,
            ),
            settings,
        )
        self._running.node = self._node
        await self._node.start()
        self._to_stop.append(("node", self._node.stop))
        node, audit, meter = self._node, self._node.audit, self._metrics.retention
        self._running.diary = diary = Diary(audit.note, node.clock.now)
        await diary.began(self._config, self._store.schema_version)
        self._to_stop += [("owed", audit.give_up), ("diary", diary.ended), ("audit", audit.stop)]
        self._retention = Retention(
            self._store, node.clock, node.spawn, meter, self._log, node.trimmed
        )
        self._retention.use(self._config.retention)
        self._to_stop.append(("retention", self._retention.stop))

    async def _listen_operations(self) -> None:
        factory = OperationsFactory(self._reactor, self._metrics.render, self._not_ready, self._log)
        listeners = self._doors.none(factory, "listen.operations")
        self._to_stop.append(("operations", listeners.stop))
        wanted = self._config.listen.operations
        self._doors.open("operations", listeners, wanted, self._config)

    async def _listen_control(self) -> None:
        listeners, factory = self._doors.control(self._node, self._config)
        self._to_stop.append(("control", listeners.stop))
        self._to_stop.append(("control_sessions", lambda: maybeDeferred(factory.close)))

    async def _listen_public(self) -> None:
        self._front = FrontFactory(
            self._reactor,
            self._node,
            edge_settings(self._config),
            Pages(WEB),
            self._log,
            self._metrics.edge,
        )
        if self._config.delivery.shortcuts and (missing := shortcuts.missing(self._front.ways)):
            self._log.warning("shortcuts_unknown", shortcuts=missing)
        self._public = self._doors.none(self._front, "listen.public")
        self._to_stop.append(("sessions", self._send_home))
        self._doors.open("public", self._public, self._config.listen.public, self._config)

    async def _tell_ready(self) -> None:
        freeze_garbage()
        self._metrics.pauses.start()
        self._metrics.daemon.configured(time.time())
        if self._notifier.watchdog:
            self._every(self._notifier.watchdog, self._notifier.alive)
        self._every(STATUS, lambda: self._notifier.status(self._running.status()))
        self._notifier.ready(self._running.status())
        self._on(signal.SIGHUP, self._reload)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
        self._log.info("ready", version=chatd.__version__, sqlite=sqlite3.sqlite_version)
        if self._dev:
            sys.stdout.write(greeting(self._public.addresses, self._file.parent))
            sys.stdout.flush()

    def _every(self, seconds: float, call: Callable[[], object]) -> None:
        looping = LoopingCall(call)
        looping.clock = self._reactor
        looping.start(seconds)

    async def _not_ready(self) -> list[str]:
        """The reasons, for /readyz."""
        if self._stopping:
            return ["draining: the process is stopping"]
        if self._node.draining:
            return ["draining: an operator said so; chatctl undrain ends it"]
        reason = await self._probe.reason()
        return [reason] if reason else []

    # --- reload ---
    def _reload(self) -> None:
        """Asked for by a signal: the journal says what comes of it."""
        if not self._stopping:
            with suppress(BadConfig):
                self._running.reload()

    @property
    def _config(self) -> Config:
        return self._running.config

    def _use(self, config: Config) -> None:
        self._node.settings = node_settings(config)
        self._node.dialects = all_dialects(self._node.settings)
        self._front.use(edge_settings(config))
        self._retention.use(config.retention)
        self._store.allow_search(config.limits.search_time)
        self._passwords.iterations = config.auth.iterations
        self._writer.form, self._writer.level = config.log.format, config.log.level

    # --- stop ---
    def _told_to_stop(self) -> None:
        if self._stopping:
            self._hurry = True
            if self._drain is not None:
                self._drain.hurry = True
            self._log.warning("hurried", reason="told to stop a second time")
            # What a thread still waits to store, a disk or a lock, is kept whole or not at all.
            self._reactor.callLater(HURRIED, os._exit, os.EX_TEMPFAIL)
            return
        self._log.info("stopping")
        self._do(self._stop())

    async def _stop(self) -> None:
        """Take down what was set up, last first; once."""
        if self._stopping:
            return
        self._stopping = True
        self._running.stopping = True
        told = hasattr(self, "_node")
        self._notifier.stopping(f"stopping, {self._running.status()}" if told else "")
        self._notifier.extend(self._config.drain.timeout + 15)
        while self._to_stop:
            name, stop = self._to_stop.pop()
            try:
                await stop()
            except Exception as error:  # noqa: BLE001  # the rest must still be taken down
                self._log.fault("stop_failed", error, step=name)
        self._log.info("stopped")
        self._reactor.stop()

    async def _send_home(self) -> None:
        self._metrics.daemon.draining(on=True)
        self._drain = Drain(
            self._reactor, self._node, self._public, self._log, self._config.drain.timeout
        )
        self._drain.hurry = self._hurry
        await self._drain.run()

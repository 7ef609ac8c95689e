"""`chatd canary` from its arguments to its exit: the log, the ways out, systemd, the signals.
What it does in between is watch.py."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import ssl
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest

from chatd import __version__
from chatd.canary.certificate import EVERY, valid_until
from chatd.canary.export import check, export
from chatd.canary.rows import ROWS
from chatd.canary.tally import Tally
from chatd.canary.watch import Canary, Plan
from chatd.client.address import address
from chatd.ops import logs, systemd
from chatd.ops.metrics_board import Board
from chatd.ops.plain import plain

USAGE = 2
REFRESH = 5.0
"""Seconds between two looks at the numbers, at most."""


def canary(args: argparse.Namespace) -> int:
    """Run until told to stop; gives the exit code."""
    try:
        plan = plan_of(args)
        for where in args.metrics:
            check(where)
        notifier = systemd.notifier(os.environ, os.getpid())
    except (ValueError, OSError) as error:  # HandoverError is a ValueError
        sys.stderr.write(f"chatd canary: {error}\n")
        return USAGE
    logs.start(args.log, "info")
    nest = Nest(plan, notifier, args.metrics)
    return asyncio.run(nest.once(args.within) if args.once else nest.run())


def plan_of(args: argparse.Namespace) -> Plan:
    """What the arguments ask for. Raises ValueError, and OSError for a file that is not there."""
    where = address(args.url)
    if args.ca and not where.tls:
        raise ValueError(f"--ca is for wss://, and {where} has no TLS")
    token_file = Path(args.token_file) if args.token_file else None
    if token_file is not None and not plain(token_file).read_text(encoding="ascii").strip():
        raise ValueError(f"{token_file}: there is no token in it; `chatd token add USER` makes one")
    return Plan(
        url=args.url,
        room=args.room,
        interval=args.interval,
        guest=args.guest,
        token_file=token_file,
        tls=ssl.create_default_context(cafile=plain(Path(args.ca))) if args.ca else None,
    )


class Nest:
    """Everything that a running canary is made of."""

    def __init__(self, plan: Plan, notifier: systemd.Notifier, ways: Sequence[str]) -> None:
        self._log = logs.Log("chatd.canary")
        self._exports = [export(where, self.render, self._log) for where in ways]
        self._plan, self._notifier = plan, notifier
        self._board = Board(ROWS, {})
        self._board.level("chatd_canary_start_time_seconds").set(time.time())
        self._registry = CollectorRegistry()
        self._registry.register(self._board)
        self._tally = Tally(self._board, time.time)
        self._canary = Canary(plan, self._board, self._tally, self._log, time.monotonic)

    def render(self) -> bytes:
        """The numbers, as Prometheus reads them."""
        return generate_latest(self._registry)

    async def once(self, within: float) -> int:
        """Until one probe was heard, at most ``within`` seconds; gives the exit code."""
        success = self._board.level("chatd_canary_last_success_timestamp_seconds")
        watching = asyncio.create_task(self._canary.run())
        try:
            async with asyncio.timeout(within):
                while not success.value:
                    await asyncio.wait([watching], timeout=0.05)
        except TimeoutError:
            self._log.error("canary_not_heard", url=str(address(self._plan.url)), within=within)
            return 1
        finally:
            watching.cancel()
            await asyncio.wait([watching])
        return os.EX_OK

    async def run(self) -> int:
        """Until SIGTERM or SIGINT; gives the exit code."""
        loop, told = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, told.set)
        async with AsyncExitStack() as stack:
            try:
                for each in self._exports:
                    await each.start()
                    stack.push_async_callback(each.stop)
            except OSError as error:
                self._log.error("canary_cannot_export", reason=str(error))
                return 1
            self._log.info(
                "canary_started",
                version=__version__,
                url=str(address(self._plan.url)),
                room=self._plan.room,
                interval=self._plan.interval,
            )
            self._notifier.ready(self._status())
            await self._until(told)
        self._log.info("canary_stopped", probes=self._count("probes"))
        return os.EX_OK

    async def _until(self, told: asyncio.Event) -> None:
        """Watch; whichever part ends, all end, and a fault is raised."""
        work: list[Coroutine[Any, Any, object]] = [
            told.wait(),
            self._canary.run(),
            self._every(min(self._plan.interval, REFRESH), self._refresh),
        ]
        if address(self._plan.url).tls:
            work.append(self._every(EVERY, self._look_at_certificate))
        if self._notifier.watchdog:
            work.append(self._every(self._notifier.watchdog, self._feed))
        tasks = [asyncio.create_task(each) for each in work]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._notifier.stopping(self._status())
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _every(self, seconds: float, call: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while True:
            await call()
            await asyncio.sleep(seconds)

    async def _refresh(self) -> None:
        self._canary.look()
        for each in self._exports:
            await each.refresh()
        self._notifier.status(self._status())

    async def _look_at_certificate(self) -> None:
        ends = await valid_until(address(self._plan.url), self._plan.tls)
        if ends is not None:
            self._board.level("chatd_canary_certificate_expiry_timestamp_seconds").set(ends)

    async def _feed(self) -> None:
        self._notifier.alive()

    def _status(self) -> str:
        return ", ".join(f"{self._count(word)} {word}" for word in ("probes", "lost", "doubled"))

    def _count(self, word: str) -> int:
        return int(self._board.count(f"chatd_canary_{word}_total").value)

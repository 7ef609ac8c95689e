"""How SIGTERM ends `chatd connect`: as Ctrl-C does, with a goodbye, so that the name is free
at once. Ctrl-C itself is asyncio's; exit codes for what went wrong are exits.py's."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

TERMINATED = 143
"""As shells say it of a program that SIGTERM ended."""


class Terminated(Exception):
    """SIGTERM came, and what was under way has been left in order."""


def run(work: Coroutine[Any, Any, None]) -> None:
    """Do this. SIGTERM cancels it, once more its goodbye, too. Raises Terminated for that."""
    asyncio.run(_terminable(work))


async def _terminable(work: Coroutine[Any, Any, None]) -> None:
    loop, task, told = asyncio.get_running_loop(), asyncio.current_task(), False

    def end() -> None:
        nonlocal told
        told = True
        if task is not None:
            task.cancel()

    loop.add_signal_handler(signal.SIGTERM, end)
    try:
        await work
    except asyncio.CancelledError:
        if told:
            raise Terminated from None
        raise
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


def die() -> int:
    """End by the signal itself: whoever sent it, systemd above all, sees no failure in that. Gives
    the exit code where it ends nothing, as in a container's first process."""
    with suppress(OSError):
        sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGTERM)
    return TERMINATED

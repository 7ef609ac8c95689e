"""Ports for servers that tests start: free, and given to nobody else meanwhile."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator
from functools import cache
from itertools import cycle
from pathlib import Path

BLOCK = 200
"""Ports a process has for itself: more than servers that it has at once. A port is given again
only after all others of the block."""
BLOCKS = 60


def free_port() -> int:
    """A port that is free, and that neither this process gave lately nor another one gives: what is
    free to two who ask is otherwise now and then the same, until one of them listens. Raises
    OSError when there is none."""
    ports = _mine(os.getpid())
    for _ in range(BLOCK):
        port = next(ports)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"each of the {BLOCK} ports of this process is taken")


@cache
def _mine(_process: int) -> Iterator[int]:
    """The ports of a block that is this process's until it ends, and all that it forked; where none
    is left, any, as chance has it. As far as there is room they lie below those that the system
    gives to outgoing connections: a client that tries to reach a chatd that is down could otherwise
    be given that very port, and reach itself."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    first = max(1024, min(lowest, 32768) - BLOCK * BLOCKS)
    for block in random.sample(range(BLOCKS), BLOCKS):
        start = first + block * BLOCK
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0chatd-test-ports-{start}")  # by the network's namespace, as ports are
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        return cycle(range(start, start + BLOCK))
    return cycle(random.sample(range(first, first + BLOCK * BLOCKS), BLOCK * BLOCKS))


_claims: list[socket.socket] = []
"""Open as long as the process lives: whoever has such a name has the block."""

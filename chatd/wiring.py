"""How the configuration reads for each room: one value for the node, one for the edge.
Also what the daemon says of itself; when all of this is used is daemon.py's."""

from __future__ import annotations

import grp
import platform
import shutil
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from chatd import __version__
from chatd.core.settings import Settings
from chatd.edge.ports import EdgeSettings
from chatd.ops.config import Config, Loaded, load
from chatd.ops.config.load import DEFAULT
from chatd.ops.logs import Log

QUEUE = 32
"""Log-ins that may wait for each thread that hashes: some five seconds of its work."""


class HouseLog(Log):
    """The log whose faults are counted."""

    def __init__(self, namespace: str, count: Callable[[], None]) -> None:
        super().__init__(namespace)
        self._count = count

    def fault(self, event: str, error: BaseException, **facts: object) -> str:
        """Something is wrong in chatd."""
        self._count()
        return super().fault(event, error, **facts)


def read(file: Path, *, dev: bool) -> Loaded:
    """The configuration. Where chatd is only tried out, the control socket lies beside the file,
    unless that names another place. Raises Invalid."""
    loaded = load(file)
    if not dev or loaded.origins["control.socket"] != DEFAULT:
        return loaded
    beside = replace(loaded.config.control, socket=file.absolute().parent / "control.sock")
    return Loaded(replace(loaded.config, control=beside), loaded.origins)


def group_of(config: Config) -> int | None:
    """The id of the operators' group; None for none. Raises KeyError when there is no such one."""
    return grp.getgrnam(config.control.group).gr_gid if config.control.group else None


def node_settings(config: Config) -> Settings:
    """What the node must know."""
    return Settings(
        server=config.server.name,
        version=__version__,
        motd=config.server.motd,
        lobby=config.rooms.lobby,
        may_create=config.rooms.create,
        announce_limit=config.rooms.announce_limit,
        rooms_per_user=config.limits.rooms_per_user,
        guests=config.guests.allowed,
        linger=config.guests.linger,
        message_bytes=config.limits.message_bytes,
        frame_bytes=config.limits.frame_bytes,
        outbox_bytes=config.limits.outbox_bytes,
        login_timeout=config.limits.login_timeout,
        rate=config.limits.rate,
        burst=config.limits.burst,
        inbox=config.limits.inbox,
        zone=config.text.timezone,
        drain_rate=config.drain.rate,
    )


def edge_settings(config: Config) -> EdgeSettings:
    """What the edge must know."""
    return EdgeSettings(
        origins=config.http.origins,
        proxies=config.http.trusted_proxies,
        sessions=config.limits.sessions,
        sessions_per_address=config.limits.sessions_per_address,
        handshake_timeout=config.limits.handshake_timeout,
        ping_interval=config.limits.ping_interval,
        ping_timeout=config.limits.ping_timeout,
        flush_delay=config.delivery.flush_delay,
        shortcuts=config.delivery.shortcuts,
        echo=config.diagnostics.echo,
    )


def build_info() -> dict[str, str]:
    """The versions that make up this process, by the labels of chatd_build_info."""
    return {
        "version": __version__,
        "python": platform.python_version(),
        "autobahn": version("autobahn"),
        "twisted": version("twisted"),
        "sqlite": sqlite3.sqlite_version,
    }


def queue_of(threads: int) -> int:
    """How many log-ins may wait, for so many threads that hash."""
    return QUEUE * threads


def command() -> str:
    """How to call chatd from here: the program beside the interpreter, if that is nearer."""
    beside = Path(sys.executable).with_name("chatd")
    if shutil.which("chatd") or not beside.exists():
        return "chatd"
    return str(beside.relative_to(Path.cwd()) if beside.is_relative_to(Path.cwd()) else beside)


def greeting(addresses: list[str], folder: Path) -> str:
    """What `chatd serve --dev` prints: what to open, and what to type."""
    hosts = [each.removeprefix("tcp:") for each in addresses if each.startswith("tcp:")]
    host = hosts[0] if hosts else addresses[0]
    return f"""
chatd {__version__} is running; its configuration and data are in {folder}/

  open   http://{host}/     in a browser, or in two
  type   websocat ws://{host}/     or in any WebSocket client; then just write
  add    {command()} user add alice --dev {folder}     for an account; without one, one is a guest
  run    {command().removesuffix("chatd")}chatctl --dev {folder} status     to see how it is
  stop   Ctrl-C

"""

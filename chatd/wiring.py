"""How the configuration reads for each room: one value for the node, one for the edge.
Also what the daemon says of itself; when all of this is used is daemon.py's."""

from __future__ import annotations

import grp
import platform
import shutil
import sqlite3
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType

from chatd import __version__
from chatd.core.settings import Settings
from chatd.edge.ports import EdgeSettings
from chatd.ops.config import Config, Loaded, beside, load
from chatd.ops.config.table import Http
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
    """The configuration. ``dev``: where chatd is only tried out. Raises Invalid."""
    return beside(load(file), file) if dev else load(file)


def group_of(config: Config) -> int | None:
    """The id of the operators' group; None for none. Raises KeyError when there is no such one."""
    return grp.getgrnam(config.control.group).gr_gid if config.control.group else None


def node_settings(config: Config) -> Settings:
    """What the node must know."""
    limits = config.limits
    return Settings(
        server=config.server.name,
        version=__version__,
        motd=config.server.motd,
        lobby=config.rooms.lobby,
        may_create=config.rooms.create,
        history=config.rooms.history,
        announce_limit=config.rooms.announce_limit,
        rooms_per_user=limits.rooms_per_user,
        direct_rooms_per_user=limits.direct_rooms_per_user,
        members_per_room=limits.members_per_room,
        sessions_per_user=limits.sessions_per_user,
        guests=config.guests.allowed,
        linger=config.guests.linger,
        message_bytes=limits.message_bytes,
        frame_bytes=limits.frame_bytes,
        frame_parts=limits.frame_parts,
        outbox_bytes=limits.outbox_bytes,
        login_timeout=limits.login_timeout,
        rate=limits.rate,
        burst=limits.burst,
        paces=MappingProxyType(dict(limits.command)),
        inbox=limits.inbox,
        inbox_bytes=limits.inbox_bytes,
        failed_logins_per_address=limits.failed_logins_per_address,
        failed_logins_per_account=limits.failed_logins_per_account,
        failed_logins_window=limits.failed_logins_window,
        modes=MappingProxyType(dict(limits.mode)),
        exempt=limits.exempt,
        ipv4_prefix=limits.ipv4_prefix,
        ipv6_prefix=limits.ipv6_prefix,
        zone=config.text.timezone,
        drain_rate=config.drain.rate,
    )


def edge_settings(config: Config) -> EdgeSettings:
    """What the edge must know."""
    limits = config.limits
    return EdgeSettings(
        origins=config.http.origins,
        hosts=known_hosts(config.http),
        proxies=config.http.trusted_proxies,
        proxy_protocol=config.http.proxy_protocol,
        exempt=limits.exempt,
        ipv4_prefix=limits.ipv4_prefix,
        ipv6_prefix=limits.ipv6_prefix,
        sessions=limits.sessions,
        sessions_per_address=limits.sessions_per_address,
        connections_per_address=limits.connections_per_address,
        handshakes=limits.handshakes,
        handshakes_per_address=limits.handshakes_per_address,
        handshake_timeout=limits.handshake_timeout,
        ping_interval=limits.ping_interval,
        ping_timeout=limits.ping_timeout,
        flush_delay=config.delivery.flush_delay,
        shortcuts=config.delivery.shortcuts,
        compression=config.delivery.compression,
        echo=config.diagnostics.echo,
    )


def known_hosts(http: Http) -> frozenset[str]:
    """The names that this server goes by; "*" for any."""
    named = {origin.partition("://")[2].partition(":")[0] for origin in http.origins}
    here = platform.node().lower()
    return frozenset({*http.hosts, "localhost", here, here.partition(".")[0], *named} - {""})


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
  type   {command()} connect ws://{host}/     or in websocat, or any WebSocket client
  add    {command()} user add alice --dev {folder}     for an account; without one, one is a guest
  run    {command().removesuffix("chatd")}chatctl status --dev {folder}     to see how it is
  stop   Ctrl-C

"""

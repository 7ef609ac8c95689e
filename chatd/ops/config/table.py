"""The keys of the configuration file: every one of them, once, with all that is said about it.
Parser, checker, reference and example come of this; what keys must hold together is rules.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Literal, get_args

from chatd.ops.config.control import Control
from chatd.ops.config.delivery import Delivery
from chatd.ops.config.keys import key, sections
from chatd.ops.config.kinds import choice, flag, line, lines, list_of, number, whole
from chatd.ops.config.limits import Limits
from chatd.ops.config.measures import duration, mode
from chatd.ops.config.places import file, host, listener, origin, proxies, room, zone
from chatd.ops.config.retention import Retention
from chatd.ops.config.values import Listener, Proxies, Tcp

Creators = Literal["anyone", "members", "operators"]
LogForm = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]

HOUR = 3600.0
YEAR = 365 * 24 * HOUR


@dataclass(frozen=True, slots=True)
class Listen:
    """Where chatd accepts connections. TLS ends in the proxy before it."""

    public: tuple[Listener, ...] = key(
        list_of(listener(), least=1),
        (Tcp("127.0.0.1", 8765),),
        "For people and bots: WebSocket and the web client. Port 0 takes any free port, and the "
        "log says which. `systemd:NAME` takes the sockets that a socket unit with "
        "`FileDescriptorName=NAME` hands over.",
        reload=False,
    )
    operations: tuple[Listener, ...] = key(
        list_of(listener()),
        (Tcp("127.0.0.1", 8766),),
        "For monitoring only: /metrics, /healthz and /readyz. Nobody is asked for a password "
        "here, so keep it from the network. An empty array turns it off.",
        reload=False,
    )
    unix_mode: int = key(
        mode(),
        0o660,
        "Permissions of the unix sockets that chatd makes; those from systemd have SocketMode=.",
        reload=False,
    )
    backlog: int = key(
        whole(1, 65535),
        1024,
        "Connections that wait to be accepted, for each listener. The kernel caps it at "
        "net.core.somaxconn.",
        reload=False,
    )


@dataclass(frozen=True, slots=True)
class Server:
    """What clients are greeted with."""

    name: str = key(line(1, 64), "chatd", "The server's name in the greeting.", reload=True)
    motd: str = key(
        lines(2000),
        "Be kind to each other.",
        "The message of the day, shown after the greeting. Empty: none.",
        reload=True,
    )


@dataclass(frozen=True, slots=True)
class Store:
    """Where messages, rooms and accounts are kept."""

    path: Path = key(
        file(),
        Path("/var/lib/chatd/chatd.sqlite3"),
        "The database. SQLite keeps two more files beside it, so the folder must be writable.",
        reload=False,
    )
    read_threads: int = key(
        whole(1, 64),
        2,
        "Threads that read history and search, each with its own connection. Writing has one more.",
        reload=False,
    )


@dataclass(frozen=True, slots=True)
class Rooms:
    """Rooms and who may make them."""

    lobby: str = key(
        room(),
        "lobby",
        "The public room in which text clients begin. It is made when it does not exist.",
        reload=False,
    )
    create: Creators = key(
        choice(get_args(Creators)),
        "anyone",
        'Who may create rooms: "anyone" (guests too), "members" (people with an account), or '
        '"operators".',
        reload=True,
    )
    history: bool = key(
        flag(),
        True,
        "Whether rooms that are made from now on (the lobby, too) keep what is said in them, "
        "unless whoever makes one says otherwise. Rooms of two always do. In a room without "
        "history nothing is stored: who is not there has missed it.",
        reload=True,
    )
    announce_limit: int = key(
        whole(0, 1_000_000),
        200,
        "With more people than this in a room, their coming and going is not announced one by "
        "one; only the number is.",
        reload=True,
    )


@dataclass(frozen=True, slots=True)
class Guests:
    """People without an account."""

    allowed: bool = key(flag(), True, "Whether guests are let in.", reload=True)
    linger: float = key(
        duration(0, HOUR),
        30.0,
        "How long a guest whose connection broke keeps name and rooms, to come back to them.",
        reload=True,
    )


@dataclass(frozen=True, slots=True)
class Auth:
    """Passwords. They are kept as PBKDF2-HMAC-SHA-512, each with its own salt and cost."""

    iterations: int = key(
        whole(100_000, 10_000_000),
        210_000,
        "The cost of passwords that are set from now on. Older ones get it at their next log-in.",
        reload=True,
    )
    threads: int = key(
        whole(1, 64),
        2,
        "Threads that check passwords; one check keeps a core busy for about a tenth of a second.",
        reload=False,
    )


@dataclass(frozen=True, slots=True)
class Http:
    """Browsers and proxies."""

    origins: tuple[str, ...] = key(
        list_of(origin()),
        ("same-host",),
        'Whose pages may connect from a browser. "same-host": pages from the host that is '
        'connected to. "*": any page, which lets every site speak for a person who has a session.',
        reload=True,
    )
    hosts: tuple[str, ...] = key(
        list_of(host()),
        (),
        'The names under which browsers reach this server, for "same-host": a page from any other '
        "name may not connect, even if that name leads here, for anybody can make a name that "
        "does. IP addresses, localhost, this machine's own name and the hosts of http.origins are "
        'always known. "*": any name.',
        reload=True,
    )
    trusted_proxies: Proxies = key(
        proxies(),
        Proxies(),
        "Peers whose X-Forwarded-For or Forwarded header is believed. Behind nginx on a unix "
        'socket this is ["unix"]. Anybody in these networks can claim any address.',
        reload=True,
    )
    proxy_protocol: Proxies = key(
        proxies(),
        Proxies(),
        "Peers that begin each connection with a header of the PROXY protocol, version 1 or 2, as "
        "HAProxy does with `send-proxy-v2`; the address in it counts as the peer's. They must: "
        "without it they are refused, and so is anybody else who sends one.",
        reload=True,
    )


@dataclass(frozen=True, slots=True)
class Drain:
    """How a stopping chatd lets its sessions go."""

    timeout: float = key(
        duration(0, HOUR),
        30.0,
        "The longest time for it. Keep it below TimeoutStopSec= of the unit.",
        reload=True,
    )
    rate: float = key(
        number(1, 1_000_000),
        200.0,
        "Reconnections per second that are assumed at least, when sessions are told when to come "
        "back.",
        reload=True,
    )


@dataclass(frozen=True, slots=True)
class Log:
    """What goes to standard error, for journald. Never a message's text, never a password."""

    format: LogForm = key(
        choice(get_args(LogForm)),
        "text",
        "One event a line, for people or for machines.",
        reload=True,
    )
    level: LogLevel = key(
        choice(get_args(LogLevel)), "info", "The least important events to log.", reload=True
    )


@dataclass(frozen=True, slots=True)
class InText:
    """The text dialect."""

    timezone: tzinfo = key(zone(), UTC, "The zone of the times before each line.", reload=True)


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """For tests of chatd itself."""

    echo: bool = key(
        flag(),
        False,
        "Serve /echo, which sends each WebSocket message back as it came: for conformance suites.",
        reload=False,
    )


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration: one field for each table of the file."""

    listen: Listen = Listen()
    server: Server = Server()
    store: Store = Store()
    rooms: Rooms = Rooms()
    retention: Retention = Retention()
    guests: Guests = Guests()
    auth: Auth = Auth()
    limits: Limits = Limits()
    http: Http = Http()
    control: Control = Control()
    delivery: Delivery = Delivery()
    drain: Drain = Drain()
    log: Log = Log()
    text: InText = InText()
    diagnostics: Diagnostics = Diagnostics()


SECTIONS = {section.name: section for section in sections(Config())}
KEYS = {key.name: key for section in SECTIONS.values() for key in section.keys}

"""The keys of [limits], and the two tables in it: how each limit is held, and paces of commands.
What a limit means is chatd/core/limits; all other keys are table.py's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from chatd.core.commands import EVERY
from chatd.core.limits import LimitName, Mode, Pace
from chatd.ops.config.keys import key
from chatd.ops.config.kinds import choice, number, table_of, whole
from chatd.ops.config.measures import duration, pace, size
from chatd.ops.config.places import proxies
from chatd.ops.config.values import Proxies

KIB = 1 << 10
MIB = 1 << 20
HOUR = 3600.0
DAY = 24 * HOUR

COMMANDS = tuple(command.__name__.lower() for command in EVERY)
PACES = (
    ("create", Pace(0.05, 20)),
    ("direct", Pace(0.2, 50)),
    ("invite", Pace(0.2, 50)),
    ("nick", Pace(0.1, 10)),
    ("report", Pace(0.05, 10)),
    ("search", Pace(1.0, 20)),
    ("typing", Pace(2.0, 40)),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one message, session, user and address may take. What limits.mode names can be tried out
    before it is enforced. New sessions get changed limits at once; those that are open may keep the
    old sizes and timeouts until they end."""

    message_bytes: int = key(
        size(64, MIB), 16 * KIB, "The longest text of one message, in UTF-8.", reload=True
    )
    frame_bytes: int = key(
        size(256, 16 * MIB),
        64 * KIB,
        "The largest WebSocket message that a client may send. JSON may spell a text with up to "
        "three times its bytes. One that comes compressed is measured without that.",
        reload=True,
    )
    frame_parts: int = key(
        whole(1, 100_000),
        256,
        "Frames into which a client may cut one WebSocket message. Nearly all clients send one.",
        reload=True,
    )
    outbox_bytes: int = key(
        size(16 * KIB, 256 * MIB),
        MIB,
        "How much may wait for a session that reads slowly. From half of it on, typing and "
        "presence are left out; with more for over a second, or eight times as much, the session "
        'is closed as "too slow, resume".',
        reload=True,
    )
    handshake_timeout: float = key(
        duration(0.1, 600), 10.0, "From the connection to the end of its handshake.", reload=True
    )
    login_timeout: float = key(
        duration(0.1, 600), 10.0, "From the handshake to the log-in.", reload=True
    )
    ping_interval: float = key(
        duration(1, HOUR), 25.0, "How often a quiet session is pinged.", reload=True
    )
    ping_timeout: float = key(
        duration(0.1, HOUR),
        8.0,
        "A session that answers no ping for so long is closed.",
        reload=True,
    )
    rate: float = key(
        number(0.01, 1_000_000),
        20.0,
        "Commands per second and session, in the long run.",
        reload=True,
    )
    burst: int = key(
        whole(1, 1_000_000),
        100,
        "Commands that a session may give at once, after a rest. Some are charged as several: a "
        "log-in or a search as 5, a long frame as one more for each whole 4 KiB.",
        reload=True,
    )
    sessions: int = key(
        whole(1, 1_000_000),
        10_000,
        "Connections at the same time. Each needs a file descriptor; see LimitNOFILE= of the unit.",
        reload=True,
    )
    sessions_per_user: int = key(
        whole(1, 1_000_000), 50, "Sessions that one user may have at the same time.", reload=True
    )
    sessions_per_address: int = key(
        whole(1, 1_000_000),
        1000,
        "Sessions at the same time from one address. An office behind one address counts as one. "
        "limits.ipv4_prefix and limits.ipv6_prefix say what one address is.",
        reload=True,
    )
    connections_per_address: int = key(
        whole(1, 1_000_000),
        200,
        "Connections at the same time from one address that are no session (yet): handshakes "
        "under way, pages. Further ones are closed at once.",
        reload=True,
    )
    handshakes: float = key(
        number(1, 1_000_000),
        1000.0,
        "Sessions that may be asked for each second, in the long run; five seconds' worth at once.",
        reload=True,
    )
    handshakes_per_address: float = key(
        number(0.1, 1_000_000),
        200.0,
        "The same for one address. One that goes on asking after as many refusals, of whatever "
        "kind, gets no answers any more: its connections are closed at once.",
        reload=True,
    )
    ipv4_prefix: int = key(
        whole(8, 32),
        32,
        "What counts as one address: 32 each IPv4 address, 24 the 256 that share their beginning.",
        reload=True,
    )
    ipv6_prefix: int = key(
        whole(16, 128), 64, "The same for IPv6. One household has a /64 at least.", reload=True
    )
    exempt: Proxies = key(
        proxies(),
        Proxies(),
        "Networks to which the limits for addresses do not apply. Proxies in http.trusted_proxies "
        "and unix sockets never count as an address.",
        reload=True,
    )
    inbox: int = key(
        whole(1, 10_000),
        64,
        "Commands of one session that may wait; with more, its connection is not read until some "
        "are done.",
        reload=True,
    )
    inbox_bytes: int = key(
        size(16 * KIB, 256 * MIB),
        MIB,
        "How much of one session's commands may wait or be in hand; with more, its connection is "
        "not read until some are done.",
        reload=True,
    )
    search_time: float = key(
        duration(0.01, 600),
        2.0,
        "How long one search may take. There is one thread for all searches, and two of each user "
        "may wait for it.",
        reload=True,
    )
    rooms_per_user: int = key(whole(1, 100_000), 200, "Rooms that one user may be in.", reload=True)
    direct_rooms_per_user: int = key(
        whole(1, 100_000),
        500,
        "Rooms of two: whoever is in so many opens no more. Others can still open one with them.",
        reload=True,
    )
    members_per_room: int = key(
        whole(1, 1_000_000), 10_000, "Members and guests that one room may have.", reload=True
    )
    failed_logins_per_address: int = key(
        whole(1, 1_000_000),
        50,
        "Log-ins with a wrong user, password or token that one address may try within "
        "limits.failed_logins_window. After that no log-in by password or token is tried from "
        "there until some of the time is over; guests are let in.",
        reload=True,
    )
    failed_logins_per_account: int = key(
        whole(1, 1_000_000),
        10,
        "The same for one account, or a name that is none. An address from which the account "
        "logged in lately has its own count, so that strangers lock nobody out from there.",
        reload=True,
    )
    failed_logins_window: float = key(
        duration(1, 30 * DAY),
        900.0,
        "The time for both, e.g. 10 failures in 15 minutes.",
        reload=True,
    )
    command: tuple[tuple[str, Pace], ...] = key(
        table_of(COMMANDS, pace(), PACES),
        PACES,
        "How often one user may give a command, beyond limits.rate: so many a second in the long "
        "run, and so many at once after a rest. Guests from one address share theirs. Commands "
        "that are not named keep their default. For direct only rooms that are new are counted, "
        "also those that `send` opens.",
        reload=True,
    )
    mode: tuple[tuple[LimitName, Mode], ...] = key(
        table_of(get_args(LimitName), choice(get_args(Mode))),
        (),
        'How a limit is held: "on" (the default), "dry-run" (counted in chatd_limit_hits_total and '
        'told to the log, but not enforced) or "off". `command` stands for all of limits.command. '
        "With frame_bytes off, a WebSocket message may still be 16 MiB at most, and one that comes "
        "compressed no larger than frame_bytes.",
        reload=True,
    )
